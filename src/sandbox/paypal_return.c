#include <string.h>

#include "base/money.h"
#include "net/http_client.h"
#include "sandbox/internal.h"
#include "sandbox/paypal.h"
#include "sandbox/row.h"

/* What PayPal adds to the address it sends the browser back to. */
static struct str extra_fields(const json_t *payment, struct arena *arena)
{
    char amount[MONEY_TEXT_MAX];
    struct buffer query;
    const char *custom = row_text(payment, "custom");

    money_format_decimal(amount, row_integer(payment, "gross_cents"),
                         money_currency(row_text(payment, "currency")));
    buffer_init(&query, arena, 256);
    http_form_add(&query, "PayerID", str_of(row_text(payment, "payer_id")));
    http_form_add(&query, "st", str_of(row_text(payment, "status")));
    http_form_add(&query, "tx", str_of(row_text(payment, "txn_id")));
    http_form_add(&query, "cc", str_of(row_text(payment, "currency")));
    http_form_add(&query, "amt", str_of(amount));
    http_form_add(&query, "cm", str_of(custom ? custom : ""));
    http_form_add(&query, "payer_email", str_of(row_text(payment, "payer_email")));
    http_form_add(&query, "payer_id", str_of(row_text(payment, "payer_id")));
    http_form_add(&query, "payment_status", str_of(row_text(payment, "status")));
    return buffer_str(&query);
}

enum err paypal_return_find(const json_t *payment, bool extra, struct arena *arena,
                            struct paypal_return *back)
{
    const json_t *fields = json_object_get(payment, "fields");
    const char *url = row_text(fields, "return");

    *back = (struct paypal_return){0};
    if (!url || !*url || row_text(payment, "receipt_id"))
        return OK;
    back->url = arena_string(arena, url);
    back->post = row_is(fields, "rm", "2");
    if (extra && !back->post)
        back->url = arena_printf(arena, "%s%c%.*s", url, strchr(url, '?') ? '&' : '?',
                                 STR_PRINT(extra_fields(payment, arena)));
    return OK;
}
