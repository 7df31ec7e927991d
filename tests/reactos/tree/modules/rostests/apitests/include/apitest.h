/* SPDX-License-Identifier: MIT */
#ifndef PRETEND_APITEST_H
#define PRETEND_APITEST_H

/* A stand-in for what ReactOS's own tests have beyond Wine's. */

#include <wine/test.h>

#define ok_int(expression, result) \
    do { \
        int apitest_value = (expression); \
        int apitest_result = (result); \
        ok(apitest_value == apitest_result, "%s is %d, expected %d\n", #expression, apitest_value, \
           apitest_result); \
    } while (0)

#endif
