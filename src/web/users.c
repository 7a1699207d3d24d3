/* Utilisateurs: who works in the back office; only an administrator lets in. */
#include "web/settings.h"

#include "association/staff.h"

static const char *const role_flags[] = {"viewer", "treasurer", "administrator"};
enum { ROLE_COUNT = sizeof(role_flags) / sizeof(role_flags[0]) };

static const struct form_fault faults[] = {
    {"email", "bad"},
    {"role", "own"},
    {"role", "last"},
};

static struct form new_form(void)
{
    struct form form;

    form_init(&form, faults, sizeof(faults) / sizeof(faults[0]));
    return form;
}

static void note_answer(struct form *form, enum staff_answer answer)
{
    if (answer == STAFF_OWN_ROLE)
        form_fault(form, "role", "own");
    if (answer == STAFF_LAST_ADMINISTRATOR)
        form_fault(form, "role", "last");
}

/* ---- the page ---- */

/* The tokens of the row's three forms. */
static enum err add_tokens(struct page *page, struct template_map *item)
{
    enum err err = page_form_token(page, item, "role_token", "/parametrage/utilisateurs/{}/role");

    if (!err)
        err = page_form_token(page, item, "invite_token", "/parametrage/utilisateurs/{}/inviter");
    if (!err)
        err =
            page_form_token(page, item, "withdraw_token", "/parametrage/utilisateurs/{}/retirer");
    return err;
}

static enum err add_member(struct page *page, struct template_list *list,
                           const struct staff_member *member)
{
    struct template_map *item = template_list_add(list);

    page_set_id(page, item, "id", member->login_id);
    template_set_text(item, "email", member->email);
    page_flags(item, role_flags, ROLE_COUNT, role_name(member->role));
    template_set_flag(item, "is_me", member->login_id == page->session.login_id);
    template_set_flag(item, "is_invited", !member->has_password && !member->disabled);
    template_set_flag(item, "is_disabled", member->disabled);
    template_set_time(item, "since", member->since, page->association.zone);
    return add_tokens(page, item);
}

static enum err add_members(struct page *page, struct template_map *data)
{
    struct template_list *list = template_set_list(data, "users");
    struct staff_member *members;
    size_t count = 0;
    enum err err = staff_list(page->db, page->association.id, page->arena, &members, &count);

    for (size_t i = 0; !err && i < count; i++)
        err = add_member(page, list, &members[i]);
    return err;
}

static void keep_typed(struct page *page, struct template_map *data, bool invited)
{
    struct str role = http_field_text(page->request, "role");

    template_set_str(data, "typed_email",
                     invited ? http_field_text(page->request, "email") : str_of(""));
    page_flags(
        data, (const char *const[]){"chose_viewer", "chose_treasurer", "chose_administrator"},
        ROLE_COUNT,
        invited && role.len > 0 ? arena_printf(page->arena, "chose_%.*s", STR_PRINT(role)) : NULL);
}

/* invited: the form above was sent, not one of the list. */
static enum err show(struct page *page, int status, const struct form *form, bool invited)
{
    struct template_map *data = page_data(page, "utilisateurs");
    enum err err = page_begin_reading(page);

    form_add(page, form, data);
    form_done(page, "invite|role|retire|lien", data);
    template_set_flag(data, "sends_mail", page->web->options.sends_mail);
    keep_typed(page, data, invited);
    if (!err)
        err = add_members(page, data);
    if (!err)
        err = page_form_token(page, data, "csrf", "/parametrage/utilisateurs");
    return err ? err : page_render(page, status, "utilisateurs.html", data);
}

enum err users_get(struct http_request *request, struct http_response *response)
{
    struct form form = new_form();

    (void)response;
    return show(page_of(request), 200, &form, false);
}

/* ---- inviting ---- */

static enum err write_invitation(struct db *db, void *argument)
{
    struct staff_invitation *invitation = argument;
    struct arena *arena = arena_new();
    enum err err = staff_invite(db, invitation, arena);

    arena_free(arena);
    return err;
}

