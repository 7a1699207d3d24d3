#include "template/internal.h"

#include <string.h>

/* What names are looked up in, innermost first. */
struct frame {
    const struct template_value *value;
    const struct frame *outer;
};

/* The indentation of partials that stand alone on their line, innermost first. */
struct indent {
    struct str text;
    const struct indent *outer;
};

/* What {{>content}} stands for, in the layout and in the layout's layout. */
struct slot {
    const struct template_file *page;
    const struct slot *outer;
};

struct rendering {
    const struct template_file *file;
    const struct indent *indent; /* NULL: none */
    bool line_start;             /* the next thing of this template stands first on its line */
    const struct slot *slot;
    int depth;
    struct buffer *out;
};

static enum err render_nodes(struct rendering *rendering, size_t from, size_t to,
                             const struct frame *frame);

static enum err wrong(const struct rendering *rendering, const struct node *node, const char *what)
{
    return fail(ERR_INTERNAL, "%s:%d: %s %.*s", rendering->file->name, node->line, what,
                STR_PRINT(node->name.text));
}

/* ---- looking up ---- */

/* The first part is looked for from the inside out, the others in what was found only. */
static const struct template_value *look_up(const struct template_name *name,
                                            const struct frame *frame)
{
    const struct template_value *value = NULL;

    if (name->count == 0)
        return frame->value;
    for (; frame && !value; frame = frame->outer)
        if (frame->value->kind == VALUE_MAP)
            value = template_map_find(frame->value->as.map, name->parts[0], name->hashes[0]);
    for (size_t i = 1; value && i < name->count; i++)
        value = value->kind == VALUE_MAP
                    ? template_map_find(value->as.map, name->parts[i], name->hashes[i])
                    : NULL;
    return value;
}

static bool shown(const struct template_value *value)
{
    switch (value->kind) {
    case VALUE_NONE:
        return false;
    case VALUE_STR:
        return value->as.text.len > 0;
    case VALUE_INT:
    case VALUE_FLAG:
    case VALUE_MONEY:
        return value->number != 0;
    case VALUE_LIST:
        return template_list_count(value->as.list) > 0;
    case VALUE_DATE:
    case VALUE_TIME:
    case VALUE_MAP:
        return true;
    }
    return false;
}

/* ---- literal text and values ---- */

static void add_indent(struct buffer *out, const struct indent *indent)
{
    if (indent->outer)
        add_indent(out, indent->outer);
    buffer_add_str(out, indent->text);
}

static void start_line(struct rendering *rendering)
{
    if (rendering->indent && rendering->line_start)
        add_indent(rendering->out, rendering->indent);
    rendering->line_start = false;
}

static void add_literal(struct rendering *rendering, struct str text)
{
    while (rendering->indent && text.len) {
        size_t len = str_find(text, '\n');

        len += len < text.len;
        start_line(rendering);
        buffer_add(rendering->out, text.data, len);
        rendering->line_start = text.data[len - 1] == '\n';
        text = str_from(text.data + len, text.len - len);
    }
    buffer_add_str(rendering->out, text);
}

static enum err add_value(struct rendering *rendering, const struct node *node,
                          const struct frame *frame)
{
    const struct template_value *value = look_up(&node->name, frame);
    char cell[TEMPLATE_CELL_MAX];
    struct str text;

    if (!value)
        return wrong(rendering, node, "unknown name");
    if (!filter_apply(node->filter, value, cell, &text))
        return wrong(rendering, node, "the filter does not fit the value of");
    start_line(rendering);
    if (!escape_add(rendering->out, node->escape, text))
        return wrong(rendering, node, "neither a path nor an http(s) URL:");
    return OK;
}

/* ---- sections ---- */

static enum err render_body(struct rendering *rendering, const struct node *node,
                            const struct template_value *value, const struct frame *frame)
{
    size_t at = (size_t)(node - rendering->file->nodes);
    struct frame inner = {value, frame};

    return render_nodes(rendering, at + 1, node->end, value ? &inner : frame);
}

