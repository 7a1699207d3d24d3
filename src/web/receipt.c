#include "web/manual.h"

#include "web/members.h"
#include "web/received.h"

/* The receipt of a payment, for staff or for who paid. */
static enum err show(struct page *page, const struct received *received, const char *back)
{
    struct template_map *data = page_data(page, "recu");
    const struct association *association = &page->association;
    enum err err;

    received_set(page, data, received);
    template_set_text(data, "back", back);
    template_set_flag(data, "is_own", page_is_member(page));
    template_set_text(data, "name", association->name);
    template_set_text(data, "address", association->address);
    template_set_text(data, "siren", association->siren);
    template_set_text(data, "rna", association->rna);
    template_set_date(data, "today", zone_date(association->zone, page->now));
    err = received_set_parts(page, data, received);
    return err ? err : page_render(page, 200, "recu.html", data);
}

static enum err read(struct page *page, struct received *received)
{
    enum err err = received_read_path(page, received);

    return !err && (!received->member_id || !received->entry_id)
               ? fail(ERR_NOT_FOUND, "nobody's money has no receipt")
               : err;
}

enum err receipt_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct received received;
    enum err err = read(page, &received);

    (void)response;
    return err ? err
               : show(
                     page, &received,
                     arena_printf(page->arena, "/recettes/paiement/%lld", (long long)received.id));
}

/* Who paid reads it, and who pays for them. */
static enum err check_payer(struct page *page, int64_t payer_id)
{
    struct member_details details;
    int64_t member_id = page->session.member_id;
    enum err err = OK;

    if (payer_id == member_id)
        return OK;
    err = member_read(page->db, page->association.id, payer_id, page->arena, &details);
    return !err && details.payer_id != member_id ? fail(ERR_NOT_FOUND, "somebody else paid it")
                                                 : err;
}

enum err own_receipt_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct received received;
    enum err err = read(page, &received);

    (void)response;
    if (!err)
        err = check_payer(page, received.member_id);
    return err ? err : show(page, &received, "/panier");
}
