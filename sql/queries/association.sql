-- The installation and its tenants.

-- name: installation_ensure
-- $1 mark, $2 now
INSERT INTO installation (id, mark, created_at)
VALUES (1, CAST($1 AS TEXT), CAST($2 AS BIGINT))
ON CONFLICT (id) DO NOTHING;

-- name: installation_mark
SELECT mark FROM installation WHERE id = 1;

-- name: association_find
-- $1 association
SELECT name, kind, currency, zone, email, how_to_pay,
       amount_min_cents, amount_max_cents, year_first_month, year_first_day, year_months,
       address, siren, rna, version, part_payments, advances, fee_booking, button_text,
       options_version
FROM association
WHERE id = CAST($1 AS BIGINT);

-- name: association_add
-- $1 id, $2 name, $3 kind, $4 currency, $5 zone, $6 email, $7 how_to_pay, $8 minimum, $9 maximum,
-- $10 first month, $11 first day, $12 now
INSERT INTO association (id, name, kind, currency, zone, email, how_to_pay,
                         amount_min_cents, amount_max_cents,
                         year_first_month, year_first_day, created_at)
VALUES (CAST($1 AS BIGINT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT),
        CAST($5 AS TEXT), CAST($6 AS TEXT), CAST($7 AS TEXT), CAST($8 AS BIGINT),
        CAST($9 AS BIGINT), CAST($10 AS BIGINT), CAST($11 AS BIGINT), CAST($12 AS BIGINT));

-- name: association_list
SELECT id FROM association ORDER BY created_at, id;
