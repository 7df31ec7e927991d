/* SPDX-License-Identifier: MIT */

/* wsext-run PROGRAM ARGS…: starts a program and has it load the wsext.dll that lies beside this
 * launcher before any code of its own runs. See the usage below. */

#include <windows.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "hooks/inject.h"

#define RUN__DLL L"wsext.dll"
#define RUN__MAX_PATH 32768u
#define RUN__MAX_MESSAGE 4096u
#define RUN__FAILED 127      /* What shells answer when they can't start a program. */
#define RUN__START_LIMIT 30u /* Seconds. */

static const wchar_t run__usage[] =
    L"Usage: wsext-run [OPTIONS] PROGRAM [ARGUMENTS...]\n"
    L"       wsext-run --into PROCESS\n"
    L"       wsext-run --help | --version\n"
    L"\n"
    L"Starts PROGRAM with the wsext.dll that must lie beside wsext-run.exe, and ends with its "
    L"exit\n"
    L"code, or with 127 if it could not be started so. --into loads the DLL into a process that "
    L"runs\n"
    L"already, by its id, decimal or 0x and hexadecimal, and ends with 0 if that worked.\n"
    L"\n"
    L"Options:\n"
    L"  --follow     the programs that it starts get the DLL, too, and those that they start\n"
    L"  --stats      prints at its end which extension functions it called, and with what results\n"
    L"  --log=LEVEL  how much is told meanwhile: off, error, warn (the default), info or trace\n"
    L"\n"
    L"For programs of the other kind, 32 or 64 bits, the other build has to be in a folder beside "
    L"that\n"
    L"of this one: i686 beside x86_64, as in the archive, or i686\\bin beside x86_64\\bin.\n"
    L"\n"
    L"Environment of the DLL, the defaults first:\n"
    L"  WSEXT_DRIVER=auto|native|poll|thread      how connections are made\n"
    L"  WSEXT_CONTEXT=strict|lenient              lenient: SO_UPDATE_CONNECT_CONTEXT may be "
    L"forgotten\n"
    L"  WSEXT_FOLLOW=0|1                          1: as --follow\n"
    L"  WSEXT_REUSE=safe|wait                     wait: a socket is reused whatever is pending\n"
    L"  WSEXT_LOG=warn|off|error|info|trace       as --log=LEVEL\n"
    L"  WSEXT_LOG_FILE=PATH                       where, if not to the standard error output; %p "
    L"is the\n"
    L"                                            process' id\n"
    L"  WSEXT_STATS=0|1                           1: as --stats\n";

static wchar_t run__dll[RUN__MAX_PATH];
static wchar_t run__path[RUN__MAX_PATH];
static HANDLE run__process;
static const wchar_t* run__step = L"created";
static volatile LONG run__start_is_over;

static void run__write(DWORD stream, const wchar_t* text) {
    static char bytes[RUN__MAX_MESSAGE * 3];
    HANDLE handle = GetStdHandle(stream);
    DWORD done;
    DWORD length = (DWORD) wcslen(text);
    if (WriteConsoleW(handle, text, length, &done, NULL))
        return;
    int size =
        WideCharToMultiByte(CP_UTF8, 0, text, (int) length, bytes, (int) sizeof bytes, NULL, NULL);
    WriteFile(handle, bytes, (DWORD) size, &done, NULL);
}

static void run__complain(const wchar_t* format, ...) {
    static wchar_t text[RUN__MAX_MESSAGE];
    va_list arguments;
    va_start(arguments, format);
    _vsnwprintf(text, RUN__MAX_MESSAGE - 1, format, arguments);
    va_end(arguments);
    run__write(STD_ERROR_HANDLE, L"wsext-run: ");
    run__write(STD_ERROR_HANDLE, text);
    run__write(STD_ERROR_HANDLE, L"\n");
}

/* The system's text for an error, without the line break at its end. */
static const wchar_t* run__error(DWORD error) {
    static wchar_t text[RUN__MAX_MESSAGE];
    const DWORD flags = FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS;
    DWORD length = FormatMessageW(flags, NULL, error, 0, text, RUN__MAX_MESSAGE - 32, NULL);
    while (length > 0 && (text[length - 1] == L'\n' || text[length - 1] == L'\r'))
        length--;
    _snwprintf(text + length, 32, L" (error %lu)", error);
    return text;
}

/* Copies the first word of a command line without its quotes and returns what follows it. The rule
 * is that of a program's own name: quotes group, a backslash is just a character. */
