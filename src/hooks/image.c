/* SPDX-License-Identifier: MIT */
#include "hooks/image.h"

#include <string.h>

/* Offsets and sizes of the PE format, as published by Microsoft. They are not taken from a Windows
 * header, as this file is also built where there is none. */
#define IMAGE__DOS_MAGIC 0x5a4du
#define IMAGE__DOS_NEW_HEADER 0x3cu
#define IMAGE__NT_SIGNATURE 0x00004550u
#define IMAGE__NT_MACHINE 4u
#define IMAGE__NT_SECTION_COUNT 6u
#define IMAGE__NT_OPTIONAL_SIZE 20u
#define IMAGE__NT_OPTIONAL 24u
#define IMAGE__OPTIONAL_MAGIC_32 0x010bu
#define IMAGE__OPTIONAL_MAGIC_64 0x020bu
#define IMAGE__OPTIONAL_DIRECTORIES_32 96u
#define IMAGE__OPTIONAL_DIRECTORIES_64 112u
#define IMAGE__SECTION_VIRTUAL_SIZE 8u
#define IMAGE__SECTION_RVA 12u
#define IMAGE__SECTION_CHARACTERISTICS 36u
#define IMAGE__SECTION_SIZE 40u
#define IMAGE__SECTION_IS_EXECUTABLE 0x20000000u
#define IMAGE__PAGE 4096u
#define IMAGE__DIRECTORY_SIZE 8u
#define IMAGE__DIRECTORY_EXPORT 0u
#define IMAGE__DIRECTORY_IMPORT 1u
#define IMAGE__DIRECTORY_DELAY_IMPORT 13u
#define IMAGE__EXPORT_BASE 16u
#define IMAGE__EXPORT_FUNCTION_COUNT 20u
#define IMAGE__EXPORT_NAME_COUNT 24u
#define IMAGE__EXPORT_FUNCTIONS 28u
#define IMAGE__EXPORT_NAMES 32u
#define IMAGE__EXPORT_ORDINALS 36u
#define IMAGE__EXPORT_SIZE 40u
#define IMAGE__IMPORT_LOOKUP 0u
#define IMAGE__IMPORT_NAME 12u
#define IMAGE__IMPORT_SLOTS 16u
#define IMAGE__IMPORT_SIZE 20u
#define IMAGE__DELAY_ATTRIBUTES 0u
#define IMAGE__DELAY_NAME 4u
#define IMAGE__DELAY_SLOTS 12u
#define IMAGE__DELAY_LOOKUP 16u
#define IMAGE__DELAY_SIZE 32u
#define IMAGE__DELAY_HAS_RVAS 1u

struct image {
    const uint8_t* base;
    size_t size;
    size_t pointer_size;
    size_t directories; /* Offset of the data directories. */
    uint32_t directory_count;
    size_t sections; /* Offset of the section table. */
    uint32_t section_count;
    uint16_t machine;
};

struct image__directory {
    uint32_t rva;
    uint32_t size;
};

struct image__exports {
    struct image__directory directory;
    uint32_t ordinal_base;
    uint32_t function_count;
    uint32_t name_count;
    uint32_t functions;
    uint32_t names;
    uint32_t ordinals;
};

static bool image__has(const struct image* image, size_t offset, size_t length) {
    return offset <= image->size && length <= image->size - offset;
}

/* What lies outside reads as 0, which every caller takes for an end or for an absent thing. Fields
 * are copied out, as in a damaged image nothing is aligned. */
static uint16_t image__u16(const struct image* image, size_t offset) {
    uint16_t value = 0;
    if (image__has(image, offset, sizeof value))
        memcpy(&value, image->base + offset, sizeof value);
    return value;
}

static uint32_t image__u32(const struct image* image, size_t offset) {
    uint32_t value = 0;
    if (image__has(image, offset, sizeof value))
        memcpy(&value, image->base + offset, sizeof value);
    return value;
}

static uint64_t image__pointer(const struct image* image, size_t offset) {
    uint64_t value = 0;
    if (image->pointer_size == 4)
        return image__u32(image, offset);
    if (image__has(image, offset, sizeof value))
        memcpy(&value, image->base + offset, sizeof value);
    return value;
}

