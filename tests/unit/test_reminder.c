/* Reminders: who owes, once in seven days, one mail to whoever pays. */
#include "support/database.h"

#include <string.h>

#include "association/outbox.h"
#include "association/reminder.h"
#include "base/clock.h"
#include "base/random.h"

static const struct audit_actor actor = {0, "192.0.2.1"};

static struct reminder_row *list(struct house *house, const char *search, size_t *count)
{
    const struct reminder_filter filter = {.search = str_of(search), .max = 50};
    struct reminder_row *rows = NULL;

    house_ok(reminder_list(house->db, house->association_id, &filter, house->arena, &rows, count));
    return rows;
}

static size_t send(struct house *house, int64_t member_id, int64_t now)
{
    const struct reminder_order order = {house->association_id, &member_id, 1, actor, now};
    size_t sent = 9;

    house_ok(reminder_send(house->db, &order, &sent));
    return sent;
}

/* A credit that no charge takes. */
static void advance(struct house *house, int64_t member_id, int64_t cents)
{
    int64_t id;

    house_ok(random_id(&id));
    house_execute(house,
                  "INSERT INTO cart_line (association_id, id, member_id, kind, amount_cents,"
                  " label, line_date, fiscal_year_id, account_code, created_at) VALUES (%lld,"
                  " %lld, %lld, 'adjustment', -%lld, 'Avoir', '2026-09-11', %lld, '471', 1)",
                  (long long)house->association_id, (long long)id, (long long)member_id,
                  (long long)cents, (long long)house->year_id);
}

static int64_t mails(struct house *house)
{
    return house_count(house, "SELECT count(*) FROM outbox WHERE kind = 'reminder'");
}

static void whoever_owes_is_listed(void **state)
{
    struct house *house = *state;
    size_t count = 9;
    struct reminder_row *rows = list(house, "", &count);

    assert_int_equal(count, 0);
    house_add_charge(house, house->member_id, "2026-09-10", 4000, "Cotisation");
    rows = list(house, "", &count);
    assert_int_equal(count, 1);
    assert_int_equal(reminder_total(&rows[0].due), 4000);
    assert_int_equal(rows[0].reminded_at, 0);
    assert_string_equal(rows[0].email, "jeanne@exemple.fr");
    (void)list(house, "JEANNE martin", &count);
    assert_int_equal(count, 1);
    (void)list(house, "personne", &count);
    assert_int_equal(count, 0);
}

/* One's advance pays no other's debt, and the mail goes to who pays. */
static void families_get_one_mail(void **state)
{
    struct house *house = *state;
    int64_t child =
        house_add_member(house, house->association_id, "Léo", "Martin", house->member_id);
    int64_t other =
        house_add_member(house, house->association_id, "Mia", "Martin", house->member_id);
    size_t count = 0;
    struct reminder_row *rows;

    house_add_charge(house, child, "2026-09-10", 2500, "Stage");
    advance(house, other, 700);
    rows = list(house, "", &count);
    assert_int_equal(count, 1);
    assert_true(rows[0].member_id == house->member_id);
    assert_int_equal(rows[0].due.own_cents, 0);
    assert_int_equal(rows[0].due.others_cents, 2500);
    assert_int_equal(send(house, child, HOUSE_NOW), 0);
    assert_int_equal(send(house, house->member_id, HOUSE_NOW), 1);
    assert_int_equal(mails(house), 1);
}

static void not_twice_in_seven_days(void **state)
{
    struct house *house = *state;

    house_add_charge(house, house->member_id, "2026-09-10", 4000, "Cotisation");
    assert_int_equal(send(house, house->member_id, HOUSE_NOW), 1);
    assert_int_equal(send(house, house->member_id, HOUSE_NOW), 0);
    assert_int_equal(send(house, house->member_id, HOUSE_NOW + REMINDER_PAUSE_S - 1), 0);
    assert_int_equal(send(house, house->member_id, HOUSE_NOW + REMINDER_PAUSE_S), 1);
    assert_int_equal(mails(house), 2);
    assert_int_equal(
        house_count(house, "SELECT count(*) FROM audit WHERE action = 'reminder.sent'"), 2);
}

