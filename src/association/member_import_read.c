#include "association/member_import.h"

#include "association/internal.h"
#include "association/login.h"
#include "base/arena.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

/* ---- titles ---- */

/* Titles folded, letters and digits only, each followed by a blank. */
static const char *const titles[IMPORT_FIELDS] = {
    [IMPORT_NUMBER] = " n no num numero number nadherent numadherent numeroadherent "
                      "numerodadherent memberno membernumber ",
    [IMPORT_FIRST_NAME] = " prenom prenoms firstname givenname ",
    [IMPORT_LAST_NAME] = " nom nomdefamille nomdusage lastname surname familyname ",
    [IMPORT_EMAIL] = " email mail courriel adresseemail adressemail adresseelectronique "
                     "emailaddress ",
    [IMPORT_BALANCE] = " solde soldeinitial balance openingbalance ",
    [IMPORT_PAYER] = " payeur payepar numeropayeur numerodupayeur npayeur ndupayeur payer "
                     "payernumber paidby ",
};

static const char *title_key(struct str title, struct arena *arena)
{
    struct str folded = utf8_fold(title, arena);
    struct buffer key;

    buffer_init(&key, arena, folded.len + 3);
    buffer_add_byte(&key, ' ');
    for (size_t i = 0; i < folded.len; i++)
        if ((folded.data[i] >= 'a' && folded.data[i] <= 'z') ||
            (folded.data[i] >= '0' && folded.data[i] <= '9'))
            buffer_add_byte(&key, folded.data[i]);
    buffer_add_byte(&key, ' ');
    return key.data;
}

void import_guess(const struct csv_table *table, struct arena *arena,
                  struct import_mapping *mapping)
{
    *mapping = (struct import_mapping){0};
    for (size_t i = 0; table->count > 0 && i < table->rows[0].count; i++) {
        const char *key = title_key(table->rows[0].cells[i], arena);

        for (size_t field = 0; field < IMPORT_FIELDS; field++)
            if (key[1] != ' ' && strstr(titles[field], key) && !mapping->columns[field]) {
                mapping->columns[field] = i + 1;
                mapping->has_titles = true;
            }
    }
}

size_t import_column_count(const struct csv_table *table)
{
    size_t most = 0;

    for (size_t i = 0; i < table->count; i++)
        most = table->rows[i].count > most ? table->rows[i].count : most;
    return most;
}

/* ---- cells ---- */

/* Length of the white space at the beginning: ASCII, or one of the no-break spaces. */
static size_t blank_at(struct str text)
{
    if (text.len > 0 && memchr(" \t\r\n", text.data[0], 4))
        return 1;
    if (str_starts(text, "\xC2\xA0"))
        return 2;
    return str_starts(text, "\xE2\x80\xAF") ? 3 : 0;
}

/* The cell on one line: every run of white space is one blank. */
static const char *one_line(struct str cell, struct arena *arena)
{
    struct buffer line;
    bool blank = false;

    buffer_init(&line, arena, cell.len + 1);
    while (cell.len > 0) {
        size_t len = blank_at(cell);

        if (len == 0 && blank && line.len > 0)
            buffer_add_byte(&line, ' ');
        if (len == 0)
            buffer_add_byte(&line, cell.data[0]);
        blank = len > 0;
        len = len > 0 ? len : 1;
        cell = str_from(cell.data + len, cell.len - len);
    }
    return line.data;
}

struct reading {
    const struct import_mapping *mapping;
    const struct currency *currency;
    struct arena *arena;
};

static const char *cell_of(const struct reading *reading, const struct csv_row *cells,
                           enum import_field field)
{
    size_t column = reading->mapping->columns[field];

    return column > 0 && column <= cells->count
               ? one_line(cells->cells[column - 1], reading->arena)
               : "";
}

/* Nothing typed is 0. */
static bool read_number(const char *typed, int64_t *number)
{
    *number = 0;
    return !typed[0] || (strlen(typed) <= IMPORT_NUMBER_LEN_MAX &&
                         str_to_int64(str_of(typed), number) && *number > 0);
}

static bool read_balance(const struct reading *reading, const char *typed, int64_t *cents)
{
    struct str text = str_of(typed);
    size_t sign = str_starts(text, "\xE2\x88\x92")                 ? 3
                  : str_starts(text, "-") || str_starts(text, "+") ? 1
                                                                   : 0;
    bool negative = sign > 0 && text.data[0] != '+';
    enum money_verdict verdict;

    *cents = 0;
    if (!typed[0])
        return true;
    text = str_trim(str_from(text.data + sign, text.len - sign));
    verdict = money_parse(text, reading->currency, cents);
    if (verdict == MONEY_ZERO)
        *cents = 0;
    if (negative != reading->mapping->positive_is_advance)
        *cents = -*cents;
    return verdict == MONEY_OK || verdict == MONEY_ZERO;
}

