#include <string.h>

#include "sandbox/row.h"
#include "sandbox/stripe.h"

enum { EXPAND_DEPTH_MAX = 4, LIST_PREFIX_LEN = 5 };

/* Which field of which object can be expanded into what. A source may be of any kind; what it
 * does not have is not expanded. */
static const struct expandable {
    const char *kind;
    const char *field;
    const char *target;
} expandables[] = {
    {"checkout.session", "payment_intent", "payment_intent"},
    {"payment_intent", "latest_charge", "charge"},
    {"charge", "balance_transaction", "balance_transaction"},
    {"charge", "payment_intent", "payment_intent"},
    {"charge", "failure_balance_transaction", "balance_transaction"},
    {"balance_transaction", "source", "source"},
    {"source", "balance_transaction", "balance_transaction"},
    {"source", "failure_balance_transaction", "balance_transaction"},
    {"source", "charge", "charge"},
    {"source", "payment_intent", "payment_intent"},
    {"dispute", "charge", "charge"},
    {"dispute", "payment_intent", "payment_intent"},
    {"payout", "balance_transaction", "balance_transaction"},
    {"payout", "failure_balance_transaction", "balance_transaction"},
    {"refund", "balance_transaction", "balance_transaction"},
    {"refund", "failure_balance_transaction", "balance_transaction"},
    {"refund", "charge", "charge"},
    {"refund", "payment_intent", "payment_intent"},
};

static const char *target_of(const char *kind, struct str field)
{
    for (size_t i = 0; i < sizeof(expandables) / sizeof(*expandables); i++)
        if (!strcmp(expandables[i].kind, kind) && str_is(field, expandables[i].field))
            return expandables[i].target;
    return NULL;
}

static bool path_expands(const char *kind, const char *path)
{
    struct str rest = str_of(path);
    int depth = 0;

    if (!strncmp(kind, "list:", LIST_PREFIX_LEN)) {
        kind += LIST_PREFIX_LEN;
        if (!str_is(str_cut(&rest, '.'), "data"))
            return false;
    }
    while (rest.data && kind && depth++ < EXPAND_DEPTH_MAX)
        kind = target_of(kind, str_cut(&rest, '.'));
    return kind && !rest.data;
}

const json_t *stripe_expand_of(const struct stripe_call *call)
{
    return json_object_get(call->parameters, "expand");
}

enum err stripe_expand_check(struct stripe_call *call, const char *kind)
{
    const json_t *expand = stripe_expand_of(call);

    for (size_t i = 0; i < json_array_size(expand); i++) {
        const char *path = json_string_value(json_array_get(expand, i));

        if (!path_expands(kind, path))
            return stripe_refuse(call, NULL, NULL, "This property cannot be expanded (%s).", path);
    }
    return OK;
}

json_t *stripe_expand_below(const json_t *expand, const char *field)
{
    size_t len = strlen(field);
    json_t *below = NULL;

    for (size_t i = 0; i < json_array_size(expand); i++) {
        const char *path = json_string_value(json_array_get(expand, i));

        if (strncmp(path, field, len) != 0 || (path[len] && path[len] != '.'))
            continue;
        if (!below)
            below = json_array();
        if (path[len])
            json_array_append_new(below, json_string(path + len + 1));
    }
    return below;
}

enum err stripe_expand_put(struct db *db, json_t *object, const struct stripe_reference *reference,
                           const json_t *expand)
{
    json_auto_t *below = stripe_expand_below(expand, reference->field);
    json_auto_t *row = NULL;
    json_t *inner = NULL;
    enum err err = OK;

    if (!below || !reference->id) {
        put_text(object, reference->field, reference->id);
        return OK;
    }
    err =
        row_need(db, reference->query, DB_VALUES(db_text(reference->id)), reference->field, &row);
    if (!err)
        err = reference->build(db, row, below, &inner);
    if (!err)
        put(object, reference->field, inner);
    return err;
}
