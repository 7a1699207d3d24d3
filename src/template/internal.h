/*
 * template/internal: what the files of this folder share.
 *
 * Invariant: a parsed template is never changed after template_set_parse, and a value tag
 * carries the escaping that its place in the HTML asks for; rendering decides nothing anew.
 */
#ifndef TEMPLATE_INTERNAL_H
#define TEMPLATE_INTERNAL_H

#include "template/template.h"

enum {
    TEMPLATE_NAME_PARTS_MAX = 6, /* a.b.c.d.e.f */
    TEMPLATE_NESTING_MAX = 32,   /* sections in sections */
    TEMPLATE_RECURSION_MAX = 32, /* partials in partials, while rendering */
    TEMPLATE_LAYOUTS_MAX = 8,    /* layouts in layouts */
    TEMPLATE_CELL_MAX = 96       /* a formatted number, amount or date */
};

/* ---- data (data.c) ---- */

enum value_kind {
    VALUE_NONE,
    VALUE_STR,
    VALUE_INT,
    VALUE_FLAG,
    VALUE_MONEY,
    VALUE_DATE,
    VALUE_TIME,
    VALUE_MAP,
    VALUE_LIST
};

struct template_value {
    enum value_kind kind;
    int64_t number; /* VALUE_INT, VALUE_FLAG, cents of VALUE_MONEY, Unix seconds of VALUE_TIME */
    union {
        struct str text;
        const struct currency *currency;
        const struct zone *zone;
        struct date date;
        const struct template_map *map;
        const struct template_list *list;
    } as;
};

/* What maps find names by; templates keep it with each name. */
uint32_t template_hash(struct str name);
/* The value of a name, whose hash this is, in one map; NULL when the map does not have it. */
const struct template_value *template_map_find(const struct template_map *map, struct str name,
                                               uint32_t hash);
/* The items of a list. */
size_t template_list_count(const struct template_list *list);
const struct template_value *template_list_item(const struct template_list *list, size_t at);

/* ---- escaping (escape.c) ---- */

enum escape {
    ESCAPE_NONE,      /* *.txt */
    ESCAPE_HTML,      /* text and double-quoted attributes */
    ESCAPE_URL,       /* a whole URL, or its beginning: checked, then as HTML */
    ESCAPE_COMPONENT, /* behind the literal beginning of a URL: percent-encoded */
    ESCAPE_ADDRESS    /* behind "mailto:": percent-encoded but for '@' */
};

/* Appends text for the place. False for a URL that we do not print. */
bool escape_add(struct buffer *out, enum escape escape, struct str text);

/* ---- filters (format.c) ---- */

enum filter {
    FILTER_NONE,
    FILTER_MONEY,
    FILTER_AMOUNT,
    FILTER_INPUT,
    FILTER_DATE,
    FILTER_LONG_DATE,
    FILTER_ISO_DATE,
    FILTER_TIME,
    FILTER_DATETIME,
    FILTER_NUMBER,
    FILTER_COUNT
};

/* The filter of a name; FILTER_COUNT when there is none. */
enum filter filter_find(struct str name);
/* The text of a value: a slice of the value itself or of cell. False when the filter does not
 * fit the kind (an amount without filter, a date as money, a flag, a list). */
bool filter_apply(enum filter filter, const struct template_value *value,
                  char cell[TEMPLATE_CELL_MAX], struct str *text);

/* ---- places in HTML (context.c) ---- */

enum html_place {
    HTML_TEXT,
    HTML_LESS,         /* behind '<' */
    HTML_LESS_SLASH,   /* behind "</" */
    HTML_ELEMENT,      /* in the name of an element */
    HTML_SPACE,        /* in a tag, behind white space: an attribute may begin */
    HTML_GAP,          /* in a tag, where only white space, '/' or '>' may follow */
    HTML_ATTRIBUTE,    /* in the name of an attribute */
    HTML_AFTER_NAME,   /* white space behind that name */
    HTML_BEFORE_VALUE, /* behind '=' */
    HTML_DOUBLE,       /* in a double-quoted value */
    HTML_SINGLE,
    HTML_UNQUOTED,
    HTML_BANG,    /* behind "<!", "<!-" */
    HTML_COMMENT, /* until "-->" */
    HTML_BOGUS    /* doctype and the like: until '>' */
};

enum { HTML_NAME_MAX = 16, HTML_URL_START_MAX = 200 };

struct html_state {
    enum html_place place;
    bool end_tag;                /* the tag being read is an end tag */
    char element[HTML_NAME_MAX]; /* its name, lower case, cut */
    char inside[HTML_NAME_MAX];  /* "script", "textarea" ...: where only its end tag counts */
    char attribute[HTML_NAME_MAX];
    char last[3];                   /* the last bytes, for "-->" */
    char value[HTML_URL_START_MAX]; /* how the value begins: literal bytes before any tag */
    size_t value_len;
    bool value_tagged; /* a tag stands in the value already */
};

/* Takes literal text. NULL, or what is wrong behind the first *scanned bytes. */
const char *html_scan(struct html_state *state, struct str text, size_t *scanned);
/* The escaping for {{name}} here. NULL, or why there may be none. */
const char *html_value(struct html_state *state, enum escape *escape);
/* NULL, or why no section may begin here; the state is readied for its body. */
const char *html_section_begin(struct html_state *state);
/* NULL, or why a section that began in *before may not end here; *state becomes what holds
 * whether the body was shown, left out or repeated. */
const char *html_section_end(const struct html_state *before, struct html_state *state);
/* NULL, or why no partial may stand here, nor the file end. */
const char *html_partial(const struct html_state *state);
const char *html_end(const struct html_state *state);

/* ---- parsed templates (parse.c makes, set.c links, render.c reads) ---- */

struct template_name {
    struct str text; /* as written */
    struct str parts[TEMPLATE_NAME_PARTS_MAX];
    uint32_t hashes[TEMPLATE_NAME_PARTS_MAX]; /* of the parts */
    size_t count;                             /* 0: {{.}} */
};

enum node_kind { NODE_TEXT, NODE_VALUE, NODE_SECTION, NODE_INVERTED, NODE_PARTIAL, NODE_CONTENT };

struct template_file;

struct node {
    enum node_kind kind;
    int line;
    struct str text; /* NODE_TEXT: the bytes; partials: the name, until linked */
    struct template_name name;
    enum filter filter;
    enum escape escape;
    size_t end; /* sections: the first node behind the body */
    bool alone; /* partials: alone on its line, so its lines take over the indentation */
    struct str indent;
    const struct template_file *partial;
};

struct template_file {
    const char *name;
    bool html;
    struct str layout_name; /* data NULL: none */
    const struct template_file *layout;
    struct node *nodes;
    size_t count;
};

struct template_set {
    struct arena *arena; /* holds everything, the set too */
    struct template_file *templates;
    size_t count;
};

/* Parses one source, whose bytes must live as long as the arena. ERR_CONFIG with name:line. */
enum err template_parse(struct arena *arena, const struct template_source *source,
                        struct template_file *parsed);
/* The template of that name; NULL when there is none. */
const struct template_file *template_find(const struct template_set *set, struct str name);

#endif
