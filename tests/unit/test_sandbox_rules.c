/*
 * Stripe's forms as the practice provider reads them: what bracketed names mean, and what the
 * tables of rules let through, typed.
 */
#include "support/sandbox_bench.h"

#include <stdlib.h>
#include <string.h>

#include "sandbox/stripe_form.h"

static const struct stripe_rule rules[] = {
    {.path = "mode", .kind = RULE_CHOICE, .choices = "payment|setup"},
    {.path = "url", .kind = RULE_URL, .max = 40},
    {.path = "email", .kind = RULE_EMAIL, .max = 40},
    {.path = "note", .kind = RULE_TEXT, .max = 5},
    {.path = "live", .kind = RULE_BOOLEAN},
    {.path = "currency", .kind = RULE_CURRENCY},
    {.path = "metadata", .kind = RULE_METADATA},
    {.path = "lines[].count", .kind = RULE_INTEGER, .min = 1, .max = 9},
    {.path = "lines[].price.amount", .kind = RULE_DECIMAL},
    {.path = "expand[]", .kind = RULE_TEXT, .max = 10},
    {.path = NULL},
};

/* A call that has nothing but an arena. */
static struct stripe_call empty_call(void)
{
    return (struct stripe_call){.arena = arena_new()};
}

static void end_call(struct stripe_call *call)
{
    json_decref(call->parameters);
    arena_free(call->arena);
}

static void assert_tree(const struct stripe_call *call, const char *expected)
{
    char *text = json_dumps(call->parameters, JSON_COMPACT);

    assert_string_equal(text, expected);
    free(text);
}

