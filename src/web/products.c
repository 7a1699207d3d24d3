#include "web/charges.h"

#include "accounting/accounting.h"
#include "base/random.h"
#include "payment/service.h"

const struct http_field products_fields[] = {
    {"fait", HTTP_TOKEN, 40, NULL, 0},
    {0},
};
const struct http_field product_edit_fields[] = {
    TOKEN_FIELD,
    {"version", HTTP_ID, 20, NULL, 0},
    {"titre", HTTP_TEXT, WEB_LINE_MAX, NULL, 0},
    {"prix", HTTP_AMOUNT, 64, NULL, 0},
    {"compte", HTTP_TOKEN, 20, NULL, 0},
    {"exercice", HTTP_ID, 20, NULL, 0},
    {0},
};

static const struct form_fault faults[] = {
    {"version", "perimee"}, {"titre", "vide"}, {"titre", "long"},     {"prix", "vide"},
    {"prix", "illisible"},  {"prix", "grand"}, {"compte", "inconnu"}, {"exercice", "inconnu"},
};
enum { FAULT_COUNT = sizeof(faults) / sizeof(faults[0]), TITLE_MAX = 120 };

/* ---- the list ---- */

static void add_product(struct page *page, struct template_list *list,
                        const struct product *product)
{
    struct template_map *item = template_list_add(list);

    page_set_id(page, item, "id", product->id);
    template_set_text(item, "title", product->title);
    template_set_money(item, "price", product->price_cents, page->association.currency);
    template_set_int(item, "price_cents", product->price_cents);
    template_set_text(item, "account_code", product->account_code);
    template_set_text(item, "account_label", product->account_label);
    template_set_text(item, "year", product->year_label);
}

enum err products_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "produits");
    struct template_list *offered = template_set_list(data, "products");
    struct template_list *archived = template_set_list(data, "archived");
    struct product *products;
    size_t count = 0, archived_count = 0;
    enum err err =
        product_list(page->db, page->association.id, true, page->arena, &products, &count);

    (void)response;
    form_done(page, "ajoute|modifie|archive|restaure|compte", data);
    for (size_t i = 0; !err && i < count; i++) {
        add_product(page, products[i].archived ? archived : offered, &products[i]);
        archived_count += products[i].archived;
    }
    template_set_flag(data, "has_products", count > archived_count);
    template_set_flag(data, "has_archived", archived_count > 0);
    if (!err)
        err = page_form_token(page, data, "archive_token", "/produits/{}/archiver");
    if (!err)
        err = page_form_token(page, data, "restore_token", "/produits/{}/restaurer");
    return err ? err : page_render(page, 200, "produits.html", data);
}

/* ---- one product ---- */

/* A form that adds or changes a product. */
struct edit {
    struct page *page;
    struct form form;
    bool is_new;
    struct product_change change;
    bool account_gone; /* the transaction found it archived */
};

static enum err path_id(struct page *page, int64_t *product_id)
{
    return str_to_int64(page->request->path_parts[0], product_id)
               ? OK
               : fail(ERR_NOT_FOUND, "no such product");
}

static const char *route_of(const struct edit *edit)
{
    return edit->is_new ? "/produits/nouveau" : "/produits/{}/modifier";
}

/* stored: what the form begins with; NULL: what was typed. */
static void set_values(struct edit *edit, struct template_map *data, const struct product *stored)
{
    struct page *page = edit->page;
    char *price = arena_alloc(page->arena, MONEY_TEXT_MAX);

    if (!stored) {
        form_keep(page, product_edit_fields, data);
        return;
    }
    template_set_text(data, "titre", stored->title);
    template_set_text(data, "prix",
                      stored->price_cents ? money_format_input(price, stored->price_cents,
                                                               page->association.currency)
                                          : "");
    page_set_id(page, data, "version", stored->version);
}

static enum err show(struct edit *edit, int status, const struct product *stored)
{
    struct page *page = edit->page;
    struct template_map *data = page_data(page, "produit_saisie");
    struct str account =
        stored ? str_of(stored->account_code) : http_field_text(page->request, "compte");
    enum err err = page_form_token(page, data, "csrf", route_of(edit));

    if (!err)
        err = charges_set_accounts(page, data, account);
    if (!err)
        err = charges_set_years(page, data,
                                stored ? stored->fiscal_year_id
                                       : http_field_id(page->request, "exercice"));
    if (err)
        return err;
    template_set_flag(data, "is_new", edit->is_new);
    template_set_text(data, "form_action",
                      edit->is_new ? "/produits/nouveau"
                                   : arena_printf(page->arena, "/produits/%lld/modifier",
                                                  (long long)edit->change.id));
    set_values(edit, data, stored);
    form_add(page, &edit->form, data);
    return page_render(page, status, "produit-saisie.html", data);
}

enum err product_new_get(struct http_request *request, struct http_response *response)
{
    static const struct product nothing = {.title = "", .account_code = "7561"};
    struct edit edit = {.page = page_of(request), .is_new = true};

    (void)response;
    form_init(&edit.form, faults, FAULT_COUNT);
    return show(&edit, 200, &nothing);
}

