#include "association/profile.h"

#include "association/change.h"
#include "base/arena.h"
#include "queries.h"

/* ---- numbers of the registers ---- */

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* Without blanks and dots; false when more than max bytes are left. no-break spaces stand in
 * numbers that were copied from a page. */
static bool squeeze(struct str typed, char *out, size_t max, size_t *len)
{
    *len = 0;
    for (size_t i = 0; i < typed.len; i++) {
        struct str rest = str_from(typed.data + i, typed.len - i);

        if (typed.data[i] == ' ' || typed.data[i] == '.')
            continue;
        if (str_starts(rest, "\u00a0")) {
            i += 1;
            continue;
        }
        if (str_starts(rest, "\u202f")) {
            i += 2;
            continue;
        }
        if (*len == max)
            return false;
        out[(*len)++] = typed.data[i];
    }
    out[*len] = '\0';
    return true;
}

/* Every second digit from the right counts double, with its digits added. */
static bool luhn_good(const char *digits, size_t len)
{
    int sum = 0;

    for (size_t i = 0; i < len; i++) {
        int digit = digits[len - 1 - i] - '0';
        int counted = i % 2 ? 2 * digit : digit;

        sum += counted > 9 ? counted - 9 : counted;
    }
    return sum % 10 == 0;
}

static bool all_digits(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!is_digit(text[i]))
            return false;
    return true;
}

bool siren_read(struct str typed, char out[SIREN_MAX])
{
    size_t len;

    return squeeze(typed, out, SIREN_MAX - 1, &len) && len == 9 && all_digits(out, len) &&
           luhn_good(out, len) && !str_is(str_from(out, len), "000000000");
}

bool rna_read(struct str typed, char out[RNA_MAX])
{
    size_t len;

    if (!squeeze(typed, out, RNA_MAX - 1, &len) || len != 10)
        return false;
    if (out[0] == 'w')
        out[0] = 'W';
    return out[0] == 'W' && all_digits(out + 1, len - 1);
}

/* ---- writing ---- */

static enum err describe(const struct association *before, const struct profile_draft *after,
                         struct change *change)
{
    const struct {
        const char *field, *before, *after;
    } texts[] = {
        {"name", before->name, after->name},
        {"address", before->address, after->address},
        {"email", before->email, after->email},
        {"how_to_pay", before->how_to_pay, after->how_to_pay},
    };
    enum err err = OK;

    for (size_t i = 0; !err && i < sizeof(texts) / sizeof(texts[0]); i++)
        err = change_text(change, texts[i].field, texts[i].before, texts[i].after);
    change_word(change, "siren", before->siren, after->siren);
    change_word(change, "rna", before->rna, after->rna);
    change_word(change, "zone", before->zone_name, after->zone_name);
    change_number(change, "year_first_month", before->year_first_month, after->year_first_month);
    change_number(change, "year_first_day", before->year_first_day, after->year_first_day);
    change_number(change, "year_months", before->year_months, after->year_months);
    return err;
}

static enum err write(struct db *db, const struct profile_draft *draft,
                      const struct audit_actor *actor, const struct change *change,
                      struct arena *arena)
{
    enum err err =
        db_run(db, Q_ASSOCIATION_SET_PROFILE,
               DB_VALUES(db_int(draft->association_id), db_text(draft->name),
                         db_text(draft->address), db_text(draft->siren), db_text(draft->rna),
                         db_text(draft->email), db_text(draft->zone_name),
                         db_int(draft->year_first_month), db_int(draft->year_first_day),
                         db_int(draft->year_months), db_text(draft->how_to_pay)));

    if (err)
        return err;
    return audit_add(db, draft->association_id, actor, "association.profile",
                     arena_printf(arena, "association:%lld", (long long)draft->association_id),
                     change_detail(change));
}

enum err profile_set(struct db *db, const struct profile_draft *draft,
                     const struct audit_actor *actor)
{
    struct arena *arena = arena_new();
    struct association before;
    struct change change;
    enum err err = association_find(db, draft->association_id, arena, &before);

    change_init(&change, arena);
    if (!err && before.version != draft->version)
        err = fail(ERR_CONFLICT, "the association has changed since the form was made");
    if (!err)
        err = describe(&before, draft, &change);
    if (!err && !change_none(&change))
        err = write(db, draft, actor, &change, arena);
    arena_free(arena);
    return err;
}
