/*
 * The Stripe section of Mon compte: the association's own keys, and the endpoint that Guichet
 * keeps at Stripe.
 */
#include "web/settings.h"

#include "payment/link.h"
#include "queries.h"

#include <string.h>

#define SECTION "/parametrage/mon-compte"

enum { SECRET_SLOTS = 2 };

/* ---- what can be wrong ---- */

/* Each outcome beside the field it concerns: of the two that are pasted, or of the account. */
static const struct form_fault faults[] = {
    {"secret_key", "empty"},       {"secret_key", "malformed"},
    {"secret_key", "publishable"}, {"secret_key", "unknown"},
    {"secret_key", "revoked"},     {"secret_key", "lacks"},
    {"secret_key", "live"},        {"secret_key", "test"},
    {"publishable_key", "empty"},  {"publishable_key", "malformed"},
    {"publishable_key", "secret"}, {"publishable_key", "mode"},
    {"account", "currency"},       {"account", "taken"},
    {"account", "attempts"},       {"account", "busy"},
    {"account", "rotating"},       {"account", "refused"},
    {"account", "unreachable"},    {"account", "key_unknown"},
    {"account", "key_revoked"},    {"account", "key_lacks"},
};
enum { FAULT_COUNT = sizeof(faults) / sizeof(faults[0]) };

/* Of pasted keys the first word holds; of keys that are stored already, `stored`. */
static const struct {
    enum link_outcome outcome;
    int status;
    const char *field, *word;
    const char *stored;
} outcomes[] = {
    {LINK_SECRET_EMPTY, 400, "secret_key", "empty", NULL},
    {LINK_SECRET_MALFORMED, 400, "secret_key", "malformed", NULL},
    {LINK_SECRET_IS_PUBLISHABLE, 400, "secret_key", "publishable", NULL},
    {LINK_PUBLISHABLE_EMPTY, 400, "publishable_key", "empty", NULL},
    {LINK_PUBLISHABLE_MALFORMED, 400, "publishable_key", "malformed", NULL},
    {LINK_PUBLISHABLE_IS_SECRET, 400, "publishable_key", "secret", NULL},
    {LINK_MODES_DIFFER, 400, "publishable_key", "mode", NULL},
    {LINK_LIVE_IN_TRIAL, 409, "secret_key", "live", NULL},
    {LINK_TEST_IN_REAL, 409, "secret_key", "test", NULL},
    {LINK_KEY_UNKNOWN, 409, "secret_key", "unknown", "key_unknown"},
    {LINK_KEY_REVOKED, 409, "secret_key", "revoked", "key_revoked"},
    {LINK_KEY_LACKS, 409, "secret_key", "lacks", "key_lacks"},
    {LINK_ABSENT, 502, "account", "refused", "refused"},
    {LINK_REFUSED, 502, "account", "refused", "refused"},
    {LINK_UNREACHABLE, 503, "account", "unreachable", "unreachable"},
    {LINK_OTHER_CURRENCY, 409, "account", "currency", NULL},
    {LINK_TAKEN, 409, "account", "taken", NULL},
    {LINK_ATTEMPTS_OPEN, 409, "account", "attempts", NULL},
    {LINK_BUSY, 503, "account", "busy", "busy"},
    {LINK_ROTATING, 409, "account", "rotating", "rotating"},
};

/* What was sent and led nowhere. The form comes first: the section gets only that. */
struct stripe_form {
    struct form form;
    const struct link_result *result;
};

/* The permissions that a restricted key needs; others are told in Stripe's word. */
static const char *const permissions[] = {
    "rak_checkout_session_write", "rak_payment_intent_read", "rak_charge_write",
    "rak_dispute_read",           "rak_payout_read",         "rak_balance_transaction_source_read",
    "rak_balance_read",           "rak_webhook_write",       "rak_accounts_kyc_basic_read",
};

