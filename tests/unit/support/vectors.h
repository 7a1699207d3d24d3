/*
 * vectors: the outside test material, read from the folder named by GUICHET_VECTORS, or
 * ../shared/vectors beside the repository.
 *
 * Invariant: a test whose material is missing fails and says where it was looked for.
 */
#ifndef TESTS_SUPPORT_VECTORS_H
#define TESTS_SUPPORT_VECTORS_H

#include "base/arena.h"
#include "base/str.h"

/* The path of a file or folder of the material, in the arena. */
const char *vectors_path(struct arena *arena, const char *name);
/* The bytes of a file; fails the running test when it cannot be read. */
struct str vectors_read(struct arena *arena, const char *name);
/* Names of the files of a folder that end so, sorted; fails the test when there are none. */
size_t vectors_list(struct arena *arena, const char *folder, const char *ending,
                    const char ***names);

#endif
