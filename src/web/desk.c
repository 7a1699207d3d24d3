#include "web/desk.h"

#include "accounting/accounting.h"
#include "association/member.h"
#include "base/clock.h"
#include "payment/refund_request.h"
#include "payment/settle.h"
#include "web/form.h"
#include "web/members.h"
#include "web/staff.h"

#include <string.h>

enum { MEMBERS_SHOWN = 10, REASON_MAX = 200 };

const struct http_field desk_page_fields[] = {
    {"q", HTTP_TEXT, 200, NULL, 0},
    {"fait", HTTP_TOKEN, 20, NULL, 0},
    {0},
};
const struct http_field desk_attach_fields[] = {
    TOKEN_FIELD,
    {"adherent", HTTP_ID, 20, NULL, 1},
    {0},
};
const struct http_field desk_classify_fields[] = {
    TOKEN_FIELD,
    {"compte", HTTP_TEXT, 20, NULL, 0},
    {"motif", HTTP_TEXT, WEB_LINE_MAX, NULL, 0},
    {0},
};
const struct http_field desk_see_fields[] = {
    TOKEN_FIELD,
    {"vu_motif", HTTP_TEXT, WEB_LINE_MAX, NULL, 0},
    {0},
};

static const struct form_fault faults[] = {
    {"ligne", "reglee"}, {"compte", "vide"},   {"compte", "inutilisable"}, {"motif", "vide"},
    {"motif", "long"},   {"vu_motif", "vide"}, {"vu_motif", "long"},       {"adherent", "inconnu"},
};
enum { FAULT_COUNT = sizeof(faults) / sizeof(faults[0]) };

/* ---- showing ---- */

static const char *const reasons[] = {"unknown_intent", "other_currency", "account_missing",
                                      "unknown_type",   "orphan",         "excess"};

static void set_row(struct page *page, struct template_map *data, const struct settle_row *row)
{
    const struct currency *currency = money_currency(row->currency);

    page_set_id(page, data, "id", row->id);
    page_flags(data, reasons, sizeof(reasons) / sizeof(reasons[0]), row->reason);
    template_set_text(data, "detail", row->detail);
    template_set_time(data, "since", row->since_at, page->association.zone);
    template_set_flag(data, "has_movement", row->transaction_id != 0);
    page_set_id(page, data, "movement_id", row->transaction_id);
    template_set_flag(data, "is_capture", strcmp(row->kind, "capture") == 0);
    template_set_text(data, "reference", row->reference);
    template_set_text(data, "payer", row->payer);
    template_set_text(data, "account", row->account);
    template_set_money(data, "amount", row->amount_cents,
                       currency ? currency : page->association.currency);
    template_set_time(data, "fact", row->fact_at, page->association.zone);
    template_set_flag(data, "has_entry", row->entry_id != 0);
    page_set_id(page, data, "entry_id", row->entry_id);
    template_set_flag(data, "has_standing", row->standing_cents != 0);
    template_set_money(data, "standing",
                       row->standing_cents < 0 ? -row->standing_cents : row->standing_cents,
                       page->association.currency);
    template_set_flag(data, "went_out", row->standing_cents < 0);
    template_set_flag(data, "settled", row->settled);
    template_set_flag(data, "may_attach", row->choices.attach && page_is_money(page));
    template_set_flag(data, "may_classify", row->choices.classify && page_is_money(page));
    template_set_flag(data, "may_see", row->choices.see && page_is_money(page));
}

/* Whom it could belong to: found by name or number. */
static enum err add_members(struct page *page, struct template_map *data, struct str search)
{
    struct template_list *list = template_set_list(data, "members");
    const struct member_filter filter = {
        .search = search, .group = MEMBER_ACTIVE, .order = MEMBER_BY_NAME, .max = MEMBERS_SHOWN};
    struct member_row *rows;
    size_t count = 0;
    enum err err = OK;

    if (!str_empty(search))
        err = member_list(page->db, page->association.id, &filter, page->arena, &rows, &count);
    for (size_t i = 0; !err && i < count && i < MEMBERS_SHOWN; i++) {
        struct template_map *item = template_list_add(list);

        page_set_id(page, item, "member_id", rows[i].member.id);
        template_set_int(item, "number", rows[i].member.number);
        template_set_text(item, "name",
                          arena_printf(page->arena, "%s %s", rows[i].member.first_name,
                                       rows[i].member.last_name));
        members_set_balance(page, item, rows[i].balance_cents);
    }
    template_set_str(data, "q", search);
    template_set_flag(data, "searched", !str_empty(search));
    template_set_flag(data, "has_members", count > 0);
    template_set_flag(data, "more_members", count > MEMBERS_SHOWN);
    return err;
}

static enum err add_accounts(struct page *page, struct template_map *data)
{
    struct template_list *list = template_set_list(data, "accounts");
    struct str chosen = http_field_text(page->request, "compte");
    struct chart_account *accounts;
    size_t count = 0;
    enum err err =
        accounting_chart(page->db, page->association.id, page->arena, &accounts, &count);

    for (size_t i = 0; !err && i < count; i++) {
        struct template_map *item;

        if (accounts[i].archived || !settle_may_classify_to(accounts[i].code))
            continue;
        item = template_list_add(list);
        template_set_text(item, "code", accounts[i].code);
        template_set_text(item, "label", accounts[i].label);
        template_set_flag(item, "chosen", str_is(chosen, accounts[i].code));
    }
    return err;
}

static enum err set_forms(struct page *page, struct template_map *data)
{
    enum err err = page_form_token(page, data, "attach_csrf", "/a-rattacher/{}/rattacher");

