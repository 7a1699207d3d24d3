#include "association/product.h"

#include "association/rows.h"
#include "base/arena.h"
#include "queries.h"

static enum err read_product(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct product *product = item;

    product->id = db_column_int(rows, 0);
    product->title = db_column_text(rows, 1, arena);
    product->price_cents = db_column_int(rows, 2);
    product->account_code = db_column_text(rows, 3, arena);
    product->fiscal_year_id = db_column_int(rows, 4);
    product->archived = !db_column_is_null(rows, 5);
    product->version = db_column_int(rows, 6);
    product->account_label = db_column_text_or_empty(rows, 7, arena);
    product->year_label = db_column_text_or_empty(rows, 8, arena);
    return OK;
}

enum err product_list(struct db *db, int64_t association_id, bool with_archived,
                      struct arena *arena, struct product **products, size_t *count)
{
    void *items;
    enum err err =
        rows_read_all(db, Q_PRODUCT_LIST, DB_VALUES(db_int(association_id), db_int(with_archived)),
                      read_product, sizeof(**products), arena, &items, count);

    *products = items;
    return err;
}

enum err product_find(struct db *db, int64_t association_id, int64_t product_id,
                      struct arena *arena, struct product *product)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, Q_PRODUCT_READ,
                            DB_VALUES(db_int(association_id), db_int(product_id)), &rows, &found);

    if (!err && !found)
        err = fail(ERR_NOT_FOUND, "no such product");
    if (!err)
        err = read_product(&rows, arena, product);
    db_rows_done(&rows);
    return err;
}

static struct db_value year_or_null(int64_t fiscal_year_id)
{
    return fiscal_year_id ? db_int(fiscal_year_id) : db_null();
}

static enum err add(struct db *db, const struct product_change *change)
{
    return db_run(db, Q_PRODUCT_ADD,
                  DB_VALUES(db_int(change->association_id), db_int(change->id),
                            db_text(change->title), db_int(change->price_cents),
                            db_text(change->account_code), year_or_null(change->fiscal_year_id),
                            db_int(change->now)));
}

static enum err update(struct db *db, const struct product_change *change)
{
    int64_t changed = 0;
    enum err err = db_integer(db, Q_PRODUCT_UPDATE,
                              DB_VALUES(db_int(change->association_id), db_int(change->id),
                                        db_int(change->version), db_text(change->title),
                                        db_int(change->price_cents), db_text(change->account_code),
                                        year_or_null(change->fiscal_year_id)),
                              0, &changed);

    return !err && !changed ? fail(ERR_CONFLICT, "the product was changed meanwhile") : err;
}

enum err product_save(struct db *db, const struct product_change *change,
                      const struct audit_actor *actor)
{
    struct arena *arena = arena_new();
    enum err err = change->version ? update(db, change) : add(db, change);

    if (!err)
        err = audit_add(
            db, change->association_id, actor,
            change->version ? "product.changed" : "product.added",
            arena_printf(arena, "product:%lld", (long long)change->id),
            arena_printf(arena, "%lld, %s", (long long)change->price_cents, change->account_code));
    arena_free(arena);
    return err;
}

enum err product_archive(struct db *db, int64_t association_id, int64_t product_id, int64_t now,
                         const struct audit_actor *actor)
{
    struct arena *arena = arena_new();
    struct product product;
    int64_t changed = 0;
    enum err err = product_find(db, association_id, product_id, arena, &product);

    if (!err)
        err = db_integer(
            db, Q_PRODUCT_ARCHIVE,
            DB_VALUES(db_int(association_id), db_int(product_id), now ? db_int(now) : db_null()),
            0, &changed);
    if (!err && !changed)
        err = fail(ERR_CONFLICT, "the product is so already");
    if (!err)
        err = audit_add(db, association_id, actor, now ? "product.archived" : "product.restored",
                        arena_printf(arena, "product:%lld", (long long)product_id), "");
    arena_free(arena);
    return err;
}
