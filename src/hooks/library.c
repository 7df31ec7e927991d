/* SPDX-License-Identifier: MIT */
#include "base/config.h"
#include "base/log.h"
#include "base/once.h"
#include "core/table.h"
#include "ext/cancel.h"
#include "hooks/hooks.h"
#include "wsext/functions.h"

/* What DllMain calls, and what a program calls that links the library. */

static struct once library__once;
static int library__result = -1;

static void library__init(void) {
    if (host_init() != 0)
        return;
    table_init();
    config_init();
    log_info("wsext %s on %s %s", WSEXT_VERSION, host.wine_get_version != NULL ? "Wine" : "Windows",
             host.wine_get_version != NULL ? host.wine_get_version() : "or ReactOS");
    host_look_shut();
    library__result = 0;
}

int wsext_init(void) {
    once_run(&library__once, library__init);
    return library__result;
}

int wsext_interpose(void) {
    if (wsext_init() != 0)
        return -1;
    return hooks_install() > 0 ? 0 : -1;
}

void wsext_thread_exits(void) {
    cancel_for_thread_exit();
}
