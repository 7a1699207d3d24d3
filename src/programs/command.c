#include "programs/command.h"

#include "base/arena.h"
#include "base/clock.h"
#include "migrations.h"
#include "queries.h"

#include <stdio.h>
#include <string.h>

const struct audit_actor command_actor = {0, ""};

/* ---- what a command opens ---- */

enum err program_settings(struct program *program, const struct settings **settings)
{
    enum err err = OK;

    if (!program->settings_known)
        err = settings_read(program->config_path, program->arena, &program->settings);
    program->settings_known = err == OK;
    *settings = &program->settings;
    return err;
}

enum err program_database(struct program *program, struct db **db)
{
    const struct settings *settings;
    enum err err = program_settings(program, &settings);

    if (!err && !program->db) {
        err = db_open(settings->database, DB_WRITE, &guichet_queries, &program->db);
        if (!err)
            err = db_check_schema(program->db, &guichet_migrations);
    }
    *db = program->db;
    return err;
}

enum err program_key(struct program *program, const struct seal_key **key)
{
    const struct settings *settings;
    enum err err = program_settings(program, &settings);

    if (!err && !program->key)
        err = seal_key_load(settings->key_file, &program->key);
    *key = program->key;
    return err;
}

enum err program_common_passwords(struct program *program, const struct common_passwords **list)
{
    const struct settings *settings;
    enum err err = program_settings(program, &settings);

    if (!err && !program->common_passwords)
        err = common_passwords_load(settings->common_passwords, &program->common_passwords);
    *list = program->common_passwords;
    return err;
}

void program_done(struct program *program)
{
    db_close(program->db);
    seal_key_free(program->key);
    common_passwords_free(program->common_passwords);
    arena_free(program->arena);
}

enum err command_write(struct command_call *call, db_write_fn *fn, void *argument)
{
    struct db *db;
    enum err err = program_database(call->program, &db);

    return err ? err : db_transaction(db, fn, argument);
}

/* ---- the table ---- */

/* How many words the name of a command has when the given words begin with it, else 0. */
static int name_matches(const struct command *command, int word_count, char *const *words)
{
    struct str rest = str_of(command->name);
    int count = 0;

    while (!str_empty(rest)) {
        struct str word = str_cut(&rest, ' ');
        if (count == word_count || !str_is(word, words[count]))
            return 0;
        count++;
    }
    return count;
}

/* The command with the longest name that fits. */
static const struct command *find_command(int word_count, char *const *words, int *name_words)
{
    const struct command *best = NULL;

    *name_words = 0;
    for (size_t i = 0; command_table[i]; i++) {
        int count = name_matches(command_table[i], word_count, words);
        if (count > *name_words) {
            *name_words = count;
            best = command_table[i];
        }
    }
    return best;
}

/* ---- options ---- */

static int option_index(const struct command *command, struct str name)
{
    for (int i = 0; command->options && command->options[i].name; i++)
        if (str_is(name, command->options[i].name))
            return i;
    return -1;
}

/* Reads one option at words[*next], as "--name value" or "--name=value". */
static enum err read_option(struct command_call *call, int word_count, char *const *words,
                            int *next)
{
    struct str value = str_of(words[*next] + 2);
    bool glued = str_find(value, '=') < value.len;
    struct str name = str_cut(&value, '=');
    int index = option_index(call->command, name);

    if (index < 0)
        return fail(ERR_INPUT, "unknown option --%.*s; see: guichet %s --help", STR_PRINT(name),
                    call->command->name);
    if (call->values[index])
        return fail(ERR_INPUT, "--%.*s is given twice", STR_PRINT(name));
    if (!call->command->options[index].placeholder) {
        if (glued)
            return fail(ERR_INPUT, "--%.*s takes no value", STR_PRINT(name));
        call->values[index] = "";
        return OK;
    }
    if (!glued && ++*next == word_count)
        return fail(ERR_INPUT, "--%.*s needs a value", STR_PRINT(name));
    call->values[index] = glued ? value.data : words[*next];
    return OK;
}

static enum err read_argument(struct command_call *call, const char *word)
{
    if (!call->command->argument)
        return fail(ERR_INPUT, "\"%s\" is no option; see: guichet %s --help", word,
                    call->command->name);
    if (call->argument)
        return fail(ERR_INPUT, "one %s is enough; see: guichet %s --help", call->command->argument,
                    call->command->name);
    call->argument = word;
    return OK;
}

