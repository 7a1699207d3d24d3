/* Certificates are checked: a server that is not who it says, or speaks old TLS, gets nothing. */
#include "support/scratch.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>

#include "base/arena.h"
#include "net/http_client.h"

extern char **environ;

struct desk {
    struct scratch scratch;
    struct arena *arena;
    struct http_client *client;
    pid_t server;
    int server_output;
    int server_input;
    char url[64];
    struct http_answer answer; /* of the last call */
};

static int setup(void **state)
{
    struct desk *desk = calloc(1, sizeof(*desk));

    assert_non_null(desk);
    scratch_init(&desk->scratch);
    desk->arena = arena_new();
    assert_int_equal(http_client_global_init("guichet-test/1"), OK);
    assert_int_equal(http_client_new(&desk->client), OK);
    *state = desk;
    return 0;
}

static void stop_server(struct desk *desk)
{
    int status;

    if (desk->server <= 0)
        return;
    kill(desk->server, SIGKILL);
    waitpid(desk->server, &status, 0);
    close(desk->server_output);
    close(desk->server_input);
    desk->server = 0;
}

static int teardown(void **state)
{
    struct desk *desk = *state;

    stop_server(desk);
    http_client_free(desk->client);
    http_client_global_done();
    arena_free(desk->arena);
    scratch_done(&desk->scratch);
    free(desk);
    return 0;
}

/* ---- a server with a certificate of its own ---- */

static const char *path_of(struct desk *desk, const char *file)
{
    return arena_string(desk->arena, scratch_path(&desk->scratch, file));
}

static void set_names(X509 *certificate, const char *name)
{
    X509_NAME *subject = X509_get_subject_name(certificate);
    X509_EXTENSION *names;
    X509V3_CTX context;
    char text[64];

    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1,
                               0);
    X509_set_issuer_name(certificate, subject);
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    snprintf(text, sizeof(text), "DNS:%s", name);
    names = X509V3_EXT_conf_nid(NULL, &context, NID_subject_alt_name, text);
    assert_non_null(names);
    X509_add_ext(certificate, names, -1);
    X509_EXTENSION_free(names);
}

/* A key and a certificate that signs itself, valid from..until seconds from now. */
static void make_certificate(struct desk *desk, const char *name, long from_s, long until_s)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    FILE *file;

    assert_true(key && certificate);
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), from_s);
    X509_gmtime_adj(X509_getm_notAfter(certificate), until_s);
    X509_set_pubkey(certificate, key);
    set_names(certificate, name);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    file = fopen(path_of(desk, "key.pem"), "w");
    assert_true(file && PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1);
    fclose(file);
    file = fopen(path_of(desk, "certificate.pem"), "w");
    assert_true(file && PEM_write_X509(file, certificate) == 1);
    fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

/* The server tells its port: "ACCEPT 127.0.0.1:40123". */
static void read_port(struct desk *desk)
{
    char text[4096] = "";
    size_t len = 0;
    int port = 0;

    while (!strstr(text, "ACCEPT ") || !strchr(strstr(text, "ACCEPT "), '\n')) {
        ssize_t got = read(desk->server_output, text + len, sizeof(text) - 1 - len);

        assert_true(got > 0);
        len += (size_t)got;
        text[len] = '\0';
    }
    assert_int_equal(sscanf(strstr(text, "ACCEPT "), "ACCEPT 127.0.0.1:%d", &port), 1);
    snprintf(desk->url, sizeof(desk->url), "https://localhost:%d/", port);
}

static void start_server(struct desk *desk, const char *version, const char *ciphers)
{
    const char *const arguments[] = {"openssl",
                                     "s_server",
                                     "-accept",
                                     "127.0.0.1:0",
                                     "-www",
                                     "-key",
                                     path_of(desk, "key.pem"),
                                     "-cert",
                                     path_of(desk, "certificate.pem"),
                                     "-cipher",
                                     ciphers,
                                     version,
                                     NULL};
    posix_spawn_file_actions_t actions;
    int output[2], input[2];

    stop_server(desk);
    assert_int_equal(pipe(output), 0);
    assert_int_equal(pipe(input), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input[0], 0);
    posix_spawn_file_actions_adddup2(&actions, output[1], 1);
    posix_spawn_file_actions_adddup2(&actions, output[1], 2);
    posix_spawn_file_actions_addclose(&actions, input[1]);
    posix_spawn_file_actions_addclose(&actions, output[0]);
    assert_int_equal(posix_spawnp(&desk->server, "openssl", &actions, NULL,
                                  (char *const *)(uintptr_t)arguments, environ),
                     0);
    posix_spawn_file_actions_destroy(&actions);
    close(output[1]);
    close(input[0]);
    desk->server_output = output[0];
    desk->server_input = input[1];
    read_port(desk);
}

/* ---- who is believed ---- */

static enum err ask(struct desk *desk, const char *trusted)
{
    struct http_call call = {.method = "GET", .url = desk->url, .with_certificate = true};
    enum err err;

    http_client_set_ca_file(desk->client, trusted);
    err = http_client_call(desk->client, &call, desk->arena, &desk->answer);
    if (err == OK)
        assert_int_equal(desk->answer.status, 200);
    return err;
}

static void a_certificate_that_fits(void **state)
{
    struct desk *desk = *state;

    make_certificate(desk, "localhost", -3600, 3600);
    start_server(desk, "-tls1_2", "DEFAULT");
    assert_int_equal(ask(desk, path_of(desk, "certificate.pem")), OK);
    assert_in_range(desk->answer.certificate_until, time(NULL) + 3000, time(NULL) + 3600);
    assert_false(desk->answer.certificate_refused);
    start_server(desk, "-tls1_3", "DEFAULT");
    assert_int_equal(ask(desk, path_of(desk, "certificate.pem")), OK);
    assert_in_range(desk->answer.certificate_until, time(NULL) + 3000, time(NULL) + 3600);
}

static void one_that_nobody_vouches_for(void **state)
{
    struct desk *desk = *state;

    make_certificate(desk, "localhost", -3600, 3600);
    start_server(desk, "-tls1_2", "DEFAULT");
    assert_int_equal(ask(desk, NULL), ERR_NETWORK);
    assert_true(desk->answer.certificate_refused);
}

static void one_of_another_host(void **state)
{
    struct desk *desk = *state;

    make_certificate(desk, "api.example", -3600, 3600);
    start_server(desk, "-tls1_2", "DEFAULT");
    assert_int_equal(ask(desk, path_of(desk, "certificate.pem")), ERR_NETWORK);
}

static void one_that_has_ended(void **state)
{
    struct desk *desk = *state;

    make_certificate(desk, "localhost", -7200, -3600);
    start_server(desk, "-tls1_2", "DEFAULT");
    assert_int_equal(ask(desk, path_of(desk, "certificate.pem")), ERR_NETWORK);
    assert_true(desk->answer.certificate_refused);
}

static void an_old_version(void **state)
{
    struct desk *desk = *state;

    make_certificate(desk, "localhost", -3600, 3600);
    start_server(desk, "-tls1_1", "ALL:@SECLEVEL=0");
    assert_int_equal(ask(desk, path_of(desk, "certificate.pem")), ERR_NETWORK);
    assert_false(desk->answer.certificate_refused);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_certificate_that_fits), CASE(one_that_nobody_vouches_for),
        CASE(one_of_another_host),     CASE(one_that_has_ended),
        CASE(an_old_version),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
