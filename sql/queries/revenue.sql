-- What came in: one row per payment.

-- name: revenue_list
-- $1 association, $2 fiscal year or 0, $3 and $4 the key of the last row shown (fact_at, id; a
-- future time for the first page), $5 from and $6 until (of the fact, not included), $7 means of
-- payment or 0, $8 to $10 words to find (LIKE patterns, '%' for none), $11 at most. Newest first.
SELECT t.id, t.fact_at, t.amount_cents, t.currency, t.reference, t.flag, a.provider, a.label,
    m.id, m.number, m.first_name, m.last_name, e.id, e.number, e.journal, e.label, y.label,
    COALESCE((SELECT SUM(l.credit_cents) FROM entry_line l
        WHERE l.association_id = e.association_id AND l.entry_id = e.id AND l.account_code = '4191'), 0),
    COALESCE((SELECT -SUM(k.amount_cents) FROM provider_transaction k
        WHERE k.association_id = t.association_id AND k.parent_id = t.id
            AND k.kind IN ('refund', 'refund_failed', 'capture_failed')), 0),
    EXISTS (SELECT 1 FROM quarantine q WHERE q.association_id = t.association_id
        AND q.transaction_id = t.id AND q.settled_at IS NULL),
    (SELECT -SUM(COALESCE(f.settled_cents, f.amount_cents)) FROM provider_transaction f
        WHERE f.association_id = t.association_id AND f.parent_id = t.id
            AND f.kind IN ('fee', 'dispute_fee')) AS fee_cents,
    COALESCE(t.settled_cents, t.amount_cents) AS value_cents
FROM provider_transaction t
JOIN provider_account a ON a.association_id = t.association_id AND a.id = t.provider_account_id
LEFT JOIN member m ON m.association_id = t.association_id AND m.id = t.member_id
LEFT JOIN entry e ON e.association_id = t.association_id AND e.id = t.entry_id
LEFT JOIN fiscal_year y ON y.association_id = e.association_id AND y.id = e.fiscal_year_id
WHERE t.association_id = $1 AND t.kind = 'capture'
    AND t.fact_at <= $3 AND (t.fact_at < $3 OR t.id < $4) AND t.fact_at >= $5 AND t.fact_at < $6
    AND (CAST($2 AS BIGINT) = 0 OR e.fiscal_year_id = $2)
    AND (CAST($7 AS BIGINT) = 0 OR t.provider_account_id = $7)
    AND (CAST($8 AS TEXT) = '%' OR COALESCE(m.search_text, '') || ' ' || lower(t.reference) LIKE $8 ESCAPE '!')
    AND (CAST($9 AS TEXT) = '%' OR COALESCE(m.search_text, '') || ' ' || lower(t.reference) LIKE $9 ESCAPE '!')
    AND (CAST($10 AS TEXT) = '%' OR COALESCE(m.search_text, '') || ' ' || lower(t.reference) LIKE $10 ESCAPE '!')
ORDER BY t.fact_at DESC, t.id DESC LIMIT $11;

-- name: revenue_total
-- $1 association, $2 fiscal year or 0, $3 from, $4 until, $5 means or 0, $6 to $8 words to find.
-- What is in the books: the association's own currency.
SELECT COUNT(*), COALESCE(SUM(e.total_cents), 0), 0
FROM provider_transaction t
JOIN entry e ON e.association_id = t.association_id AND e.id = t.entry_id
LEFT JOIN member m ON m.association_id = t.association_id AND m.id = t.member_id
WHERE t.association_id = $1 AND t.kind = 'capture' AND t.fact_at >= $3 AND t.fact_at < $4
    AND (CAST($2 AS BIGINT) = 0 OR e.fiscal_year_id = $2)
    AND (CAST($5 AS BIGINT) = 0 OR t.provider_account_id = $5)
    AND (CAST($6 AS TEXT) = '%' OR COALESCE(m.search_text, '') || ' ' || lower(t.reference) LIKE $6 ESCAPE '!')
    AND (CAST($7 AS TEXT) = '%' OR COALESCE(m.search_text, '') || ' ' || lower(t.reference) LIKE $7 ESCAPE '!')
    AND (CAST($8 AS TEXT) = '%' OR COALESCE(m.search_text, '') || ' ' || lower(t.reference) LIKE $8 ESCAPE '!');

