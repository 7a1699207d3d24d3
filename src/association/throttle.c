#include "association/login.h"
#include "association/login_link.h"

#include "base/arena.h"
#include "base/utf8.h"
#include "queries.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST_WAIT_MS = 15 * 60 * 1000, FORGOTTEN_AFTER_S = 24 * 3600 };

/* Failures without consequence, the wait after the next one (doubled by each further one), and
 * how long a failure is remembered. */
struct policy {
    int64_t free_failures;
    int64_t first_wait_ms;
    int64_t forgotten_after_s;
};

/* What is counted, by account and by address. */
struct rule {
    const char *account, *address; /* of subjects */
    struct policy of_account, of_address;
};
static const struct rule failed_logins = {
    "login", "address", {5, 1000, FORGOTTEN_AFTER_S}, {50, 1000, FORGOTTEN_AFTER_S}};
static const struct rule links_asked = {
    "link", "link-address", {3, 60 * 1000, FORGOTTEN_AFTER_S}, {20, 60 * 1000, FORGOTTEN_AFTER_S}};
static const struct policy of_code = {5, LONGEST_WAIT_MS, LONGEST_WAIT_MS / 1000};

/* ---- subjects ---- */

static enum err account_subject(const struct rule *rule, struct str email, struct arena *arena,
                                const char **subject)
{
    unsigned char hash[HASH_LEN];
    char hex[HASH_HEX_MAX];
    enum err err = hash_sha256(utf8_fold(str_trim(email), arena), hash);

    if (err)
        return err;
    hash_hex(hash, sizeof(hash), hex);
    *subject = arena_printf(arena, "%s:%s", rule->account, hex);
    return OK;
}

/* One household or office: an IPv4 address, or the /64 of an IPv6 one. */
static const char *address_subject(const struct rule *rule, struct str address,
                                   struct arena *arena)
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    char text[INET6_ADDRSTRLEN];
    unsigned char bytes[16];

    if (inet_pton(AF_INET6, str_copy(arena, address), bytes) != 1)
        return arena_printf(arena, "%s:%.*s", rule->address, STR_PRINT(utf8_cut(address, 64)));
    if (memcmp(bytes, mapped, sizeof(mapped)) == 0)
        inet_ntop(AF_INET, bytes + sizeof(mapped), text, sizeof(text));
    else {
        memset(bytes + 8, 0, 8);
        inet_ntop(AF_INET6, bytes, text, sizeof(text));
    }
    return arena_printf(arena, "%s:%s", rule->address, text);
}

/* ---- waiting ---- */

/* A clock that was set back must not lengthen a wait beyond the longest. */
static enum err wait_of(struct db *db, const char *subject, int64_t now_ms, int64_t *wait_ms)
{
    int64_t until_ms = 0;
    enum err err = db_integer(db, Q_THROTTLE_FIND, DB_VALUES(db_text(subject)), 0, &until_ms);

    *wait_ms = until_ms > now_ms ? until_ms - now_ms : 0;
    if (*wait_ms > LONGEST_WAIT_MS)
        *wait_ms = LONGEST_WAIT_MS;
    return err;
}

static enum err read_wait(struct db *db, const struct rule *rule, struct str email,
                          struct str address, int64_t now_ms, struct arena *arena,
                          int64_t *wait_ms)
{
    const char *account;
    int64_t account_ms = 0, address_ms = 0;
    enum err err = account_subject(rule, email, arena, &account);

    if (!err)
        err = wait_of(db, account, now_ms, &account_ms);
    if (!err)
        err = wait_of(db, address_subject(rule, address, arena), now_ms, &address_ms);
    *wait_ms = account_ms > address_ms ? account_ms : address_ms;
    return err;
}

enum err login_throttle_wait_ms(struct db *db, struct str email, struct str address,
                                int64_t now_ms, struct arena *arena, int64_t *wait_ms)
{
    return read_wait(db, &failed_logins, email, address, now_ms, arena, wait_ms);
}

