#include "web/settings.h"

#include <string.h>

#include "base/random.h"
#include "base/utf8.h"
#include "payment/identity.h"
#include "queries.h"

#define PAYPAL_PATH "/parametrage/paypal"

enum { MERCHANT_ID_LEN = 13 };

const struct http_field paypal_fields[] = {
    TOKEN_FIELD,
    {"email", HTTP_TEXT, 127, NULL, 0},
    {"marchand", HTTP_TEXT, 40, NULL, 0},
    {0},
};

static const struct form_fault faults[] = {
    {"email", "empty"},    {"email", "wrong"},       {"marchand", "wrong"},
    {"marchand", "taken"}, {"marchand", "attempts"},
};
enum { FAULT_COUNT = sizeof(faults) / sizeof(faults[0]) };

/* ---- what it shows ---- */

/* The account that members see, or NULL. */
static enum err find_linked(struct page *page, const struct provider_account **account)
{
    struct provider_account *accounts = NULL;
    size_t count = 0;
    enum err err =
        account_list_linked(page->db, page->association.id, page->arena, &accounts, &count);

    *account = NULL;
    for (size_t i = count; !err && i-- > 0;)
        if (strcmp(accounts[i].provider, "paypal") == 0)
            *account = &accounts[i];
    return err;
}

static enum err add_last_notification(struct page *page, struct template_map *section,
                                      const struct provider_account *account)
{
    int64_t at = 0;
    enum err err = OK;

    if (account)
        err = db_integer(page->db, Q_NOTIFICATION_LAST,
                         DB_VALUES(db_int(account->association_id), db_int(account->id)), 0, &at);
    template_set_flag(section, "has_news", at != 0);
    template_set_time(section, "news_at", at, page->association.zone);
    return err;
}

/* What stands in the fields: what was typed, or what is linked. */
static void add_form(struct page *page, struct template_map *section, const struct form *form,
                     const struct provider_account *account)
{
    struct form blank;

    template_set_text(section, "email", account ? account->email_folded : "");
    template_set_text(section, "marchand", account ? account->external_id : "");
    if (form)
        form_keep(page, paypal_fields, section);
    form_init(&blank, faults, FAULT_COUNT);
    form_add(page, form ? form : &blank, section);
}

static bool currency_accepted(struct page *page)
{
    const struct provider *paypal = payment_provider(page->web->options.service, str_of("paypal"));

    return paypal && paypal->limits(page->association.currency).currency_supported;
}

enum err paypal_section_add(struct page *page, struct template_map *data, const struct form *form)
{
    struct template_map *section = template_set_map(data, "paypal");
    const struct form *identity = form && form->faults == faults ? form : NULL;
    const struct provider_account *account = NULL;
    enum err err = settings_add_accounts(page, section, "paypal");

    if (!err)
        err = find_linked(page, &account);
    if (!err)
        err = add_last_notification(page, section, account);
    if (!err)
        err = page_form_token(page, section, "token", PAYPAL_PATH);
    if (!err)
        err = paypal_keys_add(page, section, account, form);
    add_form(page, section, identity, account);
    template_set_flag(section, "is_proven", account && account->verified);
    template_set_flag(section, "has_keys", account && account->client_id[0] != '\0');
    template_set_flag(section, "is_live", page->association.kind == ASSOCIATION_REAL);
    template_set_flag(section, "currency_accepted", currency_accepted(page));
    template_set_text(section, "ipn_url", paypal_ipn_url(page));
    form_done(page,
              "paypal_relie|paypal_change|paypal_pareil|paypal_cles|paypal_partiel|paypal_repare",
              section);
    return err;
}

const char *paypal_ipn_url(const struct page *page)
{
    return arena_printf(page->arena, "%s/action_manager.php?event=paypal",
                        page->web->options.base_url);
}

/* ---- what was typed ---- */

