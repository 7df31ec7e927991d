/* SPDX-License-Identifier: MIT */
#include "base/environment.h"

#include <stdlib.h>
#include <wctype.h>

size_t environment_length(const wchar_t* block) {
    const wchar_t* place = block;
    while (*place != L'\0')
        place += wcslen(place) + 1;
    return (size_t) (place - block) + 1;
}

static wint_t environment__at(const wchar_t* variable, size_t index) {
    /* The names of Windows' hidden variables begin with the sign that ends all others. */
    if (variable[index] == L'\0' || (index > 0 && variable[index] == L'='))
        return 0;
    return towupper((wint_t) variable[index]);
}

/* Compares the names: below, at or above 0. */
static int environment__compare(const wchar_t* one, const wchar_t* other) {
    size_t i;
    for (i = 0; environment__at(one, i) != 0; i++) {
        if (environment__at(one, i) != environment__at(other, i))
            break;
    }
    if (environment__at(one, i) == environment__at(other, i))
        return 0;
    return environment__at(one, i) < environment__at(other, i) ? -1 : 1;
}

static int environment__begins(const wchar_t* variable, const wchar_t* prefix) {
    size_t i;
    for (i = 0; prefix[i] != L'\0'; i++) {
        if (environment__at(variable, i) != towupper((wint_t) prefix[i]))
            return 0;
    }
    return 1;
}

static int environment__has(const wchar_t* block, const wchar_t* variable) {
    for (; *block != L'\0'; block += wcslen(block) + 1) {
        if (environment__compare(block, variable) == 0)
            return 1;
    }
    return 0;
}

/* A block that is not in order keeps its own. */
static void environment__insert(wchar_t* block, const wchar_t* variable) {
    size_t size = wcslen(variable) + 1;
    while (*block != L'\0' && environment__compare(block, variable) < 0)
        block += wcslen(block) + 1;
    wmemmove(block + size, block, environment_length(block));
    wmemcpy(block, variable, size);
}

wchar_t* environment_add(const wchar_t* block, const wchar_t* other, const wchar_t* prefix) {
    size_t length = environment_length(block);
    size_t room = length + environment_length(other);
    wchar_t* result = NULL;

    for (; *other != L'\0'; other += wcslen(other) + 1) {
        if (!environment__begins(other, prefix) || environment__has(block, other))
            continue;
        if (result == NULL) {
            result = malloc(room * sizeof *result);
            if (result == NULL)
                return NULL;
            wmemcpy(result, block, length);
        }
        environment__insert(result, other);
    }
    return result;
}
