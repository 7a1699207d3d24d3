/* Mailed links: half an hour, once, the newest alone; and who may ask for one. */
#include "support/database.h"

#include <stdio.h>
#include <string.h>

#include "association/login_link.h"
#include "association/login.h"

static const struct audit_actor actor = {0, ""};

static struct link_secret put(struct house *house, int64_t login_id, int64_t now)
{
    struct link_secret secret;

    house_ok(link_secret_make(&secret));
    house_ok(link_put(house->db, login_id, secret.hash, now));
    return secret;
}

static bool alive(struct house *house, const char *token, int64_t now)
{
    struct link link = {0};
    bool found = false;

    house_ok(link_find(house->db, str_of(token), now, house->arena, &link, &found));
    if (found)
        assert_string_equal(link.email, "jeanne@exemple.fr");
    return found;
}

static bool use(struct house *house, const char *token, int64_t now)
{
    bool used = false;

    house_ok(link_use(house->db, str_of(token), "$scrypt$new", "192.0.2.1", now, &used));
    return used;
}

static int64_t passwords_set(struct house *house)
{
    return house_count(house, "SELECT count(*) FROM audit WHERE action = 'login.password_set'");
}

static void half_an_hour(void **state)
{
    struct house *house = *state;
    struct link_secret secret = put(house, house->login_id, HOUSE_NOW);

    assert_true(alive(house, secret.token, HOUSE_NOW));
    assert_true(alive(house, secret.token, HOUSE_NOW + 30 * 60 - 1));
    assert_false(alive(house, secret.token, HOUSE_NOW + 30 * 60));
    assert_false(use(house, secret.token, HOUSE_NOW + 30 * 60));
    assert_int_equal(passwords_set(house), 0);
    house_ok(link_sweep(house->db, HOUSE_NOW + 30 * 60 - 1));
    assert_int_equal(house_count(house, "SELECT count(*) FROM login_link"), 1);
    house_ok(link_sweep(house->db, HOUSE_NOW + 30 * 60));
    assert_int_equal(house_count(house, "SELECT count(*) FROM login_link"), 0);
}

static void once(void **state)
{
    struct house *house = *state;
    struct link_secret secret = put(house, house->login_id, HOUSE_NOW);

    house_execute(
        house,
        "INSERT INTO session (token_hash, login_id, csrf_key, address, user_agent, "
        "created_at, last_seen_at) VALUES (randomblob(32), %lld, randomblob(32), '', '', "
        "0, 0)",
        (long long)house->login_id);
    assert_true(use(house, secret.token, HOUSE_NOW + 60));
    assert_false(use(house, secret.token, HOUSE_NOW + 60));
    assert_false(alive(house, secret.token, HOUSE_NOW + 60));
    assert_int_equal(passwords_set(house), 1);
    assert_int_equal(house_count(house, "SELECT count(*) FROM session"), 0);
    assert_int_equal(house_count(house, "SELECT count(*) FROM login WHERE password_hash = "
                                        "'$scrypt$new'"),
                     1);
    /* The owner acted, from where the request came. */
    assert_int_equal(house_count(house,
                                 "SELECT count(*) FROM audit WHERE action = "
                                 "'login.password_set' AND login_id = %lld AND address = "
                                 "'192.0.2.1'",
                                 (long long)house->login_id),
                     1);
}

static void the_newest_alone(void **state)
{
    struct house *house = *state;
    struct link_secret first = put(house, house->login_id, HOUSE_NOW);
    struct link_secret second = put(house, house->login_id, HOUSE_NOW + 1);

    assert_false(alive(house, first.token, HOUSE_NOW + 1));
    assert_true(alive(house, second.token, HOUSE_NOW + 1));
}

static void what_is_no_link(void **state)
{
    struct house *house = *state;
    struct link_secret secret = put(house, house->login_id, HOUSE_NOW);
    char other[LINK_TOKEN_MAX];

    memcpy(other, secret.token, sizeof(other));
    other[10] = other[10] == 'a' ? 'b' : 'a';
    assert_false(alive(house, other, HOUSE_NOW));
    assert_false(alive(house, "", HOUSE_NOW));
    assert_false(alive(house, secret.token + 1, HOUSE_NOW));
    house_ok(login_disable(house->db, house->login_id, &actor, HOUSE_NOW));
    assert_false(alive(house, secret.token, HOUSE_NOW));
    assert_false(use(house, secret.token, HOUSE_NOW));
}

