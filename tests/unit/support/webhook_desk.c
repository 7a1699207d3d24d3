#include "webhook_desk.h"

#include <unistd.h>

#include "base/crc32.h"

int webhook_desk_teardown(void **state)
{
    struct provider_house *house = *state;
    const char *path = arena_printf(house->call.arena, "%s/issuers.pem", house->house.folder);

    (void)unlink(path);
    return provider_house_teardown(state);
}

void webhook_move_certificate(struct provider_house *house, struct paypal_delivery *delivery)
{
    static int number;

    delivery->certificate_url =
        str_of(arena_printf(house->call.arena, "%s/v1/notifications/certs/CERT-%d",
                            loopback_url(house->server), ++number));
}

struct paypal_webhook_account webhook_account(struct provider_house *house, const char *webhook_id)
{
    return (struct paypal_webhook_account){
        .mode = ACCOUNT_LIVE, .webhook_id = webhook_id, .api_url = loopback_url(house->server)};
}

void webhook_serve(struct provider_house *house, struct str pem)
{
    loopback_script(house->server, 200, "Content-Type: text/plain\r\n", pem);
}

struct test_identity *webhook_identity(const char *name, struct test_identity *parent,
                                       int64_t from_at, int64_t until_at)
{
    return identity_new(&(struct identity_plan){.name = name,
                                                .parent = parent,
                                                .issuer = parent == NULL,
                                                .from_at = from_at,
                                                .until_at = until_at});
}

void webhook_sign(struct provider_house *house, const struct webhook_desk *desk,
                  const struct test_identity *by, struct paypal_delivery *delivery)
{
    const char *text = arena_printf(house->call.arena, "%.*s|%.*s|%s|%u", STR_PRINT(delivery->id),
                                    STR_PRINT(delivery->time), desk->account.webhook_id,
                                    crc32_of(delivery->body));

    delivery->signature = str_of(identity_sign(by, str_of(text), house->call.arena));
}

struct webhook_desk webhook_open(struct provider_house *house)
{
    struct webhook_desk desk = {
        .account = webhook_account(house, "1AB23456CD789012E"),
        .delivery = {.id = str_of("b2384410-f8d2-11e4-8bf3-77339302725b"),
                     .time = str_of("2026-10-01T12:00:00Z"), /* HOUSE_NOW */
                     .algorithm = str_of("SHA256withRSA"),
                     .body = str_of("{\"id\":\"WH-1\",\"n\":[1, 2]}"),
                     .received_at = HOUSE_NOW}};

    desk.root = webhook_identity("Root", NULL, HOUSE_NOW - DAY, HOUSE_NOW + DAY);
    desk.leaf = webhook_identity("messageverificationcerts.paypal.com", desk.root, HOUSE_NOW - DAY,
                                 HOUSE_NOW + DAY);
    house->settings.paypal_ca_file = certificates_file(
        house->house.folder, identity_pem(desk.root, house->call.arena), house->call.arena);
    webhook_move_certificate(house, &desk.delivery);
    webhook_sign(house, &desk, desk.leaf, &desk.delivery);
    return desk;
}

void webhook_close(struct webhook_desk *desk)
{
    identity_free(desk->leaf);
    identity_free(desk->root);
}

struct webhook_judgement webhook_judge(struct provider_house *house, struct webhook_desk *desk,
                                       const struct paypal_delivery *delivery)
{
    struct webhook_judgement judgement;

    house_ok(paypal_webhook_judge(&house->call, &desk->account, delivery, NULL, NULL, &judgement));
    return judgement;
}
