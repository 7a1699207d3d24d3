/*
 * template: our small, strict, mustache-like engine.
 *
 * Invariant: everything printed is escaped, there is no raw output at all; an unknown name is
 * an error, so that a blank amount cannot appear on a money page. (architecture.md, Templates.)
 *
 * Tags: {{name}} {{name|filter}} {{#section}}..{{/section}} {{^inverted}}..{{/inverted}}
 * {{>partial}} {{!comment}} {{.}} and dotted names a.b. Filters: money (1 234,50 €), amount
 * (without currency sign), input (form field: 1234,50 or 2026-11-23), date (23/11/2026),
 * long_date (23 novembre 2026), iso_date, time (14:05), datetime (23/11/2026 à 14:05), number
 * (groups of three digits). Amounts, dates and instants have no form without a filter; a flag
 * can only be asked by a section.
 *
 * Sections show lists (once per item), maps, set flags, non-empty texts, numbers and amounts
 * other than 0, dates and instants; names are looked up from the inside out. A list, map or
 * text is {{.}} and the place of names in its body; a flag is not.
 *
 * A layout is a template that contains {{>content}}: a template whose first line is
 * {{!layout NAME}} is rendered into it. Partials and layouts are whole files that begin and end
 * in text, named relative to the templates' folder; a tag alone on its line takes the line with
 * it, and a partial alone on its line gives its indentation to its lines.
 *
 * A tag may stand in text or in a double-quoted attribute only (sections also between
 * attributes, partials only in text); never in a script, style, comment, event attribute,
 * style, srcset. In href, src, action, formaction and the like a value that begins the URL must
 * be a path of ours ("/x", "?x", "#x") or an http(s) URL; behind a literal beginning
 * ("/recettes/{{id}}", "?annee={{year}}", "mailto:{{address}}") it is percent-encoded.
 */
#ifndef TEMPLATE_TEMPLATE_H
#define TEMPLATE_TEMPLATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/money.h"
#include "base/str.h"
#include "base/zone.h"

struct template_set; /* all templates of a folder, parsed; immutable, shared by threads */

/* Parses every *.html and *.txt file under folder (names relative, with extension:
 * "panier.html", "partial/notice.html"). ERR_CONFIG with file:line on a bad tag, an unknown
 * partial, a bad context. The caller must dispose of *set with template_set_free. */
enum err template_set_load(const char *folder, struct template_set **set);
void template_set_free(struct template_set *set);
/* Parses one template from memory with named partials (tests, vectors). */
struct template_source {
    const char *name;
    struct str text;
};
enum err template_set_parse(const struct template_source *sources, size_t count,
                            struct template_set **set);

/* Data for a rendering: a map of named values; lives in an arena. */
struct template_map;
struct template_list;

struct template_map *template_map_new(struct arena *arena);
/* Setters keep the name pointer (static strings) and copy nothing: the bytes of str must live
 * as long as the map. Setting a name twice replaces it. */
void template_set_str(struct template_map *map, const char *name, struct str text);
void template_set_text(struct template_map *map, const char *name, const char *text);
void template_set_int(struct template_map *map, const char *name, int64_t value);
void template_set_flag(struct template_map *map, const char *name, bool value);
void template_set_money(struct template_map *map, const char *name, int64_t cents,
                        const struct currency *currency);
void template_set_date(struct template_map *map, const char *name, struct date date);
/* An instant, shown in the zone. */
void template_set_time(struct template_map *map, const char *name, int64_t at,
                       const struct zone *zone);
struct template_map *template_set_map(struct template_map *map, const char *name);
/* A present-but-empty value: {{name}} prints nothing, {{#name}} is skipped. */
void template_set_none(struct template_map *map, const char *name);
struct template_list *template_set_list(struct template_map *map, const char *name);
struct template_map *template_list_add(struct template_list *list);
/* Items that are plain texts ({{.}}). */
void template_list_add_str(struct template_list *list, struct str text);

/* Renders template name with map appended to out. ERR_INTERNAL with template:line for an
 * unknown name, a filter that does not fit, a bad URL; out is then as it was. HTML escaping for
 * every name but *.txt (mail), which has none; the two never include each other. */
enum err template_render(const struct template_set *set, const char *name,
                         const struct template_map *map, struct buffer *out);

#endif
