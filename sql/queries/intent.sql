-- name: intent_find
-- $1 association, $2 id.
SELECT i.association_id, i.id, i.member_id, i.provider_account_id, i.token, i.form_token,
    i.amount_cents, i.currency, i.state, i.request, i.idempotency_key, i.provider_reference,
    i.provider_url, i.expires_at, i.reason, i.attempts, i.claim, i.created_by, i.created_at,
    i.updated_at, a.provider, i.check_since, i.fee_cover_cents, i.declines,
    i.client_secret IS NOT NULL
FROM payment_intent i
JOIN provider_account a ON a.association_id = i.association_id AND a.id = i.provider_account_id
WHERE i.association_id = $1 AND i.id = $2;

-- name: intent_find_token
-- $1 the whole token. In any association: the token is unique and cannot be guessed.
SELECT i.association_id, i.id, i.member_id, i.provider_account_id, i.token, i.form_token,
    i.amount_cents, i.currency, i.state, i.request, i.idempotency_key, i.provider_reference,
    i.provider_url, i.expires_at, i.reason, i.attempts, i.claim, i.created_by, i.created_at,
    i.updated_at, a.provider, i.check_since, i.fee_cover_cents, i.declines,
    i.client_secret IS NOT NULL
FROM payment_intent i
JOIN provider_account a ON a.association_id = i.association_id AND a.id = i.provider_account_id
WHERE i.token = $1;

-- name: intent_find_live
-- $1 association, $2 payer.
SELECT i.association_id, i.id, i.member_id, i.provider_account_id, i.token, i.form_token,
    i.amount_cents, i.currency, i.state, i.request, i.idempotency_key, i.provider_reference,
    i.provider_url, i.expires_at, i.reason, i.attempts, i.claim, i.created_by, i.created_at,
    i.updated_at, a.provider, i.check_since, i.fee_cover_cents, i.declines,
    i.client_secret IS NOT NULL
FROM payment_intent i
JOIN provider_account a ON a.association_id = i.association_id AND a.id = i.provider_account_id
WHERE i.association_id = $1 AND i.member_id = $2 AND i.state IN ('created', 'open');

-- name: intent_in_progress
-- $1 association, $2 payer. Newest first.
SELECT i.association_id, i.id, i.member_id, i.provider_account_id, i.token, i.form_token,
    i.amount_cents, i.currency, i.state, i.request, i.idempotency_key, i.provider_reference,
    i.provider_url, i.expires_at, i.reason, i.attempts, i.claim, i.created_by, i.created_at,
    i.updated_at, a.provider, i.check_since, i.fee_cover_cents, i.declines,
    i.client_secret IS NOT NULL
FROM payment_intent i
JOIN provider_account a ON a.association_id = i.association_id AND a.id = i.provider_account_id
WHERE i.association_id = $1 AND i.member_id = $2 AND i.state IN ('created', 'open', 'processing')
ORDER BY i.created_at DESC, i.id DESC;

-- name: intent_same_form
-- $1 association, $2 payer, $3 form token.
SELECT id FROM payment_intent WHERE association_id = $1 AND member_id = $2 AND form_token = $3;

-- name: intent_live_id
-- $1 association, $2 payer.
SELECT id FROM payment_intent
WHERE association_id = $1 AND member_id = $2 AND state IN ('created', 'open');

-- name: intent_add
INSERT INTO payment_intent (association_id, id, member_id, provider_account_id, key_version,
    token, form_token, amount_cents, currency, state, request, idempotency_key, expires_at,
    next_at, created_by, created_at, updated_at, fee_cover_cents)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'created', $10, $11, $12, $13, $14, $15, $15, $16);

-- name: intent_add_charge
-- $1 association, $2 intent, $3 charge line, $4 position, $5 amount.
INSERT INTO intent_charge (association_id, intent_id, charge_line_id, position, amount_cents)
VALUES ($1, $2, $3, $4, $5);

-- name: intent_charges
-- $1 association, $2 intent. In the order of the intent.
SELECT charge_line_id, amount_cents FROM intent_charge
WHERE association_id = $1 AND intent_id = $2 ORDER BY position;

-- name: intent_charge_labels
-- $1 association, $2 intent. What it was made for, in the order of the intent.
SELECT l.label, c.amount_cents, m.first_name, m.id
FROM intent_charge c
JOIN cart_line l ON l.association_id = c.association_id AND l.id = c.charge_line_id
JOIN member m ON m.association_id = l.association_id AND m.id = l.member_id
WHERE c.association_id = $1 AND c.intent_id = $2 ORDER BY c.position;

