#include "payment/statement.h"

#include "association/rows.h"
#include "base/arena.h"
#include "base/utf8.h"
#include "queries.h"

#include <string.h>

/* What no movement of an association is: sums of such amounts would end in an overflow. */
#define LINE_MAX_CENTS (INT64_C(1000) * MONEY_MAX_CENTS)
/* 1 January 2000 and 1 January 2100: outside, a date is not believed. */
#define LINE_EARLIEST_AT INT64_C(946684800)
#define LINE_LATEST_AT INT64_C(4102444800)
enum { NAME_LEN_MAX = 255, WORDS_LEN_MAX = 200 }; /* bytes of a reference; of a type or a payer */

static const char *const kind_names[] = {
    [FACT_CAPTURE] = "capture",
    [FACT_PENDING] = "none",
    [FACT_FAILED] = "none",
    [FACT_EXPIRED] = "none",
    [FACT_CANCELED] = "none",
    [FACT_DECLINED] = "none",
    [FACT_CAPTURE_FAILED] = "capture_failed",
    [FACT_FEE] = "fee",
    [FACT_REFUND] = "refund",
    [FACT_REFUND_FAILED] = "refund_failed",
    [FACT_DISPUTE_OPENED] = "none",
    [FACT_DISPUTE] = "dispute",
    [FACT_DISPUTE_FEE] = "dispute_fee",
    [FACT_DISPUTE_WON] = "dispute_won",
    [FACT_DISPUTE_LOST] = "none",
    [FACT_PAYOUT] = "payout",
    [FACT_PAYOUT_FAILED] = "payout_failed",
    [FACT_OTHER] = "other",
};
static const char *const nature_names[] = {
    [NATURE_UNKNOWN] = "unknown",   [NATURE_FEE] = "fee",       [NATURE_RESERVE] = "reserve",
    [NATURE_TRANSFER] = "transfer", [NATURE_INCOME] = "income",
};

static const char *const standing_names[] = {
    [LINE_FINAL] = "final",
    [LINE_UNDER_WAY] = "pending",
    [LINE_FAILED] = "failed",
};

const char *statement_kind_name(enum fact_kind kind)
{
    return kind_names[kind];
}

static struct str given(const char *text)
{
    return str_of(text ? text : "");
}

/* ---- accounts ---- */

static enum err read_account(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct statement_account *account = item;

    account->id = db_column_int(rows, 0);
    account->provider = db_column_text(rows, 1, arena);
    account->label = db_column_text(rows, 2, arena);
    account->transit_account = db_column_text(rows, 3, arena);
    account->other_account = db_column_text(rows, 4, arena);
    if (!date_parse_iso(db_column_str(rows, 5), &account->since_day))
        return fail(ERR_INTERNAL, "since_day of an account is no day");
    account->opening_cents = db_column_int(rows, 6);
    account->read_until_at = db_column_int(rows, 7);
    account->has_balance = !db_column_is_null(rows, 8);
    account->balance_cents = db_column_int(rows, 8);
    account->balance_at = db_column_int(rows, 9);
    account->linked = db_column_is_null(rows, 10);
    account->revoked = !db_column_is_null(rows, 11);
    account->version = db_column_int(rows, 12);
    account->has_keys = db_column_int(rows, 13) != 0;
    return OK;
}

static enum err read_accounts(struct db *db, int64_t association_id, int64_t account_id,
                              struct arena *arena, struct statement_account **accounts,
                              size_t *count)
{
    void *items;
    enum err err = rows_read_all(db, Q_STATEMENT_ACCOUNTS,
                                 DB_VALUES(db_int(association_id), db_int(account_id)),
                                 read_account, sizeof(**accounts), arena, &items, count);

    *accounts = items;
    for (size_t i = 0; !err && i < *count; i++)
        (*accounts)[i].association_id = association_id;
    return err;
}

enum err statement_accounts(struct db *db, int64_t association_id, struct arena *arena,
                            struct statement_account **accounts, size_t *count)
{
    return read_accounts(db, association_id, 0, arena, accounts, count);
}

enum err statement_account_find(struct db *db, int64_t association_id, int64_t account_id,
                                struct arena *arena, struct statement_account *account)
{
    struct statement_account *found;
    size_t count = 0;
    enum err err =
        account_id ? read_accounts(db, association_id, account_id, arena, &found, &count) : OK;

    if (!err && count == 0)
        return fail(ERR_NOT_FOUND, "no such account at a provider");
    if (!err)
        *account = found[0];
    return err;
}

