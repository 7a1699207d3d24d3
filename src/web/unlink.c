#include "web/settings.h"

#include "payment/unlink.h"
#include "queries.h"

#include <string.h>

enum { IN_PROGRESS_SHOWN = 50 };

/* What a press led to, told above the page; the others lead back to Mon compte. */
static const char *const troubles[] = {"is_live"};

/* Back to Mon compte, which says what is left to do. */
static enum err leave(struct page *page, const char *provider, enum unlink_step step)
{
    return http_redirect(page->response,
                         arena_printf(page->arena, "/parametrage/mon-compte%s%s#%s",
                                      step == UNLINK_DONE ? "?dissocie=" : "",
                                      step == UNLINK_DONE ? provider : "", provider));
}

/* ---- which account ---- */

static enum err first_linked(struct page *page, const char *provider,
                             struct provider_account *account)
{
    struct provider_account *accounts = NULL;
    size_t count = 0;
    enum err err =
        account_list_linked(page->db, page->association.id, page->arena, &accounts, &count);

    for (size_t i = 0; !err && i < count; i++)
        if (strcmp(accounts[i].provider, provider) == 0) {
            *account = accounts[i];
            return OK;
        }
    return err ? err : fail(ERR_NOT_FOUND, "no linked account of that provider");
}

/* Of this association and provider: any other is as one that does not exist (the dispatcher
 * notes it). */
static enum err find_account(struct page *page, const char *provider,
                             struct provider_account *account)
{
    int64_t account_id = http_field_id(page->request, "compte");
    enum err err =
        account_id ? account_find(page->db, page->association.id, account_id, page->arena, account)
                   : first_linked(page, provider, account);

    if (!err && strcmp(account->provider, provider) != 0)
        err = fail(ERR_NOT_FOUND, "an account of another provider");
    return err;
}

/* ---- the page ---- */

static void add_attempt(struct page *page, struct template_list *list, const struct db_rows *rows)
{
    struct template_map *item = template_list_add(list);
    const struct currency *currency = money_currency(db_column_text(rows, 3, page->arena));

    template_set_flag(item, "is_processing", str_is(db_column_str(rows, 1), "processing"));
    template_set_money(item, "amount", db_column_int(rows, 2),
                       currency ? currency : page->association.currency);
    template_set_time(item, "since", db_column_int(rows, 4), page->association.zone);
    template_set_int(item, "number", db_column_int(rows, 5));
    template_set_text(item, "member", db_column_text(rows, 6, page->arena));
}

static enum err add_attempts(struct page *page, struct template_map *data,
                             const struct provider_account *account)
{
    struct template_list *list = template_set_list(data, "attempts");
    struct db_rows rows = {0};
    int64_t open = 0, processing = 0;
    bool found = false;
    enum err err = db_select(
        page->db, Q_CONNECT_IN_PROGRESS,
        DB_VALUES(db_int(page->association.id), db_int(account->id), db_int(IN_PROGRESS_SHOWN)),
        &rows);

    while (!err && !(err = db_next(&rows, &found)) && found) {
        add_attempt(page, list, &rows);
        *(str_is(db_column_str(&rows, 1), "processing") ? &processing : &open) += 1;
    }
    db_rows_done(&rows);
    template_set_flag(data, "has_attempts", open + processing > 0);
    template_set_flag(data, "has_open", open > 0);
    template_set_flag(data, "several_open", open > 1);
    template_set_int(data, "open_count", open);
    template_set_flag(data, "has_processing", processing > 0);
    return err;
}

static enum err show(struct page *page, const struct provider_account *account, int status,
                     const char *trouble)
{
    struct template_map *data = page_data(page, "dissocier");
    bool stripe = strcmp(account->provider, "stripe") == 0;
    enum err err = page_begin_reading(page);

    page_flags(data, troubles, sizeof(troubles) / sizeof(troubles[0]), trouble);
    template_set_flag(data, "in_error", trouble != NULL);
    template_set_flag(data, "is_stripe", stripe);
    template_set_flag(data, "is_connect", account->link_kind == ACCOUNT_CONNECT);
    template_set_flag(data, "is_account_linked", account->linked);
    template_set_text(data, "provider_label", page_provider_label(page, account->provider));
    template_set_text(data, "account",
                      account->external_id[0] ? account->external_id : account->email_folded);
    template_set_text(data, "action", page->route->path);
    page_set_id(page, data, "account_id", account->id);
    if (!err)
        err = add_attempts(page, data, account);
    if (!err)
        err = page_form_token(page, data, "form_token", page->route->path);
    return err ? err : page_render(page, status, "dissocier.html", data);
}

static enum err unlink_get(struct page *page, const char *provider)
{
    struct provider_account account;
    enum err err = find_account(page, provider, &account);

    if (err == ERR_NOT_FOUND && !http_field_id(page->request, "compte"))
        return leave(page, provider, UNLINK_HELD);
    if (err)
        return err;
    if (!account.linked && (account.link_kind != ACCOUNT_CONNECT || account.revoked))
        return leave(page, provider, UNLINK_HELD);
    return show(page, &account, 200, NULL);
}

/* ---- the press ---- */

static enum err unlink_post(struct page *page, const char *provider)
{
    const struct payment_service *service = page->web->options.service;
    const struct audit_actor actor = page_actor(page);
    struct provider_call call = payment_call(service, page->db, page->thread->client, page->arena);
    struct provider_account account;
    enum unlink_step step = UNLINK_LIVE;
    enum err err = find_account(page, provider, &account);

    if (!err)
        err = gate_enter(&page->web->provider_gate);
    if (err)
        return err;
    err = payment_unlink(service, &call, page->association.id, account.id, &actor, &step);
    gate_leave(&page->web->provider_gate);
    if (err)
        return err;
    if (step != UNLINK_LIVE)
        return leave(page, provider, step);
    http_header_add(page->response, "Retry-After", "30");
    return show(page, &account, 503, "is_live");
}

enum err stripe_unlink_get(struct http_request *request, struct http_response *response)
{
    (void)response;
    return unlink_get(page_of(request), "stripe");
}

enum err stripe_unlink_post(struct http_request *request, struct http_response *response)
{
    (void)response;
    return unlink_post(page_of(request), "stripe");
}

enum err paypal_unlink_get(struct http_request *request, struct http_response *response)
{
    (void)response;
    return unlink_get(page_of(request), "paypal");
}

enum err paypal_unlink_post(struct http_request *request, struct http_response *response)
{
    (void)response;
    return unlink_post(page_of(request), "paypal");
}

/* ---- what Mon compte says afterwards ---- */

void unlink_add(struct page *page, struct template_map *data)
{
    struct str provider = http_field_text(page->request, "dissocie");

    template_set_flag(data, "unlinked_stripe", str_is(provider, "stripe"));
    template_set_flag(data, "unlinked_paypal", str_is(provider, "paypal"));
}
