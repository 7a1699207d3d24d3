#include "support/model_play.h"
#include "support/money.h"

#include <string.h>

enum { UNTOLD_MAX = 24 };

/* ---- what a provider tells ---- */

static struct payment_fact fact_of(struct play *play, const struct telling *telling)
{
    const struct payment *payment =
        telling->payment < 0 ? NULL : &play->payments[telling->payment];
    int number = (int)(telling - play->tellings);
    bool same_name = telling->kind == FACT_REFUND_FAILED || telling->kind == FACT_PAYOUT_FAILED;
    struct payment_fact fact = money_fact(
        payment ? payment->account : &play->stripe, telling->kind,
        play_name(play, "f", same_name ? telling->parent : number),
        telling->parent < 0 ? NULL : play_name(play, "f", telling->parent), telling->cents);

    fact.nature = telling->nature;
    if (telling->dispute >= 0)
        fact.dispute = play_name(play, "dp", telling->dispute);
    if (telling->kind == FACT_DISPUTE_LOST)
        fact.reference = fact.dispute;
    fact.our_mark = telling->kind == FACT_CAPTURE && payment && payment->marked;
    if (fact.our_mark)
        fact.token = play_name(play, "T", telling->payment);
    return fact;
}

static void capture_told(struct play *play, struct telling *telling, int64_t transaction_id)
{
    struct payment *payment = &play->payments[telling->payment];

    payment->transaction_id = transaction_id;
    if (payment->member == MODEL_NOBODY)
        return;
    payment->state = INTENT_PAID;
    if (play->live[payment->member] == telling->payment)
        play->live[payment->member] = -1;
}

/* The model hears of what the books have taken. */
static void take_into_model(struct play *play, const struct telling *telling)
{
    static const struct {
        enum fact_kind kind;
        enum model_what what;
        int sign;
    } meanings[] = {
        {FACT_CAPTURE, MODEL_CAPTURE, 1},       {FACT_CAPTURE_FAILED, MODEL_FAILED, 1},
        {FACT_REFUND, MODEL_REFUND, 1},         {FACT_REFUND_FAILED, MODEL_REFUND, -1},
        {FACT_DISPUTE, MODEL_DISPUTE, 1},       {FACT_DISPUTE_WON, MODEL_DISPUTE, -1},
        {FACT_DISPUTE_LOST, MODEL_LOST, 0},     {FACT_FEE, MODEL_FEE, 1},
        {FACT_DISPUTE_FEE, MODEL_FEE, 1},       {FACT_PAYOUT, MODEL_PAYOUT, 1},
        {FACT_PAYOUT_FAILED, MODEL_PAYOUT, -1}, {FACT_OTHER, MODEL_OTHER_MOVED, 1},
    };
    struct model_fact fact = {.home = "5171", .places = "4678"};
    const struct payment *payment = NULL;

    if (telling->payment >= 0) {
        payment = &play->payments[telling->payment];
        fact =
            (struct model_fact){.payment = telling->payment,
                                .member = payment->member,
                                .home = payment->home,
                                .elsewhere = payment->member == MODEL_NOBODY && !payment->marked,
                                .places = payment->places};
    }
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
        if (meanings[i].kind == telling->kind) {
            fact.what = meanings[i].what;
            fact.cents = meanings[i].sign * telling->cents;
            fact.dispute = telling->dispute < 0 ? 0 : telling->dispute;
            play_add_fact(play, fact);
            return;
        }
    assert_true(false);
}

