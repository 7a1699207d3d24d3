-- Associating accounts by the provider's page of consent, and the end of it.

-- name: connect_request_add
-- $1 hash of the state, $2 association, $3 login, $4 hash of the session, $5 now, $6 expires_at.
INSERT INTO connect_request (state_hash, association_id, login_id, session_hash, created_at,
    expires_at)
VALUES ($1, $2, $3, $4, $5, $6);

-- name: connect_request_take
-- $1 hash of the state, $2 association, $3 login, $4 hash of the session, $5 now. Once.
UPDATE connect_request SET used_at = $5
WHERE state_hash = $1 AND association_id = $2 AND login_id = $3 AND session_hash = $4
    AND used_at IS NULL AND expires_at > $5;

-- name: connect_request_find
-- $1 hash of the state, $2 association, $3 login, $4 hash of the session. Why it was not taken:
-- only whoever made it is told.
SELECT used_at FROM connect_request
WHERE state_hash = $1 AND association_id = $2 AND login_id = $3 AND session_hash = $4;

-- name: connect_acting
-- $1 provider, $2 its name of an account: does anybody here act by a consent of it?
SELECT 1 FROM provider_account
WHERE provider = $1 AND external_id = $2 AND link_kind = 'connect' AND revoked_at IS NULL LIMIT 1;

-- name: secret_forget_replaced
-- The keys of accounts that became associated, when no endpoint of theirs has to be deleted.
DELETE FROM secret
WHERE EXISTS (SELECT 1 FROM provider_account p WHERE p.association_id = secret.association_id
        AND p.id = secret.provider_account_id AND p.link_kind = 'connect')
    AND NOT EXISTS (SELECT 1 FROM provider_endpoint e
        WHERE e.association_id = secret.association_id
            AND e.provider_account_id = secret.provider_account_id AND e.state <> 'gone');

-- name: connect_request_sweep
-- $1 expired before.
DELETE FROM connect_request WHERE expires_at < $1;

-- name: connect_account_find
-- $1 provider, $2 external id. Those that the platform acts for, or did; proven by definition.
SELECT association_id, id, public_id, provider, mode, external_id, email_folded, label,
    transit_account, key_version, verified_at, unlinked_at, rate_points, version,
    link_kind, revoked_at, COALESCE(linked_at, created_at), since_day, other_account, client_id,
    publishable_key, embedded
FROM provider_account
WHERE provider = $1 AND external_id = $2 AND link_kind = 'connect' AND verified_at IS NOT NULL
ORDER BY created_at, id;

-- ---- the end of a link ----

-- name: connect_account_list
-- $1 association, $2 provider. Each with how many attempts are en cours and à vérifier.
SELECT a.id, a.label, a.external_id, a.email_folded, a.mode, a.link_kind, a.unlinked_at,
    a.revoked_at, a.withdrawn,
    (SELECT COUNT(*) FROM payment_intent i
     WHERE i.association_id = a.association_id AND i.provider_account_id = a.id
         AND i.state IN ('created', 'open', 'processing')),
    (SELECT COUNT(*) FROM payment_intent i
     WHERE i.association_id = a.association_id AND i.provider_account_id = a.id
         AND i.check_since IS NOT NULL)
FROM provider_account a
WHERE a.association_id = $1 AND a.provider = $2
ORDER BY a.created_at, a.id;

-- name: connect_in_progress
-- $1 association, $2 provider account, $3 at most. What is en cours there, with who pays.
SELECT i.id, i.state, i.amount_cents, i.currency, i.created_at, m.number,
    m.first_name || ' ' || m.last_name
FROM payment_intent i
JOIN member m ON m.association_id = i.association_id AND m.id = i.member_id
WHERE i.association_id = $1 AND i.provider_account_id = $2
    AND i.state IN ('created', 'open', 'processing')
ORDER BY i.created_at, i.id LIMIT $3;

-- name: connect_to_check
-- $1 association, $2 at most. Attempts à vérifier chez Stripe.
SELECT i.id, i.state, i.amount_cents, i.currency, i.created_at, m.number,
    m.first_name || ' ' || m.last_name, a.label, a.external_id
FROM payment_intent i
JOIN provider_account a ON a.association_id = i.association_id AND a.id = i.provider_account_id
JOIN member m ON m.association_id = i.association_id AND m.id = i.member_id
WHERE i.association_id = $1 AND i.check_since IS NOT NULL
ORDER BY i.created_at, i.id LIMIT $2;

-- name: connect_progress_count
-- $1 association, $2 provider account, $3 1: created and open alone.
SELECT COUNT(*) FROM payment_intent
WHERE association_id = $1 AND provider_account_id = $2
    AND state IN ('created', 'open', 'processing') AND (state <> 'processing' OR $3 = 0);

-- name: account_unlink
-- $1 association, $2 provider account, $3 now. No new payment by it.
UPDATE provider_account SET unlinked_at = $3
WHERE association_id = $1 AND id = $2 AND unlinked_at IS NULL;

-- name: account_revoked
-- $1 association, $2 provider account, $3 now, $4 when the consent ended. One that was given
-- again since is not ended by an old message.
UPDATE provider_account SET revoked_at = $3, unlinked_at = COALESCE(unlinked_at, $3),
    withdrawn = CASE WHEN unlinked_at IS NULL THEN 1 ELSE 0 END
WHERE association_id = $1 AND id = $2 AND link_kind = 'connect' AND revoked_at IS NULL
    AND COALESCE(linked_at, created_at) <= $4;

-- name: account_revoked_flag
-- $1 association, $2 provider account, $3 now. What is en cours is to be checked: an open one ends
-- here when its time is over, one under way by the provider's word alone.
UPDATE payment_intent SET check_since = $3, lease_until = 0,
    next_at = CASE WHEN state = 'processing' THEN NULL
                   WHEN expires_at > $3 THEN expires_at ELSE $3 END
WHERE association_id = $1 AND provider_account_id = $2
    AND state IN ('created', 'open', 'processing');

-- name: intent_checked
-- $1 association, $2 intent. The provider has been asked.
UPDATE payment_intent SET check_since = NULL,
    next_at = CASE WHEN state IN ('created', 'open', 'processing') THEN next_at ELSE NULL END
WHERE association_id = $1 AND id = $2 AND check_since IS NOT NULL;
