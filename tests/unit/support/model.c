#include "support/model.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Sums of one payment, of one dispute, of one member. */
struct payment {
    int member;
    const char *places;
    int64_t captured, failed, refunded, disputed, lost;
};
struct dispute {
    int payment;
    bool lost;
    int64_t cents;
};
struct cart {
    int64_t owes, paid;
};

static int64_t between(int64_t cents, int64_t most)
{
    return cents < 0 ? 0 : cents > most ? most : cents;
}

static void add(struct model_books *books, const char *code, int64_t cents)
{
    size_t i = 0;

    while (i < books->account_count && strcmp(books->accounts[i].code, code) != 0)
        i++;
    assert(i < MODEL_ACCOUNTS_MAX);
    if (i == books->account_count)
        books->accounts[books->account_count++] = (struct model_account){code, 0};
    books->accounts[i].cents += cents;
}

static void move(struct model_books *books, const char *debit, const char *credit, int64_t cents)
{
    add(books, debit, cents);
    add(books, credit, -cents);
}

/* The money of one payment: no more goes back than came in, what failed or was refunded comes
 * before what is disputed, the excess waits in 471. */
static void settle(const struct payment *payment, struct cart *carts, int64_t *owed,
                   enum model_mistake mistake, struct model_books *books)
{
    int64_t most = mistake == MODEL_LETS_MORE_GO_BACK ? INT64_MAX / 2 : payment->captured;
    int64_t gone =
        between(between(payment->failed, most) + between(payment->refunded, most), most);
    int64_t disputed = between(payment->disputed, most - gone);
    int64_t lost = between(payment->lost, disputed);
    int64_t all = payment->failed + payment->refunded + payment->disputed;

    if (payment->member == MODEL_NOBODY) {
        add(books, payment->places, all - payment->captured);
        return;
    }
    add(books, "471", all - gone - disputed);
    add(books, "4671", disputed - lost);
    carts[payment->member].paid += payment->captured - gone - lost;
    owed[payment->member] += gone + disputed - payment->captured;
}

/* What a fact does whatever else there is. */
static void take(const struct model_fact *fact, struct payment *payments, struct dispute *disputes,
                 struct cart *carts, enum model_mistake mistake, struct model_books *books)
{
    struct payment *payment = &payments[fact->payment];
    struct dispute *dispute = &disputes[fact->dispute];
    int64_t cents = fact->cents;

    switch (fact->what) {
    case MODEL_CHARGE:
        carts[fact->member].owes += cents;
        books->owed_cents[fact->member] += cents;
        break;
    case MODEL_CAPTURE:
        payment->member = fact->member;
        payment->places = fact->places;
        payment->captured += cents;
        add(books, fact->home, cents);
        break;
    case MODEL_FAILED:
        payment->failed += cents;
        add(books, fact->home, -cents);
        break;
    case MODEL_REFUND:
        payment->refunded += cents;
        add(books, fact->home, -cents);
        break;
    case MODEL_DISPUTE:
        *dispute = (struct dispute){fact->payment, dispute->lost, dispute->cents + cents};
        add(books, fact->home, -cents);
        break;
    case MODEL_LOST:
        *dispute = (struct dispute){fact->payment, true, dispute->cents};
        break;
    case MODEL_FEE:
        if (mistake != MODEL_FORGETS_FEES)
            move(books, fact->elsewhere ? fact->places : "627", fact->home, cents);
        break;
    case MODEL_DEPOSIT:
        move(books, "5121", fact->home, cents);
        break;
    case MODEL_TRANSFER:
        carts[fact->member].paid -= cents;
        carts[fact->to_member].paid += cents;
        books->owed_cents[fact->member] += cents;
        books->owed_cents[fact->to_member] -= cents;
        break;
    case MODEL_PAYOUT:
        move(books, "5121", fact->home, cents);
        break;
    case MODEL_OTHER_MOVED:
        move(books, fact->home, fact->places, cents);
        break;
    }
}

void model_books(const struct model_fact *facts, size_t fact_count, size_t members,
                 const char *const *revenue, enum model_mistake mistake, struct model_books *books)
{
    struct payment *payments = calloc(fact_count + 1, sizeof(*payments));
    struct dispute *disputes = calloc(fact_count + 1, sizeof(*disputes));
    struct cart *carts = calloc(members, sizeof(*carts));

    assert(payments && disputes && carts);
    books->account_count = 0;
    memset(books->owed_cents, 0, members * sizeof(*books->owed_cents));
    for (size_t i = 0; i < fact_count; i++)
        take(&facts[i], payments, disputes, carts, mistake, books);
    for (size_t i = 0; i < fact_count; i++) {
        payments[disputes[i].payment].disputed += disputes[i].cents;
        payments[disputes[i].payment].lost += disputes[i].lost ? disputes[i].cents : 0;
    }
    for (size_t i = 0; i < fact_count; i++)
        settle(&payments[i], carts, books->owed_cents, mistake, books);
    for (size_t i = 0; i < members; i++) {
        int64_t earned = between(carts[i].paid, carts[i].owes);

        add(books, revenue[i], -earned);
        add(books, "4191", earned - carts[i].paid);
        books->advance_cents[i] = carts[i].paid - earned;
    }
    free(payments);
    free(disputes);
    free(carts);
}
