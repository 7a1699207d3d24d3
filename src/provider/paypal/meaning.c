/*
 * What a verified message means. Only what is understood becomes a fact: an unknown word, an
 * unreadable amount posts nothing and is kept as unsupported.
 *
 * Signs: what PayPal kept of a transaction is mc_fee as it stands, when mc_gross has the sign that
 * its status asks for. Its simulator sends the other sign: the amount is the same then, and of the
 * fee nothing is known.
 */
#include <string.h>

#include "base/arena.h"
#include "provider/paypal/internal.h"

enum { MARK_DIGITS = 32, DATE_AHEAD_S = 24 * 3600 };

bool paypal_is_mark(struct str text, const char *installation)
{
    if (text.len == 0 || text.data[0] != 'G' || text.len != strlen(installation) + 2 + MARK_DIGITS)
        return false;
    text = str_from(text.data + 1, text.len - 1);
    if (!str_is(str_cut(&text, '-'), installation) || text.len != MARK_DIGITS)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!strchr("0123456789abcdef", text.data[i]) || text.data[i] == '\0')
            return false;
    }
    return true;
}

/* ---- the words ---- */

enum step {
    STEP_UNKNOWN, /* words nobody announced */
    STEP_CAPTURE,
    STEP_PENDING,
    STEP_FAILED,
    STEP_REFUND,
    STEP_REVERSAL,
    STEP_REVERSAL_CANCELED
};

static enum step step_of(struct str status)
{
    static const struct {
        const char *status;
        enum step step;
    } known[] = {
        {"Completed", STEP_CAPTURE},
        {"Pending", STEP_PENDING},
        {"Processed", STEP_PENDING},
        {"Created", STEP_PENDING},
        {"Denied", STEP_FAILED},
        {"Failed", STEP_FAILED},
        {"Expired", STEP_FAILED},
        {"Voided", STEP_FAILED},
        {"Refunded", STEP_REFUND},
        {"Reversed", STEP_REVERSAL},
        {"Canceled_Reversal", STEP_REVERSAL_CANCELED},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (str_is(status, known[i].status))
            return known[i].step;
    }
    return STEP_UNKNOWN;
}

/* Kinds of payment that somebody makes to the account. */
static bool payment_type(struct str txn_type)
{
    static const char *const known[] = {
        "web_accept", "cart",           "express_checkout",  "merch_pmt",       "send_money",
        "pro_hosted", "subscr_payment", "recurring_payment", "virtual_terminal"};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (str_is(txn_type, known[i]))
            return true;
    }
    return false;
}

/* News of a dispute have no status of a payment. */
static bool case_type(const struct ipn *ipn)
{
    return str_empty(ipn->payment_status) &&
           (str_is(ipn->txn_type, "new_case") || str_is(ipn->txn_type, "adjustment"));
}

/* What follows a payment often says no type. */
static bool type_fits(const struct ipn *ipn, enum step step)
{
    bool follows = step == STEP_REFUND || step == STEP_REVERSAL ||
                   step == STEP_REVERSAL_CANCELED ||
                   (step == STEP_FAILED && !str_empty(ipn->parent_txn_id));

    return payment_type(ipn->txn_type) || (follows && str_empty(ipn->txn_type));
}

bool paypal_may_undo(const struct ipn *ipn)
{
    return step_of(ipn->payment_status) == STEP_FAILED && ipn_is_word(ipn->txn_id, PAYPAL_ID_MAX);
}

/* ---- a message being read ---- */

struct reading {
    const struct ipn *ipn;
    const struct ipn_subject *subject;
    struct arena *arena;
    struct resolution *resolution;
    /* of messages about money */
    const char *txn_id;
    const struct currency *currency;
    int64_t gross_cents;
};

/* PayPal's date; reception when it cannot be read or lies in the future. */
static int64_t fact_time(struct str text, int64_t received_at)
{
    int64_t at;

    if (!paypal_date_parse(text, &at) || at > received_at + DATE_AHEAD_S)
        return received_at;
    return at;
}

static struct payment_fact *add_fact(const struct reading *reading, enum fact_kind kind)
{
    const struct ipn_subject *subject = reading->subject;
    struct resolution *resolution = reading->resolution;
    struct payment_fact *fact = &resolution->facts[resolution->fact_count++];

