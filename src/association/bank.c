#include "association/bank.h"

#include "association/change.h"
#include "association/rows.h"
#include "base/arena.h"
#include "queries.h"

#include <string.h>

/* ---- numbers ---- */

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_capital(char byte)
{
    return byte >= 'A' && byte <= 'Z';
}

/* Letters as capitals, blanks of all kinds left out; false for anything else, or too much. */
static bool squeeze(struct str typed, char *out, size_t max, size_t *len)
{
    *len = 0;
    for (size_t i = 0; i < typed.len; i++) {
        struct str rest = str_from(typed.data + i, typed.len - i);
        char byte = typed.data[i];

        if (byte == ' ')
            continue;
        if (str_starts(rest, "\u00a0") || str_starts(rest, "\u202f")) {
            i += str_starts(rest, "\u00a0") ? 1 : 2;
            continue;
        }
        if (byte >= 'a' && byte <= 'z')
            byte = (char)(byte - 'a' + 'A');
        if (*len == max || (!is_digit(byte) && !is_capital(byte)))
            return false;
        out[(*len)++] = byte;
    }
    out[*len] = '\0';
    return true;
}

/* Length of an IBAN by country (ISO 13616 register), for the countries of SEPA. */
static bool length_good(const char *iban, size_t len)
{
    static const struct {
        char country[3];
        unsigned char len;
    } lengths[] = {
        {"AD", 24}, {"AT", 20}, {"BE", 16}, {"BG", 22}, {"CH", 21}, {"CY", 28}, {"CZ", 24},
        {"DE", 22}, {"DK", 18}, {"EE", 20}, {"ES", 24}, {"FI", 18}, {"FR", 27}, {"GB", 22},
        {"GR", 27}, {"HR", 21}, {"HU", 28}, {"IE", 22}, {"IS", 26}, {"IT", 27}, {"LI", 21},
        {"LT", 20}, {"LU", 20}, {"LV", 21}, {"MC", 27}, {"MT", 31}, {"NL", 18}, {"NO", 15},
        {"PL", 28}, {"PT", 25}, {"RO", 24}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27},
        {"TN", 24}, {"VA", 22},
    };

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
        if (memcmp(iban, lengths[i].country, 2) == 0)
            return len == lengths[i].len;
    return len >= 15;
}

/* The remainder by 97 of the number that letters from the fifth on, then the first four, make. */
static int remainder_of(const char *iban, size_t len)
{
    int remainder = 0;

    for (size_t i = 0; i < len; i++) {
        char byte = iban[(i + 4) % len];
        int value = is_digit(byte) ? byte - '0' : byte - 'A' + 10;

        remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
    }
    return remainder;
}

bool iban_read(struct str typed, char out[IBAN_MAX])
{
    size_t len;

    if (!squeeze(typed, out, IBAN_MAX - 1, &len) || len < 15)
        return false;
    return is_capital(out[0]) && is_capital(out[1]) && is_digit(out[2]) && is_digit(out[3]) &&
           length_good(out, len) && remainder_of(out, len) == 1;
}

bool bic_read(struct str typed, char out[BIC_MAX])
{
    size_t len;

    if (!squeeze(typed, out, BIC_MAX - 1, &len) || (len != 8 && len != 11))
        return false;
    for (size_t i = 0; i < 6; i++) /* bank and country are letters */
        if (!is_capital(out[i]))
            return false;
    if (len == 11 && strcmp(out + 8, "XXX") == 0) /* the head office: the same as without */
        out[8] = '\0';
    return true;
}

/* ---- reading ---- */

static enum err read_bank(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct bank_account *account = item;

    account->id = db_column_int(rows, 0);
    account->label = db_column_text(rows, 1, arena);
    account->iban_tail = db_column_text(rows, 2, arena);
    account->bic = db_column_text(rows, 3, arena);
    account->account_code = db_column_text(rows, 4, arena);
    account->account_label = db_column_text(rows, 5, arena);
    account->archived = !db_column_is_null(rows, 6);
    account->version = db_column_int(rows, 7);
    return OK;
}

enum err bank_list(struct db *db, int64_t association_id, struct arena *arena,
                   struct bank_account **accounts, size_t *count)
{
    void *items;
    enum err err = rows_read_all(db, Q_BANK_LIST, DB_VALUES(db_int(association_id)), read_bank,
                                 sizeof(**accounts), arena, &items, count);

    *accounts = items;
    return err;
}

enum err bank_find(struct db *db, int64_t association_id, int64_t bank_id, struct arena *arena,
                   struct bank_account *account)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, Q_BANK_FIND, DB_VALUES(db_int(association_id), db_int(bank_id)),
                            &rows, &found);

    if (!err && found)
        err = read_bank(&rows, arena, account);
    else if (!err)
        err = fail(ERR_NOT_FOUND, "no such bank account");
    db_rows_done(&rows);
    return err;
}

/* ---- the seal ---- */

static const char *sealed_name(int64_t bank_id, struct arena *arena)
{
    return arena_printf(arena, "bank_account/%lld/iban", (long long)bank_id);
}

