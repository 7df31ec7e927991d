/* SPDX-License-Identifier: MIT */
#include "precomp.h"

int pretend_error(void);
int pretend_error(void) {
    return 4711;
}
