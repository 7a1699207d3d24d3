-- What only the control interface and the home page ask.

-- name: stripe_account_by_id
-- $1 id
SELECT object FROM stripe_account_row WHERE id = $1

-- name: stripe_account_list
SELECT json_set(a.object, '$.endpoints',
                (SELECT json_group_array(json(e.object)) FROM stripe_endpoint_row e
                 WHERE e.account_id = a.id),
                '$.platforms',
                (SELECT json_group_array(l.platform_id) FROM stripe_link l
                 WHERE l.account_id = a.id),
                '$.clients',
                (SELECT json_group_array(p.client_id) FROM stripe_platform p
                 WHERE p.account_id = a.id))
FROM stripe_account_row a
ORDER BY a.number

-- name: stripe_account_put
-- $1 id, $2 name, $3 e-mail, $4 country, $5 currency, $6 fee in basis points, $7 fixed fee,
-- $8 does it take payments, $9 now
INSERT INTO stripe_account (id, name, email, country, currency, fee_basis_points,
                            fee_fixed_cents, charges_enabled, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (id) DO UPDATE
SET charges_enabled = excluded.charges_enabled, name = excluded.name, email = coalesce(excluded.email, email),
    fee_basis_points = excluded.fee_basis_points, fee_fixed_cents = excluded.fee_fixed_cents

-- name: stripe_key_put
-- $1 key, $2 account, $3 kind, $4 livemode, $5 permissions or NULL, $6 now. A key that the account
-- has already stays.
INSERT INTO stripe_key (key, account_id, kind, livemode, permissions, created_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (key) DO UPDATE SET kind = excluded.kind, account_id = excluded.account_id,
    permissions = excluded.permissions

-- name: stripe_key_revoke
-- $1 key, $2 now
UPDATE stripe_key SET revoked_at = coalesce(revoked_at, $2) WHERE key = $1
RETURNING json_object('key', key, 'kind', kind, 'account', account_id, 'revoked', json('true'))

-- name: stripe_link_put
-- $1 platform, $2 account
INSERT INTO stripe_link (platform_id, account_id) VALUES ($1, $2)
ON CONFLICT (platform_id, account_id) DO NOTHING

-- name: control_session_list
-- $1 account, $2 status, $3 how many; NULL = any
SELECT json_object(
    'id', s.id, 'account', s.account_id, 'livemode', json(iif(s.livemode, 'true', 'false')),
    'status', s.status, 'payment_status', s.payment_status, 'amount', s.amount_cents,
    'currency', s.currency, 'payment_intent', s.payment_id,
    'charge', (SELECT p.charge_id FROM stripe_payment p WHERE p.id = s.payment_id),
    'metadata', json(coalesce(json_extract(s.parameters, '$.metadata'), '{}')),
    'client_reference_id', json_extract(s.parameters, '$.client_reference_id'),
    'created', s.created_at, 'expires_at', s.expires_at, 'url', s.url,
    'success_url', json_extract(s.parameters, '$.success_url'),
    'cancel_url', json_extract(s.parameters, '$.cancel_url'),
    'parameters', json(s.parameters), 'idempotency_key', s.idempotency_key)
FROM stripe_session s
WHERE s.account_id = coalesce($1, s.account_id) AND s.status = coalesce($2, s.status)
ORDER BY s.number DESC
LIMIT $3

-- name: control_session_find
-- $1 id
SELECT json_object(
    'id', s.id, 'account', s.account_id, 'livemode', json(iif(s.livemode, 'true', 'false')),
    'status', s.status, 'payment_status', s.payment_status, 'amount', s.amount_cents,
    'currency', s.currency, 'payment_intent', s.payment_id,
    'charge', (SELECT p.charge_id FROM stripe_payment p WHERE p.id = s.payment_id),
    'metadata', json(coalesce(json_extract(s.parameters, '$.metadata'), '{}')),
    'client_reference_id', json_extract(s.parameters, '$.client_reference_id'),
    'created', s.created_at, 'expires_at', s.expires_at, 'url', s.url,
    'success_url', json_extract(s.parameters, '$.success_url'),
    'cancel_url', json_extract(s.parameters, '$.cancel_url'),
    'parameters', json(s.parameters), 'idempotency_key', s.idempotency_key)
FROM stripe_session s
WHERE s.id = $1

-- name: control_event_list
-- $1 session; NULL = any
SELECT json_object('id', id, 'type', type, 'object', object_id, 'session', session_id, 'account', account_id,
                   'livemode', json(iif(livemode, 'true', 'false')), 'created', created_at)
FROM stripe_event
WHERE $1 IS NULL OR session_id = $1
ORDER BY number

-- name: home_sessions
SELECT json_object('id', s.id, 'business', a.name, 'amount', s.amount_cents,
                   'currency', upper(s.currency), 'status', s.status,
                   'payment_status', s.payment_status, 'created', s.created_at,
                   'delivered', (SELECT COUNT(*) FROM delivery d
                                 WHERE d.object_id = s.id AND d.state = 'delivered'),
                   'made', (SELECT COUNT(*) FROM delivery d WHERE d.object_id = s.id))
FROM stripe_session s JOIN stripe_account a ON a.id = s.account_id
ORDER BY s.number DESC
LIMIT 20

-- name: home_visits
SELECT json_object('token', f.token, 'business', b.name, 'amount',
                   coalesce(p.gross_cents, f.amount_cents), 'currency', f.currency,
                   'status', p.status, 'created', f.created_at,
                   'delivered', (SELECT COUNT(*) FROM delivery d
                                 WHERE d.object_id = p.txn_id AND d.state = 'delivered'),
                   'made', (SELECT COUNT(*) FROM delivery d WHERE d.object_id = p.txn_id))
FROM paypal_form f
JOIN paypal_business b ON b.id = f.business_id
LEFT JOIN paypal_payment p ON p.txn_id = f.txn_id
ORDER BY f.number DESC
LIMIT 20

-- name: movement_list
-- $1 provider, $2 account; NULL = any. Every movement of an account's balance, oldest first
SELECT object FROM (
    SELECT object, created_at, number FROM paypal_movement_row
    WHERE coalesce($1, 'paypal') = 'paypal' AND business_id = coalesce($2, business_id)
    UNION ALL
    SELECT object, created_at, number FROM stripe_movement_row
    WHERE coalesce($1, 'stripe') = 'stripe' AND account_id = coalesce($2, account_id))
ORDER BY created_at, number
