/*
 * sandbox_bench: a sandbox with a fresh ledger, without its socket, pages and courier.
 *
 * Invariant: every bench has its own folder, which bench_close removes; what a test does goes
 * through the same closures as the pages and the control interface.
 */
#ifndef TESTS_SUPPORT_SANDBOX_BENCH_H
#define TESTS_SUPPORT_SANDBOX_BENCH_H

#include "support/scratch.h"

#include <jansson.h>

#include "base/arena.h"
#include "db/db.h"
#include "sandbox/internal.h"
#include "sandbox/paypal.h"
#include "sandbox/stripe.h"

/* Wednesday 3 June 2026, 10:00 UTC. */
#define BENCH_NOW INT64_C(1780480800)

#define BENCH_ACCOUNT "acct_1Practice"
#define BENCH_BUSINESS "MARCHEURS0001"

/* One account with an endpoint for every event, one business; fees 1.5 % + 25 and 2.9 % + 35. */
struct bench {
    struct scratch scratch;
    char database[SCRATCH_NAME_MAX];
    struct sandbox sandbox;
    struct sandbox_thread thread;
    struct arena *arena;
    struct http_request request;
    struct http_response response;
};

/* cmocka's fixtures: *state becomes a struct bench *. */
int bench_setup(void **state);
int bench_teardown(void **state);
#define BENCH_TEST(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

/* Asserts the result and prints the recorded failure otherwise. */
void bench_check(enum err err, enum err expected, const char *file, int line);
#define bench_ok(expression) bench_check((expression), OK, __FILE__, __LINE__)
#define bench_err(expression, expected) bench_check((expression), (expected), __FILE__, __LINE__)

/* The single integer of a SELECT of the test's own. */
int64_t bench_count(struct bench *bench, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Runs SQL text of the test's own. */
void bench_execute(struct bench *bench, const char *sql);

/* A call at BENCH_NOW, whose form was read and checked against nothing. */
void bench_call(struct bench *bench, struct stripe_call *call, const char *form);
/* An open session of that amount in EUR; its id. */
const char *bench_session(struct bench *bench, int64_t amount_cents);
/* A visit with the fields of a button; its token. */
const char *bench_visit(struct bench *bench, const char *amount, const char *more);

#endif