static void test_names_make_maps_and_lists(void **state)
{
    static const struct {
        const char *form;
        const char *tree;
    } cases[] = {
        {"", "{}"},
        {"a=1", "{\"a\":\"1\"}"},
        {"a=", "{\"a\":\"\"}"},
        {"a=1&b=2&", "{\"a\":\"1\",\"b\":\"2\"}"},
        {"a[b]=1&a[c][d]=2", "{\"a\":{\"b\":\"1\",\"c\":{\"d\":\"2\"}}}"},
        {"a[0]=1&a[1]=2", "{\"a\":[\"1\",\"2\"]}"},
        {"a[]=1&a[]=2", "{\"a\":[\"1\",\"2\"]}"},
        {"a[0][b]=1&a[0][c]=2&a[1][b]=3", "{\"a\":[{\"b\":\"1\",\"c\":\"2\"},{\"b\":\"3\"}]}"},
        {"a%5Bb%5D=%C3%A9+%2B", "{\"a\":{\"b\":\"\xc3\xa9 +\"}}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct stripe_call call = empty_call();

        bench_ok(stripe_form_read(&call, str_of(cases[i].form), &call.parameters));
        assert_int_equal(call.error.status, 0);
        assert_tree(&call, cases[i].tree);
        end_call(&call);
    }
}

static void test_malformed_names_are_refused(void **state)
{
    static const char *const forms[] = {
        "a=1&a=2",
        "a[b]=1&a[b]=2",
        "a[b=1",
        "a]b[=1",
        "[a]=1",
        "a[b]c=1",
        "a[1]=1",
        "a[0]=1&a[2]=2",
        "a[0]=1&a[b]=2",
        "a=1&a[b]=2",
        "a[b]=1&a[0]=2",
        "a[0]=1&a[0]=2",
        "a=%zz",
        "a=%00",
        "a=%ff",
        "a[100]=1",
        "a[-1]=1&a[b]=1&a=1",
        "a[b][c][d][e][f][g][h][i]=1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
        struct stripe_call call = empty_call();

        bench_ok(stripe_form_read(&call, str_of(forms[i]), &call.parameters));
        if (call.error.status != 400)
            print_error("accepted: %s\n", forms[i]);
        assert_int_equal(call.error.status, 400);
        assert_string_equal(call.error.type, "invalid_request_error");
        end_call(&call);
    }
}

static void check(struct stripe_call *call, const char *form)
{
    bench_ok(stripe_form_read(call, str_of(form), &call->parameters));
    assert_int_equal(call->error.status, 0);
    bench_ok(stripe_rules_check(call, rules, call->parameters));
}

static void test_what_passes_is_typed(void **state)
{
    struct stripe_call call = empty_call();

    (void)state;
    check(&call, "mode=payment&url=https://a.example/x&email=a@b&note=abcde&live=true&currency=eur"
                 "&metadata[k]=&metadata[l]=v&lines[0][count]=3&lines[0][price][amount]=12.50"
                 "&expand[]=a.b");
    assert_int_equal(call.error.status, 0);
    assert_tree(&call, "{\"mode\":\"payment\",\"url\":\"https://a.example/x\",\"email\":\"a@b\","
                       "\"note\":\"abcde\",\"live\":true,\"currency\":\"eur\","
                       "\"metadata\":{\"k\":\"\",\"l\":\"v\"},"
                       "\"lines\":[{\"count\":3,\"price\":{\"amount\":\"12.50\"}}],"
                       "\"expand\":[\"a.b\"]}");
    end_call(&call);
}

static void test_what_does_not_fit_is_named(void **state)
{
    static const struct {
        const char *form;
        const char *param;
        const char *code;
    } cases[] = {
        {"other=1", "other", "parameter_unknown"},
        {"mode[x]=1", "mode", "parameter_unknown"},
        {"lines=1", "lines", "parameter_unknown"},
        {"lines[0][other]=1", "lines[0][other]", "parameter_unknown"},
        {"lines[0][price][count]=1", "lines[0][price][count]", "parameter_unknown"},
        {"expand=a", "expand", "parameter_unknown"},
        {"mode=", "mode", "parameter_invalid_empty"},
        {"mode=pay", "mode", NULL},
        {"url=ftp://a", "url", "url_invalid"},
        {"url=https://a.example/%0d%0a", "url", "url_invalid"},
        {"url=https://a.example/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "url", NULL},
        {"email=nobody", "email", "email_invalid"},
        {"note=abcdef", "note", NULL},
        {"live=1", "live", NULL},
        {"currency=EUR", "currency", NULL},
        {"currency=xxx", "currency", NULL},
        {"metadata=x", "metadata", NULL},
        {"metadata[a][b]=x", "metadata", NULL},
        {"metadata[aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]=x", "metadata", NULL},
        {"lines[0][count]=0", "lines[0][count]", "parameter_invalid_integer"},
        {"lines[0][count]=10", "lines[0][count]", "parameter_invalid_integer"},
        {"lines[0][count]=1.0", "lines[0][count]", "parameter_invalid_integer"},
        {"lines[0][count]=%201", "lines[0][count]", "parameter_invalid_integer"},
        {"lines[0][price][amount]=1.", "lines[0][price][amount]", NULL},
        {"lines[0][price][amount]=-1", "lines[0][price][amount]", NULL},
        {"lines[0][price][amount]=1.1234567890123", "lines[0][price][amount]", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct stripe_call call = empty_call();

        check(&call, cases[i].form);
        if (call.error.status != 400)
            print_error("accepted: %s\n", cases[i].form);
        assert_int_equal(call.error.status, 400);
        assert_string_equal(call.error.param, cases[i].param);
        if (cases[i].code)
            assert_string_equal(call.error.code, cases[i].code);
        else
            assert_null(call.error.code);
        end_call(&call);
    }
}

static void test_metadata_has_fifty_keys(void **state)
{
    (void)state;
    for (int count = 50; count <= 51; count++) {
        struct stripe_call call = empty_call();
        struct buffer form;

        buffer_init(&form, call.arena, 1024);
        for (int i = 0; i < count; i++)
            buffer_printf(&form, "metadata[k%d]=v&", i);
        check(&call, form.data);
        assert_int_equal(call.error.status, count == 50 ? 0 : 400);
        end_call(&call);
    }
}

static void test_expansions_follow_a_path(void **state)
{
    static const struct {
        const char *kind;
        const char *path;
        int status;
    } cases[] = {
        {"checkout.session", "payment_intent", 0},
        {"checkout.session", "payment_intent.latest_charge.balance_transaction", 0},
        {"list:checkout.session", "data.payment_intent", 0},
        {"list:checkout.session", "payment_intent", 400},
        {"checkout.session", "data.payment_intent", 400},
        {"checkout.session", "payment_intent.", 400},
        {"checkout.session", "customer", 400},
        {"charge", "balance_transaction", 0},
        {"charge", "payment_intent.latest_charge.payment_intent.latest_charge.payment_intent",
         400},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct stripe_call call = empty_call();

        call.parameters = json_pack("{s:[s]}", "expand", cases[i].path);
        bench_ok(stripe_expand_check(&call, cases[i].kind));
        assert_int_equal(call.error.status, cases[i].status);
        end_call(&call);
    }
}

static void test_cards_and_accounts_have_their_fates(void **state)
{
    static const struct {
        const char *number;
        enum method_fate fate;
        const char *decline_code;
    } cards[] = {
        {"4242424242424242", FATE_PAYS, NULL},
        {"4242 4242-4242 4242", FATE_PAYS, NULL},
        {"4000 0027 6000 3184", FATE_CHALLENGE, NULL},
        {"4000000000009995", FATE_REFUSED, "insufficient_funds"},
        {"4970100000000154", FATE_REFUSED, "test_mode_live_card"},
        {"4242424242424241", FATE_REFUSED, NULL},
        {"42424242424242424242", FATE_REFUSED, NULL},
        {"", FATE_REFUSED, NULL},
        {"quatre mille", FATE_REFUSED, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cards) / sizeof(*cards); i++) {
        const struct pay_method *method = stripe_card_find(cards[i].number);

        assert_int_equal(method->fate, cards[i].fate);
        if (cards[i].decline_code)
            assert_string_equal(method->decline_code, cards[i].decline_code);
        assert_int_equal(method->code != NULL, method->fate == FATE_REFUSED);
    }
    assert_int_equal(stripe_iban_find("AT61 1904 3002 3457 3201")->fate, FATE_SETTLES);
    assert_int_equal(stripe_iban_find("AT86 1904 3002 3547 3202")->fate, FATE_BOUNCES);
    assert_null(stripe_iban_find("FR76 3000 6000 0112 3456 7890 189"));
    assert_null(stripe_outcome_number("magic"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_make_maps_and_lists),
        cmocka_unit_test(test_malformed_names_are_refused),
        cmocka_unit_test(test_what_passes_is_typed),
        cmocka_unit_test(test_what_does_not_fit_is_named),
        cmocka_unit_test(test_metadata_has_fifty_keys),
        cmocka_unit_test(test_expansions_follow_a_path),
        cmocka_unit_test(test_cards_and_accounts_have_their_fates),
    };

    return cmocka_run_group_tests_name("sandbox rules", tests, NULL, NULL);
}
