#include "base/base64.h"

#include "base/arena.h"

#include <string.h>

/* The six bits of a character, -1 for none. */
static int bits_of(char character)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = character ? strchr(alphabet, character) : NULL;

    return found ? (int)(found - alphabet) : -1;
}

static size_t padding_of(struct str text)
{
    size_t padding = 0;

    while (padding < 2 && padding < text.len && text.data[text.len - 1 - padding] == '=')
        padding++;
    return padding;
}

bool base64_read(struct str text, struct arena *arena, struct str *bytes)
{
    size_t padding = padding_of(text), len = 0;
    char *out = arena_alloc(arena, text.len / 4 * 3 + 1);
    unsigned held = 0;
    int held_bits = 0;

    if (text.len % 4 != 0)
        return false;
    for (size_t i = 0; i + padding < text.len; i++) {
        int bits = bits_of(text.data[i]);

        if (bits < 0)
            return false;
        held = (held << 6 | (unsigned)bits) & 0xFFF;
        held_bits += 6;
        if (held_bits >= 8) {
            held_bits -= 8;
            out[len++] = (char)(held >> held_bits & 0xFF);
        }
    }
    *bytes = str_from(out, len);
    return (held & ((1U << held_bits) - 1)) == 0;
}
