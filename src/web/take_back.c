#include "web/manual.h"

#include "base/random.h"
#include "payment/service.h"
#include "payment/take_back.h"
#include "web/charges.h"
#include "web/received.h"

#include <string.h>

enum { NOON_S = 12 * 3600 };

const struct http_field undo_fields[] = {
    TOKEN_FIELD,
    {"jeton", HTTP_TOKEN, 64, NULL, 1},
    {"motif", HTTP_TEXT, WEB_LINE_MAX, NULL, 0},
    {0},
};
const struct http_field unpaid_fields[] = {
    TOKEN_FIELD,
    {"jeton", HTTP_TOKEN, 64, NULL, 1},
    {"date", HTTP_TEXT, 20, NULL, 0},
    {"frais", HTTP_AMOUNT, 64, NULL, 0},
    {"frais_a_charge", HTTP_CHOICE, 3, "oui", 0},
    {"motif", HTTP_TEXT, WEB_LINE_MAX, NULL, 0},
    {0},
};
const struct http_field refund_fields[] = {
    TOKEN_FIELD,
    {"jeton", HTTP_TOKEN, 64, NULL, 1},
    {"moyen", HTTP_ID, 20, NULL, 0},
    {"montant", HTTP_AMOUNT, 64, NULL, 0},
    {"date", HTTP_TEXT, 20, NULL, 0},
    {"motif", HTTP_TEXT, WEB_LINE_MAX, NULL, 0},
    {"dette", HTTP_IDS, 20, NULL, 0},
    {"annule", HTTP_CHOICE, 3, "oui|non", 0},
    {0},
};

static const struct form_fault faults[] = {
    {"jeton", "servi"},       {"paiement", "change"}, {"motif", "vide"}, {"motif", "long"},
    {"date", "illisible"},    {"date", "futur"},      {"date", "avant"}, {"frais", "illisible"},
    {"montant", "illisible"}, {"montant", "trop"},    {"moyen", "vide"},
};
enum { FAULT_COUNT = sizeof(faults) / sizeof(faults[0]) };

/* ---- what the three pages share ---- */

/* A payment that is taken back, returned unpaid or paid back. */
struct taking_back {
    struct page *page;
    struct form form;
    struct received received;
    enum { TAKE_UNDO, TAKE_UNPAID, TAKE_REFUND } way;
    const char *reason;
    struct date date;
    int64_t fee_cents;
    int64_t amount_cents;
    int64_t means_id;
    const char *means;
    struct means *choices; /* accounts that money can leave from */
    size_t choice_count;
    int64_t charge_id; /* of a fee that is charged */
    enum { TAKEN, TAKE_KEY_SERVED, TAKE_CHANGED } outcome;
};

static const struct {
    const char *page, *template, *route, *done;
} ways[] = {
    [TAKE_UNDO] = {"annuler_paiement", "annuler-paiement.html", "/recettes/paiement/{}/annuler",
                   "annule"},
    [TAKE_UNPAID] = {"impaye", "impaye.html", "/recettes/paiement/{}/impaye", "impaye"},
    [TAKE_REFUND] = {"rembourser", "rembourser.html", "/recettes/paiement/{}/rembourser",
                     "rembourse"},
};

static bool may(const struct taking_back *taking, const struct received *received)
{
    switch (taking->way) {
    case TAKE_UNDO:
        return received_may_undo(received);
    case TAKE_UNPAID:
        return received_may_return(received);
    case TAKE_REFUND:
        break;
    }
    return received_may_refund(received);
}

/* Money leaves from a bank or a till, never from what is still to be cashed. */
static bool pays_out(const struct means *means)
{
    struct str code = str_of(means->account_code);

    return !means->archived && (str_starts(code, "512") || str_starts(code, "53"));
}

static enum err read_choices(struct taking_back *taking)
{
    struct page *page = taking->page;
    struct means *all;
    size_t count;
    enum err err = means_list(page->db, page->association.id, page->arena, &all, &count);

