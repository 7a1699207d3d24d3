-- Stripe's face: what a payer takes back through the bank.

-- name: stripe_dispute_add
-- $1 id, $2 charge, $3 amount, $4 reason, $5 status, $6 is it an inquiry, $7 evidence until, or
-- NULL, $8 now
INSERT INTO stripe_dispute (id, charge_id, account_id, livemode, amount_cents, currency, reason,
                            status, inquiry, due_at, created_at)
SELECT $1, id, account_id, livemode, $3, currency, $4, $5, $6, $7, $8
FROM stripe_charge WHERE id = $2

-- name: stripe_charge_set_disputed
-- $1 charge
UPDATE stripe_charge SET disputed = 1 WHERE id = $1

-- name: stripe_dispute_set
-- $1 id, $2 status, $3 more submissions
UPDATE stripe_dispute SET status = $2, submissions = submissions + $3 WHERE id = $1

-- name: stripe_dispute_out
-- $1 dispute. What it has taken and not given back.
SELECT coalesce(-SUM(coalesce(original_cents, amount_cents)), 0) FROM stripe_balance WHERE source_id = $1

-- name: stripe_balance_of_source
-- $1 source. Its movements, oldest first.
SELECT object FROM stripe_balance_row WHERE source_id = $1 ORDER BY number

-- name: stripe_dispute_by_id
-- $1 id
SELECT object FROM stripe_dispute_row WHERE id = $1

-- name: stripe_dispute_find
-- $1 id, $2 account, $3 livemode
SELECT object FROM stripe_dispute_row WHERE id = $1 AND account_id = $2 AND livemode = $3

-- name: stripe_dispute_number
-- $1 account, $2 livemode, $3 id
SELECT number FROM stripe_dispute WHERE account_id = $1 AND livemode = $2 AND id = $3

-- name: stripe_dispute_list
-- $1 account, $2 livemode, $3 parameters, $4 before, $5 after, $6 how many
SELECT object FROM stripe_dispute_row
WHERE account_id = $1 AND livemode = $2
  AND ($4 IS NULL OR number < $4) AND ($5 IS NULL OR number > $5)
  AND charge_id = coalesce(json_extract($3, '$.charge'), charge_id)
  AND payment_id = coalesce(json_extract($3, '$.payment_intent'), payment_id)
  AND (json_type($3, '$.created') IS NOT 'integer' OR created_at = json_extract($3, '$.created'))
  AND created_at >= coalesce(json_extract($3, '$.created.gte'), created_at)
  AND created_at <= coalesce(json_extract($3, '$.created.lte'), created_at)
  AND created_at > coalesce(json_extract($3, '$.created.gt'), created_at - 1)
  AND created_at < coalesce(json_extract($3, '$.created.lt'), created_at + 1)
ORDER BY iif($5 IS NULL, -number, number)
LIMIT $6

-- name: control_dispute_list
-- $1 account, $2 payment; NULL = any. Oldest first.
SELECT object FROM stripe_dispute_row
WHERE account_id = coalesce($1, account_id) AND payment_id = coalesce($2, payment_id)
ORDER BY number
