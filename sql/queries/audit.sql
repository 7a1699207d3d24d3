-- Who did what.

-- name: audit_head
-- $1 association, or 0 for the installation
SELECT chain_number, hash
FROM audit
WHERE association_id = CAST($1 AS BIGINT)
ORDER BY chain_number DESC
LIMIT 1;

-- name: audit_add
-- $1 association, $2 chain number, $3 at_ms, $4 login or NULL, $5 address, $6 action, $7 object,
-- $8 detail, $9 previous hash, $10 hash
INSERT INTO audit (association_id, chain_number, at_ms, login_id, address, action, object,
                   detail, previous_hash, hash)
VALUES (CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS BIGINT),
        CAST($5 AS TEXT), CAST($6 AS TEXT), CAST($7 AS TEXT), CAST($8 AS TEXT), $9, $10);
