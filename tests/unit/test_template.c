#include "support/templates.h"

/* U+202F, as money and numbers are grouped. */
#define NNBSP "\xe2\x80\xaf"

enum { SOURCES_MAX = 4 };

static void test_values_are_escaped(void **state)
{
    static const struct example html[] = {
        {"<p>{{text}}</p>", "<p>Zoé &amp; &lt;b&gt;&quot;L&#39;Été&quot;&lt;/b&gt;</p>"},
        {"<p title=\"{{text}}\">",
         "<p title=\"Zoé &amp; &lt;b&gt;&quot;L&#39;Été&quot;&lt;/b&gt;\">"},
        {"<title>{{text}}</title>",
         "<title>Zoé &amp; &lt;b&gt;&quot;L&#39;Été&quot;&lt;/b&gt;</title>"},
        {"<textarea>{{slice}}</textarea>", "<textarea>abc</textarea>"},
        {"{{empty}}|{{none}}|{{zero}}", "||0"},
    };
    static const struct example plain[] = {
        {"{{text}} <{{slice}}", "Zoé & <b>\"L'Été\"</b> <abc"},
        {"<script>{{text}}", "<script>Zoé & <b>\"L'Été\"</b>"},
    };

    (void)state;
    templates_check_printed("page.html", html, COUNT(html));
    templates_check_printed("mail.txt", plain, COUNT(plain));
}

static void test_filters(void **state)
{
    static const struct example examples[] = {
        {"{{amount|money}}", "1" NNBSP "234,50" NNBSP "€"},
        {"{{ amount | money }}", "1" NNBSP "234,50" NNBSP "€"},
        {"{{debt|money}}", "\xe2\x88\x92"
                           "0,05" NNBSP "€"},
        {"{{amount|amount}}", "1" NNBSP "234,50"},
        {"{{amount|input}}", "1234,50"},
        {"{{francs|amount}} {{francs|input}}", "1" NNBSP "500 1500"},
        {"{{day|date}} {{day|long_date}}", "01/11/2026 1er novembre 2026"},
        {"{{day|iso_date}} {{day|input}}", "2026-11-01 2026-11-01"},
        {"{{at|date}} {{at|time}}", "24/11/2026 14:05"},
        {"{{at|datetime}}", "24/11/2026 à 14:05"},
        {"{{at|long_date}} {{at|iso_date}}", "24 novembre 2026 2026-11-24"},
        {"{{number}} {{number|number}}", "1234567 1" NNBSP "234" NNBSP "567"},
        {"{{negative}} {{negative|number}}", "-1234 \xe2\x88\x92"
                                             "1" NNBSP "234"},
        {"{{zero|number}} {{number|input}}", "0 1234567"},
        {"[{{none|money}}{{none|date}}{{none|number}}]", "[]"},
    };

    (void)state;
    templates_check_printed("page.html", examples, COUNT(examples));
}

