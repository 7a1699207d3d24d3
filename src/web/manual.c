#include "web/manual.h"

#include "base/utf8.h"
#include "payment/service.h"
#include "web/charges.h"
#include "web/members.h"

#include <string.h>

enum { NOON_S = 12 * 3600, NUMBER_MAX = 20 };

#define CHEQUE_FIELDS(n)                                                                          \
    {"montant" n, HTTP_AMOUNT, 64, NULL, 0}, {"numero" n, HTTP_TEXT, 80, NULL, 0},                \
        {"banque" n, HTTP_TEXT, WEB_LINE_MAX, NULL, 0},                                           \
        {"tireur" n, HTTP_TEXT, WEB_LINE_MAX, NULL, 0},                                           \
    {                                                                                             \
        "encaisser" n, HTTP_TEXT, 20, NULL, 0                                                     \
    }

const struct http_field receive_page_fields[] = {
    {"moyen", HTTP_ID, 20, NULL, 0},
    {0},
};
const struct http_field receive_fields[] = {
    TOKEN_FIELD,
    {"jeton", HTTP_TOKEN, 64, NULL, 1},
    {"moyen", HTTP_ID, 20, NULL, 1},
    {"date", HTTP_TEXT, 20, NULL, 0},
    {"reference", HTTP_TEXT, WEB_LINE_MAX, NULL, 0},
    {"don", HTTP_AMOUNT, 64, NULL, 0},
    {"dette", HTTP_IDS, 20, NULL, 0},
    {"recu", HTTP_CHOICE, 3, "oui", 0},
    CHEQUE_FIELDS(""),
    CHEQUE_FIELDS("2"),
    CHEQUE_FIELDS("3"),
    {0},
};

const struct form_fault receive_faults[] = {
    {"jeton", "servi"},    {"moyen", "change"},   {"dette", "payee"},
    {"cheque", "faux"},    {"date", "illisible"}, {"date", "futur"},
    {"reference", "long"}, {"don", "illisible"},  {"don", "trop"},
};
const size_t receive_fault_count = sizeof(receive_faults) / sizeof(receive_faults[0]);

static const char *const slot_names[MANUAL_CHEQUES_MAX][5] = {
    {"montant", "numero", "banque", "tireur", "encaisser"},
    {"montant2", "numero2", "banque2", "tireur2", "encaisser2"},
    {"montant3", "numero3", "banque3", "tireur3", "encaisser3"},
};

/* ---- what the form is about ---- */

static enum err read_means(struct receiving *receiving)
{
    struct page *page = receiving->page;
    int64_t asked = http_field_id(page->request, "moyen");
    struct means *all;
    size_t count;
    enum err err = means_list(page->db, page->association.id, page->arena, &all, &count);

    receiving->means = all;
    for (size_t i = 0; !err && i < count && !all[i].archived; i++) {
        receiving->means_count++;
        if (all[i].id == asked || (!asked && i == 0))
            receiving->chosen = &all[i];
    }
    if (!err && asked && !receiving->chosen) /* archived meanwhile, or another's */
        err = means_find(page->db, page->association.id, asked, page->arena, &(struct means){0});
    if (!err && receiving->chosen)
        receiving->slot_count = means_takes_cheques(receiving->chosen) ? MANUAL_CHEQUES_MAX : 1;
    return err;
}

static enum err read_dues(struct receiving *receiving)
{
    struct page *page = receiving->page;
    enum err err = cart_dues(page->db, page->association.id, receiving->member_id, page->arena,
                             &receiving->dues, &receiving->due_count);

    receiving->due_cents = 0;
    for (size_t i = 0; !err && i < receiving->due_count; i++)
        receiving->due_cents = money_add(receiving->due_cents, receiving->dues[i].open_cents);
    return err;
}

static enum err begin(struct receiving *receiving, struct page *page)
{
    enum err err;

    *receiving = (struct receiving){.page = page};
    form_init(&receiving->form, receive_faults, receive_fault_count);
    err = members_path_id(page, &receiving->member_id);
    if (!err)
        err = page_begin_reading(page);
    if (!err)
        err = member_read(page->db, page->association.id, receiving->member_id, page->arena,
                          &receiving->member);
    if (!err)
        err = read_means(receiving);
    return err ? err : read_dues(receiving);
}

