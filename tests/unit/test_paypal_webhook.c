/* PayPal's webhooks: real deliveries verify at their own date, altered ones never do. */
#include "support/webhook_desk.h"

#include <string.h>
#include <time.h>

#include "provider/paypal/webhook_opinion.h"
#include "support/vectors.h"

#define REST "paypal/rest/"
enum { SIMULATED = 20 };

/* ---- real deliveries ---- */

/* A delivery of the material; its address becomes one below the loopback server, whose script
 * serves the certificate: the address is not among what is signed. */
static struct paypal_delivery delivery_of(struct provider_house *house, const char *name)
{
    struct arena *arena = house->call.arena;
    struct paypal_delivery delivery = {0};
    struct tm time = {0};

    paypal_delivery_read(vectors_read(arena, arena_printf(arena, REST "%s.headers.txt", name)),
                         &delivery);
    delivery.body = vectors_read(arena, arena_printf(arena, REST "%s.body.json", name));
    assert_non_null(strptime(str_copy(arena, delivery.time), "%Y-%m-%dT%H:%M:%SZ", &time));
    delivery.received_at = timegm(&time) + 1;
    return delivery;
}

/* DigiCert's issuer as it is given, in PEM. */
static void believe_issuer(struct provider_house *house)
{
    struct arena *arena = house->call.arena;
    struct str der = vectors_read(arena, REST "signed-webhook/issuer-ca.der");

    house->settings.paypal_ca_file = certificates_file(house->house.folder, der, arena);
}

static struct webhook_judgement judge(struct provider_house *house, const char *webhook_id,
                                      const struct paypal_delivery *delivery)
{
    struct paypal_webhook_account account = webhook_account(house, webhook_id);
    struct webhook_judgement judgement;

    house_ok(paypal_webhook_judge(&house->call, &account, delivery, NULL, NULL, &judgement));
    return judgement;
}

static void simulated_deliveries(void **state)
{
    struct provider_house *house = *state;
    struct arena *arena = house->call.arena;
    struct str pem = vectors_read(arena, REST "signed-webhook-simulator/cert.pem");
    const char **names;
    size_t count = vectors_list(arena, REST "signed-webhook-simulator", ".headers.txt", &names);

    assert_int_equal(count, SIMULATED);
    believe_issuer(house);
    for (size_t i = 0; i < count; i++) {
        int stem = (int)(strlen(names[i]) - strlen(".headers.txt"));
        struct paypal_delivery delivery = delivery_of(
            house, arena_printf(arena, "signed-webhook-simulator/%.*s", stem, names[i]));
        struct paypal_webhook_account account = webhook_account(house, "WEBHOOK_ID");

        assert_null(paypal_webhook_fault(&account, &delivery, arena)); /* as it came */
        webhook_move_certificate(house, &delivery);
        webhook_serve(house, pem);
        assert_int_equal(judge(house, "WEBHOOK_ID", &delivery).verdict, WEBHOOK_AUTHENTIC);
        assert_forged(judge(house, "WEBHOOK_IE", &delivery), "mismatch");
        assert_int_equal(loopback_count(house->server), i + 1); /* kept for the second time */
    }
}

static void deliveries_of_the_sandbox(void **state)
{
    struct provider_house *house = *state;
    struct arena *arena = house->call.arena;
    struct str pem = vectors_read(arena, REST "signed-webhook/cert.pem");
    const char *created =
        str_copy(arena, str_trim(vectors_read(arena, REST "signed-webhook/plan-created"
                                                          ".webhook_id.txt")));
    const char *completed =
        str_copy(arena, str_trim(vectors_read(arena, REST "signed-webhook/sale-completed"
                                                          ".webhook_id.txt")));
    struct paypal_delivery delivery = delivery_of(house, "signed-webhook/plan-created");

    believe_issuer(house);
    webhook_move_certificate(house, &delivery);
    webhook_serve(house, pem);
    assert_int_equal(judge(house, created, &delivery).verdict, WEBHOOK_AUTHENTIC);
    /* of 2015, before the certificate; and at a date of the certificate it fits nothing */
    delivery = delivery_of(house, "signed-webhook/sale-completed");
    webhook_move_certificate(house, &delivery);
    webhook_serve(house, pem);
    assert_forged(judge(house, completed, &delivery), "dates");
    delivery.time = str_of("2017-05-12T18:14:14Z");
    delivery.received_at = INT64_C(1494612854);
    webhook_serve(house, pem);
    assert_forged(judge(house, completed, &delivery), "mismatch");
}

