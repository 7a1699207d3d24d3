#include "payment/means.h"

#include "association/association.h"
#include "association/change.h"
#include "base/random.h"
#include "base/utf8.h"
#include "queries.h"

#include <string.h>

enum { MEANS_MAX = 200, PLACE_OWN = 50 /* behind the usual ones */ };

/* ---- reading ---- */

bool means_takes_cheques(const struct means *means)
{
    return str_starts(str_of(means->account_code), MEANS_CHEQUE_ACCOUNT);
}

static void read_means(const struct db_rows *rows, struct arena *arena, struct means *means)
{
    means->id = db_column_int(rows, 0);
    means->label = db_column_text(rows, 1, arena);
    means->account_code = db_column_text(rows, 2, arena);
    means->account_label = db_column_text(rows, 3, arena);
    means->account_usable = db_column_int(rows, 4) != 0;
    means->archived = !db_column_is_null(rows, 5);
    means->version = db_column_int(rows, 6);
    means->booked = db_column_int(rows, 7) != 0;
}

enum err means_list(struct db *db, int64_t association_id, struct arena *arena,
                    struct means **means, size_t *count)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_select(db, Q_MEANS_LIST, DB_VALUES(db_int(association_id)), &rows);

    *means = arena_array(arena, MEANS_MAX, sizeof(**means));
    *count = 0;
    while (!err && *count < MEANS_MAX && !(err = db_next(&rows, &found)) && found)
        read_means(&rows, arena, &(*means)[(*count)++]);
    db_rows_done(&rows);
    return err;
}

enum err means_find(struct db *db, int64_t association_id, int64_t means_id, struct arena *arena,
                    struct means *means)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, Q_MEANS_FIND, DB_VALUES(db_int(association_id), db_int(means_id)),
                            &rows, &found);

    if (!err && found)
        read_means(&rows, arena, means);
    else if (!err)
        err = fail(ERR_NOT_FOUND, "no such means of payment");
    db_rows_done(&rows);
    return err;
}

/* ---- what stands against a change ---- */

/* A change under way: the means as it stands, and what to tell the audit. */
struct writing {
    struct db *db;
    const struct means_draft *draft;
    struct arena *arena;
    struct means before; /* not when it is added */
    const char *action;  /* NULL: nothing was changed */
    const char *detail;
};

static enum err account_usable(const struct writing *writing, const char *code, bool *usable)
{
    int64_t one = 0;
    enum err err =
        db_integer(writing->db, Q_MEANS_ACCOUNT_USABLE,
                   DB_VALUES(db_int(writing->draft->association_id), db_text(code)), 0, &one);

    *usable = one == 1;
    return err;
}

static enum err name_taken(const struct writing *writing, bool *taken)
{
    const struct means_draft *draft = writing->draft;
    struct str name = utf8_fold(str_of(draft->label), writing->arena);
    struct means *others;
    size_t count;
    enum err err = means_list(writing->db, draft->association_id, writing->arena, &others, &count);

    *taken = false;
    for (size_t i = 0; !err && i < count; i++)
        if (others[i].id != draft->id &&
            str_equal(utf8_fold(str_of(others[i].label), writing->arena), name))
            *taken = true;
    if (!err && count == MEANS_MAX)
        err = fail(ERR_LIMIT, "an association has at most %d means of payment", MEANS_MAX - 1);
    return err;
}

/* account: the one it is to have, or NULL when it keeps its own. */
static enum err look_before(const struct writing *writing, const char *account,
                            enum means_result *result)
{
    bool taken = false, usable = true;
    enum err err = name_taken(writing, &taken);

    if (!err && account)
        err = account_usable(writing, account, &usable);
    *result = taken ? MEANS_SAME_NAME : usable ? MEANS_WRITTEN : MEANS_NO_ACCOUNT;
    return err;
}

/* ---- writing ---- */

static enum err add(struct writing *writing, enum means_result *result)
{
    const struct means_draft *draft = writing->draft;
    const struct account_draft account = {
        .id = draft->id,
        .association_id = draft->association_id,
        .public_id = draft->public_id,
        .provider = "manual",
        .mode = draft->mode,
        .external_id = arena_printf(writing->arena, "%lld", (long long)draft->id),
        .label = draft->label,
        .transit_account = draft->account_code,
        .since_day = "1970-01-01",
        .verified = true,
        .now = draft->now,
    };
    enum err err = look_before(writing, draft->account_code, result);

    if (err || *result != MEANS_WRITTEN)
        return err;
    writing->action = "means.added";
    writing->detail = draft->account_code;
    err = account_store(writing->db, &account);
    return err ? err
               : db_run(writing->db, Q_PROVIDER_ACCOUNT_PLACE,
                        DB_VALUES(db_int(draft->association_id), db_int(draft->id),
                                  db_int(PLACE_OWN)));
}

static enum err change_it(struct writing *writing, enum means_result *result)
{
    const struct means_draft *draft = writing->draft;
    const struct means *before = &writing->before;
    bool moves = strcmp(before->account_code, draft->account_code) != 0;
    struct change change;
    enum err err = look_before(writing, moves ? draft->account_code : NULL, result);

    if (before->version != draft->version)
        *result = MEANS_STALE;
    else if (moves && before->booked)
        *result = MEANS_BOOKED;
    if (err || *result != MEANS_WRITTEN)
        return err;
    change_init(&change, writing->arena);
    err = change_text(&change, "label", before->label, draft->label);
    change_word(&change, "account", before->account_code, draft->account_code);
    if (err || change_none(&change))
        return err;
    writing->action = "means.changed";
    writing->detail = change_detail(&change);
    return db_run(writing->db, Q_MEANS_CHANGE,
                  DB_VALUES(db_int(draft->association_id), db_int(draft->id),
                            db_text(draft->label), db_text(draft->account_code)));
}

