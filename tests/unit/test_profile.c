/* Who the association is: numbers of registers and banks, its logo, its fiscal years. */
#include "support/kernel.h"

#include <stdio.h>
#include <string.h>

#include "accounting/accounting.h"
#include "association/bank.h"
#include "association/logo.h"
#include "association/profile.h"

static const struct audit_actor somebody = {0, "127.0.0.1"};

/* ---- numbers ---- */

static void siren_numbers(void **state)
{
    static const struct {
        const char *typed, *read; /* NULL: refused */
    } cases[] = {
        {"732829320", "732829320"},
        {"732 829 320", "732829320"},
        {"732.829.320", "732829320"},
        {"732\u00a0829\u202f320", "732829320"},
        {"356000000", "356000000"},
        {"732829321", NULL},
        {"73282932", NULL},
        {"7328293200", NULL},
        {"73282932A", NULL},
        {"000000000", NULL},
        {"-732829320", NULL},
        {"73282932000074", NULL}, /* a SIRET */
        {"", NULL},
        {" ", NULL},
        {"\u00a0", NULL},
        {"\xc2", NULL},
    };
    char out[SIREN_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(siren_read(str_of(cases[i].typed), out), cases[i].read != NULL);
        if (cases[i].read)
            assert_string_equal(out, cases[i].read);
    }
}

/* A digit that differs, or two neighbours that changed places, are found (but 09 and 90). */
static void a_mistyped_siren_is_found(void **state)
{
    const char *good = "732829320";
    char typed[SIREN_MAX], out[SIREN_MAX];

    (void)state;
    for (size_t at = 0; at < 9; at++)
        for (char digit = '0'; digit <= '9'; digit++) {
            memcpy(typed, good, sizeof(typed));
            typed[at] = digit;
            assert_int_equal(siren_read(str_of(typed), out), digit == good[at]);
        }
}

static void rna_numbers(void **state)
{
    static const struct {
        const char *typed, *read;
    } cases[] = {
        {"W751234567", "W751234567"},
        {"w751234567", "W751234567"},
        {"W 751 234 567", "W751234567"},
        {"751234567", NULL},
        {"W75123456", NULL},
        {"W7512345678", NULL},
        {"X751234567", NULL},
        {"W75123456A", NULL},
        {"", NULL},
    };
    char out[RNA_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(rna_read(str_of(cases[i].typed), out), cases[i].read != NULL);
        if (cases[i].read)
            assert_string_equal(out, cases[i].read);
    }
}

static void iban_numbers(void **state)
{
    static const struct {
        const char *typed, *read;
    } cases[] = {
        {"FR1420041010050500013M02606", "FR1420041010050500013M02606"},
        {"fr14 2004 1010 0505 0001 3m02 606", "FR1420041010050500013M02606"},
        {"FR14\u00a02004\u202f1010 0505 0001 3M02 606", "FR1420041010050500013M02606"},
        {"DE89370400440532013000", "DE89370400440532013000"},
        {"GB82WEST12345698765432", "GB82WEST12345698765432"},
        {"BE68539007547034", "BE68539007547034"},
        {"NO9386011117947", "NO9386011117947"},
        {"MT84MALT011000012345MTLCAST001S", "MT84MALT011000012345MTLCAST001S"},
        {"BR1800360305000010009795493C1",
         "BR1800360305000010009795493C1"}, /* a length we do not know */
        {"FR1420041010050500013M02607", NULL},
        {"FR1420041010050500013M0260", NULL},
        {"FR1420041010050500013M026060", NULL},
        {"DE8937040044053201300", NULL},
        {"FR14-2004-1010-0505-0001-3M02-606", NULL},
        {"1R1420041010050500013M02606", NULL},
        {"FRA420041010050500013M02606", NULL},
        {"\xc3\xa9R1420041010050500013M02606", NULL},
        {"", NULL},
        {"FR", NULL},
    };
    char out[IBAN_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool good = iban_read(str_of(cases[i].typed), out);

        if (good != (cases[i].read != NULL))
            print_error("%s\n", cases[i].typed);
        assert_int_equal(good, cases[i].read != NULL);
        if (good)
            assert_string_equal(out, cases[i].read);
    }
}

