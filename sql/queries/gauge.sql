-- What /metrics counts: rows that wait, by indexes that hold them alone.

-- name: gauge_intents
-- Attempts that a job looks at again.
SELECT COUNT(*) FROM payment_intent WHERE next_at IS NOT NULL AND next_at > 0;

-- name: gauge_quarantine
-- Money that waits for a person, over the installation.
SELECT COUNT(*) FROM quarantine WHERE settled_at IS NULL;
