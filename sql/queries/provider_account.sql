-- name: provider_account_find
-- $1 association, $2 id.
SELECT association_id, id, public_id, provider, mode, external_id, email_folded, label,
    transit_account, key_version, verified_at, unlinked_at, rate_points, version,
    link_kind, revoked_at, COALESCE(linked_at, created_at)
FROM provider_account WHERE association_id = $1 AND id = $2;

-- name: provider_account_find_public
-- $1 provider, $2 public id.
SELECT association_id, id, public_id, provider, mode, external_id, email_folded, label,
    transit_account, key_version, verified_at, unlinked_at, rate_points, version,
    link_kind, revoked_at, COALESCE(linked_at, created_at)
FROM provider_account WHERE public_id = $2 AND provider = $1;

-- name: provider_account_by_external
-- $1 provider, $2 external id. Proven ones first.
SELECT association_id, id, public_id, provider, mode, external_id, email_folded, label,
    transit_account, key_version, verified_at, unlinked_at, rate_points, version,
    link_kind, revoked_at, COALESCE(linked_at, created_at)
FROM provider_account WHERE provider = $1 AND external_id = $2
ORDER BY verified_at IS NULL, created_at, id;

-- name: provider_account_by_email
-- $1 provider, $2 folded e-mail. Proven ones first.
SELECT association_id, id, public_id, provider, mode, external_id, email_folded, label,
    transit_account, key_version, verified_at, unlinked_at, rate_points, version,
    link_kind, revoked_at, COALESCE(linked_at, created_at)
FROM provider_account WHERE provider = $1 AND email_folded = $2
ORDER BY verified_at IS NULL, created_at, id;

-- name: provider_account_list_linked
-- $1 association. Those with a button, in their order.
SELECT association_id, id, public_id, provider, mode, external_id, email_folded, label,
    transit_account, key_version, verified_at, unlinked_at, rate_points, version,
    link_kind, revoked_at, COALESCE(linked_at, created_at)
FROM provider_account
WHERE association_id = $1 AND unlinked_at IS NULL AND provider <> 'manual'
ORDER BY position, created_at, id;

-- name: provider_account_find_means
-- $1 association, $2 code of a means without provider.
SELECT association_id, id, public_id, provider, mode, external_id, email_folded, label,
    transit_account, key_version, verified_at, unlinked_at, rate_points, version,
    link_kind, revoked_at, COALESCE(linked_at, created_at)
FROM provider_account
WHERE association_id = $1 AND provider = 'manual' AND external_id = $2;

-- name: provider_account_add
-- $1 association, $2 id, $3 public id, $4 provider, $5 mode, $6 external id, $7 folded e-mail,
-- $8 label, $9 transit account, $10 position, $11 verified_at, $12 since, $13 now.
INSERT INTO provider_account (association_id, id, public_id, provider, mode, external_id,
    email_folded, label, transit_account, position, verified_at, since_day, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- name: provider_account_verified
-- $1 association, $2 id, $3 external id or NULL, $4 now. Only the first proof counts, and an
-- identity that another account has proven is not taken over.
UPDATE provider_account SET verified_at = $4, external_id = COALESCE(external_id, CAST($3 AS TEXT))
WHERE association_id = $1 AND id = $2 AND verified_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM provider_account other
        WHERE other.provider = provider_account.provider AND other.mode = provider_account.mode
            AND other.external_id = COALESCE(provider_account.external_id, CAST($3 AS TEXT))
            AND other.verified_at IS NOT NULL);

-- name: secret_set
-- $1 association, $2 provider account, $3 name, $4 slot, $5 sealed, $6 its last characters, $7 now.
INSERT INTO secret (association_id, provider_account_id, name, slot, sealed, ending, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (association_id, provider_account_id, name, slot)
DO UPDATE SET sealed = excluded.sealed, ending = excluded.ending, accepted_until = NULL,
    created_at = excluded.created_at;

-- name: secret_list
-- $1 association, $2 provider account, $3 name, $4 now. Those accepted now, by slot.
SELECT slot, sealed FROM secret
WHERE association_id = $1 AND provider_account_id = $2 AND name = $3
    AND (accepted_until IS NULL OR accepted_until > $4)
ORDER BY slot;

-- name: provider_account_new_keys
-- $1 association, $2 id.
UPDATE provider_account SET key_version = key_version + 1 WHERE association_id = $1 AND id = $2;

-- name: provider_account_place
-- $1 association, $2 id, $3 its place among the buttons.
UPDATE provider_account SET position = $3 WHERE association_id = $1 AND id = $2;
