/* SPDX-License-Identifier: MIT */

/* The loop's thread without operations: its timers, and what becomes of it where somebody closes
 * what it waits for. Of operations it gets none here. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "core/loop.h"
#include "core/watch.h"
#include "core/worker.h"

#define INTERVAL 50
#define LIMIT 10000 /* In milliseconds, for what must come. */

enum op_verdict op_run(struct op* op) {
    (void) op;
    return OP_ENDS;
}

int op_is_stepped(const struct op* op) {
    (void) op;
    return 0;
}

int op_is_live(const struct op* op) {
    (void) op;
    return 0;
}

int watch_has(const struct op* op) {
    (void) op;
    return 0;
}

unsigned watch_run(HANDLE event) {
    (void) event;
    return 0;
}

int worker_take(struct op* op) {
    (void) op;
    return 0;
}

static volatile LONG times;
static HANDLE went_off;

static void go_off(void) {
    InterlockedIncrement(&times);
    SetEvent(went_off);
}

static struct loop_timer timer = {go_off, NULL, 0, 0, 0, 0};

static void goes_off_once(void** state) {
    (void) state;
    loop_start_timer(&timer, 1);
    assert_int_equal(WaitForSingleObject(went_off, LIMIT), WAIT_OBJECT_0);
    assert_int_equal(WaitForSingleObject(went_off, 20), WAIT_TIMEOUT);
    assert_int_equal(times, 1);
}

/* What is watched would never be looked at otherwise, where more and more of it begins. */
static void started_again_goes_off_in_time(void** state) {
    DWORD begun = GetTickCount();
    (void) state;
    loop_start_timer(&timer, INTERVAL);
    while (WaitForSingleObject(went_off, 1) == WAIT_TIMEOUT) {
        assert_true(GetTickCount() - begun < LIMIT);
        loop_start_timer(&timer, INTERVAL);
    }
    assert_true(GetTickCount() - begun >= INTERVAL - 1);
}

static void close_by_force(HANDLE event) {
    assert_true(SetHandleInformation(event, HANDLE_FLAG_PROTECT_FROM_CLOSE, 0));
    assert_true(CloseHandle(event));
}

/* The thread goes on with new ones. */
static void outlives_its_events(void** state) {
    HANDLE own = loop_own_event(), foreign = loop_foreign_event();
    int i;
    (void) state;
    close_by_force(own);
    close_by_force(foreign);
    for (i = 0; i < 3; i++) {
        loop_start_timer(&timer, 1);
        assert_int_equal(WaitForSingleObject(went_off, LIMIT), WAIT_OBJECT_0);
    }
    assert_true(SetEvent(loop_own_event()));
    assert_true(SetEvent(loop_foreign_event()));
}

/* Programs close handles twice. */
static void keeps_its_events(void** state) {
    (void) state;
    assert_false(CloseHandle(loop_own_event()));
    assert_false(CloseHandle(loop_foreign_event()));
}

static int prepare(void** state) {
    (void) state;
    log_init();
    went_off = CreateEventW(NULL, FALSE, FALSE, NULL);
    return went_off != NULL ? loop_prepare() : -1;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_off_once),
        cmocka_unit_test(started_again_goes_off_in_time),
        cmocka_unit_test(keeps_its_events),
        cmocka_unit_test(outlives_its_events),
    };
    return cmocka_run_group_tests(tests, prepare, NULL);
}
