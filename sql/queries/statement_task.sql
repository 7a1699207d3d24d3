-- Readings of a provider's list, and the search for fees.

-- name: statement_task_add
-- $1 association, $2 id, $3 account, $4 payout or '', $5 since, $6 until, $7 who asked or NULL, $8 now.
-- No row comes back when the same is being read.
INSERT INTO statement_task (association_id, id, provider_account_id, payout, since_at, until_at, state,
    next_at, created_by, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, 'waiting', $8, $7, $8, $8)
ON CONFLICT (association_id, provider_account_id, payout) WHERE state = 'waiting' DO NOTHING
RETURNING 1;

-- name: statement_task_any_due
-- $1 now, $2 now + lease. 1 when a list is to be read.
SELECT 1 FROM statement_task WHERE next_at IS NOT NULL AND next_at <= $1
    AND (lease_until <= $1 OR lease_until > $2) LIMIT 1;

-- name: statement_task_due
-- $1 provider, $2 now, $3 now + lease, $4 at most.
SELECT t.association_id, t.id FROM statement_task t
CROSS JOIN provider_account a
WHERE a.association_id = t.association_id AND a.id = t.provider_account_id AND t.next_at IS NOT NULL AND t.next_at <= $2 AND a.provider = $1
    AND (t.lease_until <= $2 OR t.lease_until > $3)
ORDER BY t.next_at LIMIT $4;

-- name: statement_task_claim
-- $1 association, $2 id, $3 now, $4 now + lease.
UPDATE statement_task SET lease_until = $4, claim = claim + 1, attempts = attempts + 1
WHERE association_id = $1 AND id = $2 AND (lease_until <= $3 OR lease_until > $4)
    AND state = 'waiting' AND next_at <= $3
RETURNING claim;

-- name: statement_task_release
-- $1 association, $2 id, $3 claim, $4 now. A claim that nobody worked on.
UPDATE statement_task SET next_at = $4, lease_until = 0,
    attempts = CASE WHEN attempts > 0 THEN attempts - 1 ELSE 0 END
WHERE association_id = $1 AND id = $2 AND claim = $3 AND lease_until > 0 AND state = 'waiting';

-- name: statement_task_claimed
-- $1 association, $2 id, $3 claim.
SELECT provider_account_id, payout, since_at, until_at, cursor, attempts FROM statement_task
WHERE association_id = $1 AND id = $2 AND claim = $3 AND state = 'waiting';

-- name: statement_task_page
-- $1 association, $2 id, $3 claim, $4 cursor of the next page, $5 lines of this one, $6 now, $7 until
-- when the lease lasts.
UPDATE statement_task SET cursor = $4, line_count = line_count + $5, attempts = 0, next_at = $6,
    lease_until = $7, updated_at = $6
WHERE association_id = $1 AND id = $2 AND claim = $3 AND state = 'waiting';

-- name: statement_task_later
-- $1 association, $2 id, $3 claim, $4 next_at, $5 why, $6 now.
UPDATE statement_task SET next_at = $4, answer = $5, lease_until = 0, updated_at = $6
WHERE association_id = $1 AND id = $2 AND claim = $3 AND state = 'waiting';

-- name: statement_task_end
-- $1 association, $2 id, $3 claim, $4 state, $5 its word, $6 lines of the last page, $7 now.
UPDATE statement_task SET state = $4, answer = $5, line_count = line_count + $6, next_at = NULL,
    lease_until = 0, updated_at = $7
WHERE association_id = $1 AND id = $2 AND claim = $3 AND state = 'waiting';

-- name: statement_read_until
-- $1 association, $2 account, $3 until, $4 since, $5 the first instant that counts. Only a reading
-- without gap behind the one before moves it.
UPDATE provider_account SET statement_at = $3
WHERE association_id = $1 AND id = $2 AND COALESCE(statement_at, 0) < $3
    AND $4 <= COALESCE(statement_at, $5);

-- name: statement_read_no_further
-- $1 association, $2 account, $3 when something is that could not be read.
UPDATE provider_account SET statement_at = $3
WHERE association_id = $1 AND id = $2 AND statement_at > $3;

-- name: statement_balance
-- $1 association, $2 account, $3 what the provider holds, $4 when it said so.
UPDATE provider_account SET balance_cents = $3, balance_at = $4
WHERE association_id = $1 AND id = $2;