static wchar_t* run__word(wchar_t* line, wchar_t* word, size_t room) {
    bool quoted = false;
    size_t length = 0;
    for (; *line != 0 && (quoted || (*line != L' ' && *line != L'\t')); line++) {
        if (*line == L'"')
            quoted = !quoted;
        else if (length + 1 < room)
            word[length++] = *line;
    }
    word[length] = 0;
    while (*line == L' ' || *line == L'\t')
        line++;
    return line;
}

/* Wine's own name for a Unix path; the Win32 functions would look for it on the current drive. */
static bool run__find_unix(const wchar_t* name) {
    typedef wchar_t*(__cdecl get_dos_file_name_fn)(const char*);
    static char unix_name[RUN__MAX_PATH];
    get_dos_file_name_fn* get_dos_file_name = (get_dos_file_name_fn*) (void*) GetProcAddress(
        GetModuleHandleW(L"kernel32.dll"), "wine_get_dos_file_name");
    if (name[0] != L'/' || get_dos_file_name == NULL ||
        WideCharToMultiByte(CP_UTF8, 0, name, -1, unix_name, sizeof unix_name, NULL, NULL) == 0)
        return false;
    wchar_t* dos_name = get_dos_file_name(unix_name);
    if (dos_name == NULL)
        return false;
    bool found =
        wcslen(dos_name) < RUN__MAX_PATH && GetFileAttributesW(dos_name) != INVALID_FILE_ATTRIBUTES;
    if (found)
        wcscpy(run__path, dos_name);
    HeapFree(GetProcessHeap(), 0, dos_name);
    return found;
}

/* Finds the program as CreateProcess would, to be sure that it starts the file that is meant even
 * where an unquoted name has spaces. */
static bool run__find_program(const wchar_t* name) {
    DWORD length = SearchPathW(NULL, name, L".exe", RUN__MAX_PATH, run__path, NULL);
    DWORD error = GetLastError();
    if ((length == 0 || length >= RUN__MAX_PATH) && !run__find_unix(name)) {
        run__complain(L"%ls: not found: %ls", name, run__error(error));
        return false;
    }
    if ((GetFileAttributesW(run__path) & FILE_ATTRIBUTE_DIRECTORY) != 0) {
        run__complain(L"%ls: is a folder", name);
        return false;
    }
    return true;
}

static bool run__find_dll(void) {
    DWORD length = GetModuleFileNameW(NULL, run__dll, RUN__MAX_PATH);
    if (length == 0 || length + wcslen(RUN__DLL) >= RUN__MAX_PATH) {
        run__complain(L"cannot tell where the launcher lies");
        return false;
    }
    while (length > 0 && run__dll[length - 1] != L'\\')
        length--;
    wcscpy(run__dll + length, RUN__DLL);
    DWORD attributes = GetFileAttributesW(run__dll);
    if (attributes == INVALID_FILE_ATTRIBUTES || (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0) {
        run__complain(L"%ls: not found; it must lie beside wsext-run.exe", run__dll);
        return false;
    }
    return true;
}

/* Ctrl-C and Ctrl-Break reach the program as well, which decides about them; we only must not end
 * before it. This is a function, as the plain way to ignore Ctrl-C would be inherited. */
static BOOL WINAPI run__on_control(DWORD event) {
    /* When the console closes, the program gets the time that the system gives us. */
    if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT && run__process != NULL)
        WaitForSingleObject(run__process, INFINITE);
    return TRUE;
}

/* The program ends when the launcher is killed. What it starts itself stays out of this, as it may
 * be meant to live on. Hosts where a process can be in one job only may refuse, without harm. */
static void run__bind_life(HANDLE process) {
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits;
    HANDLE job = CreateJobObjectW(NULL, NULL);
    memset(&limits, 0, sizeof limits);
    limits.BasicLimitInformation.LimitFlags =
        JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK;
    if (job == NULL)
        return;
    /* The handle stays open as long as we live. */
    if (!SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits) ||
        !AssignProcessToJobObject(job, process))
        CloseHandle(job);
}

/* Each step of the start waits inside the host for the new process, and some hosts set no limit to
 * that. The main thread may hang there, so this one ends the launcher as well. */
static DWORD WINAPI run__watch_start(void* name) {
    Sleep(RUN__START_LIMIT * 1000);
    if (InterlockedExchange(&run__start_is_over, 1) != 0)
        return 0;
    run__complain(L"%ls: the host has not %ls it within %u seconds", (const wchar_t*) name,
                  run__step, RUN__START_LIMIT);
    if (run__process != NULL)
        TerminateProcess(run__process, RUN__FAILED);
    TerminateProcess(GetCurrentProcess(), RUN__FAILED);
    return 0;
}

