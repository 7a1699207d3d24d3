-- name: chart_add_defaults
-- The default chart of a new association (domain.md, Postings). $1 association.
INSERT INTO account (association_id, code, label)
SELECT CAST($1 AS BIGINT), chart.code, chart.label
FROM (SELECT '110' AS code, 'Report à nouveau' AS label
    UNION ALL SELECT '4191', 'Adhérents, avances reçues'
    UNION ALL SELECT '4671', 'Paiements contestés'
    UNION ALL SELECT '4678', 'Réserves des solutions de paiement'
    UNION ALL SELECT '471', 'Compte d''attente, à rattacher'
    UNION ALL SELECT '487', 'Produits constatés d''avance'
    UNION ALL SELECT '5112', 'Chèques à encaisser'
    UNION ALL SELECT '5115', 'Cartes bancaires à encaisser'
    UNION ALL SELECT '5118', 'Chèques-vacances, coupons et aides à encaisser'
    UNION ALL SELECT '5121', 'Banque'
    UNION ALL SELECT '5171', 'Stripe'
    UNION ALL SELECT '5172', 'PayPal'
    UNION ALL SELECT '530', 'Caisse'
    UNION ALL SELECT '580', 'Virements internes'
    UNION ALL SELECT '627', 'Services bancaires'
    UNION ALL SELECT '666', 'Pertes de change'
    UNION ALL SELECT '706', 'Prestations de services, sorties'
    UNION ALL SELECT '707', 'Ventes de marchandises'
    UNION ALL SELECT '7088', 'Autres produits d''activités annexes, assurances'
    UNION ALL SELECT '75411', 'Dons manuels'
    UNION ALL SELECT '7561', 'Cotisations sans contrepartie'
    UNION ALL SELECT '7562', 'Cotisations avec contrepartie'
    UNION ALL SELECT '7588', 'Autres produits de gestion courante'
    UNION ALL SELECT '766', 'Gains de change') chart
WHERE true
ON CONFLICT (association_id, code) DO NOTHING;

-- name: account_add
-- $1 association, $2 code, $3 label.
INSERT INTO account (association_id, code, label) VALUES ($1, $2, $3)
ON CONFLICT (association_id, code) DO NOTHING;

-- name: account_read
-- $1 association, $2 code.
SELECT label, CASE WHEN archived_at IS NULL THEN 0 ELSE 1 END AS archived
FROM account WHERE association_id = $1 AND code = $2;

-- name: fiscal_year_holding
-- $1 association, $2 ISO date.
SELECT id, label, first_day, last_day, CASE WHEN closed_at IS NULL THEN 0 ELSE 1 END AS closed
FROM fiscal_year WHERE association_id = $1 AND first_day <= $2 AND last_day >= $2
ORDER BY first_day DESC LIMIT 1;

-- name: fiscal_year_oldest
SELECT id, label, first_day, last_day, CASE WHEN closed_at IS NULL THEN 0 ELSE 1 END AS closed
FROM fiscal_year WHERE association_id = $1 ORDER BY first_day LIMIT 1;

-- name: fiscal_year_newest
SELECT id, label, first_day, last_day, CASE WHEN closed_at IS NULL THEN 0 ELSE 1 END AS closed
FROM fiscal_year WHERE association_id = $1 ORDER BY first_day DESC LIMIT 1;

-- name: fiscal_year_list
SELECT id, label, first_day, last_day, CASE WHEN closed_at IS NULL THEN 0 ELSE 1 END AS closed
FROM fiscal_year WHERE association_id = $1 ORDER BY first_day DESC;

-- name: fiscal_year_add
-- $1 association, $2 id, $3 label, $4 first day, $5 last day.
INSERT INTO fiscal_year (association_id, id, label, first_day, last_day) VALUES ($1, $2, $3, $4, $5);

-- name: fiscal_year_next_number
-- The next entry number of a year: no gap, since the update rolls back with its transaction.
UPDATE fiscal_year SET last_number = last_number + 1
WHERE association_id = $1 AND id = $2 RETURNING last_number;

-- name: entry_chain_head
SELECT chain_number, hash FROM entry WHERE association_id = $1 ORDER BY chain_number DESC LIMIT 1;

