/* Random operations against the books, and a model that knows only the set of facts: payments of
 * both providers and by hand, told twice, too early and in any order, refunds, disputes, failures,
 * fees, corrections, cheques, advances that move, payouts, money of nobody. Every account, every
 * cart and every state of an attempt must be what the model says. SEED=n repeats a run, SCALE=n
 * makes it n times as long (SCALE=50: a million operations). */
#include "support/model_play.h"
#include "support/money.h"

#include <stdlib.h>
#include <time.h>

#include "association/cart.h"
#include "payment/means.h"

enum {
    OPERATIONS = 20000,
    OPERATIONS_OF_CONTROL = 400,
    COMPARE_EVERY = 200,
    VERIFY_TIMES = 4,
    GENERATION = 400,
    ACTIONS_MAX = 4
};

static const char *const revenue_accounts[] = {"7561", "706", "7088"};
static const char *const states[] = {"created", "open",     "processing", "paid",
                                     "failed",  "canceled", "expired"};
enum { STATES = sizeof(states) / sizeof(states[0]) };
static const struct audit_actor somebody = {0, ""};

/* Read by ASan at its start. The books of an operation are large for a moment: kept long after, as
 * ASan would, they are most of what this takes. */
const char *__asan_default_options(void); /* NOLINT(*-reserved-identifier) */
const char *__asan_default_options(void)  /* NOLINT(*-reserved-identifier) */
{
    return "quarantine_size_mb=4:thread_local_quarantine_size_kb=64:max_malloc_fill_size=0";
}

/* ---- the run ---- */

/* How often each comes, of a hundred. */
static const struct {
    play_action *act;
    int weight;
} actions[] = {
    {play_charge, 22},         {play_press, 20},         {play_follow, 16},
    {play_follow_further, 8},  {play_tell_again, 8},     {play_tell_untold, 6},
    {play_move_state, 3},      {play_pay_by_hand, 5},    {play_refund_by_hand, 3},
    {play_correct, 3},         {play_carry_to_bank, 1},  {play_cheque_comes_back, 1},
    {play_money_of_nobody, 1}, {play_at_the_account, 2}, {play_undo_by_hand, 1},
};

static play_action *draw(struct play *play)
{
    int at = play_below(play, 100);

    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        at -= actions[i].weight;
        if (at < 0)
            return actions[i].act;
    }
    return play_charge;
}

static void come(struct play *play)
{
    for (int i = 0; i < PLAY_AT_ONCE; i++) {
        size_t member = play->member_count++;

        play->members[member] = house_add_member(&play->house, play->house.association_id, "Ada",
                                                 play_name(play, "Blanc ", (int)member), 0);
        play->revenue[member] = revenue_accounts[member % 3];
        play->live[member] = -1;
    }
}

static void begin(struct play *play, unsigned seed, size_t operations)
{
    size_t most = operations * ACTIONS_MAX + 100;
    size_t members_max = (operations / GENERATION + 2) * PLAY_AT_ONCE;
    struct provider_account account;

    *play = (struct play){.seed = seed, .random = seed, .operations = operations};
    house_open(&play->house);
    house_execute(&play->house, "PRAGMA synchronous = OFF");
    play->lasting = play->house.arena;
    play->stripe = kernel_add_stripe(&play->house, play->house.association_id, "a");
    play->paypal =
        kernel_add_paypal(&play->house, play->house.association_id, "ABCDEFGHJKLMN", "a@b.fr", 1);
    house_ok(means_add_usual(play->house.db, play->house.association_id, &somebody, HOUSE_NOW));
    house_ok(account_find_means(play->house.db, play->house.association_id, "cash", play->lasting,
                                &account));
    play->cash_id = account.id;
    house_ok(account_find_means(play->house.db, play->house.association_id, "cheque",
                                play->lasting, &account));
    play->cheque_id = account.id;
    play->facts = calloc(most, sizeof(*play->facts));
    play->tellings = calloc(most, sizeof(*play->tellings));
    play->payments = calloc(most, sizeof(*play->payments));
    play->charges = calloc(most, sizeof(*play->charges));
    play->members = calloc(members_max, sizeof(*play->members));
    play->revenue = calloc(members_max, sizeof(*play->revenue));
    play->live = calloc(members_max, sizeof(*play->live));
    play->books.owed_cents = calloc(members_max, sizeof(*play->books.owed_cents));
    play->books.advance_cents = calloc(members_max, sizeof(*play->books.advance_cents));
}

static void end(struct play *play)
{
    house_close(&play->house);
    free(play->facts);
    free(play->tellings);
    free(play->payments);
    free(play->charges);
    free(play->members);
    free(play->revenue);
    free(play->live);
    free(play->books.owed_cents);
    free(play->books.advance_cents);
}

/* ---- comparing ---- */

static bool differs(struct play *play, const char *what, const char *which, int64_t model,
                    int64_t program)
{
    if (model != program && !play->quiet)
        print_error("%s %s: the model says %lld, the program %lld\n", what, which,
                    (long long)model, (long long)program);
    return model != program;
}

static int64_t booked(struct play *play, const char *code)
{
    return money_balance(&play->house, code);
}

