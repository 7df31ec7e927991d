/* SPDX-License-Identifier: MIT */
#include "tools/probe/probe.h"

#include <stdio.h>
#include <string.h>

struct print__error {
    int error;
    const char* name;
};

const char* probe_error(int error) {
    static const struct print__error rows[] = {
        {WSAEFAULT, "WSAEFAULT"},
        {WSAEINVAL, "WSAEINVAL"},
        {WSAEALREADY, "WSAEALREADY"},
        {WSAENOTSOCK, "WSAENOTSOCK"},
        {WSAEMSGSIZE, "WSAEMSGSIZE"},
        {WSAENOPROTOOPT, "WSAENOPROTOOPT"},
        {WSAEOPNOTSUPP, "WSAEOPNOTSUPP"},
        {WSAENOTCONN, "WSAENOTCONN"},
        {WSAEISCONN, "WSAEISCONN"},
        {WSAECONNABORTED, "WSAECONNABORTED"},
        {WSAECONNREFUSED, "WSAECONNREFUSED"},
        {WSAENOBUFS, "WSAENOBUFS"},
    };
    static char text[PROBE__TEXT];
    const char* name = "error";
    size_t i;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].error == error)
            name = rows[i].name;
    }
    snprintf(text, sizeof text, "%s (%d)", name, error);
    return text;
}

/* Who serves a program: of a function its pointer tells, of the rest whether the shim has made it
 * better than the host. */
static const char* print__used(const struct probe_findings* findings, int i) {
    const struct probe_answer* host = &findings->from_host.rows[i];
    const struct probe_answer* shim = &findings->from_shim.rows[i];
    if (!findings->has_shim)
        return host->is_provided ? "host" : "nobody";
    if (!shim->is_provided)
        return "nobody";
    if (shim->has_module)
        return shim->is_ours ? "wsext" : "host";
    if (!findings->has_host)
        return "not known";
    return host->is_provided ? "host" : "wsext";
}

struct print__reason {
    const char* name;
    const char* text;
};

/* Why a row is not ours: what is said only where the host serves it. */
static const char* print__reason(const struct probe_findings* findings, int i) {
    static const struct print__reason rows[] = {
        {"SIO_BASE_HANDLE", "the host's is right, wsext checks its arguments"},
        {"SIO_KEEPALIVE_VALS", "the host's is right"},
        {"SIO_IDEAL_SEND_BACKLOG_QUERY", "the host's value, wsext checks and completes"},
        {"SIO_UDP_CONNRESET", "the host accepts it, wsext checks its arguments"},
        {"SO_CONNECT_TIME", "the host's is right, wsext checks its arguments"},
    };
    const char* used = print__used(findings, i);
    size_t k;
    if (!findings->has_shim || !findings->has_host || strcmp(used, "wsext") == 0)
        return "";
    if (strcmp(used, "nobody") == 0)
        return "neither has it";
    for (k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        if (strcmp(rows[k].name, findings->from_shim.rows[i].name) == 0)
            return rows[k].text;
    }
    return "left to the host";
}

static const char* print__text(int has, const struct probe_answers* answers, int i) {
    return has ? answers->rows[i].text : "not asked";
}

static const char* print__yes(DWORD value) {
    return value ? "yes" : "no";
}

static void print__shim(const struct wsext_report* report) {
    printf("wsext      %s, %lu of %lu functions interposed\n", report->version,
           report->hooks_installed, report->hooks);
    printf("drivers    native: %s, poll: %s, thread: %s; WSEXT_DRIVER=%s WSEXT_CONTEXT=%s\n",
           print__yes(report->has_native), print__yes(report->has_poll),
           print__yes(report->has_thread), report->driver, report->context);
    printf("delivery   %s\n",
           report->has_complete ? "by a request of the host" : "by the recorded completion port");
}

static int print__failed_test(const struct probe_findings* findings) {
    int i;
    for (i = 0; i < PROBE__TESTS; i++) {
        if (!findings->tests[i].is_ok)
            return 1;
    }
    return 0;
}

/* What to do, in one line, about the first thing that is not well. */
static const char* print__advice(const struct probe_findings* findings) {
    const struct wsext_report* report = &findings->report;
    if (findings->is_well)
        return "";
    if (!findings->has_shim && findings->problem[0] != '\0')
        return "unpack the archive again, so that wsext.dll lies beside wsext-probe.exe";
    if (!findings->has_shim)
        return "start programs by wsext-run.exe, or install by wsext-setup";
    if (findings->problem[0] != '\0')
        return "use files of one version; wsext-setup status tells what is installed";
    if (report->hooks_installed < report->hooks)
        return "something else in this process changes the same functions; send this output with a "
               "report";
    if (!print__failed_test(findings))
        return "another DLL answers for ConnectEx; send this output with a report";
    if (strcmp(report->driver, "auto") != 0)
        return "take WSEXT_DRIVER away, and run wsext-probe.exe again";
    return "run it with WSEXT_DRIVER=poll; if that is better set it for the program, too, and in "
           "any "
           "case send both outputs with a report";
}