/* Letters are capitals there; people copy it with blanks. */
static struct str read_merchant_id(struct page *page)
{
    struct str typed = http_field_text(page->request, "marchand");
    char *text = arena_alloc(page->arena, typed.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < typed.len; i++) {
        char byte = typed.data[i];

        if (byte != ' ')
            text[len++] = (char)(byte >= 'a' && byte <= 'z' ? byte - 'a' + 'A' : byte);
    }
    return str_from(text, len);
}

static bool merchant_id_valid(struct str id)
{
    for (size_t i = 0; i < id.len; i++)
        if (!((id.data[i] >= 'A' && id.data[i] <= 'Z') ||
              (id.data[i] >= '0' && id.data[i] <= '9')))
            return false;
    return id.len == MERCHANT_ID_LEN;
}

static void read_identity(struct page *page, struct form *form, struct identity_draft *draft)
{
    struct str email = http_field_text(page->request, "email");
    struct str merchant = read_merchant_id(page);

    if (str_empty(email) && str_empty(merchant))
        form_fault(form, "email", "empty");
    if (!str_empty(email) && !login_email_plausible(email))
        form_fault(form, "email", "wrong");
    if (!str_empty(merchant) && !merchant_id_valid(merchant))
        form_fault(form, "marchand", "wrong");
    draft->email = str_empty(email) ? NULL : str_copy(page->arena, email);
    draft->external_id = str_empty(merchant) ? NULL : str_copy(page->arena, merchant);
}

/* ---- linking ---- */

struct setting {
    struct identity_draft draft;
    struct audit_actor actor;
    enum identity_outcome outcome;
};

static enum err write_identity(struct db *db, void *argument)
{
    struct setting *setting = argument;

    return identity_set(db, &setting->draft, &setting->actor, &setting->outcome);
}

static enum err set_identity(struct page *page, struct setting *setting)
{
    struct identity_draft *draft = &setting->draft;
    char *public_id = arena_alloc(page->arena, RANDOM_TOKEN_MAX);
    char *since_day = arena_alloc(page->arena, DATE_TEXT_MAX);
    enum err err = random_token(public_id);

    if (!err)
        err = random_id(&draft->new_id);
    if (err)
        return err;
    draft->association_id = page->association.id;
    draft->provider = "paypal";
    draft->mode = page->association.kind == ASSOCIATION_REAL ? ACCOUNT_LIVE : ACCOUNT_TEST;
    draft->label = "PayPal";
    draft->transit_account = "5172";
    draft->since_day = date_format_iso(since_day, zone_date(page->association.zone, page->now));
    draft->new_public_id = public_id;
    draft->now = page->now;
    setting->actor = page_actor(page);
    return db_write(page->web->options.service->writer, write_identity, setting);
}

static enum err refuse(struct page *page, struct form *form, const char *word)
{
    form_fault(form, "marchand", word);
    return my_account_show(page, 409, NULL, form);
}

enum err paypal_post(struct http_request *request, struct http_response *response)
{
    static const char *const said[] = {[IDENTITY_LINKED] = "paypal_relie",
                                       [IDENTITY_CHANGED] = "paypal_change",
                                       [IDENTITY_SAME] = "paypal_pareil"};
    struct page *page = page_of(request);
    struct setting setting = {.outcome = IDENTITY_SAME};
    struct form form;
    enum err err;

    form_init(&form, faults, FAULT_COUNT);
    read_identity(page, &form, &setting.draft);
    if (form_faulty(&form, NULL))
        return my_account_show(page, 400, NULL, &form);
    err = set_identity(page, &setting);
    if (err)
        return err;
    if (setting.outcome == IDENTITY_ATTEMPTS)
        return refuse(page, &form, "attempts");
    if (setting.outcome == IDENTITY_TAKEN)
        return refuse(page, &form, "taken");
    return http_redirect(response,
                         arena_printf(page->arena, "/parametrage/mon-compte?fait=%s#paypal",
                                      said[setting.outcome]));
}

/* ---- the help, step by step ---- */

enum err paypal_help_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "aide_paypal");

    (void)response;
    template_set_text(data, "ipn_url", paypal_ipn_url(page));
    template_set_flag(data, "has_copy", true);
    return page_render(page, 200, "aide-paypal.html", data);
}
