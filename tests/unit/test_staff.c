/* Who lets in whom: nobody changes their own role, an administrator always remains. */
#include "support/database.h"

#include <string.h>

#include "association/staff.h"

static const struct audit_actor nobody = {0, ""};

static int64_t add(struct house *house, const char *email, enum role role)
{
    int64_t login_id;

    house_ok(login_ensure(house->db, str_of(email), &nobody, HOUSE_NOW, house->arena, &login_id));
    if (role != ROLE_NONE)
        house_ok(
            login_grant(house->db, house->association_id, login_id, role, &nobody, HOUSE_NOW));
    return login_id;
}

static enum role role_of(struct house *house, int64_t login_id)
{
    enum role role;

    house_ok(staff_role(house->db, house->association_id, login_id, &role));
    return role;
}

static void add_session(struct house *house, int64_t login_id)
{
    house_execute(house,
                  "INSERT INTO session (token_hash, login_id, association_id, role, csrf_key, "
                  "address, user_agent, created_at, last_seen_at) VALUES (randomblob(32), %lld, "
                  "%lld, 'treasurer', randomblob(32), '', '', 0, 0)",
                  (long long)login_id, (long long)house->association_id);
}

static void an_administrator_remains(void **state)
{
    struct house *house = *state;
    int64_t first = add(house, "a@exemple.fr", ROLE_ADMINISTRATOR), second;

    house_err(
        login_grant(house->db, house->association_id, first, ROLE_TREASURER, &nobody, HOUSE_NOW),
        ERR_CONFLICT);
    house_err(staff_withdraw(house->db, house->association_id, first, &nobody), ERR_CONFLICT);
    house_ok(login_grant(house->db, house->association_id, first, ROLE_ADMINISTRATOR, &nobody,
                         HOUSE_NOW));
    second = add(house, "b@exemple.fr", ROLE_ADMINISTRATOR);
    house_ok(login_disable(house->db, second, &nobody, HOUSE_NOW)); /* who cannot log in */
    house_err(staff_withdraw(house->db, house->association_id, first, &nobody), ERR_CONFLICT);
    house_ok(login_enable(house->db, second, &nobody));
    house_ok(staff_withdraw(house->db, house->association_id, first, &nobody));
    assert_int_equal(role_of(house, first), ROLE_NONE);
    house_err(staff_withdraw(house->db, house->association_id, second, &nobody), ERR_CONFLICT);
}

static void nobody_changes_their_own_role(void **state)
{
    struct house *house = *state;
    int64_t first = add(house, "a@exemple.fr", ROLE_ADMINISTRATOR);
    const struct audit_actor self = {first, ""};

    add(house, "b@exemple.fr", ROLE_ADMINISTRATOR);
    house_err(login_grant(house->db, house->association_id, first, ROLE_VIEWER, &self, HOUSE_NOW),
              ERR_CONFLICT);
    house_err(staff_withdraw(house->db, house->association_id, first, &self), ERR_CONFLICT);
    assert_int_equal(role_of(house, first), ROLE_ADMINISTRATOR);
}

/* Another association's administrators count for nothing here. */
static void each_association_has_its_own(void **state)
{
    struct house *house = *state;
    int64_t first = add(house, "a@exemple.fr", ROLE_ADMINISTRATOR);
    int64_t other = house_add_association(house, "Autre");

    house_ok(login_grant(house->db, other, add(house, "b@exemple.fr", ROLE_NONE),
                         ROLE_ADMINISTRATOR, &nobody, HOUSE_NOW));
    house_err(staff_withdraw(house->db, house->association_id, first, &nobody), ERR_CONFLICT);
    house_err(staff_withdraw(house->db, other, first, &nobody), ERR_NOT_FOUND);
}

static void a_withdrawn_role_ends_sessions_here(void **state)
{
    struct house *house = *state;
    int64_t treasurer = add(house, "t@exemple.fr", ROLE_TREASURER);

    add_session(house, treasurer);
    house_ok(staff_withdraw(house->db, house->association_id, treasurer, &nobody));
    assert_int_equal(house_count(house, "SELECT count(*) FROM session"), 0);
    assert_int_equal(house_count(house, "SELECT count(*) FROM audit WHERE action = "
                                        "'role.withdrawn'"),
                     1);
}

static struct staff_invitation invite(struct house *house, const char *email, enum role role)
{
    struct staff_invitation invitation = {.association_id = house->association_id,
                                          .email = str_of(email),
                                          .role = role,
                                          .actor = &nobody,
                                          .now = HOUSE_NOW,
                                          .by_mail = true};

    house_ok(staff_invite(house->db, &invitation, house->arena));
    return invitation;
}

static int64_t mails(struct house *house, const char *kind)
{
    return house_count(house, "SELECT count(*) FROM outbox WHERE kind = '%s'", kind);
}

static void an_unknown_address_is_invited(void **state)
{
    struct house *house = *state;
    struct staff_invitation first = invite(house, "neuf@exemple.fr", ROLE_TREASURER);
    struct staff_member *members;
    size_t count;

    assert_true(first.answer == STAFF_MAY && !first.has_password);
    assert_int_equal(role_of(house, first.login_id), ROLE_TREASURER);
    assert_int_equal(mails(house, "invitation"), 1);
    house_ok(staff_list(house->db, house->association_id, house->arena, &members, &count));
    assert_true(count == 1 && !members[0].has_password && members[0].role == ROLE_TREASURER);
    /* Once more: another mail, and no session ends. */
    add_session(house, first.login_id);
    invite(house, "NEUF@exemple.fr", ROLE_TREASURER);
    assert_int_equal(mails(house, "invitation"), 2);
    assert_int_equal(house_count(house, "SELECT count(*) FROM session"), 1);
    assert_int_equal(house_count(house, "SELECT count(*) FROM audit WHERE association_id = %lld",
                                 (long long)house->association_id) -
                         house_count(house,
                                     "SELECT count(*) FROM audit WHERE association_id = %lld AND "
                                     "action NOT IN ('role.granted', 'login.invited')",
                                     (long long)house->association_id),
                     2);
}

static void a_known_address_is_told(void **state)
{
    struct house *house = *state;
    struct staff_invitation invitation;

    house_execute(house, "UPDATE login SET password_hash = '$scrypt$x'");
    invitation = invite(house, "jeanne@exemple.fr", ROLE_VIEWER);
    assert_true(invitation.has_password && invitation.login_id == house->login_id);
    assert_int_equal(mails(house, "role_granted"), 1);
    assert_int_equal(mails(house, "invitation"), 0);
}

static void no_address_no_invitation(void **state)
{
    struct house *house = *state;
    struct staff_invitation invitation = {.association_id = house->association_id,
                                          .email = str_of("pas une adresse"),
                                          .role = ROLE_VIEWER,
                                          .actor = &nobody,
                                          .now = HOUSE_NOW};

    house_err(staff_invite(house->db, &invitation, house->arena), ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(an_administrator_remains),      HOUSE_TEST(nobody_changes_their_own_role),
        HOUSE_TEST(each_association_has_its_own),  HOUSE_TEST(a_withdrawn_role_ends_sessions_here),
        HOUSE_TEST(an_unknown_address_is_invited), HOUSE_TEST(a_known_address_is_told),
        HOUSE_TEST(no_address_no_invitation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
