/*
 * control: the interface of tests and of the demonstration, JSON over HTTP.
 *
 * Invariant: nothing here is reachable by the interfaces that are practised with; every move
 * of money made here is the same transaction that the pages make. What each address takes and
 * gives stands in control.c.
 */
#ifndef SANDBOX_CONTROL_H
#define SANDBOX_CONTROL_H

#include <stdint.h>

#include <jansson.h>

#include "base/err.h"
#include "http/http.h"
#include "sandbox/delivery.h"

/* A key of a body; name NULL ends a table. */
struct control_key {
    const char *name;
    json_type type; /* JSON_TRUE stands for both booleans */
    int required;   /* non-zero: must be there */
};

/* Reads the body against the table; ERR_INPUT names the key. An empty body is {}. The caller
 * must json_decref *body. */
enum err control_body(const struct http_request *request, const struct control_key *keys,
                      json_t **body);
/* A value of a checked body, or what stands for an absent one. */
const char *control_text(const json_t *body, const char *name, const char *otherwise);
int64_t control_integer(const json_t *body, const char *name, int64_t otherwise);
bool control_flag(const json_t *body, const char *name);
/* One of the names separated by |, else ERR_INPUT naming the key. */
enum err control_check_choice(const char *key, const char *value, const char *choices);
/* "notify" or "ipn" and "late_s" of a body. */
enum err control_notify(const json_t *body, const char *key, const char *choices,
                        struct notify *notify);
/* The n-th {} of the path. */
const char *control_part(const struct http_request *request, int position);
/* {"NAME":rows} of a listing query. */
enum err control_list(struct http_request *request, struct http_response *response,
                      const char *name, int query, const struct db_value *values, size_t count);
/* [numbers] of a batch. */
json_t *control_numbers(const struct delivery_batch *batch);
/* A query field as a value to search by, NULL when not given. */
struct db_value control_filter(const struct http_request *request, const char *name);
/* The field "limit", 100 when not given. */
struct db_value control_limit(const struct http_request *request);

/* {"error":sentence} with the status of the failure. */
void control_answer_failure(struct http_response *response, enum err err);

/* control.c */
http_handler control_health_handler;
http_handler control_clock_handler;
http_handler control_reset_handler;
http_handler control_ledger_handler;
/* control_stripe.c */
http_handler control_account_list_handler;
http_handler control_account_put_handler;
http_handler control_account_key_handler;
http_handler control_key_revoke_handler;
http_handler control_account_link_handler;
http_handler control_endpoint_add_handler;
http_handler control_endpoint_set_handler;
http_handler control_endpoint_rotate_handler;
http_handler control_endpoint_rotated_handler;
/* control_session.c */
http_handler control_session_list_handler;
http_handler control_session_get_handler;
http_handler control_session_pay_handler;
http_handler control_session_settle_handler;
http_handler control_session_expire_handler;
http_handler control_event_list_handler;
/* control_paypal.c */
http_handler control_business_list_handler;
http_handler control_business_put_handler;
http_handler control_form_add_handler;
http_handler control_form_pay_handler;
http_handler control_payment_list_handler;
http_handler control_payment_status_handler;
http_handler control_ipn_list_handler;
http_handler control_ipn_add_handler;
http_handler control_postback_list_handler;
/* control_paypal_money.c */
http_handler control_payment_add_handler;
http_handler control_refund_handler;
http_handler control_reversal_handler;
http_handler control_reversal_cancel_handler;
http_handler control_failure_handler;
http_handler control_case_handler;
http_handler control_movement_add_handler;
http_handler control_activity_handler;
/* control_delivery.c */
http_handler control_delivery_list_handler;
http_handler control_delivery_get_handler;
http_handler control_delivery_hold_handler;
http_handler control_delivery_release_handler;
http_handler control_delivery_send_handler;
http_handler control_delivery_duplicate_handler;
http_handler control_delivery_drop_handler;
http_handler control_delivery_wait_handler;
/* control_call.c */
http_handler control_fault_add_handler;
http_handler control_fault_list_handler;
http_handler control_fault_clear_handler;
http_handler control_call_list_handler;
http_handler control_call_counts_handler;
http_handler control_call_clear_handler;

#endif
