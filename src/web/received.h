/*
 * received: what the pages of one payment share.
 *
 * Invariant: what a page offers is asked again by the kernel when it is done.
 */
#ifndef WEB_RECEIVED_H
#define WEB_RECEIVED_H

#include "payment/received.h"
#include "web/internal.h"

/* The payment of "/recettes/paiement/{}..."; ERR_NOT_FOUND. */
enum err received_read_path(struct page *page, struct received *received);
/* Sets what it is: "amount", "means", "member_id", "has_cheque" ... */
void received_set(struct page *page, struct template_map *data, const struct received *received);
/* Sets what it pays now: the list "parts", "has_advance", "advance". */
enum err received_set_parts(struct page *page, struct template_map *data,
                            const struct received *received);
/* Sets refunds asked of the provider: "requests", "has_requests", and "online": one can be asked
 * for (refund_online.c). */
enum err received_set_requests(struct page *page, struct template_map *data,
                               const struct received *received);
const struct currency *received_currency(const struct page *page, const struct received *received);
/* What was not paid back or taken back of it. */
int64_t received_left(const struct received *received);
/* Was it noted by hand, so that it may be taken back as a mistake? Is its cheque at the bank, from
 * where it may come back? Is something left to pay back? */
bool received_may_undo(const struct received *received);
bool received_may_return(const struct received *received);
bool received_may_refund(const struct received *received);

#endif
