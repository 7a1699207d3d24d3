/*
 * Fields of PayPal's objects.
 */
#include "provider/paypal/rest.h"

#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"

/* 1 January 2000 and 2100: a time outside is none. */
#define TIME_MIN_AT INT64_C(946684800)
#define TIME_MAX_AT INT64_C(4102444800)

enum { WORD_MAX = 80, URL_MAX = 2048, LINKS_MAX = 32, CODE_LEN = 3 };

static bool id_byte(char byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '_';
}

bool paypal_id_valid(struct str id)
{
    if (id.len == 0 || id.len > PAYPAL_REST_ID_MAX)
        return false;
    for (size_t i = 0; i < id.len; i++)
        if (!id_byte(id.data[i]))
            return false;
    return true;
}

const char *paypal_id_at(const json_t *object, const char *path, struct arena *arena)
{
    struct str id = json_text(object, path);

    return paypal_id_valid(id) ? str_copy(arena, id) : "";
}

const char *paypal_word_at(const json_t *object, const char *path, struct arena *arena)
{
    struct str word = json_text(object, path);

    if (word.len > WORD_MAX)
        return "";
    for (size_t i = 0; i < word.len; i++)
        if (!id_byte(word.data[i]) && word.data[i] != '.')
            return "";
    return str_copy(arena, word);
}

const char *paypal_text_at(const json_t *object, const char *path, size_t max, struct arena *arena)
{
    struct str text = str_trim(json_text(object, path));
    const char *copy;

    if (str_empty(text) || !utf8_clean(text))
        return "";
    copy = str_copy(arena, utf8_cut(text, max));
    return copy[strcspn(copy, "\t\r\n")] == '\0' ? copy : "";
}

bool paypal_amount_at(const json_t *object, const char *path, const struct currency **currency,
                      int64_t *cents)
{
    const json_t *amount = json_at(object, path);
    struct str code = json_text(amount, "currency_code");
    char text[CODE_LEN + 1] = "";

    *currency = NULL;
    if (code.len != CODE_LEN)
        return false;
    memcpy(text, code.data, CODE_LEN);
    *currency = money_currency(text);
    return *currency && money_parse_decimal(json_text(amount, "value"), *currency, cents) &&
           *cents != INT64_MIN;
}

/* ---- times: 2026-11-28T19:30:00Z, 2022-04-28T07:50:56.123-07:00 ---- */

static bool two_digits(struct str text, size_t at, int *value)
{
    if (at + 2 > text.len || text.data[at] < '0' || text.data[at] > '9' ||
        text.data[at + 1] < '0' || text.data[at + 1] > '9')
        return false;
    *value = (text.data[at] - '0') * 10 + text.data[at + 1] - '0';
    return true;
}

/* "Z", "+0100", "-07:00" behind the seconds and their fraction. */
static bool read_offset(struct str rest, int *offset_s)
{
    size_t i = 0;
    int hours, minutes;

    if (i < rest.len && rest.data[i] == '.')
        for (i++; i < rest.len && rest.data[i] >= '0' && rest.data[i] <= '9';)
            i++;
    *offset_s = 0;
    if (i + 1 == rest.len && rest.data[i] == 'Z')
        return true;
    if (i >= rest.len || (rest.data[i] != '+' && rest.data[i] != '-') ||
        !two_digits(rest, i + 1, &hours))
        return false;
    if (!two_digits(rest, i + (i + 3 < rest.len && rest.data[i + 3] == ':' ? 4 : 3), &minutes))
        return false;
    *offset_s = (hours * 60 + minutes) * (rest.data[i] == '-' ? -60 : 60);
    return hours < 24 && minutes < 60;
}

bool paypal_time_at(const json_t *object, const char *path, int64_t *at)
{
    struct str text = json_text(object, path);
    struct date date;
    int hour, minute, second, offset_s;

    if (text.len < 20 || text.data[10] != 'T' || !date_parse_iso(str_from(text.data, 10), &date) ||
        !two_digits(text, 11, &hour) || text.data[13] != ':' || !two_digits(text, 14, &minute) ||
        text.data[16] != ':' || !two_digits(text, 17, &second) || hour > 23 || minute > 59 ||
        second > 60 || !read_offset(str_from(text.data + 19, text.len - 19), &offset_s))
        return false;
    *at = date_to_unix(date, hour, minute, second) - offset_s;
    return *at >= TIME_MIN_AT && *at < TIME_MAX_AT;
}

/* ---- links ---- */

const char *paypal_link(const json_t *object, const char *relation, struct arena *arena)
{
    const json_t *links = json_at(object, "links");

    for (size_t i = 0; i < json_array_size(links) && i < LINKS_MAX; i++) {
        const json_t *link = json_array_get(links, i);
        struct str address = json_text(link, "href");

        if (str_is(json_text(link, "rel"), relation) && address.len <= URL_MAX)
            return str_copy(arena, address);
    }
    return "";
}

const char *paypal_link_id(const json_t *object, const char *relation, struct arena *arena)
{
    const char *address = paypal_link(object, relation, arena);
    const char *last = strrchr(address, '/');

    return last && paypal_id_valid(str_of(last + 1)) ? last + 1 : "";
}
