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
    [CELL_STATUS] = {"status", HEADERS("État", "Etat", "Statut", "Status"), false, true},
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

static struct activity_subject subject_of(const struct reading *reading)
{
    return (struct activity_subject){.call = reading->call,
                                     .account = reading->account,
                                     .line = reading->line,
                                     .own_currency = reading->own_currency,
                                     .txn_id = reading->txn_id,
                                     .reference = reading->reference};
}

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

static enum err read_names(const struct reading *reading)
{
    const struct activity_subject subject = subject_of(reading);
    struct str name = cell(reading, CELL_NAME);
    bool found = false;
    enum err err = activity_name_token(&subject, cell(reading, CELL_INVOICE), &found);

    if (err == OK)
        err = activity_name_token(&subject, cell(reading, CELL_CUSTOM), &found);
    if (utf8_clean(name))
        reading->line->payer = str_copy(reading->call->arena, utf8_cut(name, PAYPAL_PAYER_MAX));
    return err;
}

/* ---- what the money is ---- */

static enum err read_meaning(const struct reading *reading)
{
    struct arena *arena = reading->call->arena;
    const struct activity_subject subject = subject_of(reading);
    enum activity_moved moved =
        activity_moved(cell(reading, CELL_STATUS), cell(reading, CELL_IMPACT), arena);

    if (moved == MOVED_UNKNOWN)
        return refuse(reading, CELL_STATUS, "état inconnu");
    return activity_mean(&subject, activity_class(cell(reading, CELL_TYPE), arena), moved);
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
