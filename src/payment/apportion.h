/*
 * apportion: an amount over parts, in proportion, to the cent; for the files of payment/ only.
 *
 * Invariant: the parts add up to the amount, none is below its low or above its high; without
 * these bounds they depend on the amount alone, and a larger amount never makes a part smaller
 * (Sainte-Laguë), so that refunds of a payment end the same in whatever order they came.
 */
#ifndef PAYMENT_APPORTION_H
#define PAYMENT_APPORTION_H

#include <stddef.h>
#include <stdint.h>

struct apportion_part {
    int64_t base_cents; /* in proportion to these */
    int64_t low_cents;  /* 0 <= low <= high */
    int64_t high_cents;
    int64_t cents; /* the result */
};
/* The sum of lows <= total_cents <= the sum of highs. */
void apportion(struct apportion_part *parts, size_t count, int64_t total_cents);

#endif
