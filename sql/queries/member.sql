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
-- $8 payer or NULL, $9 now, $10 sort key, $11 search text
INSERT INTO member (association_id, id, number, first_name, last_name, email, login_id,
                    payer_id, created_at, sort_key, search_text)
VALUES (CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS TEXT),
        CAST($5 AS TEXT), CAST($6 AS TEXT), CAST($7 AS BIGINT), CAST($8 AS BIGINT),
        CAST($9 AS BIGINT), CAST($10 AS TEXT), CAST($11 AS TEXT));

-- name: member_details
-- $1 association, $2 member. All of one.
SELECT m.id, m.number, m.first_name, m.last_name, m.email, m.archived_at, m.payer_id, m.login_id,
    l.email, l.last_login_at, p.number, p.first_name, p.last_name, m.version, m.reminded_at
FROM member m
LEFT JOIN login l ON l.id = m.login_id
LEFT JOIN member p ON p.association_id = m.association_id AND p.id = m.payer_id
WHERE m.association_id = $1 AND m.id = $2;

-- name: member_payees
-- $1 association, $2 payer: whom they pay for, with their balances
SELECT m.id, m.number, m.first_name, m.last_name,
    (SELECT COALESCE(SUM(l.amount_cents), 0) FROM cart_line l
        WHERE l.association_id = m.association_id AND l.member_id = m.id)
FROM member m WHERE m.association_id = $1 AND m.payer_id = $2
ORDER BY +m.sort_key, m.id;

-- name: member_has_payees
-- $1 association, $2 member
SELECT 1 FROM member WHERE association_id = $1 AND payer_id = $2 LIMIT 1;

-- name: member_update
-- $1 association, $2 id, $3 version, $4 first name, $5 last name, $6 email, $7 payer or NULL,
-- $8 sort key, $9 search text. Nothing comes back when somebody else changed it meanwhile.
UPDATE member SET first_name = $4, last_name = $5, email = $6, payer_id = $7, sort_key = $8,
    search_text = $9, version = version + 1
WHERE association_id = $1 AND id = $2 AND version = $3
RETURNING id;

-- name: member_archive
-- $1 association, $2 id, $3 when or NULL: back again
UPDATE member SET archived_at = $3, version = version + 1
WHERE association_id = $1 AND id = $2 AND (archived_at IS NULL) = (CAST($3 AS BIGINT) IS NOT NULL)
RETURNING id;

-- name: member_list_by_name
-- $1 association, $2 and $3 the key of the last one shown (sort key, id), $4 to $6 words to find
-- (LIKE patterns, '%' for none), $7 which: 'active', 'owes', 'advance', 'never', 'archived', $8 at
-- most. A balance is computed for the rows that are looked at.
SELECT f.id, f.number, f.first_name, f.last_name, f.email, f.archived_at, f.payer_id,
    f.balance_cents, f.sort_key, f.last_login_at,
    (SELECT p.number FROM member p WHERE p.association_id = CAST($1 AS BIGINT) AND p.id = f.payer_id)
FROM (SELECT m.id, m.number, m.first_name, m.last_name, m.email, m.archived_at, m.payer_id,
        m.sort_key, g.last_login_at,
        (SELECT COALESCE(SUM(l.amount_cents), 0) FROM cart_line l
            WHERE l.association_id = m.association_id AND l.member_id = m.id) AS balance_cents
    FROM member m LEFT JOIN login g ON g.id = m.login_id
    WHERE m.association_id = $1 AND (m.sort_key, m.id) > ($2, $3)
        AND m.search_text LIKE $4 ESCAPE '!' AND m.search_text LIKE $5 ESCAPE '!'
        AND m.search_text LIKE $6 ESCAPE '!'
        AND (m.archived_at IS NOT NULL) = (CAST($7 AS TEXT) = 'archived')) f
WHERE CASE CAST($7 AS TEXT) WHEN 'owes' THEN f.balance_cents > 0
    WHEN 'advance' THEN f.balance_cents < 0 WHEN 'never' THEN f.last_login_at IS NULL ELSE 1 END
ORDER BY f.sort_key, f.id LIMIT $8;

-- name: member_list_by_number
-- The same in the order of their numbers: $2 unused text, $3 the last number shown.
SELECT f.id, f.number, f.first_name, f.last_name, f.email, f.archived_at, f.payer_id,
    f.balance_cents, f.sort_key, f.last_login_at,
    (SELECT p.number FROM member p WHERE p.association_id = CAST($1 AS BIGINT) AND p.id = f.payer_id)
FROM (SELECT m.id, m.number, m.first_name, m.last_name, m.email, m.archived_at, m.payer_id,
        m.sort_key, g.last_login_at,
        (SELECT COALESCE(SUM(l.amount_cents), 0) FROM cart_line l
            WHERE l.association_id = m.association_id AND l.member_id = m.id) AS balance_cents
    FROM member m LEFT JOIN login g ON g.id = m.login_id
    WHERE m.association_id = $1 AND CAST($2 AS TEXT) IS NOT NULL AND m.number > $3
        AND m.search_text LIKE $4 ESCAPE '!' AND m.search_text LIKE $5 ESCAPE '!'
        AND m.search_text LIKE $6 ESCAPE '!'
        AND (m.archived_at IS NOT NULL) = (CAST($7 AS TEXT) = 'archived')) f
WHERE CASE CAST($7 AS TEXT) WHEN 'owes' THEN f.balance_cents > 0
    WHEN 'advance' THEN f.balance_cents < 0 WHEN 'never' THEN f.last_login_at IS NULL ELSE 1 END
ORDER BY f.number LIMIT $8;

-- name: login_noted
-- $1 login, $2 now. A password opened a session.
UPDATE login SET last_login_at = $2 WHERE id = $1;
