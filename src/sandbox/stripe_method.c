#include <string.h>

#include "base/arena.h"
#include "sandbox/stripe_move.h"

/* Stripe's published test cards, and what each of them does. */
static const struct pay_method cards[] = {
    {"4242424242424242", FATE_PAYS, "visa", "US", NULL, NULL, NULL},
    {"4000002500000003", FATE_PAYS, "visa", "FR", NULL, NULL, NULL},
    {"5555555555554444", FATE_PAYS, "mastercard", "US", NULL, NULL, NULL},
    {"378282246310005", FATE_PAYS, "amex", "US", NULL, NULL, NULL},
    {"4000002760003184", FATE_CHALLENGE, "visa", "DE", NULL, NULL, NULL},
    {"4000002500003155", FATE_CHALLENGE, "visa", "FR", NULL, NULL, NULL},
    {"4000000000000002", FATE_REFUSED, "visa", "US", "card_declined", "generic_decline",
     "Your card was declined."},
    {"4000000000009995", FATE_REFUSED, "visa", "US", "card_declined", "insufficient_funds",
     "Your card has insufficient funds."},
    {"4000000000009987", FATE_REFUSED, "visa", "US", "card_declined", "lost_card",
     "Your card was declined."},
    {"4000000000000069", FATE_REFUSED, "visa", "US", "expired_card", NULL,
     "Your card has expired."},
    {"4000000000000127", FATE_REFUSED, "visa", "US", "incorrect_cvc", NULL,
     "Your card's security code is incorrect."},
    {"4000000000000119", FATE_REFUSED, "visa", "US", "processing_error", NULL,
     "An error occurred while processing your card. Try again in a little bit."},
};

/* Any other number: in test mode a real card is refused, and so is a mistyped one. */
static const struct pay_method unknown_card = {
    "",
    FATE_REFUSED,
    "unknown",
    "US",
    "card_declined",
    "test_mode_live_card",
    "Your card was declined. Your request was in test mode, but used a non test card."};
static const struct pay_method mistyped_card = {
    "", FATE_REFUSED, "unknown", "US", "incorrect_number", NULL, "Your card number is incorrect."};

static const struct pay_method ibans[] = {
    {"AT611904300234573201", FATE_SETTLES, "", "AT", NULL, NULL, NULL},
    {"FR1420041010050500013M02606", FATE_SETTLES, "", "FR", NULL, NULL, NULL},
    {"AT861904300235473202", FATE_BOUNCES, "", "AT", "payment_intent_payment_attempt_failed",
     "generic_decline", "The payment failed."},
    {"FR8420041010050500013M02607", FATE_BOUNCES, "", "FR",
     "payment_intent_payment_attempt_failed", "generic_decline", "The payment failed."},
};

/* Is the number typed with or without spaces this one? */
static bool same_number(const char *typed, const char *number)
{
    for (; *typed; typed++) {
        if (*typed == ' ' || *typed == '-')
            continue;
        if (*typed != *number)
            return false;
        number++;
    }
    return !*number;
}

/* The check digit that every card number carries (Luhn). */
static bool check_digit_fits(const char *typed)
{
    int sum = 0;
    int count = 0;

    for (size_t i = strlen(typed); i-- > 0;) {
        int digit = typed[i] - '0';

        if (typed[i] == ' ' || typed[i] == '-')
            continue;
        if (digit < 0 || digit > 9)
            return false;
        if (count++ % 2)
            digit = digit > 4 ? 2 * digit - 9 : 2 * digit;
        sum += digit;
    }
    return count >= 12 && count <= 19 && sum % 10 == 0;
}

const struct pay_method *stripe_card_find(const char *number)
{
    for (size_t i = 0; i < sizeof(cards) / sizeof(*cards); i++)
        if (same_number(number, cards[i].number))
            return &cards[i];
    return check_digit_fits(number) ? &unknown_card : &mistyped_card;
}

const struct pay_method *stripe_iban_find(const char *number)
{
    for (size_t i = 0; i < sizeof(ibans) / sizeof(*ibans); i++)
        if (same_number(number, ibans[i].number))
            return &ibans[i];
    return NULL;
}

const char *stripe_outcome_number(const char *outcome)
{
    static const struct {
        const char *outcome;
        const char *number;
    } names[] = {
        {"pay", "4242424242424242"},
        {"declined", "4000000000000002"},
        {"no_funds", "4000000000009995"},
        {"three_d_secure", "4000002760003184"},
        {"three_d_secure_failed", "4000002760003184"},
        {"sepa", "AT611904300234573201"},
        {"sepa_failed", "AT861904300235473202"},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (!strcmp(names[i].outcome, outcome))
            return names[i].number;
    return NULL;
}

static const char *last_four(struct arena *arena, const char *number)
{
    char digits[5] = "0000";
    size_t filled = 4;

    for (size_t i = strlen(number); i-- > 0 && filled > 0;)
        if (number[i] >= '0' && number[i] <= '9')
            digits[--filled] = number[i];
    return arena_string(arena, digits);
}

enum err stripe_move_choose(struct stripe_move *move, const char *outcome, const char *card,
                            const char *iban)
{
    bool debit = outcome ? !strncmp(outcome, "sepa", 4) : iban != NULL;
    const char *number = outcome ? stripe_outcome_number(outcome) : debit ? iban : card;

    if (!number)
        return fail(ERR_INPUT, "unknown outcome");
    move->method = debit ? stripe_iban_find(number) : stripe_card_find(number);
    if (!move->method)
        return fail(ERR_INPUT, "not one of the test accounts");
    move->last4 = last_four(move->arena, number);
    return OK;
}
