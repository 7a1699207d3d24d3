/*
 * letter: what a mail of the outbox says.
 *
 * Invariant: each kind of mail has one text, templates/mail/KIND.txt; its first line is the
 * subject. A secret link is an argument of the one call that sends it: whoever looks at a mail
 * later sees a text without it. (security.md row 18.)
 */
#ifndef JOB_LETTER_H
#define JOB_LETTER_H

#include "association/association.h"
#include "association/outbox.h"
#include "payment/service.h"
#include "template/template.h"

/* Does a mail of this kind carry a secret link; is that to confirm an address; does it tell of a
 * role in the back office? */
bool letter_has_link(const char *kind);
bool letter_confirms_email(const char *kind);
bool letter_tells_role(const char *kind);
/* The address of a link of a kind of mail, in the arena. */
const char *letter_link(const char *base_url, const char *kind, const char *token,
                        struct arena *arena);

struct letter {
    const char *subject;
    struct str text;
};

/* Parses the texts under folder (the templates' folder). The caller must dispose of *set with
 * template_set_free. */
enum err letter_load(const char *folder, struct arena *arena, struct template_set **set);
/* Writes the letter into the arena. secret_link: the whole address, or NULL to leave it out.
 * ERR_INTERNAL for a kind without text, or a text that asks for what the mail does not have. */
enum err letter_write(const struct template_set *set, const struct payment_service *service,
                      const struct association *association, const struct outbox_mail *mail,
                      const char *secret_link, struct arena *arena, struct letter *letter);

#endif
