#include "sandbox/paypal_certificate.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/clock.h"

enum { RSA_BITS = 2048, DAY_S = 24 * 3600, LIFE_DAYS = 730 };

#define SIGNER_NAME "messageverificationcerts.sandbox.paypal.com"

static enum err crypto_failed(const char *what)
{
    return fail(ERR_CRYPTO, "OpenSSL: %s", what);
}

/* ---- PEM ---- */

static const char *text_of(BIO *bio, struct arena *arena)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);

    return arena_copy(arena, data, (size_t)len);
}

static const char *certificate_text(X509 *certificate, struct arena *arena)
{
    BIO *bio = BIO_new(BIO_s_mem());
    const char *text = NULL;

    if (bio && PEM_write_bio_X509(bio, certificate) == 1)
        text = text_of(bio, arena);
    BIO_free(bio);
    return text;
}

static const char *key_text(EVP_PKEY *key, struct arena *arena)
{
    BIO *bio = BIO_new(BIO_s_mem());
    const char *text = NULL;

    if (bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1)
        text = text_of(bio, arena);
    BIO_free(bio);
    return text;
}

/* ---- making ---- */

/* A certificate and its key. */
struct party {
    X509 *certificate;
    EVP_PKEY *key; /* another party's for a stranger */
};

/* What a certificate shall say. */
struct wish {
    const char *name;
    const char *usage;
    const char *constraints;
    const char *alternative; /* subjectAltName; NULL: none */
};

static bool add_extension(X509 *certificate, X509 *issuer, int kind, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension = NULL;
    bool added = false;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    added = extension && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

static bool set_serial(X509 *certificate)
{
    unsigned char bytes[8];
    uint64_t number = 0;

    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return false;
    memcpy(&number, bytes, sizeof(number));
    return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), number >> 1 | 1) == 1;
}

static bool fill(X509 *certificate, const struct wish *wish, EVP_PKEY *key, X509 *issuer)
{
    X509_NAME *name = X509_get_subject_name(certificate);
    const unsigned char *text = (const unsigned char *)wish->name;

    return X509_set_version(certificate, 2) == 1 && set_serial(certificate) &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -(long)DAY_S) &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), (long)LIFE_DAYS * DAY_S) &&
           X509_set_pubkey(certificate, key) == 1 &&
           X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8,
                                      (const unsigned char *)"Guichet practice", -1, -1, 0) == 1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 &&
           add_extension(certificate, issuer, NID_basic_constraints, wish->constraints) &&
           add_extension(certificate, issuer, NID_key_usage, wish->usage) &&
           add_extension(certificate, issuer, NID_subject_key_identifier, "hash") &&
           (!wish->alternative ||
            add_extension(certificate, issuer, NID_subject_alt_name, wish->alternative));
}

/* Issues party->certificate for party->key; issuer NULL: by itself. */
static enum err issue(struct party *party, const struct wish *wish, const struct party *issuer)
{
    EVP_PKEY *signing = issuer ? issuer->key : party->key;
    X509 *certificate = X509_new();

    party->certificate = certificate;
    if (!party->key || !certificate ||
        !fill(certificate, wish, party->key, issuer ? issuer->certificate : certificate) ||
        X509_sign(certificate, signing, EVP_sha256()) <= 0)
        return crypto_failed("no certificate");
    return OK;
}

static enum err issue_authority(struct party *party, const char *name, const struct party *issuer)
{
    struct wish wish = {
        .name = name, .usage = "critical,keyCertSign,cRLSign", .constraints = "critical,CA:TRUE"};

    party->key = EVP_EC_gen("P-256");
    return issue(party, &wish, issuer);
}

static enum err issue_signer(struct party *party, const struct party *issuer)
{
    static const struct wish wish = {.name = SIGNER_NAME,
                                     .usage = "critical,digitalSignature,keyEncipherment",
                                     .constraints = "critical,CA:FALSE",
                                     .alternative = "DNS:" SIGNER_NAME};

    return issue(party, &wish, issuer);
}

