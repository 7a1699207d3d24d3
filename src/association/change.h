/*
 * change: what a form changed, for the audit.
 *
 * Invariant: numbers and words of ours are told before and after; a text that somebody typed only
 * by the beginnings of its hashes, so that the audit holds no personal data and still proves
 * which value stood when.
 */
#ifndef ASSOCIATION_CHANGE_H
#define ASSOCIATION_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct change {
    struct buffer detail;
};

void change_init(struct change *change, struct arena *arena);
/* Each adds its field when both values differ. */
void change_number(struct change *change, const char *field, int64_t before, int64_t after);
/* A word of ours, a code, a date: nothing personal. */
void change_word(struct change *change, const char *field, const char *before, const char *after);
/* A text that somebody typed. ERR_CRYPTO. */
enum err change_text(struct change *change, const char *field, const char *before,
                     const char *after);
bool change_none(const struct change *change);
/* "minimum 100 > 200, text - > 9f86d081" */
const char *change_detail(const struct change *change);

#endif