static enum err set_archived(struct writing *writing, enum means_result *result)
{
    const struct means_draft *draft = writing->draft;
    bool archives = draft->change == MEANS_ARCHIVE;

    if (writing->before.archived == archives) /* so already */
        return OK;
    if (!archives && !writing->before.account_usable) {
        *result = MEANS_NO_ACCOUNT;
        return OK;
    }
    writing->action = archives ? "means.archived" : "means.restored";
    return db_run(writing->db, Q_MEANS_ARCHIVE,
                  DB_VALUES(db_int(draft->association_id), db_int(draft->id),
                            archives ? db_int(draft->now) : db_null()));
}

static enum err write(struct writing *writing, enum means_result *result)
{
    switch (writing->draft->change) {
    case MEANS_ADD:
        return add(writing, result);
    case MEANS_CHANGE:
        return change_it(writing, result);
    case MEANS_ARCHIVE:
    case MEANS_RESTORE:
        break;
    }
    return set_archived(writing, result);
}

enum err means_write(struct db *db, const struct means_draft *draft,
                     const struct audit_actor *actor, enum means_result *result)
{
    struct writing writing = {.db = db, .draft = draft, .arena = arena_new(), .detail = ""};
    enum err err = OK;

    *result = MEANS_WRITTEN;
    if (draft->change != MEANS_ADD)
        err = means_find(db, draft->association_id, draft->id, writing.arena, &writing.before);
    if (!err)
        err = write(&writing, result);
    if (!err && writing.action)
        err = audit_add(db, draft->association_id, actor, writing.action,
                        arena_printf(writing.arena, "provider_account:%lld", (long long)draft->id),
                        writing.detail);
    arena_free(writing.arena);
    return err;
}

/* ---- the usual ones ---- */

struct usual {
    const char *code, *label, *account_code, *account_label;
    int64_t place;
};

static enum err read_usual(struct db *db, int64_t association_id, struct arena *arena,
                           struct usual **usual, size_t *count)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_select(db, Q_MEANS_USUAL, DB_VALUES(db_int(association_id)), &rows);

    *usual = arena_array(arena, MEANS_MAX, sizeof(**usual));
    *count = 0;
    while (!err && *count < MEANS_MAX && !(err = db_next(&rows, &found)) && found)
        (*usual)[(*count)++] = (struct usual){
            .code = db_column_text(&rows, 0, arena),
            .label = db_column_text(&rows, 1, arena),
            .account_code = db_column_text(&rows, 2, arena),
            .account_label = db_column_text(&rows, 3, arena),
            .place = db_column_int(&rows, 4),
        };
    db_rows_done(&rows);
    return err;
}

enum err means_usual_missing(struct db *db, int64_t association_id, bool *missing)
{
    struct arena *arena = arena_new();
    struct usual *usual;
    size_t count = 0;
    enum err err = read_usual(db, association_id, arena, &usual, &count);

    *missing = count > 0;
    arena_free(arena);
    return err;
}

/* common: what all of them share. */
static enum err add_usual(struct db *db, const struct usual *usual,
                          const struct account_draft *common)
{
    char public_id[RANDOM_TOKEN_MAX];
    struct account_draft draft = *common;
    enum err err = random_token(public_id);

    if (!err)
        err = random_id(&draft.id);
    draft.public_id = public_id;
    draft.external_id = usual->code;
    draft.label = usual->label;
    draft.transit_account = usual->account_code;
    if (!err)
        err = db_run(db, Q_ACCOUNT_ADD,
                     DB_VALUES(db_int(draft.association_id), db_text(usual->account_code),
                               db_text(usual->account_label)));
    if (!err)
        err = account_store(db, &draft);
    return err ? err
               : db_run(db, Q_PROVIDER_ACCOUNT_PLACE,
                        DB_VALUES(db_int(draft.association_id), db_int(draft.id),
                                  db_int(usual->place)));
}

static enum err add_all(struct db *db, const struct account_draft *draft, struct arena *arena,
                        struct buffer *codes)
{
    struct usual *usual;
    size_t count = 0;
    enum err err = read_usual(db, draft->association_id, arena, &usual, &count);

    for (size_t i = 0; !err && i < count; i++) {
        err = add_usual(db, &usual[i], draft);
        buffer_printf(codes, "%s%s", i > 0 ? ", " : "", usual[i].code);
    }
    return err;
}

enum err means_add_usual(struct db *db, int64_t association_id, const struct audit_actor *actor,
                         int64_t now)
{
    struct arena *arena = arena_new();
    struct account_draft draft = {.association_id = association_id,
                                  .provider = "manual",
                                  .since_day = "1970-01-01",
                                  .verified = true,
                                  .now = now};
    struct association association;
    struct buffer codes;
    enum err err = association_find(db, association_id, arena, &association);

    buffer_init(&codes, arena, 64);
    if (!err) {
        draft.mode = association.kind == ASSOCIATION_REAL ? ACCOUNT_LIVE : ACCOUNT_TEST;
        err = add_all(db, &draft, arena, &codes);
    }
    if (!err && codes.len > 0)
        err = audit_add(db, association_id, actor, "means.usual_added",
                        arena_printf(arena, "association:%lld", (long long)association_id),
                        codes.data);
    arena_free(arena);
    return err;
}
