/* SPDX-License-Identifier: MIT */
#include "classic/text.h"

#include <string.h>

#include "base/memory.h"

int text_read(const void* text, int wide, char* to) {
    size_t length = wide ? memory_wide_length(text, ANSWER__NAME_MAX)
                         : memory_string_length(text, ANSWER__NAME_MAX);
    BOOL lossy = FALSE;
    if (length == MEMORY__UNREADABLE)
        return WSAEFAULT;
    if (length > ANSWER__NAME_MAX)
        return WSAEINVAL;
    if (!wide) {
        memcpy(to, text, length + 1);
        return 0;
    }
    if (WideCharToMultiByte(CP_ACP, 0, text, -1, to, ANSWER__NAME_MAX + 1, NULL, &lossy) == 0 ||
        lossy)
        return WSAEINVAL;
    return 0;
}

void* text_pack(struct pack* pack, const char* text, int wide) {
    WCHAR converted[ANSWER__NAME_MAX + 1];
    int length;
    if (!wide)
        return pack_string(pack, text);
    length = MultiByteToWideChar(CP_ACP, 0, text, -1, converted, ANSWER__NAME_MAX + 1);
    if (length == 0) {
        converted[0] = 0;
        length = 1;
    }
    return pack_copy(pack, converted, (size_t) length * sizeof converted[0], sizeof converted[0]);
}
