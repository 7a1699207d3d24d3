/*
 * Linking an account by the keys of its REST app: whose they are, and its webhook.
 *
 * Whose keys they are is told by PayPal's identity, where the app may read it; else by an order
 * that names its payee: nobody is sent to it, and it ends by itself.
 */
#include "provider/paypal/linking.h"

#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "provider/paypal/internal.h"

enum { KEY_MIN = 16, KEY_MAX = 127 };

/* ---- the form of keys ---- */

static bool whole(struct str key)
{
    if (key.len < KEY_MIN || key.len > KEY_MAX)
        return false;
    for (size_t i = 0; i < key.len; i++) {
        char byte = key.data[i];

        if (!(byte >= 'A' && byte <= 'Z') && !(byte >= 'a' && byte <= 'z') &&
            !(byte >= '0' && byte <= '9') && byte != '-' && byte != '_')
            return false;
    }
    return true;
}

/* By custom a client id begins with A and a secret with E: the other way round they were pasted
 * into each other's place. */
enum link_outcome paypal_keys_check(const struct link_keys *keys, enum account_mode *mode)
{
    *mode = keys->mode; /* they do not say theirs */
    if (str_empty(keys->secret))
        return LINK_SECRET_EMPTY;
    if (str_empty(keys->publishable))
        return LINK_PUBLISHABLE_EMPTY;
    if (!whole(keys->secret))
        return LINK_SECRET_MALFORMED;
    if (!whole(keys->publishable))
        return LINK_PUBLISHABLE_MALFORMED;
    if (str_starts(keys->secret, "A") && str_starts(keys->publishable, "E"))
        return LINK_SECRET_IS_PUBLISHABLE;
    return hash_equal(keys->secret, keys->publishable) ? LINK_PUBLISHABLE_IS_SECRET : LINK_DONE;
}

/* ---- what PayPal says ---- */

void paypal_link_answer(const struct paypal_answer *received, struct link_answer *answer)
{
    *answer = (struct link_answer){
        .outcome = LINK_DONE,
        .answered = received->status > 0 && received->status != 409 && received->status != 429,
        .provider_down = received->down,
        .reason = received->reason,
    };
    if (received->verdict == PAYPAL_UNKNOWN)
        answer->outcome = LINK_UNREACHABLE;
    else if (received->verdict == PAYPAL_REFUSED && received->status == 403)
        answer->outcome = LINK_KEY_LACKS;
    else if (received->verdict == PAYPAL_REFUSED && received->status == 404)
        answer->outcome = LINK_ABSENT;
    else if (received->verdict == PAYPAL_REFUSED)
        answer->outcome =
            received->status == 0 || received->status == 401 ? LINK_KEY_UNKNOWN : LINK_REFUSED;
}

void paypal_link_surprise(struct link_answer *answer)
{
    answer->outcome = LINK_UNREACHABLE;
    answer->reason = "réponse inattendue de PayPal";
}

/* ---- whose keys ---- */

static void read_primary(const json_t *json, struct arena *arena, struct link_identity *identity)
{
    const json_t *emails = json_at(json, "emails");

    for (size_t i = 0; i < json_array_size(emails); i++) {
        const json_t *email = json_array_get(emails, i);

        if (json_true_at(email, "primary"))
            identity->email = paypal_text_at(email, "value", PAYPAL_TOKEN_MAX, arena);
    }
}

/* *found false: PayPal does not tell the app. */
static enum err ask_identity(const struct provider_call *call, const struct paypal_keys *keys,
                             struct link_identity *identity, struct paypal_answer *received,
                             bool *found)
{
    const struct paypal_request request = {
        .method = "GET",
        .path = "/v1/identity/oauth2/userinfo?schema=paypalv1.1",
        .keys = keys,
    };
    enum err err = paypal_api_call(call, NULL, &request, received);

    *found = false;
    if (err || received->verdict != PAYPAL_DONE)
        return err;
    identity->external_id = paypal_id_at(received->json, "payer_id", call->arena);
    identity->name = paypal_text_at(received->json, "name", PAYPAL_PAYER_MAX, call->arena);
    identity->country = paypal_id_at(received->json, "address.country", call->arena);
    read_primary(received->json, call->arena, identity);
    *found = identity->external_id[0] != '\0';
    json_decref(received->json);
    received->json = NULL;
    return OK;
}

static enum err ask_order(const struct provider_call *call, const struct paypal_keys *keys,
                          struct link_identity *identity, struct link_answer *answer)
{
    struct paypal_request request = {
        .method = "POST",
        .path = "/v2/checkout/orders",
        .body = str_of("{\"intent\":\"CAPTURE\",\"purchase_units\":[{\"amount\":{"
                       "\"currency_code\":\"EUR\",\"value\":\"1.00\"}}]}"),
        .keys = keys,
    };
    struct paypal_answer received;
    enum err err = paypal_api_call(call, NULL, &request, &received);

    if (err)
        return err;
    paypal_link_answer(&received, answer);
    identity->external_id =
        paypal_id_at(received.json, "purchase_units.0.payee.merchant_id", call->arena);
    identity->email = paypal_text_at(received.json, "purchase_units.0.payee.email_address",
                                     PAYPAL_TOKEN_MAX, call->arena);
    if (answer->outcome == LINK_DONE && identity->external_id[0] == '\0')
        paypal_link_surprise(answer);
    json_decref(received.json);
    return OK;
}

enum err paypal_identify(const struct provider_call *call, const struct link_keys *pasted,
                         struct link_identity *identity, struct link_answer *answer)
{
    const struct paypal_keys keys = {
        .mode = pasted->mode, .client_id = pasted->publishable, .secret = pasted->secret};
    struct paypal_answer received;
    bool found = false;
    enum err err;

    *identity = (struct link_identity){.external_id = "",
                                       .name = "",
                                       .country = "",
                                       .currency = "", /* an account holds several */
                                       .email = "",
                                       .charges_enabled = true};
    err = ask_identity(call, &keys, identity, &received, &found);
    if (err)
        return err;
    paypal_link_answer(&received, answer);
    if (found || answer->outcome == LINK_UNREACHABLE || answer->outcome == LINK_KEY_UNKNOWN)
        return OK;
    return ask_order(call, &keys, identity, answer);
}
