#include "accounting/accounting.h"

#include "accounting/internal.h"
#include "base/arena.h"
#include "base/hash.h"
#include "base/money.h"
#include "queries.h"

#include <stdio.h>
#include <string.h>

/* ---- drafts ---- */

static struct entry_draft_line *draft_line(struct entry_draft *draft, const char *account,
                                           int64_t member_number, bool debit)
{
    struct entry_draft_line *line;

    for (int i = 0; i < draft->line_count; i++) {
        line = &draft->lines[i];
        if (strcmp(line->account, account) == 0 && line->member_number == member_number &&
            (line->debit_cents > 0) == debit)
            return line;
    }
    require(draft->line_count < ENTRY_LINES_MAX);
    line = &draft->lines[draft->line_count++];
    line->account = account;
    line->member_number = member_number;
    return line;
}

void entry_debit(struct entry_draft *draft, const char *account, int64_t member_number,
                 int64_t cents)
{
    struct entry_draft_line *line;

    require(cents >= 0);
    if (cents == 0)
        return;
    line = draft_line(draft, account, member_number, true);
    line->debit_cents = money_add(line->debit_cents, cents);
}

void entry_credit(struct entry_draft *draft, const char *account, int64_t member_number,
                  int64_t cents)
{
    struct entry_draft_line *line;

    require(cents >= 0);
    if (cents == 0)
        return;
    line = draft_line(draft, account, member_number, false);
    line->credit_cents = money_add(line->credit_cents, cents);
}

/* ---- the image that is hashed ---- */

/* An entry as it stands in the database, for its hash. */
struct entry_image {
    int64_t association_id, fiscal_year_id, number, chain_number, posted_at, total_cents;
    struct str journal, fact_date, entry_date, piece, label;
    struct buffer *text; /* the netstrings so far */
};

/* Netstrings: no field can be moved into its neighbour. */
static void image_add(struct buffer *text, struct str field)
{
    buffer_printf(text, "%zu:", field.len);
    buffer_add_str(text, field);
    buffer_add_byte(text, ',');
}

static void image_add_number(struct buffer *text, int64_t number)
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%lld", (long long)number);

    image_add(text, str_from(digits, (size_t)len));
}

static void image_begin(const struct entry_image *image, struct str previous_hash)
{
    struct buffer *text = image->text;

    image_add(text, previous_hash);
    image_add_number(text, image->association_id);
    image_add_number(text, image->fiscal_year_id);
    image_add_number(text, image->number);
    image_add_number(text, image->chain_number);
    image_add(text, image->journal);
    image_add(text, image->fact_date);
    image_add(text, image->entry_date);
    image_add_number(text, image->posted_at);
    image_add(text, image->piece);
    image_add(text, image->label);
    image_add_number(text, image->total_cents);
}

struct image_line {
    int64_t line_number;
    struct str account_code, account_label;
    int64_t debit_cents, credit_cents, member_number;
};

static void image_add_line(struct buffer *text, const struct image_line *line)
{
    image_add_number(text, line->line_number);
    image_add(text, line->account_code);
    image_add(text, line->account_label);
    image_add_number(text, line->debit_cents);
    image_add_number(text, line->credit_cents);
    image_add_number(text, line->member_number);
}

/* ---- writing ---- */

static const char *const journal_codes[] = {
    [JOURNAL_STRIPE] = "ST", [JOURNAL_PAYPAL] = "PP", [JOURNAL_BANK] = "BQ",
    [JOURNAL_CASH] = "CA",   [JOURNAL_CHEQUE] = "CH", [JOURNAL_OTHER] = "OD",
};

static enum err check_balance(const struct entry_draft *draft, int64_t *total_cents)
{
    int64_t debit = 0, credit = 0;

    for (int i = 0; i < draft->line_count; i++) {
        debit = money_add(debit, draft->lines[i].debit_cents);
        credit = money_add(credit, draft->lines[i].credit_cents);
    }
    if (debit != credit || debit == 0)
        return fail(ERR_INTERNAL, "entry does not balance: %lld against %lld", (long long)debit,
                    (long long)credit);
    *total_cents = debit;
    return OK;
}

