/*
 * clock: the time of day and the monotonic time.
 *
 * Invariant: durable times are Unix seconds UTC from clock_now; delays are measured with
 * clock_monotonic_ms and survive a clock that is set.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Unix seconds, UTC. */
int64_t clock_now(void);
/* Unix milliseconds, UTC. */
int64_t clock_now_ms(void);
/* Milliseconds of a clock that never goes back; its origin means nothing. */
int64_t clock_monotonic_ms(void);
/* The same clock in microseconds. */
int64_t clock_monotonic_us(void);
/* Sleeps; returns early on no signal we use. */
void clock_sleep_ms(int64_t duration_ms);

#endif
