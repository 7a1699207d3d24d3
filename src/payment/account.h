/*
 * account: the accounts at providers, and their sealed secrets.
 *
 * Invariant: an account serves one association; (provider, external id, mode) is unique over
 * the installation once proven; a secret opens only for the account, name and slot it was
 * sealed for. (domain.md: provider_account.)
 */
#ifndef PAYMENT_ACCOUNT_H
#define PAYMENT_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "association/audit.h"
#include "base/seal.h"
#include "db/db.h"

enum account_mode { ACCOUNT_LIVE, ACCOUNT_TEST };
/* How we act for it: with its own keys, or as the platform it was associated to. */
enum account_link_kind { ACCOUNT_KEYS, ACCOUNT_CONNECT };

struct provider_account {
    int64_t association_id;
    int64_t id;
    const char *public_id;
    const char *provider;
    enum account_mode mode;
    const char *external_id;  /* "" while unknown */
    const char *email_folded; /* "" for none */
    const char *label;
    const char *transit_account;
    int64_t key_version;
    bool verified;
    bool linked;
    int64_t rate_points; /* what it takes of a payment, in 1/100 %; -1 while nobody said it */
    int64_t version;     /* of its settings */
    enum account_link_kind link_kind;
    bool revoked;                /* associated no more: no call may be made for it */
    int64_t linked_at;           /* the last time */
    const char *since_day;       /* ISO: older movements are out of scope */
    const char *other_account;   /* where money not begun in Guichet is booked */
    const char *client_id;       /* PayPal: of its REST app, "" while it has no keys */
    const char *publishable_key; /* Stripe: for the payer's browser, "" for none */
    bool embedded;               /* Stripe: the card is asked in the personal space */
};

/* Each: ERR_NOT_FOUND when there is none; texts in the arena. */
enum err account_find(struct db *db, int64_t association_id, int64_t account_id,
                      struct arena *arena, struct provider_account *account);
enum err account_find_public(struct db *db, const char *provider, struct str public_id,
                             struct arena *arena, struct provider_account *account);
/* The account of a means without provider ("cheque", "cash"), by its code. */
enum err account_find_means(struct db *db, int64_t association_id, const char *code,
                            struct arena *arena, struct provider_account *account);
/* Whose PayPal money: receiver_id alone when some account of ours has it or when both sides
 * have one; otherwise receiver_email; business only when both are absent. mode must be told
 * apart by the caller: both modes are looked up, *accounts gets those that match (a live and a
 * test account may share an e-mail). */
enum err account_find_receivers(struct db *db, const char *provider, struct str receiver_id,
                                struct str receiver_email, struct str business,
                                struct arena *arena, struct provider_account **accounts,
                                size_t *count);
/* True when the account is the receiver by the same rule. */
bool account_is_receiver(const struct provider_account *account, struct str receiver_id,
                         struct str receiver_email, struct str business, struct arena *arena);
/* The account that the platform acts for, or did: of that mode when there is one, else of the
 * other. ERR_NOT_FOUND: it was never associated here, or uses its own keys since. */
enum err account_find_associated(struct db *db, const char *provider, struct str external_id,
                                 enum account_mode mode, struct arena *arena,
                                 struct provider_account *account);
/* The linked accounts of an association in the order of their buttons, 'manual' left out. */
enum err account_list_linked(struct db *db, int64_t association_id, struct arena *arena,
                             struct provider_account **accounts, size_t *count);
/* All accounts that an association has or had at a provider in a mode, linked ones first. */
enum err account_list_mode(struct db *db, int64_t association_id, const char *provider,
                           enum account_mode mode, struct arena *arena,
                           struct provider_account **accounts, size_t *count);

struct account_draft {
    int64_t id;
    int64_t association_id;
    const char *public_id; /* random token made before the transaction */
    const char *provider;  /* "stripe", "paypal", "manual" */
    enum account_mode mode;
    const char *external_id;     /* NULL = unknown */
    const char *email;           /* NULL = none; folded here */
    const char *publishable_key; /* Stripe; NULL = none */
    const char *label;
    const char *transit_account;
    const char *since_day;
    bool verified;
    int64_t now;
};
/* Inside a transaction. ERR_CONFLICT when the account serves another association. */
enum err account_add(struct db *db, const struct account_draft *draft,
                     const struct audit_actor *actor);
/* Moves a linked account one place up or down among the buttons of the cart; at the end already:
 * changes nothing. Inside a transaction. ERR_NOT_FOUND. */
enum account_step { ACCOUNT_UP = -1, ACCOUNT_DOWN = 1 };
enum err account_move(struct db *db, int64_t association_id, int64_t account_id,
                      enum account_step step, const struct audit_actor *actor);
/* Where the card is asked: in the personal space, or at the provider. Inside a transaction.
 * ERR_NOT_FOUND for an account that is not linked. */
enum err account_set_embedded(struct db *db, int64_t association_id, int64_t account_id,
                              bool embedded, const struct audit_actor *actor);
/* The same without its audit row, for a change that has one of its own. */
enum err account_store(struct db *db, const struct account_draft *draft);
/* Notes that a verified message proved the account's identity; learns a missing external id. */
enum err account_verified(struct db *db, int64_t association_id, int64_t account_id,
                          const char *external_id, int64_t now);

/* ---- secrets ---- */

/* Seals and stores (replaces) a secret. name "api_key" or "webhook"; slot 0 or 1 for webhook
 * secrets during a rotation. Inside a transaction. */
enum err account_set_secret(struct db *db, const struct seal_key *key,
                            const struct provider_account *account, const char *name, int64_t slot,
                            struct str plain, const struct audit_actor *actor, int64_t now);
/* The same without its audit row, for a change that has one of its own. */
enum err account_store_secret(struct db *db, const struct seal_key *key,
                              const struct provider_account *account, const char *name,
                              int64_t slot, struct str plain, int64_t now);
/* Opens one: ERR_NOT_FOUND when it is not set, ERR_CRYPTO when the seal is broken. */
enum err account_secret(struct db *db, const struct seal_key *key,
                        const struct provider_account *account, const char *name, int64_t slot,
                        int64_t now, struct arena *arena, struct str *plain);
/* All webhook secrets accepted now (at most 2): *count may be 0. */
enum err account_webhook_secrets(struct db *db, const struct seal_key *key,
                                 const struct provider_account *account, int64_t now,
                                 struct arena *arena, struct str plains[2], size_t *count);

#endif
