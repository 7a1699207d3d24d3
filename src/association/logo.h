/*
 * logo: the association's picture, at most one.
 *
 * Invariant: what is stored was recognised by its bytes (base/picture) and is addressed by their
 * hash, so that an address never shows two pictures.
 */
#ifndef ASSOCIATION_LOGO_H
#define ASSOCIATION_LOGO_H

#include "association/audit.h"
#include "base/hash.h"
#include "base/picture.h"

enum { LOGO_BYTES_MAX = 200 * 1024 };

struct logo {
    const char *content_type;
    struct str bytes;
};
/* By its hash, of this association only. ERR_NOT_FOUND. */
enum err logo_find(struct db *db, int64_t association_id, struct str hash, struct arena *arena,
                   struct logo *logo);

struct logo_draft {
    int64_t association_id;
    const struct picture *picture; /* at most LOGO_BYTES_MAX bytes; NULL: no logo any more */
    char hash[HASH_HEX_MAX];       /* of picture->bytes; see logo_hash */
    int64_t now;
};
enum err logo_hash(struct str bytes, char out[HASH_HEX_MAX]);
/* Inside a transaction. */
enum err logo_set(struct db *db, const struct logo_draft *draft, const struct audit_actor *actor);

#endif
