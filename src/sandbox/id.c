#include "sandbox/internal.h"

#include <string.h>

#include "base/random.h"

enum { ID_RANDOM_MAX = 64 };

/* Bytes that would make the first letters likelier than the others are thrown away. */
static enum err fill(const char *letters, unsigned letter_count, int count, char *out)
{
    unsigned limit = 256 - 256 % letter_count;
    int filled = 0;

    while (filled < count) {
        unsigned char bytes[ID_RANDOM_MAX];
        enum err err = random_bytes(bytes, sizeof(bytes));

        if (err)
            return err;
        for (size_t i = 0; i < sizeof(bytes) && filled < count; i++)
            if (bytes[i] < limit)
                out[filled++] = letters[bytes[i] % letter_count];
    }
    out[filled] = 0;
    return OK;
}

static enum err make(struct arena *arena, const char *prefix, const char *letters, int count,
                     const char **id)
{
    char random[ID_RANDOM_MAX + 1];
    enum err err = OK;

    require(count > 0 && count <= ID_RANDOM_MAX);
    err = fill(letters, (unsigned)strlen(letters), count, random);
    if (!err)
        *id = arena_printf(arena, "%s%s", prefix, random);
    return err;
}

enum err id_make(struct arena *arena, const char *prefix, int count, const char **id)
{
    return make(arena, prefix, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
                count, id);
}

enum err id_make_capitals(struct arena *arena, const char *prefix, int count, const char **id)
{
    return make(arena, prefix, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", count, id);
}

enum err id_make_account(struct arena *arena, const char **id)
{
    return make(arena, "", "23456789ABCDEFGHJKLMNPQRSTUVWXYZ", 13, id);
}

enum err id_make_digits(struct arena *arena, int count, const char **id)
{
    return make(arena, "", "0123456789", count, id);
}

enum err id_make_hex(struct arena *arena, int count, const char **id)
{
    return make(arena, "", "0123456789abcdef", count, id);
}
