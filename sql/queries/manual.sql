-- Payments as the back office receives and shows them; cheques on their way to the bank. (CROSS
-- JOIN: in this order, by the keys of the condition.)

-- name: manual_count
-- $1 association, $2 provider account, $3 kind. How many movements of a kind it has.
SELECT COUNT(*) AS movements FROM provider_transaction
WHERE association_id = $1 AND provider_account_id = $2 AND kind = $3;

-- name: received_find
-- $1 association, $2 movement. A payment, with what was paid back or taken back of it.
SELECT t.provider_account_id, a.provider, a.label, t.reference, t.amount_cents, t.currency,
    t.fact_at, t.member_id, m.number, m.first_name, m.last_name, m.email, t.entry_id, e.number,
    e.journal, y.label, t.flag,
    COALESCE((SELECT -SUM(k.amount_cents) FROM provider_transaction k
        WHERE k.association_id = t.association_id AND k.parent_id = t.id
            AND k.kind IN ('refund', 'refund_failed', 'capture_failed')), 0) AS returned_cents,
    EXISTS (SELECT 1 FROM provider_transaction k WHERE k.association_id = t.association_id
        AND k.parent_id = t.id AND k.kind = 'capture_failed') AS reversed,
    EXISTS (SELECT 1 FROM quarantine q WHERE q.association_id = t.association_id
        AND q.transaction_id = t.id AND q.settled_at IS NULL) AS quarantined,
    c.number, c.bank, c.drawer, c.due_day, c.deposit_id, d.number, d.deposit_day, c.returned_id,
    (SELECT -SUM(COALESCE(k.settled_cents, k.amount_cents)) FROM provider_transaction k
        WHERE k.association_id = t.association_id AND k.parent_id = t.id
            AND k.kind IN ('fee', 'dispute_fee')) AS fee_cents,
    EXISTS (SELECT 1 FROM dispute x WHERE x.association_id = t.association_id
        AND x.transaction_id = t.id AND x.state IN ('inquiry', 'open')) AS disputed,
    COALESCE(t.settled_cents, t.amount_cents) AS value_cents
FROM provider_transaction t
JOIN provider_account a ON a.association_id = t.association_id AND a.id = t.provider_account_id
LEFT JOIN member m ON m.association_id = t.association_id AND m.id = t.member_id
LEFT JOIN entry e ON e.association_id = t.association_id AND e.id = t.entry_id
LEFT JOIN fiscal_year y ON y.association_id = e.association_id AND y.id = e.fiscal_year_id
LEFT JOIN cheque c ON c.association_id = t.association_id AND c.transaction_id = t.id
LEFT JOIN deposit d ON d.association_id = c.association_id AND d.id = c.deposit_id
WHERE t.association_id = $1 AND t.id = $2 AND t.kind = 'capture';

-- name: received_parts
-- $1 association, $2 movement. What the payment pays now: charges of whom, and how much of each.
SELECT l.id, l.kind, l.label, m.number, m.first_name, m.last_name, SUM(a.amount_cents) AS cents
FROM cart_line p
CROSS JOIN allocation a
JOIN cart_line l ON l.association_id = CAST($1 AS BIGINT) AND l.id = a.charge_line_id
JOIN member m ON m.association_id = CAST($1 AS BIGINT) AND m.id = l.member_id
WHERE p.association_id = $1 AND p.transaction_id = $2 AND p.kind = 'payment'
    AND p.corrects_line_id IS NULL AND a.association_id = p.association_id
    AND a.payment_line_id = p.id AND l.kind <> 'refund'
GROUP BY +l.id, l.kind, l.label, m.number, m.first_name, m.last_name
HAVING SUM(a.amount_cents) > 0
ORDER BY MIN(a.id);

-- name: received_later
-- $1 association, $2 movement. What happened to the payment since, oldest first.
SELECT k.kind, k.amount_cents, k.fact_at, k.entry_id, e.number, e.journal, a.label,
    COALESCE(n.reason, '') AS reason
FROM provider_transaction k
JOIN provider_account a ON a.association_id = k.association_id AND a.id = k.provider_account_id
LEFT JOIN entry e ON e.association_id = k.association_id AND e.id = k.entry_id
LEFT JOIN movement_note n ON n.association_id = k.association_id AND n.transaction_id = k.id
WHERE k.association_id = $1 AND k.parent_id = $2
ORDER BY k.fact_at, k.id;

