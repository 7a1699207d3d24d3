-- Who works in the back office of an association.

-- name: staff_list
-- $1 association. Administrators first.
SELECT s.login_id, l.email, s.role, l.password_hash IS NOT NULL, l.disabled_at IS NOT NULL,
       s.created_at
FROM staff s
JOIN login l ON l.id = s.login_id
WHERE s.association_id = CAST($1 AS BIGINT)
ORDER BY CASE s.role WHEN 'administrator' THEN 0 WHEN 'treasurer' THEN 1 ELSE 2 END, l.email_folded;

-- name: staff_role
-- $1 association, $2 login
SELECT role FROM staff
WHERE association_id = CAST($1 AS BIGINT) AND login_id = CAST($2 AS BIGINT);

-- name: staff_other_administrators
-- $1 association, $2 login: how many others may log in
SELECT COUNT(*)
FROM staff s
JOIN login l ON l.id = s.login_id
WHERE s.association_id = CAST($1 AS BIGINT) AND s.login_id <> CAST($2 AS BIGINT)
  AND s.role = 'administrator' AND l.disabled_at IS NULL;

-- name: staff_withdraw
-- $1 association, $2 login
DELETE FROM staff
WHERE association_id = CAST($1 AS BIGINT) AND login_id = CAST($2 AS BIGINT)
RETURNING role;
