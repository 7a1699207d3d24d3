#include "web/cart.h"

#include "web/embedded.h"

/* ---- the hero ---- */

static void set_hero(struct cart *cart)
{
    int64_t balance = cart->room.balance_cents;

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
    bool asks = provider && payment_asks(provider, intent);
    const char *resume_url = embedded_resume_url(page, intent);
    bool resumes = resume_url && asks;

    template_set_money(item, "amount", intent->amount_cents, cart->currency);
    template_set_text(item, "provider", page_provider_label(page, intent->provider));
    template_set_text(item, "token", intent->token);
    template_set_time(item, "since", intent->created_at, page->association.zone);
    template_set_time(item, "until", intent->expires_at, page->association.zone);
    template_set_flag(item, "live", live);
    template_set_flag(item, "opening", intent->state == INTENT_CREATED);
    template_set_flag(item, "open", intent->state == INTENT_OPEN);
    template_set_flag(item, "asks", asks);
    template_set_flag(item, "resumes", resumes);
    template_set_text(item, "resume_url", resumes ? resume_url : "");
    return page_form_token(page, item, "abandon_token", "/paiement/{}/abandonner");
}

static enum err set_in_progress(struct cart *cart)
{
    struct template_list *list = template_set_list(cart->data, "in_progress");
    const struct payer *payer = &cart->payer;
    enum err err = OK;

    for (size_t i = 0; !err && i < payer->intent_count; i++) {
        if (intent_state_live(payer->intents[i].state))
            cart->live = &payer->intents[i];
        err = add_in_progress(cart, list, &payer->intents[i]);
    }
    if (err)
        return err;
    template_set_flag(cart->data, "has_in_progress", payer->intent_count > 0);
    template_set_int(cart->data, "in_progress_cents", payer->in_progress_cents);
    template_set_money(cart->data, "in_progress_sum", payer->in_progress_cents, cart->currency);
    template_set_flag(cart->data, "has_live", cart->live != NULL);
    return OK;
}

/* ---- the page ---- */

enum err cart_show(struct page *page, const struct cart_trouble *trouble)
{
    struct cart cart = {
        .page = page, .data = page_data(page, "panier"), .currency = page->association.currency};
    const struct member_cart *own;
    enum err err = page_begin_reading(page);

    if (!err)
        err = payer_read(page->db, page->association.id, page->session.member_id, page->arena,
                         &cart.payer);
    if (!err && cart.payer.carts.count == 0)
        err = fail(ERR_NOT_FOUND, "no such member");
    if (err)
        return err;
    payment_room_of(&page->association, &cart.payer, &cart.room);
    own = &cart.payer.carts.all[0];
    template_set_text(cart.data, "first_name", own->first_name);
    template_set_text(cart.data, "last_name", own->last_name);
    template_set_int(cart.data, "member_number", own->member_number);
    set_hero(&cart);
    err = set_in_progress(&cart);
    if (!err)
        err = cart_set_form(&cart, trouble);
    if (!err)
        cart_set_lines(&cart);
    return err ? err
               : page_render(page, trouble ? trouble->status : 200, "panier.html", cart.data);
}

enum err cart_get(struct http_request *request, struct http_response *response)
{
    (void)response;
    return cart_show(page_of(request), NULL);
}
