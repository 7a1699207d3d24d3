/*
 * version: which Guichet this is.
 *
 * Invariant: the only place where the number stands; the user agent is made from it.
 */
#ifndef PROGRAMS_VERSION_H
#define PROGRAMS_VERSION_H

#define GUICHET_VERSION "0.1.0"
#define GUICHET_USER_AGENT "Guichet/" GUICHET_VERSION

#endif
