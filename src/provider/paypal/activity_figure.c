#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "provider/paypal/activity.h"

enum { FIGURE_MAX = 40, MONTHS = 12, YEAR_MIN = 1998, YEAR_MAX = 2200 };

/* ---- amounts ---- */

/* Spaces of any width, as they stand between groups. */
static size_t space_len(struct str text)
{
    static const char *const spaces[] = {" ", "\xc2\xa0", "\xe2\x80\xaf", "\xe2\x80\x89"};

    for (size_t i = 0; i < sizeof spaces / sizeof spaces[0]; i++) {
        if (str_starts(text, spaces[i]))
            return strlen(spaces[i]);
    }
    return 0;
}

/* The sign and the digits with their separators; false for anything else. */
static bool strip(struct str text, struct buffer *figure, bool *negative)
{
    int signs = 0;

    *negative = false;
    for (size_t i = 0; i < text.len;) {
        struct str rest = str_from(text.data + i, text.len - i);
        size_t len = space_len(rest);

        if (len > 0) {
            i += len;
        } else if (str_starts(rest, "-") || str_starts(rest, "\xe2\x88\x92")) {
            *negative = true;
            signs++;
            i += text.data[i] == '-' ? 1 : 3;
            if (figure->len > 0 && i < text.len)
                return false; /* neither in front nor behind */
        } else if (strchr("0123456789.,", text.data[i]) && text.data[i] != '\0') {
            buffer_add_byte(figure, text.data[i++]);
        } else {
            return false;
        }
    }
    return signs <= 1 && figure->len > 0 && figure->len <= FIGURE_MAX;
}

/* Groups of three behind the first one. */
static bool grouped(struct str whole, char separator)
{
    struct str group = str_cut(&whole, separator);
    bool good = group.len >= 1 && group.len <= 3;

    while (whole.data) {
        group = str_cut(&whole, separator);
        good = good && group.len == 3;
    }
    return good;
}

/* Where the decimals begin: at the last separator, when it stands once and is not a group's. */
static bool split(struct str figure, int exponent, struct str *whole, struct str *decimals)
{
    size_t last = figure.len;
    size_t count = 0;

    for (size_t i = 0; i < figure.len; i++) {
        if (figure.data[i] == '.' || figure.data[i] == ',')
            last = i;
    }
    *whole = figure;
    *decimals = str_of("");
    if (last == figure.len)
        return true;
    for (size_t i = 0; i < figure.len; i++)
        count += figure.data[i] == figure.data[last];
    if (count == 1 && figure.len - last - 1 != 3) {
        *whole = str_from(figure.data, last);
        *decimals = str_from(figure.data + last + 1, figure.len - last - 1);
        return decimals->len > 0 && decimals->len <= (size_t)exponent;
    }
    return exponent < 3; /* "1.234" has two meanings where there are three decimals */
}

bool activity_amount(struct str text, const struct currency *currency, struct arena *arena,
                     int64_t *cents)
{
    struct buffer figure;
    struct buffer plain;
    struct str whole;
    struct str decimals;
    char separator;
    bool negative;

    *cents = 0;
    text = str_trim(text);
    if (str_empty(text))
        return true;
    buffer_init(&figure, arena, FIGURE_MAX);
    if (!strip(text, &figure, &negative) ||
        !split(buffer_str(&figure), currency->exponent, &whole, &decimals))
        return false;
    separator = str_find(whole, '.') < whole.len ? '.' : ',';
    if (str_find(whole, separator) < whole.len && !grouped(whole, separator))
        return false;
    buffer_init(&plain, arena, FIGURE_MAX);
    if (negative)
        buffer_add_byte(&plain, '-');
    for (size_t i = 0; i < whole.len; i++) {
        if (whole.data[i] != separator)
            buffer_add_byte(&plain, whole.data[i]);
    }
    if (decimals.len > 0)
        buffer_add_byte(&plain, '.');
    buffer_add_str(&plain, decimals);
    return money_parse_decimal(buffer_str(&plain), currency, cents) && *cents != INT64_MIN;
}

bool activity_has_comma(struct str amount)
{
    size_t dot = str_find(amount, '.');
    size_t comma = str_find(amount, ',');

    if (comma == amount.len)
        return false;
    return dot < amount.len ? dot < comma : amount.len - comma - 1 != 3;
}

