-- Stripe's face. A query that reads yields one JSON object a row (the shapes *_row).

-- ---- accounts and keys ----

-- name: stripe_key_find
-- $1 the key
SELECT json_object('account', account_id, 'kind', kind, 'permissions', json(permissions),
                   'revoked', json(iif(revoked_at IS NULL, 'false', 'true')),
                   'livemode', json(iif(livemode, 'true', 'false')))
FROM stripe_key WHERE key = $1

-- name: stripe_link_exists
-- $1 platform, $2 account
SELECT COUNT(*) FROM stripe_link WHERE platform_id = $1 AND account_id = $2

-- name: stripe_account_find
-- $1 account, $2 who asks: itself, or a platform linked to it
SELECT object FROM stripe_account_row
WHERE id = $1
  AND (id = $2 OR EXISTS (SELECT 1 FROM stripe_link WHERE platform_id = $2 AND account_id = $1))

-- ---- idempotency ----

-- name: idempotency_forget_running
DELETE FROM stripe_idempotency WHERE status IS NULL

-- name: idempotency_forget
-- $1 older than
DELETE FROM stripe_idempotency WHERE created_at < $1

-- name: idempotency_find
-- $1 account, $2 livemode, $3 key
SELECT json_object('fingerprint', fingerprint, 'status', status, 'answer', json(answer),
                   'request_id', request_id)
FROM stripe_idempotency WHERE account_id = $1 AND livemode = $2 AND key = $3

-- name: idempotency_take
-- $1 account, $2 livemode, $3 key, $4 fingerprint, $5 request id, $6 now
INSERT INTO stripe_idempotency (account_id, livemode, key, fingerprint, request_id, created_at)
VALUES ($1, $2, $3, $4, $5, $6)

-- name: idempotency_keep
-- $1 account, $2 livemode, $3 key, $4 status, $5 answer
UPDATE stripe_idempotency SET status = $4, answer = $5
WHERE account_id = $1 AND livemode = $2 AND key = $3

-- name: idempotency_release
-- $1 account, $2 livemode, $3 key
DELETE FROM stripe_idempotency
WHERE account_id = $1 AND livemode = $2 AND key = $3 AND status IS NULL

-- Lists look for their rows by numbers first: an object is made only for a row that is shown.

-- ---- sessions ----

-- name: stripe_session_add
-- $1 id, $2 account, $3 livemode, $4 parameters, $5 method types, $6 url, $7 client secret,
-- $8 amount, $9 currency, $10 now, $11 expires, $12 request, $13 idempotency key
INSERT INTO stripe_session (id, account_id, livemode, parameters, method_types, url,
                            client_secret, amount_cents, currency, status, payment_status,
                            created_at, expires_at, request_id, idempotency_key)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', 'unpaid', $10, $11, $12, $13)

-- name: stripe_session_by_id
-- $1 id
SELECT object FROM stripe_session_row WHERE id = $1

-- name: stripe_session_by_secret
-- $1 client secret, $2 publishable key, $3 account acted for or NULL: the key is of the account and
-- mode, or of a platform linked to it.
SELECT r.object FROM stripe_session s
JOIN stripe_key k ON k.key = $2 AND k.kind = 'publishable' AND k.livemode = s.livemode
JOIN stripe_session_row r ON r.id = s.id
WHERE s.id = substr($1, 1, instr($1, '_secret_') - 1) AND s.client_secret = $1
    AND s.account_id = coalesce($3, k.account_id)
    AND (k.account_id = s.account_id OR EXISTS (SELECT 1 FROM stripe_link l
        WHERE l.platform_id = k.account_id AND l.account_id = s.account_id))

-- name: stripe_session_find
-- $1 id, $2 account, $3 livemode
SELECT object FROM stripe_session_row WHERE id = $1 AND account_id = $2 AND livemode = $3