-- name: entry_add
INSERT INTO entry (association_id, id, fiscal_year_id, number, chain_number, journal, fact_date,
    entry_date, posted_at, piece, label, total_cents, previous_hash, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14);

-- name: entry_line_add
INSERT INTO entry_line (association_id, entry_id, line_number, account_code, account_label,
    debit_cents, credit_cents, member_number, entry_date, chain_number)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: entry_read
-- $1 association, $2 entry.
SELECT fiscal_year_id, number, chain_number, journal, fact_date, entry_date, posted_at, piece,
    label, total_cents, hash
FROM entry WHERE association_id = $1 AND id = $2;

-- name: entry_read_lines
SELECT line_number, account_code, account_label, debit_cents, credit_cents, member_number
FROM entry_line WHERE association_id = $1 AND entry_id = $2 ORDER BY line_number;

-- name: chart_list
-- $1 association. By code; whether an entry holds it.
SELECT a.code, a.label, a.archived_at,
    EXISTS (SELECT 1 FROM entry_line l WHERE l.association_id = a.association_id
        AND l.account_code = a.code) AS used, a.version
FROM account a WHERE a.association_id = $1 ORDER BY a.code;

-- name: chart_find
-- $1 association, $2 code.
SELECT a.code, a.label, a.archived_at,
    EXISTS (SELECT 1 FROM entry_line l WHERE l.association_id = a.association_id
        AND l.account_code = a.code) AS used, a.version
FROM account a WHERE a.association_id = $1 AND a.code = $2;

-- name: chart_uses
-- $1 association, $2 code. Which settings and carts name an account of the chart.
SELECT
    EXISTS (SELECT 1 FROM provider_account p WHERE p.association_id = $1
        AND p.transit_account = $2 AND p.unlinked_at IS NULL) AS means_in_use,
    EXISTS (SELECT 1 FROM provider_account p WHERE p.association_id = $1
        AND p.transit_account = $2) AS means,
    EXISTS (SELECT 1 FROM bank_account b WHERE b.association_id = $1
        AND b.account_code = $2 AND b.archived_at IS NULL) AS banks_in_use,
    EXISTS (SELECT 1 FROM bank_account b WHERE b.association_id = $1
        AND b.account_code = $2) AS banks,
    EXISTS (SELECT 1 FROM product p WHERE p.association_id = $1
        AND p.account_code = $2 AND p.archived_at IS NULL) AS products_in_use,
    EXISTS (SELECT 1 FROM product p WHERE p.association_id = $1
        AND p.account_code = $2) AS products,
    EXISTS (SELECT 1 FROM cart_line l WHERE l.association_id = $1
        AND l.account_code = $2) AS charges;

-- name: chart_remove
-- $1 association, $2 code.
DELETE FROM account WHERE association_id = $1 AND code = $2;

-- name: chart_rename
-- $1 association, $2 code, $3 label.
UPDATE account SET label = $3, version = version + 1 WHERE association_id = $1 AND code = $2;

-- name: chart_archive
-- $1 association, $2 code, $3 since when, or NULL.
UPDATE account SET archived_at = $3, version = version + 1 WHERE association_id = $1 AND code = $2;

-- name: fiscal_year_read
-- $1 association, $2 id.
SELECT label, first_day, last_day, version FROM fiscal_year WHERE association_id = $1 AND id = $2;

-- name: fiscal_year_rename
-- $1 association, $2 id, $3 label.
UPDATE fiscal_year SET label = $3, version = version + 1 WHERE association_id = $1 AND id = $2;
-- name: journal_newest
-- $1 association, $2 from, $3 and $4 before that place (day, chain number), $5 journal or '', $6 at
-- most. Entries with their lines, newest first.
SELECT e.id, e.number, e.chain_number, e.journal, e.entry_date, e.piece, e.label, e.total_cents,
    y.label, l.account_code, l.account_label, l.debit_cents, l.credit_cents, l.member_number,
    m.id, m.first_name, m.last_name
FROM (SELECT association_id, id, fiscal_year_id, number, chain_number, journal, entry_date, piece,
        label, total_cents
    FROM entry WHERE association_id = $1 AND entry_date >= $2
        AND (entry_date, chain_number) < ($3, $4) AND (CAST($5 AS TEXT) = '' OR journal = $5)
    ORDER BY entry_date DESC, chain_number DESC LIMIT $6) e
