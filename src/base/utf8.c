#include "base/utf8.h"

#include "base/arena.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Decodes one code point; returns its length, 0 when the bytes are not well-formed. */
static size_t decode(struct str text, uint32_t *point)
{
    static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)text.data[0];
    size_t len = first < 0x80   ? 1
                 : first < 0xc2 ? 0
                 : first < 0xe0 ? 2
                 : first < 0xf0 ? 3
                 : first < 0xf5 ? 4
                                : 0;

    if (len == 0 || len > text.len)
        return 0;
    *point = len == 1 ? first : first & (0xffU >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        unsigned char byte = (unsigned char)text.data[i];

        if ((byte & 0xc0) != 0x80)
            return 0;
        *point = *point << 6 | (byte & 0x3f);
    }
    if (*point < lowest[len] || *point > 0x10ffff || (*point >= 0xd800 && *point <= 0xdfff))
        return 0;
    return len;
}

static struct str skip(struct str text, size_t len)
{
    return (struct str){text.data + len, text.len - len};
}

bool utf8_valid(struct str text)
{
    uint32_t point;

    while (text.len > 0) {
        size_t len = decode(text, &point);
        if (!len)
            return false;
        text = skip(text, len);
    }
    return true;
}

bool utf8_clean(struct str text)
{
    uint32_t point;

    while (text.len > 0) {
        size_t len = decode(text, &point);
        if (!len || (point < 0x20 && point != '\t' && point != '\n' && point != '\r') ||
            (point >= 0x7f && point <= 0x9f))
            return false;
        text = skip(text, len);
    }
    return true;
}

size_t utf8_length(struct str text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++)
        count += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return count;
}

static struct str convert(iconv_t converter, struct str bytes, struct arena *arena)
{
    struct buffer out;
    char *in = (char *)(uintptr_t)bytes.data;
    size_t left = bytes.len;

    buffer_init(&out, arena, bytes.len + 16);
    while (left > 0) {
        char chunk[256], *to = chunk;
        size_t space = sizeof(chunk);
        size_t result = iconv(converter, &in, &left, &to, &space);

        buffer_add(&out, chunk, sizeof(chunk) - space);
        if (result == (size_t)-1 && errno != E2BIG) {
            buffer_add_text(&out, "\xef\xbf\xbd");
            in++;
            left--;
            iconv(converter, NULL, NULL, NULL, NULL);
        }
    }
    return buffer_str(&out);
}

/* iconv takes code points beyond Unicode for UTF-8. */
static struct str replace_bad(struct str text, struct arena *arena)
{
    struct buffer out;
    uint32_t point;

    if (utf8_valid(text))
        return text;
    buffer_init(&out, arena, text.len + 16);
    while (text.len > 0) {
        size_t len = decode(text, &point);

        if (len > 0)
            buffer_add(&out, text.data, len);
        else
            buffer_add_text(&out, "\xef\xbf\xbd");
        text = skip(text, len > 0 ? len : 1);
    }
    return buffer_str(&out);
}

struct str utf8_from_charset(struct str bytes, struct str charset, struct arena *arena)
{
    char name[40] = "windows-1252";
    iconv_t converter;
    struct str text;

    if (charset.len > 0 && charset.len < sizeof(name) && !memchr(charset.data, '/', charset.len)) {
        memcpy(name, charset.data, charset.len);
        name[charset.len] = '\0';
    }
    if (bytes.len == 0)
        return str_of("");
    converter = iconv_open("UTF-8", name);
    if (converter == (iconv_t)-1)
        converter = iconv_open("UTF-8", "WINDOWS-1252");
    if (converter == (iconv_t)-1)
        return utf8_valid(bytes) ? bytes : str_of("");
    text = replace_bad(convert(converter, bytes, arena), arena);
    iconv_close(converter);
    return text;
}

/* Base letters of U+00C0..U+017F; '\0' keeps the letter, the two-letter ones stand apart. */
static const char latin_fold[] =
    "aaaaaa\1ceeeeiiiidnooooo\0ouuuuy\0\2aaaaaa\1ceeeeiiiidnooooo\0ouuuuy\0y"
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii\0\0jjkkkllllllllllnnnnnnnnnoooooo\3\3"
    "rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

static void fold_point(struct buffer *out, uint32_t point, struct str bytes)
{
    char letter = '\0';

    if (point >= 'A' && point <= 'Z')
        letter = (char)(point - 'A' + 'a');
    else if (point >= 0xc0 && point < 0xc0 + sizeof(latin_fold) - 1)
        letter = latin_fold[point - 0xc0];
    if (letter == '\1')
        buffer_add_text(out, "ae");
    else if (letter == '\2')
        buffer_add_text(out, "ss");
    else if (letter == '\3')
        buffer_add_text(out, "oe");
    else if (letter)
        buffer_add_byte(out, letter);
    else
        buffer_add_str(out, bytes);
}

struct str utf8_fold(struct str text, struct arena *arena)
{
    struct buffer out;
    uint32_t point;

    if (!text.data)
        return text;
    buffer_init(&out, arena, text.len);
    while (text.len > 0) {
        size_t len = decode(text, &point);

        if (len == 0) {
            buffer_add_byte(&out, text.data[0]);
            len = 1;
        } else {
            fold_point(&out, point, (struct str){text.data, len});
        }
        text = skip(text, len);
    }
    return buffer_str(&out);
}

struct str utf8_cut(struct str text, size_t max)
{
    if (text.len <= max)
        return text;
    while (max > 0 && ((unsigned char)text.data[max] & 0xc0) == 0x80)
        max--;
    return (struct str){text.data, max};
}
