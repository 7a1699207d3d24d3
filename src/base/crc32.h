/*
 * crc32: the checksum of Ethernet, gzip and PNG (ISO 3309, polynomial 0xEDB88320 reflected).
 *
 * Invariant: it finds accidents, never forgers: whoever needs proof signs it.
 */
#ifndef BASE_CRC32_H
#define BASE_CRC32_H

#include <stdint.h>

#include "base/str.h"

/* "123456789" gives 0xCBF43926. */
uint32_t crc32_of(struct str data);

#endif