static void test_sections(void **state)
{
    static const struct example examples[] = {
        {"{{#rows}}({{label}}){{/rows}}", "(A)(B)"},
        {"{{#rows}}{{label}}{{slice}} {{/rows}}", "Aabc Babc "},
        {"{{#words}}[{{.}}]{{/words}}", "[x][&lt;y&gt;]"},
        {"{{#words}}{{#yes}}{{.}}{{/yes}}{{/words}}", "x&lt;y&gt;"},
        {"{{#no_rows}}x{{/no_rows}}{{^no_rows}}none{{/no_rows}}", "none"},
        {"{{^rows}}none{{/rows}}", ""},
        {"{{#member}}{{name}}{{/member}} {{member.name}}", "Jeanne Jeanne"},
        {"{{#yes}}y{{/yes}}{{^yes}}n{{/yes}}{{#no}}y{{/no}}{{^no}}n{{/no}}", "yn"},
        {"{{#slice}}{{.}}{{/slice}}{{#empty}}x{{/empty}}{{^empty}}e{{/empty}}", "abce"},
        {"{{#none}}x{{/none}}{{^none}}n{{/none}}", "n"},
        {"{{#number}}n{{/number}}{{#zero}}z{{/zero}}{{^zero}}0{{/zero}}", "n0"},
        {"{{#amount}}a{{/amount}}{{#debt}}d{{/debt}}{{#nothing_due}}x{{/nothing_due}}", "ad"},
        {"{{#day}}{{.|date}}{{/day}} {{#at}}{{at|time}}{{/at}}", "01/11/2026 14:05"},
        {"{{#rows}}{{#rows}}{{label}}{{/rows}}{{/rows}}", "ABAB"},
        {"{{#no}}{{nowhere}}{{/no}}", ""},
        {"<option {{#yes}}selected{{/yes}}>", "<option selected>"},
        {"<option{{#yes}} selected{{/yes}}>", "<option selected>"},
        {"<i class=\"a{{#yes}} b{{/yes}}\"{{^no}} lang=\"{{slice}}\"{{/no}} id=\"i\">",
         "<i class=\"a b\" lang=\"abc\" id=\"i\">"},
        {"<input {{#no}}checked {{/no}}name=\"x\"\n  {{#yes}}\n  required\n  {{/yes}}\n>",
         "<input name=\"x\"\n  required\n>"},
        {"{{#yes}}<b>{{/yes}}x{{#yes}}</b>{{/yes}}", "<b>x</b>"},
    };

    (void)state;
    templates_check_printed("page.html", examples, COUNT(examples));
}

static void test_unknown_names(void **state)
{
    static const struct example examples[] = {
        {"\n\n{{nowhere}}", "page.html:3: unknown name nowhere"},
        {"{{#nowhere}}{{/nowhere}}", "page.html:1: unknown name nowhere"},
        {"{{^nowhere}}{{/nowhere}}", "page.html:1: unknown name nowhere"},
        {"{{member.nowhere}}", "page.html:1: unknown name member.nowhere"},
        {"{{nowhere.name}}", "page.html:1: unknown name nowhere.name"},
        {"{{text.name}}", "page.html:1: unknown name text.name"},
        {"{{#rows}}\nx {{name}}\n{{/rows}}", "page.html:2: unknown name name"},
        {"{{hollow.x}}", "page.html:1: unknown name hollow.x"},
        {"{{label}}", "page.html:1: unknown name label"},
    };

    (void)state;
    templates_check_refused(ERR_INTERNAL, examples, COUNT(examples));
}

static void test_filters_that_do_not_fit(void **state)
{
    static const struct example examples[] = {
        {"{{amount}}", "page.html:1: the filter does not fit the value of amount"},
        {"{{amount|date}}", "does not fit"},
        {"{{amount|number}}", "does not fit"},
        {"{{day}}", "does not fit"},
        {"{{day|time}}", "does not fit"},
        {"{{day|money}}", "does not fit"},
        {"{{at}}", "does not fit"},
        {"{{at|input}}", "does not fit"},
        {"{{at|money}}", "does not fit"},
        {"{{number|money}}", "does not fit"},
        {"{{number|date}}", "does not fit"},
        {"{{text|money}}", "does not fit"},
        {"{{text|input}}", "does not fit"},
        {"{{yes}}", "does not fit"},
        {"{{no|number}}", "does not fit"},
        {"{{rows}}", "does not fit"},
        {"{{member}}", "does not fit"},
        {"{{.}}", "does not fit the value of ."},
        {"<a href=\"{{none}}\">", "neither a path nor an http(s) URL: none"},
    };

    (void)state;
    templates_check_refused(ERR_INTERNAL, examples, COUNT(examples));
}

