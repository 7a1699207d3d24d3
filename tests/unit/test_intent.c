/* One press on Payer: what may begin, and along which arrows it moves. */
#include "support/kernel.h"

#include <string.h>

static void freezes_the_oldest_charges(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");

    house_add_charge(house, house->member_id, "2026-09-12", 1500, "Sortie");
    house_add_charge(house, house->member_id, "2026-09-10", 2500, "Cotisation");
    kernel_open_intent(house, &account, house->member_id, "T1", 3000);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM intent_charge"), 2);
    assert_int_equal(house_count(house, "SELECT amount_cents FROM intent_charge "
                                        "WHERE position = 1"),
                     2500);
    assert_int_equal(house_count(house, "SELECT amount_cents FROM intent_charge "
                                        "WHERE position = 2"),
                     500);
}

/* Cents frozen of a charge, 0 when it is not among them. */
static int64_t frozen(struct house *house, int64_t intent_id, int64_t charge_line_id)
{
    return house_count(house,
                       "SELECT COALESCE(SUM(amount_cents), 0) FROM intent_charge "
                       "WHERE intent_id = %lld AND charge_line_id = %lld",
                       (long long)intent_id, (long long)charge_line_id);
}

static void freezes_what_was_ticked_first(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    int64_t child =
        house_add_member(house, house->association_id, "Léo", "Roux", house->member_id);
    int64_t old = house_add_charge(house, house->member_id, "2026-09-10", 2500, "Cotisation");
    int64_t trip = house_add_charge(house, house->member_id, "2026-09-12", 1500, "Sortie");
    int64_t his = house_add_charge(house, child, "2026-09-14", 2000, "Cotisation");
    const int64_t ticked[] = {his, trip, INT64_C(12345)};
    struct intent_draft draft = kernel_draft(house, &account, house->member_id, "T1", 4000);
    int64_t id;

    draft.ticked = ticked;
    draft.ticked_count = 3;
    assert_int_equal(kernel_create(house, &draft, &id), INTENT_STARTED);
    assert_int_equal(frozen(house, id, trip), 1500);
    assert_int_equal(frozen(house, id, his), 2000);
    assert_int_equal(frozen(house, id, old), 500); /* what the ticked ones do not take */
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM intent_charge"), 3);
}

static void an_attempt_is_for_its_charges(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    int64_t old = house_add_charge(house, house->member_id, "2026-09-10", 2500, "Cotisation");
    int64_t trip = house_add_charge(house, house->member_id, "2026-09-12", 2500, "Sortie");
    struct intent_draft draft = kernel_draft(house, &account, house->member_id, "T1", 2500);
    int64_t id;
    bool same;

    assert_int_equal(kernel_create(house, &draft, &id), INTENT_STARTED);
    house_ok(intent_for_same_charges(house->db, &draft, id, &same));
    assert_true(same);
    draft.ticked = &old;
    draft.ticked_count = 1;
    house_ok(intent_for_same_charges(house->db, &draft, id, &same));
    assert_true(same);
    draft.ticked = &trip;
    house_ok(intent_for_same_charges(house->db, &draft, id, &same));
    assert_false(same);
    draft.ticked_count = 0;
    draft.amount_cents = 3000;
    house_ok(intent_for_same_charges(house->db, &draft, id, &same));
    assert_false(same);
}

/* A payer reads what the whole family owes: a charge of a child changes it, too. */
static void a_familys_balance_is_compared(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    int64_t child =
        house_add_member(house, house->association_id, "Léo", "Roux", house->member_id);
    struct intent_draft draft;
    int64_t id;

    house_add_charge(house, house->member_id, "2026-09-10", 2500, "Cotisation");
    house_add_charge(house, child, "2026-09-11", 1500, "Cotisation");
    draft = kernel_draft(house, &account, house->member_id, "T1", 4000);
    assert_int_equal(draft.balance_shown_cents, 4000);
    house_add_charge(house, child, "2026-09-12", 500, "Sortie");
    assert_int_equal(kernel_create(house, &draft, &id), INTENT_BALANCE_CHANGED);
    draft.balance_shown_cents = 4500;
    assert_int_equal(kernel_create(house, &draft, &id), INTENT_STARTED);
}

static void the_same_form_is_the_same_intent(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct intent_draft first = kernel_draft(house, &account, house->member_id, "T1", 1000);
    struct intent_draft second = kernel_draft(house, &account, house->member_id, "T2", 1000);
    int64_t first_id, second_id;

    second.form_token = first.form_token;
    assert_int_equal(kernel_create(house, &first, &first_id), INTENT_STARTED);
    assert_int_equal(kernel_create(house, &second, &second_id), INTENT_SAME_FORM);
    assert_true(first_id == second_id);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM payment_intent"), 1);
}

