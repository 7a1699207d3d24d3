-- Codes of an app, recovery codes, and who needs them.

-- name: second_factor_find
-- $1 login
SELECT COALESCE(t.confirmed_at, 0), l.second_factor_later_at,
       (SELECT count(*) FROM login_recovery_code c
        WHERE c.login_id = l.id AND c.used_at IS NULL)
FROM login l
LEFT JOIN login_totp t ON t.login_id = l.id
WHERE l.id = CAST($1 AS BIGINT);

-- name: totp_begin
-- $1 login, $2 sealed seed, $3 now, $4 session hash: nothing when one counts already
INSERT INTO login_totp (login_id, sealed_seed, begun_at, begun_by)
VALUES (CAST($1 AS BIGINT), $2, CAST($3 AS BIGINT), $4)
ON CONFLICT (login_id) DO UPDATE
SET sealed_seed = excluded.sealed_seed, begun_at = excluded.begun_at, begun_by = excluded.begun_by
WHERE login_totp.confirmed_at IS NULL
RETURNING login_id;

-- name: totp_pending
-- $1 login, $2 session hash, $3 begun since
SELECT sealed_seed
FROM login_totp
WHERE login_id = CAST($1 AS BIGINT) AND confirmed_at IS NULL AND begun_by = $2
  AND begun_at >= CAST($3 AS BIGINT);

-- name: totp_confirm
-- $1 login, $2 now, $3 step of the code
UPDATE login_totp
SET confirmed_at = CAST($2 AS BIGINT), last_counter = CAST($3 AS BIGINT)
WHERE login_id = CAST($1 AS BIGINT) AND confirmed_at IS NULL
RETURNING login_id;

-- name: totp_find
-- $1 login
SELECT sealed_seed, last_counter
FROM login_totp
WHERE login_id = CAST($1 AS BIGINT) AND confirmed_at IS NOT NULL;

-- name: totp_take
-- $1 login, $2 step of the code
UPDATE login_totp
SET last_counter = CAST($2 AS BIGINT)
WHERE login_id = CAST($1 AS BIGINT) AND confirmed_at IS NOT NULL
  AND last_counter < CAST($2 AS BIGINT)
RETURNING login_id;

-- name: totp_remove
-- $1 login
DELETE FROM login_totp
WHERE login_id = CAST($1 AS BIGINT)
RETURNING login_id;

-- name: recovery_code_add
-- $1 login, $2 hash, $3 now
INSERT INTO login_recovery_code (login_id, code_hash, created_at)
VALUES (CAST($1 AS BIGINT), $2, CAST($3 AS BIGINT));

-- name: recovery_code_take
-- $1 login, $2 hash, $3 now
UPDATE login_recovery_code
SET used_at = CAST($3 AS BIGINT)
WHERE login_id = CAST($1 AS BIGINT) AND code_hash = $2 AND used_at IS NULL
RETURNING login_id;

-- name: recovery_code_remove_all
-- $1 login
DELETE FROM login_recovery_code WHERE login_id = CAST($1 AS BIGINT);

-- name: second_factor_put_off
-- $1 login, $2 now
UPDATE login
SET second_factor_later_at = CAST($2 AS BIGINT)
WHERE id = CAST($1 AS BIGINT)
RETURNING id;

-- name: second_factor_require
-- $1 association, $2 'offered' or 'required'
UPDATE association
SET second_factor = CAST($2 AS TEXT)
WHERE id = CAST($1 AS BIGINT)
RETURNING id;

-- name: second_factor_staff
-- $1 association: who sees money there, and who has a second factor
SELECT l.email, s.role,
       EXISTS (SELECT 1 FROM login_totp t
               WHERE t.login_id = l.id AND t.confirmed_at IS NOT NULL)
FROM staff s
JOIN login l ON l.id = s.login_id
WHERE s.association_id = CAST($1 AS BIGINT) AND s.role IN ('treasurer', 'administrator')
ORDER BY s.role, l.email_folded;
