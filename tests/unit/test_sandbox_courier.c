/*
 * The courier: what is sent, how it is signed, what follows a bad answer, and what time ends.
 */
#include "support/sandbox_bench.h"
#include "support/loopback.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/clock.h"
#include "net/http_client.h"
#include "sandbox/courier.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

/* A bench whose endpoint is a scripted server. */
struct round {
    struct bench *bench;
    struct loopback *server;
    struct http_client *client;
};

static void open_round(struct round *round, struct bench *bench)
{
    round->bench = bench;
    round->server = loopback_new();
    bench_ok(http_client_new(&round->client));
    bench_execute(bench, arena_printf(bench->arena,
                                      "UPDATE stripe_endpoint SET url = '%s/hook', "
                                      "events = '[\"checkout.session.completed\"]'",
                                      loopback_url(round->server)));
}

static void close_round(struct round *round)
{
    http_client_free(round->client);
    loopback_free(round->server);
}

static void pay(struct round *round, const char *mode)
{
    struct bench *bench = round->bench;
    struct stripe_move move;

    stripe_move_init(&move, &bench->sandbox, bench->arena, bench_session(bench, 4250));
    move.now = BENCH_NOW;
    move.now_ms = clock_now_ms();
    move.notify.mode = mode;
    bench_ok(stripe_move_choose(&move, "pay", NULL, NULL));
    bench_ok(db_write(bench->sandbox.writer, stripe_move_pay, &move));
}

/* Sends what is due; whether there was anything. */
static bool send(struct round *round)
{
    struct bench *bench = round->bench;
    bool sent = false;

    bench_ok(
        courier_send_due(&bench->sandbox, bench->thread.db, round->client, bench->arena, &sent));
    return sent;
}

static void answer(struct round *round, int status)
{
    loopback_script(round->server, status, "", str_of(""));
}

static bool has_state(struct round *round, const char *state)
{
    return bench_count(round->bench, "SELECT count(*) FROM delivery WHERE state = '%s'", state) >
           0;
}

/* The value of "Stripe-Signature: " in a head. */
static const char *signature_of(struct round *round, size_t index)
{
    const char *head = str_copy(round->bench->arena, loopback_head(round->server, index));
    const char *found = strcasestr(head, "\nStripe-Signature: ");

    assert_non_null(found);
    found += strlen("\nStripe-Signature: ");
    return str_copy(round->bench->arena, str_from(found, strcspn(found, "\r\n")));
}

/* Is one of the header's v1 the HMAC of "t.body" under the secret? Computed here with OpenSSL,
 * not with the program's own functions. */
static bool signed_with(struct round *round, size_t index, const char *secret)
{
    struct bench *bench = round->bench;
    const char *header = signature_of(round, index);
    struct str body = loopback_body(round->server, index);
    long long t = 0;
    const char *text = NULL;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_len = 0;
    struct buffer expected;

    assert_int_equal(strncmp(header, "t=", 2), 0);
    t = strtoll(header + 2, NULL, 10);
    text = arena_printf(bench->arena, "%lld.%.*s", t, STR_PRINT(body));
    assert_non_null(HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)text,
                         strlen(text), digest, &digest_len));
    buffer_init(&expected, bench->arena, 128);
    buffer_printf(&expected, ",v1=");
    for (unsigned i = 0; i < digest_len; i++)
        buffer_printf(&expected, "%02x", digest[i]);
    assert_true(t <= clock_now() && t > clock_now() - 600);
    return strstr(header, expected.data) != NULL;
}

static void test_an_event_is_signed(void **state)
{
    struct round round;

    open_round(&round, *state);
    answer(&round, 200);
    pay(&round, "normal");
    assert_true(send(&round));
    assert_false(send(&round));
    assert_int_equal(loopback_count(round.server), 1);
    assert_true(signed_with(&round, 0, "whsec_practice"));
    assert_false(signed_with(&round, 0, "whsec_other"));
    assert_true(has_state(&round, "delivered"));
    close_round(&round);
}

static void test_two_secrets_sign_during_a_rotation(void **state)
{
    struct round round;

    open_round(&round, *state);
    answer(&round, 200);
    bench_execute(round.bench, "UPDATE stripe_endpoint SET old_secret = 'whsec_before'");
    pay(&round, "normal");
    assert_true(send(&round));
    assert_true(signed_with(&round, 0, "whsec_practice"));
    assert_true(signed_with(&round, 0, "whsec_before"));
    close_round(&round);
}

static void test_a_bad_signature_is_nobodys(void **state)
{
    struct round round;

    open_round(&round, *state);
    answer(&round, 400);
    bench_execute(round.bench, "UPDATE stripe_endpoint SET old_secret = 'whsec_before'");
    pay(&round, "bad_signature");
    assert_true(send(&round));
    assert_false(signed_with(&round, 0, "whsec_practice"));
    assert_false(signed_with(&round, 0, "whsec_before"));
    assert_int_equal(strlen(strstr(signature_of(&round, 0), ",v1=")), strlen(",v1=") + 64);
    close_round(&round);
}

static void test_a_bad_answer_is_followed_by_another_try(void **state)
{
    struct round round;

    open_round(&round, *state);
    round.bench->sandbox.stripe_retries = (struct retries){.count = 2, .delay_s = {0, 3600}};
    answer(&round, 500);
    answer(&round, LOOPBACK_SILENT);
    answer(&round, 302);
    pay(&round, "normal");
    assert_true(send(&round));
    assert_true(has_state(&round, "waiting"));
    assert_true(send(&round));
    assert_false(send(&round)); /* not before an hour */
    assert_true(has_state(&round, "waiting"));
    bench_execute(round.bench, "UPDATE delivery SET due_at_ms = 0");
    assert_true(send(&round));
    assert_true(has_state(&round, "exhausted"));
    bench_execute(round.bench, "UPDATE delivery SET due_at_ms = 0");
    assert_false(send(&round));
    assert_int_equal(bench_count(round.bench, "SELECT count(*) FROM delivery_try"), 3);
    assert_int_equal(bench_count(round.bench, "SELECT count(*) FROM delivery_try WHERE status "
                                              "IS NULL AND error IS NOT NULL"),
                     1);
    assert_true(str_is(loopback_body(round.server, 0),
                       str_copy(round.bench->arena, loopback_body(round.server, 2))));
    close_round(&round);
}

