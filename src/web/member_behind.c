#include "web/member_behind.h"

#include "queries.h"

#include <string.h>

enum { ATTEMPTS_SHOWN = 30, NOTIFICATIONS_SHOWN = 30 };

/* Money that moved. */
struct movement {
    struct movement *next;
    int64_t id;
    const char *kind;
    const char *reference;
    int64_t amount_cents;
    const struct currency *currency;
    int64_t fact_at;
    int64_t intent_id; /* 0: no attempt */
    int64_t parent_id; /* 0: none */
    const char *flag;
    const char *payer;
    const char *means;
    int64_t entry_id; /* 0: none */
    const char *entry_name;
    const char *reason;
};

struct behind {
    int64_t member_id; /* whose cart */
    struct movement *first;
};

/* ---- movements ---- */

static struct movement *read_movement(struct page *page, const struct db_rows *rows)
{
    struct movement *movement = arena_alloc(page->arena, sizeof(*movement));

    movement->id = db_column_int(rows, 0);
    movement->kind = db_column_text(rows, 1, page->arena);
    movement->reference = db_column_text(rows, 2, page->arena);
    movement->amount_cents = db_column_int(rows, 3);
    movement->currency = money_currency(db_column_text(rows, 4, page->arena));
    movement->fact_at = db_column_int(rows, 5);
    movement->intent_id = db_column_int(rows, 6);
    movement->parent_id = db_column_int(rows, 7);
    movement->flag = db_column_text(rows, 8, page->arena);
    movement->payer = db_column_text(rows, 9, page->arena);
    movement->means = db_column_text(rows, 10, page->arena);
    movement->entry_id = db_column_int(rows, 11);
    movement->entry_name = movement->entry_id ? arena_printf(page->arena, "%s %lld",
                                                             db_column_text(rows, 12, page->arena),
                                                             (long long)db_column_int(rows, 13))
                                              : "";
    movement->reason = db_column_text_or_empty(rows, 14, page->arena);
    if (!movement->currency)
        movement->currency = page->association.currency;
    return movement;
}

enum err behind_read(struct page *page, int64_t member_id, struct behind **behind)
{
    struct behind *found_all = arena_alloc(page->arena, sizeof(*found_all));
    struct movement **end = &found_all->first;
    struct db_rows rows = {0};
    bool found = false;
    enum err err;

    found_all->member_id = member_id;
    err = db_select(page->db, Q_BEHIND_MOVEMENTS,
                    DB_VALUES(db_int(page->association.id), db_int(member_id)), &rows);

    while (!err && !(err = db_next(&rows, &found)) && found) {
        *end = read_movement(page, &rows);
        end = &(*end)->next;
    }
    db_rows_done(&rows);
    *behind = found_all;
    return err;
}

/* ---- notifications ---- */

static const char *const outcomes[] = {
    "posted",   "already_posted", "noted",      "pending",     "quarantined",
    "not_ours", "other_account",  "test_money", "unsupported", "waits_for_parent",
    "waiting",  "invalid",        "parked"};

static void add_notification(struct page *page, struct template_list *list,
                             const struct db_rows *rows)
{
    struct template_map *item = template_list_add(list);
    int64_t id = db_column_int(rows, 0);
    int outcome = db_column_is_null(rows, 5) ? 4 : 5;

    page_set_id(page, item, "id", id);
    page_set_id(page, item, "place", id + 1); /* the list begins below */
    template_set_text(item, "type", db_column_text(rows, 1, page->arena));
    template_set_text(item, "reference", db_column_text(rows, 2, page->arena));
    template_set_time(item, "at", db_column_int(rows, 3), page->association.zone);
    page_flags(item, outcomes, sizeof(outcomes) / sizeof(outcomes[0]),
               db_column_text(rows, outcome, page->arena));
}

static enum err add_notifications(struct page *page, struct template_map *attempt,
                                  int64_t intent_id)
{
    struct template_list *list = template_set_list(attempt, "notifications");
    struct db_rows rows = {0};
    int64_t count = 0;
    bool found = false;
    enum err err = db_select(
        page->db, Q_BEHIND_NOTIFICATIONS,
        DB_VALUES(db_int(page->association.id), db_int(intent_id), db_int(NOTIFICATIONS_SHOWN)),
        &rows);

    while (!err && !(err = db_next(&rows, &found)) && found) {
        add_notification(page, list, &rows);
        count++;
    }
    db_rows_done(&rows);
    template_set_flag(attempt, "has_notifications", count > 0);
    return err;
}

/* ---- attempts ---- */

static const char *const states[] = {"created", "open",     "processing", "paid",
                                     "failed",  "canceled", "expired"};

static void set_attempt(struct page *page, struct template_map *item, const struct db_rows *rows)
{
    const char *state = db_column_text(rows, 1, page->arena);
    const struct currency *currency = money_currency(db_column_text(rows, 3, page->arena));

    template_set_text(item, "state", state);
    page_flags(item, states, sizeof(states) / sizeof(states[0]), state);
    template_set_money(item, "asked", db_column_int(rows, 2),
                       currency ? currency : page->association.currency);
    template_set_text(item, "means", db_column_text(rows, 4, page->arena));
    template_set_text(item, "session", db_column_text_or_empty(rows, 5, page->arena));
    template_set_time(item, "since", db_column_int(rows, 6), page->association.zone);
    template_set_text(item, "why", db_column_text(rows, 7, page->arena));
}