    resolution->kind = RESOLUTION_FACTS;
    *fact = (struct payment_fact){
        .kind = kind,
        .association_id = subject->account->association_id,
        .provider_account_id = subject->account->id,
        .token = subject->token,
        .our_mark = subject->our_mark,
        .reference = "",
        .currency = subject->intent_currency ? subject->intent_currency : "",
        .fact_at = fact_time(reading->ipn->payment_date, subject->received_at),
        .payer = reading->ipn->payer,
        .reason = "",
        .type = paypal_word(reading->ipn->txn_type, NULL, reading->arena),
    };
    return fact;
}

/* A message without currency that names an intent is read in the intent's: it is what we
 * asked for, and PayPal has confirmed the message as a whole. */
static const struct currency *ipn_currency(const struct ipn *ipn,
                                           const struct ipn_subject *subject, struct arena *arena)
{
    if (!str_empty(ipn->currency))
        return money_currency(str_copy(arena, ipn->currency));
    return subject->intent_currency ? money_currency(subject->intent_currency) : NULL;
}

/* Transaction, currency, amount; false when one is missing, and concluded. */
static bool read_money(struct reading *reading)
{
    const struct ipn *ipn = reading->ipn;
    const char *fault = NULL;

    reading->txn_id = paypal_word(ipn->txn_id, NULL, reading->arena);
    reading->currency = ipn_currency(ipn, reading->subject, reading->arena);
    if (!reading->txn_id)
        fault = "sans numéro de transaction";
    else if (!reading->currency)
        fault = "devise inconnue";
    else if (!money_parse_decimal(ipn->gross, reading->currency, &reading->gross_cents) ||
             reading->gross_cents == 0 || reading->gross_cents == INT64_MIN)
        fault = "montant illisible";
    if (fault)
        paypal_conclude(reading->resolution, OUTCOME_UNSUPPORTED, fault);
    return !fault;
}

static int64_t absolute(int64_t cents)
{
    return cents < 0 ? -cents : cents;
}

/* What reached or left the account in its own currency; 0 when it is its own, or not said. */
static int64_t settled(const struct reading *reading)
{
    const struct ipn *ipn = reading->ipn;
    const char *own = reading->subject->own_currency;
    int64_t cents = 0;

    if (strcmp(reading->currency->code, own) == 0 || !str_is(ipn->settle_currency, own) ||
        !money_parse_decimal(ipn->settle_amount, money_currency(own), &cents) ||
        cents == INT64_MIN)
        return 0;
    return absolute(cents);
}

static struct payment_fact *add_money(const struct reading *reading, enum fact_kind kind)
{
    struct payment_fact *fact = add_fact(reading, kind);

    fact->reference = reading->txn_id;
    fact->amount_cents = absolute(reading->gross_cents);
    fact->currency = reading->currency->code;
    fact->settled_cents = settled(reading);
    return fact;
}

/* The fee is a fact of its own, which follows the movement that carries it. Money of another
 * currency is settled net: nothing is left to be booked as a fee. */
static void add_fee(const struct reading *reading, enum fact_kind kind, bool even_none)
{
    struct payment_fact *fact;
    int64_t fee_cents = 0;
    struct str text = str_trim(reading->ipn->fee);

    if (!str_empty(text) &&
        (!money_parse_decimal(text, reading->currency, &fee_cents) || fee_cents == INT64_MIN))
        return;
    if (strcmp(reading->currency->code, reading->subject->own_currency) != 0)
        fee_cents = 0;
    if (fee_cents == 0 && !even_none)
        return;
    fact = add_fact(reading, kind);
    fact->reference = paypal_fee_reference(reading->txn_id, reading->arena);
    fact->parent = reading->txn_id;
    fact->amount_cents = fee_cents;
    fact->currency = reading->currency->code;
}

/* ---- payments ---- */

/* A capture of an authorisation names that as its parent, which is no refund. */
static void completed(struct reading *reading)
{
    struct payment_fact *fact;

    if (!read_money(reading))
        return;
    if (reading->gross_cents < 0) {
        paypal_conclude(reading->resolution, OUTCOME_UNSUPPORTED, "montant illisible");
        return;
    }
    fact = add_money(reading, FACT_CAPTURE);
    fact->objects[0] = paypal_word(reading->ipn->parent_txn_id, NULL, reading->arena);
    add_fee(reading, FACT_FEE, true);
}

