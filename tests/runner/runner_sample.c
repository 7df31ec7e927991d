/* SPDX-License-Identifier: MIT */

/* Ends in the way that its argument names, after a word of its own. */

#include <windows.h>

#include <stdio.h>
#include <string.h>

/* As a launcher does: the process that hangs is not the one that the runner has started. */
static int start_another(const char* program) {
    STARTUPINFOA startup = {0};
    PROCESS_INFORMATION process;
    char command[MAX_PATH + 16];
    startup.cb = sizeof startup;
    snprintf(command, sizeof command, "\"%s\" hang", program);
    if (!CreateProcessA(NULL, command, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process))
        return 1;
    printf("process %lu\n", process.dwProcessId);
    WaitForSingleObject(process.hProcess, INFINITE);
    return 0;
}

int main(int argc, char** argv) {
    const char* way = argc > 1 ? argv[1] : "";
    setvbuf(stdout, NULL, _IONBF, 0);
    printf("the word of %s", way); /* Without an end of line. */
    if (strcmp(way, "pass") == 0)
        return 0;
    if (strcmp(way, "variable") == 0)
        return GetEnvironmentVariableA("SAMPLE", NULL, 0) == 0;
    if (strcmp(way, "skip") == 0)
        return 77;
    if (strcmp(way, "hang") == 0)
        Sleep(INFINITE);
    if (strcmp(way, "child") == 0)
        return start_another(argv[0]);
    if (strcmp(way, "crash") == 0)
        RaiseException(EXCEPTION_ACCESS_VIOLATION, 0, 0, NULL);
    return 3;
}
