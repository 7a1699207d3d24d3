#include "template/internal.h"

static const char *html_entity(char byte)
{
    switch (byte) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

static void add_html(struct buffer *out, struct str text)
{
    size_t from = 0;

    for (size_t i = 0; i < text.len; i++) {
        const char *entity = html_entity(text.data[i]);

        if (!entity)
            continue;
        buffer_add(out, text.data + from, i - from);
        buffer_add_text(out, entity);
        from = i + 1;
    }
    if (from < text.len)
        buffer_add(out, text.data + from, text.len - from);
}

static bool unreserved(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' ||
           byte == '~';
}

static void add_percent(struct buffer *out, struct str text, char also_plain)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.data[i];

        if (unreserved(text.data[i]) || text.data[i] == also_plain)
            buffer_add_byte(out, text.data[i]);
        else
            buffer_add(out, (const char[]){'%', digits[byte >> 4], digits[byte & 15]}, 3);
    }
}

/* "//host" and "/\host" lead elsewhere; a browser drops tabs and line ends before it looks. */
static bool url_good(struct str url)
{
    for (size_t i = 0; i < url.len; i++)
        if ((unsigned char)url.data[i] <= ' ' || url.data[i] == 0x7f || url.data[i] == '\\')
            return false;
    if (str_starts(url, "https://") || str_starts(url, "http://"))
        return true;
    return url.len && !str_starts(url, "//") &&
           (url.data[0] == '/' || url.data[0] == '#' || url.data[0] == '?');
}

bool escape_add(struct buffer *out, enum escape escape, struct str text)
{
    if (escape == ESCAPE_URL && !url_good(text))
        return false;
    if (escape == ESCAPE_NONE)
        buffer_add_str(out, text);
    else if (escape == ESCAPE_COMPONENT)
        add_percent(out, text, '-');
    else if (escape == ESCAPE_ADDRESS)
        add_percent(out, text, '@');
    else
        add_html(out, text);
    return true;
}
