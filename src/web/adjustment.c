#include "web/charges.h"

#include "accounting/accounting.h"
#include "association/cart.h"
#include "base/random.h"
#include "payment/advance.h"
#include "payment/correct.h"
#include "payment/service.h"
#include "web/members.h"

#include <string.h>

#define AIMS "zero|doit|avance|moins|plus"

const struct http_field adjustment_fields[] = {
    TOKEN_FIELD,
    {"but", HTTP_CHOICE, 8, AIMS, 0},
    {"montant", HTTP_AMOUNT, 64, NULL, 0},
    {"libelle", HTTP_TEXT, WEB_LINE_MAX, NULL, 0},
    {"compte", HTTP_TOKEN, 20, NULL, 0},
    {"solde", HTTP_TOKEN, 20, NULL, 0}, /* the balance the page showed */
    {"jeton", HTTP_TOKEN, 64, NULL, 1},
    {"action", HTTP_CHOICE, 16, "apercu|modifier|confirmer", 1},
    {0},
};

static const struct form_fault faults[] = {
    {"but", "vide"},     {"montant", "vide"}, {"montant", "illisible"}, {"montant", "grand"},
    {"montant", "meme"}, {"libelle", "vide"}, {"libelle", "long"},      {"compte", "inconnu"},
};
enum { FAULT_COUNT = sizeof(faults) / sizeof(faults[0]) };

static const char credit_account[] = "471", debit_account[] = "7588"; /* when none was chosen */

/* A balance that is put right by a line that says so. */
struct adjusting {
    struct page *page;
    struct form form;
    int64_t member_id;
    struct str aim;
    int64_t typed_cents;
    const char *label;
    const char *account_code;
    int64_t balance_cents; /* now */
    int64_t change_cents;  /* negative: in the member's favour */
    int64_t due_cents;     /* open charges of the member's own cart */
    int64_t advance_cents;
    int64_t line_id;
    enum { ADJUSTED, BALANCE_CHANGED, KEY_SERVED, ACCOUNT_GONE } outcome;
};

/* ---- what is so, what is to be ---- */

static enum err read_dues(struct adjusting *adjusting)
{
    struct page *page = adjusting->page;
    struct cart_due *dues;
    size_t count = 0;
    enum err err = cart_dues(page->db, page->association.id, adjusting->member_id, page->arena,
                             &dues, &count);

    adjusting->due_cents = 0;
    for (size_t i = 0; !err && i < count; i++)
        if (dues[i].member_id == adjusting->member_id)
            adjusting->due_cents = money_add(adjusting->due_cents, dues[i].open_cents);
    return err;
}

static int64_t target_of(const struct adjusting *adjusting)
{
    if (str_is(adjusting->aim, "doit"))
        return adjusting->typed_cents;
    if (str_is(adjusting->aim, "avance"))
        return -adjusting->typed_cents;
    if (str_is(adjusting->aim, "moins"))
        return money_add(adjusting->balance_cents, -adjusting->typed_cents);
    if (str_is(adjusting->aim, "plus"))
        return money_add(adjusting->balance_cents, adjusting->typed_cents);
    return 0;
}

static void find_change(struct adjusting *adjusting)
{
    int64_t change = money_add(target_of(adjusting), -adjusting->balance_cents);

    adjusting->change_cents = change;
    if (change > MONEY_MAX_CENTS || change < -MONEY_MAX_CENTS)
        form_fault(&adjusting->form, "montant", "grand");
    else if (change == 0)
        form_fault(&adjusting->form, "montant", "meme");
}

/* Within reading. */
static enum err read_state(struct adjusting *adjusting)
{
    struct page *page = adjusting->page;
    enum err err = cart_balance(page->db, page->association.id, adjusting->member_id,
                                &adjusting->balance_cents);

    if (!err)
        err = read_dues(adjusting);
    if (!err)
        err = advance_left(page->db, page->association.id, adjusting->member_id, page->arena,
                           &adjusting->advance_cents);
    return err;
}

