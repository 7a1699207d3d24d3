/* Every kind of mail has a text that reads alone: a subject of one line, the association's name.
 */
#include "support/database.h"

#include <string.h>

#include "job/letter.h"

static const char *const kinds[] = {
    "payment_received", "second_capture", "quarantined", "other_account",
    "test_money",       "password_link",  "invitation",  "role_granted",
    "email_asked",      "email_confirm",  "reminder",    "dispute_opened",
    "capture_failed",   "refund_failed",  "to_place",    "payment_refunded"};

static struct letter write(struct house *house, const char *kind, const char *link)
{
    static const struct provider_settings settings = {.base_url = "https://guichet.example"};
    const struct payment_service service = {.settings = &settings};
    const struct outbox_mail mail = {
        .id = 12,
        .kind = kind,
        .address = "jeanne@exemple.fr",
        .first_name = "Jeanne",
        .role = ROLE_TREASURER,
        .has_money = true,
        .amount_cents = 4000,
        .currency = money_currency("EUR"),
        .fact_at = HOUSE_NOW,
        .reference = "pi_123",
        .account_label = "Stripe",
    };
    struct association association;
    struct template_set *set;
    struct letter letter = {0};

    house_ok(association_find(house->db, house->association_id, house->arena, &association));
    house_ok(letter_load("templates", house->arena, &set));
    house_ok(letter_write(set, &service, &association, &mail, link, house->arena, &letter));
    template_set_free(set);
    return letter;
}

static void each_kind_has_its_text(void **state)
{
    struct house *house = *state;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct letter letter = write(house, kinds[i], NULL);
        const char *text = str_copy(house->arena, letter.text);

        assert_true(strlen(letter.subject) > 10 && strlen(letter.subject) < 100);
        assert_int_equal(strncmp(text, "Bonjour", 7), 0);
        if (strcmp(kinds[i], "reminder") != 0) /* to somebody without a login */
            assert_non_null(strstr(text, "https://guichet.example/"));
        assert_non_null(strstr(text, "essai\u00a0: aucun argent"));
        assert_null(strstr(text, "&"));
    }
}

static void money_is_written_as_people_read_it(void **state)
{
    struct letter letter = write(*state, "payment_received", NULL);

    assert_string_equal(letter.subject, "Paiement reçu\u00a0: 40,00\u202f€");
}

static void a_kind_without_text_is_an_error(void **state)
{
    struct house *house = *state;
    struct association association = {.name = "", .email = ""};
    static const struct provider_settings settings = {.base_url = ""};
    const struct payment_service service = {.settings = &settings};
    const struct outbox_mail unknown = {.kind = "nothing"}, poor = {.kind = "payment_received"};
    struct template_set *set;
    struct letter letter;

    house_ok(letter_load("templates", house->arena, &set));
    house_err(letter_write(set, &service, &association, &unknown, NULL, house->arena, &letter),
              ERR_INTERNAL);
    house_err(letter_write(set, &service, &association, &poor, NULL, house->arena, &letter),
              ERR_INTERNAL);
    template_set_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(each_kind_has_its_text),
        HOUSE_TEST(money_is_written_as_people_read_it),
        HOUSE_TEST(a_kind_without_text_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
