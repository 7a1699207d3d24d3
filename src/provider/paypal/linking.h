/*
 * paypal/linking: an account linked by the keys of its REST app, and the webhook of that app.
 *
 * Invariant: keys that were pasted stand in no answer and no log. A webhook is ours when its
 * address names the account's public id, which nobody else knows.
 */
#ifndef PROVIDER_PAYPAL_LINKING_H
#define PROVIDER_PAYPAL_LINKING_H

#include "payment/linking.h"
#include "provider/paypal/rest.h"

/* ---- linking.c ---- */

enum link_outcome paypal_keys_check(const struct link_keys *keys, enum account_mode *mode);
enum err paypal_identify(const struct provider_call *call, const struct link_keys *pasted,
                         struct link_identity *identity, struct link_answer *answer);
/* What an answer means to whoever links an account. */
void paypal_link_answer(const struct paypal_answer *received, struct link_answer *answer);
/* An answer that says nothing we know. */
void paypal_link_surprise(struct link_answer *answer);

/* ---- endpoint.c ---- */

extern const struct provider_linking paypal_linking;

#endif