-- name: stripe_session_number
-- $1 account, $2 livemode, $3 id
SELECT number FROM stripe_session WHERE account_id = $1 AND livemode = $2 AND id = $3

-- name: stripe_session_list
-- $1 account, $2 livemode, $3 parameters, $4 before, $5 after, $6 how many
SELECT object FROM stripe_session_row
WHERE number IN (
    SELECT number FROM stripe_session
    WHERE account_id = $1 AND livemode = $2
      AND ($4 IS NULL OR number < $4) AND ($5 IS NULL OR number > $5)
      AND status = coalesce(json_extract($3, '$.status'), status)
      AND (json_extract($3, '$.payment_intent') IS NULL
           OR payment_id = json_extract($3, '$.payment_intent'))
      AND (json_extract($3, '$.customer_details.email') IS NULL
           OR payer_email = json_extract($3, '$.customer_details.email'))
      AND (json_type($3, '$.created') IS NOT 'integer' OR created_at = json_extract($3, '$.created'))
      AND created_at >= coalesce(json_extract($3, '$.created.gte'), created_at)
      AND created_at <= coalesce(json_extract($3, '$.created.lte'), created_at)
      AND created_at > coalesce(json_extract($3, '$.created.gt'), created_at - 1)
      AND created_at < coalesce(json_extract($3, '$.created.lt'), created_at + 1)
    ORDER BY iif($5 IS NULL, -number, number)
    LIMIT $6)
ORDER BY iif($5 IS NULL, -number, number)

-- name: stripe_session_set_payment
-- $1 session, $2 payment
UPDATE stripe_session SET payment_id = $2 WHERE id = $1

-- name: stripe_session_set_payer
-- $1 session, $2 name, $3 e-mail, $4 way of notifying, $5 delay
UPDATE stripe_session
SET payer_name = coalesce($2, payer_name), payer_email = coalesce($3, payer_email), notify = $4,
    late_s = $5
WHERE id = $1

-- name: stripe_session_set_fee_late
-- $1 session, $2 seconds
UPDATE stripe_session SET fee_late_s = $2 WHERE id = $1

-- name: stripe_session_complete
-- $1 session, $2 payment status, $3 when a debit ends by itself, $4 how
UPDATE stripe_session
SET status = 'complete', payment_status = $2, settle_at = $3, settle_outcome = $4
WHERE id = $1

-- name: stripe_session_settle
-- $1 session, $2 payment status
UPDATE stripe_session SET payment_status = $2, settle_at = NULL WHERE id = $1

-- name: stripe_session_expire
-- $1 session
UPDATE stripe_session SET status = 'expired' WHERE id = $1

-- name: stripe_session_due
-- $1 now. Open sessions whose time is over, and debits that end by themselves.
SELECT json_object('id', id, 'what', 'expire') FROM stripe_session
WHERE status = 'open' AND expires_at <= $1
UNION ALL
SELECT json_object('id', id, 'what', settle_outcome) FROM stripe_session
WHERE settle_at IS NOT NULL AND settle_at <= $1
LIMIT 100

-- ---- payments and charges ----

-- name: stripe_payment_add
-- $1 id, $2 session, $3 client secret, $4 now
INSERT INTO stripe_payment (id, session_id, account_id, livemode, amount_cents, currency, status,
                            client_secret, created_at)
SELECT $1, id, account_id, livemode, amount_cents, currency, 'requires_payment_method', $3, $4
FROM stripe_session WHERE id = $2

-- name: stripe_payment_by_id
-- $1 id
SELECT object FROM stripe_payment_row WHERE id = $1

-- name: stripe_payment_find
-- $1 id, $2 account, $3 livemode
SELECT object FROM stripe_payment_row WHERE id = $1 AND account_id = $2 AND livemode = $3

-- name: stripe_payment_set
-- $1 id, $2 status, $3 charge or NULL, $4 error code, $5 decline code, $6 message
UPDATE stripe_payment
SET status = $2, charge_id = coalesce($3, charge_id), error_code = $4, error_decline_code = $5,
    error_message = $6
