#include "sandbox/home.h"

#include <string.h>

#include "base/money.h"
#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

/* One payment of either face: who, how much, when, and its notifications. */
static struct template_map *add_line(struct template_list *list, const struct sandbox *sandbox,
                                     const json_t *row)
{
    struct template_map *line = template_list_add(list);

    template_set_text(line, "business", row_text(row, "business"));
    template_set_money(line, "amount", row_integer(row, "amount"),
                       money_currency(row_text(row, "currency")));
    template_set_time(line, "created", row_integer(row, "created"), sandbox->zone);
    template_set_int(line, "delivered", row_integer(row, "delivered"));
    template_set_int(line, "made", row_integer(row, "made"));
    return line;
}

static void set_flags(struct template_map *line, const char *const *names, const char *value)
{
    for (; *names; names++)
        template_set_flag(line, *names, value && !strcmp(*names, value));
}

static void add_session(struct template_list *list, const struct sandbox *sandbox,
                        const json_t *row)
{
    static const char *const states[] = {"open", "unpaid", "paid", "expired", NULL};
    struct template_map *line = add_line(list, sandbox, row);
    bool complete = row_is(row, "status", "complete");

    template_set_text(line, "id", row_text(row, "id"));
    set_flags(line, states, row_text(row, complete ? "payment_status" : "status"));
}

static void add_visit(struct template_list *list, const struct sandbox *sandbox, const json_t *row)
{
    static const char *const states[] = {"Completed", "Pending", "Denied", "Failed",
                                         "Expired",   "Voided",  NULL};
    struct template_map *line = add_line(list, sandbox, row);

    template_set_text(line, "token", row_text(row, "token"));
    template_set_flag(line, "open", !row_text(row, "status"));
    set_flags(line, states, row_text(row, "status"));
}

typedef void add_fn(struct template_list *list, const struct sandbox *sandbox, const json_t *row);

/* Fills a list of the page. The rows hold its texts: the caller must json_decref them when the
 * page is rendered. */
static enum err add_lines(struct http_request *request, struct template_list *list, int query,
                          add_fn *add, json_t **rows)
{
    enum err err = row_list(sandbox_db(request), query, DB_NO_VALUES, rows);

    for (size_t i = 0; i < json_array_size(*rows) && !err; i++)
        add(list, sandbox_of(request), json_array_get(*rows, i));
    return err;
}

enum err home_handler(struct http_request *request, struct http_response *response)
{
    struct template_map *map = template_map_new(request->arena);
    json_auto_t *sessions = NULL;
    json_auto_t *visits = NULL;
    enum err err = add_lines(request, template_set_list(map, "sessions"), SQ_HOME_SESSIONS,
                             add_session, &sessions);

    if (!err)
        err = add_lines(request, template_set_list(map, "visits"), SQ_HOME_VISITS, add_visit,
                        &visits);
    return err ? err : page_answer(request, response, 200, "home.html", map);
}
