#include "programs/command.h"

#include "base/random.h"
#include "payment/account.h"

#include <stdio.h>
#include <string.h>

static enum err add(struct db *db, void *argument)
{
    return account_add(db, argument, &command_actor);
}

static enum err read_mode(const struct command_call *call, const struct association *association,
                          struct account_draft *draft)
{
    static const char *const modes[] = {[ACCOUNT_LIVE] = "live", [ACCOUNT_TEST] = "test"};
    size_t mode = association->kind == ASSOCIATION_REAL ? ACCOUNT_LIVE : ACCOUNT_TEST;
    size_t only = mode;
    enum err err = OK;

    if (command_given(call, "mode"))
        err = command_choice(call, "mode", modes, sizeof(modes) / sizeof(modes[0]), &mode);
    if (!err && mode != only)
        err = fail(ERR_INPUT, "--mode: %s",
                   only == ACCOUNT_LIVE ? "a real association takes live accounts only"
                                        : "a trial association takes test accounts only");
    draft->mode = (enum account_mode)mode;
    return err;
}

/* Whoever has this command line is trusted to say whose account it is: verified at once, so
 * that a second association cannot claim it. */
static enum err add_account(struct command_call *call, struct account_draft *draft)
{
    struct association association;
    char public_id[RANDOM_TOKEN_MAX], since_day[DATE_TEXT_MAX];
    enum err err = command_association(call, &association);

    if (!err)
        err = read_mode(call, &association, draft);
    if (!err)
        err = random_token(public_id);
    if (!err)
        err = random_id(&draft->id);
    if (err)
        return err;
    draft->association_id = association.id;
    draft->public_id = public_id;
    draft->since_day = date_format_iso(since_day, zone_date(association.zone, call->now));
    draft->verified = true;
    draft->now = call->now;
    err = command_write(call, add, draft);
    if (err == ERR_CONFLICT)
        return fail(err, "this %s account is linked already", draft->label);
    if (!err)
        printf("%s\n", public_id);
    return err;
}

/* ---- Stripe ---- */

static enum err run_stripe(struct command_call *call, enum exit_code *exit_code)
{
    struct account_draft draft = {
        .provider = "stripe", .label = "Stripe", .transit_account = "5171"};
    enum err err = command_line_text(call, "account", NULL, &draft.external_id);

    (void)exit_code;
    if (!err && strncmp(draft.external_id, "acct_", 5) != 0)
        err = fail(ERR_INPUT, "--account: Stripe's account ids begin with acct_");
    if (!err && command_given(call, "publishable-key"))
        err = command_line_text(call, "publishable-key", NULL, &draft.publishable_key);
    if (!err && draft.publishable_key && strncmp(draft.publishable_key, "pk_", 3) != 0)
        err = fail(ERR_INPUT, "--publishable-key: Stripe's publishable keys begin with pk_");
    return err ? err : add_account(call, &draft);
}

static const struct command_option stripe_options[] = {
    {"account", "ID", "the account's id, acct_...", 1},
    {"publishable-key", "KEY", "pk_...: the card is asked in the personal space", 0},
    {"mode", "live|test", "default: what the association is", 0},
    {"association", "ASSOCIATION", "its number or name, when there are several", 0},
    {NULL, NULL, NULL, 0},
};

const struct command command_provider_add_stripe = {
    .name = "provider add stripe",
    .summary = "Link an association's Stripe account (own keys).",
    .details = "Prints the public id P of the link. At Stripe, make a webhook endpoint for\n"
               "BASE_URL/action_manager.php?event=stripe&a=P, then `secret set` its signing\n"
               "secret (webhook) and the account's secret key (api_key).",
    .examples = "provider add stripe --account acct_1032D82eZvKYlo2C",
    .options = stripe_options,
    .run = run_stripe,
};

/* ---- PayPal ---- */

static enum err run_paypal(struct command_call *call, enum exit_code *exit_code)
{
    struct account_draft draft = {
        .provider = "paypal", .label = "PayPal", .transit_account = "5172"};
    enum err err = command_line_text(call, "merchant-id", NULL, &draft.external_id);

    (void)exit_code;
    if (!err)
        err = command_line_text(call, "email", NULL, &draft.email);
    if (!err && !draft.external_id && !draft.email)
        err = fail(ERR_INPUT, "--merchant-id or --email is needed, better both");
    return err ? err : add_account(call, &draft);
}

static const struct command_option paypal_options[] = {
    {"merchant-id", "ID", "13 letters and digits, in the account's settings", 0},
    {"email", "ADDRESS", "the account's primary address", 0},
    {"mode", "live|test", "default: what the association is", 0},
    {"association", "ASSOCIATION", "its number or name, when there are several", 0},
    {NULL, NULL, NULL, 0},
};

const struct command command_provider_add_paypal = {
    .name = "provider add paypal",
    .summary = "Link an association's PayPal account (Standard, IPN).",
    .details = "Prints the public id of the link. Nothing is to be set up at PayPal: each\n"
               "payment names our address for its notifications.",
    .examples = "provider add paypal --merchant-id ABCDEFGHJKLMN --email tresor@exemple.fr",
    .options = paypal_options,
    .run = run_paypal,
};