/* Without money: the attempt it names moves, otherwise it is only kept. */
static void without_money(struct reading *reading, enum fact_kind kind)
{
    const struct ipn *ipn = reading->ipn;
    struct str word = kind == FACT_PENDING ? ipn->pending_reason : ipn->reason_code;
    const char *status = paypal_word(ipn->payment_status, "", reading->arena);
    struct payment_fact *fact;

    if (!reading->subject->intent_currency) {
        paypal_conclude(reading->resolution,
                        kind == FACT_PENDING ? OUTCOME_PENDING : OUTCOME_NOTED,
                        paypal_word(word, status, reading->arena));
        return;
    }
    fact = add_fact(reading, kind);
    fact->objects[0] = paypal_word(ipn->txn_id, NULL, reading->arena);
    fact->reason = paypal_word(word, status, reading->arena);
    reading->resolution->detail = fact->reason;
}

/* ---- what follows a payment ---- */

/* The transaction it follows. A message that names none follows its own. */
static const char *parent_of(const struct reading *reading)
{
    return paypal_word(reading->ipn->parent_txn_id, reading->txn_id, reading->arena);
}

static void follow(struct reading *reading, enum fact_kind kind, enum fact_kind fee_kind)
{
    bool usual_sign = (reading->gross_cents > 0) == (kind == FACT_DISPUTE_WON);
    struct payment_fact *fact = add_money(reading, kind);

    fact->parent = parent_of(reading);
    fact->dispute = paypal_word(reading->ipn->case_id, NULL, reading->arena);
    fact->reason = paypal_word(reading->ipn->reason_code, "", reading->arena);
    reading->resolution->detail =
        *fact->reason ? fact->reason
                      : paypal_word(reading->ipn->payment_status, "", reading->arena);
    if (usual_sign)
        add_fee(reading, fee_kind, false);
}

/* It never came; or, when it had come (an eCheck that bounces), it went again. */
static void failed(struct reading *reading)
{
    if (str_empty(reading->ipn->parent_txn_id) && !reading->subject->captured)
        without_money(reading, FACT_FAILED);
    else if (read_money(reading))
        follow(reading, FACT_CAPTURE_FAILED, FACT_FEE);
}

/* A payer's dispute is a talk with PayPal in between; a complaint asks PayPal to decide. Which way
 * a closed one ended is told by its money. */
static enum dispute_state case_state(const struct ipn *ipn)
{
    if (str_is(ipn->txn_type, "adjustment"))
        return DISPUTE_CLOSED;
    return str_is(ipn->case_type, "dispute") ? DISPUTE_INQUIRY : DISPUTE_OPEN;
}

static void case_told(struct reading *reading)
{
    const struct ipn *ipn = reading->ipn;
    const char *case_id = paypal_word(ipn->case_id, NULL, reading->arena);
    const char *payment = paypal_word(
        ipn->parent_txn_id, paypal_word(ipn->txn_id, NULL, reading->arena), reading->arena);
    struct payment_fact *fact;

    if (!case_id || !payment) {
        paypal_conclude(reading->resolution, OUTCOME_UNSUPPORTED, "litige sans numéro");
        return;
    }
    fact = add_fact(reading, FACT_DISPUTE_OPENED);
    fact->parent = payment;
    fact->dispute = case_id;
    fact->dispute_state = case_state(ipn);
    fact->reason = paypal_word(ipn->reason_code, "", reading->arena);
    if (!str_empty(ipn->case_date) && str_empty(ipn->payment_date))
        fact->fact_at = fact_time(ipn->case_date, reading->subject->received_at);
    reading->resolution->detail = case_id;
}

void paypal_meaning(const struct ipn *ipn, const struct ipn_subject *subject, struct arena *arena,
                    struct resolution *resolution)
{
    struct reading reading = {
        .ipn = ipn, .subject = subject, .arena = arena, .resolution = resolution};
    const char *status = paypal_word(ipn->payment_status, "", arena);
    enum step step = step_of(ipn->payment_status);

    if (case_type(ipn)) {
        case_told(&reading);
        return;
    }
    if (!type_fits(ipn, step)) {
        paypal_conclude(resolution, OUTCOME_UNSUPPORTED,
                        paypal_word(ipn->txn_type, status, arena));
        return;
    }
    if (step == STEP_CAPTURE)
        completed(&reading);
    else if (step == STEP_PENDING)
        without_money(&reading, FACT_PENDING);
    else if (step == STEP_FAILED)
        failed(&reading);
    else if (step == STEP_UNKNOWN)
        paypal_conclude(resolution, OUTCOME_UNSUPPORTED, status);
    else if (!read_money(&reading))
        return;
    else if (step == STEP_REFUND)
        follow(&reading, FACT_REFUND, FACT_FEE);
    else
        follow(&reading, step == STEP_REVERSAL ? FACT_DISPUTE : FACT_DISPUTE_WON,
               FACT_DISPUTE_FEE);
}
