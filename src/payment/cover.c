#include "payment/cover.h"

#include "base/random.h"

enum { RATE_WHOLE = 10000 };

/* In the chart of every association, and kept there. */
static const char cover_account[] = "7588";

int64_t cover_cents(int64_t amount_cents, int64_t rate_points)
{
    if (amount_cents <= 0 || amount_cents > MONEY_MAX_CENTS || rate_points <= 0)
        return 0;
    return (amount_cents * rate_points + RATE_WHOLE - 1) / RATE_WHOLE;
}

static enum err add_donation(struct posting *posting, const struct payment_intent *intent)
{
    struct member payer;
    struct cart_draft line = {
        .association_id = posting->association.id,
        .member_id = intent->member_id,
        .kind = CART_DONATION,
        .amount_cents = intent->fee_cover_cents,
        .label = "Participation aux frais de paiement",
        .date = posting->fact_date,
        .fiscal_year_id = posting->entry_year.id,
        .account_code = cover_account,
        .now = posting->now,
    };
    enum err err = member_find(posting->db, posting->association.id, intent->member_id,
                               posting->arena, &payer);

    if (!err)
        err = random_id(&line.id);
    if (!err)
        err = cart_add_line(posting->db, &line);
    if (!err)
        posting_add_share(posting, &(struct share){.charge_line_id = line.id,
                                                   .member_id = payer.id,
                                                   .member_number = payer.number,
                                                   .amount_cents = line.amount_cents,
                                                   .account = cover_account});
    return err;
}

enum err cover_share_out(struct posting *posting, const struct payment_intent *intent)
{
    bool covers = intent->fee_cover_cents > 0 && posting->amount_cents >= intent->amount_cents;
    enum err err;

    posting->kept_cents = covers ? intent->fee_cover_cents : 0;
    err = posting_share_out(posting, intent->member_id, intent->id);
    return err || !covers ? err : add_donation(posting, intent);
}
