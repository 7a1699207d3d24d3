#include "sandbox/base64.h"

#include <string.h>

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

static int value_of(char letter)
{
    const char *found = letter ? strchr(letters, letter) : NULL;

    return found ? (int)(found - letters) : -1;
}

static size_t padding_of(struct str text)
{
    return text.data[text.len - 1] != '=' ? 0 : text.data[text.len - 2] != '=' ? 1 : 2;
}

bool base64_read(struct str text, struct arena *arena, struct str *bytes)
{
    char *out = arena_alloc(arena, text.len / 4 * 3 + 1);
    size_t padding = 0;
    size_t len = 0;
    unsigned bits = 0;

    if (!text.len || text.len % 4)
        return false;
    padding = padding_of(text);
    for (size_t i = 0; i < text.len; i++) {
        int value = i < text.len - padding ? value_of(text.data[i]) : 0;

        if (value < 0)
            return false;
        bits = bits << 6 | (unsigned)value;
        if (i % 4 == 3) {
            out[len++] = (char)(bits >> 16);
            out[len++] = (char)(bits >> 8);
            out[len++] = (char)bits;
            bits = 0;
        }
    }
    len -= padding;
    *bytes = str_from(out, len);
    return str_equal(base64_write(*bytes, arena), text);
}
