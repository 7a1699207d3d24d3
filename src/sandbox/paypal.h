/*
 * paypal: what the files of PayPal's face share.
 *
 * Invariant: a message is true when its exact bytes stand in the ledger; nothing is ever
 * decoded to decide that.
 */
#ifndef SANDBOX_PAYPAL_H
#define SANDBOX_PAYPAL_H

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
struct zone;

enum { PAYPAL_FIELDS_MAX = 100 };

/* ---- a button's fields: paypal_button.c ---- */

enum button_verdict {
    BUTTON_OK,
    BUTTON_BAD,             /* a field is missing, too long or not readable */
    BUTTON_UNKNOWN_RECEIVER /* nobody has that address or id */
};

/* A visit with a button's fields; token is made. */
struct paypal_visit {
    struct sandbox *sandbox;
    struct arena *arena;
    const json_t *fields; /* name -> text */
    int64_t amount_cents;
    const char *currency;
    const char *business_id;
    const char *token;
    int64_t now;
};

/* Decodes "name=value&..." by its own charset into an object of texts. The caller must
 * json_decref *fields. */
enum err paypal_fields_read(struct str form, struct arena *arena, json_t **fields);
/* Checks the fields and finds the receiver; fills the visit when BUTTON_OK. */
enum err paypal_visit_check(struct paypal_visit *visit, struct db *db,
                            enum button_verdict *verdict);
/* Closure; the argument is a checked struct paypal_visit. */
db_write_fn paypal_visit_add;

/* ---- moves: paypal_move.c ---- */

/* One move of a payment; each is one transaction. */
struct paypal_move {
    struct sandbox *sandbox;
    struct arena *arena;
    const char *token; /* paying */
    const char *outcome;
    const char *charset; /* NULL = the receiver's */
    const char *first_name;
    const char *last_name;
    const char *email;
    const char *payer_id; /* NULL: made */
    bool order;           /* the visit is an order of the REST face, captured now */
    int64_t paid_cents;   /* outcome amount_changed */
    const char *txn_type; /* paying: what kind of payment its messages say */
    int64_t settle_s;     /* paying: a pending one ends by itself after that time; 0 = never */
    const char *settle_status; /* paying: how it ends then */
    const char *status;        /* settling */
    struct notify notify;      /* mode NULL when settling: as it was paid */
    const char *webhook;       /* settling: how events are sent; NULL: as the order was paid */
    int64_t now;
    int64_t now_ms;
    /* out; txn_id is in when settling */
    const char *txn_id;
    struct delivery_batch batch;
};

/* A move prepared with the times of now and a payer. */
void paypal_move_init(struct paypal_move *move, struct sandbox *sandbox, struct arena *arena,
                      const char *token);
/* Does the outcome move money ("declined" and "cancel" do not)? ERR_INPUT when unknown. */
enum err paypal_outcome_pays(const char *outcome, bool *pays);
/* Closures; the argument is a struct paypal_move. ERR_NOT_FOUND; ERR_CONFLICT when the visit
 * has been paid, or the payment is not Pending. */
db_write_fn paypal_move_pay;
db_write_fn paypal_move_settle;

/* ---- what follows a payment: paypal_follow.c, paypal_case.c ---- */

/* One step after a payment; each is one transaction. */
struct paypal_step {
    struct sandbox *sandbox;
    struct arena *arena;
    const char *payment_id;
    const char *kind;      /* refund, reversal, canceled_reversal, failure */
    int64_t amount_cents;  /* 0: all that is left (canceled_reversal: all that was withdrawn) */
    const int64_t *fee;    /* kept by PayPal, negative: given back; NULL: what it usually is */
    const char *reason;    /* reason_code; NULL: the usual one */
    const char *case_id;   /* case: NULL = a new one is made; else NULL = none */
    const char *case_type; /* case: dispute, complaint, chargeback */
    bool closed;           /* case: told as ended */
    const char *outcome;   /* case: how it ended, as the REST face says it */
    const char *webhook;   /* how events are sent; NULL: as the order was paid */
    const char *refund_id; /* refund: one that waited; NULL: a new one */
    const char *refund_invoice; /* refund: its own marks; NULL: none, those of the payment */
    const char *refund_custom;
    const char *refund_note;
    struct notify notify; /* mode NULL: as the payment was told */
    int64_t now;
    int64_t now_ms;
    /* out */
    const char *txn_id; /* of the movement */
    struct delivery_batch batch;
};
void paypal_step_init(struct paypal_step *step, struct sandbox *sandbox, struct arena *arena,
                      const char *payment_id);
