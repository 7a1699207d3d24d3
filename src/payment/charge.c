#include "payment/post.h"

#include "accounting/accounting.h"
#include "association/audit.h"
#include "association/cart.h"
#include "association/member.h"
#include "base/arena.h"
#include "base/random.h"
#include "queries.h"

/* A new charge and the advances it meets. */
struct charging {
    struct db *db;
    const struct charge_draft *draft;
    struct arena *arena;
    struct association association;
    struct member member;
    struct fiscal_year charge_year;
    bool deferred; /* the charge is for a later year than the one it is written in */
    int64_t entry_id;
};

static enum err add_charge_line(struct charging *charging)
{
    const struct charge_draft *draft = charging->draft;
    const struct cart_draft line = {
        .id = draft->id,
        .association_id = draft->association_id,
        .member_id = draft->member_id,
        .kind = CART_CHARGE,
        .amount_cents = draft->amount_cents,
        .label = draft->label,
        .date = draft->date,
        .fiscal_year_id = charging->charge_year.id,
        .product_id = draft->product_id,
        .account_code = draft->account_code,
        .login_id = draft->login_id,
        .now = draft->now,
    };

    return cart_add_line(charging->db, &line);
}

static int64_t usable_cents(const struct cart_credit *credits, size_t count, int64_t wanted)
{
    int64_t sum = 0;

    for (size_t i = 0; i < count && sum < wanted; i++)
        sum = money_add(sum, credits[i].left_cents);
    return sum < wanted ? sum : wanted;
}

/* The charge's account is archived or gone: 471 took its place, a person looks at it. */
static enum err note_missing_account(struct charging *charging)
{
    const struct charge_draft *draft = charging->draft;
    int64_t id;
    enum err err = random_id(&id);

    if (err)
        return err;
    return db_run(charging->db, Q_QUARANTINE_ADD,
                  DB_VALUES(db_int(draft->association_id), db_int(id), db_text("account_missing"),
                            db_null(), db_int(charging->entry_id), db_text(draft->account_code),
                            db_int(draft->now)));
}

/* The entry OD that turns the advance into revenue (or into 487). */
static enum err write_use_entry(struct charging *charging, int64_t cents)
{
    const struct charge_draft *draft = charging->draft;
    struct entry_draft *entry = arena_alloc(charging->arena, sizeof(*entry));
    struct accounting_pair pair = accounting_accounts_for(
        charging->deferred ? ACCOUNTING_ADVANCE_DEFERRED : ACCOUNTING_ADVANCE_DUE, ACCOUNTING_CASH,
        NULL, draft->account_code);
    struct entry_result result;
    enum err err = random_id(&entry->id);

    if (err)
        return err;
    entry->association = &charging->association;
    entry->journal = JOURNAL_OTHER;
    entry->fact_date = draft->date;
    entry->piece = arena_printf(charging->arena, "D%lld", (long long)draft->id);
    entry->label = arena_printf(charging->arena, "Avance utilisée, adhérent n° %lld",
                                (long long)charging->member.number);
    entry->now = draft->now;
    entry_debit(entry, pair.debit, charging->member.number, cents);
    entry_credit(entry, pair.credit, charging->member.number, cents);
    charging->entry_id = entry->id;
    err = entry_add(charging->db, entry, charging->arena, &result);
    return !err && result.account_missing ? note_missing_account(charging) : err;
}

static enum err allocate_credits(struct charging *charging, const struct cart_credit *credits,
                                 size_t count, int64_t cents)
{
    enum err err = OK;

    for (size_t i = 0; !err && i < count && cents > 0; i++) {
        int64_t part = credits[i].left_cents < cents ? credits[i].left_cents : cents;
        const struct allocation_draft allocation = {
            .association_id = charging->draft->association_id,
            .member_id = charging->draft->member_id,
            .payment_line_id = credits[i].payment_line_id,
            .charge_line_id = charging->draft->id,
            .amount_cents = part,
            .deferred = charging->deferred ? 1 : 0,
            .entry_id = charging->entry_id,
            .now = charging->draft->now,
        };
        err = cart_allocate(charging->db, &allocation);
        cents -= part;
    }
    return err;
}

static enum err use_advance(struct charging *charging)
{
    const struct charge_draft *draft = charging->draft;
    struct cart_credit *credits;
    size_t count;
    int64_t cents;
    enum err err = cart_credits(charging->db, draft->association_id, draft->member_id,
                                charging->arena, &credits, &count);

    if (err || count == 0)
        return err;
    cents = usable_cents(credits, count, draft->amount_cents);
    err = write_use_entry(charging, cents);
    return err ? err : allocate_credits(charging, credits, count, cents);
}

static enum err read_context(struct charging *charging)
{
    const struct charge_draft *draft = charging->draft;
    struct date entry_date;
    struct fiscal_year entry_year;
    enum err err = association_find(charging->db, draft->association_id, charging->arena,
                                    &charging->association);

    if (!err)
        err = member_find(charging->db, draft->association_id, draft->member_id, charging->arena,
                          &charging->member);
    if (!err)
        err = accounting_year_for(charging->db, &charging->association, draft->for_day, draft->now,
                                  charging->arena, &charging->charge_year);
    if (!err)
        err = accounting_entry_day(charging->db, &charging->association, draft->date, draft->now,
                                   charging->arena, &entry_date, &entry_year);
    if (!err)
        charging->deferred =
            date_compare(charging->charge_year.first_day, entry_year.last_day) > 0;
    return err;
}

enum err payment_charge(struct db *db, const struct charge_draft *draft, struct arena *arena)
{
    struct charging charging = {.db = db, .draft = draft, .arena = arena};
    const struct audit_actor actor = {draft->login_id, ""};
    enum err err;

    if (draft->amount_cents <= 0 || draft->amount_cents > MONEY_MAX_CENTS)
        return fail(ERR_INPUT, "a charge must be positive and at most %d", MONEY_MAX_CENTS);
    err = read_context(&charging);
    if (!err)
        err = add_charge_line(&charging);
    if (!err)
        err = use_advance(&charging);
    if (!err)
        err = audit_add(db, draft->association_id, &actor, "charge.added",
                        arena_printf(arena, "cart_line:%lld", (long long)draft->id), "");
    return err;
}
