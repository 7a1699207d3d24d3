#include "web/password.h"

#include "base/clock.h"

/* ---- looking at a password ---- */

static enum err read_wait(struct password_attempt *attempt)
{
    struct page *page = attempt->page;

    return login_throttle_wait_ms(page->db, attempt->email, page->request->remote_address,
                                  clock_now_ms(), page->arena, &attempt->wait_ms);
}

static enum err verify(struct password_attempt *attempt)
{
    const char *stored =
        attempt->found && !attempt->login.disabled ? attempt->login.password_hash : NULL;
    bool outdated = false;
    enum err err = password_verify(attempt->password, stored, &attempt->matches, &outdated);

    if (!err && attempt->matches && outdated) {
        char *hash = arena_alloc(attempt->page->arena, PASSWORD_HASH_MAX);
        err = password_hash(attempt->password, hash);
        attempt->new_hash = hash;
    }
    return err;
}

static enum err write_failure(struct db *db, void *argument)
{
    const struct password_attempt *attempt = argument;
    const struct audit_actor actor = {attempt->found ? attempt->login.id : 0,
                                      page_address(attempt->page)};
    struct arena *arena = arena_new();
    enum err err = login_throttle_failed(
        db, attempt->email, attempt->page->request->remote_address, clock_now_ms(), arena);

    if (!err)
        err = audit_add(db, 0, &actor, "login.failed",
                        attempt->found
                            ? arena_printf(arena, "login:%lld", (long long)attempt->login.id)
                            : "login:unknown",
                        "");
    arena_free(arena);
    return err;
}

/* Behind the gate the throttle is looked at again. */
static enum err verify_behind_gate(struct password_attempt *attempt)
{
    struct web *web = attempt->page->web;
    enum err err = gate_enter(&web->password_gate);

    if (err)
        return err;
    err = read_wait(attempt);
    if (!err && attempt->wait_ms == 0) {
        err = verify(attempt);
        if (!err && !attempt->matches)
            err = db_write(web->options.service->writer, write_failure, attempt);
    }
    gate_leave(&web->password_gate);
    return err;
}

enum err password_try(struct password_attempt *attempt)
{
    struct page *page = attempt->page;
    enum err err = read_wait(attempt);

    if (err || attempt->wait_ms > 0)
        return err;
    err = login_find(page->db, attempt->email, page->arena, &attempt->login, &attempt->found);
    return err ? err : verify_behind_gate(attempt);
}

enum err password_tried(struct db *db, const struct password_attempt *attempt)
{
    struct arena *arena = arena_new();
    bool unchanged = false;
    enum err err = login_unchanged(db, &attempt->login, arena, &unchanged);

    if (!err && !unchanged)
        err = fail(ERR_CONFLICT, "the login was changed while its password was looked at");
    if (!err)
        err = login_throttle_succeeded(db, attempt->email, arena);
    if (!err && attempt->new_hash)
        err = login_rehash(db, attempt->login.id, attempt->new_hash);
    arena_free(arena);
    return err;
}

void password_say_when(struct page *page, int64_t wait_ms)
{
    http_header_add(page->response, "Retry-After",
                    arena_printf(page->arena, "%lld", (long long)(wait_ms + 999) / 1000));
}

/* ---- forms behind the login ---- */

enum err password_confirm(struct page *page, struct form *form, struct password_attempt *attempt,
                          bool *good)
{
    enum err err;

    *attempt = (struct password_attempt){
        .page = page,
        .email = str_of(page->session.login_email),
        .password = http_field_text(page->request, "password"),
    };
    err = password_try(attempt);
    *good = !err && attempt->matches;
    if (err || *good)
        return err;
    form_fault(form, "password", attempt->wait_ms > 0 ? "throttled" : "wrong");
    if (attempt->wait_ms > 0)
        password_say_when(page, attempt->wait_ms);
    return OK;
}

enum err password_judge_field(struct page *page, struct form *form, const char *field,
                              const char *email)
{
    static const char *const words[] = {
        [PASSWORD_NOT_TEXT] = "text", [PASSWORD_SHORT] = "short",       [PASSWORD_LONG] = "long",
        [PASSWORD_COMMON] = "common", [PASSWORD_PERSONAL] = "personal",
    };
    enum password_fault fault = PASSWORD_GOOD;
    enum err err = password_judge_for(page->db, page->web->options.common_passwords, str_of(email),
                                      http_field_text(page->request, field), page->arena, &fault);

    if (!err && fault != PASSWORD_GOOD)
        form_fault(form, field, words[fault]);
    return err;
}

enum err password_hash_field(struct page *page, const char *field, const char **hash)
{
    struct gate *gate = &page->web->password_gate;
    char *made = arena_alloc(page->arena, PASSWORD_HASH_MAX);
    enum err err = gate_enter(gate);

    *hash = made;
    if (err)
        return err;
    err = password_hash(http_field_text(page->request, field), made);
    gate_leave(gate);
    return err;
}