static void test_bad_tags(void **state)
{
    static const struct example examples[] = {
        {"a\nb {{name", "page.html:2: a tag is not closed"},
        {"{{{text}}}", "page.html:1: there is no output without escaping"},
        {"{{&text}}", "there is no output without escaping"},
        {"{{=<% %>=}}", "a tag has no good name"},
        {"{{}}", "a tag has no good name"},
        {"{{ }}", "a tag has no good name"},
        {"{{a b}}", "a tag has no good name"},
        {"{{a.}}", "a tag has no good name"},
        {"{{.a}}", "a tag has no good name"},
        {"{{1a}}", "a tag has no good name"},
        {"{{a-b}}", "a tag has no good name"},
        {"{{member . name}}", "a tag has no good name"},
        {"{{a.b.c.d.e.f.g}}", "a name has too many parts"},
        {"{{amount|euros}}", "a filter is unknown"},
        {"{{amount|}}", "a filter is unknown"},
        {"{{amount|money|input}}", "a filter is unknown"},
        {"x\n{{#yes}}", "page.html:2: a section does not end"},
        {"{{/yes}}", "a section ends that did not begin"},
        {"{{#yes}}{{#no}}{{/yes}}{{/no}}", "another section ends"},
        {"{{>nowhere.html}}", "page.html:1: unknown partial nowhere.html"},
        {"{{>}}", "a partial has no good name"},
        {"{{>a b}}", "a partial has no good name"},
        {"\n{{!layout layout.html}}", "page.html:2: a layout is named in the first line, alone"},
        {"{{!layout layout.html}} x", "a layout is named in the first line"},
        {"{{!layout }}", "a layout has no good name"},
        {"{{!layout nowhere.html}}", "page.html:1: unknown layout nowhere.html"},
        {"\xff", "page.html: not clean UTF-8"},
        {"\x01", "page.html: not clean UTF-8"},
    };

    (void)state;
    templates_check_refused(ERR_CONFIG, examples, COUNT(examples));
}

static void check_several(const struct template_source *sources, size_t count, enum err expected,
                          const char *text)
{
    struct arena *arena = arena_new();
    struct str printed;

    assert_int_equal(templates_print(arena, sources, count, &printed), expected);
    if (expected)
        assert_error_says(text);
    else
        assert_string_equal(str_copy(arena, printed), text);
    arena_free(arena);
}

struct several {
    struct {
        const char *name;
        const char *text;
    } sources[4];
    enum err expected;
    const char *text;
};

static void check_table(const struct several *table, size_t count)
{
    struct template_source sources[SOURCES_MAX];

    for (size_t i = 0; i < count; i++) {
        size_t used = 0;

        for (; used < 4 && table[i].sources[used].name; used++)
            sources[used] = (struct template_source){table[i].sources[used].name,
                                                     str_of(table[i].sources[used].text)};
        check_several(sources, used, table[i].expected, table[i].text);
    }
}

static void test_layouts(void **state)
{
    static const struct several table[] = {
        {{{"page.html", "{{!layout l.html}}\n<p>{{slice}}</p>\n"},
          {"l.html", "<main>\n  {{>content}}\n</main>\n"}},
         OK,
         "<main>\n  <p>abc</p>\n</main>\n"},
        {{{"page.html", "{{!layout inner.html}}\nP\n"},
          {"inner.html", "{{!layout outer.html}}\nI {{>content}}"},
          {"outer.html", "O {{>content}}{{slice}}"}},
         OK,
         "O I P\nabc"},
        {{{"page.html", "{{!layout l.html}}\nx\n{{nowhere}}"}, {"l.html", "{{>content}}"}},
         ERR_INTERNAL,
         "page.html:3: unknown name nowhere"},
        {{{"page.html", "{{>content}}"}}, ERR_INTERNAL, "page.html:1: a layout without a page"},
        {{{"page.html", "{{!layout l.html}}\n"}, {"l.html", "x"}},
         ERR_CONFIG,
         "page.html:1: l.html is no layout for it"},
        {{{"page.html", "{{!layout l.txt}}\n"}, {"l.txt", "{{>content}}"}},
         ERR_CONFIG,
         "l.txt is no layout for it"},
        {{{"page.html", "{{!layout l.html}}\n"}, {"l.html", "{{!layout l.html}}\n{{>content}}"}},
         ERR_CONFIG,
         "its layouts have no end"},
    };

    (void)state;
    check_table(table, COUNT(table));
}

