#include "templates.h"

static const struct currency *euro(void)
{
    return money_currency("EUR");
}

static const struct zone *paris(void)
{
    const struct zone *zone = NULL;

    require(zone_find("Europe/Paris", &zone) == OK);
    return zone;
}

struct template_map *templates_all_kinds(struct arena *arena)
{
    struct template_map *map = template_map_new(arena), *inner;
    struct template_list *list;

    template_set_text(map, "text", "Zoé & <b>\"L'Été\"</b>");
    template_set_text(map, "empty", "");
    template_set_str(map, "slice", str_from("abcdef", 3));
    template_set_int(map, "number", 1234567);
    template_set_int(map, "negative", -1234);
    template_set_int(map, "zero", 0);
    template_set_flag(map, "yes", true);
    template_set_flag(map, "no", false);
    template_set_money(map, "amount", 123450, euro());
    template_set_money(map, "debt", -5, euro());
    template_set_money(map, "nothing_due", 0, euro());
    template_set_money(map, "francs", 1500, money_currency("XPF"));
    template_set_date(map, "day", (struct date){2026, 11, 1});
    template_set_time(map, "at", 1795525500, paris());
    template_set_none(map, "none");
    template_set_text(map, "path", "/recettes?a=1&b=2");
    template_set_text(map, "id", "a/b c&\"é@");
    inner = template_set_map(map, "member");
    template_set_text(inner, "name", "Jeanne");
    template_set_map(map, "hollow");
    list = template_set_list(map, "rows");
    template_set_text(template_list_add(list), "label", "A");
    template_set_text(template_list_add(list), "label", "B");
    list = template_set_list(map, "words");
    template_list_add_str(list, str_of("x"));
    template_list_add_str(list, str_of("<y>"));
    template_set_list(map, "no_rows");
    return map;
}

enum err templates_print(struct arena *arena, const struct template_source *sources, size_t count,
                         struct str *text)
{
    struct template_set *set = NULL;
    struct buffer out;
    enum err err = template_set_parse(sources, count, &set);

    buffer_init(&out, arena, 16);
    if (!err)
        err = template_render(set, sources[0].name, templates_all_kinds(arena), &out);
    template_set_free(set);
    *text = buffer_str(&out);
    return err;
}

void templates_check_printed(const char *name, const struct example *examples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct template_source source = {name, str_of(examples[i].source)};
        struct arena *arena = arena_new();
        struct str text;

        if (templates_print(arena, &source, 1, &text) != OK) {
            print_error("%s: %s\n", examples[i].source, err_last()->text);
            _fail(__FILE__, __LINE__);
        }
        assert_string_equal(str_copy(arena, text), examples[i].expected);
        arena_free(arena);
    }
}

void templates_check_refused(enum err expected, const struct example *examples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct template_source source = {"page.html", str_of(examples[i].source)};
        struct arena *arena = arena_new();
        struct str text;
        enum err err = templates_print(arena, &source, 1, &text);

        if (err != expected) {
            print_error("%s: %s instead of %s (%s)\n", examples[i].source, err_name(err),
                        err_name(expected), err ? err_last()->text : "");
            _fail(__FILE__, __LINE__);
        }
        assert_error_says(examples[i].expected);
        assert_int_equal(text.len, 0);
        arena_free(arena);
    }
}
