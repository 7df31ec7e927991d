/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_FAULTS_SERIES_H
#define WSEXT_FAULTS_SERIES_H

/* For who has the runs made, one after the other. */

#include "faults.h"
#include "run.h"

/* How the program is told of ends. In skip mode an operation that its call has ended with success
 * has no packet. */
enum run_style { RUN_PORT, RUN_EVENT, RUN_SKIP };

/* Takes the functions of faults.h and names the scenario. */
void run_load(const char* name, run_scenario* scenario);

/* Makes what all runs share, and watches over their time from now on. */
void run_begin(void);

void run_set_style(enum run_style style);
void run_set_kind(int kind);
const char* run_style_name(void);
const char* run_kind_name(void);

/* One run, in which the nth call of the kind fails if there is one. Returns its error. */
int run_once(int kind, long nth);

/* The function whose call has failed in the last run. */
const char* run_failed_name(void);

/* How many blocks of memory the DLL has. */
long run_blocks(void);

/* Checks that all operations have ended, and that none was touched, or told of, afterwards. */
void run_check_operations(void);

#endif
