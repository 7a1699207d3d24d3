#include "web/internal.h"

#include "association/cart.h"
#include "association/member.h"
#include "base/random.h"
#include "payment/account.h"
#include "payment/intent.h"
#include "payment/room.h"

#include <string.h>

/* Which sentence stands beside the form. */
static const char *const troubles[] = {
    "amount_empty",     "amount_not_a_number",  "amount_too_precise",   "amount_zero",
    "amount_too_large", "amount_below_minimum", "amount_above_maximum", "amount_below_provider",
    "amount_in_part",   "amount_above_debt",    "nothing_due",          "balance_changed",
    "account_gone",     "provider_refused",     "provider_busy",        "still_in_progress",
};
enum { TROUBLE_COUNT = sizeof(troubles) / sizeof(troubles[0]) };

/* What the page is made of. */
struct cart {
    struct page *page;
    struct template_map *data;
    const struct currency *currency;
    int64_t balance_cents;
    int64_t in_progress_cents;
    const struct payment_intent *live;
    struct payment_room room;
};

/* ---- the hero ---- */

static void set_hero(struct cart *cart)
{
    int64_t balance = cart->balance_cents;

    template_set_int(cart->data, "balance_cents", balance);
    template_set_money(cart->data, "balance", balance < 0 ? -balance : balance, cart->currency);
    template_set_flag(cart->data, "owes", balance > 0);
    template_set_flag(cart->data, "in_advance", balance < 0);
    template_set_flag(cart->data, "settled", balance == 0);
}

/* ---- amounts in progress ---- */

static enum err add_in_progress(struct cart *cart, struct template_list *list,
                                const struct payment_intent *intent)
{
    struct page *page = cart->page;
    struct template_map *item = template_list_add(list);
    const struct provider *provider =
        payment_provider(page->web->options.service, str_of(intent->provider));
    bool live = intent_state_live(intent->state);
    bool resumes =
        intent->state == INTENT_OPEN && intent->provider_url && provider && provider->asks;

    template_set_money(item, "amount", intent->amount_cents, cart->currency);
    template_set_text(item, "provider", page_provider_label(page, intent->provider));
    template_set_text(item, "token", intent->token);
    template_set_time(item, "since", intent->created_at, page->association.zone);
    template_set_time(item, "until", intent->expires_at, page->association.zone);
    template_set_flag(item, "live", live);
    template_set_flag(item, "opening", intent->state == INTENT_CREATED);
    template_set_flag(item, "open", intent->state == INTENT_OPEN);
    template_set_flag(item, "asks", provider && provider->asks);
    template_set_flag(item, "resumes", resumes);
    template_set_text(item, "resume_url", resumes ? intent->provider_url : "");
    return page_form_token(page, item, "abandon_token", "/paiement/{}/abandonner");
}

static enum err set_in_progress(struct cart *cart)
{
    struct page *page = cart->page;
    struct template_list *list = template_set_list(cart->data, "in_progress");
    struct payment_intent *intents;
    size_t count;
    enum err err = intent_in_progress(page->db, page->association.id, page->session.member_id,
                                      page->arena, &intents, &count, &cart->in_progress_cents);

    for (size_t i = 0; !err && i < count; i++) {
        if (intent_state_live(intents[i].state))
            cart->live = &intents[i];
        err = add_in_progress(cart, list, &intents[i]);
    }
    if (err)
        return err;
    template_set_flag(cart->data, "has_in_progress", count > 0);
    template_set_int(cart->data, "in_progress_cents", cart->in_progress_cents);
    template_set_money(cart->data, "in_progress_sum", cart->in_progress_cents, cart->currency);
    template_set_flag(cart->data, "has_live", cart->live != NULL);
    return OK;
}

/* ---- the form ---- */

/* A provider that takes the association's currency: its button, or the sentence that stands for it
 * when the debt is smaller than it takes. *buttons counts the former. */
static bool add_provider(struct cart *cart, struct template_list *list,
                         const struct provider_account *account, int *buttons)
{
    struct page *page = cart->page;
    const struct provider *provider =
        payment_provider(page->web->options.service, str_of(account->provider));
    int64_t due_cents = cart->room.due_cents;
    struct provider_limits limits;
    struct template_map *item;
    bool too_small;

    if (!provider)
        return false;
    limits = provider->limits(cart->currency);
    if (!limits.currency_supported)
        return false;
    item = template_list_add(list);
    page_set_id(page, item, "id", account->id);
    template_set_text(item, "name", provider->name);
    template_set_text(item, "label", provider->label);
    template_set_flag(item, "by_card", strcmp(provider->name, "stripe") == 0);
    too_small = due_cents > 0 && due_cents < limits.minimum_cents;
    *buttons += !too_small;
    template_set_flag(item, "too_small", too_small);
    template_set_money(item, "smallest", limits.minimum_cents, cart->currency);
    return true;
}

