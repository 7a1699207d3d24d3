-- What is charged again and again.

-- name: product_list
-- $1 association, $2 1 = archived ones too. By title.
SELECT p.id, p.title, p.price_cents, p.account_code, p.fiscal_year_id, p.archived_at, p.version,
    a.label, y.label
FROM product p
LEFT JOIN account a ON a.association_id = p.association_id AND a.code = p.account_code
LEFT JOIN fiscal_year y ON y.association_id = p.association_id AND y.id = p.fiscal_year_id
WHERE p.association_id = $1 AND (p.archived_at IS NULL OR CAST($2 AS BIGINT) = 1)
ORDER BY p.archived_at IS NOT NULL, p.title, p.id;

-- name: product_read
-- $1 association, $2 product.
SELECT p.id, p.title, p.price_cents, p.account_code, p.fiscal_year_id, p.archived_at, p.version,
    a.label, y.label
FROM product p
LEFT JOIN account a ON a.association_id = p.association_id AND a.code = p.account_code
LEFT JOIN fiscal_year y ON y.association_id = p.association_id AND y.id = p.fiscal_year_id
WHERE p.association_id = $1 AND p.id = $2;

-- name: product_add
-- $1 association, $2 id, $3 title, $4 price, $5 account, $6 fiscal year or NULL, $7 now.
INSERT INTO product (association_id, id, title, price_cents, account_code, fiscal_year_id, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: product_update
-- $1 association, $2 id, $3 version, $4 title, $5 price, $6 account, $7 fiscal year or NULL.
UPDATE product SET title = $4, price_cents = $5, account_code = $6, fiscal_year_id = $7,
    version = version + 1
WHERE association_id = $1 AND id = $2 AND version = $3 RETURNING id;

-- name: product_archive
-- $1 association, $2 id, $3 when or NULL: offered again.
UPDATE product SET archived_at = $3, version = version + 1
WHERE association_id = $1 AND id = $2 AND (archived_at IS NULL) = (CAST($3 AS BIGINT) IS NOT NULL)
RETURNING id;

-- name: account_choice
-- $1 association. Accounts a charge may be for: class 7, and class 4 when collected for others;
-- those of the kernel left out.
SELECT code, label, archived_at, 0, version FROM account
WHERE association_id = $1 AND archived_at IS NULL AND (code LIKE '7%' OR code LIKE '4%')
    AND code NOT IN ('4191', '4671', '4678', '471', '487')
ORDER BY code;
