#include "base/csv.h"

#include "base/utf8.h"

#include <string.h>

/* ---- reading ---- */

struct reading {
    struct str rest;
    struct arena *arena;
    struct csv_table *table;
    struct str cells[CSV_CELLS_MAX];
    size_t cell_count;
    size_t line;
    size_t row_line;
};

static struct str without_mark(struct str bytes)
{
    return str_starts(bytes, "\xEF\xBB\xBF") ? str_from(bytes.data + 3, bytes.len - 3) : bytes;
}

/* The separator the first line has most of, quoted text left out; ';' when it has none. */
static char find_separator(struct str text)
{
    static const char separators[] = {';', ',', '\t'};
    size_t counts[sizeof(separators)] = {0}, best = 0;
    bool quoted = false;

    for (size_t i = 0; i < text.len && (quoted || text.data[i] != '\n'); i++) {
        quoted ^= text.data[i] == '"';
        for (size_t j = 0; j < sizeof(separators) && !quoted; j++)
            counts[j] += text.data[i] == separators[j];
    }
    for (size_t j = 1; j < sizeof(separators); j++)
        if (counts[j] > counts[best])
            best = j;
    return separators[best];
}

static bool at_end_of_line(struct str rest)
{
    return rest.len > 0 && (rest.data[0] == '\n' || rest.data[0] == '\r');
}

static void skip(struct reading *reading, size_t len)
{
    reading->rest = str_from(reading->rest.data + len, reading->rest.len - len);
}

static void skip_end_of_line(struct reading *reading)
{
    skip(reading, str_starts(reading->rest, "\r\n") ? 2 : 1);
    reading->line++;
}

/* A quoted cell: two quotes inside are one. */
static enum csv_fault read_quoted(struct reading *reading, struct str *cell)
{
    struct buffer text;

    buffer_init(&text, reading->arena, 64);
    skip(reading, 1);
    for (;;) {
        if (reading->rest.len == 0)
            return CSV_QUOTE_OPEN;
        if (str_starts(reading->rest, "\"\"")) {
            buffer_add_byte(&text, '"');
            skip(reading, 2);
            continue;
        }
        if (reading->rest.data[0] == '"')
            break;
        reading->line += reading->rest.data[0] == '\n';
        buffer_add_byte(&text, reading->rest.data[0]);
        skip(reading, 1);
        if (text.len > CSV_CELL_LEN_MAX)
            return CSV_CELL_TOO_LONG;
    }
    skip(reading, 1);
    *cell = buffer_str(&text);
    return CSV_GOOD;
}

static enum csv_fault read_plain(struct reading *reading, struct str *cell)
{
    size_t len = 0;

    while (len < reading->rest.len && reading->rest.data[len] != reading->table->separator &&
           reading->rest.data[len] != '\n' && reading->rest.data[len] != '\r')
        len++;
    *cell = str_from(reading->rest.data, len);
    skip(reading, len);
    return len > CSV_CELL_LEN_MAX ? CSV_CELL_TOO_LONG : CSV_GOOD;
}

static enum csv_fault read_cell(struct reading *reading)
{
    struct str cell = {0};
    enum csv_fault fault;

    if (reading->cell_count == CSV_CELLS_MAX)
        return CSV_TOO_MANY_CELLS;
    if (reading->rest.len > 0 && reading->rest.data[0] == '"')
        fault = read_quoted(reading, &cell);
    else
        fault = read_plain(reading, &cell);
    if (!fault && !utf8_clean(cell))
        fault = CSV_NOT_TEXT;
    reading->cells[reading->cell_count++] = str_trim(cell);
    if (!fault && reading->rest.len > 0 && !at_end_of_line(reading->rest) &&
        reading->rest.data[0] != reading->table->separator)
        fault = CSV_QUOTE_STRAY;
    return fault;
}

static bool is_blank(const struct reading *reading)
{
    for (size_t i = 0; i < reading->cell_count; i++)
        if (!str_empty(reading->cells[i]))
            return false;
    return true;
}

