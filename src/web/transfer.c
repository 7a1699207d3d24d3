#include "web/charges.h"

#include "association/cart.h"
#include "base/random.h"
#include "base/utf8.h"
#include "payment/advance.h"
#include "payment/correct.h"
#include "payment/service.h"
#include "web/members.h"

const struct http_field transfer_fields[] = {
    TOKEN_FIELD,
    {"vers", HTTP_TEXT, 20, NULL, 0}, /* a member's number */
    {"montant", HTTP_AMOUNT, 64, NULL, 0},
    {"motif", HTTP_TEXT, WEB_LINE_MAX, NULL, 0},
    {"jeton", HTTP_TOKEN, 64, NULL, 1},
    {"action", HTTP_CHOICE, 16, "apercu|modifier|confirmer", 1},
    {0},
};

static const struct form_fault faults[] = {
    {"vers", "vide"},      {"vers", "inconnu"},      {"vers", "meme"},
    {"montant", "vide"},   {"montant", "illisible"}, {"montant", "grand"},
    {"montant", "avance"}, {"motif", "long"},        {"jeton", "servi"},
};
enum { FAULT_COUNT = sizeof(faults) / sizeof(faults[0]) };

/* An advance that moves to another member. */
struct transferring {
    struct page *page;
    struct form form;
    int64_t member_id;
    struct member from, to;
    int64_t advance_cents;    /* of whom it comes from */
    int64_t to_balance_cents; /* of whom it goes to */
    struct advance_transfer transfer;
    enum { TRANSFERRED, ADVANCE_SMALLER, KEY_SERVED } outcome;
};

/* ---- reading ---- */

/* Within reading. */
static enum err read_from(struct transferring *transferring)
{
    struct page *page = transferring->page;
    enum err err = member_find(page->db, page->association.id, transferring->member_id,
                               page->arena, &transferring->from);

    return err ? err
               : advance_left(page->db, page->association.id, transferring->member_id, page->arena,
                              &transferring->advance_cents);
}

static enum err read_to(struct transferring *transferring)
{
    struct page *page = transferring->page;
    struct str typed = http_field_text(page->request, "vers");
    int64_t number = 0;
    enum err err = ERR_NOT_FOUND;

    if (str_empty(typed)) {
        form_fault(&transferring->form, "vers", "vide");
        return OK;
    }
    if (str_to_int64(typed, &number))
        err = member_find_by_number(page->db, page->association.id, number, page->arena,
                                    &transferring->to);
    if (err == ERR_NOT_FOUND) {
        form_fault(&transferring->form, "vers", "inconnu");
        return OK;
    }
    if (!err && transferring->to.id == transferring->member_id)
        form_fault(&transferring->form, "vers", "meme");
    return err ? err
               : cart_balance(page->db, page->association.id, transferring->to.id,
                              &transferring->to_balance_cents);
}

static void read_typed(struct transferring *transferring)
{
    struct page *page = transferring->page;
    struct str reason = http_field_text(page->request, "motif");
    struct advance_transfer *transfer = &transferring->transfer;

    charges_read_amount(page, &transferring->form, "montant", &transfer->amount_cents);
    if (utf8_length(reason) > CHARGE_LABEL_MAX)
        form_fault(&transferring->form, "motif", "long");
    *transfer = (struct advance_transfer){
        .association_id = page->association.id,
        .from_member_id = transferring->member_id,
        .to_member_id = transferring->to.id,
        .amount_cents = transfer->amount_cents,
        .reason = str_copy(page->arena, reason),
        .date = zone_date(page->association.zone, page->now),
        .actor = page_actor(page),
        .now = page->now,
    };
}

/* ---- the form ---- */

static void add_relative(struct template_list *list, int64_t number, const char *name)
{
    struct template_map *item = template_list_add(list);

    template_set_int(item, "number", number);
    template_set_text(item, "name", name);
}

/* The family is proposed: whom they pay for, and who pays for them. */
static enum err set_family(struct transferring *transferring, struct template_map *data)
{
    struct page *page = transferring->page;
    struct template_list *list = template_set_list(data, "family");
    struct member_details details;
    struct payee *payees;
    size_t count = 0;
    enum err err = member_read(page->db, page->association.id, transferring->member_id,
                               page->arena, &details);

    if (!err)
        err = member_payees(page->db, page->association.id, transferring->member_id, page->arena,
                            &payees, &count);
    if (err)
        return err;
    if (details.payer_id)
        add_relative(list, details.payer_number, details.payer_name);
    for (size_t i = 0; i < count; i++)
        add_relative(list, payees[i].number, payees[i].name);
    return OK;
}

static void set_values(struct transferring *transferring, struct template_map *data, bool typed)
{
    struct page *page = transferring->page;
    char *all = arena_alloc(page->arena, MONEY_TEXT_MAX);

    template_set_money(data, "advance", transferring->advance_cents, page->association.currency);
    template_set_flag(data, "has_advance", transferring->advance_cents > 0);
    template_set_str(data, "vers", http_field_text(page->request, "vers"));
    template_set_str(data, "motif", http_field_text(page->request, "motif"));
    if (typed)
        template_set_str(data, "montant", http_field_text(page->request, "montant"));
    else
        template_set_text(
            data, "montant",
            money_format_input(all, transferring->advance_cents, page->association.currency));
}

