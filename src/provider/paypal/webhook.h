/*
 * paypal/webhook: PayPal's notifications in JSON, for an account that has keys.
 *
 * Invariant: nothing is read of a message that is not proven but what helps people to recognise
 * it; what it means depends on its own account and on nothing it says of others.
 */
#ifndef PROVIDER_PAYPAL_WEBHOOK_H
#define PROVIDER_PAYPAL_WEBHOOK_H

#include "provider/paypal/rest.h"

/* ---- webhook.c ---- */

/* Is it one? The door let it in with the headers that prove it, and it begins as JSON. */
bool paypal_is_webhook(const struct provider_event *event);
/* *answer is accepted and empty when it comes. */
enum err paypal_webhook_receive(const struct provider_call *call,
                                const struct provider_message *message,
                                struct door_answer *answer);
enum err paypal_resolve_webhook(const struct provider_call *call,
                                const struct provider_event *event, struct resolution *resolution);

/* ---- webhook_meaning.c ---- */

/* Turns a proven message of the account into facts or an outcome. An approved order is captured
 * here when nobody did so before. */
enum err paypal_webhook_meaning(const struct provider_call *call,
                                const struct provider_account *account, const json_t *json,
                                int64_t received_at, struct resolution *resolution);
/* The types it understands, what an endpoint is to hear of; NULL behind the last. */
const char *paypal_webhook_type(size_t index);

#endif
