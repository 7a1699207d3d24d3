/* Another address for a login: asked for, confirmed by a mailed link, once, by its owner. */
#include "support/database.h"

#include <string.h>

#include "association/email_change.h"
#include "association/login.h"
#include "base/clock.h"

static const struct audit_actor nobody = {0, "192.0.2.1"};

static int64_t ask_at(struct house *house, const char *email, int64_t now)
{
    const struct email_wish wish = {.login_id = house->login_id,
                                    .association_id = house->association_id,
                                    .present = "jeanne@exemple.fr",
                                    .email = str_of(email),
                                    .actor = nobody,
                                    .now_ms = now * 1000};
    int64_t wait_ms = -1;

    house_ok(email_change_ask(house->db, &wish, &wait_ms));
    return wait_ms;
}

/* What the mailer does with the mail to that address. */
static struct link_secret mail(struct house *house, const char *email, int64_t now)
{
    struct link_secret secret;

    house_ok(link_secret_make(&secret));
    house_ok(email_change_link(house->db, house->login_id, email, secret.hash, now));
    return secret;
}

static bool use_as(struct house *house, int64_t login_id, const char *token, int64_t now)
{
    const struct audit_actor actor = {login_id, "192.0.2.1"};
    bool used = true;

    house_ok(email_change_use(house->db, str_of(token), &actor, now, &used));
    return used;
}

static bool use(struct house *house, const char *token, int64_t now)
{
    return use_as(house, house->login_id, token, now);
}

static bool logs_in_with(struct house *house, const char *email)
{
    struct login login = {0};
    bool found = false;

    house_ok(login_find(house->db, str_of(email), house->arena, &login, &found));
    return found && login.id == house->login_id;
}

static int64_t mails(struct house *house, const char *kind)
{
    return house_count(house, "SELECT count(*) FROM outbox WHERE kind = '%s'", kind);
}

static int64_t audited(struct house *house, const char *action)
{
    return house_count(house, "SELECT count(*) FROM audit WHERE action = '%s'", action);
}

static void confirmed_once(void **state)
{
    struct house *house = *state;
    struct email_change change = {0};
    struct link_secret secret;
    bool found = false;

    assert_int_equal(ask_at(house, " Jeanne.Neuve@Exemple.fr ", HOUSE_NOW), 0);
    assert_int_equal(mails(house, "email_asked"), 1);
    assert_int_equal(mails(house, "email_confirm"), 1);
    assert_true(logs_in_with(house, "jeanne@exemple.fr"));
    secret = mail(house, "Jeanne.Neuve@Exemple.fr", HOUSE_NOW);
    assert_false(use_as(house, house->login_id + 1, secret.token, HOUSE_NOW));
    house_ok(email_change_find(house->db, str_of(secret.token), house->login_id, HOUSE_NOW,
                               house->arena, &change, &found));
    assert_true(found);
    assert_string_equal(change.email, "Jeanne.Neuve@Exemple.fr");
    assert_string_equal(change.present, "jeanne@exemple.fr");
    assert_true(use(house, secret.token, HOUSE_NOW + 30 * 60 - 1));
    assert_true(logs_in_with(house, "jeanne.neuve@exemple.fr"));
    assert_false(logs_in_with(house, "jeanne@exemple.fr"));
    assert_false(use(house, secret.token, HOUSE_NOW + 1));
    assert_int_equal(audited(house, "login.email_asked"), 1);
    assert_int_equal(audited(house, "login.email_changed"), 1);
}

static void sessions_and_links_end(void **state)
{
    struct house *house = *state;
    struct link_secret old, secret;

    house_execute(house,
                  "INSERT INTO session (token_hash, login_id, csrf_key, address, user_agent,"
                  " created_at, last_seen_at)"
                  " SELECT zeroblob(32), id, zeroblob(32), '', '', 1, 1 FROM login");
    house_ok(link_secret_make(&old));
    house_ok(link_put(house->db, house->login_id, old.hash, HOUSE_NOW));
    ask_at(house, "neuve@exemple.fr", HOUSE_NOW);
    secret = mail(house, "neuve@exemple.fr", HOUSE_NOW);
    assert_true(use(house, secret.token, HOUSE_NOW));
    assert_int_equal(house_count(house, "SELECT count(*) FROM session"), 0);
    assert_int_equal(house_count(house, "SELECT count(*) FROM login_link"), 0);
}

