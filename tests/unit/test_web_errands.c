/* Small writes that no page waits for. */
#include "support/database.h"

#include "queries.h"
#include "web/errands.h"

#include <string.h>

static enum err add_session(struct db *db, void *argument)
{
    return session_add(db, argument);
}

static struct session_draft open_session(struct house *house)
{
    struct session_draft draft = {.login_id = house->login_id,
                                  .address = str_of("192.0.2.7"),
                                  .user_agent = str_of("Navigateur/1.0"),
                                  .now = HOUSE_NOW};

    house_ok(session_secrets(&draft));
    house_ok(db_transaction(house->db, add_session, &draft));
    return draft;
}

static void test_a_session_is_seen(void **state)
{
    struct house *house = *state;
    struct session_draft draft = open_session(house);
    struct db_writer *writer;
    struct errands *errands;

    house_ok(db_writer_new(house->path, &guichet_queries, &writer));
    house_ok(errands_new(writer, &errands));
    for (int i = 0; i < 20; i++)
        errands_touch(errands, draft.token_hash, HOUSE_NOW + 90);
    errands_free(errands); /* does what is queued first */
    db_writer_free(writer);
    assert_int_equal(house_count(house, "SELECT last_seen_at FROM session"), HOUSE_NOW + 90);
}

static void test_a_refusal_is_in_the_audit(void **state)
{
    struct house *house = *state;
    struct db_writer *writer;
    struct errands *errands;
    int64_t before = house_count(house, "SELECT COUNT(*) FROM audit");

    house_ok(db_writer_new(house->path, &guichet_queries, &writer));
    house_ok(errands_new(writer, &errands));
    errands_denied(errands, house->association_id, house->login_id, str_of("192.0.2.7"),
                   "/recettes", "role");
    errands_denied(errands, house->association_id, house->login_id, str_of("192.0.2.7"),
                   "/panier/payer", "origin");
    errands_free(errands);
    db_writer_free(writer);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM audit"), before + 2);
    assert_int_equal(house_count(house,
                                 "SELECT COUNT(*) FROM audit WHERE action = 'access.denied' "
                                 "AND object = '/recettes' AND detail = 'role'"),
                     1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(test_a_session_is_seen),
        HOUSE_TEST(test_a_refusal_is_in_the_audit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
