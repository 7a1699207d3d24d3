#include "web/browser_name.h"

#include <stddef.h>
#include <string.h>

struct mark {
    const char *in; /* stands in the header */
    const char *name;
};

/* Most claim to be others too: the first that fits is the true one. */
static const struct mark browsers[] = {
    {"Edg", "Edge"},         {"OPR/", "Opera"},       {"SamsungBrowser/", "Samsung Internet"},
    {"Vivaldi/", "Vivaldi"}, {"FxiOS/", "Firefox"},   {"Firefox/", "Firefox"},
    {"CriOS/", "Chrome"},    {"Chromium/", "Chrome"}, {"Chrome/", "Chrome"},
    {"Safari/", "Safari"},
};

static const struct mark systems[] = {
    {"iPhone", "iPhone"}, {"iPad", "iPad"},    {"Android", "Android"}, {"Windows", "Windows"},
    {"CrOS", "ChromeOS"}, {"Mac OS X", "Mac"}, {"Macintosh", "Mac"},   {"Linux", "Linux"},
};

static const char *first_mark(const struct mark *marks, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (strstr(text, marks[i].in))
            return marks[i].name;
    return "";
}

const char *browser_name(const char *user_agent)
{
    return first_mark(browsers, sizeof(browsers) / sizeof(browsers[0]), user_agent);
}

const char *browser_system(const char *user_agent)
{
    return first_mark(systems, sizeof(systems) / sizeof(systems[0]), user_agent);
}
