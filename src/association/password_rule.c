#include "association/password_rule.h"

#include "association/login.h"
#include "base/arena.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_LEN_MAX = 1 << 20, UNIT_LEN_MIN = 4 };

/* ---- the list ---- */

struct common_passwords {
    size_t len;
    char text[]; /* lines, each with its end */
};

static int compare(struct str a, struct str b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.data, b.data, len) : 0;

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static struct str line_at(const struct common_passwords *list, size_t at)
{
    const char *end = memchr(list->text + at, '\n', list->len - at);

    return str_from(list->text + at, (size_t)(end - (list->text + at)));
}

/* By halves: in the middle of a line, back to its beginning. */
static bool listed(const struct common_passwords *list, struct str word)
{
    size_t low = 0, high = list->len;

    while (low < high) {
        size_t at = low + (high - low) / 2;
        struct str line;
        int order;

        while (at > low && list->text[at - 1] != '\n')
            at--;
        line = line_at(list, at);
        order = compare(word, line);
        if (order == 0)
            return true;
        if (order < 0)
            high = at;
        else
            low = at + line.len + 1;
    }
    return false;
}

/* A list that fills the whole place may go on behind it. */
static enum err read_lines(FILE *file, struct common_passwords *list)
{
    list->len = fread(list->text, 1, LIST_LEN_MAX, file);
    if (ferror(file) || list->len == 0 || list->len == LIST_LEN_MAX || list->text[0] == '\n' ||
        list->text[list->len - 1] != '\n')
        return ERR_CONFIG;
    for (size_t at = line_at(list, 0).len + 1, before = 0; at < list->len;) {
        if (compare(line_at(list, before), line_at(list, at)) >= 0)
            return ERR_CONFIG;
        before = at;
        at += line_at(list, at).len + 1;
    }
    return OK;
}

enum err common_passwords_load(const char *path, struct common_passwords **list)
{
    FILE *file = fopen(path, "re");
    enum err err;

    *list = NULL;
    if (!file)
        return fail(ERR_CONFIG, "%s: the list of common passwords cannot be read", path);
    *list = malloc(sizeof(**list) + LIST_LEN_MAX);
    require(*list);
    err = read_lines(file, *list);
    fclose(file);
    if (!err)
        return OK;
    common_passwords_free(*list);
    *list = NULL;
    return fail(err, "%s: this is no sorted list of common passwords", path);
}

void common_passwords_free(struct common_passwords *list)
{
    free(list);
}

/* ---- what a password is made of ---- */

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (unsigned char)byte >= 0x80;
}

/* Letters and digits only. */
static struct str squeeze(struct str text, struct arena *arena)
{
    struct buffer kept;

    buffer_init(&kept, arena, text.len);
    for (size_t i = 0; i < text.len; i++)
        if (is_letter(text.data[i]) || is_digit(text.data[i]))
            buffer_add_byte(&kept, text.data[i]);
    return buffer_str(&kept);
}

static struct str without_digits(struct str text)
{
    while (text.len && is_digit(text.data[0])) {
        text.data++;
        text.len--;
    }
    while (text.len && is_digit(text.data[text.len - 1]))
        text.len--;
    return text;
}

/* Is the text its first len bytes several times over? */
static bool repeats(struct str text, size_t len)
{
    return text.len % len == 0 && memcmp(text.data, text.data + len, text.len - len) == 0;
}

/* ---- the judgement ---- */

/* What it is held against: words are folded and squeezed. */
struct rule {
    const struct common_passwords *list;
    const struct str *words;
    size_t count;
};

static enum password_fault judge_word(const struct rule *rule, struct str word)
{
    for (size_t i = 0; i < rule->count; i++)
        if (str_equal(rule->words[i], word))
            return PASSWORD_PERSONAL;
    return listed(rule->list, word) ? PASSWORD_COMMON : PASSWORD_GOOD;
}

/* The form itself, its letters, and whatever it is several times over. */
static enum password_fault judge_form(const struct rule *rule, struct str form)
{
    struct str letters = without_digits(form);
    enum password_fault fault = judge_word(rule, form);

    if (fault == PASSWORD_GOOD && !str_empty(letters))
        fault = judge_word(rule, letters);
    for (size_t len = 1; fault == PASSWORD_GOOD && len <= form.len / 2; len++)
        if (repeats(form, len))
            fault =
                len < UNIT_LEN_MIN ? PASSWORD_COMMON : judge_form(rule, str_from(form.data, len));
    return fault;
}

/* As typed, its letters and digits, those letters without the digits around them. */
static enum password_fault judge_forms(const struct rule *rule, struct str typed,
                                       struct arena *arena)
{
    struct str folded = utf8_fold(typed, arena);
    struct str squeezed = squeeze(folded, arena);
    const struct str forms[] = {folded, squeezed, without_digits(squeezed)};
    enum password_fault fault = PASSWORD_GOOD;

    for (size_t i = 0; fault == PASSWORD_GOOD && i < sizeof(forms) / sizeof(forms[0]); i++)
        if (!str_empty(forms[i]))
            fault = judge_form(rule, forms[i]);
    return fault;
}

enum password_fault password_judge(const struct common_passwords *list, const struct str *words,
                                   size_t count, struct str password, struct arena *arena)
{
    struct str *folded = arena_array(arena, count + 1, sizeof(*folded));
    struct rule rule = {list, folded, count + 1};
    size_t characters;

    if (!utf8_valid(password) || str_find(password, '\0') < password.len)
        return PASSWORD_NOT_TEXT;
    characters = utf8_length(password);
    if (characters < PASSWORD_CHARACTERS_MIN)
        return PASSWORD_SHORT;
    if (characters > PASSWORD_CHARACTERS_MAX)
        return PASSWORD_LONG;
    for (size_t i = 0; i < count; i++)
        folded[i] = squeeze(utf8_fold(words[i], arena), arena);
    folded[count] = str_of("guichet");
    return judge_forms(&rule, password, arena);
}

enum err password_judge_for(struct db *db, const struct common_passwords *list, struct str email,
                            struct str password, struct arena *arena, enum password_fault *fault)
{
    struct login login;
    struct login_door *doors = NULL;
    size_t count = 0;
    bool found = false;
    struct str *words;
    enum err err = login_find(db, email, arena, &login, &found);

    if (!err && found)
        err = login_doors(db, login.id, arena, &doors, &count);
    if (err)
        return err;
    words = arena_array(arena, count + 2, sizeof(*words));
    for (size_t i = 0; i < count; i++)
        words[i] = str_of(doors[i].association_name);
    words[count] = email;
    words[count + 1] = str_from(email.data, str_find(email, '@'));
    *fault = password_judge(list, words, count + 2, password, arena);
    return OK;
}

enum err password_refuse(enum password_fault fault)
{
    switch (fault) {
    case PASSWORD_GOOD:
        return OK;
    case PASSWORD_NOT_TEXT:
        return fail(ERR_INPUT, "a password is text");
    case PASSWORD_SHORT:
    case PASSWORD_LONG:
        return fail(ERR_INPUT, "a password has %d to %d characters", PASSWORD_CHARACTERS_MIN,
                    PASSWORD_CHARACTERS_MAX);
    case PASSWORD_COMMON:
        return fail(ERR_INPUT, "this password is one of those that are tried first");
    case PASSWORD_PERSONAL:
        return fail(ERR_INPUT, "this password is made of the e-mail address, the name of the "
                               "association or \"guichet\"");
    }
    return fail(ERR_INTERNAL, "an unknown fault of a password");
}
