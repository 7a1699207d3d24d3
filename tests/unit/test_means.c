/* Means of payment and what accounts at providers cost: what stands against a change is said,
 * what is changed is told in the audit once. */
#include "support/kernel.h"

#include "accounting/chart.h"
#include "base/random.h"
#include "payment/manual.h"
#include "payment/means.h"
#include "payment/terms.h"

#include <string.h>

static const struct audit_actor somebody = {0, "127.0.0.1"};

static int64_t audited(struct house *house, const char *action)
{
    return house_count(house, "SELECT COUNT(*) FROM audit WHERE action = '%s'", action);
}

/* ---- means ---- */

struct means_job {
    struct means_draft draft;
    enum means_result result;
};

static enum err run(struct db *db, void *argument)
{
    struct means_job *job = argument;

    return means_write(db, &job->draft, &somebody, &job->result);
}

static struct means_draft draft_of(struct house *house, enum means_change change, int64_t id)
{
    return (struct means_draft){.change = change,
                                .association_id = house->association_id,
                                .id = id,
                                .version = 1,
                                .mode = ACCOUNT_TEST,
                                .label = "Bons CAF",
                                .account_code = "530",
                                .now = HOUSE_NOW};
}

static enum means_result write(struct house *house, const struct means_draft *draft)
{
    struct means_job job = {.draft = *draft};

    house_ok(db_transaction(house->db, run, &job));
    return job.result;
}

static int64_t add(struct house *house, const char *label, const char *code,
                   enum means_result expected)
{
    struct means_draft draft = draft_of(house, MEANS_ADD, 0);
    char token[RANDOM_TOKEN_MAX];

    house_ok(random_token(token));
    house_ok(random_id(&draft.id));
    draft.public_id = token;
    draft.label = label;
    draft.account_code = code;
    assert_int_equal(write(house, &draft), expected);
    return draft.id;
}

static struct means stored(struct house *house, int64_t id)
{
    struct means means;

    house_ok(means_find(house->db, house->association_id, id, house->arena, &means));
    return means;
}

static void pay_by(struct house *house, int64_t means_id)
{
    const struct manual_payment payment = {.association_id = house->association_id,
                                           .member_id = house->member_id,
                                           .provider_account_id = means_id,
                                           .reference = "R1",
                                           .amount_cents = 4000,
                                           .fact_at = HOUSE_NOW,
                                           .label = "Paiement",
                                           .actor = somebody};
    struct post_result result;

    house_ok(payment_post_manual(house->db, &payment, HOUSE_NOW, house->arena, &result));
}

static void a_means_is_added_changed_archived_restored(void **state)
{
    struct house *house = *state;
    int64_t id = add(house, "Bons", "530", MEANS_WRITTEN);
    struct means_draft draft = draft_of(house, MEANS_CHANGE, id);

    assert_int_equal(write(house, &draft), MEANS_WRITTEN);
    assert_int_equal(write(house, &draft), MEANS_STALE);
    assert_string_equal(stored(house, id).label, "Bons CAF");
    draft.version = 2;
    assert_int_equal(write(house, &draft), MEANS_WRITTEN); /* the same: nothing to tell */
    draft.account_code = "5112";
    assert_false(means_takes_cheques(&(struct means){.account_code = "530"}));
    assert_int_equal(write(house, &draft), MEANS_WRITTEN);
    assert_string_equal(stored(house, id).account_label, "Chèques à encaisser");
    assert_true(means_takes_cheques(&(struct means){.account_code = "5112"}));
    draft.change = MEANS_ARCHIVE;
    assert_int_equal(write(house, &draft), MEANS_WRITTEN);
    assert_int_equal(write(house, &draft), MEANS_WRITTEN);
    assert_true(stored(house, id).archived);
    draft.change = MEANS_RESTORE;
    assert_int_equal(write(house, &draft), MEANS_WRITTEN);
    assert_false(stored(house, id).archived);
    assert_int_equal(audited(house, "means.added"), 1);
    assert_int_equal(audited(house, "means.changed"), 2);
    assert_int_equal(audited(house, "means.archived"), 1);
    assert_int_equal(audited(house, "means.restored"), 1);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM audit WHERE detail LIKE '%%Bons%%'"),
                     0);
}

