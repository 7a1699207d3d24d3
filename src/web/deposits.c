#include "web/manual.h"

#include "base/random.h"
#include "payment/cheques.h"
#include "payment/service.h"
#include "web/charges.h"
#include "web/reference.h"

#include <string.h>

enum { DEPOSIT_PAGE = 50 };

const struct http_field deposits_fields[] = {
    {"avant", HTTP_ID, 20, NULL, 0}, /* deposits with a smaller number */
    {0},
};
const struct http_field deposit_page_fields[] = {
    {"moyen", HTTP_ID, 20, NULL, 0},
    {"choix", HTTP_CHOICE, 8, "venus|tous|aucun", 0},
    {0},
};
const struct http_field deposit_fields[] = {
    TOKEN_FIELD,
    {"jeton", HTTP_TOKEN, 64, NULL, 1},
    {"moyen", HTTP_ID, 20, NULL, 1},
    {"cheque", HTTP_IDS, 20, NULL, 0},
    {"compte", HTTP_TOKEN, 20, NULL, 0},
    {"date", HTTP_TEXT, 20, NULL, 0},
    {"vu", HTTP_TOKEN, 20, NULL, 0}, /* the total that the page showed, in cents */
    {"etape", HTTP_CHOICE, 12, "total|enregistrer", 1},
    {0},
};
const struct http_field deposit_done_fields[] = {
    {"fait", HTTP_CHOICE, 12, "remise", 0},
    {0},
};

/* ---- the list ---- */

static void set_deposit(struct page *page, struct template_map *map, const struct deposit *deposit)
{
    page_set_id(page, map, "id", deposit->id);
    template_set_int(map, "number", deposit->number);
    template_set_date(map, "day", deposit->day);
    template_set_text(map, "bank_account", deposit->bank_account);
    template_set_text(map, "bank_label", deposit->bank_account_label);
    template_set_money(map, "total", deposit->cents, page->association.currency);
    template_set_int(map, "total_cents", deposit->cents);
    template_set_int(map, "count", deposit->cheque_count);
    template_set_flag(map, "several", deposit->cheque_count > 1);
    page_set_id(page, map, "entry_id", deposit->entry_id);
    template_set_text(
        map, "entry_number",
        arena_printf(page->arena, "%s %lld", deposit->journal, (long long)deposit->entry_number));
}

static enum err add_waiting(struct page *page, struct template_map *data)
{
    struct cheque_means *means;
    size_t count;
    int64_t cheques = 0, cents = 0;
    enum err err = cheques_means(page->db, page->association.id, page->arena, &means, &count);

    for (size_t i = 0; !err && i < count; i++) {
        cheques += means[i].count;
        cents = money_add(cents, means[i].cents);
    }
    template_set_int(data, "waiting", cheques);
    template_set_flag(data, "has_waiting", cheques > 0);
    template_set_flag(data, "several_waiting", cheques > 1);
    template_set_money(data, "waiting_total", cents, page->association.currency);
    return err;
}

enum err deposits_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "remises");
    struct template_list *list = template_set_list(data, "deposits");
    int64_t below =
        http_field_given(request, "avant") ? http_field_id(request, "avant") : INT64_MAX;
    struct deposit *deposits;
    size_t count = 0, shown;
    enum err err = deposit_list(page->db, page->association.id, below, DEPOSIT_PAGE + 1,
                                page->arena, &deposits, &count);

    (void)response;
    shown = count > DEPOSIT_PAGE ? DEPOSIT_PAGE : count;
    for (size_t i = 0; !err && i < shown; i++)
        set_deposit(page, template_list_add(list), &deposits[i]);
    template_set_flag(data, "has_deposits", shown > 0);
    template_set_flag(data, "has_next", count > shown);
    page_set_id(page, data, "next", count > shown ? deposits[shown - 1].number : 0);
    template_set_flag(data, "first_page", !http_field_given(request, "avant"));
    if (!err)
        err = add_waiting(page, data);
    return err ? err : page_render(page, 200, "remises.html", data);
}

/* ---- the slip ---- */