/* Of a family the payer may be another member. */
static void set_payer(struct page *page, struct template_map *item, const struct behind *behind,
                      const struct db_rows *rows)
{
    template_set_flag(item, "other_payer", db_column_int(rows, 8) != behind->member_id);
    page_set_id(page, item, "payer_id", db_column_int(rows, 8));
    template_set_text(item, "payer_name",
                      arena_printf(page->arena, "%s %s", db_column_text(rows, 9, page->arena),
                                   db_column_text(rows, 10, page->arena)));
}

static enum err add_attempt(struct page *page, struct template_list *list,
                            const struct behind *behind, int64_t intent_id)
{
    struct template_map *item = template_list_add(list);
    struct db_rows rows = {0};
    bool found = false;
    enum err err =
        db_first(page->db, Q_BEHIND_ATTEMPT,
                 DB_VALUES(db_int(page->association.id), db_int(intent_id)), &rows, &found);

    if (!err && !found)
        err = fail(ERR_DB, "a movement of an attempt that is not there");
    if (!err) {
        set_attempt(page, item, &rows);
        set_payer(page, item, behind, &rows);
    }
    db_rows_done(&rows);
    return err ? err : add_notifications(page, item, intent_id);
}

enum err behind_add_attempts(struct page *page, struct template_map *data, int64_t member_id)
{
    struct template_list *list = template_set_list(data, "attempts");
    struct db_rows rows = {0};
    int64_t count = 0;
    bool found = false;
    enum err err = db_select(
        page->db, Q_BEHIND_ATTEMPTS,
        DB_VALUES(db_int(page->association.id), db_int(member_id), db_int(ATTEMPTS_SHOWN)), &rows);

    while (!err && !(err = db_next(&rows, &found)) && found) {
        struct template_map *item = template_list_add(list);

        set_attempt(page, item, &rows);
        err = add_notifications(page, item, db_column_int(&rows, 0));
        count++;
    }
    db_rows_done(&rows);
    template_set_flag(data, "has_attempts", count > 0);
    return err;
}

/* ---- behind one line ---- */

static const char *const kinds[] = {"capture", "capture_failed", "refund",      "refund_failed",
                                    "dispute", "dispute_won",    "dispute_lost"};
enum { KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]) };

static const char *const flags[] = {"difference", "second_capture", "late"};

static void set_movement(struct page *page, struct template_map *item,
                         const struct movement *movement)
{
    page_flags(item, kinds, KIND_COUNT, movement->kind);
    page_flags(item, flags, sizeof(flags) / sizeof(flags[0]), movement->flag);
    template_set_text(item, "means", movement->means);
    template_set_text(item, "reference", movement->reference);
    template_set_time(item, "at", movement->fact_at, page->association.zone);
    template_set_money(item, "moved",
                       movement->amount_cents < 0 ? -movement->amount_cents
                                                  : movement->amount_cents,
                       movement->currency);
    template_set_text(item, "payer", movement->payer);
    template_set_text(item, "reason", movement->reason);
    template_set_flag(item, "has_entry", movement->entry_id != 0);
    page_set_id(page, item, "entry_id", movement->entry_id);
    template_set_text(item, "entry_name", movement->entry_name);
}

/* What became of a payment afterwards. */
static void add_aftermath(struct page *page, struct template_map *item,
                          const struct behind *behind, const struct movement *capture)
{
    struct template_list *list = template_set_list(item, "aftermath");
    int64_t returned = 0, disputed = 0;

    for (const struct movement *one = behind->first; one; one = one->next) {
        if (one->parent_id != capture->id)
            continue;
        set_movement(page, template_list_add(list), one);
        if (strncmp(one->kind, "dispute", 7) == 0)
            disputed = money_add(disputed, one->amount_cents);
        else
            returned = money_add(returned, -one->amount_cents);
    }
    template_set_flag(item, "is_returned", returned > 0 && returned >= capture->amount_cents);
    template_set_flag(item, "is_partly_returned",
                      returned > 0 && returned < capture->amount_cents);
    template_set_flag(item, "is_disputed", disputed < 0);
}

static const struct movement *find(const struct behind *behind, int64_t transaction_id)
{
    for (const struct movement *one = behind->first; one; one = one->next)
        if (one->id == transaction_id)
            return one;
    return NULL;
}

enum err behind_set(struct page *page, struct template_map *item, const struct behind *behind,
                    int64_t transaction_id)
{
    const struct movement *movement = find(behind, transaction_id);
    struct template_list *attempts = template_set_list(item, "attempts");

    template_set_flag(item, "has_movement", movement != NULL);
    template_set_flag(item, "is_returned", false);
    template_set_flag(item, "is_partly_returned", false);
    template_set_flag(item, "is_disputed", false);
    if (!movement)
        return OK;
    set_movement(page, item, movement);
    add_aftermath(page, item, behind, movement);
    return movement->intent_id ? add_attempt(page, attempts, behind, movement->intent_id) : OK;
}