/* Adds an index to a 32-bit table address. A sum that a size_t cannot hold is turned into one that
 * lies outside of any image. */
static size_t image__at(uint32_t table, uint32_t index, uint32_t width) {
    uint64_t offset = (uint64_t) table + (uint64_t) index * width;
    return offset <= SIZE_MAX ? (size_t) offset : SIZE_MAX;
}

static bool image__open(struct image* image, const void* base, size_t size) {
    memset(image, 0, sizeof *image);
    if (base == NULL)
        return false;
    image->base = base;
    /* All offsets of the format have 32 bits. */
    image->size = size < UINT32_MAX ? size : UINT32_MAX;
    if (image__u16(image, 0) != IMAGE__DOS_MAGIC)
        return false;

    /* Subtracting here keeps the small constants that are added below from overflowing. */
    size_t nt = image__u32(image, IMAGE__DOS_NEW_HEADER);
    if (!image__has(image, nt, IMAGE__NT_OPTIONAL) || image__u32(image, nt) != IMAGE__NT_SIGNATURE)
        return false;
    image->machine = image__u16(image, nt + IMAGE__NT_MACHINE);
    size_t optional = nt + IMAGE__NT_OPTIONAL;
    size_t optional_size = image__u16(image, nt + IMAGE__NT_OPTIONAL_SIZE);
    if (!image__has(image, optional, optional_size))
        return false;

    size_t start;
    switch (image__u16(image, optional)) {
        case IMAGE__OPTIONAL_MAGIC_32:
            image->pointer_size = 4;
            start = IMAGE__OPTIONAL_DIRECTORIES_32;
            break;
        case IMAGE__OPTIONAL_MAGIC_64:
            image->pointer_size = 8;
            start = IMAGE__OPTIONAL_DIRECTORIES_64;
            break;
        default:
            return false;
    }
    if (optional_size < start)
        return false;
    image->sections = optional + optional_size;
    image->section_count = image__u16(image, nt + IMAGE__NT_SECTION_COUNT);
    image->directories = optional + start;
    image->directory_count = image__u32(image, image->directories - 4);
    size_t room = (optional_size - start) / IMAGE__DIRECTORY_SIZE;
    if (image->directory_count > room)
        image->directory_count = (uint32_t) room;
    return true;
}

static struct image__directory image__directory(const struct image* image, uint32_t index) {
    struct image__directory directory = {0, 0};
    if (index < image->directory_count) {
        size_t offset = image->directories + (size_t) index * IMAGE__DIRECTORY_SIZE;
        directory.rva = image__u32(image, offset);
        directory.size = image__u32(image, offset + 4);
    }
    return directory;
}

uint16_t image_machine(const void* base, size_t size) {
    struct image image;
    return image__open(&image, base, size) ? image.machine : 0;
}

size_t image_pointer_size(const void* base, size_t size) {
    struct image image;
    return image__open(&image, base, size) ? image.pointer_size : 0;
}

static bool image__exports(const struct image* image, struct image__exports* exports) {
    struct image__directory directory = image__directory(image, IMAGE__DIRECTORY_EXPORT);
    if (directory.rva == 0 || !image__has(image, directory.rva, IMAGE__EXPORT_SIZE))
        return false;
    exports->directory = directory;
    exports->ordinal_base = image__u32(image, directory.rva + IMAGE__EXPORT_BASE);
    exports->function_count = image__u32(image, directory.rva + IMAGE__EXPORT_FUNCTION_COUNT);
    exports->name_count = image__u32(image, directory.rva + IMAGE__EXPORT_NAME_COUNT);
    exports->functions = image__u32(image, directory.rva + IMAGE__EXPORT_FUNCTIONS);
    exports->names = image__u32(image, directory.rva + IMAGE__EXPORT_NAMES);
    exports->ordinals = image__u32(image, directory.rva + IMAGE__EXPORT_ORDINALS);
    return exports->functions != 0;
}

