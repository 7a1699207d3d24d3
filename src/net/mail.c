#include "net/mail.h"

#include "base/arena.h"
#include "base/utf8.h"
#include "base/zone.h"

#include <string.h>

enum {
    ENCODED_WORD_MAX = 75, /* RFC 2047, section 2 */
    TEXT_LINE_MAX = 76     /* RFC 2045, section 6.7 */
};

static const char digits[] = "0123456789ABCDEF";

/* ---- addresses and header values ---- */

static bool address_byte(char byte)
{
    return byte > ' ' && byte < 0x7f && !strchr("<>()[]\\,;:\"", byte);
}

bool mail_address_valid(const char *address)
{
    struct str domain = str_of(address);
    struct str local = str_cut(&domain, '@');

    if (strlen(address) > MAIL_ADDRESS_MAX || str_empty(local) || str_empty(domain))
        return false;
    for (const char *byte = address; *byte; byte++)
        if (!address_byte(*byte))
            return false;
    return str_find(domain, '@') == domain.len && local.data[0] != '-';
}

/* One line of text, without control characters of any kind. */
static bool one_line(struct str text)
{
    return utf8_clean(text) && str_find(text, '\r') == text.len &&
           str_find(text, '\n') == text.len && str_find(text, '\t') == text.len;
}

static bool all_plain(struct str text, const char *allowed)
{
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.data[i];
        bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                      (byte >= '0' && byte <= '9');

        if (!letter && !(byte && strchr(allowed, byte)))
            return false;
    }
    return true;
}

/* ---- encoded words: =?UTF-8?Q?...?= ---- */

static size_t character_len(struct str text)
{
    size_t len = 1;

    while (len < text.len && ((unsigned char)text.data[len] & 0xc0) == 0x80)
        len++;
    return len;
}

/* One character as it stands in an encoded word: itself, "_" for a blank, or its bytes in
 * hexadecimal. */
static size_t encode_character(struct str character, char out[16])
{
    size_t len = 0;

    if (character.len == 1 && all_plain(character, "!*+-/")) {
        out[len++] = character.data[0];
    } else if (character.len == 1 && character.data[0] == ' ') {
        out[len++] = '_';
    } else {
        for (size_t i = 0; i < character.len && len + 3 <= 16; i++) {
            unsigned char byte = (unsigned char)character.data[i];

            out[len++] = '=';
            out[len++] = digits[byte >> 4];
            out[len++] = digits[byte & 15];
        }
    }
    return len;
}

/* A word holds whole characters; words are separated by a folded line end, which readers drop. */
static void add_encoded(struct buffer *out, struct str text)
{
    size_t word = 0; /* bytes of the word so far */
    char encoded[16];

    while (text.len > 0) {
        struct str character = str_from(text.data, character_len(text));
        size_t len = encode_character(character, encoded);

        if (word == 0 || word + len + 2 > ENCODED_WORD_MAX) {
            buffer_add_text(out, word == 0 ? "=?UTF-8?Q?" : "?=\r\n =?UTF-8?Q?");
            word = strlen("=?UTF-8?Q?");
        }
        buffer_add(out, encoded, len);
        word += len;
        text = str_from(text.data + character.len, text.len - character.len);
    }
    buffer_add_text(out, "?=");
}

/* Short plain text stands as it is. */
static void add_words(struct buffer *out, const char *text, const char *allowed)
{
    struct str words = str_of(text);

    if (words.len <= ENCODED_WORD_MAX && all_plain(words, allowed))
        buffer_add_str(out, words);
    else
        add_encoded(out, words);
}

/* ---- headers ---- */

static void add_date(struct buffer *out, int64_t at)
{
    static const char *const days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t day = at / 86400, second = at % 86400;
    struct date date = date_from_days(day);

    buffer_printf(out, "Date: %s, %02d %s %04d %02d:%02d:%02d +0000\r\n", days[day % 7], date.day,
                  months[date.month - 1], date.year, (int)(second / 3600), (int)(second / 60 % 60),
                  (int)(second % 60));
}

static void add_headers(struct buffer *out, const struct mail *mail)
{
    add_date(out, mail->date_at);
    buffer_add_text(out, "From: ");
    if (mail->from_name[0]) {
        add_words(out, mail->from_name, " ");
        buffer_printf(out, "\r\n <%s>\r\n", mail->from_address);
    } else {
        buffer_printf(out, "<%s>\r\n", mail->from_address);
    }
    buffer_printf(out, "To: <%s>\r\n", mail->to);
    if (mail->reply_to[0])
        buffer_printf(out, "Reply-To: <%s>\r\n", mail->reply_to);
    buffer_add_text(out, "Subject: ");
    add_words(out, mail->subject, " !'()*+,-./:;");
    buffer_printf(out,
                  "\r\nMessage-ID: <%s>\r\n"
                  "Auto-Submitted: auto-generated\r\n"
                  "MIME-Version: 1.0\r\n"
                  "Content-Type: text/plain; charset=utf-8\r\n"
                  "Content-Transfer-Encoding: quoted-printable\r\n"
                  "Content-Language: fr\r\n\r\n",
                  mail->message_id);
}

/* ---- quoted-printable ---- */

/* A blank at the end of a line would be lost on the way. */
static size_t quote_byte(char value, bool line_ends, char out[3])
{
    unsigned char byte = (unsigned char)value;
    bool plain = (byte > ' ' && byte < 0x7f && byte != '=') || (byte == ' ' && !line_ends);

    if (plain) {
        out[0] = value;
        return 1;
    }
    out[0] = '=';
    out[1] = digits[byte >> 4];
    out[2] = digits[byte & 15];
    return 3;
}

static void add_line(struct buffer *out, struct str line)
{
    size_t column = 0;

    for (size_t i = 0; i < line.len; i++) {
        char quoted[3];
        size_t len = quote_byte(line.data[i], i + 1 == line.len, quoted);

        if (column + len > TEXT_LINE_MAX - 1) {
            buffer_add_text(out, "=\r\n");
            column = 0;
        }
        buffer_add(out, quoted, len);
        column += len;
    }
    buffer_add_text(out, "\r\n");
}

/* ---- the message ---- */

static enum err check(const struct mail *mail)
{
    if (!mail_address_valid(mail->from_address) || !mail_address_valid(mail->to) ||
        !mail_address_valid(mail->message_id))
        return fail(ERR_INPUT, "this is no address that mail can be sent to");
    if (mail->reply_to[0] && !mail_address_valid(mail->reply_to))
        return fail(ERR_INPUT, "this is no address to answer to");
    if (!one_line(str_of(mail->subject)) || !one_line(str_of(mail->from_name)) ||
        !mail->subject[0] || strlen(mail->subject) > MAIL_SUBJECT_MAX)
        return fail(ERR_INPUT, "the subject or the sender's name does not fit in a header");
    if (!utf8_clean(mail->text) || mail->text.len > MAIL_TEXT_MAX)
        return fail(ERR_INPUT, "the text of the mail is not clean, or too long");
    return OK;
}

enum err mail_build(const struct mail *mail, struct arena *arena, struct str *message)
{
    struct str rest = mail->text;
    struct buffer out;
    enum err err = check(mail);

    if (err)
        return err;
    buffer_init(&out, arena, mail->text.len + 1024);
    add_headers(&out, mail);
    while (rest.len > 0) {
        struct str line = str_cut(&rest, '\n');

        if (line.len > 0 && line.data[line.len - 1] == '\r')
            line.len--;
        add_line(&out, line);
    }
    *message = buffer_str(&out);
    return OK;
}
