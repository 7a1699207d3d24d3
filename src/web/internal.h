/*
 * internal: what the files of web/ share and nobody else sees.
 *
 * Invariant: everything a request needs hangs on its struct page; there is no other state of a
 * request. A page reads in one transaction, which is ended before anything is written, sent
 * outside or rendered.
 */
#ifndef WEB_INTERNAL_H
#define WEB_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "association/association.h"
#include "association/login.h"
#include "http/http.h"
#include "net/http_client.h"
#include "template/template.h"
#include "web/errands.h"
#include "web/gate.h"
#include "web/web.h"

#define WEB_SESSION_COOKIE "__Host-sid"
#define WEB_TOKEN_FIELD "csrf"
/* The row of a form's table of fields that every form has. */
#define TOKEN_FIELD                                                                               \
    {                                                                                             \
        WEB_TOKEN_FIELD, HTTP_TOKEN, HASH_HEX_MAX, NULL, 1                                        \
    }

enum {
    WEB_PASSWORDS_AT_ONCE = 2,        /* scrypt: 128 MiB and half a second each */
    WEB_PASSWORDS_WAITING = 16,       /* the next one gets 503 */
    WEB_EXPORTS_AT_ONCE = 1,          /* long readers: the next one gets 503 */
    WEB_THREADS_MAX = 64,             /* of one pool */
    WEB_TOUCH_S = 60,                 /* a session's last sight is noted at most so often */
    WEB_SUITE_MAX = 200,              /* bytes of the path to go on with after the login */
    WEB_PAGE_ROWS = 50,               /* rows of a list on one page */
    WEB_UPLOAD_MAX = 256 * 1024,      /* bytes of a form with a file */
    WEB_IMPORT_MAX = 2 * 1024 * 1024, /* bytes of the form with a file of members */
    WEB_LINE_MAX = 1000,  /* bytes of a typed line; each has a smaller limit in characters */
    WEB_LINES_MAX = 8000, /* bytes of a text area; each text has a smaller limit of its own */
    WEB_VERSION_MAX = 13  /* 12 digits and NUL */
};

/* Who may: bits of http_route.access. */
enum {
    ACCESS_PUBLIC = 1,     /* anybody, logged in or not */
    ACCESS_NO_TOKEN = 2,   /* a POST without form token, from a page of ours all the same */
    ACCESS_ANY_ORIGIN = 4, /* a POST from anywhere: it writes nothing, or proves itself */
    ACCESS_UNDECIDED = 8 << ROLE_NONE, /* logged in, no space chosen yet */
    ACCESS_MEMBER = 8 << ROLE_MEMBER,
    ACCESS_VIEWER = 8 << ROLE_VIEWER,
    ACCESS_TREASURER = 8 << ROLE_TREASURER,
    ACCESS_ADMINISTRATOR = 8 << ROLE_ADMINISTRATOR,
    ACCESS_HALF = 8 << (ROLE_ADMINISTRATOR + 1),  /* the password was right, the code lacks */
    ACCESS_OWNER = 8 << (ROLE_ADMINISTRATOR + 2), /* of the installation, in whatever quality */
    ACCESS_MONEY = ACCESS_TREASURER | ACCESS_ADMINISTRATOR, /* who links accounts and writes */
    ACCESS_STAFF = ACCESS_VIEWER | ACCESS_TREASURER | ACCESS_ADMINISTRATOR,
    ACCESS_SIGNED_IN = ACCESS_UNDECIDED | ACCESS_MEMBER | ACCESS_STAFF
};

/* What pages look like: the templates and the versions of the static files; and the texts of
 * mail, to be looked at. */
struct look {
    struct template_set *templates;
    struct template_set *letters;
    char style_version[WEB_VERSION_MAX];
    char script_version[WEB_VERSION_MAX];
    char copy_version[WEB_VERSION_MAX];
    char cart_version[WEB_VERSION_MAX];
    char embedded_version[WEB_VERSION_MAX];
    char icon_version[WEB_VERSION_MAX];
};

