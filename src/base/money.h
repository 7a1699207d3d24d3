/*
 * money: amounts in minor units with their currency.
 *
 * Invariant: int64 minor units and an ISO 4217 code, no floating point anywhere; every
 * addition is checked for overflow. (domain.md, Money.)
 */
#ifndef BASE_MONEY_H
#define BASE_MONEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum {
    MONEY_TEXT_MAX = 48,         /* a formatted amount with its sign, currency and NUL */
    MONEY_MAX_CENTS = 1000000000 /* the largest amount a form accepts: 10^9 minor units */
};

struct currency {
    char code[4];       /* "EUR" */
    int exponent;       /* digits after the decimal comma: EUR 2, XPF 0, TND 3 */
    const char *symbol; /* "€", or the code */
};

enum money_verdict {
    MONEY_OK,
    MONEY_EMPTY,
    MONEY_NOT_A_NUMBER, /* "1e3", "abc", "-3" */
    MONEY_TOO_PRECISE,  /* "12,505" in EUR */
    MONEY_ZERO,
    MONEY_TOO_LARGE
};

/* The currency of an ISO code in capitals; NULL when unknown. Static storage. */
const struct currency *money_currency(const char *code);

/* Reads what a person typed: "12,5", "12.50", "1 234,50", "12 €", narrow no-break spaces.
 * On MONEY_OK *cents is positive, at most MONEY_MAX_CENTS; else untouched. */
enum money_verdict money_parse(struct str text, const struct currency *currency, int64_t *cents);

/* Reads a provider's decimal text ("12.50", "-8.00", dot, no separators, exactly at most
 * exponent decimals; missing decimals are zeros). False when it is anything else. */
bool money_parse_decimal(struct str text, const struct currency *currency, int64_t *cents);

/* "1 234,50 €" with narrow no-break spaces (U+202F) and U+2212 for minus; out holds
 * MONEY_TEXT_MAX bytes; returns out. */
char *money_format(char out[MONEY_TEXT_MAX], int64_t cents, const struct currency *currency);
/* "1234.50": for providers, CSV and form fields without grouping (dot decimal). */
char *money_format_decimal(char out[MONEY_TEXT_MAX], int64_t cents,
                           const struct currency *currency);
/* "1234,50": for prefilled form fields in French. */
char *money_format_input(char out[MONEY_TEXT_MAX], int64_t cents, const struct currency *currency);

/* a + b; overflow ends the process (a broken invariant: limits stand before). */
int64_t money_add(int64_t a, int64_t b);

#endif
