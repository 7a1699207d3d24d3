#include "web/settings.h"

#include "base/random.h"
#include "payment/consent.h"
#include "payment/platform.h"
#include "payment/unlink.h"
#include "queries.h"

#include <string.h>

/* ---- what a try led to ---- */

/* The words of "?stripe=": a sentence of the partial each. Those of OAuth come from Stripe. */
static const char *const words[] = {
    "associe",         "access_denied",  "invalid_client",         "invalid_grant",
    "invalid_request", "invalid_scope",  "unsupported_grant_type", "unsupported_response_type",
    "wrong_mode",      "wrong_currency", "other_association",      "attempts_open",
    "unclear",         "other_error",    "state_unknown",          "state_expired",
    "state_used",      "not_ready"};

enum { OAUTH_WORDS_FIRST = 1, OAUTH_WORDS_LAST = 8 };

static enum err tell(struct page *page, const char *word)
{
    return http_redirect(
        page->response,
        arena_printf(page->arena, "/parametrage/mon-compte?stripe=%s#stripe", word));
}

/* A word from outside becomes one of ours. */
static const char *oauth_word(struct str word)
{
    for (int i = OAUTH_WORDS_FIRST; i <= OAUTH_WORDS_LAST; i++)
        if (str_is(word, words[i]))
            return words[i];
    return "other_error";
}

/* ---- the section ---- */

static enum account_mode mode_of(const struct association *association)
{
    return association->kind == ASSOCIATION_REAL ? ACCOUNT_LIVE : ACCOUNT_TEST;
}

/* What the section says of one account; the last ones only when something hangs on them. */
static void add_account(struct page *page, struct template_list *list, const struct db_rows *rows,
                        bool *linked, bool *with_keys)
{
    bool is_linked = db_column_is_null(rows, 6),
         connect = str_is(db_column_str(rows, 5), "connect");
    bool revoked = !db_column_is_null(rows, 7), withdrawn = db_column_int(rows, 8) != 0;
    int64_t in_progress = db_column_int(rows, 9), to_check = db_column_int(rows, 10);
    bool unfinished = !is_linked && connect && !revoked;
    struct template_map *item;

    *linked = *linked || is_linked;
    *with_keys = *with_keys || (is_linked && !connect);
    if (!is_linked && !unfinished && !withdrawn && !in_progress && !to_check)
        return;
    item = template_list_add(list);
    page_set_id(page, item, "id", db_column_int(rows, 0));
    template_set_text(item, "external_id", db_column_text(rows, 2, page->arena));
    template_set_flag(item, "is_account_linked", is_linked);
    template_set_flag(item, "by_consent", is_linked && connect);
    template_set_flag(item, "is_unfinished", unfinished);
    template_set_flag(item, "is_withdrawn", withdrawn);
    template_set_flag(item, "has_in_progress", in_progress > 0);
    template_set_int(item, "in_progress", in_progress);
    template_set_flag(item, "several_in_progress", in_progress > 1);
    template_set_flag(item, "has_to_check", to_check > 0);
    template_set_int(item, "to_check", to_check);
    template_set_flag(item, "several_to_check", to_check > 1);
}

static enum err add_accounts(struct page *page, struct template_map *section, bool ready)
{
    struct template_list *list = template_set_list(section, "consents");
    bool linked = false, with_keys = false, found = false;
    struct db_rows rows = {0};
    enum err err = db_select(page->db, Q_CONNECT_ACCOUNT_LIST,
                             DB_VALUES(db_int(page->association.id), db_text("stripe")), &rows);

    while (!err && !(err = db_next(&rows, &found)) && found)
        add_account(page, list, &rows, &linked, &with_keys);
    db_rows_done(&rows);
    template_set_flag(section, "may_associate", ready && (!linked || with_keys));
    template_set_flag(section, "with_keys", with_keys);
    return err;
}

enum err stripe_connect_add(struct page *page, struct template_map *data)
{
    struct template_map *section = template_set_map(data, "connect");
    struct str chosen = http_field_text(page->request, "stripe");
    bool ready = false;
    enum err err = platform_ready(page->db, mode_of(&page->association), &ready);

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        template_set_flag(section, arena_printf(page->arena, "says_%s", words[i]),
                          str_is(chosen, words[i]));
    template_set_flag(section, "has_trouble", !str_empty(chosen) && !str_is(chosen, words[0]));
    template_set_text(section, "currency", page->association.currency->code);
    if (!err)
        err = add_accounts(page, section, ready);
    return err ? err
               : page_form_token(page, section, "associate_token", "/parametrage/stripe/associer");
}

/* ---- the way there ---- */

struct asking {
    struct consent_request request;
    struct audit_actor actor;
};

static enum err write_request(struct db *db, void *argument)
{
    const struct asking *asking = argument;

    return consent_ask(db, &asking->request, &asking->actor);
}

static struct consent_asker asker_of(const struct page *page)
{
    return (struct consent_asker){.association_id = page->association.id,
                                  .login_id = page->session.login_id,
                                  .session_hash = page->session.token_hash,
                                  .now = page->now};
}

static const struct provider *stripe_of(const struct page *page)
{
    return payment_provider(page->web->options.service, str_of("stripe"));
}

static const struct provider_consent *stripe_consent(const struct page *page)
{
    const struct provider *provider = stripe_of(page);

    return provider ? provider->consent : NULL;
}

static enum err go_there(struct page *page, struct asking *asking)
{
    const struct payment_service *service = page->web->options.service;
    struct provider_call call = payment_call(service, page->db, page->thread->client, page->arena);
    const struct consent_visit visit = {
        .mode = mode_of(&page->association),
        .state = asking->request.state,
        .email = page->association.email,
        .return_url =
            arena_printf(page->arena, "%s/parametrage/stripe/retour", service->settings->base_url),
    };
    const char *url = NULL;
    enum err err = stripe_consent(page)->address(&call, &visit, &url);

