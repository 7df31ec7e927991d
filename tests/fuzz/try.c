/* SPDX-License-Identifier: MIT */
#include <stddef.h>

/* Links where there is a libFuzzer. */
int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
    (void) data;
    (void) size;
    return 0;
}
