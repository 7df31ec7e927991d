/* SPDX-License-Identifier: MIT */
#include "classic.h"

#define CLASSIC__PAGE 4096

HMODULE classic_dll;

/* What Wine raises for a function that it has in name only ends the program, unless it is given a
 * code that the test framework takes for the failure of one test. */
#define CLASSIC__WINE_STUB 0x80000100

static LONG CALLBACK classic__fail_stub(EXCEPTION_POINTERS* exception) {
    if (exception->ExceptionRecord->ExceptionCode == CLASSIC__WINE_STUB)
        exception->ExceptionRecord->ExceptionCode = (DWORD) EXCEPTION_ILLEGAL_INSTRUCTION;
    return EXCEPTION_CONTINUE_SEARCH;
}

int classic_start(int argc, char** argv) {
    WSADATA data;
    AddVectoredExceptionHandler(1, classic__fail_stub);
    classic_dll = argc == 2 ? LoadLibraryA(argv[1]) : NULL;
    if (classic_dll == NULL)
        fprintf(stderr, "cannot load the DLL\n");
    return classic_dll != NULL && WSAStartup(0x0202, &data) == 0;
}

void* classic_find(const char* name) {
    void* function = (void*) GetProcAddress(classic_dll, name);
    assert_non_null(function);
    return function;
}

void* classic_noaccess(void) {
    static void* page;
    if (page == NULL)
        page = VirtualAlloc(NULL, CLASSIC__PAGE, MEM_COMMIT | MEM_RESERVE, PAGE_NOACCESS);
    return page;
}

void* classic_block(size_t size) {
    size_t pages = (size + CLASSIC__PAGE - 1) / CLASSIC__PAGE * CLASSIC__PAGE;
    char* block =
        VirtualAlloc(NULL, pages + CLASSIC__PAGE, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
    DWORD old;
    assert_non_null(block);
    assert_true(VirtualProtect(block + pages, CLASSIC__PAGE, PAGE_NOACCESS, &old));
    return block + pages - size;
}

static void classic__path(char* path, const char* name, const char* suffix) {
    char folder[MAX_PATH];
    GetSystemDirectoryA(folder, sizeof folder);
    sprintf(path, "%s\\drivers\\etc\\%s%s", folder, name, suffix);
}

void classic_write(const char* name, const char* text) {
    char path[2 * MAX_PATH], saved[2 * MAX_PATH];
    FILE* file;
    classic__path(path, name, "");
    classic__path(saved, name, ".saved");
    /* A run that died may have left its file; the saved one is the system's. */
    if (GetFileAttributesA(saved) == INVALID_FILE_ATTRIBUTES)
        MoveFileA(path, saved);
    file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

void classic_restore(const char* name) {
    char path[2 * MAX_PATH], saved[2 * MAX_PATH];
    classic__path(path, name, "");
    classic__path(saved, name, ".saved");
    DeleteFileA(path);
    MoveFileA(saved, path);
}