static void tell(struct play *play, int number)
{
    struct telling *telling = &play->tellings[number];
    struct payment_fact fact = fact_of(play, telling);
    struct post_result result;

    if (play->lies && telling->kind == FACT_REFUND)
        fact.amount_cents++;
    result = kernel_post(&play->house, &fact);
    play_note(play, "tell f%d: kind %d, payment %d, parent %d, dispute %d, %lld cents: %s", number,
              telling->kind, telling->payment, telling->parent, telling->dispute,
              (long long)telling->cents, event_outcome_name(result.outcome));
    if (telling->told) {
        assert_int_equal(result.outcome, OUTCOME_ALREADY_POSTED);
        play->repeated++;
        return;
    }
    if (telling->parent >= 0 && !play->tellings[telling->parent].told) {
        assert_int_equal(result.outcome, OUTCOME_WAITS_FOR_PARENT);
        play->waited++;
        return;
    }
    assert_int_not_equal(result.outcome, OUTCOME_WAITS_FOR_PARENT);
    assert_int_not_equal(result.outcome, OUTCOME_ALREADY_POSTED);
    telling->told = true;
    play->untold--;
    if (telling->kind == FACT_CAPTURE)
        capture_told(play, telling, result.transaction_id);
    take_into_model(play, telling);
}

/* Told now, or kept for later. */
static int new_telling(struct play *play, struct telling telling)
{
    int number = (int)play->telling_count++;

    play->tellings[number] = telling;
    play->untold++;
    if (telling.kind == FACT_CAPTURE)
        play->payments[telling.payment].telling = number;
    if (play->untold > UNTOLD_MAX || !play_one_in(play, 4))
        tell(play, number);
    else
        play_note(play, "keep f%d: kind %d, payment %d, %lld cents", number, telling.kind,
                  telling.payment, (long long)telling.cents);
    return number;
}

void play_tell_again(struct play *play)
{
    int number = play_recent(play, play->telling_count);

    if (number >= 0)
        tell(play, number);
}

/* The last of those that are untold comes to its turn. */
void play_tell_untold(struct play *play)
{
    for (size_t i = 0; i < play->telling_count && play->untold > 0; i++) {
        size_t at = play->telling_count - 1 - i;

        if (!play->tellings[at].told) {
            tell(play, (int)at);
            return;
        }
    }
}

/* ---- attempts and payments ---- */

static void expect_moved(struct play *play, int number, enum fact_kind kind, enum intent_state to)
{
    struct payment *payment = &play->payments[number];
    struct payment_fact fact =
        money_fact(payment->account, kind, play_name(play, "T", number), NULL, 0);

    fact.token = play_name(play, "T", number);
    fact.our_mark = true;
    kernel_post(&play->house, &fact);
    payment->state = to;
    play_note(play, "payment %d becomes %s", number, intent_state_name(to));
}

/* Presses Payer: for what is owed, less, or more. */
void play_press(struct play *play)
{
    int member = play_some_member(play);
    bool paypal = play_one_in(play, 3);
    int number;
    struct payment payment = {.member = member,
                              .marked = true,
                              .account = paypal ? &play->paypal : &play->stripe,
                              .home = paypal ? "5172" : "5171",
                              .state = INTENT_OPEN,
                              .cents = 100 + play_below(play, 6000)};

    if (play->live[member] >= 0 || play_keeps(member))
        return;
    number = play_new_payment(play, payment);
    kernel_open_intent(&play->house, payment.account, play->members[member],
                       play_name(play, "T", number), payment.cents);
    play->live[member] = number;
    play_note(play, "member %d presses: payment %d, %lld cents", member, number,
              (long long)payment.cents);
    new_telling(play, (struct telling){.kind = FACT_CAPTURE,
                                       .payment = number,
                                       .parent = -1,
                                       .dispute = -1,
                                       .cents = play_one_in(play, 12) ? payment.cents + 7
                                                                      : payment.cents});
    play->payments[number].cents = play->tellings[play->telling_count - 1].cents;
}

/* Open attempts that are not paid yet move along the arrows of domain.md. */
void play_move_state(struct play *play)
{
    int number = play_recent(play, play->payment_count);
    struct payment *payment = number < 0 ? NULL : &play->payments[number];

    if (!payment || payment->member == MODEL_NOBODY || payment->means_id)
        return;
    switch (play_below(play, 3)) {
    case 0:
        expect_moved(play, number, FACT_PENDING,
                     payment->state == INTENT_PAID ? INTENT_PAID : INTENT_PROCESSING);
        break;
    case 1:
        expect_moved(play, number, FACT_EXPIRED,
                     payment->state == INTENT_OPEN ? INTENT_EXPIRED : payment->state);
        break;
    default:
        expect_moved(play, number, FACT_FAILED,
                     payment->state == INTENT_OPEN || payment->state == INTENT_PROCESSING
                         ? INTENT_FAILED
                         : payment->state);
    }
    if (payment->state != INTENT_OPEN && play->live[payment->member] == number)
        play->live[payment->member] = -1;
}