static void one_live_attempt_per_payer(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    int64_t other = house_add_member(house, house->association_id, "Paul", "Roux", 0);
    struct intent_draft second;
    int64_t id;

    kernel_open_intent(house, &account, house->member_id, "T1", 1000);
    second = kernel_draft(house, &account, house->member_id, "T2", 2000);
    assert_int_equal(kernel_create(house, &second, &id), INTENT_ANOTHER_LIVE);
    assert_true(id == kernel_intent(house, "T1").id);
    second = kernel_draft(house, &account, other, "T3", 2000);
    assert_int_equal(kernel_create(house, &second, &id), INTENT_STARTED);
}

static void a_changed_balance_is_shown_first(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct intent_draft draft = kernel_draft(house, &account, house->member_id, "T1", 1000);
    int64_t id;

    house_add_charge(house, house->member_id, "2026-09-12", 1500, "Sortie");
    assert_int_equal(kernel_create(house, &draft, &id), INTENT_BALANCE_CHANGED);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM payment_intent"), 0);
}

static void a_gone_account_takes_nothing(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct intent_draft draft = kernel_draft(house, &account, house->member_id, "T1", 1000);
    int64_t id;

    house_execute(house, "UPDATE provider_account SET unlinked_at = 1");
    assert_int_equal(kernel_create(house, &draft, &id), INTENT_ACCOUNT_GONE);
}

static void moves_along_the_arrows_only(void **state)
{
    static const char arrows[7][8] = {
        /* to:  created open processing paid failed canceled expired */
        [INTENT_CREATED] = "0111111", [INTENT_OPEN] = "0011111",   [INTENT_PROCESSING] = "0001100",
        [INTENT_PAID] = "0000000",    [INTENT_FAILED] = "0011000", [INTENT_CANCELED] = "0011000",
        [INTENT_EXPIRED] = "0011000",
    };
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    const struct audit_actor nobody = {0, ""};
    int tried = 0;

    for (int from = INTENT_CREATED; from <= INTENT_EXPIRED; from++)
        for (int to = INTENT_CREATED; to <= INTENT_EXPIRED; to++) {
            const char *token = arena_printf(house->arena, "T%d-%d", from, to);
            struct intent_draft draft = kernel_draft(
                house, &account, house_add_member(house, house->association_id, "A", "B", 0),
                token, 1000);
            int64_t id;
            bool moved = false;

            assert_int_equal(kernel_create(house, &draft, &id), INTENT_STARTED);
            if (from != INTENT_CREATED)
                house_ok(intent_move(house->db, draft.association_id, id, (enum intent_state)from,
                                     "", &nobody, HOUSE_NOW, &moved));
            assert_int_equal(kernel_state(house, token), from);
            moved = false;
            house_ok(intent_move(house->db, draft.association_id, id, (enum intent_state)to, "",
                                 &nobody, HOUSE_NOW, &moved));
            if (moved != (arrows[from][to] == '1')) {
                print_error("%s -> %s\n", intent_state_name((enum intent_state)from),
                            intent_state_name((enum intent_state)to));
                _fail(__FILE__, __LINE__);
            }
            tried++;
        }
    assert_int_equal(tried, 49);
}

static void an_unknown_answer_is_tried_again(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct intent_draft draft = kernel_draft(house, &account, house->member_id, "T1", 1000);
    struct checkout_answer unknown = {.verdict = CHECKOUT_UNKNOWN, .reason = "timeout"};
    struct checkout_answer refused = {.verdict = CHECKOUT_REFUSED, .reason = "amount_too_small"};
    int64_t id;

    kernel_create(house, &draft, &id);
    house_ok(intent_answered(house->db, draft.association_id, id, &unknown, HOUSE_NOW));
    assert_int_equal(kernel_state(house, "T1"), INTENT_CREATED);
    assert_int_equal(house_count(house, "SELECT next_at FROM payment_intent"),
                     HOUSE_NOW + INTENT_PAGE_CALL_S);
    house_ok(intent_answered(house->db, draft.association_id, id, &refused, HOUSE_NOW));
    assert_int_equal(kernel_state(house, "T1"), INTENT_FAILED);
    assert_string_equal(kernel_intent(house, "T1").reason, "amount_too_small");
    assert_int_equal(house_count(house, "SELECT next_at IS NULL FROM payment_intent"), 1);
}