struct web {
    struct web_options options;
    struct arena *arena;
    const char *origin;         /* of base_url, as browsers write it */
    const char *policy;         /* Content-Security-Policy */
    const char *payment_policy; /* of the one page that opens a payment (embedded.h) */
    struct gate provider_gate;
    struct gate password_gate;
    struct gate export_gate;
    struct errands *errands;
    pthread_rwlock_t look_lock;
    struct look *look;
    struct http_pool *pages;
    struct http_pool *notifications;
    atomic_ullong refused_messages; /* counted since the start, never stored */
};

/* A thread's own. */
struct web_thread {
    struct web *web;
    struct db *db;
    struct http_client *client;
    struct page *page; /* the request in hand */
};

struct page {
    struct web *web;
    struct web_thread *thread;
    struct db *db; /* the thread's */
    struct http_request *request;
    struct http_response *response;
    const struct http_route *route; /* NULL until found */
    struct arena *arena;
    int64_t now;
    bool plain;         /* a program calls: no session, no page, no sentence */
    bool reading;       /* a read transaction is open */
    bool opens_payment; /* embedded.h */
    enum err unready;   /* what its data could not be given: such a page is not shown */
    bool keeps;         /* the browser may keep the answer: its address never shows another */
    bool has_session;
    bool has_half; /* session is a half one: nobody is logged in */
    bool has_association;
    bool needs_second_factor;       /* before it sees anything of the association */
    struct session session;         /* has_session, has_half */
    struct association association; /* has_association */
};

/* ---- life (web.c) ---- */

enum err web_thread_start(void *shared, void **context);
void web_thread_end(void *shared, void *context);

/* ---- the routes (routes.c) and their dispatch (dispatch.c) ---- */

extern const struct http_route web_page_routes[];
extern const size_t web_page_route_count;
extern const struct http_route web_notification_routes[];
extern const size_t web_notification_route_count;

/* Fields of the forms that are shown again with what was typed; each stands with its page. */
extern const struct http_field paypal_fields[];
extern const struct http_field paypal_keys_fields[];
extern const struct http_field access_email_fields[];

void web_dispatch_page(void *shared, struct http_request *request, struct http_response *response);
void web_dispatch_notification(void *shared, struct http_request *request,
                               struct http_response *response);

http_handler root_get;
http_handler login_get, login_post, logout_post;
http_handler doors_get, doors_post;
http_handler code_get, code_post, offer_get, later_post;
http_handler security_get, security_post;
http_handler second_factor_get, second_factor_begin_post;
http_handler second_factor_code_post, second_factor_change_post;
http_handler access_get, access_password_post, access_close_post, access_close_others_post;
http_handler access_email_get, access_email_post, email_get, email_post;
http_handler cart_get, pay_post, abandon_post;
http_handler payment_get, payment_post_back;
http_handler notifications_get;
http_handler settings_get, my_account_get;
http_handler stripe_keys_post, stripe_repair_post, stripe_renew_post, stripe_renewed_post;
http_handler stripe_associate_post, stripe_return_get;
http_handler stripe_unlink_get, stripe_unlink_post, paypal_unlink_get, paypal_unlink_post;
http_handler outbox_get, outbox_mail_get;
http_handler forgotten_get, forgotten_post, link_get, link_post;
http_handler users_get, users_post, user_role_post, user_invite_post, user_withdraw_post;
http_handler association_get, association_post;
http_handler logo_get, logo_post, logo_remove_post;
http_handler bank_new_get, bank_new_post, bank_get, bank_post, bank_use_post;
http_handler options_get, options_post, options_order_post;
http_handler paypal_post, paypal_help_get, paypal_keys_post, paypal_repair_post;
http_handler verification_get, installation_get;
http_handler members_get, member_get, member_new_get, member_new_post, member_edit_get,
    member_edit_post, member_archive_post, member_restore_post;
