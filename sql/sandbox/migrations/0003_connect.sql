-- Connect: platforms, the consent of accounts, events that are about no session.

-- An application of a platform: one per world.
CREATE TABLE stripe_platform (
    client_id TEXT PRIMARY KEY CHECK (substr(client_id, 1, 3) = 'ca_'), -- ca_...
    account_id TEXT NOT NULL REFERENCES stripe_account (id), -- whose application
    livemode BIGINT NOT NULL CHECK (livemode IN (0, 1)), -- for keys of which world
    redirect_uris TEXT NOT NULL,               -- JSON array: where a browser may be sent back
    created_at BIGINT NOT NULL
);
CREATE INDEX stripe_platform_account ON stripe_platform (account_id);

-- What a consent gave: changed once, soon, for the link.
CREATE TABLE stripe_code (
    code TEXT PRIMARY KEY,                     -- ac_...
    client_id TEXT NOT NULL REFERENCES stripe_platform (client_id), -- to whom
    account_id TEXT NOT NULL REFERENCES stripe_account (id), -- who consented
    created_at BIGINT NOT NULL,
    used_at BIGINT                             -- when it was changed
);

-- The same table, whose events may be about no session.
CREATE TABLE stripe_event_new (
    number INTEGER PRIMARY KEY,                -- order of arrival
    id TEXT NOT NULL UNIQUE,                   -- evt_...
    account_id TEXT NOT NULL REFERENCES stripe_account (id), -- of which account
    livemode BIGINT NOT NULL CHECK (livemode IN (0, 1)), -- which world
    type TEXT NOT NULL,                        -- checkout.session.completed
    session_id TEXT REFERENCES stripe_session (id), -- about which session; NULL: about none
    object_id TEXT NOT NULL,                   -- id in data.object
    object TEXT NOT NULL,                      -- JSON: data.object as it was then
    api_version TEXT NOT NULL,                 -- shape of object
    request_id TEXT,                           -- of the call that caused it
    idempotency_key TEXT,
    created_at BIGINT NOT NULL
);
INSERT INTO stripe_event_new SELECT * FROM stripe_event;
DROP TABLE stripe_event;
ALTER TABLE stripe_event_new RENAME TO stripe_event;
CREATE INDEX stripe_event_account ON stripe_event (account_id, livemode, number);
CREATE INDEX stripe_event_session ON stripe_event (session_id);

ALTER TABLE call ADD COLUMN account TEXT;      -- header Stripe-Account; NULL when not sent
