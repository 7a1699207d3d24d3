-- Forms that are carried out once.

-- name: form_key_use
-- $1 association, $2 key, $3 digest of the content, $4 now. No row comes back when it was used.
INSERT INTO form_key (association_id, key, digest, used_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (association_id, key) DO NOTHING
RETURNING used_at;

-- name: form_key_sweep
-- $1 used before then: no page that old is sent any more
DELETE FROM form_key WHERE used_at < CAST($1 AS BIGINT);

-- name: form_key_digest
-- $1 association, $2 key.
SELECT digest FROM form_key WHERE association_id = $1 AND key = $2;