static enum err show_form(struct transferring *transferring, int status, bool typed)
{
    struct page *page = transferring->page;
    struct template_map *data = page_data(page, "transfert");
    enum err err = page_begin_reading(page);

    if (!err)
        err = charges_set_member(page, data, transferring->member_id);
    if (!err)
        err = read_from(transferring);
    if (!err)
        err = set_family(transferring, data);
    if (!err)
        err = charges_set_key(page, data);
    if (!err)
        err = page_form_token(page, data, "csrf", "/adherents/{}/transferer");
    if (err)
        return err;
    set_values(transferring, data, typed);
    form_add(page, &transferring->form, data);
    return page_render(page, status, "transfert.html", data);
}

enum err transfer_get(struct http_request *request, struct http_response *response)
{
    struct transferring transferring = {.page = page_of(request)};
    enum err err = members_path_id(transferring.page, &transferring.member_id);

    (void)response;
    form_init(&transferring.form, faults, FAULT_COUNT);
    return err ? err : show_form(&transferring, 200, false);
}

/* ---- the preview ---- */

static enum err show_preview(struct transferring *transferring)
{
    struct page *page = transferring->page;
    struct template_map *data = page_data(page, "transfert_apercu");
    const struct currency *currency = page->association.currency;
    int64_t cents = transferring->transfer.amount_cents;
    enum err err = charges_set_member(page, data, transferring->member_id);

    if (!err)
        err = charges_set_key(page, data);
    if (!err)
        err = page_form_token(page, data, "csrf", "/adherents/{}/transferer");
    if (err)
        return err;
    form_keep(page, transfer_fields, data);
    template_set_text(data, "to_first_name", transferring->to.first_name);
    template_set_text(data, "to_last_name", transferring->to.last_name);
    template_set_int(data, "to_number", transferring->to.number);
    template_set_flag(data, "to_is_archived", transferring->to.archived);
    template_set_money(data, "amount", cents, currency);
    template_set_money(data, "advance_left", transferring->advance_cents - cents, currency);
    members_set_balance(page, template_set_map(data, "before"), transferring->to_balance_cents);
    members_set_balance(page, template_set_map(data, "after"),
                        money_add(transferring->to_balance_cents, -cents));
    return page_render(page, 200, "transfert-apercu.html", data);
}

/* ---- writing ---- */

static enum err refuse(struct transferring *transferring, int outcome)
{
    transferring->outcome = outcome;
    return fail(ERR_CONFLICT, "the transfer does not fit any more");
}

static enum err write_new(struct transferring *transferring, struct db *db)
{
    struct arena *arena = arena_new();
    int64_t advance_cents = 0;
    enum err err = advance_left(db, transferring->page->association.id, transferring->member_id,
                                arena, &advance_cents);

    if (!err && advance_cents < transferring->transfer.amount_cents)
        err = refuse(transferring, ADVANCE_SMALLER);
    if (!err)
        err = payment_transfer_advance(db, &transferring->transfer, arena);
    arena_free(arena);
    return err;
}

static enum err write_transfer(struct db *db, void *argument)
{
    struct transferring *transferring = argument;
    bool fresh = false;
    enum err err;

    transferring->outcome = TRANSFERRED;
    err = charges_use_key(transferring->page, db, &fresh);
    if (err == ERR_CONFLICT)
        err = refuse(transferring, KEY_SERVED);
    return err || !fresh ? err : write_new(transferring, db);
}

static enum err confirm(struct transferring *transferring)
{
    struct page *page = transferring->page;
    bool smaller;
    enum err err = random_id(&transferring->transfer.debit_id);

    if (!err)
        err = random_id(&transferring->transfer.credit_id);
    if (!err)
        err = db_write(page->web->options.service->writer, write_transfer, transferring);
    smaller = transferring->outcome == ADVANCE_SMALLER;
    if (err == ERR_CONFLICT && transferring->outcome != TRANSFERRED) {
        form_fault(&transferring->form, smaller ? "montant" : "jeton",
                   smaller ? "avance" : "servi");
        return show_form(transferring, 409, true);
    }
    return err ? err
               : http_redirect(page->response,
                               arena_printf(page->arena, "/adherents/%lld?fait=transfere",
                                            (long long)transferring->member_id));
}

static enum err read_all(struct transferring *transferring)
{
    struct page *page = transferring->page;
    enum err err = members_path_id(page, &transferring->member_id);

    form_init(&transferring->form, faults, FAULT_COUNT);
    if (!err)
        err = page_begin_reading(page);
    if (!err)
        err = read_from(transferring);
    if (!err)
        err = read_to(transferring);
    page_end_reading(page);
    if (!err)
        read_typed(transferring);
    return err;
}

enum err transfer_post(struct http_request *request, struct http_response *response)
{
    struct transferring transferring = {.page = page_of(request)};
    struct str action = http_field_text(request, "action");
    bool confirmed = str_is(action, "confirmer");
    enum err err = read_all(&transferring);

    (void)response;
    if (err)
        return err;
    /* Sent again, a form finds the advance gone: the transaction says whether it was this one. */
    if (!confirmed && transferring.transfer.amount_cents > transferring.advance_cents)
        form_fault(&transferring.form, "montant", "avance");
    if (str_is(action, "modifier"))
        return show_form(&transferring, 200, true);
    if (form_faulty(&transferring.form, NULL))
        return show_form(&transferring, 400, true);
    return confirmed ? confirm(&transferring) : show_preview(&transferring);
}
