/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_BASE_LOCK_H
#define WSEXT_BASE_LOCK_H

/* The one lock and the few atomic accesses that the core needs, on Windows with what NT 5.2 has and
 * elsewhere with POSIX threads, so that the core's tests run natively under the sanitizers.
 *
 * lock_add() and lock_exchange_if() are full barriers, for a lock_count_t. Both return the value
 * that they found; the latter sets another where that is the expected one. lock_pause() lets others
 * run for a moment, at most a few milliseconds. */

#ifdef _WIN32

#include <windows.h>

typedef CRITICAL_SECTION lock_t;

#define lock_init(lock) InitializeCriticalSection(lock)
#define lock_acquire(lock) EnterCriticalSection(lock)
#define lock_release(lock) LeaveCriticalSection(lock)
#define lock_load_pointer(place) (*(void* volatile*) (place))
#define lock_store_pointer(place, value) \
    InterlockedExchangePointer((void* volatile*) (place), value)
#define lock_load_byte(place) (*(const volatile unsigned char*) (place))
#define lock_store_byte(place, value) (*(volatile unsigned char*) (place) = (value))
#define lock_load_flags(place) (*(const volatile unsigned*) (place))
#define lock_store_flags(place, value) (*(volatile unsigned*) (place) = (value))

typedef LONG lock_count_t;

#define lock_load_count(place) (*(const volatile LONG*) (place))
#define lock_add(place, value) InterlockedExchangeAdd(place, value)
#define lock_exchange_if(place, expected, value) InterlockedCompareExchange(place, value, expected)
#define lock_pause() Sleep(1)

#else

#include <poll.h>
#include <pthread.h>

typedef pthread_mutex_t lock_t;

#define lock_init(lock) pthread_mutex_init(lock, NULL)
#define lock_acquire(lock) pthread_mutex_lock(lock)
#define lock_release(lock) pthread_mutex_unlock(lock)
#define lock_load_pointer(place) __atomic_load_n((void**) (place), __ATOMIC_ACQUIRE)
#define lock_store_pointer(place, value) __atomic_store_n((void**) (place), value, __ATOMIC_RELEASE)
#define lock_load_byte(place) __atomic_load_n((const unsigned char*) (place), __ATOMIC_RELAXED)
#define lock_store_byte(place, value) \
    __atomic_store_n((unsigned char*) (place), (unsigned char) (value), __ATOMIC_RELAXED)
#define lock_load_flags(place) __atomic_load_n((const unsigned*) (place), __ATOMIC_RELAXED)
#define lock_store_flags(place, value) \
    __atomic_store_n((unsigned*) (place), (unsigned) (value), __ATOMIC_RELAXED)

typedef int lock_count_t;

#define lock_load_count(place) __atomic_load_n(place, __ATOMIC_SEQ_CST)
#define lock_add(place, value) __atomic_fetch_add(place, value, __ATOMIC_SEQ_CST)
#define lock_exchange_if(place, expected, value) \
    __sync_val_compare_and_swap(place, (lock_count_t) (expected), (lock_count_t) (value))
#define lock_pause() poll(NULL, 0, 1)

#endif

#endif
