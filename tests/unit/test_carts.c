/* Carts drawn at random: what is read of them is what the tables say, in their own words. */
#include "support/database.h"

#include "association/carts.h"
#include "base/random.h"

static enum err add_line(struct db *db, void *argument)
{
    return cart_add_line(db, argument);
}

static enum err add_allocation(struct db *db, void *argument)
{
    return cart_allocate(db, argument);
}

/* A capture that payment lines may point at. */
static void add_capture(struct house *house)
{
    long long a = (long long)house->association_id;

    house_execute(house,
                  "INSERT INTO provider_account (association_id, id, public_id, provider, mode, "
                  "external_id, label, transit_account, position, since_day, created_at) "
                  "VALUES (%lld, 1, 'cash', 'manual', 'test', 'cash', 'Caisse', '530', 1, "
                  "'2026-09-01', 1);"
                  "INSERT INTO provider_transaction (association_id, id, provider_account_id, "
                  "kind, reference, amount_cents, currency, fact_at, created_at) "
                  "VALUES (%lld, 1, 1, 'capture', 'r', 1, 'EUR', 1, 1);",
                  a, a);
}

/* The same numbers in every run of this test. */
static uint32_t draw(uint32_t *seed, uint32_t below)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return (*seed >> 7) % below;
}

enum { PEOPLE = 3, LINES_MAX = 60, LINKS_EACH = 20 };

struct line {
    int64_t id, member_id;
    uint32_t kind;
};
struct drawn {
    int64_t people[PEOPLE];
    struct line lines[LINES_MAX];
    uint32_t count, seed;
    struct allocation_draft last; /* the last link that was taken */
};

/* What is drawn, and refused by the tables when it is too much. */
static void draw_line(struct house *house, struct drawn *drawn)
{
    static const enum cart_kind kinds[] = {CART_CHARGE, CART_DONATION, CART_ADJUSTMENT,
                                           CART_PAYMENT};
    uint32_t *seed = &drawn->seed;
    const struct line *corrected =
        drawn->count > 0 && draw(seed, 3) == 0 ? &drawn->lines[draw(seed, drawn->count)] : NULL;
    uint32_t kind = corrected ? corrected->kind : draw(seed, 4);
    int64_t cents = 1 + draw(seed, corrected ? 4 : 30);
    struct cart_draft draft = {
        .association_id = house->association_id,
        .member_id = corrected ? corrected->member_id : drawn->people[draw(seed, PEOPLE)],
        .kind = kinds[kind],
        .amount_cents = (kind == 3) == !corrected ? -cents : cents,
        .label = "ligne",
        .fiscal_year_id = house->year_id,
        .account_code = kind < 2 ? "7561" : NULL,
        .transaction_id = kind == 3 ? 1 : 0,
        .corrects_line_id = corrected ? corrected->id : 0,
    };

    house_ok(random_id(&draft.id));
    assert_true(date_parse_iso(str_of(draw(seed, 2) ? "2026-09-05" : "2026-09-04"), &draft.date));
    if (db_transaction(house->db, add_line, &draft) == OK)
        drawn->lines[drawn->count++] = (struct line){draft.id, draft.member_id, kind};
}

static void draw_link(struct house *house, struct drawn *drawn)
{
    const struct line *payment = &drawn->lines[draw(&drawn->seed, drawn->count)];
    const struct line *charge = &drawn->lines[draw(&drawn->seed, drawn->count)];
    struct allocation_draft draft = {
        .association_id = house->association_id,
        .member_id = charge->member_id,
        .payment_line_id = payment->id,
        .charge_line_id = charge->id,
        .amount_cents = 1 + (int64_t)draw(&drawn->seed, 6),
    };

    if (drawn->last.amount_cents > 0 && draw(&drawn->seed, 9) == 0) {
        draft = drawn->last;
        draft.amount_cents = -1; /* a part of it is undone */
    }
    if (draft.amount_cents > 0 && charge->member_id != payment->member_id)
        return;
    if (db_transaction(house->db, add_allocation, &draft) == OK)
        drawn->last = draft;
}

enum { MARK = 0xfffff };

/* What the tables say is open, line by line: each amount times a mark of its line. A charge that
 * was lowered below what is paid of it owes nothing. */
static int64_t said_open(struct house *house)
{
    return house_count(house,
                       "SELECT COALESCE(SUM((l.id & %d) * MAX(0, l.amount_cents"
                       " + (SELECT COALESCE(SUM(k.amount_cents), 0) FROM cart_line k"
                       " WHERE k.corrects_line_id = l.id)"
                       " - (SELECT COALESCE(SUM(a.amount_cents), 0) FROM allocation a"
                       " WHERE a.charge_line_id = l.id))), 0) FROM cart_line l"
                       " WHERE l.kind IN ('charge', 'donation', 'adjustment')"
                       " AND l.amount_cents > 0 AND l.corrects_line_id IS NULL",
                       MARK);
}

static void expect_carts_as_said(struct house *house)
{
    struct carts carts;
    struct cart_due *dues;
    size_t count;
    int64_t marked = 0, others_cents = 0, balance_cents;

    house_ok(carts_read(house->db, house->association_id, house->member_id, house->arena, &carts));
    assert_int_equal(carts.count, PEOPLE);
    carts_dues(&carts, house->arena, &dues, &count);
    for (size_t i = 0; i < count; i++) {
        assert_true(dues[i].open_cents > 0);
        marked += (dues[i].charge_line_id & MARK) * dues[i].open_cents;
        others_cents += dues[i].member_id != house->member_id ? dues[i].open_cents : 0;
    }
    assert_int_equal(marked, said_open(house));
    assert_int_equal(carts_open_for_others(&carts), others_cents);
    for (size_t i = 0; i < carts.count; i++) {
        house_ok(cart_balance(house->db, house->association_id, carts.all[i].member_id,
                              &balance_cents));
        assert_int_equal(carts.all[i].balance_cents, balance_cents);
    }
}

static void any_cart_says_what_the_tables_say(void **state)
{
    struct house *house = *state;
    struct drawn drawn = {.people = {house->member_id}, .seed = 7};

    add_capture(house);
    for (int i = 1; i < PEOPLE; i++)
        drawn.people[i] =
            house_add_member(house, house->association_id, "Lou", "Roux", house->member_id);
    while (drawn.count < LINES_MAX) {
        draw_line(house, &drawn);
        for (int i = 0; i < LINKS_EACH && drawn.count > 0; i++)
            draw_link(house, &drawn);
        expect_carts_as_said(house);
    }
    assert_true(house_count(house, "SELECT COUNT(*) FROM allocation") > 20);
    assert_true(house_count(house, "SELECT COUNT(*) FROM allocation WHERE amount_cents < 0") > 2);
    assert_true(house_count(house, "SELECT COUNT(corrects_line_id) FROM cart_line") > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(any_cart_says_what_the_tables_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
