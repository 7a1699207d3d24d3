/*
 * association: the tenants, their installation and their settings.
 *
 * Invariant: one currency, one zone, one kind (real or trial) per association, for ever.
 */
#ifndef ASSOCIATION_ASSOCIATION_H
#define ASSOCIATION_ASSOCIATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/money.h"
#include "base/zone.h"
#include "db/db.h"

enum association_kind { ASSOCIATION_REAL, ASSOCIATION_TRIAL };

/* A provider's fees: an entry for each payment, or one for all of a month. */
enum fee_booking { FEES_BY_PAYMENT, FEES_BY_MONTH };

struct association {
    int64_t id;
    const char *name;
    enum association_kind kind;
    const struct currency *currency;
    const struct zone *zone;
    const char *zone_name;
    const char *email;
    const char *how_to_pay;
    int64_t amount_min_cents;
    int64_t amount_max_cents;
    int year_first_month;
    int year_first_day;
    int year_months; /* usual length of a fiscal year */
    const char *address;
    const char *siren;           /* "" for none */
    const char *rna;             /* "" for none */
    const char *logo_hash;       /* its address; "" for none */
    int logo_width, logo_height; /* pixels */
    int64_t version;             /* of who it is: grows with each change */
    bool part_payments;          /* less than the debt may be paid */
    bool advances;               /* more than the debt may be paid */
    enum fee_booking fee_booking;
    bool covers_fees;            /* the cart proposes, unticked, to add the fees of the payment */
    const char *button_text;     /* under the buttons of the cart */
    int64_t options_version;     /* of what the cart accepts: grows with each change */
    bool second_factor_required; /* of roles that see money; never asked in a trial */
};

/* Reads one; texts in the arena. ERR_NOT_FOUND. */
enum err association_find(struct db *db, int64_t association_id, struct arena *arena,
                          struct association *association);

/* What `association add` needs; currency and zone must exist (ERR_INPUT), fiscal years start
 * on year_first_month/day. */
struct association_draft {
    int64_t id;
    const char *name;
    enum association_kind kind;
    const char *currency_code;
    const char *zone_name;
    const char *email;
    const char *how_to_pay;
    int year_first_month;
    int year_first_day;
    int64_t now;
};
/* Writes the association, its chart of accounts (accounting_chart_add is called by the
 * caller, the layer above) and an audit row. Inside a transaction. */
enum err association_add(struct db *db, const struct association_draft *draft);

/* Ids of all associations, oldest first; array in the arena. */
enum err association_list(struct db *db, struct arena *arena, int64_t **ids, size_t *count);

/* Makes the installation's row with a random mark when it is missing. Inside a transaction. */
enum err installation_ensure(struct db *db, int64_t now);
/* The mark (8 hexadecimal digits) in the arena. ERR_NOT_FOUND before `migrate`. */
enum err installation_mark(struct db *db, struct arena *arena, const char **mark);

#endif
