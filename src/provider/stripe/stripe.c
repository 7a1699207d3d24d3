#include "provider/stripe/stripe.h"

#include "provider/stripe/money.h"

static const char *const secrets[] = {"api_key", "webhook", NULL};
static const struct provider_consent consent = {
    .address = stripe_consent_address,
    .exchange = stripe_consent_exchange,
    .give_back = stripe_consent_give_back,
};

const struct provider provider_stripe = {
    .name = "stripe",
    .label = "Stripe",
    .journal = JOURNAL_STRIPE,
    .asks = true,
    .body_max = STRIPE_EVENT_MAX,
    .secrets = secrets,
    .usual_rate_points = 250,
    .linking = &stripe_linking,
    .consent = &consent,
    .embeds = stripe_embeds,
    .refunds = &stripe_refunds,
    .statement = &stripe_statement,
    .limits = stripe_limits,
    .prepare = stripe_prepare,
    .checkout = stripe_checkout,
    .cancel = stripe_cancel,
    .receive = stripe_receive,
    .resolve_event = stripe_resolve_event,
    .resolve_intent = stripe_resolve_intent,
    .resolve_fee = stripe_resolve_fee,
    .resolve_dispute = stripe_resolve_dispute,
    .examine = stripe_examine,
};
