#include "programs/command.h"

#include "migrations.h"
#include "net/http_client.h"
#include "programs/version.h"
#include "queries.h"

#include <stdio.h>
#include <time.h>

/* What each finding means here; the values stand behind it. */
static const char *const sentences[FINDING_KEYS_COUNT] = {
    [FINDING_MODE_OTHER] = "a test account of a real association, or the reverse",
    [FINDING_ADDRESS_OTHER] = "real money is handled, but this is no address of a provider",
    [FINDING_BASE_URL_LOCAL] = "real money is handled, but nobody outside can reach base_url",
    [FINDING_CLOCK_RIGHT] = "the clock is right; seconds apart:",
    [FINDING_CLOCK_SKEWED] = "the clock is wrong; set it by NTP; seconds apart:",
    [FINDING_KEY_GOOD] = "the key file is in order and opens every secret",
    [FINDING_KEY_MISSING] = "the key file is missing: put the copy kept apart back",
    [FINDING_KEY_EXPOSED] = "others may read the key file: chmod 0400, then secret rekey",
    [FINDING_KEY_BROKEN] = "the key file cannot be read, or holds no key",
    [FINDING_KEY_OTHER] = "secrets are sealed with another key; how many:",
    [FINDING_DATABASE_GOOD] = "the database is closed to others",
    [FINDING_DATABASE_EXPOSED] = "others may read the database: chmod 0600 it and its neighbours",
    [FINDING_DISK_GOOD] = "room on the disk; MiB:",
    [FINDING_DISK_LOW] = "little room on the disk; MiB:",
    [FINDING_DISK_UNKNOWN] = "the room on the disk cannot be read",
    [FINDING_SCHEMA_GOOD] = "the database is of this version; migrations:",
    [FINDING_SCHEMA_OTHER] = "the database is not of this version: stop, migrate, start",
    [FINDING_BACKUP_LAST] = "the newest backup is of",
    [FINDING_BACKUP_OLD] = "the newest backup is old, of",
    [FINDING_BACKUP_MISSING] = "there is no backup in the folder",
    [FINDING_BACKUP_UNKNOWN] = "backup_folder is not set: backups cannot be looked at",
    [FINDING_BACKLOG_NONE] = "no notification waits beyond its time",
    [FINDING_BACKLOG_OLD] = "notifications wait beyond their time; how many, since:",
    [FINDING_PARKED] = "notifications were given up; how many:",
    [FINDING_SITE_REACHED] = "the site answers at base_url",
    [FINDING_SITE_UNREACHABLE] = "the site does not answer at base_url",
    [FINDING_CERTIFICATE_GOOD] = "the certificate is valid; days left, end:",
    [FINDING_CERTIFICATE_ENDS] = "the certificate ends soon: renew it; days left, end:",
    [FINDING_CERTIFICATE_BAD] = "the certificate is refused",
    [FINDING_HOST_REACHED] = "a provider answers",
    [FINDING_HOST_UNREACHABLE] = "a provider does not answer",
    [FINDING_MAIL_NONE] = "smtp_url is not set: no mail is sent",
    [FINDING_MAIL_REACHED] = "the mail server lets us in",
    [FINDING_MAIL_DOWN] = "the mail server cannot be used",
    [FINDING_MAIL_WAITING] = "mail waits beyond its time; how many, since:",
};

struct doctor_options program_doctor(const struct settings *settings)
{
    return (struct doctor_options){
        .database = settings->database,
        .key_file = settings->key_file,
        .backup_folder = settings->backup_folder,
        .provider = &settings->provider,
        .migrations = &guichet_migrations,
        .smtp = &settings->smtp,
    };
}

/* ---- printing ---- */

static void print_finding(const struct finding *finding)
{
    static const char *const levels[] = {
        [FINDING_GOOD] = "good", [FINDING_WARN] = "warn", [FINDING_BAD] = "BAD"};
    const char *sentence = sentences[finding->key];

    printf("%-4s  %-20s  %s", levels[finding->level], finding_name(finding->key),
           sentence ? sentence : "");
    if (finding->number)
        printf(" %lld", (long long)finding->number);
    if (finding->at) {
        const time_t at = (time_t)finding->at;
        struct tm utc;
        char text[32] = "";

        if (gmtime_r(&at, &utc))
            (void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
        printf(" %s", text);
    }
    printf("%s%s\n", *finding->text ? ": " : "", finding->text);
}

static void print_verdict(const struct findings *findings)
{
    static const char *const verdicts[] = {
        [FINDING_GOOD] = "All is well.",
        [FINDING_WARN] = "Nothing is broken; something should be looked at.",
        [FINDING_BAD] = "Something is to be mended.",
    };

    for (size_t i = 0; i < findings->count; i++)
        print_finding(&findings->items[i]);
    printf("%s\n", verdicts[findings_worst(findings)]);
}

/* ---- the command ---- */

/* The outside is asked through a client of its own: no server runs in this process. */
static enum err ask(const struct doctor_options *options, int64_t now, struct findings *findings)
{
    struct http_client *client = NULL;
    enum err err = http_client_global_init(GUICHET_USER_AGENT);

    if (!err)
        err = http_client_new(&client);
    if (!err)
        err = doctor_ask(options, client, now, findings);
    http_client_free(client);
    http_client_global_done();
    return err;
}

static enum err run(struct command_call *call, enum exit_code *exit_code)
{
    const struct settings *settings;
    struct doctor_options options;
    struct findings findings;
    struct db *db = NULL;
    enum err err = program_settings(call->program, &settings);

    if (err)
        return err;
    options = program_doctor(settings);
    findings_init(&findings, call->arena);
    err = db_open(settings->database, DB_READ, &guichet_queries, &db);
    if (!err)
        err = doctor_look(&options, db, call->now, &findings);
    db_close(db);
    if (!err && !command_given(call, "offline"))
        err = ask(&options, call->now, &findings);
    if (err)
        return err;
    print_verdict(&findings);
    if (findings_worst(&findings) == FINDING_BAD)
        *exit_code = EXIT_CODE_FAILED;
    return OK;
}

static const struct command_option options[] = {
    {"offline", NULL, "look at files and database only, ask nobody", 0},
    {NULL, NULL, NULL, 0},
};

const struct command command_doctor = {
    .name = "doctor",
    .summary = "Say whether the installation is in order.",
    .details = "One line a finding: good, warn or BAD, its name, what it means. Changes nothing;\n"
               "beside a running server, which it asks at base_url like a browser. Ends with 1\n"
               "when something is to be mended.",
    .examples = "doctor\ndoctor --offline",
    .options = options,
    .run = run,
};
