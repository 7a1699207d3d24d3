#include "programs/settings.h"

#include "base/arena.h"
#include "base/conf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { PASSWORD_MAX = 1024 };

static struct settings default_settings(void)
{
    return (struct settings){
        .page_socket = "/run/guichet/page.socket",
        .notification_socket = "/run/guichet/notification.socket",
        .templates = "/usr/share/guichet/templates",
        .common_passwords = "/usr/share/guichet/common-passwords.txt",
        .page_threads = 8,
        .notification_threads = 8,
        .job_threads = 4,
        .slow_request_ms = 1000,
        .provider =
            {
                .stripe_api_url = "https://api.stripe.com",
                .stripe_checkout_url = "https://checkout.stripe.com",
                .stripe_connect_url = "https://connect.stripe.com",
                .stripe_script_url = "https://js.stripe.com/endive/stripe.js",
                .stripe_hooks_url = "https://hooks.stripe.com",
                .paypal_live_webscr_url = "https://www.paypal.com/cgi-bin/webscr",
                .paypal_live_ipn_url = "https://ipnpb.paypal.com/cgi-bin/webscr",
                .paypal_sandbox_webscr_url = "https://www.sandbox.paypal.com/cgi-bin/webscr",
                .paypal_sandbox_ipn_url = "https://ipnpb.sandbox.paypal.com/cgi-bin/webscr",
                .paypal_live_api_url = "https://api-m.paypal.com",
                .paypal_sandbox_api_url = "https://api-m.sandbox.paypal.com",
            },
    };
}

/* ---- mail ---- */

/* The password's file is for the program alone, like the key's. */
static enum err read_password_file(const char *path, struct arena *arena, const char **password)
{
    char *bytes = arena_alloc(arena, PASSWORD_MAX + 1);
    FILE *file = fopen(path, "rbe");
    struct stat facts;
    size_t len;
    bool open_to_others;

    if (!file)
        return fail(ERR_CONFIG, "smtp_password_file %s: %s", path, strerror(errno));
    open_to_others = fstat(fileno(file), &facts) != 0 || facts.st_mode & (S_IRWXG | S_IRWXO);
    len = fread(bytes, 1, PASSWORD_MAX, file);
    (void)fclose(file);
    if (open_to_others)
        return fail(ERR_CONFIG, "smtp_password_file %s: others may read it; chmod 400", path);
    bytes[len] = '\0';
    *password = str_copy(arena, str_trim(str_from(bytes, len)));
    if (!**password || len == PASSWORD_MAX || strlen(bytes) != len)
        return fail(ERR_CONFIG, "smtp_password_file %s: holds no password", path);
    return OK;
}

static enum err check_mail(const char *path, const char *password_file, struct arena *arena,
                           struct settings *settings)
{
    struct smtp_settings *smtp = &settings->smtp;
    char reason[120];

    if (!smtp->url && (smtp->user || password_file || smtp->ca_file || settings->mail_from))
        return fail(ERR_CONFIG, "%s: smtp_url is missing", path);
    if (!smtp->url)
        return OK;
    if (smtp_check_url(smtp->url)) {
        snprintf(reason, sizeof(reason), "%.110s", err_last()->text);
        return fail(ERR_CONFIG, "%s: smtp_url %s", path, reason);
    }
    if (!settings->mail_from || !mail_address_valid(settings->mail_from))
        return fail(ERR_CONFIG, "%s: mail_from must be an e-mail address", path);
    if (!smtp->user != !password_file)
        return fail(ERR_CONFIG, "%s: smtp_user and smtp_password_file go together", path);
    return password_file ? read_password_file(password_file, arena, &smtp->password) : OK;
}

/* ---- the file ---- */

static enum err read_words(const char *path, const char *log_level, const char *seccomp,
                           struct settings *settings)
{
    if (log_level_parse(log_level, &settings->log_level) != OK)
        return fail(ERR_CONFIG, "%s: log_level: debug, info, warning or error", path);
    settings->seccomp = strcmp(seccomp, "on") == 0;
    if (!settings->seccomp && strcmp(seccomp, "off") != 0)
        return fail(ERR_CONFIG, "%s: seccomp: on or off", path);
    return OK;
}

