#include "support/database.h"
#include "support/scratch.h"

#include "association/login.h"
#include "association/password_rule.h"

/* The list that is shipped: tests run at the top of the repository, or name it. */
static const char *list_path(void)
{
    const char *named = getenv("GUICHET_COMMON_PASSWORDS");

    return named ? named : "conf/common-passwords.txt";
}

static struct common_passwords *shipped(void)
{
    struct common_passwords *list = NULL;

    house_ok(common_passwords_load(list_path(), &list));
    return list;
}

static enum password_fault judged(const struct common_passwords *list, struct str password)
{
    static const struct str words[] = {{"Les Randonneurs du Lubéron", 27},
                                       {"jeanne.martin@exemple.fr", 24},
                                       {"jeanne.martin", 13}};
    struct arena *arena = arena_new();
    enum password_fault fault = password_judge(list, words, 3, password, arena);

    arena_free(arena);
    return fault;
}

/* ---- length ---- */

static void test_lengths(void **state)
{
    struct common_passwords *list = shipped();
    char long_one[600];
    const struct {
        struct str password;
        enum password_fault expected;
    } cases[] = {
        {str_of("abcdefg hijk"), PASSWORD_GOOD},
        {str_of("abcdefg hij"), PASSWORD_SHORT},
        {str_of("éàéèéùéçéêéœ"), PASSWORD_GOOD},
        {str_of("éàéèéùéçéêé"), PASSWORD_SHORT},
        {str_of("    a b     "), PASSWORD_GOOD},
        {str_from("abcdefgh\0ijklm", 14), PASSWORD_NOT_TEXT},
        {str_from("le mot de passe\0", 16), PASSWORD_NOT_TEXT},
        {str_of("abcdefghijkl\xff"), PASSWORD_NOT_TEXT},
        {str_of(""), PASSWORD_SHORT},
        {str_from(long_one, 128), PASSWORD_GOOD},
        {str_from(long_one, 129), PASSWORD_LONG},
        {str_from(long_one, 600), PASSWORD_LONG},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(long_one); i++)
        long_one[i] = (char)('a' + i * i % 23);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(judged(list, cases[i].password), cases[i].expected);
    common_passwords_free(list);
}

/* ---- what is tried first ---- */

static void test_words(void **state)
{
    static const struct {
        const char *password;
        enum password_fault expected;
    } cases[] = {
        {"123456789012", PASSWORD_COMMON},
        {"Mot de passe 2026", PASSWORD_COMMON},
        {"MOTDEPASSE!!", PASSWORD_COMMON},
        {"passwordpassword", PASSWORD_COMMON},
        {"password1password1", PASSWORD_COMMON},
        {"2026soleil2026", PASSWORD_COMMON},
        {"Trésorière-01", PASSWORD_COMMON},
        {"aaaaaaaaaaaa", PASSWORD_COMMON},
        {"- - - - - - - ", PASSWORD_COMMON},
        {"abcabcabcabc", PASSWORD_COMMON},
        {"121212121212", PASSWORD_COMMON},
        {"iloveyouiloveyou", PASSWORD_COMMON},
        {"lesrandonneursduluberon", PASSWORD_PERSONAL},
        {"Les Randonneurs du Luberon 84", PASSWORD_PERSONAL},
        {"Jeanne.Martin@Exemple.fr", PASSWORD_PERSONAL},
        {"jeanne martin 1967", PASSWORD_PERSONAL},
        {"guichetguichet", PASSWORD_PERSONAL},
        {"Guichet-2026!", PASSWORD_PERSONAL},
        {"le mot de passe de jeanne", PASSWORD_GOOD},
        {"les comptes du Luberon", PASSWORD_GOOD},
        {"sentier-des-ocres", PASSWORD_GOOD},
        {"jaune soleil bleu", PASSWORD_GOOD},
        {"839201847362", PASSWORD_GOOD},
        {"ab3de-fghij-kmnp2-qrst9", PASSWORD_GOOD},
    };
    struct common_passwords *list = shipped();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (judged(list, str_of(cases[i].password)) != cases[i].expected) {
            print_error("%s\n", cases[i].password);
            assert_int_equal(judged(list, str_of(cases[i].password)), cases[i].expected);
        }
    common_passwords_free(list);
}

