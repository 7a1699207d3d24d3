-- Fees that wait for the end of their month.

-- name: fees_due
-- $1 before, $2 at most. Accounts with fees without entry.
SELECT p.association_id, p.id FROM provider_account p
WHERE EXISTS (SELECT 1 FROM provider_transaction t
    WHERE t.provider_account_id = p.id AND t.entry_id IS NULL AND t.amount_cents <> 0
        AND t.fact_at < $1 AND t.kind IN ('fee', 'dispute_fee')
        AND t.association_id = p.association_id)
LIMIT CAST($2 AS BIGINT);

-- name: fees_first
-- $1 association, $2 provider account, $3 from, $4 before, $5 its currency.
SELECT fact_at FROM provider_transaction
WHERE association_id = $1 AND provider_account_id = $2 AND entry_id IS NULL AND amount_cents <> 0
    AND fact_at >= $3 AND fact_at < $4 AND kind IN ('fee', 'dispute_fee')
    AND (currency = $5 OR settled_cents IS NOT NULL)
ORDER BY fact_at LIMIT 1;

-- name: fees_sum
-- $1 association, $2 provider account, $3 from, $4 before, $5 its currency. What was kept.
SELECT -SUM(COALESCE(settled_cents, amount_cents)) FROM provider_transaction
WHERE association_id = $1 AND provider_account_id = $2 AND entry_id IS NULL AND amount_cents <> 0
    AND fact_at >= $3 AND fact_at < $4 AND kind IN ('fee', 'dispute_fee')
    AND (currency = $5 OR settled_cents IS NOT NULL);

-- name: fees_booked
-- $1 association, $2 provider account, $3 from, $4 before, $5 its currency, $6 entry.
UPDATE provider_transaction SET entry_id = $6
WHERE association_id = $1 AND provider_account_id = $2 AND entry_id IS NULL AND amount_cents <> 0
    AND fact_at >= $3 AND fact_at < $4 AND kind IN ('fee', 'dispute_fee')
    AND (currency = $5 OR settled_cents IS NOT NULL);
