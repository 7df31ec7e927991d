/* SPDX-License-Identifier: MIT */

/* wsext-probe: tells what the host provides, what wsext does, and which of the two serves a
 * program; see the usage below. */

#include "tools/probe/probe.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

#define PROBE__MAX_PATH 1024

static const char probe__usage[] =
    "wsext-probe [--host] [--json]\n"
    "\n"
    "Asks this host for every Winsock extension function, ioctl and option that programs use, "
    "loads\n"
    "the wsext.dll of its own folder, asks again, and tries ConnectEx on the loopback.\n"
    "\n"
    "  --host  does not load wsext.dll and shows the host alone\n"
    "  --json  prints JSON instead of a table\n"
    "\n"
    "Exit code: 0 where all is well, which means that ConnectEx passed its tests and, but for "
    "--host,\n"
    "that wsext serves it and has interposed all that it wants to; 1 where not; 2 for a wrong "
    "option.\n";

typedef const char*(CDECL* probe__wine_version_fn)(void);
typedef LONG(WINAPI* probe__version_fn)(OSVERSIONINFOW*);

/* ReactOS tells its name where Windows has that of its product. */
static int probe__is_reactos(char* name, DWORD size) {
    HKEY key;
    LONG error =
        RegOpenKeyExA(HKEY_LOCAL_MACHINE, "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion", 0,
                      KEY_QUERY_VALUE, &key);
    if (error != 0)
        return 0;
    size--;
    memset(name, 0, size + 1);
    error = RegQueryValueExA(key, "ProductName", NULL, NULL, (BYTE*) name, &size);
    RegCloseKey(key);
    return error == 0 && strncmp(name, "ReactOS", 7) == 0;
}

static void probe__identify(char* host) {
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    probe__wine_version_fn wine =
        (probe__wine_version_fn) (void*) GetProcAddress(ntdll, "wine_get_version");
    probe__version_fn version = (probe__version_fn) (void*) GetProcAddress(ntdll, "RtlGetVersion");
    OSVERSIONINFOW info = {0};

    info.dwOSVersionInfoSize = sizeof info;
    if (wine != NULL)
        snprintf(host, PROBE__TEXT, "Wine %s", wine());
    else if (probe__is_reactos(host, PROBE__TEXT))
        return;
    else if (version != NULL && version(&info) == 0)
        snprintf(host, PROBE__TEXT, "Windows %lu.%lu.%lu", info.dwMajorVersion, info.dwMinorVersion,
                 info.dwBuildNumber);
    else
        strcpy(host, "not known");
}

probe_report_fn probe_find_report(HMODULE module) {
    if (module == NULL)
        return NULL;
    return (probe_report_fn) (void*) GetProcAddress(module, "wsext_report");
}

/* By either of its names. */
static probe_report_fn probe__find_loaded(void) {
    probe_report_fn report = probe_find_report(GetModuleHandleW(L"wsext.dll"));
    return report != NULL ? report : probe_find_report(GetModuleHandleW(L"mswsock.dll"));
}

static probe_report_fn probe__load(struct probe_findings* findings) {
    wchar_t path[PROBE__MAX_PATH];
    DWORD length = GetModuleFileNameW(NULL, path, PROBE__MAX_PATH - 16);
    HMODULE module;

    while (length > 0 && path[length - 1] != L'\\')
        length--;
    wcscpy(path + length, L"wsext.dll");
    module = LoadLibraryW(path);
    if (module == NULL)
        snprintf(findings->problem, sizeof findings->problem,
                 "wsext.dll beside wsext-probe.exe cannot be loaded (error %lu)", GetLastError());
    else if (probe_find_report(module) == NULL)
        strcpy(findings->problem, "the wsext.dll beside wsext-probe.exe is something else");
    return probe_find_report(module);
}

/* The shim can have come before us: by the launcher, files beside us, or a whole prefix. Then the
 * host cannot be asked any more. */
static void probe__gather(struct probe_findings* findings, int host_only) {
    probe_report_fn report = probe__find_loaded();
    struct probe_api api;

    probe_take_api(&api);
    if (report == NULL) {
        findings->has_host = 1;
        probe_ask(&api, &findings->from_host);
        if (!host_only)
            report = probe__load(findings);
    } else if (host_only) {
        strcpy(findings->problem, "wsext was loaded before wsext-probe could ask the host");
    }
    if (report != NULL) {
        findings->has_shim = 1;
        findings->report.size = sizeof findings->report;
        if (report(&findings->report) != 0)
            strcpy(findings->problem, "the DLL is of another version and gives no report");
        probe_take_api(&api);
        probe_ask(&api, &findings->from_shim);
    }
    probe_connect(&api, findings->tests);
}

static int probe__is_well(const struct probe_findings* findings, int host_only) {
    int i;
    if (findings->problem[0] != '\0')
        return 0;
    for (i = 0; i < PROBE__TESTS; i++) {
        if (!findings->tests[i].is_ok)
            return 0;
    }
    if (host_only)
        return 1;
    /* ConnectEx is the first row. */
    return findings->has_shim && findings->report.hooks_installed == findings->report.hooks &&
           findings->from_shim.rows[0].is_provided && findings->from_shim.rows[0].is_ours;
}

int main(int count, char** arguments) {
    static struct probe_findings findings;
    int host_only = 0, json = 0, i;
    WSADATA data;

    for (i = 1; i < count; i++) {
        if (strcmp(arguments[i], "--host") == 0) {
            host_only = 1;
        } else if (strcmp(arguments[i], "--json") == 0) {
            json = 1;
        } else {
            fputs(probe__usage, strcmp(arguments[i], "--help") == 0 ? stdout : stderr);
            return strcmp(arguments[i], "--help") == 0 ? 0 : 2;
        }
    }
    if (WSAStartup(0x0202, &data) != 0) {
        fputs("wsext-probe: Winsock cannot be started\n", stderr);
        return 1;
    }
    probe__identify(findings.host);
    probe__gather(&findings, host_only);
    findings.is_well = probe__is_well(&findings, host_only);
    (json ? probe_print_json : probe_print_table)(&findings);
    return findings.is_well ? 0 : 1;
}
