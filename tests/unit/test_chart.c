/* The chart and the years as a treasurer keeps them: what stands against a change is said, what
 * is changed is told in the audit once. */
#include "support/kernel.h"

#include "accounting/calendar.h"
#include "accounting/chart.h"
#include "association/product.h"
#include "base/random.h"

#include <string.h>

static const struct audit_actor somebody = {0, "127.0.0.1"};

/* ---- the chart ---- */

struct chart_job {
    struct chart_draft draft;
    enum chart_result result;
};

static enum err run(struct db *db, void *argument)
{
    struct chart_job *job = argument;

    return chart_write(db, &job->draft, &somebody, &job->result);
}

static enum chart_result chart(struct house *house, enum chart_change change, const char *code,
                               const char *label, int64_t version)
{
    struct chart_job job = {.draft = {.change = change,
                                      .association_id = house->association_id,
                                      .code = code,
                                      .label = label,
                                      .version = version,
                                      .now = HOUSE_NOW}};

    house_ok(db_transaction(house->db, run, &job));
    return job.result;
}

static struct chart_account account_of(struct house *house, const char *code)
{
    struct chart_account account;

    house_ok(chart_find(house->db, house->association_id, str_of(code), house->arena, &account));
    return account;
}

static int64_t audited(struct house *house, const char *action)
{
    return house_count(house, "SELECT COUNT(*) FROM audit WHERE action = '%s'", action);
}

