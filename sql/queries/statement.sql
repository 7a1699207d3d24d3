-- The provider's own list and our movements, side by side.

-- name: statement_accounts
-- $1 association, $2 account or 0. Those at providers: in use first.
SELECT id, provider, label, transit_account, other_account, since_day, opening_cents, statement_at,
    balance_cents, balance_at, unlinked_at, revoked_at, version, client_id IS NOT NULL
FROM provider_account
WHERE association_id = $1 AND provider <> 'manual' AND (CAST($2 AS BIGINT) = 0 OR id = $2)
ORDER BY unlinked_at IS NOT NULL, position, created_at, id;

-- name: statement_line_add
-- No row comes back when the line is known already.
INSERT INTO statement_line (association_id, provider_account_id, reference, type, kind, nature,
    movement, fee_reference, parent, dispute, token, our_mark, payer, objects, gross_cents, fee_cents,
    net_cents, currency, fact_at, fact_day, payout, read_at, standing)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
    $21, $22, $23)
ON CONFLICT (association_id, provider_account_id, reference) DO NOTHING
RETURNING 1;

-- name: statement_line_figures
-- $1 association, $2 account, $3 reference.
SELECT gross_cents, fee_cents, currency, told_at, standing FROM statement_line
WHERE association_id = $1 AND provider_account_id = $2 AND reference = $3;

-- name: statement_line_settle
-- $1 association, $2 account, $3 reference, $4 gross, $5 fee, $6 net, $7 standing. A payment under way
-- is told again until it is sure.
UPDATE statement_line SET gross_cents = $4, fee_cents = $5, net_cents = $6, standing = $7
WHERE association_id = $1 AND provider_account_id = $2 AND reference = $3 AND standing = 'pending';

-- name: statement_unsure_since
-- $1 association, $2 account, $3 not before. When the oldest payment began that may still fail.
SELECT MIN(fact_at) FROM statement_line
WHERE association_id = $1 AND provider_account_id = $2 AND standing <> 'final' AND standing = 'pending'
    AND fact_at >= $3;

-- name: statement_line_payout
-- $1 association, $2 account, $3 reference, $4 payout. Learned once.
UPDATE statement_line SET payout = $4
WHERE association_id = $1 AND provider_account_id = $2 AND reference = $3 AND payout = '';

-- name: statement_line_told
-- $1 association, $2 account, $3 reference, $4 gross, $5 fee, $6 now. What was read first stays.
UPDATE statement_line SET told_gross_cents = $4, told_fee_cents = $5, told_at = $6
WHERE association_id = $1 AND provider_account_id = $2 AND reference = $3
    AND (told_at IS NULL OR told_gross_cents <> $4 OR told_fee_cents <> $5);

-- name: statement_line_told_right
-- $1 association, $2 account, $3 reference. It says what it said at first.
UPDATE statement_line SET told_gross_cents = NULL, told_fee_cents = NULL, told_at = NULL
WHERE association_id = $1 AND provider_account_id = $2 AND reference = $3 AND told_at IS NOT NULL;

-- name: statement_states
-- $1 association, $2 account, $3 first day, $4 last day, $5 the association's currency.
SELECT state, COUNT(*), COALESCE(SUM(CASE WHEN currency = $5 THEN net_cents ELSE 0 END), 0)
FROM statement_match
WHERE association_id = $1 AND provider_account_id = $2 AND fact_day >= $3 AND fact_day <= $4
GROUP BY state;

-- name: statement_held
-- $1 association, $2 account, $3 currency, $4 first day, $5 last day, $6 whether payments that are not
-- sure count too. What the list adds to what the provider holds.
SELECT COALESCE(SUM(l.net_cents), 0) FROM statement_line l
WHERE l.association_id = $1 AND l.provider_account_id = $2 AND l.fact_day >= $4 AND l.fact_day <= $5
    AND l.kind <> 'none' AND l.currency = $3
    AND (CAST($6 AS BIGINT) = 1 OR NOT EXISTS (SELECT 1 FROM statement_unsure u
        WHERE u.association_id = l.association_id AND u.provider_account_id = l.provider_account_id
            AND u.payment = CASE l.kind WHEN 'capture' THEN l.movement WHEN 'capture_failed' THEN l.parent END));

-- name: statement_booked
-- $1 association, $2 account, $3 currency, $4 from, $5 until (not included). What our entries say
-- moved there, and fees that have no entry yet.
SELECT COALESCE(SUM(CASE WHEN entry_id IS NULL THEN 0 WHEN currency = $3 THEN amount_cents
        ELSE COALESCE(settled_cents, 0) END), 0),
    COALESCE(SUM(CASE WHEN entry_id IS NULL AND kind IN ('fee', 'dispute_fee') AND currency = $3
        THEN amount_cents ELSE 0 END), 0)
