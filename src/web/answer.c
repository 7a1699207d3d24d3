#include "web/internal.h"

#include "base/log.h"

#include <string.h>

/* ---- values every page has ---- */

/* The flags of the pages, by which the layout knows the title, and the word of the menu they
 * stand behind. */
enum { AT_LEN = 3 };
static const struct {
    const char *flag; /* at_, and the page's name */
    const char *area; /* behind in_ in areas, or NULL */
} pages[] = {
    {"at_connexion", NULL},
    {"at_espaces", NULL},
    {"at_panier", NULL},
    {"at_paiement", NULL},
    {"at_carte", NULL},
    {"at_accueil", NULL},
    {"at_recettes", "revenue"},
    {"at_ecriture", "books"},
    {"at_journal", "books"},
    {"at_balance", "books"},
    {"at_creances", "books"},
    {"at_actions", "books"},
    {"at_rapprochement", "books"},
    {"at_rapprochement_mois", "books"},
    {"at_releve", "books"},
    {"at_releve_apercu", "books"},
    {"at_virements", "books"},
    {"at_virement", "books"},
    {"at_autres_encaissements", "books"},
    {"at_notifications", "revenue"},
    {"at_notification", "revenue"},
    {"at_a_rattacher", "revenue"},
    {"at_rattacher", "revenue"},
    {"at_mon_compte", "settings"},
    {"at_verification", "settings"},
    {"at_installation", NULL},
    {"at_erreur", NULL},
    {"at_options", "settings"},
    {"at_association", "settings"},
    {"at_banque", "settings"},
    {"at_acces", NULL},
    {"at_acces_adresse", NULL},
    {"at_adresse", NULL},
    {"at_courriels", "settings"},
    {"at_courriel", "settings"},
    {"at_code", NULL},
    {"at_double_authentification", NULL},
    {"at_codes_de_secours", NULL},
    {"at_offre", NULL},
    {"at_securite", "settings"},
    {"at_oubli", NULL},
    {"at_lien", NULL},
    {"at_utilisateurs", "settings"},
    {"at_aide_paypal", "settings"},
    {"at_dissocier", "settings"},
    {"at_referentiel", "settings"},
    {"at_comptes", "settings"},
    {"at_compte", "settings"},
    {"at_exercices", "settings"},
    {"at_exercice", "settings"},
    {"at_moyens", "settings"},
    {"at_moyen", "settings"},
    {"at_encaissement", "settings"},
    {"at_adherents", "people"},
    {"at_adherent", "people"},
    {"at_adherent_saisie", "people"},
    {"at_relances", "people"},
    {"at_encaisser", "people"},
    {"at_paiement_recu", "revenue"},
    {"at_recu", "revenue"},
    {"at_importer", "people"},
    {"at_importer_colonnes", "people"},
    {"at_importer_apercu", "people"},
    {"at_annuler_paiement", "revenue"},
    {"at_impaye", "revenue"},
    {"at_rembourser", "revenue"},
    {"at_rembourser_en_ligne", "revenue"},
    {"at_remises", "revenue"},
    {"at_remise_nouvelle", "revenue"},
    {"at_remise", "revenue"},
    {"at_produits", "people"},
    {"at_produit_saisie", "people"},
    {"at_depense", "people"},
    {"at_depense_collective", "people"},
    {"at_depense_apercu", "people"},
    {"at_correction", "people"},
    {"at_regularisation", "people"},
    {"at_regularisation_apercu", "people"},
    {"at_transfert", "people"},
    {"at_transfert_apercu", "people"},
};

enum { IN_LEN = 3 };
static const char *const areas[] = {"in_people", "in_revenue", "in_books", "in_settings"};

static void set_page_name(struct template_map *data, const char *name)
{
    const char *area = NULL;

    template_set_text(data, "page", name);
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        bool here = strcmp(pages[i].flag + AT_LEN, name) == 0;

        template_set_flag(data, pages[i].flag, here);
        if (here)
            area = pages[i].area;
    }
    for (size_t i = 0; i < sizeof(areas) / sizeof(areas[0]); i++)
        template_set_flag(data, areas[i], area && strcmp(area, areas[i] + IN_LEN) == 0);
}

static void set_navigation(struct page *page, struct template_map *data)
{
    template_set_flag(data, "logged_in", page->has_session);
    template_set_flag(data, "is_staff", page_is_staff(page));
    template_set_flag(data, "is_money", page_is_money(page));
    template_set_flag(data, "is_administrator",
                      page->has_association && page->session.role == ROLE_ADMINISTRATOR);
    template_set_flag(data, "is_owner", page->has_session && page->session.is_owner);
    template_set_flag(data, "is_member", page_is_member(page));
    template_set_flag(data, "is_trial",
                      page->has_association && page->association.kind == ASSOCIATION_TRIAL);
    template_set_text(data, "association_name",
                      page->has_association ? page->association.name : "");
    template_set_text(data, "logo_hash", page->has_association ? page->association.logo_hash : "");
    template_set_int(data, "logo_width", page->association.logo_width);
    template_set_int(data, "logo_height", page->association.logo_height);
}

struct template_map *page_data(struct page *page, const char *name)
{
    struct template_map *data = template_map_new(page->arena);

    set_page_name(data, name);
    template_set_flag(data, "in_error", false);
    template_set_flag(data, "refreshes", false);
    template_set_flag(data, "has_script", false);
    template_set_flag(data, "has_copy", false);
    template_set_flag(data, "has_ticks", false);
    template_set_flag(data, "has_embedded", false);
    set_navigation(page, data);
    template_set_none(data, "logout_token");
    if (page->has_session)
        page->unready = page_form_token(page, data, "logout_token", "/deconnexion");
    return data;
}

