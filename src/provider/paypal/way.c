/*
 * Which of PayPal's two ways: an account that has keys begins new payments by orders, the others
 * by the redirect. An attempt ends by the way it was begun: its stored request says which.
 */
#include "provider/paypal/internal.h"
#include "provider/paypal/rest.h"

static bool by_order(const struct provider_intent *intent)
{
    return intent->request[0] == '{';
}

enum err paypal_prepare(const struct provider_call *call, const struct provider_order *order,
                        struct str *request)
{
    return paypal_able(order->account) ? paypal_order_prepare(call, order, request)
                                       : paypal_redirect_prepare(call, order, request);
}

enum err paypal_checkout(const struct provider_call *call, const struct provider_account *account,
                         const struct provider_intent *intent, struct checkout_answer *answer)
{
    return by_order(intent) ? paypal_order_checkout(call, account, intent, answer)
                            : paypal_redirect_checkout(call, account, intent, answer);
}

enum err paypal_cancel(const struct provider_call *call, const struct provider_account *account,
                       const struct provider_intent *intent, struct resolution *resolution)
{
    return by_order(intent) ? paypal_order_cancel(call, account, intent, resolution)
                            : paypal_redirect_cancel(call, account, intent, resolution);
}

enum err paypal_resolve_intent(const struct provider_call *call,
                               const struct provider_account *account,
                               const struct provider_intent *intent, const char *state,
                               struct resolution *resolution)
{
    return by_order(intent) ? paypal_order_resolve(call, account, intent, state, resolution)
                            : paypal_redirect_resolve(call, account, intent, state, resolution);
}