WHERE id = $1

-- name: stripe_payment_cancel
-- $1 id, $2 now
UPDATE stripe_payment SET status = 'canceled', canceled_at = $2 WHERE id = $1

-- name: stripe_charge_add
-- $1 id, $2 payment, $3 status, $4 method, $5 method id, $6 brand, $7 country, $8 last four
-- digits, $9 3-D Secure, $10 failure code, $11 decline code, $12 message, $13 now
INSERT INTO stripe_charge (id, payment_id, account_id, livemode, amount_cents, currency, status,
                           method, method_id, brand, country, last4, secure, failure_code,
                           failure_decline_code, failure_message, created_at)
SELECT $1, id, account_id, livemode, amount_cents, currency, $3, $4, $5, $6, $7, $8, $9, $10, $11,
    $12, $13
FROM stripe_payment WHERE id = $2

-- name: stripe_charge_by_id
-- $1 id
SELECT object FROM stripe_charge_row WHERE id = $1

-- name: stripe_charge_find
-- $1 id, $2 account, $3 livemode
SELECT object FROM stripe_charge_row WHERE id = $1 AND account_id = $2 AND livemode = $3

-- name: stripe_payment_number
-- $1 account, $2 livemode, $3 id
SELECT number FROM stripe_payment WHERE account_id = $1 AND livemode = $2 AND id = $3

-- name: stripe_payment_list
-- $1 account, $2 livemode, $3 parameters, $4 before, $5 after, $6 how many
SELECT object FROM stripe_payment_row
WHERE number IN (
    SELECT number FROM stripe_payment
    WHERE account_id = $1 AND livemode = $2
      AND ($4 IS NULL OR number < $4) AND ($5 IS NULL OR number > $5)
      AND (json_type($3, '$.created') IS NOT 'integer' OR created_at = json_extract($3, '$.created'))
      AND created_at >= coalesce(json_extract($3, '$.created.gte'), created_at)
      AND created_at <= coalesce(json_extract($3, '$.created.lte'), created_at)
      AND created_at > coalesce(json_extract($3, '$.created.gt'), created_at - 1)
      AND created_at < coalesce(json_extract($3, '$.created.lt'), created_at + 1)
    ORDER BY iif($5 IS NULL, -number, number)
    LIMIT $6)
ORDER BY iif($5 IS NULL, -number, number)

-- name: stripe_charge_number
-- $1 account, $2 livemode, $3 id
SELECT number FROM stripe_charge WHERE account_id = $1 AND livemode = $2 AND id = $3

-- name: stripe_charge_list
-- $1 account, $2 livemode, $3 parameters, $4 before, $5 after, $6 how many
SELECT object FROM stripe_charge_row
WHERE number IN (
    SELECT number FROM stripe_charge
    WHERE account_id = $1 AND livemode = $2
      AND ($4 IS NULL OR number < $4) AND ($5 IS NULL OR number > $5)
      AND payment_id = coalesce(json_extract($3, '$.payment_intent'), payment_id)
      AND (json_type($3, '$.created') IS NOT 'integer' OR created_at = json_extract($3, '$.created'))
      AND created_at >= coalesce(json_extract($3, '$.created.gte'), created_at)
      AND created_at <= coalesce(json_extract($3, '$.created.lte'), created_at)
      AND created_at > coalesce(json_extract($3, '$.created.gt'), created_at - 1)
      AND created_at < coalesce(json_extract($3, '$.created.lt'), created_at + 1)
    ORDER BY iif($5 IS NULL, -number, number)
    LIMIT $6)
ORDER BY iif($5 IS NULL, -number, number)

-- name: stripe_charge_capture
-- $1 id, $2 now, $3 when its movement of the balance is told, or NULL
UPDATE stripe_charge SET status = 'succeeded', captured_at = $2, balance_due_at = $3 WHERE id = $1

