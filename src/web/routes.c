#include "web/activity.h"
#include "web/cart.h"
#include "web/charges.h"
#include "web/desk.h"
#include "web/health.h"
#include "web/embedded.h"
#include "web/import.h"
#include "web/internal.h"
#include "web/members.h"
#include "web/books.h"
#include "web/manual.h"
#include "web/notification.h"
#include "web/reference.h"
#include "web/statement.h"

/* Fields by form. The form token is looked at by the dispatcher; it stands here because what is
 * not declared is refused. The tables of newer pages stand with them. */
static const struct http_field token_only[] = {TOKEN_FIELD, {0}};

static const struct http_field login_form_fields[] = {
    {"suite", HTTP_TEXT, WEB_SUITE_MAX, NULL, 0},
    {"fait", HTTP_TOKEN, 20, NULL, 0},
    {0},
};
static const struct http_field login_fields[] = {
    {"email", HTTP_TEXT, 320, NULL, 0},
    {"password", HTTP_SECRET, 1024, NULL, 0},
    {"suite", HTTP_TEXT, WEB_SUITE_MAX, NULL, 0},
    {0},
};
static const struct http_field door_fields[] = {
    TOKEN_FIELD,
    {"porte", HTTP_TOKEN, 64, NULL, 1},
    {0},
};
static const struct http_field cart_fields[] = {
    {"exercice", HTTP_ID, 20, NULL, 0},
    {0},
};
static const struct http_field notification_fields[] = {
    {"apres", HTTP_ID, 20, NULL, 0},
    {0},
};

static const struct http_field access_fields[] = {
    {"fait", HTTP_TOKEN, 40, NULL, 0},
    {0},
};
static const struct http_field access_password_fields[] = {
    TOKEN_FIELD,
    {"password", HTTP_SECRET, 1024, NULL, 0},
    {"new_password", HTTP_SECRET, 1024, NULL, 0},
    {"new_again", HTTP_SECRET, 1024, NULL, 0},
    {0},
};
static const struct http_field second_factor_fields[] = {
    TOKEN_FIELD,
    {"password", HTTP_SECRET, 1024, NULL, 0},
    {0},
};
static const struct http_field first_code_fields[] = {
    TOKEN_FIELD,
    {"code", HTTP_TEXT, 64, NULL, 0},
    {0},
};
static const struct http_field second_factor_change_fields[] = {
    TOKEN_FIELD,
    {"password", HTTP_SECRET, 1024, NULL, 0},
    {"action", HTTP_CHOICE, 16, "codes|desactiver", 1},
    {0},
};
static const struct http_field code_fields[] = {
    TOKEN_FIELD,
    {"code", HTTP_TEXT, 64, NULL, 0},
    {"secours", HTTP_TEXT, 128, NULL, 0},
    {"suite", HTTP_TEXT, WEB_SUITE_MAX, NULL, 0},
    {0},
};
static const struct http_field security_fields[] = {
    TOKEN_FIELD,
    {"exiger", HTTP_CHOICE, 8, "oui", 0},
    {0},
};
static const struct http_field session_fields[] = {
    TOKEN_FIELD,
    {"session", HTTP_TOKEN, HASH_HEX_MAX, NULL, 1},
    {0},
};

