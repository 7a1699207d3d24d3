#include "base/hash.h"
#include "job/letter.h"
#include "web/internal.h"

#include <stdio.h>
#include <stdlib.h>

enum { STATIC_FILE_MAX = 64 * 1024 };

/* The beginning of the SHA-256 of a file, so that a changed file gets a new address; "0" when it
 * is not beside the templates (the server in front has it elsewhere). */
static enum err read_version(const char *folder, const char *name, struct arena *arena,
                             char version[WEB_VERSION_MAX])
{
    unsigned char hash[HASH_LEN];
    char hex[HASH_HEX_MAX];
    char *bytes = arena_alloc(arena, STATIC_FILE_MAX);
    FILE *file = fopen(arena_printf(arena, "%s/../static/%s", folder, name), "rbe");
    size_t len;
    enum err err;

    snprintf(version, WEB_VERSION_MAX, "0");
    if (!file)
        return OK;
    len = fread(bytes, 1, STATIC_FILE_MAX, file);
    (void)fclose(file);
    err = hash_sha256(str_from(bytes, len), hash);
    if (err)
        return err;
    hash_hex(hash, sizeof(hash), hex);
    snprintf(version, WEB_VERSION_MAX, "%.12s", hex);
    return OK;
}

static enum err read_versions(const char *folder, struct look *look)
{
    struct arena *arena = arena_new();
    enum err err = read_version(folder, "guichet.css", arena, look->style_version);

    if (!err)
        err = read_version(folder, "return.js", arena, look->script_version);
    if (!err)
        err = read_version(folder, "copy.js", arena, look->copy_version);
    if (!err)
        err = read_version(folder, "cart.js", arena, look->cart_version);
    if (!err)
        err = read_version(folder, "embedded.js", arena, look->embedded_version);
    if (!err)
        err = read_version(folder, "favicon.svg", arena, look->icon_version);
    arena_free(arena);
    return err;
}

enum err look_load(const char *templates_folder, struct look **look)
{
    struct look *made = calloc(1, sizeof(*made));
    struct arena *arena = arena_new();
    enum err err;

    require(made);
    err = template_set_load(arena_printf(arena, "%s/web", templates_folder), &made->templates);
    if (!err)
        err = letter_load(templates_folder, arena, &made->letters);
    arena_free(arena);
    if (!err)
        err = read_versions(templates_folder, made);
    if (err) {
        look_free(made);
        made = NULL;
    }
    *look = made;
    return err;
}

void look_free(struct look *look)
{
    if (!look)
        return;
    template_set_free(look->templates);
    template_set_free(look->letters);
    free(look);
}
