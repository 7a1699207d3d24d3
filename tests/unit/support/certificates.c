#include "certificates.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#undef fail

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

enum { ELLIPTIC = 256, SIGNATURE_LEN_MAX = 1024 };

struct test_identity {
    EVP_PKEY *key;
    X509 *certificate;
};

static void add_extension(X509 *certificate, X509 *issuer, int kind, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static void set_identity(X509 *certificate, const struct identity_plan *plan)
{
    static long serial;
    X509_NAME *subject = X509_get_subject_name(certificate);
    X509 *issuer = plan->parent ? plan->parent->certificate : certificate;

    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
    ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)plan->from_at);
    ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)plan->until_at);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)plan->name, -1,
                               -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
    if (plan->issuer) {
        add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:TRUE");
        add_extension(certificate, issuer, NID_key_usage, "critical,keyCertSign");
    } else {
        char text[128];

        snprintf(text, sizeof text, "DNS:%s", plan->name);
        add_extension(certificate, issuer, NID_subject_alt_name, text);
    }
}

struct test_identity *identity_new(const struct identity_plan *plan)
{
    struct test_identity *identity = calloc(1, sizeof *identity);

    assert_non_null(identity);
    identity->key = plan->bits == ELLIPTIC
                        ? EVP_EC_gen("P-256")
                        : EVP_RSA_gen((unsigned)(plan->bits ? plan->bits : 2048));
    identity->certificate = X509_new();
    assert_true(identity->key && identity->certificate);
    X509_set_pubkey(identity->certificate, identity->key);
    set_identity(identity->certificate, plan);
    assert_true(X509_sign(identity->certificate, plan->parent ? plan->parent->key : identity->key,
                          EVP_sha256()) > 0);
    return identity;
}

void identity_free(struct test_identity *identity)
{
    if (!identity)
        return;
    X509_free(identity->certificate);
    EVP_PKEY_free(identity->key);
    free(identity);
}

struct str identity_pem(const struct test_identity *identity, struct arena *arena)
{
    BIO *text = BIO_new(BIO_s_mem());
    char *data = NULL;
    long len;
    struct str pem;

    assert_int_equal(PEM_write_bio_X509(text, identity->certificate), 1);
    len = BIO_get_mem_data(text, &data);
    pem = str_from(arena_copy(arena, data, (size_t)len), (size_t)len);
    BIO_free(text);
    return pem;
}

const char *identity_sign(const struct test_identity *identity, struct str text,
                          struct arena *arena)
{
    unsigned char bytes[SIGNATURE_LEN_MAX];
    char *out = arena_alloc(arena, 2 * SIGNATURE_LEN_MAX);
    size_t len = sizeof bytes;
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, identity->key), 1);
    assert_int_equal(
        EVP_DigestSign(context, bytes, &len, (const unsigned char *)text.data, text.len), 1);
    EVP_MD_CTX_free(context);
    assert_true(EVP_EncodeBlock((unsigned char *)out, bytes, (int)len) > 0);
    return out;
}

/* PEM of one in DER; PEM stays as it is. */
static struct str as_pem(struct str certificates, struct arena *arena)
{
    const unsigned char *at = (const unsigned char *)certificates.data;
    struct test_identity given = {0};
    struct str pem;

    if (str_starts(certificates, "-----"))
        return certificates;
    given.certificate = d2i_X509(NULL, &at, (long)certificates.len);
    assert_non_null(given.certificate);
    pem = identity_pem(&given, arena);
    X509_free(given.certificate);
    return pem;
}

const char *certificates_file(const char *folder, struct str certificates, struct arena *arena)
{
    const char *path = arena_printf(arena, "%s/issuers.pem", folder);
    struct str pem = as_pem(certificates, arena);
    FILE *file = fopen(path, "w");

    assert_true(file && fwrite(pem.data, 1, pem.len, file) == pem.len);
    fclose(file);
    return path;
}
