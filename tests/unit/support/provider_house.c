#include "provider_house.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/random.h"
#include "net/http_client.h"

static const struct audit_actor nobody = {0, ""};

static const char *key_path(struct provider_house *house)
{
    return arena_printf(house->house.arena, "%s/key", house->house.folder);
}

static const char *address(struct provider_house *house, const char *path)
{
    return arena_printf(house->house.arena, "%s%s", loopback_url(house->server), path);
}

void provider_house_open(struct provider_house *house)
{
    const char *mark = NULL;

    memset(house, 0, sizeof *house);
    house_open(&house->house);
    house->server = loopback_new();
    house_ok(seal_key_create(key_path(house)));
    house_ok(seal_key_load(key_path(house), &house->key));
    house_ok(http_client_global_init("guichet-test"));
    house_ok(http_client_new(&house->client));
    house_ok(installation_mark(house->house.db, house->house.arena, &mark));
    house->settings = (struct provider_settings){
        .base_url = "https://guichet.example",
        .stripe_api_url = address(house, ""),
        .stripe_checkout_url = "https://checkout.stripe.com",
        .stripe_connect_url = "https://connect.stripe.com",
        .stripe_script_url = "https://js.stripe.com/endive/stripe.js",
        .stripe_hooks_url = "https://hooks.stripe.com",
        .paypal_live_webscr_url = address(house, "/live/webscr"),
        .paypal_live_ipn_url = address(house, "/live/ipn"),
        .paypal_sandbox_webscr_url = address(house, "/sandbox/webscr"),
        .paypal_sandbox_ipn_url = address(house, "/sandbox/ipn"),
        .paypal_live_api_url = address(house, "/live"),
        .paypal_sandbox_api_url = address(house, "/sandbox"),
    };
    house->call = (struct provider_call){
        .settings = &house->settings,
        .db = house->house.db,
        .client = house->client,
        .arena = house->house.arena,
        .key = house->key,
        .installation = mark,
        .now = HOUSE_NOW,
    };
}

void provider_house_close(struct provider_house *house)
{
    http_client_free(house->client);
    http_client_global_done();
    seal_key_free(house->key);
    loopback_free(house->server);
    assert_int_equal(unlink(key_path(house)), 0);
    house_close(&house->house);
}

int provider_house_setup(void **state)
{
    struct provider_house *house = calloc(1, sizeof *house);

    assert_non_null(house);
    provider_house_open(house);
    *state = house;
    return 0;
}

int provider_house_teardown(void **state)
{
    provider_house_close(*state);
    free(*state);
    return 0;
}

/* ---- accounts ---- */

struct new_account {
    struct provider_house *house;
    const struct account_plan *plan;
    struct account_draft draft;
    struct provider_account account;
};

static enum err set_secret(struct db *db, const struct new_account *made, const char *name,
                           int64_t slot, const char *plain)
{
    if (!plain)
        return OK;
    return account_set_secret(db, made->house->key, &made->account, name, slot, str_of(plain),
                              &nobody, HOUSE_NOW);
}

static enum err add_account(struct db *db, void *argument)
{
    struct new_account *made = argument;
    enum err err = account_add(db, &made->draft, &nobody);

    if (err == OK)
        err = account_find(db, made->draft.association_id, made->draft.id,
                           made->house->house.arena, &made->account);
    if (err == OK)
        err = set_secret(db, made, "api_key", 0, made->plan->api_key);
    for (int slot = 0; err == OK && slot < 2; slot++)
        err = set_secret(db, made, "webhook", slot, made->plan->webhook[slot]);
    return err;
}

/* A real association with one member: live accounts belong to such a one only. */
static int64_t real_association(struct provider_house *house)
{
    int64_t id;

    house_ok(random_id(&id));
    house_execute(&house->house,
                  "INSERT INTO association (id, name, kind, currency, zone, amount_min_cents,"
                  " amount_max_cents, year_first_month, year_first_day, created_at)"
                  " VALUES (%lld, 'Les Vrais', 'real', 'EUR', 'Europe/Paris', 100, 1000000, 9,"
                  " 1, 1)",
                  (long long)id);
    (void)house_add_member(&house->house, id, "Paul", "Durand", 0);
    return id;
}

static int64_t association_of(struct provider_house *house, const struct account_plan *plan)
{
    if (plan->association_id)
        return plan->association_id;
    return plan->mode == ACCOUNT_LIVE ? real_association(house) : house->house.association_id;
}

struct provider_account provider_house_account(struct provider_house *house,
                                               const struct account_plan *plan)
{
    char *public_id = arena_alloc(house->house.arena, RANDOM_TOKEN_MAX);
    struct new_account made = {.house = house, .plan = plan};

    house_ok(random_token(public_id));
    made.draft = (struct account_draft){
        .association_id = association_of(house, plan),
        .public_id = public_id,
        .provider = plan->provider,
        .mode = plan->mode,
        .external_id = plan->external_id,
        .email = plan->email,
        .label = "Compte d'essai",
        .transit_account = strcmp(plan->provider, "stripe") == 0 ? "5171" : "5172",
        .since_day = "2026-01-01",
        .verified = plan->verified,
        .now = HOUSE_NOW,
    };
    house_ok(random_id(&made.draft.id));
    house_ok(db_transaction(house->house.db, add_account, &made));
    return made.account;
}

/* ---- intents ---- */

struct provider_intent provider_house_intent(struct provider_house *house,
                                             const struct provider_account *account,
                                             const char *token, int64_t amount_cents,
                                             const char *currency, const char *state)
{
    int64_t id;

    house_ok(random_id(&id));
    house_execute(
        &house->house,
        "INSERT INTO payment_intent (association_id, id, member_id, provider_account_id,"
        " key_version, token, form_token, amount_cents, currency, state, request,"
        " idempotency_key, expires_at, created_by, created_at, updated_at)"
        " SELECT %lld, %lld, m.id, %lld, 1, '%s', 'form%lld', %lld, '%s', '%s', 'mode=payment',"
        " 'guichet-test-%lld', %lld, %lld, %lld, %lld FROM member m"
        " WHERE m.association_id = %lld ORDER BY m.number LIMIT 1",
        (long long)account->association_id, (long long)id, (long long)account->id, token,
        (long long)id, (long long)amount_cents, currency, state, (long long)id,
        (long long)(HOUSE_NOW + 3600), (long long)house->house.login_id, (long long)HOUSE_NOW,
        (long long)HOUSE_NOW, (long long)account->association_id);
    return (struct provider_intent){
        .association_id = account->association_id,
        .id = id,
        .token = token,
        .request = "mode=payment",
        .idempotency_key = arena_printf(house->house.arena, "guichet-test-%lld", (long long)id),
        .amount_cents = amount_cents,
        .currency = currency,
        .expires_at = HOUSE_NOW + 3600,
    };
}
