/* SPDX-License-Identifier: MIT */

/* A DLL that calls back into the program while it is loaded, and so while the loader's lock is
 * held: no other thread can begin or end meanwhile. */

#include <windows.h>

static void loaded__call(void) {
    char text[32];
    unsigned long long address = 0;
    void (*function)(void);
    char* digit;

    if (GetEnvironmentVariableA("CONFORMANCE_LOADED", text, sizeof text) == 0)
        return;
    for (digit = text; *digit >= '0' && *digit <= '9'; digit++)
        address = address * 10 + (unsigned) (*digit - '0');
    function = (void (*)(void))(ULONG_PTR) address;
    function();
}

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, void* reserved) {
    (void) instance;
    (void) reserved;
    if (reason == DLL_PROCESS_ATTACH)
        loaded__call();
    return TRUE;
}
