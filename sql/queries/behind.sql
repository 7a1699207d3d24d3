-- What is behind the payments of a cart: movements, attempts, notifications.

-- name: behind_movements
-- $1 association, $2 member. The movements that have a line in the cart, oldest first.
SELECT t.id, t.kind, t.reference, t.amount_cents, t.currency, t.fact_at, t.intent_id, t.parent_id,
    t.flag, t.payer, a.label, t.entry_id, e.journal, e.number, n.reason
FROM (SELECT DISTINCT +l.transaction_id AS id FROM cart_line l
    WHERE l.association_id = $1 AND l.member_id = $2 AND l.transaction_id IS NOT NULL) m
JOIN provider_transaction t ON t.association_id = CAST($1 AS BIGINT) AND t.id = m.id
JOIN provider_account a ON a.association_id = t.association_id AND a.id = t.provider_account_id
LEFT JOIN entry e ON e.association_id = t.association_id AND e.id = t.entry_id
LEFT JOIN movement_note n ON n.association_id = t.association_id AND n.transaction_id = t.id
ORDER BY t.fact_at, t.id;

-- name: behind_attempts
-- $1 association, $2 payer, $3 at most. Those that brought no money, newest first: a payment may
-- stand in the cart of somebody else of the family.
SELECT i.id, i.state, i.amount_cents, i.currency, a.label, i.provider_reference, i.created_at,
    i.reason
FROM payment_intent i
JOIN provider_account a ON a.association_id = i.association_id AND a.id = i.provider_account_id
WHERE i.association_id = $1 AND i.member_id = $2
    AND NOT EXISTS (SELECT 1 FROM provider_transaction t WHERE t.association_id = i.association_id
        AND t.intent_id = i.id AND t.kind = 'capture')
ORDER BY i.created_at DESC, i.id DESC LIMIT $3;

-- name: behind_attempt
-- $1 association, $2 attempt. The same of one, whoever the payer is, with who that is.
SELECT i.id, i.state, i.amount_cents, i.currency, a.label, i.provider_reference, i.created_at,
    i.reason, m.id, m.first_name, m.last_name
FROM payment_intent i
JOIN provider_account a ON a.association_id = i.association_id AND a.id = i.provider_account_id
JOIN member m ON m.association_id = i.association_id AND m.id = i.member_id
WHERE i.association_id = $1 AND i.id = $2;

-- name: behind_notifications
-- $1 association, $2 attempt, $3 at most. What was told of it or of its movements, oldest first.
SELECT n.id, n.type, n.external_id, n.received_at, n.state, n.outcome
FROM (SELECT id FROM provider_event WHERE association_id = $1 AND intent_id = $2
    UNION SELECT v.id FROM provider_transaction t CROSS JOIN provider_event v
    WHERE t.association_id = $1 AND t.intent_id = $2
        AND v.association_id = t.association_id AND v.transaction_id = t.id) k
JOIN provider_event n ON n.id = k.id
ORDER BY n.id LIMIT $3;
