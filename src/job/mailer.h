/*
 * mailer: the thread that sends what stands in the outbox.
 *
 * Invariant: one mail at a time, claimed with a lease, so that slow mail never holds up a
 * payment; every try leaves its end, or its next time, in the outbox. A server that cannot be
 * used is left alone for a while that doubles.
 */
#ifndef JOB_MAILER_H
#define JOB_MAILER_H

#include "net/smtp.h"
#include "payment/service.h"

struct mailer;

enum { MAILER_PAUSE_MS = 2000, MAILER_PAUSE_MAX_MS = 300 * 1000 };

struct mailer_options {
    const struct payment_service *service;
    const char *database_path;
    const struct db_catalog *catalog;
    const char *templates_folder;
    struct smtp_settings smtp; /* with a url */
    const char *from_address;
};
/* Reads the texts and starts the thread. The caller must dispose of *mailer with mailer_free,
 * which ends the thread (a mail in hand is aborted by http_client_stop_all): the writer must
 * still run. */
enum err mailer_new(const struct mailer_options *options, struct mailer **mailer);
void mailer_free(struct mailer *mailer); /* NULL is allowed */
/* Reads the texts again; keeps the old ones when there is an error. */
enum err mailer_reload(struct mailer *mailer);

#endif
