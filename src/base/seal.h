/*
 * seal: secrets at rest, AES-256-GCM under a key file that is not in the database.
 *
 * Invariant: a sealed value opens only under the same key, owner and name it was sealed for
 * (associated data = key id | owner id | name); any changed byte fails closed.
 * (security.md rows 24 to 26.)
 */
#ifndef BASE_SEAL_H
#define BASE_SEAL_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct arena;
struct seal_key;

/* Reads a key file: 64 hexadecimal digits and a line end, owned by us, mode 0400 or 0600
 * (group or others readable is refused with ERR_CONFIG). The caller must dispose of the key
 * with seal_key_free. */
enum err seal_key_load(const char *path, struct seal_key **key);
/* Writes a new random key file with mode 0400; an existing file is never overwritten. */
enum err seal_key_create(const char *path);
/* Wipes and frees. NULL is allowed. */
void seal_key_free(struct seal_key *key);
/* The key's id: first 8 bytes of the SHA-256 of the key, in hexadecimal (16 digits). */
const char *seal_key_id(const struct seal_key *key);

/* Does the value say that this key sealed it? Opens nothing. */
bool seal_made_with(const struct seal_key *key, struct str sealed);

/* Seals plain for (owner, name); *sealed is binary (version byte, key id, IV, tag, text) in
 * the arena. */
enum err seal_close(const struct seal_key *key, int64_t owner_id, const char *name,
                    struct str plain, struct arena *arena, struct str *sealed);
/* Opens what seal_close made for the same owner and name. ERR_CRYPTO when anything differs. */
enum err seal_open(const struct seal_key *key, int64_t owner_id, const char *name,
                   struct str sealed, struct arena *arena, struct str *plain);

#endif
