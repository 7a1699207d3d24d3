/*
 * control_paypal_rest: what the control interface does at PayPal's REST face.
 *
 * Invariant: a payer's move made here is the same transaction that the page makes.
 */
#ifndef SANDBOX_CONTROL_PAYPAL_REST_H
#define SANDBOX_CONTROL_PAYPAL_REST_H

#include "http/http.h"

http_handler control_app_add_handler;
http_handler control_app_list_handler;
http_handler control_app_set_handler;
http_handler control_order_list_handler;
http_handler control_order_get_handler;
http_handler control_order_approve_handler;
http_handler control_order_void_handler;
http_handler control_webhook_list_handler;
http_handler control_webhook_event_handler;
http_handler control_refund_outcome_handler;
http_handler control_refund_end_handler;
http_handler control_issue_add_handler;
http_handler control_issue_list_handler;
http_handler control_issue_clear_handler;

#endif
