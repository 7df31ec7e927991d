/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_BASE_CONFIG_H
#define WSEXT_BASE_CONFIG_H

/* The settings that the environment gives, read once when the DLL is loaded. */

enum config_driver {
    CONFIG_DRIVER_AUTO,
    CONFIG_DRIVER_NATIVE,
    CONFIG_DRIVER_POLL,
    CONFIG_DRIVER_THREAD
};

struct config {
    enum config_driver driver; /* WSEXT_DRIVER=auto|native|poll|thread */
    int lenient;               /* WSEXT_CONTEXT=strict|lenient */
    int stats;                 /* WSEXT_STATS=0|1 */
    int follow;                /* WSEXT_FOLLOW=0|1 */
    int reuse_blindly;         /* WSEXT_REUSE=safe|wait */
};

extern struct config config;

/* Reads all variables, those of the log, too. A value that is not known, and a variable that is not
 * known, is said once; the default is used. Where another copy of this code has read them before in
 * this process, nothing is said again. */
void config_init(int is_read_before);

#endif