static enum err read_options(struct command_call *call, int word_count, char *const *words)
{
    const struct command_option *options = call->command->options;
    enum err err = OK;

    for (int next = 0; !err && next < word_count; next++) {
        if (strncmp(words[next], "--", 2) == 0)
            err = read_option(call, word_count, words, &next);
        else
            err = read_argument(call, words[next]);
    }
    for (int i = 0; !err && options && options[i].name; i++)
        if (options[i].required && !call->values[i])
            err = fail(ERR_INPUT, "--%s is missing; see: guichet %s --help", options[i].name,
                       call->command->name);
    if (!err && call->command->argument && !call->argument)
        err = fail(ERR_INPUT, "%s is missing; see: guichet %s --help", call->command->argument,
                   call->command->name);
    return err;
}

/* ---- running ---- */

static bool asks_for_help(int word_count, char *const *words)
{
    for (int i = 0; i < word_count; i++)
        if (strcmp(words[i], "--help") == 0 || strcmp(words[i], "-h") == 0)
            return true;
    return false;
}

static enum exit_code report(const char *place, enum err err)
{
    fprintf(stderr, "%s: %s\n", place, err_last()->text);
    return err == ERR_INPUT || err == ERR_CONFIG ? EXIT_CODE_USAGE : EXIT_CODE_FAILED;
}

static enum exit_code run_command(struct command_call *call, const char *place, int word_count,
                                  char *const *words)
{
    enum exit_code exit_code = EXIT_CODE_OK;
    enum err err = read_options(call, word_count, words);

    call->arena = arena_new();
    call->now = clock_now();
    if (!err)
        err = call->command->run(call, &exit_code);
    if (err)
        exit_code = report(place, err);
    arena_free(call->arena);
    return exit_code;
}

enum exit_code command_execute(struct program *program, const char *place, int word_count,
                               char *const *words)
{
    int name_words;
    struct command_call call = {.program = program,
                                .command = find_command(word_count, words, &name_words)};

    if (!call.command) {
        fprintf(stderr, "%s: ", place);
        if (word_count > 0)
            fprintf(stderr, "there is no command \"%s\"", words[0]);
        else
            fprintf(stderr, "no command is given");
        fprintf(stderr, "; see: guichet --help\n");
        return EXIT_CODE_USAGE;
    }
    if (asks_for_help(word_count - name_words, words + name_words)) {
        command_print_help(call.command);
        return EXIT_CODE_OK;
    }
    return run_command(&call, place, word_count - name_words, words + name_words);
}

/* ---- help ---- */

static void print_options(const struct command_option *options)
{
    char left[64];

    if (!options || !options[0].name)
        return;
    printf("\nOptions:\n");
    for (; options->name; options++) {
        snprintf(left, sizeof(left), "--%s%s%s", options->name, options->placeholder ? " " : "",
                 options->placeholder ? options->placeholder : "");
        printf("  %-28s %s%s\n", left, options->help, options->required ? " (required)" : "");
    }
}

void command_print_help(const struct command *command)
{
    struct str rest = str_of(command->examples);

    printf("Usage: guichet [--config FILE] %s%s%s%s\n\n%s\n", command->name,
           command->options && command->options[0].name ? " [OPTIONS]" : "",
           command->argument ? " " : "", command->argument ? command->argument : "",
           command->summary);
    if (command->details)
        printf("%s\n", command->details);
    print_options(command->options);
    printf("\nExamples:\n");
    while (!str_empty(rest)) {
        struct str line = str_cut(&rest, '\n');
        printf("  guichet %.*s\n", STR_PRINT(line));
    }
}

void command_print_all(void)
{
    printf("Guichet, the online counter of associations.\n\n"
           "Usage: guichet [--config FILE] COMMAND [OPTIONS]\n\n"
           "  --config FILE              the configuration (default " SETTINGS_DEFAULT_PATH ")\n"
           "  --help                     this text; behind a command: its own\n"
           "  --version                  the version\n\nCommands:\n");
    for (size_t i = 0; command_table[i]; i++)
        printf("  %-26s %s\n", command_table[i]->name, command_table[i]->summary);
    printf("\nExit status: 0 done, 1 it could not be done, 2 the command line or the\n"
           "configuration cannot be understood.\n");
}
