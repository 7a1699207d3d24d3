#include "web/members.h"

#include "association/cart.h"
#include "web/member_behind.h"

/* ---- who ---- */

static enum err add_payees(struct page *page, struct template_map *data, int64_t member_id)
{
    struct template_list *list = template_set_list(data, "payees");
    struct payee *payees;
    size_t count = 0;
    enum err err =
        member_payees(page->db, page->association.id, member_id, page->arena, &payees, &count);

    for (size_t i = 0; !err && i < count; i++) {
        struct template_map *item = template_list_add(list);

        page_set_id(page, item, "id", payees[i].id);
        template_set_int(item, "number", payees[i].number);
        template_set_text(item, "name", payees[i].name);
        members_set_balance(page, item, payees[i].balance_cents);
    }
    template_set_flag(data, "has_payees", count > 0);
    return err;
}

void members_set_details(struct page *page, struct template_map *data,
                         const struct member_details *details)
{
    page_set_id(page, data, "member_id", details->member.id);
    template_set_int(data, "number", details->member.number);
    template_set_text(data, "first_name", details->member.first_name);
    template_set_text(data, "last_name", details->member.last_name);
    template_set_text(data, "email", details->member.email);
    template_set_flag(data, "is_archived", details->member.archived);
    template_set_flag(data, "has_payer", details->payer_id != 0);
    page_set_id(page, data, "payer_id", details->payer_id);
    template_set_int(data, "payer_number", details->payer_number);
    template_set_text(data, "payer_name", details->payer_name);
    template_set_flag(data, "has_login", details->login_id != 0);
    template_set_text(data, "login_email", details->login_email);
    template_set_flag(data, "has_logged_in", details->last_login_at != 0);
    template_set_time(data, "last_login", details->last_login_at, page->association.zone);
    template_set_flag(data, "was_reminded", details->reminded_at != 0);
    template_set_time(data, "reminded", details->reminded_at, page->association.zone);
}

static void set_line(struct page *page, struct template_map *item, const struct cart_line *line)
{
    bool owed = line->kind == CART_CHARGE || line->kind == CART_DONATION;

    page_set_id(page, item, "id", line->id);
    template_set_flag(item, "is_received",
                      line->kind == CART_PAYMENT && line->transaction_id &&
                          !line->corrects_line_id);
    page_set_id(page, item, "transaction_id", line->transaction_id);
    template_set_date(item, "date", line->date);
    template_set_text(item, "label", line->label);
    template_set_text(item, "kind", cart_kind_name(line->kind));
    template_set_flag(item, "is_payment", line->kind == CART_PAYMENT);
    template_set_flag(item, "is_refund", line->kind == CART_REFUND);
    template_set_flag(item, "is_adjustment", line->kind == CART_ADJUSTMENT);
    template_set_flag(item, "is_donation", line->kind == CART_DONATION);
    template_set_flag(item, "is_dispute", line->kind == CART_DISPUTE);
    template_set_flag(item, "corrects", line->corrects_line_id != 0);
    template_set_money(item, "amount", line->amount_cents, page->association.currency);
    template_set_int(item, "amount_cents", line->amount_cents);
    template_set_money(item, "balance", line->balance_cents, page->association.currency);
    template_set_text(item, "year", line->fiscal_year_label);
    template_set_flag(item, "paid", owed && line->left_cents > 0 && line->open_cents == 0);
    template_set_flag(item, "partly_paid",
                      owed && line->open_cents > 0 && line->open_cents < line->amount_cents);
    template_set_flag(item, "canceled",
                      line->amount_cents > 0 && owed && !line->corrects_line_id &&
                          line->left_cents == 0);
    template_set_flag(item, "may_correct", line->left_cents > 0 && line->account_code);
    template_set_money(item, "open", line->open_cents, page->association.currency);
    template_set_flag(item, "has_line_entry", line->entry_id && !line->transaction_id);
    page_set_id(page, item, "line_entry_id", line->entry_id);
}

static enum err add_lines(struct page *page, struct template_map *data, int64_t member_id,
                          const struct behind *behind)
{
    struct template_list *list = template_set_list(data, "lines");
    struct cart_line *lines;
    size_t count = 0;
    int64_t balance_cents = 0;
    enum err err =
        cart_lines(page->db, page->association.id, member_id, page->arena, &lines, &count);

    for (size_t i = 0; !err && i < count; i++) {
        struct template_map *item = template_list_add(list);

        set_line(page, item, &lines[i]);
        err = behind_set(page, item, behind, lines[i].transaction_id);
        balance_cents = lines[i].balance_cents;
    }
    members_set_balance(page, data, balance_cents);
    template_set_flag(data, "has_lines", count > 0);
    return err;
}

enum err members_path_id(struct page *page, int64_t *member_id)
{
    return str_to_int64(page->request->path_parts[0], member_id)
               ? OK
               : fail(ERR_NOT_FOUND, "no such member");
}

enum err member_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "adherent");
    struct member_details details;
    struct behind *behind = NULL;
    int64_t member_id = 0;
    enum err err = members_path_id(page, &member_id);

    (void)response;
    form_done(page,
              "ajoute|modifie|archive|restaure|depense|corrige|regularise|transfere|encaisse",
              data);
    if (!err)
        err = member_read(page->db, page->association.id, member_id, page->arena, &details);
    if (err)
        return err;
    members_set_details(page, data, &details);
    err = page_form_token(page, data, "archive_token", "/adherents/{}/archiver");
    if (!err)
        err = page_form_token(page, data, "restore_token", "/adherents/{}/restaurer");
    if (!err)
        err = add_payees(page, data, member_id);
    if (!err)
        err = behind_read(page, member_id, &behind);
    if (!err)
        err = add_lines(page, data, member_id, behind);
    if (!err)
        err = behind_add_attempts(page, data, member_id);
    return err ? err : page_render(page, 200, "adherent.html", data);
}
