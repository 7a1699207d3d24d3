#include "programs/command.h"

#include "base/arena.h"
#include "base/money.h"
#include "base/utf8.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* ---- plain values ---- */

/* The place of an option in the table; a command that asks for one it has not is a mistake. */
static int option_place(const struct command_call *call, const char *option)
{
    const struct command_option *options = call->command->options;

    for (int i = 0; options && options[i].name; i++)
        if (strcmp(options[i].name, option) == 0)
            return i;
    err_abort(__FILE__, __LINE__, "a command asks for an option it does not have");
}

const char *command_text(const struct command_call *call, const char *option)
{
    return call->values[option_place(call, option)];
}

bool command_given(const struct command_call *call, const char *option)
{
    return command_text(call, option) != NULL;
}

enum err command_line_text(const struct command_call *call, const char *option,
                           const char *otherwise, const char **text)
{
    const char *typed = command_text(call, option);
    struct str trimmed = str_trim(str_of(typed));

    *text = otherwise;
    if (!typed)
        return OK;
    if (!utf8_clean(trimmed) || str_find(trimmed, '\n') < trimmed.len || trimmed.len > 500)
        return fail(ERR_INPUT, "--%s: one line of UTF-8 text, at most 500 bytes", option);
    if (str_empty(trimmed) && call->command->options[option_place(call, option)].required)
        return fail(ERR_INPUT, "--%s is empty", option);
    *text = str_copy(call->arena, trimmed);
    return OK;
}

enum err command_number(const struct command_call *call, const char *option, int64_t *number)
{
    const char *typed = command_text(call, option);

    *number = 0;
    if (typed && (!str_to_int64(str_of(typed), number) || *number <= 0))
        return fail(ERR_INPUT, "--%s: \"%s\" is no positive whole number", option, typed);
    return OK;
}

enum err command_amount(const struct command_call *call, const char *option,
                        const struct currency *currency, int64_t *cents)
{
    const char *typed = command_text(call, option);

    switch (money_parse(str_of(typed), currency, cents)) {
    case MONEY_OK:
        return OK;
    case MONEY_TOO_PRECISE:
        return fail(ERR_INPUT, "--%s: \"%s\" has too many decimals for %s", option, typed,
                    currency->code);
    case MONEY_ZERO:
        return fail(ERR_INPUT, "--%s: the amount must be more than zero", option);
    case MONEY_TOO_LARGE:
        return fail(ERR_INPUT, "--%s: \"%s\" is too much", option, typed);
    case MONEY_EMPTY:
    case MONEY_NOT_A_NUMBER:
        break;
    }
    return fail(ERR_INPUT, "--%s: \"%s\" is no amount; type for example 12,50", option,
                typed ? typed : "");
}

enum err command_date(const struct command_call *call, const char *option, struct date otherwise,
                      struct date *date)
{
    const char *typed = command_text(call, option);

    *date = otherwise;
    if (typed && !date_parse_iso(str_of(typed), date))
        return fail(ERR_INPUT, "--%s: \"%s\" is no date; type for example 2026-11-23", option,
                    typed);
    return OK;
}

enum err command_choice(const struct command_call *call, const char *option,
                        const char *const *words, size_t count, size_t *index)
{
    const char *typed = command_text(call, option);
    struct buffer known;

    buffer_init(&known, call->arena, 64);
    for (size_t i = 0; i < count; i++) {
        if (typed && strcmp(typed, words[i]) == 0) {
            *index = i;
            return OK;
        }
        buffer_printf(&known, "%s%s", i == 0 ? "" : i + 1 == count ? " or " : ", ", words[i]);
    }
    return fail(ERR_INPUT, "--%s: \"%s\" is not %s", option, typed ? typed : "", known.data);
}

/* ---- rows that are named ---- */

static enum err named_association(struct db *db, struct command_call *call, struct str name,
                                  const int64_t *ids, size_t count,
                                  struct association *association)
{
    int matches = 0;

    for (size_t i = 0; i < count; i++) {
        struct association candidate;
        int64_t id;
        enum err err = association_find(db, ids[i], call->arena, &candidate);
        if (err)
            return err;
        if (str_is(name, candidate.name) || (str_to_int64(name, &id) && id == candidate.id)) {
            *association = candidate;
            matches++;
        }
    }
    if (matches == 0)
        return fail(ERR_NOT_FOUND, "--association: there is no \"%.*s\"", STR_PRINT(name));
    if (matches > 1)
        return fail(ERR_INPUT, "--association: two have that name; give the number");
    return OK;
}

enum err command_association(struct command_call *call, struct association *association)
{
    const char *typed = command_text(call, "association");
    struct db *db;
    int64_t *ids;
    size_t count;
    enum err err = program_database(call->program, &db);

    if (!err)
        err = association_list(db, call->arena, &ids, &count);
    if (err)
        return err;
    if (typed)
        return named_association(db, call, str_of(typed), ids, count, association);
    if (count == 0)
        return fail(ERR_NOT_FOUND, "there is no association yet; see: guichet association add");
    if (count > 1)
        return fail(ERR_INPUT, "there are %zu associations: say which with --association", count);
    return association_find(db, ids[0], call->arena, association);
}

enum err command_member(struct command_call *call, const char *option, int64_t association_id,
                        struct member *member)
{
    struct db *db;
    int64_t number;
    enum err err = command_number(call, option, &number);

    if (!err)
        err = program_database(call->program, &db);
    if (!err)
        err = member_find_by_number(db, association_id, number, call->arena, member);
    if (err == ERR_NOT_FOUND)
        return fail(err, "--%s: there is no member number %lld", option, (long long)number);
    return err;
}

enum err command_login(struct command_call *call, const char *option, struct login *login)
{
    const char *email = command_text(call, option);
    struct db *db;
    bool found = false;
    enum err err = program_database(call->program, &db);

    if (!err)
        err = login_find(db, str_of(email), call->arena, login, &found);
    if (!err && !found)
        return fail(ERR_NOT_FOUND, "--%s: there is no login %s", option, email);
    return err;
}

/* ---- secrets ---- */

static enum err read_descriptor(int fd, const char *what, char *bytes, size_t max, size_t *len)
{
    ssize_t got = 1;

    for (*len = 0; *len < max && got > 0; *len += (size_t)got) {
        got = read(fd, bytes + *len, max - *len);
        if (got < 0)
            return fail(ERR_IO, "%s cannot be read", what);
    }
    return OK;
}

enum err command_read_secret(struct command_call *call, const char *path, struct str *secret)
{
    bool from_file = path && strcmp(path, "-") != 0;
    const char *what = from_file ? path : "standard input";
    char *bytes = arena_alloc(call->arena, COMMAND_SECRET_LEN_MAX + 2);
    int fd = from_file ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    size_t len = 0;
    enum err err;

    if (fd < 0)
        return fail(ERR_IO, "%s cannot be opened", what);
    err = read_descriptor(fd, what, bytes, COMMAND_SECRET_LEN_MAX + 1, &len);
    if (from_file)
        close(fd);
    if (err)
        return err;
    if (len > 0 && bytes[len - 1] == '\n')
        len--;
    if (len > 0 && bytes[len - 1] == '\r')
        len--;
    *secret = str_from(bytes, len);
    if (len == 0 || len > COMMAND_SECRET_LEN_MAX)
        return fail(ERR_INPUT, "%s holds no secret, or too much", what);
    return OK;
}
