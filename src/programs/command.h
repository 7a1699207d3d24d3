/*
 * command: what the commands of `guichet` share: their table, their options, what they open.
 *
 * Invariant: a command's options are a table; unknown, repeated, missing ones never reach it.
 * Every failure is one sentence; a command line that cannot be understood ends with 2, what
 * cannot be done with 1.
 */
#ifndef PROGRAMS_COMMAND_H
#define PROGRAMS_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "association/association.h"
#include "association/audit.h"
#include "association/login.h"
#include "association/member.h"
#include "association/password_rule.h"
#include "base/seal.h"
#include "base/zone.h"
#include "job/doctor.h"
#include "payment/verify.h"
#include "programs/settings.h"

enum { COMMAND_OPTIONS_MAX = 12, COMMAND_SECRET_LEN_MAX = 4096 };

enum exit_code { EXIT_CODE_OK = 0, EXIT_CODE_FAILED = 1, EXIT_CODE_USAGE = 2 };

/* One option of a command; the last of a table has no name. */
struct command_option {
    const char *name;        /* "amount" for --amount */
    const char *placeholder; /* "AMOUNT"; NULL: the option takes no value */
    const char *help;
    int required;
};

struct command_call;

struct command {
    const char *name; /* one to three words: "provider add stripe" */
    const char *summary;
    const char *details;  /* what it prints, what is special; NULL for none */
    const char *examples; /* lines behind "guichet " */
    const struct command_option *options;
    const char *argument; /* "FILE": one word without a name, required; NULL: it takes none */
    /* Does the work. A failure is what fail() recorded; *exit_code may be set to 1 for an
     * outcome that is not an error (verify found something). */
    enum err (*run)(struct command_call *call, enum exit_code *exit_code);
};

/* The whole run of the program: one command, or many of a batch. */
struct program {
    const char *config_path;
    struct arena *arena;      /* for the settings */
    struct settings settings; /* once read */
    bool settings_known;
    struct db *db; /* opened at first use */
    struct seal_key *key;
    struct common_passwords *common_passwords;
    bool in_batch;
};

/* One command with what was typed behind it. */
struct command_call {
    struct program *program;
    const struct command *command;
    struct arena *arena;                     /* for the length of the command */
    const char *values[COMMAND_OPTIONS_MAX]; /* beside command->options; NULL: not given */
    const char *argument;                    /* the word without a name, if it takes one */
    int64_t now;
};

/* Everything `guichet` can do, ended by NULL; each stands in a file of its own or with its
 * like (command_login.c). */
extern const struct command *const command_table[];
extern const struct command command_serve, command_migrate, command_verify, command_key_create,
    command_association_add, command_association_list, command_login_add, command_login_password,
    command_login_disable, command_login_enable, command_login_reset_totp,
    command_association_second_factor, command_login_grant, command_login_invite,
    command_login_withdraw, command_member_add, command_charge_add, command_payment_add,
    command_provider_add_stripe, command_provider_add_paypal, command_secret_set,
    command_secret_rekey, command_login_owner, command_doctor, command_batch, command_backup,
    command_restore;

/* Finds the command, reads its options, runs it, prints a failure on stderr. `place` stands
 * before the sentence ("guichet", or "file:line" in a batch). */
enum exit_code command_execute(struct program *program, const char *place, int word_count,
                               char *const *words);
/* The help of one command, or of all of them, on stdout. */
void command_print_help(const struct command *command);
void command_print_all(void);

/* ---- what a command opens; kept for the next one of a batch ---- */

enum err program_settings(struct program *program, const struct settings **settings);
/* The database for writing; ERR_CONFLICT unless its schema is this program's. */
enum err program_database(struct program *program, struct db **db);
enum err program_key(struct program *program, const struct seal_key **key);
enum err program_common_passwords(struct program *program, const struct common_passwords **list);
void program_done(struct program *program);
/* What the doctor looks at, as the configuration has it. The settings must outlive it. */
struct doctor_options program_doctor(const struct settings *settings);
/* One transaction on the program's database. */
enum err command_write(struct command_call *call, db_write_fn *fn, void *argument);

/* Proves the database in a file, as `verify` does; prints what it found, on stdout. */
enum err command_verify_file(const char *path, struct arena *arena, struct verify_report *report);
void command_print_report(const struct verify_report *report);

/* ---- what was typed ---- */

/* The value of an option of this command; NULL when it was not given. */
const char *command_text(const struct command_call *call, const char *option);
bool command_given(const struct command_call *call, const char *option);
/* The same as clean text of one line, without blanks at its ends; `otherwise` when not given. */
enum err command_line_text(const struct command_call *call, const char *option,
                           const char *otherwise, const char **text);
/* A positive whole number; 0 when not given. */
enum err command_number(const struct command_call *call, const char *option, int64_t *number);
/* A positive amount as people type it. */
enum err command_amount(const struct command_call *call, const char *option,
                        const struct currency *currency, int64_t *cents);
/* An ISO date; `otherwise` when not given. */
enum err command_date(const struct command_call *call, const char *option, struct date otherwise,
                      struct date *date);
/* One of count words; *index tells which. */
enum err command_choice(const struct command_call *call, const char *option,
                        const char *const *words, size_t count, size_t *index);
/* --association (id or whole name), or the only one there is. */
enum err command_association(struct command_call *call, struct association *association);
/* The member of a number given with the option. ERR_NOT_FOUND. */
enum err command_member(struct command_call *call, const char *option, int64_t association_id,
                        struct member *member);
/* The login of an address given with the option. ERR_NOT_FOUND. */
enum err command_login(struct command_call *call, const char *option, struct login *login);
/* The whole of a file ("-" or NULL: standard input) without the line end at its end: secrets
 * are never arguments. ERR_INPUT when empty or longer than COMMAND_SECRET_LEN_MAX. */
enum err command_read_secret(struct command_call *call, const char *path, struct str *secret);

/* The command line as the audit's actor. */
extern const struct audit_actor command_actor;

#endif
