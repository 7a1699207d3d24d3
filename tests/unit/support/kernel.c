#include "kernel.h"

#include "association/cart.h"
#include "base/random.h"
#include "payment/room.h"

#include <stdio.h>
#include <string.h>

static const struct audit_actor nobody = {0, ""};

static int64_t new_id(void)
{
    int64_t id;

    house_ok(random_id(&id));
    return id;
}

static enum err add_account(struct db *db, void *argument)
{
    return account_add(db, argument, &nobody);
}

static struct provider_account add(struct house *house, struct account_draft draft)
{
    char token[RANDOM_TOKEN_MAX];
    struct provider_account account;

    house_ok(random_token(token));
    draft.id = new_id();
    draft.public_id = arena_string(house->arena, token);
    draft.mode = ACCOUNT_TEST;
    draft.since_day = "2026-09-01";
    draft.now = HOUSE_NOW;
    house_ok(db_transaction(house->db, add_account, &draft));
    house_ok(account_find(house->db, draft.association_id, draft.id, house->arena, &account));
    return account;
}

struct provider_account kernel_add_stripe(struct house *house, int64_t association_id,
                                          const char *name)
{
    return add(house,
               (struct account_draft){.association_id = association_id,
                                      .provider = "stripe",
                                      .external_id = arena_printf(house->arena, "acct_%s", name),
                                      .label = "Stripe",
                                      .transit_account = "5171",
                                      .verified = true});
}

struct provider_account kernel_add_paypal(struct house *house, int64_t association_id,
                                          const char *merchant_id, const char *email, int verified)
{
    return add(house, (struct account_draft){.association_id = association_id,
                                             .provider = "paypal",
                                             .external_id = merchant_id,
                                             .email = email,
                                             .label = "PayPal",
                                             .transit_account = "5172",
                                             .verified = verified != 0});
}

struct intent_draft kernel_draft(struct house *house, const struct provider_account *account,
                                 int64_t member_id, const char *token, int64_t amount_cents)
{
    struct association association;
    struct payment_room room;
    struct intent_draft draft = {
        .association_id = account->association_id,
        .id = new_id(),
        .member_id = member_id,
        .account = account,
        .token = token,
        .form_token = arena_printf(house->arena, "form-%s", token),
        .amount_cents = amount_cents,
        .currency = "EUR",
        .request = "mode=payment",
        .expires_at = HOUSE_NOW + INTENT_EXPIRES_S,
        .login_id = house->login_id,
        .address = "127.0.0.1",
        .now = HOUSE_NOW,
    };

    draft.idempotency_key = arena_printf(house->arena, "guichet-test-%lld", (long long)draft.id);
    house_ok(association_find(house->db, account->association_id, house->arena, &association));
    house_ok(payment_room(house->db, &association, member_id, house->arena, &room));
    draft.balance_shown_cents = room.balance_cents;
    return draft;
}

struct creation {
    const struct intent_draft *draft;
    enum intent_start start;
    int64_t intent_id;
};

static enum err create(struct db *db, void *argument)
{
    struct creation *creation = argument;

    return intent_create(db, creation->draft, &creation->start, &creation->intent_id);
}

enum intent_start kernel_create(struct house *house, const struct intent_draft *draft,
                                int64_t *intent_id)
{
    struct creation creation = {.draft = draft};

    house_ok(db_transaction(house->db, create, &creation));
    *intent_id = creation.intent_id;
    return creation.start;
}

static enum err answer_open(struct db *db, void *argument)
{
    const struct intent_draft *draft = argument;
    struct checkout_answer answer = {.verdict = CHECKOUT_OPENED,
                                     .url = "https://checkout.stripe.com/c/pay/x"};
    char reference[128];

    snprintf(reference, sizeof(reference), "cs_test_%s", draft->token);
    answer.reference = reference;
    return intent_answered(db, draft->association_id, draft->id, &answer, HOUSE_NOW);
}

struct payment_intent kernel_open_intent(struct house *house,
                                         const struct provider_account *account, int64_t member_id,
                                         const char *token, int64_t amount_cents)
{
    struct intent_draft draft = kernel_draft(house, account, member_id, token, amount_cents);
    int64_t intent_id;

    assert_int_equal(kernel_create(house, &draft, &intent_id), INTENT_STARTED);
    house_ok(db_transaction(house->db, answer_open, &draft));
    return kernel_intent(house, token);
}

struct payment_intent kernel_intent(struct house *house, const char *token)
{
    struct payment_intent intent;

    house_ok(intent_find_token(house->db, str_of(token), house->arena, &intent));
    return intent;
}

enum intent_state kernel_state(struct house *house, const char *token)
{
    return kernel_intent(house, token).state;
}

struct payment_fact kernel_capture(const struct provider_account *account, const char *token,
                                   const char *reference, int64_t amount_cents)
{
    return (struct payment_fact){
        .kind = FACT_CAPTURE,
        .association_id = account->association_id,
        .provider_account_id = account->id,
        .token = token,
        .our_mark = true,
        .reference = reference,
        .amount_cents = amount_cents,
        .currency = "EUR",
        .fact_at = HOUSE_NOW,
        .payer = "Jeanne Martin",
        .reason = "",
    };
}

struct posting_run {
    const struct payment_fact *fact;
    struct arena *arena;
    int64_t now;
    struct post_result result;
};

static enum err post(struct db *db, void *argument)
{
    struct posting_run *run = argument;

    return payment_post(db, run->fact, run->now, run->arena, &run->result);
}

struct post_result kernel_post(struct house *house, const struct payment_fact *fact)
{
    return kernel_post_at(house, fact, HOUSE_NOW);
}

struct post_result kernel_post_at(struct house *house, const struct payment_fact *fact,
                                  int64_t now)
{
    struct posting_run run = {.fact = fact, .arena = house->arena, .now = now};

    house_ok(db_transaction(house->db, post, &run));
    return run.result;
}
