/*
 * Stripe-Signature: t=<Unix seconds>,v1=<64 lower-case digits>[,v1=...]; signed is
 * "<t>.<raw body>" by HMAC-SHA256 with the whole secret. Where the published libraries differ
 * (capital digits, a space behind the comma) the strict reading holds.
 */
#include "base/hash.h"
#include "provider/stripe/internal.h"

enum { SIGNATURE_LEN = 2 * HASH_LEN };

/* The last t wins, as in the published libraries; -1 when there is none or it is no time. */
static int64_t header_time(struct str header, struct str *text)
{
    int64_t at = -1;

    while (header.data) {
        struct str item = str_cut(&header, ',');
        struct str name = str_cut(&item, '=');

        if (!str_is(name, "t"))
            continue;
        *text = item;
        if (!str_to_int64(item, &at) || at < 0)
            at = -1;
    }
    return at;
}

/* Does any v1 of the header equal the expected digits? Looks at all of them. */
static bool header_has(struct str header, struct str expected)
{
    bool found = false;

    while (header.data) {
        struct str item = str_cut(&header, ',');
        struct str name = str_cut(&item, '=');

        if (str_is(name, "v1") && hash_equal(item, expected))
            found = true;
    }
    return found;
}

static enum err signature_fits(struct str header, struct str signed_text, struct str secret,
                               bool *fits)
{
    unsigned char digest[HASH_LEN];
    char digits[HASH_HEX_MAX];
    enum err err = hash_hmac_sha256(secret, signed_text, digest);

    if (err != OK)
        return err;
    hash_hex(digest, HASH_LEN, digits);
    *fits = header_has(header, str_from(digits, SIGNATURE_LEN));
    return OK;
}

enum err stripe_signature_check(struct str header, struct str body, const struct str *secrets,
                                size_t secret_count, int64_t now, struct arena *arena)
{
    struct str time_text = {0};
    struct buffer signed_text;
    int64_t at = header_time(header, &time_text);
    bool valid = false;

    if (body.len == 0)
        return fail(ERR_DENIED, "empty body");
    if (at < 0)
        return fail(ERR_DENIED, "no time in the signature");
    buffer_init(&signed_text, arena, time_text.len + body.len + 2);
    buffer_add_str(&signed_text, time_text);
    buffer_add_byte(&signed_text, '.');
    buffer_add_str(&signed_text, body);
    for (size_t i = 0; i < secret_count; i++) {
        bool fits = false;
        enum err err = OK;

        if (!str_empty(secrets[i]))
            err = signature_fits(header, buffer_str(&signed_text), secrets[i], &fits);
        if (err != OK)
            return err;
        valid = valid || fits;
    }
    if (!valid)
        return fail(ERR_DENIED, "no signature fits");
    if (now - at > STRIPE_TOLERANCE_S)
        return fail(ERR_DENIED, "signature %lld s old", (long long)(now - at));
    return OK;
}
