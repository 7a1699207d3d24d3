-- Connect: platforms and consents.

-- name: connect_platform_put
-- $1 client id, $2 account, $3 livemode, $4 redirect addresses, $5 now
INSERT INTO stripe_platform (client_id, account_id, livemode, redirect_uris, created_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (client_id) DO UPDATE SET redirect_uris = excluded.redirect_uris

-- name: connect_platform_find
-- $1 client id
SELECT json_object('client_id', p.client_id, 'account', p.account_id, 'name', a.name,
                   'livemode', json(iif(p.livemode, 'true', 'false')),
                   'redirect_uris', json(p.redirect_uris))
FROM stripe_platform p JOIN stripe_account a ON a.id = p.account_id
WHERE p.client_id = $1

-- name: connect_account_list
-- $1 client id. Who may consent: every account that is no platform itself.
SELECT json_object('id', a.id, 'name', a.name, 'currency', upper(a.currency),
                   'linked', json(iif(EXISTS (
                       SELECT 1 FROM stripe_link l JOIN stripe_platform p ON p.client_id = $1
                       WHERE l.platform_id = p.account_id AND l.account_id = a.id),
                       'true', 'false')))
FROM stripe_account a
WHERE NOT EXISTS (SELECT 1 FROM stripe_platform p WHERE p.account_id = a.id)
ORDER BY a.number
LIMIT 50

-- name: connect_code_add
-- $1 code, $2 client id, $3 account, $4 now
INSERT INTO stripe_code (code, client_id, account_id, created_at) VALUES ($1, $2, $3, $4)

-- name: connect_code_find
-- $1 code
SELECT json_object('client_id', client_id, 'account', account_id, 'created', created_at,
                   'used', json(iif(used_at IS NULL, 'false', 'true')))
FROM stripe_code WHERE code = $1

-- name: connect_code_use
-- $1 code, $2 now
UPDATE stripe_code SET used_at = $2 WHERE code = $1 AND used_at IS NULL

-- name: connect_link_drop
-- $1 platform, $2 account
DELETE FROM stripe_link WHERE platform_id = $1 AND account_id = $2
