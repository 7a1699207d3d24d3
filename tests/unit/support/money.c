#include "money.h"

#include "base/random.h"
#include "payment/verify.h"

struct payment_fact money_fact(const struct provider_account *account, enum fact_kind kind,
                               const char *reference, const char *parent, int64_t amount_cents)
{
    return (struct payment_fact){
        .kind = kind,
        .association_id = account->association_id,
        .provider_account_id = account->id,
        .token = "",
        .reference = reference,
        .amount_cents = amount_cents,
        .currency = "EUR",
        .fact_at = HOUSE_NOW,
        .parent = parent,
        .payer = "",
        .reason = "",
    };
}

struct payment_fact money_elsewhere(const struct provider_account *account, const char *reference,
                                    int64_t amount_cents)
{
    return money_fact(account, FACT_CAPTURE, reference, NULL, amount_cents);
}

struct orphan_run {
    const struct payment_fact *fact;
    struct arena *arena;
    struct post_result result;
};

static enum err post_orphan(struct db *db, void *argument)
{
    struct orphan_run *run = argument;

    return payment_post_orphan(db, run->fact, HOUSE_NOW, run->arena, &run->result);
}

struct post_result money_post_orphan(struct house *house, const struct payment_fact *fact)
{
    struct orphan_run run = {.fact = fact, .arena = house->arena};

    house_ok(db_transaction(house->db, post_orphan, &run));
    return run.result;
}

struct charge_run {
    struct charge_draft draft;
    struct arena *arena;
};

static enum err add_charge(struct db *db, void *argument)
{
    struct charge_run *run = argument;

    return payment_charge(db, &run->draft, run->arena);
}

int64_t money_charge(struct house *house, int64_t member_id, int64_t cents, const char *account,
                     const char *label)
{
    struct charge_run run = {.draft = {.association_id = house->association_id,
                                       .member_id = member_id,
                                       .amount_cents = cents,
                                       .label = label,
                                       .date = {2026, 10, 1},
                                       .for_day = {2026, 10, 1},
                                       .account_code = account,
                                       .now = HOUSE_NOW},
                             .arena = house->arena};

    house_ok(random_id(&run.draft.id));
    house_ok(db_transaction(house->db, add_charge, &run));
    return run.draft.id;
}

int64_t money_balance(struct house *house, const char *account)
{
    return house_count(house,
                       "SELECT COALESCE(SUM(debit_cents - credit_cents), 0) FROM entry_line "
                       "WHERE account_code = '%s'",
                       account);
}

int64_t money_open(struct house *house, const char *reason)
{
    return house_count(house,
                       "SELECT COUNT(*) FROM quarantine WHERE reason = '%s' "
                       "AND settled_at IS NULL",
                       reason);
}

void money_clean(struct house *house)
{
    struct verify_report report;

    house_ok(verify_database(house->db, house->arena, &report));
    for (size_t i = 0; i < report.breach_count; i++)
        print_error("%d %s %s: %s\n", report.breaches[i].invariant, report.breaches[i].table,
                    report.breaches[i].row, report.breaches[i].text);
    assert_int_equal(report.breach_count, 0);
}
