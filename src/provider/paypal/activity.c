/*
 * A row of the activity report becomes a line of the statement. Its figures are signed as the
 * account's owner sees them, the fee too: net is their sum.
 */
#include "provider/paypal/activity.h"

#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "payment/intent.h"
#include "payment/known.h"
#include "provider/paypal/internal.h"

#define HEADERS(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct activity_column columns[CELL_COUNT] = {
    [CELL_DATE] = {"date", HEADERS("Date"), true},
    [CELL_TIME] = {"time", HEADERS("Heure", "Time"), false},
    [CELL_ZONE] = {"zone", HEADERS("Fuseau horaire", "TimeZone", "Time Zone"), false},
    [CELL_NAME] = {"name", HEADERS("Nom", "Name"), false},
    [CELL_TYPE] = {"type", HEADERS("Type", "Description"), true},
    [CELL_STATUS] = {"status", HEADERS("État", "Etat", "Statut", "Status"), false},
    [CELL_CURRENCY] = {"currency", HEADERS("Devise", "Currency"), true},
    [CELL_GROSS] = {"gross", HEADERS("Avant commission", "Brut", "Montant brut", "Gross"), true},
    [CELL_FEE] = {"fee", HEADERS("Commission", "Frais", "Fee", "Fees"), true},
    [CELL_NET] = {"net", HEADERS("Net"), false},
    [CELL_TRANSACTION] = {"transaction",
                          HEADERS("Numéro de transaction", "N° de transaction",
                                  "Nº de transaction", "Transaction ID"),
                          true},
    [CELL_REFERENCE] = {"reference",
                        HEADERS("Numéro de la transaction de référence",
                                "N° de transaction de référence", "Nº de transaction de référence",
                                "Reference Txn ID"),
                        false},
    [CELL_INVOICE] = {"invoice",
                      HEADERS("Numéro de facture", "N° de facture", "Nº de facture",
                              "Identifiant de facture", "Invoice Number", "Invoice ID"),
                      false},
    [CELL_CUSTOM] = {"custom",
                     HEADERS("Numéro de client", "N° de client", "Nº de client", "Personnalisé",
                             "Custom Number", "Custom"),
                     false},
    [CELL_IMPACT] = {"impact", HEADERS("Impact sur le solde", "Balance Impact"), false},
};

/* A row being read. */
struct reading {
    const struct provider_call *call;
    const struct provider_account *account;
    const struct activity_row *row;
    struct statement_line *line;
    size_t *column;
    const char *own_currency; /* the association's */
    const char *txn_id;
    const char *reference; /* NULL = none */
};

static struct str cell(const struct reading *reading, enum activity_cell which)
{
    return str_trim(reading->row->cells[which]);
}

static enum err refuse(const struct reading *reading, enum activity_cell which, const char *why)
{
    *reading->column = which;
    return fail(ERR_INPUT, "%s", why);
}

/* ---- figures ---- */

static enum err read_figures(const struct reading *reading)
{
    struct arena *arena = reading->call->arena;
    struct str code = cell(reading, CELL_CURRENCY);
    const struct currency *currency = money_currency(str_copy(arena, code));
    struct statement_line *line = reading->line;
    struct str net_text = cell(reading, CELL_NET);
    int64_t fee_cents;
    int64_t net_cents;

    if (!currency)
        return refuse(reading, CELL_CURRENCY, "devise inconnue");
    line->currency = currency->code;
    if (str_empty(cell(reading, CELL_GROSS)) ||
        !activity_amount(cell(reading, CELL_GROSS), currency, arena, &line->gross_cents))
        return refuse(reading, CELL_GROSS, "montant illisible");
    if (!activity_amount(cell(reading, CELL_FEE), currency, arena, &fee_cents))
        return refuse(reading, CELL_FEE, "montant illisible");
    if (!activity_amount(net_text, currency, arena, &net_cents))
        return refuse(reading, CELL_NET, "montant illisible");
    line->fee_cents = -fee_cents;
    if (!str_empty(net_text) && net_cents != money_add(line->gross_cents, fee_cents))
        return refuse(reading, CELL_NET, "le net n'est pas le brut et la commission");
    return OK;
}

