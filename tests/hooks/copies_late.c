/* SPDX-License-Identifier: MIT */

/* copies_late DLL ARGUMENTS…: loads a DLL with copies_test.c in it, and gives it the rest. */

#include <windows.h>

#include <stdio.h>

typedef int copies__main_fn(int count, char** arguments);

int main(int count, char** arguments) {
    HMODULE module = count > 1 ? LoadLibraryA(arguments[1]) : NULL;
    copies__main_fn* run = NULL;
    if (module != NULL)
        run = (copies__main_fn*) (void*) GetProcAddress(module, "copies_main");
    if (run == NULL) {
        fprintf(stderr, "the tests cannot be loaded (error %lu)\n", GetLastError());
        return 2;
    }
    return run(count - 1, arguments + 1);
}
