/*
 * link_internal: what the files of linking share.
 *
 * Invariant: an operation holds the lease of its account; each of its writes proves that it
 * still does and makes it longer, in the same transaction.
 */
#ifndef PAYMENT_LINK_INTERNAL_H
#define PAYMENT_LINK_INTERNAL_H

#include "payment/link.h"

/* One operation, from its lease to its end. */
struct link_work {
    const struct payment_service *service;
    const struct provider_call *call;
    const struct provider_linking *linking;
    struct provider_account account;
    struct audit_actor actor;
    int64_t claim;
    struct link_order order;
    struct link_endpoints known; /* as the database has them */
    struct link_answer answer;   /* what the provider said last */
};

/* Takes the lease inside a transaction; *claim 0 when another operation has it. */
enum err link_lease_take(struct db *db, int64_t association_id, int64_t account_id, int64_t now,
                         int64_t *claim);
/* The same in a transaction of its own, into work. */
enum err link_begin(struct link_work *work);
/* Gives it back; a failure is logged: the lease runs out. */
void link_end(struct link_work *work);

enum link_wish { LINK_ONE_GOOD, LINK_A_NEW_ONE };
/* Brings the endpoint in order (link_endpoint.c), or makes another one though the present one is
 * good. OK with work->answer telling how far it came. */
enum err link_settle(struct link_work *work, enum link_wish wish);
/* Deletes the retiring endpoint at the provider and forgets its secret. */
enum err link_delete_retiring(struct link_work *work);

/* ---- writes of an operation (link_write.c): each extends the lease ---- */

enum err link_write_plan(struct link_work *work, int64_t slot);
/* The next try of the planned one is about to be sent: with the same key, or a new one. */
enum err link_write_try(struct link_work *work, bool new_key);
/* Notes on an endpoint what the provider said last. */
enum err link_write_note(struct link_work *work, const struct link_endpoint_row *row);
/* The planned one stands at the provider; the active one, if any, retires. */
enum err link_write_made(struct link_work *work, const struct link_endpoint *endpoint);
/* One that was made by hand is ours from now on. */
enum err link_write_adopted(struct link_work *work, const char *external_id);
enum err link_write_corrected(struct link_work *work);
enum err link_write_gone(struct link_work *work, const struct link_endpoint_row *row);
/* The rotation ends now. */
enum err link_write_rotation_end(struct link_work *work);

/* An endpoint that is no longer there, and its secret when it was retiring. Inside a
 * transaction. */
enum err link_store_gone(struct db *db, const struct provider_account *account,
                         int64_t endpoint_id, int64_t slot, bool forget_secret, int64_t now,
                         bool *changed);

#endif
