-- What /metrics counts: rows that wait, by indexes that hold them alone.

-- name: gauge_intents
-- Attempts that a job looks at again.
SELECT COUNT(*) FROM payment_intent WHERE next_at IS NOT NULL AND next_at > 0;

-- name: gauge_quarantine
-- Money that waits for a person, over the installation.
SELECT COUNT(*) FROM quarantine WHERE settled_at IS NULL;

-- name: health_write
-- Run with 1, then with -1: nothing has changed, but it went the way of a payment, through the log
-- to the disk. An update to the same value would not be written at all.
UPDATE installation SET created_at = created_at + CAST($1 AS BIGINT) WHERE id = 1;
