#include "template/internal.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { FOLDERS_MAX = 4, FILES_MAX = 500, FILE_LEN_MAX = 256 * 1024 };

struct loading {
    struct arena *arena; /* until the sources are parsed */
    const char *folder;
    struct template_source sources[FILES_MAX];
    size_t count;
};

static bool ends(const char *name, const char *ending)
{
    size_t len = strlen(name), ending_len = strlen(ending);

    return len > ending_len && strcmp(name + len - ending_len, ending) == 0;
}

static enum err read_file(struct loading *loading, const char *path, const char *name, size_t len)
{
    FILE *file = fopen(path, "rbe");
    enum err err = OK;

    if (!file)
        return fail(ERR_CONFIG, "%s: %s", path, strerror(errno));
    if (len > FILE_LEN_MAX || loading->count == FILES_MAX) {
        err = fail(ERR_CONFIG, "%s: too large, or one template too many", path);
    } else {
        char *bytes = arena_alloc(loading->arena, len + 1);

        if (fread(bytes, 1, len, file) != len)
            err = fail(ERR_CONFIG, "%s: could not be read", path);
        loading->sources[loading->count++] = (struct template_source){name, {bytes, len}};
    }
    (void)fclose(file);
    return err;
}

static enum err read_folder(struct loading *loading, const char *within, int depth);

static enum err read_entry(struct loading *loading, const char *name, int depth)
{
    const char *path = arena_printf(loading->arena, "%s/%s", loading->folder, name);
    struct stat status;

    if (stat(path, &status) != 0)
        return fail(ERR_CONFIG, "%s: %s", path, strerror(errno));
    if (S_ISDIR(status.st_mode))
        return read_folder(loading, arena_printf(loading->arena, "%s/", name), depth + 1);
    if (S_ISREG(status.st_mode) && (ends(name, ".html") || ends(name, ".txt")))
        return read_file(loading, path, name, (size_t)status.st_size);
    return OK;
}

/* within: "" or "partial/". Hidden files are left alone. */
static enum err read_folder(struct loading *loading, const char *within, int depth)
{
    const char *path = arena_printf(loading->arena, "%s/%s", loading->folder, within);
    DIR *folder = opendir(path);
    struct dirent *entry;
    enum err err = OK;

    if (!folder)
        return fail(ERR_CONFIG, "%s: %s", path, strerror(errno));
    if (depth > FOLDERS_MAX)
        err = fail(ERR_CONFIG, "%s: folders are nested too deep", path);
    while (!err && (entry = readdir(folder)) != NULL)
        if (entry->d_name[0] != '.')
            err = read_entry(loading, arena_printf(loading->arena, "%s%s", within, entry->d_name),
                             depth);
    (void)closedir(folder);
    return err;
}

enum err template_set_load(const char *folder, struct template_set **set)
{
    struct arena *arena = arena_new();
    struct loading *loading = arena_alloc(arena, sizeof(*loading));
    enum err err;

    *set = NULL;
    loading->arena = arena;
    loading->folder = folder;
    err = read_folder(loading, "", 0);
    if (!err)
        err = template_set_parse(loading->sources, loading->count, set);
    arena_free(arena);
    return err;
}
