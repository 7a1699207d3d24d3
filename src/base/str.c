#include "base/str.h"

#include "base/arena.h"
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct str str_of(const char *text)
{
    return (struct str){text, text ? strlen(text) : 0};
}

struct str str_from(const void *data, size_t len)
{
    return (struct str){data, len};
}

bool str_equal(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool str_is(struct str a, const char *text)
{
    return str_equal(a, str_of(text));
}

bool str_starts(struct str text, const char *prefix)
{
    size_t len = strlen(prefix);

    return text.len >= len && (len == 0 || memcmp(text.data, prefix, len) == 0);
}

bool str_empty(struct str text)
{
    return text.len == 0;
}

static bool is_space(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

struct str str_trim(struct str text)
{
    while (text.len > 0 && is_space(text.data[0])) {
        text.data++;
        text.len--;
    }
    while (text.len > 0 && is_space(text.data[text.len - 1]))
        text.len--;
    return text;
}

size_t str_find(struct str text, char byte)
{
    const char *found = text.len ? memchr(text.data, byte, text.len) : NULL;

    return found ? (size_t)(found - text.data) : text.len;
}

struct str str_cut(struct str *rest, char separator)
{
    size_t at = str_find(*rest, separator);
    struct str before = {rest->data, at};

    if (at == rest->len)
        *rest = (struct str){NULL, 0};
    else
        *rest = (struct str){rest->data + at + 1, rest->len - at - 1};
    return before;
}

char *str_copy(struct arena *arena, struct str text)
{
    return arena_copy(arena, text.data, text.len);
}

size_t integer_format(char out[INTEGER_TEXT_MAX], int64_t value)
{
    char digits[INTEGER_TEXT_MAX];
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    size_t count = 0, len = 0;

    do
        digits[count++] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0)
        out[len++] = '-';
    while (count > 0)
        out[len++] = digits[--count];
    out[len] = '\0';
    return len;
}

bool str_to_int64(struct str text, int64_t *value)
{
    bool negative = text.len > 0 && text.data[0] == '-';
    int64_t number = 0;

    if (negative) {
        text.data++;
        text.len--;
    }
    if (text.len == 0)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int digit = text.data[i] - '0';

        if (digit < 0 || digit > 9 || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_sub_overflow(number, digit, &number))
            return false;
    }
    if (!negative && __builtin_sub_overflow((int64_t)0, number, &number))
        return false;
    *value = number;
    return true;
}

static char lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

bool str_equal_ignoring_case(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.data[i]) != lower(b.data[i]))
            return false;
    return true;
}

void buffer_init(struct buffer *buffer, struct arena *arena, size_t capacity)
{
    buffer->arena = arena;
    buffer->capacity = capacity < 64 ? 64 : capacity;
    buffer->data = arena_alloc_raw(arena, buffer->capacity + 1);
    buffer->data[0] = '\0';
    buffer->len = 0;
}

static void reserve(struct buffer *buffer, size_t more)
{
    size_t needed, capacity = buffer->capacity;
    char *grown;

    if (__builtin_add_overflow(buffer->len, more, &needed))
        err_abort(__FILE__, __LINE__, "buffer too large");
    if (needed <= capacity)
        return;
    while (capacity < needed)
        capacity *= 2;
    grown = arena_alloc_raw(buffer->arena, capacity + 1);
    memcpy(grown, buffer->data, buffer->len);
    grown[buffer->len] = '\0';
    buffer->data = grown;
    buffer->capacity = capacity;
}

void buffer_add(struct buffer *buffer, const void *data, size_t len)
{
    if (len == 0)
        return;
    reserve(buffer, len);
    memcpy(buffer->data + buffer->len, data, len);
    buffer->len += len;
    buffer->data[buffer->len] = '\0';
}

void buffer_add_str(struct buffer *buffer, struct str text)
{
    buffer_add(buffer, text.data, text.len);
}

void buffer_add_text(struct buffer *buffer, const char *text)
{
    buffer_add(buffer, text, strlen(text));
}

void buffer_add_byte(struct buffer *buffer, char byte)
{
    buffer_add(buffer, &byte, 1);
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list arguments, again;
    int len;

    va_start(arguments, format);
    va_copy(again, arguments);
    len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    require(len >= 0);
    reserve(buffer, (size_t)len);
    vsnprintf(buffer->data + buffer->len, (size_t)len + 1, format, arguments);
    buffer->len += (size_t)len;
    va_end(arguments);
}

struct str buffer_str(const struct buffer *buffer)
{
    return (struct str){buffer->data, buffer->len};
}
