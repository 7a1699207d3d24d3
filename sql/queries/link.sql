-- Linking accounts, and their endpoints at the provider.

-- name: link_account_find
-- $1 association, $2 provider, $3 external id, $4 mode, $5 folded e-mail or ''. The association's
-- own row, unlinked or not: of the id, else one that has only that address.
SELECT id FROM provider_account
WHERE association_id = $1 AND provider = $2 AND mode = $4
    AND (external_id = $3 OR (external_id IS NULL AND email_folded = $5))
ORDER BY external_id IS NULL, verified_at IS NULL, created_at, id LIMIT 1;

-- name: link_account_revive
-- $1 association, $2 id, $3 public half of its keys or NULL, $4 now, $5 kind of link, $6 external id.
UPDATE provider_account SET unlinked_at = NULL, verified_at = COALESCE(verified_at, $4),
    external_id = COALESCE(external_id, $6),
    publishable_key = CASE WHEN provider = 'paypal' THEN NULL ELSE $3 END,
    client_id = CASE WHEN provider = 'paypal' THEN $3 END,
    rest_since = CASE WHEN provider = 'paypal' THEN COALESCE(rest_since, $4) END,
    link_kind = $5, linked_at = $4, revoked_at = NULL, withdrawn = 0
WHERE association_id = $1 AND id = $2;

-- name: link_account_unlink_others
-- $1 association, $2 provider, $3 id of the one that stays, $4 now.
UPDATE provider_account SET unlinked_at = $4
WHERE association_id = $1 AND provider = $2 AND id <> $3 AND unlinked_at IS NULL;

-- name: link_recheck
-- $1 association, $2 provider account, $3 now. What could not be asked is asked now.
UPDATE payment_intent SET next_at = $3, lease_until = 0, attempts = 0
WHERE association_id = $1 AND provider_account_id = $2 AND check_since IS NOT NULL;

-- name: link_attempts_others
-- $1 association, $2 provider, $3 id of the account that stays, 0 for a new one. Attempts under way
-- with another linked account.
SELECT COUNT(*) FROM provider_account a
JOIN payment_intent i ON i.association_id = a.association_id AND i.provider_account_id = a.id
WHERE a.association_id = $1 AND a.provider = $2 AND a.unlinked_at IS NULL AND a.id <> $3
    AND i.state IN ('created', 'open', 'processing');

-- name: link_attempts
-- $1 association, $2 provider account.
SELECT COUNT(*) FROM payment_intent
WHERE association_id = $1 AND provider_account_id = $2
    AND state IN ('created', 'open', 'processing');

-- name: link_lease
-- $1 association, $2 provider account, $3 now, $4 now + lease. A lease further ahead than its
-- length is expired: the clock went back.
UPDATE provider_account SET link_lease_until = $4, link_claim = link_claim + 1
WHERE association_id = $1 AND id = $2 AND (link_lease_until <= $3 OR link_lease_until > $4)
RETURNING link_claim;

-- name: link_lease_extend
-- $1 association, $2 provider account, $3 claim, $4 until (0: released).
UPDATE provider_account SET link_lease_until = $4
WHERE association_id = $1 AND id = $2 AND link_claim = $3;

-- name: endpoint_list
-- $1 association, $2 provider account. Those that are not gone.
SELECT id, state, slot, idempotency_key, key_number, key_spent, external_id, reason, retire_at,
    attempts, created_at, updated_at
FROM provider_endpoint
WHERE association_id = $1 AND provider_account_id = $2 AND state <> 'gone';

-- name: endpoint_plan
-- $1 association, $2 id, $3 provider account, $4 slot, $5 idempotency key, $6 now.
INSERT INTO provider_endpoint (association_id, id, provider_account_id, state, slot,
    idempotency_key, created_at, updated_at)
VALUES ($1, $2, $3, 'planned', $4, $5, $6, $6);

-- name: endpoint_adopt
-- $1 association, $2 id, $3 provider account, $4 slot, $5 a key that is never sent, $6 external
-- id, $7 now.
INSERT INTO provider_endpoint (association_id, id, provider_account_id, state, slot,
    idempotency_key, external_id, created_at, updated_at)
VALUES ($1, $2, $3, 'active', $4, $5, $6, $7, $7);

-- name: endpoint_try
-- $1 association, $2 id, $3 idempotency key, $4 key number, $5 now. Until its answer is stored
-- the end of the try is unknown.
UPDATE provider_endpoint SET attempts = attempts + 1, idempotency_key = $3, key_number = $4,
    key_spent = 0, reason = 'unreachable', updated_at = $5
WHERE association_id = $1 AND id = $2 AND state = 'planned';

-- name: endpoint_failed
-- $1 association, $2 id, $3 reason, $4 was the key answered with a failure, $5 now.
UPDATE provider_endpoint SET reason = $3, updated_at = $5,
    key_spent = CASE WHEN $4 = 1 THEN 1 ELSE key_spent END
