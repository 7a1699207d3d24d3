#include "vectors.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FILE_MAX = 4 * 1024 * 1024, NAMES_MAX = 256 };

const char *vectors_path(struct arena *arena, const char *name)
{
    const char *folder = getenv("GUICHET_VECTORS");

    return arena_printf(arena, "%s/%s", folder ? folder : "../shared/vectors", name);
}

static void missing(const char *path)
{
    print_error("test vectors absent: %s (set GUICHET_VECTORS to their folder)\n", path);
    fail();
}

struct str vectors_read(struct arena *arena, const char *name)
{
    const char *path = vectors_path(arena, name);
    char *bytes = arena_alloc(arena, FILE_MAX);
    FILE *file = fopen(path, "rb");
    size_t len;

    if (!file)
        missing(path);
    len = fread(bytes, 1, FILE_MAX, file);
    assert_int_equal(ferror(file), 0);
    (void)fclose(file);
    return str_from(bytes, len);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool ends(const char *name, const char *ending)
{
    size_t len = strlen(name);

    return len >= strlen(ending) && strcmp(name + len - strlen(ending), ending) == 0;
}

size_t vectors_list(struct arena *arena, const char *folder, const char *ending,
                    const char ***names)
{
    const char *path = vectors_path(arena, folder);
    DIR *directory = opendir(path);
    struct dirent *entry;
    size_t count = 0;

    if (!directory)
        missing(path);
    *names = arena_array(arena, NAMES_MAX, sizeof **names);
    while ((entry = readdir(directory)) != NULL && count < NAMES_MAX) {
        if (ends(entry->d_name, ending))
            (*names)[count++] = arena_string(arena, entry->d_name);
    }
    (void)closedir(directory);
    if (count == 0)
        missing(path);
    qsort(*names, count, sizeof **names, by_name);
    return count;
}
