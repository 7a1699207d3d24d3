/*
 * The route table, as the program has it: what every row must hold, and, with the word "print",
 * the table itself for the tests of other languages, one route a line of JSON.
 */
#include "support/scratch.h"

#include "http/http.h"
#include "web/internal.h"

static const struct {
    unsigned bit;
    const char *name;
} access_names[] = {
    {ACCESS_PUBLIC, "nobody"},
    {ACCESS_NO_TOKEN, "no token"},
    {ACCESS_ANY_ORIGIN, "any origin"},
    {ACCESS_UNDECIDED, "undecided"},
    {ACCESS_MEMBER, "member"},
    {ACCESS_VIEWER, "viewer"},
    {ACCESS_TREASURER, "treasurer"},
    {ACCESS_ADMINISTRATOR, "administrator"},
    {ACCESS_HALF, "half"},
    {ACCESS_OWNER, "owner"},
};
static const char *const type_names[] = {
    [HTTP_TEXT] = "text",     [HTTP_LINES] = "lines",   [HTTP_SECRET] = "secret",
    [HTTP_TOKEN] = "token",   [HTTP_ID] = "id",         [HTTP_IDS] = "ids",
    [HTTP_AMOUNT] = "amount", [HTTP_CHOICE] = "choice", [HTTP_FILE] = "file"};

static const struct {
    const char *pool;
    const struct http_route *routes;
    const size_t *count;
} pools[] = {{"page", web_page_routes, &web_page_route_count},
             {"notification", web_notification_routes, &web_notification_route_count}};

/* ---- printing ---- */

/* No text of the table holds a character that JSON would write otherwise. */
static void print_fields(const struct http_field *field)
{
    for (const char *comma = ""; field && field->name; field++, comma = ",")
        printf(
            "%s{\"name\":\"%s\",\"type\":\"%s\",\"max\":%zu,\"choices\":\"%s\",\"required\":%s}",
            comma, field->name, type_names[field->type], field->max,
            field->choices ? field->choices : "", field->required ? "true" : "false");
}

static void print_access(unsigned access)
{
    const char *comma = "";

    for (size_t i = 0; i < sizeof(access_names) / sizeof(access_names[0]); i++)
        if (access & access_names[i].bit) {
            printf("%s\"%s\"", comma, access_names[i].name);
            comma = ",";
        }
}

static int print_all(void)
{
    for (size_t pool = 0; pool < 2; pool++)
        for (size_t i = 0; i < *pools[pool].count; i++) {
            const struct http_route *route = &pools[pool].routes[i];

            printf("{\"pool\":\"%s\",\"method\":\"%s\",\"place\":\"%s\",\"multipart\":%s,"
                   "\"raw\":%s,\"open\":%s,\"access\":[",
                   pools[pool].pool, route->method == HTTP_POST ? "POST" : "GET", route->path,
                   route->flags & HTTP_MULTIPART ? "true" : "false",
                   route->flags & HTTP_RAW_BODY ? "true" : "false",
                   route->flags & HTTP_OPEN_FIELDS ? "true" : "false");
            print_access(route->access);
            printf("],\"fields\":[");
            print_fields(route->fields);
            printf("]}\n");
        }
    return 0;
}

/* ---- what every row must hold ---- */

static bool takes_token(const struct http_route *route)
{
    return route->fields && route->fields[0].name &&
           strcmp(route->fields[0].name, WEB_TOKEN_FIELD) == 0 && route->fields[0].required;
}

/* Row 8: a form is sent with the token of its session, or the table says why not. */
static void every_form_has_its_token(void **state)
{
    (void)state;
    for (size_t i = 0; i < web_page_route_count; i++) {
        const struct http_route *route = &web_page_routes[i];
        bool without = route->access & (ACCESS_NO_TOKEN | ACCESS_ANY_ORIGIN);

        if (takes_token(route) != (route->method == HTTP_POST && !without))
            printf("%s\n", route->path);
        assert_int_equal(takes_token(route), route->method == HTTP_POST && !without);
    }
}

/* Row 45: every row says who may, in bits that are known. */
static void everybody_is_named(void **state)
{
    unsigned known = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(access_names) / sizeof(access_names[0]); i++)
        known |= access_names[i].bit;
    for (size_t pool = 0; pool < 2; pool++)
        for (size_t i = 0; i < *pools[pool].count; i++) {
            unsigned access = pools[pool].routes[i].access;

            assert_int_equal(access & ~known, 0);
            assert_true(access & ~(unsigned)(ACCESS_NO_TOKEN | ACCESS_ANY_ORIGIN));
        }
}

/* Row 59: every field has a longest length, and a choice its words. */
static void every_field_has_bounds(void **state)
{
    (void)state;
    for (size_t i = 0; i < web_page_route_count; i++)
        for (const struct http_field *field = web_page_routes[i].fields; field && field->name;
             field++) {
            assert_true(field->max > 0);
            assert_int_equal(field->choices != NULL, field->type == HTTP_CHOICE);
        }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_has_its_token),
        cmocka_unit_test(everybody_is_named),
        cmocka_unit_test(every_field_has_bounds),
    };

    if (argc == 2 && strcmp(argv[1], "print") == 0)
        return print_all();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
