#include "support/database.h"

#include "association/login.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum err add(struct db *db, void *argument)
{
    return session_add(db, argument);
}

static struct session_draft opened(struct house *house, const struct login_door *door,
                                   const unsigned char *replaces, int64_t now)
{
    struct session_draft draft = {.login_id = house->login_id,
                                  .door = door,
                                  .replaces = replaces,
                                  .address = str_of("192.0.2.7"),
                                  .user_agent = str_of("Navigateur/1.0"),
                                  .now = now};

    house_ok(session_secrets(&draft));
    house_ok(db_transaction(house->db, add, &draft));
    return draft;
}

static bool valid(struct house *house, const struct session_draft *draft, int64_t now)
{
    struct session session;
    bool found;

    house_ok(session_find(house->db, str_of(draft->cookie), now, house->arena, &session, &found));
    return found;
}

static struct login_door member_door(const struct house *house)
{
    return (struct login_door){.association_id = house->association_id,
                               .role = ROLE_MEMBER,
                               .member_id = house->member_id};
}

static struct login_door staff_door(struct house *house, enum role role)
{
    house_execute(house,
                  "INSERT INTO staff VALUES (%lld, %lld, '%s', 1) "
                  "ON CONFLICT DO UPDATE SET role = excluded.role",
                  (long long)house->association_id, (long long)house->login_id, role_name(role));
    return (struct login_door){.association_id = house->association_id, .role = role};
}

/* ---- finding ---- */

static void test_find(void **state)
{
    struct house *house = *state;
    struct login_door door = member_door(house);
    struct session_draft draft = opened(house, &door, NULL, HOUSE_NOW);
    struct session session;
    bool found;

    house_ok(session_find(house->db, str_of(draft.cookie), HOUSE_NOW + 1, house->arena, &session,
                          &found));
    assert_true(found);
    assert_int_equal(session.login_id, house->login_id);
    assert_string_equal(session.login_email, "jeanne@exemple.fr");
    assert_int_equal(session.association_id, house->association_id);
    assert_int_equal(session.role, ROLE_MEMBER);
    assert_int_equal(session.member_id, house->member_id);
    assert_int_equal(session.created_at, HOUSE_NOW);
    assert_int_equal(session.last_seen_at, HOUSE_NOW);
    assert_memory_equal(session.csrf_key, draft.csrf_key, HASH_LEN);
    assert_memory_equal(session.token_hash, draft.token_hash, HASH_LEN);
}

static void test_strangers_find_nothing(void **state)
{
    struct house *house = *state;
    struct session_draft draft = opened(house, NULL, NULL, HOUSE_NOW);
    struct session session;
    bool found;
    char changed[SESSION_COOKIE_MAX];
    const char *const cookies[] = {"", "x", changed};

    memcpy(changed, draft.cookie, sizeof(changed));
    changed[0] = changed[0] == '0' ? '1' : '0';
    for (size_t i = 0; i < sizeof(cookies) / sizeof(cookies[0]); i++) {
        house_ok(session_find(house->db, str_of(cookies[i]), HOUSE_NOW, house->arena, &session,
                              &found));
        assert_false(found);
    }
    assert_true(valid(house, &draft, HOUSE_NOW));
}