static void names_differ_by_more_than_signs(void **state)
{
    struct house *house = *state;
    int64_t first = add(house, "Chèques", "5112", MEANS_WRITTEN), second;
    struct means_draft draft = draft_of(house, MEANS_CHANGE, first);

    add(house, "CHEQUES", "5112", MEANS_SAME_NAME);
    second = add(house, "Espèces", "530", MEANS_WRITTEN);
    draft.label = "Chéques"; /* its own: may be written otherwise */
    draft.account_code = "5112";
    assert_int_equal(write(house, &draft), MEANS_WRITTEN);
    draft = draft_of(house, MEANS_CHANGE, second);
    draft.label = "cheques";
    assert_int_equal(write(house, &draft), MEANS_SAME_NAME);
    draft = draft_of(house, MEANS_ARCHIVE, first);
    assert_int_equal(write(house, &draft), MEANS_WRITTEN);
    add(house, "Chèques", "5112", MEANS_SAME_NAME); /* archived, and still there */
}

static void money_goes_to_an_account_of_class_5_in_use(void **state)
{
    static const char *const bad[] = {"706", "599", "", "53", "5%"};
    struct house *house = *state;
    int64_t id;
    struct means_draft draft;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        add(house, "Bons", bad[i], MEANS_NO_ACCOUNT);
    house_execute(house, "UPDATE account SET archived_at = 1 WHERE code = '5115'");
    add(house, "Terminal", "5115", MEANS_NO_ACCOUNT);
    id = add(house, "Bons", "5118", MEANS_WRITTEN);
    draft = draft_of(house, MEANS_CHANGE, id);
    draft.account_code = "5115";
    assert_int_equal(write(house, &draft), MEANS_NO_ACCOUNT);
    draft.change = MEANS_ARCHIVE;
    assert_int_equal(write(house, &draft), MEANS_WRITTEN);
    house_execute(house, "UPDATE account SET archived_at = 1 WHERE code = '5118'");
    draft.change = MEANS_RESTORE;
    assert_int_equal(write(house, &draft), MEANS_NO_ACCOUNT);
    assert_true(stored(house, id).archived);
}

static void the_account_stays_once_money_came(void **state)
{
    struct house *house = *state;
    int64_t id = add(house, "Bons", "530", MEANS_WRITTEN);
    struct means_draft draft = draft_of(house, MEANS_CHANGE, id);

    pay_by(house, id);
    assert_true(stored(house, id).booked);
    assert_int_equal(write(house, &draft), MEANS_WRITTEN); /* another name */
    draft.version = 2;
    draft.account_code = "5121";
    assert_int_equal(write(house, &draft), MEANS_BOOKED);
    assert_string_equal(stored(house, id).account_code, "530");
}

static void another_association_s_means_is_not_there(void **state)
{
    struct house *house = *state;
    int64_t id = add(house, "Bons", "530", MEANS_WRITTEN);
    struct provider_account stripe = kernel_add_stripe(house, house->association_id, "a");
    struct means means;
    struct means_job job = {.draft = draft_of(house, MEANS_CHANGE, id)};

    house_err(means_find(house->db, house->association_id, stripe.id, house->arena, &means),
              ERR_NOT_FOUND);
    job.draft.association_id = house_add_association(house, "Les Autres");
    for (enum means_change change = MEANS_CHANGE; change <= MEANS_RESTORE; change++) {
        job.draft.change = change;
        house_err(db_transaction(house->db, run, &job), ERR_NOT_FOUND);
    }
    assert_int_equal(stored(house, id).version, 1);
}

/* ---- the usual ones ---- */

static enum err add_usual(struct db *db, void *argument)
{
    return means_add_usual(db, *(const int64_t *)argument, &somebody, HOUSE_NOW);
}

static void the_usual_ones_are_added_once_with_their_accounts(void **state)
{
    struct house *house = *state;
    bool missing = false;
    struct means *means;
    size_t count;

    house_execute(house, "DELETE FROM account WHERE code = '5118'"); /* an older chart */
    add(house, "Espèces", "530", MEANS_WRITTEN);
    house_ok(means_usual_missing(house->db, house->association_id, &missing));
    assert_true(missing);
    house_ok(db_transaction(house->db, add_usual, &house->association_id));
    house_ok(db_transaction(house->db, add_usual, &house->association_id));
    house_ok(means_usual_missing(house->db, house->association_id, &missing));
    assert_false(missing);
    house_ok(means_list(house->db, house->association_id, house->arena, &means, &count));
    assert_int_equal(count, 7);
    for (size_t i = 0; i < count; i++) {
        assert_true(means[i].account_usable);
        assert_string_not_equal(means[i].account_label, "");
    }
    assert_string_equal(means[0].label, "Chèque");
    assert_string_equal(means[0].account_code, "5112");
    assert_int_equal(audited(house, "means.usual_added"), 1);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM provider_account "
                                        "WHERE provider = 'manual' AND mode = 'test'"),
                     7);
}

