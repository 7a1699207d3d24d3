#include "template/internal.h"

#include <string.h>

const struct template_file *template_find(const struct template_set *set, struct str name)
{
    for (size_t i = 0; i < set->count; i++)
        if (str_is(name, set->templates[i].name))
            return &set->templates[i];
    return NULL;
}

/* ---- linking ---- */

static enum err link_partial(const struct template_set *set, const struct template_file *within,
                             struct node *node)
{
    const struct template_file *partial = template_find(set, node->text);

    if (!partial)
        return fail(ERR_CONFIG, "%s:%d: unknown partial %.*s", within->name, node->line,
                    STR_PRINT(node->text));
    if (partial->html != within->html)
        return fail(ERR_CONFIG, "%s:%d: %s is escaped otherwise", within->name, node->line,
                    partial->name);
    if (partial->layout_name.data)
        return fail(ERR_CONFIG, "%s:%d: %s has a layout", within->name, node->line, partial->name);
    node->partial = partial;
    return OK;
}

static bool has_content(const struct template_file *layout)
{
    for (size_t i = 0; i < layout->count; i++)
        if (layout->nodes[i].kind == NODE_CONTENT)
            return true;
    return false;
}

static enum err link_layout(const struct template_set *set, struct template_file *within)
{
    const struct template_file *layout = template_find(set, within->layout_name);

    if (!layout)
        return fail(ERR_CONFIG, "%s:1: unknown layout %.*s", within->name,
                    STR_PRINT(within->layout_name));
    if (layout->html != within->html || !has_content(layout))
        return fail(ERR_CONFIG, "%s:1: %s is no layout for it", within->name, layout->name);
    within->layout = layout;
    return OK;
}

static enum err link_template(const struct template_set *set, struct template_file *within)
{
    enum err err = within->layout_name.data ? link_layout(set, within) : OK;

    for (size_t i = 0; !err && i < within->count; i++)
        if (within->nodes[i].kind == NODE_PARTIAL)
            err = link_partial(set, within, &within->nodes[i]);
    return err;
}

static enum err check_layouts(const struct template_file *page)
{
    const struct template_file *each = page;

    for (int depth = 0; each; each = each->layout)
        if (depth++ > TEMPLATE_LAYOUTS_MAX)
            return fail(ERR_CONFIG, "%s:1: its layouts have no end", page->name);
    return OK;
}

static enum err link_all(const struct template_set *set)
{
    enum err err = OK;

    for (size_t i = 0; !err && i < set->count; i++) {
        struct template_file *each = &set->templates[i];

        if (template_find(set, str_of(each->name)) != each)
            return fail(ERR_CONFIG, "%s: there are two templates of that name", each->name);
        err = link_template(set, each);
    }
    for (size_t i = 0; !err && i < set->count; i++)
        err = check_layouts(&set->templates[i]);
    return err;
}

/* ---- the set ---- */

enum err template_set_parse(const struct template_source *sources, size_t count,
                            struct template_set **set)
{
    struct arena *arena = arena_new();
    struct template_set *made = arena_alloc(arena, sizeof(*made));
    enum err err = OK;

    *set = NULL;
    made->arena = arena;
    made->templates = arena_array(arena, count, sizeof(*made->templates));
    for (; !err && made->count < count; made->count++) {
        struct template_source source = sources[made->count];

        source.text.data = str_copy(arena, source.text);
        err = template_parse(arena, &source, &made->templates[made->count]);
    }
    if (!err)
        err = link_all(made);
    if (err)
        template_set_free(made);
    else
        *set = made;
    return err;
}

void template_set_free(struct template_set *set)
{
    if (set)
        arena_free(set->arena);
}
