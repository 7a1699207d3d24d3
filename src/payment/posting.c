#include "payment/posting.h"

#include "base/arena.h"
#include "base/random.h"
#include "payment/internal.h"
#include "queries.h"

#include <string.h>

/* ---- what is known before ---- */

static enum journal posting_journal(const struct provider_account *account)
{
    if (strcmp(account->provider, "stripe") == 0)
        return JOURNAL_STRIPE;
    if (strcmp(account->provider, "paypal") == 0)
        return JOURNAL_PAYPAL;
    if (str_starts(str_of(account->transit_account), "53"))
        return JOURNAL_CASH;
    return str_starts(str_of(account->transit_account), "5112") ? JOURNAL_CHEQUE : JOURNAL_BANK;
}

enum err posting_begin(struct posting *posting, int64_t association_id, int64_t account_id,
                       int64_t fact_at)
{
    struct date entry_date;
    enum err err =
        association_find(posting->db, association_id, posting->arena, &posting->association);

    if (!err)
        err = account_find(posting->db, association_id, account_id, posting->arena,
                           &posting->account);
    if (err)
        return err;
    posting->fact_date = zone_date(posting->association.zone, fact_at);
    posting->cart_label = arena_printf(posting->arena, "Paiement %s", posting->account.label);
    return accounting_entry_day(posting->db, &posting->association, posting->fact_date,
                                posting->now, posting->arena, &entry_date, &posting->entry_year);
}

/* ---- shares ---- */

bool posting_year_is_later(const struct posting *posting, const char *first_day)
{
    struct date date;

    return date_parse_iso(str_of(first_day), &date) &&
           date_compare(date, posting->entry_year.last_day) > 0;
}

static void add_share(struct posting *posting, const struct cart_due *due, int64_t cents)
{
    require(posting->share_count < SHARES_MAX);
    posting->shares[posting->share_count++] = (struct share){
        .charge_line_id = due->charge_line_id,
        .member_id = due->member_id,
        .member_number = due->member_number,
        .amount_cents = cents,
        .account = due->account_code,
        .deferred = posting_year_is_later(posting, due->fiscal_year_first_day),
    };
}

static struct share *share_of(struct posting *posting, int64_t charge_line_id)
{
    for (int i = 0; i < posting->share_count; i++)
        if (posting->shares[i].charge_line_id == charge_line_id)
            return &posting->shares[i];
    return NULL;
}

/* Gives at most `cents` of what is left to one charge; the last two shares are kept for an advance
 * and a donation. */
static void pay_due(struct posting *posting, struct cart_due *due, int64_t cents,
                    int64_t *left_cents)
{
    struct share *share = share_of(posting, due->charge_line_id);

    if (cents > due->open_cents)
        cents = due->open_cents;
    if (cents > *left_cents)
        cents = *left_cents;
    if (cents <= 0 || (!share && posting->share_count >= SHARES_MAX - 2))
        return;
    if (share)
        share->amount_cents = money_add(share->amount_cents, cents);
    else
        add_share(posting, due, cents);
    due->open_cents -= cents;
    *left_cents -= cents;
}

static enum err pay_frozen(struct posting *posting, int64_t intent_id, struct cart_due *dues,
                           size_t count, int64_t *left_cents)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_select(posting->db, Q_INTENT_CHARGES,
                             DB_VALUES(db_int(posting->association.id), db_int(intent_id)), &rows);

    while (!err && !(err = db_next(&rows, &found)) && found)
        for (size_t i = 0; i < count; i++)
            if (dues[i].charge_line_id == db_column_int(&rows, 0))
                pay_due(posting, &dues[i], db_column_int(&rows, 1), left_cents);
    db_rows_done(&rows);
    return err;
}

static enum err add_advance(struct posting *posting, int64_t payer_id, int64_t cents)
{
    struct member payer;
    enum err err;

    if (cents == 0)
        return OK;
    err = member_find(posting->db, posting->association.id, payer_id, posting->arena, &payer);
    if (err)
        return err;
    posting->shares[posting->share_count++] = (struct share){
        .member_id = payer_id, .member_number = payer.number, .amount_cents = cents};
    return OK;
}

enum err posting_share_out(struct posting *posting, int64_t payer_id, int64_t intent_id)
{
    struct cart_due *dues;
    size_t count;
    int64_t left_cents = posting->amount_cents - posting->kept_cents;
    enum err err =
        cart_dues(posting->db, posting->association.id, payer_id, posting->arena, &dues, &count);

