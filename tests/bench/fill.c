/*
 * fill: a house that has been in use for years, made by the kernel itself.
 *
 *   fill DATABASE PAYMENTS OPEN
 *
 * The database has one association with a Stripe account. It gets members with fifteen charges and
 * fifteen payments each (thirty lines of a cart), told by as many notifications, with their fees,
 * over the six hundred days until now. Then OPEN attempts that wait for their notification, each
 * of a member of its own; they are printed: token, session, payment, cents.
 */
#include "accounting/accounting.h"
#include "association/association.h"
#include "association/login.h"
#include "association/member.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"
#include "payment/account.h"
#include "payment/event.h"
#include "payment/intent.h"
#include "payment/post.h"
#include "queries.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 15, DAYS = 600, OF_ONE_COMMIT = 500, CENTS = 3800, FEE_CENTS = 82, RAW_LEN = 700 };

struct filling {
    struct db *db;
    struct arena *arena;
    const char *mark;
    struct association association;
    struct provider_account account;
    int64_t *members;
    int64_t member_count;
    int64_t login_id;
    int64_t payment_count, open_count;
    int64_t now;
    /* of the commit under way */
    int64_t from, until;
    struct arena *scratch;
};

static void must(enum err err, const char *what)
{
    if (!err)
        return;
    fprintf(stderr, "fill: %s: %s: %s\n", what, err_name(err), err_last()->text);
    exit(1);
}

static int64_t new_id(void)
{
    int64_t id;

    must(random_id(&id), "id");
    return id;
}

/* Many steps, some hundred to a commit. */
static void steps(struct filling *filling, int64_t count, db_write_fn *step, const char *what)
{
    filling->scratch = arena_new();
    for (filling->from = 0; filling->from < count; filling->from = filling->until) {
        int64_t until = filling->from + OF_ONE_COMMIT;

        filling->until = until < count ? until : count;
        must(db_transaction(filling->db, step, filling), what);
        arena_reset(filling->scratch);
    }
    arena_free(filling->scratch);
}

static int64_t time_of(const struct filling *filling, int64_t payment)
{
    return filling->now - (int64_t)DAYS * 86400 +
           payment * ((int64_t)DAYS * 86400) / (filling->payment_count + 1);
}

/* ---- members ---- */

static enum err add_members(struct db *db, void *argument)
{
    struct filling *filling = argument;
    const struct audit_actor nobody = {0, ""};
    enum err err = OK;

    for (int64_t i = filling->from; !err && i < filling->until; i++) {
        int64_t number;
        struct member_draft draft = {
            .id = new_id(),
            .association_id = filling->association.id,
            .first_name = arena_printf(filling->scratch, "Jeanne %lld", (long long)(i % 997)),
            .last_name = arena_printf(filling->scratch, "Martin-%lld", (long long)i),
            .email = "",
            .now = time_of(filling, 0)};

        err = member_add(db, &draft, &nobody, &number);
        filling->members[i] = draft.id;
    }
    return err;
}

/* ---- one payment ---- */

struct names {
    const char *token, *session, *payment;
};

static struct names name(struct filling *filling)
{
    char random[RANDOM_TOKEN_MAX];
    struct names names;

    must(random_token(random), "token");
    names.token = arena_printf(filling->scratch, "G%s-%s", filling->mark, random);
    names.session = arena_printf(filling->scratch, "cs_test_a1%s%s", random, random);
    names.payment = arena_printf(filling->scratch, "pi_3%.24s", random);
    return names;
}

static enum err charge(struct filling *filling, int64_t member_id, int64_t at)
{
    struct charge_draft draft = {.kind = CART_CHARGE,
                                 .id = new_id(),
                                 .association_id = filling->association.id,
                                 .member_id = member_id,
                                 .amount_cents = CENTS,
                                 .label = "Cotisation et licence",
                                 .date = zone_date(filling->association.zone, at),
                                 .for_day = zone_date(filling->association.zone, at),
                                 .account_code = "7561",
                                 .address = "",
                                 .now = at};

