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
SELECT a.name, a.kind, a.currency, a.zone, a.email, a.how_to_pay,
       a.amount_min_cents, a.amount_max_cents, a.year_first_month, a.year_first_day, a.year_months,
       a.address, a.siren, a.rna, a.version, a.part_payments, a.advances, a.fee_booking,
       a.button_text, a.options_version, COALESCE(l.hash, '') AS logo_hash,
       COALESCE(l.width, 0) AS logo_width, COALESCE(l.height, 0) AS logo_height,
       a.second_factor, a.covers_fees
FROM association a
LEFT JOIN logo l ON l.association_id = a.id
WHERE a.id = CAST($1 AS BIGINT);

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
-- $1 id, $2 part payments, $3 advances, $4 minimum, $5 maximum, $6 fee booking, $7 button text,
-- $8 covers fees.
UPDATE association SET part_payments = CAST($2 AS BIGINT), advances = CAST($3 AS BIGINT),
    amount_min_cents = CAST($4 AS BIGINT), amount_max_cents = CAST($5 AS BIGINT),
    fee_booking = CAST($6 AS TEXT), button_text = CAST($7 AS TEXT),
    covers_fees = CAST($8 AS BIGINT), options_version = options_version + 1
WHERE id = CAST($1 AS BIGINT);

-- name: association_set_profile
-- $1 id, $2 name, $3 address, $4 SIREN, $5 RNA, $6 e-mail, $7 zone, $8 first month, $9 first day,
-- $10 months, $11 how to pay.
UPDATE association SET name = CAST($2 AS TEXT), address = CAST($3 AS TEXT),
    siren = CAST($4 AS TEXT), rna = CAST($5 AS TEXT), email = CAST($6 AS TEXT),
    zone = CAST($7 AS TEXT), year_first_month = CAST($8 AS BIGINT),
    year_first_day = CAST($9 AS BIGINT), year_months = CAST($10 AS BIGINT),
    how_to_pay = CAST($11 AS TEXT), version = version + 1
WHERE id = CAST($1 AS BIGINT);

-- name: logo_find
-- $1 association, $2 hash.
SELECT content_type, bytes FROM logo WHERE association_id = $1 AND hash = $2;

-- name: logo_set
-- $1 association, $2 hash, $3 content type, $4 width, $5 height, $6 bytes, $7 now.
INSERT INTO logo (association_id, hash, content_type, width, height, bytes, set_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (association_id) DO UPDATE SET hash = excluded.hash,
    content_type = excluded.content_type, width = excluded.width, height = excluded.height,
    bytes = excluded.bytes, set_at = excluded.set_at;

-- name: logo_remove
-- $1 association.
DELETE FROM logo WHERE association_id = $1;

-- name: bank_list
-- $1 association. Those in use first.
SELECT b.id, b.label, b.iban_tail, b.bic, b.account_code, a.label AS account_label,
       b.archived_at, b.version
FROM bank_account b
JOIN account a ON a.association_id = b.association_id AND a.code = b.account_code
WHERE b.association_id = $1
ORDER BY b.archived_at IS NOT NULL, b.account_code, b.label, b.id;

-- name: bank_find
-- $1 association, $2 id.
SELECT b.id, b.label, b.iban_tail, b.bic, b.account_code, a.label AS account_label,
       b.archived_at, b.version
FROM bank_account b
JOIN account a ON a.association_id = b.association_id AND a.code = b.account_code
WHERE b.association_id = $1 AND b.id = $2;

-- name: bank_sealed
-- $1 association, $2 id.
SELECT iban_sealed FROM bank_account WHERE association_id = $1 AND id = $2;

-- name: bank_account_usable
-- $1 association, $2 code of the chart.
SELECT 1 AS usable FROM account
WHERE association_id = $1 AND code = $2 AND code LIKE '512%' AND archived_at IS NULL;

-- name: bank_add
-- $1 association, $2 id, $3 label, $4 sealed IBAN, $5 its tail, $6 BIC, $7 account, $8 now.
INSERT INTO bank_account (association_id, id, label, iban_sealed, iban_tail, bic, account_code,
                          created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: bank_change
-- $1 association, $2 id, $3 label, $4 sealed IBAN and $5 its tail or NULL, $6 BIC, $7 account.
UPDATE bank_account SET label = $3, iban_sealed = COALESCE($4, iban_sealed),
    iban_tail = COALESCE(CAST($5 AS TEXT), iban_tail), bic = $6, account_code = $7,
    version = version + 1
WHERE association_id = $1 AND id = $2;

-- name: bank_archive
-- $1 association, $2 id, $3 since when, or NULL.
UPDATE bank_account SET archived_at = $3, version = version + 1
WHERE association_id = $1 AND id = $2;
