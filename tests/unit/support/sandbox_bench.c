#include "support/sandbox_bench.h"

#include <sqlite3.h>
#include <string.h>

#include "base/zone.h"
#include "sandbox/row.h"
#include "sandbox/stripe_form.h"
#include "sandbox_migrations.h"
#include "sandbox_queries.h"
#include "support/fresh.h"

static const char first_rows[] =
    "INSERT INTO stripe_account (id, name, country, currency, fee_basis_points, fee_fixed_cents,"
    "  created_at) VALUES ('" BENCH_ACCOUNT "', 'Les Marcheurs', 'FR', 'eur', 150, 25, 1);"
    "INSERT INTO stripe_endpoint (id, account_id, livemode, connect, url, secret, events, status,"
    "  metadata, created_at) VALUES ('we_1', '" BENCH_ACCOUNT "', 0, 0, 'http://127.0.0.1:1/hook',"
    "  'whsec_practice', '[\"*\"]', 'enabled', '{}', 1);"
    "INSERT INTO paypal_business (id, email, name, currency, charset, fee_basis_points,"
    "  fee_fixed_cents, created_at) VALUES ('" BENCH_BUSINESS "', 'tresorier@marcheurs.example',"
    "  'Les Marcheurs', 'EUR', 'windows-1252', 290, 35, 1);"
    "INSERT INTO paypal_address (email, business_id)"
    "  VALUES ('tresorier@marcheurs.example', '" BENCH_BUSINESS "');";

void bench_check(enum err err, enum err expected, const char *file, int line)
{
    if (err == expected)
        return;
    print_error("%s where %s was due: %s\n", err_name(err), err_name(expected), err_last()->text);
    _fail(file, line);
}

void bench_execute(struct bench *bench, const char *sql)
{
    struct db *db = NULL;

    bench_ok(db_open(bench->database, DB_WRITE, &sandbox_queries, &db));
    bench_ok(db_execute_text(db, sql));
    db_close(db);
}

int64_t bench_count(struct bench *bench, const char *format, ...)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    char *sql = NULL;
    va_list arguments;
    int64_t count = 0;

    va_start(arguments, format);
    sql = sqlite3_vmprintf(format, arguments);
    va_end(arguments);
    assert_int_equal(sqlite3_open(bench->database, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    count = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    sqlite3_free(sql);
    return count;
}

int bench_setup(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));

    require(bench);
    scratch_init(&bench->scratch);
    snprintf(bench->database, sizeof(bench->database), "%s",
             scratch_path(&bench->scratch, "sandbox.db"));
    bench->arena = arena_new();
    bench_ok(fresh_database(bench->database, &sandbox_migrations));
    bench_execute(bench, first_rows);
    bench->sandbox.options.database = bench->database;
    bench->sandbox.options.base_url = "http://localhost:8081";
    bench->sandbox.options.sepa_delay_s = 60;
    bench_ok(zone_find("America/Los_Angeles", &bench->sandbox.pacific_zone));
    bench_ok(db_writer_new(bench->database, &sandbox_queries, &bench->sandbox.writer));
    bench->thread.sandbox = &bench->sandbox;
    bench_ok(db_open(bench->database, DB_READ, &sandbox_queries, &bench->thread.db));
    bench->request.arena = bench->arena;
    bench->request.context = &bench->thread;
    bench->request.method = HTTP_POST;
    bench->request.path = str_of("/v1/checkout/sessions");
    bench->response.arena = bench->arena;
    buffer_init(&bench->response.body, bench->arena, 256);
    *state = bench;
    return 0;
}

int bench_teardown(void **state)
{
    struct bench *bench = *state;

    db_close(bench->thread.db);
    db_writer_free(bench->sandbox.writer);
    arena_free(bench->arena);
    scratch_done(&bench->scratch);
    free(bench);
    return 0;
}

void bench_call(struct bench *bench, struct stripe_call *call, const char *form)
{
    *call = (struct stripe_call){
        .request = &bench->request,
        .response = &bench->response,
        .sandbox = &bench->sandbox,
        .arena = bench->arena,
        .account_id = BENCH_ACCOUNT,
        .key_account_id = BENCH_ACCOUNT,
        .request_id = "req_practice",
        .now = BENCH_NOW,
    };
    bench_ok(stripe_form_read(call, str_of(form), &call->parameters));
    assert_int_equal(call->error.status, 0);
}

/* What the handler does between the rules and the answer. */
struct opening {
    struct stripe_call *call;
    json_t *row;
};

static enum err add_session(struct db *db, void *argument)
{
    struct opening *opening = argument;

    return stripe_session_add(opening->call, db, &opening->row);
}

const char *bench_session(struct bench *bench, int64_t amount_cents)
{
    struct stripe_call call;
    struct opening opening = {.call = &call};
    json_t *price = NULL;
    const char *id = NULL;

    bench_call(bench, &call,
               "mode=payment&line_items[0][price_data][currency]=eur"
               "&line_items[0][price_data][product_data][name]=Sortie"
               "&payment_intent_data[metadata][guichet]=mark&metadata[guichet]=mark"
               "&success_url=http://127.0.0.1/retour");
    price = json_object_get(json_array_get(json_object_get(call.parameters, "line_items"), 0),
                            "price_data");
    put_integer(price, "unit_amount", amount_cents);
    put_integer(json_array_get(json_object_get(call.parameters, "line_items"), 0), "quantity", 1);
    bench_ok(db_write(bench->sandbox.writer, add_session, &opening));
    id = arena_string(bench->arena, row_text(opening.row, "id"));
    json_decref(opening.row);
    json_decref(call.parameters);
    return id;
}

const char *bench_visit(struct bench *bench, const char *amount, const char *more)
{
    struct paypal_visit visit = {
        .sandbox = &bench->sandbox, .arena = bench->arena, .now = BENCH_NOW};
    enum button_verdict verdict = BUTTON_BAD;
    json_t *fields = NULL;

    bench_ok(paypal_fields_read(
        str_of(arena_printf(bench->arena,
                            "cmd=_xclick&business=tresorier@marcheurs.example&amount=%s"
                            "&currency_code=EUR&invoice=mark&custom=mark"
                            "&notify_url=http://127.0.0.1:1/ipn%s",
                            amount, more)),
        bench->arena, &fields));
    visit.fields = fields;
    bench_ok(paypal_visit_check(&visit, bench->thread.db, &verdict));
    assert_int_equal(verdict, BUTTON_OK);
    bench_ok(db_write(bench->sandbox.writer, paypal_visit_add, &visit));
    json_decref(fields);
    return visit.token;
}