static enum err read_moment(const struct reading *reading)
{
    static const enum activity_cell cells[] = {
        [MOMENT_DATE] = CELL_DATE, [MOMENT_TIME] = CELL_TIME, [MOMENT_ZONE] = CELL_ZONE};
    static const char *const reasons[] = {[MOMENT_DATE] = "date illisible",
                                          [MOMENT_TIME] = "heure illisible",
                                          [MOMENT_ZONE] = "fuseau horaire inconnu"};
    struct activity_moment moment = {.date = cell(reading, CELL_DATE),
                                     .time = cell(reading, CELL_TIME),
                                     .zone = cell(reading, CELL_ZONE),
                                     .comma = activity_has_comma(cell(reading, CELL_GROSS)),
                                     .home = reading->row->zone};
    enum activity_fault fault =
        activity_moment(&moment, reading->call->arena, &reading->line->fact_at);

    return fault == MOMENT_OK ? OK : refuse(reading, cells[fault], reasons[fault]);
}

/* ---- who and what ---- */

/* As in a notification: the whole value of an attempt's token first, whatever its form. */
static enum err name_token(const struct reading *reading, struct str text, bool *found)
{
    struct statement_line *line = reading->line;
    struct payment_intent intent;
    enum err err;

    if (*found || str_empty(text) || text.len > PAYPAL_TOKEN_MAX ||
        memchr(text.data, '\0', text.len))
        return OK;
    err = intent_find_token(reading->call->db, text, reading->call->arena, &intent);
    if (err == OK && intent.association_id == reading->account->association_id &&
        intent.provider_account_id == reading->account->id) {
        line->token = intent.token;
        *found = true;
    }
    if (paypal_is_mark(text, reading->call->installation)) {
        line->our_mark = true;
        if (!*line->token)
            line->token = str_copy(reading->call->arena, text);
    }
    return err == ERR_NOT_FOUND ? OK : err;
}

static enum err read_names(const struct reading *reading)
{
    struct str name = cell(reading, CELL_NAME);
    bool found = false;
    enum err err = name_token(reading, cell(reading, CELL_INVOICE), &found);

    if (err == OK)
        err = name_token(reading, cell(reading, CELL_CUSTOM), &found);
    if (utf8_clean(name))
        reading->line->payer = str_copy(reading->call->arena, utf8_cut(name, PAYPAL_PAYER_MAX));
    return err;
}

/* ---- what the money is ---- */

static void is_kind(struct statement_line *line, enum fact_kind kind)
{
    line->posts = true;
    line->kind = kind;
}

static void is_other(struct statement_line *line, enum fact_nature nature)
{
    is_kind(line, FACT_OTHER);
    line->nature = nature;
}

/* The kind that goes the way of the row's sign; else somebody looks at it. */
static void by_sign(struct statement_line *line, int64_t sign, enum fact_kind kind)
{
    if ((line->gross_cents > 0) == (sign > 0))
        is_kind(line, kind);
    else
        is_other(line, NATURE_UNKNOWN);
}

/* Which of our movements the exchange belongs to: its own-currency side is what that movement
 * brought or cost. */
static enum err exchanged(const struct reading *reading)
{
    static const struct {
        const char *name;
        enum fact_kind kind;
        int sign;
    } kinds[] = {
        {"capture", FACT_CAPTURE, 1},
        {"dispute_won", FACT_DISPUTE_WON, 1},
        {"refund", FACT_REFUND, -1},
        {"dispute", FACT_DISPUTE, -1},
        {"capture_failed", FACT_CAPTURE_FAILED, -1},
    };
    struct statement_line *line = reading->line;
    int sign = line->gross_cents > 0 ? 1 : -1;
    bool known = false;
    enum err err = OK;

    is_other(line, reading->reference ? NATURE_UNKNOWN : NATURE_TRANSFER);
    if (!reading->reference)
        return OK;
    if (sign > 0)
        is_kind(line, FACT_CAPTURE);
    for (size_t i = 0; err == OK && !known && i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].sign != sign)
            continue;
        err = known_movement(reading->call->db, reading->account->association_id,
                             reading->account->id, kinds[i].name, reading->reference, &known);
        if (err == OK && known)
            is_kind(line, kinds[i].kind);
    }
    if (line->kind != FACT_OTHER)
        line->movement = reading->reference;
    return err;
}

static enum err classify(const struct reading *reading, enum activity_class class)
{
    struct statement_line *line = reading->line;

