/*
 * posting_fact: a fact on its way into the books; for the files of payment/ only.
 *
 * Invariant: every kind of fact has one function that books it; each writes its movement under
 * its unique key first, and stops when it is there already.
 */
#ifndef PAYMENT_POSTING_FACT_H
#define PAYMENT_POSTING_FACT_H

#include "payment/movement.h"
#include "payment/post.h"

/* What to do with a fact whose parent is not known. */
enum post_patience { POST_WAITS, POST_ORPHAN };

/* A fact with what it names. */
struct posting_fact {
    struct posting posting;
    const struct payment_fact *fact;
    enum post_patience patience;
    struct payment_intent intent;
    bool has_intent;
    bool foreign_intent;    /* it names an intent of another receiving account */
    int64_t member_id;      /* who is credited; 0 = nobody known */
    int64_t fact_at;        /* the provider's time, or now when that cannot be */
    struct movement parent; /* what it follows; id 0: unknown, or nothing */
    int64_t root_id;        /* the payment behind it; 0: none */
    bool known_value;       /* what the account got or gave is known, as value_cents */
    int64_t value_cents;    /* positive as amount_cents is */
};

/* Each: one kind of fact, or several. posting has db, arena, now. */
enum err post_capture(struct posting_fact *work, struct post_result *result);
enum err post_return(struct posting_fact *work, struct post_result *result);
enum err post_fee(struct posting_fact *work, struct post_result *result);
enum err post_dispute_news(struct posting_fact *work, struct post_result *result);
enum err post_account(struct posting_fact *work, struct post_result *result);

/* ---- what they share ---- */

/* Is it money of ours to look after? Of a proven account, and not older than its first day;
 * otherwise result says what it is. */
enum err fact_in_scope(struct posting_fact *work, struct post_result *result, bool *in_scope);
/* Amount, reference and currency that can be believed; signed: a negative amount may be. */
enum fact_sign { FACT_POSITIVE, FACT_SIGNED };
enum err fact_check(const struct payment_fact *fact, enum fact_sign sign);
/* Fills fact_at, and value_cents of an association's currency. */
enum err fact_begin(struct posting_fact *work, struct posting *posting);
/* Finds parent and root. Not there: result says whether to wait; *go false then. */
enum err fact_find_parent(struct posting_fact *work, struct post_result *result, bool *go);
/* The movement's row, as far as the fact says it; kind and signs are the caller's. */
struct movement_draft fact_movement(const struct posting_fact *work, const char *kind,
                                    int64_t amount_cents);
/* Writes the row. *go false: it was booked before; one that waited for its value goes on. */
enum err fact_add(struct posting_fact *work, struct posting *posting, struct movement_draft *draft,
                  struct post_result *result, bool *go);
/* Money whose value is not known yet: kept for À rattacher, without entry. */
enum err fact_without_value(struct posting_fact *work, struct posting *posting,
                            struct post_result *result);
/* Remembers what the provider calls it, and writes the audit row. */
enum err fact_finish(struct posting_fact *work, struct posting *posting);
/* What the provider said of a dispute last; older news changes nothing. */
enum err dispute_told(struct posting_fact *work, enum dispute_state state);

/* ---- what waited for a payment ---- */

/* Movements that came before their payment and were booked to 471 become its own; messages that
 * wait for it are due. The payment is work's. */
enum err adopt_orphans(struct posting_fact *work);

#endif
