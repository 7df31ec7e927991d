/* SPDX-License-Identifier: MIT */
#include "base/config.h"
#include "base/log.h"
#include "base/once.h"
#include "core/cancel.h"
#include "core/table.h"
#include "ext/acceptors.h"
#include "ext/extensions.h"
#include "hooks/copy.h"
#include "hooks/hooks.h"
#include "hooks/provider.h"
#include "wsext/functions.h"

/* What DllMain calls, and what a program calls that links the library. */

static struct once library__once;
static int library__result = -1;

static void library__init(void) {
    if (host_init() != 0)
        return;
    host_know_own(extensions_find);
    copy_look();
    config_init(copy_first() != NULL);
    if (copy_first() != NULL) {
        library__result = 0;
        return;
    }
    table_init();
    acceptors_init();
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
    if (copy_first() != NULL)
        return 0;
    return hooks_install() > 0 ? 0 : -1;
}

void wsext_thread_exits(void) {
    if (copy_first() == NULL)
        cancel_for_thread_exit();
}

/* To a question of our own the provider has to give its own answer. */
const void* wsext_extension_function(const GUID* guid) {
    if (guid == NULL || provider_is_asked_by_us())
        return NULL;
    return copy_first() != NULL ? copy_first()->extension_function(guid) : extensions_find(guid);
}
