#include "web/charges.h"

#include "association/cart.h"
#include "base/random.h"
#include "payment/correct.h"
#include "payment/service.h"
#include "web/members.h"

const struct http_field correction_fields[] = {
    TOKEN_FIELD,
    {"montant", HTTP_AMOUNT, 64, NULL, 0},
    {"libelle", HTTP_TEXT, WEB_LINE_MAX, NULL, 0},
    {"jeton", HTTP_TOKEN, 64, NULL, 1},
    {0},
};

static const struct form_fault faults[] = {
    {"montant", "vide"}, {"montant", "illisible"}, {"montant", "grand"}, {"montant", "reste"},
    {"libelle", "vide"}, {"libelle", "long"},      {"jeton", "servi"},
};
enum { FAULT_COUNT = sizeof(faults) / sizeof(faults[0]), LABEL_MAX = 200 };

/* What takes a charge off, all of it or a part. */
struct correcting {
    struct page *page;
    struct form form;
    int64_t member_id;
    int64_t line_id; /* of the charge */
    struct cart_charge charge;
    struct charge_correction correction;
    enum { CORRECTED, LESS_IS_LEFT, KEY_SERVED } outcome;
};

/* ---- the page ---- */

/* An advance that moved names no account: it is moved back, not corrected. */
static enum err find_charge(struct correcting *correcting, struct db *db,
                            struct cart_charge *charge)
{
    struct page *page = correcting->page;
    enum err err =
        cart_charge_find(db, page->association.id, correcting->line_id, page->arena, charge);

    return !err && (charge->member_id != correcting->member_id || !charge->account_code)
               ? fail(ERR_NOT_FOUND, "no such charge of this member")
               : err;
}

static enum err read_path(struct correcting *correcting)
{
    enum err err = members_path_id(correcting->page, &correcting->member_id);

    form_init(&correcting->form, faults, FAULT_COUNT);
    if (!err && !str_to_int64(correcting->page->request->path_parts[1], &correcting->line_id))
        err = fail(ERR_NOT_FOUND, "no such line");
    return err ? err : find_charge(correcting, correcting->page->db, &correcting->charge);
}

static void set_charge(struct correcting *correcting, struct template_map *data)
{
    const struct cart_charge *charge = &correcting->charge;
    const struct currency *currency = correcting->page->association.currency;

    page_set_id(correcting->page, data, "line_id", correcting->line_id);
    template_set_text(data, "label", charge->label);
    template_set_money(data, "amount", charge->amount_cents, currency);
    template_set_money(data, "left", charge->left_cents, currency);
    template_set_money(data, "paid", charge->money_cents, currency);
    template_set_flag(data, "is_covered", charge->paid_cents > 0);
    template_set_flag(data, "has_adjusted", charge->paid_cents > charge->money_cents);
    template_set_money(data, "adjusted", charge->paid_cents - charge->money_cents, currency);
    template_set_flag(data, "was_corrected", charge->left_cents < charge->amount_cents);
    template_set_flag(data, "nothing_left", charge->left_cents == 0);
}

static void set_typed(struct correcting *correcting, struct template_map *data, bool typed)
{
    struct page *page = correcting->page;
    char *left = arena_alloc(page->arena, MONEY_TEXT_MAX);

    template_set_flag(data, "typed", typed);
    template_set_str(data, "libelle", http_field_text(page->request, "libelle"));
    if (typed)
        template_set_str(data, "montant", http_field_text(page->request, "montant"));
    else
        template_set_text(
            data, "montant",
            money_format_input(left, correcting->charge.left_cents, page->association.currency));
}

static enum err show(struct correcting *correcting, int status, bool typed)
{
    struct page *page = correcting->page;
    struct template_map *data = page_data(page, "correction");
    enum err err = page_begin_reading(page);

    if (!err)
        err = charges_set_member(page, data, correcting->member_id);
    if (!err)
        err = find_charge(correcting, page->db, &correcting->charge);
    if (!err)
        err = charges_set_key(page, data);
    if (!err)
        err = page_form_token(page, data, "csrf", "/adherents/{}/lignes/{}/corriger");
    if (err)
        return err;
    set_charge(correcting, data);
    set_typed(correcting, data, typed);
    form_add(page, &correcting->form, data);
    return page_render(page, status, "correction.html", data);
}

enum err correction_get(struct http_request *request, struct http_response *response)
{
    struct correcting correcting = {.page = page_of(request)};
    enum err err = read_path(&correcting);

    (void)response;
    return err ? err : show(&correcting, 200, false);
}

/* ---- writing ---- */

static enum err read_typed(struct correcting *correcting)
{
    struct page *page = correcting->page;
    struct charge_correction *correction = &correcting->correction;

    charges_read_amount(page, &correcting->form, "montant", &correction->amount_cents);
    correction->association_id = page->association.id;
    correction->charge_line_id = correcting->line_id;
    correction->label = form_text(page, &correcting->form, "libelle", LABEL_MAX);
    correction->date = zone_date(page->association.zone, page->now);
    correction->actor = page_actor(page);
    correction->now = page->now;
    return random_id(&correction->id);
}

static enum err refuse(struct correcting *correcting, int outcome)
{
    correcting->outcome = outcome;
    return fail(ERR_CONFLICT, "the correction does not fit any more");
}

static enum err write_new(struct correcting *correcting, struct db *db)
{
    struct arena *arena = arena_new();
    struct cart_charge charge;
    enum err err = find_charge(correcting, db, &charge);

    if (!err && correcting->correction.amount_cents > charge.left_cents)
        err = refuse(correcting, LESS_IS_LEFT);
    if (!err)
        err = payment_correct_charge(db, &correcting->correction, arena);
    arena_free(arena);
    return err;
}

static enum err write_correction(struct db *db, void *argument)
{
    struct correcting *correcting = argument;
    bool fresh = false;
    enum err err;

    correcting->outcome = CORRECTED;
    err = charges_use_key(correcting->page, db, &fresh);
    if (err == ERR_CONFLICT)
        err = refuse(correcting, KEY_SERVED);
    return err || !fresh ? err : write_new(correcting, db);
}

static enum err show_refused(struct correcting *correcting)
{
    bool less = correcting->outcome == LESS_IS_LEFT;

    form_fault(&correcting->form, less ? "montant" : "jeton", less ? "reste" : "servi");
    return show(correcting, 409, true);
}

enum err correction_post(struct http_request *request, struct http_response *response)
{
    struct correcting correcting = {.page = page_of(request)};
    struct page *page = correcting.page;
    enum err err = read_path(&correcting);

    if (!err)
        err = read_typed(&correcting);
    if (err)
        return err;
    if (form_faulty(&correcting.form, NULL) && !charges_served(page))
        return show(&correcting, 400, true);
    err = db_write(page->web->options.service->writer, write_correction, &correcting);
    if (err == ERR_CONFLICT && correcting.outcome != CORRECTED)
        return show_refused(&correcting);
    return err ? err
               : http_redirect(response, arena_printf(page->arena, "/adherents/%lld?fait=corrige",
                                                      (long long)correcting.member_id));
}
