#include "association/member_import.h"

#include "association/internal.h"
#include "association/rows.h"
#include "base/arena.h"
#include "base/utf8.h"
#include "queries.h"

/* ---- who is there ---- */

struct known {
    int64_t number;
    const char *first_name, *last_name, *email;
    bool has_payer;
};

static enum err read_known(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct known *known = item;

    known->number = db_column_int(rows, 0);
    known->first_name = db_column_text(rows, 1, arena);
    known->last_name = db_column_text(rows, 2, arena);
    known->email = db_column_text(rows, 3, arena);
    known->has_payer = !db_column_is_null(rows, 4);
    return OK;
}

struct judging {
    struct db *db;
    int64_t association_id;
    struct member_import *import;
    struct arena *arena; /* for one row */
};

/* *known NULL when there is nobody of that number. */
static enum err find_number(struct judging *judging, int64_t number, struct known **known)
{
    size_t count = 0;
    enum err err =
        rows_read_all(judging->db, Q_IMPORT_KNOWN_NUMBER,
                      DB_VALUES(db_int(judging->association_id), db_int(number)), read_known,
                      sizeof(**known), judging->arena, (void **)known, &count);

    if (err || count == 0)
        *known = NULL;
    return err;
}

static bool is_same(struct arena *arena, const char *a, const char *b)
{
    return str_equal(utf8_fold(str_of(a), arena), utf8_fold(str_of(b), arena));
}

static bool has_same_name(struct judging *judging, const struct import_row *row,
                          const struct known *known)
{
    return is_same(judging->arena, row->first_name, known->first_name) &&
           is_same(judging->arena, row->last_name, known->last_name);
}

/* Somebody of the same name and e-mail; *known NULL when there is nobody. */
static enum err find_person(struct judging *judging, const struct import_row *row,
                            struct known **known)
{
    struct str key = member_sort_key(row->first_name, row->last_name, judging->arena);
    struct known *found;
    size_t count = 0;
    enum err err = rows_read_all(
        judging->db, Q_IMPORT_KNOWN_NAME, DB_VALUES(db_int(judging->association_id), db_str(key)),
        read_known, sizeof(*found), judging->arena, (void **)&found, &count);

    *known = NULL;
    for (size_t i = 0; !err && i < count && !*known; i++)
        if (has_same_name(judging, row, &found[i]) &&
            is_same(judging->arena, row->email, found[i].email))
            *known = &found[i];
    return err;
}

/* ---- the payer ---- */

static const struct import_row *row_of_number(const struct member_import *import, int64_t number)
{
    size_t low = 0, high = import->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (import->by_number[middle]->number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < import->count && import->by_number[low]->number == number ? import->by_number[low]
                                                                           : NULL;
}

static enum err judge_payer(struct judging *judging, struct import_row *row)
{
    const struct import_row *payer = row_of_number(judging->import, row->payer_number);
    struct known *known = NULL;
    enum err err = OK;

    if (!row->payer_number)
        return OK;
    err = find_number(judging, row->payer_number, &known);
    if (err)
        return err;
    if (row->payer_number == row->number)
        row->fault = IMPORT_PAYER_SELF;
    else if (!known && !payer)
        row->fault = IMPORT_PAYER_UNKNOWN;
    else if (known ? known->has_payer : payer->payer_number != 0)
        row->fault = IMPORT_PAYER_PAID;
    return OK;
}

/* ---- one row ---- */

static enum err judge_number(struct judging *judging, struct import_row *row)
{
    struct known *known = NULL, *same = NULL;
    enum err err = find_number(judging, row->number, &known);

    if (!err && !known && row->email[0])
        err = find_person(judging, row, &same);
    if (err)
        return err;
    if (known && has_same_name(judging, row, known))
        row->verdict = IMPORT_ALREADY;
    else if (known)
        row->fault = IMPORT_NUMBER_TAKEN;
    else if (same)
        row->fault = IMPORT_OTHER_NUMBER;
    if (known || same)
        row->found_number = known ? known->number : same->number;
    return OK;
}

static enum err judge_name(struct judging *judging, struct import_row *row)
{
    struct known *known = NULL;
    enum err err = find_person(judging, row, &known);

    if (!err && known) {
        row->verdict = IMPORT_ALREADY;
        row->found_number = known->number;
    }
    return err;
}

static enum err judge_row(struct judging *judging, struct import_row *row)
{
    enum err err = OK;

    row->verdict = IMPORT_NEW;
    row->fault = row->misread;
    row->found_number = 0;
    if (!row->fault)
        err = row->number ? judge_number(judging, row) : judge_name(judging, row);
    if (!err && !row->fault && row->verdict == IMPORT_NEW)
        err = judge_payer(judging, row);
    if (row->fault)
        row->verdict = IMPORT_WRONG;
    return err;
}

enum err import_judge(struct db *db, int64_t association_id, struct member_import *import)
{
    struct judging judging = {db, association_id, import, arena_new()};
    enum err err = OK;

    import->owed_cents = import->advance_cents = 0;
    for (size_t i = 0; i < IMPORT_VERDICTS; i++)
        import->counts[i] = 0;
    for (size_t i = 0; !err && i < import->count; i++) {
        struct import_row *row = &import->rows[i];
        int64_t cents = row->balance_cents;

        err = judge_row(&judging, row);
        arena_reset(judging.arena);
        import->counts[row->verdict]++;
        if (row->verdict == IMPORT_NEW && cents > 0)
            import->owed_cents = money_add(import->owed_cents, cents);
        else if (row->verdict == IMPORT_NEW)
            import->advance_cents = money_add(import->advance_cents, -cents);
    }
    arena_free(judging.arena);
    return err;
}

enum err import_fingerprint(const struct member_import *import, char hex[HASH_HEX_MAX])
{
    const struct import_mapping *mapping = &import->mapping;
    struct arena *arena = arena_new();
    unsigned char hash[HASH_LEN];
    struct buffer text;
    enum err err;

    buffer_init(&text, arena, 64 + import->count);
    for (size_t i = 0; i < IMPORT_FIELDS; i++)
        buffer_printf(&text, "%zu,", mapping->columns[i]);
    buffer_printf(&text, "%d,%d,", mapping->has_titles, mapping->positive_is_advance);
    for (size_t i = 0; i < import->count; i++)
        buffer_add_byte(&text, (char)('0' + import->rows[i].verdict));
    err = hash_sha256(buffer_str(&text), hash);
    if (!err)
        hash_hex(hash, sizeof(hash), hex);
    arena_free(arena);
    return err;
}
