/* Members from a file: what its columns are, what each row would become, and that all of it is
 * written once, or nothing. */
#include "support/kernel.h"

#include "association/cart.h"
#include "association/member.h"
#include "payment/import.h"
#include "payment/verify.h"

#include <stdio.h>
#include <string.h>

static const struct date october = {2026, 10, 1};
enum { FILE_ID = 77 };

/* ---- what the tests do ---- */

static struct csv_table table_of(struct house *house, const char *text)
{
    struct csv_table table;
    size_t line;

    assert_int_equal(csv_read(str_of(text), house->arena, &table, &line), CSV_GOOD);
    return table;
}

static struct member_import read_text(struct house *house, const char *text)
{
    struct csv_table table = table_of(house, text);
    struct import_mapping mapping;
    struct member_import import;

    import_guess(&table, house->arena, &mapping);
    house_ok(import_read(&table, &mapping, money_currency("EUR"), house->arena, &import));
    house_ok(import_judge(house->db, house->association_id, &import));
    return import;
}

struct writing {
    struct import_file file;
    struct import_order order;
};

static enum err keep_file(struct db *db, void *argument)
{
    struct writing *writing = argument;

    return import_file_add(db, &writing->file, HOUSE_NOW);
}

static enum err write_members(struct db *db, void *argument)
{
    struct writing *writing = argument;

    return payment_import(db, &writing->order);
}

static enum err import_now(struct house *house, struct member_import *import,
                           const char *fingerprint)
{
    struct writing writing = {
        .file = {house->association_id, FILE_ID, house->login_id, str_of("x"), false}};

    writing.order = (struct import_order){
        .file = &writing.file,
        .import = import,
        .fingerprint = str_of(fingerprint),
        .label = "Solde initial",
        .date = october,
        .actor = {house->login_id, "127.0.0.1"},
        .now = HOUSE_NOW,
    };
    house_ok(db_transaction(house->db, keep_file, &writing));
    return db_transaction(house->db, write_members, &writing);
}

static enum err import_text(struct house *house, const char *text)
{
    struct member_import import = read_text(house, text);
    char fingerprint[HASH_HEX_MAX];

    house_ok(import_fingerprint(&import, fingerprint));
    return import_now(house, &import, fingerprint);
}

static int64_t members(struct house *house)
{
    return house_count(house, "SELECT count(*) FROM member WHERE association_id = %lld",
                       (long long)house->association_id);
}

static int64_t balance_of(struct house *house, int64_t number)
{
    struct member member;
    int64_t cents;

    house_ok(
        member_find_by_number(house->db, house->association_id, number, house->arena, &member));
    house_ok(cart_balance(house->db, house->association_id, member.id, &cents));
    return cents;
}

static void check_clean(struct house *house)
{
    struct verify_report report;

    house_ok(verify_database(house->db, house->arena, &report));
    for (size_t i = 0; i < report.breach_count; i++)
        print_error("%d %s %s: %s\n", report.breaches[i].invariant, report.breaches[i].table,
                    report.breaches[i].row, report.breaches[i].text);
    assert_int_equal(report.breach_count, 0);
}

/* ---- the tests ---- */

static void columns_are_guessed(void **state)
{
    struct house *house = *state;
    static const struct {
        const char *titles;
        size_t columns[IMPORT_FIELDS];
    } cases[] = {
        {"N°;Prénom;Nom;E-mail;Solde initial;N° du payeur", {1, 2, 3, 4, 5, 6}},
        {"First name,Last name,E-mail address", {0, 1, 2, 3, 0, 0}},
        {"NOM;PRENOM;Courriel;Téléphone;Numéro d'adhérent", {5, 2, 1, 3, 0, 0}},
        {"nom;nom;;-", {0, 0, 1, 0, 0, 0}},
        {"Jeanne;Martin", {0}},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct csv_table table = table_of(house, cases[i].titles);
        struct import_mapping mapping;

        import_guess(&table, house->arena, &mapping);
        assert_memory_equal(mapping.columns, cases[i].columns, sizeof(mapping.columns));
        assert_int_equal(mapping.has_titles, i < 4);
    }
}

