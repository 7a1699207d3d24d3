-- PayPal's REST face. A query that reads yields one JSON object a row.

-- name: paypal_app_find
-- $1 client id
SELECT object FROM paypal_app_row WHERE client_id = $1

-- name: paypal_app_list
-- $1 business
SELECT object FROM paypal_app_row WHERE business_id = $1 ORDER BY number

-- name: paypal_app_add
-- $1 client id, $2 secret, $3 business, $4 life of tokens, $5 reporting, $6 its delay,
-- $7 any webhook, $8 now
INSERT INTO paypal_app (client_id, secret, business_id, enabled, token_s, reporting,
                        reporting_late_s, any_webhook, created_at)
VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8)

-- name: paypal_app_set
-- $1 client id, $2 secret, $3 enabled, $4 life of tokens, $5 reporting, $6 its delay, $7 any webhook;
-- NULL = as it was
UPDATE paypal_app
SET secret = coalesce($2, secret), enabled = coalesce($3, enabled), token_s = coalesce($4, token_s),
    reporting = coalesce($5, reporting), reporting_late_s = coalesce($6, reporting_late_s),
    any_webhook = coalesce($7, any_webhook)
WHERE client_id = $1

-- name: paypal_token_add
-- $1 token, $2 client id, $3 expires, $4 now
INSERT INTO paypal_token (token, client_id, expires_at, created_at) VALUES ($1, $2, $3, $4)

-- name: paypal_token_find
-- $1 token
SELECT json_object('client_id', client_id, 'expires_at', expires_at,
                   'revoked', json(iif(revoked_at IS NULL, 'false', 'true')))
FROM paypal_token WHERE token = $1

-- name: paypal_token_revoke
-- $1 client id, $2 now. All of them.
UPDATE paypal_token SET revoked_at = coalesce(revoked_at, $2) WHERE client_id = $1

-- name: paypal_order_add
-- $1 id, $2 client id, $3 request, $4 status, $5 now
INSERT INTO paypal_order (id, client_id, request, status, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $5)

-- name: paypal_order_form_add
-- $1 id, $2 business, $3 fields, $4 amount, $5 currency, $6 now
INSERT INTO paypal_form (token, business_id, fields, amount_cents, currency, created_at, kind,
                         invoice)
VALUES ($1, $2, $3, $4, $5, $6, 'order', json_extract($3, '$.invoice'))

-- name: paypal_order_find
-- $1 id
SELECT object FROM paypal_order_row WHERE id = $1

-- name: paypal_order_list
-- $1 how many
SELECT object FROM paypal_order_row ORDER BY number DESC LIMIT $1

-- name: paypal_order_approve
-- $1 id, $2 outcome, $3 reason, $4 payer, $5 first name, $6 last name, $7 e-mail, $8 way of its
-- messages, $9 of its events, $10 delay, $11 settles after, $12 how, $13 now
UPDATE paypal_order
SET status = 'APPROVED', outcome = $2, reason = $3, payer_id = $4, first_name = $5, last_name = $6,
    payer_email = $7, ipn = $8, webhook = $9, late_s = $10, settle_s = $11, settle_status = $12,
    updated_at = $13
WHERE id = $1

-- name: paypal_order_complete
-- $1 id, $2 now
UPDATE paypal_order SET status = 'COMPLETED', updated_at = $2 WHERE id = $1

-- name: paypal_capture_state
-- $1 payment. What was refunded and withdrawn of it, why it waits as the REST face says it, and who
-- captured it.
SELECT json_object(
    'refunded_cents', coalesce((SELECT -SUM(m.gross_cents) FROM paypal_movement m
                                WHERE m.payment_id = $1 AND m.kind = 'refund'), 0),
    'reversed_cents', coalesce((SELECT -SUM(m.gross_cents) FROM paypal_movement m
                                WHERE m.payment_id = $1
                                  AND m.kind IN ('reversal', 'canceled_reversal')), 0),
    'reason', o.reason, 'client_id', o.client_id, 'updated', o.updated_at)
FROM paypal_payment p LEFT JOIN paypal_order o ON o.id = p.token
WHERE p.txn_id = $1

-- name: paypal_invoice_paid
-- $1 business, $2 invoice. Payments of it that have not failed.
SELECT COUNT(*) FROM paypal_form f JOIN paypal_payment p ON p.token = f.token
WHERE f.business_id = $1 AND f.invoice = $2
  AND p.status IN ('Completed', 'Pending')

-- name: paypal_request_find
-- $1 client id, $2 kind, $3 id
SELECT json_object('fingerprint', fingerprint, 'object', object_id, 'status', status,
                   'answer', answer)
FROM paypal_request WHERE client_id = $1 AND kind = $2 AND key = $3

-- name: paypal_request_keep
-- $1 client id, $2 kind, $3 id, $4 fingerprint, $5 object, $6 status, $7 answer, $8 now, $9 forget
INSERT INTO paypal_request (client_id, kind, key, fingerprint, object_id, status, answer,
                            created_at, forget_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)

-- name: paypal_request_forget
-- $1 now
DELETE FROM paypal_request WHERE forget_at <= $1

-- name: paypal_issue_add
-- $1 method, $2 path, $3 its end, $4 status, $5 name, $6 issue, $7 description, $8 Retry-After,
-- $9 how many calls
INSERT INTO paypal_issue (method, path, suffix, status, name, issue, description, retry_after_s,
                          remaining)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
