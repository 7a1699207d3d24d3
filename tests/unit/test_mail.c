/* A mail as it goes over the wire: headers of one line, words and text that survive any way. */
#include "support/scratch.h"

#include "base/arena.h"
#include "net/mail.h"
#include "net/smtp.h"

struct desk {
    struct arena *arena;
    struct mail mail;
};

static int setup(void **state)
{
    struct desk *desk = calloc(1, sizeof(*desk));

    assert_non_null(desk);
    desk->arena = arena_new();
    desk->mail = (struct mail){
        .from_name = "Les Randonneurs",
        .from_address = "guichet@asso.example",
        .to = "jeanne@exemple.fr",
        .reply_to = "bureau@asso.example",
        .subject = "Bonjour",
        .message_id = "12@asso.example",
        .date_at = INT64_C(1790856000), /* 1 October 2026, 12:00 UTC */
        .text = str_of("Bonjour,\n\nÀ bientôt.\n"),
    };
    *state = desk;
    return 0;
}

static int teardown(void **state)
{
    struct desk *desk = *state;

    arena_free(desk->arena);
    free(desk);
    return 0;
}

static const char *build(struct desk *desk)
{
    struct str message;

    assert_int_equal(mail_build(&desk->mail, desk->arena, &message), OK);
    assert_int_equal(strlen(message.data), message.len);
    return message.data;
}

static void contains(const char *message, const char *line)
{
    if (!strstr(message, line))
        print_error("%s\nmisses %s\n", message, line);
    assert_non_null(strstr(message, line));
}

static void a_whole_message(void **state)
{
    assert_string_equal(build(*state), "Date: Thu, 01 Oct 2026 12:00:00 +0000\r\n"
                                       "From: Les Randonneurs\r\n"
                                       " <guichet@asso.example>\r\n"
                                       "To: <jeanne@exemple.fr>\r\n"
                                       "Reply-To: <bureau@asso.example>\r\n"
                                       "Subject: Bonjour\r\n"
                                       "Message-ID: <12@asso.example>\r\n"
                                       "Auto-Submitted: auto-generated\r\n"
                                       "MIME-Version: 1.0\r\n"
                                       "Content-Type: text/plain; charset=utf-8\r\n"
                                       "Content-Transfer-Encoding: quoted-printable\r\n"
                                       "Content-Language: fr\r\n"
                                       "\r\n"
                                       "Bonjour,\r\n"
                                       "\r\n"
                                       "=C3=80 bient=C3=B4t.\r\n");
}

static void words_beyond_ascii(void **state)
{
    struct desk *desk = *state;

    desk->mail.subject = "Paiement reçu : 40,00\u202f€";
    contains(build(desk),
             "Subject: =?UTF-8?Q?Paiement_re=C3=A7u_=3A_40=2C00=E2=80=AF=E2=82=AC?=\r\n");
    desk->mail.subject = "Une fin qui ressemble =?UTF-8?Q?a?=";
    contains(build(desk),
             "Subject: =?UTF-8?Q?Une_fin_qui_ressemble_=3D=3FUTF-8=3FQ=3Fa=3F=3D?=\r\n");
    desk->mail.from_name = "Asso \"Été\" <bureau@x.fr>, et fils";
    contains(build(desk),
             "From: =?UTF-8?Q?Asso_=22=C3=89t=C3=A9=22_=3Cbureau=40x=2Efr=3E=2C_et_fils?=\r\n");
    desk->mail.from_name = "";
    contains(build(desk), "From: <guichet@asso.example>\r\n");
}

/* No encoded word is longer than 75, none cuts a character. */
static void a_long_subject(void **state)
{
    struct desk *desk = *state;
    char subject[161];
    const char *word;
    int words = 0;

    for (int i = 0; i < 80; i++)
        memcpy(subject + (ptrdiff_t)2 * i, "é", 2);
    subject[160] = '\0';
    desk->mail.subject = subject;
    for (word = strstr(build(desk), "=?UTF-8?Q?"); word; word = strstr(word + 10, "=?UTF-8?Q?")) {
        const char *end = strstr(word + 10, "?=");

        assert_non_null(end);
        assert_true(end + 2 - word <= 75);
        assert_int_equal((end - word - 10) % 6, 0);
        assert_true(strncmp(end + 2, "\r\n ", 3) == 0 || strncmp(end + 2, "\r\nM", 3) == 0);
        words++;
    }
    assert_true(words > 5);
}