static enum err invite(struct page *page, struct str email, enum role role,
                       enum staff_answer *answer)
{
    const struct audit_actor actor = page_actor(page);
    struct staff_invitation invitation = {.association_id = page->association.id,
                                          .email = email,
                                          .role = role,
                                          .actor = &actor,
                                          .now = page->now,
                                          .by_mail = true};
    enum err err = db_write(page->web->options.service->writer, write_invitation, &invitation);

    *answer = invitation.answer;
    return err;
}

enum err users_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct form form = new_form();
    enum staff_answer answer = STAFF_MAY;
    enum err err = invite(page, http_field_text(request, "email"),
                          role_from_name(http_field_text(request, "role")), &answer);

    if (err == ERR_INPUT) {
        form_fault(&form, "email", "bad");
        return show(page, 400, &form, true);
    }
    if (err)
        return err;
    note_answer(&form, answer);
    if (form_faulty(&form, NULL))
        return show(page, 409, &form, true);
    return http_redirect(response, "/parametrage/utilisateurs?fait=invite");
}

/* ---- one user ---- */

/* A change of the user that the address names. */
struct user_change {
    const struct page *page;
    int64_t login_id;
    enum role role; /* ROLE_NONE: withdraw */
    enum staff_answer answer;
    bool found;
};

static enum err write_change(struct db *db, void *argument)
{
    struct user_change *change = argument;
    const struct page *page = change->page;
    const struct audit_actor actor = page_actor(page);
    int64_t association_id = page->association.id;
    enum role present = ROLE_NONE;
    enum err err = staff_role(db, association_id, change->login_id, &present);

    change->found = present != ROLE_NONE;
    if (err || !change->found)
        return err;
    err = staff_may(db, association_id, change->login_id, change->role, &actor, &change->answer);
    if (err || change->answer != STAFF_MAY)
        return err;
    if (change->role == ROLE_NONE)
        return staff_withdraw(db, association_id, change->login_id, &actor);
    return login_grant(db, association_id, change->login_id, change->role, &actor, page->now);
}

static enum err no_such_user(struct page *page)
{
    errands_denied(page->web->errands, page->association.id, page->session.login_id,
                   page->request->remote_address, page->route->path, "login");
    return fail(ERR_NOT_FOUND, "no such user here");
}

static enum err change_user(struct page *page, enum role role, const char *location)
{
    struct user_change change = {.page = page, .role = role};
    struct form form = new_form();
    enum err err = OK;

    if (str_to_int64(page->request->path_parts[0], &change.login_id))
        err = db_write(page->web->options.service->writer, write_change, &change);
    if (err)
        return err;
    if (!change.found)
        return no_such_user(page);
    note_answer(&form, change.answer);
    return form_faulty(&form, NULL) ? show(page, 409, &form, false)
                                    : http_redirect(page->response, location);
}

enum err user_role_post(struct http_request *request, struct http_response *response)
{
    (void)response;
    return change_user(page_of(request), role_from_name(http_field_text(request, "role")),
                       "/parametrage/utilisateurs?fait=role");
}

enum err user_withdraw_post(struct http_request *request, struct http_response *response)
{
    (void)response;
    return change_user(page_of(request), ROLE_NONE, "/parametrage/utilisateurs?fait=retire");
}

/* Another link for who has not chosen a password yet. */
enum err user_invite_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    const struct staff_member *user = NULL;
    struct staff_member *members;
    enum staff_answer answer = STAFF_MAY;
    size_t count = 0;
    int64_t login_id = 0;
    enum err err = staff_list(page->db, page->association.id, page->arena, &members, &count);

    if (err)
        return err;
    (void)str_to_int64(request->path_parts[0], &login_id);
    for (size_t i = 0; i < count; i++)
        if (members[i].login_id == login_id)
            user = &members[i];
    if (!user)
        return no_such_user(page);
    err = invite(page, str_of(user->email), user->role, &answer);
    if (!err && answer != STAFF_MAY)
        err = fail(ERR_CONFLICT, "this is no invitation");
    return err ? err : http_redirect(response, "/parametrage/utilisateurs?fait=lien");
}
