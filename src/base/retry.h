/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_BASE_RETRY_H
#define WSEXT_BASE_RETRY_H

/* For the host calls that must not fail, as nothing would be left to tell the program by: without
 * its packet an operation never ends. A host that is short of memory is asked again for a while.
 *
 *     unsigned tries = 0;
 *     while (call() fails && again(&tries, error)) {
 *     }
 *
 * Waits a millisecond, also where locks are held, as there is nothing better to do. Returns whether
 * the call is to be made once more: not for an error other than the want of memory, and not for
 * ever. */
int retry_shortage(unsigned* tries, int error);

#endif
