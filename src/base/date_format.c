#include "base/zone.h"

#include <stdio.h>

/* The last `count` digits, zeros before them; where to go on. */
static char *put_digits(char *out, int value, int count)
{
    for (int i = count - 1; i >= 0; i--, value /= 10)
        out[i] = (char)('0' + value % 10);
    return out + count;
}

/* An instant may be one of no calendar; it is shown as it is. */
static bool has_four_digits(int year)
{
    return year >= 0 && year <= 9999;
}

char *date_format_iso(char out[DATE_TEXT_MAX], struct date date)
{
    char *end = out;

    if (!has_four_digits(date.year)) {
        snprintf(out, DATE_TEXT_MAX, "%d-%02d-%02d", date.year, date.month, date.day);
        return out;
    }
    end = put_digits(end, date.year, 4);
    *end++ = '-';
    end = put_digits(end, date.month, 2);
    *end++ = '-';
    end = put_digits(end, date.day, 2);
    *end = '\0';
    return out;
}

char *date_format_short(char out[DATE_TEXT_MAX], struct date date)
{
    char *end = out;

    if (!has_four_digits(date.year)) {
        snprintf(out, DATE_TEXT_MAX, "%02d/%02d/%d", date.day, date.month, date.year);
        return out;
    }
    end = put_digits(end, date.day, 2);
    *end++ = '/';
    end = put_digits(end, date.month, 2);
    *end++ = '/';
    end = put_digits(end, date.year, 4);
    *end = '\0';
    return out;
}

char *date_format_long(char out[DATE_TEXT_MAX], struct date date)
{
    static const char *const months[] = {"janvier",   "février", "mars",     "avril",
                                         "mai",       "juin",    "juillet",  "août",
                                         "septembre", "octobre", "novembre", "décembre"};

    snprintf(out, DATE_TEXT_MAX, "%d%s %s %d", date.day, date.day == 1 ? "er" : "",
             months[(unsigned)(date.month - 1) % 12], date.year);
    return out;
}
