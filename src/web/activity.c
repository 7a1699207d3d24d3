#include "web/activity.h"

#include "base/random.h"
#include "base/utf8.h"
#include "payment/service.h"
#include "web/members.h"
#include "web/period.h"
#include "web/statement.h"

enum { SHOWN_MAX = 50, WRONG_MAX = 200, TITLE_LEN_MAX = 40 };

/* The columns of the provider's table, by index. */
#define COLUMN(number)                                                                            \
    {                                                                                             \
        "k" #number, HTTP_TEXT, 2, NULL, 0                                                        \
    }
#define COLUMN_FIELDS                                                                             \
    COLUMN(0), COLUMN(1), COLUMN(2), COLUMN(3), COLUMN(4), COLUMN(5), COLUMN(6), COLUMN(7),       \
        COLUMN(8), COLUMN(9), COLUMN(10), COLUMN(11), COLUMN(12), COLUMN(13), COLUMN(14),         \
        COLUMN(15), COLUMN(16), COLUMN(17), COLUMN(18), COLUMN(19), COLUMN(20), COLUMN(21),       \
        COLUMN(22), COLUMN(23), COLUMN(24), COLUMN(25), COLUMN(26), COLUMN(27), COLUMN(28),       \
        COLUMN(29), COLUMN(30), COLUMN(31)

const struct http_field activity_page_fields[] = {
    {"compte", HTTP_ID, 20, NULL, 0}, /* nothing: to the accounts, to choose one */
    {0},
};
const struct http_field activity_file_fields[] = {
    TOKEN_FIELD,
    {"compte", HTTP_ID, 20, NULL, 1},
    {"fichier", HTTP_FILE, IMPORT_FILE_MAX, NULL, 0},
    {0},
};
#define LOOK_FIELDS                                                                               \
    {"compte", HTTP_ID, 20, NULL, 1}, {"choisi", HTTP_CHOICE, 3, "oui", 0},                       \
        {"du", HTTP_TEXT, 40, NULL, 0}, {"au", HTTP_TEXT, 40, NULL, 0}, COLUMN_FIELDS
const struct http_field activity_look_fields[] = {LOOK_FIELDS, {0}};
const struct http_field activity_confirm_fields[] = {TOKEN_FIELD, LOOK_FIELDS, {0}};

static const struct form_fault faults[] = {
    {"fichier", "absent"},    {"fichier", "vide"},    {"fichier", "lignes"},
    {"fichier", "colonnes"},  {"fichier", "cellule"}, {"fichier", "guillemet"},
    {"fichier", "apres"},     {"fichier", "texte"},   {"du", "illisible"},
    {"au", "illisible"},      {"au", "avant"},        {"lignes", "illisibles"},
    {"colonnes", "manquent"},
};
enum { FAULT_COUNT = sizeof(faults) / sizeof(faults[0]) };

static const char *const csv_words[] = {
    [CSV_EMPTY] = "vide",
    [CSV_TOO_MANY_ROWS] = "lignes",
    [CSV_TOO_MANY_CELLS] = "colonnes",
    [CSV_CELL_TOO_LONG] = "cellule",
    [CSV_QUOTE_OPEN] = "guillemet",
    [CSV_QUOTE_STRAY] = "apres",
    [CSV_NOT_TEXT] = "texte",
};

/* ---- the account ---- */

/* The account the request names, of a provider whose list comes as a file. */
static enum err find_account(struct activity_visit *visit)
{
    struct page *page = visit->page;
    enum err err = statement_account_find(page->db, page->association.id,
                                          http_field_id(page->request, "compte"), page->arena,
                                          &visit->account);

    if (err)
        return err;
    visit->provider =
        payment_provider(page->web->options.service, str_of(visit->account.provider));
    return visit->provider && visit->provider->activity
               ? OK
               : fail(ERR_NOT_FOUND, "this account's list does not come as a file");
}

/* ---- sending ---- */

static enum err show_sending(struct activity_visit *visit, int status, size_t line)
{
    struct page *page = visit->page;
    struct template_map *data = page_data(page, "releve");
    enum err err = page_form_token(page, data, "csrf", "/comptabilite/rapprochement/fichier");

    form_add(page, &visit->form, data);
    statement_set_account(page, data, &visit->account);
    template_set_int(data, "line", (int64_t)line);
    template_set_int(data, "rows_max", CSV_ROWS_MAX - 1);
    return err ? err : page_render(page, status, "releve.html", data);
}

