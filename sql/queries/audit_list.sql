-- Who did what, as people read it.

-- name: audit_list
-- $1 association, $2 from (Unix ms, included), $3 and $4 before that place (at_ms, chain number; a
-- future time for the newest), $5 families ('|payment.|charge.|', '' for all), $6 who: 0 anybody, -1
-- no login (a provider's fact, a job, the command line), -2 a login that does not work here now,
-- otherwise a login, $7 at most. Newest first, with what the object is.
SELECT a.chain_number, a.at_ms, a.email, a.address, a.action, a.object, a.detail,
    m.id, m.number, m.first_name, m.last_name,
    COALESCE(l.label, t.reference, p.title, v.label, b.label, c.label, y.label, o.email,
        CAST(d.number AS TEXT), ''),
    COALESCE(l.amount_cents, t.amount_cents, i.amount_cents, 0)
FROM (SELECT u.association_id, u.chain_number, u.at_ms, g.email, u.address, u.action, u.object,
        u.detail, CAST(CASE WHEN u.object LIKE '%:%'
            THEN substr(u.object, length(u.object) - length(ltrim(u.object,
                'abcdefghijklmnopqrstuvwxyz_')) + 2) ELSE '' END AS TEXT) AS name,
        substr(u.object, 1, length(u.object) - length(ltrim(u.object,
                'abcdefghijklmnopqrstuvwxyz_'))) AS sort
    FROM audit u LEFT JOIN login g ON g.id = u.login_id
    WHERE u.association_id = $1 AND u.at_ms >= $2 AND (u.at_ms, u.chain_number) < ($3, $4)
        AND (CAST($5 AS TEXT) = '' OR CAST($5 AS TEXT) LIKE '%|' || substr(u.action, 1,
            length(u.action) - length(ltrim(u.action, 'abcdefghijklmnopqrstuvwxyz_'))) || '.|%')
        AND CASE CAST($6 AS BIGINT) WHEN 0 THEN 1 = 1 WHEN -1 THEN u.login_id IS NULL
            WHEN -2 THEN u.login_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM staff s
                WHERE s.association_id = u.association_id AND s.login_id = u.login_id)
            ELSE u.login_id = $6 END
    ORDER BY u.at_ms DESC, u.chain_number DESC LIMIT $7) a
LEFT JOIN cart_line l ON l.association_id = a.association_id
    AND l.id = CASE WHEN a.sort = 'cart_line' THEN CAST(a.name AS BIGINT) END
LEFT JOIN provider_transaction t ON t.association_id = a.association_id
    AND t.id = CASE WHEN a.sort = 'provider_transaction' THEN CAST(a.name AS BIGINT) END
LEFT JOIN payment_intent i ON i.association_id = a.association_id
    AND i.id = CASE WHEN a.sort = 'payment_intent' THEN CAST(a.name AS BIGINT) END
LEFT JOIN product p ON p.association_id = a.association_id
    AND p.id = CASE WHEN a.sort = 'product' THEN CAST(a.name AS BIGINT) END
LEFT JOIN provider_account v ON v.association_id = a.association_id
    AND v.id = CASE WHEN a.sort = 'provider_account' THEN CAST(a.name AS BIGINT) END
LEFT JOIN bank_account b ON b.association_id = a.association_id
    AND b.id = CASE WHEN a.sort = 'bank_account' THEN CAST(a.name AS BIGINT) END
LEFT JOIN account c ON c.association_id = a.association_id
    AND c.code = CASE WHEN a.sort = 'account' THEN a.name END
LEFT JOIN fiscal_year y ON y.association_id = a.association_id
    AND y.id = CASE WHEN a.sort = 'fiscal_year' THEN CAST(a.name AS BIGINT) END
LEFT JOIN deposit d ON d.association_id = a.association_id
    AND d.id = CASE WHEN a.sort = 'deposit' THEN CAST(a.name AS BIGINT) END
LEFT JOIN login o ON o.id = CASE WHEN a.sort = 'login' AND a.name <> 'unknown'
    THEN CAST(a.name AS BIGINT) END
LEFT JOIN member m ON m.association_id = a.association_id
    AND m.id = COALESCE(CASE WHEN a.sort = 'member' THEN CAST(a.name AS BIGINT) END, l.member_id,
        t.member_id, i.member_id)
ORDER BY a.at_ms DESC, a.chain_number DESC;
