/* SPDX-License-Identifier: MIT */
#include "runner.h"

#include <tlhelp32.h>

#include <stdio.h>
#include <string.h>

#define CHILD__SKIPPED 77
#define CHILD__HUNG 99 /* The conformance program's own word for it. */
#define CHILD__NOT_STARTED 127
#define CHILD__FIRST_EXCEPTION 0xC0000000u
#define CHILD__END_LIMIT 10000

/* When a process was made; 0 where that cannot be told. */
static ULONGLONG child__birth(HANDLE process) {
    FILETIME made, ended, kernel, user;
    if (!GetProcessTimes(process, &made, &ended, &kernel, &user))
        return 0;
    return (ULONGLONG) made.dwHighDateTime << 32 | made.dwLowDateTime;
}

/* Ends a process behind those that it has started, as the launcher's program would outlive the
 * launcher on systems that know no jobs. The system names a parent by its id, which may since have
 * become another's: who is older than its parent is no child. */
static void child__kill(DWORD id, ULONGLONG parent_birth) {
    HANDLE process =
        OpenProcess(PROCESS_TERMINATE | PROCESS_QUERY_INFORMATION | SYNCHRONIZE, FALSE, id);
    ULONGLONG birth = process != NULL ? child__birth(process) : 0;
    PROCESSENTRY32 row;
    HANDLE snapshot;
    BOOL more;

    if (process == NULL || birth < parent_birth)
        goto done;
    snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    row.dwSize = sizeof row;
    for (more = Process32First(snapshot, &row); more; more = Process32Next(snapshot, &row)) {
        if (row.th32ParentProcessID == id && row.th32ProcessID != id)
            child__kill(row.th32ProcessID, birth);
    }
    CloseHandle(snapshot);
    TerminateProcess(process, CHILD__HUNG);
    if (WaitForSingleObject(process, CHILD__END_LIMIT) != WAIT_OBJECT_0)
        record_write("== note: its process cannot be ended");
done:
    if (process != NULL)
        CloseHandle(process);
}

static enum result child__result(DWORD code) {
    if (code == 0)
        return RESULT_PASS;
    if (code == CHILD__SKIPPED)
        return RESULT_SKIP;
    if (code == CHILD__HUNG)
        return RESULT_HANG;
    return code >= CHILD__FIRST_EXCEPTION ? RESULT_CRASH : RESULT_FAIL;
}

static void child__set_variables(const struct entry* entry, BOOL are_set) {
    int i;
    for (i = 0; i < entry->variable_count; i++) {
        char name[sizeof entry->variables[0]];
        char* value;
        strcpy(name, entry->variables[i]);
        value = strchr(name, '=');
        *value++ = 0;
        SetEnvironmentVariableA(name, are_set ? value : NULL);
    }
}

/* Without a console of its own, as there may be nobody to open one for. */
static BOOL child__start(const struct entry* entry, PROCESS_INFORMATION* process) {
    STARTUPINFOA startup;
    char command[sizeof entry->command];
    BOOL started;

    strcpy(command, entry->command);
    memset(&startup, 0, sizeof startup);
    startup.cb = sizeof startup;
    startup.dwFlags = STARTF_USESTDHANDLES;
    startup.hStdOutput = startup.hStdError = record_handle();
    child__set_variables(entry, TRUE);
    started = CreateProcessA(NULL, command, NULL, NULL, TRUE, DETACHED_PROCESS, NULL, NULL,
                             &startup, process);
    child__set_variables(entry, FALSE);
    if (!started) {
        char line[64];
        snprintf(line, sizeof line, "cannot be started: error %lu", GetLastError());
        record_write(line);
    }
    return started;
}

static enum result child__wait(const struct entry* entry, PROCESS_INFORMATION* process,
                               DWORD* code) {
    enum result result;
    if (WaitForSingleObject(process->hProcess, entry->seconds * 1000) == WAIT_OBJECT_0) {
        GetExitCodeProcess(process->hProcess, code);
        result = child__result(*code);
    } else {
        child__kill(process->dwProcessId, 0);
        *code = CHILD__HUNG;
        result = RESULT_HANG;
    }
    CloseHandle(process->hThread);
    CloseHandle(process->hProcess);
    return result;
}

enum result child_run(const struct entry* entry) {
    PROCESS_INFORMATION process;
    enum result result = RESULT_FAIL;
    DWORD code = CHILD__NOT_STARTED;
    DWORD start = GetTickCount();

    record_begin(entry->name);
    if (child__start(entry, &process))
        result = child__wait(entry, &process, &code);
    record_end(entry->name, result, code, GetTickCount() - start);
    printf("%s %s\n", result_names[result], entry->name);
    return result;
}
