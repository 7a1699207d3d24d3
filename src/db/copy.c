#include "db/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "db/connection.h"

enum { OWNER_ONLY = 0600 }; /* the database and its copies hold what members told us */

/* What may stand beside a database: each goes where it goes. */
static const char *const companions[] = {"-wal", "-shm", ""};

/* ---- files ---- */

/* A new empty file that only its owner reads; an old one of that name goes. */
static enum err make_private_file(const char *path)
{
    int fd = unlink(path) == 0 || errno == ENOENT
                 ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, OWNER_ONLY)
                 : -1;
    if (fd < 0)
        return fail(ERR_IO, "%s: %s", path, strerror(errno));
    close(fd);
    return OK;
}

static enum err sync_path(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum err err;

    if (fd < 0)
        return fail(ERR_IO, "%s: %s", path, strerror(errno));
    err = fsync(fd) == 0 ? OK : fail(ERR_IO, "fsync %s: %s", path, strerror(errno));
    close(fd);
    return err;
}

static enum err sync_directory_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');

    return sync_path(slash ? arena_copy(arena, path, (size_t)(slash - path) + 1) : ".");
}

static enum err move(const char *from, const char *to)
{
    return rename(from, to) == 0 ? OK : fail(ERR_IO, "%s: %s", to, strerror(errno));
}

enum err db_copy_finish(const char *partial, const char *to)
{
    struct arena *arena = arena_new();
    enum err err = sync_path(partial);

    if (!err)
        err = move(partial, to);
    if (!err)
        err = sync_directory_of(arena, to);
    arena_free(arena);
    return err;
}

/* ---- out ---- */

enum err copy_to(struct db *db, const char *to)
{
    struct arena *arena = arena_new();
    const char *partial = arena_printf(arena, "%s.partial", to);
    enum err err = make_private_file(partial);

    if (!err)
        err = connection_run_text(db, "VACUUM INTO $1", DB_VALUES(db_text(partial)));
    if (!err)
        err = db_copy_finish(partial, to);
    if (err)
        unlink(partial);
    arena_free(arena);
    return err;
}

enum err db_copy(const char *path, const char *to)
{
    struct db *db = NULL;
    enum err err;

    if (access(path, F_OK) != 0)
        return fail(ERR_NOT_FOUND, "%s: %s", path, strerror(errno));
    err = db_open(path, DB_WRITE, NULL, &db);
    if (!err)
        err = copy_to(db, to);
    db_close(db);
    return err;
}

/* ---- is it whole? ---- */

/* SQLite says where in several lines: one sentence has one. */
static const char *on_one_line(char *text)
{
    for (char *byte = text; byte && *byte; byte++)
        if (*byte == '\n')
            *byte = *(byte + 1) ? ' ' : '\0';
    return text ? text : "it says nothing";
}

static enum err first_text(struct db *db, const char *sql, struct arena *arena, char **text)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = connection_select_text(db, sql, DB_NO_VALUES, &rows);

    *text = NULL;
    if (!err)
        err = db_next(&rows, &found);
    if (!err && found)
        *text = db_column_text(&rows, 0, arena);
    db_rows_done(&rows);
    return err;
}

enum err db_check_file(const char *path)
{
    struct arena *arena = arena_new();
    struct db *db = NULL;
    char *word = NULL;
    enum err err = db_open(path, DB_READ, NULL, &db);

    if (!err)
        err = first_text(db, "PRAGMA integrity_check(1)", arena, &word);
    if (!err && (!word || strcmp(word, "ok") != 0))
        err = fail(ERR_CONFLICT, "%s is damaged: %s", path, on_one_line(word));
    if (!err)
        err = first_text(db, "PRAGMA foreign_key_check", arena, &word);
    if (!err && word)
        err = fail(ERR_CONFLICT, "%s is damaged: a row of %s names one that is not there", path,
                   word);
    db_close(db);
    arena_free(arena);
    return err;
}

/* ---- back ---- */

/* The file itself goes last: until then the old one is found where it was. */
static enum err move_away(struct arena *arena, const char *path, const char *kept)
{
    enum err err = OK;

    for (size_t i = 0; !err && i < sizeof(companions) / sizeof(companions[0]); i++) {
        const char *from = arena_printf(arena, "%s%s", path, companions[i]);
        if (access(from, F_OK) == 0)
            err = move(from, arena_printf(arena, "%s%s", kept, companions[i]));
    }
    return err;
}

enum err db_replace(const char *path, const char *from, const char *kept)
{
    struct arena *arena = arena_new();
    enum err err = sync_path(from);

    if (!err)
        err = move_away(arena, path, kept);
    if (!err)
        err = move(from, path);
    if (!err)
        err = sync_directory_of(arena, path);
    arena_free(arena);
    return err;
}

void db_forget_file(const char *path)
{
    struct arena *arena = arena_new();

    for (size_t i = 0; i < sizeof(companions) / sizeof(companions[0]); i++)
        unlink(arena_printf(arena, "%s%s", path, companions[i]));
    unlink(arena_printf(arena, "%s.lock", path));
    arena_free(arena);
}
