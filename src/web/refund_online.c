#include "web/manual.h"

#include "payment/refund_request.h"
#include "web/charges.h"
#include "web/received.h"

#include <string.h>

const struct http_field refund_online_fields[] = {
    TOKEN_FIELD,
    {"jeton", HTTP_TOKEN, 64, NULL, 1},
    {"montant", HTTP_AMOUNT, 64, NULL, 0},
    {"motif", HTTP_TEXT, WEB_LINE_MAX, NULL, 0},
    {"dette", HTTP_IDS, 20, NULL, 0},
    {"annule", HTTP_CHOICE, 3, "oui|non", 0},
    {0},
};

static const struct form_fault faults[] = {
    {"montant", "illisible"},  {"montant", "trop"},       {"motif", "vide"},
    {"motif", "long"},         {"paiement", "conteste"},  {"paiement", "impossible"},
    {"fournisseur", "refuse"}, {"fournisseur", "occupe"},
};
enum { FAULT_COUNT = sizeof(faults) / sizeof(faults[0]) };

/* One refund, as the page sees it. */
struct refunding {
    struct page *page;
    struct form form;
    struct received received;
    struct refund_room room;
    struct refund_press press;
    const char *answer; /* refused: the provider's word */
};

/* ---- on the page of the payment ---- */

static void add_request(struct page *page, struct template_list *list,
                        const struct received *received, const struct refund_request *request)
{
    static const char *const states[] = {
        [REFUND_REQUEST_CREATED] = "created",
        [REFUND_REQUEST_SENT] = "sent",
        [REFUND_REQUEST_DENIED] = "denied",
        [REFUND_REQUEST_ABSENT] = "absent",
    };
    struct template_map *item = template_list_add(list);

    page_flags(item, states, sizeof(states) / sizeof(states[0]), states[request->state]);
    template_set_text(item, "state", states[request->state]);
    template_set_flag(item, "looked_for", page->now >= request->created_at + REFUND_KEY_LIFE_S);
    template_set_time(item, "asked_at", request->created_at, page->association.zone);
    template_set_money(item, "asked", request->amount_cents, received_currency(page, received));
    template_set_text(item, "why", request->reason);
    template_set_text(item, "word", request->answer);
}

enum err received_set_requests(struct page *page, struct template_map *data,
                               const struct received *received)
{
    struct template_list *list = template_set_list(data, "requests");
    struct refund_request *requests;
    struct refund_room room;
    size_t count = 0;
    enum err err = refund_request_list(page->db, page->association.id, received->id, page->arena,
                                       &requests, &count);

    for (size_t i = 0; !err && i < count; i++)
        add_request(page, list, received, &requests[i]);
    if (!err)
        err = refund_room(page->web->options.service, page->db, page->association.id, received->id,
                          page->arena, &room);
    template_set_flag(data, "has_requests", count > 0);
    template_set_flag(data, "online", !err && room.possible);
    template_set_text(data, "provider_name", page_provider_label(page, received->provider));
    return err;
}

/* ---- showing ---- */

static enum err read_all(struct refunding *refunding)
{
    struct page *page = refunding->page;
    enum err err = received_read_path(page, &refunding->received);

    return err ? err
               : refund_room(page->web->options.service, page->db, page->association.id,
                             refunding->received.id, page->arena, &refunding->room);
}

static void set_typed(struct refunding *refunding, struct template_map *data, bool typed)
{
    struct page *page = refunding->page;
    const struct currency *currency = received_currency(page, &refunding->received);
    char *left = arena_alloc(page->arena, MONEY_TEXT_MAX);

    template_set_str(data, "motif", http_field_text(page->request, "motif"));
    template_set_flag(data, "annule", str_is(http_field_text(page->request, "annule"), "oui"));
    if (typed)
        template_set_str(data, "montant", http_field_text(page->request, "montant"));
    else
        template_set_text(data, "montant",
                          money_format_input(left, refunding->room.left_cents, currency));
}

static void set_room(struct refunding *refunding, struct template_map *data)
{
    const struct refund_room *room = &refunding->room;
    const struct currency *currency = received_currency(refunding->page, &refunding->received);

    template_set_flag(data, "may", room->possible && !room->disputed && room->left_cents > 0);
    template_set_flag(data, "disputed", room->disputed);
    template_set_flag(data, "possible", room->possible);
    template_set_flag(data, "has_asked", room->asked_cents > 0);
    template_set_money(data, "asked", room->asked_cents, currency);
    template_set_money(data, "refundable", room->left_cents, currency);
    template_set_text(data, "provider_name",
                      page_provider_label(refunding->page, refunding->received.provider));
    template_set_text(data, "answer", refunding->answer ? refunding->answer : "");
}

