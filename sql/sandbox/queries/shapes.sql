-- Rows as JSON objects, in the names that the answers use. Each shape has the columns that its
-- queries search by, and `object`.

-- shape: stripe_session_row
SELECT s.number, s.id, s.account_id, s.livemode, s.status, s.payment_id, s.payer_email,
    s.created_at, json_object(
        'id', s.id, 'account', s.account_id, 'account_name', a.name,
        'livemode', json(iif(s.livemode, 'true', 'false')), 'amount', s.amount_cents,
        'currency', s.currency, 'status', s.status, 'payment_status', s.payment_status,
        'payment_id', s.payment_id, 'payer_name', s.payer_name, 'payer_email', s.payer_email,
        'notify', s.notify, 'late_s', s.late_s, 'created', s.created_at,
        'expires_at', s.expires_at, 'parameters', json(s.parameters),
        'payment_method_types', json(s.method_types),
        'metadata', json(coalesce(json_extract(s.parameters, '$.metadata'), '{}')),
        'client_reference_id', json_extract(s.parameters, '$.client_reference_id'),
        'success_url', json_extract(s.parameters, '$.success_url'),
        'cancel_url', json_extract(s.parameters, '$.cancel_url'),
        'mode', json_extract(s.parameters, '$.mode'),
        'ui_mode', coalesce(json_extract(s.parameters, '$.ui_mode'), 'hosted_page'),
        'url', iif(s.status = 'open', s.url, NULL),
        'client_secret', s.client_secret) AS object
FROM stripe_session s JOIN stripe_account a ON a.id = s.account_id

-- shape: stripe_payment_row
SELECT p.number, p.id, p.account_id, p.livemode, p.created_at, json_object(
        'id', p.id, 'session', p.session_id, 'livemode', json(iif(p.livemode, 'true', 'false')),
        'amount', p.amount_cents, 'currency', p.currency, 'status', p.status,
        'client_secret', p.client_secret, 'charge_id', p.charge_id,
        'payment_method', (SELECT c.method_id FROM stripe_charge c
                           WHERE c.id = p.charge_id AND c.status <> 'failed'),
        'error_code', p.error_code, 'error_decline_code', p.error_decline_code,
        'error_message', p.error_message, 'created', p.created_at, 'canceled_at', p.canceled_at,
        'payment_method_types', json(coalesce(s.method_types, '["card","sepa_debit"]')),
        'metadata', json(coalesce(p.metadata,
            json_extract(s.parameters, '$.payment_intent_data.metadata'), '{}')),
        'description', coalesce(p.description,
            json_extract(s.parameters, '$.payment_intent_data.description')),
        'receipt_email', json_extract(s.parameters, '$.payment_intent_data.receipt_email'),
        'capture_method', coalesce(
            json_extract(s.parameters, '$.payment_intent_data.capture_method'),
            'automatic_async'),
        'statement_descriptor',
            json_extract(s.parameters, '$.payment_intent_data.statement_descriptor'),
        'statement_descriptor_suffix',
            json_extract(s.parameters, '$.payment_intent_data.statement_descriptor_suffix')
    ) AS object
FROM stripe_payment p LEFT JOIN stripe_session s ON s.id = p.session_id

-- shape: stripe_charge_row
SELECT c.number, c.id, c.account_id, c.livemode, c.payment_id, c.created_at, json_object(
        'id', c.id, 'payment_intent', c.payment_id, 'account_name', a.name,
        'account', c.account_id, 'session', p.session_id, 'notify', coalesce(s.notify, 'normal'),
        'late_s', coalesce(s.late_s, 0), 'refunded_cents', c.refunded_cents,
        'disputed', json(iif(c.disputed, 'true', 'false')), 'captured_at', c.captured_at,
        'failure_balance_id', c.failure_balance_id,
        'livemode', json(iif(c.livemode, 'true', 'false')), 'amount', c.amount_cents,
        'currency', c.currency, 'status', c.status, 'method', c.method,
        'payment_method', c.method_id, 'brand', c.brand, 'country', c.country, 'last4', c.last4,
        'exp_year', CAST(strftime('%Y', c.created_at, 'unixepoch') AS INTEGER) + 4,
        'secure', json(iif(c.secure, 'true', 'false')), 'failure_code', c.failure_code,
        'failure_decline_code', c.failure_decline_code, 'failure_message', c.failure_message,
        'balance_id', c.balance_id, 'created', c.created_at,
        'payer_name', coalesce(p.payer_name, s.payer_name),
        'payer_email', coalesce(p.payer_email, s.payer_email),
        'metadata', json(coalesce(p.metadata,
            json_extract(s.parameters, '$.payment_intent_data.metadata'), '{}')),
        'description', coalesce(p.description,
            json_extract(s.parameters, '$.payment_intent_data.description')),
        'receipt_email', json_extract(s.parameters, '$.payment_intent_data.receipt_email'),
        'statement_descriptor',
            json_extract(s.parameters, '$.payment_intent_data.statement_descriptor'),
        'statement_descriptor_suffix',
            json_extract(s.parameters, '$.payment_intent_data.statement_descriptor_suffix')
    ) AS object
