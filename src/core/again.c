/* SPDX-License-Identifier: MIT */
#include "core/again.h"

#include <windows.h>

#include "core/status.h"

#define AGAIN__TRIES 200

int again(unsigned* tries, int error) {
    if (!status_is_shortage(error) || *tries >= AGAIN__TRIES)
        return 0;
    ++*tries;
    Sleep(1);
    return 1;
}
