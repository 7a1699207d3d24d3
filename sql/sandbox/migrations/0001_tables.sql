-- The practice providers' own ledger. Times are Unix seconds UTC (_at) or milliseconds (_at_ms),
-- amounts are minor units (_cents). `number` is the order of arrival.

-- Switches of the whole sandbox.
CREATE TABLE setting (
    name TEXT PRIMARY KEY,                     -- clock_offset_s, held
    value BIGINT NOT NULL                      -- seconds, or 0 and 1
);

-- ---- Stripe's face ----

-- An account at Stripe. It has test objects and live objects, which never meet.
CREATE TABLE stripe_account (
    number INTEGER PRIMARY KEY,                -- order of arrival
    id TEXT NOT NULL UNIQUE,                   -- acct_...
    name TEXT NOT NULL CHECK (name <> ''),     -- shown to payers
    email TEXT,                                -- of its owner
    country TEXT NOT NULL CHECK (length(country) = 2), -- ISO 3166, capitals
    currency TEXT NOT NULL CHECK (length(currency) = 3), -- ISO 4217, lower case
    fee_basis_points BIGINT NOT NULL CHECK (fee_basis_points BETWEEN 0 AND 10000), -- 150 = 1.5 %
    fee_fixed_cents BIGINT NOT NULL CHECK (fee_fixed_cents >= 0), -- added to each payment's fee
    created_at BIGINT NOT NULL
);

CREATE TABLE stripe_key (
    key TEXT PRIMARY KEY CHECK (length(key) BETWEEN 12 AND 255), -- sk_test_..., rk_live_..., pk_test_...
    account_id TEXT NOT NULL REFERENCES stripe_account (id), -- whose
    kind TEXT NOT NULL CHECK (kind IN ('secret', 'restricted', 'publishable')), -- what it may do
    livemode BIGINT NOT NULL CHECK (livemode IN (0, 1)), -- which of the account's two worlds
    created_at BIGINT NOT NULL
);
CREATE INDEX stripe_key_account ON stripe_key (account_id);

-- A platform whose keys may act for another account (header Stripe-Account).
CREATE TABLE stripe_link (
    platform_id TEXT NOT NULL REFERENCES stripe_account (id), -- acts
    account_id TEXT NOT NULL REFERENCES stripe_account (id),  -- is acted for
    PRIMARY KEY (platform_id, account_id)
);
CREATE INDEX stripe_link_account ON stripe_link (account_id);

CREATE TABLE stripe_endpoint (
    number INTEGER PRIMARY KEY,                -- order of arrival
    id TEXT NOT NULL UNIQUE,                   -- we_...
    account_id TEXT NOT NULL REFERENCES stripe_account (id), -- whose
    livemode BIGINT NOT NULL CHECK (livemode IN (0, 1)), -- made by a key of which world
    connect BIGINT NOT NULL CHECK (connect IN (0, 1)), -- 1: gets the events of linked accounts instead
    url TEXT NOT NULL CHECK (url <> ''),       -- where events are sent
    secret TEXT NOT NULL CHECK (secret <> ''), -- whsec_..., signs
    old_secret TEXT,                           -- signs too while a rotation lasts
    events TEXT NOT NULL,                      -- JSON array of types, or ["*"]
    api_version TEXT,                          -- shape of its events; NULL = the account's
    status TEXT NOT NULL CHECK (status IN ('enabled', 'disabled')),
    description TEXT,
    metadata TEXT NOT NULL,                    -- JSON object
    created_at BIGINT NOT NULL
);
CREATE INDEX stripe_endpoint_account ON stripe_endpoint (account_id, livemode);

CREATE TABLE stripe_session (
    number INTEGER PRIMARY KEY,                -- order of arrival
    id TEXT NOT NULL UNIQUE,                   -- cs_...
    account_id TEXT NOT NULL REFERENCES stripe_account (id), -- who is paid
    livemode BIGINT NOT NULL CHECK (livemode IN (0, 1)), -- which world
    parameters TEXT NOT NULL,                  -- JSON object: the request as it was accepted
    method_types TEXT NOT NULL,                -- JSON array: card, sepa_debit
    url TEXT,                                  -- of the hosted page; NULL in the other modes
    client_secret TEXT,                        -- cs_..._secret_... in the modes inside a page
    amount_cents BIGINT NOT NULL CHECK (amount_cents > 0), -- total of its lines
    currency TEXT NOT NULL CHECK (length(currency) = 3), -- ISO 4217, lower case
    status TEXT NOT NULL CHECK (status IN ('open', 'complete', 'expired')),
    payment_status TEXT NOT NULL CHECK (payment_status IN ('unpaid', 'paid')),
    payment_id TEXT,                           -- pi_... once the payer has acted
    payer_name TEXT,                           -- as typed on the page
    payer_email TEXT,                          -- as typed on the page
    notify TEXT NOT NULL DEFAULT 'normal' CHECK (notify IN ('normal', 'twice', 'late', 'before', 'never', 'bad_signature', 'out_of_order')), -- how its events are sent
    late_s BIGINT NOT NULL DEFAULT 0 CHECK (late_s >= 0), -- delay for 'late'
    settle_at BIGINT,                          -- a debit in progress ends then by itself
    settle_outcome TEXT CHECK (settle_outcome IN ('succeed', 'fail')), -- how it ends
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL CHECK (expires_at > created_at), -- an open one expires then
    request_id TEXT NOT NULL,                  -- req_... that made it
    idempotency_key TEXT                       -- of that request
);
CREATE INDEX stripe_session_account ON stripe_session (account_id, livemode, number);
CREATE INDEX stripe_session_expires ON stripe_session (expires_at) WHERE status = 'open';
CREATE INDEX stripe_session_settles ON stripe_session (settle_at) WHERE settle_at IS NOT NULL;

