#include "payment/terms.h"

#include "association/change.h"
#include "base/arena.h"
#include "queries.h"

#include <string.h>

enum { TERMS_MAX = 64 };

/* ---- reading ---- */

static enum err read_terms(const struct db_rows *rows, int64_t association_id, struct arena *arena,
                           struct terms *terms)
{
    terms->account = (struct provider_account){
        .association_id = association_id,
        .id = db_column_int(rows, 0),
        .provider = db_column_text(rows, 1, arena),
        .mode = str_is(db_column_str(rows, 2), "live") ? ACCOUNT_LIVE : ACCOUNT_TEST,
        .external_id = db_column_text(rows, 3, arena),
        .email_folded = db_column_text(rows, 4, arena),
        .label = db_column_text(rows, 5, arena),
        .transit_account = db_column_text(rows, 6, arena),
        .linked = db_column_is_null(rows, 7),
        .rate_points = db_column_is_null(rows, 8) ? -1 : db_column_int(rows, 8),
        .version = db_column_int(rows, 9),
    };
    terms->opening_cents = db_column_int(rows, 11);
    terms->booked = db_column_int(rows, 12) != 0;
    terms->other_account = db_column_text(rows, 13, arena);
    if (!date_parse_iso(db_column_str(rows, 10), &terms->since_day))
        return fail(ERR_DB, "provider_account %lld: bad date", (long long)terms->account.id);
    return OK;
}

enum err terms_list(struct db *db, int64_t association_id, struct arena *arena,
                    struct terms **terms, size_t *count)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_select(db, Q_TERMS_LIST, DB_VALUES(db_int(association_id)), &rows);

    *terms = arena_array(arena, TERMS_MAX, sizeof(**terms));
    *count = 0;
    while (!err && *count < TERMS_MAX && !(err = db_next(&rows, &found)) && found)
        err = read_terms(&rows, association_id, arena, &(*terms)[(*count)++]);
    db_rows_done(&rows);
    return err;
}

enum err terms_find(struct db *db, int64_t association_id, int64_t account_id, struct arena *arena,
                    struct terms *terms)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, Q_TERMS_FIND,
                            DB_VALUES(db_int(association_id), db_int(account_id)), &rows, &found);

    if (!err && found)
        err = read_terms(&rows, association_id, arena, terms);
    else if (!err)
        err = fail(ERR_NOT_FOUND, "no such account at a provider");
    db_rows_done(&rows);
    return err;
}

const struct terms *terms_of_provider(const struct terms *terms, size_t count,
                                      const char *provider)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(terms[i].account.provider, provider) == 0 && terms[i].account.rate_points >= 0)
            return &terms[i];
    return NULL;
}

/* ---- writing ---- */

static void describe(const struct terms *before, const struct terms_draft *after,
                     struct change *change)
{
    char old_day[DATE_TEXT_MAX], new_day[DATE_TEXT_MAX];

    change_number(change, "rate_points", before->account.rate_points, after->rate_points);
    change_word(change, "since_day", date_format_iso(old_day, before->since_day),
                date_format_iso(new_day, after->since_day));
    change_number(change, "opening_cents", before->opening_cents, after->opening_cents);
    change_word(change, "other_account", before->other_account,
                after->other_account ? after->other_account : before->other_account);
}

static enum err write(struct db *db, const struct terms_draft *draft,
                      const struct audit_actor *actor, const struct change *change,
                      struct arena *arena)
{
    char since[DATE_TEXT_MAX];
    enum err err =
        db_run(db, Q_TERMS_CHANGE,
               DB_VALUES(db_int(draft->association_id), db_int(draft->id),
                         draft->rate_points >= 0 ? db_int(draft->rate_points) : db_null(),
                         db_text(date_format_iso(since, draft->since_day)),
                         db_int(draft->opening_cents), db_text(draft->other_account)));

    return err ? err
               : audit_add(db, draft->association_id, actor, "provider_account.terms",
                           arena_printf(arena, "provider_account:%lld", (long long)draft->id),
                           change_detail(change));
}

static enum terms_result look_before(const struct terms *before, const struct terms_draft *draft)
{
    bool moves = date_compare(before->since_day, draft->since_day) != 0 ||
                 before->opening_cents != draft->opening_cents;

    if (before->account.version != draft->version)
        return TERMS_STALE;
    return before->booked && moves ? TERMS_BOOKED : TERMS_WRITTEN;
}

enum err terms_write(struct db *db, const struct terms_draft *draft,
                     const struct audit_actor *actor, enum terms_result *result)
{
    struct arena *arena = arena_new();
    struct terms before;
    struct change change;
    enum err err = terms_find(db, draft->association_id, draft->id, arena, &before);

    *result = TERMS_STALE;
    change_init(&change, arena);
    if (!err) {
        *result = look_before(&before, draft);
        describe(&before, draft, &change);
    }
    if (!err && *result == TERMS_WRITTEN && !change_none(&change))
        err = write(db, draft, actor, &change, arena);
    arena_free(arena);
    return err;
}
