-- Mail to send.

-- name: outbox_add
-- $1 id, $2 association, $3 kind, $4 member or NULL, $5 transaction or NULL, $6 now
INSERT INTO outbox (id, association_id, kind, member_id, transaction_id, state, next_at,
                    created_at)
VALUES (CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS TEXT), CAST($4 AS BIGINT),
        CAST($5 AS BIGINT), 'waiting', CAST($6 AS BIGINT), CAST($6 AS BIGINT));
