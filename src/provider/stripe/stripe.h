/*
 * stripe: payments by Stripe's hosted Checkout, with an association's own keys.
 *
 * Invariant: money is believed only from a body signed with the account's own secret or from
 * what Stripe answers to the account's own key; an event touches only the account whose secret
 * proved it.
 */
#ifndef PROVIDER_STRIPE_STRIPE_H
#define PROVIDER_STRIPE_STRIPE_H

#include "payment/provider.h"

extern const struct provider provider_stripe;

#endif
