/* SPDX-License-Identifier: MIT */
#include "precomp.h"
#include <wine/debug.h>

/* A stand-in for ReactOS's own provider, which a test knows by its answer. */
extern int pretend_error(void);

INT WINAPI NSPStartup(LPGUID provider, LPNSP_ROUTINE routine) {
    (void) provider;
    (void) routine;
    return pretend_error();
}
