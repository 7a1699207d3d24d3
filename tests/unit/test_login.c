#include "support/database.h"

#include "association/login.h"
#include "base/random.h"
#include "base/utf8.h"

#include <string.h>

static const struct audit_actor actor = {0, "192.0.2.7"};

/* ---- closures ---- */

struct ensuring {
    struct str email;
    struct arena *arena;
    int64_t login_id;
};

static enum err ensure(struct db *db, void *argument)
{
    struct ensuring *ensuring = argument;

    return login_ensure(db, ensuring->email, &actor, HOUSE_NOW, ensuring->arena,
                        &ensuring->login_id);
}

static int64_t ensured(struct house *house, const char *email)
{
    struct ensuring ensuring = {str_of(email), house->arena, 0};

    house_ok(db_transaction(house->db, ensure, &ensuring));
    return ensuring.login_id;
}

struct change {
    int64_t login_id;
    int64_t association_id;
    const char *hash;
    const unsigned char *keep;
    enum role role;
};

static enum err set_password(struct db *db, void *argument)
{
    const struct change *change = argument;

    return login_set_password(db, change->login_id, change->hash, change->keep, &actor,
                              HOUSE_NOW + 5);
}

static enum err rehash(struct db *db, void *argument)
{
    const struct change *change = argument;

    return login_rehash(db, change->login_id, change->hash);
}

static enum err disable(struct db *db, void *argument)
{
    const struct change *change = argument;

    return login_disable(db, change->login_id, &actor, HOUSE_NOW + 5);
}

static enum err enable(struct db *db, void *argument)
{
    const struct change *change = argument;

    return login_enable(db, change->login_id, &actor);
}

static enum err grant(struct db *db, void *argument)
{
    const struct change *change = argument;

    return login_grant(db, change->association_id, change->login_id, change->role, &actor,
                       HOUSE_NOW);
}

static enum err add_session(struct db *db, void *argument)
{
    return session_add(db, argument);
}

static struct session_draft opened(struct house *house, int64_t login_id,
                                   const struct login_door *door)
{
    struct session_draft draft = {.login_id = login_id, .door = door, .now = HOUSE_NOW};

    house_ok(session_secrets(&draft));
    house_ok(db_transaction(house->db, add_session, &draft));
    return draft;
}

/* ---- the person ---- */

static void test_role_names(void **state)
{
    static const enum role roles[] = {ROLE_MEMBER, ROLE_VIEWER, ROLE_TREASURER,
                                      ROLE_ADMINISTRATOR};

    (void)state;
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
        assert_int_equal(role_from_name(str_of(role_name(roles[i]))), roles[i]);
    assert_int_equal(role_from_name(str_of("root")), ROLE_NONE);
    assert_int_equal(role_from_name(str_of("")), ROLE_NONE);
    assert_string_equal(role_name(ROLE_NONE), "");
}

static void test_find_folds(void **state)
{
    struct house *house = *state;
    static const char *const same[] = {"jeanne@exemple.fr", "Jeanne@EXEMPLE.fr",
                                       "  jeanne@exemple.fr "};
    struct login login;
    bool found;

    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        house_ok(login_find(house->db, str_of(same[i]), house->arena, &login, &found));
        assert_true(found);
        assert_int_equal(login.id, house->login_id);
        assert_string_equal(login.email, "jeanne@exemple.fr");
        assert_null(login.password_hash);
        assert_false(login.disabled);
        assert_int_equal(ensured(house, same[i]), house->login_id);
    }
    house_ok(login_find(house->db, str_of("autre@exemple.fr"), house->arena, &login, &found));
    assert_false(found);
    assert_int_equal(house_count(house, "SELECT count(*) FROM login"), 1);
    assert_int_equal(house_count(house, "SELECT count(*) FROM audit WHERE association_id = 0 "
                                        "AND action = 'login.added'"),
                     1);
}

static void test_addresses(void **state)
{
    struct house *house = *state;
    static const char *const refused[] = {"",
                                          "a",
                                          "a@",
                                          "@b.fr",
                                          "a@b",
                                          "a@b.",
                                          "a@.fr",
                                          "a@@b.fr",
                                          "a@b@c.fr",
                                          "a b@c.fr",
                                          "a@c\n.fr",
                                          "a@c.fr\x01x",
                                          "<a@c.fr>",
                                          "a@c.fr,b@c.fr",
                                          "a@c.fr;b",
                                          "\"a\"@c.fr",
                                          "a@[127.0.0.1]",
                                          "\xff@c.fr"};
    static const char *const accepted[] = {"a@b.fr", "prénom.nom@exemple.fr",
                                           "o'neill+asso@sous.domaine.exemple.fr"};
    char long_one[300];
    struct ensuring ensuring = {.arena = house->arena};

    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        ensuring.email = str_of(refused[i]);
        house_err(db_transaction(house->db, ensure, &ensuring), ERR_INPUT);
    }
    memset(long_one, 'a', sizeof(long_one));
    strcpy(long_one + 250, "@c.fr");
    ensuring.email = str_of(long_one);
    house_err(db_transaction(house->db, ensure, &ensuring), ERR_INPUT);
    for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++)
        assert_true(ensured(house, accepted[i]) > 0);
}