-- name: stripe_charge_fee_late
-- $1 charge. Seconds from its capture to its movement of the balance.
SELECT coalesce(s.fee_late_s, a.fee_late_s)
FROM stripe_charge c
JOIN stripe_account a ON a.id = c.account_id
JOIN stripe_payment p ON p.id = c.payment_id
LEFT JOIN stripe_session s ON s.id = p.session_id
WHERE c.id = $1

-- name: stripe_charge_set_balance
-- $1 id, $2 movement of the balance
UPDATE stripe_charge SET balance_id = $2, balance_due_at = NULL WHERE id = $1

-- name: stripe_charge_balance_due
-- $1 now. Charges whose movement of the balance comes now.
SELECT json_object('id', id) FROM stripe_charge
WHERE balance_due_at IS NOT NULL AND balance_due_at <= $1
LIMIT 100

-- name: stripe_charge_fail
-- $1 id, $2 code, $3 decline code, $4 message
UPDATE stripe_charge
SET status = 'failed', failure_code = $2, failure_decline_code = $3, failure_message = $4
WHERE id = $1

-- ---- balance ----

-- name: stripe_balance_add
-- $1 id, $2 charge, $3 now, $4 available. The fee is rounded half up; another currency is changed
-- first when the account has a rate.
INSERT INTO stripe_balance (id, account_id, livemode, source_id, kind, amount_cents, fee_cents,
                            currency, description, charge_id, created_at, available_at,
                            exchange_millionths, original_cents)
SELECT $1, account_id, livemode, charge_id, kind, settled_cents,
    (settled_cents * fee_basis_points + 5000) / 10000 + fee_fixed_cents, settled_currency,
    description, charge_id, $3, $4, rate, iif(rate IS NULL, NULL, amount_cents)
FROM (
    SELECT c.account_id, c.livemode, c.id AS charge_id, c.amount_cents, x.rate,
        iif(c.method = 'card', 'charge', 'payment') AS kind,
        iif(x.rate IS NULL, c.amount_cents, (c.amount_cents * x.rate + 500000) / 1000000)
            AS settled_cents,
        iif(x.rate IS NULL, c.currency, x.currency) AS settled_currency,
        x.fee_basis_points, x.fee_fixed_cents,
        coalesce(p.description, json_extract(s.parameters, '$.payment_intent_data.description'))
            AS description
    FROM stripe_charge c
    JOIN (SELECT a.id, a.currency, a.fee_basis_points, a.fee_fixed_cents,
              iif(a.currency = k.currency, NULL, a.exchange_millionths) AS rate
          FROM stripe_account a JOIN stripe_charge k ON k.account_id = a.id AND k.id = $2) x
        ON x.id = c.account_id
    JOIN stripe_payment p ON p.id = c.payment_id
    LEFT JOIN stripe_session s ON s.id = p.session_id
    WHERE c.id = $2)

-- name: stripe_balance_put
-- $1 id, $2 account, $3 livemode, $4 source, $5 kind, $6 amount, $7 fee, $8 currency,
-- $9 description, $10 charge, $11 payout, $12 now, $13 available. What belongs to a charge is
-- changed as the charge was.
INSERT INTO stripe_balance (id, account_id, livemode, source_id, kind, amount_cents, fee_cents,
                            currency, description, charge_id, payout_id, created_at, available_at,
                            exchange_millionths, original_cents)
SELECT $1, $2, $3, $4, $5,
    iif(rate IS NULL, $6, ($6 * rate + iif($6 < 0, -500000, 500000)) / 1000000), $7,
    iif(rate IS NULL, $8, currency), $9, $10, $11, $12, $13, rate, iif(rate IS NULL, NULL, $6)
FROM (SELECT currency, iif($10 IS NULL OR currency = $8, NULL, exchange_millionths) AS rate
      FROM stripe_account WHERE id = $2)

-- name: stripe_balance_by_id
-- $1 id
SELECT object FROM stripe_balance_row WHERE id = $1

