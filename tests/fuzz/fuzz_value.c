/* Amounts, dates, text, addresses: small values that must come back as they were. */
#include "fuzz.h"

#include <string.h>

#include "base/conf.h"
#include "base/money.h"
#include "base/utf8.h"
#include "base/zone.h"
#include "net/mail.h"
#include "net/smtp.h"
#include "provider/paypal/activity.h"
#include "provider/paypal/internal.h"
#include "provider/paypal/rest.h"
#include "web/internal.h"

static void check_money(struct str input, const struct currency *currency)
{
    int64_t cents, again = 0;
    char text[MONEY_TEXT_MAX];

    if (money_parse(input, currency, &cents) == MONEY_OK) {
        hold(cents > 0 && cents <= MONEY_MAX_CENTS);
        money_format_input(text, cents, currency);
        hold(money_parse(str_of(text), currency, &again) == MONEY_OK && again == cents);
        money_format(text, cents, currency);
        hold(money_parse(str_of(text), currency, &again) == MONEY_OK && again == cents);
    }
    if (money_parse_decimal(input, currency, &cents)) {
        money_format_decimal(text, cents, currency);
        hold(money_parse_decimal(str_of(text), currency, &again) && again == cents);
    }
}

void fuzz_money(struct str input, struct arena *arena)
{
    static const char *const codes[] = {"EUR", "XPF", "TND"};
    int64_t cents;

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        const struct currency *currency = money_currency(codes[i]);

        check_money(input, currency);
        (void)activity_amount(input, currency, arena, &cents);
    }
}

static void check_iso(struct str input)
{
    struct date date;
    char text[DATE_TEXT_MAX];

    if (!date_parse_iso(input, &date))
        return;
    hold(date_valid(date));
    date_format_iso(text, date);
    hold(str_equal(str_of(text), input));
    hold(date_compare(date_from_days(date_to_days(date)), date) == 0);
}

static void check_activity_moment(struct str input, struct arena *arena)
{
    struct activity_moment moment = {.comma = true};
    const struct zone *zone = NULL;
    int64_t at;

    hold(zone_find("Europe/Paris", &zone) == OK);
    moment.home = zone;
    moment.date = str_cut(&input, ' ');
    moment.time = str_cut(&input, ' ');
    moment.zone = input;
    if (activity_moment(&moment, arena, &at) == MOMENT_OK)
        hold(at > -INT64_C(100000000000) && at < INT64_C(400000000000));
}

void fuzz_date(struct str input, struct arena *arena)
{
    json_t *object = json_pack("{s:s%}", "at", input.data ? input.data : "", input.len);
    int64_t at;

    check_iso(input);
    check_activity_moment(input, arena);
    if (paypal_date_parse(input, &at))
        hold(at > -INT64_C(100000000000) && at < INT64_C(400000000000));
    if (object && paypal_time_at(object, "at", &at))
        hold(at > 0 && at < INT64_C(400000000000));
    json_decref(object);
}

/* A charset, then bytes in it. */
void fuzz_text(struct str input, struct arena *arena)
{
    struct str charset = fuzz_part(&input);
    struct str text = utf8_from_charset(input, charset, arena), cut;

    hold(utf8_valid(text));
    hold(utf8_valid(utf8_fold(text, arena)));
    cut = utf8_cut(text, 10);
    hold(cut.len <= 10 && utf8_valid(cut));
    hold(utf8_length(cut) <= cut.len);
    if (utf8_clean(input))
        hold(utf8_valid(input));
}

/* Where a browser is sent, and what a setting may name. */
void fuzz_address(struct str input, struct arena *arena)
{
    static const struct provider_settings settings = {
        .stripe_checkout_url = "https://checkout.stripe.com",
        .stripe_connect_url = "https://connect.stripe.com",
        .paypal_live_webscr_url = "https://www.paypal.com/cgi-bin/webscr",
        .paypal_sandbox_webscr_url = "https://www.sandbox.paypal.com/cgi-bin/webscr",
    };
    const char *text = fuzz_text_of(input, arena);

    if (guard_suite(input))
        hold(input.data[0] == '/' && (input.len == 1 || input.data[1] != '/') &&
             str_find(input, '\\') == input.len && str_find(input, ':') == input.len);
    if (guard_provider_url(&settings, text))
        hold(str_starts(str_of(text), "https://checkout.stripe.com/") ||
             str_starts(str_of(text), "https://connect.stripe.com/") ||
             str_starts(str_of(text), "https://www.paypal.com/") ||
             str_starts(str_of(text), "https://www.sandbox.paypal.com/"));
    (void)smtp_check_url(text);
    if (conf_check_url(text))
        return;
    hold(!strpbrk(text, " \n?#\\"));
    hold(str_starts(str_of(guard_origin(text, arena)), "http"));
}

/* A name, an address, a subject, a text: no part of a mail ends its header. */
void fuzz_mail(struct str input, struct arena *arena)
{
    struct mail mail = {
        .from_address = "a@b.example", .reply_to = "", .message_id = "1@b.example"};
    struct str message, line;

    mail.from_name = fuzz_text_of(fuzz_part(&input), arena);
    mail.to = fuzz_text_of(fuzz_part(&input), arena);
    mail.subject = fuzz_text_of(fuzz_part(&input), arena);
    mail.text = input;
    if (mail_build(&mail, arena, &message))
        return;
    hold(mail_address_valid(mail.to));
    while (message.data) {
        line = str_cut(&message, '\n');
        hold(!message.data || (line.len > 0 && line.data[line.len - 1] == '\r'));
        hold(line.len <= 999);
        if (line.len == 1)
            break;
        hold(line.data[0] == ' ' || (line.data[0] >= 'A' && line.data[0] <= 'Z'));
    }
}
