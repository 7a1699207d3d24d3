#include "web/form.h"

#include "base/utf8.h"

#include <string.h>

void form_init(struct form *form, const struct form_fault *faults, size_t count)
{
    require(count <= FORM_FAULTS_MAX);
    *form = (struct form){.faults = faults, .count = count};
}

void form_fault(struct form *form, const char *field, const char *word)
{
    for (size_t i = 0; i < form->count; i++)
        if (strcmp(form->faults[i].field, field) == 0 && strcmp(form->faults[i].word, word) == 0) {
            form->found[i] = true;
            return;
        }
    require(!"a fault that the form does not know");
}

const char *form_text(struct page *page, struct form *form, const char *field, size_t max)
{
    struct str text = http_field_text(page->request, field);

    if (str_empty(text))
        form_fault(form, field, "vide");
    else if (utf8_length(text) > max)
        form_fault(form, field, "long");
    return str_copy(page->arena, text);
}

bool form_faulty(const struct form *form, const char *field)
{
    for (size_t i = 0; i < form->count; i++)
        if (form->found[i] && (!field || strcmp(form->faults[i].field, field) == 0))
            return true;
    return false;
}

void form_add(struct page *page, const struct form *form, struct template_map *data)
{
    bool any = form_faulty(form, NULL);

    for (size_t i = 0; i < form->count; i++) {
        const struct form_fault *fault = &form->faults[i];

        template_set_flag(data, arena_printf(page->arena, "%s_%s", fault->field, fault->word),
                          form->found[i]);
        template_set_flag(data, arena_printf(page->arena, "bad_%s", fault->field),
                          form_faulty(form, fault->field));
    }
    template_set_flag(data, "has_faults", any);
    template_set_flag(data, "in_error", any);
}

void form_keep(struct page *page, const struct http_field *fields, struct template_map *data)
{
    for (const struct http_field *field = fields; field->name; field++)
        if (field->type != HTTP_SECRET && field->type != HTTP_IDS &&
            strcmp(field->name, WEB_TOKEN_FIELD) != 0)
            template_set_str(data, field->name, http_field_text(page->request, field->name));
}

void form_done(struct page *page, const char *words, struct template_map *data)
{
    struct str rest = str_of(words), chosen = http_field_text(page->request, "fait");

    while (rest.data) {
        struct str word = str_cut(&rest, '|');

        template_set_flag(data, arena_printf(page->arena, "done_%.*s", STR_PRINT(word)),
                          str_equal(word, chosen));
    }
}

/* ---- addresses ---- */

static void add_escaped(struct buffer *address, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.data[i];

        if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
            (byte >= '0' && byte <= '9') || (byte && strchr("-._~", byte)))
            buffer_add_byte(address, byte);
        else
            buffer_printf(address, "%%%02X", (unsigned char)byte);
    }
}

static void add_parameter(struct buffer *address, const char *name, struct str value)
{
    bool first = str_find(buffer_str(address), '?') == address->len;

    if (str_empty(value))
        return;
    buffer_printf(address, "%c%s=", first ? '?' : '&', name);
    add_escaped(address, value);
}

const char *form_address(struct page *page, const char *path, const char *field, const char *value)
{
    struct buffer address;

    buffer_init(&address, page->arena, 128);
    buffer_add_text(&address, path);
    for (const struct http_field *each = page->route->fields; each && each->name; each++)
        if (strcmp(each->name, "apres") != 0 && strcmp(each->name, "fait") != 0 &&
            !(field && strcmp(each->name, field) == 0))
            add_parameter(&address, each->name, http_field_text(page->request, each->name));
    if (field)
        add_parameter(&address, field, str_of(value));
    return address.data;
}
