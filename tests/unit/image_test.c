/* SPDX-License-Identifier: MIT */

/* Damaged images, each in a heap block of exactly its size, so that the sanitizers see every byte
 * that is read beyond it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hooks/image.h"

#ifdef _WIN32
#include <windows.h>
#endif

#define TEST__SIZE 0x400u
#define TEST__NT 0x40u
#define TEST__OPTIONAL (TEST__NT + 24u)
#define TEST__EXPORTS 0x180u
#define TEST__FUNCTIONS 0x1b0u
#define TEST__NAMES 0x1c0u
#define TEST__ORDINALS 0x1d0u
#define TEST__STRINGS 0x1e0u
#define TEST__IMPORTS 0x220u
#define TEST__DELAYED 0x280u
#define TEST__LOOKUP 0x300u
#define TEST__SLOTS 0x340u
#define TEST__DELAY_SLOTS 0x380u
#define TEST__SLOT_COUNT 3

struct test__slots {
    size_t size;
    size_t width;
    size_t count;
    size_t named; /* With the name of the module that they are imported from. */
    size_t offsets[8];
};

static void test__put16(uint8_t* image, size_t offset, uint16_t value) {
    memcpy(image + offset, &value, sizeof value);
}

static void test__put32(uint8_t* image, size_t offset, uint32_t value) {
    memcpy(image + offset, &value, sizeof value);
}

static size_t test__directories(bool is_64) {
    return TEST__OPTIONAL + (is_64 ? 112 : 96);
}

/* Exports by the ordinals 7 to 9: alpha, a forwarder beta, and one without a name. Imports two
 * functions with a look-up table, and one with delay. */
static uint8_t* test__make(bool is_64) {
    uint8_t* image = calloc(1, TEST__SIZE);
    size_t width = is_64 ? 8 : 4;
    size_t directories = test__directories(is_64);
    assert_non_null(image);
    test__put16(image, 0, 0x5a4d);
    test__put32(image, 0x3c, TEST__NT);
    test__put32(image, TEST__NT, 0x4550);
    test__put16(image, TEST__NT + 4, is_64 ? IMAGE__MACHINE_AMD64 : IMAGE__MACHINE_I386);
    test__put16(image, TEST__NT + 20, is_64 ? 240 : 224);
    test__put16(image, TEST__OPTIONAL, is_64 ? 0x20b : 0x10b);
    test__put32(image, directories - 4, 16);
    test__put32(image, directories, TEST__EXPORTS);
    test__put32(image, directories + 4, 0xa0);
    test__put32(image, directories + 8, TEST__IMPORTS);
    test__put32(image, directories + 12, 40);
    test__put32(image, directories + 13 * 8, TEST__DELAYED);
    test__put32(image, directories + 13 * 8 + 4, 64);

    test__put32(image, TEST__EXPORTS + 16, 7);
    test__put32(image, TEST__EXPORTS + 20, 3);
    test__put32(image, TEST__EXPORTS + 24, 2);
    test__put32(image, TEST__EXPORTS + 28, TEST__FUNCTIONS);
    test__put32(image, TEST__EXPORTS + 32, TEST__NAMES);
    test__put32(image, TEST__EXPORTS + 36, TEST__ORDINALS);
    test__put32(image, TEST__FUNCTIONS, 0x3f0);
    test__put32(image, TEST__FUNCTIONS + 4, TEST__STRINGS + 16);
    test__put32(image, TEST__FUNCTIONS + 8, 0x3f8);
    test__put32(image, TEST__NAMES, TEST__STRINGS);
    test__put32(image, TEST__NAMES + 4, TEST__STRINGS + 8);
    test__put16(image, TEST__ORDINALS, 0);
    test__put16(image, TEST__ORDINALS + 2, 1);
    strcpy((char*) image + TEST__STRINGS, "alpha");
    strcpy((char*) image + TEST__STRINGS + 8, "beta");
    strcpy((char*) image + TEST__STRINGS + 16, "other.gamma");

    test__put32(image, TEST__IMPORTS, TEST__LOOKUP);
    test__put32(image, TEST__IMPORTS + 12, TEST__STRINGS);
    test__put32(image, TEST__IMPORTS + 16, TEST__SLOTS);
    test__put32(image, TEST__DELAYED, 1);
    test__put32(image, TEST__DELAYED + 4, TEST__STRINGS);
    test__put32(image, TEST__DELAYED + 12, TEST__DELAY_SLOTS);
    test__put32(image, TEST__DELAYED + 16, (uint32_t) (TEST__LOOKUP + width));
    test__put32(image, TEST__LOOKUP, 0x100);
    test__put32(image, TEST__LOOKUP + width, 0x110);
    test__put32(image, TEST__SLOTS, 0x1234);
    test__put32(image, TEST__SLOTS + width, 0x5678);
    test__put32(image, TEST__DELAY_SLOTS, 0x9abc);
    return image;
}

