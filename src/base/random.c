#include "base/random.h"

#include "base/clock.h"
#include "base/hash.h"

#include <openssl/rand.h>
#include <stdatomic.h>

enum { ID_RANDOM_BITS = 22 };
static const int64_t id_epoch_ms = INT64_C(1577836800000); /* 2020-01-01 */

enum err random_bytes(void *out, size_t len)
{
    if (len > 1 << 20 || RAND_bytes(out, (int)len) != 1)
        return fail(ERR_CRYPTO, "no random bytes");
    return OK;
}

enum err random_begin(void)
{
    unsigned char byte;

    return random_bytes(&byte, sizeof(byte));
}

enum err random_token(char out[RANDOM_TOKEN_MAX])
{
    unsigned char bytes[16];
    enum err err = random_bytes(bytes, sizeof(bytes));

    if (!err)
        hash_hex(bytes, sizeof(bytes), out);
    return err;
}

enum err random_id(int64_t *id)
{
    static _Atomic int64_t last;
    uint32_t low;
    int64_t previous = atomic_load(&last), next;
    enum err err = random_bytes(&low, sizeof(low));

    if (err)
        return err;
    do {
        next = (clock_now_ms() - id_epoch_ms) << ID_RANDOM_BITS |
               (int64_t)(low & ((1U << ID_RANDOM_BITS) - 1));
        if (next <= previous)
            next = previous + 1;
    } while (!atomic_compare_exchange_weak(&last, &previous, next));
    *id = next;
    return OK;
}
