#include "template/internal.h"

#include <string.h>

#include "base/utf8.h"

struct tag {
    char sigil; /* '#', '^', '/', '>', '!' or 0 */
    size_t start;
    size_t next;       /* where the source goes on */
    size_t line_start; /* where the literal before it ends */
    bool alone;        /* nothing but white space on its line, which goes with it */
    struct str body;   /* trimmed, without the sigil */
};

struct open_section {
    size_t node;
    struct html_state before;
};

struct parser {
    struct arena *arena;
    const char *name;
    struct str source;
    struct template_file *parsed;
    size_t capacity;
    size_t at;   /* the first byte not yet used */
    size_t seen; /* `line` is the line of this byte */
    int line;
    struct html_state state;
    struct open_section open[TEMPLATE_NESTING_MAX];
    size_t depth;
};

/* Bytes are asked for in rising order. */
static int line_at(struct parser *parser, size_t at)
{
    for (; parser->seen < at; parser->seen++)
        parser->line += parser->source.data[parser->seen] == '\n';
    return parser->line;
}

static enum err wrong_at(struct parser *parser, size_t at, const char *what)
{
    return fail(ERR_CONFIG, "%s:%d: %s", parser->name, line_at(parser, at), what);
}

static struct node *add_node(struct parser *parser, enum node_kind kind, size_t at)
{
    struct template_file *parsed = parser->parsed;
    struct node *node;

    if (parsed->count == parser->capacity) {
        parser->capacity = parser->capacity ? 2 * parser->capacity : 32;
        node = arena_array(parser->arena, parser->capacity, sizeof(*node));
        if (parsed->count)
            memcpy(node, parsed->nodes, parsed->count * sizeof(*node));
        parsed->nodes = node;
    }
    node = &parsed->nodes[parsed->count++];
    node->kind = kind;
    node->line = line_at(parser, at);
    return node;
}

/* ---- finding tags ---- */

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* A tag alone on its line takes the line with it: indentation, white space, line end. */
static void find_line(const struct parser *parser, struct tag *tag, size_t end)
{
    const char *bytes = parser->source.data;
    size_t len = parser->source.len, first = tag->start, next = end;

    tag->line_start = tag->start;
    tag->next = end;
    while (first > 0 && is_blank(bytes[first - 1]))
        first--;
    while (next < len && is_blank(bytes[next]))
        next++;
    if (next + 1 < len && bytes[next] == '\r' && bytes[next + 1] == '\n')
        next++;
    if ((first > 0 && bytes[first - 1] != '\n') || (next < len && bytes[next] != '\n'))
        return;
    tag->alone = true;
    tag->line_start = first;
    tag->next = next < len ? next + 1 : next;
}

static size_t find(struct str source, size_t from, const char *wanted)
{
    const char *found =
        from < source.len ? memmem(source.data + from, source.len - from, wanted, 2) : NULL;

    return found ? (size_t)(found - source.data) : source.len;
}

/* The next tag; tag->start is the source's length when there is none. */
static enum err next_tag(struct parser *parser, struct tag *tag)
{
    struct str source = parser->source;
    size_t end;

    *tag = (struct tag){.start = find(source, parser->at, "{{")};
    tag->line_start = tag->next = tag->start;
    if (tag->start == source.len)
        return OK;
    end = find(source, tag->start + 2, "}}");
    if (end == source.len)
        return wrong_at(parser, tag->start, "a tag is not closed");
    tag->body = str_from(source.data + tag->start + 2, end - tag->start - 2);
    if (tag->body.len && strchr("{&", tag->body.data[0]))
        return wrong_at(parser, tag->start, "there is no output without escaping");
    if (tag->body.len && memchr("#^/>!", tag->body.data[0], 5)) {
        tag->sigil = tag->body.data[0];
        tag->body = str_from(tag->body.data + 1, tag->body.len - 1);
    }
    tag->body = str_trim(tag->body);
    tag->next = end + 2;
    if (tag->sigil)
        find_line(parser, tag, end + 2);
    return OK;
}

/* ---- names ---- */

static bool name_byte(char byte, bool first)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' ||
           (!first && byte >= '0' && byte <= '9');
}

static bool name_part(struct str part)
{
    for (size_t i = 0; i < part.len; i++)
        if (!name_byte(part.data[i], i == 0))
            return false;
    return part.len > 0;
}

static enum err read_name(struct parser *parser, const struct tag *tag, struct str text,
                          struct template_name *name)
{
    struct str rest = text;

    *name = (struct template_name){.text = text};
    if (str_is(text, "."))
        return OK;
    do {
        struct str part = str_cut(&rest, '.');

        if (name->count == TEMPLATE_NAME_PARTS_MAX)
            return wrong_at(parser, tag->start, "a name has too many parts");
        name->parts[name->count] = part;
        name->hashes[name->count++] = template_hash(part);
        if (!name_part(part))
            return wrong_at(parser, tag->start, "a tag has no good name");
    } while (rest.data);
    return OK;
}

/* Files are named relative to the templates' folder. */
static bool file_name(struct str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!name_byte(name.data[i], false) && !strchr("-./", name.data[i]))
            return false;
    return name.len > 0;
}

/* ---- tags ---- */

static enum err add_value(struct parser *parser, const struct tag *tag)
{
    struct str filter = tag->body;
    struct str name = str_trim(str_cut(&filter, '|'));
    struct node *node = add_node(parser, NODE_VALUE, tag->start);
    const char *wrong = NULL;
    enum err err = read_name(parser, tag, name, &node->name);

