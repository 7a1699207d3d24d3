#include "base/arena.h"
#include "base/memory.h"
#include "net/json.h"
#include "programs/command.h"
#include "programs/version.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

const struct command *const command_table[] = {
    &command_serve,
    &command_migrate,
    &command_verify,
    &command_backup,
    &command_restore,
    &command_key_create,
    &command_association_add,
    &command_association_list,
    &command_association_second_factor,
    &command_login_add,
    &command_login_password,
    &command_login_disable,
    &command_login_enable,
    &command_login_reset_totp,
    &command_login_grant,
    &command_login_invite,
    &command_login_withdraw,
    &command_login_owner,
    &command_member_add,
    &command_charge_add,
    &command_payment_add,
    &command_provider_add_stripe,
    &command_provider_add_paypal,
    &command_secret_set,
    &command_secret_rekey,
    &command_doctor,
    &command_batch,
    NULL,
};

/* Secrets pass through this process: no core file, no other user's debugger, no file for others.
 */
static void harden(void)
{
    const struct rlimit none = {0, 0};

    prctl(PR_SET_DUMPABLE, 0);
    setrlimit(RLIMIT_CORE, &none);
    umask(007);
}

/* Reads what stands before the command; the index of its first word, or -1 when all is said. */
static int read_global_options(struct program *program, int argc, char **argv)
{
    int next = 1;

    if (next + 1 < argc && strcmp(argv[next], "--config") == 0) {
        program->config_path = argv[next + 1];
        next += 2;
    }
    if (next < argc && (strcmp(argv[next], "--help") == 0 || strcmp(argv[next], "-h") == 0)) {
        command_print_all();
        return -1;
    }
    if (next < argc && strcmp(argv[next], "--version") == 0) {
        printf("guichet " GUICHET_VERSION "\n");
        return -1;
    }
    return next;
}

int main(int argc, char **argv)
{
    struct program program = {.config_path = SETTINGS_DEFAULT_PATH};
    enum exit_code exit_code;
    int next;

    harden();
    memory_begin();
    json_begin();
    next = read_global_options(&program, argc, argv);
    if (next < 0)
        return EXIT_CODE_OK;
    program.arena = arena_new();
    exit_code = command_execute(&program, "guichet", argc - next, argv + next);
    program_done(&program);
    return exit_code;
}
