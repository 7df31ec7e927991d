/* SPDX-License-Identifier: MIT */
#include "core/way.h"

#include "base/config.h"
#include "core/native.h"
#include "core/table.h"
#include "host/caps.h"

int way_is_by_workers(void) {
    return !caps_has(CAP_STEPS);
}

static unsigned way__native(SOCKET handle) {
    return caps_has(CAP_STEPS) && native_is_available(handle) ? WAY_NATIVE : 0;
}

static unsigned way__poll(void) {
    if (!caps_has(CAP_STEPS) || !caps_has(CAP_POLL) || caps_find(CAP_ASYNC_CONNECT) != 0)
        return 0;
    return caps_has(CAP_ASYNC_CONNECT) ? WAY_POLL : 0;
}

unsigned ways_of(SOCKET handle) {
    if (caps_find(CAPS_OPERATIONS | CAP_ASYNC_CONNECT) != 0)
        return 0;
    return way__native(handle) | way__poll() | WAY_WORKER;
}

/* The first that the host is fit for. What is not needed is not asked about. */
static unsigned way__auto(SOCKET handle) {
    unsigned way = way__native(handle);
    if (way == 0)
        way = way__poll();
    return way != 0 ? way : WAY_WORKER;
}

/* Of a socket that we did not see being made, it is not known whether it is to be left blocking,
 * and whether its port gets packets for what ends at once. The host knows. */
static unsigned way__poll_or_native(SOCKET handle) {
    unsigned way = table_flags(handle) & TABLE_SEEN ? 0 : way__native(handle);
    return way != 0 ? way : way__poll();
}

unsigned way_choose(SOCKET handle, int* error) {
    unsigned way;
    *error = WSAENOBUFS;
    if (caps_find(CAPS_OPERATIONS) != 0)
        return 0;
    switch (config.driver) {
        case CONFIG_DRIVER_NATIVE:
            way = way__native(handle);
            break;
        case CONFIG_DRIVER_POLL:
            if (caps_find(CAP_ASYNC_CONNECT) != 0)
                return 0;
            way = way__poll_or_native(handle);
            break;
        case CONFIG_DRIVER_THREAD:
            way = WAY_WORKER;
            break;
        default:
            way = way__auto(handle);
            break;
    }
    *error = way != 0 ? 0 : ERROR_NOT_SUPPORTED;
    return way;
}