enum err link_throttle_wait_ms(struct db *db, struct str email, struct str address, int64_t now_ms,
                               struct arena *arena, int64_t *wait_ms)
{
    return read_wait(db, &links_asked, email, address, now_ms, arena, wait_ms);
}

/* ---- counting ---- */

static int64_t wait_after(int64_t failures, const struct policy *policy)
{
    int64_t wait_ms = policy->first_wait_ms;

    if (failures < policy->free_failures)
        return 0;
    for (int64_t i = policy->free_failures; i < failures && wait_ms < LONGEST_WAIT_MS; i++)
        wait_ms *= 2;
    return wait_ms < LONGEST_WAIT_MS ? wait_ms : LONGEST_WAIT_MS;
}

static enum err count_failure(struct db *db, const char *subject, const struct policy *policy,
                              int64_t now_ms)
{
    int64_t now = now_ms / 1000, failures = 0, wait_ms;
    enum err err = db_integer(
        db, Q_THROTTLE_COUNT,
        DB_VALUES(db_text(subject), db_int(now), db_int(now - policy->forgotten_after_s)), 0,
        &failures);

    wait_ms = wait_after(failures, policy);
    if (err || wait_ms == 0)
        return err;
    return db_run(db, Q_THROTTLE_BLOCK, DB_VALUES(db_text(subject), db_int(now_ms + wait_ms)));
}

static enum err count_both(struct db *db, const struct rule *rule, struct str email,
                           struct str address, int64_t now_ms, struct arena *arena)
{
    const char *account;
    enum err err = account_subject(rule, email, arena, &account);

    if (!err)
        err = count_failure(db, account, &rule->of_account, now_ms);
    if (!err)
        err = count_failure(db, address_subject(rule, address, arena), &rule->of_address, now_ms);
    return err;
}

enum err login_throttle_failed(struct db *db, struct str email, struct str address, int64_t now_ms,
                               struct arena *arena)
{
    return count_both(db, &failed_logins, email, address, now_ms, arena);
}

enum err link_throttle_count(struct db *db, struct str email, struct str address, int64_t now_ms,
                             struct arena *arena)
{
    return count_both(db, &links_asked, email, address, now_ms, arena);
}

enum err login_throttle_succeeded(struct db *db, struct str email, struct arena *arena)
{
    const char *account;
    enum err err = account_subject(&failed_logins, email, arena, &account);

    return err ? err : db_run(db, Q_THROTTLE_FORGET, DB_VALUES(db_text(account)));
}

/* ---- codes ---- */

enum { CODE_SUBJECT_MAX = 32 };

static void code_subject(int64_t login_id, char out[CODE_SUBJECT_MAX])
{
    snprintf(out, CODE_SUBJECT_MAX, "code:%lld", (long long)login_id);
}

enum err code_throttle_wait_ms(struct db *db, int64_t login_id, int64_t now_ms, int64_t *wait_ms)
{
    char subject[CODE_SUBJECT_MAX];

    code_subject(login_id, subject);
    return wait_of(db, subject, now_ms, wait_ms);
}

enum err code_throttle_failed(struct db *db, int64_t login_id, int64_t now_ms)
{
    char subject[CODE_SUBJECT_MAX];

    code_subject(login_id, subject);
    return count_failure(db, subject, &of_code, now_ms);
}

enum err code_throttle_succeeded(struct db *db, int64_t login_id)
{
    char subject[CODE_SUBJECT_MAX];

    code_subject(login_id, subject);
    return db_run(db, Q_THROTTLE_FORGET, DB_VALUES(db_text(subject)));
}

/* ---- forgetting ---- */

enum err login_throttle_sweep(struct db *db, int64_t now)
{
    return db_run(db, Q_THROTTLE_SWEEP, DB_VALUES(db_int(now - FORGOTTEN_AFTER_S)));
}
