#include "support/model_play.h"
#include "support/money.h"

#include "base/random.h"
#include "payment/correct.h"
#include "payment/manual.h"
#include "payment/take_back.h"

enum { RECENT_CHEQUES = 60 };

/* ---- the hand of the treasurer ---- */

struct hand {
    struct play *play;
    struct payment *payment;
    int64_t cents;
    const char *reference;
    int64_t ids[3];
    size_t count;
    struct post_result result;
    bool fresh;
};

static const struct audit_actor somebody = {0, ""};

static enum err write_payment(struct db *db, void *argument)
{
    struct hand *hand = argument;
    struct cheque_draft cheque = {hand->reference, "BRED", "Ada", {2026, 10, 15}};
    struct manual_payment payment = {
        .association_id = hand->play->house.association_id,
        .member_id = hand->play->members[hand->payment->member],
        .provider_account_id = hand->payment->means_id,
        .reference = hand->reference,
        .amount_cents = hand->payment->cents,
        .fact_at = HOUSE_NOW,
        .label = "Paiement",
        .donation_label = "Don",
        .donation_account = "75411",
        .cheque = hand->payment->cheque ? &cheque : NULL,
        .actor = somebody,
    };

    return payment_post_manual(db, &payment, HOUSE_NOW, hand->play->house.arena, &hand->result);
}

void play_pay_by_hand(struct play *play)
{
    bool cheque = play_one_in(play, 2);
    int number = play_new_payment(
        play, (struct payment){.member = play_some_member(play),
                               .cheque = cheque,
                               .means_id = cheque ? play->cheque_id : play->cash_id,
                               .home = cheque ? "5112" : "530",
                               .state = INTENT_PAID,
                               .cents = 1 + play_below(play, 6000)});
    struct hand hand = {.play = play,
                        .payment = &play->payments[number],
                        .reference = play_name(play, "c", number)};

    house_ok(db_transaction(play->house.db, write_payment, &hand));
    assert_int_equal(hand.result.outcome, OUTCOME_POSTED);
    hand.payment->transaction_id = hand.result.transaction_id;
    play_note(play, "payment %d by hand of member %d: %lld cents, %s", number,
              hand.payment->member, (long long)hand.payment->cents, hand.payment->home);
    play_add_fact(play, (struct model_fact){.what = MODEL_CAPTURE,
                                            .payment = number,
                                            .member = hand.payment->member,
                                            .home = hand.payment->home,
                                            .cents = hand.payment->cents});
    house_ok(db_transaction(play->house.db, write_payment, &hand));
    assert_int_equal(hand.result.outcome, OUTCOME_ALREADY_POSTED);
}

static enum err write_refund(struct db *db, void *argument)
{
    struct hand *hand = argument;
    const struct payment_refund refund = {
        .association_id = hand->play->house.association_id,
        .transaction_id = hand->payment->transaction_id,
        .provider_account_id = hand->play->cash_id,
        .reference = hand->reference,
        .amount_cents = hand->cents,
        .label = "Remboursement",
        .fact_at = HOUSE_NOW,
        .actor = somebody,
        .now = HOUSE_NOW,
    };
    int64_t movement_id;

    return payment_refund(db, &refund, hand->play->house.arena, &hand->fresh, &movement_id);
}

/* What is there to go back of a payment; a cent more is refused. */
static int64_t left_of(const struct play *play, int number)
{
    return play->payments[number].cents - play->payments[number].gone_cents;
}

void play_refund_by_hand(struct play *play)
{
    int number = play_recent(play, play->payment_count);
    struct hand hand = {.play = play};
    int64_t left = number < 0 ? 0 : left_of(play, number);
    bool too_much = play_one_in(play, 4);

    if (left <= 0 || !play->payments[number].transaction_id ||
        play->payments[number].member == MODEL_NOBODY || play_keeps(play->payments[number].member))
        return;
    hand.payment = &play->payments[number];
    hand.reference = play_name(play, "h", (int)play->done);
    hand.cents = too_much ? left + 1 : 1 + play_below(play, (int)left);
    house_check(db_transaction(play->house.db, write_refund, &hand), too_much ? ERR_CONFLICT : OK,
                __FILE__, __LINE__);
    play_note(play, "refund of payment %d by hand: %lld of %lld cents%s", number,
              (long long)hand.cents, (long long)left, too_much ? ", refused" : "");
    play->refused += too_much;
    if (too_much)
        return;
    hand.payment->touched = true;
    play_add_fact(
        play, (struct model_fact){
                  .what = MODEL_REFUND, .payment = number, .home = "530", .cents = hand.cents});
}