RETURNING number

-- name: paypal_issue_list
SELECT object FROM paypal_issue_row ORDER BY number

-- name: paypal_issue_clear
DELETE FROM paypal_issue

-- name: paypal_issue_take
-- $1 method, $2 path. The oldest one that hits the call, counted down.
UPDATE paypal_issue SET remaining = iif(remaining > 0, remaining - 1, remaining)
WHERE number = (SELECT MIN(number) FROM paypal_issue
                WHERE method = $1 AND remaining <> 0 AND substr($2, 1, length(path)) = path
                  AND (suffix = '' OR substr($2, -length(suffix)) = suffix))
RETURNING json_object('status', status, 'name', name, 'issue', issue, 'description', description,
                      'retry_after_s', retry_after_s)

-- name: paypal_webhook_add
-- $1 id, $2 client id, $3 url, $4 event types, $5 now
INSERT INTO paypal_webhook (id, client_id, url, event_types, created_at)
VALUES ($1, $2, $3, $4, $5)

-- name: paypal_webhook_find
-- $1 id, $2 client id
SELECT object FROM paypal_webhook_row WHERE id = $1 AND client_id = $2

-- name: paypal_webhook_by_id
-- $1 id
SELECT object FROM paypal_webhook_row WHERE id = $1

-- name: paypal_webhook_list
-- $1 client id
SELECT object FROM paypal_webhook_row WHERE client_id = $1 ORDER BY number

-- name: paypal_webhook_listeners
-- $1 client id, $2 type
SELECT object FROM paypal_webhook_row
WHERE client_id = $1
  AND EXISTS (SELECT 1 FROM json_each(event_types) WHERE value = '*' OR value = $2)
ORDER BY number

-- name: paypal_webhook_set
-- $1 id, $2 url, $3 event types; NULL = as it was
UPDATE paypal_webhook SET url = coalesce($2, url), event_types = coalesce($3, event_types)
WHERE id = $1

-- name: paypal_webhook_delete
-- $1 id
DELETE FROM paypal_webhook WHERE id = $1

-- name: paypal_webhook_drop_deliveries
-- $1 id, $2 now in ms
UPDATE delivery SET state = 'dropped', done_at_ms = $2
WHERE webhook_id = $1 AND state IN ('waiting', 'held')

-- name: paypal_certificate_put
-- $1 name, $2 id, $3 PEM, $4 private key, $5 expires
INSERT INTO paypal_certificate (name, id, pem, private_key, expires_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (name) DO UPDATE SET id = excluded.id, pem = excluded.pem,
    private_key = excluded.private_key, expires_at = excluded.expires_at

-- name: paypal_certificate_named
-- $1 name
SELECT json_object('id', id, 'pem', pem, 'private_key', private_key, 'expires_at', expires_at)
FROM paypal_certificate WHERE name = $1

-- name: paypal_certificate_by_id
-- $1 id
SELECT json_object('pem', pem) FROM paypal_certificate WHERE id = $1

-- name: paypal_order_void
-- $1 id, $2 now
UPDATE paypal_order SET status = 'VOIDED', updated_at = $2 WHERE id = $1

-- name: paypal_business_refunds
-- $1 id, $2 outcome of the next refunds
UPDATE paypal_business SET refund_outcome = $2 WHERE id = $1

-- name: paypal_refund_add
-- $1 id, $2 payment, $3 kind, $4 status, $5 amount, $6 fee given back, $7 currency, $8 total with
-- it, $9 invoice, $10 custom, $11 note, $12 now
INSERT INTO paypal_refund (id, payment_id, kind, status, amount_cents, fee_cents, currency,
                           total_cents, invoice, custom, note, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)

-- name: paypal_refund_end
-- $1 id, $2 status, $3 fee given back, $4 total with it, $5 now
UPDATE paypal_refund SET status = $2, fee_cents = $3, total_cents = $4, updated_at = $5
WHERE id = $1

-- name: paypal_refund_find
-- $1 id
SELECT object FROM paypal_refund_row WHERE id = $1

-- name: paypal_refund_of
-- $1 payment
SELECT object FROM paypal_refund_row WHERE payment_id = $1 ORDER BY number

-- name: paypal_refund_waiting
-- $1 payment. What is asked and not given back yet.
SELECT coalesce(SUM(amount_cents), 0) FROM paypal_refund
WHERE payment_id = $1 AND status = 'PENDING'

-- name: paypal_dispute_put
-- $1 id, $2 payment, $3 reason, $4 stage, $5 status, $6 outcome, $7 now
INSERT INTO paypal_dispute (id, payment_id, reason, stage, status, outcome, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
ON CONFLICT (id) DO UPDATE SET stage = excluded.stage, status = excluded.status,
    outcome = excluded.outcome, updated_at = excluded.updated_at

-- name: paypal_dispute_find
-- $1 id
SELECT json_object('id', id, 'payment', payment_id, 'reason', reason, 'stage', stage,
                   'status', status, 'outcome', outcome, 'created', created_at,
                   'updated', updated_at)
FROM paypal_dispute WHERE id = $1

-- name: paypal_balance_list
-- $1 business, $2 until (included). Its balance in each currency that ever moved.
SELECT json_object('currency', currency, 'balance_cents', SUM(gross_cents - fee_cents))
FROM paypal_movement WHERE business_id = $1 AND created_at <= $2
GROUP BY currency ORDER BY currency
