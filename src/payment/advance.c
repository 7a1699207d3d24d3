#include "payment/advance.h"

#include "accounting/accounting.h"
#include "association/cart.h"
#include "association/member.h"
#include "base/arena.h"
#include "base/random.h"
#include "payment/internal.h"

enum { USES_MAX = 500 }; /* charges met at once: each makes at most two lines */

/* A charge and what it gets. */
struct met {
    const struct cart_due *due;
    bool deferred;
    int64_t cents;
};

struct using
{
    struct db *db;
    const struct advance_use *use;
    struct arena *arena;
    struct member member;
    struct fiscal_year entry_year;
    struct cart_credit *credits;
    size_t credit_count;
    struct met met[USES_MAX];
    size_t met_count;
    int64_t entry_id;
};

static int64_t credit_sum(const struct cart_credit *credits, size_t count)
{
    int64_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum = money_add(sum, credits[i].left_cents);
    return sum;
}

enum err advance_left(struct db *db, int64_t association_id, int64_t member_id,
                      struct arena *arena, int64_t *cents)
{
    struct cart_credit *credits;
    size_t count = 0;
    enum err err = cart_credits(db, association_id, member_id, arena, &credits, &count);

    *cents = err ? 0 : credit_sum(credits, count);
    return err;
}

/* ---- which charges ---- */

static bool is_later(const struct using *using, const struct cart_due *due)
{
    struct date first_day;

    return date_parse_iso(str_of(due->fiscal_year_first_day), &first_day) &&
           date_compare(first_day, using->entry_year.last_day) > 0;
}

static bool is_meant(const struct advance_use *use, const struct cart_due *due)
{
    return due->member_id == use->member_id &&
           (!use->charge_line_id || due->charge_line_id == use->charge_line_id);
}

static void meet(struct using *using, const struct cart_due *dues, size_t count, int64_t *left)
{
    for (size_t i = 0; i<count && * left> 0 && using->met_count < USES_MAX; i++) {
        int64_t cents = dues[i].open_cents < *left ? dues[i].open_cents : *left;

        if (!is_meant(using->use, &dues[i]))
            continue;
        using->met[using->met_count++] =
            (struct met){.due = &dues[i], .deferred = is_later(using, &dues[i]), .cents = cents};
        *left -= cents;
    }
}

static enum err find_meetings(struct using *using, int64_t *used_cents)
{
    const struct advance_use *use = using->use;
    int64_t association_id = use->association->id, sum, left;
    struct cart_due *dues;
    struct date entry_date;
    size_t count;
    enum err err = cart_credits(using->db, association_id, use->member_id, using->arena,
                                &using->credits, &using->credit_count);

    if (err || using->credit_count == 0)
        return err;
    left = sum = credit_sum(using->credits, using->credit_count);
    err = accounting_entry_day(using->db, use->association, use->date, use->now, using->arena,
                               &entry_date, &using->entry_year);
    if (!err)
        err = cart_dues(using->db, association_id, use->member_id, using->arena, &dues, &count);
    if (!err)
        meet(using, dues, count, &left);
    *used_cents = sum - left;
    return err;
}

/* ---- writing ---- */

static enum err write_entry(struct using *using)
{
    const struct advance_use *use = using->use;
    struct entry_draft *entry = arena_alloc(using->arena, sizeof(*entry));
    struct entry_result result;
    enum err err = random_id(&entry->id);

    if (!err)
        err = member_find(using->db, use->association->id, use->member_id, using->arena,
                          &using->member);
    if (err)
        return err;
    using->entry_id = entry->id;
    entry->association = use->association;
    entry->journal = JOURNAL_OTHER;
    entry->fact_date = use->date;
    entry->piece = use->piece;
    entry->label = arena_printf(using->arena, "Avance utilisée, adhérent n° %lld",
                                (long long)using->member.number);
    entry->now = use->now;
    for (size_t i = 0; i < using->met_count; i++) {
        const struct met *met = &using->met[i];
        struct accounting_pair pair = accounting_accounts_for(
            met->deferred ? ACCOUNTING_ADVANCE_DEFERRED : ACCOUNTING_ADVANCE_DUE, ACCOUNTING_CASH,
            NULL, met->due->account_code);

        entry_debit(entry, pair.debit, using->member.number, met->cents);
        entry_credit(entry, pair.credit, using->member.number, met->cents);
    }
    err = entry_add(using->db, entry, using->arena, &result);
    return !err && result.account_missing
               ? account_missing_add(using->db, use->association->id, entry->id,
                                     using->met[0].due->account_code, use->now)
               : err;
}

/* One charge takes from the credits in their order. */
static enum err allocate(struct using *using, const struct met *met, size_t *next)
{
    int64_t left = met->cents;
    enum err err = OK;

    while (!err && left > 0) {
        struct cart_credit *credit = &using->credits[*next];
        int64_t part = credit->left_cents < left ? credit->left_cents : left;
        const struct allocation_draft draft = {
            .association_id = using->use->association->id,
            .member_id = using->use->member_id,
            .payment_line_id = credit->payment_line_id,
            .charge_line_id = met->due->charge_line_id,
            .amount_cents = part,
            .deferred = met->deferred,
            .entry_id = using->entry_id,
            .now = using->use->now,
        };

        err = cart_allocate(using->db, &draft);
        left -= part;
        credit->left_cents -= part;
        *next += credit->left_cents == 0;
    }
    return err;
}

enum err advance_use(struct db *db, const struct advance_use *use, struct arena *arena,
                     int64_t *used_cents)
{
    struct using *using = arena_alloc(arena, sizeof(*using));
    int64_t used = 0;
    size_t next = 0;
    enum err err;

    using->db = db;
    using->use = use;
    using->arena = arena;
    err = find_meetings(using, &used);
    if (used_cents)
        *used_cents = used;
    if (err || used == 0)
        return err;
    err = write_entry(using);
    for (size_t i = 0; !err && i < using->met_count; i++)
        err = allocate(using, &using->met[i], &next);
    return err;
}
