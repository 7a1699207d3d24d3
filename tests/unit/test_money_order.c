/* What follows payments, told in any order and any number of times, ends the same: each account,
 * each kind of movement, each member, and verify finds nothing. Small stories many times, and one
 * season in three other orders. SEED=n repeats a run, SCALE=n makes the season n times as long
 * (SCALE=125: 5,000 payments). */
#include "support/kernel.h"
#include "support/money.h"

#include "association/cart.h"

#include <stdlib.h>
#include <time.h>

enum {
    STORY_PAYMENTS = 3,
    SEASON_PAYMENTS = 40,
    FACTS_OF_ONE = 24, /* at most, what follows it included */
    ROUNDS = 4,
    SECONDS_MAX = 8,
    OTHER_ORDERS = 3
};

static const char *const accounts[] = {"5171", "4191", "4671", "471",  "7561", "706",
                                       "7088", "627",  "5121", "4678", "7588"};
static const char *const kinds[] = {"capture", "refund",        "refund_failed", "fee",
                                    "dispute", "dispute_fee",   "dispute_won",   "capture_failed",
                                    "payout",  "payout_failed", "other"};
enum {
    ACCOUNTS = sizeof(accounts) / sizeof(accounts[0]),
    KINDS = sizeof(kinds) / sizeof(kinds[0])
};

/* Members, each with charges and one payment, and a child of the first; what happens to these. */
struct story {
    struct house *house;
    struct provider_account account;
    size_t payments;
    int64_t *members; /* one for each payment, and the child */
    struct payment_fact *facts;
    size_t count;
};

static size_t facts_max(size_t payments)
{
    return (payments + 1) * FACTS_OF_ONE;
}

static int below(unsigned *seed, int limit)
{
    return rand_r(seed) % limit;
}

static struct payment_fact *add(struct story *story, enum fact_kind kind, const char *reference,
                                const char *parent, int64_t cents)
{
    struct payment_fact *fact = &story->facts[story->count++];

    assert_in_range(story->count, 1, facts_max(story->payments));
    *fact = money_fact(&story->account, kind, reference, parent, cents);
    return fact;
}

static const char *name(struct story *story, const char *what, size_t payment, int number)
{
    return arena_printf(story->house->arena, "%s_%zu_%d", what, payment, number);
}

/* Refunds, some of which fail; a dispute through its stages; a failure; fees. */
static void add_what_follows(struct story *story, unsigned *seed, size_t payment, int64_t cents)
{
    const char *capture = name(story, "pi", payment, 0), *dispute = name(story, "dp", payment, 0);
    int refunds = below(seed, 4), stages = below(seed, 4);
    int64_t disputed = 1 + below(seed, (int)cents);

    for (int i = 0; i < refunds; i++) {
        int64_t back = 1 + below(seed, (int)cents);
        const char *refund = name(story, "re", payment, i);

        add(story, FACT_REFUND, refund, name(story, "ch", payment, 0), back);
        if (below(seed, 3) == 0)
            add(story, FACT_REFUND_FAILED, refund, refund, back);
    }
    for (int i = 0; i < stages; i++) {
        add(story, FACT_DISPUTE, name(story, "txn_d", payment, i), capture, disputed)->dispute =
            dispute;
        add(story, FACT_DISPUTE_FEE, name(story, "txn_d", payment, i), capture, 1500)->dispute =
            dispute;
        if (below(seed, 2))
            add(story, FACT_DISPUTE_WON, name(story, "txn_w", payment, i), capture,
                1 + below(seed, (int)disputed))
                ->dispute = dispute;
    }
    if (stages > 0 && below(seed, 2))
        add(story, FACT_DISPUTE_LOST, dispute, capture, 0)->dispute = dispute;
    if (below(seed, 5) == 0)
        add(story, FACT_CAPTURE_FAILED, name(story, "txn_f", payment, 0), capture, cents);
    add(story, FACT_FEE, name(story, "txn", payment, 0), capture, below(seed, 200));
}

static void add_payment(struct story *story, unsigned *seed, size_t payment)
{
    static const char *const charged[] = {"7561", "706", "7088"};
    const char *token = name(story, "T", payment, 0);
    int charges = 1 + below(seed, 7);
    int64_t cents = below(seed, 3) ? 0 : 1 + below(seed, 3000);
    struct payment_fact *fact;

    for (int i = 0; i < charges; i++) {
        int64_t due = 100 + below(seed, 4000);
        int64_t member =
            payment == 0 && i % 2 ? story->members[story->payments] : story->members[payment];

        money_charge(story->house, member, due, charged[i % 3], "Dépense");
        cents += due;
    }
    kernel_open_intent(story->house, &story->account, story->members[payment], token, cents);
    fact = add(story, FACT_CAPTURE, name(story, "pi", payment, 0), NULL, cents);
    fact->token = token;
    fact->our_mark = true;
    fact->objects[0] = name(story, "ch", payment, 0);
    add_what_follows(story, seed, payment, cents);
}

static void add_at_account(struct story *story, unsigned *seed)
{
    add(story, FACT_PAYOUT, "po_1", NULL, 1 + below(seed, 5000));
    if (below(seed, 2))
        add(story, FACT_PAYOUT_FAILED, "po_1", "po_1",
            story->facts[story->count - 1].amount_cents);
    add(story, FACT_OTHER, "txn_o", NULL, -1 - below(seed, 500))->nature = NATURE_RESERVE;
    add(story, FACT_CAPTURE, "pi_elsewhere", NULL, 5000);
    add(story, FACT_REFUND, "re_elsewhere", "pi_elsewhere", 1 + below(seed, 5000));
}

