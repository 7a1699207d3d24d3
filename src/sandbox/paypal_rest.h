/*
 * paypal_rest: what the files of PayPal's REST face share.
 *
 * Invariant: a call that changes something is one closure: the id of the request, the refusal
 * that a test ordered, the work and what is kept of it stand in one transaction. Every refusal
 * has PayPal's shape.
 */
#ifndef SANDBOX_PAYPAL_REST_H
#define SANDBOX_PAYPAL_REST_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/err.h"
#include "base/str.h"
#include "db/db.h"
#include "http/http.h"
#include "sandbox/delivery.h"

struct arena;
struct sandbox;

/* ---- one call: paypal_rest.c ---- */

/* A refusal; status 0: none. */
struct rest_error {
    int status;
    const char *name;    /* INVALID_REQUEST; static or in the arena */
    const char *message; /* NULL: the usual one of the name */
    const char *issue;   /* details[0]; NULL: no details */
    const char *description;
    const char *field; /* "/purchase_units/0/amount"; NULL: none */
    const char *value; /* NULL: not shown */
    const char *location;
    const char *redirect;  /* where the payer must go (link "redirect"); NULL: nowhere */
    int64_t retry_after_s; /* 0: no Retry-After */
    bool bare;             /* OAuth's shape: name is error, message error_description */
};

struct rest_call {
    struct http_request *request;
    struct http_response *response;
    struct sandbox *sandbox;
    struct arena *arena;
    int64_t now;
    const char *debug_id;
    const char *client_id;
    const char *business_id;
    json_t *app;            /* its row */
    json_t *body;           /* NULL for GET and DELETE */
    const char *request_id; /* NULL: none */
    bool minimal;           /* Prefer: return=minimal, the default */
    /* out */
    struct rest_error error;
    int status;            /* starts as 200 */
    const char *object_id; /* what the work made: kept with the id of the request */
    bool final;            /* a refusal that stays the answer to this id */
};

struct rest_rule;

/* Does the work; *answer stays NULL for an empty body. A refusal is no failure. */
typedef enum err rest_work(struct rest_call *call, struct db *db, json_t **answer);
typedef enum err rest_check(struct rest_call *call);

struct rest_operation {
    const struct rest_rule *rules; /* of the body; NULL: any body, unread */
    rest_check *check;             /* what the table cannot say; NULL: nothing */
    rest_work *work;
    const char *kind; /* of its ids of requests; NULL: it has none */
    int64_t kept_s;   /* how long they are kept */
    rest_work *show;  /* with kind: the object call->object_id as it is now */
};

/* Authorises, reads, checks, works, answers. */
enum err rest_serve(struct http_request *request, struct http_response *response,
                    const struct rest_operation *operation);
/* A refusal of what never became a call: no such address, a failure inside. */
void rest_answer_failure(struct http_response *response, enum err err);
/* Fills the response with the call's refusal. */
enum err rest_answer_error(struct rest_call *call);

/* Refusals; each answers OK. The texts must live as long as the call. */
enum err rest_refuse(struct rest_call *call, int status, const char *issue,
                     const char *description);
/* The same about a field of the body; value NULL: not shown. */
enum err rest_refuse_field(struct rest_call *call, int status, const char *field,
                           const char *value, const char *issue, const char *description);
enum err rest_refuse_missing(struct rest_call *call); /* 404: no such object */
/* The n-th {} of the path. */
const char *rest_part(const struct rest_call *call, int position);

/* ---- who calls: paypal_rest_access.c ---- */

/* Finds token and application; refuses with 401. */
enum err rest_enter(struct rest_call *call, struct db *db);
http_handler rest_token_handler;    /* POST /v1/oauth2/token */
http_handler rest_userinfo_handler; /* GET /v1/identity/oauth2/userinfo */

/* ---- ids of requests and ordered refusals: paypal_request.c ---- */

/* Inside the closure, before the work. *done: the answer was kept, or a test ordered a refusal
 * (then call->error says it). */
enum err rest_request_begin(struct rest_call *call, struct db *db,
                            const struct rest_operation *operation, json_t **answer, bool *done);
/* After the work. */
enum err rest_request_keep(struct rest_call *call, struct db *db,
                           const struct rest_operation *operation);
/* Takes the refusal that a test ordered for this call, if any: call->error. */
enum err rest_issue_take(struct rest_call *call, struct db *db);
/* The refusal as its answer shows it. */
json_t *rest_error_object(const struct rest_call *call);

/* ---- bodies: paypal_rules.c ---- */

enum rest_kind {
    REST_TEXT,
    REST_CHOICE,
    REST_URL,
    REST_CURRENCY, /* three letters */
    REST_DECIMAL,  /* PayPal's pattern of amounts */
    REST_LOCALE,
    REST_ACCOUNT, /* 13 capitals and digits */
    REST_BOOLEAN,
    REST_LIST, /* max: how many */
    REST_OBJECT
};

/* One value of a body by its path, "/purchase_units/~/amount/value": ~ is any index. */
struct rest_rule {
    const char *path; /* NULL ends a table */
    enum rest_kind kind;
    int min; /* characters, or members of a list */
    int max;
    const char *choices; /* REST_CHOICE, separated by | */
    bool required;       /* in every object that could hold it */
};

