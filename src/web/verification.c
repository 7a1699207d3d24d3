#include "web/verification.h"

#include <string.h>

#include "payment/examine.h"

/* One linked account and what was found of it. */
struct examined {
    const struct provider_account *account;
    const struct provider *provider;
    struct findings findings;
};

/* ---- what it shows ---- */

void finding_level_set(struct template_map *map, enum finding_level level)
{
    template_set_flag(map, "is_good", level == FINDING_GOOD);
    template_set_flag(map, "is_warn", level == FINDING_WARN);
    template_set_flag(map, "is_bad", level == FINDING_BAD);
}

/* "il y a 3 jours" beside the exact time: the greatest whole unit. */
static void set_age(struct template_map *map, int64_t age_s)
{
    int64_t minutes = age_s < 0 ? 0 : age_s / 60;

    template_set_flag(map, "has_minutes", minutes < 60);
    template_set_flag(map, "has_hours", minutes >= 60 && minutes < 48 * 60);
    template_set_flag(map, "has_days", minutes >= 48 * 60);
    template_set_int(map, "minutes", minutes);
    template_set_int(map, "hours", minutes / 60);
    template_set_int(map, "days", minutes / (24 * 60));
}

/* The owner of the installation may be in no association: then its time is the capital's. */
const struct zone *finding_zone(const struct page *page)
{
    const struct zone *zone = NULL;

    if (page->has_association)
        return page->association.zone;
    require(zone_find("Europe/Paris", &zone) == OK);
    return zone;
}

/* Why something was not reached: one of a few words, or what was answered. */
static void set_reason(struct template_map *item, const char *text)
{
    static const char *const words[] = {"timeout", "network", "busy"};
    static const char *const flags[] = {"about_timeout", "about_network", "about_busy"};
    bool known = false;

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        bool same = strcmp(text, words[i]) == 0;

        template_set_flag(item, flags[i], same);
        known = known || same;
    }
    template_set_flag(item, "about_answer", !known);
    template_set_flag(item, "about_webhook", strcmp(text, "webhook") == 0);
}

void finding_add(struct page *page, struct template_list *list, const struct finding *finding)
{
    struct template_map *item = template_list_add(list);

    finding_level_set(item, finding->level);
    for (int key = 0; key < FINDING_KEYS_COUNT; key++)
        template_set_flag(item,
                          arena_printf(page->arena, "is_%s", finding_name((enum finding_key)key)),
                          key == (int)finding->key);
    template_set_text(item, "key", finding_name(finding->key));
    template_set_text(item, "text", finding->text);
    template_set_int(item, "number", finding->number);
    template_set_flag(item, "several", finding->number > 1);
    template_set_flag(item, "has_at", finding->at != 0);
    template_set_time(item, "at", finding->at, finding_zone(page));
    set_age(item, page->now - finding->at);
    set_reason(item, finding->text);
}

/* What is to be corrected stands first. */
static void add_account(struct page *page, struct template_list *list,
                        const struct examined *examined)
{
    const struct provider_account *account = examined->account;
    struct template_map *item = template_list_add(list);
    struct template_list *findings = template_set_list(item, "findings");

    template_set_text(item, "label", account->label);
    template_set_text(item, "provider", account->provider);
    template_set_text(item, "external_id",
                      *account->external_id ? account->external_id : account->email_folded);
    template_set_flag(item, "is_test", account->mode == ACCOUNT_TEST);
    template_set_flag(item, "is_paypal", strcmp(account->provider, "paypal") == 0);
    finding_level_set(item, findings_worst(&examined->findings));
    for (int level = FINDING_BAD; level >= FINDING_GOOD; level--)
        for (size_t i = 0; i < examined->findings.count; i++)
            if ((int)examined->findings.items[i].level == level)
                finding_add(page, findings, &examined->findings.items[i]);
}

/* ---- examining ---- */

/* Within reading: what we know ourselves. */
static enum err read_accounts(struct page *page, const struct provider_call *call,
                              struct examined **examined, size_t *count)
{
    struct provider_account *accounts = NULL;
    enum err err =
        account_list_linked(page->db, page->association.id, page->arena, &accounts, count);

    *examined = arena_array(page->arena, *count + 1, sizeof(**examined));
    for (size_t i = 0; !err && i < *count; i++) {
        struct examined *one = &(*examined)[i];

        one->account = &accounts[i];
        one->provider = payment_provider(page->web->options.service, str_of(accounts[i].provider));
        findings_init(&one->findings, page->arena);
        if (one->provider)
            err = examine_account(call, one->provider, &page->association, one->account,
                                  &one->findings);
    }
    return err;
}

/* Behind the gate, outside of reading: what the provider says now. */
static enum err ask(struct page *page, const struct provider_call *call, struct examined *one)
{
    enum err err;

    if (!one->provider || !one->provider->examine)
        return OK;
    if (gate_enter(&page->web->provider_gate)) {
        findings_add_text(&one->findings, FINDING_WARN, FINDING_UNREACHABLE, "busy");
        return OK;
    }
    err = one->provider->examine(call, &page->association, one->account, &one->findings);
    gate_leave(&page->web->provider_gate);
    return err;
}

/* ---- the page ---- */

enum err verification_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "verification");
    struct template_list *list = template_set_list(data, "accounts");
    struct provider_call call =
        payment_call(page->web->options.service, page->db, page->thread->client, page->arena);
    enum finding_level worst = FINDING_GOOD;
    struct examined *examined = NULL;
    size_t count = 0;
    enum err err = read_accounts(page, &call, &examined, &count);

    (void)response;
    page_end_reading(page);
    for (size_t i = 0; !err && i < count; i++) {
        err = ask(page, &call, &examined[i]);
        add_account(page, list, &examined[i]);
        if (findings_worst(&examined[i].findings) > worst)
            worst = findings_worst(&examined[i].findings);
    }
    finding_level_set(data, worst);
    template_set_flag(data, "without_provider", count == 0);
    template_set_time(data, "now", page->now, page->association.zone);
    return err ? err : page_render(page, 200, "verification.html", data);
}
