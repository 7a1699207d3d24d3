#include "web/internal.h"

struct page *page_of(const struct http_request *request)
{
    struct web_thread *thread = request->context;

    return thread->page;
}

/* ---- reading ---- */

enum err page_begin_reading(struct page *page)
{
    enum err err = page->reading ? OK : db_read_begin(page->db);

    page->reading = page->reading || !err;
    return err;
}

void page_end_reading(struct page *page)
{
    if (page->reading)
        db_read_end(page->db);
    page->reading = false;
}

/* ---- who ---- */

enum err page_read_session(struct page *page)
{
    struct str cookie = http_cookie(page->request, WEB_SESSION_COOKIE);
    bool found = false;
    enum err err = session_find(page->db, cookie, page->now, page->arena, &page->session, &found);

    page->has_session = found && !page->session.half;
    page->has_half = found && page->session.half;
    if (err || !page->has_session || !page->session.association_id)
        return err;
    err =
        association_find(page->db, page->session.association_id, page->arena, &page->association);
    page->has_association = !err;
    page->needs_second_factor = page_is_money(page) && !page->session.has_second_factor &&
                                page->association.kind == ASSOCIATION_REAL &&
                                page->association.second_factor_required;
    return err;
}

bool page_is_member(const struct page *page)
{
    return page->has_association && page->session.role == ROLE_MEMBER;
}

bool page_is_staff(const struct page *page)
{
    return page->has_association && page->session.role >= ROLE_VIEWER;
}

bool page_is_money(const struct page *page)
{
    return page->has_association && ACCESS_MONEY & (unsigned)ACCESS_UNDECIDED
                                                       << page->session.role;
}

const char *page_start(const struct page *page)
{
    if (!page->has_session)
        return "/connexion";
    if (!page->has_association)
        return "/espaces";
    return page_is_member(page) ? "/panier" : "/accueil";
}

struct audit_actor page_actor(const struct page *page)
{
    bool known = page->has_session || page->has_half;

    return (struct audit_actor){known ? page->session.login_id : 0, page_address(page)};
}

const char *page_address(const struct page *page)
{
    return str_copy(page->arena, page->request->remote_address);
}

const char *page_provider_label(const struct page *page, const char *name)
{
    const struct provider *provider = payment_provider(page->web->options.service, str_of(name));

    return provider ? provider->label : name;
}
