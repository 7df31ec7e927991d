/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_HOOKS_IMAGE_H
#define WSEXT_HOOKS_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads a PE image as it lies in memory after loading. Every function takes the base and the
 * number of readable bytes from there, believes nothing that the headers say, and answers "nothing
 * found" for what is damaged. Portable, so that the tests can run it under sanitizers. */

#define IMAGE__MACHINE_I386 0x014cu
#define IMAGE__MACHINE_AMD64 0x8664u

struct image_export {
    uint32_t slot;     /* Offset of the 32-bit entry in the export address table. */
    uint32_t rva;      /* What the entry holds. */
    bool is_forwarder; /* The entry names an export of another module and is no address. */
};

struct image_range {
    uint32_t offset;
    uint32_t size;
};

/* Called with the offset of each import address slot, which is image_pointer_size() wide, and the
 * name of the module that it is imported from, in the image; NULL where that cannot be read. */
typedef void image_slot_fn(void* context, const char* module, size_t offset);

/* The machine of the file header, or 0 where there is no sound PE image. */
uint16_t image_machine(const void* base, size_t size);

/* 4 or 8, or 0 where there is no sound PE image. */
size_t image_pointer_size(const void* base, size_t size);

bool image_find_export(const void* base, size_t size, const char* name, struct image_export* found);

/* The index-th name of the export table, in the image; NULL where there is none. */
const char* image_export_name(const void* base, size_t size, uint32_t index);

bool image_find_ordinal(const void* base, size_t size, uint32_t ordinal,
                        struct image_export* found);

/* What the index-th section with code has left over of its last page, where that is anything. False
 * when there are no more. */
bool image_find_left_over(const void* base, size_t size, uint32_t index, struct image_range* found);

/* Goes through the import and the delay-load import directories. */
void image_each_import(const void* base, size_t size, image_slot_fn* callback, void* context);

#endif
