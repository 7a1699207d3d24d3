#include "payment/finding.h"

#include "base/err.h"

static const char *const names[] = {
    [FINDING_NOTIFICATION_LAST] = "notification_last",
    [FINDING_NOTIFICATION_NONE] = "notification_none",
    [FINDING_NOTIFICATION_AWAITED] = "notification_awaited",
    [FINDING_NOTIFICATION_MISSING] = "notification_missing",
    [FINDING_MODE_OTHER] = "mode_other",
    [FINDING_ADDRESS_OTHER] = "address_other",
    [FINDING_BASE_URL_LOCAL] = "base_url_local",
    [FINDING_SECRET_MISSING] = "secret_missing",
    [FINDING_SECRET_BROKEN] = "secret_broken",
    [FINDING_IDENTITY_PROVEN] = "identity_proven",
    [FINDING_IDENTITY_UNPROVEN] = "identity_unproven",
    [FINDING_REACHED] = "reached",
    [FINDING_UNREACHABLE] = "unreachable",
    [FINDING_CLOCK_RIGHT] = "clock_right",
    [FINDING_CLOCK_SKEWED] = "clock_skewed",
    [FINDING_KEY_GOOD] = "key_good",
    [FINDING_KEY_MISSING] = "key_missing",
    [FINDING_KEY_EXPOSED] = "key_exposed",
    [FINDING_KEY_BROKEN] = "key_broken",
    [FINDING_KEY_OTHER] = "key_other",
    [FINDING_DATABASE_GOOD] = "database_good",
    [FINDING_DATABASE_EXPOSED] = "database_exposed",
    [FINDING_DISK_GOOD] = "disk_good",
    [FINDING_DISK_LOW] = "disk_low",
    [FINDING_DISK_UNKNOWN] = "disk_unknown",
    [FINDING_SCHEMA_GOOD] = "schema_good",
    [FINDING_SCHEMA_OTHER] = "schema_other",
    [FINDING_BACKUP_LAST] = "backup_last",
    [FINDING_BACKUP_OLD] = "backup_old",
    [FINDING_BACKUP_MISSING] = "backup_missing",
    [FINDING_BACKUP_UNKNOWN] = "backup_unknown",
    [FINDING_BACKLOG_NONE] = "backlog_none",
    [FINDING_BACKLOG_OLD] = "backlog_old",
    [FINDING_PARKED] = "parked",
    [FINDING_SITE_REACHED] = "site_reached",
    [FINDING_SITE_UNREACHABLE] = "site_unreachable",
    [FINDING_CERTIFICATE_GOOD] = "certificate_good",
    [FINDING_CERTIFICATE_ENDS] = "certificate_ends",
    [FINDING_CERTIFICATE_BAD] = "certificate_bad",
    [FINDING_HOST_REACHED] = "host_reached",
    [FINDING_HOST_UNREACHABLE] = "host_unreachable",
    [FINDING_MAIL_NONE] = "mail_none",
    [FINDING_MAIL_REACHED] = "mail_reached",
    [FINDING_MAIL_DOWN] = "mail_down",
    [FINDING_MAIL_WAITING] = "mail_waiting",
    [FINDING_KEYS_VALID] = "keys_valid",
    [FINDING_KEYS_UNKNOWN] = "keys_unknown",
    [FINDING_KEYS_REVOKED] = "keys_revoked",
    [FINDING_KEYS_LACK] = "keys_lack",
    [FINDING_KEYS_REFUSED] = "keys_refused",
    [FINDING_KEYS_OF_ANOTHER] = "keys_of_another",
    [FINDING_KEYS_MODE] = "keys_mode",
    [FINDING_LINK_ENDED] = "link_ended",
    [FINDING_CURRENCY_RIGHT] = "currency_right",
    [FINDING_CURRENCY_OTHER] = "currency_other",
    [FINDING_CHARGES_ON] = "charges_on",
    [FINDING_CHARGES_OFF] = "charges_off",
    [FINDING_ENDPOINT_GOOD] = "endpoint_good",
    [FINDING_ENDPOINT_MISSING] = "endpoint_missing",
    [FINDING_ENDPOINT_DISABLED] = "endpoint_disabled",
    [FINDING_ENDPOINT_ADDRESS] = "endpoint_address",
    [FINDING_ENDPOINT_EVENTS_FEW] = "endpoint_events_few",
    [FINDING_ENDPOINT_EVENTS_MANY] = "endpoint_events_many",
    [FINDING_ENDPOINT_VERSION] = "endpoint_version",
    [FINDING_ENDPOINT_LEFTOVER] = "endpoint_leftover",
};
_Static_assert(sizeof(names) / sizeof(names[0]) == FINDING_KEYS_COUNT, "a key without a name");

const char *finding_name(enum finding_key key)
{
    require(key >= 0 && key < FINDING_KEYS_COUNT);
    return names[key];
}

void findings_init(struct findings *findings, struct arena *arena)
{
    findings->arena = arena;
    findings->count = 0;
}

struct finding *findings_add(struct findings *findings, enum finding_level level,
                             enum finding_key key)
{
    struct finding *finding = findings->count < FINDINGS_MAX
                                  ? &findings->items[findings->count++]
                                  : arena_alloc(findings->arena, sizeof(*finding));

    *finding = (struct finding){.level = level, .key = key, .text = ""};
    return finding;
}

void findings_add_text(struct findings *findings, enum finding_level level, enum finding_key key,
                       const char *text)
{
    findings_add(findings, level, key)->text = arena_string(findings->arena, text);
}

void findings_add_clock(struct findings *findings, int64_t date_at, int64_t now)
{
    int64_t apart = date_at > now ? date_at - now : now - date_at;

    if (date_at == 0)
        return;
    findings_add(findings,
                 apart >= FINDING_CLOCK_WRONG_S  ? FINDING_BAD
                 : apart >= FINDING_CLOCK_SKEW_S ? FINDING_WARN
                                                 : FINDING_GOOD,
                 apart >= FINDING_CLOCK_SKEW_S ? FINDING_CLOCK_SKEWED : FINDING_CLOCK_RIGHT)
        ->number = apart;
}

enum finding_level findings_worst(const struct findings *findings)
{
    enum finding_level worst = FINDING_GOOD;

    for (size_t i = 0; i < findings->count; i++)
        if (findings->items[i].level > worst)
            worst = findings->items[i].level;
    return worst;
}
