/*
 * paypal_event: what PayPal's webhooks are told, and how it is signed.
 *
 * Invariant: the bytes of an event are fixed when it is made, in the transaction that moves the
 * money; transmission id, time and signature are made at each try. An application hears of the
 * payments of its own orders only.
 */
#ifndef SANDBOX_PAYPAL_EVENT_H
#define SANDBOX_PAYPAL_EVENT_H

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

/* ---- events: paypal_event.c ---- */

struct event_telling {
    struct sandbox *sandbox;
    struct arena *arena;
    struct db *db;
    struct delivery_batch *batch;
    const char *mode; /* how they are sent; NULL: as the payer chose for the order */
    int64_t late_s;
    int64_t now;
    int64_t now_ms;
};

/* One event. */
struct event {
    const char *type;          /* PAYMENT.CAPTURE.COMPLETED */
    const char *resource_type; /* capture, refund, checkout-order, dispute */
    const char *version;       /* of the resource: "2.0"; NULL: none is said */
    const char *summary;
    const char *object_id;
    const json_t *resource;
};

/* Plans an event for the webhooks of an application. event_flush makes the deliveries. */
enum err event_plan(const struct event_telling *telling, const char *client_id,
                    const struct event *event);
enum err event_flush(const struct event_telling *telling, const json_t *order);
/* The order itself: CHECKOUT.ORDER.APPROVED, .COMPLETED, CHECKOUT.PAYMENT-APPROVAL.REVERSED. */
enum err event_order(const struct event_telling *telling, const json_t *order, const char *type);
/* A capture of an order; nothing for any other payment. order tells it is complete, too. */
enum err event_capture(const struct event_telling *telling, const char *payment_id,
                       bool order_complete);

/* What was given back of a payment, or taken. */
struct refund_made {
    const json_t *payment;
    const char *id;
    bool waited;      /* its row stands already */
    const char *kind; /* refund, reversal, failure */
    int64_t amount_cents;
    int64_t fee_cents;   /* that PayPal gives back */
    const char *invoice; /* its own; NULL: none */
    const char *custom;  /* its own; NULL: the payment's */
    const char *note;
};
/* Keeps it and tells it: PAYMENT.CAPTURE.REFUNDED, .REVERSED; nothing when the payment is no
 * order's. (paypal_refund.c) */
enum err event_refund(const struct event_telling *telling, const struct refund_made *made);
/* Tells a refund as its row stands: PAYMENT.REFUND.PENDING, .FAILED, too. (paypal_refund.c) */
enum err event_refund_state(const struct event_telling *telling, const char *id,
                            const json_t *order);
/* A case about a payment: CUSTOMER.DISPUTE.CREATED, .UPDATED, .RESOLVED; nothing when the payment
 * is no order's. (paypal_dispute.c) */
struct dispute_news {
    const json_t *payment;
    const char *id;
    const char *reason_code; /* as the messages say it */
    const char *case_type;
    bool closed;
    const char *outcome; /* NULL: none yet */
};
enum err event_dispute(const struct event_telling *telling, const struct dispute_news *news);

/* ---- on the way: paypal_transmission.c ---- */

enum { TRANSMISSION_HEADERS = 7 };

/* What a try carries besides the body. */
struct transmission {
    const char *webhook_id;
    const char *alteration; /* what is wrong on purpose; NULL: nothing */
    struct str body;        /* may be altered */
};
/* Fills TRANSMISSION_HEADERS headers "Name: value". */
enum err transmission_sign(const struct sandbox *sandbox, struct db *db, struct arena *arena,
                           struct transmission *transmission, const char **headers);
/* id|time|webhook|crc32: what is signed. */
struct str transmission_text(struct arena *arena, const char *id, const char *time,
                             const char *webhook_id, struct str body);
/* Makes the certificates unless the ledger holds them, and writes the root into its file. */
enum err transmission_start(struct sandbox *sandbox);
/* Where a certificate stands. */
const char *transmission_address(const struct sandbox *sandbox, struct arena *arena,
                                 const char *id);

/* ---- handlers: paypal_webhook.c, paypal_webhook_verify.c ---- */

http_handler webhook_create_handler;
http_handler webhook_list_handler;
http_handler webhook_get_handler;
http_handler webhook_update_handler;
http_handler webhook_delete_handler;
http_handler webhook_verify_handler;
http_handler webhook_certificate_handler;

#endif
