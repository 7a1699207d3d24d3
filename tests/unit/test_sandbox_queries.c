/*
 * Every statement of the sandbox is prepared against its real schema, and none reads the whole
 * of a table that grows unless it is a list for a person or a test.
 */
#include "support/sandbox_bench.h"

#include <string.h>

#include "sandbox_queries.h"

/* Statements that may read much, each with its reason. */
static const struct {
    const char *name;
    const char *reason;
} exempt[] = {
    {"call_clear", "empties the table"},
    {"call_count", "a test counts"},
    {"call_counts", "a test counts"},
    {"call_list", "a test looks"},
    {"control_event_list", "a test looks"},
    {"control_dispute_list", "a test looks"},
    {"control_payout_list", "a test looks"},
    {"control_refund_list", "a test looks"},
    {"control_session_list", "a test looks"},
    {"delivery_drop_all", "a reset"},
    {"delivery_held", "a release of all"},
    {"delivery_list", "a test looks"},
    {"fault_clear", "empties the table"},
    {"fault_list", "a few rows"},
    {"fault_take", "a few rows"},
    {"home_sessions", "LIMIT 20 from the end of the table"},
    {"home_visits", "LIMIT 20 from the end of the table"},
    {"connect_account_list", "LIMIT 50 of a few rows"},
    {"idempotency_forget", "a day's keys"},
    {"idempotency_forget_running", "once, at the start"},
    {"ledger_list", "a test reads all that was captured"},
    {"movement_list", "a test reads all that moved"},
    {"paypal_activity_list", "a report of one business"},
    {"paypal_business_list", "a few rows"},
    {"paypal_business_other", "LIMIT 1 of a few rows"},
    {"paypal_ipn_list", "a test looks"},
    {"paypal_issue_clear", "empties the table"},
    {"paypal_issue_list", "a few rows"},
    {"paypal_issue_take", "a few rows"},
    {"paypal_order_list", "LIMIT from the end of the table"},
    {"paypal_payment_list", "LIMIT from the end of the table"},
    {"paypal_unsettled_list", "a report of one business"},
    {"postback_count", "a test counts"},
    {"postback_list", "a test looks"},
    {"stripe_account_list", "a few rows"},
    {"stripe_endpoint_listeners", "a few rows"},
};

static bool is_exempt(const char *name)
{
    for (size_t i = 0; i < sizeof(exempt) / sizeof(*exempt); i++)
        if (!strcmp(name, exempt[i].name))
            return true;
    return false;
}

static void test_every_statement_is_prepared(void **state)
{
    struct bench *bench = *state;
    struct db *db = NULL;

    bench_ok(db_open(bench->database, DB_WRITE, &sandbox_queries, &db));
    bench_ok(db_prepare_all(db));
    db_close(db);
}

/* A line "SCAN table" of the plan; walks over JSON values and constant rows are no tables. */
static bool scans_a_table(const char *plan)
{
    struct str rest = str_of(plan);

    while (rest.data) {
        struct str line = str_trim(str_cut(&rest, '\n'));

        if (str_starts(line, "SCAN ") && !str_starts(line, "SCAN CONSTANT") &&
            !str_starts(line, "SCAN json_each"))
            return true;
    }
    return false;
}

static void test_no_statement_reads_a_whole_table(void **state)
{
    struct bench *bench = *state;
    int scanning = 0;

    for (int query = 0; query < sandbox_queries.count; query++) {
        const char *name = sandbox_queries.queries[query].name;
        char *plan = NULL;

        bench_ok(db_explain(bench->thread.db, query, bench->arena, &plan));
        if (scans_a_table(plan) && !is_exempt(name)) {
            print_error("%s:\n%s\n", name, plan);
            scanning++;
        }
    }
    assert_int_equal(scanning, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(test_every_statement_is_prepared),
        BENCH_TEST(test_no_statement_reads_a_whole_table),
    };

    return cmocka_run_group_tests_name("sandbox queries", tests, NULL, NULL);
}
