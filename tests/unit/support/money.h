/*
 * money: what tests of the money story need: facts that follow a payment, sums, verify.
 *
 * Invariant: facts go through the kernel; a sum is read from the books, never computed.
 */
#ifndef TESTS_SUPPORT_MONEY_H
#define TESTS_SUPPORT_MONEY_H

#include "kernel.h"

/* A fact of the account in euros; parent NULL: none. */
struct payment_fact money_fact(const struct provider_account *account, enum fact_kind kind,
                               const char *reference, const char *parent, int64_t amount_cents);
/* A payment without our mark. */
struct payment_fact money_elsewhere(const struct provider_account *account, const char *reference,
                                    int64_t amount_cents);
/* Posts it when nobody waits for its parent any more. */
struct post_result money_post_orphan(struct house *house, const struct payment_fact *fact);
/* A charge of October through the kernel; its id. */
int64_t money_charge(struct house *house, int64_t member_id, int64_t cents, const char *account,
                     const char *label);
/* Debit less credit of an account. */
int64_t money_balance(struct house *house, const char *account);
/* Rows of À rattacher that wait, of a reason. */
int64_t money_open(struct house *house, const char *reason);
/* Asserts that verify finds nothing, and prints what it finds. */
void money_clean(struct house *house);

#endif
