/*
 * form: what was typed comes back with what is wrong beside it.
 *
 * Invariant: a page that shows a form lists each way it can be wrong once, in the order of its
 * fields; the sentences stand in the template. Every flag of the list is set, true or false.
 */
#ifndef WEB_FORM_H
#define WEB_FORM_H

#include "web/internal.h"

enum { FORM_FAULTS_MAX = 32 };

/* One way: the template knows it as the flag "<field>_<word>". */
struct form_fault {
    const char *field;
    const char *word;
};

struct form {
    const struct form_fault *faults;
    size_t count; /* at most FORM_FAULTS_MAX */
    bool found[FORM_FAULTS_MAX];
};

/* A form without fault. The list must outlive it. */
void form_init(struct form *form, const struct form_fault *faults, size_t count);
/* Notes a fault of the list; any other is a broken invariant. */
void form_fault(struct form *form, const char *field, const char *word);
/* What was typed in a field that must not stay empty nor have more than max characters: the
 * form's list has its faults "vide" and "long". In the arena. */
const char *form_text(struct page *page, struct form *form, const char *field, size_t max);
/* Has this field a fault? NULL: any field. */
bool form_faulty(const struct form *form, const char *field);
/* Sets "<field>_<word>" for each fault, "bad_<field>" for each field, and "has_faults", with
 * "in_error" for the title. */
void form_add(struct page *page, const struct form *form, struct template_map *data);
/* Sets the map's value of each field of the route to what was typed, "" when it was not given.
 * The form token and secrets are left out: a secret is never shown again. Ticks are left out,
 * too: the page sets them with its rows (http_field_has_id). */
void form_keep(struct page *page, const struct http_field *fields, struct template_map *data);
/* Sets the flags "done_<word>" of a list separated by '|', true for the one in the field
 * "fait": what the form just did, told after the redirect. */
void form_done(struct page *page, const char *words, struct template_map *data);

/* The address of a list as it is asked for now, from its beginning, with another value of one
 * field ("" leaves it out; NULL for the field: nothing changes). In the arena. */
const char *form_address(struct page *page, const char *path, const char *field,
                         const char *value);

#endif
