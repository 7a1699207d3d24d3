#include "web/books.h"

#include "association/audit_list.h"
#include "association/staff.h"
#include "base/csv.h"
#include "web/export.h"
#include "web/period.h"

#include <string.h>

enum { ACTIONS_PAGE = 50, PHRASES_MAX = 200 };

const struct http_field action_fields[] = {
    {"du", HTTP_TEXT, 40, NULL, 0},
    {"au", HTTP_TEXT, 40, NULL, 0},
    {"qui", HTTP_TOKEN, 20, NULL, 0},
    {"quoi", HTTP_CHOICE, 16, "paiements|adherents|reglages|acces|fichiers", 0},
    {"apres", HTTP_TOKEN, 44, NULL, 0},
    {0},
};

/* What is asked for by a word, as beginnings of actions. */
static const struct {
    const char *word;
    const char *families;
} kinds[] = {
    {"paiements", "|payment.|reminder.|cheques.|charge.|donation.|adjustment.|advance.|"},
    {"adherents", "|member.|product.|"},
    {"reglages", "|association.|bank_account.|provider_account.|endpoint.|secret.|account."
                 "|fiscal_year.|means.|second_factor.|"},
    {"acces", "|role.|login.|access.|session.|link.|"},
    {"fichiers", "|export.|"},
};
static const char *const kind_flags[] = {"paiements", "adherents", "reglages", "acces",
                                         "fichiers"};
enum { KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]) };

static const struct form_fault faults[] = {
    {"du", "illisible"}, {"au", "illisible"}, {"au", "avant"}};
static const char path[] = "/comptabilite/actions";

/* ---- sentences ---- */

/* One line of actions-phrases.txt: "payment.posted|objet|a enregistré un paiement". */
struct phrase {
    struct str action;
    struct str kind; /* where its amount or word is: "objet", "detail", "role", or "-" */
    struct str words;
};
struct phrases {
    struct phrase list[PHRASES_MAX];
    size_t count;
};

static enum err read_phrases(struct page *page, struct phrases **phrases)
{
    struct phrases *read = arena_alloc(page->arena, sizeof(*read));
    struct str text = {0};
    enum err err =
        page_text(page, page->arena, "actions-phrases.txt", template_map_new(page->arena), &text);

    while (!err && text.data && read->count < PHRASES_MAX) {
        struct str line = str_cut(&text, '\n');
        struct phrase *phrase = &read->list[read->count++];

        phrase->action = str_cut(&line, '|');
        phrase->kind = str_cut(&line, '|');
        phrase->words = line;
    }
    *phrases = read;
    return err;
}

static const struct phrase *phrase_of(const struct phrases *phrases, const char *action)
{
    for (size_t i = 0; i < phrases->count; i++)
        if (str_is(phrases->list[i].action, action))
            return &phrases->list[i];
    return NULL;
}

/* The words for an action; its name when a newer program wrote it. */
static struct str words_of(const struct phrases *phrases, const char *action)
{
    const struct phrase *phrase = phrase_of(phrases, action);

    return phrase ? phrase->words : str_of(action);
}

/* The last number of a detail: "R17 -1500" -> 1500. */
static int64_t last_number(const char *detail)
{
    size_t end = strlen(detail), begin;
    int64_t number = 0;

    while (end > 0 && (detail[end - 1] < '0' || detail[end - 1] > '9'))
        end--;
    for (begin = end; begin > 0 && detail[begin - 1] >= '0' && detail[begin - 1] <= '9';)
        begin--;
    return str_to_int64(str_from(detail + begin, end - begin), &number) ? number : 0;
}

/* What an action moved, in cents; 0 for nothing. */
static int64_t amount_of(const struct phrase *phrase, const struct audit_entry *row)
{
    int64_t cents = 0;

    if (phrase && str_is(phrase->kind, "objet"))
        cents = row->amount_cents;
    if (phrase && str_is(phrase->kind, "detail"))
        cents = last_number(row->detail);
    return cents < 0 ? -cents : cents;
}

/* What it was done to, in words: what the object is called, the role, the file, the page. */
static struct str subject_of(struct arena *arena, const struct phrases *phrases,
                             const struct phrase *phrase, const struct audit_entry *row)
{
    if (phrase && str_is(phrase->kind, "role"))
        return str_of(arena_printf(
            arena, "%s, %.*s", row->subject,
            STR_PRINT(words_of(phrases, arena_printf(arena, "role.%s", row->detail)))));
    if (strncmp(row->object, "export:", 7) == 0)
        return words_of(phrases, arena_printf(arena, "export.%s", row->object + 7));
    return str_of(row->object[0] == '/' ? row->object : row->subject);
}

/* ---- what is asked for ---- */

/* A request of the list, on the page or as a file. */
struct asking {
    struct page *page;
    struct template_map *data;
    struct form form;
    struct phrases *phrases;
    struct audit_filter filter;
    struct audit_place place;
};