static void run__complain_start(const wchar_t* name, DWORD error) {
    DWORD type;
    if (GetBinaryTypeW(run__path, &type) &&
        type == (sizeof(void*) == 8 ? SCS_32BIT_BINARY : SCS_64BIT_BINARY))
        run__complain(L"%ls: the launcher has %u bits and the program has not: %ls", name,
                      (unsigned) sizeof(void*) * 8, run__error(error));
    else
        run__complain(L"%ls: cannot be started: %ls", name, run__error(error));
}

static void run__begin_watch(const wchar_t* name) {
    HANDLE watch = CreateThread(NULL, 0, run__watch_start, (void*) name, 0, NULL);
    if (watch != NULL)
        CloseHandle(watch);
}

/* Standard handles, C run-time files and window state go on as we got them. */
static bool run__create(const wchar_t* name, wchar_t* line, PROCESS_INFORMATION* child) {
    STARTUPINFOW startup;
    GetStartupInfoW(&startup);
    startup.dwFlags |= STARTF_USESTDHANDLES;
    startup.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
    startup.hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE);
    startup.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    if (!CreateProcessW(run__path, line, NULL, NULL, TRUE, CREATE_SUSPENDED, NULL, NULL, &startup,
                        child)) {
        run__complain_start(name, GetLastError());
        return false;
    }
    if (!inject_is_process(child)) {
        run__complain(L"%ls: is no Windows program, and was started without wsext", name);
        return false;
    }
    return true;
}

/* Where what lies in the other build's folder is not the other build, it must not ask on and on. */
static enum inject_result run__inject(HANDLE process, DWORD process_id, bool may_ask_other) {
    /* run__watch_start has the limit. */
    if (inject_has_own_bits(process))
        return inject_load(process, process_id, run__dll, INFINITE);
    if (!may_ask_other)
        return INJECT_NO_OTHER;
    return inject_load_other(process_id, run__dll, INFINITE, CreateProcessW);
}

static void run__complain_load(const wchar_t* name, HANDLE process, enum inject_result result) {
    const wchar_t* bits = sizeof(void*) == 8 ? L"32-bit" : L"64-bit";
    DWORD code = 0;
    switch (result) {
        case INJECT_DONE:
            break;
        case INJECT_ENDED:
            GetExitCodeProcess(process, &code);
            run__complain(L"%ls: ended with code %lu before %ls was loaded into it", name, code,
                          run__dll);
            break;
        case INJECT_NO_OTHER:
            run__complain(L"%ls: a %ls program needs the %ls wsext-run.exe", name, bits, bits);
            break;
        default:
            run__complain(L"%ls: %ls could not be loaded into it", name, run__dll);
            break;
    }
}

/* Programs that take options by a slash would take a Unix path for one, so they get the name that
 * Wine itself would give them; every other name is passed on as it was written. */
static wchar_t* run__line(const wchar_t* name, wchar_t* line, const wchar_t* arguments) {
    static wchar_t built[RUN__MAX_PATH];
    int length;
    if (name[0] != L'/')
        return line;
    length = _snwprintf(built, RUN__MAX_PATH - 1, L"\"%ls\"%ls%ls", run__path,
                        arguments[0] != 0 ? L" " : L"", arguments);
    if (length < 0) {
        run__complain(L"%ls: the command line is too long", name);
        return NULL;
    }
    return built;
}

/* line begins with the program's name, and arguments is what follows it there. */
static int run__program(const wchar_t* name, wchar_t* line, const wchar_t* arguments) {
    PROCESS_INFORMATION child;
    enum inject_result loaded;
    DWORD code = RUN__FAILED;
    if (!run__find_dll() || !run__find_program(name))
        return RUN__FAILED;
    line = run__line(name, line, arguments);
    if (line == NULL)
        return RUN__FAILED;
    SetConsoleCtrlHandler(run__on_control, TRUE);
    run__begin_watch(name);
    if (!run__create(name, line, &child))
        return RUN__FAILED;
    run__process = child.hProcess;
    run__step = L"loaded wsext.dll into";
    run__bind_life(child.hProcess);
    loaded = run__inject(child.hProcess, child.dwProcessId, true);
    run__complain_load(name, child.hProcess, loaded);
    if (loaded != INJECT_DONE) {
        TerminateProcess(child.hProcess, RUN__FAILED);
        return RUN__FAILED;
    }
    /* From here on the program runs for as long as it likes. */
    if (InterlockedExchange(&run__start_is_over, 1) != 0)
        Sleep(INFINITE);
    if (ResumeThread(child.hThread) == (DWORD) -1) {
        run__complain(L"%ls: cannot be resumed: %ls", name, run__error(GetLastError()));
        TerminateProcess(child.hProcess, RUN__FAILED);
        return RUN__FAILED;
    }
    WaitForSingleObject(child.hProcess, INFINITE);
    return GetExitCodeProcess(child.hProcess, &code) ? (int) code : RUN__FAILED;
}