static bool image__entry(const struct image* image, const struct image__exports* exports,
                         uint32_t index, struct image_export* found) {
    size_t slot = image__at(exports->functions, index, sizeof(uint32_t));
    if (index >= exports->function_count || !image__has(image, slot, sizeof(uint32_t)))
        return false;
    uint32_t rva = image__u32(image, slot);
    if (rva == 0)
        return false;
    found->slot = (uint32_t) slot;
    found->rva = rva;
    found->is_forwarder =
        rva >= exports->directory.rva && rva - exports->directory.rva < exports->directory.size;
    return true;
}

static bool image__name_is(const struct image* image, size_t offset, const char* name) {
    size_t length = strlen(name) + 1;
    return image__has(image, offset, length) && memcmp(image->base + offset, name, length) == 0;
}

bool image_find_export(const void* base, size_t size, const char* name,
                       struct image_export* found) {
    struct image image;
    struct image__exports exports;
    if (!image__open(&image, base, size) || !image__exports(&image, &exports))
        return false;
    if (exports.names == 0 || exports.ordinals == 0)
        return false;
    /* The names are sorted in a sound image only, and we come here a dozen times in all. */
    for (uint32_t i = 0; i < exports.name_count; i++) {
        size_t entry = image__at(exports.names, i, sizeof(uint32_t));
        size_t ordinal = image__at(exports.ordinals, i, sizeof(uint16_t));
        if (!image__has(&image, entry, sizeof(uint32_t)) ||
            !image__has(&image, ordinal, sizeof(uint16_t)))
            return false;
        if (image__name_is(&image, image__u32(&image, entry), name))
            return image__entry(&image, &exports, image__u16(&image, ordinal), found);
    }
    return false;
}

static const char* image__string(const struct image* image, uint32_t offset) {
    if (offset == 0 || offset >= image->size ||
        memchr(image->base + offset, 0, image->size - offset) == NULL)
        return NULL;
    return (const char*) image->base + offset;
}

const char* image_export_name(const void* base, size_t size, uint32_t index) {
    struct image image;
    struct image__exports exports;
    if (!image__open(&image, base, size) || !image__exports(&image, &exports) ||
        exports.names == 0 || index >= exports.name_count)
        return NULL;
    return image__string(&image,
                         image__u32(&image, image__at(exports.names, index, sizeof(uint32_t))));
}

bool image_find_ordinal(const void* base, size_t size, uint32_t ordinal,
                        struct image_export* found) {
    struct image image;
    struct image__exports exports;
    if (!image__open(&image, base, size) || !image__exports(&image, &exports))
        return false;
    if (ordinal < exports.ordinal_base)
        return false;
    return image__entry(&image, &exports, ordinal - exports.ordinal_base, found);
}

/* The range of a section, or of none where it has no size. */
static struct image_range image__section(const struct image* image, uint32_t index) {
    size_t header = image__at((uint32_t) image->sections, index, IMAGE__SECTION_SIZE);
    struct image_range range;
    range.offset = image__u32(image, header + IMAGE__SECTION_RVA);
    range.size = image__u32(image, header + IMAGE__SECTION_VIRTUAL_SIZE);
    return range;
}

static bool image__is_executable(const struct image* image, uint32_t index) {
    size_t header = image__at((uint32_t) image->sections, index, IMAGE__SECTION_SIZE);
    return (image__u32(image, header + IMAGE__SECTION_CHARACTERISTICS) &
            IMAGE__SECTION_IS_EXECUTABLE) != 0;
}

/* Sections of an image whose sections are not aligned to pages share them. */
static bool image__is_in_section(const struct image* image, const struct image_range* range) {
    for (uint32_t i = 0; i < image->section_count; i++) {
        struct image_range other = image__section(image, i);
        uint64_t end = (uint64_t) other.offset + other.size;
        if (other.size != 0 && range->offset < end &&
            other.offset < (uint64_t) range->offset + range->size)
            return true;
    }
    return false;
}

static bool image__left_over(const struct image* image, uint32_t index, struct image_range* found) {
    struct image_range section = image__section(image, index);
    uint64_t end = (uint64_t) section.offset + section.size;
    if (section.size == 0 || !image__is_executable(image, index) || end > UINT32_MAX)
        return false;
    found->offset = (uint32_t) end;
    found->size = (IMAGE__PAGE - found->offset % IMAGE__PAGE) % IMAGE__PAGE;
    return found->size != 0 && image__has(image, found->offset, found->size) &&
           !image__is_in_section(image, found);
}

