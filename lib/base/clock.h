/*
 * clock.h -- the clocks, and the only file that reads them.
 *
 * wall    milliseconds since 1970 UTC: stamps, expiry.
 * mono    microseconds since some start: durations and deadlines.
 * thread  microseconds of processor that the calling thread has used: what a
 *         piece of work costs, however busy the machine is.
 * process the same of all threads together.
 * Tests set the wall clock; the others always run.
 */
#pragma once

#include <stdint.h>

int64_t clock_wall_ms(void);
int64_t clock_mono_us(void);
int64_t clock_thread_us(void);
int64_t clock_process_us(void);

/* From now on clock_wall_ms() answers `at_ms`; 0 gives the real clock back. */
void clock_set_wall_ms(int64_t at_ms);
