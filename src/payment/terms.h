/*
 * terms: what an account at a provider costs, and where its books begin.
 *
 * Invariant: older movements are out of scope, and the opening balance is what the provider held
 * then; once a movement is booked both stay. The rate is a word of the treasurer and books
 * nothing. (domain.md: provider_account.)
 */
#ifndef PAYMENT_TERMS_H
#define PAYMENT_TERMS_H

#include "base/zone.h"
#include "payment/account.h"

enum { TERMS_RATE_MAX_POINTS = 10000 /* 100 % */ };

struct terms {
    struct provider_account account; /* what stands in the list of its settings */
    struct date since_day;
    int64_t opening_cents;     /* may be negative: the provider was owed */
    bool booked;               /* a movement of it exists */
    const char *other_account; /* where money not begun in Guichet is booked */
};
/* The accounts that an association has or had at providers, linked ones first. */
enum err terms_list(struct db *db, int64_t association_id, struct arena *arena,
                    struct terms **terms, size_t *count);
/* ERR_NOT_FOUND, also for a means without provider. */
enum err terms_find(struct db *db, int64_t association_id, int64_t account_id, struct arena *arena,
                    struct terms *terms);
/* The one whose rate counts for a provider: the first of the list with a rate; NULL for none. */
const struct terms *terms_of_provider(const struct terms *terms, size_t count,
                                      const char *provider);

enum terms_result {
    TERMS_WRITTEN,
    TERMS_STALE, /* somebody changed them since the form was made */
    TERMS_BOOKED /* a movement came meanwhile: day and balance stay */
};
struct terms_draft {
    int64_t association_id;
    int64_t id;
    int64_t version;     /* of the form */
    int64_t rate_points; /* in 1/100 %; -1: not said */
    struct date since_day;
    int64_t opening_cents;
    const char *other_account; /* NULL: as it is */
};
/* Inside a transaction; anything but WRITTEN leaves all as it was. ERR_NOT_FOUND. */
enum err terms_write(struct db *db, const struct terms_draft *draft,
                     const struct audit_actor *actor, enum terms_result *result);

#endif