static void add_lacking(struct page *page, struct template_map *section,
                        const struct link_answer *answer)
{
    struct template_list *list = template_set_list(section, "lacking");

    for (size_t i = 0; answer && i < answer->lacking_count; i++) {
        struct template_map *item = template_list_add(list);

        template_set_text(item, "permission", answer->lacking[i]);
        for (size_t j = 0; j < sizeof(permissions) / sizeof(permissions[0]); j++)
            template_set_flag(item, arena_printf(page->arena, "is_%s", permissions[j]),
                              strcmp(permissions[j], answer->lacking[i]) == 0);
    }
    template_set_flag(section, "has_lacking", answer && answer->lacking_count > 0);
}

/* A key that was pasted into the wrong field is a secret: it is not shown again. */
static struct str kept_publishable(const struct page *page)
{
    struct str typed = http_field_text(page->request, "publishable_key");

    return str_starts(typed, "pk_") ? typed : str_of("");
}

static void add_form(struct page *page, struct template_map *data, struct template_map *section,
                     const struct form *form)
{
    static const struct form clean = {.faults = faults, .count = FAULT_COUNT};
    bool ours = form && form->faults == faults;
    const struct stripe_form *sent = ours ? (const struct stripe_form *)form : NULL;

    form_add(page, ours ? form : &clean, section);
    if (ours)
        template_set_flag(data, "in_error", true);
    add_lacking(page, section, sent ? &sent->result->answer : NULL);
    template_set_text(section, "their_currency",
                      sent && sent->result->identity.currency ? sent->result->identity.currency
                                                              : "");
    template_set_text(section, "our_currency", page->association.currency->code);
    template_set_str(section, "typed_publishable", ours ? kept_publishable(page) : str_of(""));
}

/* ---- what there is ---- */

/* "il y a 3 jours" beside the exact time: the greatest whole unit. */
static void add_age(struct template_map *map, int64_t age_s)
{
    int64_t minutes = age_s < 0 ? 0 : age_s / 60;

    template_set_flag(map, "has_minutes", minutes < 60);
    template_set_flag(map, "has_hours", minutes >= 60 && minutes < 48 * 60);
    template_set_flag(map, "has_days", minutes >= 48 * 60);
    template_set_int(map, "minutes", minutes);
    template_set_int(map, "hours", minutes / 60);
    template_set_int(map, "days", minutes / (24 * 60));
}

/* The endings of the secrets, and since when they hold. */
struct shown_secret {
    bool present;
    const char *ending;
    int64_t since;
};
struct shown_secrets {
    struct shown_secret api_key, webhook[SECRET_SLOTS];
};

static enum err read_secrets(struct page *page, int64_t account_id, struct shown_secrets *secrets)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_select(page->db, Q_SECRET_SHOWN,
                             DB_VALUES(db_int(page->association.id), db_int(account_id)), &rows);

    *secrets = (struct shown_secrets){0};
    while (!err && !(err = db_next(&rows, &found)) && found) {
        int64_t slot = db_column_int(&rows, 1);
        bool webhook = str_is(db_column_str(&rows, 0), "webhook");

        if (slot < 0 || slot >= SECRET_SLOTS)
            continue;
        *(webhook ? &secrets->webhook[slot] : &secrets->api_key) =
            (struct shown_secret){.present = true,
                                  .ending = db_column_text(&rows, 2, page->arena),
                                  .since = db_column_int(&rows, 4)};
    }
    db_rows_done(&rows);
    return err;
}

/* "<name>": is it there; "<name>_ending", "<name>_since". */
static void add_secret(struct page *page, struct template_map *item, const char *name,
                       const struct shown_secret *secret)
{
    template_set_flag(item, name, secret->present);
    template_set_text(item, arena_printf(page->arena, "%s_ending", name),
                      secret->present ? secret->ending : "");
    template_set_time(item, arena_printf(page->arena, "%s_since", name), secret->since,
                      page->association.zone);
}

