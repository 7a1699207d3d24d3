#include "base/arena.h"

#include "base/err.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* For the fuzzers: ASan lets nobody touch what was not handed out, nor the gap behind each piece.
 */
#ifdef ARENA_GAPS
#include <sanitizer/asan_interface.h>
enum { GAP = 16 };
#else
enum { GAP = 0 };
#define ASAN_POISON_MEMORY_REGION(data, size) ((void)0)
#define ASAN_UNPOISON_MEMORY_REGION(data, size) ((void)0)
#endif

enum { BLOCK_SIZE = 16 * 1024, ALIGNMENT = 16 };

struct block {
    struct block *next;
    size_t size;
    size_t used;
    _Alignas(ALIGNMENT) unsigned char bytes[];
};

struct arena {
    struct block *first; /* kept over a reset */
    struct block *current;
    size_t used;
};

static struct block *block_new(size_t size)
{
    struct block *block = malloc(sizeof(*block) + size);

    if (!block)
        err_abort(__FILE__, __LINE__, "out of memory");
    block->next = NULL;
    block->size = size;
    block->used = 0;
    ASAN_POISON_MEMORY_REGION(block->bytes, size);
    return block;
}

struct arena *arena_new(void)
{
    struct arena *arena = malloc(sizeof(*arena));

    if (!arena)
        err_abort(__FILE__, __LINE__, "out of memory");
    arena->first = arena->current = block_new(BLOCK_SIZE);
    arena->used = 0;
    return arena;
}

static void free_blocks(struct block *block)
{
    while (block) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    free_blocks(arena->first);
    free(arena);
}

void arena_reset(struct arena *arena)
{
    free_blocks(arena->first->next);
    arena->first->next = NULL;
    arena->first->used = 0;
    ASAN_POISON_MEMORY_REGION(arena->first->bytes, arena->first->size);
    arena->current = arena->first;
    arena->used = 0;
}

void *arena_alloc_raw(struct arena *arena, size_t size)
{
    struct block *block = arena->current;
    size_t rounded;
    void *data;

    if (size > SIZE_MAX / 2)
        err_abort(__FILE__, __LINE__, "allocation too large");
    rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (block->size - block->used < rounded + GAP) {
        block = block_new(rounded > BLOCK_SIZE - GAP ? rounded + GAP : BLOCK_SIZE);
        arena->current->next = block;
        arena->current = block;
    }
    data = block->bytes + block->used;
    ASAN_UNPOISON_MEMORY_REGION(data, size);
    block->used += rounded + GAP;
    arena->used += rounded;
    return data;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    return memset(arena_alloc_raw(arena, size), 0, size);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t total;

    if (__builtin_mul_overflow(count, size, &total))
        err_abort(__FILE__, __LINE__, "allocation too large");
    return arena_alloc(arena, total);
}

char *arena_copy(struct arena *arena, const void *data, size_t len)
{
    char *copy;

    if (len == SIZE_MAX)
        err_abort(__FILE__, __LINE__, "allocation too large");
    copy = arena_alloc_raw(arena, len + 1);
    if (len > 0)
        memcpy(copy, data, len);
    copy[len] = '\0';
    return copy;
}

char *arena_string(struct arena *arena, const char *text)
{
    return text ? arena_copy(arena, text, strlen(text)) : NULL;
}

char *arena_vprintf(struct arena *arena, const char *format, va_list arguments)
{
    va_list again;
    int len;
    char *text;

    va_copy(again, arguments);
    len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    require(len >= 0);
    text = arena_alloc(arena, (size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, format, arguments);
    return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = arena_vprintf(arena, format, arguments);
    va_end(arguments);
    return text;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}