static void test_ages(void **state)
{
    struct house *house = *state;
    static const struct {
        enum role role;
        int64_t seen_s, now_s; /* after the beginning */
        bool valid;
    } cases[] = {
        {ROLE_MEMBER, 0, 30 * 60, true},
        {ROLE_MEMBER, 0, 31 * 60, false},
        {ROLE_TREASURER, 0, 30 * 60, true},
        {ROLE_TREASURER, 0, 31 * 60, false},
        {ROLE_ADMINISTRATOR, 0, 15 * 60, true},
        {ROLE_ADMINISTRATOR, 0, 16 * 60, false},
        {ROLE_MEMBER, 12 * 3600 - 60, 12 * 3600, true},
        {ROLE_MEMBER, 12 * 3600 - 60, 12 * 3600 + 1, false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct login_door door =
            cases[i].role == ROLE_MEMBER ? member_door(house) : staff_door(house, cases[i].role);
        struct session_draft draft = opened(house, &door, NULL, HOUSE_NOW);
        house_execute(house, "UPDATE session SET last_seen_at = %lld",
                      (long long)(HOUSE_NOW + cases[i].seen_s));
        assert_int_equal(valid(house, &draft, HOUSE_NOW + cases[i].now_s), cases[i].valid);
    }
}

static enum err touch(struct db *db, void *argument)
{
    const struct session_draft *draft = argument;

    return session_touch(db, draft->token_hash, draft->now);
}

static void test_touch_never_goes_back(void **state)
{
    struct house *house = *state;
    struct session_draft draft = opened(house, NULL, NULL, HOUSE_NOW);

    draft.now = HOUSE_NOW + 600;
    house_ok(db_transaction(house->db, touch, &draft));
    assert_true(valid(house, &draft, HOUSE_NOW + 40 * 60));
    draft.now = HOUSE_NOW + 300;
    house_ok(db_transaction(house->db, touch, &draft));
    assert_int_equal(house_count(house, "SELECT last_seen_at FROM session"), HOUSE_NOW + 600);
}

/* ---- what was granted may be taken back ---- */

static void test_dies_with_its_quality(void **state)
{
    struct house *house = *state;
    static const struct {
        const char *what, *sql;
        enum role role;
    } cases[] = {
        {"login disabled", "UPDATE login SET disabled_at = 1", ROLE_MEMBER},
        {"member archived", "UPDATE member SET archived_at = 1", ROLE_MEMBER},
        {"member given to another login", "UPDATE member SET login_id = NULL", ROLE_MEMBER},
        {"role taken", "DELETE FROM staff", ROLE_TREASURER},
        {"role changed", "UPDATE staff SET role = 'viewer'", ROLE_ADMINISTRATOR},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct login_door door =
            cases[i].role == ROLE_MEMBER ? member_door(house) : staff_door(house, cases[i].role);
        struct session_draft draft = opened(house, &door, NULL, HOUSE_NOW);
        assert_true(valid(house, &draft, HOUSE_NOW));
        house_execute(house, "SAVEPOINT before; %s", cases[i].sql);
        assert_false(valid(house, &draft, HOUSE_NOW));
        house_execute(house, "ROLLBACK TO before; RELEASE before");
        assert_true(valid(house, &draft, HOUSE_NOW));
    }
}

/* ---- replacing and ending ---- */

static void test_replace(void **state)
{
    struct house *house = *state;
    struct login_door door = member_door(house);
    struct session_draft first = opened(house, NULL, NULL, HOUSE_NOW);
    struct session_draft second = opened(house, &door, first.token_hash, HOUSE_NOW + 60);
    struct session session;
    bool found;

    assert_false(valid(house, &first, HOUSE_NOW + 60));
    house_ok(session_find(house->db, str_of(second.cookie), HOUSE_NOW + 60, house->arena, &session,
                          &found));
    assert_true(found);
    assert_int_equal(session.created_at, HOUSE_NOW);
    assert_int_equal(session.last_seen_at, HOUSE_NOW + 60);
    assert_memory_not_equal(first.csrf_key, second.csrf_key, HASH_LEN);
}

static void test_replacing_a_strangers_session_takes_nothing(void **state)
{
    struct house *house = *state;
    struct session_draft theirs = opened(house, NULL, NULL, HOUSE_NOW);

    house_execute(house, "INSERT INTO login (id, email, email_folded, created_at) VALUES (5, "
                         "'x@y.fr', 'x@y.fr', 1);"
                         "UPDATE session SET login_id = 5");
    opened(house, NULL, theirs.token_hash, HOUSE_NOW + 60);
    assert_int_equal(house_count(house, "SELECT count(*) FROM session WHERE login_id = 5"), 1);
    assert_int_equal(house_count(house, "SELECT created_at FROM session WHERE login_id <> 5"),
                     HOUSE_NOW + 60);
}

static enum err end(struct db *db, void *argument)
{
    const struct session_draft *draft = argument;

    return session_end(db, draft->token_hash);
}

static enum err sweep(struct db *db, void *argument)
{
    return session_sweep(db, *(const int64_t *)argument);
}

static void test_end_and_sweep(void **state)
{
    struct house *house = *state;
    struct session_draft gone = opened(house, NULL, NULL, HOUSE_NOW);
    struct session_draft fresh = opened(house, NULL, NULL, HOUSE_NOW + 3600);
    int64_t now = HOUSE_NOW + 3600;

    opened(house, NULL, NULL, HOUSE_NOW + 60);
    house_ok(db_transaction(house->db, end, &gone));
    assert_false(valid(house, &gone, HOUSE_NOW));
    house_ok(db_transaction(house->db, end, &gone));
    house_ok(db_transaction(house->db, sweep, &now));
    assert_int_equal(house_count(house, "SELECT count(*) FROM session"), 1);
    assert_true(valid(house, &fresh, now));
}

/* ---- secrets ---- */

static int compare_cookies(const void *a, const void *b)
{
    return memcmp(a, b, SESSION_COOKIE_MAX);
}

/* ---- one's own ---- */

static size_t listed(struct house *house, int64_t now)
{
    struct own_session *sessions;
    size_t count;

    house_ok(session_list(house->db, house->login_id, now, house->arena, &sessions, &count));
    for (size_t i = 1; i < count; i++)
        assert_true(sessions[i - 1].last_seen_at >= sessions[i].last_seen_at);
    return count;
}

static void test_list_is_of_valid_ones(void **state)
{
    struct house *house = *state;
    struct login_door door = staff_door(house, ROLE_ADMINISTRATOR);

    opened(house, NULL, NULL, HOUSE_NOW);
    opened(house, &door, NULL, HOUSE_NOW + 60);
    house_execute(house, "INSERT INTO login (id, email, email_folded, created_at) VALUES (7, "
                         "'a@b.fr', 'a@b.fr', 1)");
    assert_int_equal(listed(house, HOUSE_NOW + 60), 2);
    assert_int_equal(listed(house, HOUSE_NOW + 60 + SESSION_IDLE_ADMINISTRATOR_S), 2);
    assert_int_equal(listed(house, HOUSE_NOW + 61 + SESSION_IDLE_ADMINISTRATOR_S), 1);
    assert_int_equal(listed(house, HOUSE_NOW + SESSION_IDLE_S), 1);
    assert_int_equal(listed(house, HOUSE_NOW + SESSION_IDLE_S + 1), 0);
    house_execute(house, "UPDATE session SET last_seen_at = %lld",
                  (long long)HOUSE_NOW + SESSION_AGE_S);
    assert_int_equal(listed(house, HOUSE_NOW + SESSION_AGE_S), 2);
    assert_int_equal(listed(house, HOUSE_NOW + SESSION_AGE_S + 1), 1);
}

struct ending {
    int64_t login_id;
    const unsigned char *token_hash;
};

static enum err end_own(struct db *db, void *argument)
{
    const struct ending *ending = argument;
    const struct audit_actor actor = {ending->login_id, "192.0.2.7"};

    return session_end_own(db, ending->login_id, ending->token_hash, &actor);
}

static enum err end_others(struct db *db, void *argument)
{
    const struct ending *ending = argument;
    const struct audit_actor actor = {ending->login_id, "192.0.2.7"};

    return session_end_others(db, ending->login_id, ending->token_hash, &actor);
}

static void test_end_own(void **state)
{
    struct house *house = *state;
    struct session_draft first = opened(house, NULL, NULL, HOUSE_NOW);
    struct session_draft second = opened(house, NULL, NULL, HOUSE_NOW);
    struct session_draft third = opened(house, NULL, NULL, HOUSE_NOW);
    struct ending strangers = {house->login_id + 1, first.token_hash};
    struct ending own = {house->login_id, first.token_hash};
    struct ending others = {house->login_id, second.token_hash};

    house_err(db_transaction(house->db, end_own, &strangers), ERR_NOT_FOUND);
    assert_true(valid(house, &first, HOUSE_NOW));
    house_ok(db_transaction(house->db, end_own, &own));
    assert_false(valid(house, &first, HOUSE_NOW));
    house_err(db_transaction(house->db, end_own, &own), ERR_NOT_FOUND);
    house_ok(db_transaction(house->db, end_others, &others));
    assert_true(valid(house, &second, HOUSE_NOW));
    assert_false(valid(house, &third, HOUSE_NOW));
    assert_int_equal(house_count(house, "SELECT count(*) FROM audit WHERE action IN "
                                        "('session.ended', 'session.ended_others')"),
                     2);
}

static void test_cookies_are_unique(void **state)
{
    enum { COOKIES = 100000 };
    char(*cookies)[SESSION_COOKIE_MAX] = calloc(COOKIES, sizeof(*cookies));
    struct session_draft draft = {0};

    (void)state;
    assert_non_null(cookies);
    for (int i = 0; i < COOKIES; i++) {
        house_ok(session_secrets(&draft));
        memcpy(cookies[i], draft.cookie, SESSION_COOKIE_MAX);
    }
    qsort(cookies, COOKIES, sizeof(*cookies), compare_cookies);
    for (int i = 1; i < COOKIES; i++)
        assert_true(compare_cookies(cookies[i - 1], cookies[i]) < 0);
    free(cookies);
}

static bool file_contains(const char *path, const char *text)
{
    FILE *file = fopen(path, "rb");
    char *bytes = malloc(1 << 20);
    size_t len;
    bool found;

    assert_non_null(file);
    assert_non_null(bytes);
    len = fread(bytes, 1, 1 << 20, file);
    found = memmem(bytes, len, text, strlen(text)) != NULL;
    fclose(file);
    free(bytes);
    return found;
}

static void test_database_holds_no_cookie(void **state)
{
    struct house *house = *state;
    struct session_draft draft = opened(house, NULL, NULL, HOUSE_NOW);
    const char *wal = arena_printf(house->arena, "%s-wal", house->path);

    assert_true(file_contains(wal, "Navigateur/1.0"));
    assert_false(file_contains(wal, draft.cookie));
    assert_false(file_contains(house->path, draft.cookie));
}

static void test_foreign_text_is_cut(void **state)
{
    struct house *house = *state;
    char agent[1000] = "";
    struct session_draft draft = {.login_id = house->login_id,
                                  .user_agent = str_from(agent, sizeof(agent)),
                                  .now = HOUSE_NOW};

    memset(agent, 'a', sizeof(agent));
    house_ok(session_secrets(&draft));
    house_ok(db_transaction(house->db, add, &draft));
    assert_int_equal(house_count(house, "SELECT length(user_agent) FROM session"), 200);
    draft.user_agent = str_of("bad\x1b[31m\xff");
    house_ok(session_secrets(&draft));
    house_ok(db_transaction(house->db, add, &draft));
    assert_int_equal(house_count(house, "SELECT count(*) FROM session WHERE user_agent = ''"), 1);
}

/* ---- form tokens ---- */

static bool form_token_valid(const struct session *session, const char *form_id, struct str given)
{
    bool valid = false;

    house_ok(session_form_token_check(session, form_id, given, &valid));
    return valid;
}

static void test_form_tokens(void **state)
{
    struct session mine = {.csrf_key = {1, 2, 3}}, theirs = {.csrf_key = {1, 2, 4}};
    char token[HASH_HEX_MAX], changed[HASH_HEX_MAX];

    (void)state;
    house_ok(session_form_token(&mine, "payer", token));
    assert_int_equal(strlen(token), 64);
    assert_true(form_token_valid(&mine, "payer", str_of(token)));
    assert_false(form_token_valid(&mine, "autre", str_of(token)));
    assert_false(form_token_valid(&theirs, "payer", str_of(token)));
    assert_false(form_token_valid(&mine, "payer", str_of("")));
    assert_false(form_token_valid(&mine, "payer", str_from(token, 63)));
    memcpy(changed, token, sizeof(changed));
    changed[63] = changed[63] == '0' ? '1' : '0';
    assert_false(form_token_valid(&mine, "payer", str_of(changed)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(test_find),
        HOUSE_TEST(test_strangers_find_nothing),
        HOUSE_TEST(test_ages),
        HOUSE_TEST(test_touch_never_goes_back),
        HOUSE_TEST(test_dies_with_its_quality),
        HOUSE_TEST(test_replace),
        HOUSE_TEST(test_replacing_a_strangers_session_takes_nothing),
        HOUSE_TEST(test_end_and_sweep),
        HOUSE_TEST(test_list_is_of_valid_ones),
        HOUSE_TEST(test_end_own),
        cmocka_unit_test(test_cookies_are_unique),
        HOUSE_TEST(test_database_holds_no_cookie),
        HOUSE_TEST(test_foreign_text_is_cut),
        cmocka_unit_test(test_form_tokens),
    };

    return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
