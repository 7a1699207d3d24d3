#include "web/cart.h"

static struct template_map *add_line(struct cart *cart, struct template_list *list,
                                     const struct cart_line *line)
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
                      line->kind == CART_CHARGE && !line->corrects_line_id &&
                          line->left_cents == 0);
    template_set_flag(item, "partly_paid",
                      line->kind == CART_CHARGE && line->open_cents > 0 &&
                          line->open_cents < line->amount_cents);
    template_set_money(item, "open", line->open_cents, cart->currency);
    return item;
}

/* ---- the fiscal years of all carts ---- */

static void set_years(struct cart *cart, int64_t chosen)
{
    const struct carts *carts = &cart->payer.carts;
    struct template_list *list = template_set_list(cart->data, "years");
    size_t shown = 0;

    for (size_t i = 0; i < carts->year_count; i++) {
        const struct cart_year *year = &carts->years[i];
        struct template_map *item = year->used ? template_list_add(list) : NULL;

        if (!item)
            continue;
        page_set_id(cart->page, item, "id", year->id);
        template_set_text(item, "label", year->label);
        template_set_flag(item, "chosen", year->id == chosen);
        shown++;
    }
    template_set_flag(cart->data, "has_years", shown > 1);
    template_set_flag(cart->data, "all_years", chosen == 0);
}

/* ---- one cart ---- */

/* A payment has a receipt for who paid it, and for who pays for them. */
static void set_receipt(struct cart *cart, struct template_map *item, int64_t member_id,
                        const struct cart_line *line)
{
    struct page *page = cart->page;
    bool paid = line->kind == CART_PAYMENT && line->payer_id && !line->corrects_line_id;

    template_set_flag(
        item, "has_receipt",
        paid && (line->payer_id == page->session.member_id || line->payer_id == member_id));
    page_set_id(page, item, "transaction_id", line->transaction_id);
}

/* The lines of the chosen year; each shows the balance of the whole cart after it. */
static void add_cart(struct cart *cart, struct template_list *list,
                     const struct member_cart *shown, int64_t chosen)
{
    struct page *page = cart->page;
    struct template_map *item = template_list_add(list);
    struct template_list *lines = template_set_list(item, "lines");
    int64_t balance_cents = shown->balance_cents;
    size_t count = 0;

    for (size_t i = 0; i < shown->line_count; i++) {
        const struct cart_line *line = &shown->lines[i];

        if (chosen && line->fiscal_year_id != chosen)
            continue;
        set_receipt(cart, add_line(cart, lines, line), shown->member_id, line);
        count++;
    }
    template_set_text(item, "name",
                      arena_printf(page->arena, "%s %s", shown->first_name, shown->last_name));
    template_set_flag(item, "is_own", shown->member_id == page->session.member_id);
    template_set_flag(item, "has_lines", count > 0);
    template_set_int(item, "own_balance_cents", balance_cents);
    template_set_money(item, "own_balance", balance_cents < 0 ? -balance_cents : balance_cents,
                       cart->currency);
    template_set_flag(item, "owes", balance_cents > 0);
    template_set_flag(item, "in_advance", balance_cents < 0);
    template_set_flag(item, "settled", balance_cents == 0);
}

void cart_set_lines(struct cart *cart)
{
    const struct carts *carts = &cart->payer.carts;
    struct template_list *list = template_set_list(cart->data, "carts");
    int64_t chosen = http_field_id(cart->page->request, "exercice");

    template_set_flag(cart->data, "has_family", carts->count > 1);
    set_years(cart, chosen);
    for (size_t i = 0; i < carts->count; i++)
        add_cart(cart, list, &carts->all[i], chosen);
}