static enum err write_undo(struct db *db, void *argument)
{
    struct hand *hand = argument;
    const struct payment_reversal reversal = {
        .association_id = hand->play->house.association_id,
        .transaction_id = hand->payment->transaction_id,
        .reference = hand->reference,
        .label = "Annulation",
        .reason = "saisi deux fois",
        .fact_at = HOUSE_NOW,
        .actor = somebody,
        .now = HOUSE_NOW,
    };

    return payment_undo_manual(db, &reversal, hand->play->house.arena);
}

void play_undo_by_hand(struct play *play)
{
    int number = play_recent(play, play->payment_count);
    struct hand hand = {.play = play};
    bool refused;

    if (number < 0 || !play->payments[number].means_id ||
        play_keeps(play->payments[number].member))
        return;
    hand.payment = &play->payments[number];
    hand.reference = play_name(play, "u", (int)play->done);
    refused = hand.payment->touched || hand.payment->deposited;
    house_check(db_transaction(play->house.db, write_undo, &hand), refused ? ERR_CONFLICT : OK,
                __FILE__, __LINE__);
    play_note(play, "payment %d is taken back%s", number, refused ? ": refused" : "");
    play->refused += refused;
    if (refused)
        return;
    hand.payment->touched = true;
    play_add_fact(play, (struct model_fact){.what = MODEL_FAILED,
                                            .payment = number,
                                            .home = hand.payment->home,
                                            .cents = hand.payment->cents});
}

/* ---- cheques ---- */

static enum err write_deposit(struct db *db, void *argument)
{
    struct hand *hand = argument;
    struct cheque_deposit deposit = {
        .association_id = hand->play->house.association_id,
        .provider_account_id = hand->play->cheque_id,
        .transaction_ids = hand->ids,
        .count = hand->count,
        .bank_account = "5121",
        .day = {2026, 10, 20},
        .actor = somebody,
        .now = HOUSE_NOW,
    };
    int64_t number, cents;
    enum err err = random_id(&deposit.id);

    return err ? err : payment_deposit(db, &deposit, hand->play->house.arena, &number, &cents);
}

void play_carry_to_bank(struct play *play)
{
    struct hand hand = {.play = play};
    int numbers[3] = {0};

    for (size_t i = 0; i < RECENT_CHEQUES && i < play->payment_count && hand.count < 3; i++) {
        int number = (int)(play->payment_count - 1 - i);
        struct payment *payment = &play->payments[number];

        if (!payment->cheque || payment->deposited || payment->touched)
            continue;
        payment->deposited = true;
        numbers[hand.count] = number;
        hand.ids[hand.count++] = payment->transaction_id;
    }
    if (!hand.count)
        return;
    house_ok(db_transaction(play->house.db, write_deposit, &hand));
    house_err(db_transaction(play->house.db, write_deposit, &hand), ERR_CONFLICT);
    play_note(play, "%zu cheques to the bank, the first of payment %d", hand.count, numbers[0]);
    for (size_t i = 0; i < hand.count; i++)
        play_add_fact(play, (struct model_fact){.what = MODEL_DEPOSIT,
                                                .home = "5112",
                                                .cents = play->payments[numbers[i]].cents});
}

static enum err write_returned(struct db *db, void *argument)
{
    struct hand *hand = argument;
    const struct cheque_return given = {
        .association_id = hand->play->house.association_id,
        .transaction_id = hand->payment->transaction_id,
        .fee_cents = hand->cents,
        .reason = "sans provision",
        .day = {2026, 10, 25},
        .actor = somebody,
        .now = HOUSE_NOW,
    };

    return payment_cheque_returned(db, &given, hand->play->house.arena);
}

void play_cheque_comes_back(struct play *play)
{
    int number = play_recent(play, play->payment_count);
    struct hand hand = {.play = play, .cents = play_below(play, 2) * 1250};

    if (number < 0 || !play->payments[number].deposited || play->payments[number].touched ||
        play_keeps(play->payments[number].member))
        return;
    hand.payment = &play->payments[number];
    house_ok(db_transaction(play->house.db, write_returned, &hand));
    house_err(db_transaction(play->house.db, write_returned, &hand), ERR_CONFLICT);
    play_note(play, "the cheque of payment %d comes back, fee %lld", number,
              (long long)hand.cents);
    hand.payment->touched = true;
    play_add_fact(play, (struct model_fact){.what = MODEL_FAILED,
                                            .payment = number,
                                            .home = "5112",
                                            .cents = hand.payment->cents});
    play_add_fact(play, (struct model_fact){
                            .what = MODEL_DEPOSIT, .home = "5112", .cents = -hand.payment->cents});
    play_add_fact(play, (struct model_fact){.what = MODEL_OTHER_MOVED,
                                            .home = "627",
                                            .places = "5121",
                                            .cents = hand.cents});
}

