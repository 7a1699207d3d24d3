/*
 * import_file: a file (of members, of a provider's movements) between the steps of its import.
 *
 * Invariant: only the login that sent it sees it, in the association it was sent to; it is
 * imported once, and forgotten after an hour.
 */
#ifndef ASSOCIATION_IMPORT_FILE_H
#define ASSOCIATION_IMPORT_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "db/db.h"

enum {
    IMPORT_FILE_MAX = 2 * 1024 * 1024, /* bytes; the table says so, too */
    IMPORT_LIFE_S = 3600
};

struct import_file {
    int64_t association_id;
    int64_t id;
    int64_t login_id;
    struct str content; /* as it was sent; empty when it is done */
    bool done;          /* it was imported */
};

/* Keeps a file in place of an older one of the same login. Inside a transaction. */
enum err import_file_add(struct db *db, const struct import_file *file, int64_t now);
/* Reads content and done of the file that the other three fields name, into the arena.
 * ERR_NOT_FOUND when it is somebody else's or too old. */
enum err import_file_find(struct db *db, struct import_file *file, int64_t now,
                          struct arena *arena);
/* Marks it as imported and forgets the content. *first false: it was so already. ERR_NOT_FOUND.
 * Inside a transaction. */
enum err import_file_done(struct db *db, const struct import_file *file, int64_t now, bool *first);
/* Deletes those that are too old. A job calls it. */
enum err import_file_sweep(struct db *db, int64_t now);

#endif
