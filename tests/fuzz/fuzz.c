#include "fuzz.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"

static const struct target {
    const char *name;
    fuzz_one *one;
    void (*begin)(void); /* NULL: nothing is to be made first */
} targets[] = {
    {"activity", fuzz_activity, fuzz_house_begin},
    {"address", fuzz_address},
    {"certificate", fuzz_certificate},
    {"conf", fuzz_conf},
    {"cookie", fuzz_cookie},
    {"csv", fuzz_csv},
    {"date", fuzz_date},
    {"delivery", fuzz_delivery},
    {"fields", fuzz_fields},
    {"form", fuzz_form},
    {"gzip", fuzz_gzip},
    {"ipn", fuzz_ipn},
    {"json", fuzz_json},
    {"mail", fuzz_mail},
    {"members", fuzz_members},
    {"money", fuzz_money},
    {"multipart", fuzz_multipart},
    {"paypal", fuzz_paypal, fuzz_house_begin},
    {"paypal_answer", fuzz_paypal_answer, fuzz_house_begin},
    {"picture", fuzz_picture},
    {"raw", fuzz_raw},
    {"request", fuzz_request, fuzz_request_begin},
    {"secret", fuzz_secret},
    {"signature", fuzz_signature},
    {"smtp", fuzz_smtp, fuzz_smtp_begin},
    {"stripe", fuzz_stripe, fuzz_house_begin},
    {"stripe_answer", fuzz_stripe_answer, fuzz_house_begin},
    {"template", fuzz_template},
    {"text", fuzz_text},
};

static const struct target *target;
static struct arena *arena;

struct str fuzz_part(struct str *rest)
{
    return str_cut(rest, FUZZ_SEPARATOR);
}

const char *fuzz_text_of(struct str part, struct arena *memory)
{
    return str_copy(memory, part);
}

const char *fuzz_file(struct str bytes, struct arena *memory, int *fd)
{
    *fd = memfd_create("fuzz", MFD_CLOEXEC);
    hold(*fd >= 0);
    hold(write(*fd, bytes.data ? bytes.data : "", bytes.len) == (ssize_t)bytes.len);
    return arena_printf(memory, "/proc/self/fd/%d", *fd);
}

void fuzz_broken(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}

/* ---- libFuzzer's two functions ---- */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void forget_arena(void)
{
    arena_free(arena);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *name = getenv("FUZZ");

    (void)argc, (void)argv;
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
        if (name && strcmp(targets[i].name, name) == 0)
            target = &targets[i];
        else if (!name)
            printf("%s\n", targets[i].name);
    if (!target)
        exit(name ? 2 : 0);
    log_set_level(LOG_ERROR);
    arena = arena_new();
    atexit(forget_arena);
    if (target->begin)
        target->begin();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    target->one(str_from(data, size), arena);
    arena_reset(arena);
    return 0;
}
