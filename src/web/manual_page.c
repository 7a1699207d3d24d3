#include "web/manual.h"

#include "web/charges.h"
#include "web/members.h"

#include <string.h>

/* ---- the means ---- */

static void set_means(struct receiving *receiving, struct template_map *data)
{
    struct template_list *list = template_set_list(data, "means");
    const struct means *chosen = receiving->chosen;

    for (size_t i = 0; i < receiving->means_count; i++) {
        struct template_map *item = template_list_add(list);

        page_set_id(receiving->page, item, "id", receiving->means[i].id);
        template_set_text(item, "label", receiving->means[i].label);
        template_set_flag(item, "chosen", &receiving->means[i] == chosen);
    }
    template_set_flag(data, "has_means", receiving->means_count > 0);
    template_set_flag(data, "has_chosen", chosen != NULL);
    page_set_id(receiving->page, data, "chosen_id", chosen ? chosen->id : 0);
    template_set_flag(data, "takes_cheques", chosen && means_takes_cheques(chosen));
}

/* ---- what is due ---- */

static void set_dues(struct receiving *receiving, struct template_map *data)
{
    struct page *page = receiving->page;
    struct template_list *list = template_set_list(data, "dues");

    for (size_t i = 0; i < receiving->due_count; i++) {
        const struct cart_due *due = &receiving->dues[i];
        struct template_map *item = template_list_add(list);

        page_set_id(page, item, "id", due->charge_line_id);
        template_set_text(item, "label", due->label);
        template_set_date(item, "date", due->date);
        template_set_money(item, "open", due->open_cents, page->association.currency);
        template_set_flag(item, "ticked",
                          http_field_has_id(page->request, "dette", due->charge_line_id));
        template_set_flag(item, "of_other", due->member_id != receiving->member_id);
        template_set_text(item, "whose",
                          arena_printf(page->arena, "%s %s", due->first_name, due->last_name));
    }
    template_set_flag(data, "has_dues", receiving->due_count > 0);
    template_set_flag(data, "several_dues", receiving->due_count > 1);
    template_set_flag(data, "has_ticks", receiving->ticked_count > 0);
    template_set_money(data, "due", receiving->due_cents, page->association.currency);
}

/* ---- amounts and cheques ---- */

static void set_slot(struct receiving *receiving, struct template_list *list, size_t index)
{
    static const char *const suffixes[] = {"", "2", "3"};
    const struct receive_slot *slot = &receiving->slots[index];
    struct template_map *item = template_list_add(list);

    template_set_int(item, "place", (int64_t)index + 1);
    template_set_text(item, "n", suffixes[index]);
    template_set_flag(item, "is_first", index == 0);
    template_set_flag(item, "used", slot->used);
    template_set_text(item, "montant", slot->amount);
    template_set_text(item, "numero", slot->number);
    template_set_text(item, "banque", slot->bank);
    template_set_text(item, "tireur", slot->drawer);
    template_set_text(item, "encaisser", slot->due);
    template_set_flag(item, "bad_montant", slot->bad_amount);
    template_set_flag(item, "bad_numero", slot->bad_number || slot->known || slot->doubled);
    template_set_flag(item, "known", slot->known);
    template_set_flag(item, "doubled", slot->doubled);
    template_set_flag(item, "bad_banque", slot->bad_bank);
    template_set_flag(item, "bad_tireur", slot->bad_drawer);
    template_set_flag(item, "bad_encaisser", slot->bad_due);
}

static void begin_slots(struct receiving *receiving)
{
    struct page *page = receiving->page;
    const struct member *member = &receiving->member.member;
    char *due = arena_alloc(page->arena, MONEY_TEXT_MAX);
    char *today = arena_alloc(page->arena, DATE_TEXT_MAX);
    struct receive_slot *first = receiving->slots;

    for (size_t i = 0; i < MANUAL_CHEQUES_MAX; i++)
        receiving->slots[i] =
            (struct receive_slot){.amount = "", .number = "", .bank = "", .drawer = "", .due = ""};
    if (receiving->slot_count == 0)
        return;
    if (receiving->due_cents > 0)
        first->amount = money_format_input(due, receiving->due_cents, page->association.currency);
    first->drawer = arena_printf(page->arena, "%s %s", member->first_name, member->last_name);
    first->due = date_format_iso(today, zone_date(page->association.zone, page->now));
}

/* ---- the page ---- */

static void set_typed(struct receiving *receiving, struct template_map *data,
                      enum receive_values values)
{
    struct page *page = receiving->page;
    bool typed = values == RECEIVE_TYPED;
    struct template_list *list;
    char *today = arena_alloc(page->arena, DATE_TEXT_MAX);

    date_format_iso(today, zone_date(page->association.zone, page->now));
    template_set_str(data, "date", typed ? http_field_text(page->request, "date") : str_of(today));
    template_set_text(data, "today", today);
    template_set_text(data, "reference", typed ? receiving->reference : "");
    template_set_str(data, "don", typed ? http_field_text(page->request, "don") : str_of(""));
    template_set_flag(data, "recu", typed && http_field_given(page->request, "recu"));
    if (!typed)
        begin_slots(receiving);
    list = template_set_list(data, "slots");
    for (size_t i = 0; i < receiving->slot_count && i < MANUAL_CHEQUES_MAX; i++)
        set_slot(receiving, list, i);
}

enum err receive_show(struct receiving *receiving, int status, enum receive_values values)
{
    struct page *page = receiving->page;
    struct template_map *data = page_data(page, "encaisser");
    const struct member_details *member = &receiving->member;
    enum err err = page_form_token(page, data, "csrf", "/adherents/{}/encaisser");

    if (!err)
        err = charges_set_key(page, data);
    if (err)
        return err;
    members_set_details(page, data, member);
    template_set_flag(data, "may_mail", *member->member.email || member->login_id);
    set_means(receiving, data);
    set_dues(receiving, data);
    set_typed(receiving, data, values);
    form_add(page, &receiving->form, data);
    return page_render(page, status, "encaisser.html", data);
}
