#include "association/logo.h"

#include "web/association_settings.h"

struct change_of_logo {
    struct logo_draft draft;
    struct audit_actor actor;
};

static enum err write_logo(struct db *db, void *argument)
{
    const struct change_of_logo *change = argument;

    return logo_set(db, &change->draft, &change->actor);
}

/* What was sent, by its bytes alone. */
static void read_logo(struct str bytes, struct form *form, struct picture *picture)
{
    static const char *const words[] = {
        [PICTURE_UNKNOWN] = "unknown",
        [PICTURE_BROKEN] = "broken",
        [PICTURE_TOO_LARGE] = "too_large",
    };
    enum picture_verdict verdict;

    if (str_empty(bytes)) {
        form_fault(form, "logo", "missing");
        return;
    }
    verdict = picture_read(bytes, picture);
    if (verdict != PICTURE_OK)
        form_fault(form, "logo", words[verdict]);
    else if (picture->bytes.len > LOGO_BYTES_MAX)
        form_fault(form, "logo", "too_heavy");
}

enum err logo_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct change_of_logo change = {.actor = page_actor(page)};
    struct picture picture = {0};
    struct form form;
    enum err err;

    form_init(&form, association_faults, association_fault_count);
    read_logo(http_field_text(request, "logo"), &form, &picture);
    if (form_faulty(&form, NULL))
        return association_show(page, 400, &form, ASSOCIATION_STORED);
    change.draft.association_id = page->association.id;
    change.draft.picture = &picture;
    change.draft.now = page->now;
    err = logo_hash(picture.bytes, change.draft.hash);
    if (!err)
        err = db_write(page->web->options.service->writer, write_logo, &change);
    return err ? err : http_redirect(response, "/parametrage/association?fait=logo");
}

enum err logo_remove_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct change_of_logo change = {
        .actor = page_actor(page),
        .draft = {.association_id = page->association.id, .now = page->now},
    };
    enum err err = db_write(page->web->options.service->writer, write_logo, &change);

    return err ? err : http_redirect(response, "/parametrage/association?fait=retire");
}

/* The association of the session, and no other: an address that somebody passed on shows
 * nothing to strangers. */
enum err logo_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct logo logo;
    enum err err =
        logo_find(page->db, page->association.id, request->path_parts[0], page->arena, &logo);

    if (err)
        return err;
    page->keeps = true;
    response->content_type = logo.content_type;
    response->body.len = 0;
    buffer_add_str(&response->body, logo.bytes);
    return OK;
}
