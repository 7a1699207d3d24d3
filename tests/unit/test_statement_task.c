/* Reading a provider's list page by page, whatever comes between; and asking for fees. */
#include "support/service_house.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "payment/statement_task.h"

enum { PAGE = 100, LINES_MAX = 1000 };
#define SEPTEMBER INT64_C(1789466400)

/* A provider whose list has so many lines, and what it says instead of the next page. */
struct desk {
    struct service_house *house;
    struct provider provider;
    struct provider_statement statement;
    const struct provider *providers[1];
    struct association association;
    size_t lines;
    size_t asked;    /* pages it was asked for */
    size_t fails_at; /* this one, from 1; 0: none */
    struct statement_page failure;
    struct statement_request seen;
    struct provider_balance balance;
    struct resolution fee;
    int fees;
};
static struct desk *present;

static struct statement_line line_of(struct arena *arena, size_t number)
{
    const char *name = arena_printf(arena, "txn_%04zu", number);

    return (struct statement_line){.reference = name,
                                   .type = "charge",
                                   .posts = true,
                                   .kind = FACT_CAPTURE,
                                   .movement = arena_printf(arena, "pi_%04zu", number),
                                   .fee_reference = name,
                                   .gross_cents = 1000,
                                   .fee_cents = 40,
                                   .currency = "EUR",
                                   .fact_at = SEPTEMBER};
}

static enum err read_page(const struct provider_call *call, const struct provider_account *account,
                          const struct statement_request *request, struct statement_page *page)
{
    int64_t from = 0;

    (void)account;
    present->seen = *request;
    if (++present->asked == present->fails_at) {
        *page = present->failure;
        return OK;
    }
    (void)str_to_int64(str_of(request->cursor), &from);
    page->lines = arena_array(call->arena, PAGE, sizeof(*page->lines));
    for (size_t i = (size_t)from; i < present->lines && page->count < PAGE; i++)
        page->lines[page->count++] = line_of(call->arena, i);
    page->cursor = (size_t)from + page->count < present->lines
                       ? arena_printf(call->arena, "%zu", (size_t)from + page->count)
                       : NULL;
    return OK;
}

static enum err read_balance(const struct provider_call *call,
                             const struct provider_account *account, const char *currency,
                             struct provider_balance *balance)
{
    (void)call, (void)account;
    assert_string_equal(currency, "EUR");
    *balance = present->balance;
    return OK;
}

static enum err resolve_fee(const struct provider_call *call,
                            const struct provider_account *account, const char *capture,
                            struct resolution *resolution)
{
    (void)call, (void)account;
    assert_string_equal(capture, "pi_1");
    present->fees++;
    *resolution = present->fee;
    return OK;
}

static int setup(void **state)
{
    struct desk *desk = calloc(1, sizeof(*desk));
    void *house = NULL;

    assert_non_null(desk);
    service_house_setup(&house);
    desk->house = house;
    desk->provider = *desk->house->service.providers[0];
    desk->statement =
        (struct provider_statement){.payouts = true, .read = read_page, .balance = read_balance};
    desk->provider.statement = &desk->statement;
    desk->provider.resolve_fee = resolve_fee;
    desk->providers[0] = &desk->provider;
    desk->house->service.providers = desk->providers;
    desk->house->service.provider_count = 1;
    house_ok(association_find(desk->house->house.db, desk->house->house.association_id,
                              desk->house->house.arena, &desk->association));
    present = desk;
    *state = desk;
    return 0;
}

static int teardown(void **state)
{
    struct desk *desk = *state;
    void *house = desk->house;

    service_house_teardown(&house);
    free(desk);
    return 0;
}
#define DESK_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static int64_t count(const struct desk *desk, const char *sql)
{
    return house_count(&desk->house->house, "%s", sql);
}

static struct statement_account account(const struct desk *desk)
{
    struct statement_account found;

    house_ok(statement_account_find(desk->house->house.db, desk->association.id,
                                    desk->house->stripe.id, desk->house->house.arena, &found));
    return found;
}