static enum err show(struct refunding *refunding, int status, bool typed)
{
    struct page *page = refunding->page;
    struct template_map *data = page_data(page, "rembourser_en_ligne");
    enum err err = page_begin_reading(page);

    if (!err) /* as it is now */
        err = read_all(refunding);
    if (!err)
        err = received_set_parts(page, data, &refunding->received);
    if (!err)
        err = charges_set_key(page, data);
    if (!err)
        err = page_form_token(page, data, "csrf", "/recettes/paiement/{}/rembourser-en-ligne");
    if (err)
        return err;
    received_set(page, data, &refunding->received);
    set_room(refunding, data);
    set_typed(refunding, data, typed);
    form_add(page, &refunding->form, data);
    return page_render(page, status, "rembourser-en-ligne.html", data);
}

enum err refund_online_get(struct http_request *request, struct http_response *response)
{
    struct refunding refunding = {.page = page_of(request)};

    (void)response;
    form_init(&refunding.form, faults, FAULT_COUNT);
    return show(&refunding, 200, false);
}

/* ---- asking ---- */

static void read_typed(struct refunding *refunding)
{
    struct page *page = refunding->page;
    struct refund_press *press = &refunding->press;

    if (money_parse(http_field_text(page->request, "montant"),
                    received_currency(page, &refunding->received),
                    &press->amount_cents) != MONEY_OK)
        form_fault(&refunding->form, "montant", "illisible");
    press->association_id = page->association.id;
    press->transaction_id = refunding->received.id;
    press->form_token = str_copy(page->arena, http_field_text(page->request, "jeton"));
    press->charge_line_ids = http_field_ids(page->request, "dette", &press->charge_count);
    press->cancels_charges = str_is(http_field_text(page->request, "annule"), "oui");
    press->reason = form_text(page, &refunding->form, "motif", MANUAL_REASON_MAX);
    press->actor = page_actor(page);
}

static enum err begin(struct refunding *refunding, enum refund_start *start,
                      struct refund_request *request)
{
    struct page *page = refunding->page;
    const struct payment_service *service = page->web->options.service;
    struct provider_call call = payment_call(service, page->db, page->thread->client, page->arena);
    enum err err = gate_enter(&page->web->provider_gate);

    if (err)
        return err;
    err = payment_refund_begin(service, &call, &refunding->press, start, request);
    gate_leave(&page->web->provider_gate);
    return err;
}

static enum err show_fault(struct refunding *refunding, const char *field, const char *word,
                           int status)
{
    form_fault(&refunding->form, field, word);
    return show(refunding, status, true);
}

static enum err follow(struct refunding *refunding, enum refund_start start,
                       const struct refund_request *request)
{
    struct page *page = refunding->page;
    const char *done = "rendu";

    if (start == REFUND_TOO_MUCH)
        return show_fault(refunding, "montant", "trop", 409);
    if (start == REFUND_DISPUTED)
        return show_fault(refunding, "paiement", "conteste", 409);
    if (start == REFUND_NOT_POSSIBLE)
        return show_fault(refunding, "paiement", "impossible", 409);
    if (request->state == REFUND_REQUEST_DENIED) {
        refunding->answer = request->answer;
        return show_fault(refunding, "fournisseur", "refuse", 502);
    }
    if (request->state == REFUND_REQUEST_CREATED)
        done = "demande";
    return http_redirect(page->response,
                         arena_printf(page->arena, "/recettes/paiement/%lld?fait=%s",
                                      (long long)refunding->received.id, done));
}

enum err refund_online_post(struct http_request *request, struct http_response *response)
{
    struct refunding refunding = {.page = page_of(request)};
    struct refund_request asked = {0};
    enum refund_start start;
    enum err err;

    form_init(&refunding.form, faults, FAULT_COUNT);
    err = read_all(&refunding);
    if (err)
        return err;
    read_typed(&refunding);
    if (form_faulty(&refunding.form, NULL))
        return show(&refunding, 400, true);
    err = begin(&refunding, &start, &asked);
    if (err == ERR_BUSY) {
        http_header_add(response, "Retry-After", "5");
        return show_fault(&refunding, "fournisseur", "occupe", 503);
    }
    return err ? err : follow(&refunding, start, &asked);
}