static void test_only_what_waits_is_sent(void **state)
{
    struct round round;

    open_round(&round, *state);
    pay(&round, "never");
    pay(&round, "late");
    bench_execute(round.bench, "UPDATE delivery SET due_at_ms = due_at_ms + 3600000 "
                               "WHERE state = 'waiting'");
    assert_false(send(&round));
    bench_execute(round.bench, "UPDATE delivery SET state = 'held', due_at_ms = 0");
    assert_false(send(&round));
    assert_int_equal(loopback_count(round.server), 0);
    close_round(&round);
}

static void test_the_order_is_that_of_the_due_times(void **state)
{
    struct round round;

    open_round(&round, *state);
    for (int i = 0; i < 3; i++) {
        answer(&round, 200);
        pay(&round, "normal");
    }
    bench_execute(round.bench, "UPDATE delivery SET due_at_ms = 100 - number");
    for (int i = 0; i < 3; i++)
        assert_true(send(&round));
    assert_int_equal(bench_count(round.bench, "SELECT count(*) FROM delivery_try a JOIN "
                                              "delivery_try b ON a.number < b.number AND "
                                              "a.delivery_number < b.delivery_number"),
                     0);
    close_round(&round);
}

static void test_nothing_leaves_the_machine(void **state)
{
    static const char *const addresses[] = {"https://127.0.0.1:1/", "http://192.0.2.1/",
                                            "http://localhost.example.org/", "file:///etc/passwd",
                                            ""};
    struct round round;

    open_round(&round, *state);
    for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
        pay(&round, "normal");
        bench_execute(round.bench,
                      arena_printf(round.bench->arena,
                                   "UPDATE delivery SET url = '%s' WHERE attempts = 0",
                                   addresses[i]));
        assert_true(send(&round));
    }
    assert_int_equal(bench_count(round.bench, "SELECT count(*) FROM delivery WHERE last_error = "
                                              "'an address that is not allowed'"),
                     sizeof(addresses) / sizeof(*addresses));
    close_round(&round);
}

/* ---- time ---- */

static void pass_time(struct bench *bench, int64_t now)
{
    atomic_store(&bench->sandbox.clock_offset_s, now - clock_now());
    bench_ok(courier_pass_time(&bench->sandbox, bench->thread.db, bench->arena));
}

static void test_time_ends_sessions_and_payments(void **state)
{
    struct bench *bench = *state;
    const char *lonely = bench_session(bench, 1000);
    struct stripe_move debit;
    struct paypal_move pending;

    stripe_move_init(&debit, &bench->sandbox, bench->arena, bench_session(bench, 1000));
    debit.now = BENCH_NOW;
    debit.notify.mode = "normal";
    bench_ok(stripe_move_choose(&debit, "sepa", NULL, NULL));
    bench_ok(db_write(bench->sandbox.writer, stripe_move_pay, &debit));
    paypal_move_init(&pending, &bench->sandbox, bench->arena, bench_visit(bench, "5.00", ""));
    pending.now = BENCH_NOW;
    pending.notify = (struct notify){.mode = "pending_first", .late_s = 30};
    bench_ok(db_write(bench->sandbox.writer, paypal_move_pay, &pending));

#define ENDED(sql) bench_count(bench, "SELECT count(*) FROM " sql)
    pass_time(bench, BENCH_NOW + 29);
    assert_int_equal(ENDED("paypal_payment WHERE status = 'Completed'"), 0);
    pass_time(bench, BENCH_NOW + 45);
    assert_int_equal(ENDED("paypal_payment WHERE status = 'Completed'"), 1);
    assert_int_equal(ENDED("stripe_balance"), 0);
    pass_time(bench, BENCH_NOW + 75);
    assert_int_equal(ENDED("stripe_balance"), 1);
    assert_int_equal(ENDED("stripe_session WHERE status = 'expired'"), 0);
    pass_time(bench, BENCH_NOW + 24 * 3600 + 1);
    assert_int_equal(bench_count(bench,
                                 "SELECT count(*) FROM stripe_session WHERE status = 'expired' "
                                 "AND id = '%s'",
                                 lonely),
                     1);
    pass_time(bench, BENCH_NOW + 48 * 3600);
    assert_int_equal(ENDED("stripe_event WHERE type = 'checkout.session.expired'"), 1);
#undef ENDED
}

static int begin_all(void **state)
{
    (void)state;
    return http_client_global_init("guichet-sandbox/test") ? 1 : 0;
}

static int end_all(void **state)
{
    (void)state;
    http_client_global_done();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(test_an_event_is_signed),
        BENCH_TEST(test_two_secrets_sign_during_a_rotation),
        BENCH_TEST(test_a_bad_signature_is_nobodys),
        BENCH_TEST(test_a_bad_answer_is_followed_by_another_try),
        BENCH_TEST(test_only_what_waits_is_sent),
        BENCH_TEST(test_the_order_is_that_of_the_due_times),
        BENCH_TEST(test_nothing_leaves_the_machine),
        BENCH_TEST(test_time_ends_sessions_and_payments),
    };

    return cmocka_run_group_tests_name("sandbox courier", tests, begin_all, end_all);
}
