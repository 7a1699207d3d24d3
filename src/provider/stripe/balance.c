/*
 * Balance transactions as Stripe tells them.
 */
#include "provider/stripe/money.h"

/* Other pockets: issuing, risk_reserved ... An answer of an old version names none. */
static bool moves_payments(const json_t *object)
{
    struct str pocket = json_text(object, "balance_type");

    return str_empty(pocket) || str_is(pocket, "payments");
}

/* What remains is said too: figures that disagree are no figures. */
static bool adds_up(const json_t *object, const struct stripe_balance *balance)
{
    int64_t net = 0;

    return !json_at(object, "net") || (stripe_cents_at(object, "net", &net) &&
                                       net == balance->amount_cents - balance->fee_cents);
}

enum err stripe_balance_read(const json_t *object, struct arena *arena,
                             struct stripe_balance *balance)
{
    const json_t *source = json_at(object, "source");

    *balance = (struct stripe_balance){
        .id = stripe_id_at(object, "id", "txn_", arena),
        .type = stripe_id_at(object, "type", "", arena),
        .currency = stripe_currency_at(object, "currency", arena),
        .of_payments = moves_payments(object),
        .source_id = stripe_named_at(object, "source", "", arena),
        .source = json_is_object(source) ? source : NULL,
    };
    if (!stripe_is(object, "balance_transaction") || !balance->id[0] || !balance->type[0] ||
        !balance->currency[0])
        return fail(ERR_INPUT, "not a whole balance transaction");
    if (!stripe_cents_at(object, "amount", &balance->amount_cents) ||
        !stripe_cents_at(object, "fee", &balance->fee_cents) ||
        !stripe_time_at(object, "created", &balance->created_at) || !adds_up(object, balance))
        return fail(ERR_INPUT, "a balance transaction without its figures");
    return OK;
}