-- A PaymentIntent: made when the payer first acts on the page of a session.
CREATE TABLE stripe_payment (
    number INTEGER PRIMARY KEY,                -- order of arrival
    id TEXT NOT NULL UNIQUE,                   -- pi_...
    session_id TEXT NOT NULL UNIQUE REFERENCES stripe_session (id), -- of which session
    account_id TEXT NOT NULL REFERENCES stripe_account (id), -- who is paid
    livemode BIGINT NOT NULL CHECK (livemode IN (0, 1)), -- which world
    amount_cents BIGINT NOT NULL CHECK (amount_cents > 0), -- asked
    currency TEXT NOT NULL CHECK (length(currency) = 3), -- lower case
    status TEXT NOT NULL CHECK (status IN ('requires_payment_method', 'requires_action', 'processing', 'succeeded', 'canceled')),
    client_secret TEXT NOT NULL,               -- pi_..._secret_...
    charge_id TEXT,                            -- the last try
    error_code TEXT,                           -- why the last try failed
    error_decline_code TEXT,                   -- the bank's word
    error_message TEXT,                        -- in English, as Stripe's
    created_at BIGINT NOT NULL,
    canceled_at BIGINT
);
CREATE INDEX stripe_payment_account ON stripe_payment (account_id, livemode);

CREATE TABLE stripe_charge (
    number INTEGER PRIMARY KEY,                -- order of arrival
    id TEXT NOT NULL UNIQUE,                   -- ch_... of a card, py_... of a debit
    payment_id TEXT NOT NULL REFERENCES stripe_payment (id), -- of which payment
    account_id TEXT NOT NULL REFERENCES stripe_account (id), -- who is paid
    livemode BIGINT NOT NULL CHECK (livemode IN (0, 1)), -- which world
    amount_cents BIGINT NOT NULL CHECK (amount_cents > 0),
    currency TEXT NOT NULL CHECK (length(currency) = 3), -- lower case
    status TEXT NOT NULL CHECK (status IN ('succeeded', 'pending', 'failed')),
    method TEXT NOT NULL CHECK (method IN ('card', 'sepa_debit')),
    method_id TEXT NOT NULL,                   -- pm_...
    brand TEXT NOT NULL,                       -- of the card; empty for a debit
    country TEXT NOT NULL,                     -- of the card or the bank
    last4 TEXT NOT NULL CHECK (length(last4) = 4),
    secure BIGINT NOT NULL CHECK (secure IN (0, 1)), -- 1: confirmed by 3-D Secure
    failure_code TEXT,                         -- when failed
    failure_decline_code TEXT,
    failure_message TEXT,
    balance_id TEXT,                           -- txn_... once the money is there
    created_at BIGINT NOT NULL,
    captured_at BIGINT,                        -- when the money was there
    CHECK ((status = 'succeeded') = (balance_id IS NOT NULL)),
    CHECK ((status = 'succeeded') = (captured_at IS NOT NULL))
);
CREATE INDEX stripe_charge_payment ON stripe_charge (payment_id);
CREATE INDEX stripe_charge_account ON stripe_charge (account_id, livemode);

CREATE TABLE stripe_balance (
    number INTEGER PRIMARY KEY,                -- order of arrival
    id TEXT NOT NULL UNIQUE,                   -- txn_...
    account_id TEXT NOT NULL REFERENCES stripe_account (id), -- whose balance
    livemode BIGINT NOT NULL CHECK (livemode IN (0, 1)), -- which world
    source_id TEXT NOT NULL,                   -- ch_... or py_...
    kind TEXT NOT NULL CHECK (kind IN ('charge', 'payment')), -- card, debit
    amount_cents BIGINT NOT NULL,
    fee_cents BIGINT NOT NULL CHECK (fee_cents >= 0),
    currency TEXT NOT NULL CHECK (length(currency) = 3), -- lower case
    description TEXT,
    created_at BIGINT NOT NULL,
    available_at BIGINT NOT NULL               -- can be paid out from then on
);
CREATE INDEX stripe_balance_account ON stripe_balance (account_id, livemode, number);