/* Every byte of the body and of every header changed: nothing of it is authentic. */
static void each_byte_counts(void **state)
{
    struct provider_house *house = *state;
    struct webhook_desk desk = webhook_open(house);
    struct paypal_delivery changed = desk.delivery;
    struct str *const parts[] = {&changed.id,
                                 &changed.time,
                                 &changed.signature,
                                 &changed.algorithm,
                                 &changed.certificate_url,
                                 &changed.body};

    webhook_serve(house, identity_pem(desk.leaf, house->call.arena));
    assert_int_equal(webhook_judge(house, &desk, &desk.delivery).verdict, WEBHOOK_AUTHENTIC);
    for (size_t part = 0; part < sizeof parts / sizeof parts[0]; part++) {
        struct str whole = *parts[part];

        for (size_t i = 0; i < whole.len; i++) {
            char *bytes = arena_copy(house->call.arena, whole.data, whole.len);

            bytes[i] = (char)(bytes[i] ^ 1);
            *parts[part] = str_from(bytes, whole.len);
            assert_int_not_equal(webhook_judge(house, &desk, &changed).verdict, WEBHOOK_AUTHENTIC);
        }
        *parts[part] = str_from(whole.data, whole.len - 1);
        assert_int_not_equal(webhook_judge(house, &desk, &changed).verdict, WEBHOOK_AUTHENTIC);
        *parts[part] = whole;
    }
    assert_int_equal(webhook_judge(house, &desk, &changed).verdict, WEBHOOK_AUTHENTIC);
    webhook_close(&desk);
}

static void the_window_of_time(void **state)
{
    static const struct {
        const char *time;
        bool fits;
    } cases[] = {
        {"2026-10-01T12:05:00Z", true},
        {"2026-10-01T12:05:01Z", false},
        {"2026-09-26T12:00:00Z", true},
        {"2026-09-26T11:59:59Z", false},
        {"2026-10-01T12:00:00.123Z", true},
        {"2026-10-01T12:00:00.Z", false},
        {"2026-10-01T12:00:00", false},
        {"2026-10-01T12:00:00+00:00", false},
        {"2026-10-01 12:00:00Z", false},
        {"2026-13-01T12:00:00Z", false},
        {"2026-10-01T24:00:00Z", false},
        {"2018-19-12T12:00:00Z", false},
        {"", false},
        {"2026-10-01T12:00:00Z|x", false},
    };
    struct provider_house *house = *state;
    struct webhook_desk desk = webhook_open(house);

    webhook_serve(house, identity_pem(desk.leaf, house->call.arena));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        desk.delivery.time = str_of(cases[i].time);
        webhook_sign(house, &desk, desk.leaf, &desk.delivery);
        if (cases[i].fits)
            assert_int_equal(webhook_judge(house, &desk, &desk.delivery).verdict,
                             WEBHOOK_AUTHENTIC);
        else
            assert_forged(webhook_judge(house, &desk, &desk.delivery), "time");
    }
    webhook_close(&desk);
}

