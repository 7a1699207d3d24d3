-- Files of members on their way in, and who is there already.

-- name: import_forget
-- $1 association, $2 login: a newer file takes the place of the older
DELETE FROM member_import WHERE association_id = CAST($1 AS BIGINT) AND login_id = CAST($2 AS BIGINT);

-- name: import_add
-- $1 association, $2 id, $3 login, $4 content, $5 now, $6 expires
INSERT INTO member_import (association_id, id, login_id, content, created_at, expires_at)
VALUES (CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS BIGINT), $4, CAST($5 AS BIGINT),
        CAST($6 AS BIGINT));

-- name: import_find
-- $1 association, $2 id, $3 login, $4 now
SELECT content, done_at FROM member_import
WHERE association_id = CAST($1 AS BIGINT) AND id = CAST($2 AS BIGINT)
    AND login_id = CAST($3 AS BIGINT) AND expires_at > CAST($4 AS BIGINT);

-- name: import_done
-- $1 association, $2 id, $3 login, $4 now: once
UPDATE member_import SET content = NULL, done_at = CAST($4 AS BIGINT)
WHERE association_id = CAST($1 AS BIGINT) AND id = CAST($2 AS BIGINT)
    AND login_id = CAST($3 AS BIGINT) AND expires_at > CAST($4 AS BIGINT) AND done_at IS NULL
RETURNING id;

-- name: import_sweep
-- $1 now
DELETE FROM member_import WHERE expires_at <= CAST($1 AS BIGINT);

-- name: import_known_number
-- $1 association, $2 number
SELECT number, first_name, last_name, email, payer_id FROM member
WHERE association_id = CAST($1 AS BIGINT) AND number = CAST($2 AS BIGINT);

-- name: import_known_name
-- $1 association, $2 sort key: all of that name
SELECT number, first_name, last_name, email, payer_id FROM member
WHERE association_id = CAST($1 AS BIGINT) AND sort_key = CAST($2 AS TEXT)
ORDER BY id;
