-- A mailed link by which the owner of a login chooses a password. Only the SHA-256 of its secret
-- is here; a new one takes the place of the older.
CREATE TABLE login_link (
    login_id BIGINT PRIMARY KEY REFERENCES login (id), -- whose: one lives at a time
    token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32), -- SHA-256 of the secret in the address
    created_at BIGINT NOT NULL,                -- when it was made
    expires_at BIGINT NOT NULL                 -- worth nothing from then on
);
CREATE INDEX login_link_age ON login_link (expires_at);