static void test__on_slot(void* context, const char* module, size_t offset) {
    struct test__slots* slots = context;
    if (module != NULL)
        slots->named += strlen(module) < slots->size;
    assert_true(offset <= slots->size && slots->width <= slots->size - offset);
    if (slots->count < sizeof slots->offsets / sizeof slots->offsets[0])
        slots->offsets[slots->count] = offset;
    slots->count++;
}

static struct test__slots test__walk(const uint8_t* image, size_t size) {
    struct test__slots slots = {0};
    slots.size = size;
    slots.width = image_pointer_size(image, size);
    image_each_import(image, size, test__on_slot, &slots);
    /* However damaged, there are not more slots than fit. */
    if (slots.width == 0)
        assert_int_equal(slots.count, 0);
    else
        assert_true(slots.count <= size / slots.width);
    return slots;
}

static void test__check_export(size_t size, bool found, const struct image_export* export) {
    if (found) {
        assert_true((size_t) export->slot + sizeof(uint32_t) <= size);
        assert_int_not_equal(export->rva, 0);
    }
}

/* Every function on an image of which nothing is known. */
static void test__check_left_over(const uint8_t* image, size_t size) {
    struct image_range left;
    for (uint32_t i = 0; i < 4 && image_find_left_over(image, size, i, &left); i++) {
        assert_true(left.size > 0 && left.size < 4096);
        assert_true((size_t) left.offset + left.size <= size);
    }
}

static void test__use(const uint8_t* image, size_t size) {
    static const uint32_t ordinals[] = {0, 7, 8, 9, 10, 0x7fffffff, 0xffffffff};
    static const char* const names[] = {"alpha", "beta", "gamma", "", "a longer name than any"};
    struct image_export export;
    image_machine(image, size);
    for (size_t i = 0; i < sizeof ordinals / sizeof ordinals[0]; i++)
        test__check_export(size, image_find_ordinal(image, size, ordinals[i], &export), &export);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        test__check_export(size, image_find_export(image, size, names[i], &export), &export);
    test__walk(image, size);
    test__check_left_over(image, size);
}

static void sound_image(void** state) {
    (void) state;
    for (int is_64 = 0; is_64 <= 1; is_64++) {
        struct image_export export;
        uint8_t* image = test__make(is_64);
        size_t width = is_64 ? 8 : 4;
        assert_int_equal(image_machine(image, TEST__SIZE),
                         is_64 ? IMAGE__MACHINE_AMD64 : IMAGE__MACHINE_I386);
        assert_int_equal(image_pointer_size(image, TEST__SIZE), width);

        assert_true(image_find_export(image, TEST__SIZE, "alpha", &export));
        assert_int_equal(export.slot, TEST__FUNCTIONS);
        assert_int_equal(export.rva, 0x3f0);
        assert_false(export.is_forwarder);
        assert_true(image_find_export(image, TEST__SIZE, "beta", &export));
        assert_true(export.is_forwarder);
        assert_true(image_find_ordinal(image, TEST__SIZE, 9, &export));
        assert_int_equal(export.slot, TEST__FUNCTIONS + 8);
        assert_false(image_find_ordinal(image, TEST__SIZE, 6, &export));
        assert_false(image_find_ordinal(image, TEST__SIZE, 10, &export));
        assert_false(image_find_export(image, TEST__SIZE, "alph", &export));
        assert_false(image_find_export(image, TEST__SIZE, "alphas", &export));

        struct test__slots slots = test__walk(image, TEST__SIZE);
        assert_int_equal(slots.count, TEST__SLOT_COUNT);
        assert_int_equal(slots.named, TEST__SLOT_COUNT);
        assert_int_equal(slots.offsets[0], TEST__SLOTS);
        assert_int_equal(slots.offsets[1], TEST__SLOTS + width);
        assert_int_equal(slots.offsets[2], TEST__DELAY_SLOTS);
        free(image);
    }
}

