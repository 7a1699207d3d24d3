/*
 * intent: one press on Payer, from the press to its end.
 *
 * Invariant: stored before the provider is called, with the exact bytes of the request; it moves
 * by compare-and-set along the arrows of domain.md and never leaves 'paid'; one live attempt per
 * payer.
 */
#ifndef PAYMENT_INTENT_H
#define PAYMENT_INTENT_H

#include <stdbool.h>
#include <stdint.h>

#include "association/audit.h"
#include "db/db.h"
#include "payment/provider.h"

enum intent_state {
    INTENT_CREATED,
    INTENT_OPEN,
    INTENT_PROCESSING,
    INTENT_PAID,
    INTENT_FAILED,
    INTENT_CANCELED,
    INTENT_EXPIRED
};
const char *intent_state_name(enum intent_state state);
bool intent_state_live(enum intent_state state); /* created, open */

enum {
    INTENT_EXPIRES_S = 60 * 60,        /* asked of providers that expire (Stripe) */
    INTENT_LOCAL_EXPIRY_S = 24 * 3600, /* where the provider has no expiry (PayPal Standard) */
    INTENT_PAGE_CALL_S = 30            /* the page that made it has this long before a job looks */
};

struct payment_intent {
    int64_t association_id;
    int64_t id;
    int64_t member_id;
    int64_t provider_account_id;
    const char *token;
    const char *form_token;
    int64_t amount_cents;
    int64_t fee_cover_cents; /* the part that the payer added for the fees, 0 = none */
    const char *currency;
    enum intent_state state;
    const char *request;
    const char *idempotency_key;
    const char *reference;    /* NULL while unknown */
    const char *provider_url; /* NULL while unknown */
    int64_t expires_at;
    const char *reason;
    int64_t attempts;
    int64_t claim;
    int64_t created_by;
    int64_t created_at;
    int64_t updated_at;
    const char *provider; /* name of the account's provider */
    bool to_check;        /* its provider could not be asked any more: à vérifier */
    int64_t declines;     /* captures that were refused while it stayed open */
    bool embedded;        /* open: paid in a page of ours, by its client secret */
};

/* Each: ERR_NOT_FOUND; texts in the arena. */
enum err intent_find(struct db *db, int64_t association_id, int64_t intent_id, struct arena *arena,
                     struct payment_intent *intent);
/* By the whole token, in any association: the return page and the notifications. */
enum err intent_find_token(struct db *db, struct str token, struct arena *arena,
                           struct payment_intent *intent);
/* The live attempt of a payer; *found false when there is none. */
enum err intent_find_live(struct db *db, int64_t association_id, int64_t member_id,
                          struct arena *arena, struct payment_intent *intent, bool *found);
/* Created, open and processing ones of a payer, newest first (amounts in progress), and their
 * sum. */
enum err intent_in_progress(struct db *db, int64_t association_id, int64_t member_id,
                            struct arena *arena, struct payment_intent **intents, size_t *count,
                            int64_t *sum_cents);

/* What opens an open attempt in its payer's browser. For that page alone: never logged, in no
 * list. ERR_NOT_FOUND: it has none, has ended, or is somebody else's. */
enum err intent_client_secret(struct db *db, const struct payment_intent *intent,
                              struct arena *arena, const char **secret);
/* The charges it was made for, in their order: what another attempt is ticked with. */
enum err intent_ticked(struct db *db, const struct payment_intent *intent, struct arena *arena,
                       int64_t **ticked, size_t *count);

/* Everything computed before the transaction. */
struct intent_draft {
    int64_t association_id;
    int64_t id;
    int64_t member_id;
    const struct provider_account *account;
    const char *token;
    const char *form_token;
    int64_t amount_cents;    /* all that is asked */
    int64_t fee_cover_cents; /* of it, added for the fees: a donation, it pays no debt */
    const char *currency;
    int64_t balance_shown_cents; /* what the form showed (room.h) */
    const int64_t *ticked;       /* charges to pay first; the others follow, oldest first */
    size_t ticked_count;
    const char *request;
    const char *idempotency_key;
    int64_t expires_at;
    int64_t login_id;
    const char *address;
    int64_t now;
};
enum intent_start {
    INTENT_STARTED,         /* the caller now calls the provider */
    INTENT_SAME_FORM,       /* the same form was sent before: follow that intent */
    INTENT_ANOTHER_LIVE,    /* end the live one first */
    INTENT_BALANCE_CHANGED, /* show the new balance first */
    INTENT_ACCOUNT_GONE,    /* the provider account was unlinked meanwhile */
    INTENT_AMOUNT_REFUSED   /* the options of the association do not take it (room.h) */
};
/* Decides and, when STARTED, stores intent and its charges. *intent_id is the intent to look
 * at: the new one, the same form's, or the live one. Inside a transaction. */
enum err intent_create(struct db *db, const struct intent_draft *draft, enum intent_start *start,
                       int64_t *intent_id);

/* Was this intent made for the charges that this draft would be made for? */
enum err intent_for_same_charges(struct db *db, const struct intent_draft *draft,
                                 int64_t intent_id, bool *same);

/* created -> open or failed by the provider's answer; UNKNOWN leaves it and sets the next try.
 * A move that no longer fits changes nothing. Inside a transaction. */
enum err intent_answered(struct db *db, int64_t association_id, int64_t intent_id,
                         const struct checkout_answer *answer, int64_t now);

/* Compare-and-set along the arrows; *moved says whether the row changed. Sets next_at by the new
 * state (processing: asked again later; ends: never). Inside a transaction. */
enum err intent_move(struct db *db, int64_t association_id, int64_t intent_id,
                     enum intent_state to, const char *reason, const struct audit_actor *actor,
                     int64_t now, bool *moved);

/* When an open or processing intent is looked at again after `attempts` looks: grows from one
 * minute to a day, never later than just behind expires_at while open. */
int64_t intent_next_at(enum intent_state state, int64_t attempts, int64_t now, int64_t expires_at);

#endif
