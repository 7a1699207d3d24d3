/* Consents: a state is good once, for who asked; what was replaced is forgotten. */
#include "support/database.h"

#include <string.h>

#include "payment/consent.h"

static const struct audit_actor actor = {0, "192.0.2.1"};
static const unsigned char session_hash[HASH_LEN] = {1}, other_session[HASH_LEN] = {2};

static struct consent_request ask(struct house *house)
{
    struct consent_request request = {
        .asker = {house->association_id, house->login_id, session_hash, HOUSE_NOW}};

    house_ok(consent_make_state(&request));
    house_ok(consent_ask(house->db, &request, &actor));
    return request;
}

static enum consent_fate take(struct house *house, const char *state, const unsigned char *session,
                              int64_t now)
{
    const struct consent_asker asker = {house->association_id, house->login_id, session, now};
    enum consent_fate fate = CONSENT_TAKEN;

    house_ok(consent_take(house->db, str_of(state), &asker, &fate));
    return fate;
}

static void good_once(void **state)
{
    struct house *house = *state;
    const struct consent_request request = ask(house);

    assert_int_equal(strlen(request.state), CONSENT_STATE_LEN);
    assert_int_equal(house_count(house,
                                 "SELECT count(*) FROM connect_request WHERE instr("
                                 "CAST(state_hash AS TEXT), '%s') > 0",
                                 request.state),
                     0);
    assert_int_equal(take(house, request.state, other_session, HOUSE_NOW), CONSENT_UNKNOWN);
    assert_int_equal(take(house, "short", session_hash, HOUSE_NOW), CONSENT_UNKNOWN);
    assert_int_equal(take(house, request.state, session_hash, HOUSE_NOW), CONSENT_TAKEN);
    assert_int_equal(take(house, request.state, session_hash, HOUSE_NOW), CONSENT_USED);
}

static void for_half_an_hour(void **state)
{
    struct house *house = *state;
    const struct consent_request late = ask(house), early = ask(house);

    assert_int_equal(take(house, late.state, session_hash, HOUSE_NOW + CONSENT_STATE_S),
                     CONSENT_EXPIRED);
    assert_int_equal(take(house, early.state, session_hash, HOUSE_NOW + CONSENT_STATE_S - 1),
                     CONSENT_TAKEN);
    house_ok(consent_sweep(house->db, HOUSE_NOW + 3 * CONSENT_STATE_S));
    assert_int_equal(house_count(house, "SELECT count(*) FROM connect_request"), 0);
}

static int64_t keys(struct house *house)
{
    return house_count(house, "SELECT count(*) FROM secret");
}

/* Its own keys are needed until its endpoint is deleted, and those of others stay. */
static void replaced_keys_are_forgotten(void **state)
{
    struct house *house = *state;

    house_execute(house,
                  "INSERT INTO provider_account (association_id, id, public_id, provider,"
                  " mode, external_id, label, transit_account, position, since_day,"
                  " created_at) VALUES (%lld, 1, 'x', 'stripe', 'test', 'acct_x', 'x',"
                  " '5171', 1, '2026-09-01', 1)",
                  (long long)house->association_id);
    house_execute(
        house,
        "INSERT INTO secret (association_id, provider_account_id, name, slot, sealed, created_at)"
        " SELECT association_id, id, 'api_key', 0, x'00', 1"
        " FROM provider_account WHERE provider = 'stripe'");
    assert_int_equal(keys(house), 1);
    house_ok(consent_sweep(house->db, HOUSE_NOW));
    assert_int_equal(keys(house), 1);
    house_execute(house,
                  "INSERT INTO provider_endpoint (association_id, id, provider_account_id,"
                  " state, slot, idempotency_key, external_id, retire_at, next_at,"
                  " created_at, updated_at) SELECT association_id, 1, id, 'retiring', 0, 'k',"
                  " 'we_1', 1, 1, 1, 1 FROM provider_account WHERE provider = 'stripe'");
    house_execute(house, "UPDATE provider_account SET link_kind = 'connect'"
                         " WHERE provider = 'stripe'");
    house_ok(consent_sweep(house->db, HOUSE_NOW));
    assert_int_equal(keys(house), 1);
    house_execute(house, "UPDATE provider_endpoint SET state = 'gone', retire_at = NULL,"
                         " next_at = NULL");
    house_ok(consent_sweep(house->db, HOUSE_NOW));
    assert_int_equal(keys(house), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(good_once),
        HOUSE_TEST(for_half_an_hour),
        HOUSE_TEST(replaced_keys_are_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
