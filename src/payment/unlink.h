/*
 * unlink: the end of a link, on the association's word or on the provider's.
 *
 * Invariant: nothing of an account is forgotten: its row stays, late money of it is booked. Each
 * step is durable before the next one; whoever is interrupted presses again and goes on.
 * (domain.md: provider_account.)
 */
#ifndef PAYMENT_UNLINK_H
#define PAYMENT_UNLINK_H

#include "association/audit.h"
#include "payment/service.h"

/* How far it went. */
enum unlink_step {
    UNLINK_LIVE,     /* not unlinked: a payment page is still open and can't be ended now */
    UNLINK_FOLLOWED, /* unlinked; the access is given back when what is under way has ended */
    UNLINK_HELD,     /* unlinked; the access could not be given back now */
    UNLINK_DONE
};
/* Ends open attempts at the provider (one that turns out paid is booked), unlinks, gives the
 * access back. Goes on where it stopped before. ERR_NOT_FOUND for no account of this
 * association. Speaks with the provider for UNLINK_PATIENCE_MS at most, but for one call. */
enum err payment_unlink(const struct payment_service *service, const struct provider_call *call,
                        int64_t association_id, int64_t account_id,
                        const struct audit_actor *actor, enum unlink_step *step);
/* Gives the access of an unlinked account back when nothing is under way there any more; a job
 * calls it when an attempt has ended. */
enum err payment_release(const struct payment_service *service, const struct provider_call *call,
                         int64_t association_id, int64_t account_id);
/* The provider says that the consent has ended at `ended_at`: no call from now on, and what is en
 * cours is à vérifier. An older end than the last link changes nothing. Inside a transaction. */
enum err account_access_ended(struct db *db, int64_t association_id, int64_t account_id,
                              int64_t ended_at, const struct audit_actor *actor, int64_t now);

enum { UNLINK_PATIENCE_MS = 15000 };

#endif