    switch (class) {
    case CLASS_PAYMENT:
        by_sign(line, 1, FACT_CAPTURE);
        break;
    case CLASS_REFUND:
        by_sign(line, -1, FACT_REFUND);
        break;
    case CLASS_REVERSAL:
        by_sign(line, line->gross_cents, line->gross_cents > 0 ? FACT_DISPUTE_WON : FACT_DISPUTE);
        break;
    case CLASS_REVERSAL_CANCELED:
        by_sign(line, 1, FACT_DISPUTE_WON);
        break;
    case CLASS_FAILURE:
        by_sign(line, -1, FACT_CAPTURE_FAILED);
        break;
    case CLASS_PAYOUT:
        is_kind(line, FACT_PAYOUT);
        break;
    case CLASS_PAYOUT_FAILED:
        by_sign(line, 1, FACT_PAYOUT_FAILED);
        break;
    case CLASS_CONVERSION:
        return exchanged(reading);
    case CLASS_FEE:
        is_other(line, NATURE_FEE);
        break;
    case CLASS_RESERVE:
        is_other(line, NATURE_RESERVE);
        break;
    case CLASS_TRANSFER:
        is_other(line, NATURE_TRANSFER);
        break;
    case CLASS_INCOME:
        is_other(line, NATURE_INCOME);
        break;
    case CLASS_UNKNOWN:
        is_other(line, NATURE_UNKNOWN);
        break;
    case CLASS_NOTHING:
        break;
    }
    return OK;
}

/* Kinds that follow a payment or a payout. */
static bool follows(enum fact_kind kind)
{
    return kind == FACT_REFUND || kind == FACT_DISPUTE || kind == FACT_DISPUTE_WON ||
           kind == FACT_CAPTURE_FAILED || kind == FACT_PAYOUT_FAILED;
}

static enum err read_meaning(const struct reading *reading)
{
    struct arena *arena = reading->call->arena;
    struct statement_line *line = reading->line;
    struct str status = cell(reading, CELL_STATUS);
    enum activity_moved moved = activity_moved(status, cell(reading, CELL_IMPACT), arena);
    enum err err;

    if (moved == MOVED_UNKNOWN)
        return refuse(reading, CELL_STATUS, "état inconnu");
    if (moved == MOVED_NO || line->gross_cents == 0) {
        /* The same transaction may move money later: this row must not stand in its place. */
        line->reference =
            arena_printf(arena, "%s:%s", reading->txn_id, moved == MOVED_NO ? "memo" : "zero");
        return OK;
    }
    /* Money of another currency is not the account's: its exchange is. */
    if (strcmp(line->currency, reading->own_currency) != 0)
        return OK;
    err = classify(reading, activity_class(cell(reading, CELL_TYPE), arena));
    if (err == OK && line->posts && follows(line->kind) &&
        strcmp(line->movement, reading->txn_id) == 0)
        line->parent = reading->reference ? reading->reference : reading->txn_id;
    return err;
}

static enum err read_identity(struct reading *reading)
{
    struct arena *arena = reading->call->arena;
    struct str type = cell(reading, CELL_TYPE);
    struct association association;
    enum err err =
        association_find(reading->call->db, reading->account->association_id, arena, &association);

    if (err != OK)
        return err;
    reading->own_currency = association.currency->code;
    reading->txn_id = paypal_word(cell(reading, CELL_TRANSACTION), NULL, arena);
    reading->reference = paypal_word(cell(reading, CELL_REFERENCE), NULL, arena);
    if (!reading->txn_id)
        return refuse(reading, CELL_TRANSACTION, "sans numéro de transaction");
    if (str_empty(type) || !utf8_clean(type))
        return refuse(reading, CELL_TYPE, "type absent ou illisible");
    reading->line->type = str_copy(arena, utf8_cut(type, PAYPAL_PAYER_MAX));
    reading->line->reference = reading->txn_id;
    reading->line->movement = reading->txn_id;
    return OK;
}

static enum err activity_line(const struct provider_call *call,
                              const struct provider_account *account,
                              const struct activity_row *row, struct statement_line *line,
                              size_t *column)
{
    struct reading reading = {
        .call = call, .account = account, .row = row, .line = line, .column = column};
    enum err err;

    *line = (struct statement_line){
        .fee_reference = "", .token = "", .payer = "", .payout = "", .nature = NATURE_UNKNOWN};
    *column = CELL_COUNT;
    err = read_identity(&reading);
    if (err == OK)
        err = read_figures(&reading);
    if (err == OK)
        err = read_moment(&reading);
    if (err == OK)
        err = read_names(&reading);
    if (err == OK)
        err = read_meaning(&reading);
    if (err == OK)
        line->fee_reference = paypal_fee_reference(line->movement, call->arena);
    return err;
}

const struct provider_activity paypal_activity = {
    .columns = columns,
    .column_count = CELL_COUNT,
    .line = activity_line,
};
