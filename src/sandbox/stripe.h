/*
 * stripe: what the files of Stripe's face share.
 *
 * Invariant: a refusal is an answer, not a failure: it stands in call->error, the function
 * returns OK, and whoever called looks there. Objects of one account and world (test or live)
 * are invisible to every other.
 */
#ifndef SANDBOX_STRIPE_H
#define SANDBOX_STRIPE_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/err.h"
#include "db/db.h"
#include "http/http.h"
#include "sandbox/stripe_move.h"

/* The version whose shapes this face answers in. */
#define STRIPE_VERSION "2026-10-28.endive"

struct sandbox;
struct stripe_rule;

/* An error of Stripe's interface; status 0 = none. Texts in the arena or static. */
struct stripe_error {
    int status;
    const char *type; /* "invalid_request_error" */
    const char *code; /* NULL when it has none */
    const char *param;
    const char *message;
};

/* One call, from its headers to its answer. */
struct stripe_call {
    struct http_request *request;
    struct http_response *response;
    struct sandbox *sandbox;
    struct arena *arena;
    const char *account_id;      /* acted for */
    const char *key_account_id;  /* whose key it is */
    bool livemode;               /* of the key */
    const char *request_id;      /* req_... */
    const char *idempotency_key; /* NULL when not sent */
    json_t *parameters;          /* checked and typed */
    int64_t now;                 /* by the sandbox's clock */
    struct stripe_error error;
};

/* ---- a call from beginning to end: stripe_call.c ---- */

/* Reads rows and builds *answer, or refuses. */
typedef enum err stripe_read(struct stripe_call *call, struct db *db, json_t **answer);
/* Checks what the table of rules cannot say. */
typedef enum err stripe_check(struct stripe_call *call);

struct stripe_operation {
    const struct stripe_rule *rules;
    stripe_check *check; /* may be NULL */
    stripe_read *work;   /* GET: on the thread's connection; else: in one transaction */
};

/* Answers the request: key, version, account, parameters, idempotency, work. */
enum err stripe_serve(struct http_request *request, struct http_response *response,
                      const struct stripe_operation *operation);
