/* SPDX-License-Identifier: MIT */
#include "base/config.h"
#include "base/log.h"
#include "core/stats.h"
#include "hooks/follow.h"
#include "hooks/thunk.h"
#include "host/host.h"
#include "wsext/functions.h"

/* Programs keep our functions' addresses, and other modules' exports lead here, so the DLL stays
 * until the process ends. */
static void dllmain__pin(HINSTANCE instance) {
    HMODULE module;
    GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                       (const wchar_t*) instance, &module);
}

/* The launcher may bring one copy of this DLL and the program's folder another, and the first
 * serves for both. */
static int dllmain__is_second(void) {
    return thunk_target((const void*) host.WSAIoctl) != NULL;
}

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, void* reserved) {
    (void) reserved;
    switch (reason) {
        case DLL_PROCESS_ATTACH:
            if (wsext_init() != 0)
                return FALSE;
            dllmain__pin(instance);
            if (dllmain__is_second())
                return TRUE;
            if (wsext_interpose() != 0)
                log_error("the socket functions could not be interposed: only programs that get "
                          "WSAIoctl from mswsock.dll will see the extension functions");
            if (config.follow)
                follow_install(instance);
            return TRUE;
        case DLL_THREAD_DETACH:
            wsext_thread_exits();
            return TRUE;
        case DLL_PROCESS_DETACH:
            log_end();
            stats_report();
            return TRUE;
        default:
            return TRUE;
    }
}
