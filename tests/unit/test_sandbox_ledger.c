/*
 * What moves at the practice providers: every move is whole, none can be made twice, and the
 * notifications are those that were asked for.
 */
#include "support/sandbox_bench.h"

#include <string.h>

#include "sandbox/row.h"
#include "sandbox_queries.h"

static void start(struct bench *bench, struct stripe_move *move, const char *session_id,
                  const char *outcome)
{
    stripe_move_init(move, &bench->sandbox, bench->arena, session_id);
    move->now = BENCH_NOW + 60;
    move->name = "Jeanne Martin";
    move->email = "jeanne@example.org";
    move->notify.mode = "normal";
    bench_ok(stripe_move_choose(move, outcome, NULL, NULL));
}

static enum err act(struct bench *bench, struct stripe_move *move)
{
    return db_write(bench->sandbox.writer, stripe_move_pay, move);
}

/* The notifications made so far, in their order: "charge.succeeded payment_intent...". */
static const char *kinds(struct bench *bench)
{
    json_auto_t *rows = NULL;
    struct buffer text;

    bench_ok(row_list(bench->thread.db, SQ_DELIVERY_LIST,
                      DB_VALUES(db_null(), db_null(), db_null(), db_int(100)), &rows));
    buffer_init(&text, bench->arena, 256);
    for (size_t i = 0; i < json_array_size(rows); i++)
        buffer_printf(&text, "%s%s", i ? " " : "", row_text(json_array_get(rows, i), "kind"));
    return text.len ? text.data : "";
}

static void assert_session(struct bench *bench, const char *id, const char *status,
                           const char *payment_status)
{
    assert_int_equal(bench_count(bench,
                                 "SELECT count(*) FROM stripe_session WHERE id = '%s' "
                                 "AND status = '%s' AND payment_status = '%s'",
                                 id, status, payment_status),
                     1);
}

/* ---- Stripe ---- */

static void test_a_card_pays_at_once(void **state)
{
    struct bench *bench = *state;
    const char *id = bench_session(bench, 4250);
    struct stripe_move move;

    start(bench, &move, id, "pay");
    bench_ok(act(bench, &move));
    assert_null(move.code);
    assert_false(move.challenge);
    assert_session(bench, id, "complete", "paid");
    assert_int_equal(bench_count(bench, "SELECT amount_cents FROM stripe_balance"), 4250);
    assert_int_equal(bench_count(bench, "SELECT fee_cents FROM stripe_balance"), 89);
    assert_int_equal(bench_count(bench,
                                 "SELECT count(*) FROM stripe_charge WHERE status = "
                                 "'succeeded' AND captured_at = %lld",
                                 (long long)BENCH_NOW + 60),
                     1);
    assert_string_equal(kinds(bench),
                        "charge.succeeded payment_intent.succeeded checkout.session.completed");
}

static void test_a_session_is_paid_once(void **state)
{
    struct bench *bench = *state;
    const char *id = bench_session(bench, 4250);
    struct stripe_move move;

    start(bench, &move, id, "pay");
    bench_ok(act(bench, &move));
    start(bench, &move, id, "pay");
    bench_err(act(bench, &move), ERR_CONFLICT);
    start(bench, &move, id, "declined");
    bench_err(act(bench, &move), ERR_CONFLICT);
    bench_err(db_write(bench->sandbox.writer, stripe_move_expire, &move), ERR_CONFLICT);
    bench_err(db_write(bench->sandbox.writer, stripe_move_settle, &move), ERR_CONFLICT);
    assert_int_equal(bench_count(bench, "SELECT count(*) FROM stripe_balance"), 1);
    assert_int_equal(bench_count(bench, "SELECT count(*) FROM stripe_charge"), 1);
    start(bench, &move, "cs_test_nobody", "pay");
    bench_err(act(bench, &move), ERR_NOT_FOUND);
}

