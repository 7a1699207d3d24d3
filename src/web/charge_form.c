#include "web/charges.h"

#include "accounting/accounting.h"
#include "association/cart.h"

const struct http_field charge_page_fields[] = {
    {"sorte", HTTP_CHOICE, 8, "produit|libre", 0},
    {0},
};
const struct http_field charge_fields[] = {
    TOKEN_FIELD,
    CHARGE_ASK_FIELDS,
    {"jeton", HTTP_TOKEN, 64, NULL, 1},
    {"encore", HTTP_TOKEN, HASH_HEX_MAX, NULL, 0}, /* the charge that was asked about */
    {0},
};

static const struct form_fault faults[] = {
    {"produit", "vide"},       {"produit", "inconnu"},   {"produit", "change"},
    {"quantite", "illisible"}, {"libelle", "vide"},      {"libelle", "long"},
    {"montant", "vide"},       {"montant", "illisible"}, {"montant", "grand"},
    {"compte", "inconnu"},     {"exercice", "inconnu"},  {"date", "illisible"},
    {"date", "futur"},         {"jeton", "servi"},       {"produit", "clos"},
    {"exercice", "clos"},
};
enum { FAULT_COUNT = sizeof(faults) / sizeof(faults[0]) };

/* ---- a product so many times ---- */

static bool read_quantity(struct charge_ask *ask, int64_t *quantity)
{
    struct str typed = http_field_text(ask->page->request, "quantite");

    *quantity = 1;
    if (str_empty(typed) ||
        (str_to_int64(typed, quantity) && *quantity > 0 && *quantity <= CHARGE_QUANTITY_MAX))
        return true;
    form_fault(&ask->form, "quantite", "illisible");
    return false;
}

/* "<id>-<version>": the price the page showed is that of the version. */
static enum err find_product(struct charge_ask *ask)
{
    struct str rest = http_field_text(ask->page->request, "produit");
    struct str id = str_cut(&rest, '-');
    int64_t product_id = 0, version = 0;
    enum err err;

    if (str_empty(id)) {
        form_fault(&ask->form, "produit", "vide");
        return OK;
    }
    if (!str_to_int64(id, &product_id) || !rest.data || !str_to_int64(rest, &version))
        return fail(ERR_INPUT, "the form is not ours");
    err = product_find(ask->page->db, ask->page->association.id, product_id, ask->page->arena,
                       &ask->product);
    if (err == ERR_NOT_FOUND || (!err && ask->product.archived)) {
        form_fault(&ask->form, "produit", "inconnu");
        return OK;
    }
    if (!err && ask->product.version != version)
        form_fault(&ask->form, "produit", "change");
    return err;
}

/* Whether the year it is for is closed by now. */
static enum err find_closed(struct db *db, struct charge_ask *ask)
{
    struct arena *arena = arena_new(); /* of its own: the writer asks, too */
    struct fiscal_year *years;
    size_t count = 0;
    enum err err = accounting_years(db, ask->page->association.id, arena, &years, &count);

    ask->year_closed = false;
    for (size_t i = 0; !err && i < count; i++)
        if (date_compare(years[i].first_day, ask->for_day) <= 0 &&
            date_compare(ask->for_day, years[i].last_day) <= 0)
            ask->year_closed = years[i].closed;
    arena_free(arena);
    return err;
}

static enum err refuse_closed(struct charge_ask *ask)
{
    enum err err = find_closed(ask->page->db, ask);

    if (!err && ask->year_closed)
        charges_fault_changed(ask);
    return err;
}

static enum err use_year(struct charge_ask *ask, int64_t year_id)
{
    struct fiscal_year year;
    enum err err;

    ask->for_day = ask->date;
    if (!year_id)
        return refuse_closed(ask);
    err = charges_find_year(ask->page, year_id, &year);
    if (err == ERR_NOT_FOUND) {
        form_fault(&ask->form, "exercice", "inconnu");
        return OK;
    }
    if (err)
        return err;
    ask->for_day = year.first_day;
    ask->year_label = year.label;
    return refuse_closed(ask);
}

