#include "template/internal.h"

#include <stdio.h>
#include <string.h>

static const char narrow_space[] = "\xe2\x80\xaf"; /* U+202F, between groups of three digits */

static const char *const filter_names[FILTER_COUNT] = {
    [FILTER_MONEY] = "money", [FILTER_AMOUNT] = "amount",       [FILTER_INPUT] = "input",
    [FILTER_DATE] = "date",   [FILTER_LONG_DATE] = "long_date", [FILTER_ISO_DATE] = "iso_date",
    [FILTER_TIME] = "time",   [FILTER_DATETIME] = "datetime",   [FILTER_NUMBER] = "number",
};

enum filter filter_find(struct str name)
{
    for (enum filter filter = FILTER_MONEY; filter < FILTER_COUNT; filter++)
        if (str_is(name, filter_names[filter]))
            return filter;
    return FILTER_COUNT;
}

static void format_number(char cell[TEMPLATE_CELL_MAX], int64_t number)
{
    char digits[INTEGER_TEXT_MAX];
    size_t len = integer_format(digits, number);
    const char *each = digits;
    char *out = cell;

    if (*each == '-') { /* U+2212 */
        memcpy(out, "\xe2\x88\x92", 3);
        out += 3;
        each++;
        len--;
    }
    for (; *each; each++, len--) {
        *out++ = *each;
        if (len > 1 && len % 3 == 1) {
            memcpy(out, narrow_space, 3);
            out += 3;
        }
    }
    *out = '\0';
}

static bool format_money(enum filter filter, const struct template_value *value, char *cell)
{
    struct currency plain = *value->as.currency;
    size_t len;

    switch (filter) {
    case FILTER_MONEY:
        money_format(cell, value->number, value->as.currency);
        return true;
    case FILTER_INPUT:
        money_format_input(cell, value->number, value->as.currency);
        return true;
    case FILTER_AMOUNT: /* the same text without the sign and the space before it */
        plain.symbol = "";
        money_format(cell, value->number, &plain);
        len = strlen(cell);
        if (len >= 3 && memcmp(cell + len - 3, narrow_space, 3) == 0)
            cell[len - 3] = '\0';
        return true;
    default:
        return false;
    }
}

static bool format_date(enum filter filter, struct date date, char *cell)
{
    switch (filter) {
    case FILTER_DATE:
        date_format_short(cell, date);
        return true;
    case FILTER_LONG_DATE:
        date_format_long(cell, date);
        return true;
    case FILTER_ISO_DATE:
    case FILTER_INPUT: /* <input type="date"> */
        date_format_iso(cell, date);
        return true;
    default:
        return false;
    }
}

static bool format_time(enum filter filter, const struct template_value *value, char *cell)
{
    struct civil_time time = zone_civil(value->as.zone, value->number);
    char date[DATE_TEXT_MAX];

    if (filter == FILTER_TIME)
        snprintf(cell, TEMPLATE_CELL_MAX, "%02d:%02d", time.hour, time.minute);
    else if (filter == FILTER_DATETIME)
        snprintf(cell, TEMPLATE_CELL_MAX, "%s à %02d:%02d", date_format_short(date, time.date),
                 time.hour, time.minute);
    else
        return filter != FILTER_INPUT && format_date(filter, time.date, cell);
    return true;
}

static bool format_int(enum filter filter, int64_t number, char *cell)
{
    if (filter == FILTER_NUMBER)
        format_number(cell, number);
    else if (filter == FILTER_NONE || filter == FILTER_INPUT)
        integer_format(cell, number);
    else
        return false;
    return true;
}

bool filter_apply(enum filter filter, const struct template_value *value,
                  char cell[TEMPLATE_CELL_MAX], struct str *text)
{
    bool fits = false;

    cell[0] = '\0';
    if (value->kind == VALUE_STR) {
        *text = value->as.text;
        return filter == FILTER_NONE;
    }
    if (value->kind == VALUE_NONE)
        fits = true;
    else if (value->kind == VALUE_INT)
        fits = format_int(filter, value->number, cell);
    else if (value->kind == VALUE_MONEY)
        fits = format_money(filter, value, cell);
    else if (value->kind == VALUE_DATE)
        fits = format_date(filter, value->as.date, cell);
    else if (value->kind == VALUE_TIME)
        fits = format_time(filter, value, cell);
    *text = str_of(cell);
    return fits;
}
