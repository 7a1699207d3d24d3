#include "payment/verify.h"

#include "accounting/accounting.h"
#include "association/association.h"
#include "association/audit.h"
#include "base/arena.h"
#include "base/hash.h"
#include "queries.h"

#include <string.h>

/* One check = one statement that returns the rows of its breaches. */
static const struct check {
    int invariant;
    int query;
    const char *table;
    const char *text;
} checks[] = {
    {1, Q_VERIFY_ENTRY_BALANCE, "entry", "écriture déséquilibrée ou sans lignes"},
    {1, Q_VERIFY_ENTRY_NUMBERS, "fiscal_year", "numéros d'écriture avec un trou"},
    {1, Q_VERIFY_ENTRY_YEAR, "entry", "écriture hors de son exercice"},
    {1, Q_VERIFY_ENTRY_DAY, "entry", "ligne à un autre jour que son écriture"},
    {2, Q_VERIFY_CAPTURE_ENTRY, "provider_transaction", "encaissement sans son écriture exacte"},
    {2, Q_VERIFY_CAPTURE_LINES, "provider_transaction",
     "encaissement qui n'est pas exactement dans un panier ou à rattacher"},
    {2, Q_VERIFY_QUARANTINE_ENTRY, "quarantine",
     "à rattacher sans l'écriture de son encaissement"},
    {2, Q_VERIFY_PAYMENT_LINE, "cart_line", "paiement du panier sans encaissement"},
    {2, Q_VERIFY_ENTRY_SINGLE, "entry",
     "écriture d'encaissement sans mouvement, ou avec plusieurs"},
    {3, Q_VERIFY_INTENT_PAID, "payment_intent", "tentative payée sans encaissement, ou l'inverse"},
    {3, Q_VERIFY_TRANSACTION_TWICE, "provider_transaction", "mouvement enregistré deux fois"},
    {3, Q_VERIFY_TRANSACTION_INTENT, "provider_transaction",
     "mouvement qui ne concorde pas avec sa tentative"},
    {3, Q_VERIFY_ACCOUNT_TWICE, "provider_account", "compte de paiement de deux associations"},
    {3, Q_VERIFY_REFERENCES, "", "référence vers une ligne absente ou d'une autre association"},
    {3, Q_VERIFY_FILE, "", "fichier de la base abîmé"},
    {4, Q_VERIFY_MOVEMENT_ENTRY, "provider_transaction", "mouvement sans son écriture exacte"},
    {4, Q_VERIFY_MOVEMENT_LINES, "provider_transaction",
     "ce qui est reparti d'un encaissement n'est pas exactement dans les paniers"},
    {4, Q_VERIFY_RETURNED, "provider_transaction", "encaissement rendu plus d'une fois"},
    {4, Q_VERIFY_DISPUTED, "account", "compte 4671 différent de ce qui est contesté"},
    {4, Q_VERIFY_DEFERRED, "account", "compte 487 différent de ce qui attend son exercice"},
    {4, Q_VERIFY_DEPOSIT, "deposit", "remise différente de la somme de ses chèques"},
    {4, Q_VERIFY_TRANSIT, "account", "compte de transit différent de ses mouvements"},
    {4, Q_VERIFY_REVENUE_DAY, "revenue_day", "total d'un jour différent de ses encaissements"},
    {5, Q_VERIFY_EVENT_OUTCOME, "provider_event", "notification authentique sans issue"},
    {5, Q_VERIFY_EVENT_POSTED, "provider_event", "notification comptabilisée sans mouvement"},
    {6, Q_VERIFY_ALLOCATION_LINES, "allocation",
     "imputation entre des lignes qui ne vont pas ensemble"},
    {6, Q_VERIFY_ALLOCATION_CHARGE, "cart_line", "dépense imputée au-delà de son montant"},
    {6, Q_VERIFY_ALLOCATION_PAYMENT, "cart_line", "paiement imputé au-delà de son montant"},
    {6, Q_VERIFY_MEMBER_BALANCE, "member",
     "solde différent des dépenses ouvertes moins les avances"},
    {6, Q_VERIFY_ADVANCES, "account", "compte 4191 différent des avances de l'adhérent"},
    {6, Q_VERIFY_ADVANCES_NOBODY, "entry", "avance sans adhérent"},
};

