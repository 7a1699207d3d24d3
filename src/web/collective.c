#include "web/charges.h"

#include "base/random.h"
#include "payment/service.h"
#include "web/members.h"

enum { COLLECTIVE_MAX = 5000 }; /* members charged in one go */

const struct http_field collective_page_fields[] = {
    {"sorte", HTTP_CHOICE, 8, "produit|libre", 0},
    {"q", HTTP_TEXT, 100, NULL, 0},
    {"groupe", HTTP_CHOICE, 16, "tous|doivent|avance|jamais", 0},
    {0},
};
const struct http_field collective_fields[] = {
    TOKEN_FIELD,
    CHARGE_ASK_FIELDS,
    {"q", HTTP_TEXT, 100, NULL, 0},
    {"groupe", HTTP_CHOICE, 16, "tous|doivent|avance|jamais", 0},
    {"sauf", HTTP_IDS, 20, NULL, 0}, /* members to leave out */
    {"jeton", HTTP_TOKEN, 64, NULL, 1},
    {"empreinte", HTTP_TOKEN, HASH_HEX_MAX, NULL, 0}, /* of what the page showed */
    {"action", HTTP_CHOICE, 16, "apercu|modifier|confirmer|encore", 1},
    {0},
};

/* Whom a collective charge is for. */
struct selection {
    struct member_row *rows;
    size_t count;
    bool too_many;
    bool *left_out; /* by the person, a row each */
    bool *has_same; /* has this charge already; never with left_out */
    size_t fresh_count;
    size_t same_count;
};

/* A charge for many, as its form asks for it. */
struct collective {
    struct page *page;
    struct charge_ask ask;
    struct selection selection;
    const char *fingerprint;
    bool again; /* also those who have it already */
    enum { DONE, SELECTION_CHANGED, ASK_CHANGED, KEY_SERVED } outcome;
};

/* ---- who ---- */

static enum err select_members(struct collective *collective, struct db *db)
{
    struct page *page = collective->page;
    struct selection *selection = &collective->selection;
    struct member_filter filter;
    enum err err;

    *selection = (struct selection){0};
    members_read_filter(page, &filter);
    filter.after_key = (struct str){0};
    filter.after_id = 0;
    filter.max = COLLECTIVE_MAX;
    err = member_list(db, page->association.id, &filter, page->arena, &selection->rows,
                      &selection->count);
    selection->too_many = !err && selection->count > COLLECTIVE_MAX;
    if (selection->too_many)
        selection->count = COLLECTIVE_MAX;
    selection->left_out = arena_array(page->arena, selection->count + 1, sizeof(bool));
    selection->has_same = arena_array(page->arena, selection->count + 1, sizeof(bool));
    for (size_t i = 0; !err && i < selection->count; i++) {
        selection->left_out[i] =
            http_field_has_id(page->request, "sauf", selection->rows[i].member.id);
        selection->fresh_count += !selection->left_out[i];
    }
    return err;
}

/* Sets those apart who have this charge already. */
static enum err find_same(struct collective *collective, struct db *db)
{
    struct selection *selection = &collective->selection;
    enum err err = OK;

    for (size_t i = 0; !err && i < selection->count; i++) {
        if (selection->left_out[i])
            continue;
        err = charges_has_same(db, &collective->ask, selection->rows[i].member.id,
                               &selection->has_same[i]);
        selection->fresh_count -= selection->has_same[i];
        selection->same_count += selection->has_same[i];
    }
    return err;
}

/* First those who are charged in any case, then a mark, then those who have it already. */
static enum err take_fingerprint(struct collective *collective)
{
    const struct selection *selection = &collective->selection;
    int64_t *ids = arena_array(collective->page->arena, selection->count + 1, sizeof(*ids));
    size_t count = 0;

    for (size_t i = 0; i < selection->count; i++)
        if (!selection->left_out[i] && !selection->has_same[i])
            ids[count++] = selection->rows[i].member.id;
    ids[count++] = 0;
    for (size_t i = 0; i < selection->count; i++)
        if (selection->has_same[i])
            ids[count++] = selection->rows[i].member.id;
    return charges_fingerprint(&collective->ask, ids, count, &collective->fingerprint);
}

static enum err read_selection(struct collective *collective, struct db *db)
{
    enum err err = select_members(collective, db);

