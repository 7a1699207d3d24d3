/*
 * power: what a disk would hold after a loss of power, at many points of a record, and whether
 * that is a database with everything that was acknowledged.
 *
 *   power RECORD DATABASE CHECKS FOLDER POINTS SEED SAMPLES
 *
 * DATABASE is the file as it was when the record began; CHECKS holds statements that return the
 * breaches of an invariant, each behind a line "-- name: ...". At each point what was synced is
 * there; of each write since, and of each truncation, it is drawn whether it is lost, there, or
 * torn: some of its sectors of 512 bytes. The files are written into FOLDER and opened by SQLite
 * as after a start. Prints a line for each point that is wrong, and at the end a line of counts.
 * SAMPLES of the disks stay in FOLDER for other judges.
 */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>

#include "power.h"

enum { SECTOR = 512, CHECKS_MAX = 64, THREADS_MAX = 256, PRINTED_MAX = 20, NAME_MAX_LEN = 64 };

#define MUST(condition)                                                                           \
    do {                                                                                          \
        if (!(condition)) {                                                                       \
            fprintf(stderr, "power: line %d: %s\n", __LINE__, #condition);                        \
            exit(2);                                                                              \
        }                                                                                         \
    } while (0)

/* ---- chance ---- */

static uint64_t dice_state;

/* splitmix64 */
static uint64_t draw(void)
{
    uint64_t mixed = (dice_state += UINT64_C(0x9e3779b97f4a7c15));

    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

static int chance(unsigned percent)
{
    return draw() % 100 < percent;
}

/* ---- what a disk holds ---- */

struct image {
    uint8_t *bytes;
    size_t size, room;
    int exists;
};

static void resize(struct image *image, size_t size)
{
    if (size > image->room) {
        image->room = size * 2;
        image->bytes = realloc(image->bytes, image->room);
        MUST(image->bytes);
    }
    if (size > image->size)
        memset(image->bytes + image->size, 0, size - image->size);
    image->size = size;
}

static void copy_image(struct image *to, const struct image *from)
{
    to->size = 0;
    if (from->size > to->room)
        resize(to, from->size);
    if (from->size)
        memcpy(to->bytes, from->bytes, from->size);
    to->size = from->size;
    to->exists = from->exists;
}

static const uint8_t *data_of(const struct power_record *record)
{
    return (const uint8_t *)(record + 1);
}

static void put(struct image *image, const struct power_record *record, size_t from, size_t len)
{
    size_t at = (size_t)record->offset + from;

    if (at + len > image->size)
        resize(image, at + len);
    memcpy(image->bytes + at, data_of(record) + from, len);
}

static void apply(struct image *image, const struct power_record *record)
{
    if (record->kind == POWER_UNLINK) {
        image->exists = 0;
        image->size = 0;
        return;
    }
    image->exists = 1;
    if (record->kind == POWER_TRUNCATE)
        resize(image, (size_t)record->offset);
    else
        put(image, record, 0, (size_t)record->len);
}

/* Sectors lie where the disk has them, not where the write begins. */
static void apply_torn(struct image *image, const struct power_record *record)
{
    size_t at = 0, len = (size_t)record->len;

    image->exists = 1;
    while (at < len) {
        size_t piece = SECTOR - ((size_t)record->offset + at) % SECTOR;

        if (piece > len - at)
            piece = len - at;
        if (chance(50))
            put(image, record, at, piece);
        at += piece;
    }
}

/* ---- the record ---- */

struct pending {
    const struct power_record **records;
    size_t count, room;
};

struct disk {
    struct image synced[POWER_FILES];
    struct pending pending[POWER_FILES];
    int named[POWER_FILES]; /* the folder with its name was synced */
    struct {
        uint32_t thread;
        size_t covered[POWER_FILES];
    } asked[THREADS_MAX];
    size_t asked_count;
};

static void add_pending(struct pending *pending, const struct power_record *record)
{
    if (pending->count == pending->room) {
        pending->room = pending->room ? pending->room * 2 : 64;
        pending->records = realloc(pending->records, pending->room * sizeof(*pending->records));
        MUST(pending->records);
    }
    pending->records[pending->count++] = record;
}

static size_t *covered_by(struct disk *disk, uint32_t thread)
{
    size_t i = 0;

    while (i < disk->asked_count && disk->asked[i].thread != thread)
        i++;
    MUST(i < THREADS_MAX);
    if (i == disk->asked_count)
        disk->asked[disk->asked_count++].thread = thread;
    return disk->asked[i].covered;
}

/* What is made durable is no longer pending, for whoever else has asked for a sync of it. */
static void make_durable(struct disk *disk, int file, size_t covered)
{
    struct pending *pending = &disk->pending[file];

    if (covered > pending->count)
        covered = pending->count;
    for (size_t i = 0; i < covered; i++)
        apply(&disk->synced[file], pending->records[i]);
    pending->count -= covered;
    memmove(pending->records, pending->records + covered,
            pending->count * sizeof(*pending->records));
    for (size_t i = 0; i < disk->asked_count; i++)
        disk->asked[i].covered[file] -=
            disk->asked[i].covered[file] < covered ? disk->asked[i].covered[file] : covered;
}

static void advance(struct disk *disk, const struct power_record *record)
{
    int file = record->file;

    switch (record->kind) {
    case POWER_WRITE:
    case POWER_TRUNCATE:
    case POWER_UNLINK:
        MUST(file < POWER_FILES);
        add_pending(&disk->pending[file], record);
        break;
    case POWER_SYNC_ASKED:
        if (file < POWER_FILES)
            covered_by(disk, record->thread)[file] = disk->pending[file].count;
        break;
    case POWER_SYNC_DONE:
        for (int i = 0; file == POWER_FOLDER && i < POWER_FILES; i++)
            disk->named[i] = 1;
        if (file < POWER_FILES)
            make_durable(disk, file, covered_by(disk, record->thread)[file]);
        break;
    default:
        break;
    }
}

/* ---- what was promised ---- */

struct promise {
    char name[NAME_MAX_LEN];
    int64_t times;
};

struct promises {
    struct promise *all;
    size_t count, room;
};

static struct promise *promise_named(struct promises *promises, const char *name)
{
    for (size_t i = 0; i < promises->count; i++)
        if (strcmp(promises->all[i].name, name) == 0)
            return &promises->all[i];
    return NULL;
}

static void add_promise(struct promises *promises, const struct power_record *record)
{
    char name[NAME_MAX_LEN] = "";
    struct promise *promise;

    MUST(record->len < NAME_MAX_LEN); /* filled up with zeros */
    memcpy(name, data_of(record), (size_t)record->len);
    promise = promise_named(promises, name);
    if (!promise) {
        if (promises->count == promises->room) {
            promises->room = promises->room ? promises->room * 2 : 64;
            promises->all = realloc(promises->all, promises->room * sizeof(*promises->all));
            MUST(promises->all);
        }
        promise = &promises->all[promises->count++];
        *promise = (struct promise){.times = 0};
        strcpy(promise->name, name);
    }
    promise->times++;
}

/* ---- one point ---- */

struct verdict {
    int corrupt, lost, unproven;
    char why[256];
};

struct check {
    char *name, *sql;
};

static struct check checks[CHECKS_MAX];
static size_t check_count;

static void blame(int *kind, struct verdict *verdict, const char *what, const char *why)
{
    *kind = 1;
    if (!verdict->why[0])
        snprintf(verdict->why, sizeof(verdict->why), "%s: %.180s", what, why);
}

static const char *text_at(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);

    return text ? text : "";
}

static void check_whole(sqlite3 *db, const char *pragma, struct verdict *verdict)
{
    sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v2(db, pragma, -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW)
        blame(&verdict->corrupt, verdict, pragma, sqlite3_errmsg(db));
    else if (strcmp(text_at(statement, 0), "ok") != 0)
        blame(&verdict->corrupt, verdict, pragma, text_at(statement, 0));
    sqlite3_finalize(statement);
}

static void check_promises(sqlite3 *db, struct promises *promises, struct verdict *verdict)
{
    sqlite3_stmt *statement = NULL;
    size_t kept = 0;
    int code;

    code = sqlite3_prepare_v2(
        db, "SELECT external_id, COUNT(*) FROM provider_event GROUP BY external_id", -1,
        &statement, NULL);
    while (code == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW) {
        struct promise *promise = promise_named(promises, text_at(statement, 0));

        kept += promise && sqlite3_column_int64(statement, 1) >= promise->times;
    }
    sqlite3_finalize(statement);
    if (code != SQLITE_OK)
        blame(&verdict->corrupt, verdict, "provider_event", sqlite3_errmsg(db));
    else if (kept < promises->count)
        blame(&verdict->lost, verdict, "lost", "acknowledged notifications are not there");
}

static void check_books(sqlite3 *db, struct verdict *verdict)
{
    for (size_t i = 0; i < check_count; i++) {
        sqlite3_stmt *statement = NULL;
        int code = sqlite3_prepare_v2(db, checks[i].sql, -1, &statement, NULL);

        if (code == SQLITE_OK)
            code = sqlite3_step(statement);
        if (code == SQLITE_ROW)
            blame(&verdict->unproven, verdict, checks[i].name, text_at(statement, 1));
        else if (code != SQLITE_DONE)
            blame(&verdict->corrupt, verdict, checks[i].name, sqlite3_errmsg(db));
        sqlite3_finalize(statement);
    }
}

static struct verdict judge(const char *path, struct promises *promises, int thorough)
{
    struct verdict verdict = {.why = ""};
    sqlite3 *db = NULL;

    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
        sqlite3_exec(db,
                     "PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -65536;"
                     "PRAGMA mmap_size = 67108864; PRAGMA schema_version",
                     NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) != SQLITE_OK)
        blame(&verdict.corrupt, &verdict, "open", sqlite3_errmsg(db));
    else {
        check_whole(db, thorough ? "PRAGMA integrity_check" : "PRAGMA quick_check", &verdict);
        check_promises(db, promises, &verdict);
        check_books(db, &verdict);
    }
    sqlite3_close(db);
    return verdict;
}

