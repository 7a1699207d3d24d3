#include "accounting/accounting.h"

#include "accounting/internal.h"
#include "base/arena.h"
#include "queries.h"

#include <string.h>

enum err accounting_chart_add(struct db *db, int64_t association_id)
{
    return db_run(db, Q_CHART_ADD_DEFAULTS, DB_VALUES(db_int(association_id)));
}

struct accounting_pair accounting_accounts_for(enum accounting_fact fact,
                                               enum accounting_method method,
                                               const char *transit_account,
                                               const char *charge_account)
{
    const char *charge = charge_account ? charge_account : ACCOUNT_SUSPENSE;

    require(method == ACCOUNTING_CASH);
    switch (fact) {
    case ACCOUNTING_CAPTURE_DUE:
        return (struct accounting_pair){transit_account, charge};
    case ACCOUNTING_CAPTURE_DEFERRED:
        return (struct accounting_pair){transit_account, ACCOUNT_DEFERRED};
    case ACCOUNTING_CAPTURE_ADVANCE:
        return (struct accounting_pair){transit_account, ACCOUNT_ADVANCE};
    case ACCOUNTING_CAPTURE_UNKNOWN:
        return (struct accounting_pair){transit_account, ACCOUNT_SUSPENSE};
    case ACCOUNTING_ADVANCE_DUE:
        return (struct accounting_pair){ACCOUNT_ADVANCE, charge};
    case ACCOUNTING_ADVANCE_DEFERRED:
        return (struct accounting_pair){ACCOUNT_ADVANCE, ACCOUNT_DEFERRED};
    case ACCOUNTING_DEFERRED_DUE:
        return (struct accounting_pair){ACCOUNT_DEFERRED, charge};
    case ACCOUNTING_TAKEN_BACK:
    case ACCOUNTING_ADJUSTED:
        return (struct accounting_pair){charge, ACCOUNT_ADVANCE};
    case ACCOUNTING_TAKEN_BACK_DEFERRED:
        return (struct accounting_pair){ACCOUNT_DEFERRED, ACCOUNT_ADVANCE};
    case ACCOUNTING_ADVANCE_OUT:
        return (struct accounting_pair){ACCOUNT_ADVANCE, transit_account};
    case ACCOUNTING_ADVANCE_MOVED:
        return (struct accounting_pair){ACCOUNT_ADVANCE, ACCOUNT_ADVANCE};
    case ACCOUNTING_PAYOUT:
        return (struct accounting_pair){charge, transit_account};
    case ACCOUNTING_FEE:
        return (struct accounting_pair){ACCOUNT_FEE, transit_account};
    case ACCOUNTING_CAPTURE_ELSEWHERE:
        return (struct accounting_pair){transit_account, charge};
    case ACCOUNTING_RETURN_ELSEWHERE:
        return (struct accounting_pair){charge, transit_account};
    case ACCOUNTING_DISPUTE:
        return (struct accounting_pair){ACCOUNT_DISPUTE, transit_account};
    case ACCOUNTING_EXCESS:
    case ACCOUNTING_UNKNOWN:
        return (struct accounting_pair){ACCOUNT_SUSPENSE, transit_account};
    case ACCOUNTING_EXCHANGE_LOSS:
        return (struct accounting_pair){ACCOUNT_EXCHANGE_LOSS, transit_account};
    case ACCOUNTING_EXCHANGE_GAIN:
        return (struct accounting_pair){transit_account, ACCOUNT_EXCHANGE_GAIN};
    case ACCOUNTING_RESERVE:
        return (struct accounting_pair){ACCOUNT_RESERVE, transit_account};
    case ACCOUNTING_TRANSFER:
        return (struct accounting_pair){ACCOUNT_TRANSFER, transit_account};
    case ACCOUNTING_INCOME:
        return (struct accounting_pair){transit_account, ACCOUNT_INCOME};
    }
    err_abort(__FILE__, __LINE__, "accounting fact without accounts");
}

/* Accounts the kernel itself counts on (transit, advances, deferred, suspense) are used even
 * when archived, and made again when missing: the invariants are stated on them. */
static bool essential(const char *code)
{
    return code[0] == '5' || strcmp(code, ACCOUNT_ADVANCE) == 0 ||
           strcmp(code, ACCOUNT_DEFERRED) == 0 || strcmp(code, ACCOUNT_SUSPENSE) == 0;
}

bool account_needed(const char *code)
{
    return (code[0] != '5' && essential(code)) || strcmp(code, ACCOUNT_FEE) == 0 ||
           strcmp(code, ACCOUNT_DISPUTE) == 0;
}

static enum err read_account(struct db *db, int64_t association_id, const char *code,
                             struct arena *arena, const char **label, bool *usable)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, Q_ACCOUNT_READ, DB_VALUES(db_int(association_id), db_text(code)),
                            &rows, &found);

    *usable = false;
    if (!err && found) {
        *label = db_column_text(&rows, 0, arena);
        *usable = db_column_int(&rows, 1) == 0 || essential(code);
    }
    db_rows_done(&rows);
    return err;
}

enum err accounting_account_usable(struct db *db, int64_t association_id, const char *code,
                                   bool *usable)
{
    struct arena *arena = arena_new();
    const char *label;
    enum err err = read_account(db, association_id, code, arena, &label, usable);

    arena_free(arena);
    return err;
}

enum err account_resolve(struct db *db, int64_t association_id, const char **code,
                         struct arena *arena, const char **label, bool *missing)
{
    bool usable = false;
    enum err err = read_account(db, association_id, *code, arena, label, &usable);

    if (err || usable)
        return err;
    if (!essential(*code)) {
        *missing = true;
        *code = ACCOUNT_SUSPENSE;
        return account_resolve(db, association_id, code, arena, label, missing);
    }
    err = db_run(db, Q_ACCOUNT_ADD,
                 DB_VALUES(db_int(association_id), db_text(*code), db_text(*code)));
    *label = *code;
    return err;
}