static void a_mistyped_iban_is_found(void **state)
{
    const char *good = "FR1420041010050500013M02606";
    char typed[IBAN_MAX], out[IBAN_MAX];

    (void)state;
    for (size_t at = 2; at < strlen(good); at++)
        for (char digit = '0'; digit <= '9'; digit++) {
            memcpy(typed, good, strlen(good) + 1);
            typed[at] = digit;
            assert_int_equal(iban_read(str_of(typed), out), digit == good[at]);
        }
}

static void bic_codes(void **state)
{
    static const struct {
        const char *typed, *read;
    } cases[] = {
        {"cmcifr2a", "CMCIFR2A"},
        {"CMCI FR 2A XXX", "CMCIFR2A"},
        {"CMCIFR2A001", "CMCIFR2A001"},
        {"CMCIFR2AXXXX", NULL},
        {"CMCIFR2", NULL},
        {"CMCIFR2AX", NULL},
        {"CMC1FR2A", NULL},
        {"CMCIF12A", NULL},
        {"", NULL},
    };
    char out[BIC_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(bic_read(str_of(cases[i].typed), out), cases[i].read != NULL);
        if (cases[i].read)
            assert_string_equal(out, cases[i].read);
    }
}

/* ---- the association ---- */

static enum err set(struct db *db, void *argument)
{
    return profile_set(db, argument, &somebody);
}

static struct profile_draft draft_of(struct house *house)
{
    return (struct profile_draft){.association_id = house->association_id,
                                  .version = 1,
                                  .name = "Les Coureurs",
                                  .address = "1 rue du Port\n69000 Lyon",
                                  .siren = "732829320",
                                  .rna = "W751234567",
                                  .email = "bonjour@exemple.fr",
                                  .zone_name = "America/Martinique",
                                  .year_first_month = 1,
                                  .year_first_day = 1,
                                  .year_months = 12,
                                  .how_to_pay = "Par chèque."};
}

static struct association stored(struct house *house)
{
    struct association association;

    house_ok(association_find(house->db, house->association_id, house->arena, &association));
    return association;
}

static void a_profile_is_written_whole(void **state)
{
    struct house *house = *state;
    struct profile_draft draft = draft_of(house);
    struct association now;

    house_ok(db_transaction(house->db, set, &draft));
    now = stored(house);
    assert_string_equal(now.name, draft.name);
    assert_string_equal(now.address, draft.address);
    assert_string_equal(now.siren, draft.siren);
    assert_string_equal(now.rna, draft.rna);
    assert_string_equal(now.email, draft.email);
    assert_string_equal(now.zone_name, draft.zone_name);
    assert_int_equal(now.year_first_month, 1);
    assert_string_equal(now.how_to_pay, draft.how_to_pay);
    assert_int_equal(now.version, 2);
    assert_int_equal(now.options_version, 1);
    assert_int_equal(house_count(house, "SELECT count(*) FROM audit WHERE action = "
                                        "'association.profile' AND detail LIKE '%%siren - > "
                                        "732829320%%' AND detail NOT LIKE '%%exemple%%'"),
                     1);
    house_err(db_transaction(house->db, set, &draft), ERR_CONFLICT);
    draft.version = 2;
    house_ok(db_transaction(house->db, set, &draft));
    assert_int_equal(stored(house).version, 2);
    assert_int_equal(
        house_count(house, "SELECT count(*) FROM audit WHERE action = 'association.profile'"), 1);
}

