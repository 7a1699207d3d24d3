#include "base/seal.h"

#include "base/arena.h"
#include "base/hash.h"
#include "base/random.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    KEY_LEN = 32,
    ID_LEN = 8,
    IV_LEN = 12,
    TAG_LEN = 16,
    VERSION = 1,
    HEAD_LEN = 1 + ID_LEN + IV_LEN + TAG_LEN
};

struct seal_key {
    unsigned char bytes[KEY_LEN];
    unsigned char id[ID_LEN];
    char id_text[2 * ID_LEN + 1];
};

/* ---- key files ---- */

static enum err check_mode(int fd, const char *path)
{
    struct stat status;

    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return fail(ERR_CONFIG, "%s: is not a file", path);
    if (status.st_mode & (S_IRWXG | S_IRWXO))
        return fail(ERR_CONFIG, "%s: others may read the key; chmod 0400 it", path);
    if (status.st_uid != geteuid())
        return fail(ERR_CONFIG, "%s: belongs to another user", path);
    return OK;
}

static enum err parse_key(struct str text, const char *path, struct seal_key *key)
{
    unsigned char digest[HASH_LEN];
    enum err err;

    if (!hash_unhex(str_trim(text), key->bytes, KEY_LEN))
        return fail(ERR_CONFIG, "%s: is not a key file", path);
    err = hash_sha256(str_from(key->bytes, KEY_LEN), digest);
    memcpy(key->id, digest, ID_LEN);
    hash_hex(key->id, ID_LEN, key->id_text);
    return err;
}

enum err seal_key_load(const char *path, struct seal_key **key)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char text[2 * KEY_LEN + 8];
    ssize_t len = 0;
    enum err err;

    *key = NULL;
    if (fd < 0)
        return fail(ERR_CONFIG, "%s: the key file cannot be opened: %s", path, strerror(errno));
    err = check_mode(fd, path);
    if (!err && (len = read(fd, text, sizeof(text))) < 0)
        err = fail(ERR_IO, "%s: cannot be read", path);
    close(fd);
    if (err)
        return err;
    *key = calloc(1, sizeof(**key));
    require(*key);
    err = parse_key(str_from(text, (size_t)len), path, *key);
    OPENSSL_cleanse(text, sizeof(text));
    if (err) {
        seal_key_free(*key);
        *key = NULL;
    }
    return err;
}

enum err seal_key_create(const char *path)
{
    unsigned char bytes[KEY_LEN];
    char text[2 * KEY_LEN + 2];
    enum err err = random_bytes(bytes, sizeof(bytes));
    int fd;

    if (err)
        return err;
    hash_hex(bytes, KEY_LEN, text);
    text[2 * KEY_LEN] = '\n';
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
    if (fd < 0)
        err = fail(ERR_IO, "%s: the key file cannot be made: %s", path, strerror(errno));
    else if (write(fd, text, 2 * KEY_LEN + 1) != 2 * KEY_LEN + 1 || fsync(fd) != 0)
        err = fail(ERR_IO, "%s: the key file cannot be written", path);
    if (fd >= 0)
        close(fd);
    OPENSSL_cleanse(bytes, sizeof(bytes));
    OPENSSL_cleanse(text, sizeof(text));
    return err;
}

void seal_key_free(struct seal_key *key)
{
    if (!key)
        return;
    OPENSSL_cleanse(key, sizeof(*key));
    free(key);
}

const char *seal_key_id(const struct seal_key *key)
{
    return key->id_text;
}

/* ---- sealing ---- */

/* What the value is bound to: key id | owner | name. */
static struct str bound_to(const struct seal_key *key, int64_t owner_id, const char *name,
                           struct arena *arena)
{
    return str_of(arena_printf(arena, "%s|%lld|%s", key->id_text, (long long)owner_id, name));
}

static bool encrypt(EVP_CIPHER_CTX *context, const struct seal_key *key, struct str bound,
                    struct str plain, unsigned char *out)
{
    unsigned char *iv = out + 1 + ID_LEN, *tag = iv + IV_LEN, *text = out + HEAD_LEN;
    int len = 0, last = 0;

    return EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key->bytes, iv) == 1 &&
           EVP_EncryptUpdate(context, NULL, &len, (const unsigned char *)bound.data,
                             (int)bound.len) == 1 &&
           EVP_EncryptUpdate(context, text, &len,
                             (const unsigned char *)(plain.len ? plain.data : ""),
                             (int)plain.len) == 1 &&
           EVP_EncryptFinal_ex(context, text + len, &last) == 1 &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, TAG_LEN, tag) == 1;
}

enum err seal_close(const struct seal_key *key, int64_t owner_id, const char *name,
                    struct str plain, struct arena *arena, struct str *sealed)
{
    unsigned char *out = arena_alloc(arena, HEAD_LEN + plain.len + TAG_LEN);
    EVP_CIPHER_CTX *context;
    enum err err;

    if (plain.len > 1 << 20)
        return fail(ERR_LIMIT, "secret too long");
    out[0] = VERSION;
    memcpy(out + 1, key->id, ID_LEN);
    err = random_bytes(out + 1 + ID_LEN, IV_LEN);
    if (err)
        return err;
    context = EVP_CIPHER_CTX_new();
    if (!context || !encrypt(context, key, bound_to(key, owner_id, name, arena), plain, out))
        err = fail(ERR_CRYPTO, "sealing failed");
    EVP_CIPHER_CTX_free(context);
    if (!err)
        *sealed = str_from(out, HEAD_LEN + plain.len);
    return err;
}

static bool decrypt(EVP_CIPHER_CTX *context, const struct seal_key *key, struct str bound,
                    struct str sealed, unsigned char *out)
{
    const unsigned char *in = (const unsigned char *)sealed.data;
    const unsigned char *iv = in + 1 + ID_LEN;
    unsigned char tag[TAG_LEN];
    int len = 0, last = 0;

    memcpy(tag, iv + IV_LEN, TAG_LEN);
    return EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, key->bytes, iv) == 1 &&
           EVP_DecryptUpdate(context, NULL, &len, (const unsigned char *)bound.data,
                             (int)bound.len) == 1 &&
           EVP_DecryptUpdate(context, out, &len, in + HEAD_LEN, (int)(sealed.len - HEAD_LEN)) ==
               1 &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, TAG_LEN, tag) == 1 &&
           EVP_DecryptFinal_ex(context, out + len, &last) == 1;
}

bool seal_made_with(const struct seal_key *key, struct str sealed)
{
    return sealed.len >= HEAD_LEN && sealed.data[0] == VERSION &&
           hash_equal(str_from(sealed.data + 1, ID_LEN), str_from(key->id, ID_LEN));
}

enum err seal_open(const struct seal_key *key, int64_t owner_id, const char *name,
                   struct str sealed, struct arena *arena, struct str *plain)
{
    EVP_CIPHER_CTX *context;
    unsigned char *out;
    bool opened;

    if (!seal_made_with(key, sealed))
        return fail(ERR_CRYPTO, "sealed under another key");
    out = arena_alloc(arena, sealed.len - HEAD_LEN + TAG_LEN);
    context = EVP_CIPHER_CTX_new();
    opened = context && decrypt(context, key, bound_to(key, owner_id, name, arena), sealed, out);
    EVP_CIPHER_CTX_free(context);
    if (!opened)
        return fail(ERR_CRYPTO, "a seal is broken");
    *plain = str_from(out, sealed.len - HEAD_LEN);
    return OK;
}
