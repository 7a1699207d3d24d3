/*
 * cart: what a member owes, paid and has in advance.
 *
 * Invariant: the balance is the sum of the lines, computed, never stored; a line is never
 * changed or deleted, it is corrected by another. (domain.md)
 */
#ifndef ASSOCIATION_CART_H
#define ASSOCIATION_CART_H

#include <stdbool.h>
#include <stdint.h>

#include "base/zone.h"
#include "db/db.h"

enum cart_kind {
    CART_CHARGE,
    CART_PAYMENT,
    CART_REFUND,
    CART_ADJUSTMENT,
    CART_DONATION,
    CART_DISPUTE
};
const char *cart_kind_name(enum cart_kind kind);
/* ERR_DB when it is none. */
enum err cart_kind_from_name(struct str name, enum cart_kind *kind);

struct cart_line {
    int64_t id;
    enum cart_kind kind;
    int64_t amount_cents;  /* charges positive, payments negative */
    int64_t balance_cents; /* after this line, in date order */
    const char *label;
    struct date date;
    int64_t fiscal_year_id;
    const char *fiscal_year_label;
    const char *fiscal_year_first_day; /* ISO */
    int64_t open_cents;                /* charges: what is still due of it */
    int64_t left_cents;                /* charges: what its corrections leave of it */
    int64_t corrects_line_id;          /* 0: none */
    const char *account_code;          /* NULL: none */
    int64_t transaction_id;            /* the movement behind it; 0: none */
    int64_t entry_id;                  /* 0: it made none */
    int64_t payer_id;                  /* the member whose movement is behind it; 0: none */
};

/* The lines of a cart in date order with running balance. Array in the arena. */
enum err cart_lines(struct db *db, int64_t association_id, int64_t member_id, struct arena *arena,
                    struct cart_line **lines, size_t *count);
/* Positive: the member owes; negative: has an advance. */
enum err cart_balance(struct db *db, int64_t association_id, int64_t member_id,
                      int64_t *balance_cents);

/* A fiscal year, as carts see it. */
struct cart_year {
    int64_t id;
    const char *label;
    const char *first_day; /* ISO */
    bool used;             /* a cart that was read has lines of it */
};

/* One line to write. Inside a transaction. */
struct cart_draft {
    int64_t id;
    int64_t association_id;
    int64_t member_id;
    enum cart_kind kind;
    int64_t amount_cents;
    const char *label;
    struct date date;
    int64_t fiscal_year_id;
    int64_t product_id;       /* 0: none */
    const char *account_code; /* NULL: none */
    int64_t transaction_id;   /* 0: none */
    int64_t entry_id;         /* 0: none */
    int64_t corrects_line_id; /* 0: none */
    int64_t login_id;         /* 0: none */
    int64_t now;
};
enum err cart_add_line(struct db *db, const struct cart_draft *draft);

/* What a line is, and its fiscal year. ERR_NOT_FOUND. */
enum err cart_line_kind(struct db *db, int64_t association_id, int64_t line_id,
                        enum cart_kind *kind, int64_t *fiscal_year_id);

/* A charge, donation or adjustment against the member, as its corrections see it. */
struct cart_charge {
    int64_t member_id;
    enum cart_kind kind;
    const char *label;
    int64_t amount_cents;
    int64_t fiscal_year_id;
    const char *account_code; /* NULL: none */
    int64_t left_cents;       /* after earlier corrections */
    int64_t paid_cents;       /* of it: by payments, and by adjustments in the member's favour */
    int64_t money_cents;      /* of that: by payments alone */
};
/* ERR_NOT_FOUND when there is no such line, or it is none of these. */
enum err cart_charge_find(struct db *db, int64_t association_id, int64_t line_id,
                          struct arena *arena, struct cart_charge *charge);

/* A charge as another one would be. */
struct cart_same {
    int64_t association_id;
    int64_t member_id;
    struct date date;
    int64_t product_id; /* 0: none; the same product is the same charge, whatever its price */
    const char *label;
    int64_t amount_cents;
};
/* Does the cart hold it, or a part of it that was not taken off? */
enum err cart_has_same(struct db *db, const struct cart_same *same, bool *has);

/* A charge with something still due. */
struct cart_due {
    int64_t charge_line_id;
    int64_t member_id;
    int64_t member_number;
    const char *first_name;
    const char *last_name;
    const char *label;
    struct date date;
    int64_t open_cents;
    const char *account_code;
    const char *fiscal_year_first_day; /* ISO: decides 487 */
};
/* The open charges of a payer's own cart and of those they pay for: oldest first. */
enum err cart_dues(struct db *db, int64_t association_id, int64_t payer_id, struct arena *arena,
                   struct cart_due **dues, size_t *count);
/* A credit with something left: payments, oldest first. */
struct cart_credit {
    int64_t payment_line_id;
    int64_t left_cents;
};
enum err cart_credits(struct db *db, int64_t association_id, int64_t member_id,
                      struct arena *arena, struct cart_credit **credits, size_t *count);

/* One link payment -> charge. Inside a transaction; a trigger refuses more than the lines. */
struct allocation_draft {
    int64_t association_id;
    int64_t member_id;
    int64_t payment_line_id;
    int64_t charge_line_id;
    int64_t amount_cents;
    int deferred;     /* booked to 487 */
    int returned;     /* taken back by what followed the payment, or given again */
    int64_t entry_id; /* 0: an adjustment closes a charge, nothing is booked */
    int64_t now;
};
enum err cart_allocate(struct db *db, const struct allocation_draft *draft);

#endif