/* Years that are there keep their dates; the next one leads to the new first day. */
static void fiscal_years_follow(void **state)
{
    static const struct {
        int month, day, months;
        struct date asked;
        const char *first, *last;
    } cases[] = {
        {9, 1, 12, {2027, 9, 1}, "2027-09-01", "2028-08-31"},
        {1, 1, 12, {2027, 9, 1}, "2027-09-01", "2027-12-31"},
        {1, 1, 12, {2028, 6, 1}, "2028-01-01", "2028-12-31"},
        {10, 15, 12, {2027, 9, 1}, "2027-09-01", "2027-10-14"},
        {9, 1, 6, {2027, 9, 1}, "2027-09-01", "2028-02-29"},
        {9, 1, 18, {2027, 9, 1}, "2027-09-01", "2029-02-28"},
        {1, 1, 12, {2026, 8, 31}, "2026-01-01", "2026-08-31"},
        {1, 1, 12, {2025, 8, 31}, "2025-01-01", "2025-12-31"},
        {9, 1, 6, {2026, 8, 31}, "2026-03-01", "2026-08-31"},
    };
    struct house *house = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct association association;
        struct fiscal_year year;
        char text[DATE_TEXT_MAX];

        house_execute(house, "DELETE FROM fiscal_year WHERE id <> %lld",
                      (long long)house->year_id);
        house_execute(house,
                      "UPDATE association SET year_first_month = %d, year_first_day = %d, "
                      "year_months = %d",
                      cases[i].month, cases[i].day, cases[i].months);
        association = stored(house);
        house_ok(accounting_year_for(house->db, &association, cases[i].asked, HOUSE_NOW,
                                     house->arena, &year));
        assert_string_equal(date_format_iso(text, year.first_day), cases[i].first);
        assert_string_equal(date_format_iso(text, year.last_day), cases[i].last);
    }
}

/* ---- the logo ---- */

static enum err set_logo(struct db *db, void *argument)
{
    return logo_set(db, argument, &somebody);
}

static void a_logo_is_the_association_s(void **state)
{
    struct house *house = *state;
    int64_t other = house_add_association(house, "Les Autres");
    struct picture picture = {"image/png", 3, 2, str_from("\x89PNG\0x", 6)};
    struct logo_draft draft = {
        .association_id = house->association_id, .picture = &picture, .now = HOUSE_NOW};
    struct logo logo;

    assert_string_equal(stored(house).logo_hash, "");
    house_ok(logo_hash(picture.bytes, draft.hash));
    house_ok(db_transaction(house->db, set_logo, &draft));
    house_ok(db_transaction(house->db, set_logo, &draft)); /* the same is no change */
    assert_string_equal(stored(house).logo_hash, draft.hash);
    assert_int_equal(stored(house).logo_width, 3);
    house_ok(logo_find(house->db, house->association_id, str_of(draft.hash), house->arena, &logo));
    assert_string_equal(logo.content_type, "image/png");
    assert_true(str_equal(logo.bytes, picture.bytes));
    house_err(logo_find(house->db, other, str_of(draft.hash), house->arena, &logo), ERR_NOT_FOUND);
    house_err(logo_find(house->db, house->association_id, str_of("x"), house->arena, &logo),
              ERR_NOT_FOUND);
    draft.picture = NULL;
    house_ok(db_transaction(house->db, set_logo, &draft));
    assert_string_equal(stored(house).logo_hash, "");
    house_ok(db_transaction(house->db, set_logo, &draft));
    assert_int_equal(
        house_count(house, "SELECT count(*) FROM audit WHERE action = 'association.logo'"), 2);
}

/* ---- bank accounts ---- */

static enum err add(struct db *db, void *argument)
{
    return bank_add(db, argument, &somebody);
}

static enum err change(struct db *db, void *argument)
{
    return bank_change(db, argument, &somebody);
}

static struct seal_key *key_of(struct house *house)
{
    const char *path = arena_printf(house->arena, "%s/bank.key", house->folder);
    struct seal_key *key;

    house_ok(seal_key_create(path));
    house_ok(seal_key_load(path, &key));
    assert_int_equal(remove(path), 0);
    return key;
}