/* ---- passwords and sessions ---- */

static void test_set_password_ends_other_sessions(void **state)
{
    struct house *house = *state;
    struct session_draft kept = opened(house, house->login_id, NULL);
    struct session_draft other = opened(house, house->login_id, NULL);
    int64_t stranger = ensured(house, "luc@exemple.fr");
    struct change change = {.login_id = house->login_id, .hash = "$scrypt$x", .keep = NULL};
    struct session session;
    bool found;

    opened(house, stranger, NULL);
    change.keep = kept.token_hash;
    house_ok(db_transaction(house->db, set_password, &change));
    house_ok(
        session_find(house->db, str_of(other.cookie), HOUSE_NOW, house->arena, &session, &found));
    assert_false(found);
    house_ok(
        session_find(house->db, str_of(kept.cookie), HOUSE_NOW, house->arena, &session, &found));
    assert_true(found);
    change.keep = NULL;
    house_ok(db_transaction(house->db, set_password, &change));
    assert_int_equal(house_count(house, "SELECT count(*) FROM session"), 1);
    assert_int_equal(house_count(house, "SELECT password_changed_at FROM login WHERE id = %lld",
                                 (long long)house->login_id),
                     HOUSE_NOW + 5);
    change.login_id = 12345;
    house_err(db_transaction(house->db, set_password, &change), ERR_NOT_FOUND);
    assert_int_equal(house_count(house, "SELECT count(*) FROM audit "
                                        "WHERE action = 'login.password_set'"),
                     2);
}

static void test_rehash_keeps_sessions(void **state)
{
    struct house *house = *state;
    struct change change = {.login_id = house->login_id, .hash = "$scrypt$x"};
    struct login login;
    bool found;

    house_err(db_transaction(house->db, rehash, &change), ERR_NOT_FOUND);
    house_ok(db_transaction(house->db, set_password, &change));
    opened(house, house->login_id, NULL);
    change.hash = "$scrypt$stronger";
    house_ok(db_transaction(house->db, rehash, &change));
    house_ok(login_find(house->db, str_of("jeanne@exemple.fr"), house->arena, &login, &found));
    assert_true(found);
    assert_string_equal(login.password_hash, "$scrypt$stronger");
    assert_int_equal(house_count(house, "SELECT count(*) FROM session"), 1);
}

/* The password was changed while the old one was being looked at: the old one stays dead. */
static void test_rehash_never_brings_back_an_old_password(void **state)
{
    static const char set_meanwhile[] = "$scrypt$ln=17,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
                                        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    struct house *house = *state;
    struct change change = {.login_id = house->login_id, .hash = set_meanwhile};
    struct login login;
    bool found;

    house_ok(db_transaction(house->db, set_password, &change));
    change.hash = "$scrypt$of the old password";
    house_ok(db_transaction(house->db, rehash, &change));
    house_ok(login_find(house->db, str_of("jeanne@exemple.fr"), house->arena, &login, &found));
    assert_string_equal(login.password_hash, set_meanwhile);
}

static void test_disable_and_enable(void **state)
{
    struct house *house = *state;
    struct change change = {.login_id = house->login_id};
    struct login login;
    bool found;

    opened(house, house->login_id, NULL);
    house_ok(db_transaction(house->db, disable, &change));
    house_ok(db_transaction(house->db, disable, &change));
    assert_int_equal(house_count(house, "SELECT count(*) FROM session"), 0);
    house_ok(login_find(house->db, str_of("jeanne@exemple.fr"), house->arena, &login, &found));
    assert_true(found && login.disabled);
    house_ok(db_transaction(house->db, enable, &change));
    house_ok(login_find(house->db, str_of("jeanne@exemple.fr"), house->arena, &login, &found));
    assert_true(found && !login.disabled);
    change.login_id = 12345;
    house_err(db_transaction(house->db, disable, &change), ERR_NOT_FOUND);
    house_err(db_transaction(house->db, enable, &change), ERR_NOT_FOUND);
}

/* ---- doors ---- */