/* Whoever signs well with a certificate that is not PayPal's. */
static void other_certificates(void **state)
{
    struct provider_house *house = *state;
    struct webhook_desk desk = webhook_open(house);
    struct test_identity *practice = webhook_identity(
        "messageverificationcerts.sandbox.paypal.com", desk.root, HOUSE_NOW, HOUSE_NOW + DAY);
    const struct {
        struct test_identity *identity;
        const char *word;
    } cases[] = {
        {webhook_identity("messageverificationcerts.paypal.com.evil.fr", desk.root, HOUSE_NOW,
                          HOUSE_NOW),
         "name"},
        {webhook_identity("messageverificationcerts.paypal.com", desk.root, HOUSE_NOW + 1,
                          HOUSE_NOW + 9),
         "dates"},
        {webhook_identity("messageverificationcerts.paypal.com", desk.root, HOUSE_NOW - 9,
                          HOUSE_NOW - 1),
         "dates"},
        {identity_new(&(struct identity_plan){.name = "messageverificationcerts.paypal.com",
                                              .from_at = HOUSE_NOW,
                                              .until_at = HOUSE_NOW}),
         "issuer"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        webhook_move_certificate(house, &desk.delivery);
        webhook_sign(house, &desk, cases[i].identity, &desk.delivery);
        webhook_serve(house, identity_pem(cases[i].identity, house->call.arena));
        assert_forged(webhook_judge(house, &desk, &desk.delivery), cases[i].word);
        identity_free(cases[i].identity);
    }
    webhook_move_certificate(house, &desk.delivery);
    webhook_sign(house, &desk, practice, &desk.delivery);
    webhook_serve(house, identity_pem(practice, house->call.arena));
    assert_int_equal(webhook_judge(house, &desk, &desk.delivery).verdict, WEBHOOK_AUTHENTIC);
    webhook_sign(house, &desk, desk.leaf, &desk.delivery); /* another key of the same issuer */
    assert_forged(webhook_judge(house, &desk, &desk.delivery), "mismatch");
    identity_free(practice);
    webhook_close(&desk);
}

/* ---- PayPal's opinion ---- */

struct opinion {
    enum err err;
    int status;
    const char *answer;
    struct str asked;
    int count;
};

static enum err give_opinion(void *context, struct str request, struct http_answer *answer)
{
    struct opinion *opinion = context;

    opinion->asked = request;
    opinion->count++;
    *answer = (struct http_answer){
        .status = opinion->status, .body = str_of(opinion->answer), .request_id = ""};
    return opinion->err;
}

static void opinions(void **state)
{
    static const struct {
        enum err err;
        int status;
        const char *answer;
        enum webhook_verdict verdict;
        bool down;
    } cases[] = {
        {OK, 200, "{\"verification_status\":\"SUCCESS\"}", WEBHOOK_AUTHENTIC, false},
        {OK, 200, "{\"verification_status\":\"FAILURE\"}", WEBHOOK_FORGED, false},
        {OK, 200, "{\"verification_status\":\"success\"}", WEBHOOK_UNDECIDED, false},
        {OK, 200, "{\"verification_status\":true}", WEBHOOK_UNDECIDED, false},
        {OK, 200, "SUCCESS", WEBHOOK_UNDECIDED, false},
        {OK, 200, "{\"verification_status\":\"SUCCESS\",\"verification_status\":\"SUCCESS\"}",
         WEBHOOK_UNDECIDED, false},
        {OK, 201, "{\"verification_status\":\"SUCCESS\"}", WEBHOOK_UNDECIDED, false},
        {OK, 401, "{\"verification_status\":\"SUCCESS\"}", WEBHOOK_UNDECIDED, false},
        {OK, 503, "{\"verification_status\":\"SUCCESS\"}", WEBHOOK_UNDECIDED, true},
        {ERR_NETWORK, 0, "", WEBHOOK_UNDECIDED, true},
        {ERR_TIMEOUT, 0, "", WEBHOOK_UNDECIDED, true},
    };
    struct provider_house *house = *state;
    struct webhook_desk desk = webhook_open(house);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct opinion opinion = {cases[i].err, cases[i].status, cases[i].answer, {0}, 0};
        struct webhook_judgement judgement;

        loopback_script(house->server, 503, "", str_of("")); /* no certificate to be had */
        house_ok(paypal_webhook_judge(&house->call, &desk.account, &desk.delivery, give_opinion,
                                      &opinion, &judgement));
        assert_int_equal(judgement.verdict, cases[i].verdict);
        assert_int_equal(judgement.down, cases[i].down);
        assert_int_equal(opinion.count, 1);
    }
    webhook_close(&desk);
}

