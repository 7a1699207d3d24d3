#include "base/zone.h"

#include "base/arena.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ZONES_MAX = 700, FILE_MAX = 256 * 1024, NAME_MAX_LEN = 64, HEADER_LEN = 44 };
static const char zone_folder[] = "/usr/share/zoneinfo/";

/* The day of a POSIX rule: Mm.w.d, Jn or n, with its time. */
struct rule_day {
    char kind; /* 'M', 'J' or '0' */
    int month, week, weekday, day;
    int time_s;
};

/* The footer: what holds behind the last transition of the table. */
struct rule {
    bool present, daylight;
    int standard_s, daylight_s; /* east of UTC */
    struct rule_day start, end;
};

struct zone {
    char name[NAME_MAX_LEN];
    size_t count;
    int64_t *at;
    int *offset_s; /* after the transition of the same index */
    int first_offset_s;
    struct rule rule;
};

/* ---- calendar ---- */

int64_t date_to_days(struct date date)
{
    int64_t year = date.month <= 2 ? date.year - 1 : date.year;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t shifted = (date.month + 9) % 12;
    int64_t of_year = (153 * shifted + 2) / 5 + date.day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct date date_from_days(int64_t days)
{
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t of_era_days = shifted - era * 146097;
    int64_t of_era =
        (of_era_days - of_era_days / 1460 + of_era_days / 36524 - of_era_days / 146096) / 365;
    int64_t of_year = of_era_days - (365 * of_era + of_era / 4 - of_era / 100);
    int64_t month = (5 * of_year + 2) / 153;
    struct date date = {
        .year = (int)(of_era + era * 400 + (month >= 10)),
        .month = (int)(month < 10 ? month + 3 : month - 9),
        .day = (int)(of_year - (153 * month + 2) / 5 + 1),
    };

    return date;
}

bool date_valid(struct date date)
{
    struct date same;

    if (date.year < 1 || date.year > 9999 || date.month < 1 || date.month > 12 || date.day < 1 ||
        date.day > 31)
        return false;
    same = date_from_days(date_to_days(date));
    return date_compare(date, same) == 0;
}

int date_compare(struct date a, struct date b)
{
    if (a.year != b.year)
        return a.year < b.year ? -1 : 1;
    if (a.month != b.month)
        return a.month < b.month ? -1 : 1;
    return a.day == b.day ? 0 : a.day < b.day ? -1 : 1;
}

static bool digits(struct str text, int *value)
{
    int64_t number;

    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    if (!str_to_int64(text, &number))
        return false;
    *value = (int)number;
    return true;
}

bool date_parse_iso(struct str text, struct date *date)
{
    struct date parsed;

    if (text.len != 10 || text.data[4] != '-' || text.data[7] != '-' ||
        !digits(str_from(text.data, 4), &parsed.year) ||
        !digits(str_from(text.data + 5, 2), &parsed.month) ||
        !digits(str_from(text.data + 8, 2), &parsed.day) || !date_valid(parsed))
        return false;
    *date = parsed;
    return true;
}

int64_t date_to_unix(struct date date, int hour, int minute, int second)
{
    return date_to_days(date) * 86400 + hour * 3600 + minute * 60 + second;
}

/* ---- the POSIX footer ---- */

static bool rule_name(struct str *text)
{
    size_t len = 0;
    bool quoted = text->len > 0 && text->data[0] == '<';

    while (len < text->len &&
           (quoted ? text->data[len] != '>'
                   : (text->data[len] | 32) >= 'a' && (text->data[len] | 32) <= 'z'))
        len++;
    if (quoted)
        len++;
    if (len < 3 || len > text->len)
        return false;
    *text = str_from(text->data + len, text->len - len);
    return true;
}

static bool rule_number(struct str *text, int *value)
{
    size_t len = 0;

    *value = 0;
    while (len < text->len && len < 4 && text->data[len] >= '0' && text->data[len] <= '9')
        *value = *value * 10 + (text->data[len++] - '0');
    *text = str_from(text->data + len, text->len - len);
    return len > 0;
}

static bool rule_skip(struct str *text, char byte)
{
    if (text->len == 0 || text->data[0] != byte)
        return false;
    *text = str_from(text->data + 1, text->len - 1);
    return true;
}

/* [+-]hh[:mm[:ss]] in seconds, the sign as written. */
static bool rule_time(struct str *text, int *seconds)
{
    bool negative = rule_skip(text, '-');
    int part;

    if (!negative)
        (void)rule_skip(text, '+');
    if (!rule_number(text, &part))
        return false;
    *seconds = part * 3600;
    if (rule_skip(text, ':')) {
        if (!rule_number(text, &part))
            return false;
        *seconds += part * 60;
        if (rule_skip(text, ':')) {
            if (!rule_number(text, &part))
                return false;
            *seconds += part;
        }
    }
    if (negative)
        *seconds = -*seconds;
    return true;
}

static bool rule_read_day(struct str *text, struct rule_day *day)
{
    day->time_s = 7200;
    if (!rule_skip(text, ','))
        return false;
    if (rule_skip(text, 'M')) {
        day->kind = 'M';
        if (!rule_number(text, &day->month) || !rule_skip(text, '.') ||
            !rule_number(text, &day->week) || !rule_skip(text, '.') ||
            !rule_number(text, &day->weekday) || day->month < 1 || day->month > 12)
            return false;
    } else {
        day->kind = rule_skip(text, 'J') ? 'J' : '0';
        if (!rule_number(text, &day->day))
            return false;
    }
    return !rule_skip(text, '/') || rule_time(text, &day->time_s);
}

static void rule_read(struct str text, struct rule *rule)
{
    struct rule read = {0};

    if (!rule_name(&text) || !rule_time(&text, &read.standard_s))
        return;
    read.standard_s = -read.standard_s;
    if (text.len > 0) {
        if (!rule_name(&text))
            return;
        read.daylight = true;
        read.daylight_s = read.standard_s + 3600;
        if (text.len > 0 && text.data[0] != ',') {
            if (!rule_time(&text, &read.daylight_s))
                return;
            read.daylight_s = -read.daylight_s;
        }
        if (!rule_read_day(&text, &read.start) || !rule_read_day(&text, &read.end))
            return;
    }
    read.present = true;
    *rule = read;
}

static bool leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Local seconds since 1970 at which the rule's day strikes in a year. */
static int64_t rule_strike(const struct rule_day *day, int year)
{
    int64_t first = date_to_days((struct date){year, 1, 1}), days;

    if (day->kind == 'J') {
        days = first + day->day - 1 + (leap(year) && day->day >= 60);
    } else if (day->kind == '0') {
        days = first + day->day;
    } else {
        int64_t month = date_to_days((struct date){year, day->month, 1});
        int64_t weekday = (month + 4) % 7; /* 1970-01-01 was a Thursday */
        struct date last;

        days = month + (day->weekday - weekday + 7) % 7 + (day->week - 1) * 7;
        last = date_from_days(days);
        if (last.month != day->month)
            days -= 7;
    }
    return days * 86400 + day->time_s;
}

static int rule_offset(const struct rule *rule, int64_t at)
{
    int year = date_from_days((at + rule->standard_s) / 86400).year;
    int64_t start, end;
    bool inside;

    if (!rule->daylight)
        return rule->standard_s;
    start = rule_strike(&rule->start, year) - rule->standard_s;
    end = rule_strike(&rule->end, year) - rule->daylight_s;
    inside = start < end ? at >= start && at < end : at >= start || at < end;
    return inside ? rule->daylight_s : rule->standard_s;
}

/* ---- TZif ---- */

static int64_t big_endian(const unsigned char *bytes, int len)
{
    uint64_t value = len == 4 && bytes[0] & 0x80 ? UINT64_MAX : 0;

    for (int i = 0; i < len; i++)
        value = value << 8 | bytes[i];
    return (int64_t)value;
}

/* Counts of a header: utc/local indicators, standard indicators, leap seconds, transitions,
 * types, characters. */
struct counts {
    int64_t ut, standard, leaps, times, types, chars;
};

static bool read_counts(const unsigned char *data, size_t len, struct counts *counts)
{
    if (len < HEADER_LEN || memcmp(data, "TZif", 4) != 0)
        return false;
    counts->ut = big_endian(data + 20, 4);
    counts->standard = big_endian(data + 24, 4);
    counts->leaps = big_endian(data + 28, 4);
    counts->times = big_endian(data + 32, 4);
    counts->types = big_endian(data + 36, 4);
    counts->chars = big_endian(data + 40, 4);
    return counts->ut >= 0 && counts->standard >= 0 && counts->leaps >= 0 && counts->times >= 0 &&
           counts->types > 0 && counts->chars >= 0 && counts->times < 100000 &&
           counts->types <= 256 && counts->chars < 10000 && counts->leaps < 1000 &&
           counts->ut <= 256 && counts->standard <= 256;
}

static size_t block_len(const struct counts *counts, int64_t time_len)
{
    return (size_t)(counts->times * (time_len + 1) + counts->types * 6 + counts->chars +
                    counts->leaps * (time_len + 4) + counts->standard + counts->ut);
}

static void read_block(const unsigned char *data, const struct counts *counts, int time_len,
                       struct zone *zone)
{
    const unsigned char *indexes = data + counts->times * time_len;
    const unsigned char *types = indexes + counts->times;

    zone->count = (size_t)counts->times;
    zone->at = calloc(zone->count + 1, sizeof(*zone->at));
    zone->offset_s = calloc(zone->count + 1, sizeof(*zone->offset_s));
    require(zone->at && zone->offset_s);
    for (size_t i = 0; i < zone->count; i++) {
        size_t type = indexes[i] < counts->types ? indexes[i] : 0;

        zone->at[i] = big_endian(data + i * (size_t)time_len, time_len);
        zone->offset_s[i] = (int)big_endian(types + type * 6, 4);
    }
    zone->first_offset_s = (int)big_endian(types, 4);
}

static bool parse(const unsigned char *data, size_t len, struct zone *zone)
{
    struct counts counts;
    size_t skip;

    if (!read_counts(data, len, &counts))
        return false;
    skip = HEADER_LEN + block_len(&counts, 4);
    if (data[4] == '\0') { /* version 1 has no second block */
        if (skip > len)
            return false;
        read_block(data + HEADER_LEN, &counts, 4, zone);
        return true;
    }
    if (skip > len || !read_counts(data + skip, len - skip, &counts) ||
        skip + HEADER_LEN + block_len(&counts, 8) > len)
        return false;
    read_block(data + skip + HEADER_LEN, &counts, 8, zone);
    skip += HEADER_LEN + block_len(&counts, 8);
    if (skip + 2 <= len && data[skip] == '\n' && data[len - 1] == '\n')
        rule_read(str_from(data + skip + 1, len - skip - 2), &zone->rule);
    return true;
}

static enum err load(const char *name, struct zone *zone)
{
    char path[sizeof(zone_folder) + NAME_MAX_LEN];
    unsigned char *data;
    FILE *file;
    size_t len;
    bool parsed;

    snprintf(path, sizeof(path), "%s%s", zone_folder, name);
    file = fopen(path, "re");
    if (!file)
        return fail(ERR_INPUT, "no such time zone");
    data = malloc(FILE_MAX);
    require(data);
    len = fread(data, 1, FILE_MAX, file);
    fclose(file);
    parsed = parse(data, len, zone);
    free(data);
    return parsed ? OK : fail(ERR_INPUT, "not a time zone file");
}

static bool name_clean(const char *name)
{
    size_t len = strlen(name);

    if (len == 0 || len >= NAME_MAX_LEN || name[0] == '/' || strstr(name, ".."))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!((name[i] | 32) >= 'a' && (name[i] | 32) <= 'z') &&
            !(name[i] >= '0' && name[i] <= '9') && !strchr("/_+-", name[i]))
            return false;
    return true;
}