    return payment_charge(filling->db, &draft, filling->scratch);
}

/* The bytes of a real request are about as many. */
static const char *request_of(const struct filling *filling, const struct names *names)
{
    return arena_printf(
        filling->scratch,
        "mode=payment&line_items%%5B0%%5D%%5Bquantity%%5D=1"
        "&line_items%%5B0%%5D%%5Bprice_data%%5D%%5Bunit_amount%%5D=%d&client_reference_id=%s"
        "&metadata%%5Bintent%%5D=%s&payment_intent_data%%5Bmetadata%%5D%%5Bintent%%5D=%s"
        "&locale=fr&submit_type=pay&success_url=http%%3A%%2F%%2F127.0.0.1%%2Fpaiement%%2F%s"
        "&cancel_url=http%%3A%%2F%%2F127.0.0.1%%2Fpaiement%%2F%s%%2Fannule",
        CENTS, names->token, names->token, names->token, names->token, names->token);
}

static enum err open_attempt(struct filling *filling, const struct names *names, int64_t member_id,
                             int64_t at)
{
    enum intent_start start;
    int64_t intent_id;
    struct checkout_answer answer = {.verdict = CHECKOUT_OPENED,
                                     .url = "https://checkout.stripe.com/c/pay/x",
                                     .reference = names->session};
    struct intent_draft draft = {.association_id = filling->association.id,
                                 .id = new_id(),
                                 .member_id = member_id,
                                 .account = &filling->account,
                                 .token = names->token,
                                 .form_token = names->token,
                                 .amount_cents = CENTS,
                                 .currency = filling->association.currency->code,
                                 .balance_shown_cents = CENTS,
                                 .request = request_of(filling, names),
                                 .idempotency_key = names->token,
                                 .expires_at = at + INTENT_EXPIRES_S,
                                 .login_id = filling->login_id,
                                 .address = "127.0.0.1",
                                 .now = at};
    enum err err = intent_create(filling->db, &draft, &start, &intent_id);

    if (!err && start != INTENT_STARTED)
        err = fail(ERR_INTERNAL, "the attempt was not begun: %d", (int)start);
    return err ? err
               : intent_answered(filling->db, filling->association.id, draft.id, &answer, at);
}

static void set_facts(const struct filling *filling, const struct names *names, int64_t at,
                      struct resolution *resolution)
{
    struct payment_fact capture = {.kind = FACT_CAPTURE,
                                   .association_id = filling->association.id,
                                   .provider_account_id = filling->account.id,
                                   .token = names->token,
                                   .our_mark = true,
                                   .reference = names->payment,
                                   .amount_cents = CENTS,
                                   .currency = "EUR",
                                   .fact_at = at,
                                   .payer = "Jeanne Martin",
                                   .reason = ""};
    struct payment_fact fee = capture;

    fee.kind = FACT_FEE;
    fee.reference = arena_printf(filling->scratch, "txn_%s", names->payment);
    fee.parent = names->payment;
    fee.token = "";
    fee.amount_cents = FEE_CENTS;
    resolution->kind = RESOLUTION_FACTS;
    resolution->association_id = filling->association.id;
    resolution->provider_account_id = filling->account.id;
    resolution->authentic = true;
    resolution->facts[0] = capture;
    resolution->facts[1] = fee;
    resolution->fact_count = 2;
}

static enum err tell(struct filling *filling, const struct names *names, int64_t at)
{
    char raw[RAW_LEN];
    struct resolution *resolution = arena_alloc(filling->scratch, sizeof(*resolution));
    enum event_outcome outcome;
    const struct provider_message message = {.hint = filling->account.public_id,
                                             .body = {raw, sizeof(raw)},
                                             .content_type = str_of("application/json"),
                                             .source_address = str_of("127.0.0.1")};
    const struct door_answer door = {.verdict = DOOR_ACCEPTED,
                                     .association_id = filling->association.id,
                                     .provider_account_id = filling->account.id,
                                     .authentic = true,
                                     .external_id =
                                         arena_printf(filling->scratch, "evt_%s", names->payment),
                                     .type = "checkout.session.completed"};
    struct event_draft draft = {.id = new_id(),
                                .provider = "stripe",
                                .message = &message,
                                .door = &door,
                                .now = at,
                                .leased = 1};
    struct claim claim = {.id = draft.id, .claim = 1};
    enum err err;

