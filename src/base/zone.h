/*
 * zone: civil dates of a time zone, read from the system's TZif files.
 *
 * Invariant: a loaded zone is immutable and shared between threads; glibc's own conversion
 * is never used (it has one global zone). Source: RFC 8536.
 */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum { DATE_TEXT_MAX = 48 };

/* A civil date; day 1..31, month 1..12. */
struct date {
    int year;
    int month;
    int day;
};

struct civil_time {
    struct date date;
    int hour;
    int minute;
    int second;
    int offset_s; /* east of UTC */
};

struct arena;
struct zone;

/* The zone of a name like "Europe/Paris", loaded once and kept for the process's life.
 * ERR_INPUT for a bad or unknown name. */
enum err zone_find(const char *name, const struct zone **zone);
/* The names a person may choose from, sorted; array and texts in the arena. ERR_IO. */
enum err zone_names(struct arena *arena, const char ***names, size_t *count);
struct civil_time zone_civil(const struct zone *zone, int64_t at);
struct date zone_date(const struct zone *zone, int64_t at);
/* The first instant of a civil date in the zone. */
int64_t zone_day_start(const struct zone *zone, struct date date);

/* Days since 1970-01-01 of the proleptic Gregorian calendar, and back. */
int64_t date_to_days(struct date date);
struct date date_from_days(int64_t days);
bool date_valid(struct date date);
int date_compare(struct date a, struct date b);
/* "2026-11-23", the form kept in the database. */
char *date_format_iso(char out[DATE_TEXT_MAX], struct date date);
bool date_parse_iso(struct str text, struct date *date);
/* "23/11/2026" for tables; "23 novembre 2026" (1er janvier) for text. */
char *date_format_short(char out[DATE_TEXT_MAX], struct date date);
char *date_format_long(char out[DATE_TEXT_MAX], struct date date);
/* Unix seconds of a UTC civil time, for parsers of foreign dates. */
int64_t date_to_unix(struct date date, int hour, int minute, int second);

#endif