static void set_cheque(struct page *page, struct template_map *item,
                       const struct cheque_row *cheque)
{
    page_set_id(page, item, "id", cheque->transaction_id);
    template_set_text(item, "number", cheque->number);
    template_set_text(item, "bank", cheque->bank);
    template_set_text(item, "drawer", cheque->drawer);
    template_set_date(item, "due", cheque->due_day);
    template_set_money(item, "amount", cheque->amount_cents, page->association.currency);
    template_set_int(item, "amount_cents", cheque->amount_cents);
    template_set_text(item, "member",
                      arena_printf(page->arena, "%s %s", cheque->first_name, cheque->last_name));
    template_set_flag(item, "returned", cheque->returned);
}

enum err deposit_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "remise");
    struct template_list *list = template_set_list(data, "cheques");
    struct cheque_row *cheques;
    struct deposit deposit;
    size_t count = 0;
    int64_t id;
    enum err err;

    (void)response;
    if (!str_to_int64(request->path_parts[0], &id))
        return fail(ERR_NOT_FOUND, "no such deposit");
    err = deposit_find(page->db, page->association.id, id, page->arena, &deposit);
    if (!err)
        err =
            cheques_of_deposit(page->db, page->association.id, id, page->arena, &cheques, &count);
    if (err)
        return err;
    for (size_t i = 0; i < count; i++)
        set_cheque(page, template_list_add(list), &cheques[i]);
    set_deposit(page, data, &deposit);
    template_set_flag(data, "has_iban", deposit.iban_tail[0] != '\0');
    template_set_text(data, "iban_tail", deposit.iban_tail);
    template_set_text(data, "name", page->association.name);
    form_done(page, "remise", data);
    return page_render(page, 200, "remise.html", data);
}

/* ---- a new one ---- */

static const struct form_fault faults[] = {
    {"jeton", "servi"}, {"cheque", "vide"},    {"cheque", "change"}, {"compte", "inconnu"},
    {"date", "futur"},  {"date", "illisible"}, {"vu", "autre"},
};
enum { FAULT_COUNT = sizeof(faults) / sizeof(faults[0]) };

struct depositing {
    struct page *page;
    struct form form;
    struct cheque_means *means;
    size_t means_count;
    int64_t means_id; /* 0: no cheque waits */
    struct cheque_row *cheques;
    size_t cheque_count;
    bool ticked[MANUAL_DEPOSIT_MAX];
    int64_t ids[MANUAL_DEPOSIT_MAX]; /* those that are ticked */
    size_t count;
    int64_t total_cents;
    const char *bank_account;
    struct date date;
    int64_t id;
    enum { DEPOSITED, DEPOSIT_KEY_SERVED, DEPOSIT_CHANGED, DEPOSIT_NO_ACCOUNT } outcome;
};

/* asked: 0 for the means with most cheques. */
static enum err read_waiting(struct depositing *depositing, int64_t asked)
{
    struct page *page = depositing->page;
    int64_t association_id = page->association.id;
    enum err err = page_begin_reading(page);

    depositing->cheque_count = 0;
    if (!err)
        err = cheques_means(page->db, association_id, page->arena, &depositing->means,
                            &depositing->means_count);
    depositing->means_id = asked;
    if (!err && !asked && depositing->means_count > 0)
        depositing->means_id = depositing->means[0].id;
    if (!err && asked) /* another association's is not there */
        err = means_find(page->db, association_id, asked, page->arena, &(struct means){0});
    if (!err && depositing->means_id)
        err = cheques_waiting(page->db, association_id, depositing->means_id, MANUAL_DEPOSIT_MAX,
                              page->arena, &depositing->cheques, &depositing->cheque_count);
    return err;
}

static void tick(struct depositing *depositing, size_t index)
{
    depositing->ticked[index] = true;
    depositing->ids[depositing->count++] = depositing->cheques[index].transaction_id;
    depositing->total_cents =
        money_add(depositing->total_cents, depositing->cheques[index].amount_cents);
}

/* Those whose day has come, unless all or none are asked for. */
static void tick_asked(struct depositing *depositing)
{
    struct page *page = depositing->page;
    struct str choice = http_field_text(page->request, "choix");
    struct date today = zone_date(page->association.zone, page->now);

    for (size_t i = 0; i < depositing->cheque_count; i++)
        if (str_is(choice, "tous") ||
            (!str_is(choice, "aucun") && date_compare(depositing->cheques[i].due_day, today) <= 0))
            tick(depositing, i);
}