-- name: cheque_waiting_means
-- $1 association. The means by which cheques came that wait for the bank, with their number. (Every
-- day is later than '': said for the index of those that wait.)
SELECT t.provider_account_id, a.label, COUNT(*) AS cheques, SUM(t.amount_cents) AS cents
FROM cheque c
JOIN provider_transaction t ON t.association_id = c.association_id AND t.id = c.transaction_id
JOIN provider_account a ON a.association_id = t.association_id AND a.id = t.provider_account_id
WHERE c.association_id = $1 AND c.due_day > '' AND c.deposit_id IS NULL AND c.returned_id IS NULL
GROUP BY t.provider_account_id, a.label
ORDER BY cheques DESC, a.label;

-- name: cheque_waiting
-- $1 association, $2 means, $3 at most. Cheques that wait for the bank, by their day.
SELECT c.transaction_id, c.number, c.bank, c.drawer, c.due_day, t.amount_cents, t.member_id,
    m.number, m.first_name, m.last_name, 0 AS returned
FROM cheque c
JOIN provider_transaction t ON t.association_id = c.association_id AND t.id = c.transaction_id
LEFT JOIN member m ON m.association_id = t.association_id AND m.id = t.member_id
WHERE c.association_id = $1 AND c.due_day > '' AND c.deposit_id IS NULL AND c.returned_id IS NULL
    AND t.provider_account_id = $2
ORDER BY c.due_day, c.transaction_id LIMIT CAST($3 AS BIGINT);

-- name: deposit_cheques
-- $1 association, $2 deposit. The cheques that were carried to the bank together.
SELECT c.transaction_id, c.number, c.bank, c.drawer, c.due_day, t.amount_cents, t.member_id,
    m.number, m.first_name, m.last_name,
    CASE WHEN c.returned_id IS NULL THEN 0 ELSE 1 END AS returned
FROM cheque c
JOIN provider_transaction t ON t.association_id = c.association_id AND t.id = c.transaction_id
LEFT JOIN member m ON m.association_id = t.association_id AND m.id = t.member_id
WHERE c.association_id = $1 AND c.deposit_id = $2
ORDER BY c.bank, c.number, c.transaction_id;

-- name: deposit_list
-- $1 association, $2 numbers below, $3 at most. Newest first.
SELECT d.id, d.number, d.deposit_day, d.bank_account, COALESCE(b.label, '') AS bank_label,
    -t.amount_cents AS cents,
    (SELECT COUNT(*) FROM cheque c WHERE c.association_id = d.association_id
        AND c.deposit_id = d.id) AS cheques,
    t.entry_id, e.number, e.journal
FROM deposit d
JOIN provider_transaction t ON t.association_id = d.association_id AND t.id = d.transaction_id
LEFT JOIN account b ON b.association_id = d.association_id AND b.code = d.bank_account
LEFT JOIN entry e ON e.association_id = t.association_id AND e.id = t.entry_id
WHERE d.association_id = $1 AND d.number < $2
ORDER BY d.number DESC LIMIT CAST($3 AS BIGINT);

-- name: deposit_find
-- $1 association, $2 id. With the end of the IBAN it goes to.
SELECT d.id, d.number, d.deposit_day, d.bank_account, COALESCE(b.label, '') AS bank_label,
    -t.amount_cents AS cents,
    (SELECT COUNT(*) FROM cheque c WHERE c.association_id = d.association_id
        AND c.deposit_id = d.id) AS cheques,
    t.entry_id, e.number, e.journal,
    COALESCE((SELECT MAX(i.iban_tail) FROM bank_account i WHERE i.association_id = d.association_id
        AND i.account_code = d.bank_account AND i.archived_at IS NULL), '') AS iban_tail
FROM deposit d
JOIN provider_transaction t ON t.association_id = d.association_id AND t.id = d.transaction_id
LEFT JOIN account b ON b.association_id = d.association_id AND b.code = d.bank_account
LEFT JOIN entry e ON e.association_id = t.association_id AND e.id = t.entry_id
WHERE d.association_id = $1 AND d.id = $2;