/* ---- asking and working ---- */

struct asking {
    struct statement_ask ask;
    bool added;
};

static enum err write_ask(struct db *db, void *argument)
{
    struct asking *asking = argument;

    return statement_ask(db, &asking->ask, &asking->added);
}

static bool ask_from(struct desk *desk, int64_t since_at, int64_t until_at)
{
    struct statement_account found = account(desk);
    const struct audit_actor actor = {desk->house->house.login_id, "127.0.0.1"};
    struct asking asking = {.ask = {.association = &desk->association,
                                    .account = &found,
                                    .payout = "",
                                    .since_at = since_at,
                                    .until_at = until_at,
                                    .actor = &actor,
                                    .now = HOUSE_NOW}};

    house_ok(db_write(desk->house->writer, write_ask, &asking));
    return asking.added;
}

static bool ask(struct desk *desk)
{
    return ask_from(desk, 0, 0);
}

struct claiming {
    struct claim claim;
    size_t count;
    bool of_fee;
};

static enum err write_claim(struct db *db, void *argument)
{
    struct claiming *claiming = argument;

    return (claiming->of_fee ? fee_claim_due : statement_claim_due)(
        db, "stripe", clock_now(), &claiming->claim, 1, &claiming->count);
}

static size_t claim(struct desk *desk, bool of_fee, struct claim *claimed)
{
    struct claiming claiming = {.of_fee = of_fee};

    house_ok(db_write(desk->house->writer, write_claim, &claiming));
    *claimed = claiming.claim;
    return claiming.count;
}

/* Works on what is due; *down as the circuit breaker hears it. */
static bool work(struct desk *desk, bool *down)
{
    struct provider_call call =
        service_call(desk->house, desk->house->reader, desk->house->house.arena);
    struct claim claimed;

    if (claim(desk, false, &claimed) == 0)
        return false;
    house_ok(payment_work_statement(&desk->house->service, &call, &claimed, down));
    return true;
}

static struct statement_reading last(const struct desk *desk)
{
    struct statement_account found = account(desk);
    struct statement_reading reading;

    house_ok(
        statement_last_reading(desk->house->house.db, &found, desk->house->house.arena, &reading));
    return reading;
}

/* ---- reading ---- */

static void a_long_list_is_read_whole(void **state)
{
    struct desk *desk = *state;
    bool down;

    desk->lines = 250;
    desk->balance = (struct provider_balance){true, 240000, HOUSE_NOW};
    assert_true(ask(desk));
    assert_true(!ask(desk)); /* it is under way */
    assert_true(work(desk, &down) && !down);
    assert_int_equal(desk->asked, 3);
    assert_int_equal(count(desk, "SELECT COUNT(*) FROM statement_line"), 250);
    assert_true(account(desk).read_until_at == HOUSE_NOW);
    assert_true(account(desk).has_balance && account(desk).balance_cents == 240000);
    assert_true(!last(desk).waiting && !last(desk).refused && last(desk).line_count == 250);
    assert_int_equal(count(desk, "SELECT COUNT(*) FROM audit WHERE action = 'statement.asked'"),
                     1);
    /* again: no line twice, and from the overlap on */
    assert_true(ask(desk) && work(desk, &down));
    assert_int_equal(count(desk, "SELECT COUNT(*) FROM statement_line"), 250);
    assert_true(desk->seen.since_at == HOUSE_NOW - STATEMENT_OVERLAP_S);
    assert_false(work(desk, &down)); /* nothing is due */
}

