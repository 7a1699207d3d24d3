#include "job/mailer.h"

#include "association/email_change.h"
#include "association/outbox.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "job/letter.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { POLL_MS = 500 };

struct mailer {
    struct mailer_options options;
    pthread_mutex_t lock; /* of stopping and texts */
    pthread_cond_t wake;
    bool stopping;
    struct template_set *texts;
    /* The thread's own. */
    pthread_t thread;
    bool started;
    struct db *db;
    struct smtp *smtp;
    struct arena *arena; /* for one mail */
    int64_t pause_ms;    /* the last one; 0: the server answers */
};

/* ---- one mail: claim ---- */

/* A mail in hand, and how it ended. */
struct delivery {
    struct outbox_claim claim;
    bool found;
    struct outbox_mail mail;
    bool ended; /* else it is tried again */
    enum outbox_end end;
    const char *reason;
    int64_t delay_max_s;
    int64_t now;
};

static enum err claim(struct db *db, void *argument)
{
    struct delivery *delivery = argument;

    return outbox_claim(db, delivery->now, &delivery->claim, &delivery->found);
}

static enum err finish(struct db *db, void *argument)
{
    const struct delivery *delivery = argument;
    const char *address = delivery->mail.address ? delivery->mail.address : "";

    if (delivery->ended)
        return outbox_end(db, &delivery->claim, delivery->end, delivery->reason, address,
                          delivery->now);
    return outbox_retry(db, &delivery->claim, delivery->reason, address, delivery->delay_max_s,
                        delivery->now);
}

/* ---- one mail: write and send ---- */

static void end_as(struct delivery *delivery, enum outbox_end end, const char *reason)
{
    delivery->ended = true;
    delivery->end = end;
    delivery->reason = reason;
}

static enum err read_mail(struct mailer *mailer, struct delivery *delivery,
                          struct association *association)
{
    const struct outbox_claim *taken = &delivery->claim;
    enum err err = db_read_begin(mailer->db);

    if (err)
        return err;
    err =
        outbox_find(mailer->db, taken->association_id, taken->id, mailer->arena, &delivery->mail);
    if (!err)
        err = association_find(mailer->db, taken->association_id, mailer->arena, association);
    db_read_end(mailer->db);
    return err;
}

/* The secret of a link is made here, when its one mail is written: it stands nowhere else, and a
 * further try makes another one. */
struct linking {
    const struct delivery *delivery;
    struct link_secret secret;
    int64_t now;
};

static enum err put_link(struct db *db, void *argument)
{
    const struct linking *linking = argument;

    const struct outbox_mail *mail = &linking->delivery->mail;

    return letter_confirms_email(mail->kind)
               ? email_change_link(db, mail->login_id, mail->address, linking->secret.hash,
                                   linking->now)
               : link_put(db, mail->login_id, linking->secret.hash, linking->now);
}

static enum err make_link(struct mailer *mailer, const struct delivery *delivery,
                          const char **link)
{
    const struct payment_service *service = mailer->options.service;
    struct linking linking = {.delivery = delivery, .now = clock_now()};
    enum err err;

    *link = NULL;
    if (!letter_has_link(delivery->mail.kind))
        return OK;
    err = link_secret_make(&linking.secret);
    if (!err)
        err = db_write(service->writer, put_link, &linking);
    if (!err)
        *link = letter_link(service->settings->base_url, delivery->mail.kind, linking.secret.token,
                            mailer->arena);
    return err;
}

static enum err write_letter(struct mailer *mailer, struct delivery *delivery,
                             const struct association *association, struct letter *letter)
{
    const char *link;
    enum err err = make_link(mailer, delivery, &link);

    if (err)
        return err;

    pthread_mutex_lock(&mailer->lock);
    err = letter_write(mailer->texts, mailer->options.service, association, &delivery->mail, link,
                       mailer->arena, letter);
    pthread_mutex_unlock(&mailer->lock);
    return err;
}