    if (err)
        return err;
    if (filter.data)
        node->filter = filter_find(str_trim(filter));
    if (node->filter == FILTER_COUNT)
        return wrong_at(parser, tag->start, "a filter is unknown");
    if (parser->parsed->html)
        wrong = html_value(&parser->state, &node->escape);
    return wrong ? wrong_at(parser, tag->start, wrong) : OK;
}

static enum err begin_section(struct parser *parser, const struct tag *tag)
{
    size_t at = parser->parsed->count;
    struct node *node =
        add_node(parser, tag->sigil == '#' ? NODE_SECTION : NODE_INVERTED, tag->start);
    const char *wrong = NULL;
    enum err err = read_name(parser, tag, tag->body, &node->name);

    if (err)
        return err;
    if (parser->depth == TEMPLATE_NESTING_MAX)
        return wrong_at(parser, tag->start, "sections are nested too deep");
    if (parser->parsed->html)
        wrong = html_section_begin(&parser->state);
    if (wrong)
        return wrong_at(parser, tag->start, wrong);
    parser->open[parser->depth++] = (struct open_section){at, parser->state};
    return OK;
}

static enum err end_section(struct parser *parser, const struct tag *tag)
{
    const char *wrong = NULL;
    struct open_section *open;
    struct node *node;

    if (parser->depth == 0)
        return wrong_at(parser, tag->start, "a section ends that did not begin");
    open = &parser->open[--parser->depth];
    node = &parser->parsed->nodes[open->node];
    if (!str_equal(node->name.text, tag->body))
        return wrong_at(parser, tag->start, "another section ends than the last that began");
    if (parser->parsed->html)
        wrong = html_section_end(&open->before, &parser->state);
    if (wrong)
        return wrong_at(parser, tag->start, wrong);
    node->end = parser->parsed->count;
    return OK;
}

static enum err add_partial(struct parser *parser, const struct tag *tag)
{
    bool content = str_is(tag->body, "content");
    struct node *node = add_node(parser, content ? NODE_CONTENT : NODE_PARTIAL, tag->start);
    const char *wrong = parser->parsed->html ? html_partial(&parser->state) : NULL;

    if (wrong)
        return wrong_at(parser, tag->start, wrong);
    if (!file_name(tag->body))
        return wrong_at(parser, tag->start, "a partial has no good name");
    node->text = tag->body;
    node->alone = tag->alone;
    if (tag->alone)
        node->indent =
            str_from(parser->source.data + tag->line_start, tag->start - tag->line_start);
    return OK;
}

static enum err read_comment(struct parser *parser, const struct tag *tag)
{
    struct str name = tag->body;

    if (!str_is(str_cut(&name, ' '), "layout"))
        return OK;
    name = str_trim(name);
    if (tag->start != 0 || !tag->alone)
        return wrong_at(parser, tag->start, "a layout is named in the first line, alone");
    if (!file_name(name))
        return wrong_at(parser, tag->start, "a layout has no good name");
    parser->parsed->layout_name = name;
    return OK;
}

static enum err take_tag(struct parser *parser, const struct tag *tag)
{
    switch (tag->sigil) {
    case '#':
    case '^':
        return begin_section(parser, tag);
    case '/':
        return end_section(parser, tag);
    case '>':
        return add_partial(parser, tag);
    case '!':
        return read_comment(parser, tag);
    default:
        return add_value(parser, tag);
    }
}

/* The literal from parser->at to the given byte. */
static enum err take_literal(struct parser *parser, size_t to)
{
    struct str text = str_from(parser->source.data + parser->at, to - parser->at);
    const char *wrong = NULL;
    size_t scanned = 0;

    if (text.len == 0)
        return OK;
    if (parser->parsed->html)
        wrong = html_scan(&parser->state, text, &scanned);
    if (wrong)
        return wrong_at(parser, parser->at + scanned, wrong);
    add_node(parser, NODE_TEXT, parser->at)->text = text;
    return OK;
}

static enum err check_end(struct parser *parser)
{
    const char *wrong = parser->parsed->html ? html_end(&parser->state) : NULL;

    if (parser->depth) {
        const struct open_section *open = &parser->open[parser->depth - 1];
        const struct node *node = &parser->parsed->nodes[open->node];

        return fail(ERR_CONFIG, "%s:%d: a section does not end", parser->name, node->line);
    }
    return wrong ? wrong_at(parser, parser->source.len, wrong) : OK;
}

static bool is_html(const char *name)
{
    size_t len = strlen(name);

    return len < 4 || strcmp(name + len - 4, ".txt") != 0;
}

enum err template_parse(struct arena *arena, const struct template_source *source,
                        struct template_file *parsed)
{
    struct parser parser = {.arena = arena,
                            .name = arena_string(arena, source->name),
                            .source = source->text,
                            .parsed = parsed,
                            .line = 1};
    struct tag tag = {0};
    enum err err = OK;

    *parsed = (struct template_file){.name = parser.name, .html = is_html(source->name)};
    if (!utf8_clean(source->text))
        return fail(ERR_CONFIG, "%s: not clean UTF-8", source->name);
    while (!err && parser.at < parser.source.len) {
        err = next_tag(&parser, &tag);
        if (!err)
            err = take_literal(&parser, tag.line_start);
        if (!err && tag.start < parser.source.len)
            err = take_tag(&parser, &tag);
        parser.at = tag.next;
    }
    return err ? err : check_end(&parser);
}