FROM stripe_charge c
JOIN stripe_payment p ON p.id = c.payment_id
LEFT JOIN stripe_session s ON s.id = p.session_id
JOIN stripe_account a ON a.id = c.account_id

-- Pending until its day by the sandbox's clock.
-- shape: stripe_balance_row
SELECT b.number, b.id, b.account_id, b.livemode, b.source_id, b.kind, b.currency, b.payout_id,
    b.created_at, json_object(
        'id', b.id, 'amount', b.amount_cents, 'fee', b.fee_cents,
        'net', b.amount_cents - b.fee_cents, 'currency', b.currency,
        'description', b.description, 'created', b.created_at, 'available_on', b.available_at,
        'source', b.source_id, 'type', b.kind, 'exchange_rate', b.exchange_millionths / 1000000.0,
        'status', iif(
            b.available_at <= CAST(strftime('%s', 'now') AS INTEGER) + coalesce(
                (SELECT value FROM setting WHERE name = 'clock_offset_s'), 0),
            'available', 'pending')) AS object
FROM stripe_balance b

-- shape: stripe_refund_row
SELECT r.number, r.id, r.account_id, r.livemode, r.charge_id, c.payment_id, r.created_at,
    json_object(
        'id', r.id, 'amount', r.amount_cents, 'balance_id', r.balance_id, 'charge', r.charge_id,
        'payment_intent', c.payment_id, 'method', c.method, 'created', r.created_at,
        'currency', r.currency, 'account', r.account_id,
        'livemode', json(iif(r.livemode, 'true', 'false')),
        'failure_balance_id', r.failure_balance_id, 'failure_reason', r.failure_reason,
        'metadata', json(r.metadata), 'pending_reason', r.pending_reason, 'reason', r.reason,
        'status', r.status) AS object
FROM stripe_refund r JOIN stripe_charge c ON c.id = r.charge_id

-- shape: stripe_payout_row
SELECT p.number, p.id, p.account_id, p.livemode, p.status, p.arrival_at, p.created_at,
    json_object(
        'id', p.id, 'account', p.account_id, 'livemode', json(iif(p.livemode, 'true', 'false')),
        'amount', p.amount_cents, 'currency', p.currency,
        'automatic', json(iif(p.automatic, 'true', 'false')), 'status', p.status,
        'balance_id', p.balance_id, 'failure_balance_id', p.failure_balance_id,
        'failure_code', p.failure_code, 'failure_message', p.failure_message,
        'arrival_date', p.arrival_at, 'created', p.created_at) AS object
FROM stripe_payout p

-- shape: stripe_dispute_row
SELECT d.number, d.id, d.account_id, d.livemode, d.charge_id, c.payment_id, d.created_at,
    json_object(
        'id', d.id, 'account', d.account_id, 'livemode', json(iif(d.livemode, 'true', 'false')),
        'charge', d.charge_id, 'payment_intent', c.payment_id, 'method', c.method,
        'brand', c.brand, 'amount', d.amount_cents, 'currency', d.currency, 'reason', d.reason,
        'status', d.status, 'inquiry', json(iif(d.inquiry, 'true', 'false')),
        'submissions', d.submissions, 'due_by', d.due_at, 'created', d.created_at) AS object
FROM stripe_dispute d JOIN stripe_charge c ON c.id = d.charge_id

-- A movement of a balance with the payment whose story it belongs to.
-- shape: stripe_movement_row
SELECT b.number, b.account_id, b.created_at, json_object(
        'provider', 'stripe', 'number', b.number, 'account', b.account_id,
        'livemode', json(iif(b.livemode, 'true', 'false')), 'reference', b.id, 'kind', b.kind,
        'source', b.source_id, 'payment', c.payment_id, 'charge', b.charge_id,
        'session', p.session_id, 'payout', b.payout_id, 'gross_cents', b.amount_cents,
        'fee_cents', b.fee_cents, 'net_cents', b.amount_cents - b.fee_cents,
        'currency', upper(b.currency), 'created', b.created_at, 'available_on', b.available_at,
        'description', b.description, 'original_cents', b.original_cents,
        'original_currency', iif(b.original_cents IS NULL, NULL, upper(c.currency)),
        'metadata', json(coalesce(p.metadata,
            json_extract(s.parameters, '$.payment_intent_data.metadata'), '{}')),
        'client_reference_id', json_extract(s.parameters, '$.client_reference_id'),
        'refund_metadata', json(r.metadata)) AS object
