#include "provider/paypal/webhook_certificate.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

/* ---- addresses ---- */

static const char folder[] = "/v1/notifications/certs/";

/* [A-Za-z0-9_-]: no escape, no further folder, no query. */
static bool is_name(struct str text)
{
    if (text.len == 0 || text.len > PAYPAL_CERTIFICATE_NAME_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.data[i];

        if (!((byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
              (byte >= '0' && byte <= '9') || byte == '-' || byte == '_'))
            return false;
    }
    return true;
}

static bool stands_below(struct str url, const char *place)
{
    size_t place_len = strlen(place), before = place_len + sizeof folder - 1;

    return url.len > before && str_starts(url, place) &&
           memcmp(url.data + place_len, folder, sizeof folder - 1) == 0 &&
           is_name(str_from(url.data + before, url.len - before));
}

bool paypal_certificate_allowed(const struct paypal_webhook_account *account, struct str url)
{
    static const char *const places[][2] = {
        [ACCOUNT_TEST] = {"https://api.sandbox.paypal.com", "https://api-m.sandbox.paypal.com"},
        [ACCOUNT_LIVE] = {"https://api.paypal.com", "https://api-m.paypal.com"},
    };

    return stands_below(url, places[account->mode][0]) ||
           stands_below(url, places[account->mode][1]) || stands_below(url, account->api_url);
}

/* ---- those we have ---- */

struct kept {
    char *url;
    char *pem;
    size_t pem_len;
    uint64_t asked; /* the turn it was last asked for */
};

static struct kept kept[PAYPAL_CERTIFICATES_KEPT];
static uint64_t turn;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The entry of the address; NULL when there is none. The lock is held. */
static struct kept *find(const char *url)
{
    for (int i = 0; i < PAYPAL_CERTIFICATES_KEPT; i++)
        if (kept[i].url && strcmp(kept[i].url, url) == 0)
            return &kept[i];
    return NULL;
}

bool paypal_certificate_kept(const char *url, struct arena *arena, struct str *pem)
{
    struct kept *entry;

    pthread_mutex_lock(&lock);
    entry = find(url);
    if (entry) {
        entry->asked = ++turn;
        *pem = str_from(arena_copy(arena, entry->pem, entry->pem_len), entry->pem_len);
    }
    pthread_mutex_unlock(&lock);
    return entry != NULL;
}

/* Where a further one goes: its own place, a free one, or the one unused for longest. */
static struct kept *place_for(const char *url)
{
    struct kept *oldest = find(url);

    for (int i = 0; !oldest && i < PAYPAL_CERTIFICATES_KEPT; i++)
        if (!kept[i].url)
            oldest = &kept[i];
    if (oldest)
        return oldest;
    oldest = &kept[0];
    for (int i = 1; i < PAYPAL_CERTIFICATES_KEPT; i++)
        if (kept[i].asked < oldest->asked)
            oldest = &kept[i];
    return oldest;
}

void paypal_certificate_keep(const char *url, struct str pem)
{
    char *own_url = strdup(url), *own_pem = malloc(pem.len + 1);
    struct kept *entry;

    require(own_url && own_pem && pem.len > 0);
    memcpy(own_pem, pem.data, pem.len);
    pthread_mutex_lock(&lock);
    entry = place_for(url);
    free(entry->url);
    free(entry->pem);
    *entry = (struct kept){.url = own_url, .pem = own_pem, .pem_len = pem.len, .asked = ++turn};
    pthread_mutex_unlock(&lock);
}

/* ---- fetching ---- */

enum err paypal_certificate_fetch(const struct provider_call *call, const char *url,
                                  struct str *pem)
{
    struct http_call request = {.method = "GET", .url = url, .answer_max = PAYPAL_CERTIFICATE_MAX};
    struct http_answer answer = {0};
    enum err err = http_client_call(call->client, &request, call->arena, &answer);

    if (err != OK)
        return err;
    if (answer.status != 200)
        return fail(ERR_NETWORK, "the certificate's address answers HTTP %d", answer.status);
    *pem = answer.body;
    return OK;
}
