-- Mail to send.

-- name: outbox_add
-- $1 id, $2 association, $3 kind, $4 member or NULL, $5 login or NULL, $6 transaction or NULL,
-- $7 now, $8 this address or '', $9 what it tells besides
INSERT INTO outbox (id, association_id, kind, member_id, login_id, transaction_id, state, next_at,
                    created_at, goes_to, about)
VALUES (CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS TEXT), CAST($4 AS BIGINT),
        CAST($5 AS BIGINT), CAST($6 AS BIGINT), 'waiting', CAST($7 AS BIGINT), CAST($7 AS BIGINT),
        CAST($8 AS TEXT), CAST($9 AS TEXT));

-- name: outbox_any_due
-- $1 now, $2 a lease beyond is no lease
SELECT 1 FROM outbox
WHERE state = 'waiting' AND next_at <= CAST($1 AS BIGINT)
  AND (lease_until <= CAST($1 AS BIGINT) OR lease_until > CAST($2 AS BIGINT))
LIMIT 1;

-- name: outbox_claim
-- $1 now, $2 lease: takes the one that waits longest
UPDATE outbox
SET lease_until = CAST($2 AS BIGINT), claim = claim + 1, attempts = attempts + 1,
    first_tried_at = COALESCE(first_tried_at, CAST($1 AS BIGINT))
WHERE id = (SELECT due.id FROM outbox due
            WHERE due.state = 'waiting' AND due.next_at <= CAST($1 AS BIGINT)
              AND (due.lease_until <= CAST($1 AS BIGINT) OR due.lease_until > CAST($2 AS BIGINT))
            ORDER BY due.next_at LIMIT 1)
RETURNING association_id, id, claim, kind, member_id, login_id, transaction_id, attempts,
          first_tried_at, created_at;

-- name: outbox_staff
-- $1 association: whom a mail to the treasurers goes to
SELECT s.login_id
FROM staff s
JOIN login l ON l.id = s.login_id
WHERE s.association_id = CAST($1 AS BIGINT) AND s.role IN ('treasurer', 'administrator')
  AND l.disabled_at IS NULL
ORDER BY s.login_id;

-- name: outbox_address
-- $1 association, $2 id, $3 login
UPDATE outbox SET login_id = CAST($3 AS BIGINT)
WHERE association_id = CAST($1 AS BIGINT) AND id = CAST($2 AS BIGINT);

-- name: outbox_find
-- $1 association, $2 id: all that its text says
SELECT o.kind, COALESCE(NULLIF(o.goes_to, ''), NULLIF(m.email, ''), ml.email, l.email), m.first_name, m.last_name,
       s.role, abs(t.amount_cents), t.currency, t.fact_at, t.reference, p.provider, p.label,
       o.created_at, o.state, o.reason, o.login_id, o.address, o.about,
       o.member_id,
       (SELECT MIN(d.deadline_at) FROM dispute d WHERE d.association_id = o.association_id
            AND d.transaction_id = o.transaction_id AND +d.state IN ('inquiry', 'open')) AS deadline
FROM outbox o
LEFT JOIN member m ON m.association_id = o.association_id AND m.id = o.member_id
LEFT JOIN login ml ON ml.id = m.login_id AND ml.disabled_at IS NULL
LEFT JOIN login l ON l.id = o.login_id AND l.disabled_at IS NULL
LEFT JOIN staff s ON s.association_id = o.association_id AND s.login_id = o.login_id
LEFT JOIN provider_transaction t ON t.association_id = o.association_id AND t.id = o.transaction_id
LEFT JOIN provider_account p
       ON p.association_id = t.association_id AND p.id = t.provider_account_id
WHERE o.association_id = CAST($1 AS BIGINT) AND o.id = CAST($2 AS BIGINT);

-- name: outbox_end
-- $1 association, $2 id, $3 claim, $4 sent, refused or dropped, $5 reason, $6 address, $7 now
UPDATE outbox
SET state = CAST($4 AS TEXT), reason = CAST($5 AS TEXT), address = CAST($6 AS TEXT),
    ended_at = CAST($7 AS BIGINT), next_at = NULL, lease_until = 0
WHERE association_id = CAST($1 AS BIGINT) AND id = CAST($2 AS BIGINT)
  AND claim = CAST($3 AS BIGINT) AND state = 'waiting';

-- name: outbox_retry
-- $1 association, $2 id, $3 claim, $4 next try, $5 reason, $6 address
UPDATE outbox
SET next_at = CAST($4 AS BIGINT), reason = CAST($5 AS TEXT), address = CAST($6 AS TEXT),
    lease_until = 0
WHERE association_id = CAST($1 AS BIGINT) AND id = CAST($2 AS BIGINT)
  AND claim = CAST($3 AS BIGINT) AND state = 'waiting';

-- name: outbox_list
-- $1 association, $2 ids below, $3 at most. Newest first.
SELECT o.id, o.kind, o.state, o.reason, o.created_at, o.ended_at, o.next_at, o.attempts,
       COALESCE(NULLIF(o.address, ''), NULLIF(o.goes_to, ''), NULLIF(m.email, ''), ml.email, l.email),
       m.number, m.first_name, m.last_name
FROM outbox o
LEFT JOIN member m ON m.association_id = o.association_id AND m.id = o.member_id
LEFT JOIN login ml ON ml.id = m.login_id
LEFT JOIN login l ON l.id = o.login_id
WHERE o.association_id = CAST($1 AS BIGINT) AND o.id < CAST($2 AS BIGINT)
ORDER BY o.id DESC
LIMIT CAST($3 AS BIGINT);
