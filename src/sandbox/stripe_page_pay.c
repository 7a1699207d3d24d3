#include <string.h>

#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox/stripe_embedded.h"
#include "sandbox/stripe_move.h"
#include "sandbox/stripe_page.h"
#include "sandbox_queries.h"

static const struct http_field pay_fields[] = {
    {.name = "email", .type = HTTP_TEXT, .max = 800},
    {.name = "name", .type = HTTP_TEXT, .max = 200},
    {.name = "card", .type = HTTP_TEXT, .max = 30},
    {.name = "expiry", .type = HTTP_TEXT, .max = 10},
    {.name = "cvc", .type = HTTP_TEXT, .max = 4},
    {.name = "iban", .type = HTTP_TEXT, .max = 50},
    {.name = "notify",
     .type = HTTP_CHOICE,
     .max = 20,
     .choices = "normal|twice|late|before|never|bad_signature|out_of_order"},
    {.name = "late_s", .type = HTTP_TEXT, .max = 5},
    {.name = "settle_s", .type = HTTP_TEXT, .max = 8},
    {.name = "outcome",
     .type = HTTP_CHOICE,
     .max = 20,
     .choices = "declined|no_funds|three_d_secure|sepa|sepa_failed"},
    {.name = NULL},
};

/* A field's text in the arena, NULL when empty or not given. */
static const char *given(const struct http_request *request, const char *name)
{
    struct str text = http_field_text(request, name);

    return str_empty(text) ? NULL : str_copy(request->arena, text);
}

static int64_t seconds(const struct http_request *request, const char *name, int64_t otherwise,
                       int64_t max)
{
    int64_t value = 0;

    if (!str_to_int64(http_field_text(request, name), &value) || value < -1 || value > max)
        return otherwise;
    return value;
}

static enum err read_move(const struct http_request *request, struct stripe_move *move)
{
    const char *outcome = given(request, "outcome");
    const char *notify = given(request, "notify");
    const char *card = given(request, "card");

    move->name = given(request, "name");
    move->email = given(request, "email");
    move->notify.mode = notify ? notify : "normal";
    move->notify.late_s = seconds(request, "late_s", 5, NOTIFY_LATE_MAX_S);
    if (move->notify.late_s < 0)
        move->notify.late_s = 0;
    move->settle_s = seconds(request, "settle_s", move->settle_s, 30 * 24 * 3600);
    if (outcome && !strcmp(outcome, "sepa"))
        return stripe_move_choose(move, NULL, NULL, given(request, "iban"));
    return stripe_move_choose(move, outcome, card ? card : "", NULL);
}

/* Answers after a move: the 3-D Secure page, the refusal, or the way back. */
static enum err answer_move(struct http_request *request, struct http_response *response,
                            struct stripe_move *move)
{
    json_auto_t *session = NULL;
    const char *back = NULL;
    enum err err = stripe_page_session(request, &session);

    if (err)
        return err;
    if (move->challenge)
        return http_redirect(response,
                             arena_printf(request->arena, "/c/pay/%s/3ds", move->session_id));
    if (move->code)
        return stripe_page_show(request, response, session, move->code, move->decline_code);
    if (notify_first(&move->notify))
        delivery_await(move->sandbox, sandbox_db(request), move->batch.numbers, move->batch.count,
                       NOTIFY_WAIT_MS);
    back = stripe_success_url(request->arena, session);
    if (stripe_is_embedded(session))
        return stripe_embedded_end(request, response,
                                   stripe_embedded_leaves(session) ? back : NULL);
    return back ? http_redirect(response, back)
                : stripe_page_show(request, response, session, NULL, NULL);
}

/* A page that is no longer up to date leads to the page of what has become of the session. */
static enum err carry_out(struct http_request *request, struct http_response *response,
                          struct stripe_move *move)
{
    enum err err = sandbox_write(move->sandbox, stripe_move_pay, move);

    if (err == ERR_CONFLICT)
        return http_redirect(response,
                             arena_printf(request->arena, "/c/pay/%s", move->session_id));
    return err ? err : answer_move(request, response, move);
}

static void init(const struct http_request *request, struct stripe_move *move)
{
    stripe_move_init(move, sandbox_of(request), request->arena,
                     str_copy(request->arena, request->path_parts[0]));
}

enum err stripe_page_pay_handler(struct http_request *request, struct http_response *response)
{
    struct stripe_move move;
    json_auto_t *session = NULL;
    enum err err = page_fields(request, pay_fields);

    if (!err)
        err = stripe_page_session(request, &session);
    if (err)
        return err;
    init(request, &move);
    err = read_move(request, &move);
    if (err)
        return stripe_page_show(request, response, session, "unknown_iban", NULL);
    return carry_out(request, response, &move);
}

/* ---- 3-D Secure ---- */

enum err stripe_page_secure_handler(struct http_request *request, struct http_response *response)
{
    struct template_map *map = template_map_new(request->arena);
    json_auto_t *session = NULL;
    enum err err = stripe_page_session(request, &session);

    if (err)
        return err;
    if (!row_is(session, "status", "open"))
        return http_redirect(response,
                             arena_printf(request->arena, "/c/pay/%s", row_text(session, "id")));
    template_set_text(map, "id", row_text(session, "id"));
    template_set_text(map, "business", row_text(session, "account_name"));
    stripe_page_set_amount(map, session);
    template_set_flag(map, "embedded", stripe_is_embedded(session));
    return stripe_is_embedded(session)
               ? page_answer_framed(request, response, 200, "secure.html", map)
               : page_answer(request, response, 200, "secure.html", map);
}

enum err stripe_page_answer_handler(struct http_request *request, struct http_response *response)
{
    static const struct http_field fields[] = {
        {.name = "answer",
         .type = HTTP_CHOICE,
         .max = 10,
         .choices = "confirm|fail",
         .required = 1},
        {.name = NULL},
    };
    struct stripe_move move;
    enum err err = page_fields(request, fields);

    if (err)
        return err;
    init(request, &move);
    err = stripe_move_choose(&move, "three_d_secure", NULL, NULL);
    if (err)
        return err;
    move.secure = str_is(http_field_text(request, "answer"), "confirm");
    move.refuse_secure = !move.secure;
    return carry_out(request, response, &move);
}