enum err activity_get(struct http_request *request, struct http_response *response)
{
    struct activity_visit visit = {.page = page_of(request)};
    enum err err;

    if (!http_field_given(request, "compte"))
        return http_redirect(response, "/comptabilite/rapprochement");
    err = find_account(&visit);
    form_init(&visit.form, faults, FAULT_COUNT);
    return err ? err : show_sending(&visit, 200, 0);
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

static enum err keep(struct activity_visit *visit, struct str content)
{
    struct page *page = visit->page;
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
                               arena_printf(page->arena,
                                            "/comptabilite/rapprochement/fichier/%lld?compte=%lld",
                                            (long long)keeping.file.id,
                                            (long long)visit->account.id));
}

enum err activity_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct activity_visit visit = {.page = page};
    struct str content = http_field_text(request, "fichier");
    enum csv_fault fault = CSV_GOOD;
    size_t line = 0;
    enum err err = page_begin_reading(page);

    (void)response;
    if (!err)
        err = find_account(&visit);
    page_end_reading(page);
    if (err)
        return err;
    form_init(&visit.form, faults, FAULT_COUNT);
    if (str_empty(content))
        form_fault(&visit.form, "fichier", "absent");
    else
        fault = csv_read(content, page->arena, &visit.table, &line);
    if (fault)
        form_fault(&visit.form, "fichier", csv_words[fault]);
    return form_faulty(&visit.form, NULL) ? show_sending(&visit, 400, line)
                                          : keep(&visit, content);
}

/* ---- looking ---- */

static enum err open_file(struct activity_visit *visit)
{
    struct page *page = visit->page;
    size_t line;
    enum err err = find_account(visit);

    if (!err)
        err = members_path_id(page, &visit->upload.id);
    visit->upload.association_id = page->association.id;
    visit->upload.login_id = page->session.login_id;
    form_init(&visit->form, faults, FAULT_COUNT);
    if (!err)
        err = import_file_find(page->db, &visit->upload, page->now, page->arena);
    if (err || visit->upload.done)
        return err;
    if (csv_read(visit->upload.content, page->arena, &visit->table, &line))
        return fail(ERR_INTERNAL, "a file that was read before is no table");
    return OK;
}

static size_t column_count(const struct csv_table *table)
{
    size_t most = 0;

    for (size_t i = 0; i < table->count; i++)
        most = table->rows[i].count > most ? table->rows[i].count : most;
    return most;
}

static enum err read_columns(struct activity_visit *visit)
{
    struct page *page = visit->page;
    const struct provider_activity *activity = visit->provider->activity;
    size_t most = column_count(&visit->table);

    activity_guess(activity, &visit->table, page->arena, &visit->mapping);
    for (size_t i = 0; http_field_given(page->request, "choisi") && i < activity->column_count;
         i++) {
        struct str typed = http_field_text(page->request, arena_printf(page->arena, "k%zu", i));
        int64_t place = 0;

        if (!str_empty(typed) &&
            (!str_to_int64(typed, &place) || place < 0 || (size_t)place > most))
            return fail(ERR_INPUT, "the file has no such column");
        visit->mapping.places[i] = (size_t)place;
    }
    visit->complete = activity_complete(activity, &visit->mapping);
    return OK;
}

static void read_day(struct activity_visit *visit, const char *field, struct date *day)
{
    struct str typed = http_field_text(visit->page->request, field);

    if (!str_empty(typed) && !period_day(typed, day))
        form_fault(&visit->form, field, "illisible");
}

/* What the person says it covers; the days of its rows while nothing was said. */
static void read_period(struct activity_visit *visit)
{
    const struct zone *zone = visit->page->association.zone;
    int64_t now = visit->page->now;

    visit->first_day = zone_date(zone, visit->file.first_at ? visit->file.first_at : now);
    visit->last_day = zone_date(zone, visit->file.last_at ? visit->file.last_at : now);
    read_day(visit, "du", &visit->first_day);
    read_day(visit, "au", &visit->last_day);
    if (date_compare(visit->last_day, visit->first_day) < 0)
        form_fault(&visit->form, "au", "avant");
}

