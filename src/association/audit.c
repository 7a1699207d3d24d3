#include "association/audit.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/str.h"
#include "queries.h"

#include <stdio.h>
#include <string.h>

/* Netstrings: no field can be moved into its neighbour. */
static void image_add(struct buffer *image, struct str field)
{
    buffer_printf(image, "%zu:", field.len);
    buffer_add_str(image, field);
    buffer_add_byte(image, ',');
}

static void image_add_number(struct buffer *image, int64_t number)
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%lld", (long long)number);

    image_add(image, str_from(digits, (size_t)len));
}

enum err audit_hash(const struct audit_row *row, struct str previous_hash, struct arena *arena,
                    unsigned char hash[32])
{
    struct buffer image;

    buffer_init(&image, arena, 256);
    image_add(&image, previous_hash);
    image_add_number(&image, row->association_id);
    image_add_number(&image, row->chain_number);
    image_add_number(&image, row->at_ms);
    image_add_number(&image, row->login_id);
    image_add(&image, row->address);
    image_add(&image, row->action);
    image_add(&image, row->object);
    image_add(&image, row->detail);
    return hash_sha256(buffer_str(&image), hash);
}

/* The last row of the chain; number 0 and zeros before the first. */
static enum err chain_head(struct db *db, int64_t association_id, int64_t *chain_number,
                           unsigned char hash[HASH_LEN])
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, Q_AUDIT_HEAD, DB_VALUES(db_int(association_id)), &rows, &found);

    *chain_number = 0;
    memset(hash, 0, HASH_LEN);
    if (!err && found) {
        *chain_number = db_column_int(&rows, 0);
        memcpy(hash, db_column_str(&rows, 1).data, HASH_LEN);
    }
    db_rows_done(&rows);
    return err;
}

static enum err write_row(struct db *db, const struct audit_row *row, struct str previous_hash,
                          struct arena *arena)
{
    unsigned char hash[HASH_LEN];
    enum err err = audit_hash(row, previous_hash, arena, hash);

    if (err)
        return err;
    return db_run(db, Q_AUDIT_ADD,
                  DB_VALUES(db_int(row->association_id), db_int(row->chain_number),
                            db_int(row->at_ms), row->login_id ? db_int(row->login_id) : db_null(),
                            db_str(row->address), db_str(row->action), db_str(row->object),
                            db_str(row->detail), db_blob(previous_hash),
                            db_blob(str_from(hash, sizeof(hash)))));
}

enum err audit_add(struct db *db, int64_t association_id, const struct audit_actor *actor,
                   const char *action, const char *object, const char *detail)
{
    struct arena *arena = arena_new();
    unsigned char previous_hash[HASH_LEN];
    struct audit_row row = {
        .association_id = association_id,
        .at_ms = clock_now_ms(),
        .login_id = actor->login_id,
        .address = str_of(actor->address),
        .action = str_of(action),
        .object = str_of(object),
        .detail = str_of(detail),
    };
    enum err err = chain_head(db, association_id, &row.chain_number, previous_hash);

    row.chain_number++;
    if (!err)
        err = write_row(db, &row, str_from(previous_hash, sizeof(previous_hash)), arena);
    arena_free(arena);
    return err;
}