    taking->choices = all;
    for (size_t i = 0; !err && i < count; i++)
        if (pays_out(&all[i]))
            all[taking->choice_count++] = all[i];
    return err;
}

static enum err begin(struct taking_back *taking)
{
    enum err err = received_read_path(taking->page, &taking->received);

    form_init(&taking->form, faults, FAULT_COUNT);
    if (!err && taking->way == TAKE_REFUND)
        err = read_choices(taking);
    return err;
}

/* ---- showing ---- */

static void set_choices(struct taking_back *taking, struct template_map *data)
{
    struct template_list *list = template_set_list(data, "choices");

    for (size_t i = 0; i < taking->choice_count; i++) {
        struct template_map *item = template_list_add(list);

        page_set_id(taking->page, item, "id", taking->choices[i].id);
        template_set_text(item, "label", taking->choices[i].label);
        template_set_text(item, "account", taking->choices[i].account_label);
        template_set_flag(item, "chosen", taking->choices[i].id == taking->means_id);
    }
    template_set_flag(data, "has_choices", taking->choice_count > 0);
}

static void set_typed(struct taking_back *taking, struct template_map *data, bool typed)
{
    struct page *page = taking->page;
    char *today = arena_alloc(page->arena, DATE_TEXT_MAX);
    char *left = arena_alloc(page->arena, MONEY_TEXT_MAX);
    struct str cancels = http_field_text(page->request, "annule");

    date_format_iso(today, zone_date(page->association.zone, page->now));
    template_set_text(data, "today", today);
    template_set_str(data, "date", typed ? http_field_text(page->request, "date") : str_of(today));
    template_set_str(data, "motif", http_field_text(page->request, "motif"));
    template_set_str(data, "frais", http_field_text(page->request, "frais"));
    template_set_flag(data, "frais_a_charge", http_field_given(page->request, "frais_a_charge"));
    template_set_flag(data, "annule", str_is(cancels, "oui"));
    if (typed)
        template_set_str(data, "montant", http_field_text(page->request, "montant"));
    else
        template_set_text(data, "montant",
                          money_format_input(left, received_left(&taking->received),
                                             page->association.currency));
    set_choices(taking, data);
}

static enum err show(struct taking_back *taking, int status, bool typed)
{
    struct page *page = taking->page;
    struct template_map *data = page_data(page, ways[taking->way].page);
    enum err err = page_begin_reading(page);

    if (!err) /* as it is now */
        err = received_read_path(page, &taking->received);
    if (!err)
        err = received_set_parts(page, data, &taking->received);
    if (!err)
        err = charges_set_key(page, data);
    if (!err)
        err = page_form_token(page, data, "csrf", ways[taking->way].route);
    if (err)
        return err;
    received_set(page, data, &taking->received);
    template_set_flag(data, "may", may(taking, &taking->received));
    set_typed(taking, data, typed);
    form_add(page, &taking->form, data);
    return page_render(page, status, ways[taking->way].template, data);
}

static enum err get(struct http_request *request, int way)
{
    struct taking_back taking = {.page = page_of(request), .way = way};
    enum err err = begin(&taking);

    return err ? err : show(&taking, 200, false);
}

enum err undo_get(struct http_request *request, struct http_response *response)
{
    (void)response;
    return get(request, TAKE_UNDO);
}

enum err unpaid_get(struct http_request *request, struct http_response *response)
{
    (void)response;
    return get(request, TAKE_UNPAID);
}

enum err refund_get(struct http_request *request, struct http_response *response)
{
    (void)response;
    return get(request, TAKE_REFUND);
}

/* ---- what was typed ---- */

static void read_reason(struct taking_back *taking)
{
    taking->reason = form_text(taking->page, &taking->form, "motif", MANUAL_REASON_MAX);
}