enum err product_edit_get(struct http_request *request, struct http_response *response)
{
    struct edit edit = {.page = page_of(request)};
    struct product product;
    enum err err = path_id(edit.page, &edit.change.id);

    (void)response;
    form_init(&edit.form, faults, FAULT_COUNT);
    if (!err)
        err = product_find(edit.page->db, edit.page->association.id, edit.change.id,
                           edit.page->arena, &product);
    return err ? err : show(&edit, 200, &product);
}

/* ---- saving ---- */

static void read_change(struct edit *edit)
{
    struct page *page = edit->page;
    struct product_change *change = &edit->change;

    form_init(&edit->form, faults, FAULT_COUNT);
    change->association_id = page->association.id;
    change->version = edit->is_new ? 0 : http_field_id(page->request, "version");
    change->title = form_text(page, &edit->form, "titre", TITLE_MAX);
    change->account_code = str_copy(page->arena, http_field_text(page->request, "compte"));
    change->fiscal_year_id = http_field_id(page->request, "exercice");
    change->now = page->now;
    charges_read_amount(page, &edit->form, "prix", &change->price_cents);
}

/* The account and the year may have gone since the page was made. */
static enum err check_choices(struct edit *edit)
{
    struct fiscal_year year;
    bool may = false;
    enum err err = accounting_may_charge(edit->page->db, edit->page->association.id,
                                         edit->change.account_code, &may);

    if (!err && !may)
        form_fault(&edit->form, "compte", "inconnu");
    if (!err && edit->change.fiscal_year_id) {
        err = charges_find_year(edit->page, edit->change.fiscal_year_id, &year);
        if (err == ERR_NOT_FOUND) {
            form_fault(&edit->form, "exercice", "inconnu");
            err = OK;
        }
    }
    return err;
}

static enum err write_product(struct db *db, void *argument)
{
    struct edit *edit = argument;
    const struct audit_actor actor = page_actor(edit->page);
    bool may = false;
    enum err err =
        accounting_may_charge(db, edit->change.association_id, edit->change.account_code, &may);

    edit->account_gone = !may;
    if (!err && !may)
        err = fail(ERR_CONFLICT, "the account was archived meanwhile");
    return err ? err : product_save(db, &edit->change, &actor);
}

static enum err save(struct edit *edit, const char *done)
{
    struct page *page = edit->page;
    enum err err;

    read_change(edit);
    err = check_choices(edit);
    if (err)
        return err;
    if (form_faulty(&edit->form, NULL))
        return show(edit, 400, NULL);
    err = db_write(page->web->options.service->writer, write_product, edit);
    if (err == ERR_CONFLICT) {
        form_fault(&edit->form, edit->account_gone ? "compte" : "version",
                   edit->account_gone ? "inconnu" : "perimee");
        return show(edit, 409, NULL);
    }
    return err ? err
               : http_redirect(page->response,
                               arena_printf(page->arena, "/produits?fait=%s", done));
}

enum err product_new_post(struct http_request *request, struct http_response *response)
{
    struct edit edit = {.page = page_of(request), .is_new = true};
    enum err err = random_id(&edit.change.id);

    (void)response;
    return err ? err : save(&edit, "ajoute");
}

enum err product_edit_post(struct http_request *request, struct http_response *response)
{
    struct edit edit = {.page = page_of(request)};
    struct product product;
    enum err err = path_id(edit.page, &edit.change.id);

    (void)response;
    if (!err)
        err = product_find(edit.page->db, edit.page->association.id, edit.change.id,
                           edit.page->arena, &product);
    return err ? err : save(&edit, "modifie");
}

/* ---- archiving ---- */

struct archiving {
    struct page *page;
    int64_t id;
    int64_t at; /* 0: offered again */
    bool
        account_gone; /* of a product to be offered again: it is no account for charges any more */
};

static enum err archive(struct db *db, void *argument)
{
    struct archiving *archiving = argument;
    const struct page *page = archiving->page;
    const struct audit_actor actor = page_actor(page);
    struct product product;
    bool may = true;
    enum err err = product_find(db, page->association.id, archiving->id, page->arena, &product);

    if (!err && !archiving->at)
        err = accounting_may_charge(db, page->association.id, product.account_code, &may);
    archiving->account_gone = !may;
    return err || !may
               ? err
               : product_archive(db, page->association.id, archiving->id, archiving->at, &actor);
}

static enum err archive_or_restore(struct page *page, int64_t at, const char *done)
{
    struct archiving archiving = {.page = page, .at = at};
    enum err err = path_id(page, &archiving.id);

    if (!err)
        err = db_write(page->web->options.service->writer, archive, &archiving);
    if (err && err != ERR_CONFLICT) /* so already: the page shows it */
        return err;
    return http_redirect(page->response, arena_printf(page->arena, "/produits?fait=%s",
                                                      archiving.account_gone ? "compte" : done));
}

enum err product_archive_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);

    (void)response;
    return archive_or_restore(page, page->now, "archive");
}

enum err product_restore_post(struct http_request *request, struct http_response *response)
{
    (void)response;
    return archive_or_restore(page_of(request), 0, "restaure");
}
