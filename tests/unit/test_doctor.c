/* The installation's own state: files, jobs, mail, and what the outside answers. */
#include "support/provider_house.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "job/doctor.h"
#include "migrations.h"

struct clinic {
    struct provider_house house;
    struct smtp_settings smtp;
    struct doctor_options options;
    struct findings findings;
};

static int setup(void **state)
{
    struct clinic *clinic = calloc(1, sizeof(*clinic));
    struct arena *arena;

    assert_non_null(clinic);
    provider_house_open(&clinic->house);
    arena = clinic->house.call.arena;
    clinic->house.settings.base_url = loopback_url(clinic->house.server);
    clinic->options = (struct doctor_options){
        .database = clinic->house.house.path,
        .key_file = arena_printf(arena, "%s/doctor.key", clinic->house.house.folder),
        .backup_folder = arena_printf(arena, "%s/backups", clinic->house.house.folder),
        .provider = &clinic->house.settings,
        .migrations = &guichet_migrations,
        .smtp = &clinic->smtp,
    };
    house_ok(seal_key_create(clinic->options.key_file));
    assert_int_equal(mkdir(clinic->options.backup_folder, 0700), 0);
    *state = clinic;
    return 0;
}

static const char *backup_path(struct clinic *clinic)
{
    return arena_printf(clinic->house.call.arena, "%s/guichet-2026-09-30T020000Z.db.gz",
                        clinic->options.backup_folder);
}

static int teardown(void **state)
{
    struct clinic *clinic = *state;

    (void)unlink(backup_path(clinic));
    (void)rmdir(clinic->options.backup_folder);
    (void)unlink(clinic->options.key_file);
    provider_house_close(&clinic->house);
    free(clinic);
    return 0;
}

static void look(struct clinic *clinic)
{
    findings_init(&clinic->findings, clinic->house.call.arena);
    house_ok(doctor_look(&clinic->options, clinic->house.call.db, HOUSE_NOW, &clinic->findings));
}

static const struct finding *find(const struct clinic *clinic, enum finding_key key)
{
    for (size_t i = 0; i < clinic->findings.count; i++)
        if (clinic->findings.items[i].key == key)
            return &clinic->findings.items[i];
    return NULL;
}

static void assert_found(const struct clinic *clinic, enum finding_key key,
                         enum finding_level level)
{
    const struct finding *finding = find(clinic, key);

    if (!finding)
        print_error("not found: %s\n", finding_name(key));
    assert_non_null(finding);
    assert_int_equal(finding->level, level);
}

/* ---- files ---- */

static void test_the_key_file(void **state)
{
    struct clinic *clinic = *state;

    look(clinic);
    assert_found(clinic, FINDING_KEY_GOOD, FINDING_GOOD);
    (void)provider_house_account(&clinic->house, &(struct account_plan){.provider = "stripe",
                                                                        .mode = ACCOUNT_TEST,
                                                                        .external_id = "acct_1",
                                                                        .api_key = "sk_test_1",
                                                                        .verified = true});
    look(clinic); /* that was sealed by the house's own key */
    assert_found(clinic, FINDING_KEY_OTHER, FINDING_BAD);
    assert_int_equal(find(clinic, FINDING_KEY_OTHER)->number, 1);
    assert_int_equal(chmod(clinic->options.key_file, 0440), 0);
    look(clinic);
    assert_found(clinic, FINDING_KEY_EXPOSED, FINDING_BAD);
    assert_int_equal(chmod(clinic->options.key_file, 0600), 0);
    assert_int_equal(truncate(clinic->options.key_file, 20), 0);
    look(clinic);
    assert_found(clinic, FINDING_KEY_BROKEN, FINDING_BAD);
    assert_int_equal(unlink(clinic->options.key_file), 0);
    look(clinic);
    assert_found(clinic, FINDING_KEY_MISSING, FINDING_BAD);
}

