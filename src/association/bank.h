/*
 * bank: the association's accounts at banks.
 *
 * Invariant: an IBAN is sealed for its association and bank account and never leaves the house
 * again; screens and the audit show its last four characters. (security.md rows 24, 62.)
 */
#ifndef ASSOCIATION_BANK_H
#define ASSOCIATION_BANK_H

#include <stdbool.h>
#include <stdint.h>

#include "association/audit.h"
#include "base/seal.h"
#include "db/db.h"

enum {
    IBAN_MAX = 35, /* 34 characters and NUL */
    BIC_MAX = 12,
    IBAN_TAIL_LEN = 4,
    BANK_LABEL_MAX = 80 /* characters */
};

/* "fr76 3000 ..." -> capitals without blanks, its country's length where we know it, and the
 * remainder of ISO 7064 right. False otherwise. */
bool iban_read(struct str typed, char out[IBAN_MAX]);
/* 8 or 11 letters and digits in capitals; "XXX" at the end means nothing and is left out. False
 * otherwise. */
bool bic_read(struct str typed, char out[BIC_MAX]);

struct bank_account {
    int64_t id;
    const char *label;
    const char *iban_tail;
    const char *bic; /* "" for none */
    const char *account_code;
    const char *account_label; /* in the chart */
    bool archived;
    int64_t version;
};
/* All of them, those in use first; array and texts in the arena. */
enum err bank_list(struct db *db, int64_t association_id, struct arena *arena,
                   struct bank_account **accounts, size_t *count);
/* ERR_NOT_FOUND. */
enum err bank_find(struct db *db, int64_t association_id, int64_t bank_id, struct arena *arena,
                   struct bank_account *account);
/* The whole IBAN, for the one who must write it on a slip. ERR_CRYPTO when the seal is broken. */
enum err bank_iban(struct db *db, const struct seal_key *key, int64_t association_id,
                   int64_t bank_id, struct arena *arena, struct str *iban);

struct bank_draft {
    int64_t association_id;
    int64_t id;
    int64_t version; /* of the form; not read when it is added */
    const char *label;
    const char *iban;         /* as iban_read writes it; "" keeps the one that is stored */
    const char *bic;          /* as bic_read writes it, or "" */
    const char *account_code; /* 512... of the chart */
    const struct seal_key *key;
    int64_t now;
};
/* Each inside a transaction. ERR_INPUT when the chart has no such account in use; ERR_NOT_FOUND;
 * ERR_CONFLICT when somebody changed it since the form was made. */
enum err bank_add(struct db *db, const struct bank_draft *draft, const struct audit_actor *actor);
enum err bank_change(struct db *db, const struct bank_draft *draft,
                     const struct audit_actor *actor);
/* Closed at the bank, or in use again; the same again changes nothing. */
enum bank_use { BANK_IN_USE, BANK_CLOSED };
enum err bank_use(struct db *db, int64_t association_id, int64_t bank_id, enum bank_use use,
                  const struct audit_actor *actor, int64_t now);

#endif
