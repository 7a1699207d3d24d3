/*
 * PayPal's notifications: at the door, and the way from a stored message to its meaning.
 */
#include <string.h>

#include "base/arena.h"
#include "payment/account.h"
#include "payment/intent.h"
#include "payment/known.h"
#include "provider/paypal/internal.h"
#include "provider/paypal/webhook.h"

enum { MERCHANT_ID_MAX = 20 };

/* Our accounts that a message names as its receiver, and the intent it names. */
struct parties {
    struct provider_account *receivers;
    size_t receiver_count;
    struct payment_intent intent;
    bool intent_found;
    struct provider_account intent_account;
};

static enum err receivers_find(const struct provider_call *call, const struct ipn *ipn,
                               struct parties *parties)
{
    return account_find_receivers(call->db, "paypal", ipn->receiver_id, ipn->receiver_email,
                                  ipn->business, call->arena, &parties->receivers,
                                  &parties->receiver_count);
}

/* ---- at the door ---- */

/* For people who look at the list: "web_accept Completed". */
static const char *describe(const struct ipn *ipn, struct arena *arena)
{
    struct buffer text;

    buffer_init(&text, arena, PAYPAL_ID_MAX);
    if (ipn_is_word(ipn->txn_type, PAYPAL_ID_MAX))
        buffer_add_str(&text, ipn->txn_type);
    if (ipn_is_word(ipn->payment_status, PAYPAL_ID_MAX)) {
        if (text.len > 0)
            buffer_add_byte(&text, ' ');
        buffer_add_str(&text, ipn->payment_status);
    }
    return str_copy(arena, buffer_str(&text));
}

static const char *transaction_name(const struct ipn *ipn, struct arena *arena)
{
    return paypal_word(ipn->txn_id, "", arena);
}

/* One spelling per account, so that a sender cannot escape its share of the backlog. */
static const char *receiver_name(const struct parties *parties)
{
    const struct provider_account *account = parties->receivers;

    if (parties->receiver_count == 0)
        return "";
    return *account->external_id != '\0' ? account->external_id : account->email_folded;
}

enum err paypal_receive(const struct provider_call *call, const struct provider_message *message,
                        struct door_answer *answer)
{
    struct parties parties = {0};
    struct ipn ipn;
    enum err err;

    *answer = (struct door_answer){
        .verdict = DOOR_ACCEPTED, .external_id = "", .type = "", .receiver = "", .reason = ""};
    if (str_is(message->content_type, "application/json"))
        return paypal_webhook_receive(call, message, answer);
    if (message->body.len > PAYPAL_IPN_MAX) /* less than a webhook may have */
        return fail(ERR_LIMIT, "the message is too large");
    if (message->body.len == 0) {
        answer->verdict = DOOR_MALFORMED;
        answer->reason = "empty body";
        return OK;
    }
    ipn_read(message->body, call->arena, &ipn);
    err = receivers_find(call, &ipn, &parties);
    if (err != OK)
        return err;
    answer->external_id = transaction_name(&ipn, call->arena);
    answer->type = describe(&ipn, call->arena);
    answer->receiver = receiver_name(&parties);
    return OK;
}

/* ---- who is concerned ---- */

static enum err intent_named(const struct provider_call *call, struct str token,
                             struct parties *parties)
{
    enum err err;

    if (parties->intent_found || str_empty(token) || token.len > PAYPAL_TOKEN_MAX ||
        memchr(token.data, '\0', token.len))
        return OK;
    err = intent_find_token(call->db, token, call->arena, &parties->intent);
    parties->intent_found = err == OK;
    return err == ERR_NOT_FOUND ? OK : err;
}

static enum err parties_find(const struct provider_call *call, const struct ipn *ipn,
                             struct parties *parties)
{
    enum err err = intent_named(call, ipn->invoice, parties);

    if (err == OK)
        err = intent_named(call, ipn->custom, parties);
    if (err == OK && parties->intent_found)
        err = account_find(call->db, parties->intent.association_id,
                           parties->intent.provider_account_id, call->arena,
                           &parties->intent_account);
    if (err == OK)
        err = receivers_find(call, ipn, parties);
    return err;
}

