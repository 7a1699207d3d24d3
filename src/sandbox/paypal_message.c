#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "base/hash.h"
#include "base/money.h"
#include "base/zone.h"
#include "sandbox/internal.h"
#include "sandbox/paypal.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

/* ---- the variables ---- */

const char *paypal_date(int64_t at, const struct zone *pacific, struct arena *arena)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct civil_time time = zone_civil(pacific, at);

    return arena_printf(arena, "%02d:%02d:%02d %s %02d, %04d %s", time.hour, time.minute,
                        time.second, months[time.date.month - 1], time.date.day, time.date.year,
                        time.offset_s == -7 * 3600 ? "PDT" : "PST");
}

static const char *decimal(const json_t *payment, const char *name, struct arena *arena)
{
    char text[MONEY_TEXT_MAX];

    money_format_decimal(text, row_integer(payment, name),
                         money_currency(row_text(payment, "currency")));
    return arena_string(arena, text);
}

static const char *field(const json_t *payment, const char *name, const char *otherwise)
{
    const char *text = row_text(json_object_get(payment, "fields"), name);

    return text ? text : otherwise;
}

/* A message about an eCheck that waits carries no fee yet. */
static bool has_fee(const json_t *payment)
{
    return !(row_is(payment, "status", "Pending") && row_is(payment, "pending_reason", "echeck"));
}

/* What was changed into the receiver's own currency. */
static void put_exchange(json_t *variables, const json_t *payment, struct arena *arena)
{
    const char *code = row_text(payment, "settled_currency");
    int64_t rate = row_integer(payment, "exchange_millionths");
    char text[MONEY_TEXT_MAX];

    if (!code)
        return;
    money_format_decimal(text, row_integer(payment, "settled_cents"), money_currency(code));
    put_text(variables, "settle_amount", text);
    put_text(variables, "settle_currency", code);
    put_text(variables, "exchange_rate",
             arena_printf(arena, "%lld.%06lld", (long long)(rate / 1000000),
                          (long long)(rate % 1000000)));
}

static void put_payer(json_t *variables, const json_t *payment)
{
    put_copy(variables, "first_name", payment, "first_name");
    put_text(variables, "payer_status",
             row_text(payment, "receipt_id") ? "unverified" : "verified");
    put_text(variables, "business", field(payment, "business", ""));
    put_text(variables, "quantity", field(payment, "quantity", "1"));
}

static void put_money(json_t *variables, const json_t *payment, struct arena *arena)
{
    bool dollars = row_is(payment, "currency", "USD");

    put_copy(variables, "last_name", payment, "last_name");
    put_copy(variables, "receiver_email", payment, "receiver_email");
    put_text(variables, "payment_fee",
             dollars && has_fee(payment) ? decimal(payment, "fee_cents", arena) : "");
    put_text(variables, "shipping_discount", "0.00");
    put_copy(variables, "receiver_id", payment, "receiver");
    put_text(variables, "insurance_amount", "0.00");
    if (row_is(payment, "status", "Pending"))
        put_copy(variables, "pending_reason", payment, "pending_reason");
    put_text(variables, "txn_type", row_text(payment, "txn_type"));
    put_text(variables, "item_name", field(payment, "item_name", ""));
    put_text(variables, "discount", "0.00");
    put_copy(variables, "mc_currency", payment, "currency");
    put_text(variables, "item_number", field(payment, "item_number", ""));
    put_text(variables, "residence_country", "FR");
    put_text(variables, "test_ipn", "1");
    put_text(variables, "transaction_subject", field(payment, "item_name", ""));
    put_text(variables, "payment_gross", dollars ? decimal(payment, "gross_cents", arena) : "");
}

enum err paypal_variables(const json_t *payment, const struct zone *pacific, struct arena *arena,
                          json_t **variables)
{
    bool echeck = row_is(payment, "pending_reason", "echeck");
    const char *sign = NULL;
    const char *track = NULL;
    enum err err = id_make(arena, "A", 55, &sign);

    if (!err)
        err = id_make_hex(arena, 13, &track);
    if (err)
        return err;
    *variables = json_object();
    put_text(*variables, "mc_gross", decimal(payment, "gross_cents", arena));
    if (row_text(payment, "invoice"))
        put_copy(*variables, "invoice", payment, "invoice");
    put_text(*variables, "protection_eligibility", "Ineligible");
    put_copy(*variables, "payer_id", payment, "payer_id");
    put_text(*variables, "payment_date",
             paypal_date(row_integer(payment, "created"), pacific, arena));
    put_copy(*variables, "payment_status", payment, "status");
    put_copy(*variables, "charset", payment, "charset");
    if (has_fee(payment))
        put_text(*variables, "mc_fee", decimal(payment, "fee_cents", arena));
    put_exchange(*variables, payment, arena);
    put_text(*variables, "notify_version", "3.9");
    put_text(*variables, "custom", field(payment, "custom", ""));
    put_payer(*variables, payment);
    put_text(*variables, "verify_sign", sign);
    put_copy(*variables, "payer_email", payment, "payer_email");
    put_copy(*variables, "txn_id", payment, "txn_id");
    put_text(*variables, "payment_type", echeck ? "echeck" : "instant");
    put_money(*variables, payment, arena);
    if (row_text(payment, "receipt_id"))
        put_copy(*variables, "receipt_id", payment, "receipt_id");
    put_text(*variables, "ipn_track_id", track);
    return OK;
}

