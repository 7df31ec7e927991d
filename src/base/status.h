/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_BASE_STATUS_H
#define WSEXT_BASE_STATUS_H

#include <stdint.h>

/* The only place that knows a code: NTSTATUS, the Winsock or Win32 error that a program sees for
 * it, and its name as a word. The pairs are those that Microsoft documents for overlapped socket
 * operations; where several statuses share an error, the first row is the one we deliver. */

#define STATUS__SUCCESS 0x00000000u
#define STATUS__PENDING 0x00000103u
#define STATUS__INSUFFICIENT_RESOURCES 0xC000009Au
#define STATUS__CANCELLED 0xC0000120u
#define STATUS__UNSUCCESSFUL 0xC0000001u
#define STATUS__INVALID_HANDLE 0xC0000008u
#define STATUS__CONNECTION_REFUSED 0xC0000236u
#define STATUS__CONNECTION_RESET 0xC000020Du
#define STATUS__INVALID_CONNECTION 0xC0000140u

/* The status to deliver for a Winsock error; STATUS__UNSUCCESSFUL for an error that no row names.
 */
uint32_t status_from_error(int error);

/* The error that a program sees for the status; 317 (ERROR_MR_MID_NOT_FOUND), as the system does,
 * for one that no row names. */
int status_to_error(uint32_t status);

/* Whether a Winsock or Win32 error says that the system is short of memory or buffers, and so
 * nothing of what it was asked. */
int status_is_shortage(int error);

/* The name of a Winsock error, for people; "error" for one that no row names. Never NULL. */
const char* status_error_name(int error);

/* The name of the error that a program sees for the status; "error" for one that no row names. */
const char* status_seen_as(uint32_t status);

/* The name of an NTSTATUS; "status" for one that no row names. Never NULL. */
const char* status_name(uint32_t status);

#endif
