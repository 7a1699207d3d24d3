/*
 * Stripe's own list of what moved, page by page, and what it holds.
 */
#include <string.h>

#include "base/arena.h"
#include "provider/stripe/money.h"

enum { PAGE_MAX = 100, PAYER_MAX = 120, TOKEN_MAX = 200 };

/* ---- a line ---- */

/* The payment behind a source; a charge without one is named by itself. */
static const char *parent_of(const struct stripe_balance *balance, struct arena *arena)
{
    const char *payment = stripe_named_at(balance->source, "payment_intent", "pi_", arena);

    if (*payment == '\0')
        payment = stripe_named_at(balance->source, "charge", "", arena);
    if (*payment == '\0' && stripe_is(balance->source, "charge"))
        payment = balance->source_id;
    return *payment != '\0' ? payment : NULL;
}

static void add_object(struct statement_line *line, const char *name)
{
    for (int i = 0; i < FACT_OBJECTS_MAX && *name != '\0'; i++) {
        if (!line->objects[i]) {
            line->objects[i] = name;
            return;
        }
    }
}

/* The metadata of a payment are copied to its charge: our mark is there. A debit has its line from
 * the first day on, and may fail for weeks. */
static void read_charge(const struct provider_call *call, const struct stripe_balance *balance,
                        struct statement_line *line)
{
    const json_t *charge = balance->source;
    struct str status = json_text(charge, "status");

    line->movement = parent_of(balance, call->arena);
    line->token = stripe_text_at(charge, "metadata.intent", TOKEN_MAX, call->arena);
    line->our_mark = str_is(json_text(charge, "metadata.guichet"), call->installation);
    line->payer = stripe_text_at(charge, "billing_details.name", PAYER_MAX, call->arena);
    line->standing = str_is(status, "pending")  ? LINE_UNDER_WAY
                     : str_is(status, "failed") ? LINE_FAILED
                                                : LINE_FINAL;
    add_object(line, balance->source_id);
    add_object(line, balance->id);
}

/* An adjustment of a dispute, by its sign. */
static void read_dispute(const struct provider_call *call, const struct stripe_balance *balance,
                         struct statement_line *line)
{
    line->kind = balance->amount_cents < 0 ? FACT_DISPUTE : FACT_DISPUTE_WON;
    line->dispute = balance->source_id;
    line->parent = parent_of(balance, call->arena);
}

static bool sign_fits(int sign, int64_t cents)
{
    return cents != 0 && (sign == 0 || (sign > 0) == (cents > 0));
}

static bool is_refund(struct str id)
{
    return stripe_id_valid(id, "re_") || stripe_id_valid(id, "pyr_");
}

/* Fills kind and names by the row of the type; false when the line does not fit its row. */
static bool read_by_type(const struct provider_call *call, const struct stripe_balance *balance,
                         const struct stripe_type *type, struct statement_line *line)
{
    struct str source = str_of(balance->source_id);

    line->kind = type->kind;
    line->nature = type->nature;
    line->movement = balance->id;
    if (!sign_fits(type->sign, balance->amount_cents))
        return false;
    switch (type->naming) {
    case NAMED_BY_PAYMENT:
        read_charge(call, balance, line);
        return stripe_is(balance->source, "charge") && line->movement;
    case NAMED_BY_REFUND:
        line->movement = balance->source_id;
        line->parent = type->kind == FACT_REFUND_FAILED ? balance->source_id
                                                        : parent_of(balance, call->arena);
        return is_refund(source);
    case NAMED_BY_PAYOUT:
        line->movement = balance->source_id;
        line->parent = type->kind == FACT_PAYOUT_FAILED ? balance->source_id : NULL;
        return stripe_id_valid(source, "po_");
    case NAMED_BY_LINE:
        break;
    }
    if (type->kind == FACT_CAPTURE_FAILED)
        line->parent = parent_of(balance, call->arena);
    return type->kind != FACT_CAPTURE_FAILED || line->parent;
}

/* An adjustment is what its source says. */
static bool read_adjustment(const struct provider_call *call, const struct stripe_balance *balance,
                            struct statement_line *line)
{
    if (stripe_is(balance->source, "dispute") && balance->source_id[0] != '\0') {
        read_dispute(call, balance, line);
        return true;
    }
    return is_refund(str_of(balance->source_id)) &&
           read_by_type(call, balance, stripe_type_find("refund_failure"), line);
}

/* What a line of no row is, or of one it does not fit: somebody looks at it. */
static struct statement_line line_begin(const struct statement_request *request,
                                        const struct stripe_balance *balance)
{
    return (struct statement_line){
        .reference = balance->id,
        .type = balance->type,
        .posts = balance->of_payments && (balance->amount_cents != 0 || balance->fee_cents != 0),
        .kind = FACT_OTHER,
        .nature = NATURE_UNKNOWN,
        .movement = balance->id,
        .token = "",
        .payer = "",
        .gross_cents = balance->amount_cents,
        .fee_cents = balance->fee_cents,
        .currency = balance->currency,
        .fact_at = balance->created_at,
        .payout = request->payout,
    };
}

/* A line whose amount is nil carries a fee alone: that is what moved. */
static void read_fee_alone(const struct stripe_balance *balance, struct statement_line *line)
{
    line->nature = NATURE_FEE;
    if (stripe_is(balance->source, "dispute"))
        line->kind = FACT_DISPUTE_FEE;
    line->gross_cents = -balance->fee_cents;
    line->fee_cents = 0;
}

