#include "support/database.h"

#include "association/login.h"

#include <stdio.h>

#define NOW_MS (HOUSE_NOW * 1000)

struct attempt {
    struct arena *arena;
    const char *email, *address;
    int64_t now_ms;
};

static enum err fail_attempt(struct db *db, void *argument)
{
    const struct attempt *attempt = argument;

    return login_throttle_failed(db, str_of(attempt->email), str_of(attempt->address),
                                 attempt->now_ms, attempt->arena);
}

static enum err succeed(struct db *db, void *argument)
{
    const struct attempt *attempt = argument;

    return login_throttle_succeeded(db, str_of(attempt->email), attempt->arena);
}

static void fails(struct house *house, const char *email, const char *address, int64_t now_ms)
{
    struct attempt attempt = {house->arena, email, address, now_ms};

    house_ok(db_transaction(house->db, fail_attempt, &attempt));
}

static int64_t wait_ms(struct house *house, const char *email, const char *address, int64_t now_ms)
{
    int64_t wait;

    house_ok(login_throttle_wait_ms(house->db, str_of(email), str_of(address), now_ms,
                                    house->arena, &wait));
    return wait;
}

static void test_waits_double_up_to_a_quarter_of_an_hour(void **state)
{
    struct house *house = *state;
    static const int64_t waits_s[] = {0,  0,  0,   0,   1,   2,   4,   8,  16,
                                      32, 64, 128, 256, 512, 900, 900, 900};

    for (size_t i = 0; i < sizeof(waits_s) / sizeof(waits_s[0]); i++) {
        fails(house, "a@b.fr", "192.0.2.1", NOW_MS);
        assert_int_equal(wait_ms(house, "a@b.fr", "192.0.2.1", NOW_MS), waits_s[i] * 1000);
    }
    assert_int_equal(wait_ms(house, "a@b.fr", "192.0.2.1", NOW_MS + 899 * 1000), 1000);
    assert_int_equal(wait_ms(house, "a@b.fr", "192.0.2.1", NOW_MS + 900 * 1000), 0);
}

static void test_account_is_folded_and_alone(void **state)
{
    struct house *house = *state;

    for (int i = 0; i < 6; i++)
        fails(house, "a@b.fr", "192.0.2.1", NOW_MS);
    assert_int_equal(wait_ms(house, " A@B.FR ", "198.51.100.1", NOW_MS), 2000);
    assert_int_equal(wait_ms(house, "c@b.fr", "192.0.2.1", NOW_MS), 0);
}

static void test_success_forgets_the_account_only(void **state)
{
    struct house *house = *state;
    struct attempt attempt = {house->arena, "a@b.fr", "192.0.2.1", NOW_MS};

    for (int i = 0; i < 52; i++)
        fails(house, "a@b.fr", "192.0.2.1", NOW_MS);
    house_ok(db_transaction(house->db, succeed, &attempt));
    assert_int_equal(wait_ms(house, "a@b.fr", "198.51.100.1", NOW_MS), 0);
    assert_int_equal(wait_ms(house, "a@b.fr", "192.0.2.1", NOW_MS), 4000);
}

static void test_address_blocks_after_fifty(void **state)
{
    struct house *house = *state;
    char email[32];

    for (int i = 0; i < 50; i++) {
        assert_int_equal(wait_ms(house, "x@b.fr", "192.0.2.1", NOW_MS), 0);
        snprintf(email, sizeof(email), "a%d@b.fr", i);
        fails(house, email, "192.0.2.1", NOW_MS);
    }
    assert_int_equal(wait_ms(house, "x@b.fr", "192.0.2.1", NOW_MS), 1000);
    assert_int_equal(wait_ms(house, "x@b.fr", "192.0.2.2", NOW_MS), 0);
}

static void test_networks(void **state)
{
    struct house *house = *state;
    static const struct {
        const char *address, *subject;
        int64_t failures;
    } cases[] = {
        {"192.0.2.1", "address:192.0.2.1", 1},
        {"::ffff:192.0.2.9", "address:192.0.2.9", 1},
        {"2001:db8:1:2:3:4:5:6", "address:2001:db8:1:2::", 2},
        {"2001:db8:1:2:ffff::", "address:2001:db8:1:2::", 2},
        {"2001:db8:1:3::1", "address:2001:db8:1:3::", 1},
        {"", "address:", 1},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        fails(house, "a@b.fr", cases[i].address, NOW_MS);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(house_count(house,
                                     "SELECT failures FROM login_throttle WHERE subject = '%s'",
                                     cases[i].subject),
                         cases[i].failures);
}

static void test_forgotten_after_a_day(void **state)
{
    struct house *house = *state;
    int64_t later = NOW_MS + INT64_C(86401) * 1000;

    for (int i = 0; i < 20; i++)
        fails(house, "a@b.fr", "192.0.2.1", NOW_MS);
    fails(house, "a@b.fr", "192.0.2.1", later);
    assert_int_equal(wait_ms(house, "a@b.fr", "192.0.2.1", later), 0);
}

static enum err sweep(struct db *db, void *argument)
{
    return login_throttle_sweep(db, *(const int64_t *)argument);
}

static void test_sweep(void **state)
{
    struct house *house = *state;
    int64_t now = HOUSE_NOW + 86000;

    fails(house, "a@b.fr", "192.0.2.1", NOW_MS);
    house_ok(db_transaction(house->db, sweep, &now));
    assert_int_equal(house_count(house, "SELECT count(*) FROM login_throttle"), 2);
    now = HOUSE_NOW + 86401;
    house_ok(db_transaction(house->db, sweep, &now));
    assert_int_equal(house_count(house, "SELECT count(*) FROM login_throttle"), 0);
}

static void test_a_clock_set_back_waits_no_longer(void **state)
{
    struct house *house = *state;

    for (int i = 0; i < 20; i++)
        fails(house, "a@b.fr", "192.0.2.1", NOW_MS);
    assert_int_equal(wait_ms(house, "a@b.fr", "192.0.2.1", NOW_MS - 7200 * 1000), 900 * 1000);
}

static void test_survives_a_restart_without_personal_data(void **state)
{
    struct house *house = *state;

    for (int i = 0; i < 8; i++)
        fails(house, "a@b.fr", "192.0.2.1", NOW_MS);
    house_reopen(house);
    assert_int_equal(wait_ms(house, "a@b.fr", "192.0.2.1", NOW_MS), 8000);
    assert_int_equal(house_count(house, "SELECT count(*) FROM login_throttle "
                                        "WHERE subject LIKE '%%@%%'"),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(test_waits_double_up_to_a_quarter_of_an_hour),
        HOUSE_TEST(test_account_is_folded_and_alone),
        HOUSE_TEST(test_success_forgets_the_account_only),
        HOUSE_TEST(test_address_blocks_after_fifty),
        HOUSE_TEST(test_networks),
        HOUSE_TEST(test_forgotten_after_a_day),
        HOUSE_TEST(test_sweep),
        HOUSE_TEST(test_a_clock_set_back_waits_no_longer),
        HOUSE_TEST(test_survives_a_restart_without_personal_data),
    };

    return cmocka_run_group_tests_name("throttle", tests, NULL, NULL);
}
