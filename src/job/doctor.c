#include "job/doctor.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/seal.h"
#include "payment/examine.h"
#include "payment/rekey.h"
#include "queries.h"

enum { MIB = 1024 * 1024, DAY_S = 86400 };

/* ---- files ---- */

static enum err add_sealed(struct db *db, const struct seal_key *key, struct findings *findings)
{
    int64_t foreign = 0;
    enum err err = db ? rekey_count_foreign(db, key, &foreign) : OK;

    if (!err && foreign > 0)
        findings_add(findings, FINDING_BAD, FINDING_KEY_OTHER)->number = foreign;
    else if (!err)
        findings_add(findings, FINDING_GOOD, FINDING_KEY_GOOD);
    return err;
}

static enum err look_at_key(const char *path, struct db *db, struct findings *findings)
{
    struct seal_key *key = NULL;
    struct stat status;
    enum err err = OK;

    if (stat(path, &status) != 0)
        findings_add_text(findings, FINDING_BAD, FINDING_KEY_MISSING, path);
    else if (status.st_mode & (S_IRWXG | S_IRWXO))
        findings_add_text(findings, FINDING_BAD, FINDING_KEY_EXPOSED, path);
    else if (seal_key_load(path, &key))
        findings_add_text(findings, FINDING_BAD, FINDING_KEY_BROKEN, path);
    else
        err = add_sealed(db, key, findings);
    seal_key_free(key);
    return err;
}

/* The file and what SQLite keeps beside it. */
static void look_at_database(const char *path, struct findings *findings)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    bool exposed = false;

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        struct stat status;

        if (stat(arena_printf(findings->arena, "%s%s", path, ends[i]), &status) == 0 &&
            status.st_mode & S_IRWXO)
            exposed = true;
    }
    if (exposed)
        findings_add_text(findings, FINDING_BAD, FINDING_DATABASE_EXPOSED, path);
    else
        findings_add(findings, FINDING_GOOD, FINDING_DATABASE_GOOD);
}

static const char *folder_of(const char *path, struct arena *arena)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return ".";
    return slash == path ? "/" : arena_printf(arena, "%.*s", (int)(slash - path), path);
}

static void look_at_disk(const char *path, struct findings *findings)
{
    const char *folder = folder_of(path, findings->arena);
    struct statvfs disk;
    int64_t free_mib;

    if (statvfs(folder, &disk) != 0) {
        findings_add_text(findings, FINDING_WARN, FINDING_DISK_UNKNOWN, folder);
        return;
    }
    free_mib = (int64_t)(disk.f_bavail * disk.f_frsize / MIB);
    findings_add(findings,
                 free_mib < DOCTOR_DISK_BAD_MIB   ? FINDING_BAD
                 : free_mib < DOCTOR_DISK_LOW_MIB ? FINDING_WARN
                                                  : FINDING_GOOD,
                 free_mib < DOCTOR_DISK_LOW_MIB ? FINDING_DISK_LOW : FINDING_DISK_GOOD)
        ->number = free_mib;
}

/* ---- backups ---- */

/* When the newest copy in the folder was finished; 0 when there is none. */
static int64_t newest_backup(DIR *folder)
{
    struct dirent *entry;
    int64_t newest_at = 0;

    while ((entry = readdir(folder))) {
        struct stat status;

        if (strncmp(entry->d_name, "guichet-", strlen("guichet-")) == 0 &&
            fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(status.st_mode) && status.st_size > 0 && status.st_mtime > newest_at)
            newest_at = status.st_mtime;
    }
    return newest_at;
}