struct verifying {
    struct db *db;
    struct arena *arena;
    struct verify_report *report;
};

static void add_breach(struct verifying *verifying, int invariant, int64_t association_id,
                       const char *table, const char *row, const char *text)
{
    struct verify_report *report = verifying->report;

    if (report->breach_count < VERIFY_ROWS_MAX)
        report->breaches[report->breach_count++] = (struct verify_breach){
            .invariant = invariant,
            .association_id = association_id,
            .table = table,
            .row = row,
            .text = text,
        };
}

static enum err run_check(struct verifying *verifying, const struct check *check)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_select(verifying->db, check->query, DB_NO_VALUES, &rows);

    while (!err && !(err = db_next(&rows, &found)) && found)
        add_breach(verifying, check->invariant, db_column_int(&rows, 0), check->table,
                   db_column_text(&rows, 1, verifying->arena), check->text);
    db_rows_done(&rows);
    return err;
}

/* ---- chains ---- */

static const char *row_name(struct verifying *verifying, int64_t id)
{
    return arena_printf(verifying->arena, "%lld", (long long)id);
}

/* The hash that the next link must name. */
struct link {
    int64_t number;
    unsigned char hash[HASH_LEN];
};

static bool follows(const struct link *link, int64_t number, struct str previous_hash)
{
    return number == link->number + 1 && hash_equal(previous_hash, str_from(link->hash, HASH_LEN));
}

static enum err check_entry_link(struct verifying *verifying, int64_t association_id,
                                 const struct db_rows *rows, struct link *link)
{
    int64_t id = db_column_int(rows, 0), number = db_column_int(rows, 1);
    struct str previous = db_column_blob(rows, 2, verifying->arena);
    bool matches = false, in_order = follows(link, number, previous);
    enum err err = entry_check_hash(verifying->db, association_id, id, previous, verifying->arena,
                                    &matches, link->hash);

    link->number = number;
    if (!err && !(matches && in_order))
        add_breach(verifying, 1, association_id, "entry", row_name(verifying, id),
                   "chaîne des écritures rompue");
    return err;
}

static enum err check_entry_chain(struct verifying *verifying, int64_t association_id)
{
    struct db_rows rows = {0};
    struct link link = {0};
    struct verifying scratch = *verifying;
    bool found = false;
    enum err err =
        db_select(verifying->db, Q_VERIFY_ENTRY_CHAIN, DB_VALUES(db_int(association_id)), &rows);

    scratch.arena = arena_new();
    while (!err && !(err = db_next(&rows, &found)) && found) {
        size_t before = verifying->report->breach_count;

        err = check_entry_link(&scratch, association_id, &rows, &link);
        if (verifying->report->breach_count > before)
            verifying->report->breaches[before].row =
                arena_string(verifying->arena, verifying->report->breaches[before].row);
        arena_reset(scratch.arena);
    }
    db_rows_done(&rows);
    arena_free(scratch.arena);
    return err;
}

static enum err check_audit_link(struct verifying *verifying, int64_t association_id,
                                 const struct db_rows *rows, struct arena *scratch,
                                 struct link *link)
{
    struct audit_row row = {
        .association_id = association_id,
        .chain_number = db_column_int(rows, 0),
        .at_ms = db_column_int(rows, 1),
        .login_id = db_column_int(rows, 2),
        .address = db_column_str(rows, 3),
        .action = db_column_str(rows, 4),
        .object = db_column_str(rows, 5),
        .detail = db_column_str(rows, 6),
    };
    struct str previous = db_column_str(rows, 7);
    bool in_order = follows(link, row.chain_number, previous);
    enum err err = audit_hash(&row, previous, scratch, link->hash);

    link->number = row.chain_number;
    if (!err && !(in_order && hash_equal(db_column_str(rows, 8), str_from(link->hash, HASH_LEN))))
        add_breach(verifying, 7, association_id, "audit", row_name(verifying, row.chain_number),
                   "chaîne du journal des actions rompue");
    return err;
}

