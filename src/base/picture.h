/*
 * picture: is this a PNG or a JPEG, and how large?
 *
 * Invariant: decided by the bytes alone, never by a name or a declared type; every length is
 * checked before it is followed, nothing is decoded. What stands behind the picture's end is no
 * part of it. Sources: W3C PNG (third edition) 5, ITU T.81 B.
 */
#ifndef BASE_PICTURE_H
#define BASE_PICTURE_H

#include <stdbool.h>

#include "base/str.h"

enum { PICTURE_SIDE_MAX = 2000 /* pixels, each way */ };

struct picture {
    const char *content_type; /* "image/png" or "image/jpeg" */
    int width;
    int height;
    struct str bytes; /* from its signature to its end, within what was given */
};

enum picture_verdict {
    PICTURE_OK,
    PICTURE_UNKNOWN,  /* neither of both */
    PICTURE_BROKEN,   /* begins like one of them, and is not whole */
    PICTURE_TOO_LARGE /* more than PICTURE_SIDE_MAX pixels on a side */
};
enum picture_verdict picture_read(struct str bytes, struct picture *picture);

#endif
