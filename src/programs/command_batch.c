#include "programs/command.h"

#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 32 };

/* Cuts a line into words in place: blanks part them, '...' and "..." keep them together. */
static enum err split_words(char *line, char **words, int *count)
{
    char *from = line, *to = line;

    *count = 0;
    for (;;) {
        char quote = 0;

        from += strspn(from, " \t\r\n");
        if (*from == '\0' || (*from == '#' && *count == 0))
            return OK;
        if (*count == WORDS_MAX)
            return fail(ERR_INPUT, "more than %d words", WORDS_MAX);
        words[(*count)++] = to;
        for (; *from && (quote || !strchr(" \t\r\n", *from)); from++) {
            if (*from == quote)
                quote = 0;
            else if (!quote && (*from == '"' || *from == '\''))
                quote = *from;
            else
                *to++ = *from;
        }
        if (quote)
            return fail(ERR_INPUT, "a quotation mark is not closed");
        if (*from)
            from++;
        *to++ = '\0';
    }
}

static enum exit_code run_line(struct program *program, const char *path, int number, char *line)
{
    char place[300];
    char *words[WORDS_MAX];
    int count;

    snprintf(place, sizeof(place), "%s:%d", path, number);
    if (split_words(line, words, &count) != OK) {
        fprintf(stderr, "%s: %s\n", place, err_last()->text);
        return EXIT_CODE_USAGE;
    }
    return count == 0 ? EXIT_CODE_OK : command_execute(program, place, count, words);
}

static enum err run(struct command_call *call, enum exit_code *exit_code)
{
    const char *path = command_text(call, "file");
    bool from_input = strcmp(path, "-") == 0;
    FILE *file;
    char *line = NULL;
    size_t capacity = 0;

    if (call->program->in_batch)
        return fail(ERR_INPUT, "a batch cannot run a batch");
    file = from_input ? stdin : fopen(path, "re");
    if (!file)
        return fail(ERR_IO, "%s cannot be opened", path);
    call->program->in_batch = true;
    for (int number = 1; *exit_code == EXIT_CODE_OK && getline(&line, &capacity, file) >= 0;
         number++)
        *exit_code = run_line(call->program, path, number, line);
    free(line);
    if (!from_input)
        fclose(file);
    return OK;
}

static const struct command_option options[] = {
    {"file", "FILE", "commands, one a line; - is standard input", 1},
    {NULL, NULL, NULL, 0},
};

const struct command command_batch = {
    .name = "batch",
    .summary = "Run many commands, one a line of a file.",
    .details = "Lines are written as behind `guichet`; blanks part words, quotation marks keep\n"
               "them together, # begins a comment. Stops at the first line that fails; what\n"
               "stands before it is done.",
    .examples = "batch --file members.txt",
    .options = options,
    .run = run,
};