/* The database never holds the secret, only its hash. */
static void the_secret_stands_nowhere(void **state)
{
    struct house *house = *state;
    struct link_secret secret = put(house, house->login_id, HOUSE_NOW), other;

    assert_int_equal(strlen(secret.token), 64);
    assert_int_equal(house_count(house,
                                 "SELECT count(*) FROM login_link WHERE lower(hex(token_hash)) = "
                                 "'%s'",
                                 secret.token),
                     0);
    house_ok(link_secret_make(&other));
    assert_int_not_equal(memcmp(secret.token, other.token, 64), 0);
}

/* ---- asking ---- */

static int64_t ask(struct house *house, const char *email, const char *address, int64_t now_ms)
{
    int64_t wait_ms = -1;

    house_ok(link_ask(house->db, str_of(email), str_of(address), now_ms, &wait_ms));
    return wait_ms;
}

static int64_t mails(struct house *house)
{
    return house_count(house, "SELECT count(*) FROM outbox WHERE kind = 'password_link'");
}

static void an_unknown_address_is_counted_like_a_known_one(void **state)
{
    struct house *house = *state;
    const int64_t now_ms = HOUSE_NOW * 1000;
    static const char *const addresses[] = {" JEANNE@exemple.fr", "personne@exemple.fr"};

    for (size_t i = 0; i < 2; i++) {
        for (int time = 0; time < 3; time++)
            assert_int_equal(ask(house, addresses[i], "192.0.2.1", now_ms), 0);
        assert_int_equal(ask(house, addresses[i], "192.0.2.2", now_ms), 60000);
        assert_int_equal(ask(house, addresses[i], "192.0.2.2", now_ms + 60000), 0);
        assert_int_equal(ask(house, addresses[i], "192.0.2.2", now_ms + 60000), 120000);
    }
    assert_int_equal(mails(house), 4);
    assert_int_equal(house_count(house, "SELECT count(*) FROM audit WHERE action = 'link.asked'"),
                     8);
}

static void one_place_cannot_ask_for_everybody(void **state)
{
    struct house *house = *state;
    char email[40];

    for (int i = 0; i < 20; i++) {
        snprintf(email, sizeof(email), "personne%d@exemple.fr", i);
        assert_int_equal(ask(house, email, "2001:db8::1", HOUSE_NOW * 1000), 0);
    }
    assert_int_equal(ask(house, "jeanne@exemple.fr", "2001:db8::2", HOUSE_NOW * 1000), 60000);
    assert_int_equal(ask(house, "jeanne@exemple.fr", "2001:db8:1::1", HOUSE_NOW * 1000), 0);
    /* Failed logins are another matter. */
    int64_t wait_ms = -1;
    house_ok(login_throttle_wait_ms(house->db, str_of("jeanne@exemple.fr"), str_of("2001:db8::1"),
                                    HOUSE_NOW * 1000, house->arena, &wait_ms));
    assert_int_equal(wait_ms, 0);
}

static void whoever_may_enter_nowhere_gets_no_mail(void **state)
{
    struct house *house = *state;
    int64_t login_id;

    house_ok(login_ensure(house->db, str_of("seul@exemple.fr"), &actor, HOUSE_NOW, house->arena,
                          &login_id));
    assert_int_equal(ask(house, "seul@exemple.fr", "192.0.2.1", HOUSE_NOW * 1000), 0);
    house_ok(login_disable(house->db, house->login_id, &actor, HOUSE_NOW));
    assert_int_equal(ask(house, "jeanne@exemple.fr", "192.0.2.1", HOUSE_NOW * 1000), 0);
    assert_int_equal(mails(house), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(half_an_hour),
        HOUSE_TEST(once),
        HOUSE_TEST(the_newest_alone),
        HOUSE_TEST(what_is_no_link),
        HOUSE_TEST(the_secret_stands_nowhere),
        HOUSE_TEST(an_unknown_address_is_counted_like_a_known_one),
        HOUSE_TEST(one_place_cannot_ask_for_everybody),
        HOUSE_TEST(whoever_may_enter_nowhere_gets_no_mail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