static void look_at_backups(const char *path, int64_t now, struct findings *findings)
{
    DIR *folder = path ? opendir(path) : NULL;
    int64_t at = folder ? newest_backup(folder) : 0;

    if (folder)
        (void)closedir(folder);
    if (!path)
        findings_add(findings, FINDING_WARN, FINDING_BACKUP_UNKNOWN);
    else if (at == 0)
        findings_add_text(findings, FINDING_BAD, FINDING_BACKUP_MISSING, path);
    else
        findings_add(findings,
                     now - at > DOCTOR_BACKUP_BAD_S   ? FINDING_BAD
                     : now - at > DOCTOR_BACKUP_OLD_S ? FINDING_WARN
                                                      : FINDING_GOOD,
                     now - at > DOCTOR_BACKUP_OLD_S ? FINDING_BACKUP_OLD : FINDING_BACKUP_LAST)
            ->at = at;
}

/* ---- schema and jobs ---- */

/* Another version's tables cannot be read by our statements. */
static bool look_at_schema(const struct db_migrations *migrations, struct db *db,
                           struct findings *findings)
{
    if (db_check_schema(db, migrations)) {
        findings_add_text(findings, FINDING_BAD, FINDING_SCHEMA_OTHER, err_last()->text);
        return false;
    }
    findings_add(findings, FINDING_GOOD, FINDING_SCHEMA_GOOD)->number = migrations->count;
    return true;
}

static enum err look_at_backlog(struct db *db, int64_t now, struct findings *findings)
{
    struct db_rows rows = {0};
    bool found = false;
    int64_t count = 0, oldest_at = 0;
    enum err err =
        db_first(db, Q_DOCTOR_BACKLOG, DB_VALUES(db_int(now - DOCTOR_BACKLOG_S)), &rows, &found);

    if (!err && found) {
        count = db_column_int(&rows, 0);
        oldest_at = db_column_int(&rows, 1);
    }
    db_rows_done(&rows);
    if (err)
        return err;
    if (count == 0) {
        findings_add(findings, FINDING_GOOD, FINDING_BACKLOG_NONE);
    } else {
        struct finding *finding = findings_add(
            findings, now - oldest_at > DOCTOR_BACKLOG_BAD_S ? FINDING_BAD : FINDING_WARN,
            FINDING_BACKLOG_OLD);

        finding->number = count;
        finding->at = oldest_at;
    }
    return OK;
}

static enum err look_at_parked(struct db *db, struct findings *findings)
{
    int64_t count = 0;
    enum err err = db_integer(db, Q_DOCTOR_PARKED, DB_NO_VALUES, 0, &count);

    if (!err && count > 0)
        findings_add(findings, FINDING_WARN, FINDING_PARKED)->number = count;
    return err;
}

static enum err look_at_mail(const struct smtp_settings *smtp, struct db *db, int64_t now,
                             struct findings *findings)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err;

    if (!smtp->url) {
        findings_add(findings, FINDING_WARN, FINDING_MAIL_NONE);
        return OK;
    }
    err = db_first(db, Q_DOCTOR_MAIL, DB_VALUES(db_int(now - DOCTOR_MAIL_S)), &rows, &found);
    if (!err && found && db_column_int(&rows, 0) > 0) {
        struct finding *finding = findings_add(findings, FINDING_WARN, FINDING_MAIL_WAITING);

        finding->number = db_column_int(&rows, 0);
        finding->at = db_column_int(&rows, 1);
    }
    db_rows_done(&rows);
    return err;
}

/* Addresses of a sandbox are right for practice: only real money makes them wrong. */
static enum err look_at_addresses(const struct provider_settings *settings, struct db *db,
                                  struct findings *findings)
{
    int64_t real = 0;
    enum err err = db_integer(db, Q_DOCTOR_REAL, DB_NO_VALUES, 0, &real);

    if (!err && real)
        examine_addresses(settings, NULL, findings);
    return err;
}

enum err doctor_look(const struct doctor_options *options, struct db *db, int64_t now,
                     struct findings *findings)
{
    bool readable = look_at_schema(options->migrations, db, findings);
    enum err err = look_at_key(options->key_file, readable ? db : NULL, findings);