/* Refuses the first value that has no rule or breaks it. */
enum err rest_rules_check(struct rest_call *call, const struct rest_rule *rules);

/* ---- times: paypal_time.c ---- */

/* "2026-11-28T19:30:00Z". */
const char *rest_time(struct arena *arena, int64_t at);
/* "2026-11-28T19:30:00+0000", as the reports write it. */
const char *rest_time_long(struct arena *arena, int64_t at);
/* Reads either, with any offset; false for anything else. */
bool rest_time_read(const char *text, int64_t *at);

/* ---- shapes: paypal_order_object.c ---- */

/* {"currency_code","value"} of minor units. */
json_t *rest_money(int64_t cents, const char *currency);
/* Adds {"href","rel","method"}; path is below the sandbox's own address. */
void rest_link(json_t *links, const struct sandbox *sandbox, const char *path, const char *rel,
               const char *method);

struct rest_shape {
    const struct sandbox *sandbox;
    struct arena *arena;
    struct db *db;
};
/* An order as its row and its payment say; minimal: id, status, links. */
enum err rest_order_object(const struct rest_shape *shape, const json_t *order, bool minimal,
                           json_t **object);
/* A capture; related: with the order's id (GET, events). */
enum err rest_capture_object(const struct rest_shape *shape, const json_t *payment, bool related,
                             json_t **object);

/* ---- orders: paypal_order.c, paypal_capture.c ---- */

enum { ORDER_LIFE_S = 3 * 3600, REQUEST_LIFE_S = 6 * 3600 };

/* Refuses an amount of a body that is none of its currency, or not positive; pointer names it. */
enum err rest_amount_check(struct rest_call *call, const json_t *amount, const char *pointer,
                           int64_t *cents);
/* The caller's order; a refusal when it is another's or has expired. */
enum err rest_order_find(struct rest_call *call, struct db *db, const char *id, json_t **order);
/* The payment of a capture that the caller's application made; a refusal otherwise. */
enum err rest_payment_find(struct rest_call *call, struct db *db, const char *id,
                           json_t **payment);
http_handler rest_order_create_handler;
http_handler rest_order_get_handler;
http_handler rest_capture_handler;
http_handler rest_capture_get_handler;

/* ---- refunds: paypal_refund.c, paypal_refund_call.c ---- */

enum { REFUND_LIFE_S = 45 * 24 * 3600 };

/* A refund, or a reversal, as its row says. */
enum err rest_refund_object(const struct rest_shape *shape, const json_t *refund, json_t **object);
/* A refund that waits ends; one transaction. */
struct refund_end {
    struct sandbox *sandbox;
    struct arena *arena;
    const char *id;
    const char *status; /* COMPLETED, FAILED, CANCELLED */
    const char *webhook;
    int64_t now;
    int64_t now_ms;
    struct delivery_batch batch; /* out */
};
/* Closure. ERR_CONFLICT when it does not wait. */
db_write_fn refund_end_run;
http_handler rest_refund_handler;
http_handler rest_refund_get_handler;

/* ---- statements: paypal_reporting.c ---- */

http_handler rest_transactions_handler;
http_handler rest_balances_handler;

/* ---- the payer: paypal_order_move.c, paypal_order_page.c ---- */

/* How the events of an order may be sent. */
#define ORDER_WEBHOOK_CHOICES                                                                     \
    "normal|twice|late|before|never|bad_signature|out_of_order|old_time|other_certificate|"       \
    "other_host|other_webhook|altered_body"

/* What a payer does on the page of an order; one transaction. */
struct order_move {
    struct sandbox *sandbox;
    struct arena *arena;
    const char *order_id;
    const char *outcome; /* completed, echeck, review, instrument_declined, declined */
    const char *reason;  /* of a pending capture; NULL: that of the outcome */
    const char *first_name;
    const char *last_name;
    const char *email;
    const char *ipn;
    const char *webhook;
    int64_t late_s;
    int64_t settle_s;
    const char *settle_status;
    int64_t now;
    int64_t now_ms;
    /* out */
    const char *payer_id;
    struct delivery_batch batch;
};
void order_move_init(struct order_move *move, struct sandbox *sandbox, struct arena *arena,
                     const char *order_id);
/* Closure: the payer agrees. ERR_CONFLICT when it was captured or has expired. */
db_write_fn order_move_approve;
/* Closure: PayPal takes the approval back before the capture. ERR_CONFLICT when it is not
 * APPROVED. */
db_write_fn order_move_void;
/* Has its time passed, or was it taken back? */
bool order_ended(const json_t *order, int64_t now);
/* Where the browser goes: back with token and PayerID, or away. */
const char *order_return_url(const json_t *order, struct arena *arena, const char *payer_id);
const char *order_cancel_url(const json_t *order, struct arena *arena);

http_handler order_page_handler;  /* GET /checkoutnow?token=... */
http_handler order_agree_handler; /* POST /checkoutnow/{}/approve */

#endif
