-- À rattacher: what waits for a person, and how it is settled.

-- name: settle_find
-- $1 association, $2 row. With what of it stands in 471: its own entry, and for a payment what went
-- back of it.
SELECT q.id, q.reason, q.detail, q.created_at, q.transaction_id, t.kind, t.reference, t.payer,
    a.label, a.provider, t.amount_cents, t.currency, t.fact_at, q.entry_id,
    COALESCE((SELECT SUM(l.credit_cents - l.debit_cents) FROM entry_line l
        WHERE l.association_id = q.association_id AND l.entry_id = q.entry_id
            AND l.account_code = '471'), 0)
    + COALESCE((SELECT SUM(l.credit_cents - l.debit_cents) FROM provider_transaction k
        JOIN entry_line l ON l.association_id = k.association_id AND l.entry_id = k.entry_id
            AND l.account_code = '471'
        WHERE k.association_id = q.association_id AND k.parent_id = q.transaction_id
            AND q.reason = 'unknown_intent'), 0) AS standing,
    q.settled_at IS NOT NULL AS settled
FROM quarantine q
LEFT JOIN provider_transaction t ON t.association_id = q.association_id AND t.id = q.transaction_id
LEFT JOIN provider_account a ON a.association_id = t.association_id AND a.id = t.provider_account_id
WHERE q.association_id = $1 AND q.id = $2;

-- name: quarantine_settle
-- $1 association, $2 row, $3 how, $4 the person's words, $5 entry or NULL, $6 login or NULL, $7 now.
UPDATE quarantine SET settled_at = $7, settled_by = $6, settled_how = $3, settled_reason = $4,
    settled_entry_id = $5
WHERE association_id = $1 AND id = $2 AND settled_at IS NULL;

-- name: quarantine_refunded
-- $1 association, $2 payment, $3 entry or NULL, $4 now. All of it went back: nobody has to look.
UPDATE quarantine SET settled_at = $4, settled_how = 'refunded', settled_entry_id = $3
WHERE association_id = $1 AND transaction_id = $2 AND reason = 'unknown_intent' AND settled_at IS NULL
    AND (SELECT t.amount_cents + COALESCE(SUM(k.amount_cents), 0) FROM provider_transaction t
        LEFT JOIN provider_transaction k ON k.association_id = t.association_id AND k.parent_id = t.id
            AND k.kind NOT IN ('fee', 'dispute_fee')
        WHERE t.association_id = $1 AND t.id = $2 GROUP BY t.id, t.amount_cents) = 0;

-- name: quarantine_waits_again
-- $1 association, $2 payment. It went back, and some of it came in again: somebody has to look.
UPDATE quarantine SET settled_at = NULL, settled_how = NULL, settled_entry_id = NULL
WHERE association_id = $1 AND transaction_id = $2 AND reason = 'unknown_intent'
    AND settled_how = 'refunded';

-- name: orphan_classified
-- $1 association, $2 payment. Where people put what follows it, before it was known: by account.
SELECT l.account_code, SUM(l.debit_cents - l.credit_cents)
FROM provider_transaction t
CROSS JOIN quarantine q
CROSS JOIN entry_line l
WHERE t.association_id = $1 AND t.parent_id = $2 AND q.association_id = t.association_id
    AND q.transaction_id = t.id AND q.reason = 'orphan' AND q.settled_how = 'classified'
    AND l.association_id = q.association_id AND l.entry_id = q.settled_entry_id
GROUP BY l.account_code ORDER BY l.account_code;

-- name: quarantine_placed
-- $1 association, $2 payment. The entry that classified it.
SELECT settled_entry_id FROM quarantine
WHERE association_id = $1 AND transaction_id = $2 AND settled_how = 'classified'
    AND settled_entry_id IS NOT NULL;

-- name: movement_set_member
-- $1 association, $2 movement, $3 member. Once.
UPDATE provider_transaction SET member_id = $3
WHERE association_id = $1 AND id = $2 AND member_id IS NULL;
