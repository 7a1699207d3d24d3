/*
 * import: members come from a file, each with what they owe or have in advance.
 *
 * Invariant: all of the file or nothing of it, once, and only as its preview showed it; a first
 * balance is an adjustment against account 110. (domain.md, Postings.)
 */
#ifndef PAYMENT_IMPORT_H
#define PAYMENT_IMPORT_H

#include "association/audit.h"
#include "association/import_file.h"
#include "association/member_import.h"
#include "base/zone.h"

struct import_order {
    const struct import_file *file;
    struct member_import *import; /* of that file; judged anew */
    struct str fingerprint;       /* of what the preview showed */
    const char *label;            /* of the lines of first balances */
    struct date date;
    struct audit_actor actor;
    int64_t now;
};
/* Adds the new ones. A file that was imported already: nothing is done. ERR_NOT_FOUND when it is
 * gone; ERR_CONFLICT when something is wrong or not what was shown. Inside a transaction of its
 * own. */
enum err payment_import(struct db *db, const struct import_order *order);

#endif