    if (!err)
        err = find_same(collective, db);
    return err ? err : take_fingerprint(collective);
}

/* ---- the form ---- */

static const char *const groups[] = {"tous", "doivent", "avance", "jamais"};
enum { GROUP_COUNT = sizeof(groups) / sizeof(groups[0]) };

static void set_filter(struct page *page, struct template_map *data)
{
    struct str group = http_field_text(page->request, "groupe");
    struct template_list *list = template_set_list(data, "groups");
    const char *chosen = groups[0];

    for (size_t i = 0; i < GROUP_COUNT; i++)
        if (str_is(group, groups[i]))
            chosen = groups[i];
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        struct template_map *item = template_list_add(list);

        template_set_text(item, "name", groups[i]);
        template_set_flag(item, "chosen", chosen == groups[i]);
        page_flags(item, groups, GROUP_COUNT, groups[i]);
    }
    page_flags(data, groups, GROUP_COUNT, chosen);
    template_set_text(data, "group", chosen);
    template_set_str(data, "search", http_field_text(page->request, "q"));
}

/* ask: NULL for a new form. */
static enum err show_form(struct collective *collective, int status, const struct charge_ask *ask)
{
    struct page *page = collective->page;
    struct template_map *data = page_data(page, "depense_collective");
    enum err err = page_begin_reading(page);

    if (!err)
        err = select_members(collective, page->db);
    if (!err)
        err = charges_set_ask(page, data, ask);
    if (!err)
        err = page_form_token(page, data, "csrf", "/depenses/collective");
    if (err)
        return err;
    set_filter(page, data);
    template_set_int(data, "count", (int64_t)collective->selection.count);
    template_set_int(data, "most", COLLECTIVE_MAX);
    template_set_flag(data, "several", collective->selection.count > 1);
    template_set_flag(data, "too_many", collective->selection.too_many);
    template_set_flag(data, "may_go_on",
                      collective->selection.count > 0 && !collective->selection.too_many);
    return page_render(page, status, "depense-collective.html", data);
}

enum err collective_get(struct http_request *request, struct http_response *response)
{
    struct collective collective = {.page = page_of(request)};

    (void)response;
    return show_form(&collective, 200, NULL);
}

/* ---- the preview ---- */

static void add_people(struct collective *collective, struct template_map *data)
{
    const struct selection *selection = &collective->selection;
    struct template_list *people = template_set_list(data, "people");
    struct template_list *same = template_set_list(data, "same");

    for (size_t i = 0; i < selection->count; i++) {
        const struct member *member = &selection->rows[i].member;
        struct template_map *item = template_list_add(selection->has_same[i] ? same : people);

        page_set_id(collective->page, item, "id", member->id);
        template_set_int(item, "number", member->number);
        template_set_text(item, "first_name", member->first_name);
        template_set_text(item, "last_name", member->last_name);
        template_set_flag(item, "left_out", selection->left_out[i]);
    }
}

static void set_sums(struct collective *collective, struct template_map *data)
{
    const struct selection *selection = &collective->selection;
    const struct currency *currency = collective->page->association.currency;
    int64_t fresh = (int64_t)selection->fresh_count, same = (int64_t)selection->same_count;

    template_set_int(data, "fresh_count", fresh);
    template_set_int(data, "same_count", same);
    template_set_int(data, "all_count", fresh + same);
    template_set_flag(data, "several_fresh", fresh > 1);
    template_set_flag(data, "several_same", same > 1);
    template_set_int(data, "left_out_count", (int64_t)selection->count - fresh - same);
    template_set_money(data, "fresh_total", fresh * collective->ask.amount_cents, currency);
    template_set_money(data, "all_total", (fresh + same) * collective->ask.amount_cents, currency);
}

static void set_ask(struct collective *collective, struct template_map *data)
{
    const struct charge_ask *ask = &collective->ask;

    template_set_text(data, "label", ask->label);
    template_set_money(data, "amount", ask->amount_cents, collective->page->association.currency);
    template_set_date(data, "day", ask->date);
    template_set_text(data, "account_code", ask->account_code);
    template_set_text(data, "year", ask->year_label);
}

