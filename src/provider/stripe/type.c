/*
 * Every type of balance transaction, and what it is in the books. One that is not here goes to
 * À rattacher, never unseen; so do those whose meaning only a person can tell.
 *
 * Source: docs.stripe.com/reports/balance-transaction-types; the list is that of API 2026-10-28
 * (a test compares it with the schema).
 */
#include <string.h>

#include "provider/stripe/money.h"

#define OTHER(name, nature)                                                                       \
    {                                                                                             \
        name, FACT_OTHER, nature, NAMED_BY_LINE, 0                                                \
    }

static const struct stripe_type types[] = {
    /* payments and what follows them */
    {"charge", FACT_CAPTURE, NATURE_UNKNOWN, NAMED_BY_PAYMENT, 1},
    {"payment", FACT_CAPTURE, NATURE_UNKNOWN, NAMED_BY_PAYMENT, 1},
    {"payment_failure_refund", FACT_CAPTURE_FAILED, NATURE_UNKNOWN, NAMED_BY_LINE, -1},
    {"payment_reversal", FACT_CAPTURE_FAILED, NATURE_UNKNOWN, NAMED_BY_LINE, -1},
    {"refund", FACT_REFUND, NATURE_UNKNOWN, NAMED_BY_REFUND, -1},
    {"payment_refund", FACT_REFUND, NATURE_UNKNOWN, NAMED_BY_REFUND, -1},
    {"refund_failure", FACT_REFUND_FAILED, NATURE_UNKNOWN, NAMED_BY_REFUND, 1},
    /* of a dispute, or of a refund that failed, by its source; else a person looks at it */
    OTHER("adjustment", NATURE_UNKNOWN),
    /* to the bank and back */
    {"payout", FACT_PAYOUT, NATURE_UNKNOWN, NAMED_BY_PAYOUT, 0},
    {"payout_cancel", FACT_PAYOUT_FAILED, NATURE_UNKNOWN, NAMED_BY_PAYOUT, 0},
    {"payout_failure", FACT_PAYOUT_FAILED, NATURE_UNKNOWN, NAMED_BY_PAYOUT, 0},
    /* Stripe's invoice */
    OTHER("fee_credit_funding", NATURE_FEE),
    OTHER("stripe_fee", NATURE_FEE),
    OTHER("stripe_fx_fee", NATURE_FEE),
    OTHER("tax_fee", NATURE_FEE),
    /* held back, set free */
    OTHER("issuing_authorization_hold", NATURE_RESERVE),
    OTHER("issuing_authorization_release", NATURE_RESERVE),
    OTHER("payment_network_reserve_hold", NATURE_RESERVE),
    OTHER("payment_network_reserve_release", NATURE_RESERVE),
    OTHER("payout_minimum_balance_hold", NATURE_RESERVE),
    OTHER("payout_minimum_balance_release", NATURE_RESERVE),
    OTHER("reserve_hold", NATURE_RESERVE),
    OTHER("reserve_release", NATURE_RESERVE),
    OTHER("reserve_transaction", NATURE_RESERVE),
    OTHER("reserved_funds", NATURE_RESERVE),
    /* to and from other accounts of the same owner */
    OTHER("connect_collection_transfer", NATURE_TRANSFER),
    OTHER("inbound_transfer", NATURE_TRANSFER),
    OTHER("inbound_transfer_reversal", NATURE_TRANSFER),
    OTHER("topup", NATURE_TRANSFER),
    OTHER("topup_reversal", NATURE_TRANSFER),
    OTHER("transfer", NATURE_TRANSFER),
    OTHER("transfer_cancel", NATURE_TRANSFER),
    OTHER("transfer_failure", NATURE_TRANSFER),
    OTHER("transfer_refund", NATURE_TRANSFER),
    /* money that no payment brought */
    OTHER("application_fee", NATURE_INCOME),
    OTHER("application_fee_refund", NATURE_INCOME),
    OTHER("payment_unreconciled", NATURE_INCOME),
    /* loans, gifts to the climate, purchases by Stripe's card, taxes: a person knows */
    OTHER("advance", NATURE_UNKNOWN),
    OTHER("advance_funding", NATURE_UNKNOWN),
    OTHER("anticipation_repayment", NATURE_UNKNOWN),
    OTHER("climate_order_purchase", NATURE_UNKNOWN),
    OTHER("climate_order_refund", NATURE_UNKNOWN),
    OTHER("contribution", NATURE_UNKNOWN),
    OTHER("issuing_dispute", NATURE_UNKNOWN),
    OTHER("issuing_dispute_provisional_credit", NATURE_UNKNOWN),
    OTHER("issuing_dispute_provisional_credit_reversal", NATURE_UNKNOWN),
    OTHER("issuing_transaction", NATURE_UNKNOWN),
    OTHER("obligation_outbound", NATURE_UNKNOWN),
    OTHER("obligation_reversal_inbound", NATURE_UNKNOWN),
    OTHER("stripe_balance_payment_debit", NATURE_UNKNOWN),
    OTHER("stripe_balance_payment_debit_reversal", NATURE_UNKNOWN),
    OTHER("tax_fund", NATURE_UNKNOWN),
};

static const struct stripe_type unknown = OTHER("", NATURE_UNKNOWN);

const struct stripe_type *stripe_type_find(const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i].name, name) == 0)
            return &types[i];
    }
    return &unknown;
}