-- name: statement_task_last
-- $1 association, $2 account. The last reading of the whole list.
SELECT state, answer, line_count, created_at, updated_at, attempts FROM statement_task
WHERE association_id = $1 AND provider_account_id = $2 AND payout = ''
ORDER BY created_at DESC, id DESC LIMIT 1;

-- name: statement_nightly
-- $1 provider. Its accounts, and when the last reading of each was asked for.
SELECT a.association_id, a.id, COALESCE((SELECT MAX(t.created_at) FROM statement_task t
    WHERE t.association_id = a.association_id AND t.provider_account_id = a.id AND t.payout = ''), 0)
FROM provider_account a
WHERE a.provider = $1 AND a.unlinked_at IS NULL AND a.revoked_at IS NULL
ORDER BY a.association_id, a.id;

-- name: fee_search_wanted
-- $1 provider, $2 booked before, $3 and not before, $4 at most. Payments without fee that nobody
-- looks for.
SELECT t.association_id, t.id, t.provider_account_id, t.created_at
FROM provider_account a
CROSS JOIN provider_transaction t
WHERE a.provider = $1 AND t.association_id = a.association_id AND t.provider_account_id = a.id
    AND t.fact_at >= $3 AND t.kind = 'capture' AND t.created_at <= $2 AND t.created_at >= $3
    AND NOT EXISTS (SELECT 1 FROM provider_transaction f WHERE f.association_id = t.association_id
        AND f.parent_id = t.id AND f.kind = 'fee')
    AND NOT EXISTS (SELECT 1 FROM fee_search s WHERE s.association_id = t.association_id
        AND s.transaction_id = t.id)
LIMIT $4;

-- name: fee_search_add
-- $1 association, $2 payment, $3 account, $4 when it was booked, $5 next_at.
INSERT INTO fee_search (association_id, transaction_id, provider_account_id, since_at, next_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (association_id, transaction_id) DO NOTHING;

-- name: fee_search_any_due
-- $1 now, $2 now + lease. 1 when some fee is to be asked for.
SELECT 1 FROM fee_search WHERE next_at IS NOT NULL AND next_at <= $1
    AND (lease_until <= $1 OR lease_until > $2) LIMIT 1;

-- name: fee_search_due
-- $1 provider, $2 now, $3 now + lease, $4 at most.
SELECT s.association_id, s.transaction_id FROM fee_search s
CROSS JOIN provider_account a
WHERE a.association_id = s.association_id AND a.id = s.provider_account_id AND s.next_at IS NOT NULL AND s.next_at <= $2 AND a.provider = $1
    AND (s.lease_until <= $2 OR s.lease_until > $3)
ORDER BY s.next_at LIMIT $4;

-- name: fee_search_claim
-- $1 association, $2 payment, $3 now, $4 now + lease.
UPDATE fee_search SET lease_until = $4, claim = claim + 1, attempts = attempts + 1
WHERE association_id = $1 AND transaction_id = $2 AND (lease_until <= $3 OR lease_until > $4)
    AND next_at IS NOT NULL AND next_at <= $3
RETURNING claim;

-- name: fee_search_release
-- $1 association, $2 payment, $3 claim, $4 now. A claim that nobody worked on.
UPDATE fee_search SET next_at = $4, lease_until = 0,
    attempts = CASE WHEN attempts > 0 THEN attempts - 1 ELSE 0 END
WHERE association_id = $1 AND transaction_id = $2 AND claim = $3 AND lease_until > 0
    AND next_at IS NOT NULL;

-- name: fee_search_claimed
-- $1 association, $2 payment, $3 claim. Whose, how long, and whether the fee came meanwhile.
SELECT s.provider_account_id, s.since_at, t.reference,
    EXISTS (SELECT 1 FROM provider_transaction f WHERE f.association_id = s.association_id
        AND f.parent_id = s.transaction_id AND f.kind = 'fee')
FROM fee_search s
JOIN provider_transaction t ON t.association_id = s.association_id AND t.id = s.transaction_id
WHERE s.association_id = $1 AND s.transaction_id = $2 AND s.claim = $3 AND s.next_at IS NOT NULL;

-- name: fee_search_next
-- $1 association, $2 payment, $3 claim, $4 next_at or NULL.
UPDATE fee_search SET next_at = $4, lease_until = 0
WHERE association_id = $1 AND transaction_id = $2 AND claim = $3;