static void test_a_refused_card_leaves_the_session_open(void **state)
{
    struct bench *bench = *state;
    const char *id = bench_session(bench, 4250);
    struct stripe_move move;

    start(bench, &move, id, "no_funds");
    bench_ok(act(bench, &move));
    assert_string_equal(move.code, "card_declined");
    assert_string_equal(move.decline_code, "insufficient_funds");
    assert_session(bench, id, "open", "unpaid");
    start(bench, &move, id, "pay");
    bench_ok(act(bench, &move));
    assert_null(move.code);
    assert_int_equal(bench_count(bench, "SELECT count(*) FROM stripe_payment"), 1);
    assert_int_equal(bench_count(bench, "SELECT count(*) FROM stripe_charge"), 2);
    assert_int_equal(bench_count(bench, "SELECT count(*) FROM stripe_balance"), 1);
    assert_session(bench, id, "complete", "paid");
}

static void test_a_challenge_is_passed_or_failed(void **state)
{
    struct bench *bench = *state;
    const char *id = bench_session(bench, 4250);
    struct stripe_move move;

    start(bench, &move, id, "three_d_secure");
    bench_ok(act(bench, &move));
    assert_true(move.challenge);
    assert_int_equal(bench_count(bench, "SELECT count(*) FROM stripe_charge"), 0);
    move.refuse_secure = true;
    bench_ok(act(bench, &move));
    assert_string_equal(move.code, "payment_intent_authentication_failure");
    assert_session(bench, id, "open", "unpaid");
    move.refuse_secure = false;
    move.secure = true;
    bench_ok(act(bench, &move));
    assert_session(bench, id, "complete", "paid");
    assert_int_equal(bench_count(bench, "SELECT count(*) FROM stripe_charge WHERE secure = 1"), 1);
}

static void settle(struct bench *bench, const char *id, bool succeed, enum err expected)
{
    struct stripe_move move;

    stripe_move_init(&move, &bench->sandbox, bench->arena, id);
    move.succeed = succeed;
    bench_err(db_write(bench->sandbox.writer, stripe_move_settle, &move), expected);
}

static void test_a_debit_ends_later(void **state)
{
    struct bench *bench = *state;
    struct stripe_move move;

    for (int succeed = 0; succeed < 2; succeed++) {
        const char *id = bench_session(bench, 4250);

        start(bench, &move, id, succeed ? "sepa" : "sepa_failed");
        bench_ok(act(bench, &move));
        assert_session(bench, id, "complete", "unpaid");
        assert_int_equal(bench_count(bench, "SELECT count(*) FROM stripe_balance"), 0);
        assert_int_equal(
            bench_count(bench, "SELECT settle_at FROM stripe_session WHERE id = '%s'", id),
            BENCH_NOW + 120);
        settle(bench, id, succeed, OK);
        settle(bench, id, succeed, ERR_CONFLICT);
        settle(bench, id, !succeed, ERR_CONFLICT);
        assert_session(bench, id, "complete", succeed ? "paid" : "unpaid");
        assert_int_equal(bench_count(bench, "SELECT count(*) FROM stripe_balance"), succeed);
    }
}

static void test_an_expired_session_takes_no_money(void **state)
{
    struct bench *bench = *state;
    const char *id = bench_session(bench, 4250);
    const char *other = bench_session(bench, 4250);
    struct stripe_move move;

    start(bench, &move, id, "declined");
    bench_ok(act(bench, &move));
    stripe_move_init(&move, &bench->sandbox, bench->arena, id);
    bench_ok(db_write(bench->sandbox.writer, stripe_move_expire, &move));
    assert_session(bench, id, "expired", "unpaid");
    assert_int_equal(
        bench_count(bench, "SELECT count(*) FROM stripe_payment WHERE status = 'canceled'"), 1);
    start(bench, &move, id, "pay");
    bench_err(act(bench, &move), ERR_CONFLICT);
    /* Its time is over, though nothing has looked yet. */
    start(bench, &move, other, "pay");
    move.now = BENCH_NOW + 24 * 3600;
    bench_err(act(bench, &move), ERR_CONFLICT);
    assert_int_equal(bench_count(bench, "SELECT count(*) FROM stripe_charge WHERE status <> "
                                        "'failed'"),
                     0);
}

