#include "base/memory.h"

#include "base/err.h"

#include <openssl/crypto.h>
#include <stdlib.h>

static void *checked(void *memory, size_t size)
{
    if (!memory && size < MEMORY_LARGE)
        err_abort(__FILE__, __LINE__, "out of memory");
    return memory;
}

void *memory_take(size_t size)
{
    return size ? checked(malloc(size), size) : NULL;
}

static void *take(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return memory_take(size);
}

static void give_back(void *memory, const char *file, int line)
{
    (void)file, (void)line;
    free(memory);
}

static void *take_again(void *memory, size_t size, const char *file, int line)
{
    if (size)
        return checked(realloc(memory, size), size);
    give_back(memory, file, line);
    return NULL;
}

void memory_begin(void)
{
    require(CRYPTO_set_mem_functions(take, take_again, give_back) == 1);
}
