/*
 * manual: payments received without provider, cheques on their way to the bank, what is paid back.
 *
 * Invariant: pages ask and explain; what is booked is the kernel's (payment/manual.h,
 * take_back.h). A form is carried out once, and what its page showed is looked at again where it
 * is written.
 */
#ifndef WEB_MANUAL_H
#define WEB_MANUAL_H

#include "association/member.h"
#include "payment/manual.h"
#include "payment/means.h"
#include "payment/received.h"
#include "web/form.h"
#include "web/internal.h"

enum {
    MANUAL_CHEQUES_MAX = 3,   /* of one form */
    MANUAL_TEXT_MAX = 80,     /* characters: bank, reference */
    MANUAL_DRAWER_MAX = 201,  /* characters: the two names of a member at their longest */
    MANUAL_REASON_MAX = 200,  /* characters */
    MANUAL_TICKED_MAX = 200,  /* charges of one form */
    MANUAL_DEPOSIT_MAX = 500, /* cheques of one deposit */
};

/* ---- the forms (routes.c) ---- */

extern const struct http_field receive_page_fields[], receive_fields[];
extern const struct http_field received_fields[];
extern const struct http_field undo_fields[], unpaid_fields[], refund_fields[];
extern const struct http_field refund_online_fields[];
extern const struct http_field deposits_fields[], deposit_page_fields[], deposit_fields[];
extern const struct http_field deposit_done_fields[];
http_handler receive_get, receive_post, received_get, receipt_get, own_receipt_get;
http_handler undo_get, undo_post, unpaid_get, unpaid_post, refund_get, refund_post;
http_handler refund_online_get, refund_online_post;
http_handler deposits_get, deposit_get, deposit_new_get, deposit_new_post;

/* ---- receiving (manual.c, manual_page.c) ---- */

/* One payment of the form: an amount, and what stands on its cheque. */
struct receive_slot {
    bool used;
    const char *amount, *number, *bank, *drawer, *due; /* as typed */
    int64_t cents;
    struct cheque_draft cheque;
    bool bad_amount, bad_number, bad_bank, bad_drawer, bad_due;
    bool known;   /* this cheque is booked already */
    bool doubled; /* it stands in the form twice */
};

/* The form, as it was asked for or sent. */
struct receiving {
    struct page *page;
    struct form form;
    int64_t member_id;
    struct member_details member;
    struct means *means; /* in use */
    size_t means_count;
    const struct means *chosen; /* NULL: there is none */
    struct cart_due *dues;
    size_t due_count;
    int64_t due_cents;
    struct receive_slot slots[MANUAL_CHEQUES_MAX];
    size_t slot_count; /* of the means: three cheques, one of anything else */
    struct date date;
    const char *reference;
    int64_t donation_cents;
    struct ticked_charge ticked[MANUAL_TICKED_MAX];
    size_t ticked_count;
    int64_t transaction_id; /* the first that was booked */
    enum {
        RECEIVE_BOOKED,
        RECEIVE_BEFORE, /* by the same form */
        RECEIVE_KEY_SERVED,
        RECEIVE_MEANS_CHANGED,
        RECEIVE_DUES_CHANGED,
        RECEIVE_CHEQUE_KNOWN
    } outcome;
};
extern const struct form_fault receive_faults[];
extern const size_t receive_fault_count;
/* Shows the form. typed: what was sent, or the beginnings of one. */
enum receive_values { RECEIVE_NEW, RECEIVE_TYPED };
enum err receive_show(struct receiving *receiving, int status, enum receive_values values);

#endif
