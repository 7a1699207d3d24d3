/* What opens something, and what is shown of it: base64, hexadecimal, seals, stored passwords,
 * codes, raw messages, JSON. */
#include "fuzz.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/hash.h"
#include "base/seal.h"
#include "base/totp.h"
#include "base/utf8.h"
#include "net/json.h"
#include "web/browser_name.h"
#include "web/raw_text.h"

static const struct seal_key *key_of_all(struct arena *arena)
{
    static struct seal_key *key;
    int fd;

    if (!key) {
        const char *path =
            fuzz_file(str_of("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"),
                      arena, &fd);

        hold(fchmod(fd, 0400) == 0);
        hold(seal_key_load(path, &key) == OK);
        close(fd);
    }
    return key;
}

static void check_base64(struct str input, struct arena *arena)
{
    struct str bytes;
    unsigned char *text;

    if (!base64_read(input, arena, &bytes))
        return;
    text = arena_alloc(arena, bytes.len * 2 + 10);
    hold(EVP_EncodeBlock(text, (const unsigned char *)(bytes.data ? bytes.data : ""),
                         (int)bytes.len) == (int)input.len);
    hold(memcmp(text, input.data ? input.data : "", input.len) == 0);
}

/* The seal of a plain text, with one byte changed as the input says, never opens. */
static void check_seal(struct str input, struct arena *arena)
{
    const struct seal_key *key = key_of_all(arena);
    struct str sealed, plain, place = fuzz_part(&input);
    char *changed;

    hold(seal_open(key, 1, "api_key", input, arena, &plain) != OK);
    hold(seal_close(key, 1, "api_key", input, arena, &sealed) == OK);
    hold(seal_open(key, 1, "api_key", sealed, arena, &plain) == OK && str_equal(plain, input));
    hold(seal_open(key, 2, "api_key", sealed, arena, &plain) != OK);
    changed = str_copy(arena, sealed);
    changed[place.len % sealed.len] ^= (char)(place.len > 0 && place.data[0] ? place.data[0] : 1);
    hold(seal_open(key, 1, "api_key", str_from(changed, sealed.len), arena, &plain) != OK);
}

void fuzz_secret(struct str input, struct arena *arena)
{
    unsigned char bytes[HASH_LEN];
    char hex[HASH_HEX_MAX];
    bool matches;
    int64_t counter;

    check_base64(input, arena);
    (void)password_outdated(fuzz_text_of(input, arena));
    if (hash_unhex(input, bytes, HASH_LEN)) {
        hash_hex(bytes, HASH_LEN, hex);
        hold(str_equal_ignoring_case(str_of(hex), input));
    }
    hold(totp_match(str_of("12345678901234567890"), input, 59, 0, &matches, &counter) == OK);
    hold(!matches || input.len == 6);
    check_seal(input, arena);
}

void fuzz_raw(struct str input, struct arena *arena)
{
    bool cut;
    struct str shown = raw_text(input, arena, &cut);
    const char *text = fuzz_text_of(input, arena);

    hold(utf8_clean(shown));
    (void)browser_name(text);
    (void)browser_system(text);
}

void fuzz_json(struct str input, struct arena *arena)
{
    json_t *value, *again = NULL;
    int64_t number;

    if (json_read(input, &value))
        return;
    (void)json_text(value, "data.object.id");
    (void)json_at(value, "a.0.b");
    (void)json_integer_at(value, "amount", &number);
    hold(json_read(json_write(value, arena), &again) == OK && json_equal(value, again));
    json_decref(value);
    json_decref(again);
}
