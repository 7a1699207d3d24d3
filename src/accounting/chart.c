#include "accounting/accounting.h"

#include "base/arena.h"
#include "queries.h"

#include <string.h>

enum { CHART_FIRST = 64 };

/* ---- reading ---- */

static void read_account(const struct db_rows *rows, struct arena *arena,
                         struct chart_account *account)
{
    account->code = db_column_text(rows, 0, arena);
    account->label = db_column_text(rows, 1, arena);
    account->archived = !db_column_is_null(rows, 2);
    account->used = db_column_int(rows, 3) != 0;
    account->version = db_column_int(rows, 4);
}

static struct chart_account *grown(struct chart_account *accounts, size_t count,
                                   struct arena *arena)
{
    struct chart_account *larger = arena_array(arena, 2 * count, sizeof(*larger));

    memcpy(larger, accounts, count * sizeof(*larger));
    return larger;
}

static enum err read_accounts(struct db *db, int query, int64_t association_id,
                              struct arena *arena, struct chart_account **accounts, size_t *count)
{
    struct db_rows rows = {0};
    size_t capacity = CHART_FIRST;
    bool found = false;
    enum err err = db_select(db, query, DB_VALUES(db_int(association_id)), &rows);

    *accounts = arena_array(arena, capacity, sizeof(**accounts));
    *count = 0;
    while (!err && !(err = db_next(&rows, &found)) && found) {
        if (*count == capacity) {
            *accounts = grown(*accounts, capacity, arena);
            capacity *= 2;
        }
        read_account(&rows, arena, &(*accounts)[(*count)++]);
    }
    db_rows_done(&rows);
    return err;
}

enum err accounting_chart(struct db *db, int64_t association_id, struct arena *arena,
                          struct chart_account **accounts, size_t *count)
{
    return read_accounts(db, Q_CHART_LIST, association_id, arena, accounts, count);
}

enum err accounting_charge_accounts(struct db *db, int64_t association_id, struct arena *arena,
                                    struct chart_account **accounts, size_t *count)
{
    return read_accounts(db, Q_ACCOUNT_CHOICE, association_id, arena, accounts, count);
}

enum err accounting_may_charge(struct db *db, int64_t association_id, const char *code, bool *may)
{
    struct arena *arena = arena_new();
    struct chart_account *accounts;
    size_t count = 0;
    enum err err = accounting_charge_accounts(db, association_id, arena, &accounts, &count);

    *may = false;
    for (size_t i = 0; !err && i < count; i++)
        *may = *may || strcmp(accounts[i].code, code) == 0;
    arena_free(arena);
    return err;
}
