-- Mailed links.

-- name: link_put
-- $1 login, $2 hash, $3 now, $4 expires: the older one is worth nothing any more
INSERT INTO login_link (login_id, token_hash, created_at, expires_at)
VALUES (CAST($1 AS BIGINT), $2, CAST($3 AS BIGINT), CAST($4 AS BIGINT))
ON CONFLICT (login_id) DO UPDATE
SET token_hash = excluded.token_hash, created_at = excluded.created_at,
    expires_at = excluded.expires_at;

-- name: link_find
-- $1 hash, $2 now
SELECT k.login_id, l.email, k.token_hash
FROM login_link k
JOIN login l ON l.id = k.login_id
WHERE k.token_hash = $1 AND k.expires_at > CAST($2 AS BIGINT) AND l.disabled_at IS NULL;

-- name: link_use
-- $1 hash, $2 now: once
DELETE FROM login_link
WHERE token_hash = $1 AND expires_at > CAST($2 AS BIGINT)
RETURNING login_id;

-- name: link_sweep
-- $1 now
DELETE FROM login_link WHERE expires_at <= CAST($1 AS BIGINT);