/* What became of a payment under way stands in its own line, older than the others. */
static void a_reading_goes_back_to_what_was_not_sure(void **state)
{
    struct desk *desk = *state;
    bool down;

    desk->lines = 3;
    house_execute(&desk->house->house,
                  "UPDATE provider_account SET since_day = '2026-01-01' WHERE id = %lld",
                  (long long)desk->house->stripe.id);
    assert_true(ask(desk) && work(desk, &down));
    house_execute(&desk->house->house,
                  "UPDATE statement_line SET standing = 'pending', fact_at = %lld"
                  " WHERE reference = (SELECT MIN(reference) FROM statement_line)",
                  (long long)HOUSE_NOW - 20 * 86400);
    assert_true(ask(desk) && work(desk, &down));
    assert_true(desk->seen.since_at == HOUSE_NOW - 20 * 86400);
    /* one that never ends does not make every reading a long one */
    house_execute(&desk->house->house,
                  "UPDATE statement_line SET standing = 'pending', fact_at = %lld",
                  (long long)HOUSE_NOW - STATEMENT_CARRY_S - 1);
    assert_true(ask(desk) && work(desk, &down));
    assert_true(desk->seen.since_at == HOUSE_NOW - STATEMENT_OVERLAP_S);
}

static void an_outage_leaves_what_was_read(void **state)
{
    struct desk *desk = *state;
    bool down;

    desk->lines = 250;
    desk->fails_at = 2;
    desk->failure = (struct statement_page){
        .verdict = STATEMENT_LATER, .reason = "503", .provider_down = true};
    ask(desk);
    assert_true(work(desk, &down) && down);
    assert_int_equal(count(desk, "SELECT COUNT(*) FROM statement_line"), 100);
    assert_true(account(desk).read_until_at == 0 && last(desk).waiting);
    assert_false(work(desk, &down)); /* not yet */
    house_execute(&desk->house->house, "UPDATE statement_task SET next_at = 1");
    assert_true(work(desk, &down) && !down);
    assert_int_equal(desk->asked, 4); /* the second page again, not the first */
    assert_int_equal(count(desk, "SELECT COUNT(*) FROM statement_line"), 250);
    assert_true(account(desk).read_until_at == HOUSE_NOW);
}

/* The process died behind the first page: the lease runs out, another goes on from there. */
static void a_killed_reading_goes_on(void **state)
{
    struct desk *desk = *state;
    struct provider_call call =
        service_call(desk->house, desk->house->reader, desk->house->house.arena);
    struct claim dead;
    bool down;

    desk->lines = 150;
    ask(desk);
    assert_int_equal(claim(desk, false, &dead), 1);
    house_execute(&desk->house->house,
                  "UPDATE statement_task SET cursor = '100', lease_until = 1");
    assert_true(work(desk, &down));
    assert_int_equal(count(desk, "SELECT COUNT(*) FROM statement_line"), 50);
    /* the dead one wakes: its claim no longer holds */
    house_ok(payment_work_statement(&desk->house->service, &call, &dead, &down));
    assert_int_equal(desk->asked, 1);
}

static void a_refusal_is_told(void **state)
{
    struct desk *desk = *state;
    bool down;

    desk->fails_at = 1;
    desk->failure = (struct statement_page){.verdict = STATEMENT_REFUSED,
                                            .reason = "rak_balance_transaction_read"};
    ask(desk);
    assert_true(work(desk, &down) && !down);
    assert_true(last(desk).refused);
    assert_string_equal(last(desk).answer, "rak_balance_transaction_read");
    assert_true(account(desk).read_until_at == 0);
    assert_true(ask(desk)); /* one may try again */
}

static void a_list_that_makes_no_sense_is_not_stored(void **state)
{
    struct desk *desk = *state;
    struct statement_line line = line_of(desk->house->house.arena, 1);
    bool down;

    line.gross_cents = INT64_MAX;
    desk->fails_at = 1;
    desk->failure = (struct statement_page){
        .verdict = STATEMENT_PAGE, .lines = &line, .count = 1, .cursor = NULL};
    ask(desk);
    assert_true(work(desk, &down));
    assert_true(last(desk).refused && account(desk).read_until_at == 0);
    desk->failure = (struct statement_page){.verdict = STATEMENT_PAGE, .cursor = ""};
    desk->asked = 0;
    ask(desk);
    assert_true(work(desk, &down));
    assert_true(last(desk).refused);
    assert_int_equal(count(desk, "SELECT COUNT(*) FROM statement_line"), 0);
}

