#include "accounting/chart.h"

#include "accounting/internal.h"
#include "association/change.h"
#include "base/arena.h"
#include "queries.h"

#include <string.h>

enum { CHART_FIRST = 64 };

bool chart_code_valid(struct str code)
{
    if (code.len < CHART_CODE_MIN || code.len > CHART_CODE_MAX)
        return false;
    for (size_t i = 0; i < code.len; i++)
        if (code.data[i] < '0' || code.data[i] > '9')
            return false;
    return code.data[0] >= '1' && code.data[0] <= '8';
}

/* ---- reading ---- */

static void read_account(const struct db_rows *rows, struct arena *arena,
                         struct chart_account *account)
{
    account->code = db_column_text(rows, 0, arena);
    account->label = db_column_text(rows, 1, arena);
    account->archived = !db_column_is_null(rows, 2);
    account->used = db_column_int(rows, 3) != 0;
    account->version = db_column_int(rows, 4);
    account->needed = account_needed(account->code);
}

static struct chart_account *grown(struct chart_account *accounts, size_t count,
                                   struct arena *arena)
{
    struct chart_account *larger = arena_array(arena, count * 2, sizeof(*larger));

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
            *accounts = grown(*accounts, *count, arena);
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

enum err chart_find(struct db *db, int64_t association_id, struct str code, struct arena *arena,
                    struct chart_account *account)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err =
        db_first(db, Q_CHART_FIND, DB_VALUES(db_int(association_id), db_str(code)), &rows, &found);

    if (!err && found)
        read_account(&rows, arena, account);
    else if (!err)
        err = fail(ERR_NOT_FOUND, "no such account");
    db_rows_done(&rows);
    return err;
}

/* ---- what holds an account ---- */

/* Which settings name it, in use or at all. */
struct uses {
    bool means_in_use, means, banks_in_use, banks, products_in_use, products, charges;
};

static enum err read_uses(struct db *db, int64_t association_id, const char *code,
                          struct uses *uses)
{
    struct db_rows rows = {0};
    bool *const columns[] = {
        &uses->means_in_use,    &uses->means,    &uses->banks_in_use, &uses->banks,
        &uses->products_in_use, &uses->products, &uses->charges,
    };
    bool found = false;
    enum err err = db_first(db, Q_CHART_USES, DB_VALUES(db_int(association_id), db_text(code)),
                            &rows, &found);

    for (int i = 0; !err && i < (int)(sizeof(columns) / sizeof(columns[0])); i++)
        *columns[i] = found && db_column_int(&rows, i) != 0;
    db_rows_done(&rows);
    return err;
}

enum err chart_held(struct db *db, int64_t association_id, const struct chart_account *account,
                    struct chart_hold *hold)
{
    struct uses uses;
    enum err err = read_uses(db, association_id, account->code, &uses);

    if (err)
        return err;
    hold->archiving = account->needed        ? CHART_NEEDED
                      : uses.means_in_use    ? CHART_OF_MEANS
                      : uses.banks_in_use    ? CHART_OF_BANK
                      : uses.products_in_use ? CHART_OF_PRODUCT
                                             : CHART_WRITTEN;
    hold->deleting = account->needed ? CHART_NEEDED
                     : account->used ? CHART_OF_ENTRIES
                     : uses.means    ? CHART_OF_MEANS
                     : uses.banks    ? CHART_OF_BANK
                     : uses.products ? CHART_OF_PRODUCT
                     : uses.charges  ? CHART_OF_CHARGES
                                     : CHART_WRITTEN;
    return OK;
}

/* ---- writing ---- */

/* A change under way: the account as it stands, and what to tell the audit. */
struct writing {
    struct db *db;
    const struct chart_draft *draft;
    struct arena *arena;
    struct chart_account before; /* not when it is added */
    const char *action;          /* NULL: nothing was changed */
    const char *detail;
};

static enum err add(struct writing *writing, enum chart_result *result)
{
    const struct chart_draft *draft = writing->draft;
    enum err err = db_run(
        writing->db, Q_ACCOUNT_ADD,
        DB_VALUES(db_int(draft->association_id), db_text(draft->code), db_text(draft->label)));

    if (!err && db_changes(writing->db) == 0)
        *result = CHART_TAKEN;
    else
        writing->action = "account.added";
    return err;
}

static enum err rename_it(struct writing *writing, enum chart_result *result)
{
    const struct chart_draft *draft = writing->draft;
    struct change change;
    enum err err;

    if (writing->before.version != draft->version) {
        *result = CHART_STALE;
        return OK;
    }
    if (strcmp(writing->before.label, draft->label) == 0)
        return OK;
    change_init(&change, writing->arena);
    err = change_text(&change, "label", writing->before.label, draft->label);
    writing->action = "account.renamed";
    writing->detail = change_detail(&change);
    return err ? err
               : db_run(writing->db, Q_CHART_RENAME,
                        DB_VALUES(db_int(draft->association_id), db_text(draft->code),
                                  db_text(draft->label)));
}

static enum err set_archived(struct writing *writing, struct db_value since)
{
    const struct chart_draft *draft = writing->draft;
    bool archives = draft->change == CHART_ARCHIVE;

    if (writing->before.archived == archives) /* so already */
        return OK;
    writing->action = archives ? "account.archived" : "account.restored";
    return db_run(writing->db, Q_CHART_ARCHIVE,
                  DB_VALUES(db_int(draft->association_id), db_text(draft->code), since));
}

static enum err put_away(struct writing *writing, enum chart_result *result)
{
    const struct chart_draft *draft = writing->draft;
    struct chart_hold hold;
    bool deletes = draft->change == CHART_DELETE;
    enum err err = chart_held(writing->db, draft->association_id, &writing->before, &hold);

    if (err)
        return err;
    *result = deletes ? hold.deleting : hold.archiving;
    if (*result != CHART_WRITTEN)
        return OK;
    if (!deletes)
        return set_archived(writing, db_int(draft->now));
    writing->action = "account.deleted";
    return db_run(writing->db, Q_CHART_REMOVE,
                  DB_VALUES(db_int(draft->association_id), db_text(draft->code)));
}

static enum err change_it(struct writing *writing, enum chart_result *result)
{
    switch (writing->draft->change) {
    case CHART_ADD:
        return add(writing, result);
    case CHART_RENAME:
        return rename_it(writing, result);
    case CHART_RESTORE:
        return set_archived(writing, db_null());
    case CHART_ARCHIVE:
    case CHART_DELETE:
        break;
    }
    return put_away(writing, result);
}

enum err chart_write(struct db *db, const struct chart_draft *draft,
                     const struct audit_actor *actor, enum chart_result *result)
{
    struct writing writing = {.db = db, .draft = draft, .arena = arena_new(), .detail = ""};
    enum err err = OK;

    *result = CHART_WRITTEN;
    if (draft->change != CHART_ADD)
        err = chart_find(db, draft->association_id, str_of(draft->code), writing.arena,
                         &writing.before);
    if (!err)
        err = change_it(&writing, result);
    if (!err && writing.action)
        err = audit_add(db, draft->association_id, actor, writing.action,
                        arena_printf(writing.arena, "account:%s", draft->code), writing.detail);
    arena_free(writing.arena);
    return err;
}