http_handler endpoint_post;

/* ---- guarding (guard.c) ---- */

/* Does the browser say that the request comes from a page of ours? Silence is no. */
bool guard_same_origin(const struct web *web, const struct http_request *request);
/* Is the form's token the one of this session and route? Reads the raw body, so that a forged
 * form is refused before anything else of it is looked at. */
enum err guard_form_token(const struct page *page, bool *good);
/* A path of ours to go on with: ^/[a-z0-9/_-]*$, and no second slash at its beginning. */
bool guard_suite(struct str path);
/* Only a configured address of a provider, with a path or query behind it. */
bool guard_provider_url(const struct provider_settings *settings, const char *url);
/* The origin of a URL ("https://host:8443", default port left out) in the arena. */
const char *guard_origin(const char *url, struct arena *arena);

/* ---- a page (page.c) ---- */

struct page *page_of(const struct http_request *request);
/* Begins and ends the page's read transaction; both may be called again. */
enum err page_begin_reading(struct page *page);
void page_end_reading(struct page *page);
/* Reads the session of the cookie and its association, when there are some. Within reading. */
enum err page_read_session(struct page *page);
bool page_is_member(const struct page *page);
bool page_is_staff(const struct page *page);
/* A treasurer or an administrator: who may see and change the settings. */
bool page_is_money(const struct page *page);
/* Where the session's role begins: a path. */
const char *page_start(const struct page *page);
/* Who acts, for the audit. */
struct audit_actor page_actor(const struct page *page);
const char *page_address(const struct page *page);
/* "Stripe" for "stripe"; the name itself when no such provider is registered. */
const char *page_provider_label(const struct page *page, const char *name);

/* ---- what it shows (answer.c) ---- */

/* The values every page has; `name` is one of the list in answer.c and chooses the title. */
struct template_map *page_data(struct page *page, const char *name);
/* Sets each name as a flag, true for the chosen one (NULL: none). */
void page_flags(struct template_map *data, const char *const *names, size_t count,
                const char *chosen);
/* Puts the form token of a route into the map. */
enum err page_form_token(struct page *page, struct template_map *data, const char *name,
                         const char *route_path);
/* An id or key as text that a template can put into an address. */
void page_set_id(struct page *page, struct template_map *data, const char *name, int64_t id);
/* Ends reading and renders a template into the answer. */
enum err page_render(struct page *page, int status, const char *name, struct template_map *data);
/* Renders a text (*.txt) in the arena: words of ours for a cell or a sentence. */
enum err page_text(struct page *page, struct arena *arena, const char *name,
                   struct template_map *data, struct str *text);
/* Answers with the error page of a status (empty for a program); never fails. */
void page_error(struct page *page, int status);
/* The status a recorded failure is answered with; logs the failure once. */
int page_status(enum err err);
/* On every answer, errors too. (security.md rows 29 to 33) */
void page_security_headers(struct page *page);

/* ---- the look (look.c) ---- */

/* Reads templates and versions. The caller must dispose of *look with look_free. */
enum err look_load(const char *templates_folder, struct look **look);
void look_free(struct look *look);

/* ---- the cart (cart.c) ---- */

/* What is said above the form when a press led nowhere. */
struct cart_trouble {
    const char *key;       /* one of the list in cart.c */
    int64_t limit_cents;   /* of the sentences that name one */
    struct str typed;      /* the amount as it was typed; data NULL: prefilled */
    const char *provider;  /* label of the provider spoken of, or NULL */
    bool covers;           /* the payer adds something for the fees */
    bool has_ticked;       /* the form had charges to tick; false: all of them are */
    const int64_t *ticked; /* those that were */
    size_t ticked_count;
    int status;
};
/* Shows the cart of the session's member, with a sentence when trouble is not NULL. */
enum err cart_show(struct page *page, const struct cart_trouble *trouble);

#endif
