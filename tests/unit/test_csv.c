/* Tables as spreadsheets write them, and cells that want to be more than text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#include "base/csv.h"

#include <string.h>

static struct arena *arena;

static enum csv_fault read_text(const char *text, struct csv_table *table)
{
    size_t line;

    return csv_read(str_of(text), arena, table, &line);
}

static void check_cell(const struct csv_table *table, size_t row, size_t cell, const char *text)
{
    assert_true(row < table->count && cell < table->rows[row].count);
    assert_true(str_is(table->rows[row].cells[cell], text));
}

static void separators_are_found(void **state)
{
    static const struct {
        const char *text;
        char separator;
    } cases[] = {{"a;b,c;d\n1;2;3", ';'},
                 {"a,b\n1,2", ','},
                 {"a\tb\n", '\t'},
                 {"nom\nMartin", ';'},
                 {"\"x;y;z\",b,c\n", ','}};
    struct csv_table table;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(read_text(cases[i].text, &table), CSV_GOOD);
        assert_int_equal(table.separator, cases[i].separator);
    }
}

static void quotes_and_lines(void **state)
{
    struct csv_table table;

    (void)state;
    assert_int_equal(
        read_text("\xEF\xBB\xBFnom;note\r\n\"Martin\";\"dit \"\"le\nvieux\"\"\"\r\n\r\n;;\n"
                  "Durand;x",
                  &table),
        CSV_GOOD);
    assert_int_equal(table.count, 3);
    check_cell(&table, 0, 0, "nom");
    check_cell(&table, 1, 1, "dit \"le\nvieux\"");
    check_cell(&table, 2, 0, "Durand");
    assert_int_equal(table.rows[2].line, 6);
}

static void windows_text_is_understood(void **state)
{
    struct csv_table table;

    (void)state;
    assert_int_equal(read_text("pr\xE9nom;solde\nZo\xEB;\x80", &table), CSV_GOOD);
    check_cell(&table, 0, 0, "prénom");
    check_cell(&table, 1, 0, "Zoë");
    check_cell(&table, 1, 1, "€");
}

static void hostile_files_are_refused(void **state)
{
    struct buffer many, wide, fat;
    struct csv_table table;
    size_t line;

    (void)state;
    buffer_init(&many, arena, 1024);
    buffer_init(&wide, arena, 1024);
    buffer_init(&fat, arena, 8192);
    for (int i = 0; i <= CSV_ROWS_MAX; i++)
        buffer_add_text(&many, "a;b\n");
    for (int i = 0; i <= CSV_CELLS_MAX; i++)
        buffer_add_text(&wide, "a;");
    for (int i = 0; i <= CSV_CELL_LEN_MAX; i++)
        buffer_add_byte(&fat, 'x');
    assert_int_equal(csv_read(buffer_str(&many), arena, &table, &line), CSV_TOO_MANY_ROWS);
    assert_int_equal(csv_read(buffer_str(&wide), arena, &table, &line), CSV_TOO_MANY_CELLS);
    assert_int_equal(csv_read(buffer_str(&fat), arena, &table, &line), CSV_CELL_TOO_LONG);
    assert_int_equal(csv_read(str_from("a\0b", 3), arena, &table, &line), CSV_NOT_TEXT);
    assert_int_equal(read_text("a;\"b\nc;d", &table), CSV_QUOTE_OPEN);
    assert_int_equal(read_text("a;\"b\"c", &table), CSV_QUOTE_STRAY);
    assert_int_equal(read_text("", &table), CSV_EMPTY);
    assert_int_equal(read_text("\r\n;;\r\n", &table), CSV_EMPTY);
}

static void no_cell_becomes_a_formula(void **state)
{
    static const char *const formulas[] = {"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"};
    struct csv_table table;

    (void)state;
    for (size_t i = 0; i < sizeof(formulas) / sizeof(formulas[0]); i++) {
        struct buffer buffer;

        buffer_init(&buffer, arena, 64);
        csv_begin(&buffer);
        csv_add_text(&buffer, true, formulas[i]);
        csv_end_row(&buffer);
        assert_memory_equal(buffer.data + 3, "\"'", 2);
        assert_true(strstr(buffer.data, formulas[i]) != NULL);
    }
    {
        struct buffer buffer;

        buffer_init(&buffer, arena, 64);
        csv_add_text(&buffer, true, "dit \"le;vieux\"");
        csv_add_money(&buffer, false, -123450, money_currency("EUR"));
        csv_add_int(&buffer, false, 12);
        csv_add_date(&buffer, false, (struct date){2026, 11, 3});
        csv_add(&buffer, false, str_from("\0=1", 3));
        csv_end_row(&buffer);
        assert_string_equal(buffer.data,
                            "\"dit \"\"le;vieux\"\"\";-1234,50;12;03/11/2026;\"'=1\"\r\n");
        assert_int_equal(csv_read(buffer_str(&buffer), arena, &table, &(size_t){0}), CSV_GOOD);
        check_cell(&table, 0, 0, "dit \"le;vieux\"");
    }
}

static int open_arena(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(separators_are_found),       cmocka_unit_test(quotes_and_lines),
        cmocka_unit_test(windows_text_is_understood), cmocka_unit_test(hostile_files_are_refused),
        cmocka_unit_test(no_cell_becomes_a_formula),
    };

    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