static enum err read_rows(struct activity_visit *visit)
{
    struct page *page = visit->page;
    struct provider_call call =
        payment_call(page->web->options.service, page->db, NULL, page->arena);
    struct provider_account account;
    enum err err = read_columns(visit);

    if (!err && visit->complete)
        err =
            account_find(page->db, page->association.id, visit->account.id, page->arena, &account);
    if (!err && visit->complete)
        err = activity_read(&call, &page->association, &account, visit->provider->activity,
                            &visit->table, &visit->mapping, &visit->file);
    if (!err)
        read_period(visit);
    return err;
}

static void add_choices(struct activity_visit *visit, struct template_map *data)
{
    struct page *page = visit->page;
    const struct provider_activity *activity = visit->provider->activity;
    struct template_list *list = template_set_list(data, "choices");
    size_t most = column_count(&visit->table);

    for (size_t i = 0; i < activity->column_count; i++) {
        struct template_map *item = template_list_add(list);
        struct template_list *columns = template_set_list(item, "columns");

        template_set_text(item, "field", arena_printf(page->arena, "k%zu", i));
        template_set_text(item, "header", activity->columns[i].headers[0]);
        template_set_flag(item, "required", activity->columns[i].required);
        template_set_flag(item, "is_wrong",
                          activity->columns[i].required && !visit->mapping.places[i]);
        page_set_id(page, item, "place", (int64_t)visit->mapping.places[i]);
        template_set_flag(item, "is_there", visit->mapping.places[i] != 0);
        for (size_t j = 0; j < most; j++) {
            struct template_map *column = template_list_add(columns);
            const struct csv_row *titles = &visit->table.rows[0];

            template_set_int(column, "place", (int64_t)j + 1);
            template_set_str(column, "title",
                             j < titles->count ? utf8_cut(titles->cells[j], TITLE_LEN_MAX)
                                               : str_of(""));
            template_set_flag(column, "chosen", visit->mapping.places[i] == j + 1);
        }
    }
}

static void add_row(struct activity_visit *visit, struct template_list *list,
                    const struct activity_read_row *row)
{
    static const char *const verdicts[ACTIVITY_VERDICTS] = {"is_new", "is_known", "is_otherwise",
                                                            "is_wrong", "is_unread"};
    struct page *page = visit->page;
    const struct provider_activity *activity = visit->provider->activity;
    struct template_map *item = template_list_add(list);
    const struct statement_line *line = &row->meaning;
    bool wrong = row->verdict == ACTIVITY_WRONG || row->verdict == ACTIVITY_UNREAD;
    const struct currency *currency =
        statement_currency(page, wrong || !line->currency ? "" : line->currency);

    template_set_int(item, "line", (int64_t)row->line);
    page_flags(item, verdicts, ACTIVITY_VERDICTS, verdicts[row->verdict]);
    template_set_text(
        item, "column",
        row->column < activity->column_count ? activity->columns[row->column].headers[0] : "");
    template_set_text(item, "word", row->word);
    template_set_date(item, "day", zone_date(page->association.zone, wrong ? 0 : line->fact_at));
    statement_set_kind(page->arena, item,
                       wrong         ? "none"
                       : line->posts ? statement_kind_name(line->kind)
                                     : "none");
    template_set_text(item, "type", wrong || !line->type ? "" : line->type);
    template_set_text(item, "payer", wrong || !line->payer ? "" : line->payer);
    template_set_text(item, "reference", wrong ? "" : line->reference);
    template_set_money(item, "gross", wrong ? 0 : line->gross_cents, currency);
    template_set_money(item, "fee", wrong ? 0 : line->fee_cents, currency);
    template_set_money(item, "net", wrong ? 0 : line->gross_cents - line->fee_cents, currency);
}

