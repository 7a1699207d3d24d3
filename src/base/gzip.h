/*
 * gzip: files packed and unpacked, by zlib.
 *
 * Invariant: a file that was packed unpacks to the same bytes or not at all: gzip's own checksum
 * is looked at.
 */
#ifndef BASE_GZIP_H
#define BASE_GZIP_H

#include "base/err.h"

/* Packs a file into a new one, mode 0600. ERR_CONFLICT when `to` exists, ERR_IO. */
enum err gzip_pack(const char *from, const char *to);
/* Unpacks a file into a new one, mode 0600; one that is not packed is copied as it stands.
 * ERR_CONFLICT when `to` exists, ERR_INPUT when it is damaged or cut short, ERR_IO. */
enum err gzip_unpack(const char *from, const char *to);

#endif
