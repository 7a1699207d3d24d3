-- PayPal's webhooks: who listens, and the certificate that signs.

CREATE TABLE paypal_webhook (
    number INTEGER PRIMARY KEY,                -- order of arrival
    id TEXT NOT NULL UNIQUE,                   -- 17 capitals and digits; part of what is signed
    client_id TEXT NOT NULL REFERENCES paypal_app (client_id), -- whose payments it hears of
    url TEXT NOT NULL,                         -- where events are sent
    event_types TEXT NOT NULL,                 -- JSON array of names, or ["*"]
    created_at BIGINT NOT NULL,
    UNIQUE (client_id, url)
);

-- Certificates: the root that whoever practises must trust, the one that signs, one of a stranger.
CREATE TABLE paypal_certificate (
    name TEXT PRIMARY KEY CHECK (name IN ('root', 'signer', 'stranger')),
    id TEXT NOT NULL UNIQUE,                   -- CERT-...: part of its address
    pem TEXT NOT NULL,                         -- with the intermediates behind it
    private_key TEXT,                          -- PEM, of what signs events; NULL: nothing more is signed with it
    expires_at BIGINT NOT NULL                 -- by the real clock
);

ALTER TABLE delivery ADD COLUMN webhook_id TEXT; -- signed for that webhook; NULL: no event of PayPal's
ALTER TABLE delivery ADD COLUMN alteration TEXT CHECK (alteration IN ('bad_signature', 'old_time',
    'other_certificate', 'other_host', 'other_webhook', 'altered_body')); -- what is wrong with it on purpose
CREATE INDEX delivery_webhook ON delivery (webhook_id) WHERE webhook_id IS NOT NULL;