static void read_typed(struct adjusting *adjusting)
{
    struct page *page = adjusting->page;

    adjusting->aim = http_field_text(page->request, "but");
    adjusting->label = form_text(page, &adjusting->form, "libelle", CHARGE_LABEL_MAX);
    adjusting->account_code = str_copy(page->arena, http_field_text(page->request, "compte"));
    if (str_empty(adjusting->aim))
        form_fault(&adjusting->form, "but", "vide");
    else if (!str_is(adjusting->aim, "zero"))
        charges_read_amount(page, &adjusting->form, "montant", &adjusting->typed_cents);
}

/* ---- the form ---- */

static enum err show_form(struct adjusting *adjusting, int status, bool typed)
{
    struct page *page = adjusting->page;
    struct template_map *data = page_data(page, "regularisation");
    const char *const aims[] = {"zero", "doit", "avance", "moins", "plus"};
    struct str aim = typed ? http_field_text(page->request, "but") : str_of("zero");
    enum err err = page_begin_reading(page);

    if (!err)
        err = charges_set_member(page, data, adjusting->member_id);
    if (!err)
        err = read_state(adjusting);
    if (!err)
        err = charges_set_key(page, data);
    if (!err)
        err = page_form_token(page, data, "csrf", "/adherents/{}/regulariser");
    if (err)
        return err;
    members_set_balance(page, data, adjusting->balance_cents);
    for (size_t i = 0; i < sizeof(aims) / sizeof(aims[0]); i++)
        template_set_flag(data, arena_printf(page->arena, "is_%s", aims[i]), str_is(aim, aims[i]));
    template_set_str(data, "montant", http_field_text(page->request, "montant"));
    template_set_str(data, "libelle", http_field_text(page->request, "libelle"));
    form_add(page, &adjusting->form, data);
    return page_render(page, status, "regularisation.html", data);
}

enum err adjustment_get(struct http_request *request, struct http_response *response)
{
    struct adjusting adjusting = {.page = page_of(request)};
    enum err err = members_path_id(adjusting.page, &adjusting.member_id);

    (void)response;
    form_init(&adjusting.form, faults, FAULT_COUNT);
    return err ? err : show_form(&adjusting, 200, false);
}

/* ---- the preview: what it will do ---- */

/* 471 to be sorted out later, 110 for a balance of the years before, or an expense. */
static bool fits_credit(const struct chart_account *account)
{
    return !account->archived && (strcmp(account->code, credit_account) == 0 ||
                                  strcmp(account->code, "110") == 0 || account->code[0] == '6');
}

static enum err set_credit_accounts(struct adjusting *adjusting, struct template_map *data,
                                    const char *chosen)
{
    struct page *page = adjusting->page;
    struct template_list *list = template_set_list(data, "accounts");
    struct chart_account *accounts;
    size_t count = 0;
    enum err err =
        accounting_chart(page->db, page->association.id, page->arena, &accounts, &count);

    for (size_t i = 0; !err && i < count; i++) {
        struct template_map *item;

        if (!fits_credit(&accounts[i]))
            continue;
        item = template_list_add(list);
        template_set_text(item, "code", accounts[i].code);
        template_set_text(item, "label", accounts[i].label);
        template_set_flag(item, "chosen", strcmp(chosen, accounts[i].code) == 0);
    }
    return err;
}

static enum err set_accounts(struct adjusting *adjusting, struct template_map *data)
{
    bool credit = adjusting->change_cents < 0;
    const char *chosen = adjusting->account_code[0] ? adjusting->account_code
                         : credit                   ? credit_account
                                                    : debit_account;

    return credit ? set_credit_accounts(adjusting, data, chosen)
                  : charges_set_accounts(adjusting->page, data, str_of(chosen));
}