static enum err chain_head(struct db *db, int64_t association_id, unsigned char hash[HASH_LEN],
                           int64_t *chain_number)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err =
        db_first(db, Q_ENTRY_CHAIN_HEAD, DB_VALUES(db_int(association_id)), &rows, &found);

    memset(hash, 0, HASH_LEN);
    *chain_number = 0;
    if (!err && found) {
        struct str stored = db_column_str(&rows, 1);
        *chain_number = db_column_int(&rows, 0);
        if (stored.len == HASH_LEN)
            memcpy(hash, stored.data, HASH_LEN);
        else
            err = fail(ERR_DB, "entry: a hash of %zu bytes", stored.len);
    }
    db_rows_done(&rows);
    return err;
}

/* One writing of an entry: what its steps hand on. */
struct entry_writing {
    struct db *db;
    const struct entry_draft *draft;
    struct arena *arena;
    struct entry_image image;
    struct image_line lines[ENTRY_LINES_MAX];
    unsigned char previous_hash[HASH_LEN];
    unsigned char hash[HASH_LEN];
};

static enum err resolve_lines(struct entry_writing *writing, bool *missing)
{
    const struct entry_draft *draft = writing->draft;

    for (int i = 0; i < draft->line_count; i++) {
        const char *code = draft->lines[i].account, *label = "";
        enum err err = account_resolve(writing->db, draft->association->id, &code, writing->arena,
                                       &label, missing);
        if (err)
            return err;
        writing->lines[i] = (struct image_line){
            .line_number = i + 1,
            .account_code = str_of(code),
            .account_label = str_of(label),
            .debit_cents = draft->lines[i].debit_cents,
            .credit_cents = draft->lines[i].credit_cents,
            .member_number = draft->lines[i].member_number,
        };
    }
    return OK;
}

static enum err take_number(struct entry_writing *writing, struct entry_result *result)
{
    struct entry_image *image = &writing->image;
    enum err err =
        db_integer(writing->db, Q_FISCAL_YEAR_NEXT_NUMBER,
                   DB_VALUES(db_int(image->association_id), db_int(image->fiscal_year_id)), 0,
                   &image->number);

    result->number = image->number;
    if (err)
        return err;
    err = chain_head(writing->db, image->association_id, writing->previous_hash,
                     &image->chain_number);
    image->chain_number++;
    return err;
}

static enum err hash_writing(struct entry_writing *writing)
{
    struct buffer text;

    buffer_init(&text, writing->arena, 1024);
    writing->image.text = &text;
    image_begin(&writing->image, str_from(writing->previous_hash, HASH_LEN));
    for (int i = 0; i < writing->draft->line_count; i++)
        image_add_line(&text, &writing->lines[i]);
    return hash_sha256(buffer_str(&text), writing->hash);
}

static enum err insert_entry(struct entry_writing *writing)
{
    const struct entry_image *image = &writing->image;
    int64_t entry_id = writing->draft->id;
    enum err err = db_run(
        writing->db, Q_ENTRY_ADD,
        DB_VALUES(db_int(image->association_id), db_int(entry_id), db_int(image->fiscal_year_id),
                  db_int(image->number), db_int(image->chain_number), db_str(image->journal),
                  db_str(image->fact_date), db_str(image->entry_date), db_int(image->posted_at),
                  db_str(image->piece), db_str(image->label), db_int(image->total_cents),
                  db_blob(str_from(writing->previous_hash, HASH_LEN)),
                  db_blob(str_from(writing->hash, HASH_LEN))));

    for (int i = 0; !err && i < writing->draft->line_count; i++) {
        const struct image_line *line = &writing->lines[i];
        err = db_run(writing->db, Q_ENTRY_LINE_ADD,
                     DB_VALUES(db_int(image->association_id), db_int(entry_id),
                               db_int(line->line_number), db_str(line->account_code),
                               db_str(line->account_label), db_int(line->debit_cents),
                               db_int(line->credit_cents),
                               line->member_number ? db_int(line->member_number) : db_null(),
                               db_str(image->entry_date), db_int(image->chain_number)));
    }
    return err;
}

/* "Ex. antérieur" tells that the fact belongs to a year that was closed already. */
static struct str entry_label(const struct entry_draft *draft, struct date entry_date,
                              struct arena *arena)
{
    if (date_compare(entry_date, draft->fact_date) == 0)
        return str_of(draft->label);
    return str_of(arena_printf(arena, "Ex. antérieur : %s", draft->label));
}

