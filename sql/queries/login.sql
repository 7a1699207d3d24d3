-- Persons who log in, their roles, and the throttle against guessing.

-- name: login_find
-- $1 folded e-mail
SELECT id, email, password_hash, disabled_at
FROM login
WHERE email_folded = CAST($1 AS TEXT);

-- name: login_add
-- $1 id, $2 e-mail, $3 folded e-mail, $4 now
INSERT INTO login (id, email, email_folded, created_at)
VALUES (CAST($1 AS BIGINT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT))
ON CONFLICT (email_folded) DO NOTHING
RETURNING id;

-- name: login_set_password
-- $1 login, $2 hash, $3 now
UPDATE login
SET password_hash = CAST($2 AS TEXT), password_changed_at = CAST($3 AS BIGINT)
WHERE id = CAST($1 AS BIGINT)
RETURNING id;

-- name: login_hash
-- $1 login
SELECT password_hash FROM login WHERE id = CAST($1 AS BIGINT);

-- name: login_rehash
-- $1 login, $2 hash
UPDATE login
SET password_hash = CAST($2 AS TEXT)
WHERE id = CAST($1 AS BIGINT) AND password_hash IS NOT NULL
RETURNING id;

-- name: login_disable
-- $1 login, $2 now
UPDATE login
SET disabled_at = COALESCE(disabled_at, CAST($2 AS BIGINT))
WHERE id = CAST($1 AS BIGINT)
RETURNING id;

-- name: login_enable
-- $1 login
UPDATE login
SET disabled_at = NULL
WHERE id = CAST($1 AS BIGINT)
RETURNING id;

-- name: login_doors
-- $1 login: personal spaces first, then back offices
SELECT door.association_id, door.association_name, door.role, door.member_id, door.member_name
FROM (SELECT 0 AS rank, a.id AS association_id, a.name AS association_name,
             'member' AS role, m.id AS member_id,
             m.first_name || ' ' || m.last_name AS member_name
      FROM member m
      JOIN association a ON a.id = m.association_id
      WHERE m.login_id = CAST($1 AS BIGINT) AND m.archived_at IS NULL
      UNION ALL
      SELECT 1, a.id, a.name, s.role, NULL, NULL
      FROM staff s
      JOIN association a ON a.id = s.association_id
      WHERE s.login_id = CAST($1 AS BIGINT)) door
ORDER BY door.rank, door.association_name, door.association_id, door.member_name, door.member_id;

-- name: staff_grant
-- $1 association, $2 login, $3 role, $4 now
INSERT INTO staff (association_id, login_id, role, created_at)
VALUES (CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS TEXT), CAST($4 AS BIGINT))
ON CONFLICT (association_id, login_id) DO UPDATE SET role = excluded.role;

-- name: throttle_find
-- $1 subject
SELECT blocked_until_ms
FROM login_throttle
WHERE subject = CAST($1 AS TEXT);

-- name: throttle_count
-- $1 subject, $2 now, $3 failures before that are forgotten
INSERT INTO login_throttle (subject, failures, blocked_until_ms, last_failed_at)
VALUES (CAST($1 AS TEXT), 1, 0, CAST($2 AS BIGINT))
ON CONFLICT (subject) DO UPDATE
SET failures = CASE WHEN login_throttle.last_failed_at < CAST($3 AS BIGINT)
                    THEN 1 ELSE login_throttle.failures + 1 END,
    last_failed_at = excluded.last_failed_at
RETURNING failures;

-- name: throttle_block
-- $1 subject, $2 until
UPDATE login_throttle
SET blocked_until_ms = CAST($2 AS BIGINT)
WHERE subject = CAST($1 AS TEXT);

-- name: throttle_forget
-- $1 subject
DELETE FROM login_throttle WHERE subject = CAST($1 AS TEXT);

-- name: throttle_sweep
-- $1 failures before that are forgotten
DELETE FROM login_throttle WHERE last_failed_at < CAST($1 AS BIGINT);

-- name: login_set_owner
-- $1 login, $2 1 or 0: does nothing when it is so already
UPDATE login SET is_owner = CAST($2 AS BIGINT)
WHERE id = CAST($1 AS BIGINT) AND is_owner <> CAST($2 AS BIGINT);
