/*
 * The keys of PayPal's REST app in Mon compte: by them payments begin by PayPal's present way, and
 * PayPal tells of them at an address that Guichet keeps itself.
 */
#include "web/settings.h"

#include <string.h>

#include "payment/link.h"

#define SECTION "/parametrage/mon-compte"
#define KEYS_PATH "/parametrage/paypal/cles"
#define REPAIR_PATH "/parametrage/paypal/reparer"

const struct http_field paypal_keys_fields[] = {
    TOKEN_FIELD,
    {"client_id", HTTP_TEXT, 512, NULL, 0},
    {"client_secret", HTTP_SECRET, 512, NULL, 0},
    {0},
};

/* ---- what can be wrong ---- */

static const struct form_fault faults[] = {
    {"client_id", "empty"},
    {"client_id", "malformed"},
    {"client_id", "same"},
    {"client_secret", "empty"},
    {"client_secret", "malformed"},
    {"client_secret", "swapped"},
    {"client_secret", "unknown"},
    {"client_secret", "lacks"},
    {"account", "taken"},
    {"account", "attempts"},
    {"account", "busy"},
    {"account", "refused"},
    {"account", "unreachable"},
    {"account", "key_unknown"},
    {"account", "key_lacks"},
};
enum { FAULT_COUNT = sizeof(faults) / sizeof(faults[0]) };

/* Of pasted keys the first word holds; of keys that are stored already, `stored`. */
static const struct {
    enum link_outcome outcome;
    int status;
    const char *field, *word;
    const char *stored;
} outcomes[] = {
    {LINK_SECRET_EMPTY, 400, "client_secret", "empty", NULL},
    {LINK_SECRET_MALFORMED, 400, "client_secret", "malformed", NULL},
    {LINK_SECRET_IS_PUBLISHABLE, 400, "client_secret", "swapped", NULL},
    {LINK_PUBLISHABLE_EMPTY, 400, "client_id", "empty", NULL},
    {LINK_PUBLISHABLE_MALFORMED, 400, "client_id", "malformed", NULL},
    {LINK_PUBLISHABLE_IS_SECRET, 400, "client_id", "same", NULL},
    {LINK_KEY_UNKNOWN, 409, "client_secret", "unknown", "key_unknown"},
    {LINK_KEY_REVOKED, 409, "client_secret", "unknown", "key_unknown"},
    {LINK_KEY_LACKS, 409, "client_secret", "lacks", "key_lacks"},
    {LINK_ABSENT, 502, "account", "refused", "refused"},
    {LINK_REFUSED, 502, "account", "refused", "refused"},
    {LINK_UNREACHABLE, 503, "account", "unreachable", "unreachable"},
    {LINK_TAKEN, 409, "account", "taken", NULL},
    {LINK_ATTEMPTS_OPEN, 409, "account", "attempts", NULL},
    {LINK_BUSY, 503, "account", "busy", "busy"},
};

/* ---- what it shows ---- */

/* The one state of the address at PayPal. */
static void add_endpoint(struct page *page, struct template_map *keys,
                         const struct link_endpoints *known)
{
    static const struct link_endpoint_row nothing = {.reason = ""};
    bool planned = known->has[ENDPOINT_PLANNED], active = known->has[ENDPOINT_ACTIVE];
    const struct link_endpoint_row *row = planned  ? &known->rows[ENDPOINT_PLANNED]
                                          : active ? &known->rows[ENDPOINT_ACTIVE]
                                                   : &nothing;

    template_set_flag(keys, "is_listening", active && !planned && !*row->reason);
    template_set_flag(keys, "is_troubled", active && !planned && *row->reason);
    template_set_flag(keys, "is_unfinished", planned);
    template_set_flag(keys, "is_deaf", !planned && !active);
    settings_add_reason(page, keys, row->reason);
}

/* A secret that was pasted into the other field is not shown again. */
static struct str kept_client_id(const struct page *page)
{
    struct str typed = http_field_text(page->request, "client_id");

    return str_starts(typed, "A") ? typed : str_of("");
}

static void add_form(struct page *page, struct template_map *keys, const struct form *form)
{
    static const struct form clean = {.faults = faults, .count = FAULT_COUNT};
    bool ours = form && form->faults == faults;

    form_add(page, ours ? form : &clean, keys);
    template_set_str(keys, "typed_client_id", ours ? kept_client_id(page) : str_of(""));
}

enum err paypal_keys_add(struct page *page, struct template_map *section,
                         const struct provider_account *account, const struct form *form)
{
    struct template_map *keys = template_set_map(section, "keys");
    bool linked = account && account->client_id[0] != '\0';
    struct link_endpoints known = {0};
    enum err err = page_form_token(page, keys, "keys_token", KEYS_PATH);

    if (!err)
        err = page_form_token(page, keys, "repair_token", REPAIR_PATH);
    if (!err && linked)
        err = link_endpoints_read(page->db, account->association_id, account->id, page->arena,
                                  &known);
    template_set_flag(keys, "has_keys", linked);
    template_set_flag(keys, "is_older", account && !linked);
    template_set_flag(keys, "is_real", page->association.kind == ASSOCIATION_REAL);
    template_set_text(keys, "client_id", linked ? account->client_id : "");
    page_set_id(page, keys, "id", linked ? account->id : 0);
    add_endpoint(page, keys, &known);
    add_form(page, keys, form);
    return err;
}

/* ---- what is done ---- */

static enum err done(struct page *page, const char *word)
{
    return http_redirect(page->response,
                         arena_printf(page->arena, SECTION "?fait=%s#paypal", word));
}

/* The page again, with what the outcome says. stored: the keys were not pasted now. */
static enum err refuse(struct page *page, const struct link_result *result, bool stored)
{
    struct form form;
    int status = 500;

    form_init(&form, faults, FAULT_COUNT);
    for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
        if (outcomes[i].outcome != result->outcome)
            continue;
        status = outcomes[i].status;
        form_fault(&form, stored ? "account" : outcomes[i].field,
                   stored ? outcomes[i].stored : outcomes[i].word);
    }
    if (status == 503)
        http_header_add(page->response, "Retry-After", "60");
    return my_account_show(page, status, NULL, &form);
}

enum err paypal_keys_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct link_press press = {
        .keys = {.secret = str_trim(http_field_text(request, "client_secret")),
                 .publishable = str_trim(http_field_text(request, "client_id"))}};
    struct link_result result = {0};
    enum err err = settings_link(page, "paypal", link_by_keys, &press, &result);

    (void)response;
    if (err)
        return err;
    if (result.outcome == LINK_DONE)
        return done(page, "paypal_cles");
    return result.keys_kept ? done(page, "paypal_partiel") : refuse(page, &result, false);
}

enum err paypal_repair_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct link_press press = {.account_id = http_field_id(request, "compte")};
    struct link_result result = {0};
    enum err err = settings_link(page, "paypal", link_repair, &press, &result);

    (void)response;
    if (err)
        return err;
    return result.outcome == LINK_DONE ? done(page, "paypal_repare") : refuse(page, &result, true);
}
