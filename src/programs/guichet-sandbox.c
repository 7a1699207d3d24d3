#include "base/arena.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/memory.h"
#include "net/http_client.h"
#include "net/json.h"
#include "sandbox/sandbox.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define DEFAULT_PATH "/etc/guichet/sandbox.conf"

static const char help[] =
    "Usage: guichet-sandbox [--config FILE]\n"
    "\n"
    "The practice providers of Guichet: Stripe and PayPal, with a ledger of their own. No real\n"
    "money moves. Answers FastCGI on a Unix socket (nginx in front); makes and migrates its\n"
    "database when needed. SIGTERM or SIGINT drains and ends. Logs JSON lines on standard error.\n"
    "\n"
    "  --config FILE  the configuration (default " DEFAULT_PATH ")\n"
    "  --help         this text\n";

struct settings {
    struct sandbox_options options;
    enum log_level log_level;
};

static enum err read_settings(const char *path, struct arena *arena, struct settings *settings)
{
    struct sandbox_options *options = &settings->options;
    const char *log_level = "info";
    const struct conf_key keys[] = {
        {.name = "database", .text = &options->database, .required = 1},
        {.name = "socket", .text = &options->socket, .required = 1},
        {.name = "base_url", .kind = CONF_URL, .text = &options->base_url, .required = 1},
        {.name = "templates", .text = &options->templates, .required = 1},
        {.name = "log_level", .text = &log_level},
        {.name = "threads",
         .kind = CONF_INT,
         .number = &options->threads,
         .minimum = 1,
         .maximum = 64},
        {.name = "stripe_retries", .text = &options->stripe_retries},
        {.name = "paypal_retries", .text = &options->paypal_retries},
        {.name = "paypal_ca_file", .text = &options->paypal_ca_file},
        {.name = "sepa_delay_s",
         .kind = CONF_INT,
         .number = &options->sepa_delay_s,
         .minimum = 0,
         .maximum = 30 * 24 * 3600},
    };
    enum err err;

    *options = (struct sandbox_options){
        .threads = 8,
        .stripe_retries = "2 5 15 60 300 900 3600",
        .paypal_retries = "2 5 15 60 300 900 3600",
        .sepa_delay_s = 60,
    };
    err = conf_read(path, keys, sizeof(keys) / sizeof(keys[0]), arena);
    if (!err && log_level_parse(log_level, &settings->log_level) != OK)
        err = fail(ERR_CONFIG, "%s: log_level: debug, info, warning or error", path);
    return err;
}

/* Signals are read from a descriptor; blocked before the first thread, no thread is ever
 * interrupted by one. */
static enum err open_signals(int *signal_fd)
{
    sigset_t wanted;

    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    signal(SIGPIPE, SIG_IGN);
    if (pthread_sigmask(SIG_BLOCK, &wanted, NULL) != 0)
        return fail(ERR_INTERNAL, "signals cannot be blocked");
    *signal_fd = signalfd(-1, &wanted, SFD_CLOEXEC);
    return *signal_fd < 0 ? fail(ERR_IO, "signals cannot be read") : OK;
}

static enum err wait_for_signal(int signal_fd)
{
    struct signalfd_siginfo info;
    ssize_t got;

    do
        got = read(signal_fd, &info, sizeof(info));
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof(info) ? OK : fail(ERR_IO, "signals cannot be read any more");
}

static enum err serve(const struct settings *settings)
{
    struct sandbox *sandbox = NULL;
    int signal_fd = -1;
    enum err err = open_signals(&signal_fd);

    if (!err)
        err = http_client_global_init("guichet-sandbox");
    if (err)
        return err;
    err = sandbox_new(&settings->options, &sandbox);
    if (!err) {
        log_line(LOG_INFO, "sandbox.started", "the practice providers answer");
        err = wait_for_signal(signal_fd);
        log_line(LOG_INFO, "sandbox.stopping", "draining");
        sandbox_free(sandbox);
    }
    http_client_global_done();
    close(signal_fd);
    if (!err)
        log_line(LOG_INFO, "sandbox.stopped", "all is written");
    return err;
}

static int run(const char *path)
{
    struct arena *arena = arena_new();
    struct settings settings = {.log_level = LOG_INFO};
    enum err err = read_settings(path, arena, &settings);

    if (!err) {
        log_set_level(settings.log_level);
        err = serve(&settings);
    }
    if (err)
        fprintf(stderr, "guichet-sandbox: %s\n", err_last()->text);
    arena_free(arena);
    return err ? 1 : 0;
}

int main(int argc, char **argv)
{
    memory_begin();
    json_begin();
    if (argc == 2 && !strcmp(argv[1], "--help")) {
        fputs(help, stdout);
        return 0;
    }
    if (argc == 1)
        return run(DEFAULT_PATH);
    if (argc == 3 && !strcmp(argv[1], "--config"))
        return run(argv[2]);
    fputs(help, stderr);
    return 2;
}