static void add_rows(struct activity_visit *visit, struct template_map *data)
{
    static const char *const names[ACTIVITY_VERDICTS] = {"new", "known", "otherwise", "wrong",
                                                         "unread"};
    struct page *page = visit->page;
    struct template_list *rows = template_set_list(data, "rows");
    struct template_list *wrong = template_set_list(data, "wrong_rows");
    struct template_list *unread = template_set_list(data, "unread_rows");
    const struct activity_file *file = &visit->file;
    size_t shown = 0, wrong_shown = 0, unread_shown = 0;

    for (size_t i = 0; i < file->count; i++)
        if (file->rows[i].verdict == ACTIVITY_WRONG && wrong_shown++ < WRONG_MAX)
            add_row(visit, wrong, &file->rows[i]);
        else if (file->rows[i].verdict == ACTIVITY_UNREAD && unread_shown++ < WRONG_MAX)
            add_row(visit, unread, &file->rows[i]);
        else if (file->rows[i].verdict < ACTIVITY_WRONG && shown++ < SHOWN_MAX)
            add_row(visit, rows, &file->rows[i]);
    for (size_t i = 0; i < ACTIVITY_VERDICTS; i++) {
        template_set_int(data, arena_printf(page->arena, "%s_count", names[i]),
                         (int64_t)file->counts[i]);
        template_set_flag(data, arena_printf(page->arena, "has_%s", names[i]),
                          file->counts[i] > 0);
        template_set_flag(data, arena_printf(page->arena, "several_%s", names[i]),
                          file->counts[i] > 1);
    }
    template_set_flag(data, "has_rows", shown > 0);
    template_set_flag(data, "has_more", shown > SHOWN_MAX);
    template_set_int(data, "shown_max", SHOWN_MAX);
    template_set_money(data, "net", file->net_cents, page->association.currency);
}

static enum err show_file(struct activity_visit *visit, int status)
{
    struct page *page = visit->page;
    struct template_map *data = page_data(page, "releve_apercu");
    char *first = arena_alloc(page->arena, DATE_TEXT_MAX);
    char *last = arena_alloc(page->arena, DATE_TEXT_MAX);
    enum err err = page_form_token(page, data, "csrf", "/comptabilite/rapprochement/fichier/{}");

    if (err)
        return err;
    form_add(page, &visit->form, data);
    statement_set_account(page, data, &visit->account);
    page_set_id(page, data, "file_id", visit->upload.id);
    template_set_text(data, "du", date_format_iso(first, visit->first_day));
    template_set_text(data, "au", date_format_iso(last, visit->last_day));
    template_set_flag(data, "complete", visit->complete);
    template_set_flag(data, "may_store",
                      visit->complete && visit->file.count > 0 &&
                          visit->file.counts[ACTIVITY_WRONG] == 0);
    add_choices(visit, data);
    add_rows(visit, data);
    return page_render(page, status, "releve-apercu.html", data);
}

static enum err go_to_months(struct page *page, const char *done)
{
    return http_redirect(page->response,
                         arena_printf(page->arena, "/comptabilite/rapprochement?fait=%s", done));
}

enum err activity_look_get(struct http_request *request, struct http_response *response)
{
    struct activity_visit visit = {.page = page_of(request)};
    enum err err = open_file(&visit);

    (void)response;
    if (!err && visit.upload.done)
        return go_to_months(visit.page, "fichier");
    if (!err)
        err = read_rows(&visit);
    return err ? err : show_file(&visit, form_faulty(&visit.form, NULL) ? 400 : 200);
}

/* ---- storing ---- */

static enum err write_file(struct db *db, void *argument)
{
    return activity_store(db, argument);
}

static enum err store(struct activity_visit *visit)
{
    struct page *page = visit->page;
    struct activity_order order = {
        .association = &page->association,
        .account_id = visit->account.id,
        .upload = &visit->upload,
        .file = &visit->file,
        .first_day = visit->first_day,
        .last_day = visit->last_day,
        .actor = page_actor(page),
        .now = page->now,
    };
    enum err err;

    page_end_reading(page);
    err = db_write_alone(page->web->options.service->writer, write_file, &order);
    return err ? err : go_to_months(page, order.file->unread_at ? "partie" : "fichier");
}

enum err activity_confirm_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct activity_visit visit = {.page = page};
    enum err err = page_begin_reading(page);

    (void)response;
    if (!err)
        err = open_file(&visit);
    if (!err && visit.upload.done)
        return go_to_months(page, "fichier");
    if (!err)
        err = read_rows(&visit);
    if (err)
        return err;
    if (!visit.complete)
        form_fault(&visit.form, "colonnes", "manquent");
    else if (visit.file.counts[ACTIVITY_WRONG] > 0 || visit.file.count == 0)
        form_fault(&visit.form, "lignes", "illisibles");
    return form_faulty(&visit.form, NULL) ? show_file(&visit, 400) : store(&visit);
}
