-- What each member owes and has in advance on a day.

-- shape: charge_on_day
-- What was open of each charge on the day $2. A charge is paid on the day of the entry that says
-- so; where an adjustment closed it without one, on the day of the adjustment, and where that was
-- undone, on the day of the correction it was undone for: the one written at the same time.
SELECT l.association_id, l.member_id, l.amount_cents
    + (SELECT COALESCE(SUM(k.amount_cents), 0) FROM cart_line k
        WHERE k.association_id = l.association_id AND k.corrects_line_id = l.id
            AND k.line_date <= $2)
    - (SELECT COALESCE(SUM(a.amount_cents), 0) FROM allocation a
        JOIN cart_line p ON p.association_id = a.association_id AND p.id = a.payment_line_id
        LEFT JOIN entry e ON e.association_id = a.association_id AND e.id = a.entry_id
        WHERE a.association_id = l.association_id AND a.charge_line_id = l.id
            AND COALESCE(e.entry_date, CASE WHEN a.amount_cents < 0 THEN (SELECT MAX(k.line_date)
                FROM cart_line k WHERE k.association_id = a.association_id
                    AND k.corrects_line_id = a.charge_line_id AND k.created_at = a.created_at) END,
                p.line_date) <= $2) AS open_cents
FROM cart_line l
WHERE l.line_date <= $2 AND l.kind IN ('charge', 'donation', 'adjustment') AND l.amount_cents > 0
    AND l.corrects_line_id IS NULL

-- name: standing_list
-- $1 association, $2 day, $3 and $4 behind that member (sort key, id), $5 which: 'all', 'owes',
-- 'advance', $6 at most. By name.
SELECT s.id, s.number, s.first_name, s.last_name, s.email, s.archived_at, s.sort_key,
    s.owed_cents, s.advance_cents
FROM (SELECT m.id, m.number, m.first_name, m.last_name, m.email, m.archived_at, m.sort_key,
        (SELECT COALESCE(SUM(o.open_cents), 0) FROM charge_on_day o
            WHERE o.association_id = m.association_id AND o.member_id = m.id) AS owed_cents,
        (SELECT COALESCE(SUM(b.credit_cents - b.debit_cents), 0) FROM entry_line b
            WHERE b.association_id = m.association_id AND b.account_code = '4191'
                AND b.member_number = m.number AND b.entry_date <= $2) AS advance_cents
    FROM member m
    WHERE m.association_id = $1 AND (m.sort_key, m.id) > ($3, $4)) s
WHERE CASE CAST($5 AS TEXT) WHEN 'owes' THEN s.owed_cents > 0
    WHEN 'advance' THEN s.advance_cents > 0 ELSE s.owed_cents > 0 OR s.advance_cents > 0 END
ORDER BY s.sort_key, s.id LIMIT $6;

-- name: standing_owed
-- $1 association, $2 day. How many members owe something, and how much.
SELECT COUNT(*), COALESCE(SUM(s.owed_cents), 0)
FROM (SELECT SUM(o.open_cents) AS owed_cents FROM charge_on_day o
    WHERE o.association_id = $1 GROUP BY o.member_id HAVING SUM(o.open_cents) > 0) s;

-- name: standing_advance
-- $1 association, $2 day. How many members have something in advance, and how much.
SELECT COUNT(*), COALESCE(SUM(s.advance_cents), 0)
FROM (SELECT SUM(b.credit_cents - b.debit_cents) AS advance_cents FROM entry_line b
    WHERE b.association_id = $1 AND b.account_code = '4191' AND b.entry_date <= $2
    GROUP BY b.member_number HAVING SUM(b.credit_cents - b.debit_cents) > 0) s;
