#include "accounting/calendar.h"

#include "accounting/internal.h"
#include "association/change.h"
#include "base/arena.h"
#include "queries.h"

#include <string.h>

/* ---- the next year ---- */

enum err calendar_next(struct db *db, const struct association *association, struct date today,
                       struct arena *arena, struct calendar_next *next)
{
    struct fiscal_year *years;
    size_t count;
    enum err err = accounting_years(db, association->id, arena, &years, &count);

    if (err)
        return err;
    *next = (struct calendar_next){.after_id = count > 0 ? years[0].id : 0};
    if (count > 0)
        next->first_day = date_from_days(date_to_days(years[0].last_day) + 1);
    else
        next->first_day = year_first_for(association, today);
    next->last_day = year_last_for(association, next->first_day);
    next->too_far = next->first_day.year > today.year + CALENDAR_YEARS_AHEAD;
    return OK;
}

static enum err add_next(struct db *db, const struct calendar_draft *draft,
                         const struct association *association, const struct audit_actor *actor,
                         struct arena *arena)
{
    struct calendar_next next;
    struct fiscal_year year;
    enum err err = calendar_next(db, association, draft->today, arena, &next);

    if (err)
        return err;
    if (next.after_id != draft->year_id || next.too_far)
        return fail(ERR_CONFLICT, "another year was added since the form was made");
    err = accounting_year_for(db, association, next.first_day, draft->now, arena, &year);
    if (err)
        return err;
    return audit_add(db, association->id, actor, "fiscal_year.added",
                     arena_printf(arena, "fiscal_year:%lld", (long long)year.id), year.label);
}

enum err calendar_add_next(struct db *db, const struct calendar_draft *draft,
                           const struct audit_actor *actor)
{
    struct arena *arena = arena_new();
    struct association association;
    enum err err = association_find(db, draft->association_id, arena, &association);

    if (!err)
        err = add_next(db, draft, &association, actor, arena);
    arena_free(arena);
    return err;
}

/* ---- the name of a year ---- */

enum err calendar_find(struct db *db, int64_t association_id, int64_t year_id, struct arena *arena,
                       struct calendar_year *year)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, Q_FISCAL_YEAR_READ,
                            DB_VALUES(db_int(association_id), db_int(year_id)), &rows, &found);

    if (!err && found) {
        year->id = year_id;
        year->label = db_column_text(&rows, 0, arena);
        year->version = db_column_int(&rows, 3);
        if (!date_parse_iso(db_column_str(&rows, 1), &year->first_day) ||
            !date_parse_iso(db_column_str(&rows, 2), &year->last_day))
            err = fail(ERR_DB, "fiscal_year %lld: bad dates", (long long)year_id);
    } else if (!err) {
        err = fail(ERR_NOT_FOUND, "no such fiscal year");
    }
    db_rows_done(&rows);
    return err;
}

static enum err write_label(struct db *db, const struct calendar_draft *draft,
                            const struct calendar_year *before, const struct audit_actor *actor,
                            struct arena *arena)
{
    struct change change;
    enum err err = db_run(
        db, Q_FISCAL_YEAR_RENAME,
        DB_VALUES(db_int(draft->association_id), db_int(draft->year_id), db_text(draft->label)));

    if (err)
        return err;
    change_init(&change, arena);
    err = change_text(&change, "label", before->label, draft->label);
    return err ? err
               : audit_add(db, draft->association_id, actor, "fiscal_year.renamed",
                           arena_printf(arena, "fiscal_year:%lld", (long long)draft->year_id),
                           change_detail(&change));
}

enum err calendar_rename(struct db *db, const struct calendar_draft *draft,
                         const struct audit_actor *actor)
{
    struct arena *arena = arena_new();
    struct calendar_year before;
    enum err err = calendar_find(db, draft->association_id, draft->year_id, arena, &before);

    if (!err && before.version != draft->version)
        err = fail(ERR_CONFLICT, "the year has changed since the form was made");
    if (!err && strcmp(before.label, draft->label) != 0)
        err = write_label(db, draft, &before, actor, arena);
    arena_free(arena);
    return err;
}