/* ---- storing ---- */

static bool is_name(const char *text)
{
    return text && text[0] && strlen(text) <= NAME_LEN_MAX;
}

static bool believable(int64_t cents)
{
    return cents >= -LINE_MAX_CENTS && cents <= LINE_MAX_CENTS;
}

enum err statement_check(const struct statement_line *line)
{
    if (!is_name(line->reference) || !is_name(line->movement) ||
        given(line->fee_reference).len > NAME_LEN_MAX || given(line->currency).len != 3)
        return fail(ERR_INPUT, "a line of a list without name, movement or currency");
    if (line->fee_cents != 0 && str_empty(given(line->fee_reference)))
        return fail(ERR_INPUT, "a line of a list whose fee has no name");
    if (!believable(line->gross_cents) || !believable(line->fee_cents))
        return fail(ERR_INPUT, "a line of a list over %lld", (long long)line->gross_cents);
    if (line->fact_at < LINE_EARLIEST_AT || line->fact_at >= LINE_LATEST_AT)
        return fail(ERR_INPUT, "a line of a list of another century");
    return OK;
}

/* Names separated by spaces; one with a space in it is none. */
static struct str join_objects(const struct statement_line *line, struct arena *arena)
{
    struct buffer names;

    buffer_init(&names, arena, 64);
    for (size_t i = 0; i < FACT_OBJECTS_MAX; i++) {
        if (!is_name(line->objects[i]) || strchr(line->objects[i], ' '))
            continue;
        if (names.len > 0)
            buffer_add_byte(&names, ' ');
        buffer_add_text(&names, line->objects[i]);
    }
    return buffer_str(&names);
}

static enum err insert_line(struct db *db, const struct association *association,
                            int64_t account_id, const struct statement_line *line, int64_t now,
                            struct arena *arena, bool *fresh)
{
    char day[DATE_TEXT_MAX];
    struct str objects = join_objects(line, arena);
    struct db_rows rows = {0};
    enum err err;

    date_format_iso(day, zone_date(association->zone, line->fact_at));
    err = db_first(
        db, Q_STATEMENT_LINE_ADD,
        DB_VALUES(
            db_int(association->id), db_int(account_id), db_text(line->reference),
            db_str(utf8_cut(given(line->type), WORDS_LEN_MAX)),
            db_text(line->posts ? statement_kind_name(line->kind) : "none"),
            db_text(line->posts && line->kind == FACT_OTHER ? nature_names[line->nature] : ""),
            db_text(line->movement), db_str(given(line->fee_reference)),
            db_str(given(line->parent)), db_str(given(line->dispute)), db_str(given(line->token)),
            db_int(line->our_mark ? 1 : 0), db_str(utf8_cut(given(line->payer), WORDS_LEN_MAX)),
            db_str(str_empty(objects) ? str_of("") : objects), db_int(line->gross_cents),
            db_int(line->fee_cents), db_int(line->gross_cents - line->fee_cents),
            db_text(line->currency), db_int(line->fact_at), db_text(day),
            db_str(given(line->payout)), db_int(now), db_text(standing_names[line->standing])),
        &rows, fresh);
    db_rows_done(&rows);
    return err;
}

/* What is stored of a line, beside what is told now. */
struct telling {
    bool same;
    bool was_told; /* otherwise, once */
    bool unsure;   /* a payment under way */
};

static enum err compare(struct db *db, int64_t association_id, int64_t account_id,
                        const struct statement_line *line, struct telling *known)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err =
        db_first(db, Q_STATEMENT_LINE_FIGURES,
                 DB_VALUES(db_int(association_id), db_int(account_id), db_text(line->reference)),
                 &rows, &found);

    if (!err && !found)
        err = fail(ERR_INTERNAL, "a line that is there cannot be read");
    if (!err) {
        known->same = db_column_int(&rows, 0) == line->gross_cents &&
                      db_column_int(&rows, 1) == line->fee_cents &&
                      str_is(db_column_str(&rows, 2), line->currency);
        known->was_told = !db_column_is_null(&rows, 3);
        known->unsure = str_is(db_column_str(&rows, 4), standing_names[LINE_UNDER_WAY]) &&
                        str_is(db_column_str(&rows, 2), line->currency);
    }
    db_rows_done(&rows);
    return err;
}

