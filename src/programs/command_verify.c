#include "programs/command.h"

#include "base/arena.h"
#include "payment/verify.h"
#include "migrations.h"
#include "queries.h"

#include <stdio.h>

/* ---- reading ---- */

enum err command_verify_file(const char *path, struct arena *arena, struct verify_report *report)
{
    struct db *db = NULL;
    enum err err = db_open(path, DB_READ, &guichet_queries, &db);

    if (!err)
        err = db_check_schema(db, &guichet_migrations);
    if (!err)
        err = verify_database(db, arena, report);
    db_close(db);
    return err;
}

/* ---- for people ---- */

static const char *plural(int64_t count)
{
    return count > 1 ? "s" : "";
}

static void print_quarantine(const struct verify_report *report)
{
    for (size_t i = 0; i < report->quarantine_count; i++) {
        const struct verify_quarantine *row = &report->quarantine[i];
        printf("À rattacher : association %lld, quarantine %lld (%s), mouvement %lld.\n",
               (long long)row->association_id, (long long)row->id, row->reason,
               (long long)row->transaction_id);
    }
}

void command_print_report(const struct verify_report *report)
{
    for (size_t i = 0; i < report->breach_count; i++) {
        const struct verify_breach *breach = &report->breaches[i];
        printf("Règle %d, association %lld, %s %s : %s\n", breach->invariant,
               (long long)breach->association_id, breach->table, breach->row, breach->text);
    }
    print_quarantine(report);
    if (report->breach_count > 0)
        printf("%zu anomalie%s.\n", report->breach_count, plural((int64_t)report->breach_count));
    else
        printf("Tout est juste : %lld écriture%s, %lld encaissement%s, %lld à rattacher.\n",
               (long long)report->entries, plural(report->entries), (long long)report->captures,
               plural(report->captures), (long long)report->open_quarantine);
}

/* ---- for programs ---- */

static void print_json_text(const char *name, const char *text)
{
    printf("\"%s\":\"", name);
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\')
            printf("\\%c", byte);
        else if (byte < 0x20)
            printf("\\u%04x", byte);
        else
            putchar(byte);
    }
    putchar('"');
}

static void print_json_breach(const struct verify_breach *breach)
{
    printf("{\"invariant\":%d,\"association\":%lld,", breach->invariant,
           (long long)breach->association_id);
    print_json_text("table", breach->table);
    putchar(',');
    print_json_text("row", breach->row);
    putchar(',');
    print_json_text("text", breach->text);
    putchar('}');
}

static void print_json_quarantine(const struct verify_quarantine *row)
{
    printf("{\"association\":%lld,\"id\":%lld,", (long long)row->association_id,
           (long long)row->id);
    print_json_text("reason", row->reason);
    printf(",\"transaction\":%lld,\"created_at\":%lld}", (long long)row->transaction_id,
           (long long)row->created_at);
}

static void print_json(const struct verify_report *report)
{
    printf("{\"ok\":%s,\"associations\":%lld,\"entries\":%lld,\"captures\":%lld,"
           "\"events\":%lld,\"waiting_events\":%lld,\"open_quarantine\":%lld,\"breaches\":[",
           report->breach_count == 0 ? "true" : "false", (long long)report->associations,
           (long long)report->entries, (long long)report->captures, (long long)report->events,
           (long long)report->waiting_events, (long long)report->open_quarantine);
    for (size_t i = 0; i < report->breach_count; i++) {
        printf("%s", i == 0 ? "" : ",");
        print_json_breach(&report->breaches[i]);
    }
    printf("],\"quarantine\":[");
    for (size_t i = 0; i < report->quarantine_count; i++) {
        printf("%s", i == 0 ? "" : ",");
        print_json_quarantine(&report->quarantine[i]);
    }
    printf("]}\n");
}

/* ---- the command ---- */

static enum err run(struct command_call *call, enum exit_code *exit_code)
{
    struct verify_report report = {0};
    const struct settings *settings;
    enum err err = program_settings(call->program, &settings);

    if (!err)
        err = command_verify_file(settings->database, call->arena, &report);
    if (err)
        return err;
    if (command_given(call, "json"))
        print_json(&report);
    else
        command_print_report(&report);
    if (report.breach_count > 0)
        *exit_code = EXIT_CODE_FAILED;
    return OK;
}

static const struct command_option options[] = {
    {"json", NULL, "one JSON object instead of sentences", 0},
    {NULL, NULL, NULL, 0},
};

const struct command command_verify = {
    .name = "verify",
    .summary = "Prove that the books, the carts and the movements agree.",
    .details = "Reads only; also beside a running server. Prints one line when all is well,\n"
               "else one line per breach with the row it was found in, and ends with 1.\n"
               "Money that waits for a person (à rattacher) is listed and is no breach.",
    .examples = "verify\nverify --json",
    .options = options,
    .run = run,
};