void probe_print_table(const struct probe_findings* findings) {
    const struct probe_answers* names =
        findings->has_shim ? &findings->from_shim : &findings->from_host;
    int i;

    printf("host       %s\n", findings->host);
    if (findings->has_shim)
        print__shim(&findings->report);
    else
        printf("wsext      not in use\n");
    if (findings->problem[0] != '\0')
        printf("problem    %s\n", findings->problem);

    printf("\n%-30s %-32s %-32s %s\n", "", "host", "with wsext", "used");
    for (i = 0; i < names->count; i++)
        printf("%-30s %-32s %-32s %s%s%s\n", names->rows[i].name,
               print__text(findings->has_host, &findings->from_host, i),
               print__text(findings->has_shim, &findings->from_shim, i), print__used(findings, i),
               print__reason(findings, i)[0] != '\0' ? ": " : "", print__reason(findings, i));
    printf("\n");
    for (i = 0; i < PROBE__TESTS; i++)
        printf("%-30s %s\n", findings->tests[i].name, findings->tests[i].text);
    if (findings->is_well)
        printf("\nAll is well.\n");
    else
        printf("\nNot all is well: %s.\n", print__advice(findings));
}

/* All texts are our own but for Wine's version and a path. */
static void print__string(const char* text) {
    putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            printf("\\%c", *text);
        else if ((unsigned char) *text < ' ' || (unsigned char) *text > '~')
            printf("\\u%04x", (unsigned char) *text);
        else
            putchar(*text);
    }
    putchar('"');
}

static void print__member(const char* name, const char* value, const char* end) {
    printf("\"%s\": ", name);
    print__string(value);
    printf("%s", end);
}

static void print__report(const struct wsext_report* report) {
    printf("  \"wsext\": {");
    print__member("version", report->version, ", ");
    printf("\"hooks\": %lu, \"hooks_installed\": %lu, ", report->hooks, report->hooks_installed);
    printf("\"native\": %s, \"poll\": %s, \"thread\": %s, \"complete\": %s, ",
           report->has_native ? "true" : "false", report->has_poll ? "true" : "false",
           report->has_thread ? "true" : "false", report->has_complete ? "true" : "false");
    print__member("driver", report->driver, ", ");
    print__member("context", report->context, "},\n");
}

static void print__side(const char* name, int has, const struct probe_answers* answers, int i) {
    if (has) {
        printf("\"%s\": {\"provided\": %s, ", name,
               answers->rows[i].is_provided ? "true" : "false");
        print__member("text", answers->rows[i].text, "}, ");
    } else {
        printf("\"%s\": null, ", name);
    }
}

void probe_print_json(const struct probe_findings* findings) {
    const struct probe_answers* names =
        findings->has_shim ? &findings->from_shim : &findings->from_host;
    int i;

    printf("{\n  ");
    print__member("probe", WSEXT_VERSION, ",\n  ");
    print__member("host", findings->host, ",\n");
    if (findings->has_shim)
        print__report(&findings->report);
    else
        printf("  \"wsext\": null,\n");
    printf("  ");
    print__member("problem", findings->problem, ",\n  \"rows\": [\n");
    for (i = 0; i < names->count; i++) {
        printf("    {");
        print__member("kind", names->rows[i].kind, ", ");
        print__member("name", names->rows[i].name, ", ");
        print__side("host", findings->has_host, &findings->from_host, i);
        print__side("shim", findings->has_shim, &findings->from_shim, i);
        print__member("used", print__used(findings, i), ", ");
        print__member("reason", print__reason(findings, i), i + 1 < names->count ? "},\n" : "}\n");
    }
    printf("  ],\n  \"tests\": [\n");
    for (i = 0; i < PROBE__TESTS; i++) {
        printf("    {");
        print__member("name", findings->tests[i].name, ", ");
        printf("\"ok\": %s, ", findings->tests[i].is_ok ? "true" : "false");
        print__member("text", findings->tests[i].text, i + 1 < PROBE__TESTS ? "},\n" : "}\n");
    }
    printf("  ],\n  ");
    print__member("advice", print__advice(findings), ",\n");
    printf("  \"well\": %s\n}\n", findings->is_well ? "true" : "false");
}