static enum err read_product(struct charge_ask *ask)
{
    struct arena *arena = ask->page->arena;
    int64_t quantity;
    bool counted = read_quantity(ask, &quantity);
    enum err err = find_product(ask);

    if (err || !counted || form_faulty(&ask->form, "produit"))
        return err;
    ask->amount_cents = ask->product.price_cents * quantity;
    ask->label = quantity == 1
                     ? ask->product.title
                     : arena_printf(arena, "%lld × %s", (long long)quantity, ask->product.title);
    ask->account_code = ask->product.account_code;
    if (ask->amount_cents > MONEY_MAX_CENTS)
        form_fault(&ask->form, "quantite", "illisible");
    return use_year(ask, ask->product.fiscal_year_id);
}

/* ---- a text with an amount ---- */

static enum err read_free(struct charge_ask *ask)
{
    struct page *page = ask->page;
    bool may = false;
    enum err err;

    ask->label = form_text(page, &ask->form, "libelle", CHARGE_LABEL_MAX);
    ask->account_code = str_copy(page->arena, http_field_text(page->request, "compte"));
    charges_read_amount(page, &ask->form, "montant", &ask->amount_cents);
    err = accounting_may_charge(page->db, page->association.id, ask->account_code, &may);
    if (!err && !may)
        form_fault(&ask->form, "compte", "inconnu");
    return err ? err : use_year(ask, http_field_id(page->request, "exercice"));
}

enum err charges_read_ask(struct page *page, struct charge_ask *ask)
{
    *ask = (struct charge_ask){.page = page, .label = "", .account_code = "", .year_label = ""};
    form_init(&ask->form, faults, FAULT_COUNT);
    ask->is_free = str_is(http_field_text(page->request, "sorte"), "libre");
    charges_read_date(page, &ask->form, "date", &ask->date);
    if (date_compare(ask->date, zone_date(page->association.zone, page->now)) > 0)
        form_fault(&ask->form, "date", "futur");
    return ask->is_free ? read_free(ask) : read_product(ask);
}

void charges_fault_changed(struct charge_ask *ask)
{
    if (ask->year_closed)
        form_fault(&ask->form, ask->is_free ? "exercice" : "produit", "clos");
    else
        form_fault(&ask->form, ask->is_free ? "compte" : "produit",
                   ask->is_free ? "inconnu" : "change");
}

enum err charges_check_ask(struct db *db, struct charge_ask *ask)
{
    struct arena *arena = arena_new();
    struct product now;
    bool may = false;
    enum err err;

    if (ask->is_free)
        err = accounting_may_charge(db, ask->page->association.id, ask->account_code, &may);
    else {
        err = product_find(db, ask->page->association.id, ask->product.id, arena, &now);
        may = !err && !now.archived && now.version == ask->product.version;
    }
    arena_free(arena);
    if (!err)
        err = find_closed(db, ask);
    may = may && !ask->year_closed;
    return !err && !may ? fail(ERR_CONFLICT, "what is charged changed meanwhile") : err;
}

/* ---- the form ---- */

static enum err set_products(struct page *page, struct template_map *data, bool is_free)
{
    struct str chosen = http_field_text(page->request, "produit");
    struct template_list *list = template_set_list(data, "products");
    struct str id = str_cut(&chosen, '-');
    struct product *products;
    size_t count = 0;
    enum err err =
        product_list(page->db, page->association.id, false, page->arena, &products, &count);

