#include "base/hash.h"

#include "base/random.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

enum { SALT_LEN = 16, COST_LOG2 = 17, BLOCK = 8, LANES = 1, COST_LOG2_MAX = 20, TEXT_MAX = 48 };

/* One stored hash, parsed. */
struct phc {
    int cost_log2, block, lanes;
    unsigned char salt[64];
    size_t salt_len;
    unsigned char hash[HASH_LEN];
};

static enum err derive(struct str password, const struct phc *phc, unsigned char out[HASH_LEN])
{
    uint64_t cost = UINT64_C(1) << phc->cost_log2;
    uint64_t memory = 128 * cost * (uint64_t)phc->block + 1024 * 1024;

    if (EVP_PBE_scrypt(password.data ? password.data : "", password.len, phc->salt, phc->salt_len,
                       cost, (uint64_t)phc->block, (uint64_t)phc->lanes, memory, out,
                       HASH_LEN) != 1)
        return fail(ERR_CRYPTO, "scrypt failed");
    return OK;
}

/* PHC strings use base64 without padding. */
static void base64_add(const unsigned char *data, size_t len, char *out)
{
    size_t text_len = (len * 4 + 2) / 3;

    EVP_EncodeBlock((unsigned char *)out, data, (int)len);
    out[text_len] = '\0';
}

static bool base64_read(struct str text, unsigned char *out, size_t out_max, size_t *len)
{
    unsigned char padded[TEXT_MAX + 4], decoded[TEXT_MAX];
    size_t padding = (4 - text.len % 4) % 4;
    int decoded_len;

    if (text.len == 0 || text.len > TEXT_MAX || padding == 3)
        return false;
    memcpy(padded, text.data, text.len);
    memset(padded + text.len, '=', padding);
    decoded_len = EVP_DecodeBlock(decoded, padded, (int)(text.len + padding));
    if (decoded_len < 0 || (size_t)decoded_len - padding > out_max)
        return false;
    *len = (size_t)decoded_len - padding;
    memcpy(out, decoded, *len);
    return true;
}

static bool parameter_read(struct str *rest, const char *name, int maximum, int *value)
{
    struct str part = str_cut(rest, ',');
    struct str key = str_cut(&part, '=');
    int64_t number;

    if (!str_is(key, name) || !str_to_int64(part, &number) || number < 1 || number > maximum)
        return false;
    *value = (int)number;
    return true;
}

static bool phc_read(struct str text, struct phc *phc)
{
    struct str parameters;
    size_t hash_len = 0;

    if (!str_empty(str_cut(&text, '$')) || !str_is(str_cut(&text, '$'), "scrypt"))
        return false;
    parameters = str_cut(&text, '$');
    return parameter_read(&parameters, "ln", COST_LOG2_MAX, &phc->cost_log2) &&
           parameter_read(&parameters, "r", 32, &phc->block) &&
           parameter_read(&parameters, "p", 16, &phc->lanes) &&
           base64_read(str_cut(&text, '$'), phc->salt, sizeof(phc->salt), &phc->salt_len) &&
           base64_read(text, phc->hash, HASH_LEN, &hash_len) && hash_len == HASH_LEN;
}

/* HMAC pads short keys with NUL: scrypt cannot tell such a password from the one without. */
static bool ends_with_nul(struct str password)
{
    return password.len > 0 && password.data[password.len - 1] == '\0';
}

enum err password_hash(struct str password, char out[PASSWORD_HASH_MAX])
{
    struct phc phc = {
        .cost_log2 = COST_LOG2, .block = BLOCK, .lanes = LANES, .salt_len = SALT_LEN};
    char salt[TEXT_MAX], hash[TEXT_MAX];
    enum err err = ends_with_nul(password) ? fail(ERR_INPUT, "a password cannot end with NUL")
                                           : random_bytes(phc.salt, SALT_LEN);

    if (!err)
        err = derive(password, &phc, phc.hash);
    if (err)
        return err;
    base64_add(phc.salt, SALT_LEN, salt);
    base64_add(phc.hash, HASH_LEN, hash);
    snprintf(out, PASSWORD_HASH_MAX, "$scrypt$ln=%d,r=%d,p=%d$%s$%s", COST_LOG2, BLOCK, LANES,
             salt, hash);
    return OK;
}

static bool weaker(const struct phc *phc)
{
    return phc->cost_log2 < COST_LOG2 || phc->block < BLOCK || phc->salt_len < SALT_LEN;
}

bool password_outdated(const char *phc_text)
{
    struct phc phc = {0};

    return !phc_read(str_of(phc_text), &phc) || weaker(&phc);
}

enum err password_verify(struct str password, const char *phc_text, bool *matches, bool *outdated)
{
    struct phc phc = {0};
    unsigned char derived[HASH_LEN];
    bool known = phc_text && phc_text[0] && phc_read(str_of(phc_text), &phc);
    enum err err;

    *matches = *outdated = false;
    if (!known) /* the same work for a login that does not exist */
        phc = (struct phc){
            .cost_log2 = COST_LOG2, .block = BLOCK, .lanes = LANES, .salt_len = SALT_LEN};
    err = derive(password, &phc, derived);
    if (err)
        return err;
    *matches = hash_equal(str_from(derived, HASH_LEN), str_from(phc.hash, HASH_LEN)) && known &&
               !ends_with_nul(password);
    *outdated = known && weaker(&phc);
    return OK;
}
