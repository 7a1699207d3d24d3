/*
 * browser_name: a User-Agent header in words people know.
 *
 * Invariant: a guess for its owner to recognise, never something to decide on; what is not known
 * is the empty text.
 */
#ifndef WEB_BROWSER_NAME_H
#define WEB_BROWSER_NAME_H

/* "Firefox", "Chrome" ... */
const char *browser_name(const char *user_agent);
/* "Windows", "iPhone" ... */
const char *browser_system(const char *user_agent);

#endif
