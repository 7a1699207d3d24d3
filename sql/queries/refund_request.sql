-- Refunds that a person asks the provider for.

-- name: refund_room
-- $1 association, $2 capture. What is left of it, what is asked for and not told yet.
SELECT a.provider, t.provider_account_id, t.reference, a.unlinked_at IS NULL AND a.revoked_at IS NULL,
    EXISTS (SELECT 1 FROM dispute d WHERE d.association_id = t.association_id
        AND d.transaction_id = t.id AND d.state IN ('inquiry', 'open')),
    t.amount_cents + COALESCE((SELECT SUM(k.amount_cents) FROM provider_transaction k
        WHERE k.association_id = t.association_id AND k.parent_id = t.id
            AND k.kind IN ('refund', 'refund_failed', 'capture_failed', 'dispute', 'dispute_won')), 0),
    COALESCE((SELECT SUM(r.amount_cents) FROM refund_request r
        LEFT JOIN provider_transaction f ON f.association_id = r.association_id
            AND f.provider_account_id = r.provider_account_id AND f.kind = 'refund'
            AND f.reference = r.provider_reference
        WHERE r.association_id = t.association_id AND r.transaction_id = t.id
            AND r.state IN ('created', 'sent') AND f.id IS NULL), 0),
    t.currency
FROM provider_transaction t
JOIN provider_account a ON a.association_id = t.association_id AND a.id = t.provider_account_id
WHERE t.association_id = $1 AND t.id = $2 AND t.kind = 'capture';

-- name: refund_request_same_form
-- $1 association, $2 form token.
SELECT id FROM refund_request WHERE association_id = $1 AND form_token = $2;

-- name: refund_request_add
-- $1 association, $2 id, $3 capture, $4 account, $5 form token, $6 amount, $7 cancels charges,
-- $8 reason, $9 request, $10 key, $11 next_at, $12 login, $13 now.
INSERT INTO refund_request (association_id, id, transaction_id, provider_account_id, form_token,
    amount_cents, cancels_charges, reason, request, idempotency_key, state, next_at, created_by,
    created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'created', $11, $12, $13, $13);

-- name: refund_request_add_charge
-- $1 association, $2 request, $3 charge line.
INSERT INTO refund_request_charge (association_id, refund_request_id, charge_line_id)
VALUES ($1, $2, $3);

-- name: refund_request_charges
-- $1 association, $2 request.
SELECT charge_line_id FROM refund_request_charge
WHERE association_id = $1 AND refund_request_id = $2 ORDER BY charge_line_id;

-- name: refund_request_find
-- $1 association, $2 id.
SELECT r.id, r.transaction_id, r.provider_account_id, r.amount_cents, r.cancels_charges, r.reason,
    r.request, r.idempotency_key, r.state, r.provider_reference, r.answer, t.reference, r.attempts,
    r.claim, r.created_by, r.created_at, r.next_at
FROM refund_request r
JOIN provider_transaction t ON t.association_id = r.association_id AND t.id = r.transaction_id
WHERE r.association_id = $1 AND r.id = $2;

-- name: refund_request_list
-- $1 association, $2 capture. Newest first.
SELECT r.id, r.transaction_id, r.provider_account_id, r.amount_cents, r.cancels_charges, r.reason,
    r.request, r.idempotency_key, r.state, r.provider_reference, r.answer, t.reference, r.attempts,
    r.claim, r.created_by, r.created_at, r.next_at
FROM refund_request r
JOIN provider_transaction t ON t.association_id = r.association_id AND t.id = r.transaction_id
WHERE r.association_id = $1 AND r.transaction_id = $2 ORDER BY r.created_at DESC, r.id DESC;

-- name: refund_request_named
-- $1 association, $2 account, $3 the provider's reference.
SELECT id FROM refund_request
WHERE association_id = $1 AND provider_account_id = $2 AND provider_reference = $3;

-- name: refund_request_sent
-- $1 association, $2 id, $3 reference, $4 now. What came late came all the same.
UPDATE refund_request SET state = 'sent', provider_reference = COALESCE(provider_reference, $3),
    next_at = NULL, lease_until = 0, updated_at = $4
WHERE association_id = $1 AND id = $2 AND state IN ('created', 'absent');

-- name: refund_request_absent
-- $1 association, $2 id, $3 now.
UPDATE refund_request SET state = 'absent', answer = '', next_at = NULL, lease_until = 0, updated_at = $3
WHERE association_id = $1 AND id = $2 AND state = 'created';

-- name: refund_request_refused
-- $1 association, $2 id, $3 the provider's word, $4 now.
UPDATE refund_request SET state = 'refused', answer = $3, next_at = NULL, lease_until = 0,
    updated_at = $4
WHERE association_id = $1 AND id = $2 AND state = 'created';

-- name: refund_request_unanswered
-- $1 association, $2 id, $3 why, $4 next_at or NULL, $5 now.
UPDATE refund_request SET answer = $3, next_at = $4, lease_until = 0, updated_at = $5
WHERE association_id = $1 AND id = $2 AND state = 'created';

-- name: refund_request_any_due
-- $1 now, $2 now + lease.
SELECT 1 FROM refund_request WHERE next_at IS NOT NULL AND next_at <= $1
    AND (lease_until <= $1 OR lease_until > $2) LIMIT 1;

-- name: refund_request_due
-- $1 provider, $2 now, $3 now + lease, $4 at most.
SELECT r.association_id, r.id FROM refund_request r
JOIN provider_account a ON a.association_id = r.association_id AND a.id = r.provider_account_id
WHERE r.next_at IS NOT NULL AND r.next_at <= $2 AND a.provider = $1
    AND (r.lease_until <= $2 OR r.lease_until > $3)
ORDER BY r.next_at LIMIT $4;

-- name: refund_request_claim
-- $1 association, $2 id, $3 now, $4 now + lease.
UPDATE refund_request SET lease_until = $4, claim = claim + 1, attempts = attempts + 1
WHERE association_id = $1 AND id = $2 AND (lease_until <= $3 OR lease_until > $4)
    AND state = 'created'
RETURNING claim;

-- name: refund_request_release
-- $1 association, $2 id, $3 claim, $4 now.
UPDATE refund_request SET next_at = $4, lease_until = 0,
    attempts = CASE WHEN attempts > 0 THEN attempts - 1 ELSE 0 END
WHERE association_id = $1 AND id = $2 AND claim = $3 AND lease_until > 0 AND state = 'created';
