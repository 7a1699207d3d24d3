-- Persons with a cart.

-- name: member_find
-- $1 association, $2 member
SELECT id, number, first_name, last_name, email, archived_at
FROM member
WHERE association_id = CAST($1 AS BIGINT) AND id = CAST($2 AS BIGINT);

-- name: member_find_by_number
-- $1 association, $2 number
SELECT id, number, first_name, last_name, email, archived_at
FROM member
WHERE association_id = CAST($1 AS BIGINT) AND number = CAST($2 AS BIGINT);

-- name: member_next_number
-- $1 association
SELECT number + 1
FROM member
WHERE association_id = CAST($1 AS BIGINT)
ORDER BY number DESC
LIMIT 1;

-- name: member_payer
-- $1 association, $2 member: who pays for them
SELECT payer_id
FROM member
WHERE association_id = CAST($1 AS BIGINT) AND id = CAST($2 AS BIGINT);

-- name: member_add
-- $1 association, $2 id, $3 number, $4 first name, $5 last name, $6 email, $7 login or NULL,
-- $8 payer or NULL, $9 now
INSERT INTO member (association_id, id, number, first_name, last_name, email, login_id,
                    payer_id, created_at)
VALUES (CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS TEXT),
        CAST($5 AS TEXT), CAST($6 AS TEXT), CAST($7 AS BIGINT), CAST($8 AS BIGINT),
        CAST($9 AS BIGINT));