static enum err settle(struct db *db, int64_t association_id, int64_t account_id,
                       const struct statement_line *line)
{
    return db_run(db, Q_STATEMENT_LINE_SETTLE,
                  DB_VALUES(db_int(association_id), db_int(account_id), db_text(line->reference),
                            db_int(line->gross_cents), db_int(line->fee_cents),
                            db_int(line->gross_cents - line->fee_cents),
                            db_text(standing_names[line->standing])));
}

static enum err learn(struct db *db, int64_t association_id, int64_t account_id,
                      const struct statement_line *line, int64_t now,
                      enum statement_telling *telling)
{
    struct telling known = {.same = true};
    enum err err = compare(db, association_id, account_id, line, &known);

    *telling = known.same || known.unsure ? STATEMENT_KNOWN : STATEMENT_OTHERWISE;
    if (!err && known.unsure)
        err = settle(db, association_id, account_id, line);
    else if (!err && !known.same)
        err =
            db_run(db, Q_STATEMENT_LINE_TOLD,
                   DB_VALUES(db_int(association_id), db_int(account_id), db_text(line->reference),
                             db_int(line->gross_cents), db_int(line->fee_cents), db_int(now)));
    else if (!err && known.was_told)
        err = db_run(
            db, Q_STATEMENT_LINE_TOLD_RIGHT,
            DB_VALUES(db_int(association_id), db_int(account_id), db_text(line->reference)));
    if (!err && !str_empty(given(line->payout)))
        err = db_run(db, Q_STATEMENT_LINE_PAYOUT,
                     DB_VALUES(db_int(association_id), db_int(account_id),
                               db_text(line->reference), db_text(line->payout)));
    return err;
}

enum err statement_store(struct db *db, const struct association *association, int64_t account_id,
                         const struct statement_line *line, int64_t now, struct arena *arena,
                         enum statement_telling *telling)
{
    bool fresh = false;
    enum err err = statement_check(line);

    if (!err)
        err = insert_line(db, association, account_id, line, now, arena, &fresh);
    *telling = STATEMENT_NEW;
    return err || fresh ? err : learn(db, association->id, account_id, line, now, telling);
}

/* ---- what a line means ---- */

/* The amount of a fact, positive where its kind says nothing of signs. */
static int64_t fact_cents(const struct statement_line *line)
{
    switch (line->kind) {
    case FACT_CAPTURE:
    case FACT_REFUND_FAILED:
    case FACT_DISPUTE_WON:
    case FACT_PAYOUT_FAILED:
    case FACT_OTHER:
        return line->gross_cents;
    default: /* money that left */
        return -line->gross_cents;
    }
}

static struct payment_fact movement_fact(const struct statement_line *line, int64_t association_id,
                                         int64_t account_id)
{
    struct payment_fact fact = {
        .kind = line->kind,
        .association_id = association_id,
        .provider_account_id = account_id,
        .token = line->token ? line->token : "",
        .our_mark = line->our_mark,
        .reference = line->movement,
        .amount_cents = fact_cents(line),
        .currency = line->currency,
        .fact_at = line->fact_at,
        .parent = line->parent && line->parent[0] ? line->parent : NULL,
        .dispute = line->dispute && line->dispute[0] ? line->dispute : NULL,
        .nature = line->nature,
        .type = line->type && line->type[0] ? line->type : NULL,
        .payer = line->payer ? line->payer : "",
        .reason = "",
    };

    for (size_t i = 0; i < FACT_OBJECTS_MAX; i++)
        fact.objects[i] = line->objects[i];
    return fact;
}

size_t payment_statement_facts(const struct statement_line *line, int64_t association_id,
                               int64_t account_id, struct payment_fact facts[STATEMENT_FACTS_MAX])
{
    bool of_dispute = line->kind == FACT_DISPUTE || line->kind == FACT_DISPUTE_WON;

    if (!line->posts || strcmp(statement_kind_name(line->kind), "none") == 0)
        return 0;
    facts[0] = movement_fact(line, association_id, account_id);
    /* A payment without fee is told too: nobody has to ask for it any more. */
    if (!line->fee_reference || !line->fee_reference[0] ||
        (line->fee_cents == 0 && line->kind != FACT_CAPTURE))
        return 1;
    facts[1] = (struct payment_fact){
        .kind = of_dispute ? FACT_DISPUTE_FEE : FACT_FEE,
        .association_id = association_id,
        .provider_account_id = account_id,
        .token = "",
        .reference = line->fee_reference,
        .amount_cents = line->fee_cents,
        .currency = line->currency,
        .fact_at = line->fact_at,
        .parent = line->movement,
        .dispute = facts[0].dispute,
        .payer = "",
        .reason = "",
    };
    return 2;
}