/* ---- a disk after the loss ---- */

static void write_image(const struct image *image, const char *path)
{
    int fd;

    if (!image->exists) {
        unlink(path);
        return;
    }
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    MUST(fd >= 0);
    for (size_t at = 0; at < image->size;) {
        ssize_t written = write(fd, image->bytes + at, image->size - at);

        MUST(written > 0);
        at += (size_t)written;
    }
    MUST(ftruncate(fd, (off_t)image->size) == 0);
    close(fd);
}

/* Some losses take all, some nothing, most some. */
static void lose_power(const struct disk *disk, int file, struct image *image)
{
    static const unsigned kept_percents[] = {0, 10, 50, 50, 90, 100};
    unsigned kept = kept_percents[draw() % 6], torn = chance(70) ? 40 : 0;
    const struct pending *pending = &disk->pending[file];

    copy_image(image, &disk->synced[file]);
    for (size_t i = 0; i < pending->count; i++) {
        const struct power_record *record = pending->records[i];

        if (record->kind == POWER_WRITE && chance(torn))
            apply_torn(image, record);
        else if (chance(kept))
            apply(image, record);
    }
    if (!disk->named[file] && chance(50))
        image->exists = 0;
}

static void write_disk(const struct image *images, const char *path)
{
    char log_path[600];

    snprintf(log_path, sizeof(log_path), "%s-wal", path);
    write_image(&images[POWER_DATABASE], path);
    write_image(&images[POWER_LOG], log_path);
}

