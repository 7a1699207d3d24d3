#include <string.h>

#include "base/money.h"
#include "base/zone.h"
#include "sandbox/internal.h"
#include "sandbox/paypal.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

/* The columns of PayPal's file, in its order. */
static const struct {
    const char *french;
    const char *english;
} columns[] = {
    {"Date", "Date"},
    {"Heure", "Time"},
    {"Fuseau horaire", "TimeZone"},
    {"Nom", "Name"},
    {"Type", "Type"},
    {"État", "Status"},
    {"Devise", "Currency"},
    {"Avant commission", "Gross"},
    {"Commission", "Fee"},
    {"Net", "Net"},
    {"De l'adresse email", "From Email Address"},
    {"À l'adresse email", "To Email Address"},
    {"Numéro de transaction", "Transaction ID"},
    {"Titre de l'objet", "Item Title"},
    {"Numéro de la transaction de référence", "Reference Txn ID"},
    {"Numéro de facture", "Invoice Number"},
    {"Numéro de client", "Custom Number"},
    {"Solde", "Balance"},
    {"Impact sur le solde", "Balance Impact"},
};

struct words {
    const char *name; /* kind of movement, or of a payment */
    const char *french;
    const char *english;
};

static const struct words types[] = {
    {"web_accept", "Paiement sur site marchand", "Website Payment"},
    {"cart", "Paiement par panier", "Shopping Cart Payment"},
    {"express_checkout", "Paiement Express Checkout", "Express Checkout Payment"},
    {"donation", "Paiement de don", "Donation Payment"},
    {"send_money", "Paiement standard", "General Payment"},
    {"subscr_payment", "Paiement d'abonnement", "Subscription Payment"},
    {"recurring_payment", "Paiement d'abonnement", "Subscription Payment"},
    {"refund", "Remboursement de paiement", "Payment Refund"},
    {"chargeback", "Rétrofacturation", "Chargeback"},
    {"reversal", "Annulation de paiement", "Payment Reversal"},
    {"canceled_reversal", "Annulation de la rétrofacturation", "Chargeback Reversal"},
    {"failure", "Échec du paiement par eChèque", "eCheck Failure"},
    {"conversion", "Conversion de devise standard", "General Currency Conversion"},
    {"withdrawal", "Retrait initié par l'utilisateur", "User Initiated Withdrawal"},
    {"withdrawal_returned", "Annulation de retrait", "Reversal of ACH Withdrawal"},
    {"fee", "Frais standard", "General Fee"},
    {"fee_returned", "Annulation de frais", "Fee Reversal"},
    {"dispute_fee", "Frais de rétrofacturation", "Chargeback Fee"},
    {"hold", "Suspension de paiement", "Payment Hold"},
    {"release", "Déblocage de paiement", "Payment Release"},
    {"bonus", "Bonus", "General Bonus"},
};

static const struct words statuses[] = {
    {"Completed", "Terminé", "Completed"}, {"Pending", "En attente", "Pending"},
    {"Denied", "Refusé", "Denied"},        {"Failed", "Échec", "Failed"},
    {"Expired", "Expiré", "Expired"},      {"Voided", "Annulé", "Voided"},
};

static const char *word(const struct words *words, size_t count, const char *name, bool french)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(words[i].name, name))
            return french ? words[i].french : words[i].english;
    return name;
}
#define WORD(words, name, french) word(words, sizeof(words) / sizeof(*(words)), name, french)

/* ---- cells ---- */

static void add_cell(struct buffer *file, const char *text)
{
    if (file->len && file->data[file->len - 1] == '"')
        buffer_add_byte(file, ',');
    buffer_add_byte(file, '"');
    for (; text && *text; text++) {
        if (*text == '"')
            buffer_add_byte(file, '"');
        buffer_add_byte(file, *text);
    }
    buffer_add_byte(file, '"');
}

/* "-1 234,56" with no-break spaces, or "-1,234.56". */
static void add_amount(struct buffer *file, const struct paypal_report *report, int64_t cents,
                       const char *code)
{
    char decimal[MONEY_TEXT_MAX];
    struct str rest = {0};
    struct str whole = {0};
    struct buffer text;

    money_format_decimal(decimal, cents < 0 ? -cents : cents, money_currency(code));
    rest = str_of(decimal);
    whole = str_cut(&rest, '.');
    buffer_init(&text, report->arena, MONEY_TEXT_MAX);
    if (cents < 0)
        buffer_add_byte(&text, '-');
    for (size_t i = 0; i < whole.len; i++) {
        if (i && (whole.len - i) % 3 == 0)
            buffer_add_text(&text, report->french ? "\xc2\xa0" : ",");
        buffer_add_byte(&text, whole.data[i]);
    }
    if (rest.len) {
        buffer_add_byte(&text, report->french ? ',' : '.');
        buffer_add_str(&text, rest);
    }
    add_cell(file, str_copy(report->arena, buffer_str(&text)));
}

