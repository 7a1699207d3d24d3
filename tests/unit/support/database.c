#include "database.h"

#include "accounting/accounting.h"
#include "association/cart.h"
#include "association/login.h"
#include "association/member.h"
#include "base/random.h"
#include "migrations.h"
#include "queries.h"
#include "support/fresh.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct audit_actor nobody = {0, ""};

void house_check(enum err err, enum err expected, const char *file, int line)
{
    if (err == expected)
        return;
    print_error("%s:%d: %s instead of %s", file, line, err_name(err), err_name(expected));
    if (err != OK)
        print_error(" (%s:%d: %s)", err_last()->file, err_last()->line, err_last()->text);
    print_error("\n");
    _fail(file, line);
}

/* ---- making ---- */

static int64_t new_id(void)
{
    int64_t id;

    house_ok(random_id(&id));
    return id;
}

static enum err ensure_installation(struct db *db, void *argument)
{
    (void)argument;
    return installation_ensure(db, HOUSE_NOW);
}

void house_open_empty(struct house *house)
{
    const char *base = getenv("TMPDIR");

    memset(house, 0, sizeof(*house));
    snprintf(house->folder, sizeof(house->folder), "%s/guichet-test-XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(house->folder));
    snprintf(house->path, sizeof(house->path), "%s/guichet.db", house->folder);
    house->arena = arena_new();
    house_ok(fresh_database(house->path, &guichet_migrations));
    house_ok(db_open(house->path, DB_WRITE, &guichet_queries, &house->db));
    house_ok(db_transaction(house->db, ensure_installation, NULL));
}

struct new_association {
    struct association_draft draft;
    int64_t year_id;
};

static enum err add_association(struct db *db, void *argument)
{
    struct new_association *made = argument;
    struct arena *arena = arena_new();
    struct association association;
    struct fiscal_year year = {0};
    enum err err = association_add(db, &made->draft);

    if (!err)
        err = accounting_chart_add(db, made->draft.id);
    if (!err)
        err = association_find(db, made->draft.id, arena, &association);
    if (!err)
        err = accounting_year_for(db, &association, zone_date(association.zone, HOUSE_NOW),
                                  HOUSE_NOW, arena, &year);
    made->year_id = year.id;
    arena_free(arena);
    return err;
}

static int64_t make_association(struct house *house, const char *name, int64_t *year_id)
{
    struct new_association made = {
        .draft = {.id = new_id(),
                  .name = name,
                  .kind = ASSOCIATION_TRIAL,
                  .currency_code = "EUR",
                  .zone_name = "Europe/Paris",
                  .email = "contact@exemple.fr",
                  .how_to_pay = "Par chèque à l'ordre de l'association.",
                  .year_first_month = 9,
                  .year_first_day = 1,
                  .now = HOUSE_NOW},
    };

    house_ok(db_transaction(house->db, add_association, &made));
    *year_id = made.year_id;
    return made.draft.id;
}

int64_t house_add_association(struct house *house, const char *name)
{
    int64_t year_id;

    return make_association(house, name, &year_id);
}

static enum err add_member(struct db *db, void *argument)
{
    int64_t number;

    return member_add(db, argument, &nobody, &number);
}

static int64_t make_member(struct house *house, struct member_draft draft)
{
    draft.id = new_id();
    draft.now = HOUSE_NOW;
    house_ok(db_transaction(house->db, add_member, &draft));
    return draft.id;
}

int64_t house_add_member(struct house *house, int64_t association_id, const char *first_name,
                         const char *last_name, int64_t payer_id)
{
    return make_member(house, (struct member_draft){.association_id = association_id,
                                                    .first_name = first_name,
                                                    .last_name = last_name,
                                                    .email = "",
                                                    .payer_id = payer_id});
}

static enum err add_login(struct db *db, void *argument)
{
    struct house *house = argument;

    return login_ensure(db, str_of("jeanne@exemple.fr"), &nobody, HOUSE_NOW, house->arena,
                        &house->login_id);
}

void house_open(struct house *house)
{
    house_open_empty(house);
    house->association_id = make_association(house, "Les Marcheurs", &house->year_id);
    house_ok(db_transaction(house->db, add_login, house));
    house->member_id =
        make_member(house, (struct member_draft){.association_id = house->association_id,
                                                 .first_name = "Jeanne",
                                                 .last_name = "Martin",
                                                 .email = "jeanne@exemple.fr",
                                                 .login_id = house->login_id});
}

static enum err add_line(struct db *db, void *argument)
{
    return cart_add_line(db, argument);
}

int64_t house_add_charge(struct house *house, int64_t member_id, const char *date,
                         int64_t amount_cents, const char *label)
{
    struct cart_draft draft = {
        .id = new_id(),
        .association_id = house->association_id,
        .member_id = member_id,
        .kind = CART_CHARGE,
        .amount_cents = amount_cents,
        .label = label,
        .fiscal_year_id = house->year_id,
        .account_code = "7561",
        .now = HOUSE_NOW,
    };

    assert_true(date_parse_iso(str_of(date), &draft.date));
    house_ok(db_transaction(house->db, add_line, &draft));
    return draft.id;
}

/* ---- ending ---- */

void house_reopen(struct house *house)
{
    db_close(house->db);
    house_ok(db_open(house->path, DB_WRITE, &guichet_queries, &house->db));
}

void house_close(struct house *house)
{
    static const char *const files[] = {"guichet.db", "guichet.db-wal", "guichet.db-shm",
                                        "guichet.db.lock"};
    char path[256];

    db_close(house->db);
    arena_free(house->arena);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", house->folder, files[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(house->folder), 0);
}

int house_setup(void **state)
{
    struct house *house = calloc(1, sizeof(*house));

    assert_non_null(house);
    house_open(house);
    *state = house;
    return 0;
}

int house_teardown(void **state)
{
    house_close(*state);
    free(*state);
    return 0;
}

/* ---- looking ---- */

void house_execute(struct house *house, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    house_ok(db_execute_text(house->db, arena_vprintf(house->arena, format, arguments)));
    va_end(arguments);
}

/* A connection of its own: what a test counts is what stands in the file. */
int64_t house_count(struct house *house, const char *format, ...)
{
    sqlite3 *connection = NULL;
    sqlite3_stmt *statement = NULL;
    va_list arguments;
    int64_t value;
    const char *sql;

    va_start(arguments, format);
    sql = arena_vprintf(house->arena, format, arguments);
    va_end(arguments);
    if (sqlite3_open_v2(house->path, &connection, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(connection, sql, -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW) {
        print_error("%s: %s\n", sql, sqlite3_errmsg(connection));
        _fail(__FILE__, __LINE__);
    }
    value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(connection);
    return value;
}