    if (!err && intent_id)
        err = pay_frozen(posting, intent_id, dues, count, &left_cents);
    for (size_t i = 0; !err && i < count; i++)
        pay_due(posting, &dues[i], left_cents, &left_cents);
    return err ? err : add_advance(posting, payer_id, left_cents);
}

void posting_add_share(struct posting *posting, const struct share *share)
{
    posting->shares[posting->share_count++] = *share;
}

enum err posting_share_ticked(struct posting *posting, int64_t payer_id,
                              const struct ticked_charge *ticked, size_t count)
{
    struct cart_due *dues;
    size_t due_count = 0;
    int64_t left_cents = posting->amount_cents;
    enum err err = cart_dues(posting->db, posting->association.id, payer_id, posting->arena, &dues,
                             &due_count);

    for (size_t i = 0; !err && i < count; i++)
        for (size_t j = 0; j < due_count; j++)
            if (dues[j].charge_line_id == ticked[i].charge_line_id)
                pay_due(posting, &dues[j], ticked[i].amount_cents, &left_cents);
    for (size_t j = 0; !err && j < due_count; j++)
        pay_due(posting, &dues[j], left_cents, &left_cents);
    return err ? err : add_advance(posting, payer_id, left_cents);
}

enum err posting_share_advance(struct posting *posting, int64_t payer_id)
{
    return add_advance(posting, payer_id, posting->amount_cents);
}

/* ---- writing ---- */

int64_t posting_value(const struct posting *posting)
{
    return posting->converted ? posting->value_cents : posting->amount_cents;
}

void posting_exchange(struct entry_draft *draft)
{
    struct accounting_pair loss =
        accounting_accounts_for(ACCOUNTING_EXCHANGE_LOSS, ACCOUNTING_CASH, NULL, NULL);
    struct accounting_pair gain =
        accounting_accounts_for(ACCOUNTING_EXCHANGE_GAIN, ACCOUNTING_CASH, NULL, NULL);
    int64_t surplus = 0;

    for (int i = 0; i < draft->line_count; i++)
        surplus = money_add(surplus, draft->lines[i].debit_cents - draft->lines[i].credit_cents);
    if (surplus > 0)
        entry_credit(draft, gain.credit, 0, surplus);
    else
        entry_debit(draft, loss.debit, 0, -surplus);
}

enum err posting_begin_entry(struct posting *posting, struct entry_draft *draft)
{
    draft->association = &posting->association;
    draft->journal = posting_journal(&posting->account);
    draft->fact_date = posting->fact_date;
    draft->piece = posting->piece;
    draft->now = posting->now;
    return random_id(&draft->id);
}

enum err posting_finish_entry(struct posting *posting, struct entry_draft *draft,
                              struct entry_result *result)
{
    enum err err = entry_add(posting->db, draft, posting->arena, result);

    posting->entry_id = draft->id;
    if (!err)
        err = db_run(posting->db, Q_TRANSACTION_SET_ENTRY,
                     DB_VALUES(db_int(posting->association.id), db_int(posting->transaction_id),
                               db_int(draft->id)));
    if (!err && result->account_missing)
        err = posting_quarantine(posting, "account_missing", "");
    return err;
}

static enum accounting_fact share_fact(const struct share *share)
{
    if (!share->charge_line_id)
        return ACCOUNTING_CAPTURE_ADVANCE;
    return share->deferred ? ACCOUNTING_CAPTURE_DEFERRED : ACCOUNTING_CAPTURE_DUE;
}

/* The movement has its entry: this one moves what stands elsewhere. */
static enum err add_own_entry(struct posting *posting, struct entry_draft *draft)
{
    struct entry_result result;
    enum err err;

    draft->journal = JOURNAL_OTHER;
    posting->entry_id = draft->id;
    err = entry_add(posting->db, draft, posting->arena, &result);
    if (!err && result.account_missing)
        err =
            account_missing_add(posting->db, posting->association.id, draft->id, "", posting->now);
    return err;
}

static enum err write_entry(struct posting *posting)
{
    struct entry_draft *draft = arena_alloc(posting->arena, sizeof(*draft));
    struct entry_result result;
    enum err err = posting_begin_entry(posting, draft);

    if (err)
        return err;
    draft->label = arena_printf(posting->arena, "%s, adhérent n° %lld", posting->cart_label,
                                (long long)posting->shares[0].member_number);
    if (posting->from_account)
        entry_debit(draft, posting->from_account, 0, posting->amount_cents);
    else
        entry_debit(draft, posting->account.transit_account, 0, posting_value(posting));
    for (int i = 0; i < posting->share_count; i++) {
        const struct share *share = &posting->shares[i];
        struct accounting_pair pair = accounting_accounts_for(
            share_fact(share), ACCOUNTING_CASH, posting->account.transit_account, share->account);
        entry_credit(draft, pair.credit, share->member_number, share->amount_cents);
    }
    if (posting->from_account)
        return add_own_entry(posting, draft);
    if (posting->converted)
        posting_exchange(draft);
    return posting_finish_entry(posting, draft, &result);
}

