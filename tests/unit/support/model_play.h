/*
 * model_play: random operations on the books, each told to the model as well.
 *
 * Invariant: what an operation does is asserted at once (posted, already posted, waits, refused);
 * what the books hold afterwards is for the model to say. A number names a member, a payment, a
 * charge, a dispute, or what a provider told.
 */
#ifndef TESTS_SUPPORT_MODEL_PLAY_H
#define TESTS_SUPPORT_MODEL_PLAY_H

#include "kernel.h"
#include "model.h"

enum {
    PLAY_AT_ONCE = 12, /* members who do something; then others come */
    PLAY_TRAIL = 40
};

/* What a provider tells; its number is its name. */
struct telling {
    enum fact_kind kind;
    enum fact_nature nature;
    int payment;
    int parent; /* another telling; -1: none */
    int dispute;
    int64_t cents;
    bool told;
    bool ended; /* a refund that failed, a dispute with its end: nothing more follows it */
};

struct payment {
    int member; /* MODEL_NOBODY: of nobody, or of another site */
    bool marked;
    int telling;
    int64_t means_id; /* by hand; 0: by a provider */
    const struct provider_account *account;
    const char *home, *places;
    int64_t cents, gone_cents; /* gone: what went back so far, counted without an end */
    int64_t transaction_id;    /* 0: not known yet */
    bool cheque, deposited, touched;
    enum intent_state state;
};

struct charge {
    int64_t id, left_cents;
    int member;
};

/* Everything that happened, for the model, for repetitions, and for whoever reads a failure. */
struct play {
    struct house house;
    struct arena *lasting;
    unsigned seed, random;
    struct provider_account stripe, paypal;
    int64_t cash_id, cheque_id;
    size_t operations, done;
    struct model_fact *facts;
    struct telling *tellings;
    struct payment *payments;
    struct charge *charges;
    int64_t *members;
    const char **revenue;
    int *live; /* of a member: the payment that is open, or -1 */
    struct model_books books;
    size_t fact_count, telling_count, payment_count, charge_count, member_count, dispute_count;
    size_t untold, waited, repeated, refused, transfers;
    char trail[PLAY_TRAIL][120];
    enum model_mistake mistake;
    bool lies; /* the kernel is told of a cent more than the model */
    bool quiet;
};

/* model_play.c: drawing, and the lists. */
int play_below(struct play *play, int limit);
bool play_one_in(struct play *play, int count);
/* What the operation did, for whoever reads a failure. */
void play_note(struct play *play, const char *format, ...) __attribute__((format(printf, 2, 3)));
void play_add_fact(struct play *play, struct model_fact fact);
const char *play_name(struct play *play, const char *what, int number);
/* One of the last of a growing list; -1 when there is none. */
int play_recent(struct play *play, size_t count);
int play_some_member(struct play *play);
/* Nothing goes back of what some members pay: only they give an advance away. What of it would be
 * owed again, and what of their charges, depends on the order of things. */
bool play_keeps(int member);
int play_new_payment(struct play *play, struct payment payment);

/* model_provider.c: what providers tell: now, later, again, before what it follows. */
typedef void play_action(struct play *play);
play_action play_press;      /* an attempt, and its payment */
play_action play_move_state; /* pending, expired, failed */
play_action play_money_of_nobody;
play_action play_follow;         /* a refund, a dispute, a failure, a fee */
play_action play_follow_further; /* what ends one of these */
play_action play_at_the_account; /* a payout, another movement */
play_action play_tell_again;
play_action play_tell_untold;
/* Everything that was kept is told: parents first, as often as it takes. */
play_action play_tell_all;

/* model_desk.c: what people do. */
play_action play_charge;
play_action play_correct;
play_action play_pay_by_hand;
play_action play_refund_by_hand;
play_action play_undo_by_hand;
play_action play_carry_to_bank;
play_action play_cheque_comes_back;
/* The books of the model have just been computed: the advances are known. */
play_action play_move_advance;

#endif
