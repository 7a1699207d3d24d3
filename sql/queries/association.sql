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
       options_version, second_factor
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

-- name: association_set_options
-- $1 id, $2 part payments, $3 advances, $4 minimum, $5 maximum, $6 fee booking, $7 button text.
UPDATE association SET part_payments = CAST($2 AS BIGINT), advances = CAST($3 AS BIGINT),
    amount_min_cents = CAST($4 AS BIGINT), amount_max_cents = CAST($5 AS BIGINT),
    fee_booking = CAST($6 AS TEXT), button_text = CAST($7 AS TEXT),
    options_version = options_version + 1
WHERE id = CAST($1 AS BIGINT);
