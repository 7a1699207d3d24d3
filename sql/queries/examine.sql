-- What an examination of the settings looks at.

-- name: examine_attempts
-- $1 association, $2 provider account, $3 begun before, $4 at most. How many attempts there were,
-- counted up to $4.
SELECT COUNT(*) FROM (SELECT 1 FROM payment_intent
    WHERE association_id = $1 AND provider_account_id = $2 AND created_at <= $3 LIMIT $4) attempts;

-- name: examine_silent
-- $1 association, $2 provider account, $3 after, $4 until. Payments of that time, and the first.
SELECT COUNT(*), MIN(fact_at) FROM provider_transaction
WHERE association_id = $1 AND kind = 'capture' AND fact_at > $3 AND fact_at <= $4
    AND provider_account_id = $2;

-- name: notification_last
-- $1 association, $2 provider account. When its last authentic notification came.
SELECT n.received_at FROM provider_event n
WHERE n.association_id = $1 AND n.provider_account_id = $2 AND n.authentic = 1
ORDER BY n.id DESC LIMIT 1;
