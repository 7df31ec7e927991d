/* SPDX-License-Identifier: MIT */
#include "base/retry.h"

#include <windows.h>

#include "base/status.h"

#define RETRY__TRIES 200

int retry_shortage(unsigned* tries, int error) {
    if (!status_is_shortage(error) || *tries >= RETRY__TRIES)
        return 0;
    ++*tries;
    Sleep(1);
    return 1;
}
