#include "association/second_factor.h"

#include "queries.h"
#include "web/settings.h"

/* ---- who sees money, and how they enter ---- */

static enum err add_staff(struct page *page, struct template_map *data)
{
    struct template_list *list = template_set_list(data, "staff");
    struct db_rows rows = {0};
    bool found = false;
    enum err err =
        db_select(page->db, Q_SECOND_FACTOR_STAFF, DB_VALUES(db_int(page->association.id)), &rows);

    while (!err && !(err = db_next(&rows, &found)) && found) {
        struct template_map *item = template_list_add(list);

        template_set_text(item, "email", db_column_text(&rows, 0, page->arena));
        template_set_flag(item, "is_administrator",
                          role_from_name(db_column_str(&rows, 1)) == ROLE_ADMINISTRATOR);
        template_set_flag(item, "has_second_factor", db_column_int(&rows, 2) != 0);
    }
    db_rows_done(&rows);
    return err;
}

enum err security_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "securite");
    enum err err = page_form_token(page, data, "csrf", "/parametrage/securite");

    (void)response;
    form_done(page, "regle", data);
    template_set_flag(data, "required", page->association.second_factor_required);
    if (!err)
        err = add_staff(page, data);
    return err ? err : page_render(page, 200, "securite.html", data);
}

/* ---- the rule ---- */

struct rule {
    const struct page *page;
    bool required;
};

static enum err write_rule(struct db *db, void *argument)
{
    const struct rule *rule = argument;
    const struct audit_actor actor = page_actor(rule->page);

    return second_factor_require(db, rule->page->association.id, rule->required, &actor);
}

enum err security_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct rule rule = {page, http_field_given(request, "exiger")};
    enum err err = db_write(page->web->options.service->writer, write_rule, &rule);

    return err ? err : http_redirect(response, "/parametrage/securite?fait=regle");
}
