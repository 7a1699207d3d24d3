/*
 * cover: what a payer adds, freely, so that the association keeps what was due.
 *
 * Invariant: it is never asked for and never ticked beforehand (article L112-12 of the French
 * monetary code forbids charging for a means of payment); it is a donation of its own in the cart,
 * and pays no debt.
 */
#ifndef PAYMENT_COVER_H
#define PAYMENT_COVER_H

#include "payment/posting.h"

/* What a provider that takes rate_points (1/100 %) keeps of an amount, rounded up to a cent. */
int64_t cover_cents(int64_t amount_cents, int64_t rate_points);

/* Shares a first payment of an intent out (posting_share_out), and what was added for the fees to
 * a donation line of the payer. Less money than was asked for makes no donation. Inside a
 * transaction. */
enum err cover_share_out(struct posting *posting, const struct payment_intent *intent);

#endif
