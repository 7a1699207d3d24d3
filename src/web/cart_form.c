#include "web/cart.h"

#include "base/random.h"
#include "payment/account.h"
#include "payment/cover.h"
#include "payment/service.h"

#include <string.h>

/* Which sentence stands beside the form. */
static const char *const troubles[] = {
    "amount_empty",      "amount_not_a_number",  "amount_too_precise",   "amount_zero",
    "amount_too_large",  "amount_below_minimum", "amount_above_maximum", "amount_below_provider",
    "amount_in_part",    "amount_above_debt",    "nothing_due",          "balance_changed",
    "amount_follows",    "account_gone",         "provider_refused",     "provider_busy",
    "still_in_progress",
};
enum { TROUBLE_COUNT = sizeof(troubles) / sizeof(troubles[0]) };

/* ---- the form ---- */

/* A provider that takes the association's currency: its button, or the sentence that stands for it
 * when the debt is smaller than it takes. *buttons counts the former. */
static bool add_provider(struct cart *cart, struct template_list *list,
                         const struct provider_account *account, int *buttons)
{
    struct page *page = cart->page;
    const struct provider *provider =
        payment_provider(page->web->options.service, str_of(account->provider));
    int64_t due_cents = cart->room.debt_cents;
    struct provider_limits limits;
    struct template_map *item;
    bool too_small;

    if (!provider)
        return false;
    limits = provider->limits(cart->currency);
    if (!limits.currency_supported)
        return false;
    if (payment_embeds(page->web->options.service, provider, account))
        template_set_flag(cart->data, "has_embedded", true);
    if (!cart->cover_points)
        cart->cover_points = payment_rate_points(provider, account);
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

/* Without a word about ticks, all are. */
static bool is_ticked(const struct cart_trouble *trouble, int64_t charge_line_id)
{
    return !trouble || !trouble->has_ticked ||
           tick_among(trouble->ticked, trouble->ticked_count, charge_line_id);
}

static int64_t ticked_cents(const struct cart *cart, const struct cart_trouble *trouble)
{
    return trouble && trouble->has_ticked && cart->due_count
               ? tick_amount(cart->dues, cart->due_count, &cart->room, trouble->ticked,
                             trouble->ticked_count)
               : cart->room.debt_cents;
}

/* One charge is no choice, and what is paid in one go is none either. */
static enum err read_ticks(struct cart *cart)
{
    const struct page *page = cart->page;
    enum err err = OK;

    if (page->association.part_payments)
        err = tick_dues_of(page->db, page->association.id, &cart->payer, page->arena, &cart->dues,
                           &cart->due_count);
    if (cart->due_count < 2 || cart->due_count > HTTP_IDS_MAX)
        cart->due_count = 0;
    return err;
}

static void set_ticks(struct cart *cart, const struct cart_trouble *trouble)
{
    struct page *page = cart->page;
    struct template_list *list = template_set_list(cart->data, "ticks");

    for (size_t i = 0; i < cart->due_count; i++) {
        const struct cart_due *due = &cart->dues[i];
        struct template_map *item = template_list_add(list);

        page_set_id(page, item, "id", due->charge_line_id);
        template_set_text(item, "label", due->label);
        template_set_money(item, "open", due->open_cents, cart->currency);
        page_set_id(page, item, "cents", due->open_cents);
        template_set_flag(item, "of_other", due->member_id != page->session.member_id);
        template_set_text(item, "whose", due->first_name);
        template_set_flag(item, "ticked", is_ticked(trouble, due->charge_line_id));
    }
    template_set_flag(cart->data, "has_ticks", cart->due_count > 0);
    page_set_id(page, cart->data, "all_cents", cart->room.debt_cents);
    page_set_id(page, cart->data, "ticked_cents", ticked_cents(cart, trouble));
    template_set_int(cart->data, "digits", cart->currency->exponent);
}

static void set_amount(struct cart *cart, const struct cart_trouble *trouble)
{
    const struct payment_room *room = &cart->room;
    struct str typed = trouble ? trouble->typed : (struct str){0};
    int64_t proposed = exact(cart) ? room->lowest_cents : ticked_cents(cart, trouble);
    char *amount = arena_alloc(cart->page->arena, MONEY_TEXT_MAX);

    if (typed.data && !exact(cart))
        template_set_str(cart->data, "amount", typed);
    else if (proposed > 0)
        template_set_text(cart->data, "amount",
                          money_format_input(amount, proposed, cart->currency));
    else
        template_set_text(cart->data, "amount", "");
    template_set_flag(cart->data, "pays_debt", room->debt_cents > 0);
    set_ticks(cart, trouble);
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

/* "J'ajoute 0,81 €": never ticked by the page itself, and only where a sum is proposed. */
static void set_cover(struct cart *cart, const struct cart_trouble *trouble)
{
    const struct association *association = &cart->page->association;
    int64_t proposed = exact(cart) ? cart->room.lowest_cents : ticked_cents(cart, trouble), typed;
    int64_t cents;

    if (trouble && trouble->typed.data && !exact(cart) &&
        money_parse(trouble->typed, cart->currency, &typed) == MONEY_OK)
        proposed = typed;
    cents = cover_cents(proposed, cart->cover_points);
    template_set_flag(cart->data, "covers_fees", association->covers_fees && cents > 0);
    template_set_flag(cart->data, "cover_ticked", trouble && trouble->covers);
    template_set_money(cart->data, "cover", cents, cart->currency);
    page_set_id(cart->page, cart->data, "cover_cents", cents);
    template_set_int(cart->data, "cover_points", cart->cover_points);
}

enum err cart_set_form(struct cart *cart, const struct cart_trouble *trouble)
{
    struct page *page = cart->page;
    char *token = arena_alloc(page->arena, RANDOM_TOKEN_MAX);
    enum err err = random_token(token);

    template_set_text(cart->data, "form_token", token);
    if (!err)
        err = read_ticks(cart);
    if (err)
        return err;
    set_room(cart);
    set_amount(cart, trouble);
    err = page_form_token(page, cart->data, "csrf", "/panier/payer");
    if (!err)
        err = set_providers(cart);
    set_cover(cart, trouble);
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
