/*
 * provider_house: a house with an account at a provider, a scripted server in the provider's
 * place, and a call ready to be handed to a provider's function.
 *
 * Invariant: the settings name the loopback server everywhere, so no test can reach the
 * outside.
 */
#ifndef TESTS_SUPPORT_PROVIDER_HOUSE_H
#define TESTS_SUPPORT_PROVIDER_HOUSE_H

#include "database.h"

#include "base/seal.h"
#include "loopback.h"
#include "payment/account.h"
#include "payment/provider.h"

struct provider_house {
    struct house house;
    struct loopback *server;
    struct seal_key *key;
    struct http_client *client;
    struct provider_settings settings;
    struct provider_call call; /* db, client, arena, key of this house; now = HOUSE_NOW */
};

/* The caller must dispose of it with provider_house_close. Every address of the settings is
 * the server's, with the paths /live, /sandbox, and so on. */
void provider_house_open(struct provider_house *house);
void provider_house_close(struct provider_house *house);
/* cmocka's fixtures: *state becomes a struct provider_house *. */
int provider_house_setup(void **state);
int provider_house_teardown(void **state);

struct account_plan {
    int64_t association_id; /* 0 = the house's own, or a new real one for a live account */
    const char *provider;
    enum account_mode mode;
    const char *external_id; /* NULL = unknown */
    const char *email;       /* NULL = none */
    const char *api_key;     /* NULL = none */
    const char *webhook[2];  /* NULL = none */
    bool verified;
};
struct provider_account provider_house_account(struct provider_house *house,
                                               const struct account_plan *plan);
/* An intent of the house's member in the given state, written straight into its table. */
struct provider_intent provider_house_intent(struct provider_house *house,
                                             const struct provider_account *account,
                                             const char *token, int64_t amount_cents,
                                             const char *currency, const char *state);

#endif
