#include "sandbox/delivery.h"

#include <string.h>

#include "base/clock.h"
#include "sandbox/internal.h"
#include "sandbox_queries.h"

enum { AWAIT_STEP_MS = 20 };

enum err delivery_plan(struct delivery_batch *batch, const struct delivery_draft *draft)
{
    if (batch->draft_count == DELIVERY_BATCH_MAX)
        return fail(ERR_LIMIT, "more than %d notifications of one move", DELIVERY_BATCH_MAX);
    batch->drafts[batch->draft_count++] = *draft;
    return OK;
}

bool notify_first(const struct notify *notify)
{
    return notify->mode && !strcmp(notify->mode, "before");
}

static bool is_mode(const struct notify *notify, const char *mode)
{
    return !strcmp(notify->mode, mode);
}

static const char *first_state(const struct notify *notify, const struct delivery_draft *draft,
                               bool held)
{
    if (is_mode(notify, "never"))
        return "dropped";
    return held || draft->hold ? "held" : "waiting";
}

/* What is wrong on purpose with an event of PayPal's. */
static const char *alteration_of(const struct delivery_draft *draft, const struct notify *notify)
{
    static const char *const names[] = {"bad_signature", "old_time",      "other_certificate",
                                        "other_host",    "other_webhook", "altered_body"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (draft->webhook_id && is_mode(notify, names[i]))
            return names[i];
    return NULL;
}

static enum err add_row(struct db *db, struct delivery_batch *batch,
                        const struct delivery_draft *draft, const struct notify *notify,
                        const char *state, int64_t now_ms)
{
    int64_t late_s = is_mode(notify, "late") ? notify->late_s : 0;
    int64_t due_ms = now_ms + (late_s + draft->delay_s) * 1000;

    return db_integer(db, SQ_DELIVERY_ADD,
                      DB_VALUES(db_text(draft->provider), db_text(draft->kind),
                                db_text(draft->reference), db_text(draft->object_id),
                                db_text(draft->endpoint_id), db_text(draft->url),
                                db_blob(draft->body), db_int(is_mode(notify, "bad_signature")),
                                db_text(state), db_int(due_ms), db_int(now_ms),
                                db_text(draft->webhook_id), db_text(alteration_of(draft, notify))),
                      0, &batch->numbers[batch->count++]);
}

enum err delivery_add(struct db *db, struct delivery_batch *batch, const struct notify *notify,
                      int64_t now_ms)
{
    int copies = is_mode(notify, "twice") ? 2 : 1;
    bool backwards = is_mode(notify, "out_of_order");
    int64_t held = 0;
    enum err err = db_integer(db, SQ_SETTING_GET, DB_VALUES(db_text("held")), 0, &held);

    for (int i = 0; i < batch->draft_count && !err; i++) {
        const struct delivery_draft *draft =
            &batch->drafts[backwards ? batch->draft_count - 1 - i : i];

        for (int copy = 0; copy < copies && !err; copy++)
            err = add_row(db, batch, draft, notify, first_state(notify, draft, held == 1), now_ms);
    }
    batch->draft_count = 0;
    return err;
}

static const char *number_list(struct arena *arena, const int64_t *numbers, int count)
{
    struct buffer text;

    buffer_init(&text, arena, 64);
    buffer_add_byte(&text, '[');
    for (int i = 0; i < count; i++)
        buffer_printf(&text, "%s%lld", i ? "," : "", (long long)numbers[i]);
    buffer_add_byte(&text, ']');
    return text.data;
}

void delivery_await(struct sandbox *sandbox, struct db *db, const int64_t *numbers, int count,
                    int64_t timeout_ms)
{
    struct arena *arena = arena_new();
    const char *list = number_list(arena, numbers, count);
    int64_t end_ms = clock_monotonic_ms() + timeout_ms;
    int64_t left = 1;

    while (left && clock_monotonic_ms() < end_ms && !atomic_load(&sandbox->stopping)) {
        if (db_integer(db, SQ_DELIVERY_UNTRIED, DB_VALUES(db_text(list)), 0, &left))
            break;
        if (left)
            sandbox_sleep_ms(sandbox, AWAIT_STEP_MS);
    }
    arena_free(arena);
}
