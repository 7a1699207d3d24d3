#include "association/login.h"

#include "base/arena.h"
#include "base/utf8.h"
#include "queries.h"

#include <arpa/inet.h>
#include <string.h>

enum {
    ACCOUNT_FREE_FAILURES = 5,
    ADDRESS_FREE_FAILURES = 50,
    FIRST_WAIT_MS = 1000,
    LONGEST_WAIT_MS = 15 * 60 * 1000,
    FORGOTTEN_AFTER_S = 24 * 3600
};

/* ---- subjects ---- */

static enum err account_subject(struct str email, struct arena *arena, const char **subject)
{
    unsigned char hash[HASH_LEN];
    char hex[HASH_HEX_MAX];
    enum err err = hash_sha256(utf8_fold(str_trim(email), arena), hash);

    if (err)
        return err;
    hash_hex(hash, sizeof(hash), hex);
    *subject = arena_printf(arena, "login:%s", hex);
    return OK;
}

/* One household or office: an IPv4 address, or the /64 of an IPv6 one. */
static const char *address_subject(struct str address, struct arena *arena)
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    char text[INET6_ADDRSTRLEN];
    unsigned char bytes[16];

    if (inet_pton(AF_INET6, str_copy(arena, address), bytes) != 1)
        return arena_printf(arena, "address:%.*s", STR_PRINT(utf8_cut(address, 64)));
    if (memcmp(bytes, mapped, sizeof(mapped)) == 0)
        inet_ntop(AF_INET, bytes + sizeof(mapped), text, sizeof(text));
    else {
        memset(bytes + 8, 0, 8);
        inet_ntop(AF_INET6, bytes, text, sizeof(text));
    }
    return arena_printf(arena, "address:%s", text);
}

/* ---- waiting ---- */

static enum err blocked_until_ms(struct db *db, const char *subject, int64_t *until_ms)
{
    return db_integer(db, Q_THROTTLE_FIND, DB_VALUES(db_text(subject)), 0, until_ms);
}

enum err login_throttle_wait_ms(struct db *db, struct str email, struct str address,
                                int64_t now_ms, struct arena *arena, int64_t *wait_ms)
{
    const char *account;
    int64_t account_ms = 0, address_ms = 0, until_ms;
    enum err err = account_subject(email, arena, &account);

    if (!err)
        err = blocked_until_ms(db, account, &account_ms);
    if (!err)
        err = blocked_until_ms(db, address_subject(address, arena), &address_ms);
    until_ms = account_ms > address_ms ? account_ms : address_ms;
    /* A clock that was set back must not lengthen a wait beyond the longest. */
    if (until_ms > now_ms + LONGEST_WAIT_MS)
        until_ms = now_ms + LONGEST_WAIT_MS;
    *wait_ms = until_ms > now_ms ? until_ms - now_ms : 0;
    return err;
}

/* ---- counting ---- */

static int64_t wait_after(int64_t failures, int64_t free_failures)
{
    int64_t wait_ms = FIRST_WAIT_MS;

    if (failures < free_failures)
        return 0;
    for (int64_t i = free_failures; i < failures && wait_ms < LONGEST_WAIT_MS; i++)
        wait_ms *= 2;
    return wait_ms < LONGEST_WAIT_MS ? wait_ms : LONGEST_WAIT_MS;
}

static enum err count_failure(struct db *db, const char *subject, int64_t free_failures,
                              int64_t now_ms)
{
    int64_t now = now_ms / 1000, failures = 0, wait_ms;
    enum err err = db_integer(
        db, Q_THROTTLE_COUNT,
        DB_VALUES(db_text(subject), db_int(now), db_int(now - FORGOTTEN_AFTER_S)), 0, &failures);

    wait_ms = wait_after(failures, free_failures);
    if (err || wait_ms == 0)
        return err;
    return db_run(db, Q_THROTTLE_BLOCK, DB_VALUES(db_text(subject), db_int(now_ms + wait_ms)));
}

enum err login_throttle_failed(struct db *db, struct str email, struct str address, int64_t now_ms,
                               struct arena *arena)
{
    const char *account;
    enum err err = account_subject(email, arena, &account);

    if (!err)
        err = count_failure(db, account, ACCOUNT_FREE_FAILURES, now_ms);
    if (!err)
        err = count_failure(db, address_subject(address, arena), ADDRESS_FREE_FAILURES, now_ms);
    return err;
}

enum err login_throttle_succeeded(struct db *db, struct str email, struct arena *arena)
{
    const char *account;
    enum err err = account_subject(email, arena, &account);

    return err ? err : db_run(db, Q_THROTTLE_FORGET, DB_VALUES(db_text(account)));
}

enum err login_throttle_sweep(struct db *db, int64_t now)
{
    return db_run(db, Q_THROTTLE_SWEEP, DB_VALUES(db_int(now - FORGOTTEN_AFTER_S)));
}