static void nobody_without_debt_address_or_place(void **state)
{
    struct house *house = *state;
    int64_t lonely = house_add_member(house, house->association_id, "Sans", "Adresse", 0);
    int64_t elsewhere = house_add_association(house, "Autre");
    int64_t stranger = house_add_member(house, elsewhere, "D'ailleurs", "Elle", 0);
    const struct reminder_order order = {house->association_id, &stranger, 1, actor, HOUSE_NOW};
    size_t sent = 0;

    assert_int_equal(send(house, house->member_id, HOUSE_NOW), 0);
    house_add_charge(house, lonely, "2026-09-10", 4000, "Cotisation");
    assert_int_equal(send(house, lonely, HOUSE_NOW), 0);
    house_add_charge(house, house->member_id, "2026-09-10", 4000, "Cotisation");
    house_execute(house, "UPDATE member SET archived_at = 1 WHERE id = %lld",
                  (long long)house->member_id);
    assert_int_equal(send(house, house->member_id, HOUSE_NOW), 0);
    house_err(reminder_send(house->db, &order, &sent), ERR_NOT_FOUND);
    assert_int_equal(mails(house), 0);
}

/* A debit that runs is not asked for again. */
static void what_is_on_its_way_is_not_asked_for(void **state)
{
    struct house *house = *state;
    struct reminder_due due;
    size_t count = 0;

    house_add_charge(house, house->member_id, "2026-09-10", 4000, "Cotisation");
    house_execute(house,
                  "INSERT INTO provider_account (association_id, id, public_id, provider,"
                  " mode, external_id, label, transit_account, position, since_day,"
                  " created_at) VALUES (%lld, 1, 'x', 'stripe', 'test', 'acct_x', 'x',"
                  " '5171', 1, '2026-09-01', 1)",
                  (long long)house->association_id);
    house_execute(house,
                  "INSERT INTO payment_intent (association_id, id, member_id,"
                  " provider_account_id, key_version, token, form_token, amount_cents,"
                  " currency, state, request, idempotency_key, expires_at, created_by,"
                  " created_at, updated_at) SELECT %lld, 1, %lld, 1, 1, 't', 'f', 4000,"
                  " 'EUR', 'processing', '', 'k', 9, id, 1, 1 FROM login",
                  (long long)house->association_id, (long long)house->member_id);
    (void)list(house, "", &count);
    assert_int_equal(count, 0);
    assert_int_equal(send(house, house->member_id, HOUSE_NOW), 0);
    house_ok(reminder_due(house->db, house->association_id, house->member_id, &due));
    assert_int_equal(reminder_total(&due), 0);
    assert_true(due.has_login && due.pays_online);
}

/* The text tells what is owed when it is written. */
static void the_mail_knows_what_is_owed_now(void **state)
{
    struct house *house = *state;
    struct outbox_mail mail;
    int64_t id;

    house_add_charge(house, house->member_id, "2026-09-10", 4000, "Cotisation");
    assert_int_equal(send(house, house->member_id, HOUSE_NOW), 1);
    id = house_count(house, "SELECT id FROM outbox WHERE kind = 'reminder'");
    house_ok(outbox_find(house->db, house->association_id, id, house->arena, &mail));
    assert_int_equal(mail.due.own_cents, 4000);
    advance(house, house->member_id, 4000);
    house_ok(outbox_find(house->db, house->association_id, id, house->arena, &mail));
    assert_int_equal(mail.due.own_cents, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(whoever_owes_is_listed),
        HOUSE_TEST(families_get_one_mail),
        HOUSE_TEST(not_twice_in_seven_days),
        HOUSE_TEST(nobody_without_debt_address_or_place),
        HOUSE_TEST(what_is_on_its_way_is_not_asked_for),
        HOUSE_TEST(the_mail_knows_what_is_owed_now),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
