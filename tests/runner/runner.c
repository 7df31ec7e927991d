/* SPDX-License-Identifier: MIT */

/* wsext-tests: runs each test of a list in a process of its own and writes what comes of it into
 * one file. It needs nothing that NT 5.2 has not, no console, and survives that the system goes
 * down under a test: started again with `resume` it goes on behind it. See the usage below. */

#include "runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUNNER__FAILED 1
#define RUNNER__USAGE 2

static const char runner__usage[] =
    "Usage: run.cmd [resume] [power-off] [PREFIX...]\n"
    "\n"
    "Runs the tests that tests.txt lists, each in a process of its own with a limit, or of these\n"
    "the ones whose name begins with a PREFIX. What they print and what came of them goes into\n"
    "results.txt, beside this program. Ends with 0 if none failed.\n"
    "\n"
    "  resume     go on behind the last test of results.txt; one that was begun and did not end "
    "has\n"
    "             taken the system down\n"
    "  power-off  switch the machine off at the end\n";

static struct counts runner__counts;

static int runner__is_wanted(const char* name, char** prefixes, int count) {
    int i;
    for (i = 0; i < count; i++) {
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return 1;
    }
    return count == 0;
}

static void runner__count(enum result result) {
    runner__counts.of[result]++;
}

/* What an earlier start has done is counted, not done again. */
static void runner__go_on(const struct entry* entry) {
    struct record record = record_find(entry->name);
    if (record.ended) {
        runner__count(record.result);
        return;
    }
    if (record.begun) {
        record_end(entry->name, RESULT_DOWN, 0, 0);
        runner__count(RESULT_DOWN);
        return;
    }
    runner__count(child_run(entry));
}

static void runner__run(char** prefixes, int count) {
    struct entry entry;
    while (entry_next(&entry)) {
        if (runner__is_wanted(entry.name, prefixes, count))
            runner__go_on(&entry);
    }
}

/* The numbers, and the mark that nothing is missing. */
static int runner__sum_up(void) {
    char line[256];
    int i, length, all = 0;
    for (i = 0; i < RESULT_COUNT; i++)
        all += runner__counts.of[i];
    length = snprintf(line, sizeof line, "== done %d tests:", all);
    for (i = 0; i < RESULT_COUNT; i++)
        length += snprintf(line + length, sizeof line - (size_t) length, " %d %s",
                           runner__counts.of[i], result_names[i]);
    record_write(line);
    puts(line + strlen("== "));
    return all > 0 && runner__counts.of[RESULT_PASS] + runner__counts.of[RESULT_SKIP] == all;
}

/* Without a word to whoever is logged on: there is nobody. */
static void runner__power_off(void) {
    typedef LONG NTAPI adjust_privilege(ULONG, BOOLEAN, BOOLEAN, BOOLEAN*);
    typedef LONG NTAPI shut_down(int);
    HMODULE ntdll = GetModuleHandleA("ntdll.dll");
    adjust_privilege* adjust =
        (adjust_privilege*) (void*) GetProcAddress(ntdll, "RtlAdjustPrivilege");
    shut_down* down = (shut_down*) (void*) GetProcAddress(ntdll, "NtShutdownSystem");
    BOOLEAN before;
    if (adjust == NULL || down == NULL)
        return;
    adjust(19 /* SeShutdownPrivilege */, TRUE, FALSE, &before);
    down(2 /* ShutdownPowerOff */);
}

int main(int argc, char** argv) {
    int resume = 0, power_off = 0, clean;

    for (argc--, argv++; argc > 0; argc--, argv++) {
        if (strcmp(*argv, "resume") == 0)
            resume = 1;
        else if (strcmp(*argv, "power-off") == 0)
            power_off = 1;
        else
            break;
    }
    if (argc > 0 && (strcmp(*argv, "--help") == 0 || strcmp(*argv, "/?") == 0)) {
        fputs(runner__usage, stdout);
        return 0;
    }
    if (folder_enter() != 0 || entry_open("tests.txt") != 0 ||
        record_open("results.txt", resume) != 0) {
        fprintf(stderr, "wsext-tests: tests.txt or results.txt cannot be opened: error %lu\n",
                GetLastError());
        return RUNNER__USAGE;
    }
    runner__run(argv, argc);
    clean = runner__sum_up();
    record_close();
    if (power_off)
        runner__power_off();
    return clean ? 0 : RUNNER__FAILED;
}