static void an_iban_is_sealed(void **state)
{
    struct house *house = *state;
    struct seal_key *key = key_of(house);
    int64_t other = house_add_association(house, "Les Autres");
    struct bank_draft draft = {.association_id = house->association_id,
                               .id = 7,
                               .version = 1,
                               .label = "Compte courant",
                               .iban = "FR1420041010050500013M02606",
                               .bic = "CMCIFR2A",
                               .account_code = "5121",
                               .key = key,
                               .now = HOUSE_NOW};
    struct bank_account account;
    struct str iban;

    house_ok(db_transaction(house->db, add, &draft));
    house_ok(bank_find(house->db, house->association_id, 7, house->arena, &account));
    assert_string_equal(account.iban_tail, "2606");
    assert_string_equal(account.account_label, "Banque");
    house_ok(bank_iban(house->db, key, house->association_id, 7, house->arena, &iban));
    assert_true(str_is(iban, draft.iban));
    assert_int_equal(house_count(house, "SELECT instr(hex(iban_sealed), hex('0505')) "
                                        "FROM bank_account"),
                     0);
    house_err(bank_find(house->db, other, 7, house->arena, &account), ERR_NOT_FOUND);
    house_err(bank_iban(house->db, key, other, 7, house->arena, &iban), ERR_NOT_FOUND);
    /* Moved to another row it does not open. */
    house_execute(house, "UPDATE bank_account SET id = 8");
    house_err(bank_iban(house->db, key, house->association_id, 8, house->arena, &iban),
              ERR_CRYPTO);
    seal_key_free(key);
}

static void a_bank_account_is_changed(void **state)
{
    struct house *house = *state;
    struct seal_key *key = key_of(house);
    struct bank_draft draft = {.association_id = house->association_id,
                               .id = 7,
                               .version = 1,
                               .label = "Compte courant",
                               .iban = "FR1420041010050500013M02606",
                               .bic = "",
                               .account_code = "5121",
                               .key = key,
                               .now = HOUSE_NOW};
    struct bank_account account;
    struct str iban;

    house_ok(db_transaction(house->db, add, &draft));
    draft.label = "Livret";
    draft.iban = "";
    house_ok(db_transaction(house->db, change, &draft));
    house_ok(bank_iban(house->db, key, house->association_id, 7, house->arena, &iban));
    assert_true(str_is(iban, "FR1420041010050500013M02606"));
    house_err(db_transaction(house->db, change, &draft), ERR_CONFLICT); /* stale */
    draft.version = 2;
    draft.iban = "DE89370400440532013000";
    house_ok(db_transaction(house->db, change, &draft));
    house_ok(bank_iban(house->db, key, house->association_id, 7, house->arena, &iban));
    assert_true(str_is(iban, "DE89370400440532013000"));
    house_ok(bank_find(house->db, house->association_id, 7, house->arena, &account));
    assert_string_equal(account.label, "Livret");
    assert_string_equal(account.iban_tail, "3000");
    draft.version = 3;
    draft.account_code = "5129"; /* not in the chart */
    house_err(db_transaction(house->db, change, &draft), ERR_INPUT);
    draft.account_code = "530"; /* no bank */
    house_err(db_transaction(house->db, change, &draft), ERR_INPUT);
    draft.id = 9;
    house_err(db_transaction(house->db, change, &draft), ERR_NOT_FOUND);
    assert_int_equal(house_count(house, "SELECT count(*) FROM audit WHERE action LIKE "
                                        "'bank_account.%%' AND detail NOT LIKE '%%3704%%' "
                                        "AND detail NOT LIKE '%%2004%%'"),
                     3);
    seal_key_free(key);
}

/* ---- zones ---- */

static void zones_to_choose_from(void **state)
{
    struct house *house = *state;
    const char **names;
    size_t count;
    const struct zone *zone;
    bool paris = false;

    house_ok(zone_names(house->arena, &names, &count));
    assert_in_range(count, 300, 600);
    for (size_t i = 0; i < count; i++) {
        house_ok(zone_find(names[i], &zone));
        assert_true(i == 0 || strcmp(names[i - 1], names[i]) < 0);
        paris = paris || strcmp(names[i], "Europe/Paris") == 0;
    }
    assert_true(paris);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(siren_numbers),
        cmocka_unit_test(a_mistyped_siren_is_found),
        cmocka_unit_test(rna_numbers),
        cmocka_unit_test(iban_numbers),
        cmocka_unit_test(a_mistyped_iban_is_found),
        cmocka_unit_test(bic_codes),
        HOUSE_TEST(a_profile_is_written_whole),
        HOUSE_TEST(fiscal_years_follow),
        HOUSE_TEST(a_logo_is_the_association_s),
        HOUSE_TEST(an_iban_is_sealed),
        HOUSE_TEST(a_bank_account_is_changed),
        HOUSE_TEST(zones_to_choose_from),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