/* Only one amount can be asked for: it is not typed. */
static bool exact(const struct cart *cart)
{
    return cart->room.lowest_cents == cart->room.highest_cents;
}

static void set_amount(struct cart *cart, const struct cart_trouble *trouble)
{
    const struct payment_room *room = &cart->room;
    struct str typed = trouble ? trouble->typed : (struct str){0};
    int64_t proposed = exact(cart) ? room->lowest_cents : room->due_cents;
    char *amount = arena_alloc(cart->page->arena, MONEY_TEXT_MAX);

    if (typed.data && !exact(cart))
        template_set_str(cart->data, "amount", typed);
    else if (proposed > 0)
        template_set_text(cart->data, "amount",
                          money_format_input(amount, proposed, cart->currency));
    else
        template_set_text(cart->data, "amount", "");
    template_set_flag(cart->data, "pays_debt", room->debt_cents > 0);
}

/* What the options leave room for, and why nothing can be paid when nothing can. */
static void set_room(struct cart *cart)
{
    const struct association *association = &cart->page->association;
    const struct payment_room *room = &cart->room;
    bool fits = room->lowest_cents <= room->highest_cents;
    bool none = !association->advances && room->debt_cents <= 0;

    template_set_flag(cart->data, "exact", exact(cart));
    template_set_flag(cart->data, "in_parts", association->part_payments);
    template_set_flag(cart->data, "in_advances", association->advances);
    template_set_money(cart->data, "lowest", room->lowest_cents, cart->currency);
    template_set_money(cart->data, "highest", room->highest_cents, cart->currency);
    template_set_flag(cart->data, "nothing_to_pay", none);
    template_set_flag(cart->data, "debt_too_small",
                      !fits && !none && room->highest_cents < association->amount_min_cents);
    template_set_flag(cart->data, "debt_too_large",
                      !fits && !none && room->lowest_cents > association->amount_max_cents);
}

static enum err set_providers(struct cart *cart)
{
    struct page *page = cart->page;
    struct template_list *list = template_set_list(cart->data, "providers");
    bool fits = cart->room.lowest_cents <= cart->room.highest_cents;
    struct provider_account *accounts;
    size_t count, shown = 0;
    int buttons = 0;
    enum err err =
        account_list_linked(page->db, page->association.id, page->arena, &accounts, &count);

    for (size_t i = 0; !err && i < count; i++)
        shown += add_provider(cart, list, &accounts[i], &buttons);
    template_set_flag(cart->data, "has_providers", shown > 0);
    template_set_flag(cart->data, "has_buttons", fits && buttons > 0);
    template_set_money(cart->data, "minimum", page->association.amount_min_cents, cart->currency);
    template_set_money(cart->data, "maximum", page->association.amount_max_cents, cart->currency);
    template_set_text(cart->data, "how_to_pay", page->association.how_to_pay);
    template_set_text(cart->data, "button_text", page->association.button_text);
    template_set_text(cart->data, "email", page->association.email);
    return err;
}

static enum err set_form(struct cart *cart, const struct cart_trouble *trouble)
{
    struct page *page = cart->page;
    char *token = arena_alloc(page->arena, RANDOM_TOKEN_MAX);
    enum err err = random_token(token);

    template_set_text(cart->data, "form_token", token);
    if (!err)
        err = payment_room(page->db, &page->association, page->session.member_id, page->arena,
                           &cart->room);
    if (err)
        return err;
    set_room(cart);
    set_amount(cart, trouble);
    err = page_form_token(page, cart->data, "csrf", "/panier/payer");
    if (!err)
        err = set_providers(cart);
    page_flags(cart->data, troubles, TROUBLE_COUNT, trouble ? trouble->key : NULL);
    template_set_flag(cart->data, "has_trouble", trouble && trouble->key);
    template_set_flag(cart->data, "in_error", trouble && trouble->key);
    template_set_flag(cart->data, "amount_trouble",
                      trouble && trouble->key && strncmp(trouble->key, "amount_", 7) == 0);
    template_set_money(cart->data, "limit", trouble ? trouble->limit_cents : 0, cart->currency);
    template_set_text(cart->data, "trouble_provider",
                      trouble && trouble->provider ? trouble->provider : "");
    return err;
}