/* ---- days and times ---- */

static bool number(struct str text, size_t least, size_t most, int *value)
{
    *value = 0;
    if (text.len < least || text.len > most)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        *value = *value * 10 + (text.data[i] - '0');
    }
    return true;
}

static bool american(struct str zone)
{
    static const char *const names[] = {"PST", "PDT", "MST", "MDT", "CST", "CDT", "EST", "EDT"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (str_is(zone, names[i]))
            return true;
    }
    return str_starts(zone, "America/") || str_starts(zone, "US/");
}

static bool read_date(const struct activity_moment *moment, struct date *date)
{
    struct str rest = str_trim(moment->date);
    char separator = str_find(rest, '/') < rest.len   ? '/'
                     : str_find(rest, '.') < rest.len ? '.'
                                                      : '-';
    struct str first = str_cut(&rest, separator);
    struct str second = str_cut(&rest, separator);
    bool day_first = moment->comma || !(american(moment->zone) || str_empty(moment->zone));
    int a;
    int b;

    if (first.len == 4)
        return number(first, 4, 4, &date->year) && number(second, 1, 2, &date->month) &&
               number(rest, 1, 2, &date->day);
    if (!number(first, 1, 2, &a) || !number(second, 1, 2, &b) || !number(rest, 4, 4, &date->year))
        return false;
    if (a > MONTHS || separator == '.')
        day_first = true;
    else if (b > MONTHS)
        day_first = false;
    date->day = day_first ? a : b;
    date->month = day_first ? b : a;
    return true;
}

/* "23:04:06" or "23:04"; seconds of the day. */
static bool read_time(struct str text, int *seconds)
{
    int hour;
    int minute;
    int second = 0;
    struct str rest = str_trim(text);
    bool with_seconds;

    *seconds = 12 * 3600;
    if (str_empty(rest))
        return true;
    if (!number(str_cut(&rest, ':'), 1, 2, &hour))
        return false;
    if (!number(str_cut(&rest, ':'), 2, 2, &minute))
        return false;
    with_seconds = rest.data != NULL;
    if (with_seconds && !number(rest, 2, 2, &second))
        return false;
    *seconds = hour * 3600 + minute * 60 + second;
    return hour <= 23 && minute <= 59 && second <= 59;
}

/* Hours east of UTC of the short names PayPal writes. */
static bool short_offset(struct str zone, int *offset_s)
{
    static const struct {
        const char *name;
        int hours;
    } names[] = {
        {"GMT", 0},  {"UTC", 0},  {"WET", 0},  {"BST", 1},  {"WEST", 1}, {"CET", 1},
        {"CEST", 2}, {"EET", 2},  {"EEST", 3}, {"EST", -5}, {"EDT", -4}, {"CST", -6},
        {"CDT", -5}, {"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (str_is(zone, names[i].name)) {
            *offset_s = names[i].hours * 3600;
            return true;
        }
    }
    return false;
}

/* The instant of a civil time; in the hour that a change of clocks repeats, the first one. */
static int64_t instant(const struct zone *zone, int64_t civil)
{
    int64_t at = civil - zone_civil(zone, civil - 86400).offset_s;

    if (at + zone_civil(zone, at).offset_s != civil)
        at = civil - zone_civil(zone, at).offset_s;
    return at;
}

enum activity_fault activity_moment(const struct activity_moment *moment, struct arena *arena,
                                    int64_t *at)
{
    struct str name = str_trim(moment->zone);
    const struct zone *zone = moment->home;
    struct date date = {0};
    int64_t civil;
    int seconds;
    int offset_s;

    if (!read_date(moment, &date) || date.year < YEAR_MIN || date.year > YEAR_MAX ||
        !date_valid(date))
        return MOMENT_DATE;
    if (!read_time(moment->time, &seconds))
        return MOMENT_TIME;
    civil = date_to_unix(date, 0, 0, 0) + seconds;
    if (short_offset(name, &offset_s)) {
        *at = civil - offset_s;
        return MOMENT_OK;
    }
    if (!str_empty(name) && zone_find(str_copy(arena, name), &zone) != OK)
        return MOMENT_ZONE;
    *at = instant(zone, civil);
    return MOMENT_OK;
}
