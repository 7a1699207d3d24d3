/*
 * paypal: payments by PayPal's Payments Standard redirect, told by IPN.
 *
 * Invariant: a message is believed only after PayPal, asked with the untouched bytes at the
 * address of our configuration, said VERIFIED; then only for the account that received.
 */
#ifndef PROVIDER_PAYPAL_PAYPAL_H
#define PROVIDER_PAYPAL_PAYPAL_H

#include "payment/provider.h"

extern const struct provider provider_paypal;

#endif
