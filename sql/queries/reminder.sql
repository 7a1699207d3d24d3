-- Who still owes, and is asked for it.

-- name: reminder_due
-- $1 association, $2 member: what they owe themselves, and those they pay for (one's advance pays
-- no other's); what of theirs is on its way; whether they may log in; whether one can pay online.
SELECT (SELECT CASE WHEN SUM(l.amount_cents) > 0 THEN SUM(l.amount_cents) ELSE 0 END
        FROM cart_line l
        WHERE l.association_id = CAST($1 AS BIGINT) AND l.member_id = CAST($2 AS BIGINT)),
    (SELECT COALESCE(SUM(b.cents), 0) FROM (SELECT SUM(l.amount_cents) AS cents
        FROM member k CROSS JOIN cart_line l
        WHERE l.association_id = k.association_id AND l.member_id = k.id
            AND k.association_id = CAST($1 AS BIGINT) AND k.payer_id = CAST($2 AS BIGINT)
        GROUP BY +k.id) b WHERE b.cents > 0),
    (SELECT COALESCE(SUM(i.amount_cents), 0) FROM payment_intent i
        WHERE i.association_id = CAST($1 AS BIGINT) AND i.member_id = CAST($2 AS BIGINT)
            AND i.state = 'processing'),
    EXISTS (SELECT 1 FROM member m JOIN login g ON g.id = m.login_id AND g.disabled_at IS NULL
        WHERE m.association_id = CAST($1 AS BIGINT) AND m.id = CAST($2 AS BIGINT)),
    EXISTS (SELECT 1 FROM provider_account p WHERE p.association_id = CAST($1 AS BIGINT)
        AND p.provider <> 'manual' AND p.unlinked_at IS NULL);

-- name: reminder_list
-- $1 association, $2 and $3 the key of the last one shown (sort key, id), $4 to $6 words to find
-- (LIKE patterns), $7 at most. Those who pay and owe, by name.
SELECT f.id, f.number, f.first_name, f.last_name, f.email, f.reminded_at, f.own_cents,
    f.others_cents, f.in_progress_cents, f.sort_key
FROM (SELECT m.id, m.number, m.first_name, m.last_name,
        COALESCE(NULLIF(m.email, ''), g.email, '') AS email, COALESCE(m.reminded_at, 0) AS reminded_at,
        (SELECT CASE WHEN SUM(l.amount_cents) > 0 THEN SUM(l.amount_cents) ELSE 0 END
            FROM cart_line l
            WHERE l.association_id = m.association_id AND l.member_id = m.id) AS own_cents,
        (SELECT COALESCE(SUM(b.cents), 0) FROM (SELECT SUM(l.amount_cents) AS cents
            FROM member k CROSS JOIN cart_line l
            WHERE l.association_id = k.association_id AND l.member_id = k.id
                AND k.association_id = m.association_id AND k.payer_id = m.id
            GROUP BY +k.id) b WHERE b.cents > 0) AS others_cents,
        (SELECT COALESCE(SUM(i.amount_cents), 0) FROM payment_intent i
            WHERE i.association_id = m.association_id AND i.member_id = m.id
                AND i.state = 'processing') AS in_progress_cents,
        m.sort_key
    FROM member m
    LEFT JOIN login g ON g.id = m.login_id AND g.disabled_at IS NULL
    WHERE m.association_id = $1 AND (m.sort_key, m.id) > ($2, $3) AND m.archived_at IS NULL
        AND +m.payer_id IS NULL AND m.search_text LIKE $4 ESCAPE '!'
        AND m.search_text LIKE $5 ESCAPE '!' AND m.search_text LIKE $6 ESCAPE '!') f
WHERE f.own_cents + f.others_cents > f.in_progress_cents
ORDER BY f.sort_key, f.id LIMIT $7;

-- name: reminder_state
-- $1 association, $2 member: may they be asked at all, where, and when were they last
SELECT m.archived_at IS NULL AND m.payer_id IS NULL, COALESCE(NULLIF(m.email, ''), g.email, ''),
    COALESCE(m.reminded_at, 0)
FROM member m
LEFT JOIN login g ON g.id = m.login_id AND g.disabled_at IS NULL
WHERE m.association_id = $1 AND m.id = $2;

-- name: reminder_note
-- $1 association, $2 member, $3 now
UPDATE member SET reminded_at = CAST($3 AS BIGINT)
WHERE association_id = CAST($1 AS BIGINT) AND id = CAST($2 AS BIGINT);
