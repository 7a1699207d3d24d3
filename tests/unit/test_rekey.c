/* Another key: everything moves or nothing does, and the old key opens nothing any more. */
#include "support/provider_house.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "payment/platform.h"
#include "payment/rekey.h"

static const struct audit_actor nobody = {0, ""};

static struct seal_key *new_key(struct provider_house *house)
{
    const char *path = arena_printf(house->call.arena, "%s/second.key", house->house.folder);
    struct seal_key *key = NULL;

    house_ok(seal_key_create(path));
    house_ok(seal_key_load(path, &key));
    assert_int_equal(unlink(path), 0);
    return key;
}

static struct provider_account stripe(struct provider_house *house)
{
    return provider_house_account(house, &(struct account_plan){.provider = "stripe",
                                                                .mode = ACCOUNT_TEST,
                                                                .external_id = "acct_1",
                                                                .api_key = "sk_test_1",
                                                                .webhook = {"whsec_1", "whsec_2"},
                                                                .verified = true});
}

static void add_iban(struct provider_house *house, const char *iban)
{
    struct str sealed;
    char hex[512] = "";

    house_ok(seal_close(house->key, house->house.association_id, "bank_account/7/iban",
                        str_of(iban), house->call.arena, &sealed));
    for (size_t i = 0; i < sealed.len; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", (unsigned char)sealed.data[i]);
    house_execute(
        &house->house,
        "INSERT INTO bank_account (association_id, id, label, iban_sealed, iban_tail,"
        " account_code, created_at) VALUES (%lld, 7, 'Banque', x'%s', '4606', '5121', 1)",
        (long long)house->house.association_id, hex);
}

/* The seed of an app's codes and a secret of the platform, each sealed by its own file. */
static enum err add_platform(struct db *db, void *argument)
{
    struct provider_house *house = argument;

    return platform_set_secret(db, house->key, ACCOUNT_TEST, "webhook", 1, str_of("whsec_p"),
                               &nobody, HOUSE_NOW);
}

static void add_seed(struct provider_house *house)
{
    struct str sealed;
    char hex[512] = "";

    house_ok(seal_close(house->key, house->house.login_id, "login.totp",
                        str_of("12345678901234567890"), house->call.arena, &sealed));
    for (size_t i = 0; i < sealed.len; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", (unsigned char)sealed.data[i]);
    house_execute(&house->house,
                  "INSERT INTO login_totp (login_id, sealed_seed, begun_at, begun_by)"
                  " VALUES (%lld, x'%s', 1, zeroblob(32))",
                  (long long)house->house.login_id, hex);
}

static void assert_platform(struct provider_house *house, const struct seal_key *key)
{
    struct str plains[PLATFORM_WEBHOOKS_MAX];
    size_t count = 0;

    house_ok(platform_webhook_secrets(house->call.db, key, ACCOUNT_TEST, house->call.arena, plains,
                                      &count));
    assert_int_equal(count, 1);
    assert_true(str_is(plains[0], "whsec_p"));
}

struct rekeying {
    const struct seal_key *old_key, *new_key;
    int64_t count;
};

static enum err rekey(struct db *db, void *argument)
{
    struct rekeying *rekeying = argument;

    return rekey_all(db, rekeying->old_key, rekeying->new_key, &nobody, &rekeying->count);
}

static void assert_secret(struct provider_house *house, const struct seal_key *key,
                          const struct provider_account *account, const char *name, int64_t slot,
                          const char *plain)
{
    struct str opened;

    house_ok(account_secret(house->call.db, key, account, name, slot, HOUSE_NOW, house->call.arena,
                            &opened));
    assert_true(str_is(opened, plain));
}

static int64_t foreign(struct provider_house *house, const struct seal_key *key)
{
    int64_t count = -1;

    house_ok(rekey_count_foreign(house->call.db, key, &count));
    return count;
}

static void test_all_of_it_moves(void **state)
{
    struct provider_house *house = *state;
    struct provider_account account = stripe(house);
    struct rekeying rekeying = {.old_key = house->key, .new_key = new_key(house)};
    struct str opened;

    add_iban(house, "FR7630006000011234567890189");
    add_seed(house);
    house_ok(db_transaction(house->house.db, add_platform, house));
    assert_int_equal(foreign(house, house->key), 0);
    assert_int_equal(foreign(house, rekeying.new_key), 6);
    house_ok(db_transaction(house->house.db, rekey, &rekeying));
    assert_int_equal(rekeying.count, 6);
    assert_int_equal(foreign(house, house->key), 6);
    assert_platform(house, rekeying.new_key);
    assert_int_equal(foreign(house, rekeying.new_key), 0);
    assert_secret(house, rekeying.new_key, &account, "api_key", 0, "sk_test_1");
    assert_secret(house, rekeying.new_key, &account, "webhook", 0, "whsec_1");
    assert_secret(house, rekeying.new_key, &account, "webhook", 1, "whsec_2");
    house_err(account_secret(house->call.db, house->key, &account, "api_key", 0, HOUSE_NOW,
                             house->call.arena, &opened),
              ERR_CRYPTO);
    assert_int_equal(
        house_count(&house->house, "SELECT count(*) FROM audit WHERE action = 'secret.rekeyed'"),
        1);
    /* Again: there is nothing left to do. */
    house_ok(db_transaction(house->house.db, rekey, &rekeying));
    assert_int_equal(rekeying.count, 0);
    seal_key_free((struct seal_key *)rekeying.new_key);
}

/* A value that does not open stops all of it: the old key still opens the others. */
static void test_one_bad_byte_stops_all(void **state)
{
    struct provider_house *house = *state;
    struct provider_account account = stripe(house);
    struct rekeying rekeying = {.old_key = house->key, .new_key = new_key(house)};

    add_iban(house, "FR7630006000011234567890189");
    house_execute(&house->house, "UPDATE bank_account SET iban_sealed ="
                                 " CAST(substr(iban_sealed, 1, length(iban_sealed) - 1) AS BLOB)");
    house_err(db_transaction(house->house.db, rekey, &rekeying), ERR_CRYPTO);
    assert_int_equal(foreign(house, house->key), 0);
    assert_secret(house, house->key, &account, "api_key", 0, "sk_test_1");
    assert_int_equal(house_count(&house->house, "SELECT count(*) FROM audit"
                                                " WHERE action = 'secret.rekeyed'"),
                     0);
    seal_key_free((struct seal_key *)rekeying.new_key);
}

/* A sealed column that the table forgot would be lost with the old key. */
static void test_every_sealed_column_is_known(void **state)
{
    struct provider_house *house = *state;
    int64_t in_schema = house_count(
        &house->house, "SELECT count(*) FROM sqlite_schema s, pragma_table_info(s.name) c"
                       " WHERE s.type = 'table' AND c.name LIKE '%%sealed%%'");
    int64_t known = 0;

    for (const char *const *column = rekey_columns; *column; column++, known++)
        assert_int_equal(
            house_count(&house->house,
                        "SELECT count(*) FROM sqlite_schema s, pragma_table_info(s.name) c"
                        " WHERE s.type = 'table' AND s.name || '.' || c.name = '%s'",
                        *column),
            1);
    assert_int_equal(in_schema, known);
}

#define TEST(function)                                                                            \
    cmocka_unit_test_setup_teardown(function, provider_house_setup, provider_house_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_all_of_it_moves),
        TEST(test_one_bad_byte_stops_all),
        TEST(test_every_sealed_column_is_known),
    };

    return cmocka_run_group_tests_name("rekey", tests, NULL, NULL);
}