static bool receives_in(const struct parties *parties, enum account_mode mode)
{
    for (size_t i = 0; i < parties->receiver_count; i++) {
        if (parties->receivers[i].mode == mode)
            return true;
    }
    return false;
}

/* Where to ask: the mode of the intent's account, else of the receiver's account, else live.
 * Never what the message says of itself. */
static enum account_mode mode_to_ask(const struct parties *parties)
{
    if (parties->intent_found)
        return parties->intent_account.mode;
    if (receives_in(parties, ACCOUNT_TEST) && !receives_in(parties, ACCOUNT_LIVE))
        return ACCOUNT_TEST;
    return ACCOUNT_LIVE;
}

/* Without an intent, an address that serves a live and a test account is asked at both. */
static enum err verify(const struct provider_call *call, const struct provider_event *event,
                       const struct parties *parties, enum account_mode *mode,
                       struct postback_answer *answer)
{
    enum err err;

    *mode = mode_to_ask(parties);
    err = paypal_postback(call, *mode, event->raw, answer);
    if (err != OK || answer->verdict != POSTBACK_INVALID || parties->intent_found ||
        *mode != ACCOUNT_LIVE || !receives_in(parties, ACCOUNT_TEST))
        return err;
    *mode = ACCOUNT_TEST;
    return paypal_postback(call, *mode, event->raw, answer);
}

/* A message that was confirmed before (an upgrade put it back) is not asked about again: PayPal
 * forgets old ones, and would call a true one INVALID. */
static enum err confirmed_before(const struct provider_call *call,
                                 const struct provider_event *event, const struct parties *parties,
                                 enum account_mode *mode, struct postback_answer *answer)
{
    struct provider_account account;
    enum err err;

    *answer = (struct postback_answer){.verdict = POSTBACK_VERIFIED, .reason = ""};
    *mode = mode_to_ask(parties);
    if (!event->provider_account_id)
        return OK;
    err = account_find(call->db, event->association_id, event->provider_account_id, call->arena,
                       &account);
    *mode = err == OK ? account.mode : *mode;
    return err;
}

/* ---- who received ---- */

static bool same_account(const struct provider_account *a, const struct provider_account *b)
{
    return a->association_id == b->association_id && a->id == b->id;
}

/* The proven account; else the intent's; else the only one of the mode. NULL when nobody can be
 * told. What is proven comes first, or an association could claim another's address. */
static const struct provider_account *receiver_choose(const struct parties *parties,
                                                      enum account_mode mode)
{
    const struct provider_account *chosen = NULL;
    int best = -1;

    for (size_t i = 0; i < parties->receiver_count; i++) {
        const struct provider_account *account = &parties->receivers[i];
        int rank = account->verified ? 2 : 0;

        if (account->mode != mode)
            continue;
        if (parties->intent_found && same_account(account, &parties->intent_account))
            rank++;
        if (rank == best)
            chosen = NULL;
        else if (rank > best)
            chosen = account;
        best = rank > best ? rank : best;
    }
    return chosen;
}

/* PayPal's merchant ids are capital letters and digits; the simulator writes an address. */
static const char *merchant_id(struct str id, struct arena *arena)
{
    if (id.len == 0 || id.len > MERCHANT_ID_MAX)
        return NULL;
    for (size_t i = 0; i < id.len; i++) {
        char byte = id.data[i];

        if (!(byte >= 'A' && byte <= 'Z') && !(byte >= '0' && byte <= '9'))
            return NULL;
    }
    return str_copy(arena, id);
}

static enum err subject_fill(const struct provider_call *call, const struct provider_event *event,
                             const struct ipn *ipn, const struct parties *parties,
                             struct ipn_subject *subject)
{
    bool invoice_mark = paypal_is_mark(ipn->invoice, call->installation);
    bool custom_mark = paypal_is_mark(ipn->custom, call->installation);
    const struct provider_account *account = subject->account;
    struct association association;
    enum err err = association_find(call->db, account->association_id, call->arena, &association);