JOIN fiscal_year y ON y.association_id = e.association_id AND y.id = e.fiscal_year_id
JOIN entry_line l ON l.association_id = e.association_id AND l.entry_id = e.id
LEFT JOIN member m ON m.association_id = l.association_id AND m.number = l.member_number
ORDER BY e.entry_date DESC, e.chain_number DESC, l.line_number;

-- name: journal_oldest
-- $1 association, $2 and $3 behind that place, $4 until (included), $5 journal or '', $6 at most,
-- $7 highest chain number: what is written meanwhile is left out. Oldest first.
SELECT e.id, e.number, e.chain_number, e.journal, e.entry_date, e.piece, e.label, e.total_cents,
    y.label, l.account_code, l.account_label, l.debit_cents, l.credit_cents, l.member_number,
    m.id, m.first_name, m.last_name
FROM (SELECT association_id, id, fiscal_year_id, number, chain_number, journal, entry_date, piece,
        label, total_cents
    FROM entry WHERE association_id = $1 AND (entry_date, chain_number) > ($2, $3)
        AND entry_date <= $4 AND chain_number <= $7 AND (CAST($5 AS TEXT) = '' OR journal = $5)
    ORDER BY entry_date, chain_number LIMIT $6) e
JOIN fiscal_year y ON y.association_id = e.association_id AND y.id = e.fiscal_year_id
JOIN entry_line l ON l.association_id = e.association_id AND l.entry_id = e.id
LEFT JOIN member m ON m.association_id = l.association_id AND m.number = l.member_number
ORDER BY e.entry_date, e.chain_number, l.line_number;

-- name: ledger
-- $1 association, $2 account, $3 to $5 behind that place (day, chain number, line), $6 until
-- (included), $7 journal or '', $8 at most, $9 highest chain number. The lines of one account,
-- oldest first.
SELECT e.id, e.number, l.chain_number, e.journal, l.entry_date, e.piece, e.label, e.total_cents,
    y.label, l.account_code, l.account_label, l.debit_cents, l.credit_cents, l.member_number,
    m.id, m.first_name, m.last_name, l.line_number
FROM entry_line l
JOIN entry e ON e.association_id = l.association_id AND e.id = l.entry_id
JOIN fiscal_year y ON y.association_id = e.association_id AND y.id = e.fiscal_year_id
LEFT JOIN member m ON m.association_id = l.association_id AND m.number = l.member_number
WHERE l.association_id = $1 AND l.account_code = $2
    AND (l.entry_date, l.chain_number, l.line_number) > ($3, $4, $5) AND l.entry_date <= $6
    AND l.chain_number <= $9 AND (CAST($7 AS TEXT) = '' OR e.journal = $7)
ORDER BY l.entry_date, l.chain_number, l.line_number LIMIT $8;

-- name: ledger_before
-- $1 association, $2 account, $3 from, $4 to $6 up to that place, included. Debit less credit.
SELECT SUM(debit_cents - credit_cents) FROM entry_line
WHERE association_id = $1 AND account_code = $2 AND entry_date >= $3
    AND (entry_date, chain_number, line_number) <= ($4, $5, $6);

-- name: account_balances
-- $1 association, $2 from, $3 until (included), $4 from when accounts of classes 6 to 8 are carried
-- forward. By code: what stood there before, debit, credit.
SELECT a.code, a.label,
    (SELECT COALESCE(SUM(l.debit_cents - l.credit_cents), 0) FROM entry_line l
        WHERE l.association_id = a.association_id AND l.account_code = a.code
            AND l.entry_date < $2
            AND l.entry_date >= CASE WHEN a.code < '6' THEN '' ELSE CAST($4 AS TEXT) END),
    (SELECT COALESCE(SUM(l.debit_cents), 0) FROM entry_line l
        WHERE l.association_id = a.association_id AND l.account_code = a.code
            AND l.entry_date >= $2 AND l.entry_date <= $3),
    (SELECT COALESCE(SUM(l.credit_cents), 0) FROM entry_line l
        WHERE l.association_id = a.association_id AND l.account_code = a.code
            AND l.entry_date >= $2 AND l.entry_date <= $3)
FROM account a WHERE a.association_id = $1 ORDER BY a.code;
