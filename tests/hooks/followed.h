/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_TESTS_HOOKS_FOLLOWED_H
#define WSEXT_TESTS_HOOKS_FOLLOWED_H

/* The exit codes of followed.exe. */
#define FOLLOWED_SERVED 40
#define FOLLOWED_PLAIN 41
#define FOLLOWED_FAILED 42
#define FOLLOWED_DEAD 43

/* What "followed environment" wants to find in FOLLOWED_VALUE. */
#define FOLLOWED_VALUE L"a \u00e4 = b"

#endif
