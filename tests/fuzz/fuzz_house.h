/*
 * fuzz_house: an association with accounts at both providers, and a network that answers with what
 * the input says.
 *
 * Invariant: nothing leaves the program; an answer is a part of the input: three digits of its
 * status, a space, its body. When none is left the other side is not to be reached.
 */
#ifndef FUZZ_FUZZ_HOUSE_H
#define FUZZ_FUZZ_HOUSE_H

#include "provider_house.h" /* first: cmocka has a fail() of its own */

#include "fuzz.h"
#include "payment/provider.h"

#define FUZZ_STRIPE_SECRET "whsec_one"
#define FUZZ_TOKEN "Gdeadbeef-0123456789abcdef0123456789abcdef"

struct fuzz_house {
    struct provider_house base;
    struct association association;
    struct provider_account stripe, paypal; /* paypal has keys */
    struct provider_account redirect;       /* PayPal without keys */
    struct provider_intent stripe_intent, paypal_intent, redirect_intent;
};

/* As fuzz_house_begin opened it. */
struct fuzz_house *fuzz_house(void);
/* A call of that house, with the answers that the network will give. */
struct provider_call fuzz_call(struct arena *arena, struct str answers);
/* Was one of the answers that were given exactly this body, with status 200? */
bool fuzz_was_told(const char *body);
/* What must hold of whatever a provider concludes. */
void fuzz_check_resolution(const struct resolution *resolution);
void fuzz_check_page(const struct statement_page *page);

#endif