static void test_the_database_file(void **state)
{
    struct clinic *clinic = *state;
    const char *wal = arena_printf(clinic->house.call.arena, "%s-wal", clinic->options.database);

    assert_int_equal(chmod(clinic->options.database, 0600), 0);
    assert_int_equal(chmod(wal, 0600), 0);
    look(clinic);
    assert_found(clinic, FINDING_SCHEMA_GOOD, FINDING_GOOD);
    assert_non_null(find(clinic, FINDING_DISK_GOOD) ? find(clinic, FINDING_DISK_GOOD)
                                                    : find(clinic, FINDING_DISK_LOW));
    assert_int_equal(chmod(wal, 0604), 0);
    look(clinic);
    assert_found(clinic, FINDING_DATABASE_EXPOSED, FINDING_BAD);
}

/* Another version's tables: said, and none of its rows is read. */
static void test_another_schema(void **state)
{
    struct clinic *clinic = *state;

    house_execute(&clinic->house.house, "UPDATE schema_migration SET sha256 ="
                                        " replace(sha256, substr(sha256, 1, 1), 'x')"
                                        " WHERE number = 1");
    house_execute(&clinic->house.house, "ALTER TABLE provider_event RENAME TO gone");
    look(clinic);
    assert_found(clinic, FINDING_SCHEMA_OTHER, FINDING_BAD);
    assert_null(find(clinic, FINDING_BACKLOG_NONE));
}

static void write_backup(struct clinic *clinic, const char *text, int64_t age_s)
{
    const struct timespec at = {.tv_sec = HOUSE_NOW - age_s};
    const struct timespec times[2] = {at, at};
    FILE *file = fopen(backup_path(clinic), "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(utimensat(AT_FDCWD, backup_path(clinic), times, 0), 0);
}

static void test_backups(void **state)
{
    static const struct {
        int64_t age_s;
        enum finding_key key;
        enum finding_level level;
    } cases[] = {
        {0, FINDING_BACKUP_LAST, FINDING_GOOD},
        {36 * 3600, FINDING_BACKUP_LAST, FINDING_GOOD},
        {36 * 3600 + 1, FINDING_BACKUP_OLD, FINDING_WARN},
        {7 * 86400 + 1, FINDING_BACKUP_OLD, FINDING_BAD},
    };
    struct clinic *clinic = *state;

    look(clinic);
    assert_found(clinic, FINDING_BACKUP_MISSING, FINDING_BAD);
    write_backup(clinic, "", 0);
    look(clinic);
    assert_found(clinic, FINDING_BACKUP_MISSING, FINDING_BAD);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_backup(clinic, "x", cases[i].age_s);
        look(clinic);
        assert_found(clinic, cases[i].key, cases[i].level);
        assert_int_equal(find(clinic, cases[i].key)->at, HOUSE_NOW - cases[i].age_s);
    }
    clinic->options.backup_folder = "/nowhere/at/all";
    look(clinic);
    assert_found(clinic, FINDING_BACKUP_MISSING, FINDING_BAD);
    clinic->options.backup_folder = NULL;
    look(clinic);
    assert_found(clinic, FINDING_BACKUP_UNKNOWN, FINDING_WARN);
    clinic->options.backup_folder =
        arena_printf(clinic->house.call.arena, "%s/backups", clinic->house.house.folder);
}

/* ---- jobs and mail ---- */

static void add_waiting(struct clinic *clinic, int64_t id, int64_t due_ago)
{
    house_execute(&clinic->house.house,
                  "INSERT INTO provider_event (id, provider, source_address, raw, received_at,"
                  " state, next_at, updated_at) VALUES (%lld, 'stripe', '192.0.2.1', x'00', 1,"
                  " 'waiting', %lld, 1)",
                  (long long)id, (long long)(HOUSE_NOW - due_ago));
}

static void test_jobs(void **state)
{
    struct clinic *clinic = *state;

    add_waiting(clinic, 1, 500);
    add_waiting(clinic, 2, -3600);
    look(clinic);
    assert_found(clinic, FINDING_BACKLOG_NONE, FINDING_GOOD);
    assert_null(find(clinic, FINDING_PARKED));
    add_waiting(clinic, 3, 700);
    look(clinic);
    assert_found(clinic, FINDING_BACKLOG_OLD, FINDING_WARN);
    assert_int_equal(find(clinic, FINDING_BACKLOG_OLD)->number, 1);
    add_waiting(clinic, 4, 7 * 3600);
    look(clinic);
    assert_found(clinic, FINDING_BACKLOG_OLD, FINDING_BAD);
    assert_int_equal(find(clinic, FINDING_BACKLOG_OLD)->number, 2);
    assert_int_equal(find(clinic, FINDING_BACKLOG_OLD)->at, HOUSE_NOW - 7 * 3600);
    house_execute(&clinic->house.house,
                  "UPDATE provider_event SET state = 'parked', next_at = NULL WHERE id = 1");
    look(clinic);
    assert_found(clinic, FINDING_PARKED, FINDING_WARN);
    assert_int_equal(find(clinic, FINDING_PARKED)->number, 1);
}

