#include "web/import.h"

#include "base/random.h"
#include "base/utf8.h"
#include "payment/service.h"
#include "web/members.h"

enum { SAMPLE_LEN_MAX = 40 }; /* bytes of a cell shown beside its column */

const struct http_field import_file_fields[] = {
    TOKEN_FIELD,
    {"fichier", HTTP_FILE, IMPORT_FILE_MAX, NULL, 0},
    {0},
};
#define COLUMN_FIELDS                                                                             \
    {"numero", HTTP_TEXT, 2, NULL, 0}, {"prenom", HTTP_TEXT, 2, NULL, 0},                         \
        {"nom", HTTP_TEXT, 2, NULL, 0}, {"email", HTTP_TEXT, 2, NULL, 0},                         \
        {"solde", HTTP_TEXT, 2, NULL, 0}, {"payeur", HTTP_TEXT, 2, NULL, 0},                      \
        {"titres", HTTP_CHOICE, 3, "oui", 0},                                                     \
    {                                                                                             \
        "sens", HTTP_CHOICE, 8, "doit|avance", 0                                                  \
    }
const struct http_field import_columns_fields[] = {COLUMN_FIELDS, {0}};
const struct http_field import_confirm_fields[] = {
    TOKEN_FIELD,
    COLUMN_FIELDS,
    {"empreinte", HTTP_TOKEN, HASH_HEX_MAX, NULL, 1},
    {0},
};

static const char *const fields[IMPORT_FIELDS] = {
    [IMPORT_NUMBER] = "numero", [IMPORT_FIRST_NAME] = "prenom", [IMPORT_LAST_NAME] = "nom",
    [IMPORT_EMAIL] = "email",   [IMPORT_BALANCE] = "solde",     [IMPORT_PAYER] = "payeur",
};

/* ---- the file ---- */

static const struct form_fault file_faults[] = {
    {"fichier", "absent"},   {"fichier", "vide"},    {"fichier", "lignes"},
    {"fichier", "colonnes"}, {"fichier", "cellule"}, {"fichier", "guillemet"},
    {"fichier", "apres"},    {"fichier", "texte"},
};
enum { FILE_FAULT_COUNT = sizeof(file_faults) / sizeof(file_faults[0]) };

static const char *const csv_words[] = {
    [CSV_EMPTY] = "vide",
    [CSV_TOO_MANY_ROWS] = "lignes",
    [CSV_TOO_MANY_CELLS] = "colonnes",
    [CSV_CELL_TOO_LONG] = "cellule",
    [CSV_QUOTE_OPEN] = "guillemet",
    [CSV_QUOTE_STRAY] = "apres",
    [CSV_NOT_TEXT] = "texte",
};

static enum err show_file(struct page *page, int status, const struct form *form, size_t line)
{
    struct template_map *data = page_data(page, "importer");
    enum err err = page_form_token(page, data, "csrf", "/adherents/importer");

    form_add(page, form, data);
    template_set_int(data, "line", (int64_t)line);
    template_set_int(data, "rows_max", IMPORT_ROWS_MAX);
    template_set_int(data, "columns_max", CSV_CELLS_MAX);
    template_set_int(data, "cell_max", CSV_CELL_LEN_MAX);
    return err ? err : page_render(page, status, "importer.html", data);
}

enum err import_get(struct http_request *request, struct http_response *response)
{
    struct form form;

    (void)response;
    form_init(&form, file_faults, FILE_FAULT_COUNT);
    return show_file(page_of(request), 200, &form, 0);
}

struct keeping {
    struct import_file file;
    int64_t now;
};

static enum err keep_file(struct db *db, void *argument)
{
    const struct keeping *keeping = argument;

    return import_file_add(db, &keeping->file, keeping->now);
}

static enum err keep(struct page *page, struct str content)
{
    struct keeping keeping = {
        .file = {.association_id = page->association.id,
                 .login_id = page->session.login_id,
                 .content = content},
        .now = page->now,
    };
    enum err err = random_id(&keeping.file.id);

    if (!err)
        err = db_write(page->web->options.service->writer, keep_file, &keeping);
    return err ? err
               : http_redirect(page->response,
                               arena_printf(page->arena, "/adherents/importer/%lld",
                                            (long long)keeping.file.id));
}

enum err import_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct str content = http_field_text(request, "fichier");
    struct csv_table table;
    enum csv_fault fault = CSV_GOOD;
    struct form form;
    size_t line = 0;

    (void)response;
    form_init(&form, file_faults, FILE_FAULT_COUNT);
    if (str_empty(content))
        form_fault(&form, "fichier", "absent");
    else
        fault = csv_read(content, page->arena, &table, &line);
    if (fault)
        form_fault(&form, "fichier", csv_words[fault]);
    return form_faulty(&form, NULL) ? show_file(page, 400, &form, line) : keep(page, content);
}

/* ---- its columns ---- */

static const struct form_fault column_faults[] = {
    {"prenom", "vide"},   {"nom", "vide"},      {"numero", "double"},
    {"prenom", "double"}, {"nom", "double"},    {"email", "double"},
    {"solde", "double"},  {"payeur", "double"}, {"titres", "lignes"},
};
enum { COLUMN_FAULT_COUNT = sizeof(column_faults) / sizeof(column_faults[0]) };