static enum err check_audit_chain(struct verifying *verifying, int64_t association_id)
{
    struct db_rows rows = {0};
    struct link link = {0};
    struct arena *scratch = arena_new();
    bool found = false;
    enum err err =
        db_select(verifying->db, Q_VERIFY_AUDIT_CHAIN, DB_VALUES(db_int(association_id)), &rows);

    while (!err && !(err = db_next(&rows, &found)) && found) {
        err = check_audit_link(verifying, association_id, &rows, scratch, &link);
        arena_reset(scratch);
    }
    db_rows_done(&rows);
    arena_free(scratch);
    return err;
}

static enum err check_entry_chains(struct verifying *verifying)
{
    int64_t *ids;
    size_t count;
    enum err err = association_list(verifying->db, verifying->arena, &ids, &count);

    for (size_t i = 0; !err && i < count; i++)
        err = check_entry_chain(verifying, ids[i]);
    return err;
}

static enum err check_audit_chains(struct verifying *verifying)
{
    enum { CHAINS_MAX = 10000 };
    int64_t *ids = arena_array(verifying->arena, CHAINS_MAX, sizeof(*ids));
    size_t count = 0;
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_select(verifying->db, Q_VERIFY_AUDIT_ASSOCIATIONS, DB_NO_VALUES, &rows);

    while (!err && !(err = db_next(&rows, &found)) && found && count < CHAINS_MAX)
        ids[count++] = db_column_int(&rows, 0);
    db_rows_done(&rows);
    for (size_t i = 0; !err && i < count; i++)
        err = check_audit_chain(verifying, ids[i]);
    return err;
}

/* ---- what is told beside ---- */

static enum err read_counts(struct verifying *verifying)
{
    struct verify_report *report = verifying->report;
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(verifying->db, Q_VERIFY_COUNTS, DB_NO_VALUES, &rows, &found);

    if (!err && found) {
        report->associations = db_column_int(&rows, 0);
        report->entries = db_column_int(&rows, 1);
        report->captures = db_column_int(&rows, 2);
        report->events = db_column_int(&rows, 3);
        report->waiting_events = db_column_int(&rows, 4);
        report->open_quarantine = db_column_int(&rows, 5);
    }
    db_rows_done(&rows);
    return err;
}

static enum err read_quarantine(struct verifying *verifying)
{
    struct verify_report *report = verifying->report;
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_select(verifying->db, Q_VERIFY_QUARANTINE, DB_NO_VALUES, &rows);

    while (!err && !(err = db_next(&rows, &found)) && found &&
           report->quarantine_count < VERIFY_ROWS_MAX)
        report->quarantine[report->quarantine_count++] = (struct verify_quarantine){
            .association_id = db_column_int(&rows, 0),
            .id = db_column_int(&rows, 1),
            .reason = db_column_text(&rows, 2, verifying->arena),
            .transaction_id = db_column_int(&rows, 3),
            .created_at = db_column_int(&rows, 4),
        };
    db_rows_done(&rows);
    return err;
}

enum err verify_database(struct db *db, struct arena *arena, struct verify_report *report)
{
    struct verifying verifying = {.db = db, .arena = arena, .report = report};
    enum err err = db_read_begin(db);

    *report = (struct verify_report){0};
    if (err)
        return err;
    report->breaches = arena_array(arena, VERIFY_ROWS_MAX, sizeof(*report->breaches));
    report->quarantine = arena_array(arena, VERIFY_ROWS_MAX, sizeof(*report->quarantine));
    for (size_t i = 0; !err && i < sizeof(checks) / sizeof(checks[0]); i++)
        err = run_check(&verifying, &checks[i]);
    if (!err)
        err = check_entry_chains(&verifying);
    if (!err)
        err = check_audit_chains(&verifying);
    if (!err)
        err = read_counts(&verifying);
    if (!err)
        err = read_quarantine(&verifying);
    db_read_end(db);
    return err;
}
