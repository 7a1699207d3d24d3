#include "support/database.h"
#include "support/scratch.h"

#include "association/login.h"
#include "association/second_factor.h"

#include <string.h>

static const struct audit_actor actor = {0, "192.0.2.7"};

/* A house, a key, a session, and the work of one transaction at a time. */
struct desk {
    struct house *house;
    struct scratch scratch;
    struct seal_key *key;
    unsigned char session_hash[HASH_LEN];
    struct enrolment enrolment;
    struct recovery_codes codes;
    struct str sealed;
    const char *typed;
    bool good;
    struct second_try attempt;
};

static struct desk open_desk(struct house *house)
{
    struct desk desk = {.house = house};

    scratch_init(&desk.scratch);
    house_ok(seal_key_create(scratch_path(&desk.scratch, "key")));
    house_ok(seal_key_load(scratch_path(&desk.scratch, "key"), &desk.key));
    memset(desk.session_hash, 7, sizeof(desk.session_hash));
    return desk;
}

static void close_desk(struct desk *desk)
{
    seal_key_free(desk->key);
    scratch_done(&desk->scratch);
}

static struct enrolment enrolment_at(struct desk *desk, int64_t now)
{
    return (struct enrolment){desk->house->login_id, desk->session_hash, desk->key, now};
}

/* ---- closures ---- */

static enum err begin(struct db *db, void *argument)
{
    struct desk *desk = argument;

    return totp_begin(db, &desk->enrolment, desk->sealed);
}

static enum err confirm(struct db *db, void *argument)
{
    struct desk *desk = argument;

    return totp_confirm(db, &desk->enrolment, str_of(desk->typed), &desk->codes, &actor,
                        desk->house->arena, &desk->good);
}

static enum err attempt(struct db *db, void *argument)
{
    struct desk *desk = argument;

    return second_factor_try(db, desk->key, &desk->attempt, &actor, desk->house->arena);
}

static enum err take_away(struct db *db, void *argument)
{
    struct desk *desk = argument;

    return second_factor_remove(db, desk->house->login_id, NULL, &actor, "second_factor.reset");
}

static enum err replace_codes(struct db *db, void *argument)
{
    struct desk *desk = argument;

    return recovery_codes_replace(db, desk->house->login_id, &desk->codes, &actor, HOUSE_NOW);
}

/* ---- steps ---- */

static const char *code_at(struct desk *desk, struct str seed, int64_t at)
{
    char *code = arena_alloc(desk->house->arena, TOTP_CODE_MAX);

    house_ok(totp_code(seed, totp_counter(at), code));
    return code;
}

static struct str begun(struct desk *desk, int64_t now)
{
    struct str seed;
    bool found;

    desk->enrolment = enrolment_at(desk, now);
    house_ok(totp_seed_make(&desk->enrolment, desk->house->arena, &desk->sealed));
    house_ok(db_transaction(desk->house->db, begin, desk));
    house_ok(totp_pending(desk->house->db, &desk->enrolment, desk->house->arena, &seed, &found));
    assert_true(found);
    assert_int_equal(seed.len, TOTP_SEED_LEN);
    return seed;
}

/* Enabled at HOUSE_NOW with the code of that step. */
static struct str enabled(struct desk *desk)
{
    struct str seed = begun(desk, HOUSE_NOW);

    house_ok(recovery_codes_make(&desk->codes));
    desk->typed = code_at(desk, seed, HOUSE_NOW);
    house_ok(db_transaction(desk->house->db, confirm, desk));
    assert_true(desk->good);
    return seed;
}

static enum second_try_outcome tried(struct desk *desk, const char *code, const char *recovery,
                                     int64_t now)
{
    desk->attempt = (struct second_try){.login_id = desk->house->login_id,
                                        .code = str_of(code),
                                        .recovery = str_of(recovery),
                                        .now_ms = now * 1000};
    house_ok(db_transaction(desk->house->db, attempt, desk));
    return desk->attempt.outcome;
}

static struct second_factor factor_of(struct desk *desk)
{
    struct second_factor factor;

    house_ok(second_factor_find(desk->house->db, desk->house->login_id, &factor));
    return factor;
}

/* ---- enrolment ---- */