static void test_mail(void **state)
{
    struct clinic *clinic = *state;

    look(clinic);
    assert_found(clinic, FINDING_MAIL_NONE, FINDING_WARN);
    clinic->smtp.url = "smtp://127.0.0.1:1";
    look(clinic);
    assert_null(find(clinic, FINDING_MAIL_NONE));
    house_execute(&clinic->house.house,
                  "INSERT INTO outbox (id, association_id, kind, state, next_at, created_at)"
                  " VALUES (1, %lld, 'payment_received', 'waiting', %lld, %lld)",
                  (long long)clinic->house.house.association_id, (long long)(HOUSE_NOW - 7200),
                  (long long)(HOUSE_NOW - 9000));
    look(clinic);
    assert_found(clinic, FINDING_MAIL_WAITING, FINDING_WARN);
    assert_int_equal(find(clinic, FINDING_MAIL_WAITING)->at, HOUSE_NOW - 9000);
}

static void test_addresses_matter_to_real_money(void **state)
{
    struct clinic *clinic = *state;

    look(clinic);
    assert_null(find(clinic, FINDING_ADDRESS_OTHER));
    (void)provider_house_account(&clinic->house,
                                 &(struct account_plan){.provider = "paypal",
                                                        .mode = ACCOUNT_LIVE,
                                                        .external_id = "ABCDEFGHJKLM2"});
    look(clinic);
    assert_found(clinic, FINDING_ADDRESS_OTHER, FINDING_BAD);
}

/* ---- the outside ---- */

static void test_the_outside(void **state)
{
    static const char date[] = "Date: Thu, 01 Oct 2026 12:00:40 GMT\r\n";
    struct clinic *clinic = *state;
    struct loopback *server = clinic->house.server;

    clinic->smtp.url = "smtp://127.0.0.1:1";
    findings_init(&clinic->findings, clinic->house.call.arena);
    loopback_script(server, 200, date, str_of("ours"));
    loopback_script(server, 401, date, str_of("{}"));
    loopback_script(server, LOOPBACK_SILENT, "", str_of(""));
    house_ok(doctor_ask(&clinic->options, clinic->house.client, HOUSE_NOW, &clinic->findings));
    assert_found(clinic, FINDING_SITE_REACHED, FINDING_GOOD);
    assert_found(clinic, FINDING_HOST_REACHED, FINDING_GOOD);
    assert_found(clinic, FINDING_HOST_UNREACHABLE, FINDING_WARN);
    assert_found(clinic, FINDING_CLOCK_SKEWED, FINDING_WARN);
    assert_int_equal(find(clinic, FINDING_CLOCK_SKEWED)->number, 40);
    assert_found(clinic, FINDING_MAIL_DOWN, FINDING_BAD);
    assert_null(find(clinic, FINDING_CERTIFICATE_GOOD));
}

static void test_a_site_that_answers_otherwise(void **state)
{
    struct clinic *clinic = *state;

    findings_init(&clinic->findings, clinic->house.call.arena);
    for (int i = 0; i < 3; i++)
        loopback_script(clinic->house.server, 502, "", str_of(""));
    house_ok(doctor_ask(&clinic->options, clinic->house.client, HOUSE_NOW, &clinic->findings));
    assert_found(clinic, FINDING_SITE_UNREACHABLE, FINDING_BAD);
    assert_string_equal(find(clinic, FINDING_SITE_UNREACHABLE)->text, "HTTP 502");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_key_file),
        TEST(test_the_database_file),
        TEST(test_another_schema),
        TEST(test_backups),
        TEST(test_jobs),
        TEST(test_mail),
        TEST(test_addresses_matter_to_real_money),
        TEST(test_the_outside),
        TEST(test_a_site_that_answers_otherwise),
    };

    return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
