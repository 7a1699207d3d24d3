#include "web/manual.h"

#include "web/received.h"

#include <string.h>

const struct http_field received_fields[] = {
    {"fait", HTTP_CHOICE, 12, "encaisse|annule|impaye|rembourse|rendu|demande", 0},
    {0},
};

/* ---- which payment ---- */

enum err received_read_path(struct page *page, struct received *received)
{
    int64_t id;

    if (!str_to_int64(page->request->path_parts[0], &id))
        return fail(ERR_NOT_FOUND, "no such payment");
    return received_find(page->db, page->association.id, id, page->arena, received);
}

const struct currency *received_currency(const struct page *page, const struct received *received)
{
    const struct currency *currency = money_currency(received->currency);

    return currency ? currency : page->association.currency;
}

int64_t received_left(const struct received *received)
{
    return received->amount_cents - received->returned_cents;
}

/* ---- what it is ---- */

static void set_payer(struct page *page, struct template_map *data,
                      const struct received *received)
{
    template_set_flag(data, "has_member", received->member_id != 0);
    page_set_id(page, data, "member_id", received->member_id);
    template_set_int(data, "member_number", received->member_number);
    template_set_text(data, "first_name", received->first_name);
    template_set_text(data, "last_name", received->last_name);
}

static void set_entry(struct page *page, struct template_map *data,
                      const struct received *received)
{
    template_set_flag(data, "has_entry", received->entry_id != 0);
    page_set_id(page, data, "entry_id", received->entry_id);
    template_set_text(data, "entry_number",
                      arena_printf(page->arena, "%s %lld", received->journal,
                                   (long long)received->entry_number));
    template_set_text(data, "year", received->year);
}

static void set_cheque(struct page *page, struct template_map *data,
                       const struct received_cheque *cheque)
{
    bool deposited = cheque->deposit_id != 0;

    template_set_flag(data, "has_cheque", cheque->number != NULL);
    template_set_text(data, "cheque_number", cheque->number ? cheque->number : "");
    template_set_text(data, "cheque_bank", cheque->number ? cheque->bank : "");
    template_set_text(data, "cheque_drawer", cheque->number ? cheque->drawer : "");
    template_set_date(data, "cheque_due", cheque->due_day);
    template_set_flag(data, "deposited", deposited);
    page_set_id(page, data, "deposit_id", cheque->deposit_id);
    template_set_int(data, "deposit_number", cheque->deposit_number);
    template_set_date(data, "deposit_day", cheque->deposit_day);
    template_set_flag(data, "cheque_gone", cheque->returned);
}

void received_set(struct page *page, struct template_map *data, const struct received *received)
{
    const struct currency *currency = received_currency(page, received);

    page_set_id(page, data, "id", received->id);
    template_set_text(data, "means", received->means);
    template_set_text(data, "reference", received->reference);
    template_set_time(data, "at", received->fact_at, page->association.zone);
    template_set_money(data, "amount", received->amount_cents, currency);
    template_set_int(data, "amount_cents", received->amount_cents);
    template_set_money(data, "returned", received->returned_cents, currency);
    template_set_money(data, "left", received_left(received), currency);
    template_set_flag(data, "is_online", strcmp(received->provider, "manual") != 0);
    template_set_flag(data, "has_fee", received->has_fee);
    template_set_money(data, "fee", received->fee_cents, page->association.currency);
    template_set_money(data, "net", received->net_cents, page->association.currency);
    template_set_flag(data, "is_disputed", received->disputed);
    template_set_flag(data, "is_reversed", received->reversed);
    template_set_flag(data, "is_returned",
                      !received->reversed && received->returned_cents > 0 &&
                          received_left(received) == 0);
    template_set_flag(data, "is_partly_returned",
                      received->returned_cents > 0 && received_left(received) > 0);
    template_set_flag(data, "is_quarantined", received->quarantined);
    set_payer(page, data, received);
    set_entry(page, data, received);
    set_cheque(page, data, &received->cheque);
}