#define TITLES "n°;prenom;nom;email;solde;payeur\n"

static void each_row_has_a_verdict(void **state)
{
    struct house *house = *state;
    static const struct {
        const char *rows;
        enum import_verdict verdict;
        enum import_fault fault;
    } cases[] = {
        {";Zoé;Éluard;;;", IMPORT_NEW, IMPORT_RIGHT},
        {"0012;Zoé;Éluard;zoe@exemple.fr;-12,5;1", IMPORT_NEW, IMPORT_RIGHT},
        {"1;JEANNE;martin;autre@exemple.fr;9;", IMPORT_ALREADY, IMPORT_RIGHT},
        {";jeanne;MARTIN;Jeanne@Exemple.fr;;", IMPORT_ALREADY, IMPORT_RIGHT},
        {";Jeanne;Martin;;;", IMPORT_NEW, IMPORT_RIGHT},
        {"1;Zoé;Éluard;;;", IMPORT_WRONG, IMPORT_NUMBER_TAKEN},
        {"9;Jeanne;Martin;jeanne@exemple.fr;;", IMPORT_WRONG, IMPORT_OTHER_NUMBER},
        {";;Éluard;;;", IMPORT_WRONG, IMPORT_NAME_MISSING},
        {";Zoé;\"\n\";;;", IMPORT_WRONG, IMPORT_NAME_MISSING},
        {";Zoé;Éluard;zoe;;", IMPORT_WRONG, IMPORT_EMAIL_ODD},
        {"-3;Zoé;Éluard;;;", IMPORT_WRONG, IMPORT_NUMBER_ODD},
        {"9999999999999;Zoé;Éluard;;;", IMPORT_WRONG, IMPORT_NUMBER_ODD},
        {";Zoé;Éluard;;12,505;", IMPORT_WRONG, IMPORT_BALANCE_ODD},
        {";Zoé;Éluard;;--5;", IMPORT_WRONG, IMPORT_BALANCE_ODD},
        {";Zoé;Éluard;;;x", IMPORT_WRONG, IMPORT_PAYER_ODD},
        {";Zoé;Éluard;;;44", IMPORT_WRONG, IMPORT_PAYER_UNKNOWN},
        {"5;Zoé;Éluard;;;5", IMPORT_WRONG, IMPORT_PAYER_SELF},
        {";Zoé;Éluard;;;2", IMPORT_WRONG, IMPORT_PAYER_PAID},
        {"5;Zoé;Éluard;;;6\n6;Ana;Éluard;;;1", IMPORT_WRONG, IMPORT_PAYER_PAID},
        {"5;Zoé;Éluard;;;6\n6;Ana;Éluard;;;", IMPORT_NEW, IMPORT_RIGHT},
    };
    struct member jeanne;

    house_ok(member_find_by_number(house->db, house->association_id, 1, house->arena, &jeanne));
    house_execute(house, "UPDATE member SET email = 'jeanne@exemple.fr' WHERE id = %lld",
                  (long long)jeanne.id);
    house_add_member(house, house->association_id, "Luc", "Martin", jeanne.id);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct member_import import =
            read_text(house, arena_printf(house->arena, TITLES "%s", cases[i].rows));

        assert_int_equal(import.rows[0].fault, cases[i].fault);
        assert_int_equal(import.rows[0].verdict, cases[i].verdict);
    }
}

