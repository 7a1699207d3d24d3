#include "template/internal.h"

#include <string.h>

/* Elements whose content is not markup: only their own end tag ends them. */
static const char *const escapable_elements[] = {"title", "textarea", NULL};
static const char *const raw_elements[] = {"script",  "style",    "xmp",       "iframe",
                                           "noembed", "noframes", "plaintext", NULL};
static const char *const url_attributes[] = {"href",     "src",        "action",     "formaction",
                                             "cite",     "data",       "poster",     "manifest",
                                             "longdesc", "background", "xlink:href", NULL};
/* Scripts, styles and lists of URLs: no escaping of ours is enough there. */
static const char *const closed_attributes[] = {"style",       "srcdoc", "srcset",
                                                "imagesrcset", "ping",   NULL};

static bool listed(const char *name, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(name, *list) == 0)
            return true;
    return false;
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r' || byte == '\f';
}

static char lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

static bool is_letter(char byte)
{
    return lower(byte) >= 'a' && lower(byte) <= 'z';
}

static void append(char name[HTML_NAME_MAX], char byte)
{
    size_t len = strlen(name);

    if (len + 1 < HTML_NAME_MAX) {
        name[len] = lower(byte);
        name[len + 1] = '\0';
    }
}

static void begin_element(struct html_state *state, char byte, bool end_tag)
{
    memset(state->element, 0, sizeof(state->element));
    append(state->element, byte);
    state->end_tag = end_tag;
    state->place = HTML_ELEMENT;
}

static void begin_attribute(struct html_state *state, char byte)
{
    memset(state->attribute, 0, sizeof(state->attribute));
    append(state->attribute, byte);
    state->place = HTML_ATTRIBUTE;
}

static void end_tag(struct html_state *state)
{
    state->place = HTML_TEXT;
    if (state->end_tag)
        memset(state->inside, 0, sizeof(state->inside));
    else if (listed(state->element, raw_elements) || listed(state->element, escapable_elements))
        memcpy(state->inside, state->element, sizeof(state->inside));
}

/* ---- literal bytes, by place ---- */

static const char *scan_less(struct html_state *state, char byte)
{
    state->last[0] = '\0';
    if (byte == '/')
        state->place = HTML_LESS_SLASH;
    else if (state->inside[0] || !(is_letter(byte) || byte == '!' || byte == '?'))
        state->place = byte == '<' ? HTML_LESS : HTML_TEXT;
    else if (byte == '!')
        state->place = HTML_BANG;
    else if (byte == '?')
        state->place = HTML_BOGUS;
    else
        begin_element(state, byte, false);
    return NULL;
}

static const char *scan_less_slash(struct html_state *state, char byte)
{
    if (is_letter(byte))
        begin_element(state, byte, true);
    else if (state->inside[0] || byte == '>')
        state->place = HTML_TEXT;
    else
        state->place = HTML_BOGUS;
    return NULL;
}

/* Behind the name of an element or attribute. */
static void leave_name(struct html_state *state, char byte, enum html_place behind_space)
{
    if (byte == '>')
        end_tag(state);
    else
        state->place = byte == '/' ? HTML_SPACE : behind_space;
}

static const char *scan_element(struct html_state *state, char byte)
{
    if (!is_space(byte) && byte != '/' && byte != '>')
        append(state->element, byte);
    else if (state->inside[0] && strcmp(state->inside, state->element) != 0)
        state->place = HTML_TEXT; /* </b> in a script is text of the script */
    else
        leave_name(state, byte, HTML_SPACE);
    return NULL;
}

static const char *scan_space(struct html_state *state, char byte)
{
    if (byte == '=' || byte == '"' || byte == '\'' || byte == '<')
        return "a tag is malformed";
    if (is_space(byte) || byte == '/' || byte == '>')
        leave_name(state, byte, HTML_SPACE);
    else
        begin_attribute(state, byte);
    return NULL;
}

static const char *scan_gap(struct html_state *state, char byte)
{
    if (!is_space(byte) && byte != '/' && byte != '>')
        return "white space is missing in a tag";
    leave_name(state, byte, HTML_SPACE);
    return NULL;
}

static const char *scan_attribute(struct html_state *state, char byte)
{
    if (byte == '"' || byte == '\'' || byte == '<')
        return "an attribute's name is malformed";
    if (byte == '=')
        state->place = HTML_BEFORE_VALUE;
    else if (is_space(byte) || byte == '/' || byte == '>')
        leave_name(state, byte, HTML_AFTER_NAME);
    else
        append(state->attribute, byte);
    return NULL;
}