static int64_t member_total(const struct posting *posting, int64_t member_id)
{
    int64_t total = 0;

    for (int i = 0; i < posting->share_count; i++)
        if (posting->shares[i].member_id == member_id)
            total = money_add(total, posting->shares[i].amount_cents);
    return total;
}

static enum err write_cart_line(struct posting *posting, int64_t member_id, int64_t *line_id)
{
    struct cart_draft line = {
        .association_id = posting->association.id,
        .member_id = member_id,
        .kind = CART_PAYMENT,
        .amount_cents = -member_total(posting, member_id),
        .label = posting->cart_label,
        .date = posting->fact_date,
        .fiscal_year_id = posting->entry_year.id,
        .transaction_id = posting->transaction_id,
        .entry_id = posting->entry_id,
        .now = posting->now,
    };
    enum err err = random_id(&line.id);

    *line_id = line.id;
    return err ? err : cart_add_line(posting->db, &line);
}

static enum err allocate_share(struct posting *posting, const struct share *share,
                               int64_t payment_line_id)
{
    const struct allocation_draft draft = {
        .association_id = posting->association.id,
        .member_id = share->member_id,
        .payment_line_id = payment_line_id,
        .charge_line_id = share->charge_line_id,
        .amount_cents = share->amount_cents,
        .deferred = share->deferred ? 1 : 0,
        .entry_id = posting->entry_id,
        .now = posting->now,
    };

    return share->charge_line_id ? cart_allocate(posting->db, &draft) : OK;
}

/* The payment line of one member with the allocations of their shares. */
static enum err write_member(struct posting *posting, int64_t member_id)
{
    int64_t line_id;
    enum err err = write_cart_line(posting, member_id, &line_id);

    for (int i = 0; !err && i < posting->share_count; i++)
        if (posting->shares[i].member_id == member_id)
            err = allocate_share(posting, &posting->shares[i], line_id);
    return err;
}

static bool first_of_member(const struct posting *posting, int index)
{
    for (int i = 0; i < index; i++)
        if (posting->shares[i].member_id == posting->shares[index].member_id)
            return false;
    return true;
}

enum err posting_write_shares(struct posting *posting)
{
    enum err err = write_entry(posting);

    for (int i = 0; !err && i < posting->share_count; i++)
        if (first_of_member(posting, i))
            err = write_member(posting, posting->shares[i].member_id);
    return err;
}

/* The whole of it against one account, without cart. */
static enum err write_pair(struct posting *posting, struct accounting_pair pair, const char *label)
{
    struct entry_draft *draft = arena_alloc(posting->arena, sizeof(*draft));
    struct entry_result result;
    enum err err = posting_begin_entry(posting, draft);

    if (err)
        return err;
    draft->label = label;
    entry_debit(draft, pair.debit, 0, posting_value(posting));
    entry_credit(draft, pair.credit, 0, posting->amount_cents);
    if (posting->converted)
        posting_exchange(draft);
    return posting_finish_entry(posting, draft, &result);
}

enum err posting_write_unknown(struct posting *posting)
{
    return write_pair(posting,
                      accounting_accounts_for(ACCOUNTING_CAPTURE_UNKNOWN, ACCOUNTING_CASH,
                                              posting->account.transit_account, NULL),
                      arena_printf(posting->arena, "%s, à rattacher", posting->cart_label));
}

enum err posting_write_elsewhere(struct posting *posting)
{
    return write_pair(posting,
                      accounting_accounts_for(ACCOUNTING_CAPTURE_ELSEWHERE, ACCOUNTING_CASH,
                                              posting->account.transit_account,
                                              posting->account.other_account),
                      arena_printf(posting->arena, "%s, hors Guichet", posting->cart_label));
}

enum err posting_quarantine(struct posting *posting, const char *reason, const char *detail)
{
    int64_t id;
    enum err err = random_id(&id);

    if (err)
        return err;
    return db_run(posting->db, Q_QUARANTINE_ADD,
                  DB_VALUES(db_int(posting->association.id), db_int(id), db_text(reason),
                            posting->transaction_id ? db_int(posting->transaction_id) : db_null(),
                            posting->entry_id ? db_int(posting->entry_id) : db_null(),
                            db_text(detail), db_int(posting->now)));
}