/* ---- terms ---- */

struct terms_job {
    struct terms_draft draft;
    enum terms_result result;
};

static enum err run_terms(struct db *db, void *argument)
{
    struct terms_job *job = argument;

    return terms_write(db, &job->draft, &somebody, &job->result);
}

static enum terms_result write_terms(struct house *house, const struct terms_draft *draft)
{
    struct terms_job job = {.draft = *draft};

    house_ok(db_transaction(house->db, run_terms, &job));
    return job.result;
}

static struct terms terms_of(struct house *house, int64_t id)
{
    struct terms terms;

    house_ok(terms_find(house->db, house->association_id, id, house->arena, &terms));
    return terms;
}

static void terms_are_written_until_money_moves(void **state)
{
    struct house *house = *state;
    struct provider_account stripe = kernel_add_stripe(house, house->association_id, "a");
    struct terms_draft draft = {.association_id = house->association_id,
                                .id = stripe.id,
                                .version = 1,
                                .rate_points = 140,
                                .since_day = {2026, 9, 1},
                                .opening_cents = -1250};
    struct payment_intent intent;
    struct payment_fact fact;

    assert_int_equal(terms_of(house, stripe.id).account.rate_points, -1);
    assert_int_equal(write_terms(house, &draft), TERMS_WRITTEN);
    assert_int_equal(write_terms(house, &draft), TERMS_STALE);
    assert_int_equal(terms_of(house, stripe.id).opening_cents, -1250);
    assert_int_equal(terms_of(house, stripe.id).account.rate_points, 140);
    house_add_charge(house, house->member_id, "2026-09-15", 4000, "Cotisation");
    intent = kernel_open_intent(house, &stripe, house->member_id, "jeton", 4000);
    fact = kernel_capture(&stripe, intent.token, "pi_1", 4000);
    kernel_post(house, &fact);
    draft.version = 2;
    draft.opening_cents = 0;
    assert_int_equal(write_terms(house, &draft), TERMS_BOOKED);
    draft.opening_cents = -1250;
    draft.since_day.day = 2;
    assert_int_equal(write_terms(house, &draft), TERMS_BOOKED);
    draft.since_day.day = 1;
    draft.rate_points = -1;
    assert_int_equal(write_terms(house, &draft), TERMS_WRITTEN);
    assert_int_equal(terms_of(house, stripe.id).account.rate_points, -1);
    assert_int_equal(audited(house, "provider_account.terms"), 2);
    draft.association_id = house_add_association(house, "Les Autres");
    house_err(db_transaction(house->db, run_terms, &(struct terms_job){.draft = draft}),
              ERR_NOT_FOUND);
}

static void the_rate_of_a_linked_account_counts_first(void **state)
{
    struct house *house = *state;
    struct provider_account old = kernel_add_stripe(house, house->association_id, "a");
    struct provider_account now = kernel_add_stripe(house, house->association_id, "b");
    struct terms *terms;
    size_t count;

    add(house, "Bons", "530", MEANS_WRITTEN); /* no account at a provider */
    house_execute(house,
                  "UPDATE provider_account SET rate_points = 100, unlinked_at = 1 "
                  "WHERE id = %lld",
                  (long long)old.id);
    house_ok(terms_list(house->db, house->association_id, house->arena, &terms, &count));
    assert_int_equal(count, 2);
    assert_int_equal(terms_of_provider(terms, count, "stripe")->account.id, old.id);
    assert_null(terms_of_provider(terms, count, "paypal"));
    house_execute(house, "UPDATE provider_account SET rate_points = 150 WHERE id = %lld",
                  (long long)now.id);
    house_ok(terms_list(house->db, house->association_id, house->arena, &terms, &count));
    assert_int_equal(terms_of_provider(terms, count, "stripe")->account.rate_points, 150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(a_means_is_added_changed_archived_restored),
        HOUSE_TEST(names_differ_by_more_than_signs),
        HOUSE_TEST(money_goes_to_an_account_of_class_5_in_use),
        HOUSE_TEST(the_account_stays_once_money_came),
        HOUSE_TEST(another_association_s_means_is_not_there),
        HOUSE_TEST(the_usual_ones_are_added_once_with_their_accounts),
        HOUSE_TEST(terms_are_written_until_money_moves),
        HOUSE_TEST(the_rate_of_a_linked_account_counts_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