/* Decimal, or 0x and hexadecimal; 0, which no process has, for anything else. */
static DWORD run__process_id(const wchar_t* text) {
    int base = text[0] == L'0' && (text[1] == L'x' || text[1] == L'X') ? 16 : 10;
    const wchar_t* digits = base == 16 ? text + 2 : text;
    wchar_t* end;
    /* It would skip blanks and take a sign; both come before the digits. */
    if (digits[0] < L'0' || wcslen(digits) > 10)
        return 0;
    DWORD id = wcstoul(digits, &end, base);
    return *end == 0 ? id : 0;
}

/* By the other build's DLL, too, for a child that it has created suspended; the exit code tells it
 * what came of it. */
static int run__into(const wchar_t* id) {
    const DWORD rights = PROCESS_CREATE_THREAD | PROCESS_QUERY_INFORMATION | PROCESS_VM_OPERATION |
                         PROCESS_VM_READ | PROCESS_VM_WRITE | SYNCHRONIZE;
    DWORD process_id = run__process_id(id);
    enum inject_result loaded;
    HANDLE process;
    if (!run__find_dll())
        return RUN__FAILED;
    if (process_id == 0) {
        run__complain(L"%ls: is no process id, which is a number such as 32 or 0x20", id);
        return RUN__FAILED;
    }
    process = OpenProcess(rights, FALSE, process_id);
    if (process == NULL) {
        run__complain(L"%ls: no such process: %ls", id, run__error(GetLastError()));
        return RUN__FAILED;
    }
    run__step = L"loaded wsext.dll into";
    run__begin_watch(id);
    loaded = run__inject(process, process_id, false);
    run__complain_load(id, process, loaded);
    return (int) loaded;
}

/* Whether the word is an option for the program's run, which is then set for it; what is no level
 * is left for the DLL to say, and the default is used. */
static bool run__option(const wchar_t* word) {
    if (wcscmp(word, L"--follow") == 0)
        return SetEnvironmentVariableW(L"WSEXT_FOLLOW", L"1");
    if (wcscmp(word, L"--stats") == 0)
        return SetEnvironmentVariableW(L"WSEXT_STATS", L"1");
    if (wcsncmp(word, L"--log=", 6) == 0)
        return SetEnvironmentVariableW(L"WSEXT_LOG", word + 6);
    return false;
}

int main(void) {
    static wchar_t line[RUN__MAX_PATH];
    static wchar_t word[RUN__MAX_PATH];
    wcsncpy(line, GetCommandLineW(), RUN__MAX_PATH - 1);

    /* The program gets the rest of our command line as it is: to take it apart and join it again
     * would change what programs with quoting rules of their own see. */
    wchar_t* rest = run__word(line, word, RUN__MAX_PATH);
    wchar_t* after = run__word(rest, word, RUN__MAX_PATH);
    while (run__option(word)) {
        rest = after;
        after = run__word(rest, word, RUN__MAX_PATH);
    }
    if (word[0] == 0) {
        run__write(STD_ERROR_HANDLE, run__usage);
        return RUN__FAILED;
    }
    if (wcscmp(word, L"--help") == 0) {
        run__write(STD_OUTPUT_HANDLE, run__usage);
        return 0;
    }
    if (wcscmp(word, L"--version") == 0) {
        run__write(STD_OUTPUT_HANDLE, L"wsext-run " WSEXT_VERSION "\n");
        return 0;
    }
    if (wcscmp(word, L"--into") == 0) {
        run__word(after, word, RUN__MAX_PATH);
        return run__into(word);
    }
    if (wcsncmp(word, L"--", 2) == 0) {
        run__complain(L"%ls: is no option; see --help", word);
        return RUN__FAILED;
    }
    return run__program(word, rest, after);
}
