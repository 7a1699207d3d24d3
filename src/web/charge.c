#include "web/charges.h"

#include "base/random.h"
#include "payment/service.h"
#include "web/members.h"

/* A charge for one member, as its form asks for it. */
struct charging {
    struct page *page;
    struct charge_ask ask;
    int64_t member_id;
    int64_t line_id;
    const char *fingerprint;
    bool confirmed; /* the same charge once more: yes */
    enum { CHARGED, CHARGE_ASKED_AGAIN, CHARGE_CHANGED, CHARGE_KEY_SERVED } outcome;
};

/* ---- the page ---- */

/* ask: NULL for a new form. */
static enum err show(struct charging *charging, int status, const struct charge_ask *ask)
{
    struct page *page = charging->page;
    struct template_map *data = page_data(page, "depense");
    bool again = ask && charging->outcome == CHARGE_ASKED_AGAIN;
    enum err err = page_begin_reading(page);

    if (!err)
        err = charges_set_member(page, data, charging->member_id);
    if (!err)
        err = page_form_token(page, data, "csrf", "/adherents/{}/depense");
    if (!err)
        err = charges_set_ask(page, data, ask);
    if (err)
        return err;
    template_set_flag(data, "asks_again", again);
    template_set_text(data, "encore", again ? charging->fingerprint : "");
    template_set_money(data, "amount", ask ? ask->amount_cents : 0, page->association.currency);
    template_set_text(data, "label", ask ? ask->label : "");
    template_set_date(data, "day", ask ? ask->date : zone_date(page->association.zone, page->now));
    return page_render(page, status, "depense.html", data);
}

enum err charge_get(struct http_request *request, struct http_response *response)
{
    struct charging charging = {.page = page_of(request)};
    enum err err = members_path_id(charging.page, &charging.member_id);

    (void)response;
    return err ? err : show(&charging, 200, NULL);
}

/* ---- writing ---- */

static enum err refuse(struct charging *charging, int outcome)
{
    charging->outcome = outcome;
    return fail(ERR_CONFLICT, "the charge is asked about");
}

static enum err write_new(struct charging *charging, struct db *db)
{
    struct arena *arena = arena_new();
    struct charge_draft draft = charges_draft(&charging->ask, charging->member_id);
    bool has = false;
    enum err err = charges_check_ask(db, &charging->ask);

    draft.id = charging->line_id;
    if (err == ERR_CONFLICT)
        err = refuse(charging, CHARGE_CHANGED);
    if (!err)
        err = charges_has_same(db, &charging->ask, charging->member_id, &has);
    if (!err && has && !charging->confirmed)
        err = refuse(charging, CHARGE_ASKED_AGAIN);
    if (!err)
        err = payment_charge(db, &draft, arena);
    arena_free(arena);
    return err;
}

static enum err write_charge(struct db *db, void *argument)
{
    struct charging *charging = argument;
    bool fresh = false;
    enum err err;

    charging->outcome = CHARGED;
    err = charges_use_key(charging->page, db, &fresh);
    if (err == ERR_CONFLICT)
        err = refuse(charging, CHARGE_KEY_SERVED);
    return err || !fresh ? err : write_new(charging, db);
}

/* What the transaction refused, said on the form. */
static enum err show_refused(struct charging *charging)
{
    struct form *form = &charging->ask.form;

    if (charging->outcome == CHARGE_CHANGED)
        charges_fault_changed(&charging->ask);
    else if (charging->outcome == CHARGE_KEY_SERVED)
        form_fault(form, "jeton", "servi");
    return show(charging, 409, &charging->ask);
}

static enum err read_all(struct charging *charging)
{
    struct page *page = charging->page;
    struct member member;
    enum err err = members_path_id(page, &charging->member_id);

    if (!err)
        err = page_begin_reading(page);
    if (!err)
        err =
            member_find(page->db, page->association.id, charging->member_id, page->arena, &member);
    if (!err)
        err = charges_read_ask(page, &charging->ask);
    page_end_reading(page);
    if (!err)
        err = random_id(&charging->line_id);
    if (!err)
        err = charges_fingerprint(&charging->ask, &charging->member_id, 1, &charging->fingerprint);
    return err;
}

enum err charge_post(struct http_request *request, struct http_response *response)
{
    struct charging charging = {.page = page_of(request)};
    struct page *page = charging.page;
    enum err err = read_all(&charging);

    if (err)
        return err;
    if (form_faulty(&charging.ask.form, NULL))
        return show(&charging, charging.ask.year_closed ? 409 : 400, &charging.ask);
    charging.confirmed = str_is(http_field_text(request, "encore"), charging.fingerprint);
    err = db_write(page->web->options.service->writer, write_charge, &charging);
    if (err == ERR_CONFLICT && charging.outcome != CHARGED)
        return show_refused(&charging);
    return err ? err
               : http_redirect(response, arena_printf(page->arena, "/adherents/%lld?fait=depense",
                                                      (long long)charging.member_id));
}
