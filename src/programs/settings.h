/*
 * settings: what conf/guichet.conf says.
 *
 * Invariant: read once at the start; an unknown key, a repeated key or a bad value stops the
 * program with file:line. conf/guichet.conf documents every key with its default.
 */
#ifndef PROGRAMS_SETTINGS_H
#define PROGRAMS_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "net/smtp.h"
#include "payment/provider.h"

#define SETTINGS_DEFAULT_PATH "/etc/guichet/guichet.conf"

struct settings {
    const char *database;
    const char *key_file;
    const char *backup_folder; /* NULL: none is named */
    const char *page_socket;
    const char *notification_socket;
    const char *templates;
    const char *common_passwords;
    enum log_level log_level;
    bool seccomp; /* `serve` asks the kernel only for what it needs */
    int64_t page_threads;
    int64_t notification_threads;
    int64_t job_threads;
    int64_t slow_request_ms;           /* answers that take longer are logged; 0: none */
    struct smtp_settings smtp;         /* url NULL: no mail is sent */
    const char *mail_from;             /* the address mail comes from */
    struct provider_settings provider; /* base_url and the addresses of the providers */
};

/* Reads the file; texts in the arena. ERR_CONFIG with "file:line: reason". */
enum err settings_read(const char *path, struct arena *arena, struct settings *settings);

#endif