/* ---- all points ---- */

struct trial {
    const uint8_t *record, *end;
    const char *folder;
    size_t points, samples;
    struct disk *disk;
    struct promises promises;
    struct image images[POWER_FILES];
    size_t corrupt, lost, unproven, wrong;
};

static void try_point(struct trial *trial, size_t point, size_t at)
{
    char path[512];
    struct verdict verdict;
    size_t every = trial->samples ? trial->points / trial->samples : 0;

    for (int file = 0; file < POWER_FILES; file++)
        lose_power(trial->disk, file, &trial->images[file]);
    if (every && point % every == 0) {
        snprintf(path, sizeof(path), "%s/sample-%zu.db", trial->folder, point / every);
        write_disk(trial->images, path);
    }
    snprintf(path, sizeof(path), "%s/point.db", trial->folder);
    write_disk(trial->images, path);
    verdict = judge(path, &trial->promises, point % 20 == 0);
    trial->corrupt += (size_t)verdict.corrupt;
    trial->lost += (size_t)verdict.lost;
    trial->unproven += (size_t)verdict.unproven;
    if (verdict.corrupt || verdict.lost || verdict.unproven)
        if (trial->wrong++ < PRINTED_MAX)
            printf("point %zu, record %zu: %s\n", point, at, verdict.why);
}

