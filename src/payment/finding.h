/*
 * finding: what an examination of the settings found, one sentence each.
 *
 * Invariant: a finding is a key and at most three values; what it says and what is to be done
 * stands in templates/web/partial/finding.html, which knows every key. (style.md, 13.)
 */
#ifndef PAYMENT_FINDING_H
#define PAYMENT_FINDING_H

#include <stdint.h>

#include "base/arena.h"

enum {
    FINDINGS_MAX = 64,          /* of one account; later ones are dropped */
    FINDING_CLOCK_SKEW_S = 30,  /* further apart: to be looked at */
    FINDING_CLOCK_WRONG_S = 240 /* further apart: signatures of 300 s begin to be refused */
};

enum finding_level { FINDING_GOOD, FINDING_WARN, FINDING_BAD };

/* What was found; behind each, the values it has beside its level. A new one needs its name in
 * finding.c and its sentence in the partial: a test compares the three. */
enum finding_key {
    /* the kernel's own (examine.h) */
    FINDING_NOTIFICATION_LAST,    /* good: at = when the last authentic one came */
    FINDING_NOTIFICATION_NONE,    /* warn: no authentic one yet, and nothing was begun */
    FINDING_NOTIFICATION_AWAITED, /* warn, bad: attempts were begun (number), none ever came */
    FINDING_NOTIFICATION_MISSING, /* warn, bad: number payments are booked since `at` without */
    FINDING_MODE_OTHER,           /* bad: a test account of a real association, or the reverse */
    FINDING_ADDRESS_OTHER,        /* bad: text = an address that is not the true provider's */
    FINDING_BASE_URL_LOCAL,       /* bad: text = our address, which no provider can reach */
    FINDING_SECRET_MISSING,       /* bad: text = the secret's name */
    FINDING_SECRET_BROKEN,        /* bad: text = the name of one that the key does not open */
    FINDING_IDENTITY_PROVEN,      /* good */
    FINDING_IDENTITY_UNPROVEN,    /* warn: no verified notification has proven it yet */
    /* any provider's */
    FINDING_REACHED,      /* good: the provider answered now */
    FINDING_UNREACHABLE,  /* warn: text = why */
    FINDING_CLOCK_RIGHT,  /* good: number = seconds apart */
    FINDING_CLOCK_SKEWED, /* warn, bad: number = seconds apart */
    /* the installation's (job/doctor.h) */
    FINDING_KEY_GOOD,         /* good: the key file is in order and opens all there is */
    FINDING_KEY_MISSING,      /* bad: text = its path */
    FINDING_KEY_EXPOSED,      /* bad: others may read it; text = its path */
    FINDING_KEY_BROKEN,       /* bad: cannot be read, or is no key; text = its path */
    FINDING_KEY_OTHER,        /* bad: number values are sealed by another key */
    FINDING_DATABASE_GOOD,    /* good */
    FINDING_DATABASE_EXPOSED, /* bad: others may read it; text = its path */
    FINDING_DISK_GOOD,        /* good: number = MiB free */
    FINDING_DISK_LOW,         /* warn, bad: number = MiB free */
    FINDING_DISK_UNKNOWN,     /* warn: text = the folder */
    FINDING_SCHEMA_GOOD,      /* good: number = of the last migration */
    FINDING_SCHEMA_OTHER,     /* bad: text = how it differs */
    FINDING_BACKUP_LAST,      /* good: at */
    FINDING_BACKUP_OLD,       /* warn, bad: at */
    FINDING_BACKUP_MISSING,   /* bad: text = the folder without any */
    FINDING_BACKUP_UNKNOWN,   /* warn: no folder is named */
    FINDING_BACKLOG_NONE,     /* good: no notification waits beyond its time */
    FINDING_BACKLOG_OLD,      /* warn, bad: number wait, the oldest since at */
    FINDING_PARKED,           /* warn: number notifications were given up */
    FINDING_SITE_REACHED,     /* good: our own address answers; text = it */
    FINDING_SITE_UNREACHABLE, /* bad: text = why */
    FINDING_CERTIFICATE_GOOD, /* good: number = days left, at = its end */
    FINDING_CERTIFICATE_ENDS, /* warn, bad: the same */
    FINDING_CERTIFICATE_BAD,  /* bad: text = why it is refused */
    FINDING_HOST_REACHED,     /* good: text = the address of a provider */
    FINDING_HOST_UNREACHABLE, /* warn: text = the address of a provider */
    FINDING_MAIL_NONE,        /* warn: no server is named, no mail is sent */
    FINDING_MAIL_REACHED,     /* good: the server lets us in; text = its address */
    FINDING_MAIL_DOWN,        /* bad: text = what it said, or why it was not reached */
    FINDING_MAIL_WAITING,     /* warn: number mails wait beyond their time, since at */
    /* of a provider with keys and endpoints: what it says now */
    FINDING_KEYS_VALID,           /* good */
    FINDING_KEYS_UNKNOWN,         /* bad: it knows no such key */
    FINDING_KEYS_REVOKED,         /* bad: the key was good once */
    FINDING_KEYS_LACK,            /* bad: text = a permission that is missing, or "" */
    FINDING_KEYS_REFUSED,         /* bad: text = what it answered */
    FINDING_KEYS_OF_ANOTHER,      /* bad: they are of another account, text = its id */
    FINDING_KEYS_MODE,            /* bad: a test key of a live account, or the reverse */
    FINDING_LINK_ENDED,           /* bad: the account withdrew its consent */
    FINDING_CURRENCY_RIGHT,       /* good: text = the account's */
    FINDING_CURRENCY_OTHER,       /* bad: text = the account's */
    FINDING_CHARGES_ON,           /* good */
    FINDING_CHARGES_OFF,          /* bad: the account takes no payments yet */
    FINDING_ENDPOINT_GOOD,        /* good */
    FINDING_ENDPOINT_MISSING,     /* bad */
    FINDING_ENDPOINT_DISABLED,    /* bad */
    FINDING_ENDPOINT_ADDRESS,     /* bad: it names another address */
    FINDING_ENDPOINT_EVENTS_FEW,  /* bad: some of the events we need are not sent */
    FINDING_ENDPOINT_EVENTS_MANY, /* warn: others than we need are sent too */
    FINDING_ENDPOINT_VERSION,     /* warn: messages come in another version */
    FINDING_ENDPOINT_LEFTOVER,    /* warn: number more bear our mark */
    FINDING_KEYS_COUNT
};

struct finding {
    enum finding_level level;
    enum finding_key key;
    const char *text; /* "" for none; without secret and without personal data */
    int64_t number;
    int64_t at; /* Unix seconds; 0 for none */
};

struct findings {
    struct arena *arena; /* holds the texts */
    struct finding items[FINDINGS_MAX];
    size_t count;
};

/* An empty list; the arena must outlive it. */
void findings_init(struct findings *findings, struct arena *arena);
/* Adds one. The values are set by the caller in what is returned (never NULL); text is "". */
struct finding *findings_add(struct findings *findings, enum finding_level level,
                             enum finding_key key);
/* The same with a text, which is copied. */
void findings_add_text(struct findings *findings, enum finding_level level, enum finding_key key,
                       const char *text);
/* Compares the Date header of an answer (0: there was none) with our clock. */
void findings_add_clock(struct findings *findings, int64_t date_at, int64_t now);
/* The worst level; FINDING_GOOD of an empty list. */
enum finding_level findings_worst(const struct findings *findings);
/* "notification_last": for the template's flag "is_notification_last" and for logs. */
const char *finding_name(enum finding_key key);

#endif