static enum err write_set(const struct party *root, const struct party *middle,
                          const struct party *signer, const struct party *stranger,
                          struct arena *arena, struct certificate_set *set)
{
    const char *own = certificate_text(signer->certificate, arena);
    const char *behind = certificate_text(middle->certificate, arena);

    set->root = certificate_text(root->certificate, arena);
    set->signer_key = key_text(signer->key, arena);
    set->stranger = certificate_text(stranger->certificate, arena);
    set->expires_at = clock_now() + (int64_t)LIFE_DAYS * DAY_S;
    if (!own || !behind || !set->root || !set->signer_key || !set->stranger)
        return crypto_failed("no PEM");
    set->signer = arena_printf(arena, "%s%s", own, behind);
    return OK;
}

static void done(struct party *party, bool with_key)
{
    X509_free(party->certificate);
    if (with_key)
        EVP_PKEY_free(party->key);
}

enum err certificate_make(struct arena *arena, struct certificate_set *set)
{
    struct party root = {0}, middle = {0}, nobody = {0}, signer = {0}, stranger = {0};
    enum err err = issue_authority(&root, "PayPal practice root", NULL);

    if (!err)
        err = issue_authority(&middle, "PayPal practice intermediate", &root);
    if (!err)
        err = issue_authority(&nobody, "Root of nobody", NULL);
    if (!err) {
        signer.key = EVP_RSA_gen(RSA_BITS);
        stranger.key = signer.key;
        err = issue_signer(&signer, &middle);
    }
    if (!err)
        err = issue_signer(&stranger, &nobody);
    if (!err)
        err = write_set(&root, &middle, &signer, &stranger, arena, set);
    done(&root, true);
    done(&middle, true);
    done(&nobody, true);
    done(&signer, true);
    done(&stranger, false);
    return err;
}

/* ---- signing ---- */

static struct str base64_of(const unsigned char *bytes, size_t len, struct arena *arena)
{
    unsigned char *text = arena_alloc(arena, (len + 2) / 3 * 4 + 1);

    return str_from(text, (size_t)EVP_EncodeBlock(text, bytes, (int)len));
}

static enum err sign_with(EVP_MD_CTX *context, EVP_PKEY *key, struct str text, struct arena *arena,
                          struct str *signature)
{
    unsigned char *bytes = NULL;
    size_t len = 0;

    if (EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) != 1 ||
        EVP_DigestSign(context, NULL, &len, (const unsigned char *)text.data, text.len) != 1)
        return crypto_failed("no signature");
    bytes = arena_alloc(arena, len);
    if (EVP_DigestSign(context, bytes, &len, (const unsigned char *)text.data, text.len) != 1)
        return crypto_failed("no signature");
    *signature = base64_of(bytes, len, arena);
    return OK;
}

enum err certificate_sign(const char *key, struct str text, struct arena *arena,
                          struct str *signature)
{
    BIO *bio = BIO_new_mem_buf(key, -1);
    EVP_PKEY *read = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    enum err err = read && context ? sign_with(context, read, text, arena, signature)
                                   : crypto_failed("no key");

    EVP_MD_CTX_free(context);
    EVP_PKEY_free(read);
    BIO_free(bio);
    return err;
}

enum err certificate_check(const char *certificate, struct str text, struct str signature,
                           struct arena *arena, bool *valid)
{
    struct str bytes = {0};
    BIO *bio = BIO_new_mem_buf(certificate, -1);
    X509 *read = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    enum err err = OK;

    *valid = false;
    if (!read || !context ||
        EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, X509_get0_pubkey(read)) != 1)
        err = crypto_failed("no certificate");
    else if (base64_read(signature, arena, &bytes))
        *valid = EVP_DigestVerify(context, (const unsigned char *)bytes.data, bytes.len,
                                  (const unsigned char *)text.data, text.len) == 1;
    EVP_MD_CTX_free(context);
    X509_free(read);
    BIO_free(bio);
    return err;
}

uint32_t certificate_crc32(struct str bytes)
{
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < bytes.len; i++) {
        crc ^= (unsigned char)bytes.data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}
