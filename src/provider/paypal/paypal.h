/*
 * paypal: payments by PayPal's orders, for an account that has keys, told by webhooks; else by the
 * Payments Standard redirect, told by IPN. Notifications of both are heard for ever.
 *
 * Invariant: a message is believed only after PayPal, asked with the untouched bytes at the
 * address of our configuration, said VERIFIED, or when the key of its certificate signed it; then
 * only for the account that received. Both ways name the same money alike.
 */
#ifndef PROVIDER_PAYPAL_PAYPAL_H
#define PROVIDER_PAYPAL_PAYPAL_H

#include "payment/provider.h"

extern const struct provider provider_paypal;

#endif
