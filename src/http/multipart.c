#include "http/http.h"

#include "base/utf8.h"

#include <string.h>

/*
 * multipart/form-data as browsers write it, and nothing more (RFC 7578, RFC 2046 5.1): no
 * preamble, no epilogue, two headers, no transfer encoding. Whatever else is refused.
 */

/* ---- the boundary ---- */

static bool boundary_byte(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || (byte && strchr("'()+_,-./:=?", byte));
}

static bool boundary_good(struct str boundary)
{
    if (boundary.len == 0 || boundary.len > HTTP_BOUNDARY_MAX)
        return false;
    for (size_t i = 0; i < boundary.len; i++)
        if (!boundary_byte(boundary.data[i]))
            return false;
    return true;
}

bool http_boundary(struct str header, struct str *boundary)
{
    struct str rest = header, type = str_trim(str_cut(&rest, ';')), name;

    if (!str_equal_ignoring_case(type, str_of("multipart/form-data")) || !rest.data)
        return false;
    rest = str_trim(rest);
    name = str_trim(str_cut(&rest, '='));
    if (!str_equal_ignoring_case(name, str_of("boundary")))
        return false;
    if (rest.len >= 2 && rest.data[0] == '"' && rest.data[rest.len - 1] == '"')
        rest = str_from(rest.data + 1, rest.len - 2);
    *boundary = rest;
    return boundary_good(rest);
}

/* ---- walking ---- */

/* Takes the bytes away from the front of what is left; false when others stand there. */
static bool take(struct str *rest, const char *text, size_t len)
{
    if (rest->len < len || memcmp(rest->data, text, len) != 0)
        return false;
    *rest = str_from(rest->data + len, rest->len - len);
    return true;
}

static bool take_text(struct str *rest, const char *text)
{
    return take(rest, text, strlen(text));
}

/* Up to the first CR LF, which is taken away, too. */
static bool take_line(struct str *rest, struct str *line)
{
    size_t at = str_find(*rest, '\r');

    if (at > HTTP_PART_LINE_MAX || at + 1 >= rest->len || rest->data[at + 1] != '\n')
        return false;
    *line = str_from(rest->data, at);
    *rest = str_from(rest->data + at + 2, rest->len - at - 2);
    return str_find(*line, '\n') == line->len;
}

/* Up to the next CR LF "--" boundary, which is taken away, too. */
static bool take_content(struct http_multipart *form, struct str *content)
{
    const char *begin = form->rest.data, *end = begin + form->rest.len;

    for (const char *at = begin; (at = memchr(at, '\r', (size_t)(end - at))); at++) {
        struct str rest = str_from(at, (size_t)(end - at));

        if (take_text(&rest, "\r\n--") && take(&rest, form->boundary.data, form->boundary.len)) {
            *content = str_from(begin, (size_t)(at - begin));
            form->rest = rest;
            return true;
        }
    }
    return false;
}

/* ---- the headers of a part ---- */

/* name="value": browsers write a quote inside as %22, so the next quote ends it. */
static bool take_quoted(struct str *rest, const char *name, struct str *value)
{
    size_t end;

    if (!take_text(rest, name) || !take_text(rest, "=\""))
        return false;
    end = str_find(*rest, '"');
    if (end == rest->len)
        return false;
    *value = str_from(rest->data, end);
    *rest = str_from(rest->data + end + 1, rest->len - end - 1);
    return utf8_clean(*value);
}

static bool read_disposition(struct str value, struct http_part *part)
{
    struct str rest = value, file_name;

    if (!take_text(&rest, "form-data; ") || !take_quoted(&rest, "name", &part->name))
        return false;
    if (take_text(&rest, "; ")) {
        if (!take_quoted(&rest, "filename", &file_name))
            return false;
        part->is_file = true; /* the name that the sender gave it means nothing */
    }
    return str_empty(rest);
}

static bool read_headers(struct http_multipart *form, struct http_part *part)
{
    bool has_disposition = false, has_type = false;
    struct str line;

    while (take_line(&form->rest, &line)) {
        struct str value = line, name = str_cut(&value, ':');

        if (str_empty(line))
            return has_disposition;
        if (str_equal_ignoring_case(name, str_of("content-disposition")) && !has_disposition) {
            has_disposition = true;
            if (!read_disposition(str_trim(value), part))
                return false;
        } else if (str_equal_ignoring_case(name, str_of("content-type")) && !has_type) {
            has_type = true; /* what the sender calls it means nothing */
        } else {
            return false;
        }
    }
    return false;
}

/* Behind a boundary: another part, or the end of all. */
static bool go_on(struct http_multipart *form)
{
    if (take_text(&form->rest, "\r\n"))
        return true;
    if (!take_text(&form->rest, "--"))
        return false;
    form->ended = true;
    (void)take_text(&form->rest, "\r\n");
    return form->rest.len == 0;
}

void http_multipart_begin(struct http_multipart *form, struct str body, struct str boundary)
{
    *form = (struct http_multipart){.rest = body, .boundary = boundary};
}

bool http_multipart_next(struct http_multipart *form, struct http_part *part, enum err *err)
{
    bool good = true;

    *err = OK;
    *part = (struct http_part){0};
    if (form->parts == 0)
        good = take_text(&form->rest, "--") &&
               take(&form->rest, form->boundary.data, form->boundary.len) && go_on(form);
    if (good && form->ended)
        return false;
    form->parts++;
    good = good && form->parts <= HTTP_PARTS_MAX && read_headers(form, part) &&
           take_content(form, &part->content) && go_on(form);
    if (!good)
        *err = fail(ERR_INPUT, "the multipart form is malformed");
    return good;
}
