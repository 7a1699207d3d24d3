-- PayPal's REST face: applications of businesses, their tokens, orders, ids of requests, refusals
-- that tests order.

-- What a visit began with: a button's fields, or an order of the REST interface.
ALTER TABLE paypal_form ADD COLUMN kind TEXT NOT NULL DEFAULT 'button'
    CHECK (kind IN ('button', 'order'));
ALTER TABLE paypal_form ADD COLUMN invoice TEXT; -- as the fields say
UPDATE paypal_form SET invoice = json_extract(fields, '$.invoice');
CREATE INDEX paypal_form_invoice ON paypal_form (business_id, invoice);
ALTER TABLE paypal_business ADD COLUMN unique_invoices BIGINT NOT NULL DEFAULT 1
    CHECK (unique_invoices IN (0, 1));         -- 1: a capture is refused when its invoice was paid already

-- A REST application that a business has made: client id and secret.
CREATE TABLE paypal_app (
    number INTEGER PRIMARY KEY,                -- order of arrival
    client_id TEXT NOT NULL UNIQUE CHECK (length(client_id) BETWEEN 1 AND 100),
    secret TEXT NOT NULL CHECK (length(secret) BETWEEN 1 AND 100),
    business_id TEXT NOT NULL REFERENCES paypal_business (id), -- whose
    enabled BIGINT NOT NULL CHECK (enabled IN (0, 1)), -- 0: deleted or locked, its secret opens nothing
    token_s BIGINT NOT NULL CHECK (token_s > 0), -- how long its tokens live
    reporting BIGINT NOT NULL CHECK (reporting IN (0, 1)), -- 1: it may read transactions and balances
    reporting_late_s BIGINT NOT NULL CHECK (reporting_late_s >= 0), -- transactions are told so much later
    any_webhook BIGINT NOT NULL CHECK (any_webhook IN (0, 1)), -- 1: webhooks need be neither https nor on port 443
    created_at BIGINT NOT NULL
);
CREATE INDEX paypal_app_business ON paypal_app (business_id);

CREATE TABLE paypal_token (
    token TEXT PRIMARY KEY,                    -- A21AA...
    client_id TEXT NOT NULL REFERENCES paypal_app (client_id), -- of which application
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,                         -- worth nothing from then on
    created_at BIGINT NOT NULL
);
CREATE INDEX paypal_token_app ON paypal_token (client_id);

-- The visit of the same token holds amount, currency, and what the payer sees.
CREATE TABLE paypal_order (
    number INTEGER PRIMARY KEY,                -- order of arrival
    id TEXT NOT NULL UNIQUE REFERENCES paypal_form (token) CHECK (length(id) = 17),
    client_id TEXT NOT NULL REFERENCES paypal_app (client_id), -- who made it
    request TEXT NOT NULL,                     -- JSON object: the body as it was accepted
    status TEXT NOT NULL CHECK (status IN ('CREATED', 'PAYER_ACTION_REQUIRED', 'APPROVED', 'COMPLETED', 'VOIDED')),
    outcome TEXT CHECK (outcome IN ('completed', 'echeck', 'review', 'instrument_declined', 'declined')), -- what a capture gives, as the payer chose
    reason TEXT,                               -- status_details.reason of a pending capture; NULL: that of the outcome
    payer_id TEXT,                             -- once approved
    first_name TEXT,
    last_name TEXT,
    payer_email TEXT,
    ipn TEXT NOT NULL DEFAULT 'normal',        -- how its messages are sent
    webhook TEXT NOT NULL DEFAULT 'normal',    -- how its events are sent
    late_s BIGINT NOT NULL DEFAULT 0 CHECK (late_s >= 0), -- delay for 'late'
    settle_s BIGINT NOT NULL DEFAULT 0 CHECK (settle_s >= 0), -- a pending capture ends by itself after that time; 0: never
    settle_status TEXT NOT NULL DEFAULT 'Completed', -- how it ends then
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CHECK (status NOT IN ('APPROVED', 'COMPLETED') OR (outcome IS NOT NULL AND payer_id IS NOT NULL))
);
CREATE INDEX paypal_order_app ON paypal_order (client_id, number);

-- One call with a PayPal-Request-Id that did something, or was refused for good.
CREATE TABLE paypal_request (
    client_id TEXT NOT NULL,                   -- who called
    kind TEXT NOT NULL CHECK (kind IN ('order', 'capture', 'refund')), -- ids of two kinds never meet
    key TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 108),
    fingerprint TEXT NOT NULL,                 -- SHA-256 of path and body
    object_id TEXT,                            -- what it made; NULL when refused
    status BIGINT NOT NULL,                    -- of the answer
    answer TEXT,                               -- JSON of a refusal; NULL: the object as it is now
    created_at BIGINT NOT NULL,
    forget_at BIGINT NOT NULL,                 -- the id may be used anew from then on
    PRIMARY KEY (client_id, kind, key)
);
CREATE INDEX paypal_request_forget ON paypal_request (forget_at);

-- A refusal in PayPal's shape that the next calls get.
CREATE TABLE paypal_issue (
    number INTEGER PRIMARY KEY,                -- order of arrival
    method TEXT NOT NULL,
    path TEXT NOT NULL,                        -- prefix of the paths it hits
    suffix TEXT NOT NULL,                      -- end of the paths it hits
    status BIGINT NOT NULL CHECK (status BETWEEN 400 AND 599),
    name TEXT NOT NULL,                        -- UNPROCESSABLE_ENTITY
    issue TEXT,                                -- details[0].issue; NULL: no details
    description TEXT,
    retry_after_s BIGINT,                      -- Retry-After; NULL: none
    remaining BIGINT NOT NULL                  -- calls it still hits; -1 = until cleared
);
