@echo off
rem SPDX-License-Identifier: MIT
rem Runs the tests of this folder; "run.cmd --help" says more. What came of them is in results.txt.
"%~dp0wsext-tests.exe" %*