static void tick_sent(struct depositing *depositing)
{
    size_t count;

    (void)http_field_ids(depositing->page->request, "cheque", &count);
    for (size_t i = 0; i < depositing->cheque_count; i++)
        if (http_field_has_id(depositing->page->request, "cheque",
                              depositing->cheques[i].transaction_id))
            tick(depositing, i);
    if (depositing->count < count) /* deposited or taken back meanwhile */
        form_fault(&depositing->form, "cheque", "change");
}

static void set_means(struct depositing *depositing, struct template_map *data)
{
    struct template_list *list = template_set_list(data, "means");

    for (size_t i = 0; i < depositing->means_count; i++) {
        struct template_map *item = template_list_add(list);

        page_set_id(depositing->page, item, "id", depositing->means[i].id);
        template_set_text(item, "label", depositing->means[i].label);
        template_set_int(item, "count", depositing->means[i].count);
        template_set_flag(item, "chosen", depositing->means[i].id == depositing->means_id);
    }
    template_set_flag(data, "several_means", depositing->means_count > 1);
    page_set_id(depositing->page, data, "means_id", depositing->means_id);
}

static void set_cheques(struct depositing *depositing, struct template_map *data)
{
    struct page *page = depositing->page;
    struct template_list *list = template_set_list(data, "cheques");
    struct date today = zone_date(page->association.zone, page->now);

    for (size_t i = 0; i < depositing->cheque_count; i++) {
        struct template_map *item = template_list_add(list);

        set_cheque(page, item, &depositing->cheques[i]);
        template_set_flag(item, "ticked", depositing->ticked[i]);
        template_set_flag(item, "later", date_compare(depositing->cheques[i].due_day, today) > 0);
    }
    template_set_flag(data, "has_cheques", depositing->cheque_count > 0);
    template_set_flag(data, "is_full", depositing->cheque_count == MANUAL_DEPOSIT_MAX);
    template_set_int(data, "count", (int64_t)depositing->count);
    template_set_flag(data, "several", depositing->count > 1);
    template_set_money(data, "total", depositing->total_cents, page->association.currency);
    page_set_id(page, data, "seen", depositing->total_cents);
}

static enum err show(struct depositing *depositing, int status, bool typed)
{
    struct page *page = depositing->page;
    struct template_map *data = page_data(page, "remise_nouvelle");
    char *today = arena_alloc(page->arena, DATE_TEXT_MAX);
    struct str bank = typed ? http_field_text(page->request, "compte") : str_of("5121");
    enum err err = reference_add_accounts(page, data, "512", bank);

    if (!err)
        err = charges_set_key(page, data);
    if (!err)
        err = page_form_token(page, data, "csrf", "/recettes/remises/nouvelle");
    if (err)
        return err;
    date_format_iso(today, zone_date(page->association.zone, page->now));
    template_set_text(data, "today", today);
    template_set_str(data, "date", typed ? http_field_text(page->request, "date") : str_of(today));
    set_means(depositing, data);
    set_cheques(depositing, data);
    form_add(page, &depositing->form, data);
    return page_render(page, status, "remise-nouvelle.html", data);
}

enum err deposit_new_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct depositing *depositing = arena_alloc(page->arena, sizeof(*depositing));
    enum err err;

    (void)response;
    *depositing = (struct depositing){.page = page};
    form_init(&depositing->form, faults, FAULT_COUNT);
    err = read_waiting(depositing, http_field_id(request, "moyen"));
    if (err)
        return err;
    tick_asked(depositing);
    return show(depositing, 200, false);
}

/* ---- writing ---- */

static void read_typed(struct depositing *depositing)
{
    struct page *page = depositing->page;
    struct str bank = http_field_text(page->request, "compte");

    tick_sent(depositing);
    depositing->bank_account = str_copy(page->arena, bank);
    if (!str_starts(bank, "512"))
        form_fault(&depositing->form, "compte", "inconnu");
    charges_read_date(page, &depositing->form, "date", &depositing->date);
    if (date_compare(depositing->date, zone_date(page->association.zone, page->now)) > 0)
        form_fault(&depositing->form, "date", "futur");
}

