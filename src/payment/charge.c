#include "payment/post.h"

#include "accounting/accounting.h"
#include "association/audit.h"
#include "association/cart.h"
#include "association/member.h"
#include "base/arena.h"
#include "payment/advance.h"

/* A new charge and the advances it meets. */
struct charging {
    struct db *db;
    const struct charge_draft *draft;
    struct arena *arena;
    struct association association;
    struct member member;
    struct fiscal_year charge_year;
};

static enum err add_charge_line(struct charging *charging)
{
    const struct charge_draft *draft = charging->draft;
    const struct cart_draft line = {
        .id = draft->id,
        .association_id = draft->association_id,
        .member_id = draft->member_id,
        .kind = draft->kind,
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

static enum err read_context(struct charging *charging)
{
    const struct charge_draft *draft = charging->draft;
    enum err err = association_find(charging->db, draft->association_id, charging->arena,
                                    &charging->association);

    if (!err)
        err = member_find(charging->db, draft->association_id, draft->member_id, charging->arena,
                          &charging->member);
    if (!err)
        err = accounting_year_for(charging->db, &charging->association, draft->for_day, draft->now,
                                  charging->arena, &charging->charge_year);
    return err;
}

/* The advance is spent on the day the charge is written, whatever day it bears: the books cannot
 * have known it before, and shall not wait for it. */
static enum err use_the_advance(struct charging *charging)
{
    const struct charge_draft *draft = charging->draft;
    const struct advance_use use = {
        .association = &charging->association,
        .member_id = draft->member_id,
        .charge_line_id = draft->id,
        .date = zone_date(charging->association.zone, draft->now),
        .piece = arena_printf(charging->arena, "D%lld", (long long)draft->id),
        .now = draft->now,
    };

    return advance_use(charging->db, &use, charging->arena, NULL);
}

static const char *audit_action(enum cart_kind kind)
{
    if (kind == CART_ADJUSTMENT)
        return "adjustment.added";
    return kind == CART_DONATION ? "donation.added" : "charge.added";
}

enum err payment_charge(struct db *db, const struct charge_draft *draft, struct arena *arena)
{
    struct charging charging = {.db = db, .draft = draft, .arena = arena};
    const struct audit_actor actor = {draft->login_id, draft->address ? draft->address : ""};
    enum err err;

    if (draft->amount_cents <= 0 || draft->amount_cents > MONEY_MAX_CENTS)
        return fail(ERR_INPUT, "a charge must be positive and at most %d", MONEY_MAX_CENTS);
    err = read_context(&charging);
    if (!err)
        err = add_charge_line(&charging);
    if (!err)
        err = use_the_advance(&charging);
    if (!err)
        err = audit_add(db, draft->association_id, &actor, audit_action(draft->kind),
                        arena_printf(arena, "cart_line:%lld", (long long)draft->id), "");
    return err;
}
