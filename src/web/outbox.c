/* Courriels: what was sent, what waits, what was refused. */
#include "web/settings.h"

#include "association/outbox.h"
#include "job/letter.h"
#include "queries.h"

#include <string.h>

static const char *const kinds[] = {
    "payment_received", "second_capture", "quarantined", "other_account",
    "test_money",       "password_link",  "invitation",  "role_granted",
    "email_asked",      "email_confirm",  "reminder",    "dispute_opened",
    "capture_failed",   "refund_failed",  "to_place",    "payment_refunded"};
static const char *const states[] = {"waiting", "sent", "refused", "dropped"};
/* Reasons that are words of ours; any other is the server's sentence. */
static const char *const reasons[] = {"no_recipient", "bad_address", "no_text",
                                      "too_late",     "withdrawn",   "settled"};
enum {
    KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]),
    STATE_COUNT = sizeof(states) / sizeof(states[0]),
    REASON_COUNT = sizeof(reasons) / sizeof(reasons[0])
};

/* ---- kinds, states and reasons in words ---- */

static bool is_one_of(const char *const *words, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

static void set_words(struct template_map *item, const char *kind, const char *state,
                      const char *reason)
{
    page_flags(item, kinds, KIND_COUNT, kind);
    template_set_flag(item, "other_kind", !is_one_of(kinds, KIND_COUNT, kind));
    page_flags(item, states, STATE_COUNT, state);
    page_flags(item, reasons, REASON_COUNT, reason);
    template_set_text(item, "sentence", is_one_of(reasons, REASON_COUNT, reason) ? "" : reason);
}

/* ---- the list ---- */

static void add_mail(struct page *page, struct template_list *list, const struct db_rows *rows)
{
    struct template_map *item = template_list_add(list);
    const struct zone *zone = page->association.zone;
    const char *address = db_column_text(rows, 8, page->arena);
    bool member = !db_column_is_null(rows, 9);

    page_set_id(page, item, "id", db_column_int(rows, 0));
    template_set_text(item, "kind", db_column_text(rows, 1, page->arena));
    template_set_text(item, "state", db_column_text(rows, 2, page->arena));
    set_words(item, db_column_text(rows, 1, page->arena), db_column_text(rows, 2, page->arena),
              db_column_text(rows, 3, page->arena));
    template_set_time(item, "at", db_column_int(rows, 4), zone);
    template_set_flag(item, "has_end", !db_column_is_null(rows, 5));
    template_set_time(item, "ended_at", db_column_int(rows, 5), zone);
    template_set_flag(item, "will_be_tried",
                      page->web->options.sends_mail && !db_column_is_null(rows, 6));
    template_set_time(item, "next_at", db_column_int(rows, 6), zone);
    template_set_int(item, "attempts", db_column_int(rows, 7));
    template_set_text(item, "address", address ? address : "");
    template_set_flag(item, "has_member", member);
    template_set_text(item, "member",
                      member ? arena_printf(page->arena, "%s %s",
                                            db_column_text(rows, 10, page->arena),
                                            db_column_text(rows, 11, page->arena))
                             : "");
}

static enum err add_mails(struct page *page, struct template_map *data, int64_t before_id)
{
    struct template_list *list = template_set_list(data, "mails");
    struct db_rows rows = {0};
    int64_t count = 0, last_id = 0;
    bool found = false, more = false;
    enum err err = db_select(
        page->db, Q_OUTBOX_LIST,
        DB_VALUES(db_int(page->association.id), db_int(before_id), db_int(WEB_PAGE_ROWS + 1)),
        &rows);

    while (!err && !more && !(err = db_next(&rows, &found)) && found) {
        more = count == WEB_PAGE_ROWS;
        if (more)
            break;
        add_mail(page, list, &rows);
        last_id = db_column_int(&rows, 0);
        count++;
    }
    db_rows_done(&rows);
    template_set_flag(data, "has_mails", count > 0);
    template_set_flag(data, "has_next", more);
    page_set_id(page, data, "next_key", last_id);
    return err;
}

enum err outbox_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "courriels");
    int64_t before_id = http_field_id(request, "apres");
    enum err err = add_mails(page, data, before_id ? before_id : INT64_MAX);

    (void)response;
    template_set_flag(data, "sends_mail", page->web->options.sends_mail);
    template_set_flag(data, "first_page", before_id == 0);
    return err ? err : page_render(page, 200, "courriels.html", data);
}

/* ---- one mail, without its secret link ---- */

static enum err write_letter(struct page *page, const struct outbox_mail *mail,
                             struct letter *letter)
{
    struct web *web = page->web;
    enum err err;

    pthread_rwlock_rdlock(&web->look_lock);
    err = letter_write(web->look->letters, web->options.service, &page->association, mail, NULL,
                       page->arena, letter);
    pthread_rwlock_unlock(&web->look_lock);
    return err;
}

static void set_mail(struct page *page, struct template_map *data, const struct outbox_mail *mail,
                     const struct letter *letter)
{
    const char *address = mail->sent_to[0] ? mail->sent_to : mail->address;

    set_words(data, mail->kind, mail->state, mail->reason);
    template_set_text(data, "subject", letter->subject);
    template_set_str(data, "text", letter->text);
    template_set_text(data, "address", address ? address : "");
    template_set_time(data, "at", mail->created_at, page->association.zone);
}

enum err outbox_mail_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "courriel");
    struct outbox_mail mail;
    struct letter letter = {.subject = ""};
    int64_t id;
    enum err err =
        str_to_int64(request->path_parts[0], &id) ? OK : fail(ERR_NOT_FOUND, "no mail id");

    (void)response;
    if (!err)
        err = outbox_find(page->db, page->association.id, id, page->arena, &mail);
    if (err == ERR_NOT_FOUND)
        errands_denied(page->web->errands, page->session.association_id, page->session.login_id,
                       request->remote_address, page->route->path, "mail");
    mail.about = NULL;
    if (!err)
        err = write_letter(page, &mail, &letter);
    if (err)
        return err;
    set_mail(page, data, &mail, &letter);
    return page_render(page, 200, "courriel.html", data);
}
