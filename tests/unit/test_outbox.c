/* The outbox: who claims a mail, how it ends, when it is tried again. */
#include "support/database.h"

#include "association/login.h"
#include "association/outbox.h"

static const struct audit_actor actor = {0, ""};

static int64_t add(struct house *house, int64_t member_id)
{
    house_ok(
        outbox_add(house->db, house->association_id, "payment_received", member_id, 0, HOUSE_NOW));
    return house_count(house, "SELECT max(id) FROM outbox");
}

static bool claim_at(struct house *house, int64_t now, struct outbox_claim *claim)
{
    bool found = false, due = false;

    house_ok(outbox_any_due(house->db, now, &due));
    house_ok(outbox_claim(house->db, now, claim, &found));
    assert_int_equal(due, found);
    return found;
}

static int64_t add_staff(struct house *house, const char *email, enum role role)
{
    int64_t login_id;

    house_ok(login_ensure(house->db, str_of(email), &actor, HOUSE_NOW, house->arena, &login_id));
    house_ok(login_grant(house->db, house->association_id, login_id, role, &actor, HOUSE_NOW));
    return login_id;
}

static void one_claim_at_a_time(void **state)
{
    struct house *house = *state;
    struct outbox_claim first, second;
    int64_t id = add(house, house->member_id);

    assert_false(claim_at(house, HOUSE_NOW - 1, &first));
    assert_true(claim_at(house, HOUSE_NOW, &first));
    assert_true(first.id == id && first.attempts == 1 && first.first_tried_at == HOUSE_NOW);
    assert_false(claim_at(house, HOUSE_NOW + OUTBOX_LEASE_S - 1, &second));
    /* Whoever held the lease too long changes nothing any more. */
    assert_true(claim_at(house, HOUSE_NOW + OUTBOX_LEASE_S, &second));
    assert_int_equal(second.attempts, 2);
    house_ok(outbox_end(house->db, &first, OUTBOX_REFUSED, "x", "a@b.example", HOUSE_NOW + 61));
    assert_int_equal(house_count(house, "SELECT count(*) FROM outbox WHERE state = 'waiting'"), 1);
    house_ok(outbox_end(house->db, &second, OUTBOX_SENT, "", "a@b.example", HOUSE_NOW + 62));
    house_ok(outbox_retry(house->db, &second, "y", "", 0, HOUSE_NOW + 63));
    assert_int_equal(house_count(house,
                                 "SELECT count(*) FROM outbox WHERE state = 'sent' AND "
                                 "ended_at = %lld AND next_at IS NULL AND reason = ''",
                                 (long long)HOUSE_NOW + 62),
                     1);
    assert_false(claim_at(house, HOUSE_NOW + 10000, &second));
}

/* A clock that was set back: a lease far ahead is none. */
static void a_lease_of_another_clock(void **state)
{
    struct house *house = *state;
    struct outbox_claim claim;

    add(house, house->member_id);
    assert_true(claim_at(house, HOUSE_NOW + 5000, &claim));
    house_execute(house, "UPDATE outbox SET next_at = 0");
    assert_true(claim_at(house, HOUSE_NOW, &claim));
}

static void tries_grow_apart_and_end_after_four_days(void **state)
{
    struct house *house = *state;
    static const int64_t delays[] = {60, 240, 960, 3840, 15360, 21600, 21600};
    struct outbox_claim claim;
    int64_t now = HOUSE_NOW, tries = 0;

    add(house, house->member_id);
    while (claim_at(house, now, &claim)) {
        int64_t next;

        house_ok(outbox_retry(house->db, &claim, "451 later", "a@b.example", 0, now));
        next = house_count(house, "SELECT coalesce(max(next_at), 0) FROM outbox");
        if (next == 0)
            break;
        if (tries < 7)
            assert_int_equal(next - now, delays[tries]);
        now = next;
        tries++;
    }
    assert_true(now - HOUSE_NOW <= OUTBOX_TRY_S && now - HOUSE_NOW > OUTBOX_TRY_S - 21600);
    assert_int_equal(house_count(house, "SELECT count(*) FROM outbox WHERE state = 'dropped' AND "
                                        "reason = '451 later' AND address = 'a@b.example'"),
                     1);
}

static void a_server_that_is_down_delays_less(void **state)
{
    struct house *house = *state;
    struct outbox_claim claim;

    add(house, house->member_id);
    assert_true(claim_at(house, HOUSE_NOW, &claim));
    house_ok(outbox_retry(house->db, &claim, "down", "", 2, HOUSE_NOW));
    assert_int_equal(house_count(house, "SELECT next_at FROM outbox"), HOUSE_NOW + 2);
}

/* Every treasurer and administrator who may log in gets a row; the viewer none. */
static void treasurers_have_a_row_each(void **state)
{
    struct house *house = *state;
    struct outbox_claim claim;
    int64_t away;

    add_staff(house, "t@exemple.fr", ROLE_TREASURER);
    add_staff(house, "a@exemple.fr", ROLE_ADMINISTRATOR);
    add_staff(house, "v@exemple.fr", ROLE_VIEWER);
    away = add_staff(house, "d@exemple.fr", ROLE_TREASURER);
    house_ok(login_disable(house->db, away, &actor, HOUSE_NOW));
    add(house, 0);
    assert_true(claim_at(house, HOUSE_NOW, &claim));
    assert_int_equal(house_count(house, "SELECT count(*) FROM outbox"), 2);
    assert_int_equal(house_count(house, "SELECT count(DISTINCT l.email) FROM outbox o JOIN login "
                                        "l ON l.id = o.login_id WHERE l.email IN "
                                        "('t@exemple.fr', 'a@exemple.fr')"),
                     2);
    /* The second claim of the same row shares out nothing again. */
    assert_true(claim_at(house, HOUSE_NOW + 60, &claim));
    assert_true(claim_at(house, HOUSE_NOW + 60, &claim));
    assert_false(claim_at(house, HOUSE_NOW + 60, &claim));
    assert_int_equal(house_count(house, "SELECT count(*) FROM outbox"), 2);
}

static const char *address_of(struct house *house, int64_t id)
{
    struct outbox_mail mail;

    house_ok(outbox_find(house->db, house->association_id, id, house->arena, &mail));
    return mail.address ? mail.address : "-";
}

static void a_member_is_written_to_at_their_address(void **state)
{
    struct house *house = *state;
    int64_t id = add(house, house->member_id);
    struct outbox_mail mail;

    house_execute(house, "UPDATE member SET email = ''");
    assert_string_equal(address_of(house, id), "jeanne@exemple.fr");
    house_execute(house, "UPDATE member SET email = 'autre@exemple.fr'");
    assert_string_equal(address_of(house, id), "autre@exemple.fr");
    house_execute(house, "UPDATE member SET email = '', login_id = NULL");
    assert_string_equal(address_of(house, id), "-");
    house_err(
        outbox_find(house->db, house_add_association(house, "Autre"), id, house->arena, &mail),
        ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(one_claim_at_a_time),
        HOUSE_TEST(a_lease_of_another_clock),
        HOUSE_TEST(tries_grow_apart_and_end_after_four_days),
        HOUSE_TEST(a_server_that_is_down_delays_less),
        HOUSE_TEST(treasurers_have_a_row_each),
        HOUSE_TEST(a_member_is_written_to_at_their_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