FROM stripe_balance b
LEFT JOIN stripe_charge c ON c.id = b.charge_id
LEFT JOIN stripe_payment p ON p.id = c.payment_id
LEFT JOIN stripe_session s ON s.id = p.session_id
LEFT JOIN stripe_refund r ON r.id = b.source_id

-- shape: stripe_event_row
SELECT e.number, e.id, e.account_id, e.livemode, e.type, e.session_id, e.created_at, json_object(
        'id', e.id, 'livemode', json(iif(e.livemode, 'true', 'false')), 'type', e.type,
        'api_version', e.api_version, 'created', e.created_at, 'object', json(e.object),
        'request_id', e.request_id, 'idempotency_key', e.idempotency_key,
        'previous', json(e.previous),
        'pending_webhooks', (SELECT COUNT(*) FROM delivery d
                             WHERE d.provider = 'stripe' AND d.reference = e.id
                               AND d.state IN ('waiting', 'held'))) AS object
FROM stripe_event e

-- shape: stripe_endpoint_row
SELECT p.number, p.id, p.account_id, p.livemode, json_object(
        'id', p.id, 'account', p.account_id, 'livemode', json(iif(p.livemode, 'true', 'false')),
        'connect', json(iif(p.connect, 'true', 'false')), 'url', p.url, 'secret', p.secret,
        'old_secret', p.old_secret, 'events', json(p.events), 'api_version', p.api_version,
        'status', p.status, 'description', p.description, 'metadata', json(p.metadata),
        'created', p.created_at) AS object
FROM stripe_endpoint p

-- shape: stripe_account_row
SELECT a.number, a.id, json_object(
        'id', a.id, 'name', a.name, 'email', a.email, 'country', a.country,
        'currency', a.currency, 'fee_basis_points', a.fee_basis_points,
        'fee_fixed_cents', a.fee_fixed_cents, 'created', a.created_at,
        'charges_enabled', json(iif(a.charges_enabled, 'true', 'false')),
        'keys', (SELECT json_group_array(json_object(
                     'key', k.key, 'kind', k.kind, 'permissions', json(k.permissions),
                     'revoked', json(iif(k.revoked_at IS NULL, 'false', 'true')),
                     'livemode', json(iif(k.livemode, 'true', 'false'))))
                 FROM stripe_key k WHERE k.account_id = a.id)) AS object
FROM stripe_account a

-- shape: paypal_business_row
SELECT b.number, b.id, json_object(
        'id', b.id, 'email', b.email, 'name', b.name, 'currency', b.currency,
        'charset', b.charset, 'fee_basis_points', b.fee_basis_points,
        'fee_fixed_cents', b.fee_fixed_cents, 'created', b.created_at,
        'notify_url', b.notify_url, 'exchange_millionths', b.exchange_millionths,
        'refund_outcome', b.refund_outcome,
        'unique_invoices', json(iif(b.unique_invoices, 'true', 'false')),
        'aliases', (SELECT json_group_array(x.email) FROM paypal_address x
                    WHERE x.business_id = b.id AND x.email <> b.email)) AS object
FROM paypal_business b

-- shape: paypal_form_row
SELECT f.number, f.token, json_object(
        'token', f.token, 'business', f.business_id, 'business_name', b.name,
        'business_email', b.email, 'business_charset', b.charset, 'fields', json(f.fields),
        'amount', f.amount_cents, 'currency', f.currency, 'txn_id', f.txn_id,
        'kind', f.kind, 'created', f.created_at) AS object
FROM paypal_form f JOIN paypal_business b ON b.id = f.business_id

-- shape: paypal_app_row
SELECT a.number, a.client_id, a.business_id, json_object(
        'client_id', a.client_id, 'secret', a.secret, 'business', a.business_id,
        'enabled', json(iif(a.enabled, 'true', 'false')), 'token_s', a.token_s,
        'reporting', json(iif(a.reporting, 'true', 'false')),
        'reporting_late_s', a.reporting_late_s,
        'any_webhook', json(iif(a.any_webhook, 'true', 'false')), 'created', a.created_at) AS object
FROM paypal_app a

