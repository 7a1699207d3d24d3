/*
 * profile: who an association is, as its treasurer writes it.
 *
 * Invariant: written whole, against the version that the form showed; a change has one audit
 * row, which tells names of fields and never what a person typed.
 */
#ifndef ASSOCIATION_PROFILE_H
#define ASSOCIATION_PROFILE_H

#include "association/association.h"
#include "association/audit.h"

enum {
    PROFILE_NAME_MAX = 120, /* characters, each */
    PROFILE_ADDRESS_MAX = 500,
    PROFILE_EMAIL_MAX = 254,
    PROFILE_HOW_TO_PAY_MAX = 2000,
    SIREN_MAX = 10, /* with NUL */
    RNA_MAX = 11
};

/* "732 829 320" -> "732829320": nine digits whose Luhn sum is right. False otherwise. */
bool siren_read(struct str typed, char out[SIREN_MAX]);
/* "w 751 234567" -> "W751234567": W and nine digits. False otherwise. */
bool rna_read(struct str typed, char out[RNA_MAX]);

struct profile_draft {
    int64_t association_id;
    int64_t version;  /* of the form */
    const char *name; /* not empty */
    const char *address;
    const char *siren; /* as siren_read writes it, or "" */
    const char *rna;   /* as rna_read writes it, or "" */
    const char *email;
    const char *zone_name; /* one of zone_names */
    int year_first_month;
    int year_first_day; /* 1 to 28 */
    int year_months;    /* 1 to 24; for the fiscal years made from now on */
    const char *how_to_pay;
};
/* Inside a transaction. ERR_CONFLICT when somebody changed it since the form was made. */
enum err profile_set(struct db *db, const struct profile_draft *draft,
                     const struct audit_actor *actor);

#endif