/* Day, time and zone: each language has its own. */
static void add_time(struct buffer *file, const struct paypal_report *report, int64_t at)
{
    bool french = report->french;
    struct civil_time time =
        zone_civil(french ? report->sandbox->zone : report->sandbox->pacific_zone, at);
    struct date date = time.date;

    add_cell(file, arena_printf(report->arena, "%02d/%02d/%04d", french ? date.day : date.month,
                                french ? date.month : date.day, date.year));
    add_cell(file,
             arena_printf(report->arena, "%02d:%02d:%02d", time.hour, time.minute, time.second));
    if (french)
        add_cell(file, "Europe/Paris");
    else
        add_cell(file, time.offset_s == -7 * 3600 ? "PDT" : "PST");
}

static const char *type_of(const json_t *row, bool french)
{
    const char *kind = row_text(row, "kind");

    if (!kind || !strcmp(kind, "payment"))
        kind = row_text(row, "txn_type");
    else if (!strcmp(kind, "other"))
        return row_text(row, "type");
    else if (!strcmp(kind, "reversal") && row_is(row, "type", "chargeback"))
        kind = "chargeback";
    return WORD(types, kind, french);
}

static const char *payer(const json_t *row, struct arena *arena)
{
    const char *first = row_text(row, "first_name");
    const char *last = row_text(row, "last_name");

    return first ? arena_printf(arena, "%s %s", first, last ? last : "") : "";
}

/* ---- lines ---- */

/* row is a movement, or a payment that moved nothing (without kind). */
static void add_line(struct buffer *file, const struct paypal_report *report, const json_t *row)
{
    static const char *const impacts[][2] = {
        {"Mémo", "Memo"}, {"Débit", "Debit"}, {"Crédit", "Credit"}};
    bool french = report->french;
    bool moved = row_text(row, "kind") != NULL;
    const char *code = row_text(row, "currency");
    const char *status = moved ? "Completed" : row_text(row, "status");
    int64_t gross_cents = row_integer(row, "gross_cents");
    int64_t fee_cents = moved ? row_integer(row, "fee_cents") : 0;

    add_time(file, report, row_integer(row, "created"));
    add_cell(file, payer(row, report->arena));
    add_cell(file, type_of(row, french));
    add_cell(file, WORD(statuses, status, french));
    add_cell(file, code);
    add_amount(file, report, gross_cents, code);
    add_amount(file, report, -fee_cents, code);
    add_amount(file, report, gross_cents - fee_cents, code);
    add_cell(file, row_text(row, "payer_email"));
    add_cell(file, row_text(row, "receiver_email"));
    add_cell(file, row_text(row, moved ? "reference" : "txn_id"));
    add_cell(file, row_text(moved ? row : json_object_get(row, "fields"), "item_name"));
    add_cell(file, row_text(row, "parent"));
    add_cell(file, row_text(row, "invoice"));
    add_cell(file, row_text(row, "custom"));
    add_amount(file, report, row_integer(row, "balance_cents"), code);
    add_cell(file, impacts[!moved ? 0 : gross_cents < 0 ? 1 : 2][!french]);
    buffer_add_text(file, "\r\n");
}

/* Both lists are sorted; one file in the order of time. */
static void add_lines(struct buffer *file, const struct paypal_report *report,
                      const json_t *movements, const json_t *unsettled)
{
    size_t next = 0;
    size_t index = 0;
    const json_t *row = NULL;

    json_array_foreach ((json_t *)movements, index, row) {
        const json_t *other = json_array_get(unsettled, next);

        for (; other && row_integer(other, "created") < row_integer(row, "created");
             other = json_array_get(unsettled, ++next))
            add_line(file, report, other);
        add_line(file, report, row);
    }
    for (; next < json_array_size(unsettled); next++)
        add_line(file, report, json_array_get(unsettled, next));
}

enum err paypal_report_write(struct db *db, const struct paypal_report *report,
                             struct buffer *file)
{
    struct db_value business = db_text(report->business_id);
    struct db_value from = db_int(report->from_at);
    struct db_value before = db_int(report->before_at);
    json_t *movements = NULL;
    json_t *unsettled = NULL;
    enum err err =
        row_list(db, SQ_PAYPAL_ACTIVITY_LIST, DB_VALUES(business, from, before), &movements);

    if (!err)
        err =
            row_list(db, SQ_PAYPAL_UNSETTLED_LIST, DB_VALUES(business, from, before), &unsettled);
    if (!err) {
        buffer_add_text(file, "\xef\xbb\xbf");
        for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++)
            add_cell(file, report->french ? columns[i].french : columns[i].english);
        buffer_add_text(file, "\r\n");
        add_lines(file, report, movements, unsettled);
    }
    json_decref(movements);
    json_decref(unsettled);
    return err;
}