static void nobody_comes_twice_in_a_file(void **state)
{
    struct house *house = *state;
    struct member_import import = read_text(house, TITLES "5;Ana;Un;;;\n"
                                                          "5;Bob;Deux;;;\n"
                                                          "6;Cléo;Trois;c@x.fr;;\n"
                                                          ";CLEO;trois;C@X.fr;;\n"
                                                          "7;Dan;Quatre;;;\n"
                                                          "8;Dan;Quatre;;;\n"
                                                          ";Eva;Cinq;;;\n"
                                                          "9;Eva;Cinq;;;\n"
                                                          "10;Flo;Six;f@x.fr;;\n"
                                                          "11;Flo;Six;f@x.fr;;\n");
    static const struct {
        enum import_fault fault;
        size_t other;
    } wanted[] = {
        {IMPORT_RIGHT, 0}, {IMPORT_SAME_NUMBER, 2},  {IMPORT_RIGHT, 0}, {IMPORT_SAME_PERSON, 4},
        {IMPORT_RIGHT, 0}, {IMPORT_RIGHT, 0},        {IMPORT_RIGHT, 0}, {IMPORT_SAME_PERSON, 8},
        {IMPORT_RIGHT, 0}, {IMPORT_SAME_PERSON, 10},
    };

    assert_int_equal(import.count, 10);
    for (size_t i = 0; i < import.count; i++) {
        assert_int_equal(import.rows[i].fault, wanted[i].fault);
        assert_int_equal(import.rows[i].other_line, wanted[i].other);
    }
    assert_int_equal(import.counts[IMPORT_WRONG], 4);
}

#define FAMILY                                                                                    \
    TITLES ";Lou;Famille;;15;40\n"                                                                \
           ";Max;Famille;;0;40\n"                                                                 \
           "40;Nadia;Famille;nadia@exemple.fr;\xE2\x88\x92"                                       \
           "1 234,50 €;\n"                                                                      \
           "41;Ida;Famille;;7.25;40\n"

static void a_family_comes_with_its_balances_once(void **state)
{
    struct house *house = *state;

    house_ok(import_text(house, FAMILY));
    assert_int_equal(members(house), 5);
    assert_int_equal(balance_of(house, 40), -123450);
    assert_int_equal(balance_of(house, 41), 725);
    assert_int_equal(balance_of(house, 42), 1500);
    assert_int_equal(house_count(house, "SELECT count(*) FROM member WHERE payer_id = "
                                        "(SELECT id FROM member WHERE number = 40)"),
                     3);
    assert_int_equal(house_count(house, "SELECT sum(debit_cents) FROM entry_line "
                                        "WHERE account_code = '110'"),
                     123450);
    assert_int_equal(
        house_count(house, "SELECT count(*) FROM audit WHERE action = 'member.imported'"), 1);
    check_clean(house);
    house_ok(import_text(house, FAMILY));
    assert_int_equal(members(house), 5);
    assert_int_equal(balance_of(house, 40), -123450);
    assert_int_equal(house_count(house, "SELECT count(*) FROM cart_line"), 3);
    check_clean(house);
}

static void a_positive_balance_may_be_an_advance(void **state)
{
    struct house *house = *state;
    struct csv_table table = table_of(house, TITLES "5;Zoé;Éluard;;12;\n");
    struct import_mapping mapping;
    struct member_import import;
    char fingerprint[HASH_HEX_MAX];

    import_guess(&table, house->arena, &mapping);
    mapping.positive_is_advance = true;
    house_ok(import_read(&table, &mapping, money_currency("EUR"), house->arena, &import));
    house_ok(import_judge(house->db, house->association_id, &import));
    assert_int_equal(import.advance_cents, 1200);
    assert_int_equal(import.owed_cents, 0);
    house_ok(import_fingerprint(&import, fingerprint));
    house_ok(import_now(house, &import, fingerprint));
    assert_int_equal(balance_of(house, 5), -1200);
    check_clean(house);
}

static void nothing_of_a_wrong_file_is_written(void **state)
{
    struct house *house = *state;

    house_err(import_text(house, TITLES "5;Zoé;Éluard;;12;\n6;;Nom;;;\n"), ERR_CONFLICT);
    assert_int_equal(members(house), 1);
    assert_int_equal(house_count(house, "SELECT count(*) FROM cart_line"), 0);
    assert_int_equal(
        house_count(house, "SELECT count(*) FROM audit WHERE action = 'member.imported'"), 0);
    assert_int_equal(house_count(house, "SELECT count(*) FROM member_import "
                                        "WHERE content IS NOT NULL AND done_at IS NULL"),
                     1);
}