static const char *scan_after_name(struct html_state *state, char byte)
{
    if (byte != '=')
        return scan_space(state, byte);
    state->place = HTML_BEFORE_VALUE;
    return NULL;
}

static const char *scan_before_value(struct html_state *state, char byte)
{
    if (is_space(byte))
        return NULL;
    if (byte == '>')
        return "an attribute has no value behind '='";
    state->value_len = 0;
    state->value_tagged = false;
    state->place = byte == '"' ? HTML_DOUBLE : byte == '\'' ? HTML_SINGLE : HTML_UNQUOTED;
    return NULL;
}

static const char *scan_double(struct html_state *state, char byte)
{
    if (byte == '"')
        state->place = HTML_GAP;
    else if (!state->value_tagged && state->value_len < HTML_URL_START_MAX)
        state->value[state->value_len++] = byte;
    return NULL;
}

static const char *scan_unquoted(struct html_state *state, char byte)
{
    if (byte == '"' || byte == '\'' || byte == '<' || byte == '=' || byte == '`')
        return "an unquoted value is malformed";
    if (is_space(byte))
        state->place = HTML_SPACE;
    else if (byte == '>')
        end_tag(state);
    return NULL;
}

/* "<!--" begins a comment, other things end at the next '>'. */
static const char *scan_bang(struct html_state *state, char byte)
{
    if (byte == '-' && state->last[0] == '-') {
        state->place = HTML_COMMENT;
        memcpy(state->last, (const char[]){'\0', '-', '-'}, 3);
    } else if (byte == '-' && !state->last[0]) {
        state->last[0] = '-';
    } else if (byte == '[') {
        return "a CDATA section is no HTML";
    } else {
        state->place = byte == '>' ? HTML_TEXT : HTML_BOGUS;
    }
    return NULL;
}

static const char *scan_comment(struct html_state *state, char byte)
{
    memmove(state->last, state->last + 1, 2);
    state->last[2] = byte;
    if (memcmp(state->last, "--!", 3) == 0)
        return "a comment is malformed";
    if (memcmp(state->last, "-->", 3) == 0)
        state->place = HTML_TEXT;
    return NULL;
}

static const char *scan_byte(struct html_state *state, char byte)
{
    switch (state->place) {
    case HTML_TEXT:
        state->place = byte == '<' ? HTML_LESS : HTML_TEXT;
        return NULL;
    case HTML_LESS:
        return scan_less(state, byte);
    case HTML_LESS_SLASH:
        return scan_less_slash(state, byte);
    case HTML_ELEMENT:
        return scan_element(state, byte);
    case HTML_SPACE:
        return scan_space(state, byte);
    case HTML_GAP:
        return scan_gap(state, byte);
    case HTML_ATTRIBUTE:
        return scan_attribute(state, byte);
    case HTML_AFTER_NAME:
        return scan_after_name(state, byte);
    case HTML_BEFORE_VALUE:
        return scan_before_value(state, byte);
    case HTML_DOUBLE:
        return scan_double(state, byte);
    case HTML_SINGLE:
        state->place = byte == '\'' ? HTML_GAP : HTML_SINGLE;
        return NULL;
    case HTML_UNQUOTED:
        return scan_unquoted(state, byte);
    case HTML_BANG:
        return scan_bang(state, byte);
    case HTML_COMMENT:
        return scan_comment(state, byte);
    case HTML_BOGUS:
        state->place = byte == '>' ? HTML_TEXT : HTML_BOGUS;
        return NULL;
    }
    return "a place that does not exist";
}

const char *html_scan(struct html_state *state, struct str text, size_t *scanned)
{
    for (*scanned = 0; *scanned < text.len; (*scanned)++) {
        const char *wrong = scan_byte(state, text.data[*scanned]);

        if (wrong)
            return wrong;
    }
    return NULL;
}

/* ---- tags ---- */

static bool in_raw_element(const struct html_state *state)
{
    return state->inside[0] && !listed(state->inside, escapable_elements);
}

static bool closed_attribute(const struct html_state *state)
{
    return strncmp(state->attribute, "on", 2) == 0 || listed(state->attribute, closed_attributes);
}