static enum import_fault read_names(struct import_row *row)
{
    if (!member_name_fits(row->first_name) || !member_name_fits(row->last_name))
        return IMPORT_NAME_MISSING;
    if (utf8_length(str_of(row->first_name)) > IMPORT_NAME_LEN_MAX ||
        utf8_length(str_of(row->last_name)) > IMPORT_NAME_LEN_MAX)
        return IMPORT_NAME_LONG;
    if (row->email[0] && !login_email_plausible(str_of(row->email)))
        return IMPORT_EMAIL_ODD;
    return IMPORT_RIGHT;
}

static void read_row(const struct reading *reading, const struct csv_row *cells,
                     struct import_row *row)
{
    struct arena *arena = reading->arena;

    row->line = cells->line;
    row->first_name = cell_of(reading, cells, IMPORT_FIRST_NAME);
    row->last_name = cell_of(reading, cells, IMPORT_LAST_NAME);
    row->email = cell_of(reading, cells, IMPORT_EMAIL);
    row->person = utf8_fold(
        str_of(arena_printf(arena, "%s\n%s\n%s", row->last_name, row->first_name, row->email)),
        arena);
    row->misread = read_names(row);
    if (!read_number(cell_of(reading, cells, IMPORT_NUMBER), &row->number)) {
        row->number = 0;
        row->misread = row->misread ? row->misread : IMPORT_NUMBER_ODD;
    }
    if (!read_balance(reading, cell_of(reading, cells, IMPORT_BALANCE), &row->balance_cents))
        row->misread = row->misread ? row->misread : IMPORT_BALANCE_ODD;
    if (!read_number(cell_of(reading, cells, IMPORT_PAYER), &row->payer_number))
        row->misread = row->misread ? row->misread : IMPORT_PAYER_ODD;
}

/* ---- twice in the file ---- */

static int compare(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int by_number(const void *a, const void *b)
{
    const struct import_row *one = *(struct import_row *const *)a,
                            *other = *(struct import_row *const *)b;
    int order = compare(one->number, other->number);

    return order ? order : compare((int64_t)one->line, (int64_t)other->line);
}

static int by_person(const void *a, const void *b)
{
    const struct import_row *one = *(struct import_row *const *)a,
                            *other = *(struct import_row *const *)b;
    size_t len = one->person.len < other->person.len ? one->person.len : other->person.len;
    int order = memcmp(one->person.data, other->person.data, len);

    if (!order)
        order = compare((int64_t)one->person.len, (int64_t)other->person.len);
    return order ? order : by_number(a, b);
}

static void mark(struct import_row *row, enum import_fault fault, const struct import_row *first)
{
    if (row->misread)
        return;
    row->misread = fault;
    row->other_line = first->line;
}

/* Rows of one person, those without number first. Namesakes without e-mail are told apart by their
 * numbers when each has one. */
static void mark_persons(struct import_row **rows, size_t count)
{
    struct import_row *first = rows[0];

    if (count == 1 || (!first->email[0] && first->number))
        return;
    for (size_t i = 1; i < count; i++)
        first = rows[i]->line < first->line ? rows[i] : first;
    for (size_t i = 0; i < count; i++)
        if (rows[i] != first)
            mark(rows[i], IMPORT_SAME_PERSON, first);
}

static void find_twice(struct member_import *import, struct arena *arena)
{
    struct import_row **sorted = arena_array(arena, import->count + 1, sizeof(void *));

    memcpy(sorted, import->by_number, import->count * sizeof(void *));
    qsort(sorted, import->count, sizeof(void *), by_person);
    for (size_t i = 1; i < import->count; i++)
        if (import->by_number[i]->number &&
            import->by_number[i]->number == import->by_number[i - 1]->number)
            mark(import->by_number[i], IMPORT_SAME_NUMBER, import->by_number[i - 1]);
    for (size_t begin = 0, end; begin < import->count; begin = end) {
        for (end = begin + 1;
             end < import->count && str_equal(sorted[begin]->person, sorted[end]->person); end++)
            ;
        mark_persons(sorted + begin, end - begin);
    }
}

enum err import_read(const struct csv_table *table, const struct import_mapping *mapping,
                     const struct currency *currency, struct arena *arena,
                     struct member_import *import)
{
    struct reading reading = {mapping, currency, arena};
    size_t first = mapping->has_titles ? 1 : 0;

    *import = (struct member_import){.mapping = *mapping};
    import->count = table->count > first ? table->count - first : 0;
    if (import->count > IMPORT_ROWS_MAX)
        return fail(ERR_LIMIT, "more than %d members in one file", IMPORT_ROWS_MAX);
    import->rows = arena_array(arena, import->count + 1, sizeof(*import->rows));
    import->by_number = arena_array(arena, import->count + 1, sizeof(void *));
    for (size_t i = 0; i < import->count; i++) {
        read_row(&reading, &table->rows[i + first], &import->rows[i]);
        import->by_number[i] = &import->rows[i];
    }
    qsort(import->by_number, import->count, sizeof(void *), by_number);
    find_twice(import, arena);
    return OK;
}