/* It is asked only where the certificate proves nothing, and with the very bytes. */
static void what_is_asked(void **state)
{
    struct provider_house *house = *state;
    struct webhook_desk desk = webhook_open(house);
    struct opinion opinion = {OK, 200, "{\"verification_status\":\"SUCCESS\"}", {0}, 0};
    struct webhook_judgement judgement;
    struct str ending;

    desk.delivery.body = str_of(" {\"a\" : 1.50, \"b\":{}, \"c\":\"\\u00e9\xc3\xa9\" }\n");
    webhook_serve(house, identity_pem(desk.leaf, house->call.arena));
    house_ok(paypal_webhook_judge(&house->call, &desk.account, &desk.delivery, give_opinion,
                                  &opinion, &judgement));
    assert_forged(judgement, "mismatch");
    desk.delivery.body = str_of("{}, \"webhook_id\":\"ANOTHER\", \"x\":{}");
    house_ok(paypal_webhook_judge(&house->call, &desk.account, &desk.delivery, give_opinion,
                                  &opinion, &judgement));
    assert_forged(judgement, "body");
    assert_int_equal(opinion.count, 0);
    desk.delivery.body = str_of(" {\"a\" : 1.50, \"b\":{}, \"c\":\"\\u00e9\xc3\xa9\" }\n");
    ending = str_of(arena_printf(house->call.arena,
                                 "\"webhook_id\":\"1AB23456CD789012E\",\"webhook_event\":%.*s}",
                                 STR_PRINT(desk.delivery.body)));
    webhook_move_certificate(house, &desk.delivery);
    house_ok(paypal_webhook_judge(&house->call, &desk.account, &desk.delivery, give_opinion,
                                  &opinion, &judgement));
    assert_int_equal(judgement.verdict, WEBHOOK_AUTHENTIC);
    assert_true(str_starts(opinion.asked, "{\"auth_algo\":\"SHA256withRSA\",\"cert_url\":\""));
    assert_true(opinion.asked.len > ending.len);
    assert_memory_equal(opinion.asked.data + opinion.asked.len - ending.len, ending.data,
                        ending.len);
    webhook_close(&desk);
}

/* ---- headers as they are kept ---- */

static void headers(void **state)
{
    struct paypal_delivery delivery = {.received_at = 7};

    (void)state;
    paypal_delivery_read(str_of("HTTP_PAYPAL_TRANSMISSION_ID: a-1\r\npaypal-transmission-time:b\n"
                                "PAYPAL-TRANSMISSION-SIG: c:d=\nX-PAYPAL-AUTH-ALGO: no\n"
                                "HTTP_PAYPAL_AUTH_ALGO:e\nPAYPAL-CERT-URL:https://f/"),
                         &delivery);
    assert_true(str_is(delivery.id, "a-1"));
    assert_true(str_is(delivery.time, "b"));
    assert_true(str_is(delivery.signature, "c:d="));
    assert_true(str_is(delivery.algorithm, "e"));
    assert_true(str_is(delivery.certificate_url, "https://f/"));
    assert_int_equal(delivery.received_at, 7);
    paypal_delivery_read(str_of("PAYPAL-TRANSMISSION-ID: a\nPAYPAL-TRANSMISSION-ID: b\n"),
                         &delivery);
    assert_true(str_empty(delivery.id) && str_empty(delivery.certificate_url));
    paypal_delivery_read(str_of(""), &delivery);
    assert_true(str_empty(delivery.id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WEBHOOK_TEST(simulated_deliveries), WEBHOOK_TEST(deliveries_of_the_sandbox),
        WEBHOOK_TEST(each_byte_counts),     WEBHOOK_TEST(the_window_of_time),
        WEBHOOK_TEST(other_certificates),   WEBHOOK_TEST(opinions),
        WEBHOOK_TEST(what_is_asked),        cmocka_unit_test(headers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
