/* SPDX-License-Identifier: MIT */
#include "core/driver.h"

#include "base/config.h"
#include "core/table.h"

/* Of a socket that we did not see being made, the poll driver cannot know whether it is to be left
 * blocking and whether its port gets packets for what ends at once. The host knows. */
static int driver__fits(const struct driver* driver, const struct socket* socket) {
    return driver != &driver_poll || (table_flags(socket->handle) & TABLE_SEEN);
}

const struct driver* driver_choose(struct socket* socket, int* error) {
    static const struct driver* const preferences[][3] = {
        [CONFIG_DRIVER_AUTO] = {&driver_native, &driver_poll, &driver_thread},
        [CONFIG_DRIVER_NATIVE] = {&driver_native},
        [CONFIG_DRIVER_POLL] = {&driver_poll},
        [CONFIG_DRIVER_THREAD] = {&driver_thread},
    };
    const struct driver* const* preference = preferences[config.driver];
    int i;

    *error = ERROR_NOT_SUPPORTED;
    for (i = 0; i < 3 && preference[i] != NULL; i++) {
        const struct driver* driver = preference[i];
        int available;
        if (!driver__fits(driver, socket) && driver_native.is_available(socket))
            driver = &driver_native;
        available = driver->is_available(socket);
        if (available > 0)
            return driver;
        if (available < 0)
            *error = WSAENOBUFS;
    }
    return NULL;
}