    if (!err)
        err = page_form_token(page, data, "classify_csrf", "/a-rattacher/{}/classer");
    if (!err)
        err = page_form_token(page, data, "see_csrf", "/a-rattacher/{}/vu");
    template_set_str(data, "motif", http_field_text(page->request, "motif"));
    template_set_str(data, "vu_motif", http_field_text(page->request, "vu_motif"));
    return err;
}

static enum err set_refund(struct page *page, struct template_map *data,
                           const struct settle_row *row)
{
    struct refund_room room = {0};
    enum err err = OK;

    if (strcmp(row->kind, "capture") == 0)
        err = refund_room(page->web->options.service, page->db, page->association.id,
                          row->transaction_id, page->arena, &room);
    template_set_flag(data, "may_refund",
                      page_is_money(page) && !row->settled && room.possible && !room.disputed &&
                          room.left_cents > 0);
    template_set_text(data, "provider_name", page_provider_label(page, row->provider));
    return err;
}

static enum err find_row(struct page *page, struct settle_row *row)
{
    int64_t id;

    if (!str_to_int64(page->request->path_parts[0], &id))
        return fail(ERR_NOT_FOUND, "nothing of that name waits");
    return settle_find(page->db, page->association.id, id, page->arena, row);
}

static enum err show(struct page *page, int status, const struct form *wrong)
{
    struct template_map *data = page_data(page, "rattacher");
    struct settle_row row;
    struct form none;
    enum err err = page_begin_reading(page);

    if (!err)
        err = find_row(page, &row);
    if (err)
        return err;
    set_row(page, data, &row);
    err = add_members(page, data, http_field_text(page->request, "q"));
    if (!err)
        err = add_accounts(page, data);
    if (!err)
        err = set_refund(page, data, &row);
    if (!err)
        err = set_forms(page, data);
    form_init(&none, faults, FAULT_COUNT);
    form_add(page, wrong ? wrong : &none, data);
    return err ? err : page_render(page, status, "rattacher.html", data);
}

enum err desk_get(struct http_request *request, struct http_response *response)
{
    (void)response;
    return show(page_of(request), 200, NULL);
}

enum err desk_list_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "a_rattacher");
    int64_t shown = 0;
    enum err err = staff_add_quarantine(page, data, &shown);

    (void)response;
    form_done(page, "rattache|classe|vu", data);
    return err ? err : page_render(page, 200, "a-rattacher.html", data);
}

/* ---- deciding ---- */

struct decision {
    struct settle_draft draft;
    enum { DECISION_ATTACH, DECISION_CLASSIFY, DECISION_SEE } kind;
    int64_t member_id;
    const char *account_code;
};

static enum err write_decision(struct db *db, void *argument)
{
    const struct decision *decision = argument;
    struct arena *arena = arena_new();
    enum err err = OK;

    switch (decision->kind) {
    case DECISION_ATTACH:
        err = settle_attach(db, &decision->draft, decision->member_id, arena);
        break;
    case DECISION_CLASSIFY:
        err = settle_classify(db, &decision->draft, decision->account_code, arena);
        break;
    case DECISION_SEE:
        err = settle_see(db, &decision->draft, arena);
        break;
    }
    arena_free(arena);
    return err;
}

static enum err begin(struct page *page, struct decision *decision)
{
    struct settle_row row;
    enum err err = find_row(page, &row);

    decision->draft = (struct settle_draft){.association_id = page->association.id,
                                            .quarantine_id = err ? 0 : row.id,
                                            .reason = "",
                                            .actor = page_actor(page),
                                            .now = clock_now()};
    return err;
}

static enum err decide(struct page *page, struct form *form, struct decision *decision,
                       const char *done)
{
    enum err err;

    if (form_faulty(form, NULL))
        return show(page, 400, form);
    err = db_write(page->web->options.service->writer, write_decision, decision);
    if (err == ERR_CONFLICT)
        form_fault(form, "ligne", "reglee");
    else if (err == ERR_INPUT)
        form_fault(form, "compte", "inutilisable");
    if (err == ERR_CONFLICT || err == ERR_INPUT)
        return show(page, err == ERR_CONFLICT ? 409 : 400, form);
    return err ? err
               : http_redirect(page->response,
                               arena_printf(page->arena, "/a-rattacher?fait=%s", done));
}

enum err desk_attach_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct decision decision;
    struct member member;
    struct form form;
    enum err err = begin(page, &decision);

    (void)response;
    if (err)
        return err;
    decision.kind = DECISION_ATTACH;
    decision.member_id = http_field_id(request, "adherent");
    form_init(&form, faults, FAULT_COUNT);
    err = member_find(page->db, page->association.id, decision.member_id, page->arena, &member);
    if (err == ERR_NOT_FOUND)
        form_fault(&form, "adherent", "inconnu");
    else if (err)
        return err;
    return decide(page, &form, &decision, "rattache");
}

enum err desk_classify_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct str code = http_field_text(request, "compte");
    struct decision decision;
    struct form form;
    enum err err = begin(page, &decision);

    (void)response;
    if (err)
        return err;
    decision.kind = DECISION_CLASSIFY;
    decision.account_code = str_copy(page->arena, code);
    form_init(&form, faults, FAULT_COUNT);
    if (str_empty(code))
        form_fault(&form, "compte", "vide");
    decision.draft.reason = form_text(page, &form, "motif", REASON_MAX);
    return decide(page, &form, &decision, "classe");
}

enum err desk_see_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct decision decision;
    struct form form;
    enum err err = begin(page, &decision);

    (void)response;
    if (err)
        return err;
    decision.kind = DECISION_SEE;
    form_init(&form, faults, FAULT_COUNT);
    decision.draft.reason = form_text(page, &form, "vu_motif", REASON_MAX);
    return decide(page, &form, &decision, "vu");
}