/* "123@guichet.example": of the row and of the host that people know. */
static const char *message_id(const struct mailer *mailer, int64_t id)
{
    struct str host = str_of(mailer->options.service->settings->base_url);

    (void)str_cut(&host, '/');
    (void)str_cut(&host, '/');
    host = str_cut(&host, '/');
    host = str_starts(host, "[") ? str_of("localhost") : str_cut(&host, ':');
    return arena_printf(mailer->arena, "%lld@%.*s", (long long)id, STR_PRINT(host));
}

static void take_answer(struct mailer *mailer, struct delivery *delivery,
                        const struct smtp_answer *answer)
{
    delivery->reason = arena_printf(mailer->arena, "%s", answer->sentence);
    if (answer->outcome == SMTP_SENT)
        end_as(delivery, OUTBOX_SENT, "");
    else if (answer->outcome == SMTP_REFUSED)
        end_as(delivery, OUTBOX_REFUSED, delivery->reason);
    if (answer->outcome != SMTP_DOWN) {
        mailer->pause_ms = 0;
        return;
    }
    mailer->pause_ms = mailer->pause_ms ? mailer->pause_ms * 2 : MAILER_PAUSE_MS;
    if (mailer->pause_ms > MAILER_PAUSE_MAX_MS)
        mailer->pause_ms = MAILER_PAUSE_MAX_MS;
    delivery->delay_max_s = mailer->pause_ms / 1000;
    log_line(LOG_WARNING, "mail.down", "the mail server cannot be used; the next try in %lld s",
             (long long)mailer->pause_ms / 1000);
}

static enum err send_letter(struct mailer *mailer, struct delivery *delivery,
                            const struct association *association, const struct letter *letter)
{
    const struct mail mail = {
        .from_name = association->name,
        .from_address = mailer->options.from_address,
        .to = delivery->mail.address,
        .reply_to = mail_address_valid(association->email) ? association->email : "",
        .subject = letter->subject,
        .message_id = message_id(mailer, delivery->claim.id),
        .date_at = delivery->mail.created_at,
        .text = letter->text,
    };
    struct smtp_answer answer;
    enum err err;

    if (!mail_address_valid(mail.to)) {
        end_as(delivery, OUTBOX_REFUSED, "bad_address");
        return OK;
    }
    err = smtp_send(mailer->smtp, &mail, mailer->arena, &answer);
    if (!err)
        take_answer(mailer, delivery, &answer);
    return err;
}

/* Nobody to write to, or nothing to say any more. */
static bool drop_useless(struct delivery *delivery)
{
    const struct outbox_mail *mail = &delivery->mail;

    if (!mail->address)
        end_as(delivery, OUTBOX_DROPPED, "no_recipient");
    else if (strcmp(mail->kind, "reminder") == 0 && reminder_total(&mail->due) == 0)
        end_as(delivery, OUTBOX_DROPPED, "settled");
    else if (letter_tells_role(mail->kind) && mail->role == ROLE_NONE)
        end_as(delivery, OUTBOX_DROPPED, "withdrawn");
    else if ((strcmp(mail->kind, "password_link") == 0 || letter_confirms_email(mail->kind)) &&
             delivery->now > mail->created_at + LINK_LIFE_S)
        end_as(delivery, OUTBOX_DROPPED, "too_late");
    return delivery->ended;
}

static enum err deliver(struct mailer *mailer, struct delivery *delivery)
{
    struct association association;
    struct letter letter;
    enum err err = read_mail(mailer, delivery, &association);

    if (err)
        return err;
    if (drop_useless(delivery))
        return OK;
    err = write_letter(mailer, delivery, &association, &letter);
    if (!err)
        err = send_letter(mailer, delivery, &association, &letter);
    if (err == ERR_NOT_FOUND) { /* what it was to say is not so any more */
        end_as(delivery, OUTBOX_DROPPED, "too_late");
        return OK;
    }
    if (err == ERR_INTERNAL || err == ERR_INPUT) { /* a fault of ours: trying again helps nobody */
        log_failure("mail.text");
        end_as(delivery, OUTBOX_DROPPED, "no_text");
        return OK;
    }
    return err;
}

