#include "web/cart.h"

#include "association/cart.h"
#include "queries.h"

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
                      line->kind == CART_CHARGE && !line->corrects && line->left_cents == 0);
    template_set_flag(item, "partly_paid",
                      line->kind == CART_CHARGE && line->open_cents > 0 &&
                          line->open_cents < line->amount_cents);
    template_set_money(item, "open", line->open_cents, cart->currency);
    return item;
}

/* ---- the fiscal years of all carts ---- */

static bool known(const struct cart_year *years, size_t count, int64_t id)
{
    for (size_t i = 0; i < count; i++)
        if (years[i].id == id)
            return true;
    return false;
}

static void add_year(struct cart *cart, struct template_list *list, const struct cart_year *year,
                     int64_t chosen)
{
    struct template_map *item = template_list_add(list);

    page_set_id(cart->page, item, "id", year->id);
    template_set_text(item, "label", year->label);
    template_set_flag(item, "chosen", year->id == chosen);
}

/* Those of the payer's own cart first, then what the others add. */
static enum err set_years(struct cart *cart, const int64_t *member_ids, size_t people,
                          int64_t chosen)
{
    enum { YEARS_SHOWN = 40 };
    struct page *page = cart->page;
    struct template_list *list = template_set_list(cart->data, "years");
    struct cart_year *all = arena_array(page->arena, YEARS_SHOWN, sizeof(*all));
    size_t all_count = 0;
    enum err err = OK;

    for (size_t i = 0; !err && i < people; i++) {
        struct cart_year *years;
        size_t count = 0;

        err =
            cart_years(page->db, page->association.id, member_ids[i], page->arena, &years, &count);
        for (size_t j = 0; !err && j < count && all_count < YEARS_SHOWN; j++)
            if (!known(all, all_count, years[j].id)) {
                all[all_count++] = years[j];
                add_year(cart, list, &years[j], chosen);
            }
    }
    template_set_flag(cart->data, "has_years", all_count > 1);
    template_set_flag(cart->data, "all_years", chosen == 0);
    return err;
}

/* ---- one cart ---- */

/* A payment has a receipt for who paid it, and for who pays for them. */
static void set_receipt(struct cart *cart, struct template_map *item, int64_t member_id,
                        const struct cart_line *line)
{
    struct page *page = cart->page;
    bool paid = line->kind == CART_PAYMENT && line->payer_id && !line->corrects;

    template_set_flag(
        item, "has_receipt",
        paid && (line->payer_id == page->session.member_id || line->payer_id == member_id));
    page_set_id(page, item, "transaction_id", line->transaction_id);
}

static enum err add_cart(struct cart *cart, struct template_list *list, int64_t member_id,
                         const char *name, int64_t chosen)
{
    struct page *page = cart->page;
    struct template_map *item = template_list_add(list);
    struct template_list *shown = template_set_list(item, "lines");
    struct cart_line *lines;
    int64_t balance_cents = 0;
    size_t count = 0;
    enum err err =
        cart_lines(page->db, page->association.id, member_id, chosen, page->arena, &lines, &count);

    if (!err)
        err = cart_balance(page->db, page->association.id, member_id, &balance_cents);
    for (size_t i = 0; !err && i < count; i++)
        set_receipt(cart, add_line(cart, shown, &lines[i]), member_id, &lines[i]);
    template_set_text(item, "name", name);
    template_set_flag(item, "is_own", member_id == page->session.member_id);
    template_set_flag(item, "has_lines", count > 0);
    template_set_int(item, "own_balance_cents", balance_cents);
    template_set_money(item, "own_balance", balance_cents < 0 ? -balance_cents : balance_cents,
                       cart->currency);
    template_set_flag(item, "owes", balance_cents > 0);
    template_set_flag(item, "in_advance", balance_cents < 0);
    template_set_flag(item, "settled", balance_cents == 0);
    return err;
}

enum err cart_set_lines(struct cart *cart, const struct member *payer)
{
    struct page *page = cart->page;
    struct template_list *list = template_set_list(cart->data, "carts");
    int64_t chosen = http_field_id(page->request, "exercice"), *ids;
    struct payee *payees;
    size_t count = 0;
    enum err err =
        member_payees(page->db, page->association.id, payer->id, page->arena, &payees, &count);

    if (err)
        return err;
    ids = arena_array(page->arena, count + 1, sizeof(*ids));
    ids[0] = payer->id;
    for (size_t i = 0; i < count; i++)
        ids[i + 1] = payees[i].id;
    template_set_flag(cart->data, "has_family", count > 0);
    err = set_years(cart, ids, count + 1, chosen);
    if (!err)
        err = add_cart(cart, list, payer->id,
                       arena_printf(page->arena, "%s %s", payer->first_name, payer->last_name),
                       chosen);
    for (size_t i = 0; !err && i < count; i++)
        err = add_cart(cart, list, payees[i].id, payees[i].name, chosen);
    return err;
}
