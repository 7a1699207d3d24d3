/*
 * kernel: what the kernel's tests need beside a database: accounts, intents, facts.
 *
 * Invariant: rows are made through the kernel itself, with ids and tokens a test can name.
 */
#ifndef TESTS_SUPPORT_KERNEL_H
#define TESTS_SUPPORT_KERNEL_H

#include "database.h"

#include "payment/account.h"
#include "payment/event.h"
#include "payment/intent.h"
#include "payment/post.h"

/* A proven Stripe account (acct_<name>, test mode, transit 5171) of an association. */
struct provider_account kernel_add_stripe(struct house *house, int64_t association_id,
                                          const char *name);
/* A PayPal account (merchant id, e-mail, test mode, transit 5172). */
struct provider_account kernel_add_paypal(struct house *house, int64_t association_id,
                                          const char *merchant_id, const char *email,
                                          int verified);
/* An intent in state open, for the amount; the form shows the present balance. */
struct payment_intent kernel_open_intent(struct house *house,
                                         const struct provider_account *account, int64_t member_id,
                                         const char *token, int64_t amount_cents);
/* The draft behind it, to be changed by a test before kernel_create. */
struct intent_draft kernel_draft(struct house *house, const struct provider_account *account,
                                 int64_t member_id, const char *token, int64_t amount_cents);
enum intent_start kernel_create(struct house *house, const struct intent_draft *draft,
                                int64_t *intent_id);
struct payment_intent kernel_intent(struct house *house, const char *token);
enum intent_state kernel_state(struct house *house, const char *token);

/* A capture of the account that names the token. */
struct payment_fact kernel_capture(const struct provider_account *account, const char *token,
                                   const char *reference, int64_t amount_cents);
/* Posts it in a transaction of its own. */
struct post_result kernel_post(struct house *house, const struct payment_fact *fact);
/* The same at another time. */
struct post_result kernel_post_at(struct house *house, const struct payment_fact *fact,
                                  int64_t now);

#endif
