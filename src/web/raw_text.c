#include "web/raw_text.h"

#include "base/utf8.h"
#include "net/json.h"

#include <string.h>

static const char mask[] = "•••";

/* ---- which values are masked ---- */

/* Whole names of fields: what a person is called, where they live, how they are reached. */
static const char *const personal[] = {
    "name",
    "first_name",
    "last_name",
    "payer_business_name",
    "address_name",
    "email",
    "payer_email",
    "receipt_email",
    "phone",
    "contact_phone",
    "line1",
    "line2",
    "street",
    "address_street",
    "city",
    "address_city",
    "zip",
    "address_zip",
    "postal_code",
    "state",
    "address_state",
    "last4",
    "fingerprint",
    "iban",
    "ip",
    "customer_email",
    "payer_id",
    "memo",
    "address_line_1",
    "address_line_2",
    "admin_area_1",
    "admin_area_2",
    "given_name",
    "surname",
    "email_address",
    "national_number",
    "full_name",
    "cardholder_name",
    "customer_purchase_ip",
};
/* Whatever opens something. */
static const char *const secrets[] = {"client_secret",      "verify_sign",   "secret",
                                      "access_token",       "refresh_token", "url",
                                      "hosted_invoice_url", "receipt_url"};

static bool is_among(struct str name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_is(name, names[i]))
            return true;
    return false;
}

static bool is_personal(struct str name)
{
    return is_among(name, personal, sizeof(personal) / sizeof(personal[0]));
}

static bool is_secret(struct str name)
{
    return is_among(name, secrets, sizeof(secrets) / sizeof(secrets[0]));
}

/* "Jeanne" -> "J•••"; nothing stays nothing. */
static const char *masked(struct str name, struct str value, struct arena *arena)
{
    struct str first = utf8_cut(value, 1);

    if (str_empty(value))
        return "";
    for (size_t max = 2; first.len == 0 && max <= 4; max++)
        first = utf8_cut(value, max);
    return is_secret(name) ? mask : arena_printf(arena, "%.*s%s", STR_PRINT(first), mask);
}

/* ---- JSON ---- */

static void mask_value(json_t *object, const char *name, json_t *value, struct arena *arena);

static void mask_object(json_t *object, struct arena *arena)
{
    const char *name;
    json_t *value;
    void *next;

    json_object_foreach_safe (object, next, name, value) {
        mask_value(object, name, value, arena);
    }
}

static void mask_array(json_t *array, struct arena *arena)
{
    size_t index;
    json_t *value;

    json_array_foreach (array, index, value) {
        if (json_is_object(value))
            mask_object(value, arena);
        else if (json_is_array(value))
            mask_array(value, arena);
    }
}

static void mask_value(json_t *object, const char *name, json_t *value, struct arena *arena)
{
    struct str text;

    if (json_is_object(value)) {
        mask_object(value, arena);
    } else if (json_is_array(value)) {
        mask_array(value, arena);
    } else if (json_is_string(value) && (is_personal(str_of(name)) || is_secret(str_of(name)))) {
        text = str_from(json_string_value(value), json_string_length(value));
        (void)json_object_set_new_nocheck(object, name,
                                          json_string(masked(str_of(name), text, arena)));
    }
}

static bool read_json(struct str bytes, struct arena *arena, struct str *text)
{
    json_t *json = NULL;
    char *dump;

    if (bytes.len == 0 || bytes.data[0] != '{' || json_read(bytes, &json) != OK)
        return false;
    mask_object(json, arena);
    dump = json_dumps(json, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    json_decref(json);
    *text = str_of(dump ? arena_string(arena, dump) : "");
    free(dump);
    return true;
}

/* ---- a form ---- */

static int digit(char byte)
{
    const char *digits = "0123456789abcdef";
    const char *found = memchr(digits, byte | 0x20, 16);

    return found ? (int)(found - digits) : -1;
}

static struct str decoded(struct str text, struct arena *arena)
{
    char *out = arena_alloc(arena, text.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        char byte = text.data[i];

        if (byte == '%' && i + 2 < text.len && digit(text.data[i + 1]) >= 0 &&
            digit(text.data[i + 2]) >= 0) {
            byte = (char)(digit(text.data[i + 1]) * 16 + digit(text.data[i + 2]));
            i += 2;
        }
        out[len++] = byte == '+' ? ' ' : byte;
    }
    return str_from(out, len);
}

static struct str charset_of(struct str bytes)
{
    while (bytes.data) {
        struct str value = str_cut(&bytes, '&');

        if (str_is(str_cut(&value, '='), "charset"))
            return value;
    }
    return str_of("");
}

static bool is_form(struct str bytes)
{
    struct str first = str_cut(&bytes, '&');

    return memchr(first.data ? first.data : "", '=', first.len) != NULL && first.len < 1024;
}

static struct str read_form(struct str bytes, struct arena *arena)
{
    struct str charset = charset_of(bytes);
    struct buffer out;

    buffer_init(&out, arena, bytes.len + 1);
    while (bytes.data) {
        struct str value = str_cut(&bytes, '&');
        struct str name = decoded(str_cut(&value, '='), arena);
        struct str text = utf8_from_charset(decoded(value, arena), charset, arena);

        buffer_add_str(&out, utf8_from_charset(name, charset, arena));
        buffer_add_text(&out, " = ");
        if (is_personal(name) || is_secret(name))
            buffer_add_text(&out, masked(name, text, arena));
        else
            buffer_add_str(&out, text);
        buffer_add_byte(&out, '\n');
    }
    return buffer_str(&out);
}

/* ---- all of it ---- */

/* Control characters would not be seen, or worse. */
static struct str cleaned(struct str text, struct arena *arena)
{
    char *out = arena_alloc(arena, text.len + 1);

    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.data[i];

        out[i] = (byte < ' ' && byte != '\n' && byte != '\t') || byte == 0x7f ? '?' : text.data[i];
    }
    text = str_from(out, text.len);
    return utf8_clean(text) ? text : utf8_from_charset(text, str_of("windows-1252"), arena);
}

static bool is_word(char byte)
{
    return byte > ' ' && !strchr("\"'<>=&,;:()[]{}", byte);
}

/* Addresses that stand in values of another name. */
static struct str without_addresses(struct str text, struct arena *arena)
{
    struct buffer out;
    size_t begin = 0;

    buffer_init(&out, arena, text.len + 1);
    for (size_t i = 0; i < text.len; i++) {
        size_t word = i;

        if (text.data[i] != '@')
            continue;
        while (word > begin && is_word(text.data[word - 1]))
            word--;
        if (word == i)
            continue;
        buffer_add(&out, text.data + begin, word - begin);
        buffer_add_text(&out, mask);
        begin = i;
    }
    buffer_add(&out, text.data + begin, text.len - begin);
    return buffer_str(&out);
}

struct str raw_text(struct str bytes, struct arena *arena, bool *cut)
{
    struct str text = bytes;

    if (!read_json(bytes, arena, &text) && is_form(bytes))
        text = read_form(bytes, arena);
    text = without_addresses(cleaned(text, arena), arena);
    *cut = text.len > RAW_TEXT_MAX;
    return *cut ? utf8_cut(text, RAW_TEXT_MAX) : text;
}
