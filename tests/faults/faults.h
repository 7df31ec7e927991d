/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_FAULTS_H
#define WSEXT_FAULTS_H

/* What the DLL with the failing host exports beside the product's functions; the program takes it
 * by GetProcAddress. Each has the type FAULTS_NAME_FN. */

enum faults_kind {
    FAULTS_NONE,
    FAULTS_HOST,  /* Calls of the host. */
    FAULTS_MEMORY /* malloc(), calloc() and realloc(). */
};

/* Counts the calls of that kind, of all threads, and has the Nth one fail and no other. Calls are
 * counted from 1 by each faults_arm(). */
typedef void faults_arm_fn(int kind, long nth);

/* Ends it. Returns the name of the function whose call has failed, or NULL where there were fewer
 * calls than that. */
typedef const char* faults_disarm_fn(void);

/* How many blocks of memory the DLL has allocated and not freed. */
typedef long faults_blocks_fn(void);

/* From now on each call of the host's function of that name fails with that last error; none does
 * where the name is NULL. The string must stay. */
typedef void faults_refuse_fn(const char* name, int error);

#endif
