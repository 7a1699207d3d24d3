-- What a fiscal year asked for, what was paid of it, what waits for a hand.

-- shape: season_charge
-- Each charge of the year $2: what is asked after its corrections, what is paid of it.
SELECT l.product_id, l.line_date, l.amount_cents
    + (SELECT COALESCE(SUM(k.amount_cents), 0) FROM cart_line k
        WHERE k.association_id = l.association_id AND k.corrects_line_id = l.id) AS asked_cents,
    (SELECT COALESCE(SUM(a.amount_cents), 0) FROM allocation a
        WHERE a.association_id = l.association_id AND a.charge_line_id = l.id) AS paid_cents
FROM cart_line l
WHERE l.association_id = $1 AND l.fiscal_year_id = $2
    AND l.kind IN ('charge', 'donation', 'adjustment') AND l.amount_cents > 0
    AND l.corrects_line_id IS NULL

-- name: season_products
-- $1 association, $2 fiscal year. By product, the largest first; one row for what has none.
SELECT g.product_id, p.title, g.charges, g.asked_cents, g.paid_cents
FROM (SELECT s.product_id, COUNT(*) AS charges, SUM(s.asked_cents) AS asked_cents,
        SUM(s.paid_cents) AS paid_cents
    FROM season_charge s GROUP BY s.product_id) g
LEFT JOIN product p ON p.association_id = CAST($1 AS BIGINT) AND p.id = g.product_id
ORDER BY g.asked_cents DESC, p.title;

-- name: season_months
-- $1 association, $2 fiscal year. What was asked for by the month of the charge ('2026-10').
SELECT substr(s.line_date, 1, 7) AS month, SUM(s.asked_cents)
FROM season_charge s GROUP BY month ORDER BY month;

-- name: season_received
-- $1 association, $2 first and $3 last day of the fiscal year. What came in, by month of the entry.
SELECT substr(e.entry_date, 1, 7) AS month, SUM(e.total_cents)
FROM entry e
JOIN provider_transaction t ON t.association_id = e.association_id AND t.entry_id = e.id
    AND t.kind = 'capture'
WHERE e.association_id = $1 AND e.entry_date >= $2 AND e.entry_date <= $3
GROUP BY month ORDER BY month;

-- name: season_cheques
-- $1 association, $2 today. Cheques that may be carried to the bank: how many, how much.
SELECT COUNT(*), COALESCE(SUM(t.amount_cents), 0)
FROM cheque c
JOIN provider_transaction t ON t.association_id = c.association_id AND t.id = c.transaction_id
WHERE c.association_id = $1 AND c.due_day <= $2 AND c.deposit_id IS NULL AND c.returned_id IS NULL;

-- name: season_unreachable
-- $1 association. Who pays and owes, and has no address that a mail could go to.
SELECT COUNT(*) FROM member m
LEFT JOIN login g ON g.id = m.login_id AND g.disabled_at IS NULL
WHERE m.association_id = $1 AND m.archived_at IS NULL AND m.payer_id IS NULL
    AND COALESCE(NULLIF(m.email, ''), g.email, '') = ''
    AND ((SELECT COALESCE(SUM(l.amount_cents), 0) FROM cart_line l
            WHERE l.association_id = m.association_id AND l.member_id = m.id) > 0
        OR EXISTS (SELECT 1 FROM member k WHERE k.association_id = m.association_id
            AND k.payer_id = m.id AND (SELECT COALESCE(SUM(l.amount_cents), 0) FROM cart_line l
                WHERE l.association_id = k.association_id AND l.member_id = k.id) > 0));