FROM provider_transaction
WHERE association_id = $1 AND provider_account_id = $2 AND fact_at >= $4 AND fact_at < $5;

-- name: statement_unknown
-- $1 association, $2 account, $3 from, $4 until (not included), $5 the list was read up to then,
-- $6 the association's currency. Movements that the list does not have; and those it may not have
-- yet.
SELECT COALESCE(SUM(CASE WHEN fact_at < $5 THEN 1 ELSE 0 END), 0),
    COALESCE(SUM(CASE WHEN fact_at < $5 AND currency = $6 THEN amount_cents ELSE 0 END), 0),
    COALESCE(SUM(CASE WHEN fact_at < $5 THEN 0 ELSE 1 END), 0),
    COALESCE(SUM(CASE WHEN fact_at >= $5 AND currency = $6 THEN amount_cents ELSE 0 END), 0)
FROM statement_movement
WHERE association_id = $1 AND provider_account_id = $2 AND fact_at >= $3 AND fact_at < $4
    AND line_day IS NULL;

-- name: statement_shifted
-- $1 association, $2 account, $3 currency, $4 end of the month (not included), $5 its last day,
-- $6 and $7 how far to look before and behind. What the list has in the month and our entries
-- later, less what our entries have before and the list later.
SELECT COALESCE(SUM(CASE WHEN fact_at >= $4 AND line_day <= $5 THEN amount_cents
        WHEN fact_at < $4 AND line_day > $5 THEN -amount_cents ELSE 0 END), 0)
FROM statement_movement
WHERE association_id = $1 AND provider_account_id = $2 AND fact_at >= $6 AND fact_at < $7
    AND currency = $3 AND (entry_id IS NOT NULL OR fact_at >= $4);

-- name: statement_transit
-- $1 association, $2 account of the chart, $3 last day. What stands there, by the day of the fact.
SELECT COALESCE(SUM(l.debit_cents - l.credit_cents), 0)
FROM entry_line l JOIN entry e ON e.association_id = l.association_id AND e.id = l.entry_id
WHERE l.association_id = $1 AND l.account_code = $2 AND e.fact_date <= $3;

-- name: statement_lines
-- $1 association, $2 account, $3 first day, $4 last day, $5 state or '', $6 and $7 the key of the
-- last line shown (day, reference; '' for the first page), $8 at most. Oldest first.
SELECT m.reference, m.type, m.kind, m.movement, m.payer, m.gross_cents, m.fee_cents, m.net_cents,
    m.currency, m.fact_at, m.fact_day, m.payout, m.told_at, m.told_gross_cents, m.told_fee_cents,
    m.transaction_id, m.booked_cents, m.entry_id, m.fee_id, m.fee_booked_cents, m.state,
    m.nature, m.parent, m.dispute, m.token, m.our_mark, m.objects, m.fee_reference
FROM statement_match m
WHERE m.association_id = $1 AND m.provider_account_id = $2 AND m.fact_day >= $3 AND m.fact_day <= $4
    AND (CAST($5 AS TEXT) = '' OR m.state = $5)
    AND m.fact_day >= $6 AND (m.fact_day > $6 OR m.reference > $7)
ORDER BY m.fact_day, m.reference LIMIT $8;

-- name: statement_line_one
-- $1 association, $2 account, $3 reference.
SELECT m.reference, m.type, m.kind, m.movement, m.payer, m.gross_cents, m.fee_cents, m.net_cents,
    m.currency, m.fact_at, m.fact_day, m.payout, m.told_at, m.told_gross_cents, m.told_fee_cents,
    m.transaction_id, m.booked_cents, m.entry_id, m.fee_id, m.fee_booked_cents, m.state,
    m.nature, m.parent, m.dispute, m.token, m.our_mark, m.objects, m.fee_reference
FROM statement_match m
WHERE m.association_id = $1 AND m.provider_account_id = $2 AND m.reference = $3;

-- name: statement_unknown_list
-- $1 association, $2 account, $3 from, $4 until (not included), $5 the list was read up to then,
-- $6 at most. Movements that the list does not have, oldest first.
SELECT t.id, t.kind, t.reference, t.payer, t.fact_at, t.amount_cents, t.currency, t.entry_id,
    COALESCE(t.parent_id, 0)
FROM statement_movement t
WHERE t.association_id = $1 AND t.provider_account_id = $2 AND t.fact_at >= $3 AND t.fact_at < $4
    AND t.line_day IS NULL AND t.fact_at < $5
ORDER BY t.fact_at, t.id LIMIT $6;
