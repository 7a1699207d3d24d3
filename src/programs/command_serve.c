#include "programs/command.h"

#include "base/random.h"
#include "base/system_calls.h"
#include "job/mailer.h"
#include "job/worker.h"
#include "migrations.h"
#include "net/http_client.h"
#include "payment/service.h"
#include "programs/sockets.h"
#include "programs/version.h"
#include "provider/paypal/paypal.h"
#include "provider/stripe/stripe.h"
#include "queries.h"
#include "web/web.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* The order is the order of the buttons. */
static const struct provider *const providers[] = {&provider_stripe, &provider_paypal};

/* Everything that runs; each part is there or NULL, so that a start that fails half-way ends
 * like a stop. */
struct server {
    const struct settings *settings;
    const struct common_passwords *common_passwords;
    int lock_fd;
    int signal_fd;
    struct payment_service service;
    struct doctor_options doctor;
    struct db_writer *writer;
    struct worker *worker;
    struct mailer *mailer; /* NULL without a mail server */
    struct web *web;
};

/* ---- starting ---- */

/* Signals are read from a descriptor; blocked before the first thread, no thread is ever
 * interrupted by one. */
static enum err open_signals(struct server *server)
{
    sigset_t wanted;

    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    if (pthread_sigmask(SIG_BLOCK, &wanted, NULL) != 0)
        return fail(ERR_INTERNAL, "signals cannot be blocked");
    server->signal_fd = signalfd(-1, &wanted, SFD_CLOEXEC);
    return server->signal_fd < 0 ? fail(ERR_IO, "signals cannot be read") : OK;
}

/* Locks the database against `migrate`, and refuses a schema that is not this program's. */
static enum err open_database(struct server *server, struct arena *arena)
{
    const char *path = server->settings->database;
    struct db *db = NULL;
    enum err err = db_lock_shared(path, &server->lock_fd);

    if (!err)
        err = db_open(path, DB_READ, &guichet_queries, &db);
    if (!err)
        err = db_check_schema(db, &guichet_migrations);
    if (!err)
        err = installation_mark(db, arena, &server->service.installation);
    db_close(db);
    if (!err)
        err = db_writer_new(path, &guichet_queries, &server->writer);
    return err ? err : db_writer_start_checkpoints(server->writer);
}

static enum err start_worker(struct server *server)
{
    const struct worker_options options = {
        .service = &server->service,
        .database_path = server->settings->database,
        .catalog = &guichet_queries,
        .threads = (int)server->settings->job_threads,
    };

    return worker_new(&options, &server->worker);
}

static enum err start_mailer(struct server *server)
{
    const struct settings *settings = server->settings;
    const struct mailer_options options = {
        .service = &server->service,
        .database_path = settings->database,
        .catalog = &guichet_queries,
        .templates_folder = settings->templates,
        .smtp = settings->smtp,
        .from_address = settings->mail_from,
    };

    return settings->smtp.url ? mailer_new(&options, &server->mailer) : OK;
}

static enum err start_web(struct server *server)
{
    const struct settings *settings = server->settings;
    struct web_options options = {
        .service = &server->service,
        .worker = server->worker,
        .database_path = settings->database,
        .catalog = &guichet_queries,
        .templates_folder = settings->templates,
        .common_passwords = server->common_passwords,
        .base_url = settings->provider.base_url,
        .sends_mail = settings->smtp.url != NULL,
        .doctor = &server->doctor,
        .page_socket = settings->page_socket,
        .notification_socket = settings->notification_socket,
        .page_threads = (int)settings->page_threads,
        .notification_threads = (int)settings->notification_threads,
        .slow_request_ms = settings->slow_request_ms,
    };

    server->doctor = program_doctor(settings);
    sockets_inherited(&options.page_fd, &options.notification_fd);
    return web_new(&options, &server->web);
}

/* Before the threads that answer and ask: no request is ever read without. */
static enum err restrict_system_calls(const struct settings *settings)
{
    if (settings->seccomp)
        return system_calls_restrict();
    log_line(LOG_WARNING, "serve.seccomp_off", "any system call is allowed, by the configuration");
    return OK;
}

static enum err start(struct server *server, struct command_call *call)
{
    struct payment_service *service = &server->service;
    enum err err = open_signals(server);

    if (!err)
        err = random_begin();
    if (!err)
        err = open_database(server, call->arena);
    if (!err)
        err = program_key(call->program, &service->key);
    if (!err)
        err = program_common_passwords(call->program, &server->common_passwords);
    if (err)
        return err;
    service->writer = server->writer;
    service->settings = &server->settings->provider;
    service->providers = providers;
    service->provider_count = sizeof(providers) / sizeof(providers[0]);
    err = restrict_system_calls(server->settings);
    if (!err)
        err = start_worker(server);
    if (!err)
        err = start_mailer(server);
    return err ? err : start_web(server);
}

/* ---- running ---- */

static void reload(struct server *server)
{
    enum err err = web_reload_templates(server->web);

    if (!err && server->mailer)
        err = mailer_reload(server->mailer);
    if (!err)
        log_line(LOG_INFO, "serve.reloaded", "templates are read again");
    else
        log_failure("serve.reload");
}

/* Until SIGTERM or SIGINT; SIGHUP reads the templates again. */
static enum err wait_for_signals(struct server *server)
{
    struct signalfd_siginfo info;

    for (;;) {
        ssize_t got = read(server->signal_fd, &info, sizeof(info));
        if (got < 0 && errno == EINTR)
            continue;
        if (got != (ssize_t)sizeof(info))
            return fail(ERR_IO, "signals cannot be read any more");
        if (info.ssi_signo != SIGHUP)
            return OK;
        reload(server);
    }
}

/* The order of architecture.md: accept and pages, jobs with their network calls, the writer's
 * queue, checkpoint, close. */
static void stop(struct server *server)
{
    if (server->web)
        web_free(server->web);
    http_client_stop_all();
    mailer_free(server->mailer);
    if (server->worker)
        worker_free(server->worker);
    if (server->writer)
        db_writer_free(server->writer);
    if (server->signal_fd >= 0)
        close(server->signal_fd);
    if (server->lock_fd >= 0)
        close(server->lock_fd);
}

static enum err run(struct command_call *call, enum exit_code *exit_code)
{
    struct server server = {.lock_fd = -1, .signal_fd = -1};
    enum err err = program_settings(call->program, &server.settings);

    (void)exit_code;
    if (err)
        return err;
    log_set_level(server.settings->log_level);
    err = http_client_global_init(GUICHET_USER_AGENT);
    if (err)
        return err;
    err = start(&server, call);
    if (!err) {
        log_line(LOG_INFO, "serve.started", "Guichet %s", GUICHET_VERSION);
        err = wait_for_signals(&server);
        log_line(LOG_INFO, "serve.stopping", "draining");
    }
    stop(&server);
    http_client_global_done();
    if (!err)
        log_line(LOG_INFO, "serve.stopped", "all is written");
    return err;
}

const struct command command_serve = {
    .name = "serve",
    .summary = "Run the counter: pages, notifications, jobs.",
    .details = "Answers FastCGI on two Unix sockets (nginx in front), or on the sockets named\n"
               "\"page\" and \"notification\" that systemd hands over. SIGTERM drains and ends,\n"
               "SIGHUP reads the templates again. Logs JSON lines on standard error.",
    .examples = "serve\n--config /etc/guichet/guichet.conf serve",
    .run = run,
};
