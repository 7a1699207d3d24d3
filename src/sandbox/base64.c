#include "sandbox/base64.h"

#include "base/arena.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct str base64_write(struct str bytes, struct arena *arena)
{
    const unsigned char *in = (const unsigned char *)bytes.data;
    char *out = arena_alloc(arena, bytes.len / 3 * 4 + 5);
    size_t len = 0;

    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        unsigned bits = (unsigned)in[i] << 16 | (left > 1 ? (unsigned)in[i + 1] << 8 : 0) |
                        (left > 2 ? in[i + 2] : 0);

        out[len++] = letters[bits >> 18];
        out[len++] = letters[bits >> 12 & 63];
        out[len++] = left > 1 ? letters[bits >> 6 & 63] : '=';
        out[len++] = left > 2 ? letters[bits & 63] : '=';
    }
    return str_from(out, len);
}
