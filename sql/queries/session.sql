-- Logged-in browsers.

-- name: session_add
-- $1 hash, $2 login, $3 association or NULL, $4 member or NULL, $5 role or NULL, $6 form key,
-- $7 address, $8 user agent, $9 created_at, $10 now, $11 half
INSERT INTO session (token_hash, login_id, association_id, member_id, role, csrf_key, address,
                     user_agent, created_at, last_seen_at, half)
VALUES ($1, CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS BIGINT), CAST($5 AS TEXT), $6,
        CAST($7 AS TEXT), CAST($8 AS TEXT), CAST($9 AS BIGINT), CAST($10 AS BIGINT),
        CAST($11 AS BIGINT))
ON CONFLICT (token_hash) DO NOTHING;

-- name: session_find
-- $1 hash. held says whether the chosen quality is still held.
SELECT s.token_hash, s.login_id, l.email, s.association_id, s.role, s.member_id, s.csrf_key,
       s.created_at, s.last_seen_at, l.disabled_at,
       CASE WHEN s.role IS NULL THEN 1
            WHEN s.role = 'member' AND EXISTS (
                 SELECT 1 FROM member m
                 WHERE m.association_id = s.association_id AND m.id = s.member_id
                   AND m.login_id = s.login_id AND m.archived_at IS NULL) THEN 1
            WHEN EXISTS (
                 SELECT 1 FROM staff f
                 WHERE f.association_id = s.association_id AND f.login_id = s.login_id
                   AND f.role = s.role) THEN 1
            ELSE 0 END AS held,
       s.half,
       EXISTS (SELECT 1 FROM login_totp t
               WHERE t.login_id = s.login_id AND t.confirmed_at IS NOT NULL),
       l.is_owner
FROM session s
JOIN login l ON l.id = s.login_id
WHERE s.token_hash = $1;

-- name: session_replace
-- $1 hash of the session that dies, $2 login: ends it and tells when it began
DELETE FROM session
WHERE token_hash = $1 AND login_id = CAST($2 AS BIGINT)
RETURNING created_at;

-- name: session_touch
-- $1 hash, $2 now
UPDATE session
SET last_seen_at = CAST($2 AS BIGINT)
WHERE token_hash = $1 AND last_seen_at < CAST($2 AS BIGINT);

-- name: session_end
-- $1 hash
DELETE FROM session WHERE token_hash = $1;

-- name: session_list
-- $1 login, $2 begun since, $3 seen since, $4 seen since by an administrator
SELECT token_hash, address, user_agent, created_at, last_seen_at
FROM session
WHERE login_id = CAST($1 AS BIGINT) AND half = 0 AND created_at >= CAST($2 AS BIGINT)
  AND last_seen_at >= CASE WHEN role = 'administrator' THEN CAST($4 AS BIGINT)
                           ELSE CAST($3 AS BIGINT) END
ORDER BY last_seen_at DESC, created_at DESC, token_hash;

-- name: session_end_own
-- $1 hash, $2 login
DELETE FROM session
WHERE token_hash = $1 AND login_id = CAST($2 AS BIGINT)
RETURNING login_id;

-- name: session_end_others
-- $1 login, $2 hash of the one to keep, or no bytes
DELETE FROM session
WHERE login_id = CAST($1 AS BIGINT) AND token_hash <> $2;

-- name: session_end_staff
-- $1 association, $2 login: a changed role begins with a new session
DELETE FROM session
WHERE login_id = CAST($2 AS BIGINT) AND association_id = CAST($1 AS BIGINT)
  AND role <> 'member';

-- name: session_sweep
-- $1 seen last before that
DELETE FROM session WHERE last_seen_at < CAST($1 AS BIGINT);
