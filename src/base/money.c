#include "base/money.h"

#include "base/err.h"

#include <string.h>

static const struct currency currencies[] = {
    {"EUR", 2, "€"},   {"CHF", 2, "CHF"}, {"USD", 2, "$US"},  {"GBP", 2, "£"},
    {"CAD", 2, "$CA"}, {"SGD", 2, "SGD"}, {"AUD", 2, "$AU"},  {"NZD", 2, "NZD"},
    {"SEK", 2, "SEK"}, {"NOK", 2, "NOK"}, {"DKK", 2, "DKK"},  {"PLN", 2, "PLN"},
    {"CZK", 2, "CZK"}, {"HUF", 2, "HUF"}, {"RON", 2, "RON"},  {"BGN", 2, "BGN"},
    {"ILS", 2, "ILS"}, {"MXN", 2, "MXN"}, {"BRL", 2, "BRL"},  {"HKD", 2, "HKD"},
    {"MYR", 2, "MYR"}, {"PHP", 2, "PHP"}, {"THB", 2, "THB"},  {"TWD", 2, "TWD"},
    {"MAD", 2, "MAD"}, {"XPF", 0, "F"},   {"XOF", 0, "FCFA"}, {"XAF", 0, "FCFA"},
    {"JPY", 0, "JPY"}, {"TND", 3, "DT"},
};

const struct currency *money_currency(const char *code)
{
    for (size_t i = 0; code && i < sizeof(currencies) / sizeof(currencies[0]); i++)
        if (strcmp(code, currencies[i].code) == 0)
            return &currencies[i];
    return NULL;
}

/* The length of a space that people put between groups of digits, 0 when there is none. */
static size_t space_len(struct str text)
{
    static const char *const spaces[] = {" ", "\xc2\xa0", "\xe2\x80\xaf", "\xe2\x80\x89"};

    for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++)
        if (str_starts(text, spaces[i]))
            return strlen(spaces[i]);
    return 0;
}

static struct str from(struct str text, size_t offset)
{
    return (struct str){text.data + offset, text.len - offset};
}

/* The digits with at most one comma or dot, spaces gone, the currency's sign cut off. */
static bool squeeze(struct str text, const struct currency *currency, char *out, size_t max)
{
    size_t len = 0, i = 0;

    while (i < text.len) {
        size_t space = space_len(from(text, i));
        char byte = text.data[i];

        if (space) {
            i += space;
            continue;
        }
        if ((byte < '0' || byte > '9') && byte != ',' && byte != '.')
            break;
        if (len + 1 >= max)
            return false;
        out[len++] = byte;
        i++;
    }
    out[len] = '\0';
    return i == text.len || str_is(str_trim(from(text, i)), currency->symbol) ||
           str_is(str_trim(from(text, i)), currency->code) ||
           (strcmp(currency->code, "EUR") == 0 && str_is(str_trim(from(text, i)), "euros"));
}

static enum money_verdict parse_digits(const char *digits, int exponent, int64_t *cents)
{
    const char *separator = strpbrk(digits, ",.");
    int64_t value = 0;
    int decimals = -1;
    bool any = false;

    if (separator && strpbrk(separator + 1, ",.")) /* "1.234,50" */
        return MONEY_NOT_A_NUMBER;
    for (; *digits; digits++) {
        if (digits == separator) {
            decimals = 0;
            continue;
        }
        any = true;
        if (decimals >= 0 && ++decimals > exponent)
            return MONEY_TOO_PRECISE;
        value = value * 10 + (*digits - '0');
        if (value > MONEY_MAX_CENTS)
            return MONEY_TOO_LARGE;
    }
    if (!any || decimals == 0)
        return MONEY_NOT_A_NUMBER;
    for (int i = decimals < 0 ? 0 : decimals; i < exponent; i++)
        value *= 10;
    if (value > MONEY_MAX_CENTS)
        return MONEY_TOO_LARGE;
    *cents = value;
    return value ? MONEY_OK : MONEY_ZERO;
}

enum money_verdict money_parse(struct str text, const struct currency *currency, int64_t *cents)
{
    char digits[MONEY_TEXT_MAX];
    int64_t value = 0;
    enum money_verdict verdict;

    text = str_trim(text);
    while (space_len(text))
        text = from(text, space_len(text));
    if (str_empty(text))
        return MONEY_EMPTY;
    if (!squeeze(text, currency, digits, sizeof(digits)))
        return MONEY_NOT_A_NUMBER;
    verdict = parse_digits(digits, currency->exponent, &value);
    if (verdict == MONEY_OK)
        *cents = value;
    return verdict;
}

bool money_parse_decimal(struct str text, const struct currency *currency, int64_t *cents)
{
    bool negative = str_starts(text, "-");
    int64_t value = 0;
    int decimals = -1;

    if (negative)
        text = from(text, 1);
    if (str_empty(text) || text.data[0] == '.' || text.data[text.len - 1] == '.')
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '.' && decimals < 0) {
            decimals = 0;
            continue;
        }
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        if (decimals >= 0 && ++decimals > currency->exponent) {
            if (text.data[i] != '0') /* "100.00" in a currency without decimals is exact */
                return false;
            continue;
        }
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, text.data[i] - '0', &value))
            return false;
    }
    for (int i = decimals < 0 ? 0 : decimals; i < currency->exponent; i++)
        if (__builtin_mul_overflow(value, 10, &value))
            return false;
    *cents = negative ? -value : value;
    return true;
}

static size_t append(char *out, size_t len, const char *text)
{
    size_t count = strlen(text);

    require(len + count < MONEY_TEXT_MAX);
    memcpy(out + len, text, count + 1);
    return len + count;
}

/* Digits with the given signs of a negative amount, of groups and of decimals; their length. */
static size_t format(char out[MONEY_TEXT_MAX], int64_t cents, int exponent, const char *minus,
                     const char *group, const char *decimal)
{
    char text[INTEGER_TEXT_MAX];
    size_t count = integer_format(text, cents), decimals = (size_t)exponent, len = 0;
    const char *digits = text;
    size_t zeros, all;

    if (cents < 0) {
        len = append(out, len, minus);
        digits++;
        count--;
    }
    zeros = count > decimals ? 0 : decimals + 1 - count; /* 5 cents are 0,05 */
    all = count + zeros;
    for (size_t i = 0; i < all; i++) {
        size_t left = all - i; /* digits from here on */

        if (left == decimals)
            len = append(out, len, decimal);
        else if (i > 0 && left > decimals && (left - decimals) % 3 == 0)
            len = append(out, len, group);
        out[len++] = i < zeros ? '0' : digits[i - zeros];
    }
    out[len] = '\0';
    return len;
}

char *money_format(char out[MONEY_TEXT_MAX], int64_t cents, const struct currency *currency)
{
    size_t len = format(out, cents, currency->exponent, "\xe2\x88\x92", "\xe2\x80\xaf", ",");

    len = append(out, len, "\xe2\x80\xaf");
    append(out, len, currency->symbol);
    return out;
}

char *money_format_decimal(char out[MONEY_TEXT_MAX], int64_t cents,
                           const struct currency *currency)
{
    format(out, cents, currency->exponent, "-", "", ".");
    return out;
}

char *money_format_input(char out[MONEY_TEXT_MAX], int64_t cents, const struct currency *currency)
{
    format(out, cents, currency->exponent, "-", "", ",");
    return out;
}

int64_t money_add(int64_t a, int64_t b)
{
    int64_t sum;

    if (__builtin_add_overflow(a, b, &sum))
        err_abort(__FILE__, __LINE__, "an amount overflows");
    return sum;
}