static void slots_without_look_up_table(void** state) {
    (void) state;
    for (int is_64 = 0; is_64 <= 1; is_64++) {
        uint8_t* image = test__make(is_64);
        test__put32(image, TEST__IMPORTS, 0);
        assert_int_equal(test__walk(image, TEST__SIZE).count, TEST__SLOT_COUNT);
        free(image);
    }
}

static void delay_load_with_addresses(void** state) {
    (void) state;
    uint8_t* image = test__make(false);
    uint32_t base = (uint32_t) (uintptr_t) image;
    test__put32(image, TEST__DELAYED, 0);
    test__put32(image, TEST__DELAYED + 4, base + TEST__STRINGS);
    test__put32(image, TEST__DELAYED + 12, base + TEST__DELAY_SLOTS);
    test__put32(image, TEST__DELAYED + 16, base + TEST__LOOKUP + 4);
    struct test__slots slots = test__walk(image, TEST__SIZE);
    assert_int_equal(slots.count, TEST__SLOT_COUNT);
    assert_int_equal(slots.named, TEST__SLOT_COUNT);
    assert_int_equal(slots.offsets[2], TEST__DELAY_SLOTS);
    free(image);
}

static void nothing_at_all(void** state) {
    (void) state;
    test__use(NULL, 0);
    test__use(NULL, TEST__SIZE);
    assert_int_equal(image_machine(NULL, TEST__SIZE), 0);
}

static void truncated_at_every_length(void** state) {
    (void) state;
    for (int is_64 = 0; is_64 <= 1; is_64++) {
        uint8_t* image = test__make(is_64);
        for (size_t size = 0; size < TEST__SIZE; size++) {
            uint8_t* part = malloc(size > 0 ? size : 1);
            assert_non_null(part);
            memcpy(part, image, size);
            test__use(part, size);
            free(part);
        }
        free(image);
    }
}

/* Every field of the headers and tables lies at an even offset, so that this reaches all of them,
 * in both widths, and some halves besides. */
static void every_field_damaged(void** state) {
    (void) state;
    static const uint32_t values[] = {
        0,          1,          0x3f,       TEST__SIZE - 1, TEST__SIZE,  0x7fffffff,
        0x80000000, 0xfffffffc, 0xffffffff, TEST__DELAYED,  TEST__LOOKUP};
    for (int is_64 = 0; is_64 <= 1; is_64++) {
        uint8_t* image = test__make(is_64);
        for (size_t offset = 0; offset + 4 <= TEST__SIZE; offset += 2) {
            for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
                uint8_t saved[4];
                memcpy(saved, image + offset, sizeof saved);
                test__put16(image, offset, (uint16_t) values[i]);
                test__use(image, TEST__SIZE);
                test__put32(image, offset, values[i]);
                test__use(image, TEST__SIZE);
                memcpy(image + offset, saved, sizeof saved);
            }
        }
        free(image);
    }
}

/* Thousands of descriptors that share one long table must not cost their product. */
static void many_descriptors_of_one_table(void** state) {
    (void) state;
    const size_t size = 0x400000;
    uint8_t* image = malloc(size);
    uint8_t* sound = test__make(true);
    assert_non_null(image);
    memset(image, 1, size);
    memcpy(image, sound, TEST__SIZE);
    test__put32(image, test__directories(true) + 8, 0x1000);
    for (size_t at = 0x1000; at + 20 <= size / 2; at += 20) {
        test__put32(image, at, (uint32_t) size / 2);
        test__put32(image, at + 16, (uint32_t) size / 2);
    }
    assert_true(test__walk(image, size).count <= size / 8);
    free(sound);
    free(image);
}

#define TEST__SECTIONS_64 (TEST__OPTIONAL + 240u)
#define TEST__PAGES 0x5000u
#define TEST__CODE 0x60000020u
#define TEST__DATA 0xc0000040u

