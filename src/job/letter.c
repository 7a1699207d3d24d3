#include "job/letter.h"

#include <string.h>

enum err letter_load(const char *folder, struct arena *arena, struct template_set **set)
{
    return template_set_load(arena_printf(arena, "%s/mail", folder), set);
}

/* ---- links ---- */

bool letter_confirms_email(const char *kind)
{
    return strcmp(kind, "email_confirm") == 0;
}

bool letter_has_link(const char *kind)
{
    return strcmp(kind, "password_link") == 0 || strcmp(kind, "invitation") == 0 ||
           letter_confirms_email(kind);
}

bool letter_tells_role(const char *kind)
{
    return strcmp(kind, "role_granted") == 0 || strcmp(kind, "invitation") == 0;
}

const char *letter_link(const char *base_url, const char *kind, const char *token,
                        struct arena *arena)
{
    return arena_printf(arena, "%s/%s/%s", base_url,
                        letter_confirms_email(kind) ? "adresse" : "lien", token);
}

/* ---- what a text may say ---- */

static void set_recipient(struct template_map *data, const struct outbox_mail *mail)
{
    template_set_text(data, "first_name", mail->first_name ? mail->first_name : "");
    template_set_text(data, "address", mail->address ? mail->address : "");
    template_set_text(data, "new_email", mail->about ? mail->about : "");
    template_set_flag(data, "is_viewer", mail->role == ROLE_VIEWER);
    template_set_flag(data, "is_treasurer", mail->role == ROLE_TREASURER);
    template_set_flag(data, "is_administrator", mail->role == ROLE_ADMINISTRATOR);
}

/* Of a reminder alone. */
static void set_due(struct template_map *data, const struct association *association,
                    const struct outbox_mail *mail)
{
    const struct reminder_due *due = &mail->due;

    if (strcmp(mail->kind, "reminder") != 0)
        return;
    template_set_money(data, "due", reminder_total(due), association->currency);
    template_set_money(data, "others", due->others_cents, association->currency);
    template_set_flag(data, "has_others", due->others_cents > 0);
    template_set_flag(data, "has_login", due->has_login);
    template_set_flag(data, "pays_online", due->pays_online);
    template_set_text(data, "how_to_pay", association->how_to_pay);
}

/* A text that speaks of money fails when there is none. */
static void set_money(struct template_map *data, const struct payment_service *service,
                      const struct association *association, const struct outbox_mail *mail)
{
    const struct provider *provider =
        mail->provider ? payment_provider(service, str_of(mail->provider)) : NULL;

    set_due(data, association, mail);
    if (!mail->has_money)
        return;
    template_set_money(data, "amount", mail->amount_cents, mail->currency);
    template_set_time(data, "at", mail->fact_at, association->zone);
    template_set_text(data, "reference", mail->reference);
    template_set_flag(data, "has_deadline", mail->deadline_at > 0);
    template_set_time(data, "deadline", mail->deadline_at, association->zone);
    template_set_text(data, "provider", provider ? provider->label : mail->account_label);
}

static void set_association(struct template_map *data, const struct payment_service *service,
                            const struct association *association)
{
    template_set_text(data, "association", association->name);
    template_set_text(data, "contact", association->email);
    template_set_flag(data, "is_trial", association->kind == ASSOCIATION_TRIAL);
    template_set_text(data, "base_url", service->settings->base_url);
}

/* ---- the letter ---- */

enum err letter_write(const struct template_set *set, const struct payment_service *service,
                      const struct association *association, const struct outbox_mail *mail,
                      const char *secret_link, struct arena *arena, struct letter *letter)
{
    struct template_map *data = template_map_new(arena);
    struct buffer out;
    enum err err;

    set_association(data, service, association);
    set_recipient(data, mail);
    set_money(data, service, association, mail);
    template_set_flag(data, "has_link", secret_link != NULL);
    template_set_text(data, "link", secret_link ? secret_link : "");
    buffer_init(&out, arena, 2048);
    err = template_render(set, arena_printf(arena, "%s.txt", mail->kind), data, &out);
    if (err)
        return err;
    letter->text = buffer_str(&out);
    letter->subject = str_copy(arena, str_trim(str_cut(&letter->text, '\n')));
    letter->text = str_trim(letter->text);
    return OK;
}
