/*
 * What a verified message means. Only Completed is money; whatever is not understood posts
 * nothing and is kept as unsupported.
 */
#include <string.h>

#include "base/arena.h"
#include "provider/paypal/internal.h"

enum { MARK_DIGITS = 32 };

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

enum status_class {
    STATUS_MONEY,
    STATUS_PENDING,
    STATUS_FAILED,
    STATUS_OTHER /* refunds, reversals, and words nobody announced */
};

static enum status_class status_class(struct str status)
{
    static const struct {
        const char *status;
        enum status_class class;
    } known[] = {
        {"Completed", STATUS_MONEY}, {"Pending", STATUS_PENDING}, {"Processed", STATUS_PENDING},
        {"Created", STATUS_PENDING}, {"Denied", STATUS_FAILED},   {"Failed", STATUS_FAILED},
        {"Expired", STATUS_FAILED},  {"Voided", STATUS_FAILED},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (str_is(status, known[i].status))
            return known[i].class;
    }
    return STATUS_OTHER;
}

static bool payment_type(struct str txn_type)
{
    return str_is(txn_type, "web_accept") || str_is(txn_type, "cart") ||
           str_is(txn_type, "express_checkout") || str_is(txn_type, "merch_pmt");
}

static void conclude(struct resolution *resolution, enum event_outcome outcome, const char *detail)
{
    resolution->kind = RESOLUTION_OUTCOME;
    resolution->outcome = outcome;
    resolution->detail = detail;
}

static const char *word_or(struct str word, const char *otherwise, struct arena *arena)
{
    return ipn_is_word(word, PAYPAL_ID_MAX) ? str_copy(arena, word) : otherwise;
}

/* PayPal's date; reception when it cannot be read or lies in the future. */
static int64_t fact_time(const struct ipn *ipn, int64_t received_at)
{
    int64_t at;

    if (!paypal_date_parse(ipn->payment_date, &at) || at > received_at + 24 * 3600)
        return received_at;
    return at;
}

static struct payment_fact *add_fact(const struct ipn *ipn, const struct ipn_subject *subject,
                                     enum fact_kind kind, struct resolution *resolution)
{
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
        .fact_at = fact_time(ipn, subject->received_at),
        .payer = ipn->payer,
        .reason = "",
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

static void completed(const struct ipn *ipn, const struct ipn_subject *subject,
                      struct arena *arena, struct resolution *resolution)
{
    const struct currency *currency = ipn_currency(ipn, subject, arena);
    struct payment_fact *fact;
    int64_t gross_cents = 0;

    if (*subject->token == '\0') {
        conclude(resolution, OUTCOME_NOT_OURS, "");
    } else if (!ipn_is_word(ipn->txn_id, PAYPAL_ID_MAX)) {
        conclude(resolution, OUTCOME_UNSUPPORTED, "sans numéro de transaction");
    } else if (!currency) {
        conclude(resolution, OUTCOME_UNSUPPORTED, "devise inconnue");
    } else if (!money_parse_decimal(ipn->gross, currency, &gross_cents) || gross_cents <= 0) {
        conclude(resolution, OUTCOME_UNSUPPORTED, "montant illisible");
    } else {
        fact = add_fact(ipn, subject, FACT_CAPTURE, resolution);
        fact->reference = str_copy(arena, ipn->txn_id);
        fact->amount_cents = gross_cents;
        fact->currency = currency->code;
    }
}

/* Without money: the attempt it names moves, otherwise it is only kept. */
static void without_money(const struct ipn *ipn, const struct ipn_subject *subject,
                          enum fact_kind kind, struct arena *arena, struct resolution *resolution)
{
    struct str word = kind == FACT_PENDING ? ipn->pending_reason : ipn->reason_code;
    const char *status = word_or(ipn->payment_status, "", arena);
    struct payment_fact *fact;

    if (!subject->intent_currency) {
        conclude(resolution, kind == FACT_PENDING ? OUTCOME_PENDING : OUTCOME_NOTED, status);
        return;
    }
    fact = add_fact(ipn, subject, kind, resolution);
    fact->objects[0] = word_or(ipn->txn_id, NULL, arena);
    fact->reason = word_or(word, status, arena);
    resolution->detail = fact->reason;
}

void paypal_meaning(const struct ipn *ipn, const struct ipn_subject *subject, struct arena *arena,
                    struct resolution *resolution)
{
    const char *status = word_or(ipn->payment_status, "", arena);

    if (!payment_type(ipn->txn_type)) {
        conclude(resolution, OUTCOME_UNSUPPORTED, word_or(ipn->txn_type, status, arena));
        return;
    }
    switch (status_class(ipn->payment_status)) {
    case STATUS_MONEY:
        completed(ipn, subject, arena, resolution);
        break;
    case STATUS_PENDING:
        without_money(ipn, subject, FACT_PENDING, arena, resolution);
        break;
    case STATUS_FAILED:
        without_money(ipn, subject, FACT_FAILED, arena, resolution);
        break;
    case STATUS_OTHER:
        conclude(resolution, OUTCOME_UNSUPPORTED, status);
        break;
    }
}
