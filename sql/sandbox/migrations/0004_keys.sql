-- Keys that may do less, keys that are worth nothing any more, accounts that take no payments yet.

ALTER TABLE stripe_key ADD COLUMN permissions TEXT; -- restricted: JSON array of rak_..., NULL = everything
ALTER TABLE stripe_key ADD COLUMN revoked_at BIGINT; -- rolled or deleted: "expired" from then on
ALTER TABLE stripe_account ADD COLUMN charges_enabled BIGINT NOT NULL DEFAULT 1
    CHECK (charges_enabled IN (0, 1));         -- it takes payments

-- A fault may also cut the connection.
DROP TABLE fault;
CREATE TABLE fault (
    number INTEGER PRIMARY KEY,                -- order of arrival
    face TEXT NOT NULL CHECK (face IN ('stripe', 'paypal')),
    method TEXT NOT NULL,
    path TEXT NOT NULL,                        -- prefix of the paths it hits
    kind TEXT NOT NULL CHECK (kind IN ('status', 'hang', 'html', 'reset')),
    phase TEXT NOT NULL CHECK (phase IN ('before', 'during', 'after')), -- of the work that is asked for
    status BIGINT NOT NULL CHECK (status BETWEEN 400 AND 599),
    hang_s BIGINT NOT NULL CHECK (hang_s BETWEEN 0 AND 120),
    remaining BIGINT NOT NULL                  -- calls it still hits; -1 = until cleared
);