static void numbers_of_accounts(void **state)
{
    static const struct {
        const char *code;
        bool good;
    } cases[] = {
        {"706", true},          {"7561", true},  {"1234567890", true}, {"86", false},
        {"871", true},          {"", false},     {"012", false},       {"912", false},
        {"12345678901", false}, {"70a", false},  {"7 06", false},      {"-706", false},
        {"706\n", false},       {"７06", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(chart_code_valid(str_of(cases[i].code)), cases[i].good);
}

static void an_account_is_added_renamed_archived_restored_deleted(void **state)
{
    struct house *house = *state;

    assert_int_equal(chart(house, CHART_ADD, "7065", "Stages", 0), CHART_WRITTEN);
    assert_int_equal(chart(house, CHART_ADD, "7065", "Encore", 0), CHART_TAKEN);
    assert_string_equal(account_of(house, "7065").label, "Stages");
    assert_int_equal(chart(house, CHART_RENAME, "7065", "Stages d'été", 1), CHART_WRITTEN);
    assert_int_equal(chart(house, CHART_RENAME, "7065", "Trop tard", 1), CHART_STALE);
    assert_int_equal(chart(house, CHART_RENAME, "7065", "Stages d'été", 2), CHART_WRITTEN);
    assert_string_equal(account_of(house, "7065").label, "Stages d'été");
    assert_int_equal(chart(house, CHART_ARCHIVE, "7065", NULL, 0), CHART_WRITTEN);
    assert_int_equal(chart(house, CHART_ARCHIVE, "7065", NULL, 0), CHART_WRITTEN);
    assert_true(account_of(house, "7065").archived);
    assert_int_equal(chart(house, CHART_RESTORE, "7065", NULL, 0), CHART_WRITTEN);
    assert_false(account_of(house, "7065").archived);
    assert_int_equal(chart(house, CHART_DELETE, "7065", NULL, 0), CHART_WRITTEN);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM account WHERE code = '7065'"), 0);
    /* One row each, none for what changed nothing, no text of a person. */
    assert_int_equal(audited(house, "account.added"), 1);
    assert_int_equal(audited(house, "account.renamed"), 1);
    assert_int_equal(audited(house, "account.archived"), 1);
    assert_int_equal(audited(house, "account.restored"), 1);
    assert_int_equal(audited(house, "account.deleted"), 1);
    assert_int_equal(
        house_count(house, "SELECT COUNT(*) FROM audit WHERE detail LIKE '%%Stages%%'"), 0);
}

static void what_the_kernel_counts_on_stays(void **state)
{
    static const char *const needed[] = {"4191", "4671", "471", "487", "627"};
    struct house *house = *state;

    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        assert_true(account_of(house, needed[i]).needed);
        assert_int_equal(chart(house, CHART_ARCHIVE, needed[i], NULL, 0), CHART_NEEDED);
        assert_int_equal(chart(house, CHART_DELETE, needed[i], NULL, 0), CHART_NEEDED);
        assert_int_equal(chart(house, CHART_RENAME, needed[i], "À ma façon", 1), CHART_WRITTEN);
    }
    assert_false(account_of(house, "706").needed);
    assert_false(account_of(house, "530").needed);
    assert_int_equal(audited(house, "account.archived"), 0);
}

static void what_a_setting_has_stays(void **state)
{
    struct house *house = *state;
    struct product_change product = {.association_id = house->association_id,
                                     .title = "Sortie",
                                     .price_cents = 1500,
                                     .account_code = "706",
                                     .now = HOUSE_NOW};

    kernel_add_stripe(house, house->association_id, "a");
    house_ok(random_id(&product.id));
    house_ok(product_save(house->db, &product, &somebody));
    assert_int_equal(chart(house, CHART_ARCHIVE, "5171", NULL, 0), CHART_OF_MEANS);
    assert_int_equal(chart(house, CHART_DELETE, "5171", NULL, 0), CHART_OF_MEANS);
    assert_int_equal(chart(house, CHART_ARCHIVE, "706", NULL, 0), CHART_OF_PRODUCT);
    house_execute(house, "INSERT INTO bank_account (association_id, id, label, iban_sealed,"
                         " iban_tail, account_code, created_at)"
                         " SELECT id, 7, 'Banque', x'00', '1234', '5121', 0 FROM association");
    assert_int_equal(chart(house, CHART_ARCHIVE, "5121", NULL, 0), CHART_OF_BANK);
    /* Out of use they hold it no more, but it is not deleted from under them. */
    house_execute(house, "UPDATE provider_account SET unlinked_at = 1");
    house_execute(house, "UPDATE bank_account SET archived_at = 1");
    house_ok(product_archive(house->db, house->association_id, product.id, HOUSE_NOW, &somebody));
    assert_int_equal(chart(house, CHART_ARCHIVE, "5171", NULL, 0), CHART_WRITTEN);
    assert_int_equal(chart(house, CHART_ARCHIVE, "706", NULL, 0), CHART_WRITTEN);
    assert_int_equal(chart(house, CHART_ARCHIVE, "5121", NULL, 0), CHART_WRITTEN);
    assert_int_equal(chart(house, CHART_DELETE, "5171", NULL, 0), CHART_OF_MEANS);
    assert_int_equal(chart(house, CHART_DELETE, "706", NULL, 0), CHART_OF_PRODUCT);
    assert_int_equal(chart(house, CHART_DELETE, "5121", NULL, 0), CHART_OF_BANK);
}

static void what_was_charged_or_written_stays(void **state)
{
    struct house *house = *state;
    struct provider_account stripe = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact fact;
    struct payment_intent intent;

    house_add_charge(house, house->member_id, "2026-09-15", 4000, "Cotisation");
    assert_int_equal(chart(house, CHART_DELETE, "7561", NULL, 0), CHART_OF_CHARGES);
    assert_int_equal(chart(house, CHART_DELETE, "7562", NULL, 0), CHART_WRITTEN);
    intent = kernel_open_intent(house, &stripe, house->member_id, "jeton", 4000);
    fact = kernel_capture(&stripe, intent.token, "pi_1", 4000);
    kernel_post(house, &fact);
    assert_true(account_of(house, "7561").used);
    assert_int_equal(chart(house, CHART_DELETE, "7561", NULL, 0), CHART_OF_ENTRIES);
    assert_int_equal(chart(house, CHART_ARCHIVE, "7561", NULL, 0), CHART_WRITTEN);
}

static void another_association_s_account_is_not_there(void **state)
{
    struct house *house = *state;
    int64_t other = house_add_association(house, "Les Autres");
    struct chart_job job = {
        .draft = {
            .change = CHART_ADD, .association_id = other, .code = "7065", .label = "Stages"}};

    house_ok(db_transaction(house->db, run, &job));
    for (enum chart_change change = CHART_RENAME; change <= CHART_DELETE; change++) {
        job.draft.change = change;
        job.draft.association_id = house->association_id;
        house_err(db_transaction(house->db, run, &job), ERR_NOT_FOUND);
    }
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM account WHERE code = '7065'"), 1);
}

/* ---- the years ---- */

static struct association association_of(struct house *house)
{
    struct association association;

    house_ok(association_find(house->db, house->association_id, house->arena, &association));
    return association;
}

static struct calendar_next next_of(struct house *house)
{
    struct association association = association_of(house);
    struct calendar_next next;

    house_ok(calendar_next(house->db, &association, zone_date(association.zone, HOUSE_NOW),
                           house->arena, &next));
    return next;
}

static enum err add_next(struct db *db, void *argument)
{
    return calendar_add_next(db, argument, &somebody);
}

static enum err rename_year(struct db *db, void *argument)
{
    return calendar_rename(db, argument, &somebody);
}

static struct calendar_draft draft_of(struct house *house, int64_t year_id)
{
    return (struct calendar_draft){
        .association_id = house->association_id,
        .year_id = year_id,
        .version = 1,
        .label = "Saison",
        .today = zone_date(association_of(house).zone, HOUSE_NOW),
        .now = HOUSE_NOW,
    };
}

static void the_next_year_follows_and_is_added_once(void **state)
{
    struct house *house = *state;
    struct calendar_next next = next_of(house);
    struct calendar_draft draft = draft_of(house, next.after_id);
    char text[DATE_TEXT_MAX];

    assert_string_equal(date_format_iso(text, next.first_day), "2027-09-01");
    assert_string_equal(date_format_iso(text, next.last_day), "2028-08-31");
    house_ok(db_transaction(house->db, add_next, &draft));
    house_err(db_transaction(house->db, add_next, &draft), ERR_CONFLICT); /* pressed twice */
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM fiscal_year WHERE first_day = "
                                        "'2027-09-01' AND last_day = '2028-08-31'"),
                     1);
    assert_int_equal(audited(house, "fiscal_year.added"), 1);
    draft.year_id = next_of(house).after_id;
    house_ok(db_transaction(house->db, add_next, &draft));
    next = next_of(house);
    assert_true(next.too_far);
    draft.year_id = next.after_id;
    house_err(db_transaction(house->db, add_next, &draft), ERR_CONFLICT);
}

