#include "base/certificate.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

enum { SECURITY_LEVEL = 2 }; /* of the chain: 112 bits, RSA 2048 with SHA-224 or better */

struct certificate {
    X509 *own;
    STACK_OF(X509) * above; /* sent along, proves nothing by itself */
};

/* ---- reading ---- */

/* Nobody is asked for a password: OpenSSL would ask at the terminal. */
static int no_password(char *out, int size, int writing, void *context)
{
    (void)out, (void)size, (void)writing, (void)context;
    return -1;
}

static enum err read_chain(BIO *text, struct certificate *certificate)
{
    X509 *next;

    certificate->own = PEM_read_bio_X509(text, NULL, no_password, NULL);
    if (!certificate->own)
        return fail(ERR_INPUT, "there is no certificate in the text");
    while ((next = PEM_read_bio_X509(text, NULL, no_password, NULL))) {
        if (sk_X509_num(certificate->above) >= CERTIFICATE_CHAIN_MAX - 1) {
            X509_free(next);
            return fail(ERR_INPUT, "more than %d certificates", CERTIFICATE_CHAIN_MAX);
        }
        require(sk_X509_push(certificate->above, next) > 0);
    }
    return OK;
}

enum err certificate_read(struct str pem, struct certificate **certificate)
{
    struct certificate *made = calloc(1, sizeof(*made));
    BIO *text = BIO_new_mem_buf(pem.data ? pem.data : "", (int)pem.len);
    enum err err;

    require(made && text);
    made->above = sk_X509_new_null();
    require(made->above);
    err = read_chain(text, made);
    ERR_clear_error();
    BIO_free(text);
    if (err) {
        certificate_free(made);
        return err;
    }
    *certificate = made;
    return OK;
}

void certificate_free(struct certificate *certificate)
{
    if (!certificate)
        return;
    X509_free(certificate->own);
    sk_X509_pop_free(certificate->above, X509_free);
    free(certificate);
}

/* ---- judging ---- */

static bool bears_one(X509 *own, const char *const *hosts)
{
    for (; *hosts; hosts++)
        if (X509_check_host(own, *hosts, 0, X509_CHECK_FLAG_NO_WILDCARDS, NULL) == 1)
            return true;
    return false;
}

static bool key_is_strong(X509 *own)
{
    EVP_PKEY *key = X509_get0_pubkey(own);

    return key && EVP_PKEY_base_id(key) == EVP_PKEY_RSA &&
           EVP_PKEY_bits(key) >= CERTIFICATE_RSA_BITS_MIN;
}

static enum certificate_worth worth_of(int code)
{
    switch (code) {
    case X509_V_OK:
        return CERTIFICATE_GOOD;
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return CERTIFICATE_OUT_OF_DATE;
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK:
        return CERTIFICATE_WEAK_KEY;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return CERTIFICATE_SELF_SIGNED;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return CERTIFICATE_UNKNOWN_ISSUER;
    default:
        return CERTIFICATE_BROKEN;
    }
}

static enum err open_store(const char *ca_file, X509_STORE **store)
{
    *store = X509_STORE_new();
    require(*store);
    if (ca_file ? X509_STORE_load_file(*store, ca_file) == 1
                : X509_STORE_set_default_paths(*store) == 1)
        return OK;
    X509_STORE_free(*store);
    ERR_clear_error();
    return fail(ERR_CONFIG, "%s: no certificates can be read there",
                ca_file ? ca_file : "the system's store");
}

/* A file of issuers may name an intermediate one alone: it is believed as a root is. */
static enum err judge_chain(const struct certificate *certificate, X509_STORE *store, int64_t at,
                            enum certificate_worth *worth)
{
    X509_STORE_CTX *chain = X509_STORE_CTX_new();
    X509_VERIFY_PARAM *rules;

    require(chain);
    if (X509_STORE_CTX_init(chain, store, certificate->own, certificate->above) != 1) {
        X509_STORE_CTX_free(chain);
        ERR_clear_error();
        return fail(ERR_CRYPTO, "a chain of certificates cannot be begun");
    }
    rules = X509_STORE_CTX_get0_param(chain);
    X509_VERIFY_PARAM_set_time(rules, (time_t)at);
    X509_VERIFY_PARAM_set_auth_level(rules, SECURITY_LEVEL);
    X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
    if (X509_verify_cert(chain) == 1)
        *worth = CERTIFICATE_GOOD;
    else {
        *worth = worth_of(X509_STORE_CTX_get_error(chain));
        if (*worth == CERTIFICATE_GOOD)
            *worth = CERTIFICATE_BROKEN;
    }
    X509_STORE_CTX_free(chain);
    ERR_clear_error();
    return OK;
}

enum err certificate_judge(const struct certificate *certificate,
                           const struct certificate_rule *rule, enum certificate_worth *worth)
{
    X509_STORE *store = NULL;
    enum err err;

    if (!bears_one(certificate->own, rule->hosts)) {
        *worth = CERTIFICATE_OTHER_NAME;
        return OK;
    }
    if (!key_is_strong(certificate->own)) {
        *worth = CERTIFICATE_WEAK_KEY;
        return OK;
    }
    err = open_store(rule->ca_file, &store);
    if (err)
        return err;
    err = judge_chain(certificate, store, rule->at, worth);
    X509_STORE_free(store);
    return err;
}

/* ---- what its key signed ---- */

enum err certificate_signed(const struct certificate *certificate, struct str text,
                            struct str signature, bool *fits)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *rules = NULL; /* belongs to context */
    EVP_PKEY *key = X509_get0_pubkey(certificate->own);
    bool ready;

    require(context);
    ready = key && EVP_PKEY_base_id(key) == EVP_PKEY_RSA &&
            EVP_DigestVerifyInit(context, &rules, EVP_sha256(), NULL, key) == 1 &&
            EVP_PKEY_CTX_set_rsa_padding(rules, RSA_PKCS1_PADDING) == 1;
    *fits =
        ready && EVP_DigestVerify(context, (const unsigned char *)signature.data, signature.len,
                                  (const unsigned char *)text.data, text.len) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return ready ? OK : fail(ERR_CRYPTO, "the certificate's key is not for RSA with SHA-256");
}