static bool read_day(struct asking *asking, const char *name, struct date *day)
{
    struct str typed = http_field_text(asking->page->request, name);
    char iso[DATE_TEXT_MAX];

    template_set_str(asking->data, name, typed);
    if (str_empty(typed))
        return false;
    if (!period_day(typed, day)) {
        form_fault(&asking->form, name, "illisible");
        return false;
    }
    template_set_text(asking->data, name,
                      arena_string(asking->page->arena, date_format_iso(iso, *day)));
    return true;
}

static void read_days(struct asking *asking)
{
    const struct zone *zone = asking->page->association.zone;
    struct date from, until;
    bool has_from = read_day(asking, "du", &from), has_until = read_day(asking, "au", &until);

    if (has_from && has_until && date_compare(until, from) < 0)
        form_fault(&asking->form, "au", "avant");
    if (has_from)
        asking->filter.from_ms = zone_day_start(zone, from) * 1000;
    if (has_until)
        asking->filter.until_ms =
            zone_day_start(zone, date_from_days(date_to_days(until) + 1)) * 1000;
}

static void add_person(struct template_list *list, const char *value, const char *email,
                       struct str chosen)
{
    struct template_map *item = template_list_add(list);

    template_set_text(item, "value", value);
    template_set_text(item, "email", email);
    template_set_flag(item, "chosen", str_is(chosen, value));
}

/* Who works here, by login; "guichet" and "autres" stand in the page. */
static enum err read_who(struct asking *asking)
{
    struct page *page = asking->page;
    struct template_list *list = template_set_list(asking->data, "people");
    struct str chosen = http_field_text(page->request, "qui");
    struct staff_member *members;
    size_t count = 0;
    bool found = str_empty(chosen) || str_is(chosen, "guichet") || str_is(chosen, "autres");
    enum err err = staff_list(page->db, page->association.id, page->arena, &members, &count);

    for (size_t i = 0; !err && i < count; i++) {
        const char *id = arena_printf(page->arena, "%lld", (long long)members[i].login_id);

        add_person(list, id, members[i].email, chosen);
        if (str_is(chosen, id)) {
            asking->filter.login_id = members[i].login_id;
            found = true;
        }
    }
    template_set_flag(asking->data, "by_nobody", str_is(chosen, "guichet"));
    template_set_flag(asking->data, "by_others", str_is(chosen, "autres"));
    if (str_is(chosen, "guichet"))
        asking->filter.login_id = AUDIT_NOBODY;
    if (str_is(chosen, "autres"))
        asking->filter.login_id = AUDIT_OTHERS;
    return !err && !found ? fail(ERR_NOT_FOUND, "nobody of this association") : err;
}

static void read_kind(struct asking *asking)
{
    struct page *page = asking->page;
    struct template_list *list = template_set_list(asking->data, "kinds");
    struct str chosen = http_field_text(page->request, "quoi");

    asking->filter.families = "";
    for (size_t i = 0; i < KIND_COUNT; i++) {
        struct template_map *item = template_list_add(list);

        template_set_text(item, "value", kinds[i].word);
        template_set_flag(item, "chosen", str_is(chosen, kinds[i].word));
        page_flags(item, kind_flags, KIND_COUNT, kinds[i].word);
        if (str_is(chosen, kinds[i].word))
            asking->filter.families = kinds[i].families;
    }
}

static bool read_place(struct asking *asking)
{
    struct str key = http_field_text(asking->page->request, "apres"), at;

    if (str_empty(key))
        return true;
    at = str_cut(&key, '-');
    return str_to_int64(at, &asking->place.at_ms) &&
           str_to_int64(key, &asking->place.chain_number) && asking->place.chain_number > 0;
}

static enum err ask(struct asking *asking)
{
    enum err err;

    form_init(&asking->form, faults, sizeof(faults) / sizeof(faults[0]));
    asking->filter = (struct audit_filter){.association_id = asking->page->association.id};
    if (!read_place(asking))
        return fail(ERR_INPUT, "not a place of this list");
    read_days(asking);
    read_kind(asking);
    err = read_who(asking);
    return err ? err : read_phrases(asking->page, &asking->phrases);
}

/* ---- the page ---- */

static void add_row(struct asking *asking, struct template_list *list,
                    const struct audit_entry *row)
{
    struct page *page = asking->page;
    struct template_map *item = template_list_add(list);
    const struct phrase *phrase = phrase_of(asking->phrases, row->action);
    int64_t cents = amount_of(phrase, row);
    struct str subject = subject_of(page->arena, asking->phrases, phrase, row);

    template_set_int(item, "number", row->chain_number);
    template_set_text(item, "action", row->action);
    template_set_time(item, "at", row->at_ms / 1000, page->association.zone);
    template_set_flag(item, "by_somebody", row->email[0] != '\0');
    template_set_text(item, "email", row->email);
    template_set_text(item, "address", row->address);
    template_set_str(item, "words", words_of(asking->phrases, row->action));
    template_set_str(item, "subject", subject);
    template_set_flag(item, "has_amount", cents != 0);
    template_set_money(item, "amount", cents, page->association.currency);
    template_set_flag(item, "has_member", row->member_id != 0);
    page_set_id(page, item, "member_id", row->member_id);
    template_set_int(item, "member_number", row->member_number);
    template_set_text(item, "member",
                      arena_printf(page->arena, "%s %s", row->first_name, row->last_name));
}

