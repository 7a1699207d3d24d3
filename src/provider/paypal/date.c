/*
 * PayPal's dates, read by hand: month names are English whatever the locale.
 */
#include <string.h>

#include "base/zone.h"
#include "provider/paypal/internal.h"

enum { DATE_WORDS_MAX = 12, HOUR_S = 3600, YEAR_MIN = 1998, YEAR_MAX = 2200 };

struct words {
    struct str word[DATE_WORDS_MAX];
    int count;
};

/* Splits at spaces; false when there are too many words. */
static bool words_split(struct str text, struct words *words)
{
    words->count = 0;
    while (text.data) {
        struct str word = str_cut(&text, ' ');

        if (word.len == 0)
            continue;
        if (words->count == DATE_WORDS_MAX)
            return false;
        words->word[words->count++] = word;
    }
    return true;
}

/* Exactly `digits` decimal digits. */
static bool number(struct str text, size_t digits, int *value)
{
    *value = 0;
    if (text.len != digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        *value = *value * 10 + (text.data[i] - '0');
    }
    return true;
}

/* "Feb" -> 2; whole names and other languages are refused. */
static bool month(struct str text, int *value)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    if (text.len != 3)
        return false;
    for (int i = 0; i < 12; i++) {
        if (memcmp(text.data, names + (size_t)i * 3, 3) == 0) {
            *value = i + 1;
            return true;
        }
    }
    return false;
}

/* "23:04:06" -> seconds of the day. */
static bool time_of_day(struct str text, int *seconds)
{
    int hour;
    int minute;
    int second;

    if (!number(str_cut(&text, ':'), 2, &hour) || !number(str_cut(&text, ':'), 2, &minute) ||
        !number(text, 2, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    *seconds = hour * HOUR_S + minute * 60 + second;
    return true;
}

/* "02" or "02,". */
static bool day(struct str text, int *value)
{
    if (text.len == 3 && text.data[2] == ',')
        text.len = 2;
    return number(text, 2, value);
}

static bool day_month_year(struct str day_text, struct str month_text, struct str year_text,
                           struct date *date)
{
    return day(day_text, &date->day) && month(month_text, &date->month) &&
           number(year_text, 4, &date->year) && date->year >= YEAR_MIN && date->year <= YEAR_MAX &&
           date_valid(*date);
}

static bool pacific_offset(struct str text, int *offset_s)
{
    if (str_is(text, "PST"))
        *offset_s = -8 * HOUR_S;
    else if (str_is(text, "PDT"))
        *offset_s = -7 * HOUR_S;
    else
        return false;
    return true;
}

/* "GMT-0700"; the '+' of an eastern offset may have been decoded to a space, so that the
 * digits are the next word. */
static bool gmt_offset(struct str text, struct str next, int *offset_s)
{
    int sign = 1;
    int hours;
    int minutes;

    if (!str_starts(text, "GMT"))
        return false;
    text = str_from(text.data + 3, text.len - 3);
    if (text.len == 0)
        text = next;
    else if (text.data[0] == '-' || text.data[0] == '+') {
        sign = text.data[0] == '-' ? -1 : 1;
        text = str_from(text.data + 1, text.len - 1);
    }
    if (text.len != 4 || !number(str_from(text.data, 2), 2, &hours) ||
        !number(str_from(text.data + 2, 2), 2, &minutes) || hours > 14 || minutes > 59)
        return false;
    *offset_s = sign * (hours * HOUR_S + minutes * 60);
    return true;
}

static int64_t instant(struct date date, int seconds, int offset_s)
{
    return date_to_unix(date, 0, 0, 0) + seconds - offset_s;
}

/* "23:04:06 Feb 02, 2009 PST", and the simulator's "05:09:52 11 Feb 2015 PST". */
static bool parse_pacific(const struct words *words, int64_t *at)
{
    const struct str *word = words->word;
    struct date date = {0};
    int seconds;
    int offset_s;

    if (words->count != 5 || !time_of_day(word[0], &seconds) ||
        !pacific_offset(word[4], &offset_s))
        return false;
    if (!day_month_year(word[2], word[1], word[3], &date) &&
        !day_month_year(word[1], word[2], word[3], &date))
        return false;
    *at = instant(date, seconds, offset_s);
    return true;
}

/* The simulator's "Sun May 24 2015 14:32:31 GMT-0700 (PDT)". */
static bool parse_simulator(const struct words *words, int64_t *at)
{
    const struct str *word = words->word;
    struct str next = words->count > 6 ? word[6] : str_of("");
    struct date date = {0};
    int seconds;
    int offset_s;

    if (words->count < 6 || word[0].len != 3 ||
        !day_month_year(word[2], word[1], word[3], &date) || !time_of_day(word[4], &seconds) ||
        !gmt_offset(word[5], next, &offset_s))
        return false;
    *at = instant(date, seconds, offset_s);
    return true;
}

bool paypal_date_parse(struct str text, int64_t *at)
{
    struct words words;

    if (!words_split(text, &words))
        return false;
    return parse_pacific(&words, at) || parse_simulator(&words, at);
}
