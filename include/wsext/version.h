/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_VERSION_H
#define WSEXT_VERSION_H

/* The version that these headers are of. What was compiled against one version works with every
 * later DLL or library of the same major number: functions and members are only added. The version
 * of what was loaded is in struct wsext_report. */
#define WSEXT_VERSION_MAJOR 0
#define WSEXT_VERSION_MINOR 1
#define WSEXT_VERSION_PATCH 0

/* For comparisons: #if WSEXT_VERSION_NUMBER >= 1000 is 0.1.0 or later. */
#define WSEXT_VERSION_NUMBER \
    (WSEXT_VERSION_MAJOR * 1000000 + WSEXT_VERSION_MINOR * 1000 + WSEXT_VERSION_PATCH)

#endif