enum err receive_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct receiving *receiving = arena_alloc(page->arena, sizeof(*receiving));
    enum err err = begin(receiving, page);

    (void)response;
    if (!err && http_field_given(request, "moyen") && !receiving->chosen)
        return http_redirect(page->response, arena_printf(page->arena, "/adherents/%lld/encaisser",
                                                          (long long)receiving->member_id));
    return err ? err : receive_show(receiving, 200, RECEIVE_NEW);
}

/* ---- what was typed ---- */

static const char *typed(struct page *page, const char *field)
{
    return str_copy(page->arena, http_field_text(page->request, field));
}

/* "Crédit  agricole" -> "CREDIT AGRICOLE": the same bank is the same text. */
static const char *bank_name(struct page *page, const char *text)
{
    struct str folded = utf8_fold(str_of(text), page->arena);
    char *name = arena_alloc(page->arena, folded.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < folded.len; i++) {
        char byte = folded.data[i];

        if (byte == ' ' && (len == 0 || name[len - 1] == ' '))
            continue;
        name[len++] = byte >= 'a' && byte <= 'z' ? (char)(byte - 'a' + 'A') : byte;
    }
    name[len] = '\0';
    return name;
}

/* "81 234 56" -> "8123456"; NULL when it is no number of a cheque. */
static const char *cheque_number(struct page *page, const char *text)
{
    char *number = arena_alloc(page->arena, strlen(text) + 1);
    size_t len = 0;

    for (; *text; text++) {
        if (*text == ' ')
            continue;
        if (*text < '0' || *text > '9')
            return NULL;
        number[len++] = *text;
    }
    number[len] = '\0';
    return len > 0 && len <= NUMBER_MAX ? number : NULL;
}

static void read_amount(struct receiving *receiving, struct receive_slot *slot)
{
    slot->bad_amount = money_parse(str_of(slot->amount), receiving->page->association.currency,
                                   &slot->cents) != MONEY_OK;
}

/* What is left open is as on the cheque before: three of one cheque book differ by number. */
static void read_cheque(struct receiving *receiving, struct receive_slot *slot,
                        const struct receive_slot *before)
{
    struct page *page = receiving->page;
    struct cheque_draft *cheque = &slot->cheque;

    cheque->number = cheque_number(page, slot->number);
    slot->bad_number = !cheque->number;
    cheque->bank = *slot->bank || !before ? bank_name(page, slot->bank) : before->cheque.bank;
    slot->bad_bank = !*cheque->bank || utf8_length(str_of(slot->bank)) > MANUAL_TEXT_MAX;
    cheque->drawer = *slot->drawer || !before ? slot->drawer : before->cheque.drawer;
    if (!*cheque->drawer)
        cheque->drawer = arena_printf(page->arena, "%s %s", receiving->member.member.first_name,
                                      receiving->member.member.last_name);
    slot->bad_drawer = utf8_length(str_of(cheque->drawer)) > MANUAL_DRAWER_MAX;
    cheque->due_day = receiving->date;
    slot->bad_due = *slot->due && !date_parse_iso(str_of(slot->due), &cheque->due_day);
    for (const struct receive_slot *other = receiving->slots; other < slot; other++)
        slot->doubled = slot->doubled || (other->used && cheque->number && other->cheque.number &&
                                          strcmp(other->cheque.number, cheque->number) == 0 &&
                                          strcmp(other->cheque.bank, cheque->bank) == 0);
}

static bool slot_faulty(const struct receive_slot *slot)
{
    return slot->bad_amount || slot->bad_number || slot->bad_bank || slot->bad_drawer ||
           slot->bad_due || slot->known || slot->doubled;
}

static void read_slots(struct receiving *receiving)
{
    bool cheques = receiving->chosen && means_takes_cheques(receiving->chosen);
    const struct receive_slot *before = NULL; /* the last one that was filled in */

    for (size_t i = 0; i < receiving->slot_count && i < MANUAL_CHEQUES_MAX; i++) {
        struct receive_slot *slot = &receiving->slots[i];

        slot->amount = typed(receiving->page, slot_names[i][0]);
        slot->number = typed(receiving->page, slot_names[i][1]);
        slot->bank = typed(receiving->page, slot_names[i][2]);
        slot->drawer = typed(receiving->page, slot_names[i][3]);
        slot->due = typed(receiving->page, slot_names[i][4]);
        slot->used = i == 0 || *slot->amount || *slot->number || *slot->due;
        if (!slot->used)
            continue;
        read_amount(receiving, slot);
        if (cheques)
            read_cheque(receiving, slot, before);
        before = slot;
        if (slot_faulty(slot))
            form_fault(&receiving->form, "cheque", "faux");
    }
}