/* ---- the lines ---- */

static void add_line(struct cart *cart, struct template_list *list, const struct cart_line *line)
{
    struct template_map *item = template_list_add(list);

    template_set_date(item, "date", line->date);
    template_set_text(item, "label", line->label);
    template_set_text(item, "kind", cart_kind_name(line->kind));
    template_set_flag(item, "is_charge", line->kind == CART_CHARGE);
    template_set_flag(item, "is_payment", line->kind == CART_PAYMENT);
    template_set_flag(item, "is_refund", line->kind == CART_REFUND);
    template_set_flag(item, "is_adjustment", line->kind == CART_ADJUSTMENT);
    template_set_flag(item, "is_donation", line->kind == CART_DONATION);
    template_set_flag(item, "is_dispute", line->kind == CART_DISPUTE);
    template_set_money(item, "amount", line->amount_cents, cart->currency);
    template_set_int(item, "amount_cents", line->amount_cents);
    template_set_money(item, "balance", line->balance_cents, cart->currency);
    template_set_int(item, "balance_cents", line->balance_cents);
    template_set_text(item, "year", line->fiscal_year_label);
    template_set_flag(item, "paid",
                      line->kind == CART_CHARGE && line->left_cents > 0 && line->open_cents == 0);
    template_set_flag(item, "canceled",
                      line->kind == CART_CHARGE && !line->corrects && line->left_cents == 0);
    template_set_flag(item, "partly_paid",
                      line->kind == CART_CHARGE && line->open_cents > 0 &&
                          line->open_cents < line->amount_cents);
    template_set_money(item, "open", line->open_cents, cart->currency);
}

static enum err set_years(struct cart *cart, int64_t chosen)
{
    struct page *page = cart->page;
    struct template_list *list = template_set_list(cart->data, "years");
    struct cart_year *years;
    size_t count;
    enum err err = cart_years(page->db, page->association.id, page->session.member_id, page->arena,
                              &years, &count);

    for (size_t i = 0; !err && i < count; i++) {
        struct template_map *item = template_list_add(list);

        page_set_id(page, item, "id", years[i].id);
        template_set_text(item, "label", years[i].label);
        template_set_flag(item, "chosen", years[i].id == chosen);
    }
    template_set_flag(cart->data, "has_years", !err && count > 1);
    template_set_flag(cart->data, "all_years", chosen == 0);
    return err;
}

static enum err set_lines(struct cart *cart)
{
    struct page *page = cart->page;
    struct template_list *list = template_set_list(cart->data, "lines");
    int64_t chosen = http_field_id(page->request, "exercice");
    struct cart_line *lines;
    size_t count;
    enum err err = set_years(cart, chosen);

    if (!err)
        err = cart_lines(page->db, page->association.id, page->session.member_id, chosen,
                         page->arena, &lines, &count);
    for (size_t i = 0; !err && i < count; i++)
        add_line(cart, list, &lines[i]);
    template_set_flag(cart->data, "has_lines", !err && count > 0);
    return err;
}

/* ---- the page ---- */

enum err cart_show(struct page *page, const struct cart_trouble *trouble)
{
    struct cart cart = {
        .page = page, .data = page_data(page, "panier"), .currency = page->association.currency};
    struct member member;
    enum err err = page_begin_reading(page);

    if (!err)
        err = member_find(page->db, page->association.id, page->session.member_id, page->arena,
                          &member);
    if (!err)
        err = cart_balance(page->db, page->association.id, page->session.member_id,
                           &cart.balance_cents);
    if (err)
        return err;
    template_set_text(cart.data, "first_name", member.first_name);
    template_set_text(cart.data, "last_name", member.last_name);
    template_set_int(cart.data, "member_number", member.number);
    set_hero(&cart);
    err = set_in_progress(&cart);
    if (!err)
        err = set_form(&cart, trouble);
    if (!err)
        err = set_lines(&cart);
    return err ? err
               : page_render(page, trouble ? trouble->status : 200, "panier.html", cart.data);
}

enum err cart_get(struct http_request *request, struct http_response *response)
{
    (void)response;
    return cart_show(page_of(request), NULL);
}