static const struct http_field outbox_fields[] = {
    {"apres", HTTP_ID, 20, NULL, 0},
    {0},
};
static const struct http_field done_fields[] = {
    {"fait", HTTP_TOKEN, 40, NULL, 0}, /* what a form just did; see form_done */
    {0},
};
static const struct http_field association_fields[] = {
    TOKEN_FIELD,
    {"version", HTTP_ID, 20, NULL, 1},
    {"nom", HTTP_TEXT, WEB_LINE_MAX, NULL, 0},
    {"adresse", HTTP_LINES, WEB_LINES_MAX, NULL, 0},
    {"siren", HTTP_TEXT, 40, NULL, 0},
    {"rna", HTTP_TEXT, 40, NULL, 0},
    {"email", HTTP_TEXT, 400, NULL, 0},
    {"fuseau", HTTP_TEXT, 64, NULL, 0},
    {"mois", HTTP_ID, 20, NULL, 0},
    {"jour", HTTP_ID, 20, NULL, 0},
    {"duree", HTTP_ID, 20, NULL, 0},
    {"comment_payer", HTTP_LINES, WEB_LINES_MAX, NULL, 0},
    {0},
};
static const struct http_field logo_fields[] = {
    TOKEN_FIELD,
    {"logo", HTTP_FILE, WEB_UPLOAD_MAX, NULL, 0},
    {0},
};
static const struct http_field bank_fields[] = {
    TOKEN_FIELD,
    {"version", HTTP_ID, 20, NULL, 1},
    {"libelle", HTTP_TEXT, WEB_LINE_MAX, NULL, 0},
    {"iban", HTTP_SECRET, 80, NULL, 0},
    {"bic", HTTP_TEXT, 40, NULL, 0},
    {"compte", HTTP_TOKEN, 20, NULL, 0},
    {0},
};
static const struct http_field bank_use_fields[] = {
    TOKEN_FIELD,
    {"usage", HTTP_CHOICE, 8, "clos|ouvert", 1},
    {0},
};
static const struct http_field options_fields[] = {
    TOKEN_FIELD,
    {"version", HTTP_ID, 20, NULL, 1},
    {"en_partie", HTTP_CHOICE, 3, "oui", 0},
    {"avance", HTTP_CHOICE, 3, "oui", 0},
    {"minimum", HTTP_AMOUNT, 64, NULL, 0},
    {"maximum", HTTP_AMOUNT, 64, NULL, 0},
    {"frais", HTTP_CHOICE, 8, "paiement|mois", 1},
    {"participation", HTTP_CHOICE, 3, "oui", 0},
    {"texte", HTTP_LINES, WEB_LINES_MAX, NULL, 0},
    {0},
};
static const struct http_field options_order_fields[] = {
    TOKEN_FIELD,
    {"compte", HTTP_ID, 20, NULL, 1},
    {"sens", HTTP_CHOICE, 8, "haut|bas", 1},
    {0},
};

/* What Mon compte tells after it was left for a provider or changed. */
static const struct http_field my_account_fields[] = {
    {"fait", HTTP_TOKEN, 20, NULL, 0},
    {"stripe", HTTP_TOKEN, 40, NULL, 0},
    {"dissocie", HTTP_CHOICE, 10, "stripe|paypal", 0},
    {0},
};
/* What comes back from the page of consent; the rest of it is not read. */
static const struct http_field consent_fields[] = {
    {"state", HTTP_TEXT, 100, NULL, 0},
    {"code", HTTP_TEXT, 300, NULL, 0},
    {"error", HTTP_TEXT, 100, NULL, 0},
    {0},
};
static const struct http_field unlink_page_fields[] = {
    {"compte", HTTP_ID, 20, NULL, 0},
    {0},
};
static const struct http_field mail_done_fields[] = {
    {"fait", HTTP_TOKEN, 20, NULL, 0},
    {0},
};
static const struct http_field forgotten_fields[] = {
    {"email", HTTP_TEXT, 320, NULL, 1},
    {0},
};
static const struct http_field link_fields[] = {
    {"new_password", HTTP_SECRET, 1024, NULL, 0},
    {"new_again", HTTP_SECRET, 1024, NULL, 0},
    {0},
};
#define ROLE_FIELD                                                                                \
    {                                                                                             \
        "role", HTTP_CHOICE, 20, "viewer|treasurer|administrator", 1                              \
    }
static const struct http_field users_fields[] = {
    TOKEN_FIELD,
    {"email", HTTP_TEXT, 320, NULL, 1},
    ROLE_FIELD,
    {0},
};
static const struct http_field role_fields[] = {TOKEN_FIELD, ROLE_FIELD, {0}};

static const struct http_field stripe_keys_fields[] = {
    TOKEN_FIELD,
    {"secret_key", HTTP_SECRET, 512, NULL, 0},
    {"publishable_key", HTTP_TEXT, 512, NULL, 0},
    {0},
};
static const struct http_field provider_account_fields[] = {
    TOKEN_FIELD,
    {"compte", HTTP_ID, 20, NULL, 1},
    {0},
};
static const struct http_field members_fields[] = {
    {"q", HTTP_TEXT, 100, NULL, 0},
    {"groupe", HTTP_CHOICE, 16, "tous|doivent|avance|jamais|archives", 0},
    {"tri", HTTP_CHOICE, 16, "nom|numero", 0},
    {"apres", HTTP_TEXT, WEB_LINE_MAX, NULL, 0},
    {"fait", HTTP_TOKEN, 40, NULL, 0},
    {0},
};
static const struct http_field member_fields[] = {
    {"fait", HTTP_TOKEN, 40, NULL, 0},
    {0},
};
static const struct http_field member_edit_fields[] = {
    TOKEN_FIELD,
    {"prenom", HTTP_TEXT, WEB_LINE_MAX, NULL, 0},
    {"nom", HTTP_TEXT, WEB_LINE_MAX, NULL, 0},
    {"email", HTTP_TEXT, 254, NULL, 0},
    {"numero", HTTP_TEXT, 20, NULL, 0},
    {"payeur", HTTP_TEXT, 20, NULL, 0},
    {"version", HTTP_ID, 20, NULL, 0},
    {0},
};

