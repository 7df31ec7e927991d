// SPDX-License-Identifier: MIT

// child.js SCRIPT: runs the script in another process of the same program, with nearly nothing in its
// environment, and ends with its exit code.

'use strict';

const { spawnSync } = require('child_process');

const environment = { SystemRoot: process.env.SystemRoot };
const child = spawnSync(process.execPath, process.argv.slice(2), { stdio: 'inherit', env: environment });
process.exitCode = child.status === null ? 1 : child.status;
