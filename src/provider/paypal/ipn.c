/*
 * Reading an IPN body: percent-decoding on a copy, the charset named by the message itself.
 */
#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "provider/paypal/internal.h"

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

/* %uXXXX and other things that only look like percent-encoding stay as they are. */
static struct str decode(struct str text, struct arena *arena)
{
    char *out = arena_alloc(arena, text.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        char byte = text.data[i];

        if (byte == '%' && i + 2 < text.len && hex_value(text.data[i + 1]) >= 0 &&
            hex_value(text.data[i + 2]) >= 0) {
            byte = (char)(hex_value(text.data[i + 1]) * 16 + hex_value(text.data[i + 2]));
            i += 2;
        } else if (byte == '+') {
            byte = ' ';
        }
        out[len++] = byte;
    }
    return str_from(out, len);
}

struct str ipn_field(struct str body, const char *name, struct arena *arena)
{
    while (body.data) {
        struct str value = str_cut(&body, '&');
        struct str key = str_cut(&value, '=');

        if (str_is(key, name))
            return decode(value, arena);
    }
    return str_of("");
}

bool ipn_is_word(struct str text, size_t max)
{
    if (text.len == 0 || text.len > max)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] <= ' ' || text.data[i] > '~')
            return false;
    }
    return true;
}

/* Words for people: UTF-8 in one line; "" when control characters stand in it. */
static struct str words(struct str body, const char *name, struct str charset, struct arena *arena)
{
    struct str text = utf8_from_charset(ipn_field(body, name, arena), charset, arena);

    text = str_trim(text);
    if (!utf8_clean(text) || text.len != strcspn(str_copy(arena, text), "\t\r\n"))
        return str_of("");
    return text;
}

static const char *payer_name(struct str body, struct str charset, struct arena *arena)
{
    struct str first = words(body, "first_name", charset, arena);
    struct str last = words(body, "last_name", charset, arena);
    struct str both = str_of(arena_printf(arena, "%.*s %.*s", STR_PRINT(first), STR_PRINT(last)));

    return str_copy(arena, utf8_cut(str_trim(both), PAYPAL_PAYER_MAX));
}

void ipn_read(struct str body, struct arena *arena, struct ipn *ipn)
{
    struct str charset = str_trim(ipn_field(body, "charset", arena));

    *ipn = (struct ipn){
        .invoice = ipn_field(body, "invoice", arena),
        .custom = ipn_field(body, "custom", arena),
        .txn_id = ipn_field(body, "txn_id", arena),
        .parent_txn_id = ipn_field(body, "parent_txn_id", arena),
        .txn_type = ipn_field(body, "txn_type", arena),
        .payment_status = ipn_field(body, "payment_status", arena),
        .pending_reason = ipn_field(body, "pending_reason", arena),
        .reason_code = ipn_field(body, "reason_code", arena),
        .receiver_id = ipn_field(body, "receiver_id", arena),
        .receiver_email = words(body, "receiver_email", charset, arena),
        .business = words(body, "business", charset, arena),
        .gross = ipn_field(body, "mc_gross", arena),
        .fee = ipn_field(body, "mc_fee", arena),
        .currency = ipn_field(body, "mc_currency", arena),
        .settle_amount = ipn_field(body, "settle_amount", arena),
        .settle_currency = ipn_field(body, "settle_currency", arena),
        .case_id = ipn_field(body, "case_id", arena),
        .case_type = ipn_field(body, "case_type", arena),
        .case_date = ipn_field(body, "case_creation_date", arena),
        .payment_date = ipn_field(body, "payment_date", arena),
        .test = str_is(ipn_field(body, "test_ipn", arena), "1"),
        .payer = payer_name(body, charset, arena),
    };
}