WHERE association_id = $1 AND id = $2 AND state IN ('planned', 'active');

-- name: endpoint_active
-- $1 association, $2 id, $3 external id, $4 now.
UPDATE provider_endpoint SET state = 'active', external_id = $3, reason = '', updated_at = $4
WHERE association_id = $1 AND id = $2 AND state = 'planned';

-- name: endpoint_retire
-- $1 association, $2 id, $3 when it is deleted, $4 now.
UPDATE provider_endpoint SET state = 'retiring', retire_at = $3, next_at = $3, attempts = 0,
    reason = '', updated_at = $4
WHERE association_id = $1 AND id = $2 AND state IN ('active', 'retiring');

-- name: endpoint_retire_all
-- $1 association, $2 provider account, $3 now. The link has no more use for them.
UPDATE provider_endpoint SET state = 'retiring', retire_at = $3, next_at = $3, attempts = 0,
    reason = '', updated_at = $3
WHERE association_id = $1 AND provider_account_id = $2 AND state IN ('active', 'retiring');

-- name: endpoint_gone
-- $1 association, $2 id, $3 now.
UPDATE provider_endpoint SET state = 'gone', retire_at = NULL, next_at = NULL, reason = '',
    lease_until = 0, updated_at = $3
WHERE association_id = $1 AND id = $2 AND state <> 'gone';

-- name: endpoint_find
-- $1 association, $2 id, $3 claim. A claimed one.
SELECT provider_account_id, slot, external_id, attempts FROM provider_endpoint
WHERE association_id = $1 AND id = $2 AND claim = $3 AND state = 'retiring';

-- name: endpoint_later
-- $1 association, $2 id, $3 claim, $4 next try, $5 reason, $6 now.
UPDATE provider_endpoint SET next_at = $4, lease_until = 0, reason = $5, updated_at = $6
WHERE association_id = $1 AND id = $2 AND claim = $3 AND state = 'retiring';

-- name: endpoint_any_due
-- $1 now, $2 now + lease. 1 when one is to be deleted.
SELECT 1 FROM provider_endpoint WHERE next_at IS NOT NULL AND next_at <= $1
    AND (lease_until <= $1 OR lease_until > $2) LIMIT 1;

-- name: endpoint_due
-- $1 provider, $2 now, $3 now + lease, $4 at most.
SELECT e.association_id, e.id FROM provider_endpoint e
JOIN provider_account a ON a.association_id = e.association_id AND a.id = e.provider_account_id
WHERE e.next_at IS NOT NULL AND e.next_at <= $2 AND a.provider = $1
    AND (e.lease_until <= $2 OR e.lease_until > $3)
ORDER BY e.next_at LIMIT $4;

-- name: endpoint_claim
-- $1 association, $2 id, $3 now, $4 now + lease.
UPDATE provider_endpoint SET lease_until = $4, claim = claim + 1, attempts = attempts + 1
WHERE association_id = $1 AND id = $2 AND (lease_until <= $3 OR lease_until > $4)
    AND state = 'retiring' AND next_at <= $3
RETURNING claim;

-- name: endpoint_release
-- $1 association, $2 id, $3 claim, $4 now. A claim that nobody worked on.
UPDATE provider_endpoint SET next_at = $4, lease_until = 0,
    attempts = CASE WHEN attempts > 0 THEN attempts - 1 ELSE 0 END
WHERE association_id = $1 AND id = $2 AND claim = $3 AND lease_until > 0 AND state = 'retiring';

-- name: secret_accept_until
-- $1 association, $2 provider account, $3 name, $4 slot, $5 until.
UPDATE secret SET accepted_until = $5
WHERE association_id = $1 AND provider_account_id = $2 AND name = $3 AND slot = $4;

-- name: secret_drop
-- $1 association, $2 provider account, $3 name, $4 slot.
DELETE FROM secret
WHERE association_id = $1 AND provider_account_id = $2 AND name = $3 AND slot = $4;

-- name: secret_shown
-- $1 association, $2 provider account. What may be shown of its secrets.
SELECT name, slot, ending, accepted_until, created_at FROM secret
WHERE association_id = $1 AND provider_account_id = $2 ORDER BY name, slot;

-- name: link_keys_shown
-- $1 association, $2 provider account. Its publishable key and version of keys, and when its last
-- proven notification came.
SELECT a.publishable_key, a.key_version, a.link_lease_until,
    (SELECT e.received_at FROM provider_event e
        WHERE e.association_id = a.association_id AND e.provider_account_id = a.id
            AND e.authentic = 1 ORDER BY e.id DESC LIMIT 1)
FROM provider_account a WHERE a.association_id = $1 AND a.id = $2;
