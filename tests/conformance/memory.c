/* SPDX-License-Identifier: MIT */
#include "conformance.h"

#define MEMORY__PAGE 4096

void* conf_pages(size_t length) {
    void* pages = VirtualAlloc(NULL, length, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

    if (pages == NULL)
        conf_skip("not enough memory for the pages of this test");
    return pages;
}

static void* memory__protected(DWORD protection) {
    DWORD old;
    void* page = conf_pages(MEMORY__PAGE);

    CHECK(VirtualProtect(page, MEMORY__PAGE, protection, &old));
    return page;
}

void* conf_noaccess(void) {
    return memory__protected(PAGE_NOACCESS);
}

void* conf_readonly(void) {
    return memory__protected(PAGE_READONLY);
}

/* Whoever reads or writes one byte beyond the length meets a page that cannot be touched. */
void* conf_before_noaccess(const void* content, size_t length) {
    DWORD old;
    char* pages = conf_pages(2 * MEMORY__PAGE);
    char* start = pages + MEMORY__PAGE - length;

    memcpy(start, content, length);
    CHECK(VirtualProtect(pages + MEMORY__PAGE, MEMORY__PAGE, PAGE_NOACCESS, &old));
    return start;
}