static void test_a_failure_leaves_nothing_behind(void **state)
{
    struct bench *bench = *state;
    const char *id = bench_session(bench, 4250);
    struct stripe_move move;

    bench_execute(bench, "CREATE TRIGGER spoil BEFORE INSERT ON delivery WHEN NEW.kind = "
                         "'checkout.session.completed' BEGIN SELECT RAISE(ABORT, 'spoilt'); END");
    start(bench, &move, id, "pay");
    bench_err(act(bench, &move), ERR_CONFLICT);
    assert_session(bench, id, "open", "unpaid");
    assert_int_equal(bench_count(bench, "SELECT (SELECT count(*) FROM stripe_payment) + (SELECT "
                                        "count(*) FROM stripe_charge) + (SELECT count(*) FROM "
                                        "stripe_event) + (SELECT count(*) FROM delivery)"),
                     0);
    bench_execute(bench, "DROP TRIGGER spoil");
    bench_ok(act(bench, &move));
    assert_session(bench, id, "complete", "paid");
}

static void test_the_ledger_refuses_untrue_rows(void **state)
{
    static const char *const untrue[] = {
        "UPDATE stripe_charge SET status = 'pending'",
        "UPDATE stripe_charge SET captured_at = NULL",
        "UPDATE stripe_charge SET refunded_cents = amount_cents + 1",
        "UPDATE stripe_charge SET balance_due_at = 1",
        "UPDATE stripe_session SET amount_cents = 0",
        "UPDATE stripe_session SET status = 'gone'",
        "UPDATE stripe_payment SET session_id = 'cs_none'",
    };
    struct bench *bench = *state;
    struct stripe_move move;
    struct db *db = NULL;

    start(bench, &move, bench_session(bench, 4250), "pay");
    bench_ok(act(bench, &move));
    bench_ok(db_open(bench->database, DB_WRITE, &sandbox_queries, &db));
    for (size_t i = 0; i < sizeof(untrue) / sizeof(*untrue); i++)
        assert_int_not_equal(db_execute_text(db, untrue[i]), OK);
    db_close(db);
}

/* ---- ways of notifying ---- */

static void test_ways_of_notifying(void **state)
{
    static const struct {
        const char *mode;
        const char *state;
        int64_t made;
        int64_t delay_ms;
        int64_t bad;
    } ways[] = {
        {"normal", "waiting", 3, 0, 0},       {"twice", "waiting", 6, 0, 0},
        {"late", "waiting", 3, 9000, 0},      {"before", "waiting", 3, 0, 0},
        {"never", "dropped", 3, 0, 0},        {"bad_signature", "waiting", 3, 0, 3},
        {"out_of_order", "waiting", 3, 0, 0},
    };
    struct bench *bench = *state;

    for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
        const char *id = bench_session(bench, 1000);
        struct stripe_move move;

        start(bench, &move, id, "pay");
        move.notify = (struct notify){.mode = ways[i].mode, .late_s = 9};
        bench_ok(act(bench, &move));
        assert_int_equal(move.batch.count, ways[i].made);
        assert_int_equal(bench_count(bench,
                                     "SELECT count(*) FROM delivery WHERE object_id = '%s' AND "
                                     "state = '%s' AND due_at_ms = created_at_ms + %lld",
                                     id, ways[i].state, (long long)ways[i].delay_ms),
                         ways[i].made);
        assert_int_equal(bench_count(bench,
                                     "SELECT coalesce(sum(bad_signature), 0) FROM delivery "
                                     "WHERE object_id = '%s'",
                                     id),
                         ways[i].bad);
    }
}

