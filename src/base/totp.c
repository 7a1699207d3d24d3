#include "base/totp.h"

#include "base/arena.h"
#include "base/hash.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

enum { SHA1_LEN = 20, COUNTER_LEN = 8, CODES = 1000000 };

int64_t totp_counter(int64_t at)
{
    return at / TOTP_STEP_S;
}

static enum err hmac_sha1(struct str key, const unsigned char message[COUNTER_LEN],
                          unsigned char out[SHA1_LEN])
{
    unsigned int len = 0;

    if (!HMAC(EVP_sha1(), key.data, (int)key.len, message, COUNTER_LEN, out, &len) ||
        len != SHA1_LEN)
        return fail(ERR_CRYPTO, "HMAC-SHA-1 failed");
    return OK;
}

/* RFC 4226, 5.3: four bytes from where the last one says, without the sign. */
static uint32_t truncate(const unsigned char mac[SHA1_LEN])
{
    const unsigned char *at = mac + (mac[SHA1_LEN - 1] & 15);

    return (uint32_t)(at[0] & 0x7f) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

enum err totp_code(struct str seed, int64_t counter, char out[TOTP_CODE_MAX])
{
    unsigned char message[COUNTER_LEN], mac[SHA1_LEN];
    enum err err;

    for (int i = 0; i < COUNTER_LEN; i++)
        message[i] = (unsigned char)((uint64_t)counter >> (8 * (COUNTER_LEN - 1 - i)));
    err = hmac_sha1(seed, message, mac);
    if (!err)
        snprintf(out, TOTP_CODE_MAX, "%06u", (unsigned)(truncate(mac) % CODES));
    return err;
}

enum err totp_match(struct str seed, struct str code, int64_t at, int64_t after, bool *matches,
                    int64_t *counter)
{
    int64_t now = totp_counter(at);

    *matches = false;
    for (int64_t step = now - TOTP_WINDOW; step <= now + TOTP_WINDOW; step++) {
        char expected[TOTP_CODE_MAX];
        enum err err = totp_code(seed, step, expected);

        if (err) {
            *matches = false;
            return err;
        }
        if (hash_equal(code, str_of(expected)) && step > after && !*matches) {
            *matches = true;
            *counter = step;
        }
    }
    return OK;
}

struct str base32_encode(struct str bytes, struct arena *arena)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    struct buffer out;
    uint32_t held = 0;
    int bits = 0;

    buffer_init(&out, arena, bytes.len * 2);
    for (size_t i = 0; i < bytes.len; i++) {
        held = (held << 8 | (unsigned char)bytes.data[i]) & 0xffff;
        for (bits += 8; bits >= 5; bits -= 5)
            buffer_add_byte(&out, alphabet[held >> (bits - 5) & 31]);
    }
    if (bits > 0)
        buffer_add_byte(&out, alphabet[held << (5 - bits) & 31]);
    return buffer_str(&out);
}
