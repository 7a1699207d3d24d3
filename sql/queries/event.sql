-- name: event_add
-- $1 id, $2 provider, $3 association or NULL, $4 provider account or NULL, $5 hint, $6 source
-- address, $7 receiver, $8 authentic, $9 external id, $10 type, $11 raw, $12 now, $13 priority,
-- $14 lease_until, $15 claim, $16 attempts and crashes, $17 headers.
INSERT INTO provider_event (id, provider, association_id, provider_account_id, hint,
    source_address, receiver, authentic, external_id, type, raw, received_at, state, priority,
    next_at, lease_until, claim, attempts, crashes, updated_at, headers)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'waiting', $13, $12, $14, $15, $16,
    $16, $12, $17);

-- name: event_backlog_source
-- $1 address, $2 at most. How many unverified rows of one sender wait, counted up to $2.
SELECT COUNT(*) FROM (SELECT 1 FROM provider_event
    WHERE source_address = $1 AND state = 'waiting' AND authentic = 0 LIMIT $2) waiting;

-- name: event_backlog_receiver
-- $1 receiver, $2 at most.
SELECT COUNT(*) FROM (SELECT 1 FROM provider_event
    WHERE receiver = $1 AND state = 'waiting' AND authentic = 0 LIMIT $2) waiting;

-- name: event_due
-- $1 provider, $2 priority, $3 now, $4 now + lease, $5 at most.
SELECT id FROM provider_event
WHERE state = 'waiting' AND provider = $1 AND priority = $2 AND next_at <= $3
    AND (lease_until <= $3 OR lease_until > $4)
ORDER BY next_at LIMIT $5;

-- name: event_claim
-- $1 id, $2 now, $3 now + lease.
UPDATE provider_event SET lease_until = $3, claim = claim + 1, attempts = attempts + 1,
    crashes = crashes + 1, updated_at = $2
WHERE id = $1 AND state = 'waiting' AND (lease_until <= $2 OR lease_until > $3)
RETURNING claim, crashes;

-- name: event_park
-- $1 id, $2 detail, $3 now.
UPDATE provider_event SET state = 'parked', next_at = NULL, detail = $2, updated_at = $3
WHERE id = $1 AND state = 'waiting';

-- name: event_find
SELECT id, provider, association_id, provider_account_id, hint, authentic, raw, received_at,
    headers
FROM provider_event WHERE id = $1;

-- name: event_claimed
-- $1 id, $2 claim. The row while the claim holds.
SELECT attempts, received_at, authentic, association_id, provider_account_id FROM provider_event
WHERE id = $1 AND claim = $2 AND state = 'waiting';

-- name: event_ended
-- $1 id, $2 state, $3 outcome or NULL, $4 detail, $5 authentic, $6 association or NULL,
-- $7 provider account or NULL, $8 external id or NULL, $9 type or NULL, $10 movement or NULL,
-- $11 intent or NULL, $12 now.
UPDATE provider_event SET state = $2, outcome = $3, detail = $4,
    authentic = CASE WHEN $5 > 0 THEN 1 ELSE authentic END,
    association_id = COALESCE(association_id, $6),
    provider_account_id = COALESCE(provider_account_id, $7),
    external_id = COALESCE($8, external_id), type = COALESCE($9, type),
    transaction_id = $10, intent_id = $11, next_at = NULL, lease_until = 0, crashes = 0,
    updated_at = $12
WHERE id = $1;

-- name: event_release
-- $1 id, $2 claim, $3 now. A claim that nobody worked on: as if it had never been made.
UPDATE provider_event SET next_at = $3, lease_until = 0, attempts = attempts - 1,
    crashes = crashes - 1, updated_at = $3
WHERE id = $1 AND claim = $2 AND state = 'waiting' AND lease_until > 0;

-- name: event_retry
-- $1 id, $2 next_at, $3 detail, $4 now.
UPDATE provider_event SET next_at = $2, detail = $3, lease_until = 0, crashes = 0, updated_at = $4
WHERE id = $1 AND state = 'waiting';

-- name: event_waits
-- $1 id, $2 next_at, $3 detail, $4 authentic, $5 association or NULL, $6 provider account or NULL,
-- $7 external id or NULL, $8 type or NULL, $9 now. Until what it follows comes.
UPDATE provider_event SET outcome = 'waits_for_parent', next_at = $2, detail = $3,
    authentic = CASE WHEN $4 > 0 THEN 1 ELSE authentic END,
    association_id = COALESCE(association_id, $5),
    provider_account_id = COALESCE(provider_account_id, $6),
    external_id = COALESCE($7, external_id), type = COALESCE($8, type),
    lease_until = 0, crashes = 0, updated_at = $9
WHERE id = $1 AND state = 'waiting';

-- name: event_requeue_unsupported
-- $1 now.
UPDATE provider_event SET state = 'waiting', outcome = NULL, next_at = $1, attempts = 0,
    crashes = 0, lease_until = 0, updated_at = $1
WHERE outcome = 'unsupported';

-- name: event_sweep_invalid
-- $1 received before. Raw text of forged messages is not kept for ever.
UPDATE provider_event SET raw = X''
WHERE state = 'invalid' AND received_at < $1 AND length(raw) > 0;

-- name: event_any_due
-- $1 now, $2 provider, $3 now + lease. 1 when some message wants to be worked on.
SELECT 1 FROM provider_event WHERE state = 'waiting' AND provider = $2 AND priority IN (0, 1)
    AND next_at <= $1 AND (lease_until <= $1 OR lease_until > $3) LIMIT 1;

-- name: event_replayable
-- $1 association, $2 message. 1 when it has an end and still its text.
SELECT CASE WHEN state <> 'waiting' AND length(raw) > 0 THEN 1 ELSE 0 END
FROM provider_event WHERE association_id = $1 AND id = $2;

-- name: event_replay
-- $1 association, $2 message, $3 now.
UPDATE provider_event SET state = 'waiting', outcome = NULL, next_at = $3, attempts = 0, crashes = 0,
    lease_until = 0, updated_at = $3
WHERE association_id = $1 AND id = $2 AND state <> 'waiting';
-- name: event_parent_came
-- $1 association, $2 provider account, $3 now. Messages that wait for a payment are due.
UPDATE provider_event SET next_at = $3
WHERE association_id = $1 AND provider_account_id = $2 AND outcome = 'waits_for_parent'
    AND state = 'waiting' AND next_at > $3;
