/*
 * stripe_form: Stripe's bracketed forms, and the rules that their fields obey.
 *
 * Invariant: what passes the rules is typed: integers and booleans are JSON integers and
 * booleans, everything else is text; nothing unknown is left.
 */
#ifndef SANDBOX_STRIPE_FORM_H
#define SANDBOX_STRIPE_FORM_H

#include <stdint.h>

#include <jansson.h>

#include "base/err.h"
#include "base/str.h"

struct stripe_call;

enum rule_kind {
    RULE_TEXT,     /* at most max bytes, not empty */
    RULE_URL,      /* http or https */
    RULE_EMAIL,    /* something @ something */
    RULE_INTEGER,  /* min .. max */
    RULE_DECIMAL,  /* integer part and at most 12 decimals */
    RULE_BOOLEAN,  /* true or false */
    RULE_CURRENCY, /* three lower-case letters, known */
    RULE_CHOICE,   /* one of choices, separated by | */
    RULE_METADATA  /* a map: 50 keys of 40 bytes, values of 500 */
};

/* One allowed field: its path with "." between names and "[]" for list items. path NULL ends
 * a table. */
struct stripe_rule {
    const char *path;
    enum rule_kind kind;
    int64_t min;
    int64_t max;
    const char *choices;
};

/* What every list takes, without and with expand. */
#define STRIPE_PAGE_RULES                                                                         \
    {.path = "limit", .kind = RULE_INTEGER, .min = 1, .max = 100},                                \
        {.path = "starting_after", .kind = RULE_TEXT, .max = 255},                                \
        {.path = "ending_before", .kind = RULE_TEXT, .max = 255},                                 \
        {.path = "created", .kind = RULE_INTEGER, .min = 0, .max = INT64_MAX},                    \
        {.path = "created.gt", .kind = RULE_INTEGER, .min = 0, .max = INT64_MAX},                 \
        {.path = "created.gte", .kind = RULE_INTEGER, .min = 0, .max = INT64_MAX},                \
        {.path = "created.lt", .kind = RULE_INTEGER, .min = 0, .max = INT64_MAX},                 \
    {                                                                                             \
        .path = "created.lte", .kind = RULE_INTEGER, .min = 0, .max = INT64_MAX                   \
    }
#define STRIPE_LIST_RULES                                                                         \
    STRIPE_PAGE_RULES,                                                                            \
    {                                                                                             \
        .path = "expand[]", .kind = RULE_TEXT, .max = 500                                         \
    }

/* Reads "a[b][0][c]=d&..." into nested objects and arrays of texts. Refuses what has no such
 * form. *tree is an object; the caller must json_decref it. */
enum err stripe_form_read(struct stripe_call *call, struct str form, json_t **tree);
/* Checks and types the tree in place, or refuses with the field in bracket notation. */
enum err stripe_rules_check(struct stripe_call *call, const struct stripe_rule *rules,
                            json_t *tree);

#endif