/* A day that has come, and not before that of the payment, or of its deposit. */
static void read_date(struct taking_back *taking)
{
    struct page *page = taking->page;
    const struct zone *zone = page->association.zone;
    struct date first = taking->received.cheque.deposit_id && taking->way == TAKE_UNPAID
                            ? taking->received.cheque.deposit_day
                            : zone_date(zone, taking->received.fact_at);

    charges_read_date(page, &taking->form, "date", &taking->date);
    if (date_compare(taking->date, zone_date(zone, page->now)) > 0)
        form_fault(&taking->form, "date", "futur");
    else if (date_compare(taking->date, first) < 0)
        form_fault(&taking->form, "date", "avant");
}

static void read_fee(struct taking_back *taking)
{
    struct str text = http_field_text(taking->page->request, "frais");
    enum money_verdict verdict;

    if (str_empty(text))
        return;
    verdict = money_parse(text, taking->page->association.currency, &taking->fee_cents);
    if (verdict == MONEY_ZERO)
        taking->fee_cents = 0;
    else if (verdict != MONEY_OK)
        form_fault(&taking->form, "frais", "illisible");
}

static void read_refund(struct taking_back *taking)
{
    struct page *page = taking->page;
    int64_t asked = http_field_id(page->request, "moyen");

    if (money_parse(http_field_text(page->request, "montant"), page->association.currency,
                    &taking->amount_cents) != MONEY_OK)
        form_fault(&taking->form, "montant", "illisible");
    else if (taking->amount_cents > received_left(&taking->received))
        form_fault(&taking->form, "montant", "trop");
    for (size_t i = 0; i < taking->choice_count; i++)
        if (taking->choices[i].id == asked) {
            taking->means_id = asked;
            taking->means = taking->choices[i].label;
        }
    if (!taking->means_id)
        form_fault(&taking->form, "moyen", "vide");
}

static void read_typed(struct taking_back *taking)
{
    taking->date = zone_date(taking->page->association.zone, taking->page->now);
    read_reason(taking);
    if (taking->way != TAKE_UNDO)
        read_date(taking);
    if (taking->way == TAKE_UNPAID)
        read_fee(taking);
    if (taking->way == TAKE_REFUND)
        read_refund(taking);
}

/* ---- writing ---- */

static int64_t fact_at(const struct taking_back *taking)
{
    const struct page *page = taking->page;
    const struct zone *zone = page->association.zone;

    return date_compare(taking->date, zone_date(zone, page->now)) == 0
               ? page->now
               : zone_day_start(zone, taking->date) + NOON_S;
}

static enum err undo_payment(struct taking_back *taking, struct db *db, struct arena *arena)
{
    struct page *page = taking->page;
    struct payment_reversal reversal = {
        .association_id = page->association.id,
        .transaction_id = taking->received.id,
        .label = arena_printf(arena, "Annulé\u00a0: %s", taking->received.means),
        .reason = taking->reason,
        .fact_at = fact_at(taking),
        .actor = page_actor(page),
        .now = page->now,
    };
    enum err err = payment_reference(
        db, reversal.association_id, taking->received.provider_account_id, "capture_failed",
        arena_printf(arena, "Annulé %s", taking->received.reference), arena, &reversal.reference);

    return err ? err : payment_undo_manual(db, &reversal, arena);
}

static enum err return_cheque(struct taking_back *taking, struct db *db, struct arena *arena)
{
    struct page *page = taking->page;
    bool charges = http_field_given(page->request, "frais_a_charge");
    const struct cheque_return cheque_return = {
        .association_id = page->association.id,
        .transaction_id = taking->received.id,
        .fee_cents = taking->fee_cents,
        .recharged_cents = charges ? taking->fee_cents : 0,
        .charge_id = taking->charge_id,
        .reason = taking->reason,
        .day = taking->date,
        .actor = page_actor(page),
        .now = page->now,
    };

    return payment_cheque_returned(db, &cheque_return, arena);
}

