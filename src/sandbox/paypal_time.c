#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/zone.h"
#include "sandbox/paypal_rest.h"

/* ---- writing ---- */

enum { TIME_MAX = 24 };

const char *rest_time(struct arena *arena, int64_t at)
{
    char *text = arena_alloc(arena, TIME_MAX);
    time_t seconds = (time_t)at;
    struct tm utc;

    gmtime_r(&seconds, &utc);
    strftime(text, TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return text;
}

const char *rest_time_long(struct arena *arena, int64_t at)
{
    return arena_printf(arena, "%.19s+0000", rest_time(arena, at));
}

/* ---- reading ---- */

static bool read_digits(const char **text, int count, int *number)
{
    *number = 0;
    for (int i = 0; i < count; i++, (*text)++) {
        if (**text < '0' || **text > '9')
            return false;
        *number = *number * 10 + (**text - '0');
    }
    return true;
}

static bool read_byte(const char **text, char byte)
{
    if (**text != byte)
        return false;
    (*text)++;
    return true;
}

/* "Z", "+0100", "-07:00"; seconds east of UTC. */
static bool read_offset(const char *text, int *offset_s)
{
    int sign = *text == '-' ? -1 : 1;
    int hours = 0, minutes = 0;

    *offset_s = 0;
    if (*text == 'Z')
        return !text[1];
    if (*text != '+' && *text != '-')
        return false;
    text++;
    if (!read_digits(&text, 2, &hours))
        return false;
    (void)read_byte(&text, ':');
    *offset_s = sign * (hours * 3600);
    if (!read_digits(&text, 2, &minutes) || *text || hours > 14 || minutes > 59)
        return false;
    *offset_s += sign * minutes * 60;
    return true;
}

bool rest_time_read(const char *text, int64_t *at)
{
    struct date date = {0};
    int hour = 0, minute = 0, second = 0, offset_s = 0;
    bool read = read_digits(&text, 4, &date.year) && read_byte(&text, '-') &&
                read_digits(&text, 2, &date.month) && read_byte(&text, '-') &&
                read_digits(&text, 2, &date.day) && read_byte(&text, 'T') &&
                read_digits(&text, 2, &hour) && read_byte(&text, ':') &&
                read_digits(&text, 2, &minute) && read_byte(&text, ':') &&
                read_digits(&text, 2, &second);

    if (!read || !date_valid(date) || hour > 23 || minute > 59 || second > 60)
        return false;
    if (read_byte(&text, '.'))
        text += strspn(text, "0123456789");
    if (!read_offset(text, &offset_s))
        return false;
    *at = date_to_unix(date, hour, minute, second) - offset_s;
    return true;
}
