-- Every sealed column: what each value is sealed for, and its row. Both stand in payment/rekey.c;
-- the name is the one under which the value's own file seals it.

-- name: rekey_secret_list
SELECT association_id,
    'provider_account/' || provider_account_id || '/' || name || '/' || slot, sealed,
    CAST(association_id AS TEXT), CAST(provider_account_id AS TEXT), name, CAST(slot AS TEXT)
FROM secret;

-- name: rekey_secret_write
-- $1 sealed, $2 association, $3 provider account, $4 name, $5 slot.
UPDATE secret SET sealed = $1
WHERE association_id = CAST($2 AS BIGINT) AND provider_account_id = CAST($3 AS BIGINT)
    AND name = $4 AND slot = CAST($5 AS BIGINT);

-- name: rekey_platform_list
-- Of the installation: owner 0.
SELECT 0, 'platform/' || mode || '/' || name || '/' || slot, sealed, mode, name,
    CAST(slot AS TEXT)
FROM platform_secret;

-- name: rekey_platform_write
-- $1 sealed, $2 mode, $3 name, $4 slot.
UPDATE platform_secret SET sealed = $1
WHERE mode = $2 AND name = $3 AND slot = CAST($4 AS BIGINT);

-- name: rekey_iban_list
SELECT association_id, 'bank_account/' || id || '/iban', iban_sealed,
    CAST(association_id AS TEXT), CAST(id AS TEXT)
FROM bank_account;

-- name: rekey_iban_write
-- $1 sealed, $2 association, $3 bank account.
UPDATE bank_account SET iban_sealed = $1
WHERE association_id = CAST($2 AS BIGINT) AND id = CAST($3 AS BIGINT);

-- name: rekey_seed_list
SELECT login_id, 'login.totp', sealed_seed, CAST(login_id AS TEXT) FROM login_totp;

-- name: rekey_seed_write
-- $1 sealed, $2 login.
UPDATE login_totp SET sealed_seed = $1 WHERE login_id = CAST($2 AS BIGINT);