static enum csv_fault keep_row(struct reading *reading)
{
    struct csv_table *table = reading->table;
    struct csv_row *row;

    if (is_blank(reading))
        return CSV_GOOD;
    if (table->count == CSV_ROWS_MAX)
        return CSV_TOO_MANY_ROWS;
    row = &table->rows[table->count++];
    row->cells = arena_array(reading->arena, reading->cell_count, sizeof(*row->cells));
    memcpy(row->cells, reading->cells, reading->cell_count * sizeof(*row->cells));
    row->count = reading->cell_count;
    row->line = reading->row_line;
    return CSV_GOOD;
}

static enum csv_fault read_row(struct reading *reading)
{
    enum csv_fault fault;

    reading->cell_count = 0;
    reading->row_line = reading->line;
    for (;;) {
        fault = read_cell(reading);
        if (fault || reading->rest.len == 0 || at_end_of_line(reading->rest))
            break;
        skip(reading, 1); /* the separator */
    }
    if (!fault && reading->rest.len > 0)
        skip_end_of_line(reading);
    return fault ? fault : keep_row(reading);
}

enum csv_fault csv_read(struct str bytes, struct arena *arena, struct csv_table *table,
                        size_t *line)
{
    struct reading *reading = arena_alloc(arena, sizeof(*reading));
    enum csv_fault fault = CSV_GOOD;

    reading->rest = without_mark(bytes);
    if (!utf8_valid(reading->rest))
        reading->rest = utf8_from_charset(reading->rest, str_of("windows-1252"), arena);
    reading->arena = arena;
    reading->table = table;
    reading->line = 1;
    table->rows = arena_array(arena, CSV_ROWS_MAX, sizeof(*table->rows));
    table->count = 0;
    table->separator = find_separator(reading->rest);
    while (!fault && reading->rest.len > 0)
        fault = read_row(reading);
    *line = reading->row_line;
    return !fault && table->count == 0 ? CSV_EMPTY : fault;
}

/* ---- writing ---- */

void csv_begin(struct buffer *buffer)
{
    buffer_add_text(buffer, "\xEF\xBB\xBF");
}

void csv_end_row(struct buffer *buffer)
{
    buffer_add_text(buffer, "\r\n");
}

/* What a spreadsheet computes or runs when a cell begins with it; NUL is not written at all. */
static bool begins_a_formula(struct str text)
{
    size_t first = 0;

    while (first < text.len && text.data[first] == '\0')
        first++;
    return first < text.len && memchr("=+-@\t\r\n", text.data[first], 7) != NULL;
}

void csv_add(struct buffer *buffer, bool first, struct str text)
{
    if (!first)
        buffer_add_byte(buffer, ';');
    buffer_add_byte(buffer, '"');
    if (begins_a_formula(text))
        buffer_add_byte(buffer, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '"')
            buffer_add_byte(buffer, '"');
        if (text.data[i] != '\0')
            buffer_add_byte(buffer, text.data[i]);
    }
    buffer_add_byte(buffer, '"');
}

void csv_add_text(struct buffer *buffer, bool first, const char *text)
{
    csv_add(buffer, first, str_of(text));
}

void csv_add_money(struct buffer *buffer, bool first, int64_t cents,
                   const struct currency *currency)
{
    char text[MONEY_TEXT_MAX];
    char *point;

    money_format_decimal(text, cents, currency);
    point = strchr(text, '.');
    if (point)
        *point = ',';
    buffer_printf(buffer, "%s%s", first ? "" : ";", text);
}

void csv_add_int(struct buffer *buffer, bool first, int64_t value)
{
    buffer_printf(buffer, "%s%lld", first ? "" : ";", (long long)value);
}

void csv_add_date(struct buffer *buffer, bool first, struct date date)
{
    char text[DATE_TEXT_MAX];

    buffer_printf(buffer, "%s%s", first ? "" : ";", date_format_short(text, date));
}
