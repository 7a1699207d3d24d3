-- Another address for a login.

-- name: email_taken
-- $1 folded e-mail, $2 login: has another one this address?
SELECT 1 FROM login WHERE email_folded = CAST($1 AS TEXT) AND id <> CAST($2 AS BIGINT);

-- name: email_change_put
-- $1 login, $2 e-mail, $3 folded, $4 now, $5 expires: the older wish is worth nothing any more
INSERT INTO email_change (login_id, email, email_folded, created_at, expires_at)
VALUES (CAST($1 AS BIGINT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT),
        CAST($5 AS BIGINT))
ON CONFLICT (login_id) DO UPDATE
SET email = excluded.email, email_folded = excluded.email_folded, token_hash = NULL,
    created_at = excluded.created_at, expires_at = excluded.expires_at;

-- name: email_change_link
-- $1 login, $2 hash, $3 expires, $4 the address whose mail is being written. No row: the wish was
-- replaced by another one.
UPDATE email_change SET token_hash = $2, expires_at = CAST($3 AS BIGINT)
WHERE login_id = CAST($1 AS BIGINT) AND email = CAST($4 AS TEXT)
RETURNING login_id;

-- name: email_change_find
-- $1 hash, $2 now, $3 login that follows the link
SELECT c.login_id, c.email, l.email, c.token_hash
FROM email_change c
JOIN login l ON l.id = c.login_id
WHERE c.token_hash = $1 AND c.expires_at > CAST($2 AS BIGINT) AND l.disabled_at IS NULL
    AND c.login_id = CAST($3 AS BIGINT);

-- name: email_change_use
-- $1 hash, $2 now: once
DELETE FROM email_change
WHERE token_hash = $1 AND expires_at > CAST($2 AS BIGINT)
RETURNING login_id, email, email_folded;

-- name: email_change_pending
-- $1 login, $2 now: the address that waits to be confirmed
SELECT email FROM email_change
WHERE login_id = CAST($1 AS BIGINT) AND expires_at > CAST($2 AS BIGINT);

-- name: email_change_forget
-- $1 login: whoever knew the old password has no say any more
DELETE FROM email_change WHERE login_id = CAST($1 AS BIGINT);

-- name: email_change_sweep
-- $1 now
DELETE FROM email_change WHERE expires_at <= CAST($1 AS BIGINT);

-- name: login_set_email
-- $1 login, $2 e-mail, $3 folded. No row when another login has it.
UPDATE login SET email = CAST($2 AS TEXT), email_folded = CAST($3 AS TEXT)
WHERE id = CAST($1 AS BIGINT)
    AND NOT EXISTS (SELECT 1 FROM login o WHERE o.email_folded = CAST($3 AS TEXT)
        AND o.id <> CAST($1 AS BIGINT))
RETURNING id;

-- name: link_forget
-- $1 login: links that were mailed to an address that was given up
DELETE FROM login_link WHERE login_id = CAST($1 AS BIGINT);
