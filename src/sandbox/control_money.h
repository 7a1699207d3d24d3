/*
 * control_money: the orders of the control interface that move money at Stripe's face.
 *
 * Invariant: an order is one closure of stripe_money; its answer is the row it made or changed,
 * and the numbers of the deliveries.
 */
#ifndef SANDBOX_CONTROL_MONEY_H
#define SANDBOX_CONTROL_MONEY_H

#include "sandbox/control.h"
#include "sandbox/stripe_money.h"

#define CONTROL_NOTIFY_CHOICES "normal|twice|late|before|never|bad_signature|out_of_order"

/* The name under which the row with money->id is answered, and its query by $1. */
struct control_result {
    const char *name;
    int query;
};

/* Prepares a move from the keys that a body may have: amount_cents, fee_cents, reason, detail,
 * metadata, notify, late_s. The body must outlive it. */
enum err control_money_read(struct http_request *request, const json_t *body,
                            struct stripe_money *money);
/* Runs the closure, answers, and ends the move. */
enum err control_money_run(struct http_request *request, struct http_response *response,
                           struct stripe_money *money, db_write_fn *fn,
                           const struct control_result *result);

http_handler control_account_options_handler;
http_handler control_stripe_fee_handler;
http_handler control_stripe_refund_handler;
http_handler control_stripe_refund_end_handler;
http_handler control_stripe_refund_list_handler;
http_handler control_dispute_handler;
http_handler control_dispute_step_handler;
http_handler control_dispute_list_handler;
http_handler control_late_failure_handler;
http_handler control_payout_handler;
http_handler control_payout_end_handler;
http_handler control_payout_list_handler;
http_handler control_movement_handler;
http_handler control_movement_list_handler;
http_handler control_elsewhere_handler;

#endif
