-- Switches, calls, faults, notifications.

-- name: setting_get
-- $1 name
SELECT value FROM setting WHERE name = $1

-- name: setting_set
-- $1 name, $2 value
INSERT INTO setting (name, value) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET value = excluded.value

-- ---- calls and faults ----

-- name: call_add
-- $1 face, $2 method, $3 path, $4 route, $5 query, $6 idempotency key, $7 user agent, $8 body,
-- $9 now in ms, $10 Stripe-Account
INSERT INTO call (face, method, path, place, query, idempotency_key, user_agent, body, at_ms,
                  account)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
RETURNING number

-- name: call_prune
-- $1 the last number to forget
DELETE FROM call WHERE number <= $1

-- name: call_end
-- $1 number, $2 status, $3 replayed, $4 verdict
UPDATE call SET status = $2, replayed = $3, verdict = $4 WHERE number = $1

-- name: call_list
-- $1 face, $2 method, $3 prefix of the path, $4 after number, $5 how many; NULL = any
SELECT object FROM call_row
WHERE face = coalesce($1, face) AND method = coalesce($2, method)
  AND substr(path, 1, length(coalesce($3, ''))) = coalesce($3, '')
  AND number > coalesce($4, 0)
ORDER BY number DESC
LIMIT $5

-- name: call_count
-- $1 face, $2 method, $3 prefix of the path, $4 after number; NULL = any
SELECT COUNT(*) FROM call
WHERE face = coalesce($1, face) AND method = coalesce($2, method)
  AND substr(path, 1, length(coalesce($3, ''))) = coalesce($3, '')
  AND number > coalesce($4, 0)

-- name: call_counts
SELECT json_object('face', face, 'method', method, 'path', place, 'count', COUNT(*),
                   'replayed', SUM(replayed))
FROM call
GROUP BY face, method, place
ORDER BY face, place, method

-- name: call_clear
DELETE FROM call

-- name: postback_list
-- $1 how many
SELECT object FROM call_row WHERE verdict IS NOT NULL ORDER BY number DESC LIMIT $1

-- name: postback_count
SELECT COUNT(*) FROM call WHERE verdict IS NOT NULL

-- name: fault_add
-- $1 face, $2 method, $3 path, $4 kind, $5 phase, $6 status, $7 seconds, $8 how many calls
INSERT INTO fault (face, method, path, kind, phase, status, hang_s, remaining)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
RETURNING number

-- name: fault_list
SELECT json_object('id', number, 'face', face, 'method', method, 'path', path, 'kind', kind,
                   'when', phase, 'status', status, 'hang_s', hang_s, 'remaining', remaining)
FROM fault
ORDER BY number

-- name: fault_clear
DELETE FROM fault

-- name: fault_take
-- $1 face, $2 method, $3 path. The oldest fault that hits the call, counted down. The kinds and
-- phases are numbered as in sandbox/fault.h.
UPDATE fault SET remaining = iif(remaining > 0, remaining - 1, remaining)
WHERE number = (SELECT MIN(number) FROM fault
                WHERE face = $1 AND method = $2 AND remaining <> 0
                  AND substr($3, 1, length(path)) = path)
RETURNING CASE kind WHEN 'status' THEN 1 WHEN 'hang' THEN 2 WHEN 'html' THEN 3 ELSE 4 END,
    CASE phase WHEN 'before' THEN 0 WHEN 'during' THEN 1 ELSE 2 END, status, hang_s

-- ---- notifications ----

-- name: delivery_add
-- $1 provider, $2 kind, $3 reference, $4 object, $5 endpoint, $6 url, $7 body, $8 bad signature,
-- $9 state, $10 due, $11 now (both in ms), $12 webhook of PayPal's, $13 alteration
INSERT INTO delivery (provider, kind, reference, object_id, endpoint_id, url, body, bad_signature,
                      state, due_at_ms, created_at_ms, done_at_ms, webhook_id, alteration)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, iif($9 = 'dropped', $11, NULL), $12, $13)
RETURNING number

-- name: delivery_due
-- $1 now in ms. The next one to send, with the secrets that sign it.
SELECT d.number, d.provider, d.url, d.body, d.bad_signature, d.attempts, e.secret, e.old_secret,
    d.webhook_id, d.alteration
