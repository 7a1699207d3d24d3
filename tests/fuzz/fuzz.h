/*
 * fuzz: what the fuzzers share. One program holds them all; FUZZ names the one that runs.
 *
 * Invariant: a fuzzer depends on its input alone, so that a crash comes again from its file. What
 * must hold of every input is said with hold(), beside what the sanitizers see.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

enum { FUZZ_SEPARATOR = 0x1e }; /* between the parts of an input */

/* Runs one input; everything in the arena is forgotten behind it. */
typedef void fuzz_one(struct str input, struct arena *arena);

fuzz_one fuzz_activity, fuzz_address, fuzz_certificate, fuzz_conf, fuzz_cookie, fuzz_csv,
    fuzz_date, fuzz_delivery, fuzz_fields, fuzz_form, fuzz_gzip, fuzz_ipn, fuzz_json, fuzz_mail,
    fuzz_members, fuzz_money, fuzz_multipart, fuzz_paypal, fuzz_paypal_answer, fuzz_picture,
    fuzz_raw, fuzz_request, fuzz_secret, fuzz_signature, fuzz_smtp, fuzz_stripe,
    fuzz_stripe_answer, fuzz_template, fuzz_text;

/* What those need that have a house or a server. */
void fuzz_house_begin(void);
void fuzz_request_begin(void);
void fuzz_smtp_begin(void);

/* The next part of an input; the empty slice when there is none. */
struct str fuzz_part(struct str *rest);
/* A part as a C string; it ends at its first NUL. */
const char *fuzz_text_of(struct str part, struct arena *arena);
/* A file that holds these bytes, by a name of /proc; fuzz_file_done closes it. */
const char *fuzz_file(struct str bytes, struct arena *arena, int *fd);

#define hold(condition) ((condition) ? (void)0 : fuzz_broken(#condition, __FILE__, __LINE__))
_Noreturn void fuzz_broken(const char *condition, const char *file, int line);

#endif