static void test_out_of_order_is_last_first(void **state)
{
    struct bench *bench = *state;
    struct stripe_move move;

    start(bench, &move, bench_session(bench, 1000), "pay");
    move.notify.mode = "out_of_order";
    bench_ok(act(bench, &move));
    assert_string_equal(kinds(bench),
                        "checkout.session.completed payment_intent.succeeded charge.succeeded");
}

static void test_everything_can_be_held(void **state)
{
    struct bench *bench = *state;
    struct stripe_move move;

    bench_execute(bench, "INSERT INTO setting (name, value) VALUES ('held', 1)");
    start(bench, &move, bench_session(bench, 1000), "pay");
    bench_ok(act(bench, &move));
    assert_int_equal(bench_count(bench, "SELECT count(*) FROM delivery WHERE state = 'held'"), 3);
    start(bench, &move, bench_session(bench, 1000), "pay");
    move.notify.mode = "never";
    bench_ok(act(bench, &move));
    assert_int_equal(bench_count(bench, "SELECT count(*) FROM delivery WHERE state = 'held'"), 3);
}

static void test_a_batch_has_a_limit(void **state)
{
    struct delivery_batch batch = {0};
    struct delivery_draft draft = {.provider = "stripe"};

    (void)state;
    for (int i = 0; i < DELIVERY_BATCH_MAX; i++)
        bench_ok(delivery_plan(&batch, &draft));
    bench_err(delivery_plan(&batch, &draft), ERR_LIMIT);
}

/* ---- PayPal ---- */

static enum err pay(struct bench *bench, struct paypal_move *move, const char *token,
                    const char *outcome, const char *mode)
{
    paypal_move_init(move, &bench->sandbox, bench->arena, token);
    move->outcome = outcome;
    move->now = BENCH_NOW;
    move->notify = (struct notify){.mode = mode, .late_s = 30};
    return db_write(bench->sandbox.writer, paypal_move_pay, move);
}

static void test_a_visit_is_paid_once(void **state)
{
    struct bench *bench = *state;
    const char *token = bench_visit(bench, "42.50", "");
    struct paypal_move move;

    bench_ok(pay(bench, &move, token, "completed", "normal"));
    bench_err(pay(bench, &move, token, "completed", "normal"), ERR_CONFLICT);
    bench_err(pay(bench, &move, token, "declined", "normal"), ERR_INPUT);
    bench_err(pay(bench, &move, "EC-NOBODY", "completed", "normal"), ERR_NOT_FOUND);
    assert_int_equal(bench_count(bench, "SELECT count(*) FROM paypal_payment WHERE gross_cents = "
                                        "4250 AND fee_cents = 158 AND status = 'Completed'"),
                     1);
    assert_int_equal(bench_count(bench, "SELECT count(*) FROM paypal_ipn"), 1);
}

static void test_a_pending_payment_ends_once(void **state)
{
    struct bench *bench = *state;
    struct paypal_move move;
    const char *txn_id = NULL;

    bench_ok(pay(bench, &move, bench_visit(bench, "42.50", ""), "echeck", "twice"));
    txn_id = move.txn_id;
    assert_int_equal(bench_count(bench, "SELECT count(*) FROM delivery"), 2);
    for (int round = 0; round < 2; round++) {
        paypal_move_init(&move, &bench->sandbox, bench->arena, NULL);
        move.txn_id = txn_id;
        move.status = round ? "Denied" : "Completed";
        bench_err(db_write(bench->sandbox.writer, paypal_move_settle, &move),
                  round ? ERR_CONFLICT : OK);
    }
    /* What comes later is told as it was paid: twice. */
    assert_int_equal(bench_count(bench, "SELECT count(*) FROM delivery"), 4);
    assert_int_equal(bench_count(bench, "SELECT count(*) FROM paypal_ipn"), 2);
}