static void long_lines_and_ends_of_lines(void **state)
{
    struct desk *desk = *state;
    char text[400];
    const char *body, *line;

    memset(text, 'a', sizeof(text));
    text[399] = '\0';
    text[100] = '=';
    text[150] = ' ';
    text[151] = '\n';
    text[200] = '\t';
    text[201] = '\r';
    text[202] = '\n';
    text[203] = '.';
    desk->mail.text = str_of(text);
    body = strstr(build(desk), "\r\n\r\n") + 4;
    contains(body, "=3D");
    contains(body, "=20\r\n");
    contains(body, "=09\r\n.aa");
    for (line = body; *line; line = strstr(line, "\r\n") + 2)
        assert_true(strstr(line, "\r\n") - line <= 76);
}

/* What could begin another header, or another recipient, is refused whole. */
static void nothing_is_injected(void **state)
{
    static const char *const bad[] = {
        "a\r\nBcc: b@c.example",
        "a\nBcc: b@c.example",
        "a\rb",
        "a\tb",
        "a\x7f"
        "b",
        "a\x01",
        "a\xc2\x85"
        "b", /* NEXT LINE */
        "a\xff",
    };
    static const char *const no_address[] = {
        "",
        "a",
        "@b.example",
        "a@",
        "a@b@c",
        "a b@c.example",
        "a@b.example\r\nRCPT TO:<c@d>",
        "<a@b.example>",
        "a@b.example,c@d.example",
        "\"a\"@b.example",
        "a@b.example\n",
        "é@b.example",
        "-a@b.example",
        "a@[127.0.0.1]",
    };
    struct desk *desk = *state;
    struct mail good = desk->mail;
    struct str message;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        desk->mail = good;
        desk->mail.subject = bad[i];
        assert_int_equal(mail_build(&desk->mail, desk->arena, &message), ERR_INPUT);
        desk->mail = good;
        desk->mail.from_name = bad[i];
        assert_int_equal(mail_build(&desk->mail, desk->arena, &message), ERR_INPUT);
    }
    for (size_t i = 0; i < sizeof(no_address) / sizeof(no_address[0]); i++) {
        assert_false(mail_address_valid(no_address[i]));
        const char **const places[] = {&desk->mail.to, &desk->mail.from_address,
                                       &desk->mail.message_id, &desk->mail.reply_to};
        for (size_t place = 0; place < 4; place++) {
            desk->mail = good;
            *places[place] = no_address[i];
            assert_int_equal(mail_build(&desk->mail, desk->arena, &message),
                             place == 3 && !no_address[i][0] ? OK : ERR_INPUT);
        }
    }
    desk->mail = good;
    desk->mail.text = str_from("a\0b", 3);
    assert_int_equal(mail_build(&desk->mail, desk->arena, &message), ERR_INPUT);
    assert_true(mail_address_valid("jean.dupont+x@exemple.fr"));
}

static void where_mail_may_go(void **state)
{
    static const char *const good[] = {"smtps://mail.example", "smtp://mail.example:587",
                                       "smtp://127.0.0.1:25", "smtps://[::1]:465"};
    static const char *const bad[] = {"mail.example",
                                      "https://mail.example",
                                      "smtp://",
                                      "smtp://a:b@mail.example",
                                      "smtps://mail.example/x",
                                      "smtps://mail.example?x",
                                      "smtps://mail .example",
                                      "smtps://mail.example:x"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_int_equal(smtp_check_url(good[i]), OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(smtp_check_url(bad[i]), ERR_CONFIG);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_whole_message),     CASE(words_beyond_ascii),           CASE(a_long_subject),
        CASE(nothing_is_injected), CASE(long_lines_and_ends_of_lines), CASE(where_mail_may_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