static void test__put_section(uint8_t* image, uint32_t index, uint32_t offset, uint32_t size,
                              uint32_t kind) {
    size_t header = TEST__SECTIONS_64 + index * 40;
    test__put16(image, TEST__NT + 6, (uint16_t) (index + 1));
    test__put32(image, header + 8, size);
    test__put32(image, header + 12, offset);
    test__put32(image, header + 36, kind);
}

static void left_over_of_sections(void** state) {
    (void) state;
    uint8_t* sound = test__make(true);
    uint8_t* image = calloc(1, TEST__PAGES);
    struct image_range left;
    assert_non_null(image);
    memcpy(image, sound, TEST__SIZE);
    free(sound);
    assert_false(image_find_left_over(image, TEST__PAGES, 0, &left));
    test__put_section(image, 0, 0x1000, 0x1123, TEST__CODE);
    assert_true(image_find_left_over(image, TEST__PAGES, 0, &left));
    assert_int_equal(left.offset, 0x2123);
    assert_int_equal(left.size, 0xedd);
    assert_false(image_find_left_over(image, TEST__PAGES, 1, &left));

    /* Data have none, nor has what fills its pages, and there are only the pages that there are. */
    test__put_section(image, 1, 0x3000, 0x10, TEST__DATA);
    assert_false(image_find_left_over(image, TEST__PAGES, 1, &left));
    test__put_section(image, 1, 0x3000, 0x1000, TEST__CODE);
    assert_false(image_find_left_over(image, TEST__PAGES, 1, &left));
    test__put_section(image, 1, 0x3000, 0xfff, TEST__CODE);
    assert_true(image_find_left_over(image, TEST__PAGES, 1, &left));
    assert_int_equal(left.offset, 0x3fff);
    assert_int_equal(left.size, 1);
    assert_false(image_find_left_over(image, 0x3fff, 1, &left));
    test__put_section(image, 1, 0xfffff000, 0xfff, TEST__CODE);
    assert_false(image_find_left_over(image, TEST__PAGES, 1, &left));
    test__put_section(image, 1, 0xfffff000, 0xffffffff, TEST__CODE);
    assert_false(image_find_left_over(image, TEST__PAGES, 1, &left));

    /* Another section begins in it. */
    test__put_section(image, 1, 0x2800, 0x10, TEST__DATA);
    assert_false(image_find_left_over(image, TEST__PAGES, 0, &left));
    /* The table goes beyond what can be read. */
    test__put16(image, TEST__NT + 6, 0xffff);
    image_find_left_over(image, TEST__PAGES, 0xffff, &left);
    free(image);
}

#ifdef _WIN32
static void real_module(void** state) {
    (void) state;
    struct image_export export;
    const uint8_t* base = (const uint8_t*) LoadLibraryA("ws2_32.dll");
    assert_non_null(base);
    const IMAGE_DOS_HEADER* dos = (const IMAGE_DOS_HEADER*) base;
    const IMAGE_NT_HEADERS* nt = (const IMAGE_NT_HEADERS*) (base + dos->e_lfanew);
    size_t size = nt->OptionalHeader.SizeOfImage;
    assert_int_equal(image_pointer_size(base, size), sizeof(void*));
    assert_true(image_find_export(base, size, "getpeername", &export));
    assert_ptr_equal(base + export.rva, GetProcAddress((HMODULE) base, "getpeername"));
    uint32_t slot = export.slot;
    assert_true(image_find_ordinal(base, size, 5, &export));
    assert_int_equal(export.slot, slot);
    assert_true(test__walk(base, size).count > 0);
    test__check_left_over(base, size);
}
#endif

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_image),
        cmocka_unit_test(slots_without_look_up_table),
        cmocka_unit_test(delay_load_with_addresses),
        cmocka_unit_test(nothing_at_all),
        cmocka_unit_test(truncated_at_every_length),
        cmocka_unit_test(every_field_damaged),
        cmocka_unit_test(many_descriptors_of_one_table),
        cmocka_unit_test(left_over_of_sections),
#ifdef _WIN32
        cmocka_unit_test(real_module),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