/* Row 16: each word of the list is refused, in capitals and twice over too. */
static void test_every_word_of_the_list(void **state)
{
    struct common_passwords *list = shipped();
    struct arena *arena = arena_new();
    FILE *file = fopen(list_path(), "r");
    char line[256];
    size_t words = 0, long_enough = 0;

    (void)state;
    assert_non_null(file);
    while (fgets(line, sizeof(line), file)) {
        size_t len = strcspn(line, "\n");
        const char *twice = arena_printf(arena, "%.*s%.*s", (int)len, line, (int)len, line);

        line[0] = (char)(line[0] >= 'a' && line[0] <= 'z' ? line[0] - 32 : line[0]);
        assert_int_not_equal(judged(list, str_from(line, len)), PASSWORD_GOOD);
        assert_int_not_equal(judged(list, str_of(twice)), PASSWORD_GOOD);
        words++;
        if (len >= PASSWORD_CHARACTERS_MIN) {
            assert_int_equal(judged(list, str_from(line, len)), PASSWORD_COMMON);
            long_enough++;
        }
    }
    fclose(file);
    arena_free(arena);
    common_passwords_free(list);
    assert_true(words >= 10000);
    assert_true(long_enough >= 300);
}

/* ---- the file ---- */

static void test_what_is_no_list(void **state)
{
    static const struct {
        const char *text;
        enum err expected;
    } cases[] = {
        {"a\nb\nc\n", OK},       {"a\n", OK},
        {"", ERR_CONFIG},        {"\n", ERR_CONFIG},
        {"b\na\n", ERR_CONFIG},  {"a\na\n", ERR_CONFIG},
        {"a\nb", ERR_CONFIG},    {"a\n\nb\n", ERR_CONFIG},
        {"ab\na\n", ERR_CONFIG},
    };
    struct scratch scratch;
    struct common_passwords *list;

    (void)state;
    scratch_init(&scratch);
    house_err(common_passwords_load(scratch_path(&scratch, "none"), &list), ERR_CONFIG);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        FILE *file = fopen(scratch_path(&scratch, "list"), "w");

        fputs(cases[i].text, file);
        fclose(file);
        house_err(common_passwords_load(scratch_path(&scratch, "list"), &list), cases[i].expected);
        common_passwords_free(list);
    }
    scratch_done(&scratch);
}

/* ---- with the database ---- */

static void test_of_a_login(void **state)
{
    static const struct {
        const char *email, *password;
        enum password_fault expected;
    } cases[] = {
        {"Jeanne@exemple.fr", "jeanne 2026 2026", PASSWORD_PERSONAL},
        {"jeanne@exemple.fr", "Les Marcheurs 2026", PASSWORD_PERSONAL},
        {"jeanne@exemple.fr", "un tout autre mot", PASSWORD_GOOD},
        {"nouveau@exemple.fr", "nouveau@exemple.fr", PASSWORD_PERSONAL},
        {"nouveau@exemple.fr", "Les Marcheurs 2026", PASSWORD_GOOD},
    };
    struct house *house = *state;
    struct common_passwords *list = shipped();
    enum password_fault fault;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        house_ok(password_judge_for(house->db, list, str_of(cases[i].email),
                                    str_of(cases[i].password), house->arena, &fault));
        assert_int_equal(fault, cases[i].expected);
    }
    common_passwords_free(list);
}

static void test_sentences(void **state)
{
    (void)state;
    house_ok(password_refuse(PASSWORD_GOOD));
    for (int fault = PASSWORD_NOT_TEXT; fault <= PASSWORD_PERSONAL; fault++)
        house_err(password_refuse((enum password_fault)fault), ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_every_word_of_the_list),
        cmocka_unit_test(test_what_is_no_list),
        HOUSE_TEST(test_of_a_login),
        cmocka_unit_test(test_sentences),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
