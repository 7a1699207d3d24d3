-- Stripe's face: what leaves for the bank, what a balance holds, movements of any kind.

-- name: stripe_payout_sum
-- $1 account, $2 livemode, $3 currency, $4 now. What can be paid out.
SELECT coalesce(SUM(amount_cents - fee_cents), 0) FROM stripe_balance
WHERE account_id = $1 AND livemode = $2 AND payout_id IS NULL AND available_at <= $4
  AND currency = $3

-- name: stripe_payout_take
-- $1 account, $2 livemode, $3 currency, $4 now, $5 payout. All of it belongs to the payout.
UPDATE stripe_balance SET payout_id = $5
WHERE account_id = $1 AND livemode = $2 AND payout_id IS NULL AND available_at <= $4
  AND currency = $3

-- name: stripe_payout_add
-- $1 id, $2 account, $3 livemode, $4 amount, $5 currency, $6 automatic, $7 movement of the balance,
-- $8 arrival, $9 when it is paid by itself, or NULL, $10 now
INSERT INTO stripe_payout (id, account_id, livemode, amount_cents, currency, automatic, status,
                           balance_id, arrival_at, due_at, created_at)
VALUES ($1, $2, $3, $4, $5, $6, 'pending', $7, $8, $9, $10)

-- name: stripe_payout_set
-- $1 id, $2 status, $3 movement back, $4 failure code, $5 failure message; NULL leaves
UPDATE stripe_payout
SET status = $2, due_at = NULL, failure_balance_id = coalesce($3, failure_balance_id),
    failure_code = coalesce($4, failure_code), failure_message = coalesce($5, failure_message)
WHERE id = $1

-- name: stripe_payout_due
-- $1 now. Payouts that arrive.
SELECT json_object('id', id) FROM stripe_payout
WHERE due_at IS NOT NULL AND due_at <= $1
LIMIT 100

-- name: stripe_payout_by_id
-- $1 id
SELECT object FROM stripe_payout_row WHERE id = $1

-- name: stripe_payout_find
-- $1 id, $2 account, $3 livemode
SELECT object FROM stripe_payout_row WHERE id = $1 AND account_id = $2 AND livemode = $3

-- name: stripe_payout_number
-- $1 account, $2 livemode, $3 id
SELECT number FROM stripe_payout WHERE account_id = $1 AND livemode = $2 AND id = $3

-- name: stripe_payout_list
-- $1 account, $2 livemode, $3 parameters, $4 before, $5 after, $6 how many
SELECT object FROM stripe_payout_row
WHERE account_id = $1 AND livemode = $2
  AND ($4 IS NULL OR number < $4) AND ($5 IS NULL OR number > $5)
  AND status = coalesce(json_extract($3, '$.status'), status)
  AND (json_type($3, '$.arrival_date') IS NOT 'integer'
       OR arrival_at = json_extract($3, '$.arrival_date'))
  AND arrival_at >= coalesce(json_extract($3, '$.arrival_date.gte'), arrival_at)
  AND arrival_at <= coalesce(json_extract($3, '$.arrival_date.lte'), arrival_at)
  AND (json_type($3, '$.created') IS NOT 'integer' OR created_at = json_extract($3, '$.created'))
  AND created_at >= coalesce(json_extract($3, '$.created.gte'), created_at)
  AND created_at <= coalesce(json_extract($3, '$.created.lte'), created_at)
  AND created_at > coalesce(json_extract($3, '$.created.gt'), created_at - 1)
  AND created_at < coalesce(json_extract($3, '$.created.lt'), created_at + 1)
ORDER BY iif($5 IS NULL, -number, number)
LIMIT $6

-- name: control_payout_list
-- $1 account; NULL = any. Oldest first.
SELECT object FROM stripe_payout_row
WHERE account_id = coalesce($1, account_id)
ORDER BY number

-- ---- balances ----

-- name: stripe_balance_sums
-- $1 account, $2 livemode, $3 now
SELECT json_object('currency', currency,
                   'available', coalesce(SUM(amount_cents - fee_cents)
                                         FILTER (WHERE available_at <= $3), 0),
                   'pending', coalesce(SUM(amount_cents - fee_cents)
                                       FILTER (WHERE available_at > $3), 0))
FROM stripe_balance
WHERE account_id = $1 AND livemode = $2
GROUP BY currency
ORDER BY currency

-- name: stripe_movement_list
-- $1 account, or NULL = any; $2 after number; $3 how many. Oldest first.
SELECT object FROM stripe_movement_row
WHERE number > $2 AND account_id = coalesce($1, account_id)
ORDER BY number
LIMIT $3

-- name: stripe_payment_add_alone
-- $1 id, $2 account, $3 livemode, $4 amount, $5 currency, $6 client secret, $7 metadata,
-- $8 description, $9 payer's name, $10 payer's e-mail, $11 now. A payment of no session.
INSERT INTO stripe_payment (id, account_id, livemode, amount_cents, currency, status,
                            client_secret, metadata, description, payer_name, payer_email,
                            created_at)
VALUES ($1, $2, $3, $4, $5, 'requires_payment_method', $6, $7, $8, $9, $10, $11)

-- name: stripe_charge_set_failure_balance
-- $1 id, $2 movement that took the money back
UPDATE stripe_charge SET failure_balance_id = $2 WHERE id = $1
