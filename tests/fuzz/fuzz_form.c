/* Forms, queries, cookies, the fields of a route, forms with files. */
#include "fuzz.h"

#include "base/utf8.h"
#include "http/http.h"

void fuzz_form(struct str input, struct arena *arena)
{
    struct str strict = input, lenient = input;
    struct http_pair pair, same;
    enum err err;

    while (http_pair_next(&strict, arena, &pair, &err)) {
        hold(http_pair_next_lenient(&lenient, arena, &same));
        hold(str_equal(pair.name, same.name) && str_equal(pair.value, same.value));
        hold(pair.name.len + pair.value.len <= input.len);
    }
    while (http_pair_next_lenient(&lenient, arena, &same))
        hold(same.name.len + same.value.len <= input.len);
}

void fuzz_cookie(struct str input, struct arena *arena)
{
    struct http_request request = {.arena = arena, .cookie_header = input};
    struct str value = http_cookie(&request, "__Host-sid");

    hold(value.len == 0 ||
         (value.data >= input.data && value.data + value.len <= input.data + input.len));
    hold(str_find(value, ';') == value.len);
}

static const struct http_field fields[] = {
    {"texte", HTTP_TEXT, 40, NULL, 0},     {"lignes", HTTP_LINES, 60, NULL, 0},
    {"secret", HTTP_SECRET, 20, NULL, 0},  {"jeton", HTTP_TOKEN, 20, NULL, 0},
    {"id", HTTP_ID, 20, NULL, 1},          {"ids", HTTP_IDS, 20, NULL, 0},
    {"montant", HTTP_AMOUNT, 20, NULL, 0}, {"choix", HTTP_CHOICE, 10, "oui|non", 0},
    {"fichier", HTTP_FILE, 2000, NULL, 0}, {0},
};

static void check_values(const struct http_request *request)
{
    for (size_t i = 0; i < request->value_count; i++) {
        const struct http_value *value = &request->values[i];

        hold(value->text.len <= value->field->max);
        if (value->field->type != HTTP_SECRET && value->field->type != HTTP_FILE)
            hold(utf8_clean(value->text));
        if (value->field->type == HTTP_ID)
            hold(value->id > 0);
        if (value->field->type == HTTP_CHOICE)
            hold(str_empty(value->text) || str_is(value->text, "oui") ||
                 str_is(value->text, "non"));
        for (size_t n = 0; n < value->id_count; n++)
            hold(value->ids[n] > 0);
        hold(value->id_count <= HTTP_IDS_MAX);
    }
    hold(request->value_count <= HTTP_FIELDS_MAX);
}

/* The first byte says how the form comes. */
void fuzz_fields(struct str input, struct arena *arena)
{
    struct http_route route = {.method = HTTP_POST, .path = "/", .fields = fields};
    struct http_request request = {.arena = arena, .method = HTTP_POST};
    char way = input.len > 0 ? input.data[0] : 'p';

    if (input.len > 0)
        input = str_from(input.data + 1, input.len - 1);
    request.body = input;
    request.content_type = str_of("application/x-www-form-urlencoded");
    if (way == 'g') {
        request.method = route.method = HTTP_GET;
        request.query = input;
    } else if (way == 'm') {
        route.flags = HTTP_MULTIPART;
        request.content_type = str_of("multipart/form-data");
        request.boundary = str_of("x");
    } else if (way == 'o') {
        route.flags = HTTP_OPEN_FIELDS;
    }
    if (!http_fields_read(&request, &route)) {
        check_values(&request);
        hold(http_field_id(&request, "id") > 0);
    }
}

/* The header, then the body. */
void fuzz_multipart(struct str input, struct arena *arena)
{
    struct str header = fuzz_part(&input), boundary;
    struct http_multipart form;
    struct http_part part;
    enum err err;
    int count = 0;

    (void)arena;
    if (!http_boundary(header, &boundary))
        return;
    hold(boundary.len > 0 && boundary.len <= HTTP_BOUNDARY_MAX);
    http_multipart_begin(&form, input, boundary);
    while (http_multipart_next(&form, &part, &err)) {
        hold(part.content.len == 0 ||
             (part.content.data >= input.data &&
              part.content.data + part.content.len <= input.data + input.len));
        hold(part.name.len <= HTTP_PART_LINE_MAX);
        count++;
    }
    hold(count <= HTTP_PARTS_MAX);
}
