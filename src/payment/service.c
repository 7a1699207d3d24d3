#include "payment/service.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "payment/internal.h"

const struct provider *payment_provider(const struct payment_service *service, struct str name)
{
    for (size_t i = 0; i < service->provider_count; i++)
        if (str_is(name, service->providers[i]->name))
            return service->providers[i];
    return NULL;
}

struct provider_call payment_call(const struct payment_service *service, struct db *db,
                                  struct http_client *client, struct arena *arena)
{
    return (struct provider_call){
        .settings = service->settings,
        .db = db,
        .client = client,
        .arena = arena,
        .key = service->key,
        .installation = service->installation,
        .now = clock_now(),
    };
}

bool payment_able(const struct provider *provider, const struct provider_account *account)
{
    return !provider->able || provider->able(account);
}

bool payment_embeds(const struct payment_service *service, const struct provider *provider,
                    const struct provider_account *account)
{
    struct provider_browser browser;

    return account->embedded && provider->embeds &&
           provider->embeds(service->settings, account, &browser);
}

bool payment_asks(const struct provider *provider, const struct payment_intent *intent)
{
    return provider->asks || intent->reference;
}

int64_t payment_rate_points(const struct provider *provider,
                            const struct provider_account *account)
{
    return account && account->rate_points >= 0 ? account->rate_points
                                                : provider->usual_rate_points;
}

struct provider_intent payment_provider_intent(const struct payment_intent *intent)
{
    return (struct provider_intent){
        .association_id = intent->association_id,
        .id = intent->id,
        .token = intent->token,
        .request = intent->request,
        .idempotency_key = intent->idempotency_key,
        .reference = intent->reference,
        .amount_cents = intent->amount_cents,
        .currency = intent->currency,
        .expires_at = intent->expires_at,
        .declines = intent->declines,
        .declined_at = intent->declines > 0 ? intent->updated_at : 0,
    };
}

/* ---- asking the provider to open ---- */

struct answered {
    int64_t association_id, intent_id, account_id, now;
    struct checkout_answer answer;
};

static enum err write_answer(struct db *db, void *argument)
{
    struct answered *answered = argument;

    enum err err = OK;

    if (answered->answer.proven_external_id)
        err = account_verified(db, answered->association_id, answered->account_id,
                               answered->answer.proven_external_id, answered->now);
    return err ? err
               : intent_answered(db, answered->association_id, answered->intent_id,
                                 &answered->answer, answered->now);
}

enum err payment_open(const struct payment_service *service, const struct provider_call *call,
                      const struct payment_intent *intent, bool *provider_down)
{
    const struct provider *provider = payment_provider(service, str_of(intent->provider));
    struct provider_intent asked = payment_provider_intent(intent);
    struct answered answered = {.association_id = intent->association_id,
                                .intent_id = intent->id,
                                .account_id = intent->provider_account_id,
                                .now = call->now};
    struct provider_account account;
    enum err err = provider ? account_find(call->db, intent->association_id,
                                           intent->provider_account_id, call->arena, &account)
                            : fail(ERR_INTERNAL, "provider of an intent is not registered");

    if (err)
        return err;
    err = provider->checkout(call, &account, &asked, &answered.answer);
    if (err) {
        log_failure("payment.checkout");
        answered.answer =
            (struct checkout_answer){.verdict = CHECKOUT_UNKNOWN, .reason = err_name(err)};
    }
    *provider_down = answered.answer.verdict == CHECKOUT_UNKNOWN;
    answered.now = clock_now();
    return db_write(service->writer, write_answer, &answered);
}
