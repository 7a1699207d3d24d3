/*
 * qr_code: a text as the modules of a QR code.
 *
 * Invariant: what is drawn is data for a template's path; no page is written here.
 */
#ifndef WEB_QR_CODE_H
#define WEB_QR_CODE_H

#include "base/err.h"
#include "base/str.h"

struct arena;

/* The drawing commands of the dark modules, with the margin of four that readers need; *side is
 * the width and height of all. ERR_INTERNAL when the text does not fit. */
enum err qr_code_draw(const char *text, struct arena *arena, struct str *path, int *side);

#endif
