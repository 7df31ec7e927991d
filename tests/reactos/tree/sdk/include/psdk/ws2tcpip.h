/* SPDX-License-Identifier: MIT */

/* A stand-in for ReactOS's ws2tcpip.h and what it includes, whose initializer has too few
 * braces for its structure. */
#include_next <ws2tcpip.h>

#undef IN6ADDR_LOOPBACK_INIT
#define IN6ADDR_LOOPBACK_INIT {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}