static enum err add_keys(struct page *page, struct template_map *item, int64_t account_id)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err =
        db_first(page->db, Q_LINK_KEYS_SHOWN,
                 DB_VALUES(db_int(page->association.id), db_int(account_id)), &rows, &found);
    bool news = !err && found && !db_column_is_null(&rows, 3);
    int64_t news_at = news ? db_column_int(&rows, 3) : 0;

    template_set_text(item, "publishable_key",
                      !err && found && !db_column_is_null(&rows, 0)
                          ? db_column_text(&rows, 0, page->arena)
                          : "");
    template_set_flag(item, "has_news", news);
    template_set_time(item, "news_at", news_at, page->association.zone);
    add_age(item, page->now - news_at);
    db_rows_done(&rows);
    return err;
}

/* The one state of the endpoint, in the words of the template. */
static void add_endpoint(struct page *page, struct template_map *item,
                         const struct link_endpoints *known, const struct shown_secrets *secrets)
{
    static const struct link_endpoint_row nothing = {.reason = ""};
    bool planned = known->has[ENDPOINT_PLANNED], active = known->has[ENDPOINT_ACTIVE];
    bool retiring = known->has[ENDPOINT_RETIRING];
    const struct link_endpoint_row *row = planned  ? &known->rows[ENDPOINT_PLANNED]
                                          : active ? &known->rows[ENDPOINT_ACTIVE]
                                                   : &nothing;
    const struct link_endpoint_row *old = retiring ? &known->rows[ENDPOINT_RETIRING] : &nothing;
    bool by_hand = !planned && !active && secrets->webhook[0].present;

    template_set_flag(item, "is_listening", active && !planned && !*row->reason);
    template_set_flag(item, "is_troubled", active && !planned && *row->reason);
    template_set_flag(item, "is_unfinished", planned && !active);
    template_set_flag(item, "is_renewal_unfinished", planned && active);
    template_set_flag(item, "is_by_hand", by_hand);
    template_set_flag(item, "is_deaf", !planned && !active && !by_hand);
    settings_add_reason(page, item, row->reason);
    add_secret(page, item, "webhook",
               &secrets->webhook[active ? known->rows[ENDPOINT_ACTIVE].slot : 0]);
    template_set_flag(item, "can_renew", active && !retiring);
    template_set_flag(item, "is_renewing", retiring);
    template_set_time(item, "renewed_at", old->retire_at, page->association.zone);
    template_set_flag(item, "is_overdue", retiring && old->retire_at <= page->now);
    add_secret(page, item, "old", &secrets->webhook[old->slot]);
}

static bool may_embed(const struct page *page, const struct provider_account *account)
{
    const struct provider *provider =
        payment_provider(page->web->options.service, str_of(account->provider));
    struct provider_browser browser;

    return provider && provider->embeds &&
           provider->embeds(page->web->options.service->settings, account, &browser);
}

static enum err add_account(struct page *page, struct template_list *list,
                            const struct provider_account *account)
{
    struct template_map *item = template_list_add(list);
    struct shown_secrets secrets = {0};
    struct link_endpoints known = {0};
    enum err err = account->link_kind == ACCOUNT_KEYS /* keys of before are no more in use */
                       ? read_secrets(page, account->id, &secrets)
                       : OK;

    if (!err)
        err = link_endpoints_read(page->db, account->association_id, account->id, page->arena,
                                  &known);
    if (!err)
        err = add_keys(page, item, account->id);
    page_set_id(page, item, "id", account->id);
    template_set_text(item, "label", account->label);
    template_set_text(item, "external_id", account->external_id);
    template_set_flag(item, "is_test", account->mode == ACCOUNT_TEST);
    template_set_flag(item, "may_embed", may_embed(page, account));
    template_set_flag(item, "embedded", account->embedded);
    add_secret(page, item, "key", &secrets.api_key);
    add_endpoint(page, item, &known, &secrets);
    return err;
}

static enum err add_accounts(struct page *page, struct template_map *section)
{
    struct template_list *list = template_set_list(section, "accounts");
    struct provider_account *accounts = NULL;
    size_t count = 0;
    bool linked = false;
    enum err err =
        account_list_linked(page->db, page->association.id, page->arena, &accounts, &count);

