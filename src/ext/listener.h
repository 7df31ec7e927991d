/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_EXT_LISTENER_H
#define WSEXT_EXT_LISTENER_H

#include "host/host.h"

/* What is to be known of a socket that listens, by those who accept from it. */
struct listener {
    ULONGLONG serial; /* Of its record. */
    int family;
    unsigned short port; /* As it stands in the address: in network order. */
    unsigned options;    /* A bit for each option that is to be handed on. */
    int is_usual;        /* Its provider's AcceptEx is the process' usual one. */
};

/* Looks whether a socket listens; the host is asked once, as a socket that listens does so until it
 * is closed. Returns 0, WSAEINVAL where it does not, WSAENOTSOCK, or WSAENOBUFS. */
int listener_look(SOCKET s, struct listener* listener);

/* Notes that the listener's provider has the process' usual AcceptEx, for all who look after. */
void listener_is_usual(SOCKET s, const struct listener* listener);

/* The program has set an option: what was noted of the socket is asked for again when next needed.
 */
void listener_changed(SOCKET s);

/* Gives an accepted socket the options of its listener that the host did not hand on: those that
 * Wine keeps with the handle, where AcceptEx replaces the Unix socket alone. The host's accept()
 * hands them on. An option that cannot be set is logged. Returns 0, or WSAENOBUFS where the host is
 * short of memory for one of them, and it may be tried again. */
int listener_hand_on(SOCKET s, const struct listener* listener, SOCKET accepted);

#endif
