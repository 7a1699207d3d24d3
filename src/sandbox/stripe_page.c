#include <string.h>

#include "base/money.h"
#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox/stripe_embedded.h"
#include "sandbox/stripe_page.h"
#include "sandbox_queries.h"

/* ---- the page of a session ---- */

enum err stripe_page_session(const struct http_request *request, json_t **session)
{
    const char *id = str_copy(request->arena, request->path_parts[0]);

    return row_need(sandbox_db(request), SQ_STRIPE_SESSION_BY_ID, DB_VALUES(db_text(id)),
                    "session", session);
}

/* "{CHECKOUT_SESSION_ID}" in an address becomes the session's id. */
static const char *with_session(struct arena *arena, const char *url, const char *id)
{
    static const char mark[] = "{CHECKOUT_SESSION_ID}";
    struct buffer text;
    const char *found = NULL;

    buffer_init(&text, arena, 256);
    while ((found = strstr(url, mark))) {
        buffer_add(&text, url, (size_t)(found - url));
        buffer_add_text(&text, id);
        url = found + sizeof(mark) - 1;
    }
    buffer_add_text(&text, url);
    return text.data;
}

const char *stripe_success_url(struct arena *arena, const json_t *session)
{
    const char *url = row_text(session, "success_url");

    if (!url)
        url = row_text(json_object_get(session, "parameters"), "return_url");
    return url ? with_session(arena, url, row_text(session, "id")) : NULL;
}

static const struct currency *currency_of(const json_t *session)
{
    char capitals[4] = "";
    const char *code = row_text(session, "currency");

    for (int i = 0; i < 3; i++)
        capitals[i] = (char)(code[i] - 'a' + 'A');
    return money_currency(capitals);
}

void stripe_page_set_amount(struct template_map *map, const json_t *session)
{
    template_set_money(map, "amount", row_integer(session, "amount"), currency_of(session));
}

static void set_url(struct template_map *map, const char *name, const char *url)
{
    if (url)
        template_set_text(map, name, url);
    else
        template_set_none(map, name);
}

static void set_items(struct template_map *map, const json_t *session)
{
    const json_t *items = json_object_get(json_object_get(session, "parameters"), "line_items");
    struct template_list *list = template_set_list(map, "items");

    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        const json_t *price = json_object_get(item, "price_data");
        const json_t *product = json_object_get(price, "product_data");
        struct template_map *line = template_list_add(list);
        const char *description = row_text(product, "description");

        template_set_text(line, "name", row_text(product, "name"));
        set_url(line, "description", description);
        template_set_int(line, "quantity", row_integer(item, "quantity"));
        template_set_flag(line, "several", row_integer(item, "quantity") > 1);
    }
}

static bool has_method(const json_t *session, const char *name)
{
    const json_t *types = json_object_get(session, "payment_method_types");

    for (size_t i = 0; i < json_array_size(types); i++)
        if (!strcmp(json_string_value(json_array_get(types, i)), name))
            return true;
    return false;
}

static struct template_map *session_map(const struct http_request *request, const json_t *session)
{
    struct template_map *map = template_map_new(request->arena);
    const char *email = row_text(json_object_get(session, "parameters"), "customer_email");
    const struct sandbox *sandbox = sandbox_of(request);
    bool open = row_is(session, "status", "open") &&
                row_integer(session, "expires_at") > sandbox_now(sandbox);

    template_set_text(map, "id", row_text(session, "id"));
    template_set_text(map, "business", row_text(session, "account_name"));
    stripe_page_set_amount(map, session);
    template_set_flag(map, "live", row_flag(session, "livemode"));
    template_set_flag(map, "open", open);
    template_set_flag(map, "embedded", stripe_is_embedded(session));
    template_set_flag(map, "paid", row_is(session, "payment_status", "paid"));
    template_set_flag(map, "pending",
                      row_is(session, "status", "complete") &&
                          row_is(session, "payment_status", "unpaid"));
    template_set_flag(map, "expired", !open && !row_is(session, "status", "complete"));
    template_set_flag(map, "card", has_method(session, "card"));
    template_set_flag(map, "sepa", has_method(session, "sepa_debit"));
    template_set_text(map, "email", email ? email : "membre@example.org");
    template_set_int(map, "settle_s", sandbox->options.sepa_delay_s);
    set_url(map, "cancel_url", row_text(session, "cancel_url"));
    set_url(map, "success_url", stripe_success_url(request->arena, session));
    set_items(map, session);
    return map;
}

/* Which refusal the page explains; code NULL explains none. */
static void set_refusal(struct template_map *map, const char *code, const char *decline_code)
{
    static const char *const known[] = {
        "insufficient_funds", "expired_card",        "incorrect_cvc",
        "incorrect_number",   "test_mode_live_card", "payment_intent_authentication_failure",
        "unknown_iban"};
    bool found = false;

    template_set_flag(map, "refused", code != NULL);
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        bool is =
            (code && !strcmp(code, known[i])) || (decline_code && !strcmp(decline_code, known[i]));

        template_set_flag(map, known[i], is);
        found |= is;
    }
    template_set_flag(map, "declined", code && !found);
}

enum err stripe_page_show(struct http_request *request, struct http_response *response,
                          const json_t *session, const char *code, const char *decline_code)
{
    struct template_map *map = session_map(request, session);

    set_refusal(map, code, decline_code);
    return stripe_is_embedded(session)
               ? page_answer_framed(request, response, 200, "stripe.html", map)
               : page_answer(request, response, 200, "stripe.html", map);
}

enum err stripe_page_handler(struct http_request *request, struct http_response *response)
{
    json_auto_t *session = NULL;
    enum err err = stripe_page_session(request, &session);

    return err ? err : stripe_page_show(request, response, session, NULL, NULL);
}