    memset(raw, ' ', sizeof(raw));
    memset(resolution, 0, sizeof(*resolution));
    set_facts(filling, names, at, resolution);
    err = event_add(filling->db, &draft);
    if (!err)
        err = event_finish(filling->db, &claim, resolution, at, filling->scratch, &outcome);
    if (!err && outcome != OUTCOME_POSTED)
        err = fail(ERR_INTERNAL, "it was not posted: %s", event_outcome_name(outcome));
    return err;
}

static enum err add_payments(struct db *db, void *argument)
{
    struct filling *filling = argument;
    enum err err = OK;

    (void)db;
    for (int64_t i = filling->from; !err && i < filling->until; i++) {
        struct names names = name(filling);
        int64_t member_id = filling->members[i % filling->member_count];
        int64_t at = time_of(filling, i);

        err = charge(filling, member_id, at);
        if (!err)
            err = open_attempt(filling, &names, member_id, at);
        if (!err)
            err = tell(filling, &names, at);
    }
    return err;
}

static enum err add_open(struct db *db, void *argument)
{
    struct filling *filling = argument;
    enum err err = OK;

    (void)db;
    for (int64_t i = filling->from; !err && i < filling->until; i++) {
        struct names names = name(filling);
        int64_t member_id = filling->members[i];

        err = charge(filling, member_id, filling->now);
        if (!err)
            err = open_attempt(filling, &names, member_id, filling->now);
        if (!err)
            printf("%s %s %s %d\n", names.token, names.session, names.payment, CENTS);
    }
    return err;
}

/* ---- the house it begins with ---- */

static enum err ensure_login(struct db *db, void *argument)
{
    struct filling *filling = argument;
    const struct audit_actor nobody = {0, ""};

    return login_ensure(db, str_of("membres@exemple.fr"), &nobody, filling->now, filling->arena,
                        &filling->login_id);
}

static void read_house(struct filling *filling)
{
    int64_t *ids;
    size_t count;
    struct provider_account *accounts;

    must(association_list(filling->db, filling->arena, &ids, &count), "associations");
    must(association_find(filling->db, ids[0], filling->arena, &filling->association), "one");
    must(installation_mark(filling->db, filling->arena, &filling->mark), "mark");
    must(account_list_linked(filling->db, ids[0], filling->arena, &accounts, &count), "accounts");
    must(db_transaction(filling->db, ensure_login, filling), "login");
    for (size_t i = 0; i < count; i++)
        if (strcmp(accounts[i].provider, "stripe") == 0)
            filling->account = accounts[i];
}

static void make_members(struct filling *filling, int64_t count)
{
    filling->member_count = count;
    filling->members = calloc((size_t)count, sizeof(*filling->members));
    if (!filling->members)
        must(ERR_INTERNAL, "memory");
    steps(filling, count, add_members, "members");
}

int main(int argc, char **argv)
{
    struct filling filling = {.arena = arena_new(), .now = clock_now()};

    if (argc != 4) {
        fprintf(stderr, "usage: fill DATABASE PAYMENTS OPEN\n");
        return 2;
    }
    filling.payment_count = strtoll(argv[2], NULL, 10);
    filling.open_count = strtoll(argv[3], NULL, 10);
    must(db_open(argv[1], DB_WRITE, &guichet_queries, &filling.db), argv[1]);
    read_house(&filling);
    make_members(&filling, filling.payment_count / ROUNDS + 1);
    steps(&filling, filling.payment_count, add_payments, "payments");
    free(filling.members);
    if (filling.open_count > 0) {
        make_members(&filling, filling.open_count);
        steps(&filling, filling.open_count, add_open, "open attempts");
        free(filling.members);
    }
    db_close(filling.db);
    arena_free(filling.arena);
    return 0;
}