static void what_changed_since_the_preview_is_refused(void **state)
{
    struct house *house = *state;
    struct member_import import = read_text(house, TITLES "2;Zoé;Éluard;;12;\n;Luc;Petit;;;\n");
    char fingerprint[HASH_HEX_MAX];

    house_ok(import_fingerprint(&import, fingerprint));
    house_add_member(house, house->association_id, "Zoé", "Éluard", 0);
    house_err(import_now(house, &import, fingerprint), ERR_CONFLICT);
    assert_int_equal(import.rows[0].verdict, IMPORT_ALREADY);
    assert_int_equal(members(house), 2);
    house_ok(import_fingerprint(&import, fingerprint));
    house_ok(import_now(house, &import, fingerprint));
    assert_int_equal(members(house), 3);
}

static enum err find(struct house *house, struct import_file file, int64_t now)
{
    return import_file_find(house->db, &file, now, house->arena);
}

static void a_file_is_its_senders_for_an_hour(void **state)
{
    struct house *house = *state;
    struct writing writing = {
        .file = {house->association_id, FILE_ID, house->login_id, str_of("a;b"), false}};
    struct import_file other = writing.file;

    house_ok(db_transaction(house->db, keep_file, &writing));
    house_ok(find(house, writing.file, HOUSE_NOW + IMPORT_LIFE_S - 1));
    house_err(find(house, writing.file, HOUSE_NOW + IMPORT_LIFE_S), ERR_NOT_FOUND);
    other.login_id++;
    house_err(find(house, other, HOUSE_NOW), ERR_NOT_FOUND);
    other = writing.file;
    other.association_id = house_add_association(house, "Une autre");
    house_err(find(house, other, HOUSE_NOW), ERR_NOT_FOUND);
    house_ok(import_file_sweep(house->db, HOUSE_NOW + IMPORT_LIFE_S - 1));
    assert_int_equal(house_count(house, "SELECT count(*) FROM member_import"), 1);
    house_ok(import_file_sweep(house->db, HOUSE_NOW + IMPORT_LIFE_S));
    assert_int_equal(house_count(house, "SELECT count(*) FROM member_import"), 0);
}

static const char *many_rows(struct house *house, int count)
{
    struct buffer text;

    buffer_init(&text, house->arena, 1 << 20);
    buffer_add_text(&text, TITLES);
    for (int i = 0; i < count; i++)
        buffer_printf(&text, "%d;Prénom%d;Nom%d;p%d@exemple.fr;%d,50;%s\n", i + 10, i, i, i,
                      i % 3 ? i % 7 - 3 : 1, i % 5 == 4 ? "10" : "");
    return text.data;
}

static void ten_thousand_come_in_one_go(void **state)
{
    struct house *house = *state;

    house_ok(import_text(house, many_rows(house, IMPORT_ROWS_MAX)));
    assert_int_equal(members(house), IMPORT_ROWS_MAX + 1);
    assert_int_equal(house_count(house, "SELECT count(*) FROM member WHERE payer_id IS NOT NULL"),
                     IMPORT_ROWS_MAX / 5);
    check_clean(house);
}

static void one_more_is_too_many(void **state)
{
    struct house *house = *state;
    struct csv_table table = table_of(house, many_rows(house, IMPORT_ROWS_MAX));
    struct import_mapping mapping;
    struct member_import import;

    import_guess(&table, house->arena, &mapping);
    mapping.has_titles = false;
    house_err(import_read(&table, &mapping, money_currency("EUR"), house->arena, &import),
              ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(columns_are_guessed),
        HOUSE_TEST(each_row_has_a_verdict),
        HOUSE_TEST(nobody_comes_twice_in_a_file),
        HOUSE_TEST(a_family_comes_with_its_balances_once),
        HOUSE_TEST(a_positive_balance_may_be_an_advance),
        HOUSE_TEST(nothing_of_a_wrong_file_is_written),
        HOUSE_TEST(what_changed_since_the_preview_is_refused),
        HOUSE_TEST(a_file_is_its_senders_for_an_hour),
        HOUSE_TEST(ten_thousand_come_in_one_go),
        HOUSE_TEST(one_more_is_too_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