-- shape: paypal_order_row
SELECT o.number, o.id, o.client_id, json_object(
        'id', o.id, 'client_id', o.client_id, 'business', f.business_id, 'business_name', b.name,
        'business_email', b.email, 'request', json(o.request), 'status', o.status,
        'outcome', o.outcome, 'reason', o.reason, 'payer_id', o.payer_id,
        'first_name', o.first_name, 'last_name', o.last_name, 'payer_email', o.payer_email,
        'ipn', o.ipn, 'webhook', o.webhook, 'late_s', o.late_s, 'settle_s', o.settle_s,
        'settle_status', o.settle_status, 'amount', f.amount_cents, 'currency', f.currency,
        'fields', json(f.fields), 'txn_id', f.txn_id, 'created', o.created_at,
        'updated', o.updated_at) AS object
FROM paypal_order o
JOIN paypal_form f ON f.token = o.id
JOIN paypal_business b ON b.id = f.business_id

-- shape: paypal_refund_row
SELECT r.number, r.id, r.payment_id, json_object(
        'id', r.id, 'payment', r.payment_id, 'kind', r.kind, 'status', r.status,
        'amount_cents', r.amount_cents, 'fee_cents', r.fee_cents, 'currency', r.currency,
        'total_cents', r.total_cents, 'invoice', r.invoice, 'custom', r.custom, 'note', r.note,
        'created', r.created_at, 'updated', r.updated_at) AS object
FROM paypal_refund r

-- shape: paypal_webhook_row
SELECT w.number, w.id, w.client_id, w.event_types, json_object(
        'id', w.id, 'client_id', w.client_id, 'url', w.url, 'event_types', json(w.event_types),
        'created', w.created_at) AS object
FROM paypal_webhook w

-- shape: paypal_issue_row
SELECT i.number, json_object(
        'id', i.number, 'method', i.method, 'path', i.path, 'suffix', i.suffix,
        'status', i.status, 'name', i.name, 'issue', i.issue, 'description', i.description,
        'retry_after_s', i.retry_after_s, 'remaining', i.remaining) AS object
FROM paypal_issue i

-- shape: paypal_payment_row
SELECT p.number, p.txn_id, p.token, p.status, p.receiver_id, p.created_at, json_object(
        'txn_id', p.txn_id, 'token', p.token, 'business', f.business_id,
        'receiver', p.receiver_id, 'receiver_email', p.receiver_email, 'status', p.status,
        'pending_reason', p.pending_reason, 'gross_cents', p.gross_cents,
        'fee_cents', p.fee_cents, 'currency', p.currency, 'charset', p.charset,
        'wrong_charset', json(iif(p.wrong_charset, 'true', 'false')), 'payer_id', p.payer_id,
        'first_name', p.first_name, 'last_name', p.last_name, 'payer_email', p.payer_email,
        'receipt_id', p.receipt_id, 'created', p.created_at, 'completed_at', p.completed_at,
        'notify', p.notify, 'late_s', p.late_s, 'begun_by', f.kind, 'fields', json(f.fields),
        'txn_type', p.txn_type, 'settled_cents', p.settled_cents,
        'settled_currency', p.settled_currency, 'exchange_millionths', p.exchange_millionths,
        'invoice', json_extract(f.fields, '$.invoice'),
        'custom', json_extract(f.fields, '$.custom')) AS object
FROM paypal_payment p JOIN paypal_form f ON f.token = p.token

-- shape: paypal_movement_row
SELECT m.number, m.txn_id, m.business_id, m.payment_id, m.kind, m.currency, m.created_at,
    m.gross_cents - m.fee_cents AS net_cents, json_object(
        'provider', 'paypal', 'account', m.business_id, 'livemode', json('false'),
        'reference', m.txn_id, 'kind', m.kind, 'type', m.type, 'payment', m.payment_id,
        'parent', m.parent_id, 'gross_cents', m.gross_cents, 'fee_cents', m.fee_cents,
        'net_cents', m.gross_cents - m.fee_cents, 'currency', m.currency,
        'created', m.created_at, 'invoice', json_extract(f.fields, '$.invoice'),
        'custom', json_extract(f.fields, '$.custom'), 'txn_type', p.txn_type,
        'first_name', p.first_name, 'last_name', p.last_name, 'payer_email', p.payer_email,
        'receiver_email', p.receiver_email, 'item_name', json_extract(f.fields, '$.item_name'),
        'notifications', (SELECT json_object(
                'made', COUNT(*),
                'delivered', COUNT(*) FILTER (WHERE d.state = 'delivered'),
                'dropped', COUNT(*) FILTER (WHERE d.state IN ('dropped', 'exhausted')),
                'waiting', COUNT(*) FILTER (WHERE d.state IN ('waiting', 'held')))
            FROM delivery d WHERE d.object_id = m.txn_id)) AS object
