/*
 * totp: codes that an app makes from a shared seed and the time.
 *
 * Invariant: HMAC-SHA-1, 6 digits, 30 seconds; one step before and one after are taken, and never
 * a code of a step that was taken already. Sources: RFC 4226, RFC 6238, RFC 4648 (base 32).
 */
#ifndef BASE_TOTP_H
#define BASE_TOTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct arena;

enum {
    TOTP_SEED_LEN = 20,
    TOTP_CODE_MAX = 7, /* 6 digits and NUL */
    TOTP_STEP_S = 30,
    TOTP_WINDOW = 1 /* steps before and after */
};

/* The step an instant lies in. */
int64_t totp_counter(int64_t at);
/* The code of a step. ERR_CRYPTO. */
enum err totp_code(struct str seed, int64_t counter, char out[TOTP_CODE_MAX]);
/* Is `code` that of a step in the window around `at`, later than `after`? *counter is that step.
 * Takes the same time wherever it differs. */
enum err totp_match(struct str seed, struct str code, int64_t at, int64_t after, bool *matches,
                    int64_t *counter);
/* Capital letters and digits, without padding, in the arena. */
struct str base32_encode(struct str bytes, struct arena *arena);

#endif
