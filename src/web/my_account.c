#include "web/reference.h"
#include "web/settings.h"

#include <string.h>

/* ---- what the sections share ---- */

static void add_account(struct page *page, struct template_list *list,
                        const struct provider_account *account)
{
    struct template_map *item = template_list_add(list);

    page_set_id(page, item, "id", account->id);
    template_set_text(item, "label", account->label);
    template_set_text(item, "external_id", account->external_id);
    template_set_text(item, "email", account->email_folded);
    template_set_flag(item, "is_test", account->mode == ACCOUNT_TEST);
    template_set_flag(item, "is_verified", account->verified);
}

enum err settings_add_accounts(struct page *page, struct template_map *section,
                               const char *provider)
{
    struct template_list *list = template_set_list(section, "accounts");
    struct provider_account *accounts = NULL;
    size_t count = 0;
    bool linked = false;
    enum err err =
        account_list_linked(page->db, page->association.id, page->arena, &accounts, &count);

    for (size_t i = 0; !err && i < count; i++)
        if (strcmp(accounts[i].provider, provider) == 0) {
            add_account(page, list, &accounts[i]);
            linked = true;
        }
    template_set_flag(section, "is_linked", linked);
    return err;
}

enum err settings_add_without_provider(struct page *page, struct template_map *data)
{
    struct provider_account *accounts = NULL;
    size_t count = 0;
    enum err err =
        account_list_linked(page->db, page->association.id, page->arena, &accounts, &count);

    template_set_flag(data, "without_provider", count == 0);
    return err ? err : terms_add_advice(page, data);
}

/* ---- speaking with a provider ---- */

enum err settings_link(struct page *page, const char *provider, link_operation *run,
                       struct link_press *press, struct link_result *result)
{
    const struct payment_service *service = page->web->options.service;
    struct provider_call call = payment_call(service, page->db, page->thread->client, page->arena);
    enum err err = gate_enter(&page->web->provider_gate);

    if (err == ERR_BUSY) {
        *result = (struct link_result){.outcome = LINK_BUSY};
        return OK;
    }
    if (err)
        return err;
    press->association_id = page->association.id;
    press->actor = page_actor(page);
    press->provider = provider;
    err = run(service, &call, press, result);
    gate_leave(&page->web->provider_gate);
    return err; /* of another association: the dispatcher notes it */
}

void settings_add_reason(struct page *page, struct template_map *item, const char *reason)
{
    static const char *const reasons[] = {"key_unknown", "key_revoked", "key_lacks",
                                          "absent",      "refused",     "unreachable"};

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        template_set_flag(item, arena_printf(page->arena, "why_%s", reasons[i]),
                          strcmp(reasons[i], reason) == 0);
}

/* ---- the page ---- */

enum err my_account_show(struct page *page, int status, const struct form *stripe,
                         const struct form *paypal)
{
    struct template_map *data = page_data(page, "mon_compte");
    enum err err = page_begin_reading(page);

    if (!err)
        err = association_section_add(page, data);
    if (!err)
        err = stripe_section_add(page, data, stripe);
    unlink_add(page, data);
    if (!err)
        err = stripe_connect_add(page, data);
    if (!err)
        err = paypal_section_add(page, data, paypal);
    if (!err)
        err = settings_add_without_provider(page, data);
    template_set_flag(data, "has_copy", true);
    return err ? err : page_render(page, status, "mon-compte.html", data);
}

enum err my_account_get(struct http_request *request, struct http_response *response)
{
    (void)response;
    return my_account_show(page_of(request), 200, NULL, NULL);
}

enum err settings_get(struct http_request *request, struct http_response *response)
{
    (void)request;
    return http_redirect(response, "/parametrage/mon-compte");
}