    if (err != OK)
        return err;
    subject->own_currency = association.currency->code;
    subject->received_at = event->received_at;
    subject->our_mark = invoice_mark || custom_mark;
    subject->token = "";
    if (parties->intent_found) {
        subject->token = parties->intent.token;
        subject->intent_currency = parties->intent.currency;
    } else if (subject->our_mark) {
        subject->token = str_copy(call->arena, invoice_mark ? ipn->invoice : ipn->custom);
    }
    if (!paypal_may_undo(ipn))
        return OK;
    return known_movement(call->db, account->association_id, account->id, "capture",
                          str_copy(call->arena, ipn->txn_id), &subject->captured);
}

/* A verified message, told apart by receiver, mode and intent before it may mean anything. */
static enum err verified(const struct provider_call *call, const struct provider_event *event,
                         const struct ipn *ipn, const struct parties *parties,
                         enum account_mode mode, struct resolution *resolution)
{
    const struct provider_account *account = receiver_choose(parties, mode);
    struct ipn_subject subject = {.account = account};
    enum err err;

    resolution->authentic = true;
    if (!account) {
        paypal_conclude(resolution, OUTCOME_OTHER_ACCOUNT,
                        "le receveur n'est pas un compte connu");
        return OK;
    }
    resolution->association_id = account->association_id;
    resolution->provider_account_id = account->id;
    if (mode == ACCOUNT_LIVE && ipn->test) {
        paypal_conclude(resolution, OUTCOME_TEST_MONEY, "test_ipn sur un compte réel");
        return OK;
    }
    if (parties->intent_found && !same_account(account, &parties->intent_account)) {
        paypal_conclude(resolution, OUTCOME_OTHER_ACCOUNT, "la tentative est d'un autre compte");
        return OK;
    }
    err = subject_fill(call, event, ipn, parties, &subject);
    if (err != OK)
        return err;
    if (parties->intent_found)
        resolution->proven_external_id = merchant_id(ipn->receiver_id, call->arena);
    paypal_meaning(ipn, &subject, call->arena, resolution);
    return OK;
}

static enum err judge(const struct provider_call *call, const struct provider_event *event,
                      const struct ipn *ipn, const struct parties *parties, enum account_mode mode,
                      const struct postback_answer *answer, struct resolution *resolution)
{
    switch (answer->verdict) {
    case POSTBACK_VERIFIED:
        return verified(call, event, ipn, parties, mode, resolution);
    case POSTBACK_INVALID:
        resolution->kind = RESOLUTION_INVALID;
        resolution->detail = "PayPal ne reconnaît pas ce message";
        break;
    case POSTBACK_UNKNOWN:
        resolution->kind = RESOLUTION_RETRY;
        resolution->detail = answer->reason;
        resolution->provider_down = answer->down;
        break;
    }
    return OK;
}

enum err paypal_resolve_event(const struct provider_call *call, const struct provider_event *event,
                              struct resolution *resolution)
{
    struct postback_answer answer = {0};
    struct parties parties = {0};
    enum account_mode mode = ACCOUNT_LIVE;
    struct ipn ipn;
    enum err err;

    if (paypal_is_webhook(event))
        return paypal_resolve_webhook(call, event, resolution);
    *resolution = (struct resolution){.kind = RESOLUTION_RETRY, .detail = ""};
    ipn_read(event->raw, call->arena, &ipn);
    err = parties_find(call, &ipn, &parties);
    if (err == OK)
        err = event->authentic ? confirmed_before(call, event, &parties, &mode, &answer)
                               : verify(call, event, &parties, &mode, &answer);
    if (err != OK)
        return err;
    resolution->external_id = transaction_name(&ipn, call->arena);
    resolution->type = describe(&ipn, call->arena);
    return judge(call, event, &ipn, &parties, mode, &answer, resolution);
}