static void begin(struct story *story, struct house *house, size_t payments, unsigned seed)
{
    house_open(house);
    *story = (struct story){
        .house = house,
        .payments = payments,
        .members = arena_array(house->arena, payments + 1, sizeof(*story->members)),
        .facts = arena_array(house->arena, facts_max(payments), sizeof(*story->facts)),
    };
    story->account = kernel_add_stripe(house, house->association_id, "a");
    for (size_t i = 0; i < payments; i++)
        story->members[i] = house_add_member(house, house->association_id, "Ada",
                                             arena_printf(house->arena, "Blanc %zu", i), 0);
    story->members[payments] =
        house_add_member(house, house->association_id, "Léo", "Blanc", story->members[0]);
    for (size_t i = 0; i < payments; i++)
        add_payment(story, &seed, i);
    add_at_account(story, &seed);
}

/* ---- telling ---- */

static void shuffle(size_t *order, size_t count, unsigned *seed)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = (size_t)below(seed, (int)i), swap = order[i - 1];

        order[i - 1] = order[j];
        order[j] = swap;
    }
}

/* Each fact twice, in random order; those that wait for another again, as the inbox does. */
static void tell(struct story *story, unsigned seed)
{
    size_t count = 2 * story->count, waiting = count;
    size_t *order = arena_array(story->house->arena, count, sizeof(*order));

    for (size_t i = 0; i < count; i++)
        order[i] = i % story->count;
    shuffle(order, count, &seed);
    while (waiting > 0) {
        size_t left = 0;

        for (size_t i = 0; i < waiting; i++)
            if (kernel_post(story->house, &story->facts[order[i]]).outcome ==
                OUTCOME_WAITS_FOR_PARENT)
                order[left++] = order[i];
        assert_true(left < waiting);
        waiting = left;
    }
}

static void tell_in_order(struct story *story)
{
    for (size_t i = 0; i < story->count; i++)
        assert_int_not_equal(kernel_post(story->house, &story->facts[i]).outcome,
                             OUTCOME_WAITS_FOR_PARENT);
}

static bool equal(const char *what, const char *name, int64_t in_order, int64_t otherwise)
{
    if (in_order != otherwise)
        print_error("%s %s: %lld in order, %lld otherwise\n", what, name, (long long)in_order,
                    (long long)otherwise);
    return in_order == otherwise;
}

static int64_t moved(struct story *story, const char *kind)
{
    return house_count(story->house,
                       "SELECT COALESCE(SUM(amount_cents), 0) FROM provider_transaction"
                       " WHERE kind = '%s'",
                       kind);
}

static int64_t owed(struct story *story, size_t member)
{
    int64_t cents;

    house_ok(cart_balance(story->house->db, story->house->association_id, story->members[member],
                          &cents));
    return cents;
}

static bool same(struct story *in_order, struct story *otherwise)
{
    bool alike = true;

    for (size_t i = 0; i < ACCOUNTS; i++)
        alike &= equal("account", accounts[i], money_balance(in_order->house, accounts[i]),
                       money_balance(otherwise->house, accounts[i]));
    for (size_t i = 0; i < KINDS; i++)
        alike &= equal("kind", kinds[i], moved(in_order, kinds[i]), moved(otherwise, kinds[i]));
    for (size_t i = 0; i <= in_order->payments; i++)
        alike &= equal("member", arena_printf(in_order->house->arena, "%zu", i), owed(in_order, i),
                       owed(otherwise, i));
    return alike;
}

static void tell_otherwise(struct story *in_order, size_t payments, unsigned seed, unsigned order)
{
    struct house house;
    struct story otherwise;
    bool alike;

    begin(&otherwise, &house, payments, seed);
    tell(&otherwise, seed + order);
    money_clean(&house);
    alike = same(in_order, &otherwise);
    if (!alike)
        print_error("SEED=%u, order %u\n", seed, order);
    house_close(&house);
    assert_true(alike);
}

static void round_of(size_t payments, unsigned orders, unsigned seed)
{
    struct house house;
    struct story in_order;

    begin(&in_order, &house, payments, seed);
    tell_in_order(&in_order);
    money_clean(&house);
    assert_true(moved(&in_order, "capture") > 0 && moved(&in_order, "fee") < 0);
    for (unsigned order = 1; order <= orders; order++)
        tell_otherwise(&in_order, payments, seed, order);
    house_close(&house);
}

static unsigned number_of(const char *name, unsigned otherwise)
{
    const char *given = getenv(name);

    return given ? (unsigned)strtoul(given, NULL, 10) : otherwise;
}

static void any_order_ends_the_same(void **state)
{
    unsigned seed = number_of("SEED", 20261001);
    time_t end = time(NULL) + SECONDS_MAX;

    (void)state;
    print_message("SEED=%u\n", seed);
    for (unsigned round = 0; round < ROUNDS && (round == 0 || time(NULL) < end); round++)
        round_of(STORY_PAYMENTS, 1, seed + 1000 * round);
}

static void a_season_ends_the_same_in_three_other_orders(void **state)
{
    (void)state;
    round_of((size_t)SEASON_PAYMENTS * number_of("SCALE", 1), OTHER_ORDERS,
             number_of("SEED", 20261002));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_ends_the_same),
        cmocka_unit_test(a_season_ends_the_same_in_three_other_orders),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
