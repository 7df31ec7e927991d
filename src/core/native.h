/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_NATIVE_H
#define WSEXT_CORE_NATIVE_H

#include "core/socket.h"

/* Notes the ConnectEx that the host gave for a socket. Pointers belong to a provider, and a process
 * may have several, so one that differs from the process' usual is kept with the socket. */
void native_note(SOCKET handle, LPFN_CONNECTEX function);

/* Whether the host has a real ConnectEx for the socket; asks for it where it is not known yet. */
LPFN_CONNECTEX native_function(struct socket* socket);

#endif