static void test_partials(void **state)
{
    static const struct several table[] = {
        {{{"page.html", "{{#rows}}{{>partial/row.html}}{{/rows}}"},
          {"partial/row.html", "<i>{{label}}</i>"}},
         OK,
         "<i>A</i><i>B</i>"},
        {{{"page.html", " {{>a.html}}\n"},
          {"a.html", "a\n {{>b.html}}\n{{#yes}}\nc\n{{/yes}}\n\n"},
          {"b.html", "{{slice}}\n{{none}}\n"}},
         OK,
         " a\n  abc\n  \n c\n \n"},
        {{{"page.html", " {{>a.html}}\n"}, {"a.html", "x {{>b.html}}\n"}, {"b.html", "1\n2"}},
         OK,
         " x 1\n2\n"},
        {{{"page.html", "{{>a.html}}"}, {"a.html", "\n\n{{nowhere}}"}},
         ERR_INTERNAL,
         "a.html:3: unknown name nowhere"},
        {{{"page.html", "{{>page.html}}"}},
         ERR_INTERNAL,
         "page.html:1: partials are nested too deep"},
        {{{"page.html", "{{>a.txt}}"}, {"a.txt", ""}},
         ERR_CONFIG,
         "page.html:1: a.txt is escaped otherwise"},
        {{{"mail.txt", "{{>a.html}}"}, {"a.html", ""}},
         ERR_CONFIG,
         "mail.txt:1: a.html is escaped otherwise"},
        {{{"page.html", "\n{{>a.html}}"},
          {"a.html", "{{!layout l.html}}\n"},
          {"l.html", "{{>content}}"}},
         ERR_CONFIG,
         "page.html:2: a.html has a layout"},
        {{{"page.html", ""}, {"page.html", ""}}, ERR_CONFIG, "two templates of that name"},
    };

    (void)state;
    check_table(table, COUNT(table));
}

static void test_nesting(void **state)
{
    struct arena *arena = arena_new();

    (void)state;
    for (int depth = 32; depth <= 33; depth++) {
        struct buffer source;
        struct str text;

        buffer_init(&source, arena, 16);
        for (int i = 0; i < depth; i++)
            buffer_add_text(&source, "{{#yes}}");
        buffer_add_text(&source, "x");
        for (int i = 0; i < depth; i++)
            buffer_add_text(&source, "{{/yes}}");
        assert_int_equal(
            templates_print(arena, &(struct template_source){"page.html", buffer_str(&source)}, 1,
                            &text),
            depth == 32 ? OK : ERR_CONFIG);
        assert_int_equal(text.len, depth == 32);
    }
    assert_error_says("page.html:1: sections are nested too deep");
    arena_free(arena);
}

static void test_recursion(void **state)
{
    static const struct template_source source = {
        "node.html", {"{{x}}({{#nodes}}{{>node.html}}{{/nodes}})", 41}};
    struct arena *arena = arena_new();
    struct template_set *set = NULL;
    struct buffer out;

    (void)state;
    assert_int_equal(template_set_parse(&source, 1, &set), OK);
    for (int depth = 32; depth <= 33; depth++) {
        struct template_map *root = template_map_new(arena), *map = root;

        buffer_init(&out, arena, 16);
        for (int i = 0; i < depth; i++) {
            template_set_int(map, "x", i % 10);
            map = template_list_add(template_set_list(map, "nodes"));
        }
        template_set_text(map, "x", "end");
        template_set_list(map, "nodes");
        assert_int_equal(template_render(set, "node.html", root, &out),
                         depth == 32 ? OK : ERR_INTERNAL);
        if (depth == 32)
            assert_memory_equal(out.data, "0(1(2(3(", 8);
    }
    assert_error_says("node.html:1: partials are nested too deep");
    template_set_free(set);
    arena_free(arena);
}

