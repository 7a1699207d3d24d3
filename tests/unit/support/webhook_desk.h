/*
 * webhook_desk: PayPal's side of a webhook: an issuer and a certificate of a test's own, a
 * delivery signed with it, and the loopback server where the certificate is fetched.
 *
 * Invariant: what desk_open returns is authentic as soon as the server serves its certificate.
 */
#ifndef TESTS_SUPPORT_WEBHOOK_DESK_H
#define TESTS_SUPPORT_WEBHOOK_DESK_H

#include "certificates.h"
#include "provider_house.h"

#include "provider/paypal/webhook_signature.h"

enum { DAY = 86400 };

struct webhook_desk {
    struct test_identity *root, *leaf;
    struct paypal_webhook_account account;
    struct paypal_delivery delivery; /* of HOUSE_NOW */
};

/* cmocka's fixtures: *state becomes a struct provider_house *; its file of issuers goes too. */
int webhook_desk_teardown(void **state);
#define WEBHOOK_TEST(test)                                                                        \
    cmocka_unit_test_setup_teardown(test, provider_house_setup, webhook_desk_teardown)

struct webhook_desk webhook_open(struct provider_house *house);
void webhook_close(struct webhook_desk *desk);

/* A live account whose interface is the loopback server. */
struct paypal_webhook_account webhook_account(struct provider_house *house,
                                              const char *webhook_id);
/* A certificate of a name; an issuer when parent is NULL. */
struct test_identity *webhook_identity(const char *name, struct test_identity *parent,
                                       int64_t from_at, int64_t until_at);
/* Signs the delivery anew. */
void webhook_sign(struct provider_house *house, const struct webhook_desk *desk,
                  const struct test_identity *by, struct paypal_delivery *delivery);
/* Names a further address below the loopback server, so that nothing is kept from before. */
void webhook_move_certificate(struct provider_house *house, struct paypal_delivery *delivery);
/* Scripts the next answer of the server: a chain. */
void webhook_serve(struct provider_house *house, struct str pem);
/* The judgement without PayPal's opinion. */
struct webhook_judgement webhook_judge(struct provider_house *house, struct webhook_desk *desk,
                                       const struct paypal_delivery *delivery);

#define assert_forged(judgement, word)                                                            \
    do {                                                                                          \
        struct webhook_judgement judged = (judgement);                                            \
        assert_int_equal(judged.verdict, WEBHOOK_FORGED);                                         \
        assert_string_equal(judged.reason, word);                                                 \
    } while (0)

#endif