-- name: revenue_year_total
-- The same of one fiscal year: its entries are few among those of all years.
SELECT COUNT(*), COALESCE(SUM(e.total_cents), 0), 0
FROM entry e CROSS JOIN provider_transaction t
LEFT JOIN member m ON m.association_id = t.association_id AND m.id = t.member_id
WHERE e.association_id = $1 AND e.fiscal_year_id = $2
    AND t.association_id = e.association_id AND t.entry_id = e.id
    AND +t.kind = 'capture' AND +t.fact_at >= $3 AND +t.fact_at < $4
    AND (CAST($5 AS BIGINT) = 0 OR t.provider_account_id = $5)
    AND (CAST($6 AS TEXT) = '%' OR COALESCE(m.search_text, '') || ' ' || lower(t.reference) LIKE $6 ESCAPE '!')
    AND (CAST($7 AS TEXT) = '%' OR COALESCE(m.search_text, '') || ' ' || lower(t.reference) LIKE $7 ESCAPE '!')
    AND (CAST($8 AS TEXT) = '%' OR COALESCE(m.search_text, '') || ' ' || lower(t.reference) LIKE $8 ESCAPE '!');

-- name: revenue_returned
-- The same filter: what was paid back or taken back of those payments since.
SELECT COALESCE(-SUM(k.amount_cents), 0)
FROM provider_transaction k
JOIN provider_transaction t ON t.association_id = k.association_id AND t.id = k.parent_id
JOIN entry e ON e.association_id = t.association_id AND e.id = t.entry_id
LEFT JOIN member m ON m.association_id = t.association_id AND m.id = t.member_id
WHERE k.association_id = $1 AND k.kind IN ('refund', 'refund_failed', 'capture_failed')
    AND +t.kind = 'capture' AND +t.fact_at >= $3 AND +t.fact_at < $4
    AND (CAST($2 AS BIGINT) = 0 OR e.fiscal_year_id = $2)
    AND (CAST($5 AS BIGINT) = 0 OR t.provider_account_id = $5)
    AND (CAST($6 AS TEXT) = '%' OR COALESCE(m.search_text, '') || ' ' || lower(t.reference) LIKE $6 ESCAPE '!')
    AND (CAST($7 AS TEXT) = '%' OR COALESCE(m.search_text, '') || ' ' || lower(t.reference) LIKE $7 ESCAPE '!')
    AND (CAST($8 AS TEXT) = '%' OR COALESCE(m.search_text, '') || ' ' || lower(t.reference) LIKE $8 ESCAPE '!');

-- name: revenue_returned_between
-- $1 association, $2 fiscal year or 0, $3 from, $4 until, $5 means or 0. The same of few payments:
-- those of some hours.
SELECT COALESCE(-SUM(k.amount_cents), 0)
FROM provider_transaction t
JOIN entry e ON e.association_id = t.association_id AND e.id = t.entry_id
CROSS JOIN provider_transaction k
WHERE t.association_id = $1 AND t.kind = 'capture' AND t.fact_at >= $3 AND t.fact_at < $4
    AND (CAST($2 AS BIGINT) = 0 OR e.fiscal_year_id = $2)
    AND (CAST($5 AS BIGINT) = 0 OR t.provider_account_id = $5)
    AND k.association_id = t.association_id AND k.parent_id = t.id
    AND k.kind IN ('refund', 'refund_failed', 'capture_failed');

-- name: revenue_days
-- $1 association, $2 fiscal year or 0, $3 first day (UTC), $4 last day (not included), $5 means or 0.
-- The total of whole days, without words to find.
SELECT COALESCE(SUM(payments), 0), COALESCE(SUM(received_cents), 0), COALESCE(SUM(returned_cents), 0)
FROM revenue_day
WHERE association_id = $1 AND utc_day >= $3 AND utc_day < $4
    AND (CAST($2 AS BIGINT) = 0 OR fiscal_year_id = $2)
    AND (CAST($5 AS BIGINT) = 0 OR provider_account_id = $5);

-- name: revenue_means
-- $1 association. Every means of payment it has or had.
SELECT id, label, provider, unlinked_at FROM provider_account
WHERE association_id = $1 ORDER BY unlinked_at IS NOT NULL, position, id;