static void test_enrolment(void **state)
{
    struct desk desk = open_desk(*state);
    struct str seed = begun(&desk, HOUSE_NOW);

    assert_false(factor_of(&desk).active);
    house_ok(recovery_codes_make(&desk.codes));
    desk.typed = code_at(&desk, seed, HOUSE_NOW - 91);
    house_ok(db_transaction(desk.house->db, confirm, &desk));
    assert_false(desk.good);
    assert_false(factor_of(&desk).active);
    desk.typed = code_at(&desk, seed, HOUSE_NOW + 30);
    house_ok(db_transaction(desk.house->db, confirm, &desk));
    assert_true(desk.good);
    assert_true(factor_of(&desk).active);
    assert_int_equal(factor_of(&desk).codes_left, RECOVERY_CODES);
    house_err(db_transaction(desk.house->db, confirm, &desk), ERR_CONFLICT);
    house_err(db_transaction(desk.house->db, begin, &desk), ERR_CONFLICT);
    assert_int_equal(house_count(desk.house, "SELECT count(*) FROM audit WHERE action = "
                                             "'second_factor.enabled'"),
                     1);
    close_desk(&desk);
}

/* It is of one session, and of a quarter of an hour. */
static void test_pending_is_short(void **state)
{
    struct desk desk = open_desk(*state);
    struct enrolment later;
    struct str seed;
    bool found;

    begun(&desk, HOUSE_NOW);
    later = enrolment_at(&desk, HOUSE_NOW + SECOND_FACTOR_PENDING_S);
    house_ok(totp_pending(desk.house->db, &later, desk.house->arena, &seed, &found));
    assert_true(found);
    later.now++;
    house_ok(totp_pending(desk.house->db, &later, desk.house->arena, &seed, &found));
    assert_false(found);
    later.now = HOUSE_NOW;
    desk.session_hash[0]++;
    house_ok(totp_pending(desk.house->db, &later, desk.house->arena, &seed, &found));
    assert_false(found);
    close_desk(&desk);
}

static void test_seed_is_sealed_for_its_login(void **state)
{
    struct desk desk = open_desk(*state);
    struct str seed = enabled(&desk);

    house_execute(desk.house, "INSERT INTO login (id, email, email_folded, created_at) "
                              "VALUES (7, 'a@b.fr', 'a@b.fr', 1)");
    house_execute(desk.house, "UPDATE login_totp SET login_id = 7");
    desk.attempt = (struct second_try){.login_id = 7,
                                       .code = str_of(code_at(&desk, seed, HOUSE_NOW + 60)),
                                       .now_ms = (HOUSE_NOW + 60) * 1000};
    house_err(db_transaction(desk.house->db, attempt, &desk), ERR_CRYPTO);
    close_desk(&desk);
}

/* ---- codes ---- */

static void test_codes_open_once(void **state)
{
    struct desk desk = open_desk(*state);
    struct str seed = enabled(&desk);
    const int64_t now = HOUSE_NOW + 60;

    assert_int_equal(tried(&desk, code_at(&desk, seed, HOUSE_NOW), "", HOUSE_NOW + 1),
                     SECOND_TRY_WRONG); /* it enabled the second factor */
    assert_int_equal(tried(&desk, code_at(&desk, seed, now), "", now), SECOND_TRY_GOOD);
    assert_int_equal(tried(&desk, code_at(&desk, seed, now), "", now), SECOND_TRY_WRONG);
    assert_int_equal(tried(&desk, code_at(&desk, seed, now - 30), "", now), SECOND_TRY_WRONG);
    assert_int_equal(tried(&desk, code_at(&desk, seed, now + 30), "", now), SECOND_TRY_GOOD);
    assert_int_equal(tried(&desk, code_at(&desk, seed, now + 121), "", now + 90 - 60),
                     SECOND_TRY_WRONG);
    close_desk(&desk);
}

