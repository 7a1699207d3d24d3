-- PayPal's face. A query that reads yields one JSON object a row (the shapes *_row).

-- name: paypal_business_find
-- $1 id
SELECT object FROM paypal_business_row WHERE id = $1

-- name: paypal_business_named
-- $1 what a button calls it: its id, or any of its addresses, without case
SELECT object FROM paypal_business_row
WHERE id = upper($1) OR id = (SELECT business_id FROM paypal_address WHERE email = lower($1))

-- name: paypal_business_other
-- $1 id. The first one that is another.
SELECT object FROM paypal_business_row WHERE id <> $1 ORDER BY number LIMIT 1

-- name: paypal_business_list
SELECT object FROM paypal_business_row ORDER BY number

-- name: paypal_business_put
-- $1 id, $2 e-mail, $3 name, $4 currency, $5 charset, $6 fee in basis points, $7 fixed fee, $8 now,
-- $9 address for messages or NULL, $10 rate of exchange, $11 is an invoice paid once only
INSERT INTO paypal_business (id, email, name, currency, charset, fee_basis_points,
                             fee_fixed_cents, created_at, notify_url, exchange_millionths,
                             unique_invoices)
VALUES ($1, lower($2), $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (id) DO UPDATE
SET email = excluded.email, name = excluded.name, currency = excluded.currency,
    charset = excluded.charset, fee_basis_points = excluded.fee_basis_points,
    fee_fixed_cents = excluded.fee_fixed_cents, notify_url = excluded.notify_url,
    exchange_millionths = excluded.exchange_millionths, unique_invoices = excluded.unique_invoices

-- name: paypal_address_put
-- $1 e-mail, $2 business
INSERT INTO paypal_address (email, business_id) VALUES (lower($1), $2)
ON CONFLICT (email) DO UPDATE SET business_id = excluded.business_id

-- name: paypal_form_add
-- $1 token, $2 business, $3 fields, $4 amount, $5 currency, $6 now
INSERT INTO paypal_form (token, business_id, fields, amount_cents, currency, created_at, invoice)
VALUES ($1, $2, $3, $4, $5, $6, json_extract($3, '$.invoice'))

-- name: paypal_form_find
-- $1 token
SELECT object FROM paypal_form_row WHERE token = $1

-- name: paypal_form_paid
-- $1 token, $2 payment
UPDATE paypal_form SET txn_id = $2 WHERE token = $1

-- name: paypal_payment_add
-- $1 id, $2 visit, $3 receiver, $4 its address, $5 status, $6 pending reason, $7 gross, $8 fee,
-- $9 currency, $10 charset, $11 wrong charset, $12 payer id, $13 first name, $14 last name,
-- $15 e-mail, $16 receipt, $17 now, $18 completed, $19 settles, $20 way of notifying, $21 delay,
-- $22 type, $23 how it settles
INSERT INTO paypal_payment (txn_id, token, receiver_id, receiver_email, status, pending_reason,
                            gross_cents, fee_cents, currency, charset, wrong_charset, payer_id,
                            first_name, last_name, payer_email, receipt_id, created_at,
                            completed_at, settle_at, notify, late_s, txn_type, settle_status)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
        $21, $22, $23)

-- name: paypal_payment_find
-- $1 id
SELECT object FROM paypal_payment_row WHERE txn_id = $1

-- name: paypal_payment_list
-- $1 how many
SELECT object FROM paypal_payment_row ORDER BY number DESC LIMIT $1

-- name: paypal_payment_settle
-- $1 id, $2 status, $3 completed
UPDATE paypal_payment SET status = $2, completed_at = $3, settle_at = NULL WHERE txn_id = $1

-- name: paypal_payment_due
-- $1 now. Payments that end by themselves.
SELECT json_object('txn_id', txn_id, 'status', settle_status) FROM paypal_payment
WHERE settle_at IS NOT NULL AND settle_at <= $1
LIMIT 100

-- name: paypal_payment_convert
-- $1 id, $2 settled, $3 in which currency, $4 rate
UPDATE paypal_payment SET settled_cents = $2, settled_currency = $3, exchange_millionths = $4
WHERE txn_id = $1

-- name: paypal_movement_add
-- $1 id, $2 business, $3 kind, $4 payment or NULL, $5 parent or NULL, $6 type, $7 gross, $8 fee,
-- $9 currency, $10 now
INSERT INTO paypal_movement (txn_id, business_id, kind, payment_id, parent_id, type, gross_cents,
                             fee_cents, currency, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: paypal_movement_find
-- $1 id
SELECT object FROM paypal_movement_row WHERE txn_id = $1

-- name: paypal_payment_left
-- $1 payment. What is left of it: amount and fee, after all that followed; what was refunded, what
-- was withdrawn and not given back.
SELECT json_object(
    'gross_cents', coalesce(sum(gross_cents), 0), 'fee_cents', coalesce(sum(fee_cents), 0),
    'reversed_cents', coalesce(-sum(gross_cents) FILTER (
        WHERE kind IN ('reversal', 'canceled_reversal')), 0),
    'reversed_fee_cents', coalesce(sum(fee_cents) FILTER (
        WHERE kind IN ('reversal', 'canceled_reversal')), 0),
    'reversal', max(txn_id) FILTER (WHERE kind = 'reversal'))
FROM paypal_movement WHERE payment_id = $1 AND kind <> 'conversion'

-- name: paypal_activity_list
-- $1 business, $2 from, $3 before. The lines of a report, oldest first, each with the balance of its
-- currency after it.
SELECT object FROM (
    SELECT created_at, number, json_set(object, '$.balance_cents', sum(net_cents) OVER (
        PARTITION BY currency ORDER BY created_at, number)) AS object
    FROM paypal_movement_row WHERE business_id = $1)
WHERE created_at >= $2 AND created_at < $3
ORDER BY created_at, number

-- name: paypal_unsettled_list
-- $1 business, $2 from, $3 before. Payments that moved nothing: they wait, or came to nothing.
SELECT object FROM paypal_payment_row
WHERE receiver_id = $1 AND status <> 'Completed' AND created_at >= $2 AND created_at < $3
ORDER BY created_at, number

-- name: paypal_ipn_add
-- $1 payment or NULL, $2 status, $3 body, $4 hash, $5 now
INSERT INTO paypal_ipn (txn_id, status, body, body_hash, created_at) VALUES ($1, $2, $3, $4, $5)
RETURNING number

-- name: paypal_ipn_known
-- $1 hash, $2 body
SELECT COUNT(*) FROM paypal_ipn WHERE body_hash = $1 AND body = $2

-- name: paypal_ipn_list
-- $1 payment; NULL = any
SELECT json_object('id', number, 'txn_id', txn_id, 'status', status,
                   'body_hex', lower(hex(body)), 'created', created_at)
FROM paypal_ipn
WHERE $1 IS NULL OR txn_id = $1
ORDER BY number
