#include "base/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

enum err hash_sha256(struct str data, unsigned char out[HASH_LEN])
{
    unsigned int len = 0;

    if (EVP_Digest(data.data ? data.data : "", data.len, out, &len, EVP_sha256(), NULL) != 1 ||
        len != HASH_LEN)
        return fail(ERR_CRYPTO, "SHA-256 failed");
    return OK;
}

enum err hash_hmac_sha256(struct str key, struct str data, unsigned char out[HASH_LEN])
{
    unsigned int len = 0;

    if (!HMAC(EVP_sha256(), key.data ? key.data : "", (int)key.len,
              (const unsigned char *)(data.data ? data.data : ""), data.len, out, &len) ||
        len != HASH_LEN)
        return fail(ERR_CRYPTO, "HMAC-SHA-256 failed");
    return OK;
}

void hash_hex(const unsigned char *data, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[data[i] >> 4];
        out[2 * i + 1] = digits[data[i] & 15];
    }
    out[2 * len] = '\0';
}

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

bool hash_unhex(struct str text, unsigned char *out, size_t len)
{
    if (text.len != 2 * len)
        return false;
    for (size_t i = 0; i < len; i++) {
        int high = hex_digit(text.data[2 * i]), low = hex_digit(text.data[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        out[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

bool hash_equal(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.data, b.data, a.len) == 0);
}