static void test_recovery_codes_open_once(void **state)
{
    struct desk desk = open_desk(*state);
    char small[RECOVERY_CODE_MAX];

    enabled(&desk);
    for (size_t i = 0; i < sizeof(small); i++) {
        char byte = desk.codes.text[0][i];

        small[i] = byte == '-' ? ' ' : (char)(byte >= 'A' && byte <= 'Z' ? byte + 32 : byte);
    }
    assert_int_equal(tried(&desk, "", desk.codes.text[1], HOUSE_NOW), SECOND_TRY_GOOD);
    assert_int_equal(tried(&desk, "", desk.codes.text[1], HOUSE_NOW), SECOND_TRY_WRONG);
    assert_int_equal(tried(&desk, "", small, HOUSE_NOW), SECOND_TRY_GOOD);
    assert_int_equal(tried(&desk, "", desk.codes.text[0], HOUSE_NOW), SECOND_TRY_WRONG);
    assert_int_equal(tried(&desk, "", "", HOUSE_NOW), SECOND_TRY_WRONG);
    assert_int_equal(factor_of(&desk).codes_left, RECOVERY_CODES - 2);
    strcpy(small, desk.codes.text[2]);
    house_ok(recovery_codes_make(&desk.codes));
    house_ok(db_transaction(desk.house->db, replace_codes, &desk));
    assert_int_equal(factor_of(&desk).codes_left, RECOVERY_CODES);
    assert_int_equal(tried(&desk, "", small, HOUSE_NOW), SECOND_TRY_WRONG);
    close_desk(&desk);
}

static void test_recovery_codes_differ(void **state)
{
    struct recovery_codes codes;

    (void)state;
    assert_true(RECOVERY_CODE_BYTES * 8 >= 112);
    house_ok(recovery_codes_make(&codes));
    for (int i = 0; i < RECOVERY_CODES; i++) {
        assert_int_equal(strlen(codes.text[i]), RECOVERY_CODE_MAX - 1);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(codes.text[i], codes.text[j]);
    }
}

/* ---- guesses ---- */

static void test_five_guesses_a_quarter_of_an_hour(void **state)
{
    struct desk desk = open_desk(*state);
    struct str seed = enabled(&desk);
    const int64_t now = HOUSE_NOW + 60;

    for (int i = 0; i < 5; i++)
        assert_int_equal(tried(&desk, "12345x", "", now), SECOND_TRY_WRONG);
    assert_int_equal(tried(&desk, code_at(&desk, seed, now), "", now), SECOND_TRY_THROTTLED);
    assert_int_equal(desk.attempt.wait_ms, 15 * 60 * 1000);
    assert_int_equal(tried(&desk, "", desk.codes.text[0], now + 899), SECOND_TRY_THROTTLED);
    assert_int_equal(house_count(desk.house, "SELECT count(*) FROM audit WHERE action = "
                                             "'login.code_failed'"),
                     5);
    assert_int_equal(tried(&desk, "12345x", "", now + 901), SECOND_TRY_WRONG);
    assert_int_equal(tried(&desk, code_at(&desk, seed, now + 902), "", now + 902),
                     SECOND_TRY_GOOD);
    for (int i = 0; i < 4; i++)
        assert_int_equal(tried(&desk, "12345x", "", now + 910), SECOND_TRY_WRONG);
    assert_int_equal(tried(&desk, code_at(&desk, seed, now + 940), "", now + 940),
                     SECOND_TRY_GOOD);
    close_desk(&desk);
}

/* ---- the end ---- */

static void test_taken_away(void **state)
{
    struct desk desk = open_desk(*state);

    house_err(db_transaction(desk.house->db, take_away, &desk), ERR_NOT_FOUND);
    enabled(&desk);
    house_ok(db_transaction(desk.house->db, take_away, &desk));
    assert_false(factor_of(&desk).active);
    assert_int_equal(factor_of(&desk).codes_left, 0);
    assert_int_equal(tried(&desk, "", desk.codes.text[0], HOUSE_NOW), SECOND_TRY_WRONG);
    desk.attempt.code = str_of("123456");
    house_err(db_transaction(desk.house->db, attempt, &desk), ERR_CONFLICT);
    enabled(&desk);
    close_desk(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(test_enrolment),
        HOUSE_TEST(test_pending_is_short),
        HOUSE_TEST(test_seed_is_sealed_for_its_login),
        HOUSE_TEST(test_codes_open_once),
        HOUSE_TEST(test_recovery_codes_open_once),
        cmocka_unit_test(test_recovery_codes_differ),
        HOUSE_TEST(test_five_guesses_a_quarter_of_an_hour),
        HOUSE_TEST(test_taken_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