static enum err show_preview(struct collective *collective, int status)
{
    struct page *page = collective->page;
    struct template_map *data = page_data(page, "depense_apercu");
    enum err err = page_begin_reading(page);

    if (!err)
        err = read_selection(collective, page->db);
    if (err)
        return err;
    if (collective->selection.too_many || collective->selection.count == 0)
        return show_form(collective, 400, &collective->ask);
    form_keep(page, collective_fields, data);
    err = charges_set_key(page, data);
    if (!err)
        err = page_form_token(page, data, "csrf", "/depenses/collective");
    if (err)
        return err;
    set_filter(page, data);
    set_ask(collective, data);
    set_sums(collective, data);
    add_people(collective, data);
    template_set_text(data, "empreinte", collective->fingerprint);
    template_set_flag(data, "has_changed", collective->outcome == SELECTION_CHANGED);
    template_set_flag(data, "in_error", collective->outcome != DONE);
    template_set_flag(data, "key_served", collective->outcome == KEY_SERVED);
    return page_render(page, status, "depense-apercu.html", data);
}

/* ---- writing ---- */

static enum err refuse(struct collective *collective, int outcome)
{
    collective->outcome = outcome;
    return fail(ERR_CONFLICT, "the collective charge is not what its page showed");
}

static enum err charge_one(struct collective *collective, struct db *db, int64_t member_id)
{
    struct arena *arena = arena_new();
    struct charge_draft draft = charges_draft(&collective->ask, member_id);
    enum err err = random_id(&draft.id);

    if (!err)
        err = payment_charge(db, &draft, arena);
    arena_free(arena);
    return err;
}

static enum err charge_all(struct collective *collective, struct db *db)
{
    const struct selection *selection = &collective->selection;
    enum err err = OK;

    for (size_t i = 0; !err && i < selection->count; i++)
        if (!selection->left_out[i] && (collective->again || !selection->has_same[i]))
            err = charge_one(collective, db, selection->rows[i].member.id);
    return err;
}

static enum err write_new(struct collective *collective, struct db *db)
{
    struct str shown = http_field_text(collective->page->request, "empreinte");
    enum err err = charges_check_ask(db, &collective->ask);

    if (err == ERR_CONFLICT)
        return refuse(collective, ASK_CHANGED);
    if (!err)
        err = read_selection(collective, db);
    if (!err && (collective->selection.too_many || !str_is(shown, collective->fingerprint)))
        err = refuse(collective, SELECTION_CHANGED);
    return err ? err : charge_all(collective, db);
}

static enum err write_collective(struct db *db, void *argument)
{
    struct collective *collective = argument;
    bool fresh = false;
    enum err err;

    collective->outcome = DONE;
    err = charges_use_key(collective->page, db, &fresh);
    if (err == ERR_CONFLICT)
        err = refuse(collective, KEY_SERVED);
    return err || !fresh ? err : write_new(collective, db);
}

/* What the transaction refused: what is true now is shown instead. */
static enum err show_refused(struct collective *collective)
{
    struct charge_ask *ask = &collective->ask;

    if (collective->outcome != ASK_CHANGED)
        return show_preview(collective, 409);
    charges_fault_changed(ask);
    return show_form(collective, 409, ask);
}

static enum err confirm(struct collective *collective)
{
    struct page *page = collective->page;
    enum err err =
        db_write_alone(page->web->options.service->writer, write_collective, collective);

    if (err == ERR_CONFLICT && collective->outcome != DONE)
        return show_refused(collective);
    return err ? err : http_redirect(page->response, "/adherents?groupe=doivent&fait=depenses");
}

enum err collective_post(struct http_request *request, struct http_response *response)
{
    struct collective collective = {.page = page_of(request)};
    struct page *page = collective.page;
    struct str action = http_field_text(request, "action");
    enum err err = page_begin_reading(page);

    (void)response;
    if (!err)
        err = charges_read_ask(page, &collective.ask);
    page_end_reading(page);
    if (err)
        return err;
    if (str_is(action, "modifier") || form_faulty(&collective.ask.form, NULL))
        return show_form(&collective, str_is(action, "modifier") ? 200 : 400, &collective.ask);
    if (str_is(action, "apercu"))
        return show_preview(&collective, 200);
    collective.again = str_is(action, "encore");
    return confirm(&collective);
}
