/* SPDX-License-Identifier: MIT */
#ifndef LE
#error "The provider's sources are compiled with LE."
#endif
#ifndef UNICODE
#error "The provider's sources are compiled with UNICODE."
#endif
#include <winsock2.h>
#include <ws2spi.h>