/* ---- the bytes ---- */

/* One character of UTF-8 further. */
static void skip_character(char **text, size_t *len)
{
    do {
        (*text)++;
        (*len)--;
    } while (*len && ((unsigned char)**text & 0xc0) == 0x80);
}

/* The charset's bytes of UTF-8 text; what it can't express becomes "?". */
static struct str convert(const char *text, const char *charset, struct arena *arena)
{
    size_t in_len = strlen(text);
    size_t out_len = in_len + 1;
    char *out = arena_alloc(arena, out_len);
    char *in = arena_string(arena, text);
    char *start = out;
    iconv_t how = (iconv_t)-1;

    if (!strcmp(charset, "UTF-8"))
        return str_of(text);
    how = iconv_open(charset, "UTF-8");
    require(how != (iconv_t)-1);
    while (in_len && iconv(how, &in, &in_len, &out, &out_len) == (size_t)-1) {
        if (errno != EILSEQ && errno != EINVAL)
            break;
        *out++ = '?';
        out_len--;
        skip_character(&in, &in_len);
    }
    iconv_close(how);
    return str_from(start, (size_t)(out - start));
}

static void add_encoded(struct buffer *body, struct str bytes)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";

    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char byte = (unsigned char)bytes.data[i];

        if (byte == ' ')
            buffer_add_byte(body, '+');
        else if (byte && strchr(plain, byte))
            buffer_add_byte(body, (char)byte);
        else
            buffer_printf(body, "%%%02X", byte);
    }
}

struct str paypal_encode(const json_t *variables, const char *charset, struct arena *arena)
{
    struct buffer body;
    const char *name = NULL;
    json_t *value = NULL;

    buffer_init(&body, arena, 1024);
    json_object_foreach ((json_t *)variables, name, value) {
        if (body.len)
            buffer_add_byte(&body, '&');
        add_encoded(&body, str_of(name));
        buffer_add_byte(&body, '=');
        add_encoded(&body, convert(json_string_value(value), charset, arena));
    }
    return buffer_str(&body);
}

/* ---- the message ---- */

enum err paypal_message_keep(struct db *db, struct str body, const char *txn_id,
                             const char *status, int64_t now, int64_t *number)
{
    unsigned char digest[HASH_LEN];
    char hex[HASH_HEX_MAX];
    enum err err = hash_sha256(body, digest);

    if (err)
        return err;
    hash_hex(digest, HASH_LEN, hex);
    return db_integer(
        db, SQ_PAYPAL_IPN_ADD,
        DB_VALUES(db_text(txn_id), db_text(status), db_blob(body), db_text(hex), db_int(now)), 0,
        number);
}

static enum err plan(struct db *db, const struct paypal_telling *telling, const json_t *payment,
                     const json_t *variables, int64_t delay_s)
{
    bool wrong = row_flag(payment, "wrong_charset");
    bool utf8 = row_is(payment, "charset", "UTF-8");
    const char *url = field(payment, "notify_url", "");
    struct delivery_draft draft = {.provider = "paypal", .delay_s = delay_s};
    int64_t number = 0;
    enum err err = OK;

    draft.body = paypal_encode(variables, utf8 != wrong ? "UTF-8" : "CP1252", telling->arena);
    err = paypal_message_keep(db, draft.body, telling->object_id, telling->kind, telling->now,
                              &number);
    if (err || !*url)
        return err;
    draft.kind = telling->kind;
    draft.reference = arena_printf(telling->arena, "%lld", (long long)number);
    draft.object_id = telling->object_id;
    draft.url = arena_string(telling->arena, url);
    return delivery_plan(telling->batch, &draft);
}

enum err paypal_tell(struct db *db, const struct paypal_telling *telling, const json_t *payment,
                     json_t *variables)
{
    enum err err = plan(db, telling, payment, variables, 0);

    if (!err && !strcmp(telling->notify->mode, "resend")) {
        put_text(variables, "resend", "true");
        err = plan(db, telling, payment, variables, telling->notify->late_s);
    }
    return err ? err : delivery_add(db, telling->batch, telling->notify, telling->now_ms);
}

enum err paypal_message_add(struct db *db, struct paypal_move *move)
{
    struct paypal_telling telling = {.arena = move->arena,
                                     .notify = &move->notify,
                                     .object_id = move->txn_id,
                                     .now = move->now,
                                     .now_ms = move->now_ms,
                                     .batch = &move->batch};
    json_auto_t *payment = NULL;
    json_auto_t *variables = NULL;
    enum err err = row_need(db, SQ_PAYPAL_PAYMENT_FIND, DB_VALUES(db_text(move->txn_id)),
                            "payment", &payment);

    if (!err)
        err = paypal_variables(payment, move->sandbox->pacific_zone, move->arena, &variables);
    if (err)
        return err;
    telling.kind = arena_string(move->arena, row_text(payment, "status"));
    return paypal_tell(db, &telling, payment, variables);
}
