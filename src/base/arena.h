/*
 * arena: memory with one lifetime, one per request or job.
 *
 * Invariant: nothing allocated here is freed alone; all of it goes with arena_free or
 * arena_reset. Allocation never returns NULL: lack of memory ends the process.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

/* A new empty arena. The caller must dispose of it with arena_free. */
struct arena *arena_new(void);
/* Frees the arena and everything in it. NULL is allowed. */
void arena_free(struct arena *arena);
/* Empties the arena; keeps its first block for the next use. */
void arena_reset(struct arena *arena);

/* size bytes of zeroed memory, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t size);
/* The same, not zeroed: for who writes all of it before reading. */
void *arena_alloc_raw(struct arena *arena, size_t size);
/* count * size zeroed bytes; a product that overflows ends the process. */
void *arena_array(struct arena *arena, size_t count, size_t size);
/* A NUL-terminated copy of len bytes. */
char *arena_copy(struct arena *arena, const void *data, size_t len);
/* A NUL-terminated copy of a C string; NULL gives NULL. */
char *arena_string(struct arena *arena, const char *text);
/* printf into the arena. */
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *format, va_list arguments);
/* Bytes handed out since the last reset: for tests and limits. */
size_t arena_used(const struct arena *arena);

#endif
