-- Typed identities of accounts at a provider that cannot be asked.

-- name: identity_accounts
-- $1 association, $2 provider, $3 mode. Linked ones first, in the order of their buttons.
SELECT association_id, id, public_id, provider, mode, external_id, email_folded, label,
    transit_account, key_version, verified_at, unlinked_at, rate_points, version,
    link_kind, revoked_at, COALESCE(linked_at, created_at), since_day, other_account, client_id,
    publishable_key, embedded
FROM provider_account WHERE association_id = $1 AND provider = $2 AND mode = $3
ORDER BY unlinked_at IS NOT NULL, position, created_at, id;

-- name: identity_taken
-- $1 association, $2 provider, $3 external id, $4 mode. 1 when another one has proven it.
SELECT 1 FROM provider_account
WHERE provider = $2 AND external_id = $3 AND mode = $4 AND verified_at IS NOT NULL
    AND association_id <> $1 LIMIT 1;

-- name: identity_attempts
-- $1 association, $2 account. How many attempts are under way.
SELECT COUNT(*) FROM payment_intent
WHERE association_id = $1 AND provider_account_id = $2
    AND state IN ('created', 'open', 'processing');

-- name: identity_used
-- $1 association, $2 account. 1 when it has a history.
SELECT EXISTS (SELECT 1 FROM payment_intent i
        WHERE i.association_id = $1 AND i.provider_account_id = $2)
    OR EXISTS (SELECT 1 FROM provider_transaction t
        WHERE t.association_id = $1 AND t.provider_account_id = $2)
    OR EXISTS (SELECT 1 FROM provider_event n
        WHERE n.association_id = $1 AND n.provider_account_id = $2 AND n.authentic = 1);

-- name: identity_correct
-- $1 association, $2 account, $3 external id or NULL, $4 folded e-mail or NULL, $5 1 when the
-- proof holds for it too. A payment that was prepared with the old one is not begun.
UPDATE provider_account SET external_id = $3, email_folded = $4, key_version = key_version + 1,
    verified_at = CASE WHEN CAST($5 AS BIGINT) = 1 THEN verified_at END
WHERE association_id = $1 AND id = $2;

-- name: identity_relink
-- $1 association, $2 account, $3 when it was unlinked, or NULL: it is linked.
UPDATE provider_account SET unlinked_at = $3 WHERE association_id = $1 AND id = $2;
