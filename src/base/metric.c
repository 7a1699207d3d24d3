#include "base/metric.h"

#include <stdatomic.h>
#include <stdio.h>

/* Upper ends in microseconds; the last one has none. */
static const int64_t bucket_ends_us[] = {1000,   2500,   5000,   10000,   25000,   50000,
                                         100000, 250000, 500000, 1000000, 2500000, 10000000};
enum {
    BUCKET_COUNT = sizeof(bucket_ends_us) / sizeof(bucket_ends_us[0]) + 1,
    OUTCOME_COUNT = 6, /* "none", 1xx to 5xx */
    MICROSECONDS = 1000000
};

struct series {
    const char *name, *help;
    atomic_ullong outcomes[OUTCOME_COUNT];
    atomic_ullong buckets[BUCKET_COUNT];
    atomic_ullong total_us;
};

static struct series all_series[METRIC_WORK_COUNT] = {
    [METRIC_PAGE] = {.name = "guichet_page", .help = "Answers to people"},
    [METRIC_NOTIFICATION] = {.name = "guichet_notification", .help = "Answers to providers"},
    [METRIC_CALL] = {.name = "guichet_call", .help = "Calls to providers"},
    [METRIC_WRITE] = {.name = "guichet_commit", .help = "Groups of writes made durable"},
};
static atomic_ullong refused, written;

/* ---- counting ---- */

static int bucket_of(int64_t duration_us)
{
    int bucket = 0;

    while (bucket < BUCKET_COUNT - 1 && duration_us > bucket_ends_us[bucket])
        bucket++;
    return bucket;
}

void metric_done(enum metric_work work, int status, int64_t duration_us)
{
    struct series *series = &all_series[work];
    int outcome = status / 100;

    if (duration_us < 0)
        duration_us = 0;
    atomic_fetch_add(&series->outcomes[outcome >= 1 && outcome < OUTCOME_COUNT ? outcome : 0], 1);
    atomic_fetch_add(&series->buckets[bucket_of(duration_us)], 1);
    atomic_fetch_add(&series->total_us, (unsigned long long)duration_us);
}

void metric_refused(void)
{
    atomic_fetch_add(&refused, 1);
}

void metric_written(int count)
{
    atomic_fetch_add(&written, count > 0 ? (unsigned long long)count : 0);
}

/* ---- telling ---- */

static void head(struct buffer *text, const char *name, const char *end, const char *help,
                 const char *type)
{
    buffer_printf(text, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, end, help, name, end, type);
}

static void write_outcomes(struct buffer *text, struct series *series)
{
    static const char *const words[OUTCOME_COUNT] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};

    head(text, series->name, "_total", series->help, "counter");
    for (int i = 0; i < OUTCOME_COUNT; i++)
        buffer_printf(text, "%s_total{outcome=\"%s\"} %llu\n", series->name, words[i],
                      atomic_load(&series->outcomes[i]));
}

/* Each bucket holds the smaller ones too. */
static void write_buckets(struct buffer *text, struct series *series)
{
    unsigned long long count = 0, total_us = atomic_load(&series->total_us);

    head(text, series->name, "_seconds", "How long they took", "histogram");
    for (int i = 0; i < BUCKET_COUNT - 1; i++) {
        count += atomic_load(&series->buckets[i]);
        buffer_printf(text, "%s_seconds_bucket{le=\"%lld.%04lld\"} %llu\n", series->name,
                      (long long)(bucket_ends_us[i] / MICROSECONDS),
                      (long long)(bucket_ends_us[i] % MICROSECONDS / 100), count);
    }
    count += atomic_load(&series->buckets[BUCKET_COUNT - 1]);
    buffer_printf(text,
                  "%s_seconds_bucket{le=\"+Inf\"} %llu\n%s_seconds_sum %llu.%06llu\n"
                  "%s_seconds_count %llu\n",
                  series->name, count, series->name, total_us / MICROSECONDS,
                  total_us % MICROSECONDS, series->name, count);
}

void metric_write(struct buffer *text)
{
    for (int i = 0; i < METRIC_WORK_COUNT; i++) {
        write_outcomes(text, &all_series[i]);
        write_buckets(text, &all_series[i]);
    }
    head(text, "guichet_refused", "_total", "Notifications refused at the door", "counter");
    buffer_printf(text, "guichet_refused_total %llu\n", atomic_load(&refused));
    head(text, "guichet_writes", "_total", "Writes within the groups", "counter");
    buffer_printf(text, "guichet_writes_total %llu\n", atomic_load(&written));
}

void metric_gauge(struct buffer *text, const char *name, const char *help, const char *label,
                  int64_t value)
{
    if (help)
        head(text, name, "", help, "gauge");
    if (label)
        buffer_printf(text, "%s{%s} %lld\n", name, label, (long long)value);
    else
        buffer_printf(text, "%s %lld\n", name, (long long)value);
}
