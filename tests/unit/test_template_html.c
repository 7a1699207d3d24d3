#include "support/templates.h"

static void test_urls(void **state)
{
    static const struct example examples[] = {
        {"<a href=\"{{path}}\">", "<a href=\"/recettes?a=1&amp;b=2\">"},
        {"<a HREF=\"/m/{{id}}\">", "<a HREF=\"/m/a%2Fb%20c%26%22%C3%A9%40\">"},
        {"<a href=\"?q={{id}}\">", "<a href=\"?q=a%2Fb%20c%26%22%C3%A9%40\">"},
        {"<a href=\"#{{id}}\">", "<a href=\"#a%2Fb%20c%26%22%C3%A9%40\">"},
        {"<a href=\"https://site.example/{{id}}\">",
         "<a href=\"https://site.example/a%2Fb%20c%26%22%C3%A9%40\">"},
        {"<a href=\"mailto:{{id}}\">", "<a href=\"mailto:a%2Fb%20c%26%22%C3%A9@\">"},
        {"<a href=\"{{path}}{{id}}\">",
         "<a href=\"/recettes?a=1&amp;b=2a%2Fb%20c%26%22%C3%A9%40\">"},
        {"<a href=\"/x{{#yes}}?q={{id}}{{/yes}}\">", "<a href=\"/x?q=a%2Fb%20c%26%22%C3%A9%40\">"},
        {"<a href='/x' title=\"{{id}}\">", "<a href='/x' title=\"a/b c&amp;&quot;é@\">"},
    };

    (void)state;
    templates_check_printed("page.html", examples, COUNT(examples));
}

static void test_url_values(void **state)
{
    static const struct {
        const char *url;
        bool good;
    } urls[] = {
        {"/", true},
        {"/panier", true},
        {"?page=2", true},
        {"#haut", true},
        {"https://checkout.stripe.example/c/pay#x", true},
        {"http://localhost:8081/", true},
        {"", false},
        {"panier", false},
        {"//evil.example", false},
        {"/\\evil.example", false},
        {"\\\\evil.example", false},
        {"/\t/evil.example", false},
        {"/\n/evil.example", false},
        {" /panier", false},
        {"javascript:alert(1)", false},
        {"JavaScript:alert(1)", false},
        {"\x01javascript:alert(1)", false},
        {"data:text/html,x", false},
        {"vbscript:x", false},
        {"https:evil.example", false},
        {"https:/evil.example", false},
        {"ftp://evil.example/", false},
        {"/a b", false},
    };
    static const struct template_source source = {
        "page.html", {"<form action=\"{{url}}\">", sizeof("<form action=\"{{url}}\">") - 1}};
    struct template_set *set = NULL;

    (void)state;
    assert_int_equal(template_set_parse(&source, 1, &set), OK);
    for (size_t i = 0; i < COUNT(urls); i++) {
        struct arena *arena = arena_new();
        struct template_map *map = template_map_new(arena);
        struct buffer out;

        buffer_init(&out, arena, 16);
        template_set_text(map, "url", urls[i].url);
        assert_int_equal(template_render(set, "page.html", map, &out),
                         urls[i].good ? OK : ERR_INTERNAL);
        if (!urls[i].good)
            assert_error_says("page.html:1: neither a path nor an http(s) URL: url");
        arena_free(arena);
    }
    template_set_free(set);
}

