/*
 * metric: what the process counts of itself since its start, for /metrics.
 *
 * Invariant: counters only grow; any thread counts without a lock; no name comes from outside
 * and nothing of a person is counted. (Prometheus text format 0.0.4.)
 */
#ifndef BASE_METRIC_H
#define BASE_METRIC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* What is timed: each has a histogram and a counter by outcome. */
enum metric_work {
    METRIC_PAGE,         /* an answer to a person */
    METRIC_NOTIFICATION, /* an answer to a provider */
    METRIC_CALL,         /* a call of ours to a provider */
    METRIC_WRITE,        /* a group of writes, durable */
    METRIC_WORK_COUNT
};

/* Counts one piece of work: status is HTTP's (200 to 599), 0 when it came to no answer. */
void metric_done(enum metric_work work, int status, int64_t duration_us);
/* A message refused at the door: never stored. */
void metric_refused(void);
/* Writes of one group, however it ended. */
void metric_written(int count);

/* Adds all of it as text. */
void metric_write(struct buffer *text);
/* Adds one gauge with its help. label: "provider=\"stripe\"" or NULL. */
void metric_gauge(struct buffer *text, const char *name, const char *help, const char *label,
                  int64_t value);

#endif
