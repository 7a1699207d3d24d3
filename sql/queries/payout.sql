-- What went to the bank, and money that did not begin in Guichet.

-- name: payout_list
-- $1 association, $2 and $3 the key of the last row shown (fact_at, id; a future time for the first
-- page), $4 at most. Newest first; the sum of the lines it is made of, NULL when none is known.
SELECT t.id, t.provider_account_id, a.provider, a.label, t.reference, t.fact_at, t.amount_cents,
    t.currency, e.id, e.number, e.journal,
    EXISTS (SELECT 1 FROM provider_transaction f WHERE f.association_id = t.association_id
        AND f.parent_id = t.id AND f.kind = 'payout_failed'),
    (SELECT SUM(l.net_cents) FROM statement_line l WHERE l.association_id = t.association_id
        AND l.provider_account_id = t.provider_account_id AND l.payout = t.reference AND l.payout <> ''
        AND l.kind NOT IN ('none', 'payout', 'payout_failed'))
FROM provider_transaction t
JOIN provider_account a ON a.association_id = t.association_id AND a.id = t.provider_account_id
LEFT JOIN entry e ON e.association_id = t.association_id AND e.id = t.entry_id
WHERE t.association_id = $1 AND t.kind = 'payout' AND a.provider <> 'manual'
    AND t.fact_at <= $2 AND (t.fact_at < $2 OR t.id < $3)
ORDER BY t.fact_at DESC, t.id DESC LIMIT $4;

-- name: payout_find
-- $1 association, $2 payout.
SELECT t.id, t.provider_account_id, a.provider, a.label, t.reference, t.fact_at, t.amount_cents,
    t.currency, e.id, e.number, e.journal,
    EXISTS (SELECT 1 FROM provider_transaction f WHERE f.association_id = t.association_id
        AND f.parent_id = t.id AND f.kind = 'payout_failed'),
    (SELECT SUM(l.net_cents) FROM statement_line l WHERE l.association_id = t.association_id
        AND l.provider_account_id = t.provider_account_id AND l.payout = t.reference AND l.payout <> ''
        AND l.kind NOT IN ('none', 'payout', 'payout_failed'))
FROM provider_transaction t
JOIN provider_account a ON a.association_id = t.association_id AND a.id = t.provider_account_id
LEFT JOIN entry e ON e.association_id = t.association_id AND e.id = t.entry_id
WHERE t.association_id = $1 AND t.id = $2 AND t.kind = 'payout' AND a.provider <> 'manual';

-- name: payout_parts
-- $1 association, $2 account, $3 payout.
SELECT kind, COUNT(*), SUM(gross_cents), SUM(fee_cents) FROM statement_line
WHERE association_id = $1 AND provider_account_id = $2 AND payout = $3 AND payout <> ''
    AND kind NOT IN ('none', 'payout', 'payout_failed')
GROUP BY kind ORDER BY SUM(gross_cents) DESC, kind;

-- name: payout_lines
-- $1 association, $2 account, $3 payout, $4 at most. Oldest first; the columns of statement_lines.
SELECT m.reference, m.type, m.kind, m.movement, m.payer, m.gross_cents, m.fee_cents, m.net_cents,
    m.currency, m.fact_at, m.fact_day, m.payout, m.told_at, m.told_gross_cents, m.told_fee_cents,
    m.transaction_id, m.booked_cents, m.entry_id, m.fee_id, m.fee_booked_cents, m.state,
    m.nature, m.parent, m.dispute, m.token, m.our_mark, m.objects, m.fee_reference
FROM statement_match m
WHERE m.association_id = $1 AND m.provider_account_id = $2 AND m.payout = $3 AND m.payout <> ''
    AND m.kind NOT IN ('none', 'payout', 'payout_failed')
ORDER BY m.fact_at, m.reference LIMIT $4;

-- name: elsewhere_list
-- $1 association, $2 and $3 the key of the last row shown, $4 at most. Newest first.
SELECT t.id, t.fact_at, t.payer, t.reference, t.amount_cents, t.currency, a.label, e.id, e.number,
    e.journal,
    COALESCE((SELECT -SUM(k.amount_cents) FROM provider_transaction k
        WHERE k.association_id = t.association_id AND k.parent_id = t.id
            AND k.kind IN ('refund', 'refund_failed', 'capture_failed')), 0)
FROM provider_transaction t
JOIN provider_account a ON a.association_id = t.association_id AND a.id = t.provider_account_id
LEFT JOIN entry e ON e.association_id = t.association_id AND e.id = t.entry_id
WHERE t.association_id = $1 AND t.kind = 'capture' AND t.elsewhere = 1
    AND t.fact_at <= $2 AND (t.fact_at < $2 OR t.id < $3)
ORDER BY t.fact_at DESC, t.id DESC LIMIT $4;