void play_money_of_nobody(struct play *play)
{
    int number = play_new_payment(play, (struct payment){.member = MODEL_NOBODY,
                                                         .marked = play_one_in(play, 2),
                                                         .account = &play->stripe,
                                                         .home = "5171",
                                                         .places = "471",
                                                         .cents = 1 + play_below(play, 4000)});

    new_telling(play, (struct telling){.kind = FACT_CAPTURE,
                                       .payment = number,
                                       .parent = -1,
                                       .dispute = -1,
                                       .cents = play->payments[number].cents});
}

/* ---- what follows a payment ---- */

void play_follow(struct play *play)
{
    static const enum fact_kind kinds[] = {FACT_REFUND,  FACT_REFUND,        FACT_REFUND,
                                           FACT_FEE,     FACT_FEE,           FACT_DISPUTE,
                                           FACT_DISPUTE, FACT_CAPTURE_FAILED};
    int number = play_recent(play, play->payment_count);
    struct payment *payment = number < 0 ? NULL : &play->payments[number];
    struct telling telling = {.payment = number, .dispute = -1};

    if (!payment || payment->means_id || payment->cheque)
        return;
    telling.kind = kinds[play_below(play, 8)];
    telling.parent = payment->telling;
    telling.cents = 1 + play_below(play, (int)payment->cents);
    if (telling.kind == FACT_CAPTURE_FAILED)
        telling.cents = payment->cents;
    if (telling.kind == FACT_FEE)
        telling.cents = 1 + play_below(play, 200);
    if (telling.kind == FACT_DISPUTE)
        telling.dispute = (int)play->dispute_count++;
    payment->touched = true;
    new_telling(play, telling);
}

/* Refunds fail, disputes are won, lost, or cost a fee, payouts come back. */
void play_follow_further(struct play *play)
{
    int number = play_recent(play, play->telling_count);
    struct telling *before = number < 0 ? NULL : &play->tellings[number];
    struct telling telling;

    if (!before || before->ended)
        return;
    telling = *before;
    telling.told = false;
    switch (before->kind) {
    case FACT_REFUND:
        telling.kind = FACT_REFUND_FAILED;
        telling.parent = number;
        break;
    case FACT_PAYOUT:
        telling.kind = FACT_PAYOUT_FAILED;
        telling.parent = number;
        break;
    case FACT_DISPUTE:
        telling.kind = play_one_in(play, 2)   ? FACT_DISPUTE_WON
                       : play_one_in(play, 2) ? FACT_DISPUTE_FEE
                                              : FACT_DISPUTE_LOST;
        telling.cents =
            telling.kind == FACT_DISPUTE_LOST ? 0 : 1 + play_below(play, (int)before->cents);
        break;
    default:
        return;
    }
    before->ended = true;
    new_telling(play, telling);
}

void play_at_the_account(struct play *play)
{
    bool payout = play_one_in(play, 2);

    new_telling(play, (struct telling){.kind = payout ? FACT_PAYOUT : FACT_OTHER,
                                       .nature = payout ? NATURE_UNKNOWN : NATURE_RESERVE,
                                       .payment = -1,
                                       .parent = -1,
                                       .dispute = -1,
                                       .cents = 1 + play_below(play, 5000)});
}

void play_tell_all(struct play *play)
{
    while (play->untold > 0) {
        size_t before = play->untold;

        for (size_t i = 0; i < play->telling_count; i++)
            if (!play->tellings[i].told)
                tell(play, (int)i);
        assert_true(play->untold < before);
    }
}
