/*
 * Idempotency keys of the practice provider: one key, one piece of work, one answer.
 */
#include "support/sandbox_bench.h"

#include <string.h>

#include "sandbox/row.h"
#include "sandbox_queries.h"

static void start(struct bench *bench, struct stripe_call *call, const char *key, const char *form)
{
    bench_call(bench, call, form);
    call->idempotency_key = key;
    bench->response.header_count = 0;
    bench->response.body.len = 0;
    bench->response.status = 200;
    *sandbox_visit(&bench->request) = (struct visit){0};
}

/* Begins a call; true when it is answered already. */
static bool begin(struct stripe_call *call)
{
    bool answered = false;

    bench_ok(stripe_idempotency_begin(call, &answered));
    return answered;
}

struct keeping {
    struct stripe_call *call;
    int status;
    const json_t *answer;
};

static enum err keep(struct db *db, void *argument)
{
    struct keeping *keeping = argument;

    return stripe_idempotency_keep(keeping->call, db, keeping->status, keeping->answer);
}

static void finish(struct bench *bench, struct stripe_call *call, int status, const char *id)
{
    json_auto_t *answer = json_pack("{s:s}", "id", id);
    struct keeping keeping = {.call = call, .status = status, .answer = answer};

    bench_ok(db_write(bench->sandbox.writer, keep, &keeping));
}

static const char *header(struct bench *bench, const char *name)
{
    for (int i = 0; i < bench->response.header_count; i++)
        if (!strcmp(bench->response.headers[i].name, name))
            return bench->response.headers[i].value;
    return "";
}

static void test_an_answer_is_given_again(void **state)
{
    struct bench *bench = *state;
    struct stripe_call call;

    start(bench, &call, "key", "a=1&b=2");
    assert_false(begin(&call));
    finish(bench, &call, 402, "first");
    json_decref(call.parameters);

    /* The order of the fields does not matter. */
    start(bench, &call, "key", "b=2&a=1");
    assert_true(begin(&call));
    assert_int_equal(call.error.status, 0);
    assert_int_equal(bench->response.status, 402);
    assert_string_equal(str_copy(bench->arena, buffer_str(&bench->response.body)),
                        "{\"id\":\"first\"}\n");
    assert_string_equal(header(bench, "Idempotent-Replayed"), "true");
    assert_string_equal(header(bench, "Original-Request"), "req_practice");
    assert_true(sandbox_visit(&bench->request)->replayed);
    json_decref(call.parameters);
}

static void test_other_parameters_are_refused(void **state)
{
    struct bench *bench = *state;
    struct stripe_call call;

    start(bench, &call, "key", "a=1");
    assert_false(begin(&call));
    finish(bench, &call, 200, "first");
    json_decref(call.parameters);
    start(bench, &call, "key", "a=2");
    assert_true(begin(&call));
    assert_int_equal(call.error.status, 400);
    assert_string_equal(call.error.type, "idempotency_error");
    json_decref(call.parameters);
    /* The same parameters at another path are other parameters. */
    start(bench, &call, "key", "a=1");
    bench->request.path = str_of("/v1/webhook_endpoints");
    assert_true(begin(&call));
    assert_int_equal(call.error.status, 400);
    json_decref(call.parameters);
}

static void test_a_running_call_holds_its_key(void **state)
{
    struct bench *bench = *state;
    struct stripe_call first;
    struct stripe_call second;

    start(bench, &first, "key", "a=1");
    assert_false(begin(&first));
    start(bench, &second, "key", "a=1");
    assert_true(begin(&second));
    assert_int_equal(second.error.status, 409);
    assert_string_equal(second.error.code, "idempotency_key_in_use");
    stripe_idempotency_release(&first);
    second.error.status = 0;
    assert_false(begin(&second));
    json_decref(first.parameters);
    json_decref(second.parameters);
}

static void test_keys_belong_to_an_account_and_world(void **state)
{
    struct bench *bench = *state;
    struct stripe_call call;

    start(bench, &call, "key", "a=1");
    assert_false(begin(&call));
    finish(bench, &call, 200, "first");
    call.livemode = true;
    assert_false(begin(&call));
    finish(bench, &call, 200, "second");
    call.account_id = "acct_1Other";
    assert_false(begin(&call));
    json_decref(call.parameters);
}

static void test_a_key_is_forgotten_after_a_day(void **state)
{
    struct bench *bench = *state;
    struct stripe_call call;

    start(bench, &call, "key", "a=1");
    assert_false(begin(&call));
    finish(bench, &call, 200, "first");
    call.now += 24 * 3600 - 1;
    assert_true(begin(&call));
    call.now += 2;
    assert_false(begin(&call));
    json_decref(call.parameters);
}

static void test_no_key_no_memory(void **state)
{
    struct bench *bench = *state;
    struct stripe_call call;

    start(bench, &call, NULL, "a=1");
    assert_false(begin(&call));
    finish(bench, &call, 200, "first");
    assert_false(begin(&call));
    assert_int_equal(bench_count(bench, "SELECT count(*) FROM stripe_idempotency"), 0);
    json_decref(call.parameters);
}

/* What the start of the program does. */
static enum err forget_running(struct db *db, void *argument)
{
    (void)argument;
    return db_run(db, SQ_IDEMPOTENCY_FORGET_RUNNING, DB_NO_VALUES);
}

static void test_a_kill_frees_what_was_running(void **state)
{
    struct bench *bench = *state;
    struct stripe_call call;

    start(bench, &call, "done", "a=1");
    assert_false(begin(&call));
    finish(bench, &call, 200, "first");
    json_decref(call.parameters);
    start(bench, &call, "running", "a=1");
    assert_false(begin(&call));
    json_decref(call.parameters);
    bench_ok(db_write(bench->sandbox.writer, forget_running, NULL));
    start(bench, &call, "running", "a=1");
    assert_false(begin(&call));
    json_decref(call.parameters);
    start(bench, &call, "done", "a=1");
    assert_true(begin(&call));
    json_decref(call.parameters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(test_an_answer_is_given_again),
        BENCH_TEST(test_other_parameters_are_refused),
        BENCH_TEST(test_a_running_call_holds_its_key),
        BENCH_TEST(test_keys_belong_to_an_account_and_world),
        BENCH_TEST(test_a_key_is_forgotten_after_a_day),
        BENCH_TEST(test_no_key_no_memory),
        BENCH_TEST(test_a_kill_frees_what_was_running),
    };

    return cmocka_run_group_tests_name("sandbox idempotency", tests, NULL, NULL);
}
