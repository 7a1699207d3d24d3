#include "support/fresh.h"

#include <stdio.h>
#include <stdlib.h>

static const struct db_migrations *made_by;
static char *content;
static size_t content_len;

static void forget(void)
{
    free(content);
}

/* Nobody has the file open: all of it is there, and its log is gone. */
static void keep(const char *path)
{
    FILE *file = fopen(path, "rb");
    long len;

    require(file && fseek(file, 0, SEEK_END) == 0);
    len = ftell(file);
    require(len > 0);
    rewind(file);
    content_len = (size_t)len;
    content = malloc(content_len);
    require(content && fread(content, 1, content_len, file) == content_len);
    fclose(file);
    atexit(forget);
}

static void copy_to(const char *path)
{
    FILE *file = fopen(path, "wbx");

    require(file);
    require(fwrite(content, 1, content_len, file) == content_len);
    require(fclose(file) == 0);
}

enum err fresh_database(const char *path, const struct db_migrations *migrations)
{
    int applied;
    enum err err;

    if (content) {
        require(made_by == migrations);
        copy_to(path);
        return OK;
    }
    err = db_migrate(path, migrations, &applied);
    if (!err) {
        made_by = migrations;
        keep(path);
    }
    return err;
}
