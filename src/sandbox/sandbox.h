/*
 * sandbox: practice providers, Stripe and PayPal, behind one FastCGI socket.
 *
 * Invariant: every answer is computed from the sandbox's own ledger; no code and no table is
 * shared with the program that is practised with.
 */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include <stdint.h>

#include "base/err.h"

struct sandbox;

/* What the configuration file says. The texts must outlive the sandbox. */
struct sandbox_options {
    const char *database;       /* its ledger; made and migrated when needed */
    const char *socket;         /* FastCGI socket, a path */
    const char *base_url;       /* "http://localhost:8081", as browsers reach it */
    const char *templates;      /* folder of its pages */
    int64_t threads;            /* that answer requests */
    const char *stripe_retries; /* "1 2 5": seconds before each further try of an event */
    const char *paypal_retries; /* the same for PayPal's messages */
    const char *paypal_ca_file; /* where the root of PayPal's certificates is written; NULL: beside
                                 * the database, with ".paypal-ca.pem" behind its name */
    int64_t sepa_delay_s;       /* a debit ends by itself after that time */
};

/* Migrates the ledger, opens everything, starts answering. ERR_CONFIG for bad options. The
 * caller must dispose of *sandbox with sandbox_free. */
enum err sandbox_new(const struct sandbox_options *options, struct sandbox **sandbox);
/* Lets the requests in hand finish, stops sending, closes. NULL is allowed. */
void sandbox_free(struct sandbox *sandbox);

#endif