static int by_number(const void *left, const void *right)
{
    size_t a = *(const size_t *)left, b = *(const size_t *)right;

    return (a > b) - (a < b);
}

static size_t count_records(const struct trial *trial)
{
    size_t count = 0;

    for (const uint8_t *at = trial->record; at < trial->end; count++) {
        const struct power_record *record = (const void *)at;

        MUST(record->magic == POWER_MAGIC && record->len % 8 == 0 &&
             at + sizeof(*record) + record->len <= trial->end);
        at += sizeof(*record) + (size_t)record->len;
    }
    return count;
}

static void try_all(struct trial *trial)
{
    size_t count = count_records(trial), *points = calloc(trial->points, sizeof(*points));
    size_t index = 0, next = 0;

    MUST(points && count > 0);
    for (size_t i = 0; i < trial->points; i++)
        points[i] = 1 + draw() % count;
    qsort(points, trial->points, sizeof(*points), by_number);
    for (const uint8_t *at = trial->record; at < trial->end && next < trial->points;) {
        const struct power_record *record = (const void *)at;

        advance(trial->disk, record);
        if (record->kind == POWER_ACKNOWLEDGED)
            add_promise(&trial->promises, record);
        index++;
        for (; next < trial->points && points[next] == index; next++)
            try_point(trial, next, index);
        at += sizeof(*record) + (size_t)record->len;
    }
    printf("{\"records\":%zu,\"promises\":%zu,\"points\":%zu,\"wrong\":%zu,\"corrupt\":%zu,"
           "\"lost\":%zu,\"unproven\":%zu}\n",
           count, trial->promises.count, next, trial->wrong, trial->corrupt, trial->lost,
           trial->unproven);
    free(points);
}

/* ---- arguments ---- */

/* The bytes, with a zero behind them. */
static uint8_t *read_file(const char *path, size_t *size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    uint8_t *bytes;

    MUST(fd >= 0 && fstat(fd, &status) == 0 && status.st_size > 0);
    *size = (size_t)status.st_size;
    bytes = calloc(1, *size + 1);
    MUST(bytes);
    for (size_t at = 0; at < *size;) {
        ssize_t got = read(fd, bytes + at, *size - at);

        MUST(got > 0);
        at += (size_t)got;
    }
    close(fd);
    return bytes;
}

static void read_checks(const char *path)
{
    static const char mark[] = "-- name: ";
    size_t size;
    char *text = (char *)read_file(path, &size);

    for (char *at = strstr(text, mark); at;) {
        char *name = at + strlen(mark), *line_end = strchr(name, '\n');

        MUST(check_count < CHECKS_MAX && line_end);
        at = strstr(line_end, mark);
        if (at)
            at[-1] = '\0';
        *line_end = '\0';
        checks[check_count++] = (struct check){name, line_end + 1};
    }
    MUST(check_count > 0);
}

int main(int argc, char **argv)
{
    struct trial trial = {0};
    struct image *database;
    size_t size;

    MUST(argc == 8);
    trial.record = read_file(argv[1], &size);
    trial.end = trial.record + size;
    trial.disk = calloc(1, sizeof(*trial.disk));
    MUST(trial.disk);
    database = &trial.disk->synced[POWER_DATABASE];
    trial.disk->named[POWER_DATABASE] = 1;
    database->bytes = read_file(argv[2], &size);
    database->size = database->room = size;
    database->exists = 1;
    read_checks(argv[3]);
    trial.folder = argv[4];
    trial.points = strtoull(argv[5], NULL, 10);
    dice_state = strtoull(argv[6], NULL, 10);
    trial.samples = strtoull(argv[7], NULL, 10);
    try_all(&trial);
    return trial.wrong ? 1 : 0;
}