enum err bank_iban(struct db *db, const struct seal_key *key, int64_t association_id,
                   int64_t bank_id, struct arena *arena, struct str *iban)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, Q_BANK_SEALED, DB_VALUES(db_int(association_id), db_int(bank_id)),
                            &rows, &found);

    if (!err && found)
        err = seal_open(key, association_id, sealed_name(bank_id, arena),
                        db_column_blob(&rows, 0, arena), arena, iban);
    else if (!err)
        err = fail(ERR_NOT_FOUND, "no such bank account");
    db_rows_done(&rows);
    return err;
}

/* ---- writing ---- */

static const char *tail_of(const char *iban)
{
    return iban + strlen(iban) - IBAN_TAIL_LEN;
}

static enum err seal_iban(const struct bank_draft *draft, struct arena *arena, struct str *sealed)
{
    return seal_close(draft->key, draft->association_id, sealed_name(draft->id, arena),
                      str_of(draft->iban), arena, sealed);
}

static enum err check_account(struct db *db, const struct bank_draft *draft)
{
    int64_t usable = 0;
    enum err err = db_integer(
        db, Q_BANK_ACCOUNT_USABLE,
        DB_VALUES(db_int(draft->association_id), db_text(draft->account_code)), 0, &usable);

    return !err && !usable ? fail(ERR_INPUT, "no such bank account in the chart") : err;
}

static enum err note(struct db *db, const struct audit_actor *actor, int64_t association_id,
                     int64_t bank_id, const char *action, const char *detail, struct arena *arena)
{
    return audit_add(db, association_id, actor, action,
                     arena_printf(arena, "bank_account:%lld", (long long)bank_id), detail);
}

enum err bank_add(struct db *db, const struct bank_draft *draft, const struct audit_actor *actor)
{
    struct arena *arena = arena_new();
    struct str sealed = {0};
    enum err err = check_account(db, draft);

    if (!err)
        err = seal_iban(draft, arena, &sealed);
    if (!err)
        err = db_run(db, Q_BANK_ADD,
                     DB_VALUES(db_int(draft->association_id), db_int(draft->id),
                               db_text(draft->label), db_blob(sealed),
                               db_text(tail_of(draft->iban)), db_text(draft->bic),
                               db_text(draft->account_code), db_int(draft->now)));
    if (!err)
        err = note(db, actor, draft->association_id, draft->id, "bank_account.added",
                   draft->account_code, arena);
    arena_free(arena);
    return err;
}

static enum err describe(const struct bank_account *before, const struct bank_draft *after,
                         struct change *change)
{
    enum err err = change_text(change, "label", before->label, after->label);

    change_word(change, "bic", before->bic, after->bic);
    change_word(change, "account_code", before->account_code, after->account_code);
    if (*after->iban)
        change_word(change, "iban", arena_printf(change->detail.arena, "...%s", before->iban_tail),
                    arena_printf(change->detail.arena, "...%s (new)", tail_of(after->iban)));
    return err;
}

static enum err write(struct db *db, const struct bank_draft *draft, struct arena *arena)
{
    struct str sealed = {0};
    enum err err = OK;

    if (*draft->iban)
        err = seal_iban(draft, arena, &sealed);
    if (err)
        return err;
    return db_run(db, Q_BANK_CHANGE,
                  DB_VALUES(db_int(draft->association_id), db_int(draft->id),
                            db_text(draft->label), db_blob(sealed),
                            db_text(*draft->iban ? tail_of(draft->iban) : NULL),
                            db_text(draft->bic), db_text(draft->account_code)));
}

enum err bank_change(struct db *db, const struct bank_draft *draft,
                     const struct audit_actor *actor)
{
    struct arena *arena = arena_new();
    struct bank_account before;
    struct change change;
    enum err err = bank_find(db, draft->association_id, draft->id, arena, &before);

    change_init(&change, arena);
    if (!err && before.version != draft->version)
        err = fail(ERR_CONFLICT, "the bank account has changed since the form was made");
    if (!err)
        err = describe(&before, draft, &change);
    if (!err && strcmp(before.account_code, draft->account_code) != 0)
        err = check_account(db, draft);
    if (!err && !change_none(&change)) {
        err = write(db, draft, arena);
        if (!err)
            err = note(db, actor, draft->association_id, draft->id, "bank_account.changed",
                       change_detail(&change), arena);
    }
    arena_free(arena);
    return err;
}

enum err bank_use(struct db *db, int64_t association_id, int64_t bank_id, enum bank_use use,
                  const struct audit_actor *actor, int64_t now)
{
    struct arena *arena = arena_new();
    struct bank_account before;
    enum err err = bank_find(db, association_id, bank_id, arena, &before);

    if (!err && before.archived != (use == BANK_CLOSED)) {
        err = db_run(db, Q_BANK_ARCHIVE,
                     DB_VALUES(db_int(association_id), db_int(bank_id),
                               use == BANK_CLOSED ? db_int(now) : db_null()));
        if (!err)
            err = note(db, actor, association_id, bank_id,
                       use == BANK_CLOSED ? "bank_account.closed" : "bank_account.reopened", "",
                       arena);
    }
    arena_free(arena);
    return err;
}