/* Refuses with 400 invalid_request_error. code and param may be NULL. Returns OK. */
enum err stripe_refuse(struct stripe_call *call, const char *code, const char *param,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The same with a status and type of its own. */
enum err stripe_refuse_as(struct stripe_call *call, int status, const char *type, const char *code,
                          const char *format, ...) __attribute__((format(printf, 5, 6)));
/* 404 resource_missing for "No such WHAT: 'ID'". */
enum err stripe_refuse_missing(struct stripe_call *call, const char *what, const char *id);
/* The answer to a failure of the sandbox itself or an unknown path. */
void stripe_answer_failure(struct http_response *response, enum err err);

/* ---- who calls: stripe_access.c ---- */

/* Reads Authorization, Stripe-Version and Stripe-Account into the call, or refuses. */
enum err stripe_enter(struct stripe_call *call, struct db *db);

/* ---- idempotency: stripe_idempotency.c ---- */

/* Takes the call's key. *answered: the kept answer was given again, or the key is refused. */
enum err stripe_idempotency_begin(struct stripe_call *call, bool *answered);
/* Keeps the answer, inside the transaction of the work. */
enum err stripe_idempotency_keep(struct stripe_call *call, struct db *db, int status,
                                 const json_t *answer);
/* Gives the key back after the work has failed without an answer. */
void stripe_idempotency_release(struct stripe_call *call);

/* ---- what may be expanded: stripe_expand.c ---- */

/* Refuses unless every path of the list can be expanded from an object of that kind
 * ("checkout.session"; "list:" before it for lists). */
enum err stripe_expand_check(struct stripe_call *call, const char *kind);
/* What expand says below a field: a new array, or NULL when the field stays an id. */
json_t *stripe_expand_below(const json_t *expand, const char *field);
/* Puts the field: the id, or the object when expand names it. id may be NULL. */
struct stripe_reference {
    const char *field;
    const char *id;
    int query; /* of the object's row by $1 id */
    enum err (*build)(struct db *db, const json_t *row, const json_t *expand, json_t **object);
};
enum err stripe_expand_put(struct db *db, json_t *object, const struct stripe_reference *reference,
                           const json_t *expand);
/* The call's expand list; NULL when it has none. Borrowed. */
const json_t *stripe_expand_of(const struct stripe_call *call);

/* ---- lists: stripe_list.c ---- */

/* The object of a row. */
typedef enum err stripe_object(struct db *db, const json_t *row, const json_t *expand,
                               json_t **object);

/* One list: its query takes $1 account, $2 livemode, $3 parameters as JSON, $4 the row number
 * before which, $5 after which, $6 how many. */
struct stripe_list {
    const char *url;  /* "/v1/events" */
    const char *kind; /* "event", for expand */
    int query;
    int back_query;   /* for ending_before; 0: the same */
    int number_query; /* number of the row with id $1 of account $2 and livemode $3 */
    stripe_object *object;
};
enum err stripe_list_answer(struct stripe_call *call, struct db *db,
                            const struct stripe_list *list, json_t **answer);

/* One object by the id in the path. */
struct stripe_single {
    const char *kind; /* "charge", for expand and messages */
    int query;        /* $1 id, $2 account, $3 livemode */
    stripe_object *object;
};
enum err stripe_single_answer(struct stripe_call *call, struct db *db,
                              const struct stripe_single *single, json_t **answer);

/* ---- objects: stripe_object.c, stripe_charge_object.c ---- */

/* Rows come from the queries *_find and *_list; expand may be NULL. The caller must
 * json_decref *object. */
stripe_object stripe_session_object;
stripe_object stripe_payment_object;
stripe_object stripe_charge_object;
stripe_object stripe_balance_object;
stripe_object stripe_refund_object;
stripe_object stripe_dispute_object;
stripe_object stripe_payout_object;
stripe_object stripe_event_object;
stripe_object stripe_endpoint_object;
stripe_object stripe_account_object;
/* The payment's last error as an object, or null. */
json_t *stripe_payment_error(const json_t *payment);

/* ---- making things ---- */

/* Adds a session from the call's checked parameters; *row is its row. */
enum err stripe_session_add(struct stripe_call *call, struct db *db, json_t **row);
/* Adds an event about a session's object with deliveries to all who listen. `session` needs
 * account, livemode and id; without id the event is about no session. */
enum err stripe_event_add(struct db *db, struct stripe_move *move, const json_t *session,
                          const char *type, const json_t *object);

/* ---- handlers, one per route ---- */

http_handler stripe_session_create_handler;
http_handler stripe_session_get_handler;
http_handler stripe_session_list_handler;
http_handler stripe_session_expire_handler;
http_handler stripe_payment_get_handler;
http_handler stripe_payment_list_handler;
http_handler stripe_charge_get_handler;
http_handler stripe_charge_list_handler;
http_handler stripe_balance_get_handler;
http_handler stripe_balance_list_handler;
http_handler stripe_refund_create_handler;
http_handler stripe_refund_get_handler;
http_handler stripe_refund_list_handler;
http_handler stripe_dispute_get_handler;
http_handler stripe_dispute_list_handler;
http_handler stripe_payout_get_handler;
http_handler stripe_payout_list_handler;
http_handler stripe_account_balance_handler;
http_handler stripe_event_get_handler;
http_handler stripe_event_list_handler;
http_handler stripe_account_own_handler;
http_handler stripe_account_get_handler;
http_handler stripe_endpoint_create_handler;
http_handler stripe_endpoint_list_handler;
http_handler stripe_endpoint_get_handler;
http_handler stripe_endpoint_update_handler;
http_handler stripe_endpoint_delete_handler;

#endif
