/*
 * internal: what the files of accounting/ share and nobody else sees.
 *
 * Invariant: the codes below are the default chart's (domain.md, Postings).
 */
#ifndef ACCOUNTING_INTERNAL_H
#define ACCOUNTING_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "association/association.h"
#include "base/zone.h"
#include "db/db.h"

#define ACCOUNT_ADVANCE "4191"
#define ACCOUNT_SUSPENSE "471"
#define ACCOUNT_DEFERRED "487"
#define ACCOUNT_FEE "627"
#define ACCOUNT_DISPUTE "4671"
#define ACCOUNT_RESERVE "4678"
#define ACCOUNT_TRANSFER "580"
#define ACCOUNT_EXCHANGE_LOSS "666"
#define ACCOUNT_EXCHANGE_GAIN "766"
#define ACCOUNT_INCOME "7588"

/* Does the kernel write to this account whatever the settings say? */
bool account_needed(const char *code);

/* The account to use for *code and its label: itself, or 471 with *missing set when it is
 * absent or archived. *missing is never reset. Inside a transaction. */
enum err account_resolve(struct db *db, int64_t association_id, const char **code,
                         struct arena *arena, const char **label, bool *missing);

/* The first day of the usual year that holds a date. */
struct date year_first_for(const struct association *association, struct date date);
/* The last day of a year that begins then: of the association's usual length, and twelve months
 * end before its usual first day. */
struct date year_last_for(const struct association *association, struct date first);

#endif
