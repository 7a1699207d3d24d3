/* Relancer: those who owe, whom of them to write to, and what the mail says. */
#include "web/members.h"

#include "association/reminder.h"
#include "job/letter.h"

enum { REMINDERS_PAGE = 100 };

const struct http_field reminders_fields[] = {
    {"q", HTTP_TEXT, 100, NULL, 0},
    {"apres", HTTP_TEXT, WEB_LINE_MAX, NULL, 0},
    {"fait", HTTP_CHOICE, 16, "envoye|rien", 0},
    {0},
};
const struct http_field reminders_send_fields[] = {
    TOKEN_FIELD,
    {"q", HTTP_TEXT, 100, NULL, 0},
    {"apres", HTTP_TEXT, WEB_LINE_MAX, NULL, 0},
    {"adherent", HTTP_IDS, 20, NULL, 0},
    {0},
};

static const struct form_fault faults[] = {{"adherent", "aucun"}};

/* ---- who ---- */

static bool too_soon(const struct page *page, const struct reminder_row *row)
{
    return row->reminded_at > page->now - REMINDER_PAUSE_S;
}

static bool may_be_asked(const struct page *page, const struct reminder_row *row)
{
    return *row->email && !too_soon(page, row);
}

/* Ticked are those who can be written to; after a press, those who were ticked. */
static bool is_ticked(const struct page *page, const struct reminder_row *row)
{
    return page->request->method == HTTP_POST
               ? http_field_has_id(page->request, "adherent", row->member_id)
               : may_be_asked(page, row);
}

static void add_row(struct page *page, struct template_list *list, const struct reminder_row *row)
{
    struct template_map *item = template_list_add(list);
    int64_t due_cents = reminder_total(&row->due);

    page_set_id(page, item, "id", row->member_id);
    template_set_int(item, "number", row->number);
    template_set_text(item, "first_name", row->first_name);
    template_set_text(item, "last_name", row->last_name);
    template_set_text(item, "email", row->email);
    template_set_int(item, "due_cents", due_cents);
    template_set_money(item, "due", due_cents, page->association.currency);
    template_set_flag(item, "has_others", row->due.others_cents > 0);
    template_set_money(item, "others", row->due.others_cents, page->association.currency);
    template_set_flag(item, "was_reminded", row->reminded_at > 0);
    template_set_time(item, "reminded", row->reminded_at, page->association.zone);
    template_set_flag(item, "too_soon", too_soon(page, row));
    template_set_flag(item, "may", may_be_asked(page, row));
    template_set_flag(item, "ticked", is_ticked(page, row));
}

/* ---- the mail ---- */

/* As it would go to the first who can be written to. */
static enum err add_preview(struct page *page, struct template_map *data,
                            const struct reminder_row *row)
{
    struct outbox_mail mail = {.kind = "reminder",
                               .address = row->email,
                               .first_name = row->first_name,
                               .last_name = row->last_name};
    struct letter letter = {0};
    enum err err = reminder_due(page->db, page->association.id, row->member_id, &mail.due);

    if (err)
        return err;
    pthread_rwlock_rdlock(&page->web->look_lock);
    err = letter_write(page->web->look->letters, page->web->options.service, &page->association,
                       &mail, NULL, page->arena, &letter);
    pthread_rwlock_unlock(&page->web->look_lock);
    if (err)
        return err;
    template_set_text(data, "subject", letter.subject);
    template_set_str(data, "text", letter.text);
    template_set_text(data, "example",
                      arena_printf(page->arena, "%s %s", row->first_name, row->last_name));
    return OK;
}

/* ---- the page ---- */

static void read_filter(struct page *page, struct reminder_filter *filter)
{
    *filter = (struct reminder_filter){.search = http_field_text(page->request, "q"),
                                       .max = REMINDERS_PAGE};
    members_read_place(page, &filter->after_id, &filter->after_key);
}

static enum err add_rows(struct page *page, struct template_map *data,
                         const struct reminder_row *rows, size_t count)
{
    struct template_list *list = template_set_list(data, "rows");
    const struct reminder_row *first = NULL;
    int64_t may_count = 0;

    for (size_t i = 0; i < count; i++) {
        add_row(page, list, &rows[i]);
        if (!may_be_asked(page, &rows[i]))
            continue;
        first = first ? first : &rows[i];
        may_count++;
    }
    template_set_flag(data, "has_rows", count > 0);
    template_set_flag(data, "may_send", first != NULL);
    template_set_int(data, "may_count", may_count);
    template_set_flag(data, "several", may_count > 1);
    return first ? add_preview(page, data, first) : OK;
}

static enum err show(struct page *page, int status, const struct form *form)
{
    struct template_map *data = page_data(page, "relances");
    struct reminder_filter filter;
    struct reminder_row *rows = NULL;
    size_t count = 0, shown;
    enum err err = page_begin_reading(page);

    read_filter(page, &filter);
    form_add(page, form, data);
    form_done(page, "envoye|rien", data);
    template_set_str(data, "search", filter.search);
    template_set_str(data, "place", http_field_text(page->request, "apres"));
    template_set_flag(data, "is_filtered", !str_empty(filter.search));
    template_set_flag(data, "first_page", !http_field_given(page->request, "apres"));
    template_set_flag(data, "sends_mail", page->web->options.sends_mail);
    if (!err)
        err = reminder_list(page->db, page->association.id, &filter, page->arena, &rows, &count);
    shown = count > REMINDERS_PAGE ? REMINDERS_PAGE : count;
    if (!err)
        err = add_rows(page, data, rows, shown);
    template_set_flag(data, "has_next", count > shown);
    template_set_text(data, "next_place",
                      !err && count > shown ? members_place(page, rows[shown - 1].member_id,
                                                            rows[shown - 1].sort_key)
                                            : "");
    if (!err)
        err = page_form_token(page, data, "token", "/relances/envoyer");
    return err ? err : page_render(page, status, "relances.html", data);
}

static struct form new_form(void)
{
    struct form form;

    form_init(&form, faults, sizeof(faults) / sizeof(faults[0]));
    return form;
}

enum err reminders_get(struct http_request *request, struct http_response *response)
{
    struct form form = new_form();

    (void)response;
    return show(page_of(request), 200, &form);
}

/* ---- sending ---- */

struct sending {
    struct reminder_order order;
    size_t sent;
};

static enum err write_sending(struct db *db, void *argument)
{
    struct sending *sending = argument;

    return reminder_send(db, &sending->order, &sending->sent);
}

/* Pressed twice, the second one finds everybody reminded. */
enum err reminders_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct sending sending = {.order = {.association_id = page->association.id,
                                        .actor = page_actor(page),
                                        .now = page->now}};
    struct form form = new_form();
    enum err err;

    sending.order.member_ids = http_field_ids(request, "adherent", &sending.order.count);
    if (sending.order.count == 0) {
        form_fault(&form, "adherent", "aucun");
        return show(page, 400, &form);
    }
    err = db_write(page->web->options.service->writer, write_sending, &sending);
    return err ? err
               : http_redirect(response,
                               sending.sent > 0 ? "/relances?fait=envoye" : "/relances?fait=rien");
}