static pthread_mutex_t cache_lock = PTHREAD_MUTEX_INITIALIZER;
static struct zone *cache[ZONES_MAX];

static enum err find_locked(const char *name, const struct zone **zone)
{
    struct zone *made;
    size_t i;
    enum err err;

    for (i = 0; i < ZONES_MAX && cache[i]; i++)
        if (strcmp(cache[i]->name, name) == 0) {
            *zone = cache[i];
            return OK;
        }
    if (i == ZONES_MAX)
        return fail(ERR_LIMIT, "too many time zones");
    made = calloc(1, sizeof(*made));
    require(made);
    snprintf(made->name, sizeof(made->name), "%s", name);
    err = load(name, made);
    if (err) {
        free(made);
        return err;
    }
    cache[i] = made;
    *zone = made;
    return OK;
}

enum err zone_find(const char *name, const struct zone **zone)
{
    enum err err;

    if (!name || !name_clean(name))
        return fail(ERR_INPUT, "not the name of a time zone");
    pthread_mutex_lock(&cache_lock);
    err = find_locked(name, zone);
    pthread_mutex_unlock(&cache_lock);
    return err;
}

static int offset_at(const struct zone *zone, int64_t at)
{
    size_t low = 0, high = zone->count;

    while (low < high) { /* the first transition behind at */
        size_t middle = low + (high - low) / 2;

        if (zone->at[middle] <= at)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == zone->count && zone->rule.present)
        return rule_offset(&zone->rule, at);
    return low == 0 ? zone->first_offset_s : zone->offset_s[low - 1];
}

struct civil_time zone_civil(const struct zone *zone, int64_t at)
{
    int offset_s = offset_at(zone, at);
    int64_t local = at + offset_s;
    int64_t days = local / 86400 - (local % 86400 < 0);
    int64_t second = local - days * 86400;

    return (struct civil_time){.date = date_from_days(days),
                               .hour = (int)(second / 3600),
                               .minute = (int)(second / 60 % 60),
                               .second = (int)(second % 60),
                               .offset_s = offset_s};
}

struct date zone_date(const struct zone *zone, int64_t at)
{
    return zone_civil(zone, at).date;
}

int64_t zone_day_start(const struct zone *zone, struct date date)
{
    int64_t midnight = date_to_unix(date, 0, 0, 0);
    int64_t earliest = midnight - 15 * 3600, latest = midnight + 15 * 3600;

    /* The first instant whose civil date is the date: midnight may not exist. */
    while (earliest < latest) {
        int64_t middle = earliest + (latest - earliest) / 2;

        if (date_compare(zone_date(zone, middle), date) < 0)
            earliest = middle + 1;
        else
            latest = middle;
    }
    return earliest;
}