/* Which escaping continues a URL that begins so. */
static const char *continue_url(struct str start, enum escape *escape)
{
    struct str rest = start;

    *escape = ESCAPE_COMPONENT;
    if (str_starts(start, "mailto:")) {
        *escape = ESCAPE_ADDRESS;
        return NULL;
    }
    if (start.data[0] == '?' || start.data[0] == '#')
        return NULL;
    if (str_starts(start, "http://") || str_starts(start, "https://")) {
        (void)str_cut(&rest, '/');
        (void)str_cut(&rest, '/');
        return str_find(rest, '/') < rest.len ? NULL : "a tag stands in the host of a URL";
    }
    /* "/" alone before two empty or hostile segments would make "//host". */
    if (start.data[0] == '/' && start.len > 1 && start.data[1] != '/' && start.data[1] != '\\')
        return NULL;
    return "a tag stands behind the beginning of a URL that may lead anywhere";
}

static const char *attribute_value(struct html_state *state, enum escape *escape)
{
    *escape = ESCAPE_HTML;
    if (closed_attribute(state))
        return "a tag stands in an attribute that allows none";
    if (listed(state->attribute, url_attributes)) {
        if (state->value_len)
            return continue_url(str_from(state->value, state->value_len), escape);
        *escape = state->value_tagged ? ESCAPE_COMPONENT : ESCAPE_URL;
    }
    return NULL;
}

const char *html_value(struct html_state *state, enum escape *escape)
{
    const char *wrong;

    *escape = ESCAPE_HTML;
    if (in_raw_element(state))
        return "a tag stands in a script, a style or the like";
    if (state->place == HTML_TEXT)
        return NULL;
    if (state->place != HTML_DOUBLE)
        return "a tag stands neither in text nor in a double-quoted attribute";
    wrong = attribute_value(state, escape);
    state->value_tagged = true;
    return wrong;
}

const char *html_section_begin(struct html_state *state)
{
    if (in_raw_element(state))
        return "a section stands in a script, a style or the like";
    if (state->place == HTML_TEXT)
        return NULL;
    if (state->place == HTML_DOUBLE)
        return closed_attribute(state) ? "a section stands in an attribute that allows none"
                                       : NULL;
    if (state->end_tag)
        return "a section stands in an end tag";
    if (state->place == HTML_AFTER_NAME)
        state->place = HTML_SPACE;
    else if (state->place == HTML_ELEMENT || state->place == HTML_ATTRIBUTE)
        state->place = HTML_GAP;
    if (state->place == HTML_SPACE || state->place == HTML_GAP)
        return NULL;
    return "a section stands neither in text, nor in a double-quoted attribute, nor between "
           "attributes";
}

static const char *end_in_value(const struct html_state *before, struct html_state *state)
{
    bool empty_before = before->value_len == 0 && !before->value_tagged;
    bool empty_now = state->value_len == 0 && !state->value_tagged;

    if (strcmp(before->attribute, state->attribute) != 0)
        return "a section ends in another attribute than it began";
    if (listed(state->attribute, url_attributes) && empty_before != empty_now)
        return "a URL begins in a section";
    /* What stands in the body may be left out: it says nothing of how the value begins. */
    memcpy(state->value, before->value, sizeof(state->value));
    state->value_len = before->value_len;
    return NULL;
}

static const char *end_in_tag(const struct html_state *before, struct html_state *state)
{
    bool spaced = state->place == HTML_SPACE || state->place == HTML_AFTER_NAME;

    if (!spaced && state->place != HTML_GAP && state->place != HTML_ATTRIBUTE)
        return "a section ends elsewhere than it began";
    state->place = spaced && before->place == HTML_SPACE ? HTML_SPACE : HTML_GAP;
    return NULL;
}

const char *html_section_end(const struct html_state *before, struct html_state *state)
{
    if (strcmp(before->inside, state->inside) != 0)
        return "a section ends in another element than it began";
    if (before->place == HTML_TEXT || before->place == HTML_DOUBLE) {
        if (state->place != before->place)
            return "a section ends elsewhere than it began";
        return state->place == HTML_TEXT ? NULL : end_in_value(before, state);
    }
    if (strcmp(before->element, state->element) != 0 || state->end_tag)
        return "a section ends in another tag than it began";
    return end_in_tag(before, state);
}

const char *html_partial(const struct html_state *state)
{
    return state->place == HTML_TEXT && !state->inside[0] ? NULL : "a partial stands only in text";
}

const char *html_end(const struct html_state *state)
{
    return state->place == HTML_TEXT && !state->inside[0] ? NULL : "the file ends within a tag";
}