/* Closures; the argument is a struct paypal_step. ERR_NOT_FOUND; ERR_CONFLICT when the payment is
 * not Completed or nothing is left for it; ERR_INPUT when it is more than that. */
db_write_fn paypal_follow;
/* News of a case about the payment: a message, no money. */
db_write_fn paypal_case_tell;

/* ---- the balance: paypal_balance.c ---- */

/* A movement to be added. */
struct paypal_entry {
    const char *txn_id; /* NULL: made */
    const char *business_id;
    const char *kind;
    const char *payment_id; /* NULL: none */
    const char *parent_id;  /* NULL: none */
    const char *type;
    int64_t gross_cents;
    int64_t fee_cents;
    const char *currency;
    int64_t now;
};
/* Adds it, and, when it is in another currency that its owner has changed at once, the exchange;
 * *settled_cents is then what it became, else 0. Inside a transaction. */
enum err paypal_entry_add(struct db *db, struct arena *arena, struct paypal_entry *entry,
                          int64_t *settled_cents);
/* Adds what a payment brings once it is Completed. */
enum err paypal_payment_book(struct db *db, struct arena *arena, const char *txn_id, int64_t now);

/* ---- the activity report: paypal_activity.c ---- */

/* The lines of a business between two times, as PayPal's file of that language ("fr", "en"). */
struct paypal_report {
    const struct sandbox *sandbox;
    struct arena *arena;
    const char *business_id;
    bool french;
    int64_t from_at;
    int64_t before_at;
};
enum err paypal_report_write(struct db *db, const struct paypal_report *report,
                             struct buffer *file);

/* ---- messages: paypal_message.c ---- */

/* How a message is told. */
struct paypal_telling {
    struct arena *arena;
    const struct notify *notify;
    const char *object_id; /* what it is about: txn_id, case */
    const char *kind;      /* payment_status, or txn_type without one */
    int64_t now;
    int64_t now_ms;
    struct delivery_batch *batch;
};
/* Adds a message with these variables to the ledger and plans its sending to the payment's
 * address. */
enum err paypal_tell(struct db *db, const struct paypal_telling *telling, const json_t *payment,
                     json_t *variables);

/* "15:23:54 Apr 15, 2005 PDT": Pacific time, English months whatever the locale. */
const char *paypal_date(int64_t at, const struct zone *pacific, struct arena *arena);
/* The variables of a payment in PayPal's order, name -> text. The caller must json_decref
 * *variables. */
enum err paypal_variables(const json_t *payment, const struct zone *pacific, struct arena *arena,
                          json_t **variables);
/* Adds the message about a payment's state to the ledger and plans its sending. */
enum err paypal_message_add(struct db *db, struct paypal_move *move);
/* Adds a true message with these bytes; txn_id NULL and status "" when it is a test's own. */
enum err paypal_message_keep(struct db *db, struct str body, const char *txn_id,
                             const char *status, int64_t now, int64_t *number);
/* name=value&... of an object of texts, in the charset's bytes, as PayPal encodes. */
struct str paypal_encode(const json_t *variables, const char *charset, struct arena *arena);

/* ---- where the browser goes: paypal_return.c ---- */

struct paypal_return {
    const char *url; /* NULL: it stays */
    bool post;       /* by a form with the payment's variables */
};

/* After paying. extra adds PayPal's own fields to the address. */
enum err paypal_return_find(const json_t *payment, bool extra, struct arena *arena,
                            struct paypal_return *back);

/* ---- handlers ---- */

http_handler paypal_webscr_handler; /* buttons and postbacks */
http_handler paypal_page_handler;   /* the page of a visit */
http_handler paypal_pay_handler;
http_handler paypal_settle_handler;
/* Does a message come back to be checked (cmd=_notify-validate anywhere)? */
bool paypal_is_postback(const struct http_request *request);
/* Its answer: VERIFIED when "cmd=_notify-validate&" stands before the exact bytes of a true
 * message, else INVALID; 403 without a User-Agent. */
enum err paypal_validate(struct http_request *request, struct http_response *response);

#endif