static void too_old_replaced_unknown(void **state)
{
    struct house *house = *state;
    struct link_secret first, second;

    ask_at(house, "neuve@exemple.fr", HOUSE_NOW);
    first = mail(house, "neuve@exemple.fr", HOUSE_NOW);
    assert_false(use(house, first.token, HOUSE_NOW + 30 * 60));
    ask_at(house, "autre@exemple.fr", HOUSE_NOW);
    assert_false(use(house, first.token, HOUSE_NOW));
    /* The mail to the first address, written late, confirms nothing. */
    house_ok(link_secret_make(&second));
    house_err(
        email_change_link(house->db, house->login_id, "neuve@exemple.fr", second.hash, HOUSE_NOW),
        ERR_NOT_FOUND);
    assert_false(use(house, second.token, HOUSE_NOW));
    second = mail(house, "autre@exemple.fr", HOUSE_NOW);
    assert_false(use(house, "", HOUSE_NOW));
    second.token[0] = second.token[0] == 'a' ? 'b' : 'a';
    assert_false(use(house, second.token, HOUSE_NOW));
    assert_true(logs_in_with(house, "jeanne@exemple.fr"));
    house_ok(email_change_sweep(house->db, HOUSE_NOW + 30 * 60));
    assert_int_equal(house_count(house, "SELECT count(*) FROM email_change"), 0);
}

static void nobody_learns_who_has_an_address(void **state)
{
    struct house *house = *state;
    struct link_secret secret;
    int64_t other = 0;

    house_ok(login_ensure(house->db, str_of("prise@exemple.fr"), &nobody, HOUSE_NOW, house->arena,
                          &other));
    assert_int_equal(ask_at(house, "PRISE@exemple.fr", HOUSE_NOW), 0);
    assert_int_equal(mails(house, "email_confirm"), 0);
    assert_int_equal(mails(house, "email_asked"), 1);
    assert_int_equal(house_count(house, "SELECT count(*) FROM email_change"), 1);
    assert_int_equal(audited(house, "login.email_asked"), 1);
    ask_at(house, "libre@exemple.fr", HOUSE_NOW);
    secret = mail(house, "libre@exemple.fr", HOUSE_NOW);
    house_ok(login_ensure(house->db, str_of("libre@exemple.fr"), &nobody, HOUSE_NOW, house->arena,
                          &other));
    assert_false(use(house, secret.token, HOUSE_NOW));
    assert_true(logs_in_with(house, "jeanne@exemple.fr"));
}

/* The warning goes where the owner reads it, whatever the address is by then; and a password
 * that they change ends the wish. */
static void the_owner_is_warned_and_may_stop_it(void **state)
{
    struct house *house = *state;
    struct link_secret secret;

    ask_at(house, "neuve@exemple.fr", HOUSE_NOW);
    assert_int_equal(house_count(house, "SELECT count(*) FROM outbox WHERE kind = 'email_asked'"
                                        " AND goes_to = 'jeanne@exemple.fr'"
                                        " AND about = 'neuve@exemple.fr'"),
                     1);
    secret = mail(house, "neuve@exemple.fr", HOUSE_NOW);
    house_ok(
        login_set_password(house->db, house->login_id, "$scrypt$new", NULL, &nobody, HOUSE_NOW));
    assert_false(use(house, secret.token, HOUSE_NOW));
    assert_true(logs_in_with(house, "jeanne@exemple.fr"));
}

static void not_too_often(void **state)
{
    struct house *house = *state;

    for (int i = 0; i < 3; i++)
        assert_int_equal(ask_at(house, "neuve@exemple.fr", HOUSE_NOW), 0);
    assert_true(ask_at(house, "neuve@exemple.fr", HOUSE_NOW) > 0);
    assert_int_equal(mails(house, "email_confirm"), 3);
    assert_int_equal(ask_at(house, "neuve@exemple.fr", HOUSE_NOW + 3600), 0);
}

static void no_address(void **state)
{
    static const char *const bad[] = {"", "neuve", "a@b", "a@b.fr\r\nBcc: c@d.fr", "@b.fr"};
    struct house *house = *state;
    int64_t wait_ms = 0;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct email_wish wish = {.login_id = house->login_id,
                                        .association_id = house->association_id,
                                        .present = "jeanne@exemple.fr",
                                        .email = str_of(bad[i]),
                                        .actor = nobody,
                                        .now_ms = HOUSE_NOW * 1000};

        assert_int_equal(email_change_ask(house->db, &wish, &wait_ms), ERR_INPUT);
    }
    assert_int_equal(mails(house, "email_confirm"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(confirmed_once),
        HOUSE_TEST(sessions_and_links_end),
        HOUSE_TEST(too_old_replaced_unknown),
        HOUSE_TEST(nobody_learns_who_has_an_address),
        HOUSE_TEST(the_owner_is_warned_and_may_stop_it),
        HOUSE_TEST(not_too_often),
        HOUSE_TEST(no_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
