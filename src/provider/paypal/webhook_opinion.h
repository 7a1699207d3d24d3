/*
 * paypal/webhook_opinion: PayPal asked whether a message is its own.
 *
 * Invariant: the message's bytes go back untouched inside the request; only SUCCESS is a yes.
 */
#ifndef PROVIDER_PAYPAL_WEBHOOK_OPINION_H
#define PROVIDER_PAYPAL_WEBHOOK_OPINION_H

#include "provider/paypal/webhook_signature.h"

/* The body of verify-webhook-signature. The delivery has no fault: its words need no escaping
 * and its body is one JSON object. In the arena. */
struct str paypal_opinion_request(const char *webhook_id, const struct paypal_delivery *delivery,
                                  struct arena *arena);
/* Asks, and fills the judgement: authentic, forged ("opinion") or undecided. */
void paypal_opinion_judge(const struct provider_call *call,
                          const struct paypal_webhook_account *account,
                          const struct paypal_delivery *delivery, paypal_webhook_ask *ask,
                          void *context, struct webhook_judgement *judgement);

#endif