    look_at_database(options->database, findings);
    look_at_disk(options->database, findings);
    look_at_backups(options->backup_folder, now, findings);
    if (err || !readable)
        return err;
    err = look_at_backlog(db, now, findings);
    if (!err)
        err = look_at_parked(db, findings);
    if (!err)
        err = look_at_mail(options->smtp, db, now, findings);
    return err ? err : look_at_addresses(options->provider, db, findings);
}

/* ---- the outside ---- */

static void add_certificate(const struct http_answer *answer, int64_t now,
                            struct findings *findings)
{
    int64_t days = (answer->certificate_until - now) / DAY_S;
    struct finding *finding;

    if (answer->certificate_until == 0)
        return;
    finding = findings_add(findings,
                           days < DOCTOR_CERTIFICATE_BAD_DAYS    ? FINDING_BAD
                           : days < DOCTOR_CERTIFICATE_SOON_DAYS ? FINDING_WARN
                                                                 : FINDING_GOOD,
                           days < DOCTOR_CERTIFICATE_SOON_DAYS ? FINDING_CERTIFICATE_ENDS
                                                               : FINDING_CERTIFICATE_GOOD);
    finding->number = days;
    finding->at = answer->certificate_until;
}

/* Our own address, as a browser reaches it. */
static void ask_ourselves(const char *base_url, struct http_client *client, int64_t now,
                          struct findings *findings)
{
    const struct http_call call = {
        .method = "GET",
        .url = arena_printf(findings->arena, "%s/connexion", base_url),
        .with_certificate = true,
    };
    struct http_answer answer = {0};
    enum err err = http_client_call(client, &call, findings->arena, &answer);

    if (err && answer.certificate_refused)
        findings_add_text(findings, FINDING_BAD, FINDING_CERTIFICATE_BAD, err_last()->text);
    else if (err)
        findings_add_text(findings, FINDING_BAD, FINDING_SITE_UNREACHABLE, err_name(err));
    else if (answer.status != 200)
        findings_add_text(findings, FINDING_BAD, FINDING_SITE_UNREACHABLE,
                          arena_printf(findings->arena, "HTTP %d", answer.status));
    else
        findings_add_text(findings, FINDING_GOOD, FINDING_SITE_REACHED, base_url);
    add_certificate(&answer, now, findings);
}

/* Any answer of the host will do: without a key it is a refusal. */
static int64_t ask_host(const char *url, struct http_client *client, struct findings *findings)
{
    const struct http_call call = {.method = "GET", .url = url};
    struct http_answer answer = {0};
    enum err err = http_client_call(client, &call, findings->arena, &answer);

    if (err)
        log_failure("doctor.host");
    findings_add_text(findings, err ? FINDING_WARN : FINDING_GOOD,
                      err ? FINDING_HOST_UNREACHABLE : FINDING_HOST_REACHED, url);
    return answer.date_at;
}

static enum err ask_mail(const struct smtp_settings *settings, struct findings *findings)
{
    struct smtp_answer answer;
    struct smtp *smtp = NULL;
    enum err err;

    if (!settings->url)
        return OK;
    err = smtp_new(settings, &smtp);
    if (!err)
        err = smtp_probe(smtp, &answer);
    smtp_free(smtp);
    if (err)
        return err == ERR_BUSY ? OK : err;
    if (answer.outcome == SMTP_SENT)
        findings_add_text(findings, FINDING_GOOD, FINDING_MAIL_REACHED, settings->url);
    else
        findings_add_text(findings, FINDING_BAD, FINDING_MAIL_DOWN, answer.sentence);
    return OK;
}

enum err doctor_ask(const struct doctor_options *options, struct http_client *client, int64_t now,
                    struct findings *findings)
{
    const char *const urls[] = {options->provider->stripe_api_url,
                                options->provider->paypal_live_ipn_url};
    int64_t date_at = 0;

    ask_ourselves(options->provider->base_url, client, now, findings);
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        int64_t said_at = ask_host(urls[i], client, findings);

        date_at = date_at ? date_at : said_at;
    }
    findings_add_clock(findings, date_at, now);
    return ask_mail(options->smtp, findings);
}
