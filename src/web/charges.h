/*
 * charges: the pages that put something on members' carts, and that correct it.
 *
 * Invariant: pages ask and explain; what is booked is the kernel's (payment/post.h, correct.h). A
 * form is carried out once, and what its page showed is looked at again where it is written.
 */
#ifndef WEB_CHARGES_H
#define WEB_CHARGES_H

#include "association/product.h"
#include "payment/post.h"
#include "web/form.h"
#include "web/internal.h"

enum { CHARGE_LABEL_MAX = 160 /* characters */, CHARGE_QUANTITY_MAX = 999 };

/* ---- the forms (routes.c) ---- */

extern const struct http_field products_fields[], product_edit_fields[];
extern const struct http_field charge_page_fields[], charge_fields[];
extern const struct http_field collective_page_fields[], collective_fields[];
extern const struct http_field correction_fields[], adjustment_fields[], transfer_fields[];

http_handler products_get, product_new_get, product_new_post, product_edit_get, product_edit_post,
    product_archive_post, product_restore_post;
http_handler charge_get, charge_post, collective_get, collective_post;
http_handler correction_get, correction_post, adjustment_get, adjustment_post, transfer_get,
    transfer_post;

/* ---- what they share (charge_choice.c) ---- */

/* Reads an amount that was typed into a field; when it is none, notes the fault "vide",
 * "illisible" or "grand" of that field, and *cents is 0. */
void charges_read_amount(struct page *page, struct form *form, const char *field, int64_t *cents);
/* The same for an ISO date of a year about now; nothing typed is today. Fault: "illisible". */
void charges_read_date(struct page *page, struct form *form, const char *field, struct date *date);
/* Sets whose cart it is: "member_id", "number", "first_name", "last_name". ERR_NOT_FOUND. */
enum err charges_set_member(struct page *page, struct template_map *data, int64_t member_id);
/* "accounts": those a charge may be for, and the chosen one in any case. */
enum err charges_set_accounts(struct page *page, struct template_map *data, struct str chosen);
/* "years": those that are open, newest first, and the chosen one in any case (0: none). */
enum err charges_set_years(struct page *page, struct template_map *data, int64_t chosen_id);
/* A year by its id. ERR_NOT_FOUND. */
struct fiscal_year;
enum err charges_find_year(struct page *page, int64_t year_id, struct fiscal_year *year);

/* ---- forms that are carried out once ---- */

/* Sets "jeton", the key of a new form. */
enum err charges_set_key(struct page *page, struct template_map *data);
/* Was this very form carried out before? What it finds changed then is its own doing: the
 * transaction says the same again. Reads outside of a transaction, too. */
bool charges_served(struct page *page);
/* Uses up the key that came with the request, see association/once.h. */
enum err charges_use_key(struct page *page, struct db *db, bool *fresh);

/* ---- what is charged (charge_form.c) ---- */

/* A product so many times, or a text with an amount. */
struct charge_ask {
    struct page *page;
    struct form form;
    bool is_free;
    struct product product; /* not is_free */
    const char *label;
    int64_t amount_cents;
    const char *account_code;
    struct date date;
    struct date for_day;    /* a day of the fiscal year it is for */
    const char *year_label; /* of that year; "" for the year of the date */
    bool year_closed;       /* found by charges_read_ask or charges_check_ask: the form is old */
};
/* The fields of what is charged, for tables of fields. */
#define CHARGE_ASK_FIELDS                                                                         \
    {"sorte", HTTP_CHOICE, 8, "produit|libre", 0}, {"produit", HTTP_TOKEN, 44, NULL, 0},          \
        {"quantite", HTTP_TEXT, 20, NULL, 0}, {"libelle", HTTP_TEXT, WEB_LINE_MAX, NULL, 0},      \
        {"montant", HTTP_AMOUNT, 64, NULL, 0}, {"compte", HTTP_TOKEN, 20, NULL, 0},               \
        {"exercice", HTTP_ID, 20, NULL, 0},                                                       \
    {                                                                                             \
        "date", HTTP_TEXT, 20, NULL, 0                                                            \
    }
/* Reads what was typed; what is wrong is in ask->form. */
enum err charges_read_ask(struct page *page, struct charge_ask *ask);
/* Does it still hold? For the transaction: ERR_CONFLICT when the product or the account changed
 * since it was read. */
enum err charges_check_ask(struct db *db, struct charge_ask *ask);
/* Notes what charges_check_ask refused, beside its field. */
void charges_fault_changed(struct charge_ask *ask);
/* Sets the fields: what was typed, or (without ask) the beginnings of a form. */
enum err charges_set_ask(struct page *page, struct template_map *data,
                         const struct charge_ask *ask);
/* The charge for one member. */
struct charge_draft charges_draft(const struct charge_ask *ask, int64_t member_id);
/* Whether the member has this charge already, on its day. */
enum err charges_has_same(struct db *db, const struct charge_ask *ask, int64_t member_id,
                          bool *has);
/* What is asked for whom, in 64 digits: another ask, or other people, is another text. */
enum err charges_fingerprint(const struct charge_ask *ask, const int64_t *member_ids, size_t count,
                             const char **fingerprint);

#endif
