-- Charges corrected, payments taken back, cheques carried to the bank.

-- name: undo_of_charge
-- $1 association, $2 charge line. What still pays it, newest first: by payment line and by where
-- the money stands (booked: the charge's account; deferred: 487; unbooked: no entry made it).
SELECT n.payment_line_id, n.charge_line_id, l.member_id, m.number, l.account_code, p.account_code,
    n.place, n.net_cents
FROM (SELECT a.payment_line_id, a.charge_line_id, MAX(a.id) AS newest,
        CASE WHEN a.entry_id IS NULL THEN 'unbooked' WHEN a.deferred = 1 AND r.released_at IS NULL
            THEN 'deferred' ELSE 'booked' END AS place, SUM(a.amount_cents) AS net_cents
    FROM allocation a
    LEFT JOIN deferral r ON r.association_id = a.association_id AND r.allocation_id = a.id
    WHERE a.association_id = $1 AND a.charge_line_id = $2
    GROUP BY +a.payment_line_id, +a.charge_line_id, place) n
JOIN cart_line l ON l.association_id = CAST($1 AS BIGINT) AND l.id = n.charge_line_id
JOIN cart_line p ON p.association_id = CAST($1 AS BIGINT) AND p.id = n.payment_line_id
JOIN member m ON m.association_id = CAST($1 AS BIGINT) AND m.id = l.member_id
WHERE n.net_cents > 0
ORDER BY n.newest DESC;

-- name: undo_of_payment
-- $1 association, $2 payment line. What it pays, or paid until it was taken back: oldest charge
-- first, alike by account; refunds and disputes left out.
SELECT n.payment_line_id, n.charge_line_id, l.member_id, m.number, l.account_code, p.account_code,
    n.place, n.net_cents, n.returned_cents,
    l.amount_cents
    + (SELECT COALESCE(SUM(k.amount_cents), 0) FROM cart_line k
        WHERE k.association_id = CAST($1 AS BIGINT) AND k.corrects_line_id = l.id)
    - (SELECT COALESCE(SUM(x.amount_cents), 0) FROM allocation x
        WHERE x.association_id = CAST($1 AS BIGINT) AND x.charge_line_id = l.id) AS open_cents,
    y.first_day
FROM (SELECT a.payment_line_id, a.charge_line_id,
        CASE WHEN a.entry_id IS NULL THEN 'unbooked' WHEN a.deferred = 1 AND r.released_at IS NULL
            THEN 'deferred' ELSE 'booked' END AS place, SUM(a.amount_cents) AS net_cents,
        SUM(CASE WHEN a.returned = 1 THEN -a.amount_cents ELSE 0 END) AS returned_cents
    FROM allocation a
    LEFT JOIN deferral r ON r.association_id = a.association_id AND r.allocation_id = a.id
    WHERE a.association_id = $1 AND a.payment_line_id = $2
    GROUP BY +a.payment_line_id, +a.charge_line_id, place) n
JOIN cart_line l ON l.association_id = CAST($1 AS BIGINT) AND l.id = n.charge_line_id
JOIN cart_line p ON p.association_id = CAST($1 AS BIGINT) AND p.id = n.payment_line_id
JOIN member m ON m.association_id = CAST($1 AS BIGINT) AND m.id = l.member_id
JOIN fiscal_year y ON y.association_id = CAST($1 AS BIGINT) AND y.id = l.fiscal_year_id
WHERE (n.net_cents > 0 OR n.returned_cents > 0) AND l.kind NOT IN ('refund', 'dispute')
ORDER BY l.line_date, l.account_code, n.charge_line_id, n.place;

-- name: cart_line_read
-- $1 association, $2 line. With what is left of it after its corrections.
SELECT l.member_id, l.kind, l.amount_cents, l.label, l.fiscal_year_id, l.account_code,
    l.corrects_line_id, l.amount_cents + (SELECT COALESCE(SUM(k.amount_cents), 0) FROM cart_line k
        WHERE k.association_id = l.association_id AND k.corrects_line_id = l.id),
    (SELECT COALESCE(SUM(a.amount_cents), 0) FROM allocation a
        WHERE a.association_id = l.association_id AND a.charge_line_id = l.id),
    (SELECT COALESCE(SUM(a.amount_cents), 0) FROM allocation a
        JOIN cart_line p ON p.association_id = a.association_id AND p.id = a.payment_line_id
        WHERE a.association_id = l.association_id AND a.charge_line_id = l.id
            AND p.kind = 'payment') AS money_cents
FROM cart_line l WHERE l.association_id = $1 AND l.id = $2;

-- name: movement_add
-- $1 association, $2 id, $3 provider account, $4 kind, $5 reference, $6 amount, $7 currency,
-- $8 fact_at, $9 intent or NULL, $10 member or NULL, $11 parent or NULL, $12 what it follows or
-- NULL, $13 name of its parent while that is unknown, $14 flag, $15 payer, $16 type, $17 dispute,
-- $18 elsewhere, $19 settled or NULL, $20 counted or NULL, $21 now. No row comes back when it is
-- known.
INSERT INTO provider_transaction (association_id, id, provider_account_id, kind, reference,
    amount_cents, currency, fact_at, intent_id, member_id, parent_id, follows_id,
    parent_reference, flag, payer, type, dispute, elsewhere, settled_cents, counted_cents,
    created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
    $21)
ON CONFLICT (association_id, provider_account_id, kind, reference) DO NOTHING
RETURNING id;

-- name: movement_note_add
-- $1 association, $2 movement, $3 reason, $4 login or NULL.
INSERT INTO movement_note (association_id, transaction_id, reason, login_id) VALUES ($1, $2, $3, $4);

-- name: cheque_add
-- $1 association, $2 movement, $3 number, $4 bank, $5 drawer, $6 due day.
INSERT INTO cheque (association_id, transaction_id, number, bank, drawer, due_day)
VALUES ($1, $2, $3, $4, $5, $6);

-- name: cheque_known
-- $1 association, $2 number, $3 bank. One that has not come back unpaid.
SELECT transaction_id FROM cheque
WHERE association_id = $1 AND number = $2 AND bank = $3 AND returned_id IS NULL;

-- name: cheque_read
-- $1 association, $2 movement of its payment.
SELECT c.number, c.bank, c.drawer, c.due_day, c.deposit_id, c.returned_id, t.amount_cents,
    t.provider_account_id, d.bank_account
FROM cheque c
JOIN provider_transaction t ON t.association_id = c.association_id AND t.id = c.transaction_id
LEFT JOIN deposit d ON d.association_id = c.association_id AND d.id = c.deposit_id
WHERE c.association_id = $1 AND c.transaction_id = $2;

-- name: cheque_deposited
-- $1 association, $2 movement, $3 deposit. Once, and not when it came back.
UPDATE cheque SET deposit_id = $3
WHERE association_id = $1 AND transaction_id = $2 AND deposit_id IS NULL AND returned_id IS NULL
RETURNING transaction_id;

-- name: cheque_returned
-- $1 association, $2 movement, $3 movement that took it back.
UPDATE cheque SET returned_id = $3
WHERE association_id = $1 AND transaction_id = $2 AND returned_id IS NULL;

-- name: deposit_next_number
SELECT number + 1 FROM deposit WHERE association_id = $1 ORDER BY number DESC LIMIT 1;

-- name: deposit_add
-- $1 association, $2 id, $3 number, $4 movement, $5 bank account, $6 day, $7 login or NULL, $8 now.
INSERT INTO deposit (association_id, id, number, transaction_id, bank_account, deposit_day,
    created_by, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: release_years
-- $1 association, $2 today. Years that have begun with money still in 487.
SELECT y.id, y.first_day, y.label FROM fiscal_year y
WHERE y.association_id = $1 AND y.first_day <= $2 AND EXISTS (SELECT 1 FROM deferral d
    WHERE d.association_id = y.association_id AND d.fiscal_year_id = y.id AND d.released_at IS NULL)
ORDER BY y.first_day;

-- name: release_due
-- $1 a day, $2 at most. Associations with money in 487 for a year that has begun by that day.
SELECT DISTINCT y.association_id FROM fiscal_year y
WHERE y.first_day <= $1 AND EXISTS (SELECT 1 FROM deferral d
    WHERE d.association_id = y.association_id AND d.fiscal_year_id = y.id AND d.released_at IS NULL)
LIMIT CAST($2 AS BIGINT);

-- name: release_amounts
-- $1 association, $2 year. What stands in 487 for it, by account of the charges.
SELECT COALESCE(l.account_code, '471') AS code, SUM(a.amount_cents)
FROM deferral d
JOIN allocation a ON a.association_id = d.association_id AND a.id = d.allocation_id
JOIN cart_line l ON l.association_id = a.association_id AND l.id = a.charge_line_id
WHERE d.association_id = $1 AND d.fiscal_year_id = $2 AND d.released_at IS NULL
GROUP BY code ORDER BY code;

-- name: release_write
-- $1 association, $2 year, $3 entry or NULL, $4 now.
UPDATE deferral SET released_at = $4, entry_id = $3
WHERE association_id = $1 AND fiscal_year_id = $2 AND released_at IS NULL;

-- name: transaction_member
-- $1 association, $2 movement.
SELECT member_id FROM provider_transaction WHERE association_id = $1 AND id = $2;