/* A month read again moves nothing when there is a hole before it. */
static void only_a_reading_without_gap_counts(void **state)
{
    struct desk *desk = *state;
    bool down;

    desk->lines = 1;
    assert_true(ask_from(desk, SEPTEMBER, SEPTEMBER + 86400));
    assert_true(work(desk, &down));
    assert_true(account(desk).read_until_at == 0);
    assert_int_equal(count(desk, "SELECT COUNT(*) FROM statement_line"), 1);
    assert_true(ask(desk) && work(desk, &down));
    assert_true(account(desk).read_until_at == HOUSE_NOW);
    assert_true(ask_from(desk, SEPTEMBER, SEPTEMBER + 86400) && work(desk, &down));
    assert_true(account(desk).read_until_at == HOUSE_NOW);
}

static enum err write_payouts(struct db *db, void *argument)
{
    return statement_ask_payouts(db, argument, 2, HOUSE_NOW);
}

static void a_payout_tells_what_it_is_made_of(void **state)
{
    struct desk *desk = *state;
    struct payment_fact facts[2] = {{.kind = FACT_CAPTURE, .reference = "pi_9"},
                                    {.kind = FACT_PAYOUT,
                                     .association_id = desk->association.id,
                                     .provider_account_id = desk->house->stripe.id,
                                     .reference = "po_1"}};
    bool down;

    desk->lines = 3;
    ask(desk);
    assert_true(work(desk, &down));
    house_ok(db_write(desk->house->writer, write_payouts, facts));
    house_ok(db_write(desk->house->writer, write_payouts, facts)); /* told twice: one task */
    assert_int_equal(count(desk, "SELECT COUNT(*) FROM statement_task WHERE payout = 'po_1'"), 1);
    desk->lines = 2;
    assert_true(work(desk, &down));
    assert_string_equal(desk->seen.payout, "po_1");
    assert_int_equal(count(desk, "SELECT COUNT(*) FROM statement_line WHERE payout = 'po_1'"), 2);
    assert_int_equal(count(desk, "SELECT COUNT(*) FROM statement_line"), 3);
}

static void each_night_once(void **state)
{
    struct desk *desk = *state;
    int64_t midnight = INT64_C(1793401200); /* 31 October, 0:00 in Paris, in winter time */
    bool down;

    for (int i = 0; i < 3; i++)
        house_ok(statement_ask_nightly(&desk->house->service, desk->house->house.db,
                                       &desk->provider, midnight - 7200 + i,
                                       desk->house->house.arena));
    assert_int_equal(count(desk, "SELECT COUNT(*) FROM statement_task"), 1);
    assert_true(work(desk, &down));
    assert_true(desk->seen.since_at == INT64_C(1788213600)); /* since_day */
    house_ok(statement_ask_nightly(&desk->house->service, desk->house->house.db, &desk->provider,
                                   midnight - 10, desk->house->house.arena));
    assert_int_equal(count(desk, "SELECT COUNT(*) FROM statement_task"), 1);
    house_ok(statement_ask_nightly(&desk->house->service, desk->house->house.db, &desk->provider,
                                   midnight + 60, desk->house->house.arena));
    assert_int_equal(count(desk, "SELECT COUNT(*) FROM statement_task"), 2);
}

/* ---- fees ---- */

