-- Secrets of the installation.

-- name: platform_secret_set
-- $1 mode, $2 name, $3 slot, $4 sealed, $5 now.
INSERT INTO platform_secret (mode, name, slot, sealed, created_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (mode, name, slot)
DO UPDATE SET sealed = excluded.sealed, created_at = excluded.created_at;

-- name: platform_secret_forget
-- $1 mode, $2 name, $3 slot.
DELETE FROM platform_secret WHERE mode = $1 AND name = $2 AND slot = $3;

-- name: platform_secret_list
-- $1 mode, $2 name. By slot.
SELECT slot, sealed FROM platform_secret WHERE mode = $1 AND name = $2 ORDER BY slot;

-- name: platform_complete
-- $1 mode. How many of the three things are there.
SELECT COUNT(DISTINCT name) FROM platform_secret WHERE mode = $1;