-- name: intent_opened
-- $1 association, $2 id, $3 reference, $4 url, $5 expires_at (0 = as asked), $6 next_at, $7 now,
-- $8 client secret.
UPDATE payment_intent SET state = 'open', provider_reference = $3, provider_url = $4,
    expires_at = CASE WHEN $5 > 0 THEN $5 ELSE expires_at END, next_at = $6, updated_at = $7,
    attempts = 0, lease_until = 0, client_secret = $8
WHERE association_id = $1 AND id = $2 AND state = 'created';

-- name: intent_not_answered
-- $1 association, $2 id, $3 reason, $4 next_at.
UPDATE payment_intent SET reason = $3, next_at = $4, lease_until = 0
WHERE association_id = $1 AND id = $2 AND state = 'created';

-- name: intent_move
-- $1 association, $2 id, $3 new state, $4 reason, $5 next_at, $6 now. Along the arrows only;
-- created -> processing passes through open, in two calls.
UPDATE payment_intent SET state = $3, reason = $4, next_at = $5, updated_at = $6, attempts = 0,
    lease_until = 0,
    client_secret = CASE WHEN CAST($3 AS TEXT) = 'open' THEN client_secret END,
    check_since = CASE WHEN CAST($3 AS TEXT) = 'paid' THEN NULL ELSE check_since END
WHERE association_id = $1 AND id = $2 AND (
    (CAST($3 AS TEXT) = 'paid' AND state <> 'paid')
    OR (CAST($3 AS TEXT) = 'open' AND state = 'created')
    OR (CAST($3 AS TEXT) = 'processing' AND state IN ('open', 'failed', 'canceled', 'expired'))
    OR (CAST($3 AS TEXT) = 'failed' AND state IN ('created', 'open', 'processing'))
    OR (CAST($3 AS TEXT) IN ('canceled', 'expired') AND state IN ('created', 'open')));

-- name: intent_client_secret
-- $1 association, $2 payer, $3 id. What opens an attempt in the payer's own browser.
SELECT client_secret FROM payment_intent
WHERE association_id = $1 AND member_id = $2 AND id = $3 AND state = 'open';

-- name: intent_declined
-- $1 association, $2 id, $3 reason, $4 now. One try more was refused; the attempt is as it was.
UPDATE payment_intent SET declines = declines + 1, reason = $3, updated_at = $4
WHERE association_id = $1 AND id = $2 AND state IN ('created', 'open');

-- name: intent_looked_at
-- $1 association, $2 id, $3 claim, $4 next_at. A look that changed nothing.
UPDATE payment_intent SET next_at = $4, lease_until = 0
WHERE association_id = $1 AND id = $2 AND claim = $3;

-- name: intent_due
-- $1 provider, $2 now, $3 now + lease, $4 at most. A lease further ahead than its length is
-- expired: the clock went back.
SELECT i.association_id, i.id FROM payment_intent i
JOIN provider_account a ON a.association_id = i.association_id AND a.id = i.provider_account_id
WHERE i.next_at IS NOT NULL AND i.next_at <= $2 AND a.provider = $1
    AND (i.lease_until <= $2 OR i.lease_until > $3)
ORDER BY i.next_at LIMIT $4;

-- name: intent_claim
-- $1 association, $2 id, $3 now, $4 now + lease, $5 what it counts: 1 when its time has come, 0
-- when somebody asked before (the delays grow with our own looks only).
UPDATE payment_intent SET lease_until = $4, claim = claim + 1, attempts = attempts + $5
WHERE association_id = $1 AND id = $2 AND (lease_until <= $3 OR lease_until > $4)
    AND (state IN ('created', 'open', 'processing') OR check_since IS NOT NULL)
RETURNING claim;

-- name: intent_release
-- $1 association, $2 id, $3 claim, $4 now. A claim that nobody worked on.
UPDATE payment_intent SET next_at = $4, lease_until = 0,
    attempts = CASE WHEN attempts > 0 THEN attempts - 1 ELSE 0 END
WHERE association_id = $1 AND id = $2 AND claim = $3 AND lease_until > 0
    AND (state IN ('created', 'open', 'processing') OR check_since IS NOT NULL);

-- name: intent_any_due
-- $1 now, $2 now + lease. 1 when some intent wants to be looked at.
SELECT 1 FROM payment_intent WHERE next_at IS NOT NULL AND next_at <= $1
    AND (lease_until <= $1 OR lease_until > $2) LIMIT 1;

-- name: intent_confirming
-- $1 association, $2 payer. What attempts that are being confirmed were made for, by charge.
SELECT c.charge_line_id, SUM(c.amount_cents)
FROM payment_intent i
CROSS JOIN intent_charge c
WHERE c.association_id = i.association_id AND c.intent_id = i.id
    AND i.association_id = $1 AND i.member_id = $2 AND i.state = 'processing'
GROUP BY c.charge_line_id;