static void when_a_fee_is_asked_for(void **state)
{
    static const struct {
        int64_t after, next;
    } cases[] = {{0, 300},           {299, 300},         {300, 1800},    {1800, 3600},
                 {3600, 21600},      {21600, 86400},     {86399, 86400}, {86400, 172800},
                 {2505599, 2505600}, {2505600, 2592000}, {2592000, 0},   {2600000, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t next = fee_next_at(HOUSE_NOW, HOUSE_NOW + cases[i].after);

        assert_true(next == (cases[i].next ? HOUSE_NOW + cases[i].next : 0));
    }
}

static void add_payment(struct desk *desk, int64_t at)
{
    house_execute(
        &desk->house->house,
        "INSERT INTO provider_transaction (association_id, id, provider_account_id, kind,"
        " reference, amount_cents, currency, fact_at, created_at) VALUES (%lld, 1, %lld,"
        " 'capture', 'pi_1', 2500, 'EUR', %lld, %lld)",
        (long long)desk->association.id, (long long)desk->house->stripe.id, (long long)at,
        (long long)at);
}

static bool work_fee(struct desk *desk, bool *down)
{
    struct provider_call call =
        service_call(desk->house, desk->house->reader, desk->house->house.arena);
    struct claim claimed;

    if (claim(desk, true, &claimed) == 0)
        return false;
    house_ok(payment_work_fee(&desk->house->service, &call, &claimed, down));
    return true;
}

static void look(struct desk *desk, int64_t now)
{
    house_ok(fee_look_round(&desk->house->service, desk->house->house.db, &desk->provider, now,
                            desk->house->house.arena));
}

static void a_fee_is_asked_for_until_it_is_there(void **state)
{
    struct desk *desk = *state;
    int64_t now = clock_now();
    bool down;

    add_payment(desk, now - 400);
    look(desk, now - 200); /* too early */
    assert_int_equal(count(desk, "SELECT COUNT(*) FROM fee_search"), 0);
    look(desk, now), look(desk, now);
    assert_int_equal(count(desk, "SELECT COUNT(*) FROM fee_search"), 1);
    desk->fee = (struct resolution){.kind = RESOLUTION_RETRY, .provider_down = true};
    assert_true(work_fee(desk, &down) && down);
    assert_true(house_count(&desk->house->house, "SELECT next_at FROM fee_search") ==
                now - 400 + 1800);
    assert_false(work_fee(desk, &down));
    /* it comes with a message meanwhile */
    house_execute(
        &desk->house->house,
        "INSERT INTO provider_transaction (association_id, id, provider_account_id, kind,"
        " reference, amount_cents, currency, fact_at, created_at, parent_id) VALUES (%lld,"
        " 2, %lld, 'fee', 'txn_1', -63, 'EUR', 1, 1, 1)",
        (long long)desk->association.id, (long long)desk->house->stripe.id);
    house_execute(&desk->house->house, "UPDATE fee_search SET next_at = 1");
    assert_true(work_fee(desk, &down) && !down);
    assert_int_equal(desk->fees, 1);
    assert_int_equal(count(desk, "SELECT COUNT(*) FROM fee_search WHERE next_at IS NULL"), 1);
    look(desk, now);
    assert_false(work_fee(desk, &down));
}

static void an_old_payment_is_left_alone(void **state)
{
    struct desk *desk = *state;
    int64_t now = clock_now();

    add_payment(desk, now - FEE_PATIENCE_S - 1);
    look(desk, now);
    assert_int_equal(count(desk, "SELECT COUNT(*) FROM fee_search"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(a_long_list_is_read_whole),
        DESK_TEST(a_reading_goes_back_to_what_was_not_sure),
        DESK_TEST(an_outage_leaves_what_was_read),
        DESK_TEST(a_killed_reading_goes_on),
        DESK_TEST(a_refusal_is_told),
        DESK_TEST(a_list_that_makes_no_sense_is_not_stored),
        DESK_TEST(only_a_reading_without_gap_counts),
        DESK_TEST(a_payout_tells_what_it_is_made_of),
        DESK_TEST(each_night_once),
        DESK_TEST(when_a_fee_is_asked_for),
        DESK_TEST(a_fee_is_asked_for_until_it_is_there),
        DESK_TEST(an_old_payment_is_left_alone),
    };

    return cmocka_run_group_tests_name("statement task", tests, NULL, NULL);
}
