/*
 * option: what the cart of an association accepts, as its treasurer sets it.
 *
 * Invariant: written whole, against the version that the form showed; a change has one audit
 * row, and what is the same is no change.
 */
#ifndef ASSOCIATION_OPTION_H
#define ASSOCIATION_OPTION_H

#include "association/association.h"
#include "association/audit.h"

enum {
    OPTION_BUTTON_TEXT_MAX = 1000 /* characters */
};

struct option_draft {
    int64_t association_id;
    int64_t version; /* options_version of the form */
    bool part_payments;
    bool advances;
    int64_t amount_min_cents; /* at least 1, at most amount_max_cents */
    int64_t amount_max_cents;
    enum fee_booking fee_booking;
    bool covers_fees;
    const char *button_text;
};
/* Inside a transaction. ERR_CONFLICT when somebody changed the options since. */
enum err option_set(struct db *db, const struct option_draft *draft,
                    const struct audit_actor *actor);

#endif
