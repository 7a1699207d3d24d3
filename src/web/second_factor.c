#include "association/second_factor.h"

#include "web/password.h"
#include "web/qr_code.h"

#include <string.h>

static const struct form_fault faults[] = {PASSWORD_CONFIRM_FAULTS, {"code", "wrong"}};

static struct form new_form(void)
{
    struct form form;

    form_init(&form, faults, sizeof(faults) / sizeof(faults[0]));
    return form;
}

static struct enrolment enrolment_of(const struct page *page)
{
    return (struct enrolment){.login_id = page->session.login_id,
                              .session_hash = page->session.token_hash,
                              .key = page->web->options.service->key,
                              .now = page->now};
}

/* ---- the seed, as an app reads it ---- */

/* "GEZD GNBV ...": for those who type it. */
static const char *spaced(struct page *page, struct str letters)
{
    struct buffer text;

    buffer_init(&text, page->arena, letters.len * 2);
    for (size_t i = 0; i < letters.len; i++) {
        if (i > 0 && i % 4 == 0)
            buffer_add_byte(&text, ' ');
        buffer_add_byte(&text, letters.data[i]);
    }
    return text.data;
}

/* An address may hold nothing but these as they stand (RFC 3986). */
static const char *encoded(struct page *page, const char *text)
{
    struct buffer out;

    buffer_init(&out, page->arena, strlen(text) * 3 + 1);
    for (; *text; text++) {
        if ((*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
            (*text >= '0' && *text <= '9') || strchr("-._~", *text))
            buffer_add_byte(&out, *text);
        else
            buffer_printf(&out, "%%%02X", (unsigned char)*text);
    }
    return out.data;
}

static enum err add_seed(struct page *page, struct template_map *data, struct str seed)
{
    struct str letters = base32_encode(seed, page->arena), path = {"", 0};
    const char *uri =
        arena_printf(page->arena, "otpauth://totp/Guichet:%s?secret=%.*s&issuer=Guichet",
                     encoded(page, page->session.login_email), STR_PRINT(letters));
    int side = 0;
    enum err err = qr_code_draw(uri, page->arena, &path, &side);

    template_set_str(data, "path", path);
    template_set_text(data, "side", arena_printf(page->arena, "%d", side));
    template_set_text(data, "letters", spaced(page, letters));
    return err;
}

/* ---- the page: nothing, a seed that waits for its first code, or a second factor ---- */

static enum err add_tokens(struct page *page, struct template_map *data)
{
    enum err err = page_form_token(page, data, "begin_token", "/acces/double-authentification");

    if (!err)
        err = page_form_token(page, data, "code_token", "/acces/double-authentification/code");
    if (!err)
        err =
            page_form_token(page, data, "change_token", "/acces/double-authentification/changer");
    return err;
}

static enum err show(struct page *page, int status, const struct form *form)
{
    struct template_map *data = page_data(page, "double_authentification");
    struct enrolment enrolment = enrolment_of(page);
    struct second_factor factor = {0};
    struct str seed;
    bool pending = false;
    enum err err = page_begin_reading(page);

    form_add(page, form, data);
    if (!err)
        err = second_factor_find(page->db, enrolment.login_id, &factor);
    if (!err && !factor.active)
        err = totp_pending(page->db, &enrolment, page->arena, &seed, &pending);
    template_set_flag(data, "is_active", factor.active);
    template_set_flag(data, "is_pending", pending);
    template_set_flag(data, "is_off", !factor.active && !pending);
    template_set_flag(data, "is_required", page->needs_second_factor);
    template_set_int(data, "codes_left", factor.codes_left);
    template_set_flag(data, "several_codes", factor.codes_left > 1);
    template_set_text(data, "email", page->session.login_email);
    if (!err && pending)
        err = add_seed(page, data, seed);
    if (!err)
        err = add_tokens(page, data);
    return err ? err : page_render(page, status, "double-authentification.html", data);
}

enum err second_factor_get(struct http_request *request, struct http_response *response)
{
    struct form form = new_form();

    (void)response;
    return show(page_of(request), 200, &form);
}

/* Shown once, in the answer to the form itself: they stand nowhere to be read again. */
static enum err show_codes(struct page *page, const struct recovery_codes *codes, bool enabled)
{
    struct template_map *data = page_data(page, "codes_de_secours");
    struct template_list *list = template_set_list(data, "codes");

    for (int i = 0; i < RECOVERY_CODES; i++)
        template_list_add_str(list, str_of(codes->text[i]));
    template_set_flag(data, "just_enabled", enabled);
    return page_render(page, 200, "codes-de-secours.html", data);
}

/* ---- beginning ---- */

/* What a form of this page changes: all it needs inside the transaction. */
struct change {
    struct page *page;
    struct password_attempt attempt;
    struct enrolment enrolment;
    struct recovery_codes codes;
    struct str sealed;
    struct str code;
    bool good;
};

static struct change *new_change(struct page *page)
{
    struct change *change = arena_alloc(page->arena, sizeof(*change));

    change->page = page;
    change->enrolment = enrolment_of(page);
    return change;
}

/* The current password of the form; *go_on false when the page was shown again instead. */
static enum err confirm_password(struct change *change, bool *go_on)
{
    struct form form = new_form();
    enum err err = password_confirm(change->page, &form, &change->attempt, go_on);

    if (err || *go_on)
        return err;
    return show(change->page, change->attempt.wait_ms > 0 ? 429 : 400, &form);
}

static enum err write_begin(struct db *db, void *argument)
{
    const struct change *change = argument;
    enum err err = password_tried(db, &change->attempt);

    return err ? err : totp_begin(db, &change->enrolment, change->sealed);
}

enum err second_factor_begin_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct change *change = new_change(page);
    bool go_on = false;
    enum err err = confirm_password(change, &go_on);

    if (err || !go_on)
        return err;
    err = totp_seed_make(&change->enrolment, page->arena, &change->sealed);
    if (!err)
        err = db_write(page->web->options.service->writer, write_begin, change);
    return err ? err : http_redirect(response, "/acces/double-authentification");
}