    for (size_t i = 0; !err && i < count; i++)
        if (strcmp(accounts[i].provider, "stripe") == 0) {
            err = add_account(page, list, &accounts[i]);
            linked = true;
        }
    template_set_flag(section, "is_linked", linked);
    return err;
}

static enum err add_tokens(struct page *page, struct template_map *section)
{
    static const struct {
        const char *name, *path;
    } forms[] = {
        {"keys_token", "/parametrage/stripe/cles"},
        {"repair_token", "/parametrage/stripe/reparer"},
        {"renew_token", "/parametrage/stripe/secret"},
        {"end_token", "/parametrage/stripe/secret/fin"},
        {"card_token", "/parametrage/stripe/carte"},
    };
    enum err err = OK;

    for (size_t i = 0; !err && i < sizeof(forms) / sizeof(forms[0]); i++)
        err = page_form_token(page, section, forms[i].name, forms[i].path);
    return err;
}

enum err stripe_section_add(struct page *page, struct template_map *data, const struct form *form)
{
    struct template_map *section = template_set_map(data, "stripe");
    enum err err = add_accounts(page, section);

    if (!err)
        err = add_tokens(page, section);
    add_form(page, data, section, form);
    form_done(page,
              "stripe_relie|stripe_inactif|stripe_partiel|stripe_repare|stripe_renouvele|"
              "stripe_termine|stripe_ici|stripe_ailleurs",
              section);
    return err;
}

/* ---- what is done ---- */

static enum err done(struct page *page, const char *word)
{
    return http_redirect(page->response,
                         arena_printf(page->arena, SECTION "?fait=%s#stripe", word));
}

/* The page again, with what the outcome says. stored: the keys were not pasted now. */
static enum err refuse(struct page *page, const struct link_result *result, bool stored)
{
    struct stripe_form sent = {.result = result};
    int status = 500;

    form_init(&sent.form, faults, FAULT_COUNT);
    for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
        if (outcomes[i].outcome != result->outcome)
            continue;
        status = outcomes[i].status;
        form_fault(&sent.form, stored ? "account" : outcomes[i].field,
                   stored ? outcomes[i].stored : outcomes[i].word);
    }
    if (status == 503)
        http_header_add(page->response, "Retry-After", "60");
    return my_account_show(page, status, &sent.form, NULL);
}

enum err stripe_keys_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct link_press press = {
        .keys = {.secret = str_trim(http_field_text(request, "secret_key")),
                 .publishable = str_trim(http_field_text(request, "publishable_key"))}};
    struct link_result result = {0};
    enum err err = settings_link(page, "stripe", link_by_keys, &press, &result);

    (void)response;
    if (err)
        return err;
    if (result.keys_kept && result.outcome != LINK_DONE)
        return done(page, "stripe_partiel");
    if (result.outcome != LINK_DONE)
        return refuse(page, &result, false);
    return done(page, result.charges_enabled ? "stripe_relie" : "stripe_inactif");
}

static enum err post(struct http_request *request, link_operation *run, const char *word)
{
    struct page *page = page_of(request);
    struct link_press press = {.account_id = http_field_id(request, "compte")};
    struct link_result result = {0};
    enum err err = settings_link(page, "stripe", run, &press, &result);

    if (err)
        return err;
    return result.outcome == LINK_DONE ? done(page, word) : refuse(page, &result, true);
}

enum err stripe_repair_post(struct http_request *request, struct http_response *response)
{
    (void)response;
    return post(request, link_repair, "stripe_repare");
}

enum err stripe_renew_post(struct http_request *request, struct http_response *response)
{
    (void)response;
    return post(request, link_rotate, "stripe_renouvele");
}

enum err stripe_renewed_post(struct http_request *request, struct http_response *response)
{
    (void)response;
    return post(request, link_rotation_end, "stripe_termine");
}
