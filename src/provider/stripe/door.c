/*
 * Stripe's notifications at the door: whose signature they bear.
 */
#include <string.h>

#include "base/arena.h"
#include "payment/account.h"
#include "payment/platform.h"
#include "provider/stripe/internal.h"

enum { TYPE_MAX = 80 };

static void refuse(struct door_answer *answer, const char *reason)
{
    answer->verdict = DOOR_REFUSED;
    answer->reason = reason;
}

/* Event types are words with dots: checkout.session.completed. */
const char *stripe_event_type(const json_t *json, struct arena *arena)
{
    struct str type = json_text(json, "type");

    if (type.len > TYPE_MAX)
        return "";
    for (size_t i = 0; i < type.len; i++) {
        if (!stripe_id_valid(str_from(type.data + i, 1), "") && type.data[i] != '.')
            return "";
    }
    return str_copy(arena, type);
}

const char *stripe_event_id(const json_t *json, struct arena *arena)
{
    struct str id = json_text(json, "id");

    return stripe_id_valid(id, "") ? str_copy(arena, id) : "";
}

/* For people who look at the list; a signed body that is no JSON is kept without. */
static void describe(struct str body, struct arena *arena, struct door_answer *answer)
{
    json_t *json = NULL;

    if (json_read(body, &json) != OK)
        return;
    answer->external_id = stripe_event_id(json, arena);
    answer->type = stripe_event_type(json, arena);
    json_decref(json);
}

static void accept(struct door_answer *answer, const struct provider_account *account,
                   const struct provider_message *message, struct arena *arena)
{
    answer->authentic = true;
    answer->association_id = account->association_id;
    answer->provider_account_id = account->id;
    describe(message->body, arena, answer);
}

/* ---- the endpoint of one account: its secrets ---- */

static enum err receive_for_account(const struct provider_call *call,
                                    const struct provider_message *message,
                                    struct door_answer *answer)
{
    struct provider_account account;
    struct str secrets[2] = {{0}};
    size_t count = 0;
    enum err err =
        account_find_public(call->db, "stripe", str_of(message->hint), call->arena, &account);

    if (err == ERR_NOT_FOUND)
        return fail(ERR_DENIED, "unknown account");
    if (err == OK)
        err = account_webhook_secrets(call->db, call->key, &account, call->now, call->arena,
                                      secrets, &count);
    if (err == OK)
        err = stripe_signature_check(message->signature, message->body, secrets, count, call->now,
                                     call->arena);
    if (err == OK)
        accept(answer, &account, message, call->arena);
    return err;
}

/* ---- the platform's endpoint: its secrets, and the account that the event names ---- */

static enum err check_mode(const struct provider_call *call,
                           const struct provider_message *message, enum account_mode mode)
{
    struct str secrets[PLATFORM_WEBHOOKS_MAX] = {{0}};
    size_t count = 0;
    enum err err =
        platform_webhook_secrets(call->db, call->key, mode, call->arena, secrets, &count);

    return err == OK ? stripe_signature_check(message->signature, message->body, secrets, count,
                                              call->now, call->arena)
                     : err;
}

/* A live platform hears of test events too; one in test mode vouches for those alone. */
static enum err check_platform(const struct provider_call *call,
                               const struct provider_message *message, bool live)
{
    enum err err = check_mode(call, message, ACCOUNT_LIVE);

    return err == ERR_DENIED && !live ? check_mode(call, message, ACCOUNT_TEST) : err;
}

/* An account that was not associated here is nobody's: the event is kept, it moves nothing. */
static enum err receive_for_platform(const struct provider_call *call,
                                     const struct provider_message *message,
                                     struct door_answer *answer)
{
    struct provider_account account = {0};
    json_t *json = NULL;
    bool live;
    enum err err = json_read(message->body, &json);

    if (err != OK)
        return fail(ERR_DENIED, "not an event");
    live = json_true_at(json, "livemode");
    err = check_platform(call, message, live);
    if (err == OK)
        err = account_find_associated(call->db, "stripe", json_text(json, "account"),
                                      live ? ACCOUNT_LIVE : ACCOUNT_TEST, call->arena, &account);
    if (err == OK || err == ERR_NOT_FOUND) {
        accept(answer, &account, message, call->arena);
        err = OK;
    }
    json_decref(json);
    return err;
}

enum err stripe_receive(const struct provider_call *call, const struct provider_message *message,
                        struct door_answer *answer)
{
    enum err err;

    *answer = (struct door_answer){
        .verdict = DOOR_ACCEPTED, .external_id = "", .type = "", .receiver = "", .reason = ""};
    err = message->hint[0] == '\0' ? receive_for_platform(call, message, answer)
                                   : receive_for_account(call, message, answer);
    if (err == ERR_DENIED) {
        refuse(answer, arena_string(call->arena, err_last()->text));
        return OK;
    }
    return err;
}