static void test_doors(void **state)
{
    struct house *house = *state;
    int64_t other = house_add_association(house, "Les Archers");
    struct change change = {
        .login_id = house->login_id, .association_id = other, .role = ROLE_TREASURER};
    struct login_door *doors;
    size_t count;

    house_execute(house,
                  "INSERT INTO member (association_id, id, number, first_name, last_name, "
                  "login_id, created_at) VALUES (%lld, 9, 9, 'Jeanne', 'Martin', %lld, 1)",
                  (long long)other, (long long)house->login_id);
    house_ok(db_transaction(house->db, grant, &change));
    house_ok(login_doors(house->db, house->login_id, house->arena, &doors, &count));
    assert_int_equal(count, 3);
    assert_string_equal(doors[0].association_name, "Les Archers");
    assert_int_equal(doors[0].role, ROLE_MEMBER);
    assert_int_equal(doors[0].member_id, 9);
    assert_string_equal(doors[0].member_name, "Jeanne Martin");
    assert_string_equal(doors[1].association_name, "Les Marcheurs");
    assert_int_equal(doors[1].member_id, house->member_id);
    assert_int_equal(doors[2].association_id, other);
    assert_int_equal(doors[2].role, ROLE_TREASURER);
    assert_int_equal(doors[2].member_id, 0);
    assert_null(doors[2].member_name);
    house_execute(house, "UPDATE member SET archived_at = 1 WHERE id = 9");
    house_ok(login_doors(house->db, house->login_id, house->arena, &doors, &count));
    assert_int_equal(count, 2);
    house_ok(login_doors(house->db, 12345, house->arena, &doors, &count));
    assert_int_equal(count, 0);
}

static void test_grant_replaces_a_role(void **state)
{
    struct house *house = *state;
    struct change change = {.login_id = house->login_id,
                            .association_id = house->association_id,
                            .role = ROLE_TREASURER};
    struct login_door staff = {.association_id = house->association_id, .role = ROLE_TREASURER};
    struct login_door personal = {.association_id = house->association_id,
                                  .role = ROLE_MEMBER,
                                  .member_id = house->member_id};

    house_ok(db_transaction(house->db, grant, &change));
    opened(house, house->login_id, &staff);
    opened(house, house->login_id, &personal);
    change.role = ROLE_VIEWER;
    house_ok(db_transaction(house->db, grant, &change));
    assert_int_equal(house_count(house, "SELECT count(*) FROM staff WHERE role = 'viewer'"), 1);
    assert_int_equal(house_count(house, "SELECT count(*) FROM session WHERE role <> 'member'"), 0);
    assert_int_equal(house_count(house, "SELECT count(*) FROM session"), 1);
    assert_int_equal(house_count(house, "SELECT count(*) FROM audit "
                                        "WHERE action = 'role.granted'"),
                     2);
    change.role = ROLE_MEMBER;
    house_err(db_transaction(house->db, grant, &change), ERR_INPUT);
    change.role = ROLE_NONE;
    house_err(db_transaction(house->db, grant, &change), ERR_INPUT);
}

static bool unchanged(struct house *house, const struct login *login)
{
    bool same = false;

    house_ok(login_unchanged(house->db, login, house->arena, &same));
    return same;
}

static void test_a_change_meanwhile_is_seen(void **state)
{
    struct house *house = *state;
    struct login login;
    bool found = false;

    house_execute(house, "UPDATE login SET password_hash = 'one' WHERE id = %lld",
                  (long long)house->login_id);
    house_ok(login_find(house->db, str_of("jeanne@exemple.fr"), house->arena, &login, &found));
    assert_true(found && unchanged(house, &login));
    house_execute(house, "UPDATE login SET password_hash = 'two'");
    assert_false(unchanged(house, &login));
    house_execute(house, "UPDATE login SET password_hash = 'one', disabled_at = 1");
    assert_false(unchanged(house, &login));
    house_execute(house, "UPDATE login SET disabled_at = NULL");
    assert_true(unchanged(house, &login));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_role_names),
        HOUSE_TEST(test_find_folds),
        HOUSE_TEST(test_addresses),
        HOUSE_TEST(test_set_password_ends_other_sessions),
        HOUSE_TEST(test_rehash_keeps_sessions),
        HOUSE_TEST(test_rehash_never_brings_back_an_old_password),
        HOUSE_TEST(test_a_change_meanwhile_is_seen),
        HOUSE_TEST(test_disable_and_enable),
        HOUSE_TEST(test_doors),
        HOUSE_TEST(test_grant_replaces_a_role),
    };

    return cmocka_run_group_tests_name("login", tests, NULL, NULL);
}