/* Nobody signs a slip whose total was not shown. */
static void check_total(struct depositing *depositing)
{
    int64_t seen;

    if (depositing->count == 0)
        form_fault(&depositing->form, "cheque", "vide");
    else if (!str_to_int64(http_field_text(depositing->page->request, "vu"), &seen) ||
             seen != depositing->total_cents)
        form_fault(&depositing->form, "vu", "autre");
}

static enum err refuse(struct depositing *depositing, int outcome)
{
    depositing->outcome = outcome;
    return fail(ERR_CONFLICT, "the deposit does not fit any more");
}

static enum err write_new(struct depositing *depositing, struct db *db)
{
    struct page *page = depositing->page;
    struct arena *arena = arena_new();
    const struct cheque_deposit deposit = {
        .id = depositing->id,
        .association_id = page->association.id,
        .provider_account_id = depositing->means_id,
        .transaction_ids = depositing->ids,
        .count = depositing->count,
        .bank_account = depositing->bank_account,
        .day = depositing->date,
        .actor = page_actor(page),
        .now = page->now,
    };
    int64_t number, total_cents;
    bool usable = false;
    enum err err =
        accounting_account_usable(db, deposit.association_id, deposit.bank_account, &usable);

    if (!err && !usable)
        err = refuse(depositing, DEPOSIT_NO_ACCOUNT);
    if (!err) {
        err = payment_deposit(db, &deposit, arena, &number, &total_cents);
        if (err == ERR_CONFLICT)
            err = refuse(depositing, DEPOSIT_CHANGED);
    }
    arena_free(arena);
    return err;
}

static enum err write_deposit(struct db *db, void *argument)
{
    struct depositing *depositing = argument;
    bool fresh = false;
    enum err err;

    depositing->outcome = DEPOSITED;
    err = charges_use_key(depositing->page, db, &fresh);
    if (err == ERR_CONFLICT)
        err = refuse(depositing, DEPOSIT_KEY_SERVED);
    if (!err && !fresh) /* the same form before: its slip is the first of the list */
        depositing->id = 0;
    return err || !fresh ? err : write_new(depositing, db);
}

static enum err show_refused(struct depositing *depositing)
{
    static const struct {
        const char *field, *word;
    } told[] = {
        [DEPOSIT_KEY_SERVED] = {"jeton", "servi"},
        [DEPOSIT_CHANGED] = {"cheque", "change"},
        [DEPOSIT_NO_ACCOUNT] = {"compte", "inconnu"},
    };
    int outcome = depositing->outcome;
    enum err err = read_waiting(depositing, depositing->means_id);

    depositing->count = 0;
    depositing->total_cents = 0;
    memset(depositing->ticked, 0, sizeof(depositing->ticked));
    tick_sent(depositing);
    form_fault(&depositing->form, told[outcome].field, told[outcome].word);
    return err ? err : show(depositing, 409, true);
}

static enum err save(struct depositing *depositing)
{
    struct page *page = depositing->page;
    enum err err;

    page_end_reading(page);
    err = db_write(page->web->options.service->writer, write_deposit, depositing);
    if (err == ERR_CONFLICT && depositing->outcome != DEPOSITED)
        return show_refused(depositing);
    if (err)
        return err;
    if (depositing->id == 0)
        return http_redirect(page->response, "/recettes/remises");
    return http_redirect(page->response,
                         arena_printf(page->arena, "/recettes/remises/%lld?fait=remise",
                                      (long long)depositing->id));
}

enum err deposit_new_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct depositing *depositing = arena_alloc(page->arena, sizeof(*depositing));
    bool counts = str_is(http_field_text(request, "etape"), "total");
    enum err err;

    (void)response;
    *depositing = (struct depositing){.page = page};
    form_init(&depositing->form, faults, FAULT_COUNT);
    err = random_id(&depositing->id);
    if (!err)
        err = read_waiting(depositing, http_field_id(request, "moyen"));
    if (err)
        return err;
    read_typed(depositing);
    if (!counts)
        check_total(depositing);
    if (counts || (form_faulty(&depositing->form, NULL) && !charges_served(page)))
        return show(depositing, form_faulty(&depositing->form, NULL) ? 400 : 200, true);
    return save(depositing);
}