/* ---- the first code ---- */

static enum err write_confirm(struct db *db, void *argument)
{
    struct change *change = argument;
    const struct audit_actor actor = page_actor(change->page);
    struct arena *arena = arena_new();
    enum err err = totp_confirm(db, &change->enrolment, change->code, &change->codes, &actor,
                                arena, &change->good);

    arena_free(arena);
    return err;
}

enum err second_factor_code_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct change *change = new_change(page);
    struct form form = new_form();
    enum err err = recovery_codes_make(&change->codes);

    (void)response;
    change->code = http_field_text(request, "code");
    if (!err)
        err = db_write(page->web->options.service->writer, write_confirm, change);
    if (err)
        return err;
    if (change->good)
        return show_codes(page, &change->codes, true);
    form_fault(&form, "code", "wrong");
    return show(page, 400, &form);
}

/* ---- other recovery codes, or no second factor any more ---- */

static enum err write_codes(struct db *db, void *argument)
{
    const struct change *change = argument;
    const struct audit_actor actor = page_actor(change->page);
    struct second_factor factor = {0};
    enum err err = password_tried(db, &change->attempt);

    if (!err)
        err = second_factor_find(db, change->enrolment.login_id, &factor);
    if (!err && !factor.active)
        err = fail(ERR_CONFLICT, "recovery codes without a second factor");
    return err ? err
               : recovery_codes_replace(db, change->enrolment.login_id, &change->codes, &actor,
                                        change->enrolment.now);
}

static enum err write_removal(struct db *db, void *argument)
{
    const struct change *change = argument;
    const struct audit_actor actor = page_actor(change->page);
    enum err err = password_tried(db, &change->attempt);

    return err ? err
               : second_factor_remove(db, change->enrolment.login_id,
                                      change->enrolment.session_hash, &actor,
                                      "second_factor.disabled");
}

enum err second_factor_change_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct db_writer *writer = page->web->options.service->writer;
    struct change *change = new_change(page);
    bool go_on = false;
    enum err err = confirm_password(change, &go_on);

    if (err || !go_on)
        return err;
    if (str_is(http_field_text(request, "action"), "desactiver")) {
        err = db_write(writer, write_removal, change);
        return err ? err : http_redirect(response, "/acces?fait=desactivee");
    }
    err = recovery_codes_make(&change->codes);
    if (!err)
        err = db_write(writer, write_codes, change);
    return err ? err : show_codes(page, &change->codes, false);
}