FROM paypal_movement m
LEFT JOIN paypal_payment p ON p.txn_id = m.payment_id
LEFT JOIN paypal_form f ON f.token = p.token

-- shape: delivery_row
SELECT d.number, d.provider, d.state, d.reference, d.object_id, json_object(
        'id', d.number, 'provider', d.provider, 'kind', d.kind, 'reference', d.reference,
        'object', d.object_id, 'endpoint', d.endpoint_id, 'url', d.url, 'state', d.state,
        'attempts', d.attempts, 'last_status', d.last_status, 'last_error', d.last_error,
        'due_at_ms', d.due_at_ms, 'created_at_ms', d.created_at_ms,
        'done_at_ms', d.done_at_ms, 'webhook', d.webhook_id, 'alteration', d.alteration,
        'bad_signature', json(iif(d.bad_signature, 'true', 'false'))) AS object
FROM delivery d

-- shape: call_row
SELECT c.number, c.face, c.method, c.path, c.verdict, json_object(
        'id', c.number, 'face', c.face, 'method', c.method, 'path', c.path, 'query', c.query,
        'status', c.status, 'idempotency_key', c.idempotency_key, 'account', c.account,
        'replayed', json(iif(c.replayed, 'true', 'false')), 'verdict', c.verdict,
        'user_agent', c.user_agent, 'body_hex', lower(hex(c.body)), 'at_ms', c.at_ms) AS object
FROM call c

-- Every movement of money, of both faces: what the books of whoever practises must hold. One
-- row a payment that was tried with money; `paid` when the money is there.
-- shape: ledger_row
SELECT 'stripe' AS provider, p.account_id AS account_id, p.created_at, c.number,
    json_object(
        'provider', 'stripe', 'account', p.account_id,
        'livemode', json(iif(p.livemode, 'true', 'false')), 'reference', p.id,
        'charge', c.id, 'session', p.session_id, 'amount_cents', c.amount_cents,
        'fee_cents', b.fee_cents, 'currency', upper(c.currency), 'status', c.status,
        'paid', json(iif(c.status = 'succeeded', 'true', 'false')),
        'metadata', json(coalesce(p.metadata, json_extract(s.parameters, '$.metadata'), '{}')),
        'client_reference_id', json_extract(s.parameters, '$.client_reference_id'),
        'invoice', NULL, 'custom', NULL, 'created', c.created_at, 'captured_at', c.captured_at,
        'notifications', (SELECT json_object(
                'made', COUNT(*),
                'delivered', COUNT(*) FILTER (WHERE d.state = 'delivered'),
                'dropped', COUNT(*) FILTER (WHERE d.state IN ('dropped', 'exhausted')),
                'waiting', COUNT(*) FILTER (WHERE d.state IN ('waiting', 'held')))
            FROM delivery d WHERE d.object_id = coalesce(p.session_id, p.id))) AS object
FROM stripe_payment p
LEFT JOIN stripe_session s ON s.id = p.session_id
JOIN stripe_charge c ON c.id = p.charge_id
LEFT JOIN stripe_balance b ON b.id = c.balance_id
UNION ALL
SELECT 'paypal', p.receiver_id, p.created_at, p.number,
    json_object(
        'provider', 'paypal', 'account', p.receiver_id, 'livemode', json('false'),
        'reference', p.txn_id, 'charge', NULL, 'session', p.token,
        'amount_cents', p.gross_cents, 'fee_cents', p.fee_cents, 'currency', p.currency,
        'status', p.status, 'paid', json(iif(p.status = 'Completed', 'true', 'false')),
        'metadata', json('{}'), 'client_reference_id', NULL,
        'invoice', json_extract(f.fields, '$.invoice'),
        'custom', json_extract(f.fields, '$.custom'),
        'created', p.created_at, 'captured_at', p.completed_at,
        'notifications', (SELECT json_object(
                'made', COUNT(*),
                'delivered', COUNT(*) FILTER (WHERE d.state = 'delivered'),
                'dropped', COUNT(*) FILTER (WHERE d.state IN ('dropped', 'exhausted')),
                'waiting', COUNT(*) FILTER (WHERE d.state IN ('waiting', 'held')))
            FROM delivery d WHERE d.object_id = p.txn_id))
FROM paypal_payment p JOIN paypal_form f ON f.token = p.token