    for (size_t i = 0; !err && i < count; i++) {
        struct template_map *item = template_list_add(list);
        const char *key = arena_printf(page->arena, "%lld", (long long)products[i].id);

        template_set_text(
            item, "key",
            arena_printf(page->arena, "%s-%lld", key, (long long)products[i].version));
        template_set_text(item, "title", products[i].title);
        template_set_money(item, "price", products[i].price_cents, page->association.currency);
        template_set_text(item, "year", products[i].year_label);
        template_set_flag(item, "chosen", str_is(id, key));
    }
    template_set_flag(data, "is_free", is_free);
    template_set_flag(data, "may_fill", is_free || count > 0);
    return err;
}

static void set_beginnings(struct page *page, struct template_map *data)
{
    char *today = arena_alloc(page->arena, DATE_TEXT_MAX);

    template_set_text(data, "quantite", "1");
    template_set_text(data, "libelle", "");
    template_set_text(data, "montant", "");
    template_set_text(data, "date",
                      date_format_iso(today, zone_date(page->association.zone, page->now)));
}

static void keep(struct page *page, struct template_map *data)
{
    static const char *const names[] = {"quantite", "libelle", "montant", "date"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        template_set_str(data, names[i], http_field_text(page->request, names[i]));
}

enum err charges_set_ask(struct page *page, struct template_map *data,
                         const struct charge_ask *ask)
{
    struct form none;
    enum err err =
        set_products(page, data, str_is(http_field_text(page->request, "sorte"), "libre"));

    if (!err)
        err = charges_set_accounts(page, data, http_field_text(page->request, "compte"));
    if (!err)
        err = charges_set_years(page, data, http_field_id(page->request, "exercice"));
    if (!err)
        err = charges_set_key(page, data);
    if (err)
        return err;
    form_init(&none, faults, FAULT_COUNT);
    form_add(page, ask ? &ask->form : &none, data);
    if (ask)
        keep(page, data);
    else
        set_beginnings(page, data);
    return OK;
}

/* ---- what comes of it ---- */

struct charge_draft charges_draft(const struct charge_ask *ask, int64_t member_id)
{
    return (struct charge_draft){
        .kind = CART_CHARGE,
        .association_id = ask->page->association.id,
        .member_id = member_id,
        .amount_cents = ask->amount_cents,
        .label = ask->label,
        .date = ask->date,
        .for_day = ask->for_day,
        .account_code = ask->account_code,
        .product_id = ask->is_free ? 0 : ask->product.id,
        .login_id = ask->page->session.login_id,
        .address = page_address(ask->page),
        .now = ask->page->now,
    };
}

enum err charges_has_same(struct db *db, const struct charge_ask *ask, int64_t member_id,
                          bool *has)
{
    const struct cart_same same = {
        .association_id = ask->page->association.id,
        .member_id = member_id,
        .date = ask->date,
        .product_id = ask->is_free ? 0 : ask->product.id,
        .label = ask->label,
        .amount_cents = ask->amount_cents,
    };

    return cart_has_same(db, &same, has);
}

enum err charges_fingerprint(const struct charge_ask *ask, const int64_t *member_ids, size_t count,
                             const char **fingerprint)
{
    struct arena *arena = ask->page->arena;
    char date[DATE_TEXT_MAX], for_day[DATE_TEXT_MAX];
    char *hex = arena_alloc(arena, HASH_HEX_MAX);
    unsigned char hash[HASH_LEN];
    struct buffer text;
    enum err err;

    buffer_init(&text, arena, 256 + count * 20);
    buffer_printf(&text, "%lld|%lld|%s|%s|%s|%s", (long long)(ask->is_free ? 0 : ask->product.id),
                  (long long)ask->amount_cents, ask->account_code,
                  date_format_iso(date, ask->date), date_format_iso(for_day, ask->for_day),
                  ask->label);
    for (size_t i = 0; i < count; i++)
        buffer_printf(&text, "|%lld", (long long)member_ids[i]);
    err = hash_sha256(buffer_str(&text), hash);
    if (!err)
        hash_hex(hash, sizeof(hash), hex);
    *fingerprint = hex;
    return err;
}