enum err settings_read(const char *path, struct arena *arena, struct settings *settings)
{
    const char *log_level = "info", *seccomp = "on", *password_file = NULL;
    struct smtp_settings *smtp = &settings->smtp;
    struct provider_settings *provider = &settings->provider;
    const struct conf_key keys[] = {
        {.name = "database", .text = &settings->database, .required = 1},
        {.name = "key_file", .text = &settings->key_file, .required = 1},
        {.name = "backup_folder", .text = &settings->backup_folder},
        {.name = "base_url", .kind = CONF_URL, .text = &provider->base_url, .required = 1},
        {.name = "page_socket", .text = &settings->page_socket},
        {.name = "notification_socket", .text = &settings->notification_socket},
        {.name = "templates", .text = &settings->templates},
        {.name = "common_passwords", .text = &settings->common_passwords},
        {.name = "log_level", .text = &log_level},
        {.name = "seccomp", .text = &seccomp},
        {.name = "page_threads",
         .kind = CONF_INT,
         .number = &settings->page_threads,
         .minimum = 1,
         .maximum = 64},
        {.name = "notification_threads",
         .kind = CONF_INT,
         .number = &settings->notification_threads,
         .minimum = 1,
         .maximum = 64},
        {.name = "job_threads",
         .kind = CONF_INT,
         .number = &settings->job_threads,
         .minimum = 2,
         .maximum = 64},
        {.name = "slow_request_ms",
         .kind = CONF_INT,
         .number = &settings->slow_request_ms,
         .minimum = 0,
         .maximum = 60000},
        {.name = "smtp_url", .text = &smtp->url},
        {.name = "smtp_user", .text = &smtp->user},
        {.name = "smtp_password_file", .text = &password_file},
        {.name = "smtp_ca_file", .text = &smtp->ca_file},
        {.name = "mail_from", .text = &settings->mail_from},
        {.name = "stripe_api_url", .kind = CONF_URL, .text = &provider->stripe_api_url},
        {.name = "stripe_checkout_url", .kind = CONF_URL, .text = &provider->stripe_checkout_url},
        {.name = "stripe_connect_url", .kind = CONF_URL, .text = &provider->stripe_connect_url},
        {.name = "stripe_script_url", .kind = CONF_URL, .text = &provider->stripe_script_url},
        {.name = "stripe_hooks_url", .kind = CONF_URL, .text = &provider->stripe_hooks_url},
        {.name = "stripe_platform_key", .text = &provider->stripe_platform_key},
        {.name = "stripe_platform_test_key", .text = &provider->stripe_platform_test_key},
        {.name = "paypal_live_webscr_url",
         .kind = CONF_URL,
         .text = &provider->paypal_live_webscr_url},
        {.name = "paypal_live_ipn_url", .kind = CONF_URL, .text = &provider->paypal_live_ipn_url},
        {.name = "paypal_sandbox_webscr_url",
         .kind = CONF_URL,
         .text = &provider->paypal_sandbox_webscr_url},
        {.name = "paypal_sandbox_ipn_url",
         .kind = CONF_URL,
         .text = &provider->paypal_sandbox_ipn_url},
        {.name = "paypal_live_api_url", .kind = CONF_URL, .text = &provider->paypal_live_api_url},
        {.name = "paypal_sandbox_api_url",
         .kind = CONF_URL,
         .text = &provider->paypal_sandbox_api_url},
        {.name = "paypal_ca_file", .text = &provider->paypal_ca_file},
    };
    enum err err;

    *settings = default_settings();
    err = conf_read(path, keys, sizeof(keys) / sizeof(keys[0]), arena);
    if (!err)
        err = read_words(path, log_level, seccomp, settings);
    return err ? err : check_mail(path, password_file, arena, settings);
}
