/* SPDX-License-Identifier: MIT */

/* A stand-in for ReactOS's nspapi.h, which has no record of a protocol. */
#include_next <nspapi.h>

#undef XP_CONNECTIONLESS
#undef XP_GUARANTEED_DELIVERY
#undef XP_GUARANTEED_ORDER
#undef XP_MESSAGE_ORIENTED
#undef XP_PSEUDO_STREAM
#undef XP_GRACEFUL_CLOSE
#undef XP_EXPEDITED_DATA
#undef XP_CONNECT_DATA
#undef XP_DISCONNECT_DATA
#undef XP_SUPPORTS_BROADCAST
#undef XP_SUPPORTS_MULTICAST
#undef XP_BANDWIDTH_ALLOCATION
#undef XP_FRAGMENTATION
#undef XP_ENCRYPTS
#define PROTOCOL_INFOA tree_own_PROTOCOL_INFOA
#define PROTOCOL_INFOW tree_own_PROTOCOL_INFOW

/* Nor what only GetService and GetAddressByName's other callers need. */
#undef NS_DEFAULT
#undef PROP_MACHINE
#undef PROP_ADDRESSES
#undef PROP_ALL
#undef SERVICE_DELETE_TYPE
#undef SERVICE_FLAG_DEFER
#undef SET_SERVICE_PARTIAL_SUCCESS
#define NS_SERVICE_INFOA tree_own_NS_SERVICE_INFOA