static void test_setting_twice_replaces(void **state)
{
    struct template_source source = {"page.html", str_of("{{a}} {{#b}}{{c}}{{/b}}")};
    struct arena *arena = arena_new();
    struct template_map *map = template_map_new(arena);
    struct template_set *set = NULL;
    struct buffer out;
    char name[64][16];

    (void)state;
    buffer_init(&out, arena, 16);
    buffer_add_text(&out, "before ");
    for (int i = 0; i < 64; i++) {
        snprintf(name[i], sizeof(name[i]), "x%d", i);
        template_set_int(map, name[i], i);
    }
    template_set_int(map, "a", 1);
    template_set_none(map, "b");
    template_set_text(map, "a", NULL);
    template_set_text(map, "a", "two");
    template_set_text(template_set_map(map, "b"), "c", "three");
    assert_int_equal(template_set_parse(&source, 1, &set), OK);
    assert_int_equal(template_render(set, "page.html", map, &out), OK);
    assert_string_equal(out.data, "before two three");
    assert_int_equal(template_render(set, "other.html", map, &out), ERR_INTERNAL);
    assert_error_says("there is no template other.html");
    template_set_none(map, "b");
    assert_int_equal(template_render(set, "page.html", map, &out), OK);
    assert_string_equal(out.data, "before two threetwo ");
    template_set_free(set);
    arena_free(arena);
}

/* ---- files ---- */

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[SCRATCH_NAME_MAX];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "w");
    require(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void remove_file(const char *folder, const char *name)
{
    char path[SCRATCH_NAME_MAX];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    require(remove(path) == 0);
}

static void test_load(void **state)
{
    struct arena *arena = arena_new();
    struct template_set *set = NULL;
    struct scratch scratch;
    struct buffer out;

    (void)state;
    scratch_init(&scratch);
    require(mkdir(scratch_path(&scratch, "partial"), 0700) == 0);
    write_file(scratch.directory, "page.html", "{{!layout layout.html}}\n{{>partial/a.html}}\n");
    write_file(scratch.directory, "layout.html", "<b>\n{{>content}}\n</b>\n");
    write_file(scratch.directory, "partial/a.html", "{{slice}}\n");
    write_file(scratch.directory, "mail.txt", "{{text}}");
    write_file(scratch.directory, "notes.md", "{{{");
    write_file(scratch.directory, ".hidden.html", "{{{");
    assert_int_equal(template_set_load(scratch.directory, &set), OK);
    buffer_init(&out, arena, 16);
    assert_int_equal(template_render(set, "page.html", templates_all_kinds(arena), &out), OK);
    assert_int_equal(template_render(set, "mail.txt", templates_all_kinds(arena), &out), OK);
    assert_string_equal(out.data, "<b>\nabc\n</b>\nZoé & <b>\"L'Été\"</b>");
    template_set_free(set);

    write_file(scratch.directory, "partial/a.html", "\n<a href={{path}}>");
    assert_int_equal(template_set_load(scratch.directory, &set), ERR_CONFIG);
    assert_error_says("partial/a.html:2: a tag stands neither in text nor");
    assert_null(set);
    remove_file(scratch.directory, "partial/a.html");
    remove_file(scratch.directory, "partial");
    assert_int_equal(template_set_load(scratch_path(&scratch, "partial"), &set), ERR_CONFIG);
    scratch_done(&scratch);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_escaped),
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_sections),
        cmocka_unit_test(test_unknown_names),
        cmocka_unit_test(test_filters_that_do_not_fit),
        cmocka_unit_test(test_bad_tags),
        cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_partials),
        cmocka_unit_test(test_nesting),
        cmocka_unit_test(test_recursion),
        cmocka_unit_test(test_setting_twice_replaces),
        cmocka_unit_test(test_load),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