static void test_other_outcomes(void **state)
{
    struct bench *bench = *state;
    struct paypal_move move;

    bench_ok(pay(bench, &move, bench_visit(bench, "42.50", ""), "amount_changed", "normal"));
    bench_ok(pay(bench, &move, bench_visit(bench, "42.50", ""), "other_receiver", "normal"));
    bench_ok(pay(bench, &move, bench_visit(bench, "42.50", ""), "guest", "resend"));
    assert_int_equal(bench_count(bench, "SELECT sum(gross_cents) FROM paypal_payment"),
                     100 + 4250 + 4250);
    assert_int_equal(bench_count(bench, "SELECT count(*) FROM paypal_payment WHERE receiver_id <> "
                                        "'" BENCH_BUSINESS "'"),
                     1);
    assert_int_equal(
        bench_count(bench, "SELECT count(*) FROM paypal_payment WHERE receipt_id IS NOT NULL"), 1);
    assert_int_equal(bench_count(bench, "SELECT max(due_at_ms - created_at_ms) FROM delivery"),
                     30000);
}

static void test_a_payment_without_address_is_told_to_nobody(void **state)
{
    struct bench *bench = *state;
    struct paypal_move move;

    bench_execute(bench, "INSERT INTO paypal_form (token, business_id, fields, amount_cents, "
                         "currency, created_at) VALUES ('EC-1', '" BENCH_BUSINESS "', '{}', 500, "
                         "'EUR', 1)");
    bench_ok(pay(bench, &move, "EC-1", "completed", "twice"));
    assert_int_equal(bench_count(bench, "SELECT count(*) FROM delivery"), 0);
    assert_int_equal(bench_count(bench, "SELECT count(*) FROM paypal_ipn"), 1);
}

/* ---- what follows a PayPal payment ---- */

static enum err follow(struct bench *bench, const char *payment_id, const char *kind,
                       int64_t amount_cents)
{
    struct paypal_step step;

    paypal_step_init(&step, &bench->sandbox, bench->arena, payment_id);
    step.kind = kind;
    step.amount_cents = amount_cents;
    return db_write(bench->sandbox.writer, paypal_follow, &step);
}

static int64_t balance(struct bench *bench, const char *currency)
{
    return bench_count(bench,
                       "SELECT coalesce(sum(gross_cents - fee_cents), 0) FROM paypal_movement "
                       "WHERE currency = '%s'",
                       currency);
}

static void test_no_more_is_refunded_than_was_paid(void **state)
{
    struct bench *bench = *state;
    struct paypal_move move;
    const char *txn_id = NULL;

    bench_ok(pay(bench, &move, bench_visit(bench, "42.50", ""), "completed", "normal"));
    txn_id = move.txn_id;
    assert_int_equal(balance(bench, "EUR"), 4250 - 158);
    bench_err(follow(bench, txn_id, "refund", 4251), ERR_INPUT);
    bench_ok(follow(bench, txn_id, "refund", 1000)); /* 2.9 % of it come back */
    assert_int_equal(balance(bench, "EUR"), 3250 - 129);
    bench_err(follow(bench, txn_id, "refund", 3251), ERR_INPUT);
    bench_ok(follow(bench, txn_id, "refund", 0));
    assert_int_equal(balance(bench, "EUR"), -35); /* the fixed part stays with PayPal */
    bench_err(follow(bench, txn_id, "refund", 1), ERR_CONFLICT);
    bench_err(follow(bench, txn_id, "reversal", 0), ERR_CONFLICT);
    bench_err(follow(bench, "NOBODYNOBODYNOBOD", "refund", 0), ERR_NOT_FOUND);
    bench_err(follow(bench, txn_id, "gift", 0), ERR_INPUT);
    assert_int_equal(bench_count(bench, "SELECT count(*) FROM paypal_ipn"), 3);
}