static enum err pay_back(struct taking_back *taking, struct db *db, struct arena *arena)
{
    struct page *page = taking->page;
    struct payment_refund refund = {
        .association_id = page->association.id,
        .transaction_id = taking->received.id,
        .provider_account_id = taking->means_id,
        .amount_cents = taking->amount_cents,
        .cancels_charges = str_is(http_field_text(page->request, "annule"), "oui"),
        .label = arena_printf(arena, "Remboursement\u00a0: %s", taking->means),
        .reason = taking->reason,
        .fact_at = fact_at(taking),
        .actor = page_actor(page),
        .now = page->now,
    };
    int64_t movement_id = 0;
    bool fresh = false;
    enum err err = payment_reference(db, refund.association_id, refund.provider_account_id,
                                     "refund", "", arena, &refund.reference);

    refund.charge_line_ids = http_field_ids(page->request, "dette", &refund.charge_count);
    return err ? err : payment_refund(db, &refund, arena, &fresh, &movement_id);
}

static enum err refuse(struct taking_back *taking, int outcome)
{
    taking->outcome = outcome;
    return fail(ERR_CONFLICT, "the payment changed since the form was made");
}

/* Is all still as the page showed it? */
static enum err check_again(struct taking_back *taking, struct db *db, struct arena *arena)
{
    struct page *page = taking->page;
    struct received now;
    struct means means;
    enum err err = received_find(db, page->association.id, taking->received.id, arena, &now);

    if (!err && (!may(taking, &now) ||
                 (taking->way == TAKE_REFUND && taking->amount_cents > received_left(&now))))
        err = refuse(taking, TAKE_CHANGED);
    if (err || taking->way != TAKE_REFUND)
        return err;
    err = means_find(db, page->association.id, taking->means_id, arena, &means);
    return !err && !pays_out(&means) ? refuse(taking, TAKE_CHANGED) : err;
}

static enum err write_new(struct taking_back *taking, struct db *db)
{
    struct arena *arena = arena_new();
    enum err err = check_again(taking, db, arena);

    if (!err)
        err = taking->way == TAKE_UNDO     ? undo_payment(taking, db, arena)
              : taking->way == TAKE_UNPAID ? return_cheque(taking, db, arena)
                                           : pay_back(taking, db, arena);
    arena_free(arena);
    return err;
}

static enum err write_back(struct db *db, void *argument)
{
    struct taking_back *taking = argument;
    bool fresh = false;
    enum err err;

    taking->outcome = TAKEN;
    err = charges_use_key(taking->page, db, &fresh);
    if (err == ERR_CONFLICT)
        err = refuse(taking, TAKE_KEY_SERVED);
    return err || !fresh ? err : write_new(taking, db);
}

static enum err post(struct http_request *request, int way)
{
    struct taking_back taking = {.page = page_of(request), .way = way};
    struct page *page = taking.page;
    enum err err = begin(&taking);

    if (!err)
        err = random_id(&taking.charge_id);
    if (err)
        return err;
    read_typed(&taking);
    if (form_faulty(&taking.form, NULL) && !charges_served(page))
        return show(&taking, 400, true);
    err = db_write(page->web->options.service->writer, write_back, &taking);
    if (err == ERR_CONFLICT && taking.outcome != TAKEN) {
        bool served = taking.outcome == TAKE_KEY_SERVED;

        form_fault(&taking.form, served ? "jeton" : "paiement", served ? "servi" : "change");
        return show(&taking, 409, true);
    }
    return err ? err
               : http_redirect(page->response,
                               arena_printf(page->arena, "/recettes/paiement/%lld?fait=%s",
                                            (long long)taking.received.id, ways[way].done));
}

enum err undo_post(struct http_request *request, struct http_response *response)
{
    (void)response;
    return post(request, TAKE_UNDO);
}

enum err unpaid_post(struct http_request *request, struct http_response *response)
{
    (void)response;
    return post(request, TAKE_UNPAID);
}

enum err refund_post(struct http_request *request, struct http_response *response)
{
    (void)response;
    return post(request, TAKE_REFUND);
}
