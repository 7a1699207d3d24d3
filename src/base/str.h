/*
 * str: slices of bytes, and a growing buffer.
 *
 * Invariant: a struct str never owns its bytes and may hold NUL; a struct buffer lives in
 * an arena and is always followed by a NUL that its length does not count.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

struct str {
    const char *data; /* may be NULL when len is 0 */
    size_t len;
};

/* For printf("%.*s", STR_PRINT(s)). */
#define STR_PRINT(s) ((int)(s).len), ((s).data ? (s).data : "")

/* A slice of a C string (NULL gives the empty slice), or of len bytes. */
struct str str_of(const char *text);
struct str str_from(const void *data, size_t len);
/* Same bytes? Not for secrets: see hash_equal. */
bool str_equal(struct str a, struct str b);
bool str_is(struct str a, const char *text);
bool str_starts(struct str text, const char *prefix);
bool str_empty(struct str text);
/* Without ASCII white space at both ends. */
struct str str_trim(struct str text);
/* Index of the first byte, or len when absent. */
size_t str_find(struct str text, char byte);
/* Cuts *rest at the separator: returns what stands before it, *rest becomes what stands
 * behind. Without separator all of it is returned and *rest becomes empty with data NULL. */
struct str str_cut(struct str *rest, char separator);
/* A NUL-terminated copy in the arena. */
char *str_copy(struct arena *arena, struct str text);
enum { INTEGER_TEXT_MAX = 21 }; /* 20 bytes of the longest, and NUL */
/* The decimal digits of value behind its '-', and NUL; returns their length. */
size_t integer_format(char out[INTEGER_TEXT_MAX], int64_t value);
/* Decimal digits only (optional leading '-'), whole range checked. False when not a number. */
bool str_to_int64(struct str text, int64_t *value);
/* ASCII-only case folding comparison. */
bool str_equal_ignoring_case(struct str a, struct str b);

struct buffer {
    struct arena *arena;
    char *data;
    size_t len;
    size_t capacity;
};

/* An empty buffer in the arena; nothing to dispose of. */
void buffer_init(struct buffer *buffer, struct arena *arena, size_t capacity);
void buffer_add(struct buffer *buffer, const void *data, size_t len);
void buffer_add_str(struct buffer *buffer, struct str text);
void buffer_add_text(struct buffer *buffer, const char *text);
void buffer_add_byte(struct buffer *buffer, char byte);
void buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The bytes so far; valid until the next addition. */
struct str buffer_str(const struct buffer *buffer);

#endif