static void read_donation(struct receiving *receiving)
{
    struct page *page = receiving->page;
    struct str text = http_field_text(page->request, "don");
    enum money_verdict verdict;

    if (str_empty(text))
        return;
    verdict = money_parse(text, page->association.currency, &receiving->donation_cents);
    if (verdict == MONEY_ZERO)
        receiving->donation_cents = 0;
    else if (verdict != MONEY_OK)
        form_fault(&receiving->form, "don", "illisible");
    else if (!receiving->slots[0].bad_amount &&
             receiving->donation_cents > receiving->slots[0].cents)
        form_fault(&receiving->form, "don", "trop");
}

static void read_date(struct receiving *receiving)
{
    struct page *page = receiving->page;

    charges_read_date(page, &receiving->form, "date", &receiving->date);
    if (date_compare(receiving->date, zone_date(page->association.zone, page->now)) > 0)
        form_fault(&receiving->form, "date", "futur");
}

/* Only what is due may be ticked; what is due no more was paid, or taken off, meanwhile. */
static void read_ticks(struct receiving *receiving)
{
    size_t count;
    const int64_t *ids = http_field_ids(receiving->page->request, "dette", &count);

    for (size_t i = 0; i < count; i++) {
        const struct cart_due *due = NULL;

        for (size_t j = 0; j < receiving->due_count; j++)
            if (receiving->dues[j].charge_line_id == ids[i])
                due = &receiving->dues[j];
        if (!due || receiving->ticked_count == MANUAL_TICKED_MAX) {
            form_fault(&receiving->form, "dette", "payee");
            return;
        }
        receiving->ticked[receiving->ticked_count++] =
            (struct ticked_charge){ids[i], due->open_cents};
    }
}

static void read_typed(struct receiving *receiving)
{
    receiving->reference = typed(receiving->page, "reference");
    if (utf8_length(str_of(receiving->reference)) > MANUAL_TEXT_MAX)
        form_fault(&receiving->form, "reference", "long");
    read_date(receiving);
    read_slots(receiving);
    read_donation(receiving);
    read_ticks(receiving);
    if (!receiving->chosen)
        form_fault(&receiving->form, "moyen", "change");
}

/* ---- writing ---- */

static enum err refuse(struct receiving *receiving, int outcome)
{
    receiving->outcome = outcome;
    return fail(ERR_CONFLICT, "the payment does not fit any more");
}

/* Is the means still what the page showed, and is what was ticked still due? */
static enum err check_again(struct receiving *receiving, struct db *db, struct arena *arena)
{
    struct page *page = receiving->page;
    struct means means;
    struct cart_due *dues;
    size_t count;
    enum err err = means_find(db, page->association.id, receiving->chosen->id, arena, &means);

    if (!err &&
        (means.archived || strcmp(means.account_code, receiving->chosen->account_code) != 0))
        return refuse(receiving, RECEIVE_MEANS_CHANGED);
    if (!err)
        err = cart_dues(db, page->association.id, receiving->member_id, arena, &dues, &count);
    for (size_t i = 0; !err && i < receiving->ticked_count; i++) {
        bool open = false;

        for (size_t j = 0; j < count; j++)
            open = open || dues[j].charge_line_id == receiving->ticked[i].charge_line_id;
        if (!open)
            err = refuse(receiving, RECEIVE_DUES_CHANGED);
    }
    return err;
}

static int64_t fact_at(const struct receiving *receiving)
{
    const struct page *page = receiving->page;
    const struct zone *zone = page->association.zone;

    return date_compare(receiving->date, zone_date(zone, page->now)) == 0
               ? page->now
               : zone_day_start(zone, receiving->date) + NOON_S;
}

static const char *cart_label(const struct receiving *receiving, const struct receive_slot *slot,
                              struct arena *arena)
{
    const char *number = slot->cheque.number;

    return arena_printf(arena, "Paiement\u00a0: %s%s%s", receiving->chosen->label,
                        number ? " n°\u00a0" : "", number ? number : "");
}

