/*
 * memory: lack of it ends the process, also inside libraries that would tell it as something else.
 *
 * OpenSSL and jansson answer lack of memory by what a forged signature or an unreadable text is
 * answered by: a message worth money would be given up for good. The end of the process loses
 * nothing (see err_abort): what was stored is taken up again.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

/* From here up a library is told that there is none: scrypt says so, and a page asks to try again.
 */
enum { MEMORY_LARGE = 1024 * 1024 };

/* Never NULL below MEMORY_LARGE, except for 0 bytes. free gives it back. */
void *memory_take(size_t size);
/* OpenSSL takes its memory here from now on. Called once, before it is used. */
void memory_begin(void);

#endif
