#include "programs/settings.h"

#include "base/conf.h"

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
        .provider =
            {
                .stripe_api_url = "https://api.stripe.com",
                .stripe_checkout_url = "https://checkout.stripe.com",
                .paypal_live_webscr_url = "https://www.paypal.com/cgi-bin/webscr",
                .paypal_live_ipn_url = "https://ipnpb.paypal.com/cgi-bin/webscr",
                .paypal_sandbox_webscr_url = "https://www.sandbox.paypal.com/cgi-bin/webscr",
                .paypal_sandbox_ipn_url = "https://ipnpb.sandbox.paypal.com/cgi-bin/webscr",
            },
    };
}

enum err settings_read(const char *path, struct arena *arena, struct settings *settings)
{
    const char *log_level = "info";
    struct provider_settings *provider = &settings->provider;
    const struct conf_key keys[] = {
        {.name = "database", .text = &settings->database, .required = 1},
        {.name = "key_file", .text = &settings->key_file, .required = 1},
        {.name = "base_url", .kind = CONF_URL, .text = &provider->base_url, .required = 1},
        {.name = "page_socket", .text = &settings->page_socket},
        {.name = "notification_socket", .text = &settings->notification_socket},
        {.name = "templates", .text = &settings->templates},
        {.name = "common_passwords", .text = &settings->common_passwords},
        {.name = "log_level", .text = &log_level},
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
        {.name = "stripe_api_url", .kind = CONF_URL, .text = &provider->stripe_api_url},
        {.name = "stripe_checkout_url", .kind = CONF_URL, .text = &provider->stripe_checkout_url},
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
    };
    enum err err;

    *settings = default_settings();
    err = conf_read(path, keys, sizeof(keys) / sizeof(keys[0]), arena);
    if (!err && log_level_parse(log_level, &settings->log_level) != OK)
        err = fail(ERR_CONFIG, "%s: log_level: debug, info, warning or error", path);
    return err;
}
