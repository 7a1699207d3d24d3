/* What follows payments, told in any order and any number of times, ends the same: each account,
 * each member, and verify finds nothing. SEED=n repeats a run. */
#include "support/kernel.h"
#include "support/money.h"

#include "association/cart.h"

#include <stdlib.h>
#include <time.h>

enum { PAYMENTS = 3, FACTS_IN_ALL = 64, ROUNDS = 4, SECONDS_MAX = 8 };

static const char *const accounts[] = {"5171", "4191", "4671", "471",  "7561", "706",
                                       "7088", "627",  "5121", "4678", "7588"};
enum { ACCOUNTS = sizeof(accounts) / sizeof(accounts[0]) };

/* Three members, each with charges and one payment; what happens to these. */
struct story {
    struct house *house;
    struct provider_account account;
    int64_t members[PAYMENTS + 1];
    struct payment_fact facts[FACTS_IN_ALL];
    size_t count;
};

static int below(unsigned *seed, int limit)
{
    return rand_r(seed) % limit;
}

static struct payment_fact *add(struct story *story, enum fact_kind kind, const char *reference,
                                const char *parent, int64_t cents)
{
    struct payment_fact *fact = &story->facts[story->count++];

    assert_in_range(story->count, 1, FACTS_IN_ALL);
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
            payment == 0 && i % 2 ? story->members[PAYMENTS] : story->members[payment];

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

static void begin(struct story *story, struct house *house, unsigned seed)
{
    *story = (struct story){.house = house};
    house_open(house);
    story->account = kernel_add_stripe(house, house->association_id, "a");
    for (int i = 0; i < PAYMENTS; i++)
        story->members[i] = house_add_member(house, house->association_id, "Ada",
                                             arena_printf(house->arena, "Blanc %d", i), 0);
    story->members[PAYMENTS] =
        house_add_member(house, house->association_id, "Léo", "Blanc", story->members[0]);
    for (size_t i = 0; i < PAYMENTS; i++)
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
    size_t order[2 * FACTS_IN_ALL], count = 2 * story->count, waiting = count;

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

static bool same(struct story *left, struct story *right)
{
    bool alike = true;

    for (size_t i = 0; i < ACCOUNTS; i++) {
        int64_t a = money_balance(left->house, accounts[i]);
        int64_t b = money_balance(right->house, accounts[i]);

        if (a != b)
            print_error("account %s: %lld in order, %lld otherwise\n", accounts[i], (long long)a,
                        (long long)b);
        alike = alike && a == b;
    }
    for (size_t i = 0; i <= PAYMENTS; i++) {
        int64_t a, b;

        house_ok(cart_balance(left->house->db, left->house->association_id, left->members[i], &a));
        house_ok(
            cart_balance(right->house->db, right->house->association_id, right->members[i], &b));
        if (a != b)
            print_error("member %zu: %lld in order, %lld otherwise\n", i, (long long)a,
                        (long long)b);
        alike = alike && a == b;
    }
    return alike;
}

static void round_of(unsigned seed)
{
    struct house first, second;
    struct story in_order, otherwise;
    bool alike;

    begin(&in_order, &first, seed);
    begin(&otherwise, &second, seed);
    tell_in_order(&in_order);
    money_clean(&first);
    tell(&otherwise, seed + 1);
    money_clean(&second);
    alike = same(&in_order, &otherwise);
    if (!alike)
        print_error("SEED=%u\n", seed);
    house_close(&first);
    house_close(&second);
    assert_true(alike);
}

static void any_order_ends_the_same(void **state)
{
    const char *given = getenv("SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : 20261001;
    time_t end = time(NULL) + SECONDS_MAX;

    (void)state;
    print_message("SEED=%u\n", seed);
    for (unsigned round = 0; round < ROUNDS && (round == 0 || time(NULL) < end); round++)
        round_of(seed + 1000 * round);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_order_ends_the_same)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
