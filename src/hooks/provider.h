/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_HOOKS_PROVIDER_H
#define WSEXT_HOOKS_PROVIDER_H

/* What the provider that the library is part of has to do with our own calls: see
 * wsext/provider.h. */

/* Whether the calling thread is in a call of ours to the host, and so in the provider. */
int provider_is_asked_by_us(void);

#endif