/* The list of what people can do. A return from a provider carries the provider's fields, which
 * are not read, and may be a POST of its page. */
const struct http_route web_page_routes[] = {
    {HTTP_GET, "/", root_get, NULL, 0, ACCESS_PUBLIC, 0},
    {HTTP_GET, "/connexion", login_get, login_form_fields, 0, ACCESS_PUBLIC, 0},
    {HTTP_POST, "/connexion", login_post, login_fields, 0, ACCESS_PUBLIC | ACCESS_NO_TOKEN, 0},
    {HTTP_GET, "/connexion/code", code_get, login_form_fields, 0, ACCESS_HALF, 0},
    {HTTP_POST, "/connexion/code", code_post, code_fields, 0, ACCESS_HALF, 0},
    {HTTP_POST, "/deconnexion", logout_post, token_only, 0, ACCESS_SIGNED_IN | ACCESS_HALF, 0},
    {HTTP_GET, "/double-authentification", offer_get, NULL, 0, ACCESS_SIGNED_IN, 0},
    {HTTP_POST, "/double-authentification/plus-tard", later_post, token_only, 0, ACCESS_SIGNED_IN,
     0},
    {HTTP_GET, "/mot-de-passe-oublie", forgotten_get, mail_done_fields, 0, ACCESS_PUBLIC, 0},
    {HTTP_POST, "/mot-de-passe-oublie", forgotten_post, forgotten_fields, 0,
     ACCESS_PUBLIC | ACCESS_NO_TOKEN, 0},
    {HTTP_GET, "/lien/{}", link_get, NULL, 0, ACCESS_PUBLIC, 0},
    {HTTP_POST, "/lien/{}", link_post, link_fields, 0, ACCESS_PUBLIC | ACCESS_NO_TOKEN, 0},
    {HTTP_GET, "/adresse/{}", email_get, NULL, 0, ACCESS_SIGNED_IN, 0},
    {HTTP_POST, "/adresse/{}", email_post, token_only, 0, ACCESS_SIGNED_IN, 0},
    {HTTP_GET, "/espaces", doors_get, NULL, 0, ACCESS_SIGNED_IN, 0},
    {HTTP_POST, "/espaces", doors_post, door_fields, 0, ACCESS_SIGNED_IN, 0},
    {HTTP_GET, "/acces", access_get, access_fields, 0, ACCESS_SIGNED_IN, 0},
    {HTTP_POST, "/acces/mot-de-passe", access_password_post, access_password_fields, 0,
     ACCESS_SIGNED_IN, 0},
    {HTTP_GET, "/acces/adresse", access_email_get, access_fields, 0, ACCESS_SIGNED_IN, 0},
    {HTTP_POST, "/acces/adresse", access_email_post, access_email_fields, 0, ACCESS_SIGNED_IN, 0},
    {HTTP_POST, "/acces/fermer", access_close_post, session_fields, 0, ACCESS_SIGNED_IN, 0},
    {HTTP_POST, "/acces/fermer-les-autres", access_close_others_post, token_only, 0,
     ACCESS_SIGNED_IN, 0},
    {HTTP_GET, "/acces/double-authentification", second_factor_get, NULL, 0, ACCESS_SIGNED_IN, 0},
    {HTTP_POST, "/acces/double-authentification", second_factor_begin_post, second_factor_fields,
     0, ACCESS_SIGNED_IN, 0},
    {HTTP_POST, "/acces/double-authentification/code", second_factor_code_post, first_code_fields,
     0, ACCESS_SIGNED_IN, 0},
    {HTTP_POST, "/acces/double-authentification/changer", second_factor_change_post,
     second_factor_change_fields, 0, ACCESS_SIGNED_IN, 0},
    {HTTP_GET, "/panier", cart_get, cart_fields, 0, ACCESS_MEMBER, 0},
    {HTTP_GET, "/recu/{}", own_receipt_get, NULL, 0, ACCESS_MEMBER, 0},
    {HTTP_POST, "/panier/payer", pay_post, pay_fields, 0, ACCESS_MEMBER, 0},
    {HTTP_GET, "/payer/{}", embedded_get, NULL, 0, ACCESS_MEMBER, 0},
    {HTTP_POST, "/payer/{}/page-stripe", embedded_hosted_post, token_only, 0, ACCESS_MEMBER, 0},
    {HTTP_GET, "/paiement/{}", payment_get, NULL, 0, ACCESS_PUBLIC, HTTP_OPEN_FIELDS},
    {HTTP_POST, "/paiement/{}", payment_post_back, NULL, 0, ACCESS_PUBLIC | ACCESS_ANY_ORIGIN,
     HTTP_RAW_BODY},
    {HTTP_POST, "/paiement/{}/abandonner", abandon_post, token_only, 0, ACCESS_MEMBER, 0},
    {HTTP_GET, "/accueil", home_get, home_fields, 0, ACCESS_STAFF, 0},
    {HTTP_GET, "/recettes", revenue_get, revenue_fields, 0, ACCESS_STAFF, 0},
    {HTTP_GET, "/recettes/export", revenue_export_get, revenue_fields, 0, ACCESS_STAFF, 0},
    {HTTP_GET, "/recettes/paiement/{}", received_get, received_fields, 0, ACCESS_STAFF, 0},
    {HTTP_GET, "/recettes/paiement/{}/recu", receipt_get, NULL, 0, ACCESS_STAFF, 0},
    {HTTP_GET, "/recettes/paiement/{}/annuler", undo_get, NULL, 0, ACCESS_MONEY, 0},
    {HTTP_POST, "/recettes/paiement/{}/annuler", undo_post, undo_fields, 0, ACCESS_MONEY, 0},
    {HTTP_GET, "/recettes/paiement/{}/impaye", unpaid_get, NULL, 0, ACCESS_MONEY, 0},
    {HTTP_POST, "/recettes/paiement/{}/impaye", unpaid_post, unpaid_fields, 0, ACCESS_MONEY, 0},
    {HTTP_GET, "/recettes/paiement/{}/rembourser-en-ligne", refund_online_get, NULL, 0,
     ACCESS_MONEY, 0},
    {HTTP_POST, "/recettes/paiement/{}/rembourser-en-ligne", refund_online_post,
     refund_online_fields, 0, ACCESS_MONEY, 0},
    {HTTP_GET, "/recettes/paiement/{}/rembourser", refund_get, NULL, 0, ACCESS_MONEY, 0},
    {HTTP_POST, "/recettes/paiement/{}/rembourser", refund_post, refund_fields, 0, ACCESS_MONEY,
     0},
    {HTTP_GET, "/recettes/remises", deposits_get, deposits_fields, 0, ACCESS_STAFF, 0},
    {HTTP_GET, "/recettes/remises/nouvelle", deposit_new_get, deposit_page_fields, 0, ACCESS_MONEY,
     0},
    {HTTP_POST, "/recettes/remises/nouvelle", deposit_new_post, deposit_fields, 0, ACCESS_MONEY,
     0},
    {HTTP_GET, "/recettes/remises/{}", deposit_get, deposit_done_fields, 0, ACCESS_STAFF, 0},
    {HTTP_GET, "/ecritures/{}", entry_get, NULL, 0, ACCESS_STAFF, 0},
    {HTTP_GET, "/comptabilite/journal", journal_get, journal_fields, 0, ACCESS_STAFF, 0},
    {HTTP_GET, "/comptabilite/journal/export", journal_export_get, journal_fields, 0, ACCESS_STAFF,
     0},
    {HTTP_GET, "/comptabilite/comptes", balance_get, balance_fields, 0, ACCESS_STAFF, 0},
    {HTTP_GET, "/comptabilite/comptes/export", balance_export_get, balance_fields, 0, ACCESS_STAFF,
     0},
    {HTTP_GET, "/comptabilite/creances", standing_get, standing_fields, 0, ACCESS_STAFF, 0},
    {HTTP_GET, "/comptabilite/creances/export", standing_export_get, standing_fields, 0,
     ACCESS_STAFF, 0},
    {HTTP_GET, "/comptabilite/rapprochement", statement_get, statement_fields, 0, ACCESS_STAFF, 0},
    {HTTP_POST, "/comptabilite/rapprochement/lire", statement_read_post, statement_read_fields, 0,
     ACCESS_MONEY, 0},
    {HTTP_GET, "/comptabilite/rapprochement/fichier", activity_get, activity_page_fields, 0,
     ACCESS_MONEY, 0},
    {HTTP_POST, "/comptabilite/rapprochement/fichier", activity_post, activity_file_fields,
     WEB_IMPORT_MAX, ACCESS_MONEY, HTTP_MULTIPART},
    {HTTP_GET, "/comptabilite/rapprochement/fichier/{}", activity_look_get, activity_look_fields,
     0, ACCESS_MONEY, 0},
    {HTTP_POST, "/comptabilite/rapprochement/fichier/{}", activity_confirm_post,
     activity_confirm_fields, 0, ACCESS_MONEY, 0},
    {HTTP_GET, "/comptabilite/rapprochement/{}/{}", statement_month_get, statement_month_fields, 0,
     ACCESS_STAFF, 0},
    {HTTP_GET, "/comptabilite/rapprochement/{}/{}/export", statement_export_get,
     statement_export_fields, 0, ACCESS_STAFF, 0},
    {HTTP_POST, "/comptabilite/rapprochement/{}/{}/comptabiliser", statement_book_post,
     statement_book_fields, 0, ACCESS_MONEY, 0},
    {HTTP_GET, "/comptabilite/virements", payouts_get, payouts_fields, 0, ACCESS_STAFF, 0},
    {HTTP_GET, "/comptabilite/virements/{}", payout_get, NULL, 0, ACCESS_STAFF, 0},
    {HTTP_GET, "/comptabilite/autres-encaissements", elsewhere_get, elsewhere_fields, 0,
     ACCESS_STAFF, 0},
    {HTTP_GET, "/comptabilite/actions", actions_get, action_fields, 0, ACCESS_MONEY, 0},
    {HTTP_GET, "/comptabilite/actions/export", actions_export_get, action_fields, 0, ACCESS_MONEY,
     0},
    {HTTP_GET, "/a-rattacher", desk_list_get, done_fields, 0, ACCESS_STAFF, 0},
    {HTTP_GET, "/a-rattacher/{}", desk_get, desk_page_fields, 0, ACCESS_STAFF, 0},
    {HTTP_POST, "/a-rattacher/{}/rattacher", desk_attach_post, desk_attach_fields, 0, ACCESS_MONEY,
     0},
    {HTTP_POST, "/a-rattacher/{}/classer", desk_classify_post, desk_classify_fields, 0,
     ACCESS_MONEY, 0},
    {HTTP_POST, "/a-rattacher/{}/vu", desk_see_post, desk_see_fields, 0, ACCESS_MONEY, 0},
    {HTTP_GET, "/notifications", notifications_get, notification_fields, 0, ACCESS_STAFF, 0},
    {HTTP_GET, "/notifications/{}", notification_get, notification_page_fields, 0, ACCESS_STAFF,
     0},
    {HTTP_POST, "/notifications/{}/rejouer", notification_replay_post, token_only, 0, ACCESS_MONEY,
     0},
    {HTTP_GET, "/adherents", members_get, members_fields, 0, ACCESS_STAFF, 0},
    {HTTP_GET, "/adherents/export", members_export_get, members_fields, 0, ACCESS_STAFF, 0},
    {HTTP_GET, "/adherents/nouveau", member_new_get, NULL, 0, ACCESS_MONEY, 0},
    {HTTP_POST, "/adherents/nouveau", member_new_post, member_edit_fields, 0, ACCESS_MONEY, 0},
    {HTTP_GET, "/adherents/importer", import_get, NULL, 0, ACCESS_MONEY, 0},
    {HTTP_POST, "/adherents/importer", import_post, import_file_fields, WEB_IMPORT_MAX,
     ACCESS_MONEY, HTTP_MULTIPART},
    {HTTP_GET, "/adherents/importer/{}", import_columns_get, import_columns_fields, 0,
     ACCESS_MONEY, 0},
    {HTTP_GET, "/adherents/importer/{}/apercu", import_preview_get, import_columns_fields, 0,
     ACCESS_MONEY, 0},
    {HTTP_POST, "/adherents/importer/{}/apercu", import_confirm_post, import_confirm_fields, 0,
     ACCESS_MONEY, 0},
    {HTTP_GET, "/adherents/{}", member_get, member_fields, 0, ACCESS_STAFF, 0},
    {HTTP_GET, "/adherents/{}/modifier", member_edit_get, NULL, 0, ACCESS_MONEY, 0},
    {HTTP_POST, "/adherents/{}/modifier", member_edit_post, member_edit_fields, 0, ACCESS_MONEY,
     0},
    {HTTP_POST, "/adherents/{}/archiver", member_archive_post, token_only, 0, ACCESS_MONEY, 0},
    {HTTP_POST, "/adherents/{}/restaurer", member_restore_post, token_only, 0, ACCESS_MONEY, 0},
    {HTTP_GET, "/adherents/{}/encaisser", receive_get, receive_page_fields, 0, ACCESS_MONEY, 0},
    {HTTP_POST, "/adherents/{}/encaisser", receive_post, receive_fields, 0, ACCESS_MONEY, 0},
    {HTTP_GET, "/adherents/{}/depense", charge_get, charge_page_fields, 0, ACCESS_MONEY, 0},
    {HTTP_POST, "/adherents/{}/depense", charge_post, charge_fields, 0, ACCESS_MONEY, 0},
    {HTTP_GET, "/adherents/{}/lignes/{}/corriger", correction_get, NULL, 0, ACCESS_MONEY, 0},
    {HTTP_POST, "/adherents/{}/lignes/{}/corriger", correction_post, correction_fields, 0,
     ACCESS_MONEY, 0},
    {HTTP_GET, "/adherents/{}/regulariser", adjustment_get, NULL, 0, ACCESS_MONEY, 0},
    {HTTP_POST, "/adherents/{}/regulariser", adjustment_post, adjustment_fields, 0, ACCESS_MONEY,
     0},
    {HTTP_GET, "/adherents/{}/transferer", transfer_get, NULL, 0, ACCESS_MONEY, 0},
    {HTTP_POST, "/adherents/{}/transferer", transfer_post, transfer_fields, 0, ACCESS_MONEY, 0},
    {HTTP_GET, "/depenses/collective", collective_get, collective_page_fields, 0, ACCESS_MONEY, 0},
    {HTTP_POST, "/depenses/collective", collective_post, collective_fields, 0, ACCESS_MONEY, 0},
    {HTTP_GET, "/produits", products_get, products_fields, 0, ACCESS_STAFF, 0},
    {HTTP_GET, "/produits/nouveau", product_new_get, NULL, 0, ACCESS_MONEY, 0},
    {HTTP_POST, "/produits/nouveau", product_new_post, product_edit_fields, 0, ACCESS_MONEY, 0},
    {HTTP_GET, "/produits/{}/modifier", product_edit_get, NULL, 0, ACCESS_MONEY, 0},
    {HTTP_POST, "/produits/{}/modifier", product_edit_post, product_edit_fields, 0, ACCESS_MONEY,
     0},
    {HTTP_POST, "/produits/{}/archiver", product_archive_post, token_only, 0, ACCESS_MONEY, 0},
    {HTTP_POST, "/produits/{}/restaurer", product_restore_post, token_only, 0, ACCESS_MONEY, 0},
    {HTTP_GET, "/relances", reminders_get, reminders_fields, 0, ACCESS_MONEY, 0},
    {HTTP_POST, "/relances/envoyer", reminders_post, reminders_send_fields, 0, ACCESS_MONEY, 0},
    {HTTP_GET, "/parametrage", settings_get, NULL, 0, ACCESS_MONEY, 0},
    {HTTP_GET, "/parametrage/mon-compte", my_account_get, my_account_fields, 0, ACCESS_MONEY, 0},
    {HTTP_GET, "/parametrage/utilisateurs", users_get, mail_done_fields, 0, ACCESS_ADMINISTRATOR,
     0},
    {HTTP_POST, "/parametrage/utilisateurs", users_post, users_fields, 0, ACCESS_ADMINISTRATOR, 0},
    {HTTP_POST, "/parametrage/utilisateurs/{}/role", user_role_post, role_fields, 0,
     ACCESS_ADMINISTRATOR, 0},
    {HTTP_POST, "/parametrage/utilisateurs/{}/inviter", user_invite_post, token_only, 0,
     ACCESS_ADMINISTRATOR, 0},
    {HTTP_POST, "/parametrage/utilisateurs/{}/retirer", user_withdraw_post, token_only, 0,
     ACCESS_ADMINISTRATOR, 0},
    {HTTP_POST, "/parametrage/stripe/cles", stripe_keys_post, stripe_keys_fields, 0, ACCESS_MONEY,
     0},
    {HTTP_POST, "/parametrage/stripe/reparer", stripe_repair_post, provider_account_fields, 0,
     ACCESS_MONEY, 0},
    {HTTP_POST, "/parametrage/stripe/secret", stripe_renew_post, provider_account_fields, 0,
     ACCESS_MONEY, 0},
    {HTTP_POST, "/parametrage/stripe/secret/fin", stripe_renewed_post, provider_account_fields, 0,
     ACCESS_MONEY, 0},
    {HTTP_POST, "/parametrage/stripe/carte", embedded_option_post, embedded_option_fields, 0,
     ACCESS_MONEY, 0},
    {HTTP_POST, "/parametrage/stripe/associer", stripe_associate_post, token_only, 0, ACCESS_MONEY,
     0},
    {HTTP_GET, "/parametrage/stripe/retour", stripe_return_get, consent_fields, 0, ACCESS_MONEY,
     HTTP_OPEN_FIELDS},
    {HTTP_GET, "/parametrage/stripe/dissocier", stripe_unlink_get, unlink_page_fields, 0,
     ACCESS_MONEY, 0},
    {HTTP_POST, "/parametrage/stripe/dissocier", stripe_unlink_post, provider_account_fields, 0,
     ACCESS_MONEY, 0},
    {HTTP_GET, "/parametrage/paypal/dissocier", paypal_unlink_get, unlink_page_fields, 0,
     ACCESS_MONEY, 0},
    {HTTP_POST, "/parametrage/paypal/dissocier", paypal_unlink_post, provider_account_fields, 0,
     ACCESS_MONEY, 0},
    {HTTP_GET, "/parametrage/courriels", outbox_get, outbox_fields, 0, ACCESS_MONEY, 0},
    {HTTP_GET, "/parametrage/courriels/{}", outbox_mail_get, NULL, 0, ACCESS_MONEY, 0},
    {HTTP_GET, "/parametrage/association", association_get, done_fields, 0, ACCESS_MONEY, 0},
    {HTTP_POST, "/parametrage/association", association_post, association_fields, 0, ACCESS_MONEY,
     0},
    {HTTP_POST, "/parametrage/association/logo", logo_post, logo_fields, WEB_UPLOAD_MAX,
     ACCESS_MONEY, HTTP_MULTIPART},
    {HTTP_POST, "/parametrage/association/logo/retirer", logo_remove_post, token_only, 0,
     ACCESS_MONEY, 0},
    {HTTP_GET, "/logo/{}", logo_get, NULL, 0, ACCESS_MEMBER | ACCESS_STAFF, 0},
    {HTTP_GET, "/parametrage/association/banque", bank_new_get, NULL, 0, ACCESS_MONEY, 0},
    {HTTP_POST, "/parametrage/association/banque", bank_new_post, bank_fields, 0, ACCESS_MONEY, 0},
    {HTTP_GET, "/parametrage/association/banque/{}", bank_get, NULL, 0, ACCESS_MONEY, 0},
    {HTTP_POST, "/parametrage/association/banque/{}", bank_post, bank_fields, 0, ACCESS_MONEY, 0},
    {HTTP_POST, "/parametrage/association/banque/{}/usage", bank_use_post, bank_use_fields, 0,
     ACCESS_MONEY, 0},
    {HTTP_GET, "/parametrage/options", options_get, done_fields, 0, ACCESS_MONEY, 0},
    {HTTP_POST, "/parametrage/options", options_post, options_fields, 0, ACCESS_MONEY, 0},
    {HTTP_POST, "/parametrage/options/ordre", options_order_post, options_order_fields, 0,
     ACCESS_MONEY, 0},
    {HTTP_GET, "/parametrage/referentiel", reference_get, done_fields, 0, ACCESS_MONEY, 0},
    {HTTP_GET, "/parametrage/referentiel/comptes", chart_get, done_fields, 0, ACCESS_MONEY, 0},
    {HTTP_GET, "/parametrage/referentiel/comptes/nouveau", chart_new_get, NULL, 0, ACCESS_MONEY,
     0},
    {HTTP_POST, "/parametrage/referentiel/comptes/nouveau", chart_new_post, chart_new_fields, 0,
     ACCESS_MONEY, 0},
    {HTTP_GET, "/parametrage/referentiel/comptes/{}", chart_account_get, NULL, 0, ACCESS_MONEY, 0},
    {HTTP_POST, "/parametrage/referentiel/comptes/{}", chart_account_post, chart_account_fields, 0,
     ACCESS_MONEY, 0},
    {HTTP_POST, "/parametrage/referentiel/comptes/{}/usage", chart_use_post, chart_use_fields, 0,
     ACCESS_MONEY, 0},
    {HTTP_POST, "/parametrage/referentiel/comptes/{}/supprimer", chart_delete_post, token_only, 0,
     ACCESS_MONEY, 0},
    {HTTP_GET, "/parametrage/referentiel/exercices", years_get, done_fields, 0, ACCESS_MONEY, 0},
    {HTTP_POST, "/parametrage/referentiel/exercices", years_post, year_add_fields, 0, ACCESS_MONEY,
     0},
    {HTTP_GET, "/parametrage/referentiel/exercices/{}", year_get, NULL, 0, ACCESS_MONEY, 0},
    {HTTP_POST, "/parametrage/referentiel/exercices/{}", year_post, year_fields, 0, ACCESS_MONEY,
     0},
    {HTTP_GET, "/parametrage/referentiel/moyens", means_get, done_fields, 0, ACCESS_MONEY, 0},
    {HTTP_POST, "/parametrage/referentiel/moyens-usuels", means_usual_post, token_only, 0,
     ACCESS_MONEY, 0},
    {HTTP_GET, "/parametrage/referentiel/moyens/nouveau", means_new_get, NULL, 0, ACCESS_MONEY, 0},
    {HTTP_POST, "/parametrage/referentiel/moyens/nouveau", means_new_post, means_new_fields, 0,
     ACCESS_MONEY, 0},
    {HTTP_GET, "/parametrage/referentiel/moyens/{}", means_one_get, NULL, 0, ACCESS_MONEY, 0},
    {HTTP_POST, "/parametrage/referentiel/moyens/{}", means_one_post, means_fields, 0,
     ACCESS_MONEY, 0},
    {HTTP_POST, "/parametrage/referentiel/moyens/{}/usage", means_use_post, means_use_fields, 0,
     ACCESS_MONEY, 0},
    {HTTP_GET, "/parametrage/referentiel/encaissement/{}", terms_get, NULL, 0, ACCESS_MONEY, 0},
    {HTTP_POST, "/parametrage/referentiel/encaissement/{}", terms_post, terms_fields, 0,
     ACCESS_MONEY, 0},
    {HTTP_GET, "/parametrage/securite", security_get, access_fields, 0, ACCESS_ADMINISTRATOR, 0},
    {HTTP_POST, "/parametrage/securite", security_post, security_fields, 0, ACCESS_ADMINISTRATOR,
     0},
    {HTTP_POST, "/parametrage/paypal/cles", paypal_keys_post, paypal_keys_fields, 0, ACCESS_MONEY,
     0},
    {HTTP_POST, "/parametrage/paypal/reparer", paypal_repair_post, provider_account_fields, 0,
     ACCESS_MONEY, 0},
    {HTTP_POST, "/parametrage/paypal", paypal_post, paypal_fields, 0, ACCESS_MONEY, 0},
    {HTTP_GET, "/parametrage/paypal/aide", paypal_help_get, NULL, 0, ACCESS_MONEY, 0},
    {HTTP_GET, "/parametrage/verification", verification_get, NULL, 0, ACCESS_MONEY, 0},
    {HTTP_GET, "/installation", installation_get, NULL, 0, ACCESS_OWNER, 0},
};
const size_t web_page_route_count = sizeof(web_page_routes) / sizeof(web_page_routes[0]);

/* What providers call. Sizes are each provider's own; see endpoint.c. */
const struct http_route web_notification_routes[] = {
    {HTTP_GET, "/health", health_get, NULL, 0, ACCESS_PUBLIC, 0},
    {HTTP_GET, "/metrics", metrics_get, NULL, 0, ACCESS_PUBLIC, 0},
    {HTTP_POST, "/action_manager.php", endpoint_post, NULL, 256 * 1024,
     ACCESS_PUBLIC | ACCESS_ANY_ORIGIN, HTTP_RAW_BODY},
};
const size_t web_notification_route_count =
    sizeof(web_notification_routes) / sizeof(web_notification_routes[0]);
