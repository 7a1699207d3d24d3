-- Stripe Connect: what makes this installation a platform, once per mode.

-- Sealed secrets of the installation itself. The client id (ca_...) is no secret; it is one of
-- the three things without which nobody can associate an account, so it stands with them.
CREATE TABLE platform_secret (
    mode TEXT NOT NULL CHECK (mode IN ('live', 'test')), -- for real or for trial associations
    name TEXT NOT NULL CHECK (name IN ('api_key', 'webhook', 'client_id')), -- what it is
    slot BIGINT NOT NULL CHECK (slot IN (0, 1)), -- webhook: two may live during a rotation
    sealed BLOB NOT NULL,                      -- base/seal; bound to 'platform', mode, name and slot
    created_at BIGINT NOT NULL,                -- when set
    PRIMARY KEY (mode, name, slot),
    CHECK (name = 'webhook' OR slot = 0)
);
