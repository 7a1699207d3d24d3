#include "sandbox/routes.h"

#include "sandbox/connect.h"
#include "sandbox/control.h"
#include "sandbox/control_money.h"
#include "sandbox/control_paypal_rest.h"
#include "sandbox/home.h"
#include "sandbox/paypal.h"
#include "sandbox/paypal_event.h"
#include "sandbox/paypal_rest.h"
#include "sandbox/stripe.h"
#include "sandbox/stripe_embedded.h"
#include "sandbox/stripe_page.h"

#define STRIPE(verb, where, function)                                                             \
    {                                                                                             \
        .method = verb, .path = where, .handler = function, .access = FACE_STRIPE                 \
    }
#define PAYPAL(verb, where, function)                                                             \
    {                                                                                             \
        .method = verb, .path = where, .handler = function, .access = FACE_PAYPAL                 \
    }
#define REST(verb, where, function)                                                               \
    {                                                                                             \
        .method = verb, .path = where, .handler = function, .access = FACE_PAYPAL_REST            \
    }
#define PAGE(verb, where, function)                                                               \
    {                                                                                             \
        .method = verb, .path = where, .handler = function, .access = FACE_PAGE                   \
    }
#define CONTROL(verb, where, function)                                                            \
    {                                                                                             \
        .method = verb, .path = where, .handler = function, .access = FACE_CONTROL                \
    }

