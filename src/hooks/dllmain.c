/* SPDX-License-Identifier: MIT */
#include "base/config.h"
#include "base/log.h"
#include "core/stats.h"
#include "hooks/copy.h"
#include "hooks/ending.h"
#include "hooks/follow.h"
#include "hooks/namesake.h"
#include "host/host.h"
#include "wsext/functions.h"

/* Programs keep our functions' addresses, and other modules' exports lead here, so the DLL stays
 * until the process ends. */
static void dllmain__pin(HINSTANCE instance) {
    HMODULE module;
    GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                       (const wchar_t*) instance, &module);
}

static BOOL dllmain__begin(HINSTANCE instance) {
    if (wsext_init() != 0)
        return FALSE;
    dllmain__pin(instance);
    if (copy_first() != NULL)
        return TRUE;
    if (wsext_interpose() != 0)
        log_error("the socket functions could not be interposed: only programs that get "
                  "WSAIoctl from mswsock.dll will see the extension functions");
    namesake_install(instance);
    if (config.follow)
        follow_install(instance);
    if (config.stats)
        ending_install();
    return TRUE;
}

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, void* reserved) {
    (void) reserved;
    switch (reason) {
        case DLL_PROCESS_ATTACH:
            return dllmain__begin(instance);
        case DLL_THREAD_DETACH:
            wsext_thread_exits();
            return TRUE;
        case DLL_PROCESS_DETACH:
            if (copy_first() != NULL)
                return TRUE;
            log_end();
            stats_report();
            return TRUE;
        default:
            return TRUE;
    }
}