static enum err add_rows(struct asking *asking)
{
    struct page *page = asking->page;
    struct template_list *list = template_set_list(asking->data, "actions");
    struct audit_entry *rows;
    size_t count = 0, shown;
    const char *place = "";
    enum err err = audit_list(page->db, &asking->filter, asking->place, ACTIONS_PAGE + 1,
                              page->arena, &rows, &count);

    shown = count > ACTIONS_PAGE ? ACTIONS_PAGE : count;
    for (size_t i = 0; !err && i < shown; i++)
        add_row(asking, list, &rows[i]);
    if (!err && count > shown)
        place = arena_printf(page->arena, "%lld-%lld", (long long)rows[shown - 1].at_ms,
                             (long long)rows[shown - 1].chain_number);
    template_set_flag(asking->data, "has_actions", shown > 0);
    template_set_flag(asking->data, "has_next", count > shown);
    template_set_flag(asking->data, "has_pages", count > shown || asking->place.chain_number);
    template_set_text(asking->data, "next_address", form_address(page, path, "apres", place));
    return err;
}

enum err actions_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "actions");
    struct asking asking = {.page = page, .data = data};
    enum err err = ask(&asking);
    bool faulty = form_faulty(&asking.form, NULL);

    (void)response;
    if (!err && !faulty)
        err = add_rows(&asking);
    if (err)
        return err;
    form_add(page, &asking.form, data);
    template_set_flag(data, "is_filtered",
                      faulty || asking.filter.from_ms || asking.filter.until_ms ||
                          asking.filter.login_id || asking.filter.families[0]);
    template_set_flag(data, "first_page", !asking.place.chain_number);
    template_set_text(data, "first_address", form_address(page, path, NULL, NULL));
    template_set_text(data, "export_address",
                      form_address(page, "/comptabilite/actions/export", NULL, NULL));
    return page_render(page, faulty ? 400 : 200, "actions.html", data);
}

/* ---- the file ---- */

static void add_cells(struct asking *asking, struct export *export, const struct audit_entry *row)
{
    const struct page *page = asking->page;
    const struct phrase *phrase = phrase_of(asking->phrases, row->action);
    struct civil_time at = zone_civil(page->association.zone, row->at_ms / 1000);
    int64_t cents = amount_of(phrase, row);

    csv_add_date(export->csv, true, at.date);
    csv_add_text(export->csv, false,
                 arena_printf(export->arena, "%02d:%02d:%02d", at.hour, at.minute, at.second));
    csv_add(export->csv, false,
            row->email[0] ? str_of(row->email) : words_of(asking->phrases, "auto.nobody"));
    csv_add(export->csv, false, words_of(asking->phrases, row->action));
    csv_add(export->csv, false, subject_of(export->arena, asking->phrases, phrase, row));
    csv_add_text(export->csv, false,
                 arena_printf(export->arena, "%s %s", row->first_name, row->last_name));
    if (cents)
        csv_add_money(export->csv, false, cents, page->association.currency);
    else
        csv_add_text(export->csv, false, "");
    csv_add_text(export->csv, false, row->address);
    csv_add_text(export->csv, false, row->action);
    csv_add_text(export->csv, false, row->object);
    csv_add_text(export->csv, false, row->detail);
    csv_end_row(export->csv);
}

static enum err add_more(struct export *export, void *list, bool *ended)
{
    struct asking *asking = list;
    struct audit_entry *rows;
    size_t count = 0;
    enum err err = audit_list(export->page->db, &asking->filter, asking->place, EXPORT_CHUNK,
                              export->arena, &rows, &count);

    for (size_t i = 0; !err && i < count; i++)
        add_cells(asking, export, &rows[i]);
    if (!err && count > 0)
        asking->place = (struct audit_place){rows[count - 1].at_ms, rows[count - 1].chain_number};
    *ended = count < EXPORT_CHUNK;
    return err;
}

enum err actions_export_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct asking asking = {.page = page, .data = template_map_new(page->arena)};
    enum err err = ask(&asking);

    (void)response;
    if (!err && form_faulty(&asking.form, NULL))
        err = fail(ERR_INPUT, "days that are none");
    asking.place = (struct audit_place){0};
    return err ? err : export_send(page, "actions", add_more, &asking);
}