enum err import_open(struct page *page, struct import_visit *visit)
{
    size_t line;
    enum err err = members_path_id(page, &visit->file.id);

    visit->page = page;
    visit->file.association_id = page->association.id;
    visit->file.login_id = page->session.login_id;
    form_init(&visit->form, column_faults, COLUMN_FAULT_COUNT);
    if (!err)
        err = import_file_find(page->db, &visit->file, page->now, page->arena);
    if (err || visit->file.done)
        return err;
    if (csv_read(visit->file.content, page->arena, &visit->table, &line))
        return fail(ERR_INTERNAL, "a file that was read before is no table");
    visit->column_count = import_column_count(&visit->table);
    return OK;
}

static enum err read_column(struct import_visit *visit, enum import_field field)
{
    struct str typed = http_field_text(visit->page->request, fields[field]);
    int64_t column = 0;

    if (!str_empty(typed) &&
        (!str_to_int64(typed, &column) || column < 0 || (size_t)column > visit->column_count))
        return fail(ERR_INPUT, "the file has no such column");
    visit->mapping.columns[field] = (size_t)column;
    return OK;
}

static void find_column_faults(struct import_visit *visit)
{
    const size_t *columns = visit->mapping.columns;

    if (!columns[IMPORT_FIRST_NAME])
        form_fault(&visit->form, "prenom", "vide");
    if (!columns[IMPORT_LAST_NAME])
        form_fault(&visit->form, "nom", "vide");
    for (size_t i = 0; i < IMPORT_FIELDS; i++)
        for (size_t j = 0; j < i; j++)
            if (columns[i] && columns[i] == columns[j])
                form_fault(&visit->form, fields[i], "double");
}

enum err import_read_columns(struct import_visit *visit)
{
    struct page *page = visit->page;
    enum err err = OK;

    for (enum import_field field = 0; !err && field < IMPORT_FIELDS; field++)
        err = read_column(visit, field);
    visit->mapping.has_titles = http_field_given(page->request, "titres");
    visit->mapping.positive_is_advance = str_is(http_field_text(page->request, "sens"), "avance");
    if (err)
        return err;
    find_column_faults(visit);
    err = import_read(&visit->table, &visit->mapping, page->association.currency, page->arena,
                      &visit->import);
    if (err != ERR_LIMIT)
        return err;
    form_fault(&visit->form, "titres", "lignes");
    return OK;
}

/* The cell of a row, cut to what fits beside its column; "" when it has none. */
static struct str sample(const struct import_visit *visit, size_t row, size_t column)
{
    const struct csv_table *table = &visit->table;

    if (row >= table->count || column >= table->rows[row].count)
        return str_of("");
    return utf8_cut(table->rows[row].cells[column], SAMPLE_LEN_MAX);
}

static void add_choice(struct import_visit *visit, struct template_list *list,
                       enum import_field field)
{
    struct template_map *item = template_list_add(list);
    struct template_list *columns = template_set_list(item, "columns");

    template_set_text(item, "name", fields[field]);
    page_flags(item, fields, IMPORT_FIELDS, fields[field]);
    template_set_flag(item, "is_wrong", form_faulty(&visit->form, fields[field]));
    for (size_t i = 0; i < visit->column_count; i++) {
        struct template_map *column = template_list_add(columns);

        template_set_int(column, "place", (int64_t)i + 1);
        template_set_str(column, "first", sample(visit, 0, i));
        template_set_str(column, "second", sample(visit, 1, i));
        template_set_flag(column, "chosen", visit->mapping.columns[field] == i + 1);
    }
}

enum err import_show_columns(struct import_visit *visit, int status)
{
    struct page *page = visit->page;
    struct template_map *data = page_data(page, "importer_colonnes");
    struct template_list *list = template_set_list(data, "choices");

    for (enum import_field field = 0; field < IMPORT_FIELDS; field++)
        add_choice(visit, list, field);
    form_add(page, &visit->form, data);
    page_set_id(page, data, "import_id", visit->file.id);
    template_set_int(data, "row_count", (int64_t)visit->table.count);
    template_set_int(data, "rows_max", IMPORT_ROWS_MAX);
    template_set_flag(data, "several", visit->table.count > 1);
    template_set_flag(data, "has_titles", visit->mapping.has_titles);
    template_set_flag(data, "positive_is_advance", visit->mapping.positive_is_advance);
    return page_render(page, status, "importer-colonnes.html", data);
}

enum err import_go_to_list(struct page *page)
{
    return http_redirect(page->response, "/adherents?fait=importe");
}

enum err import_columns_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct import_visit visit = {.page = page};
    enum err err = import_open(page, &visit);

    (void)response;
    if (err)
        return err;
    if (visit.file.done)
        return import_go_to_list(page);
    if (!http_field_given(request, "sens")) {
        import_guess(&visit.table, page->arena, &visit.mapping);
        return import_show_columns(&visit, 200);
    }
    err = import_read_columns(&visit);
    form_init(&visit.form, column_faults, COLUMN_FAULT_COUNT); /* told by the preview */
    return err ? err : import_show_columns(&visit, 200);
}