static void test_bad_places(void **state)
{
    static const struct example examples[] = {
        {"<p>\n<a href={{path}}>", "page.html:2: a tag stands neither in text nor"},
        {"<a title=x{{path}}>", "neither in text nor"},
        {"<a title='{{text}}'>", "neither in text nor"},
        {"<a {{text}}>", "neither in text nor"},
        {"<a x{{text}}>", "neither in text nor"},
        {"<a x {{text}}>", "neither in text nor"},
        {"<{{text}}>", "neither in text nor"},
        {"</{{text}}>", "neither in text nor"},
        {"<a{{text}}>", "neither in text nor"},
        {"</a {{text}}>", "neither in text nor"},
        {"<!-- {{text}} -->", "neither in text nor"},
        {"<!doctype {{text}}>", "neither in text nor"},
        {"<script>{{number}}</script>", "a tag stands in a script"},
        {"<SCRIPT>\n\"{{number}}\"", "page.html:2: a tag stands in a script"},
        {"<script></b>{{number}}</script>", "a tag stands in a script"},
        {"<script>\"<p>\"; {{#yes}}{{/yes}}</script>", "a section stands in a script"},
        {"<style>{{text}}</style>", "a tag stands in a script, a style"},
        {"<iframe>{{text}}</iframe>", "a tag stands in a script"},
        {"<p onclick=\"{{text}}\">", "an attribute that allows none"},
        {"<p ONCLICK=\"x{{#yes}}{{/yes}}\">", "an attribute that allows none"},
        {"<p style=\"{{text}}\">", "an attribute that allows none"},
        {"<img srcset=\"{{path}}\">", "an attribute that allows none"},
        {"<iframe srcdoc=\"{{text}}\">", "an attribute that allows none"},
        {"<a href=\"{{path}} {{#yes}}", "a section does not end"},
        {"<a href=\"/{{id}}\">", "that may lead anywhere"},
        {"<a href=\"//{{id}}\">", "that may lead anywhere"},
        {"<a href=\"javascript:{{id}}\">", "that may lead anywhere"},
        {"<a href=\" {{path}}\">", "that may lead anywhere"},
        {"<a href=\"x{{id}}\">", "that may lead anywhere"},
        {"<a href=\"https://{{id}}\">", "in the host of a URL"},
        {"<a href=\"https://site.example{{id}}\">", "in the host of a URL"},
        {"<a href=\"http://si{{#no}}te/{{/no}}{{id}}\">", "in the host of a URL"},
        {"<a href=\"{{#yes}}/x{{/yes}}{{path}}\">", "a URL begins in a section"},
        {"<a href=\"{{#yes}}{{path}}{{/yes}}\">", "a URL begins in a section"},
        {"<p {{>page.html}}>", "a partial stands only in text"},
        {"<p title=\"{{>page.html}}\">", "a partial stands only in text"},
        {"<textarea>{{>page.html}}</textarea>", "a partial stands only in text"},
        {"<p {{#yes}}>{{/yes}}", "a section ends elsewhere than it began"},
        {"{{#yes}}<p {{/yes}}>", "a section ends elsewhere than it began"},
        {"<p title=\"{{#yes}}\"{{/yes}}>", "a section ends elsewhere than it began"},
        {"<p {{#yes}}title=\"{{/yes}}\">", "a section ends elsewhere than it began"},
        {"<p {{#yes}}title{{/yes}}=\"x\">", "white space is missing"},
        {"<p {{#yes}}><b {{/yes}}>", "a section ends in another tag than it began"},
        {"<p a=\"{{#yes}}x\" href=\"{{/yes}}\">", "a section ends in another attribute"},
        {"{{#yes}}<textarea>{{/yes}}</textarea>", "a section ends in another element"},
        {"<p{{#yes}}x{{/yes}}>", "white space is missing"},
        {"<{{#yes}}b{{/yes}}>", "a section stands neither in text"},
        {"</b{{#yes}}{{/yes}}>", "a section stands in an end tag"},
        {"<a href=x{{#yes}}{{/yes}}>", "a section stands neither in text"},
        {"<p", "page.html:1: the file ends within a tag"},
        {"<p title=\"", "the file ends within a tag"},
        {"<script>", "the file ends within a tag"},
        {"<!-- x", "the file ends within a tag"},
        {"<p a=\"1\"b=\"2\">", "white space is missing"},
        {"<p =x>", "a tag is malformed"},
        {"<p a=>", "no value behind '='"},
        {"<p a\"b>", "name is malformed"},
        {"<p a=b\"c>", "an unquoted value is malformed"},
        {"<![CDATA[x]]>", "CDATA"},
        {"<!-- x --!> <script> -->", "a comment is malformed"},
    };

    (void)state;
    templates_check_refused(ERR_CONFIG, examples, COUNT(examples));
}

static void test_places_that_end(void **state)
{
    static const struct example examples[] = {
        {"<!doctype html><p>{{slice}}", "<!doctype html><p>abc"},
        {"<?xml?>{{slice}}", "<?xml?>abc"},
        {"<!-- <script> -->{{slice}}", "<!-- <script> -->abc"},
        {"<!-->{{slice}}", "<!-->abc"},
        {"<!>{{slice}}</>{{slice}}", "<!>abc</>abc"},
        {"</ x>{{slice}}", "</ x>abc"},
        {"1 < 2 {{slice}} <<b>{{slice}}", "1 < 2 abc <<b>abc"},
        {"<script>if (a < b) \"</b>\"</script>{{slice}}",
         "<script>if (a < b) \"</b>\"</script>abc"},
        {"<textarea><b \"{{slice}}</textarea>{{slice}}", "<textarea><b \"abc</textarea>abc"},
        {"<br/><img alt='x' src=/x.png />{{slice}}", "<br/><img alt='x' src=/x.png />abc"},
        {"<input disabled value = \"{{slice}}\">", "<input disabled value = \"abc\">"},
        {"<input disabled\n><a href=/x\n>{{slice}}", "<input disabled\n><a href=/x\n>abc"},
        {"<p title=\"a > b\">{{slice}}", "<p title=\"a > b\">abc"},
    };

    (void)state;
    templates_check_printed("page.html", examples, COUNT(examples));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_url_values),
        cmocka_unit_test(test_bad_places),
        cmocka_unit_test(test_places_that_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