static enum err render_section(struct rendering *rendering, const struct node *node,
                               const struct frame *frame)
{
    const struct template_value *value = look_up(&node->name, frame);
    enum err err = OK;

    if (!value)
        return wrong(rendering, node, "unknown name");
    if (shown(value) == (node->kind == NODE_INVERTED))
        return OK;
    /* A flag, and what is absent, are no place for names: {{.}} stays what it was. */
    if (node->kind == NODE_INVERTED || value->kind == VALUE_FLAG)
        return render_body(rendering, node, NULL, frame);
    if (value->kind != VALUE_LIST)
        return render_body(rendering, node, value, frame);
    for (size_t i = 0; !err && i < template_list_count(value->as.list); i++)
        err = render_body(rendering, node, template_list_item(value->as.list, i), frame);
    return err;
}

/* ---- templates in templates ---- */

static enum err render_inner(struct rendering *rendering, const struct node *node,
                             const struct template_file *file, const struct slot *slot,
                             const struct frame *frame)
{
    struct indent indent = {node->indent, rendering->indent};
    struct rendering inner = {.file = file,
                              .line_start = true,
                              .slot = slot,
                              .depth = rendering->depth + 1,
                              .out = rendering->out};

    if (inner.depth > TEMPLATE_RECURSION_MAX)
        return fail(ERR_INTERNAL, "%s:%d: partials are nested too deep", rendering->file->name,
                    node->line);
    if (!node->alone)
        start_line(rendering);
    else if (node->indent.len)
        inner.indent = &indent;
    else
        inner.indent = rendering->indent;
    return render_nodes(&inner, 0, file->count, frame);
}

static enum err render_content(struct rendering *rendering, const struct node *node,
                               const struct frame *frame)
{
    const struct slot *slot = rendering->slot;

    if (!slot)
        return fail(ERR_INTERNAL, "%s:%d: a layout without a page", rendering->file->name,
                    node->line);
    return render_inner(rendering, node, slot->page, slot->outer, frame);
}

static enum err render_node(struct rendering *rendering, const struct node *node,
                            const struct frame *frame)
{
    switch (node->kind) {
    case NODE_TEXT:
        add_literal(rendering, node->text);
        return OK;
    case NODE_VALUE:
        return add_value(rendering, node, frame);
    case NODE_SECTION:
    case NODE_INVERTED:
        return render_section(rendering, node, frame);
    case NODE_PARTIAL:
        return render_inner(rendering, node, node->partial, rendering->slot, frame);
    case NODE_CONTENT:
        return render_content(rendering, node, frame);
    }
    return OK;
}

static enum err render_nodes(struct rendering *rendering, size_t from, size_t to,
                             const struct frame *frame)
{
    enum err err = OK;

    while (!err && from < to) {
        const struct node *node = &rendering->file->nodes[from];

        err = render_node(rendering, node, frame);
        from = node->kind == NODE_SECTION || node->kind == NODE_INVERTED ? node->end : from + 1;
    }
    return err;
}

enum err template_render(const struct template_set *set, const char *name,
                         const struct template_map *map, struct buffer *out)
{
    const struct template_file *page = template_find(set, str_of(name));
    struct template_value root = {.kind = VALUE_MAP, .as.map = map};
    struct slot slots[TEMPLATE_LAYOUTS_MAX + 1];
    struct rendering rendering = {.line_start = true, .out = out};
    size_t count = 0, len = out->len;
    enum err err;

    if (!page)
        return fail(ERR_INTERNAL, "there is no template %s", name);
    for (; page->layout; page = page->layout, count++) {
        slots[count] = (struct slot){page, rendering.slot};
        rendering.slot = &slots[count];
    }
    rendering.file = page;
    err = render_nodes(&rendering, 0, page->count, &(struct frame){&root, NULL});
    if (err) {
        out->len = len;
        if (out->data)
            out->data[len] = '\0';
    }
    return err;
}
