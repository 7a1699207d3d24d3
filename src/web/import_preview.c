#include "web/import.h"

#include "payment/import.h"
#include "payment/service.h"
#include "web/members.h"

enum { SHOWN_MAX = 200 }; /* rows of each list of the preview */

static const char *const fault_keys[IMPORT_FAULTS] = {
    [IMPORT_RIGHT] = "is_right",
    [IMPORT_NAME_MISSING] = "name_missing",
    [IMPORT_NAME_LONG] = "name_long",
    [IMPORT_EMAIL_ODD] = "email_odd",
    [IMPORT_NUMBER_ODD] = "number_odd",
    [IMPORT_BALANCE_ODD] = "balance_odd",
    [IMPORT_PAYER_ODD] = "payer_odd",
    [IMPORT_SAME_NUMBER] = "same_number",
    [IMPORT_SAME_PERSON] = "same_person",
    [IMPORT_NUMBER_TAKEN] = "number_taken",
    [IMPORT_OTHER_NUMBER] = "other_number",
    [IMPORT_PAYER_UNKNOWN] = "payer_unknown",
    [IMPORT_PAYER_SELF] = "payer_self",
    [IMPORT_PAYER_PAID] = "payer_paid",
};

/* ---- the preview ---- */

static void add_row(struct page *page, struct template_list *list, const struct import_row *row)
{
    struct template_map *item = template_list_add(list);

    template_set_int(item, "line", (int64_t)row->line);
    template_set_int(item, "number", row->number);
    template_set_text(item, "first_name", row->first_name);
    template_set_text(item, "last_name", row->last_name);
    template_set_text(item, "email", row->email);
    template_set_int(item, "payer_number", row->payer_number);
    template_set_int(item, "other_line", (int64_t)row->other_line);
    template_set_int(item, "found_number", row->found_number);
    template_set_flag(item, "is_new", row->verdict == IMPORT_NEW);
    template_set_flag(item, "is_already", row->verdict == IMPORT_ALREADY);
    page_flags(item, fault_keys, IMPORT_FAULTS, fault_keys[row->fault]);
    members_set_balance(page, item, row->balance_cents);
}

static void add_rows(struct import_visit *visit, struct template_map *data)
{
    struct template_list *rows = template_set_list(data, "rows");
    struct template_list *wrong = template_set_list(data, "wrong_rows");
    size_t wrong_count = 0;

    for (size_t i = 0; i < visit->import.count; i++) {
        const struct import_row *row = &visit->import.rows[i];

        if (i < SHOWN_MAX)
            add_row(visit->page, rows, row);
        if (row->verdict == IMPORT_WRONG && wrong_count++ < SHOWN_MAX)
            add_row(visit->page, wrong, row);
    }
    template_set_int(data, "shown_max", SHOWN_MAX);
    template_set_flag(data, "has_rows", visit->import.count > 0);
    template_set_flag(data, "has_more_rows", visit->import.count > SHOWN_MAX);
    template_set_flag(data, "has_more_wrong", wrong_count > SHOWN_MAX);
}

static void set_sums(struct import_visit *visit, struct template_map *data)
{
    static const char *const names[IMPORT_VERDICTS] = {"new", "already", "wrong"};
    const struct member_import *import = &visit->import;
    const struct currency *currency = visit->page->association.currency;

    for (size_t i = 0; i < IMPORT_VERDICTS; i++) {
        struct arena *arena = visit->page->arena;

        template_set_int(data, arena_printf(arena, "%s_count", names[i]),
                         (int64_t)import->counts[i]);
        template_set_flag(data, arena_printf(arena, "several_%s", names[i]),
                          import->counts[i] > 1);
    }
    template_set_flag(data, "may_import",
                      import->counts[IMPORT_WRONG] == 0 && import->counts[IMPORT_NEW] > 0);
    template_set_money(data, "owed", import->owed_cents, currency);
    template_set_money(data, "advance", import->advance_cents, currency);
}

static enum err show_preview(struct import_visit *visit, int status, bool has_changed)
{
    struct page *page = visit->page;
    struct template_map *data = page_data(page, "importer_apercu");
    char *fingerprint = arena_alloc(page->arena, HASH_HEX_MAX);
    enum err err = import_fingerprint(&visit->import, fingerprint);

    if (!err)
        err = page_form_token(page, data, "csrf", "/adherents/importer/{}/apercu");
    if (err)
        return err;
    form_keep(page, import_columns_fields, data);
    template_set_text(data, "empreinte", fingerprint);
    template_set_text(
        data, "form_action",
        arena_printf(page->arena, "/adherents/importer/%lld/apercu", (long long)visit->file.id));
    page_set_id(page, data, "import_id", visit->file.id);
    template_set_flag(data, "has_changed", has_changed);
    template_set_flag(data, "in_error", has_changed || visit->import.counts[IMPORT_WRONG] > 0);
    set_sums(visit, data);
    add_rows(visit, data);
    return page_render(page, status, "importer-apercu.html", data);
}

static enum err judge(struct import_visit *visit)
{
    struct page *page = visit->page;
    enum err err = page_begin_reading(page);

    return err ? err : import_judge(page->db, page->association.id, &visit->import);
}

enum err import_preview_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct import_visit visit = {.page = page};
    enum err err = import_open(page, &visit);

    (void)response;
    if (err)
        return err;
    if (visit.file.done)
        return import_go_to_list(page);
    err = import_read_columns(&visit);
    if (!err && form_faulty(&visit.form, NULL))
        return import_show_columns(&visit, 400);
    if (!err)
        err = judge(&visit);
    return err ? err : show_preview(&visit, 200, false);
}

/* ---- writing ---- */

static enum err write_members(struct db *db, void *argument)
{
    return payment_import(db, argument);
}

static enum err first_balance_label(struct page *page, const char **label)
{
    struct str text;
    enum err err =
        page_text(page, page->arena, "solde-initial.txt", template_map_new(page->arena), &text);

    *label = str_copy(page->arena, text);
    return err;
}

static enum err import_all(struct import_visit *visit)
{
    struct page *page = visit->page;
    struct import_order order = {
        .file = &visit->file,
        .import = &visit->import,
        .fingerprint = http_field_text(page->request, "empreinte"),
        .date = zone_date(page->association.zone, page->now),
        .actor = page_actor(page),
        .now = page->now,
    };
    enum err err = first_balance_label(page, &order.label);

    page_end_reading(page);
    return err ? err : db_write_alone(page->web->options.service->writer, write_members, &order);
}

enum err import_confirm_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct import_visit visit = {.page = page};
    enum err err = page_begin_reading(page);

    (void)response;
    if (!err)
        err = import_open(page, &visit);
    if (!err && visit.file.done)
        return import_go_to_list(page);
    if (!err)
        err = import_read_columns(&visit);
    if (!err && form_faulty(&visit.form, NULL))
        return import_show_columns(&visit, 400);
    if (!err)
        err = import_all(&visit);
    if (err != ERR_CONFLICT)
        return err ? err : import_go_to_list(page);
    err = judge(&visit);
    return err ? err : show_preview(&visit, 409, true);
}
