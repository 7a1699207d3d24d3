/*
 * doctor: is the installation itself in order? Files, disk, schema, backups, jobs, the public
 * address, the providers' hosts. `guichet doctor` and the owner's page say the same.
 *
 * Invariant: changes nothing. What cannot be looked at is a finding, not an error.
 */
#ifndef JOB_DOCTOR_H
#define JOB_DOCTOR_H

#include "net/smtp.h"
#include "payment/finding.h"
#include "payment/provider.h"

enum {
    DOCTOR_DISK_LOW_MIB = 2048, /* free below: to be looked at */
    DOCTOR_DISK_BAD_MIB = 256,
    DOCTOR_BACKUP_OLD_S = 36 * 3600, /* the timer makes one every night */
    DOCTOR_BACKUP_BAD_S = 7 * 86400,
    DOCTOR_CERTIFICATE_SOON_DAYS = 21,
    DOCTOR_CERTIFICATE_BAD_DAYS = 3,
    DOCTOR_BACKLOG_S = 600, /* so long after its time a notification should be worked on */
    DOCTOR_BACKLOG_BAD_S = 6 * 3600,
    DOCTOR_MAIL_S = 3600 /* so long after its time a mail should have gone */
};

struct doctor_options {
    const char *database;
    const char *key_file;
    const char *backup_folder; /* NULL: the configuration names none */
    const struct provider_settings *provider;
    const struct db_migrations *migrations;
    const struct smtp_settings *smtp; /* url NULL: no mail is sent */
};

/* What files and the database say. db may be within a reading. */
enum err doctor_look(const struct doctor_options *options, struct db *db, int64_t now,
                     struct findings *findings);
/* What the outside says: our own address as others reach it, the hosts of the providers, the
 * clock. Takes up to HTTP_CLIENT_TOTAL_MS a call; never within a reading. */
enum err doctor_ask(const struct doctor_options *options, struct http_client *client, int64_t now,
                    struct findings *findings);

#endif