    if (!err && !guard_provider_url(service->settings, url))
        err = fail(ERR_INTERNAL, "the page of consent is not where it was configured");
    if (!err)
        err = db_write(service->writer, write_request, asking);
    return err ? err : http_redirect(page->response, url);
}

enum err stripe_associate_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct asking asking = {.request.asker = asker_of(page), .actor = page_actor(page)};
    bool ready = false;
    enum err err = platform_ready(page->db, mode_of(&page->association), &ready);

    (void)response;
    if (!err && (!ready || !stripe_consent(page)))
        return tell(page, "not_ready");
    if (!err)
        err = consent_make_state(&asking.request);
    return err ? err : go_there(page, &asking);
}

/* ---- the way back ---- */

/* One return: what its steps hand on. */
struct coming {
    struct page *page;
    struct consent_asker asker;
    struct str state;
    enum consent_fate fate;
    struct link_account_draft draft;
    struct audit_actor actor;
    enum link_outcome outcome;
};

static enum err write_taken(struct db *db, void *argument)
{
    struct coming *coming = argument;

    return consent_take(db, coming->state, &coming->asker, &coming->fate);
}

static enum err write_link(struct db *db, void *argument)
{
    struct coming *coming = argument;

    return consent_link(db, &coming->draft, &coming->actor, &coming->outcome);
}

static enum err prepare_draft(struct coming *coming, const struct consent_answer *answer)
{
    struct page *page = coming->page;
    char *public_id = arena_alloc(page->arena, RANDOM_TOKEN_MAX);
    char *since_day = arena_alloc(page->arena, DATE_TEXT_MAX);
    enum err err = random_token(public_id);

    coming->actor = page_actor(page);
    coming->draft = (struct link_account_draft){
        .association_id = page->association.id,
        .provider = "stripe",
        .mode = mode_of(&page->association),
        .link_kind = ACCOUNT_CONNECT,
        .external_id = answer->external_id,
        .label = "Stripe",
        .transit_account = "5171",
        .since_day = date_format_iso(since_day, zone_date(page->association.zone, page->now)),
        .new_public_id = public_id,
        .now = page->now,
    };
    return err ? err : random_id(&coming->draft.new_id);
}

/* What was given and leads nowhere is given back, and said. */
static enum err decline(struct coming *coming, const struct provider_call *call,
                        const struct consent_answer *answer, const char *word)
{
    enum account_mode mode = mode_of(&coming->page->association);

    if (strcmp(word, "wrong_mode") == 0)
        mode = mode == ACCOUNT_LIVE ? ACCOUNT_TEST : ACCOUNT_LIVE;
    if (*answer->external_id)
        consent_decline(call, stripe_of(coming->page), mode, answer->external_id);
    return tell(coming->page, word);
}

static enum err keep_account(struct coming *coming, const struct provider_call *call,
                             const struct consent_answer *answer)
{
    struct page *page = coming->page;
    enum err err;

    if (!str_equal_ignoring_case(str_of(answer->currency),
                                 str_of(page->association.currency->code)))
        return decline(coming, call, answer, "wrong_currency");
    err = prepare_draft(coming, answer);
    if (!err)
        err = db_write(page->web->options.service->writer, write_link, coming);
    if (err)
        return err;
    if (coming->outcome == LINK_TAKEN)
        return decline(coming, call, answer, "other_association");
    if (coming->outcome == LINK_ATTEMPTS_OPEN)
        return decline(coming, call, answer, "attempts_open");
    return tell(page, "associe");
}

/* The code is changed once, for the state was taken: a second visit of the address ends before. */
static enum err exchange(struct coming *coming, struct str code)
{
    struct page *page = coming->page;
    struct provider_call call =
        payment_call(page->web->options.service, page->db, page->thread->client, page->arena);
    struct consent_answer answer = {0};
    enum err err =
        stripe_consent(page)->exchange(&call, mode_of(&page->association), code, &answer);

    if (err)
        return err;
    if (answer.verdict == CONSENT_UNCLEAR)
        return tell(page, "unclear");
    if (answer.verdict == CONSENT_REFUSED)
        return decline(coming, &call, &answer,
                       strcmp(answer.word, "wrong_mode") == 0 ? "wrong_mode"
                                                              : oauth_word(str_of(answer.word)));
    return keep_account(coming, &call, &answer);
}

static enum err come_back(struct coming *coming)
{
    static const char *const fates[] = {[CONSENT_UNKNOWN] = "state_unknown",
                                        [CONSENT_EXPIRED] = "state_expired",
                                        [CONSENT_USED] = "state_used"};
    struct page *page = coming->page;
    struct str error = http_field_text(page->request, "error");
    struct str code = http_field_text(page->request, "code");
    enum err err = db_write(page->web->options.service->writer, write_taken, coming);

    if (err)
        return err;
    if (coming->fate != CONSENT_TAKEN)
        return tell(page, fates[coming->fate]);
    if (!str_empty(error) || str_empty(code))
        return tell(page, oauth_word(error));
    return exchange(coming, code);
}

/* A GET that writes: the state, good once, is what allows it. (security.md row 9.) */
enum err stripe_return_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct coming coming = {
        .page = page, .asker = asker_of(page), .state = http_field_text(request, "state")};
    enum err err;

    (void)response;
    page_end_reading(page);
    if (coming.state.len != CONSENT_STATE_LEN || !stripe_consent(page))
        return tell(page, "state_unknown");
    err = gate_enter(&page->web->provider_gate);
    if (err)
        return err;
    err = come_back(&coming);
    gate_leave(&page->web->provider_gate);
    return err;
}
