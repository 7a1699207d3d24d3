#include "web/notification.h"

#include "base/clock.h"
#include "payment/replay.h"
#include "payment/service.h"
#include "queries.h"
#include "web/form.h"
#include "web/raw_text.h"

const struct http_field notification_page_fields[] = {
    {"fait", HTTP_TOKEN, 20, NULL, 0},
    {0},
};

static const struct form_fault faults[] = {{"message", "attend"}};

static enum err find_id(struct page *page, int64_t *event_id)
{
    return str_to_int64(page->request->path_parts[0], event_id)
               ? OK
               : fail(ERR_NOT_FOUND, "no such message");
}

static void set_member(struct page *page, struct template_map *data, const struct db_rows *rows)
{
    bool known = !db_column_is_null(rows, 21);

    template_set_flag(data, "has_member", known);
    page_set_id(page, data, "member_id", db_column_int(rows, 20));
    template_set_int(data, "member_number", db_column_int(rows, 21));
    template_set_text(data, "member",
                      known ? arena_printf(page->arena, "%s %s",
                                           db_column_text(rows, 22, page->arena),
                                           db_column_text(rows, 23, page->arena))
                            : "");
}

static void set_movement(struct page *page, struct template_map *data, const struct db_rows *rows)
{
    bool moved = !db_column_is_null(rows, 16);
    const struct currency *currency =
        moved ? money_currency(db_column_text(rows, 19, page->arena)) : NULL;

    template_set_flag(data, "has_movement", moved);
    template_set_flag(data, "is_capture", str_is(db_column_str(rows, 17), "capture"));
    page_set_id(page, data, "movement_id", db_column_int(rows, 16));
    template_set_money(data, "amount", db_column_int(rows, 18),
                       currency ? currency : page->association.currency);
}

static void set_text(struct page *page, struct template_map *data, const struct db_rows *rows)
{
    bool cut = false;
    struct str text = raw_text(db_column_blob(rows, 14, page->arena), page->arena, &cut);

    template_set_str(data, "text", text);
    template_set_flag(data, "has_text", text.len > 0);
    template_set_flag(data, "is_cut", cut);
    template_set_flag(data, "may_replay",
                      page_is_money(page) && text.len > 0 &&
                          !str_is(db_column_str(rows, 5), "waiting"));
}

static enum err set_message(struct page *page, struct template_map *data, int64_t event_id)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err =
        db_first(page->db, Q_NOTIFICATION_PAGE,
                 DB_VALUES(db_int(page->association.id), db_int(event_id)), &rows, &found);

    if (!err && !found)
        err = fail(ERR_NOT_FOUND, "no such message");
    if (!err) {
        notification_set(page, data, &rows);
        template_set_flag(data, "authentic", db_column_int(&rows, 13) != 0);
        template_set_time(data, "updated", db_column_int(&rows, 15), page->association.zone);
        set_movement(page, data, &rows);
        set_member(page, data, &rows);
        set_text(page, data, &rows);
    }
    db_rows_done(&rows);
    return err;
}

static enum err show(struct page *page, int status, const struct form *wrong)
{
    struct template_map *data = page_data(page, "notification");
    struct form none;
    const char *replay_url;
    int64_t event_id = 0;
    enum err err = find_id(page, &event_id);

    if (!err)
        err = set_message(page, data, event_id);
    if (err)
        return err;
    replay_url = arena_printf(page->arena, "/notifications/%lld/rejouer", (long long)event_id);
    template_set_text(data, "replay_url", replay_url);
    err = page_form_token(page, data, "csrf", "/notifications/{}/rejouer");
    form_init(&none, faults, 1);
    form_add(page, wrong ? wrong : &none, data);
    form_done(page, "rejouee", data);
    return err ? err : page_render(page, status, "notification.html", data);
}

enum err notification_get(struct http_request *request, struct http_response *response)
{
    (void)response;
    return show(page_of(request), 200, NULL);
}

/* ---- once more ---- */

struct replay {
    int64_t association_id;
    int64_t event_id;
    struct audit_actor actor;
    int64_t now;
};

static enum err write_replay(struct db *db, void *argument)
{
    const struct replay *replay = argument;

    return event_replay(db, replay->association_id, replay->event_id, &replay->actor, replay->now);
}

enum err notification_replay_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct replay replay = {
        .association_id = page->association.id, .actor = page_actor(page), .now = clock_now()};
    struct form form;
    enum err err = find_id(page, &replay.event_id);

    if (!err)
        err = db_write(page->web->options.service->writer, write_replay, &replay);
    if (err == ERR_CONFLICT) {
        form_init(&form, faults, 1);
        form_fault(&form, "message", "attend");
        return show(page, 409, &form);
    }
    return err ? err
               : http_redirect(response,
                               arena_printf(page->arena, "/notifications/%lld?fait=rejouee",
                                            (long long)replay.event_id));
}