static enum err write_slot(struct receiving *receiving, struct db *db, struct receive_slot *slot,
                           struct arena *arena)
{
    struct page *page = receiving->page;
    bool first = slot == receiving->slots;
    struct manual_payment payment = {
        .association_id = page->association.id,
        .member_id = receiving->member_id,
        .provider_account_id = receiving->chosen->id,
        .amount_cents = slot->cents,
        .fact_at = fact_at(receiving),
        .label = cart_label(receiving, slot, arena),
        .ticked = receiving->ticked,
        .ticked_count = receiving->ticked_count,
        .donation_cents = first ? receiving->donation_cents : 0,
        .donation_label = "Don",
        .donation_account = "75411",
        .cheque = slot->cheque.number ? &slot->cheque : NULL,
        .receipt_by_mail = http_field_given(page->request, "recu"),
        .actor = page_actor(page),
    };
    struct post_result result;
    enum err err = payment_reference(
        db, payment.association_id, payment.provider_account_id, "capture",
        payment.cheque ? slot->cheque.number : receiving->reference, arena, &payment.reference);

    if (!err && payment.cheque)
        err = payment_cheque_known(db, payment.association_id, slot->cheque.number,
                                   slot->cheque.bank, &slot->known);
    if (!err && slot->known)
        err = refuse(receiving, RECEIVE_CHEQUE_KNOWN);
    if (!err)
        err = payment_post_manual(db, &payment, page->now, arena, &result);
    if (!err && first)
        receiving->transaction_id = result.transaction_id;
    return err;
}

/* All of it or nothing. */
static enum err write_new(struct receiving *receiving, struct db *db)
{
    struct arena *arena = arena_new();
    enum err err = check_again(receiving, db, arena);

    for (size_t i = 0; !err && i < receiving->slot_count; i++)
        if (receiving->slots[i].used)
            err = write_slot(receiving, db, &receiving->slots[i], arena);
    arena_free(arena);
    return err;
}

static enum err write_payment(struct db *db, void *argument)
{
    struct receiving *receiving = argument;
    bool fresh = false;
    enum err err;

    receiving->outcome = RECEIVE_BOOKED;
    receiving->transaction_id = 0;
    for (size_t i = 0; i < MANUAL_CHEQUES_MAX; i++)
        receiving->slots[i].known = false;
    err = charges_use_key(receiving->page, db, &fresh);
    if (err == ERR_CONFLICT)
        err = refuse(receiving, RECEIVE_KEY_SERVED);
    if (err)
        return err;
    if (fresh)
        return write_new(receiving, db);
    receiving->outcome = RECEIVE_BEFORE;
    return OK;
}

static enum err show_refused(struct receiving *receiving)
{
    static const struct {
        const char *field, *word;
    } faults[] = {
        [RECEIVE_KEY_SERVED] = {"jeton", "servi"},
        [RECEIVE_MEANS_CHANGED] = {"moyen", "change"},
        [RECEIVE_DUES_CHANGED] = {"dette", "payee"},
        [RECEIVE_CHEQUE_KNOWN] = {"cheque", "faux"},
    };
    enum err err = page_begin_reading(receiving->page);

    form_fault(&receiving->form, faults[receiving->outcome].field,
               faults[receiving->outcome].word);
    if (!err)
        err = read_dues(receiving);
    return err ? err : receive_show(receiving, 409, RECEIVE_TYPED);
}

/* To the payment; to the cart when there are several, or when it was booked before. */
static enum err go_on(const struct receiving *receiving)
{
    struct page *page = receiving->page;
    bool several = receiving->slots[1].used || receiving->slots[2].used;

    if (several || receiving->outcome == RECEIVE_BEFORE)
        return http_redirect(page->response,
                             arena_printf(page->arena, "/adherents/%lld?fait=encaisse",
                                          (long long)receiving->member_id));
    return http_redirect(page->response,
                         arena_printf(page->arena, "/recettes/paiement/%lld?fait=encaisse",
                                      (long long)receiving->transaction_id));
}

enum err receive_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct receiving *receiving = arena_alloc(page->arena, sizeof(*receiving));
    enum err err = begin(receiving, page);

    (void)response, (void)request;
    if (err)
        return err;
    read_typed(receiving);
    if (form_faulty(&receiving->form, NULL) && !charges_served(page))
        return receive_show(receiving, 400, RECEIVE_TYPED);
    page_end_reading(page);
    err = db_write(page->web->options.service->writer, write_payment, receiving);
    if (err == ERR_CONFLICT && receiving->outcome != RECEIVE_BOOKED)
        return show_refused(receiving);
    return err ? err : go_on(receiving);
}
