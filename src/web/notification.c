#include "web/notification.h"
#include "web/staff.h"

#include "queries.h"

enum { NOTIFICATION_PAGE = 50, QUARANTINE_SHOWN = 50 };

/* "ST 12" of the columns that hold the number and the journal; empty without an entry. */
static const char *entry_name(struct page *page, const struct db_rows *rows, int number,
                              int journal)
{
    return db_column_is_null(rows, number)
               ? ""
               : arena_printf(page->arena, "%s %lld", db_column_text(rows, journal, page->arena),
                              (long long)db_column_int(rows, number));
}

/* ---- à rattacher ---- */

static const char *const reasons[] = {"unknown_intent", "other_currency", "account_missing",
                                      "unknown_type",   "orphan",         "excess"};

static void add_quarantined(struct page *page, struct template_list *list,
                            const struct db_rows *rows)
{
    struct template_map *item = template_list_add(list);
    const char *reason = db_column_text(rows, 1, page->arena);
    const char *code = db_column_text(rows, 4, page->arena);
    const struct currency *currency = money_currency(code);
    bool booked = !db_column_is_null(rows, 7);

    page_set_id(page, item, "id", db_column_int(rows, 0));
    template_set_text(item, "reason", reason);
    page_flags(item, reasons, sizeof(reasons) / sizeof(reasons[0]), reason);
    template_set_time(item, "since", db_column_int(rows, 2), page->association.zone);
    template_set_flag(item, "has_amount", code != NULL);
    template_set_money(item, "amount", db_column_int(rows, 3),
                       currency ? currency : page->association.currency);
    template_set_text(item, "reference", db_column_text(rows, 5, page->arena));
    template_set_text(item, "account", db_column_text(rows, 6, page->arena));
    template_set_flag(item, "has_entry", booked);
    page_set_id(page, item, "entry_id", db_column_int(rows, 7));
    template_set_text(item, "entry_number", entry_name(page, rows, 8, 9));
}

enum err staff_add_quarantine(struct page *page, struct template_map *data, int64_t *shown)
{
    struct template_list *list = template_set_list(data, "quarantine");
    struct db_rows rows = {0};
    int64_t count = 0;
    bool found = false;
    enum err err =
        db_select(page->db, Q_QUARANTINE_OPEN,
                  DB_VALUES(db_int(page->association.id), db_int(QUARANTINE_SHOWN)), &rows);

    while (!err && !(err = db_next(&rows, &found)) && found) {
        add_quarantined(page, list, &rows);
        count++;
    }
    db_rows_done(&rows);
    template_set_flag(data, "has_quarantine", count > 0);
    template_set_int(data, "quarantine_count", count);
    *shown = count;
    return err;
}

/* ---- notifications ---- */

static const char *const outcomes[] = {
    "posted",   "already_posted", "noted",      "pending",     "quarantined",
    "not_ours", "other_account",  "test_money", "unsupported", "waits_for_parent",
    "waiting",  "invalid",        "parked"};

void notification_set(struct page *page, struct template_map *item, const struct db_rows *rows)
{
    const char *state = db_column_text(rows, 5, page->arena);
    const char *outcome = db_column_text(rows, 6, page->arena);
    const char *shown = outcome ? outcome : state;
    bool booked = !db_column_is_null(rows, 10);

    page_set_id(page, item, "id", db_column_int(rows, 0));
    template_set_text(item, "provider", db_column_text(rows, 1, page->arena));
    template_set_text(item, "provider_label",
                      page_provider_label(page, db_column_text(rows, 1, page->arena)));
    template_set_text(item, "type", db_column_text(rows, 2, page->arena));
    template_set_text(item, "reference", db_column_text(rows, 3, page->arena));
    template_set_time(item, "at", db_column_int(rows, 4), page->association.zone);
    template_set_text(item, "state", state);
    template_set_text(item, "outcome", shown);
    page_flags(item, outcomes, sizeof(outcomes) / sizeof(outcomes[0]), shown);
    template_set_text(item, "detail", db_column_text(rows, 7, page->arena));
    template_set_int(item, "attempts", db_column_int(rows, 8));
    template_set_flag(item, "has_next_try", !db_column_is_null(rows, 9));
    template_set_time(item, "next_try", db_column_int(rows, 9), page->association.zone);
    template_set_flag(item, "has_entry", booked);
    page_set_id(page, item, "entry_id", db_column_int(rows, 10));
    template_set_text(item, "entry_number", entry_name(page, rows, 11, 12));
}

static enum err add_notifications(struct page *page, struct template_map *data, int64_t before_id)
{
    struct template_list *list = template_set_list(data, "notifications");
    struct db_rows rows = {0};
    int64_t count = 0, last_id = 0;
    bool found = false, more = false;
    enum err err = db_select(
        page->db, Q_NOTIFICATION_LIST,
        DB_VALUES(db_int(page->association.id), db_int(before_id), db_int(NOTIFICATION_PAGE + 1)),
        &rows);

    while (!err && !(err = db_next(&rows, &found)) && found) {
        if (count == NOTIFICATION_PAGE) {
            more = true;
            break;
        }
        notification_set(page, template_list_add(list), &rows);
        last_id = db_column_int(&rows, 0);
        count++;
    }
    db_rows_done(&rows);
    template_set_flag(data, "has_notifications", count > 0);
    template_set_flag(data, "has_next", more);
    page_set_id(page, data, "next_key", last_id);
    return err;
}

enum err notifications_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "notifications");
    int64_t before_id = http_field_id(request, "apres"), not_ours = 0, waiting;
    enum err err = add_notifications(page, data, before_id ? before_id : INT64_MAX);

    (void)response;
    if (!err)
        err = staff_add_quarantine(page, data, &waiting);
    if (!err)
        err = staff_add_to_check(page, data, &waiting);
    if (!err)
        err = db_integer(page->db, Q_NOTIFICATION_NOT_OURS,
                         DB_VALUES(db_int(page->association.id)), 0, &not_ours);
    template_set_int(data, "not_ours_count", not_ours);
    template_set_flag(data, "has_not_ours", not_ours > 0);
    template_set_flag(data, "several_not_ours", not_ours > 1);
    template_set_flag(data, "first_page", before_id == 0);
    return err ? err : page_render(page, 200, "notifications.html", data);
}