/* The payer may choose another means: the attempt stays, and each try counts once. */
static void a_declined_try_counts_once(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact fact = {.kind = FACT_DECLINED,
                                .association_id = house->association_id,
                                .provider_account_id = account.id,
                                .token = "T1",
                                .our_mark = true,
                                .reference = "cap-ORDER-1",
                                .currency = "EUR",
                                .reason = "INSTRUMENT_DECLINED",
                                .fact_at = HOUSE_NOW};

    house_add_charge(house, house->member_id, "2026-09-10", 3000, "Cotisation");
    kernel_open_intent(house, &account, house->member_id, "T1", 3000);
    assert_int_equal(kernel_post(house, &fact).outcome, OUTCOME_NOTED);
    assert_int_equal(kernel_post(house, &fact).outcome, OUTCOME_NOTED);
    assert_int_equal(kernel_state(house, "T1"), INTENT_OPEN);
    assert_int_equal(kernel_intent(house, "T1").declines, 1);
    assert_string_equal(kernel_intent(house, "T1").reason, "INSTRUMENT_DECLINED");
    fact.reference = "cap-ORDER-2";
    kernel_post(house, &fact);
    assert_int_equal(kernel_intent(house, "T1").declines, 2);
}

static void looks_grow_apart(void **state)
{
    int64_t before = 0;

    (void)state;
    for (int64_t attempts = 0; attempts < 12; attempts++) {
        int64_t delay_s = intent_next_at(INTENT_PROCESSING, attempts, 0, 0);
        assert_true(delay_s >= before && delay_s <= 86400);
        before = delay_s;
    }
    assert_int_equal(before, 86400);
    assert_int_equal(intent_next_at(INTENT_OPEN, 0, 1000, 0), 1060);
    assert_int_equal(intent_next_at(INTENT_OPEN, 9, 1000, 1100), 1160);
    assert_int_equal(intent_next_at(INTENT_OPEN, 9, 1000, 900), 1900);
}

/* What opens an attempt in the payer's browser is for nobody else, and ends with it. */
static void a_client_secret_ends_with_its_attempt(void **state)
{
    static const enum intent_state ends[] = {INTENT_PROCESSING, INTENT_PAID, INTENT_FAILED,
                                             INTENT_CANCELED, INTENT_EXPIRED};
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct checkout_answer answer = {.verdict = CHECKOUT_OPENED};
    const struct audit_actor nobody = {0, ""};

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        const char *token = arena_printf(house->arena, "E%zu", i), *secret = NULL;
        struct intent_draft draft =
            kernel_draft(house, &account,
                         house_add_member(house, house->association_id, "A", "B", 0), token, 1000);
        struct payment_intent intent;
        int64_t id;
        bool moved = false;

        answer.reference = arena_printf(house->arena, "cs_test_%zu", i);
        answer.client_secret = arena_printf(house->arena, "%s_secret_x", answer.reference);
        assert_int_equal(kernel_create(house, &draft, &id), INTENT_STARTED);
        house_ok(intent_answered(house->db, draft.association_id, id, &answer, HOUSE_NOW));
        intent = kernel_intent(house, token);
        assert_true(intent.embedded);
        assert_null(intent.provider_url);
        house_ok(intent_client_secret(house->db, &intent, house->arena, &secret));
        assert_string_equal(secret, answer.client_secret);
        intent.member_id++; /* somebody else */
        house_err(intent_client_secret(house->db, &intent, house->arena, &secret), ERR_NOT_FOUND);
        intent.member_id--;
        house_ok(intent_move(house->db, draft.association_id, id, ends[i], "", &nobody, HOUSE_NOW,
                             &moved));
        assert_true(moved);
        assert_false(kernel_intent(house, token).embedded);
        house_err(intent_client_secret(house->db, &intent, house->arena, &secret), ERR_NOT_FOUND);
    }
    assert_int_equal(
        house_count(house, "SELECT count(*) FROM payment_intent WHERE client_secret IS NOT NULL"),
        0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, house_setup, house_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(freezes_what_was_ticked_first),
        CASE(an_attempt_is_for_its_charges),
        CASE(a_familys_balance_is_compared),
        CASE(freezes_the_oldest_charges),
        CASE(the_same_form_is_the_same_intent),
        CASE(one_live_attempt_per_payer),
        CASE(a_changed_balance_is_shown_first),
        CASE(a_gone_account_takes_nothing),
        CASE(moves_along_the_arrows_only),
        CASE(an_unknown_answer_is_tried_again),
        CASE(a_declined_try_counts_once),
        CASE(looks_grow_apart),
        CASE(a_client_secret_ends_with_its_attempt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