enum err page_form_token(struct page *page, struct template_map *data, const char *name,
                         const char *route_path)
{
    char *token = arena_alloc(page->arena, HASH_HEX_MAX);
    enum err err = session_form_token(&page->session, route_path, token);

    template_set_text(data, name, token);
    return err;
}

void page_flags(struct template_map *data, const char *const *names, size_t count,
                const char *chosen)
{
    for (size_t i = 0; i < count; i++)
        template_set_flag(data, names[i], chosen && strcmp(chosen, names[i]) == 0);
}

void page_set_id(struct page *page, struct template_map *data, const char *name, int64_t id)
{
    char text[INTEGER_TEXT_MAX];
    size_t len = integer_format(text, id);

    template_set_str(data, name, str_from(arena_copy(page->arena, text, len), len));
}

/* ---- rendering ---- */

static void set_versions(const struct look *look, struct template_map *data)
{
    template_set_text(data, "style_version", look->style_version);
    template_set_text(data, "script_version", look->script_version);
    template_set_text(data, "copy_version", look->copy_version);
    template_set_text(data, "cart_version", look->cart_version);
    template_set_text(data, "embedded_version", look->embedded_version);
    template_set_text(data, "icon_version", look->icon_version);
}

enum err page_render(struct page *page, int status, const char *name, struct template_map *data)
{
    struct web *web = page->web;
    enum err err = page->unready;

    page_end_reading(page);
    if (err)
        return err;
    page->response->status = status;
    page->response->body.len = 0;
    pthread_rwlock_rdlock(&web->look_lock);
    set_versions(web->look, data);
    err = template_render(web->look->templates, name, data, &page->response->body);
    pthread_rwlock_unlock(&web->look_lock);
    return err;
}

enum err page_text(struct page *page, struct arena *arena, const char *name,
                   struct template_map *data, struct str *text)
{
    struct web *web = page->web;
    struct buffer out;
    enum err err;

    buffer_init(&out, arena, 256);
    pthread_rwlock_rdlock(&web->look_lock);
    err = template_render(web->look->templates, name, data, &out);
    pthread_rwlock_unlock(&web->look_lock);
    *text = str_trim(buffer_str(&out));
    return err;
}

/* ---- errors ---- */

static const struct {
    enum err err;
    int status;
} statuses[] = {
    {ERR_INPUT, 400},    {ERR_DENIED, 403},  {ERR_NOT_FOUND, 404},
    {ERR_CONFLICT, 409}, {ERR_LIMIT, 413},   {ERR_BUSY, 503},
    {ERR_TIMEOUT, 503},  {ERR_NETWORK, 503}, {ERR_PROVIDER, 502},
};

int page_status(enum err err)
{
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        if (statuses[i].err == err) {
            if (statuses[i].status < 500)
                log_line(LOG_INFO, "web.refused", "%d %s", statuses[i].status, err_last()->text);
            else
                log_failure("web.refused");
            return statuses[i].status;
        }
    log_failure("web.failed");
    return 500;
}

static const char *const status_keys[] = {"is_400", "is_403", "is_404", "is_405", "is_409",
                                          "is_413", "is_414", "is_429", "is_431", "is_500",
                                          "is_501", "is_502", "is_503"};

static void answer_plainly(struct page *page, int status)
{
    page_end_reading(page);
    page->response->status = status;
    page->response->content_type = "text/plain; charset=utf-8";
    page->response->body.len = 0;
}

/* A status without sentences of its own is told as a failure of ours. */
static const char *status_key(struct page *page, int status)
{
    const char *key = arena_printf(page->arena, "is_%d", status);

    for (size_t i = 0; i < sizeof(status_keys) / sizeof(status_keys[0]); i++)
        if (strcmp(status_keys[i], key) == 0)
            return key;
    return "is_500";
}

void page_error(struct page *page, int status)
{
    struct template_map *data;

    if (page->response->begun) { /* too late for a page: what was sent must not look whole */
        page->response->broken = true;
        return;
    }
    if (status == 503 || status == 429)
        http_header_add(page->response, "Retry-After", "5");
    if (page->plain) {
        answer_plainly(page, status);
        return;
    }
    data = page_data(page, "erreur");
    template_set_flag(data, "in_error", true);
    template_set_int(data, "status", status);
    template_set_text(data, "request_id", page->request->id);
    page_flags(data, status_keys, sizeof(status_keys) / sizeof(status_keys[0]),
               status_key(page, status));
    page->response->content_type = "text/html; charset=utf-8";
    if (page_render(page, status, "erreur.html", data)) {
        log_failure("web.error_page");
        answer_plainly(page, status);
    }
}

/* ---- headers ---- */

void page_security_headers(struct page *page)
{
    static const struct {
        const char *name, *value;
    } headers[] = {
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "same-origin"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
    };
    bool keeps = page->keeps && page->response->status == 200;

    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
        http_header_add(page->response, headers[i].name, headers[i].value);
    http_header_add(page->response, "Cache-Control",
                    keeps ? "private, max-age=86400, immutable" : "no-store");
    http_header_add(page->response, "Content-Security-Policy",
                    page->opens_payment && page->response->status == 200
                        ? page->web->payment_policy
                        : page->web->policy);
}
