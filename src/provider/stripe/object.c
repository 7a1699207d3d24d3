/*
 * Fields of Stripe's objects, each believed only in the form it must have.
 */
#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "provider/stripe/money.h"

/* 1 January 2000 and 2100: a time outside is none. */
#define TIME_MIN_AT INT64_C(946684800)
#define TIME_MAX_AT INT64_C(4102444800)

enum { CURRENCY_LEN = 3 };

const char *stripe_text_at(const json_t *object, const char *path, size_t max, struct arena *arena)
{
    struct str text = json_text(object, path);
    const char *copy;

    if (text.len > max || !utf8_clean(text))
        return "";
    copy = str_copy(arena, text);
    return copy[strcspn(copy, "\t\r\n")] == '\0' ? copy : "";
}

const char *stripe_id_at(const json_t *object, const char *path, const char *prefix,
                         struct arena *arena)
{
    struct str id = json_text(object, path);

    return stripe_id_valid(id, prefix) ? str_copy(arena, id) : "";
}

const char *stripe_named_at(const json_t *object, const char *field, const char *prefix,
                            struct arena *arena)
{
    const char *id = stripe_id_at(object, field, prefix, arena);

    return *id != '\0' ? id : stripe_id_at(json_at(object, field), "id", prefix, arena);
}

const char *stripe_currency_at(const json_t *object, const char *path, struct arena *arena)
{
    struct str text = json_text(object, path);
    char *code;

    if (text.len != CURRENCY_LEN)
        return "";
    code = str_copy(arena, text);
    for (char *c = code; *c; c++) {
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
        if (*c < 'A' || *c > 'Z')
            return "";
    }
    return strlen(code) == CURRENCY_LEN ? code : "";
}

bool stripe_cents_at(const json_t *object, const char *path, int64_t *cents)
{
    int64_t number = 0;
    bool found = json_integer_at(object, path, &number) && number <= STRIPE_CENTS_MAX &&
                 number >= -STRIPE_CENTS_MAX;

    *cents = found ? number : 0;
    return found;
}

bool stripe_time_at(const json_t *object, const char *path, int64_t *at)
{
    int64_t number = 0;
    bool found =
        json_integer_at(object, path, &number) && number >= TIME_MIN_AT && number < TIME_MAX_AT;

    *at = found ? number : 0;
    return found;
}

bool stripe_is(const json_t *object, const char *kind)
{
    return str_is(json_text(object, "object"), kind);
}
