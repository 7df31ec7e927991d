/* SPDX-License-Identifier: MIT */
#include "drivers/driver.h"

#include "host/config.h"

const struct driver* driver_choose(struct record* record) {
    static const struct driver* const preferences[][2] = {
        [CONFIG_DRIVER_AUTO] = {&driver_native, &driver_poll},
        [CONFIG_DRIVER_NATIVE] = {&driver_native, NULL},
        [CONFIG_DRIVER_POLL] = {&driver_poll, NULL},
    };
    int i;
    for (i = 0; i < 2; i++) {
        const struct driver* driver = preferences[config.driver][i];
        if (driver != NULL && driver->is_available(record))
            return driver;
    }
    return NULL;
}