CREATE TABLE stripe_event (
    number INTEGER PRIMARY KEY,                -- order of arrival
    id TEXT NOT NULL UNIQUE,                   -- evt_...
    account_id TEXT NOT NULL REFERENCES stripe_account (id), -- of which account
    livemode BIGINT NOT NULL CHECK (livemode IN (0, 1)), -- which world
    type TEXT NOT NULL,                        -- checkout.session.completed
    session_id TEXT NOT NULL REFERENCES stripe_session (id), -- about which session
    object_id TEXT NOT NULL,                   -- id in data.object
    object TEXT NOT NULL,                      -- JSON: data.object as it was then
    api_version TEXT NOT NULL,                 -- shape of object
    request_id TEXT,                           -- of the call that caused it
    idempotency_key TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX stripe_event_account ON stripe_event (account_id, livemode, number);
CREATE INDEX stripe_event_session ON stripe_event (session_id);

-- One POST with an Idempotency-Key, from the moment it began to be carried out.
CREATE TABLE stripe_idempotency (
    account_id TEXT NOT NULL,                  -- acted for
    livemode BIGINT NOT NULL,                  -- which world
    key TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    fingerprint TEXT NOT NULL,                 -- SHA-256 of path and parameters
    status BIGINT,                             -- of the answer; NULL while it runs
    answer TEXT,                               -- JSON
    request_id TEXT NOT NULL,                  -- req_... of the first try
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, livemode, key)
);

-- ---- PayPal's face ----

CREATE TABLE paypal_business (
    number INTEGER PRIMARY KEY,                -- order of arrival
    id TEXT NOT NULL UNIQUE CHECK (length(id) = 13), -- merchant id
    email TEXT NOT NULL,                       -- primary address, lower case: receiver_email
    name TEXT NOT NULL CHECK (name <> ''),
    currency TEXT NOT NULL CHECK (length(currency) = 3), -- ISO 4217, capitals
    charset TEXT NOT NULL CHECK (charset IN ('windows-1252', 'UTF-8')), -- of its messages
    fee_basis_points BIGINT NOT NULL CHECK (fee_basis_points BETWEEN 0 AND 10000), -- 290 = 2.9 %
    fee_fixed_cents BIGINT NOT NULL CHECK (fee_fixed_cents >= 0),
    created_at BIGINT NOT NULL
);

-- Every address that leads to a business, the primary one included.
CREATE TABLE paypal_address (
    email TEXT PRIMARY KEY,                    -- lower case
    business_id TEXT NOT NULL REFERENCES paypal_business (id)
);
CREATE INDEX paypal_address_business ON paypal_address (business_id);

-- One visit of a payer with a button's fields.
CREATE TABLE paypal_form (
    number INTEGER PRIMARY KEY,                -- order of arrival
    token TEXT NOT NULL UNIQUE,                -- EC-...
    business_id TEXT NOT NULL REFERENCES paypal_business (id), -- who is to be paid
    fields TEXT NOT NULL,                      -- JSON object: the fields as they came
    amount_cents BIGINT NOT NULL CHECK (amount_cents > 0),
    currency TEXT NOT NULL CHECK (length(currency) = 3), -- capitals
    txn_id TEXT,                               -- the payment, once made
    created_at BIGINT NOT NULL
);

CREATE TABLE paypal_payment (
    number INTEGER PRIMARY KEY,                -- order of arrival
    txn_id TEXT NOT NULL UNIQUE CHECK (length(txn_id) = 17),
    token TEXT NOT NULL UNIQUE REFERENCES paypal_form (token), -- of which visit
    receiver_id TEXT NOT NULL,                 -- who was paid
    receiver_email TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('Pending', 'Completed', 'Denied', 'Failed', 'Expired', 'Voided')),
    pending_reason TEXT CHECK (pending_reason IN ('echeck', 'paymentreview')), -- why it waits, or waited
    gross_cents BIGINT NOT NULL CHECK (gross_cents > 0),
    fee_cents BIGINT NOT NULL CHECK (fee_cents >= 0),
    currency TEXT NOT NULL CHECK (length(currency) = 3), -- capitals
    charset TEXT NOT NULL,                     -- of its messages
    wrong_charset BIGINT NOT NULL DEFAULT 0 CHECK (wrong_charset IN (0, 1)), -- 1: bytes of the other charset
    payer_id TEXT NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    payer_email TEXT NOT NULL,
    receipt_id TEXT,                           -- a guest's
    created_at BIGINT NOT NULL,                -- payment_date
    completed_at BIGINT,                       -- when the money was there
    settle_at BIGINT,                          -- Pending becomes Completed then by itself
    notify TEXT NOT NULL,                      -- how its messages are sent
    late_s BIGINT NOT NULL CHECK (late_s >= 0), -- delay for 'late', 'resend', 'pending_first'
    CHECK ((status = 'Completed') = (completed_at IS NOT NULL))
);
CREATE INDEX paypal_payment_settles ON paypal_payment (settle_at) WHERE settle_at IS NOT NULL;

