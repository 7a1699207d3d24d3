/* Files: tables, members, a provider's list, pictures, packed backups, the configuration,
 * certificates, templates. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "association/member_import.h"
#include "base/certificate.h"
#include "base/conf.h"
#include "base/csv.h"
#include "base/gzip.h"
#include "base/picture.h"
#include "base/utf8.h"
#include "template/template.h"

static void check_table(const struct csv_table *table)
{
    hold(table->count <= CSV_ROWS_MAX);
    for (size_t row = 0; row < table->count; row++) {
        hold(table->rows[row].count <= CSV_CELLS_MAX);
        for (size_t cell = 0; cell < table->rows[row].count; cell++) {
            hold(table->rows[row].cells[cell].len <= CSV_CELL_LEN_MAX);
            hold(utf8_valid(table->rows[row].cells[cell]));
        }
    }
}

/* What is written is read back, but for what a spreadsheet would compute. */
static void check_again(const struct csv_table *table, struct arena *arena)
{
    struct csv_table again;
    struct buffer file;
    size_t line;

    buffer_init(&file, arena, 1000);
    csv_begin(&file);
    for (size_t row = 0; row < table->count; row++) {
        for (size_t cell = 0; cell < table->rows[row].count; cell++)
            csv_add(&file, cell == 0, table->rows[row].cells[cell]);
        csv_end_row(&file);
    }
    if (csv_read(buffer_str(&file), arena, &again, &line) != CSV_GOOD)
        return;
    for (size_t row = 0; again.count == table->count && row < table->count; row++)
        for (size_t cell = 0; again.separator == ';' && cell < again.rows[row].count &&
                              cell < table->rows[row].count;
             cell++) {
            struct str was = table->rows[row].cells[cell], is = again.rows[row].cells[cell];

            hold(is.len == 0 || !strchr("=+-@", is.data[0]));
            if (was.len > 0 && strchr("=+-@'", was.data[0]) == NULL &&
                again.rows[row].count == table->rows[row].count)
                hold(str_equal(was, is));
        }
}

void fuzz_csv(struct str input, struct arena *arena)
{
    struct csv_table table;
    size_t line;

    if (csv_read(input, arena, &table, &line) != CSV_GOOD)
        return;
    check_table(&table);
    check_again(&table, arena);
}

void fuzz_members(struct str input, struct arena *arena)
{
    struct csv_table table;
    struct import_mapping mapping = {0};
    struct member_import import = {0};
    size_t line;

    if (csv_read(input, arena, &table, &line) != CSV_GOOD)
        return;
    import_guess(&table, arena, &mapping);
    for (int i = 0; i < IMPORT_FIELDS; i++)
        hold(mapping.columns[i] <= import_column_count(&table));
    if (import_read(&table, &mapping, money_currency("EUR"), arena, &import))
        return;
    hold(import.count <= IMPORT_ROWS_MAX);
    for (size_t i = 0; i < import.count; i++) {
        hold(import.rows[i].number >= 0);
        hold(import.rows[i].balance_cents >= -MONEY_MAX_CENTS &&
             import.rows[i].balance_cents <= MONEY_MAX_CENTS);
    }
}

void fuzz_picture(struct str input, struct arena *arena)
{
    struct picture picture;

    (void)arena;
    if (picture_read(input, &picture) != PICTURE_OK)
        return;
    hold(picture.width > 0 && picture.width <= PICTURE_SIDE_MAX);
    hold(picture.height > 0 && picture.height <= PICTURE_SIDE_MAX);
    hold(picture.bytes.data == input.data && picture.bytes.len <= input.len);
}

void fuzz_gzip(struct str input, struct arena *arena)
{
    static char to[200];
    int fd;
    const char *from = fuzz_file(input, arena, &fd);

    snprintf(to, sizeof(to), "%s/fuzz-%d", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp",
             (int)getpid());
    (void)gzip_unpack(from, to);
    unlink(to);
    close(fd);
}

void fuzz_conf(struct str input, struct arena *arena)
{
    const char *text = "", *url = "";
    int64_t number = 1;
    const struct conf_key keys[] = {
        {.name = "text", .text = &text},
        {.name = "url", .kind = CONF_URL, .text = &url},
        {.name = "number", .kind = CONF_INT, .number = &number, .minimum = 1, .maximum = 64},
    };
    int fd;
    const char *path = fuzz_file(input, arena, &fd);

    if (conf_read(path, keys, sizeof(keys) / sizeof(keys[0]), arena) == OK) {
        hold(number >= 1 && number <= 64);
        hold(!*url || conf_check_url(url) == OK);
        hold(strlen(text) <= input.len);
    }
    close(fd);
}

/* PEM, and then a text and its signature. */
void fuzz_certificate(struct str input, struct arena *arena)
{
    static const char *const hosts[] = {"messageverificationcerts.paypal.com", NULL};
    struct certificate_rule rule = {.hosts = hosts, .at = 1790856000};
    struct certificate *certificate = NULL;
    enum certificate_worth worth = CERTIFICATE_BROKEN;
    struct str pem = fuzz_part(&input), text = fuzz_part(&input);
    bool fits = false;
    int fd;

    if (certificate_read(pem, &certificate))
        return;
    rule.ca_file = fuzz_file(str_of("-----BEGIN CERTIFICATE-----\n"), arena, &fd);
    if (certificate_judge(certificate, &rule, &worth) == OK)
        hold(worth != CERTIFICATE_GOOD);
    if (certificate_signed(certificate, text, input, &fits) == OK)
        hold(!fits || input.len >= CERTIFICATE_RSA_BITS_MIN / 8);
    certificate_free(certificate);
    close(fd);
}

static bool writes_script(struct str source)
{
    return source.len > 0 && memmem(source.data, source.len, "script", 6) != NULL;
}

/* A page, and a partial it may include. */
void fuzz_template(struct str input, struct arena *arena)
{
    struct str page = fuzz_part(&input);
    const struct template_source sources[] = {{"page.html", page}, {"partial/part.html", input}};
    struct template_set *set = NULL;
    struct template_map *map = template_map_new(arena);
    struct buffer out;

    if (template_set_parse(sources, 2, &set))
        return;
    template_set_text(map, "text", "<script>\"'&\n");
    template_set_text(map, "path", "/ici");
    template_set_text(map, "url", "javascript:alert(1)");
    template_set_int(map, "number", 12);
    template_set_flag(map, "flag", true);
    template_set_money(map, "amount", 123456, money_currency("EUR"));
    template_set_date(map, "date", (struct date){2026, 11, 23});
    template_set_text(template_list_add(template_set_list(map, "list")), "item", "<b>");
    buffer_init(&out, arena, 100);
    if (template_render(set, "page.html", map, &out) == OK) {
        buffer_add_byte(&out, '\0');
        /* What a page itself writes may say so; what comes from data never does. */
        if (!writes_script(page) && !writes_script(input))
            hold(!strstr(out.data, "<script>"));
    }
    template_set_free(set);
}
