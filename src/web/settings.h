/*
 * settings: what the pages of Paramétrage share.
 *
 * Invariant: Mon compte is one page made of sections; each stands in a file and a partial of its
 * own, and whoever changes something comes back to it.
 */
#ifndef WEB_SETTINGS_H
#define WEB_SETTINGS_H

#include "payment/link.h"
#include "web/form.h"
#include "web/internal.h"

/* The sections of Mon compte: each sets its own map ("association", "stripe", "paypal") in data,
 * within the page's reading. form: what was typed and is wrong; NULL: nothing was. */
enum err association_section_add(struct page *page, struct template_map *data);
enum err stripe_section_add(struct page *page, struct template_map *data, const struct form *form);
enum err paypal_section_add(struct page *page, struct template_map *data, const struct form *form);

/* What stands of PayPal's keys in its section: the map "keys". account: the linked one, or NULL.
 */
enum err paypal_keys_add(struct page *page, struct template_map *section,
                         const struct provider_account *account, const struct form *form);

/* What stands of Connect in the section of Stripe: the map "connect". */
enum err stripe_connect_add(struct page *page, struct template_map *data);
/* What a press on Dissocier led to: "unlinked_stripe", "unlinked_paypal". */
void unlink_add(struct page *page, struct template_map *data);

/* One of the operations of payment/link.h. */
typedef enum err link_operation(const struct payment_service *service,
                                const struct provider_call *call, const struct link_press *press,
                                struct link_result *result);
/* Speaks with a provider for the session's association, behind the gate that keeps most threads
 * free for other pages. Full: the outcome is LINK_BUSY. */
enum err settings_link(struct page *page, const char *provider, link_operation *run,
                       struct link_press *press, struct link_result *result);
/* Sets "why_<reason>": why the last try to bring an endpoint in order led nowhere. */
void settings_add_reason(struct page *page, struct template_map *item, const char *reason);

/* Adds the linked accounts of a provider to the list "accounts" of a section, and the flag
 * "is_linked": one of them takes new payments. */
enum err settings_add_accounts(struct page *page, struct template_map *section,
                               const char *provider);

/* Sets "without_provider": nobody can pay by a provider here, which the page explains. */
enum err settings_add_without_provider(struct page *page, struct template_map *data);
/* The address of this installation that PayPal's account settings shall name. */
const char *paypal_ipn_url(const struct page *page);

/* Shows Mon compte with the form of the section that was sent and led nowhere; NULL for the
 * other ones. */
enum err my_account_show(struct page *page, int status, const struct form *stripe,
                         const struct form *paypal);

#endif
