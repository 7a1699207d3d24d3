#include "provider/paypal/paypal.h"

#include "provider/paypal/activity.h"
#include "provider/paypal/internal.h"
#include "provider/paypal/linking.h"
#include "provider/paypal/rest.h"
#include "provider/paypal/webhook_signature.h"

const struct provider provider_paypal = {
    .name = "paypal",
    .label = "PayPal",
    .journal = JOURNAL_PAYPAL,
    .asks = false,
    .body_max = PAYPAL_WEBHOOK_MAX,
    .headers = paypal_webhook_headers,
    .usual_rate_points = 350,
    .refunds = &paypal_refunds,
    .linking = &paypal_linking,
    .able = paypal_able,
    .limits = paypal_limits,
    .prepare = paypal_prepare,
    .checkout = paypal_checkout,
    .cancel = paypal_cancel,
    .receive = paypal_receive,
    .resolve_event = paypal_resolve_event,
    .resolve_intent = paypal_resolve_intent,
    .resolve_fee = paypal_resolve_fee,
    .examine = paypal_examine,
    .statement = &paypal_statement,
    .activity = &paypal_activity,
};
