/* SPDX-License-Identifier: MIT */
#include <windows.h>

/* In ReactOS's tree its own name-space provider stands behind this export. Its prototype is in
 * ws2spi.h, for which the second parameter is an NSP_ROUTINE. */
int WINAPI NSPStartup(GUID* provider, void* routines);
int WINAPI export_NSPStartup(GUID* provider, void* routines);

int WINAPI export_NSPStartup(GUID* provider, void* routines) {
    return NSPStartup(provider, routines);
}