bool image_find_left_over(const void* base, size_t size, uint32_t index,
                          struct image_range* found) {
    struct image image;
    if (!image__open(&image, base, size))
        return false;
    for (uint32_t i = 0; i < image.section_count; i++) {
        if (image__left_over(&image, i, found) && index-- == 0)
            return true;
    }
    return false;
}

/* Reports the slots of one imported module. The look-up table tells how many there are, as its
 * last entry is 0; linkers that write none rely on the slots themselves ending so. The budget is
 * shared by all modules of an image: no sound image has more slots than fit into it, and a damaged
 * one may have thousands of descriptors that all point to the same long table. */
static void image__each_slot(const struct image* image, uint32_t name, uint32_t lookup,
                             uint32_t slots, size_t* budget, image_slot_fn* callback,
                             void* context) {
    const char* module = image__string(image, name);
    uint32_t width = (uint32_t) image->pointer_size;
    if (slots == 0 || slots % width != 0)
        return;
    if (lookup == 0)
        lookup = slots;
    for (uint32_t i = 0; *budget > 0; i++, --*budget) {
        size_t slot = image__at(slots, i, width);
        if (image__pointer(image, image__at(lookup, i, width)) == 0)
            return;
        if (!image__has(image, slot, width))
            return;
        callback(context, module, slot);
    }
}

static void image__each_normal(const struct image* image, size_t* budget, image_slot_fn* callback,
                               void* context) {
    struct image__directory directory = image__directory(image, IMAGE__DIRECTORY_IMPORT);
    if (directory.rva == 0)
        return;
    /* The loaders go by the empty descriptor at the end and not by the directory's size. */
    for (uint32_t i = 0;; i++) {
        size_t descriptor = image__at(directory.rva, i, IMAGE__IMPORT_SIZE);
        if (!image__has(image, descriptor, IMAGE__IMPORT_SIZE))
            return;
        uint32_t slots = image__u32(image, descriptor + IMAGE__IMPORT_SLOTS);
        uint32_t name = image__u32(image, descriptor + IMAGE__IMPORT_NAME);
        if (name == 0 || slots == 0)
            return;
        uint32_t lookup = image__u32(image, descriptor + IMAGE__IMPORT_LOOKUP);
        image__each_slot(image, name, lookup, slots, budget, callback, context);
    }
}

static void image__each_delayed(const struct image* image, size_t* budget, image_slot_fn* callback,
                                void* context) {
    struct image__directory directory = image__directory(image, IMAGE__DIRECTORY_DELAY_IMPORT);
    if (directory.rva == 0)
        return;
    for (uint32_t i = 0;; i++) {
        size_t descriptor = image__at(directory.rva, i, IMAGE__DELAY_SIZE);
        if (!image__has(image, descriptor, IMAGE__DELAY_SIZE) ||
            image__u32(image, descriptor + IMAGE__DELAY_NAME) == 0)
            return;
        uint32_t name = image__u32(image, descriptor + IMAGE__DELAY_NAME);
        uint32_t lookup = image__u32(image, descriptor + IMAGE__DELAY_LOOKUP);
        uint32_t slots = image__u32(image, descriptor + IMAGE__DELAY_SLOTS);
        uint32_t attributes = image__u32(image, descriptor + IMAGE__DELAY_ATTRIBUTES);
        if ((attributes & IMAGE__DELAY_HAS_RVAS) == 0) {
            /* Visual C++ 6 wrote addresses, which exist in 32-bit images only. */
            if (image->pointer_size != 4)
                continue;
            if (lookup != 0)
                lookup -= (uint32_t) (uintptr_t) image->base;
            name -= (uint32_t) (uintptr_t) image->base;
            if (slots != 0)
                slots -= (uint32_t) (uintptr_t) image->base;
        }
        image__each_slot(image, name, lookup, slots, budget, callback, context);
    }
}

void image_each_import(const void* base, size_t size, image_slot_fn* callback, void* context) {
    struct image image;
    if (!image__open(&image, base, size))
        return;
    size_t budget = size / image.pointer_size;
    image__each_normal(&image, &budget, callback, context);
    image__each_delayed(&image, &budget, callback, context);
}