enum err entry_add(struct db *db, const struct entry_draft *draft, struct arena *arena,
                   struct entry_result *result)
{
    struct entry_writing *writing = arena_alloc(arena, sizeof(*writing));
    struct entry_image *image = &writing->image;
    struct fiscal_year year;
    char dates[2][DATE_TEXT_MAX];
    enum err err = check_balance(draft, &image->total_cents);

    *result = (struct entry_result){0};
    writing->db = db;
    writing->draft = draft;
    writing->arena = arena;
    if (!err)
        err = accounting_entry_day(db, draft->association, draft->fact_date, draft->now, arena,
                                   &result->entry_date, &year);
    if (!err)
        err = resolve_lines(writing, &result->account_missing);
    if (err)
        return err;
    image->association_id = draft->association->id;
    image->fiscal_year_id = result->fiscal_year_id = year.id;
    image->posted_at = draft->now;
    image->journal = str_of(journal_codes[draft->journal]);
    image->fact_date = str_of(date_format_iso(dates[0], draft->fact_date));
    image->entry_date = str_of(date_format_iso(dates[1], result->entry_date));
    image->piece = str_of(draft->piece);
    image->label = entry_label(draft, result->entry_date, arena);
    err = take_number(writing, result);
    if (!err)
        err = hash_writing(writing);
    return err ? err : insert_entry(writing);
}

/* ---- checking ---- */

static enum err image_read_lines(struct db *db, int64_t association_id, int64_t entry_id,
                                 struct buffer *text)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_select(db, Q_ENTRY_READ_LINES,
                             DB_VALUES(db_int(association_id), db_int(entry_id)), &rows);

    while (!err && !(err = db_next(&rows, &found)) && found) {
        struct image_line line = {
            .line_number = db_column_int(&rows, 0),
            .account_code = db_column_str(&rows, 1),
            .account_label = db_column_str(&rows, 2),
            .debit_cents = db_column_int(&rows, 3),
            .credit_cents = db_column_int(&rows, 4),
            .member_number = db_column_int(&rows, 5),
        };
        image_add_line(text, &line);
    }
    db_rows_done(&rows);
    return err;
}

static void image_read(const struct db_rows *rows, struct entry_image *image)
{
    image->fiscal_year_id = db_column_int(rows, 0);
    image->number = db_column_int(rows, 1);
    image->chain_number = db_column_int(rows, 2);
    image->journal = db_column_str(rows, 3);
    image->fact_date = db_column_str(rows, 4);
    image->entry_date = db_column_str(rows, 5);
    image->posted_at = db_column_int(rows, 6);
    image->piece = db_column_str(rows, 7);
    image->label = db_column_str(rows, 8);
    image->total_cents = db_column_int(rows, 9);
}

enum err entry_check_hash(struct db *db, int64_t association_id, int64_t entry_id,
                          struct str previous_hash, struct arena *arena, bool *matches,
                          unsigned char hash[HASH_LEN])
{
    struct db_rows rows = {0};
    struct buffer text;
    struct entry_image image = {.association_id = association_id, .text = &text};
    unsigned char stored[HASH_LEN] = {0};
    bool found = false;
    enum err err = db_first(db, Q_ENTRY_READ, DB_VALUES(db_int(association_id), db_int(entry_id)),
                            &rows, &found);

    *matches = false;
    buffer_init(&text, arena, 1024);
    if (!err && !found)
        err = fail(ERR_NOT_FOUND, "no such entry");
    if (!err) {
        image_read(&rows, &image);
        image_begin(&image, previous_hash);
        if (db_column_str(&rows, 10).len == HASH_LEN)
            memcpy(stored, db_column_str(&rows, 10).data, HASH_LEN);
    }
    db_rows_done(&rows);
    if (!err)
        err = image_read_lines(db, association_id, entry_id, &text);
    if (!err)
        err = hash_sha256(buffer_str(&text), hash);
    if (!err)
        *matches = hash_equal(str_from(stored, HASH_LEN), str_from(hash, HASH_LEN));
    return err;
}