static const struct http_route routes[] = {
    /* ---- what people see ---- */
    PAGE(HTTP_GET, "/", home_handler),
    PAGE(HTTP_GET, "/c/pay/{}", stripe_page_handler),
    PAGE(HTTP_POST, "/c/pay/{}", stripe_page_pay_handler),
    PAGE(HTTP_GET, "/c/pay/{}/3ds", stripe_page_secure_handler),
    PAGE(HTTP_POST, "/c/pay/{}/3ds", stripe_page_answer_handler),
    PAGE(HTTP_GET, "/embedded/{}", stripe_embedded_handler),
    PAGE(HTTP_GET, "/oauth/authorize", connect_page_handler),
    PAGE(HTTP_POST, "/oauth/authorize", connect_answer_handler),
    PAGE(HTTP_GET, "/checkoutnow", order_page_handler),
    PAGE(HTTP_POST, "/checkoutnow/{}/approve", order_agree_handler),
    PAGE(HTTP_GET, "/checkoutnow/{}", paypal_page_handler),
    PAGE(HTTP_POST, "/checkoutnow/{}", paypal_pay_handler),
    PAGE(HTTP_POST, "/checkoutnow/{}/settle", paypal_settle_handler),

    /* ---- PayPal's one address: buttons and postbacks ---- */
    PAYPAL(HTTP_GET, "/cgi-bin/webscr", paypal_webscr_handler),
    PAYPAL(HTTP_POST, "/cgi-bin/webscr", paypal_webscr_handler),

    /* ---- PayPal's REST interface ---- */
    REST(HTTP_POST, "/v1/oauth2/token", rest_token_handler),
    REST(HTTP_GET, "/v1/identity/oauth2/userinfo", rest_userinfo_handler),
    REST(HTTP_POST, "/v2/checkout/orders", rest_order_create_handler),
    REST(HTTP_GET, "/v2/checkout/orders/{}", rest_order_get_handler),
    REST(HTTP_POST, "/v2/checkout/orders/{}/capture", rest_capture_handler),
    REST(HTTP_GET, "/v2/payments/captures/{}", rest_capture_get_handler),
    REST(HTTP_POST, "/v2/payments/captures/{}/refund", rest_refund_handler),
    REST(HTTP_GET, "/v2/payments/refunds/{}", rest_refund_get_handler),
    REST(HTTP_GET, "/v1/reporting/transactions", rest_transactions_handler),
    REST(HTTP_GET, "/v1/reporting/balances", rest_balances_handler),
    REST(HTTP_POST, "/v1/notifications/webhooks", webhook_create_handler),
    REST(HTTP_GET, "/v1/notifications/webhooks", webhook_list_handler),
    REST(HTTP_GET, "/v1/notifications/webhooks/{}", webhook_get_handler),
    REST(HTTP_PATCH, "/v1/notifications/webhooks/{}", webhook_update_handler),
    REST(HTTP_DELETE, "/v1/notifications/webhooks/{}", webhook_delete_handler),
    REST(HTTP_POST, "/v1/notifications/verify-webhook-signature", webhook_verify_handler),
    REST(HTTP_GET, "/v1/notifications/certs/{}", webhook_certificate_handler),

    /* ---- Stripe's interface ---- */
    STRIPE(HTTP_GET, "/v3", stripe_script_handler),
    STRIPE(HTTP_POST, "/v1/checkout/sessions", stripe_session_create_handler),
    STRIPE(HTTP_GET, "/v1/checkout/sessions", stripe_session_list_handler),
    STRIPE(HTTP_GET, "/v1/checkout/sessions/{}", stripe_session_get_handler),
    STRIPE(HTTP_POST, "/v1/checkout/sessions/{}/expire", stripe_session_expire_handler),
    STRIPE(HTTP_GET, "/v1/payment_intents", stripe_payment_list_handler),
    STRIPE(HTTP_GET, "/v1/payment_intents/{}", stripe_payment_get_handler),
    STRIPE(HTTP_GET, "/v1/charges", stripe_charge_list_handler),
    STRIPE(HTTP_GET, "/v1/charges/{}", stripe_charge_get_handler),
    STRIPE(HTTP_GET, "/v1/balance_transactions", stripe_balance_list_handler),
    STRIPE(HTTP_GET, "/v1/balance_transactions/{}", stripe_balance_get_handler),
    STRIPE(HTTP_POST, "/v1/refunds", stripe_refund_create_handler),
    STRIPE(HTTP_GET, "/v1/refunds", stripe_refund_list_handler),
    STRIPE(HTTP_GET, "/v1/refunds/{}", stripe_refund_get_handler),
    STRIPE(HTTP_GET, "/v1/disputes", stripe_dispute_list_handler),
    STRIPE(HTTP_GET, "/v1/disputes/{}", stripe_dispute_get_handler),
    STRIPE(HTTP_GET, "/v1/payouts", stripe_payout_list_handler),
    STRIPE(HTTP_GET, "/v1/payouts/{}", stripe_payout_get_handler),
    STRIPE(HTTP_GET, "/v1/balance", stripe_account_balance_handler),
    STRIPE(HTTP_GET, "/v1/events", stripe_event_list_handler),
    STRIPE(HTTP_GET, "/v1/events/{}", stripe_event_get_handler),
    STRIPE(HTTP_GET, "/v1/account", stripe_account_own_handler),
    STRIPE(HTTP_GET, "/v1/accounts/{}", stripe_account_get_handler),
    STRIPE(HTTP_POST, "/v1/webhook_endpoints", stripe_endpoint_create_handler),
    STRIPE(HTTP_GET, "/v1/webhook_endpoints", stripe_endpoint_list_handler),
    STRIPE(HTTP_GET, "/v1/webhook_endpoints/{}", stripe_endpoint_get_handler),
    STRIPE(HTTP_POST, "/v1/webhook_endpoints/{}", stripe_endpoint_update_handler),
    STRIPE(HTTP_DELETE, "/v1/webhook_endpoints/{}", stripe_endpoint_delete_handler),

    STRIPE(HTTP_POST, "/oauth/token", connect_token_handler),
    STRIPE(HTTP_POST, "/oauth/deauthorize", connect_deauthorize_handler),

    /* ---- control: the whole sandbox ---- */
    CONTROL(HTTP_GET, "/control/health", control_health_handler),
    CONTROL(HTTP_GET, "/control/ledger", control_ledger_handler),
    CONTROL(HTTP_POST, "/control/clock", control_clock_handler),
    CONTROL(HTTP_POST, "/control/reset", control_reset_handler),

    /* ---- control: Stripe's face ---- */
    CONTROL(HTTP_GET, "/control/stripe/accounts", control_account_list_handler),
    CONTROL(HTTP_POST, "/control/stripe/accounts", control_account_put_handler),
    CONTROL(HTTP_POST, "/control/stripe/accounts/{}/keys", control_account_key_handler),
    CONTROL(HTTP_POST, "/control/stripe/keys/{}/revoke", control_key_revoke_handler),
    CONTROL(HTTP_POST, "/control/stripe/accounts/{}/links", control_account_link_handler),
    CONTROL(HTTP_POST, "/control/stripe/accounts/{}/platform", control_platform_handler),
    CONTROL(HTTP_POST, "/control/stripe/accounts/{}/revoke", control_revoke_handler),
    CONTROL(HTTP_POST, "/control/stripe/accounts/{}/endpoints", control_endpoint_add_handler),
    CONTROL(HTTP_POST, "/control/stripe/endpoints/{}", control_endpoint_set_handler),
    CONTROL(HTTP_POST, "/control/stripe/endpoints/{}/rotate", control_endpoint_rotate_handler),
    CONTROL(HTTP_POST, "/control/stripe/endpoints/{}/rotated", control_endpoint_rotated_handler),
    CONTROL(HTTP_GET, "/control/stripe/sessions", control_session_list_handler),
    CONTROL(HTTP_GET, "/control/stripe/sessions/{}", control_session_get_handler),
    CONTROL(HTTP_POST, "/control/stripe/sessions/{}/pay", control_session_pay_handler),
    CONTROL(HTTP_POST, "/control/stripe/sessions/{}/settle", control_session_settle_handler),
    CONTROL(HTTP_POST, "/control/stripe/sessions/{}/expire", control_session_expire_handler),
    CONTROL(HTTP_GET, "/control/stripe/events", control_event_list_handler),

    /* ---- control: money after a payment, at Stripe's face ---- */
    CONTROL(HTTP_POST, "/control/stripe/accounts/{}/options", control_account_options_handler),
    CONTROL(HTTP_POST, "/control/stripe/payments/{}/fee", control_stripe_fee_handler),
    CONTROL(HTTP_POST, "/control/stripe/payments/{}/refund", control_stripe_refund_handler),
    CONTROL(HTTP_GET, "/control/stripe/refunds", control_stripe_refund_list_handler),
    CONTROL(HTTP_POST, "/control/stripe/refunds/{}", control_stripe_refund_end_handler),
    CONTROL(HTTP_POST, "/control/stripe/payments/{}/dispute", control_dispute_handler),
    CONTROL(HTTP_GET, "/control/stripe/disputes", control_dispute_list_handler),
    CONTROL(HTTP_POST, "/control/stripe/disputes/{}/{}", control_dispute_step_handler),
    CONTROL(HTTP_POST, "/control/stripe/payments/{}/late_failure", control_late_failure_handler),
    CONTROL(HTTP_POST, "/control/stripe/accounts/{}/payout", control_payout_handler),
    CONTROL(HTTP_GET, "/control/stripe/payouts", control_payout_list_handler),
    CONTROL(HTTP_POST, "/control/stripe/payouts/{}", control_payout_end_handler),
    CONTROL(HTTP_POST, "/control/stripe/accounts/{}/movement", control_movement_handler),
    CONTROL(HTTP_GET, "/control/stripe/movements", control_movement_list_handler),
    CONTROL(HTTP_POST, "/control/stripe/accounts/{}/charge", control_elsewhere_handler),

    /* ---- control: PayPal's face ---- */
    CONTROL(HTTP_GET, "/control/paypal/businesses", control_business_list_handler),
    CONTROL(HTTP_POST, "/control/paypal/businesses", control_business_put_handler),
    CONTROL(HTTP_POST, "/control/paypal/visits", control_form_add_handler),
    CONTROL(HTTP_POST, "/control/paypal/visits/{}/pay", control_form_pay_handler),
    CONTROL(HTTP_GET, "/control/paypal/payments", control_payment_list_handler),
    CONTROL(HTTP_POST, "/control/paypal/payments/{}/status", control_payment_status_handler),
    CONTROL(HTTP_POST, "/control/paypal/payments/{}/refund", control_refund_handler),
    CONTROL(HTTP_POST, "/control/paypal/payments/{}/reversal", control_reversal_handler),
    CONTROL(HTTP_POST, "/control/paypal/payments/{}/reversal-cancel",
            control_reversal_cancel_handler),
    CONTROL(HTTP_POST, "/control/paypal/payments/{}/failure", control_failure_handler),
    CONTROL(HTTP_POST, "/control/paypal/payments/{}/case", control_case_handler),
    CONTROL(HTTP_POST, "/control/paypal/businesses/{}/payments", control_payment_add_handler),
    CONTROL(HTTP_POST, "/control/paypal/businesses/{}/movements", control_movement_add_handler),
    CONTROL(HTTP_GET, "/control/paypal/businesses/{}/activity", control_activity_handler),
    CONTROL(HTTP_POST, "/control/paypal/businesses/{}/apps", control_app_add_handler),
    CONTROL(HTTP_GET, "/control/paypal/businesses/{}/apps", control_app_list_handler),
    CONTROL(HTTP_POST, "/control/paypal/apps/{}", control_app_set_handler),
    CONTROL(HTTP_GET, "/control/paypal/orders", control_order_list_handler),
    CONTROL(HTTP_GET, "/control/paypal/orders/{}", control_order_get_handler),
    CONTROL(HTTP_POST, "/control/paypal/orders/{}/approve", control_order_approve_handler),
    CONTROL(HTTP_POST, "/control/paypal/businesses/{}/refunds", control_refund_outcome_handler),
    CONTROL(HTTP_POST, "/control/paypal/refunds/{}", control_refund_end_handler),
    CONTROL(HTTP_POST, "/control/paypal/orders/{}/void", control_order_void_handler),
    CONTROL(HTTP_GET, "/control/paypal/apps/{}/webhooks", control_webhook_list_handler),
    CONTROL(HTTP_POST, "/control/paypal/webhooks/{}/events", control_webhook_event_handler),
    CONTROL(HTTP_POST, "/control/paypal/issues", control_issue_add_handler),
    CONTROL(HTTP_GET, "/control/paypal/issues", control_issue_list_handler),
    CONTROL(HTTP_DELETE, "/control/paypal/issues", control_issue_clear_handler),
    CONTROL(HTTP_GET, "/control/paypal/ipns", control_ipn_list_handler),
    CONTROL(HTTP_POST, "/control/paypal/ipns", control_ipn_add_handler),
    CONTROL(HTTP_GET, "/control/paypal/postbacks", control_postback_list_handler),

    /* ---- control: notifications, faults, calls ---- */
    CONTROL(HTTP_GET, "/control/deliveries", control_delivery_list_handler),
    CONTROL(HTTP_POST, "/control/deliveries/hold", control_delivery_hold_handler),
    CONTROL(HTTP_POST, "/control/deliveries/release", control_delivery_release_handler),
    CONTROL(HTTP_POST, "/control/deliveries/wait", control_delivery_wait_handler),
    CONTROL(HTTP_GET, "/control/deliveries/{}", control_delivery_get_handler),
    CONTROL(HTTP_POST, "/control/deliveries/{}/send", control_delivery_send_handler),
    CONTROL(HTTP_POST, "/control/deliveries/{}/duplicate", control_delivery_duplicate_handler),
    CONTROL(HTTP_POST, "/control/deliveries/{}/drop", control_delivery_drop_handler),
    CONTROL(HTTP_GET, "/control/faults", control_fault_list_handler),
    CONTROL(HTTP_POST, "/control/faults", control_fault_add_handler),
    CONTROL(HTTP_DELETE, "/control/faults", control_fault_clear_handler),
    CONTROL(HTTP_GET, "/control/calls", control_call_list_handler),
    CONTROL(HTTP_DELETE, "/control/calls", control_call_clear_handler),
    CONTROL(HTTP_GET, "/control/calls/counts", control_call_counts_handler),
};

const struct http_route *routes_all(size_t *count)
{
    *count = sizeof(routes) / sizeof(routes[0]);
    return routes;
}