static void test_a_reversal_is_canceled_once(void **state)
{
    struct bench *bench = *state;
    struct paypal_move move;
    const char *txn_id = NULL;

    bench_ok(pay(bench, &move, bench_visit(bench, "42.50", ""), "completed", "normal"));
    txn_id = move.txn_id;
    bench_err(follow(bench, txn_id, "canceled_reversal", 0), ERR_CONFLICT);
    bench_ok(follow(bench, txn_id, "reversal", 0));
    assert_int_equal(balance(bench, "EUR"), -158 - 1600);
    bench_err(follow(bench, txn_id, "refund", 0), ERR_CONFLICT);
    bench_ok(follow(bench, txn_id, "canceled_reversal", 0));
    assert_int_equal(balance(bench, "EUR"), 4250 - 158 - 1600);
    bench_err(follow(bench, txn_id, "canceled_reversal", 0), ERR_CONFLICT);
    bench_ok(follow(bench, txn_id, "refund", 0));
}

static void test_what_waits_has_moved_nothing(void **state)
{
    struct bench *bench = *state;
    struct paypal_move move;

    bench_ok(pay(bench, &move, bench_visit(bench, "42.50", ""), "echeck", "normal"));
    assert_int_equal(balance(bench, "EUR"), 0);
    bench_err(follow(bench, move.txn_id, "refund", 0), ERR_CONFLICT);
    move.status = "Completed";
    bench_ok(db_write(bench->sandbox.writer, paypal_move_settle, &move));
    assert_int_equal(balance(bench, "EUR"), 4250 - 158);
    bench_ok(follow(bench, move.txn_id, "failure", 0));
    assert_int_equal(balance(bench, "EUR"), 0);
}

static void test_another_currency_is_changed_at_once(void **state)
{
    struct bench *bench = *state;
    struct paypal_move move;

    bench_execute(bench, "UPDATE paypal_business SET exchange_millionths = 573333");
    bench_execute(bench, "INSERT INTO paypal_form (token, business_id, fields, amount_cents, "
                         "currency, created_at) VALUES ('EC-1', '" BENCH_BUSINESS "', '{}', 1000, "
                         "'USD', 1)");
    bench_ok(pay(bench, &move, "EC-1", "completed", "normal"));
    assert_int_equal(balance(bench, "USD"), 0);
    assert_int_equal(balance(bench, "EUR"), 537); /* 10.00 - 0.64 = 9.36 */
    assert_int_equal(bench_count(bench, "SELECT settled_cents FROM paypal_payment"), 537);
    bench_ok(follow(bench, move.txn_id, "refund", 0));
    assert_int_equal(balance(bench, "USD"), 0);
    assert_int_equal(balance(bench, "EUR"), 537 - 557);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(test_a_card_pays_at_once),
        BENCH_TEST(test_a_session_is_paid_once),
        BENCH_TEST(test_a_refused_card_leaves_the_session_open),
        BENCH_TEST(test_a_challenge_is_passed_or_failed),
        BENCH_TEST(test_a_debit_ends_later),
        BENCH_TEST(test_an_expired_session_takes_no_money),
        BENCH_TEST(test_a_failure_leaves_nothing_behind),
        BENCH_TEST(test_the_ledger_refuses_untrue_rows),
        BENCH_TEST(test_ways_of_notifying),
        BENCH_TEST(test_out_of_order_is_last_first),
        BENCH_TEST(test_everything_can_be_held),
        cmocka_unit_test(test_a_batch_has_a_limit),
        BENCH_TEST(test_a_visit_is_paid_once),
        BENCH_TEST(test_a_pending_payment_ends_once),
        BENCH_TEST(test_other_outcomes),
        BENCH_TEST(test_a_payment_without_address_is_told_to_nobody),
        BENCH_TEST(test_no_more_is_refunded_than_was_paid),
        BENCH_TEST(test_a_reversal_is_canceled_once),
        BENCH_TEST(test_what_waits_has_moved_nothing),
        BENCH_TEST(test_another_currency_is_changed_at_once),
    };

    return cmocka_run_group_tests_name("sandbox ledger", tests, NULL, NULL);
}
