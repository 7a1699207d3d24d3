/*
 * chart: the accounts of an association, as its treasurer keeps them.
 *
 * Invariant: the number of an account never changes, since entries hold it; its label may, since
 * each entry line holds the label of its day. What the kernel or a setting in use counts on is
 * neither archived nor deleted. (domain.md, Postings.)
 */
#ifndef ACCOUNTING_CHART_H
#define ACCOUNTING_CHART_H

#include "accounting/accounting.h"
#include "association/audit.h"

enum {
    CHART_CODE_MIN = 3, /* digits */
    CHART_CODE_MAX = 10,
    CHART_LABEL_MAX = 120 /* characters */
};

/* Digits, the first of them a class from 1 to 8. */
bool chart_code_valid(struct str code);

/* ERR_NOT_FOUND. */
enum err chart_find(struct db *db, int64_t association_id, struct str code, struct arena *arena,
                    struct chart_account *account);

/* What became of a change, or what stands against it. */
enum chart_result {
    CHART_WRITTEN,
    CHART_STALE,      /* somebody changed it since the form was made */
    CHART_TAKEN,      /* the chart has this number already */
    CHART_NEEDED,     /* the kernel counts on it */
    CHART_OF_MEANS,   /* a means of payment has it */
    CHART_OF_BANK,    /* a bank account has it */
    CHART_OF_PRODUCT, /* a product has it */
    CHART_OF_CHARGES, /* to delete: a charge names it */
    CHART_OF_ENTRIES  /* to delete: an entry holds it */
};
/* What would keep it from being archived, and from being deleted; WRITTEN: nothing. */
struct chart_hold {
    enum chart_result archiving;
    enum chart_result deleting;
};
enum err chart_held(struct db *db, int64_t association_id, const struct chart_account *account,
                    struct chart_hold *hold);

enum chart_change { CHART_ADD, CHART_RENAME, CHART_ARCHIVE, CHART_RESTORE, CHART_DELETE };
struct chart_draft {
    enum chart_change change;
    int64_t association_id;
    const char *code;
    const char *label; /* to add, to rename */
    int64_t version;   /* of the form, to rename */
    int64_t now;
};
/* Inside a transaction; anything but WRITTEN leaves all as it was. ERR_NOT_FOUND. */
enum err chart_write(struct db *db, const struct chart_draft *draft,
                     const struct audit_actor *actor, enum chart_result *result);

#endif
