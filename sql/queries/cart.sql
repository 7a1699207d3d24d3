-- The member's cart: lines, what is open of them, links between payments and charges.

-- name: cart_lines
-- $1 association, $2 member: the whole cart, oldest first, with whose payment a line is.
SELECT l.id, l.kind, l.amount_cents, l.label, l.line_date, l.fiscal_year_id, l.corrects_line_id,
       l.account_code, l.transaction_id, l.entry_id, t.member_id
FROM cart_line l
LEFT JOIN provider_transaction t
       ON t.association_id = l.association_id AND t.id = l.transaction_id
WHERE l.association_id = CAST($1 AS BIGINT) AND l.member_id = CAST($2 AS BIGINT)
ORDER BY l.line_date, l.id;

-- name: cart_allocated
-- $1 association, $2 member: what is paid of which charge, link by link.
SELECT charge_line_id, amount_cents FROM allocation
WHERE association_id = CAST($1 AS BIGINT) AND member_id = CAST($2 AS BIGINT);

-- name: cart_members
-- $1 association, $2 payer: the payer, then whom they pay for, by name.
SELECT id, number, first_name, last_name FROM (
    SELECT 0 AS place, id, number, first_name, last_name, sort_key FROM member
    WHERE association_id = CAST($1 AS BIGINT) AND id = CAST($2 AS BIGINT)
    UNION ALL
    SELECT 1, id, number, first_name, last_name, sort_key FROM member
    WHERE association_id = CAST($1 AS BIGINT) AND payer_id = CAST($2 AS BIGINT))
ORDER BY place, sort_key, id;

-- name: cart_balance
-- $1 association, $2 member
SELECT SUM(amount_cents)
FROM cart_line
WHERE association_id = CAST($1 AS BIGINT) AND member_id = CAST($2 AS BIGINT);

-- name: cart_years
-- $1 association. Newest first.
SELECT id, label, first_day FROM fiscal_year
WHERE association_id = CAST($1 AS BIGINT) ORDER BY first_day DESC;

-- name: cart_line_add
-- $1 association, $2 id, $3 member, $4 kind, $5 amount, $6 label, $7 date, $8 fiscal year,
-- $9 product or NULL, $10 account or NULL, $11 transaction or NULL, $12 entry or NULL,
-- $13 corrected line or NULL, $14 login or NULL, $15 now
INSERT INTO cart_line (association_id, id, member_id, kind, amount_cents, label, line_date,
                       fiscal_year_id, product_id, account_code, transaction_id, entry_id,
                       corrects_line_id, created_by, created_at)
VALUES (CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS TEXT),
        CAST($5 AS BIGINT), CAST($6 AS TEXT), CAST($7 AS TEXT), CAST($8 AS BIGINT),
        CAST($9 AS BIGINT), CAST($10 AS TEXT), CAST($11 AS BIGINT), CAST($12 AS BIGINT),
        CAST($13 AS BIGINT), CAST($14 AS BIGINT), CAST($15 AS BIGINT));

-- name: cart_same
-- $1 association, $2 member, $3 date, $4 product or 0, $5 label, $6 amount. A charge of that day
-- for the same product, or of the same label and amount, of which something is left.
SELECT 1
FROM cart_line l
WHERE l.association_id = CAST($1 AS BIGINT) AND l.member_id = CAST($2 AS BIGINT)
  AND l.line_date = CAST($3 AS TEXT) AND l.kind = 'charge' AND l.corrects_line_id IS NULL
  AND (l.product_id = CAST($4 AS BIGINT)
       OR l.label = CAST($5 AS TEXT) AND l.amount_cents = CAST($6 AS BIGINT))
  AND l.amount_cents + (SELECT COALESCE(SUM(k.amount_cents), 0) FROM cart_line k
                        WHERE k.association_id = CAST($1 AS BIGINT)
                          AND k.corrects_line_id = l.id) > 0
LIMIT 1;

-- name: cart_credits
-- $1 association, $2 member: payments (and adjustments in the member's favour) with a rest
SELECT credit.id, credit.left_cents
FROM (SELECT l.id, l.line_date,
             - l.amount_cents
             - (SELECT COALESCE(SUM(correction.amount_cents), 0) FROM cart_line correction
                WHERE correction.association_id = CAST($1 AS BIGINT)
                  AND correction.corrects_line_id = l.id)
             - (SELECT COALESCE(SUM(spent.amount_cents), 0) FROM allocation spent
                WHERE spent.association_id = CAST($1 AS BIGINT)
                  AND spent.payment_line_id = l.id) AS left_cents
      FROM cart_line l
      WHERE l.association_id = CAST($1 AS BIGINT) AND l.member_id = CAST($2 AS BIGINT)
        AND l.kind IN ('payment', 'adjustment')
        AND l.amount_cents < 0 AND l.corrects_line_id IS NULL) credit
WHERE credit.left_cents > 0
ORDER BY credit.line_date, credit.id;

-- name: allocation_add
-- $1 association, $2 id, $3 member, $4 payment line, $5 charge line, $6 amount, $7 deferred,
-- $8 entry, $9 now, $10 returned
INSERT INTO allocation (association_id, id, member_id, payment_line_id, charge_line_id,
                        amount_cents, deferred, entry_id, created_at, returned)
VALUES (CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS BIGINT),
        CAST($5 AS BIGINT), CAST($6 AS BIGINT), CAST($7 AS BIGINT), CAST($8 AS BIGINT),
        CAST($9 AS BIGINT), CAST($10 AS BIGINT));
