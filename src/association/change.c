#include "association/change.h"

#include "base/arena.h"
#include "base/hash.h"

#include <string.h>

enum { SHOWN_BYTES = 4 };

void change_init(struct change *change, struct arena *arena)
{
    buffer_init(&change->detail, arena, 128);
}

static void add_field(struct change *change, const char *field)
{
    if (change->detail.len > 0)
        buffer_add_text(&change->detail, ", ");
    buffer_printf(&change->detail, "%s ", field);
}

void change_number(struct change *change, const char *field, int64_t before, int64_t after)
{
    if (before == after)
        return;
    add_field(change, field);
    buffer_printf(&change->detail, "%lld > %lld", (long long)before, (long long)after);
}

static const char *or_dash(const char *text)
{
    return *text ? text : "-";
}

void change_word(struct change *change, const char *field, const char *before, const char *after)
{
    if (strcmp(before, after) == 0)
        return;
    add_field(change, field);
    buffer_printf(&change->detail, "%s > %s", or_dash(before), or_dash(after));
}

static enum err shorten(const char *text, char out[2 * SHOWN_BYTES + 1])
{
    unsigned char hash[HASH_LEN];
    enum err err = hash_sha256(str_of(text), hash);

    if (!err)
        hash_hex(hash, SHOWN_BYTES, out);
    return err;
}

enum err change_text(struct change *change, const char *field, const char *before,
                     const char *after)
{
    char old_hash[2 * SHOWN_BYTES + 1] = "", new_hash[2 * SHOWN_BYTES + 1] = "";
    enum err err = OK;

    if (strcmp(before, after) == 0)
        return OK;
    if (*before)
        err = shorten(before, old_hash);
    if (!err && *after)
        err = shorten(after, new_hash);
    if (err)
        return err;
    add_field(change, field);
    buffer_printf(&change->detail, "%s > %s", or_dash(old_hash), or_dash(new_hash));
    return OK;
}

bool change_none(const struct change *change)
{
    return change->detail.len == 0;
}

const char *change_detail(const struct change *change)
{
    return change->detail.len > 0 ? change->detail.data : "";
}
