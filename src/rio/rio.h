/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_RIO_RIO_H
#define WSEXT_RIO_RIO_H

#include "rio/types.h"

/* Registered I/O, by Microsoft's pages on the functions of RIO_EXTENSION_FUNCTION_TABLE:
 * parameters, results and errors as there. Whatever the program passes, nothing crashes, and
 * functions of one queue may be called by several threads at once, which the pages forbid. */
const RIO_EXTENSION_FUNCTION_TABLE* rio_table(void);

#endif
