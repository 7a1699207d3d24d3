#include <stdlib.h>

#include "sandbox/row.h"
#include "sandbox/stripe.h"

enum { LIMIT_DEFAULT = 10 };

/* The row number of the cursor a parameter names; 0 when it is not given. */
static enum err read_cursor(struct stripe_call *call, struct db *db,
                            const struct stripe_list *list, const char *name, int64_t *number)
{
    const char *id = row_text(call->parameters, name);
    enum err err = OK;

    *number = 0;
    if (!id)
        return OK;
    err = db_integer(db, list->number_query,
                     DB_VALUES(db_text(call->account_id), db_int(call->livemode), db_text(id)), 0,
                     number);
    if (!err && !*number)
        return stripe_refuse(call, "resource_missing", name, "No such %s: '%s'", list->kind, id);
    return err;
}

static enum err read_rows(struct stripe_call *call, struct db *db, const struct stripe_list *list,
                          int64_t limit, json_t **rows)
{
    char *filters = NULL;
    int64_t before = 0;
    int64_t after = 0;
    enum err err = read_cursor(call, db, list, "starting_after", &before);

    if (!err && !call->error.status)
        err = read_cursor(call, db, list, "ending_before", &after);
    if (err || call->error.status)
        return err;
    filters = json_dumps(call->parameters, JSON_COMPACT);
    err = row_list(db, after && list->back_query ? list->back_query : list->query,
                   DB_VALUES(db_text(call->account_id), db_int(call->livemode), db_text(filters),
                             before ? db_int(before) : db_null(),
                             after ? db_int(after) : db_null(), db_int(limit + 1)),
                   rows);
    free(filters);
    return err;
}

/* Rows come nearest to the cursor first; a list is newest first. */
static enum err build_data(struct db *db, const struct stripe_list *list, const json_t *expand,
                           const json_t *rows, size_t count, int reverse, json_t *data)
{
    enum err err = OK;

    for (size_t i = 0; i < count && !err; i++) {
        json_t *object = NULL;

        err = list->object(db, json_array_get(rows, reverse ? count - 1 - i : i), expand, &object);
        if (!err)
            json_array_append_new(data, object);
    }
    return err;
}

enum err stripe_list_answer(struct stripe_call *call, struct db *db,
                            const struct stripe_list *list, json_t **answer)
{
    const json_t *limit_given = json_object_get(call->parameters, "limit");
    int64_t limit = limit_given ? json_integer_value(limit_given) : LIMIT_DEFAULT;
    json_auto_t *expand = stripe_expand_below(stripe_expand_of(call), "data");
    json_auto_t *rows = NULL;
    json_t *data = NULL;
    size_t count = 0;
    enum err err = read_rows(call, db, list, limit, &rows);

    if (err || call->error.status)
        return err;
    count = json_array_size(rows);
    *answer = json_object();
    data = json_array();
    put_text(*answer, "object", "list");
    put_text(*answer, "url", list->url);
    put_bool(*answer, "has_more", count > (size_t)limit);
    put(*answer, "data", data);
    if (count > (size_t)limit)
        count = (size_t)limit;
    return build_data(db, list, expand, rows, count,
                      json_object_get(call->parameters, "ending_before") != NULL, data);
}

enum err stripe_single_answer(struct stripe_call *call, struct db *db,
                              const struct stripe_single *single, json_t **answer)
{
    const char *id = str_copy(call->arena, call->request->path_parts[0]);
    json_auto_t *row = NULL;
    enum err err = stripe_expand_check(call, single->kind);

    if (err || call->error.status)
        return err;
    err =
        row_find(db, single->query,
                 DB_VALUES(db_text(id), db_text(call->account_id), db_int(call->livemode)), &row);
    if (err)
        return err;
    if (!row)
        return stripe_refuse_missing(call, single->kind, id);
    return single->object(db, row, stripe_expand_of(call), answer);
}