-- name: stripe_balance_find
-- $1 id, $2 account, $3 livemode
SELECT object FROM stripe_balance_row WHERE id = $1 AND account_id = $2 AND livemode = $3

-- name: stripe_balance_number
-- $1 account, $2 livemode, $3 id
SELECT number FROM stripe_balance WHERE account_id = $1 AND livemode = $2 AND id = $3

-- Newest first by their time; of one second, the last to arrive first. Two statements, one for each
-- way, because only then an index gives the order and a page costs what it shows; of a source or
-- a payout there are few.

-- name: stripe_balance_list
-- $1 account, $2 livemode, $3 parameters, $4 before, $5 not used, $6 how many
SELECT object FROM stripe_balance_row
WHERE account_id = $1 AND livemode = $2 AND $5 IS NULL
  AND (created_at, number) < (
    coalesce((SELECT c.created_at FROM stripe_balance c WHERE c.number = $4), 9223372036854775807),
    coalesce($4, 9223372036854775807))
  AND kind = coalesce(json_extract($3, '$.type'), kind)
  AND currency = coalesce(json_extract($3, '$.currency'), currency)
  AND (json_type($3, '$.created') IS NOT 'integer' OR created_at = json_extract($3, '$.created'))
  AND created_at >= coalesce(json_extract($3, '$.created.gte'), created_at)
  AND created_at <= coalesce(json_extract($3, '$.created.lte'), created_at)
  AND created_at > coalesce(json_extract($3, '$.created.gt'), created_at - 1)
  AND created_at < coalesce(json_extract($3, '$.created.lt'), created_at + 1)
ORDER BY created_at DESC, number DESC
LIMIT $6

-- name: stripe_balance_list_back
-- $1 account, $2 livemode, $3 parameters, $4 not used, $5 after, $6 how many
SELECT object FROM stripe_balance_row
WHERE account_id = $1 AND livemode = $2 AND $4 IS NULL
  AND (created_at, number) > (
    coalesce((SELECT c.created_at FROM stripe_balance c WHERE c.number = $5), -1),
    coalesce($5, -1))
  AND kind = coalesce(json_extract($3, '$.type'), kind)
  AND currency = coalesce(json_extract($3, '$.currency'), currency)
  AND (json_type($3, '$.created') IS NOT 'integer' OR created_at = json_extract($3, '$.created'))
  AND created_at >= coalesce(json_extract($3, '$.created.gte'), created_at)
  AND created_at <= coalesce(json_extract($3, '$.created.lte'), created_at)
  AND created_at > coalesce(json_extract($3, '$.created.gt'), created_at - 1)
  AND created_at < coalesce(json_extract($3, '$.created.lt'), created_at + 1)
ORDER BY created_at, number
LIMIT $6

-- name: stripe_balance_list_source
-- $1 account, $2 livemode, $3 parameters with `source`, $4 before, $5 after, $6 how many
SELECT object FROM stripe_balance_row
WHERE number IN (
    SELECT number FROM stripe_balance
    WHERE source_id = json_extract($3, '$.source') AND account_id = $1 AND livemode = $2
      AND (created_at, number) < (
        coalesce((SELECT c.created_at FROM stripe_balance c WHERE c.number = $4), 9223372036854775807),
        coalesce($4, 9223372036854775807))
      AND (created_at, number) > (
        coalesce((SELECT c.created_at FROM stripe_balance c WHERE c.number = $5), -1),
        coalesce($5, -1))
      AND kind = coalesce(json_extract($3, '$.type'), kind)
      AND currency = coalesce(json_extract($3, '$.currency'), currency)
      AND (json_type($3, '$.created') IS NOT 'integer' OR created_at = json_extract($3, '$.created'))
      AND created_at >= coalesce(json_extract($3, '$.created.gte'), created_at)
      AND created_at <= coalesce(json_extract($3, '$.created.lte'), created_at)
      AND created_at > coalesce(json_extract($3, '$.created.gt'), created_at - 1)
      AND created_at < coalesce(json_extract($3, '$.created.lt'), created_at + 1)
    ORDER BY iif($5 IS NULL, -created_at, created_at), iif($5 IS NULL, -number, number)
    LIMIT $6)