-- A message that is true: ours, or registered by a test.
CREATE TABLE paypal_ipn (
    number INTEGER PRIMARY KEY,                -- order of arrival
    txn_id TEXT,                               -- of our payment; NULL when registered
    status TEXT NOT NULL,                      -- payment_status; empty when registered
    body BLOB NOT NULL,                        -- exact bytes
    body_hash TEXT NOT NULL,                   -- SHA-256 of body
    created_at BIGINT NOT NULL
);
CREATE INDEX paypal_ipn_hash ON paypal_ipn (body_hash);
CREATE INDEX paypal_ipn_txn ON paypal_ipn (txn_id);

-- ---- notifications ----

CREATE TABLE delivery (
    number INTEGER PRIMARY KEY,                -- order of arrival
    provider TEXT NOT NULL CHECK (provider IN ('stripe', 'paypal')),
    kind TEXT NOT NULL,                        -- event type, or payment_status
    reference TEXT NOT NULL,                   -- evt_... or number of the message
    object_id TEXT NOT NULL,                   -- session or txn_id it belongs to
    endpoint_id TEXT REFERENCES stripe_endpoint (id), -- whose secret signs (Stripe)
    url TEXT NOT NULL,                         -- where it goes
    body BLOB NOT NULL,                        -- exact bytes
    bad_signature BIGINT NOT NULL DEFAULT 0 CHECK (bad_signature IN (0, 1)), -- 1: signed with a secret of nobody
    state TEXT NOT NULL CHECK (state IN ('waiting', 'held', 'delivered', 'dropped', 'exhausted')),
    attempts BIGINT NOT NULL DEFAULT 0,
    last_status BIGINT,                        -- of the listener's last answer
    last_error TEXT,                           -- when there was none
    due_at_ms BIGINT NOT NULL,                 -- next try, by the real clock
    created_at_ms BIGINT NOT NULL,
    done_at_ms BIGINT                          -- when its state became final
);
CREATE INDEX delivery_due ON delivery (due_at_ms, number) WHERE state = 'waiting';
CREATE INDEX delivery_reference ON delivery (provider, reference);
CREATE INDEX delivery_object ON delivery (object_id);

CREATE TABLE delivery_try (
    number INTEGER PRIMARY KEY,                -- order of arrival
    delivery_number BIGINT NOT NULL REFERENCES delivery (number),
    at_ms BIGINT NOT NULL,
    status BIGINT,                             -- NULL: no answer
    error TEXT
);
CREATE INDEX delivery_try_delivery ON delivery_try (delivery_number);

-- ---- what tests see and do ----

-- Calls of the two programming interfaces; the newest ones are kept.
CREATE TABLE call (
    number INTEGER PRIMARY KEY,                -- order of arrival
    face TEXT NOT NULL CHECK (face IN ('stripe', 'paypal')),
    method TEXT NOT NULL,
    path TEXT NOT NULL,                        -- as asked
    place TEXT NOT NULL,                       -- the route: ids are {}
    query TEXT NOT NULL,                       -- raw
    status BIGINT,                             -- answered; NULL while it runs
    idempotency_key TEXT,
    replayed BIGINT NOT NULL DEFAULT 0 CHECK (replayed IN (0, 1)), -- 1: a kept answer was given again
    verdict TEXT,                              -- of a postback
    user_agent TEXT NOT NULL,
    body BLOB NOT NULL,                        -- raw
    at_ms BIGINT NOT NULL
);
CREATE INDEX call_place ON call (face, place);

CREATE TABLE fault (
    number INTEGER PRIMARY KEY,                -- order of arrival
    face TEXT NOT NULL CHECK (face IN ('stripe', 'paypal')),
    method TEXT NOT NULL,
    path TEXT NOT NULL,                        -- prefix of the paths it hits
    kind TEXT NOT NULL CHECK (kind IN ('status', 'hang', 'html')),
    phase TEXT NOT NULL CHECK (phase IN ('before', 'during', 'after')), -- of the work that is asked for
    status BIGINT NOT NULL CHECK (status BETWEEN 400 AND 599),
    hang_s BIGINT NOT NULL CHECK (hang_s BETWEEN 0 AND 120),
    remaining BIGINT NOT NULL                  -- calls it still hits; -1 = until cleared
);
