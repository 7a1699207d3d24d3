#include "payment/service.h"

#include "association/member.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"
#include "payment/internal.h"

/* One press: what its steps hand on. */
struct beginning {
    const struct payment_service *service;
    const struct provider_call *call;
    const struct payment_press *press;
    const struct provider *provider;
    struct association association;
    struct member member;
    struct provider_account account;
    struct intent_draft draft;
    enum intent_start start;
    int64_t intent_id;
};

static enum err read_press(struct beginning *beginning)
{
    const struct payment_press *press = beginning->press;
    const struct provider_call *call = beginning->call;
    enum err err =
        association_find(call->db, press->association_id, call->arena, &beginning->association);

    if (!err)
        err = member_find(call->db, press->association_id, press->member_id, call->arena,
                          &beginning->member);
    if (!err)
        err = account_find(call->db, press->association_id, press->provider_account_id,
                           call->arena, &beginning->account);
    if (err)
        return err;
    beginning->provider =
        payment_provider(beginning->service, str_of(beginning->account.provider));
    return beginning->provider ? OK : fail(ERR_NOT_FOUND, "no such provider");
}

static enum err make_token(struct beginning *beginning)
{
    char random[RANDOM_TOKEN_MAX];
    enum err err = random_token(random);

    if (!err)
        err = random_id(&beginning->draft.id);
    beginning->draft.token =
        arena_printf(beginning->call->arena, "G%s-%s", beginning->service->installation, random);
    beginning->draft.idempotency_key =
        arena_printf(beginning->call->arena, "guichet-%s-%lld", beginning->service->installation,
                     (long long)beginning->draft.id);
    return err;
}

/* Everything a retry must repeat is computed here, once. */
static enum err prepare_draft(struct beginning *beginning)
{
    const struct payment_press *press = beginning->press;
    const struct provider_call *call = beginning->call;
    struct intent_draft *draft = &beginning->draft;
    struct provider_order order = {.association = &beginning->association,
                                   .account = &beginning->account,
                                   .member_number = beginning->member.number,
                                   .amount_cents = press->amount_cents};
    struct str request = {0};
    enum err err = make_token(beginning);

    if (err)
        return err;
    draft->expires_at =
        call->now + (beginning->provider->asks ? INTENT_EXPIRES_S : INTENT_LOCAL_EXPIRY_S);
    order.token = draft->token;
    order.embedded = press->embedded &&
                     payment_embeds(beginning->service, beginning->provider, &beginning->account);
    order.expires_at = draft->expires_at;
    order.return_url =
        arena_printf(call->arena, "%s/paiement/%s", call->settings->base_url, draft->token);
    order.notify_url =
        arena_printf(call->arena, "%s/action_manager.php?event=%s&a=%s", call->settings->base_url,
                     beginning->provider->name, beginning->account.public_id);
    err = beginning->provider->prepare(call, &order, &request);
    draft->association_id = press->association_id;
    draft->member_id = press->member_id;
    draft->account = &beginning->account;
    draft->form_token = press->form_token;
    draft->amount_cents = press->amount_cents;
    draft->fee_cover_cents = press->fee_cover_cents;
    draft->currency = beginning->association.currency->code;
    draft->balance_shown_cents = press->balance_shown_cents;
    draft->ticked = press->ticked;
    draft->ticked_count = press->ticked_count;
    draft->request = str_copy(call->arena, request);
    draft->login_id = press->login_id;
    draft->address = press->address;
    draft->now = call->now;
    return err;
}

static enum err write_intent(struct db *db, void *argument)
{
    struct beginning *beginning = argument;

    return intent_create(db, &beginning->draft, &beginning->start, &beginning->intent_id);
}

/* The other press of the same form is speaking with the provider: wait for its answer. */
static enum err await_answer(const struct provider_call *call, int64_t association_id,
                             int64_t intent_id, struct payment_intent *intent)
{
    int64_t until_ms = clock_monotonic_ms() + HTTP_CLIENT_TOTAL_MS;
    enum err err;

    for (;;) {
        err = intent_find(call->db, association_id, intent_id, call->arena, intent);
        if (err || intent->state != INTENT_CREATED || clock_monotonic_ms() > until_ms)
            return err;
        clock_sleep_ms(40);
    }
}

/* Follows what intent_create decided. */
static enum err follow_start(struct beginning *beginning, struct payment_intent *intent)
{
    const struct provider_call *call = beginning->call;
    int64_t association_id = beginning->press->association_id;
    bool down = false;
    enum err err = OK;

    if (beginning->start == INTENT_SAME_FORM)
        return await_answer(call, association_id, beginning->intent_id, intent);
    if (beginning->start != INTENT_STARTED)
        return OK;
    err = intent_find(call->db, association_id, beginning->intent_id, call->arena, intent);
    if (!err)
        err = payment_open(beginning->service, call, intent, &down);
    if (err)
        return err;
    return intent_find(call->db, association_id, beginning->intent_id, call->arena, intent);
}

/* Another amount, provider or choice of charges first ends the old attempt; the same ones go on
 * with it. The start stays ANOTHER_LIVE when the old attempt became something that cannot be
 * ended. */
static enum err settle_live(struct beginning *beginning, struct payment_intent *intent)
{
    const struct payment_press *press = beginning->press;
    const struct provider_call *call = beginning->call;
    const struct audit_actor actor = {press->login_id, press->address};
    bool same = false;
    enum err err =
        intent_find(call->db, press->association_id, beginning->intent_id, call->arena, intent);

    if (!err)
        err = intent_for_same_charges(call->db, &beginning->draft, beginning->intent_id, &same);
    if (err)
        return err;
    if (same && intent->amount_cents == press->amount_cents &&
        intent->fee_cover_cents == press->fee_cover_cents &&
        intent->provider_account_id == press->provider_account_id) {
        beginning->start = INTENT_SAME_FORM;
        return OK;
    }
    if (intent_state_live(intent->state))
        err = payment_cancel(beginning->service, call, press->association_id, beginning->intent_id,
                             &actor, intent);
    if (err || intent->state == INTENT_PAID || intent->state == INTENT_PROCESSING)
        return err;
    return db_write(beginning->service->writer, write_intent, beginning);
}

enum err payment_begin(const struct payment_service *service, const struct provider_call *call,
                       const struct payment_press *press, enum intent_start *start,
                       struct payment_intent *intent)
{
    struct beginning beginning = {.service = service, .call = call, .press = press};
    enum err err = read_press(&beginning);

    if (!err)
        err = prepare_draft(&beginning);
    if (!err)
        err = db_write(service->writer, write_intent, &beginning);
    if (!err && beginning.start == INTENT_ANOTHER_LIVE)
        err = settle_live(&beginning, intent);
    if (!err)
        err = follow_start(&beginning, intent);
    *start = beginning.start;
    return err;
}