/* What it pays now, and what is left of it as an advance. */
enum err received_set_parts(struct page *page, struct template_map *data,
                            const struct received *received)
{
    struct template_list *list = template_set_list(data, "parts");
    const struct currency *currency = received_currency(page, received);
    int64_t advance_cents = received_left(received);
    struct received_part *parts;
    size_t count = 0;
    enum err err =
        received_parts(page->db, page->association.id, received->id, page->arena, &parts, &count);

    for (size_t i = 0; !err && i < count; i++) {
        struct template_map *item = template_list_add(list);

        page_set_id(page, item, "line_id", parts[i].charge_line_id);
        template_set_text(item, "label", parts[i].label);
        template_set_flag(item, "is_donation", parts[i].is_donation);
        template_set_flag(item, "ticked",
                          http_field_has_id(page->request, "dette", parts[i].charge_line_id));
        template_set_flag(item, "of_other", parts[i].member_number != received->member_number);
        template_set_text(
            item, "whose",
            arena_printf(page->arena, "%s %s", parts[i].first_name, parts[i].last_name));
        template_set_money(item, "cents", parts[i].cents, currency);
        advance_cents -= parts[i].cents;
    }
    template_set_flag(data, "has_parts", count > 0);
    template_set_flag(data, "has_advance", received->member_id && advance_cents > 0);
    template_set_money(data, "advance", advance_cents > 0 ? advance_cents : 0, currency);
    return err;
}

/* ---- what became of it ---- */

static const char *const kinds[] = {
    "refund",  "refund_failed", "capture_failed", "fee",           "dispute_fee",
    "dispute", "dispute_won",   "dispute_lost",   "payout_failed",
};
enum { KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]) };

static void add_later(struct page *page, struct template_list *list,
                      const struct received *received, const struct received_later *later)
{
    struct template_map *item = template_list_add(list);

    page_flags(item, kinds, KIND_COUNT, later->kind);
    template_set_text(item, "kind", later->kind);
    template_set_flag(item, "of_cheque", received->cheque.number && received->cheque.deposit_id);
    template_set_time(item, "at", later->fact_at, page->association.zone);
    template_set_money(item, "amount", later->amount_cents, received_currency(page, received));
    template_set_text(item, "means", later->means);
    template_set_flag(item, "has_entry", later->entry_id != 0);
    page_set_id(page, item, "entry_id", later->entry_id);
    template_set_text(
        item, "entry_number",
        arena_printf(page->arena, "%s %lld", later->journal, (long long)later->entry_number));
    template_set_text(item, "reason", later->reason);
}

static enum err add_all_later(struct page *page, struct template_map *data,
                              const struct received *received)
{
    struct template_list *list = template_set_list(data, "later");
    struct received_later *later;
    size_t count = 0;
    enum err err =
        received_later(page->db, page->association.id, received->id, page->arena, &later, &count);

    for (size_t i = 0; !err && i < count; i++)
        add_later(page, list, received, &later[i]);
    template_set_flag(data, "has_later", count > 0);
    return err;
}

/* ---- what may be done with it ---- */

bool received_may_undo(const struct received *received)
{
    return strcmp(received->provider, "manual") == 0 && received->returned_cents == 0 &&
           !received->quarantined && received->cheque.deposit_id == 0;
}

bool received_may_return(const struct received *received)
{
    return received->cheque.number && !received->cheque.returned &&
           received->returned_cents == 0 && received->cheque.deposit_id != 0;
}

bool received_may_refund(const struct received *received)
{
    return received->member_id && received->entry_id && received_left(received) > 0 &&
           !received->quarantined;
}

/* ---- the pages ---- */

enum err received_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "paiement_recu");
    struct received received;
    enum err err = received_read_path(page, &received);

    (void)response;
    if (err)
        return err;
    received_set(page, data, &received);
    template_set_flag(data, "may_undo", received_may_undo(&received));
    template_set_flag(data, "may_return", received_may_return(&received));
    template_set_flag(data, "may_refund", received_may_refund(&received));
    form_done(page, "encaisse|annule|impaye|rembourse|rendu|demande", data);
    err = received_set_parts(page, data, &received);
    if (!err)
        err = add_all_later(page, data, &received);
    if (!err)
        err = received_set_requests(page, data, &received);
    return err ? err : page_render(page, 200, "paiement-recu.html", data);
}
