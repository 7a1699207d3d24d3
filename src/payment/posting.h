/*
 * posting: the parts of a posting, shared by captures, manual payments and charges.
 *
 * Invariant: the parts of one amount add up to it: cart payment lines, allocations and entry
 * lines are written from the same list of shares.
 */
#ifndef PAYMENT_POSTING_H
#define PAYMENT_POSTING_H

#include "accounting/accounting.h"
#include "association/cart.h"
#include "association/member.h"
#include "payment/account.h"
#include "payment/intent.h"

enum { SHARES_MAX = 1000 }; /* charges a payment pays at once; each makes at most one line */

/* A part of a payment: a charge it pays, or an advance (charge_line_id 0). */
struct share {
    int64_t charge_line_id;
    int64_t member_id;
    int64_t member_number;
    int64_t amount_cents;
    const char *account; /* the charge's; NULL for an advance */
    bool deferred;       /* the charge is for a later fiscal year */
};

/* One posting: what its steps hand on. Lives in the arena. */
struct posting {
    struct db *db;
    struct arena *arena;
    int64_t now;
    struct association association;
    struct provider_account account;
    struct date fact_date;
    struct fiscal_year entry_year;
    int64_t transaction_id;
    int64_t entry_id;
    int64_t amount_cents; /* as the carts count it */
    int64_t kept_cents;   /* of it: not for what is due (cover.h) */
    bool converted;
    int64_t value_cents;      /* converted: what the account got */
    const char *from_account; /* where the money stands already: entry in journal OD, not tied to
                               * the movement, which has its own; NULL: it comes to the account */
    const char *piece;
    const char *cart_label; /* "Paiement Stripe" */
    struct share shares[SHARES_MAX];
    int share_count;
};

/* Fills association, account, date and year for a fact at an account. */
enum err posting_begin(struct posting *posting, int64_t association_id, int64_t account_id,
                       int64_t fact_at);
/* Splits the amount: first the charges frozen with the intent (intent_id 0: none), then the
 * oldest due of the payer's carts, the rest is the payer's advance. */
enum err posting_share_out(struct posting *posting, int64_t payer_id, int64_t intent_id);
/* A share that was not due before: a donation made with the payment. There is a place for it. */
void posting_add_share(struct posting *posting, const struct share *share);
/* The same with charges a person ticked; what they do not take goes to the oldest due. */
struct ticked_charge {
    int64_t charge_line_id;
    int64_t amount_cents; /* at most; what is open of it if that is less */
};
enum err posting_share_ticked(struct posting *posting, int64_t payer_id,
                              const struct ticked_charge *ticked, size_t count);
/* All of it to the payer's advance. */
enum err posting_share_advance(struct posting *posting, int64_t payer_id);
/* Writes entry, cart lines and allocations from the shares, and ties them to the movement. */
enum err posting_write_shares(struct posting *posting);
/* Writes the entry of money nobody can place: transit against 471. */
enum err posting_write_unknown(struct posting *posting);
/* Writes the entry of money that did not begin in Guichet: transit against the account's other
 * account. */
enum err posting_write_elsewhere(struct posting *posting);
/* What the transit account gets of the amount. */
int64_t posting_value(const struct posting *posting);
/* Does a fiscal year that begins on an ISO day begin after the one that is written to? */
bool posting_year_is_later(const struct posting *posting, const char *first_day);
/* Balances an entry by what an exchange lost or gained; one that balances stays as it is. */
void posting_exchange(struct entry_draft *draft);
/* The entry of a movement: begun with its journal, day and piece; finished by being written and
 * tied to the movement, whose entry_id the posting then has. */
enum err posting_begin_entry(struct posting *posting, struct entry_draft *draft);
enum err posting_finish_entry(struct posting *posting, struct entry_draft *draft,
                              struct entry_result *result);
/* Notes something for À rattacher. */
enum err posting_quarantine(struct posting *posting, const char *reason, const char *detail);

#endif
