#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "sandbox/internal.h"
#include "sandbox/paypal_certificate.h"
#include "sandbox/paypal_event.h"
#include "sandbox/paypal_rest.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

enum { RENEW_S = 30 * 24 * 3600, OLD_S = 30 * 24 * 3600 };

/* ---- certificates ---- */

const char *transmission_address(const struct sandbox *sandbox, struct arena *arena,
                                 const char *id)
{
    return arena_printf(arena, "%s/v1/notifications/certs/%s", sandbox->options.base_url, id);
}

static enum err add(struct db *db, struct arena *arena, const char *name, const char *pem,
                    const char *key, int64_t expires_at)
{
    const char *hex = NULL;
    enum err err = id_make_hex(arena, 24, &hex);

    return err ? err
               : db_run(db, SQ_PAYPAL_CERTIFICATE_PUT,
                        DB_VALUES(db_text(name),
                                  db_text(arena_printf(arena, "CERT-%.8s-%.8s-%.8s", hex, hex + 8,
                                                       hex + 16)),
                                  db_text(pem), db_text(key), db_int(expires_at)));
}

struct start {
    struct arena *arena;
    struct certificate_set made;
    const char *root;
};

static enum err keep_certificates(struct db *db, void *argument)
{
    struct start *start = argument;
    const struct certificate_set *made = &start->made;
    enum err err = add(db, start->arena, "root", made->root, NULL, made->expires_at);

    if (!err)
        err = add(db, start->arena, "signer", made->signer, made->signer_key, made->expires_at);
    if (!err)
        err = add(db, start->arena, "stranger", made->stranger, NULL, made->expires_at);
    start->root = made->root;
    return err;
}

static enum err find_root(struct db *db, void *argument)
{
    struct start *start = argument;
    json_auto_t *row = NULL;
    enum err err = row_find(db, SQ_PAYPAL_CERTIFICATE_NAMED, DB_VALUES(db_text("root")), &row);

    start->root = NULL;
    if (!err && row && row_integer(row, "expires_at") > clock_now() + RENEW_S)
        start->root = arena_string(start->arena, row_text(row, "pem"));
    return err;
}

/* Whoever practises reads it whole or not at all. */
static enum err write_file(const char *path, const char *text, struct arena *arena)
{
    const char *draft = arena_printf(arena, "%s.new", path);
    FILE *file = fopen(draft, "w");
    bool written = false;

    if (!file)
        return fail(ERR_CONFIG, "%s: %s", draft, strerror(errno));
    written = fputs(text, file) >= 0;
    written = fclose(file) == 0 && written;
    if (!written || rename(draft, path) != 0)
        return fail(ERR_CONFIG, "%s: %s", path, strerror(errno));
    return OK;
}

static enum err start_with(struct sandbox *sandbox, struct start *start)
{
    const char *path = sandbox->options.paypal_ca_file;
    enum err err = db_write(sandbox->writer, find_root, start);

    if (!err && !start->root) {
        err = certificate_make(start->arena, &start->made);
        if (!err)
            err = db_write(sandbox->writer, keep_certificates, start);
    }
    if (!path)
        path = arena_printf(start->arena, "%s.paypal-ca.pem", sandbox->options.database);
    return err ? err : write_file(path, start->root, start->arena);
}

enum err transmission_start(struct sandbox *sandbox)
{
    struct start start = {.arena = arena_new()};
    enum err err = start_with(sandbox, &start);

    arena_free(start.arena);
    return err;
}

/* ---- signing ---- */

struct str transmission_text(struct arena *arena, const char *id, const char *time,
                             const char *webhook_id, struct str body)
{
    return str_of(arena_printf(arena, "%s|%s|%s|%lu", id, time, webhook_id,
                               (unsigned long)certificate_crc32(body)));
}

static enum err make_id(struct arena *arena, const char **id)
{
    const char *hex = NULL;
    enum err err = id_make_hex(arena, 32, &hex);

    if (!err)
        *id = arena_printf(arena, "%.8s-%.4s-11ef-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16);
    return err;
}

static bool altered(const struct transmission *transmission, const char *how)
{
    return transmission->alteration && !strcmp(transmission->alteration, how);
}

static const char *certificate_url(const struct sandbox *sandbox, struct arena *arena,
                                   const struct transmission *transmission, const char *id)
{
    if (altered(transmission, "other_host"))
        return arena_printf(arena, "https://api.paypal.com.example.org/v1/notifications/certs/%s",
                            id);
    return transmission_address(sandbox, arena, id);
}

/* One letter of a sum or a name becomes another, so that it is still JSON. */
static void alter_body(struct arena *arena, struct transmission *transmission)
{
    char *copy = str_copy(arena, transmission->body);
    char *found = strstr(copy, "\"summary\":\"");

    if (found)
        found[11] = found[11] == 'X' ? 'Y' : 'X';
    else if (*copy)
        copy[transmission->body.len - 1] = ' ';
    transmission->body.data = copy;
}

static enum err find_certificates(struct db *db, const struct transmission *transmission,
                                  json_t **signer, json_t **shown)
{
    const char *name = altered(transmission, "other_certificate") ? "stranger" : "signer";
    enum err err = row_need(db, SQ_PAYPAL_CERTIFICATE_NAMED, DB_VALUES(db_text("signer")),
                            "certificate", signer);

    return err ? err
               : row_need(db, SQ_PAYPAL_CERTIFICATE_NAMED, DB_VALUES(db_text(name)), "certificate",
                          shown);
}

static enum err sign(struct arena *arena, const struct transmission *transmission,
                     const json_t *signer, const char *id, const char *time, struct str *signature)
{
    const char *webhook_id =
        altered(transmission, "other_webhook") ? "WEBHOOK_ID" : transmission->webhook_id;
    struct str text = transmission_text(arena, id, time, webhook_id, transmission->body);

    if (altered(transmission, "bad_signature"))
        text = str_of("something else");
    return certificate_sign(row_text(signer, "private_key"), text, arena, signature);
}

enum err transmission_sign(const struct sandbox *sandbox, struct db *db, struct arena *arena,
                           struct transmission *transmission, const char **headers)
{
    int64_t at = clock_now() - (altered(transmission, "old_time") ? OLD_S : 0);
    const char *time = rest_time(arena, at);
    json_auto_t *signer = NULL;
    json_auto_t *shown = NULL;
    struct str signature = {0};
    const char *id = NULL;
    enum err err = make_id(arena, &id);

    if (!err)
        err = find_certificates(db, transmission, &signer, &shown);
    if (!err)
        err = sign(arena, transmission, signer, id, time, &signature);
    if (err)
        return err;
    if (altered(transmission, "altered_body"))
        alter_body(arena, transmission);
    headers[0] = arena_printf(arena, "PAYPAL-TRANSMISSION-ID: %s", id);
    headers[1] = arena_printf(arena, "PAYPAL-TRANSMISSION-TIME: %s", time);
    headers[2] = arena_printf(arena, "PAYPAL-TRANSMISSION-SIG: %.*s", STR_PRINT(signature));
    headers[3] =
        arena_printf(arena, "PAYPAL-CERT-URL: %s",
                     certificate_url(sandbox, arena, transmission, row_text(shown, "id")));
    headers[4] = "PAYPAL-AUTH-ALGO: SHA256withRSA";
    headers[5] = "PAYPAL-AUTH-VERSION: v2";
    headers[6] = arena_printf(arena, "CORRELATION-ID: %.13s", id);
    return OK;
}
