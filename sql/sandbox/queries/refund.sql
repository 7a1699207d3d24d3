-- Stripe's face: what is given back.

-- name: stripe_payment_charge
-- $1 payment. The charge of its last try.
SELECT json_object('id', charge_id) FROM stripe_payment WHERE id = $1 AND charge_id IS NOT NULL

-- name: stripe_charge_available
-- $1 charge. When its money can be paid out; NULL while it is not told.
SELECT b.available_at FROM stripe_charge c JOIN stripe_balance b ON b.id = c.balance_id
WHERE c.id = $1

-- name: stripe_charge_open_disputes
-- $1 charge. Disputes that forbid a refund.
SELECT COUNT(*) FROM stripe_dispute
WHERE charge_id = $1 AND status IN ('needs_response', 'under_review', 'lost')

-- name: stripe_charge_add_refunded
-- $1 charge, $2 cents, negative when a refund failed
UPDATE stripe_charge SET refunded_cents = refunded_cents + $2 WHERE id = $1

-- name: stripe_refund_outcome
-- $1 account
SELECT json_object('outcome', refund_outcome) FROM stripe_account WHERE id = $1

-- name: stripe_account_set_options
-- $1 account, $2 seconds until a fee is told, $3 outcome of refunds, $4 rate of exchange; NULL leaves
UPDATE stripe_account
SET fee_late_s = coalesce($2, fee_late_s), refund_outcome = coalesce($3, refund_outcome),
    exchange_millionths = coalesce($4, exchange_millionths)
WHERE id = $1
RETURNING json_object('account', id, 'fee_late_s', fee_late_s, 'refund_outcome', refund_outcome,
                      'exchange_millionths', exchange_millionths)

-- name: stripe_refund_add
-- $1 id, $2 charge, $3 amount, $4 status, $5 reason, $6 why it waits, $7 metadata, $8 movement of
-- the balance or NULL, $9 now
INSERT INTO stripe_refund (id, charge_id, account_id, livemode, amount_cents, currency, status,
                           reason, pending_reason, metadata, balance_id, created_at)
SELECT $1, id, account_id, livemode, $3, currency, $4, $5, $6, $7, $8, $9
FROM stripe_charge WHERE id = $2

-- name: stripe_refund_set
-- $1 id, $2 status, $3 failure reason, $4 movement of the balance, $5 movement back; NULL leaves
UPDATE stripe_refund
SET status = $2, pending_reason = NULL, failure_reason = coalesce($3, failure_reason),
    balance_id = coalesce($4, balance_id), failure_balance_id = coalesce($5, failure_balance_id)
WHERE id = $1

-- name: stripe_refund_by_id
-- $1 id
SELECT object FROM stripe_refund_row WHERE id = $1

-- name: stripe_refund_find
-- $1 id, $2 account, $3 livemode
SELECT object FROM stripe_refund_row WHERE id = $1 AND account_id = $2 AND livemode = $3

-- name: stripe_refund_number
-- $1 account, $2 livemode, $3 id
SELECT number FROM stripe_refund WHERE account_id = $1 AND livemode = $2 AND id = $3

-- name: stripe_refund_list
-- $1 account, $2 livemode, $3 parameters, $4 before, $5 after, $6 how many
SELECT object FROM stripe_refund_row
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

-- name: control_refund_list
-- $1 account, $2 payment; NULL = any. Oldest first.
SELECT object FROM stripe_refund_row
WHERE account_id = coalesce($1, account_id) AND payment_id = coalesce($2, payment_id)
ORDER BY number