static bool accounts_differ(struct play *play)
{
    bool different = false;
    int64_t all = 0;

    for (size_t i = 0; i < play->books.account_count; i++) {
        const struct model_account *account = &play->books.accounts[i];

        different |=
            differs(play, "account", account->code, account->cents, booked(play, account->code));
        all += account->cents < 0 ? -account->cents : account->cents;
    }
    /* And on no other account there is anything. */
    return different |
           differs(play, "all", "accounts", all,
                   house_count(&play->house,
                               "SELECT COALESCE(SUM(ABS(cents)), 0) FROM (SELECT"
                               " SUM(debit_cents - credit_cents) AS cents FROM entry_line"
                               " GROUP BY account_code)"));
}

static bool carts_differ(struct play *play)
{
    bool different = false;

    for (size_t i = 0; i < play->member_count; i++) {
        int64_t cents;

        house_ok(
            cart_balance(play->house.db, play->house.association_id, play->members[i], &cents));
        different |=
            differs(play, "member", play_name(play, "", (int)i), play->books.owed_cents[i], cents);
    }
    return different;
}

static bool states_differ(struct play *play)
{
    int64_t counts[STATES] = {0};
    bool different = false;

    for (size_t i = 0; i < play->payment_count; i++)
        if (play->payments[i].member != MODEL_NOBODY && !play->payments[i].means_id)
            counts[play->payments[i].state]++;
    for (size_t i = 0; i < STATES; i++)
        different |= differs(play, "attempts", states[i], counts[i],
                             house_count(&play->house,
                                         "SELECT COUNT(*) FROM payment_intent WHERE state = '%s'",
                                         states[i]));
    return different;
}

static void print_trail(const struct play *play)
{
    print_error("SEED=%u, operation %zu of %zu; the last ones:\n", play->seed, play->done,
                play->operations);
    for (size_t i = 0; i < PLAY_TRAIL && i <= play->done; i++)
        print_error("  %s\n",
                    play->trail[(play->done + PLAY_TRAIL - (PLAY_TRAIL - 1) + i) % PLAY_TRAIL]);
}

static bool agrees(struct play *play)
{
    bool different;

    model_books(play->facts, play->fact_count, play->member_count, play->revenue, play->mistake,
                &play->books);
    different = accounts_differ(play);
    different |= carts_differ(play);
    different |= states_differ(play);
    if (different && !play->quiet)
        print_trail(play);
    return !different;
}

/* Each operation has an arena of its own. */
static void step(struct play *play)
{
    play->house.arena = arena_new();
    if (play->done % GENERATION == 0)
        come(play);
    draw(play)(play);
    arena_free(play->house.arena);
    play->house.arena = play->lasting;
    play->done++;
}

static bool compare(struct play *play)
{
    bool same;

    play->house.arena = arena_new();
    same = agrees(play);
    for (int i = 0; same && i < PLAY_AT_ONCE; i++)
        play_move_advance(play);
    arena_free(play->house.arena);
    play->house.arena = play->lasting;
    return same;
}

static bool run(struct play *play)
{
    size_t every = play->operations / 100 > COMPARE_EVERY ? play->operations / 100 : COMPARE_EVERY;
    bool same = true;

    while (same && play->done < play->operations) {
        step(play);
        if (play->done % every == 0)
            same = compare(play);
        if (same && !play->mistake && !play->lies &&
            play->done % (play->operations / VERIFY_TIMES) == 0)
            money_clean(&play->house);
    }
    if (same) {
        play_tell_all(play);
        same = compare(play);
    }
    return same;
}

static double number_of(const char *variable, double otherwise)
{
    const char *given = getenv(variable);

    return given ? strtod(given, NULL) : otherwise;
}

static void the_books_are_what_the_model_says(void **state)
{
    unsigned seed = (unsigned)number_of("SEED", (double)(time(NULL) % 1000000));
    struct play *play = calloc(1, sizeof(*play));
    bool same;

    (void)state;
    print_message("SEED=%u\n", seed);
    begin(play, seed, (size_t)(OPERATIONS * number_of("SCALE", 1)));
    same = run(play);
    print_message("%zu operations: %zu facts, %zu told again, %zu told too early, %zu refused, "
                  "%zu advances moved, %zu members\n",
                  play->done, play->fact_count, play->repeated, play->waited, play->refused,
                  play->transfers, play->member_count);
    if (same)
        money_clean(&play->house);
    assert_true(play->repeated && play->waited && play->refused && play->transfers);
    end(play);
    free(play);
    assert_true(same);
}

/* ---- the judge can say no ---- */

static void check_seen(enum model_mistake mistake, bool lies)
{
    struct play *play = calloc(1, sizeof(*play));

    begin(play, 20261128, OPERATIONS_OF_CONTROL);
    play->mistake = mistake;
    play->lies = lies;
    play->quiet = true;
    assert_false(run(play));
    end(play);
    free(play);
}

static void a_model_with_a_mistake_is_seen(void **state)
{
    (void)state;
    for (int mistake = MODEL_RIGHT + 1; mistake < MODEL_MISTAKES; mistake++)
        check_seen((enum model_mistake)mistake, false);
}

static void a_cent_too_much_in_the_books_is_seen(void **state)
{
    (void)state;
    check_seen(MODEL_RIGHT, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_books_are_what_the_model_says),
        cmocka_unit_test(a_model_with_a_mistake_is_seen),
        cmocka_unit_test(a_cent_too_much_in_the_books_is_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
