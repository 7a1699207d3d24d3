-- Another address for a login: asked for with the password, confirmed by a link mailed to it.
-- Until then the old one counts; a new wish takes the place of the older.
CREATE TABLE email_change (
    login_id BIGINT PRIMARY KEY REFERENCES login (id), -- whose: one wish at a time
    email TEXT NOT NULL,                       -- the address to be confirmed
    email_folded TEXT NOT NULL,                -- the same, for comparison
    token_hash BLOB UNIQUE CHECK (token_hash IS NULL OR length(token_hash) = 32), -- SHA-256 of the secret in the mail; NULL: no mail was written yet
    created_at BIGINT NOT NULL,                -- when it was asked for
    expires_at BIGINT NOT NULL                 -- worth nothing from then on
);
CREATE INDEX email_change_age ON email_change (expires_at);