/* ---- the thread ---- */

/* True when there was a mail to look at. */
static bool send_one(struct mailer *mailer)
{
    struct delivery delivery = {.reason = "", .now = clock_now()};
    struct db_writer *writer = mailer->options.service->writer;
    bool due = false;
    enum err err = outbox_any_due(mailer->db, delivery.now, &due);

    if (!err && due)
        err = db_write(writer, claim, &delivery);
    if (!err && delivery.found) {
        err = deliver(mailer, &delivery);
        delivery.now = clock_now();
        if (!err)
            err = db_write(writer, finish, &delivery);
        log_line(LOG_DEBUG, "mail.tried", "%s", delivery.ended ? "ended" : "again later");
    }
    if (err && err != ERR_BUSY)
        log_failure("mail.job");
    arena_reset(mailer->arena);
    return !err && delivery.found;
}

static void wait_a_while(struct mailer *mailer, int64_t duration_ms)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(duration_ms / 1000);
    until.tv_nsec += (long)(duration_ms % 1000) * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    pthread_mutex_lock(&mailer->lock);
    while (!mailer->stopping && pthread_cond_timedwait(&mailer->wake, &mailer->lock, &until) == 0)
        ;
    pthread_mutex_unlock(&mailer->lock);
}

static bool stopping(struct mailer *mailer)
{
    bool stops;

    pthread_mutex_lock(&mailer->lock);
    stops = mailer->stopping;
    pthread_mutex_unlock(&mailer->lock);
    return stops;
}

static void *run_thread(void *argument)
{
    struct mailer *mailer = argument;

    log_set_request("mail");
    while (!stopping(mailer)) {
        if (!send_one(mailer))
            wait_a_while(mailer, POLL_MS);
        if (mailer->pause_ms)
            wait_a_while(mailer, mailer->pause_ms);
    }
    return NULL;
}

/* ---- life ---- */

static enum err start(struct mailer *mailer)
{
    const struct mailer_options *options = &mailer->options;
    enum err err = letter_load(options->templates_folder, mailer->arena, &mailer->texts);

    if (!err)
        err = smtp_new(&options->smtp, &mailer->smtp);
    if (!err)
        err = db_open(options->database_path, DB_READ, options->catalog, &mailer->db);
    if (!err && pthread_create(&mailer->thread, NULL, run_thread, mailer) != 0)
        err = fail(ERR_INTERNAL, "the mail thread could not be started");
    mailer->started = !err;
    return err;
}

enum err mailer_new(const struct mailer_options *options, struct mailer **mailer)
{
    struct mailer *made = calloc(1, sizeof(*made));
    pthread_condattr_t attributes;
    enum err err;

    require(made);
    made->options = *options;
    made->arena = arena_new();
    pthread_mutex_init(&made->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&made->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    err = start(made);
    if (err) {
        mailer_free(made);
        made = NULL;
    }
    *mailer = made;
    return err;
}

void mailer_free(struct mailer *mailer)
{
    if (!mailer)
        return;
    pthread_mutex_lock(&mailer->lock);
    mailer->stopping = true;
    pthread_cond_broadcast(&mailer->wake);
    pthread_mutex_unlock(&mailer->lock);
    if (mailer->started)
        pthread_join(mailer->thread, NULL);
    db_close(mailer->db);
    smtp_free(mailer->smtp);
    template_set_free(mailer->texts);
    pthread_cond_destroy(&mailer->wake);
    pthread_mutex_destroy(&mailer->lock);
    arena_free(mailer->arena);
    free(mailer);
}

enum err mailer_reload(struct mailer *mailer)
{
    struct arena *arena = arena_new();
    struct template_set *fresh, *old;
    enum err err = letter_load(mailer->options.templates_folder, arena, &fresh);

    arena_free(arena);
    if (err)
        return err;
    pthread_mutex_lock(&mailer->lock);
    old = mailer->texts;
    mailer->texts = fresh;
    pthread_mutex_unlock(&mailer->lock);
    template_set_free(old);
    return OK;
}
