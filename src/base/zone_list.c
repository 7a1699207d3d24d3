#include "base/zone.h"

#include "base/arena.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A line of zone.tab: country, coordinates, name, remarks; '#' begins a comment. Source: the
 * tz database, zone.tab. */
static const char table_path[] = "/usr/share/zoneinfo/zone.tab";

enum { NAMES_MAX = 600, LINE_MAX_LEN = 512 };

/* The third column; the empty slice when there is none. */
static struct str name_of(struct str line)
{
    if (str_starts(line, "#"))
        return (struct str){"", 0};
    (void)str_cut(&line, '\t');
    (void)str_cut(&line, '\t');
    return str_trim(str_cut(&line, '\t'));
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

enum err zone_names(struct arena *arena, const char ***names, size_t *count)
{
    FILE *file = fopen(table_path, "re");
    char line[LINE_MAX_LEN];

    *names = arena_array(arena, NAMES_MAX, sizeof(**names));
    *count = 0;
    if (!file)
        return fail(ERR_IO, "%s: %s", table_path, strerror(errno));
    while (*count < NAMES_MAX && fgets(line, sizeof(line), file)) {
        struct str name = name_of(str_of(line));

        if (!str_empty(name))
            (*names)[(*count)++] = str_copy(arena, name);
    }
    fclose(file);
    qsort(*names, *count, sizeof(**names), compare);
    return OK;
}
