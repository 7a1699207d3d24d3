/*
 * power.h: the record that power-recorder.c writes and power.c reads: one after the other, each
 * with its bytes behind it, a multiple of eight.
 */
#ifndef FAULT_POWER_H
#define FAULT_POWER_H

#include <stdint.h>

enum { POWER_MAGIC = 0x52574f50 };

enum power_kind {
    POWER_WRITE = 1,
    POWER_TRUNCATE,    /* offset: the new size */
    POWER_UNLINK,      /* the name goes */
    POWER_SYNC_ASKED,  /* of what was noted before this, by this thread */
    POWER_SYNC_DONE,   /* the one this thread had asked for */
    POWER_ACKNOWLEDGED /* the bytes: what was promised, by its name; power.js writes it */
};

enum power_file {
    POWER_DATABASE,
    POWER_LOG,
    POWER_FILES, /* how many have contents */
    POWER_FOLDER = POWER_FILES,
    POWER_NO_FILE
};

struct power_record {
    uint32_t magic;
    uint8_t kind, file;
    uint16_t reserved;
    uint32_t thread, reserved_too;
    int64_t offset, len;
};

#endif