/* ---- carts ---- */

void play_charge(struct play *play)
{
    int member = play_some_member(play);
    int64_t cents = 1 + play_below(play, play_keeps(member) ? 300 : 5000);
    int64_t id =
        money_charge(&play->house, play->members[member], cents, play->revenue[member], "Dépense");

    play->charges[play->charge_count++] =
        (struct charge){.id = id, .left_cents = cents, .member = member};
    play_note(play, "charge %zu of member %d: %lld cents", play->charge_count - 1, member,
              (long long)cents);
    play_add_fact(play,
                  (struct model_fact){.what = MODEL_CHARGE, .member = member, .cents = cents});
}

static enum err write_correction(struct db *db, void *argument)
{
    struct hand *hand = argument;
    struct charge_correction correction = {
        .association_id = hand->play->house.association_id,
        .charge_line_id = hand->ids[0],
        .amount_cents = hand->cents,
        .label = "Annulé",
        .date = {2026, 10, 1},
        .actor = somebody,
        .now = HOUSE_NOW,
    };
    enum err err = random_id(&correction.id);

    return err ? err : payment_correct_charge(db, &correction, hand->play->house.arena);
}

void play_correct(struct play *play)
{
    int number = play_recent(play, play->charge_count);
    struct charge *of = number < 0 ? NULL : &play->charges[number];
    bool too_much = play_one_in(play, 4);
    struct hand hand = {.play = play};

    if (!of || (of->left_cents == 0 && !too_much))
        return;
    hand.ids[0] = of->id;
    hand.cents = too_much ? of->left_cents + 1 : 1 + play_below(play, (int)of->left_cents);
    house_check(db_transaction(play->house.db, write_correction, &hand),
                too_much ? ERR_CONFLICT : OK, __FILE__, __LINE__);
    play_note(play, "charge %d is corrected by %lld cents%s", number, (long long)hand.cents,
              too_much ? ": refused" : "");
    play->refused += too_much;
    if (too_much)
        return;
    of->left_cents -= hand.cents;
    play_add_fact(play, (struct model_fact){
                            .what = MODEL_CHARGE, .member = of->member, .cents = -hand.cents});
}

struct transferring {
    struct play *play;
    struct advance_transfer transfer;
};

static enum err write_transfer(struct db *db, void *argument)
{
    struct transferring *transferring = argument;

    return payment_transfer_advance(db, &transferring->transfer, transferring->play->house.arena);
}

void play_move_advance(struct play *play)
{
    int from = play_some_member(play), to = play_some_member(play);
    int64_t advance = play->books.advance_cents[from];
    bool too_much = play_one_in(play, 3);
    struct transferring transferring = {
        .play = play,
        .transfer = {.association_id = play->house.association_id,
                     .from_member_id = play->members[from],
                     .to_member_id = play->members[to],
                     .reason = "famille",
                     .date = {2026, 10, 1},
                     .actor = somebody,
                     .now = HOUSE_NOW},
    };

    if (advance <= 0 || !play_keeps(from) || play_keeps(to))
        return;
    transferring.transfer.amount_cents =
        too_much ? advance + 1 : 1 + play_below(play, (int)advance);
    house_ok(random_id(&transferring.transfer.debit_id));
    house_ok(random_id(&transferring.transfer.credit_id));
    house_check(db_transaction(play->house.db, write_transfer, &transferring),
                too_much ? ERR_CONFLICT : OK, __FILE__, __LINE__);
    play_note(play, "member %d gives %lld of an advance of %lld cents to member %d%s", from,
              (long long)transferring.transfer.amount_cents, (long long)advance, to,
              too_much ? ": refused" : "");
    play->refused += too_much;
    if (too_much)
        return;
    play->transfers++;
    play->books.advance_cents[from] -= transferring.transfer.amount_cents;
    play_add_fact(play, (struct model_fact){.what = MODEL_TRANSFER,
                                            .member = from,
                                            .to_member = to,
                                            .cents = transferring.transfer.amount_cents});
}
