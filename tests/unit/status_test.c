/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/status.h"

/* What a completion with these statuses means to programs, by Microsoft's tables. */
static const struct {
    uint32_t status;
    int error;
    const char* name;
} test__pairs[] = {
    {0xC0000120u, 995, "ERROR_OPERATION_ABORTED"}, {0xC0000236u, 10061, "WSAECONNREFUSED"},
    {0xC000023Cu, 10051, "WSAENETUNREACH"},        {0xC000023Du, 10065, "WSAEHOSTUNREACH"},
    {0xC00000B5u, 10060, "WSAETIMEDOUT"},          {0xC000020Du, 10054, "WSAECONNRESET"},
    {0xC0000241u, 10053, "WSAECONNABORTED"},       {0x00000000u, 0, "success"},
};

#define TEST__COUNT (sizeof test__pairs / sizeof test__pairs[0])

static void errors_have_their_status_and_name(void** state) {
    size_t i;
    (void) state;
    for (i = 0; i < TEST__COUNT; i++) {
        assert_int_equal(status_from_error(test__pairs[i].error), test__pairs[i].status);
        assert_string_equal(status_error_name(test__pairs[i].error), test__pairs[i].name);
    }
}

static void unknown_codes_have_an_answer(void** state) {
    (void) state;
    assert_int_equal(status_from_error(12345), STATUS__UNSUCCESSFUL);
    assert_string_equal(status_error_name(12345), "error");
    assert_string_equal(status_name(0xC0001234u), "status");
}

static void shortages_are_told_from_answers(void** state) {
    (void) state;
    assert_true(status_is_shortage(8) && status_is_shortage(1450) && status_is_shortage(10055));
    assert_false(status_is_shortage(0) || status_is_shortage(997) || status_is_shortage(10038));
}

static void statuses_have_their_name(void** state) {
    (void) state;
    assert_string_equal(status_name(STATUS__SUCCESS), "STATUS_SUCCESS");
    assert_string_equal(status_name(STATUS__CANCELLED), "STATUS_CANCELLED");
    assert_string_equal(status_name(STATUS__CONNECTION_REFUSED), "STATUS_CONNECTION_REFUSED");
}

/* Whatever status we deliver for an error, the program must not take it for a success. */
static void no_error_becomes_a_success(void** state) {
    int error;
    (void) state;
    for (error = 1; error < 12000; error++) {
        if (error != 997)
            assert_true(status_from_error(error) >= 0x80000000u);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_have_their_status_and_name),
        cmocka_unit_test(shortages_are_told_from_answers),
        cmocka_unit_test(statuses_have_their_name),
        cmocka_unit_test(unknown_codes_have_an_answer),
        cmocka_unit_test(no_error_becomes_a_success),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