ORDER BY iif($5 IS NULL, -created_at, created_at), iif($5 IS NULL, -number, number)

-- name: stripe_balance_list_payout
-- $1 account, $2 livemode, $3 parameters with `payout`, $4 before, $5 after, $6 how many
SELECT object FROM stripe_balance_row
WHERE number IN (
    SELECT number FROM stripe_balance
    WHERE payout_id = json_extract($3, '$.payout') AND account_id = $1 AND livemode = $2
      AND (created_at, number) < (
        coalesce((SELECT c.created_at FROM stripe_balance c WHERE c.number = $4), 9223372036854775807),
        coalesce($4, 9223372036854775807))
      AND (created_at, number) > (
        coalesce((SELECT c.created_at FROM stripe_balance c WHERE c.number = $5), -1),
        coalesce($5, -1))
      AND kind = coalesce(json_extract($3, '$.type'), kind)
      AND currency = coalesce(json_extract($3, '$.currency'), currency)
      AND (json_type($3, '$.created') IS NOT 'integer' OR created_at = json_extract($3, '$.created'))
      AND created_at >= coalesce(json_extract($3, '$.created.gte'), created_at)
      AND created_at <= coalesce(json_extract($3, '$.created.lte'), created_at)
      AND created_at > coalesce(json_extract($3, '$.created.gt'), created_at - 1)
      AND created_at < coalesce(json_extract($3, '$.created.lt'), created_at + 1)
    ORDER BY iif($5 IS NULL, -created_at, created_at), iif($5 IS NULL, -number, number)
    LIMIT $6)
ORDER BY iif($5 IS NULL, -created_at, created_at), iif($5 IS NULL, -number, number)

-- ---- events ----

-- name: stripe_event_add
-- $1 id, $2 account, $3 livemode, $4 type, $5 session, $6 object id, $7 object, $8 version,
-- $9 request, $10 idempotency key, $11 now, $12 what was before, or NULL
INSERT INTO stripe_event (id, account_id, livemode, type, session_id, object_id, object,
                          api_version, request_id, idempotency_key, created_at, previous)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)

-- name: stripe_event_find
-- $1 id, $2 account, $3 livemode
SELECT object FROM stripe_event_row WHERE id = $1 AND account_id = $2 AND livemode = $3

-- name: stripe_event_number
-- $1 account, $2 livemode, $3 id
SELECT number FROM stripe_event WHERE account_id = $1 AND livemode = $2 AND id = $3

-- name: stripe_event_list
-- $1 account, $2 livemode, $3 parameters with `oldest`, $4 before, $5 after, $6 how many
SELECT object FROM stripe_event_row
WHERE number IN (
    SELECT number FROM stripe_event
    WHERE account_id = $1 AND livemode = $2
      AND ($4 IS NULL OR number < $4) AND ($5 IS NULL OR number > $5)
      AND created_at >= json_extract($3, '$.oldest')
      AND type = coalesce(json_extract($3, '$.type'), type)
      AND (json_extract($3, '$.types') IS NULL
           OR type IN (SELECT value FROM json_each($3, '$.types')))
      AND (json_extract($3, '$.delivery_success') IS NULL
           OR (SELECT COUNT(*) = 0 FROM delivery d
               WHERE d.provider = 'stripe' AND d.reference = stripe_event.id
                 AND d.state <> 'delivered') = json_extract($3, '$.delivery_success'))
      AND (json_type($3, '$.created') IS NOT 'integer' OR created_at = json_extract($3, '$.created'))
      AND created_at >= coalesce(json_extract($3, '$.created.gte'), created_at)
      AND created_at <= coalesce(json_extract($3, '$.created.lte'), created_at)
      AND created_at > coalesce(json_extract($3, '$.created.gt'), created_at - 1)
      AND created_at < coalesce(json_extract($3, '$.created.lt'), created_at + 1)
    ORDER BY iif($5 IS NULL, -number, number)
    LIMIT $6)
