#include <string.h>

#include "net/json.h"
#include "sandbox/internal.h"
#include "sandbox/paypal_certificate.h"
#include "sandbox/paypal_event.h"
#include "sandbox/paypal_rest.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

/* ---- the exact bytes of webhook_event ---- */

/* The text behind a string that begins at the text's first byte. */
static struct str skip_string(struct str text)
{
    size_t i = 1;

    while (i < text.len && text.data[i] != '"')
        i += text.data[i] == '\\' ? 2 : 1;
    return i < text.len ? str_from(text.data + i + 1, text.len - i - 1) : str_of("");
}

/* The value that the text begins with, as its bytes stand there. */
static struct str first_value(struct str text)
{
    json_error_t error;
    json_auto_t *value =
        json_loadb(text.data, text.len, JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY, &error);

    return value ? str_from(text.data, (size_t)error.position) : str_of("");
}

/* The body is JSON already, so that only the depth of braces has to be counted. */
static struct str find_event(struct str body)
{
    static const char name[] = "\"webhook_event\"";
    struct str rest = body;
    int depth = 0;

    while (rest.len) {
        char byte = rest.data[0];
        bool found = depth == 1 && str_starts(rest, name);
        struct str behind =
            found ? str_trim(str_from(rest.data + sizeof(name) - 1, rest.len - sizeof(name) + 1))
                  : str_of("");

        if (behind.len && behind.data[0] == ':')
            return first_value(str_trim(str_from(behind.data + 1, behind.len - 1)));
        depth += (byte == '{' || byte == '[') - (byte == '}' || byte == ']');
        rest = byte == '"' ? skip_string(rest) : str_from(rest.data + 1, rest.len - 1);
    }
    return str_of("");
}

/* ---- the verdict ---- */

static enum err check_fields(struct rest_call *call)
{
    static const char *const names[] = {
        "auth_algo",  "cert_url", "transmission_id", "transmission_sig", "transmission_time",
        "webhook_id", NULL};

    for (const char *const *name = names; *name; name++)
        if (!row_text(call->body, *name) || !*row_text(call->body, *name))
            call->error = (struct rest_error){.status = 400,
                                              .name = "VALIDATION_ERROR",
                                              .message = "Invalid data provided",
                                              .field = *name,
                                              .location = "body",
                                              .issue = "Required field cannot be blank"};
    if (!call->error.status && !json_is_object(json_object_get(call->body, "webhook_event")))
        call->error = (struct rest_error){.status = 400,
                                          .name = "VALIDATION_ERROR",
                                          .message = "Invalid data provided",
                                          .field = "webhook_event",
                                          .location = "body",
                                          .issue = "Required field cannot be blank"};
    return OK;
}

static enum err judge(struct rest_call *call, struct db *db, bool *valid)
{
    const json_t *body = call->body;
    const char *webhook_id = row_text(body, "webhook_id");
    json_auto_t *webhook = NULL;
    json_auto_t *signer = NULL;
    struct str text = transmission_text(call->arena, row_text(body, "transmission_id"),
                                        row_text(body, "transmission_time"), webhook_id,
                                        find_event(call->request->body));
    enum err err = row_find(db, SQ_PAYPAL_WEBHOOK_FIND,
                            DB_VALUES(db_text(webhook_id), db_text(call->client_id)), &webhook);

    if (!err)
        err = row_need(db, SQ_PAYPAL_CERTIFICATE_NAMED, DB_VALUES(db_text("signer")),
                       "certificate", &signer);
    *valid = false;
    if (err || !webhook || !row_is(body, "auth_algo", "SHA256withRSA") ||
        !row_is(body, "cert_url",
                transmission_address(call->sandbox, call->arena, row_text(signer, "id"))))
        return err;
    return certificate_check(row_text(signer, "pem"), text,
                             str_of(row_text(body, "transmission_sig")), call->arena, valid);
}

static enum err verify(struct rest_call *call, struct db *db, json_t **answer)
{
    bool valid = false;
    enum err err = judge(call, db, &valid);

    if (!err)
        *answer = json_pack("{s:s}", "verification_status", valid ? "SUCCESS" : "FAILURE");
    return err;
}

enum err webhook_verify_handler(struct http_request *request, struct http_response *response)
{
    static const struct rest_operation operation = {.check = check_fields, .work = verify};

    return rest_serve(request, response, &operation);
}

/* ---- the certificates: anybody may read them ---- */

enum err webhook_certificate_handler(struct http_request *request, struct http_response *response)
{
    json_auto_t *row = NULL;
    enum err err = row_need(sandbox_db(request), SQ_PAYPAL_CERTIFICATE_BY_ID,
                            DB_VALUES(db_str(request->path_parts[0])), "certificate", &row);

    if (err)
        return err;
    response->content_type = "application/x-pem-file";
    buffer_add_text(&response->body, row_text(row, "pem"));
    return OK;
}