FROM delivery d LEFT JOIN stripe_endpoint e ON e.id = d.endpoint_id
WHERE d.state = 'waiting' AND d.due_at_ms <= $1
ORDER BY d.due_at_ms, d.number
LIMIT 1

-- name: delivery_next_due
-- $1 otherwise. When the next one is due, in ms.
SELECT coalesce(MIN(due_at_ms), $1) FROM delivery WHERE state = 'waiting'

-- name: delivery_tried
-- $1 number, $2 status, $3 error, $4 new state, $5 next due, $6 now (ms). What was dropped while it
-- was on its way is not tried again.
UPDATE delivery
SET attempts = attempts + 1, last_status = $2, last_error = $3, due_at_ms = $5,
    state = iif(state = 'dropped' AND $4 = 'waiting', 'dropped', $4),
    done_at_ms = CASE WHEN $4 <> 'waiting' THEN $6 WHEN state = 'dropped' THEN done_at_ms END
WHERE number = $1

-- name: delivery_try_add
-- $1 number, $2 now in ms, $3 status, $4 error
INSERT INTO delivery_try (delivery_number, at_ms, status, error) VALUES ($1, $2, $3, $4)

-- name: delivery_attempts
-- $1 number
SELECT attempts FROM delivery WHERE number = $1

-- name: delivery_untried
-- $1 JSON array of numbers. Those that are due and were not tried yet.
SELECT COUNT(*) FROM delivery
WHERE number IN (SELECT value FROM json_each($1)) AND attempts = 0 AND state = 'waiting'

-- name: delivery_find
-- $1 number
SELECT object FROM delivery_row WHERE number = $1

-- name: delivery_body
-- $1 number
SELECT json_object('body_hex', lower(hex(body))) FROM delivery WHERE number = $1

-- name: delivery_tries
-- $1 number
SELECT json_object('at_ms', at_ms, 'status', status, 'error', error)
FROM delivery_try WHERE delivery_number = $1
ORDER BY number

-- name: delivery_list
-- $1 state, $2 provider, $3 reference, $4 how many; NULL = any. Oldest first.
SELECT object FROM delivery_row
WHERE state = coalesce($1, state) AND provider = coalesce($2, provider)
  AND reference = coalesce($3, reference)
ORDER BY number
LIMIT $4

-- name: delivery_release_object
-- $1 session, $2 due in ms. Unless everything is held.
UPDATE delivery SET state = 'waiting', due_at_ms = $2
WHERE object_id = $1 AND state = 'held'
  AND NOT EXISTS (SELECT 1 FROM setting WHERE name = 'held' AND value = 1)

-- name: delivery_release
-- $1 number, $2 due in ms
UPDATE delivery SET state = 'waiting', due_at_ms = $2 WHERE number = $1 AND state = 'held'

-- name: delivery_held
SELECT json_object('id', number) FROM delivery WHERE state = 'held' ORDER BY number

-- name: delivery_send_now
-- $1 number
UPDATE delivery SET state = 'waiting', due_at_ms = 0, done_at_ms = NULL WHERE number = $1

-- name: delivery_copy
-- $1 number, $2 now in ms
INSERT INTO delivery (provider, kind, reference, object_id, endpoint_id, url, body, bad_signature,
                      state, due_at_ms, created_at_ms, webhook_id, alteration)
SELECT provider, kind, reference, object_id, endpoint_id, url, body, bad_signature,
    iif(EXISTS (SELECT 1 FROM setting WHERE name = 'held' AND value = 1), 'held', 'waiting'),
    $2, $2, webhook_id, alteration
FROM delivery WHERE number = $1
RETURNING number

-- name: delivery_drop
-- $1 number, $2 now in ms
UPDATE delivery SET state = 'dropped', done_at_ms = $2 WHERE number = $1

-- name: delivery_drop_all
-- $1 now in ms
UPDATE delivery SET state = 'dropped', done_at_ms = $1 WHERE state IN ('waiting', 'held')

-- name: delivery_soon
-- $1 due before, in ms
SELECT COUNT(*) FROM delivery WHERE state = 'waiting' AND due_at_ms <= $1

-- name: ledger_list
-- $1 provider, $2 account; NULL = any. Oldest first; a second may hold many of them
SELECT object FROM ledger_row
WHERE provider = coalesce($1, provider) AND account_id = coalesce($2, account_id)
ORDER BY created_at, provider, number