ORDER BY iif($5 IS NULL, -number, number)

-- ---- webhook endpoints ----

-- name: stripe_endpoint_add
-- $1 id, $2 account, $3 livemode, $4 connect, $5 url, $6 secret, $7 events, $8 version,
-- $9 description, $10 metadata, $11 now
INSERT INTO stripe_endpoint (id, account_id, livemode, connect, url, secret, events, api_version,
                             status, description, metadata, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'enabled', $9, $10, $11)

-- name: stripe_endpoint_by_id
-- $1 id
SELECT object FROM stripe_endpoint_row WHERE id = $1

-- name: stripe_endpoint_find
-- $1 id, $2 account, $3 livemode
SELECT object FROM stripe_endpoint_row WHERE id = $1 AND account_id = $2 AND livemode = $3

-- name: stripe_endpoint_number
-- $1 account, $2 livemode, $3 id
SELECT number FROM stripe_endpoint WHERE account_id = $1 AND livemode = $2 AND id = $3

-- name: stripe_endpoint_list
-- $1 account, $2 livemode, $3 parameters, $4 before, $5 after, $6 how many
SELECT object FROM stripe_endpoint_row
WHERE account_id = $1 AND livemode = $2 AND $3 IS NOT NULL
  AND ($4 IS NULL OR number < $4) AND ($5 IS NULL OR number > $5)
ORDER BY iif($5 IS NULL, -number, number)
LIMIT $6

-- name: stripe_endpoint_set
-- $1 id, $2 url, $3 events, $4 status, $5 description, $6 metadata, $7 secret; NULL leaves
UPDATE stripe_endpoint
SET url = coalesce($2, url), events = coalesce($3, events), status = coalesce($4, status),
    description = coalesce($5, description), metadata = coalesce($6, metadata),
    secret = coalesce($7, secret)
WHERE id = $1

-- name: stripe_endpoint_rotate
-- $1 id, $2 new secret
UPDATE stripe_endpoint SET old_secret = secret, secret = $2 WHERE id = $1

-- name: stripe_endpoint_rotated
-- $1 id
UPDATE stripe_endpoint SET old_secret = NULL WHERE id = $1

-- name: stripe_endpoint_drop_deliveries
-- $1 id, $2 now in ms
UPDATE delivery SET endpoint_id = NULL,
    state = iif(state IN ('waiting', 'held'), 'dropped', state),
    done_at_ms = coalesce(done_at_ms, $2)
WHERE endpoint_id = $1

-- name: stripe_endpoint_delete
-- $1 id
DELETE FROM stripe_endpoint WHERE id = $1

-- name: stripe_endpoint_listeners
-- $1 account, $2 livemode, $3 type, $4 a platform that alone hears of it, or NULL. The account's
-- own endpoints, and those of the platforms it is linked to; a live platform hears of test
-- objects too.
SELECT json_object('id', e.id, 'url', e.url, 'connect', json(iif(e.connect, 'true', 'false')))
FROM stripe_endpoint e
WHERE e.status = 'enabled'
  AND EXISTS (SELECT 1 FROM json_each(e.events) WHERE value IN ('*', $3))
  AND ((e.connect = 0 AND e.account_id = $1 AND e.livemode = $2 AND $4 IS NULL)
       OR (e.connect = 1 AND e.livemode >= $2 AND e.account_id = coalesce($4, e.account_id)
           AND EXISTS (SELECT 1 FROM stripe_link l
                       WHERE l.platform_id = e.account_id AND l.account_id = $1)))
ORDER BY e.number