static void set_words(struct adjusting *adjusting, struct template_map *data)
{
    struct page *page = adjusting->page;
    const struct currency *currency = page->association.currency;
    bool credit = adjusting->change_cents < 0;
    int64_t cents = credit ? -adjusting->change_cents : adjusting->change_cents;
    int64_t meets = credit ? adjusting->due_cents : adjusting->advance_cents;
    int64_t met = meets < cents ? meets : cents;

    members_set_balance(page, template_set_map(data, "before"), adjusting->balance_cents);
    members_set_balance(page, template_set_map(data, "after"),
                        money_add(adjusting->balance_cents, adjusting->change_cents));
    template_set_flag(data, "is_credit", credit);
    template_set_money(data, "change", cents, currency);
    template_set_money(data, "met", met, currency);
    template_set_money(data, "rest", cents - met, currency);
    template_set_flag(data, "asks_account", !credit || cents > met);
    template_set_text(data, "solde",
                      arena_printf(page->arena, "%lld", (long long)adjusting->balance_cents));
}

static enum err set_preview(struct adjusting *adjusting, struct template_map *data)
{
    struct page *page = adjusting->page;
    enum err err = charges_set_member(page, data, adjusting->member_id);

    if (!err)
        err = set_accounts(adjusting, data);
    if (!err)
        err = charges_set_key(page, data);
    if (!err)
        err = page_form_token(page, data, "csrf", "/adherents/{}/regulariser");
    if (!err)
        set_words(adjusting, data);
    return err;
}

static enum err show_preview(struct adjusting *adjusting, int status)
{
    struct page *page = adjusting->page;
    struct template_map *data = page_data(page, "regularisation_apercu");
    enum err err = page_begin_reading(page);

    if (!err)
        err = read_state(adjusting);
    if (err)
        return err;
    find_change(adjusting);
    if (form_faulty(&adjusting->form, "montant"))
        return show_form(adjusting, 400, true);
    form_keep(page, adjustment_fields, data);
    err = set_preview(adjusting, data);
    if (err)
        return err;
    form_add(page, &adjusting->form, data);
    template_set_flag(data, "in_error", status != 200);
    template_set_flag(data, "balance_changed", adjusting->outcome == BALANCE_CHANGED);
    template_set_flag(data, "key_served", adjusting->outcome == KEY_SERVED);
    return page_render(page, status, "regularisation-apercu.html", data);
}

/* ---- writing ---- */

static enum err refuse(struct adjusting *adjusting, int outcome)
{
    adjusting->outcome = outcome;
    return fail(ERR_CONFLICT, "the adjustment is not what its page showed");
}

/* The account, when it matters, is one the page offered. */
static enum err check_account(struct adjusting *adjusting, struct db *db)
{
    struct arena *arena = arena_new();
    struct chart_account *accounts;
    size_t count = 0;
    bool may = false;
    enum err err = OK;

    if (adjusting->change_cents > 0)
        err = accounting_may_charge(db, adjusting->page->association.id, adjusting->account_code,
                                    &may);
    else
        err = accounting_chart(db, adjusting->page->association.id, arena, &accounts, &count);
    for (size_t i = 0; !err && i < count; i++)
        may = may || (fits_credit(&accounts[i]) &&
                      strcmp(accounts[i].code, adjusting->account_code) == 0);
    arena_free(arena);
    return !err && !may ? refuse(adjusting, ACCOUNT_GONE) : err;
}

static enum err write_credit(struct adjusting *adjusting, struct db *db, struct arena *arena)
{
    const struct page *page = adjusting->page;
    const struct credit_adjustment adjustment = {
        .id = adjusting->line_id,
        .association_id = page->association.id,
        .member_id = adjusting->member_id,
        .amount_cents = -adjusting->change_cents,
        .label = adjusting->label,
        .account_code = adjusting->account_code,
        .date = zone_date(page->association.zone, page->now),
        .actor = page_actor(page),
        .now = page->now,
    };

    return payment_adjust_credit(db, &adjustment, arena);
}