static void read_line(const struct provider_call *call, const struct statement_request *request,
                      const struct stripe_balance *balance, struct statement_line *line)
{
    const struct stripe_type *type = stripe_type_find(balance->type);
    bool adjustment = strcmp(type->name, "adjustment") == 0;

    *line = line_begin(request, balance);
    if (!(adjustment ? read_adjustment(call, balance, line)
                     : read_by_type(call, balance, type, line)))
        *line = line_begin(request, balance);
    if (line->kind == FACT_REFUND)
        add_object(line, stripe_refund_request(call, balance->source));
    if (balance->amount_cents == 0)
        read_fee_alone(balance, line);
    if (line->fee_cents != 0 || line->kind == FACT_CAPTURE)
        line->fee_reference = balance->id;
}

/* ---- a page ---- */

static const char *page_path(const struct provider_call *call,
                             const struct statement_request *request)
{
    struct buffer path;

    buffer_init(&path, call->arena, 256);
    buffer_printf(&path, "/v1/balance_transactions?limit=%d&expand%%5B%%5D=data.source", PAGE_MAX);
    if (request->payout[0] != '\0')
        buffer_printf(&path, "&payout=%s", request->payout);
    else
        buffer_printf(&path, "&created%%5Bgte%%5D=%lld&created%%5Blt%%5D=%lld",
                      (long long)request->since_at, (long long)request->until_at);
    if (request->cursor[0] != '\0')
        buffer_printf(&path, "&starting_after=%s", request->cursor);
    return str_copy(call->arena, buffer_str(&path));
}

/* False when a line is not whole, or the page leads nowhere. */
static bool read_page(const struct provider_call *call, const struct statement_request *request,
                      const json_t *json, struct statement_page *page)
{
    const json_t *data = json_at(json, "data");
    bool more = json_true_at(json, "has_more");
    size_t count = json_array_size(data);
    struct stripe_balance balance = {.id = ""};

    if (!stripe_is(json, "list") || !json_is_array(data) || count > PAGE_MAX ||
        (more && count == 0))
        return false;
    page->lines = arena_array(call->arena, count + 1, sizeof *page->lines);
    for (size_t i = 0; i < count; i++) {
        if (stripe_balance_read(json_array_get(data, i), call->arena, &balance) != OK)
            return false;
        read_line(call, request, &balance, &page->lines[i]);
    }
    page->count = count;
    page->cursor = more ? balance.id : NULL;
    return true;
}

static void page_later(struct statement_page *page, const char *reason)
{
    *page = (struct statement_page){.verdict = STATEMENT_LATER, .reason = reason};
}

static enum err statement_read(const struct provider_call *call,
                               const struct provider_account *account,
                               const struct statement_request *request,
                               struct statement_page *page)
{
    struct stripe_request asked = {.method = "GET"};
    struct stripe_answer answer;
    enum err err;

    page_later(page, "");
    if ((request->payout[0] && !stripe_id_valid(str_of(request->payout), "po_")) ||
        (request->cursor[0] && !stripe_id_valid(str_of(request->cursor), "txn_")))
        return fail(ERR_INPUT, "not a payout or place of Stripe's list");
    asked.path = page_path(call, request);
    err = stripe_api_call(call, account, &asked, &answer);
    if (err != OK)
        return err;
    page->reason = answer.reason;
    page->retry_after_s = answer.retry_after_s;
    page->provider_down = answer.down;
    if (answer.verdict == STRIPE_REFUSED)
        page->verdict = STATEMENT_REFUSED;
    if (answer.verdict != STRIPE_DONE)
        return OK;
    if (read_page(call, request, answer.json, page))
        page->verdict = STATEMENT_PAGE;
    else
        page_later(page, "réponse inattendue de Stripe");
    json_decref(answer.json);
    return OK;
}

/* ---- what it holds ---- */

/* The sum of a list of amounts in a currency; false when it is no such list. */
static bool add_amounts(const json_t *list, const char *currency, struct arena *arena,
                        int64_t *sum_cents)
{
    if (!json_is_array(list))
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *part = json_array_get(list, i);
        int64_t cents = 0;

        if (!stripe_cents_at(part, "amount", &cents))
            return false;
        if (strcmp(stripe_currency_at(part, "currency", arena), currency) == 0)
            *sum_cents = money_add(*sum_cents, cents);
    }
    return true;
}

/* What is to come and what is there. Money held back for a time is no part of either: it is
 * booked out when it is held. */
static enum err statement_balance(const struct provider_call *call,
                                  const struct provider_account *account, const char *currency,
                                  struct provider_balance *balance)
{
    struct stripe_request asked = {.method = "GET", .path = "/v1/balance"};
    struct stripe_answer answer;
    int64_t cents = 0;
    enum err err = stripe_api_call(call, account, &asked, &answer);

    *balance = (struct provider_balance){.at = call->now};
    if (err != OK || answer.verdict != STRIPE_DONE)
        return err;
    balance->known =
        stripe_is(answer.json, "balance") &&
        json_true_at(answer.json, "livemode") == (account->mode == ACCOUNT_LIVE) &&
        add_amounts(json_at(answer.json, "available"), currency, call->arena, &cents) &&
        add_amounts(json_at(answer.json, "pending"), currency, call->arena, &cents);
    balance->cents = balance->known ? cents : 0;
    json_decref(answer.json);
    return OK;
}

const struct provider_statement stripe_statement = {
    .payouts = true,
    .read = statement_read,
    .balance = statement_balance,
};