static void the_first_year_holds_today(void **state)
{
    struct house *house = *state;
    struct calendar_next next;
    char text[DATE_TEXT_MAX];

    house_execute(house, "DELETE FROM fiscal_year");
    next = next_of(house);
    assert_int_equal(next.after_id, 0);
    assert_string_equal(date_format_iso(text, next.first_day), "2026-09-01");
    house_execute(house, "UPDATE association SET year_months = 18");
    assert_string_equal(date_format_iso(text, next_of(house).last_day), "2028-02-29");
}

static void a_year_is_renamed_against_its_version(void **state)
{
    struct house *house = *state;
    struct calendar_draft draft = draft_of(house, next_of(house).after_id);
    struct calendar_year year;

    house_ok(db_transaction(house->db, rename_year, &draft));
    house_ok(calendar_find(house->db, house->association_id, draft.year_id, house->arena, &year));
    assert_string_equal(year.label, "Saison");
    assert_int_equal(year.version, 2);
    house_err(db_transaction(house->db, rename_year, &draft), ERR_CONFLICT);
    draft.version = 2;
    house_ok(db_transaction(house->db, rename_year, &draft)); /* the same: nothing to tell */
    assert_int_equal(audited(house, "fiscal_year.renamed"), 1);
    draft.association_id = house_add_association(house, "Les Autres");
    house_err(db_transaction(house->db, rename_year, &draft), ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_accounts),
        HOUSE_TEST(an_account_is_added_renamed_archived_restored_deleted),
        HOUSE_TEST(what_the_kernel_counts_on_stays),
        HOUSE_TEST(what_a_setting_has_stays),
        HOUSE_TEST(what_was_charged_or_written_stays),
        HOUSE_TEST(another_association_s_account_is_not_there),
        HOUSE_TEST(the_next_year_follows_and_is_added_once),
        HOUSE_TEST(the_first_year_holds_today),
        HOUSE_TEST(a_year_is_renamed_against_its_version),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