static enum err write_debit(struct adjusting *adjusting, struct db *db, struct arena *arena)
{
    const struct page *page = adjusting->page;
    const struct charge_draft draft = {
        .kind = CART_ADJUSTMENT,
        .id = adjusting->line_id,
        .association_id = page->association.id,
        .member_id = adjusting->member_id,
        .amount_cents = adjusting->change_cents,
        .label = adjusting->label,
        .date = zone_date(page->association.zone, page->now),
        .for_day = zone_date(page->association.zone, page->now),
        .account_code = adjusting->account_code,
        .login_id = page->session.login_id,
        .address = page_address(page),
        .now = page->now,
    };

    return payment_charge(db, &draft, arena);
}

static enum err write_new(struct adjusting *adjusting, struct db *db)
{
    struct arena *arena = arena_new();
    int64_t balance_cents = 0, shown = 0;
    enum err err =
        cart_balance(db, adjusting->page->association.id, adjusting->member_id, &balance_cents);

    if (!err && (!str_to_int64(http_field_text(adjusting->page->request, "solde"), &shown) ||
                 shown != balance_cents || balance_cents != adjusting->balance_cents))
        err = refuse(adjusting, BALANCE_CHANGED);
    if (!err)
        err = check_account(adjusting, db);
    if (!err)
        err = adjusting->change_cents < 0 ? write_credit(adjusting, db, arena)
                                          : write_debit(adjusting, db, arena);
    arena_free(arena);
    return err;
}

static enum err write_adjustment(struct db *db, void *argument)
{
    struct adjusting *adjusting = argument;
    bool fresh = false;
    enum err err;

    adjusting->outcome = ADJUSTED;
    err = charges_use_key(adjusting->page, db, &fresh);
    if (err == ERR_CONFLICT)
        err = refuse(adjusting, KEY_SERVED);
    return err || !fresh ? err : write_new(adjusting, db);
}

/* What is wrong with the amount is told from what the page showed: the transaction compares. */
static enum err confirm(struct adjusting *adjusting)
{
    struct page *page = adjusting->page;
    enum err err = random_id(&adjusting->line_id);

    if (!adjusting->account_code[0])
        adjusting->account_code = adjusting->change_cents < 0 ? credit_account : debit_account;
    if (!err)
        err = db_write(page->web->options.service->writer, write_adjustment, adjusting);
    if (err == ERR_CONFLICT && adjusting->outcome != ADJUSTED) {
        if (adjusting->outcome == ACCOUNT_GONE)
            form_fault(&adjusting->form, "compte", "inconnu");
        return show_preview(adjusting, 409);
    }
    return err ? err
               : http_redirect(page->response,
                               arena_printf(page->arena, "/adherents/%lld?fait=regularise",
                                            (long long)adjusting->member_id));
}

static enum err read_all(struct adjusting *adjusting)
{
    struct page *page = adjusting->page;
    struct member member;
    enum err err = members_path_id(page, &adjusting->member_id);

    form_init(&adjusting->form, faults, FAULT_COUNT);
    if (!err)
        err = page_begin_reading(page);
    if (!err)
        err = member_find(page->db, page->association.id, adjusting->member_id, page->arena,
                          &member);
    if (!err)
        err = read_state(adjusting);
    page_end_reading(page);
    if (!err)
        read_typed(adjusting);
    return err;
}

enum err adjustment_post(struct http_request *request, struct http_response *response)
{
    struct adjusting adjusting = {.page = page_of(request)};
    struct str action = http_field_text(request, "action");
    enum err err = read_all(&adjusting);

    (void)response;
    if (err)
        return err;
    if (str_is(action, "modifier"))
        return show_form(&adjusting, 200, true);
    if (form_faulty(&adjusting.form, NULL))
        return show_form(&adjusting, 400, true);
    if (str_is(action, "apercu"))
        return show_preview(&adjusting, 200);
    adjusting.change_cents = money_add(target_of(&adjusting), -adjusting.balance_cents);
    return confirm(&adjusting);
}
