/*
 * templates: a template and what it must print, or how it must fail.
 *
 * Invariant: every example is rendered with the same map, which has a value of every kind.
 */
#ifndef TESTS_SUPPORT_TEMPLATES_H
#define TESTS_SUPPORT_TEMPLATES_H

#include "scratch.h"

#include "base/arena.h"
#include "template/template.h"

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

struct example {
    const char *source;
    const char *expected; /* what is printed, or part of the error's text */
};

/* The map; its instant is 2026-11-24 14:05 in Paris. */
struct template_map *templates_all_kinds(struct arena *arena);
/* Parses the sources and renders the first. */
enum err templates_print(struct arena *arena, const struct template_source *sources, size_t count,
                         struct str *text);
/* Each example, as a template of that name, must print what is expected. */
void templates_check_printed(const char *name, const struct example *examples, size_t count);
/* Each example, as page.html, must fail so, print nothing, and say what is expected. */
void templates_check_refused(enum err expected, const struct example *examples, size_t count);

#endif
