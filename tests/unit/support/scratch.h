/*
 * scratch: an empty directory for one test.
 *
 * Invariant: nothing of a test is left behind; no directories are made inside.
 */
#ifndef TESTS_SUPPORT_SCRATCH_H
#define TESTS_SUPPORT_SCRATCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail /* cmocka's; the name belongs to base/err.h here */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"

enum { SCRATCH_PATH_MAX = 512, SCRATCH_NAME_MAX = 1024 };

struct scratch {
    char directory[SCRATCH_PATH_MAX];
    char name[SCRATCH_NAME_MAX];
};

static inline void scratch_init(struct scratch *scratch)
{
    const char *base = getenv("TMPDIR");
    snprintf(scratch->directory, sizeof(scratch->directory), "%s/guichet-test-XXXXXX",
             base == NULL ? "/tmp" : base);
    require(mkdtemp(scratch->directory) != NULL);
}

/* The path of a file in the directory; valid until the next call. */
static inline const char *scratch_path(struct scratch *scratch, const char *file)
{
    snprintf(scratch->name, sizeof(scratch->name), "%s/%s", scratch->directory, file);
    return scratch->name;
}

/* Its size, or -1 when there is no such file. */
static inline long scratch_size(struct scratch *scratch, const char *file)
{
    struct stat status;
    return stat(scratch_path(scratch, file), &status) == 0 ? (long)status.st_size : -1;
}

static inline void scratch_done(struct scratch *scratch)
{
    DIR *directory = opendir(scratch->directory);
    struct dirent *entry = NULL;
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            unlink(scratch_path(scratch, entry->d_name));
        }
    }
    if (directory != NULL) {
        closedir(directory);
    }
    rmdir(scratch->directory);
}

/* The failure of this thread's last call must say so; ends the test otherwise. */
static inline void assert_error_says(const char *part)
{
    if (strstr(err_last()->text, part) == NULL) {
        print_error("\"%s\" does not say \"%s\"\n", err_last()->text, part);
        _fail(__FILE__, __LINE__);
    }
}

#endif
