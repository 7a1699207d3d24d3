-- The whole money story at Stripe's face: fees that come late, refunds, disputes, failures after
-- success, payouts, movements of any kind, payments that began elsewhere.

ALTER TABLE stripe_account ADD COLUMN fee_late_s BIGINT NOT NULL DEFAULT 0
    CHECK (fee_late_s >= -1);                  -- a charge's movement of the balance comes so much later; -1: when told
ALTER TABLE stripe_account ADD COLUMN refund_outcome TEXT NOT NULL DEFAULT 'succeeded'
    CHECK (refund_outcome IN ('succeeded', 'pending', 'failed')); -- of the next refunds asked by the interface
ALTER TABLE stripe_session ADD COLUMN fee_late_s BIGINT; -- of this payment; NULL = as the account
ALTER TABLE stripe_event ADD COLUMN previous TEXT; -- JSON: data.previous_attributes; NULL when it has none

-- A payment may begin elsewhere than on a session's page; then it bears itself what a session knows.
CREATE TABLE stripe_payment_new (
    number INTEGER PRIMARY KEY,                -- order of arrival
    id TEXT NOT NULL UNIQUE,                   -- pi_...
    session_id TEXT UNIQUE REFERENCES stripe_session (id), -- of which session; NULL: of none
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
    metadata TEXT,                             -- JSON object; NULL: the session's
    description TEXT,                          -- without session
    payer_name TEXT,                           -- without session
    payer_email TEXT,                          -- without session
    created_at BIGINT NOT NULL,
    canceled_at BIGINT
);
INSERT INTO stripe_payment_new
SELECT number, id, session_id, account_id, livemode, amount_cents, currency, status, client_secret,
    charge_id, error_code, error_decline_code, error_message, NULL, NULL, NULL, NULL, created_at,
    canceled_at
FROM stripe_payment;

CREATE TABLE stripe_charge_new (
    number INTEGER PRIMARY KEY,                -- order of arrival
    id TEXT NOT NULL UNIQUE,                   -- ch_... of a card, py_... of a debit
    payment_id TEXT NOT NULL REFERENCES stripe_payment_new (id), -- of which payment
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
    refunded_cents BIGINT NOT NULL DEFAULT 0,  -- by refunds that did not fail
    disputed BIGINT NOT NULL DEFAULT 0 CHECK (disputed IN (0, 1)), -- 1: it was, once
    balance_id TEXT,                           -- txn_... once Stripe has told it
    balance_due_at BIGINT,                     -- when it is told by itself; NULL: told, or when asked for
    failure_balance_id TEXT,                   -- txn_... that took the money back after success
    created_at BIGINT NOT NULL,
    captured_at BIGINT,                        -- when the money was there
    CHECK (status <> 'succeeded' OR captured_at IS NOT NULL),
    CHECK (status <> 'pending' OR captured_at IS NULL),
    CHECK (balance_id IS NULL OR captured_at IS NOT NULL),
    CHECK (balance_id IS NULL OR balance_due_at IS NULL),
    CHECK (refunded_cents BETWEEN 0 AND amount_cents)
);
INSERT INTO stripe_charge_new
SELECT number, id, payment_id, account_id, livemode, amount_cents, currency, status, method,
    method_id, brand, country, last4, secure, failure_code, failure_decline_code, failure_message,
    0, 0, balance_id, NULL, NULL, created_at, captured_at
FROM stripe_charge;

DROP TABLE stripe_charge;
DROP TABLE stripe_payment;
ALTER TABLE stripe_payment_new RENAME TO stripe_payment;
ALTER TABLE stripe_charge_new RENAME TO stripe_charge;
CREATE INDEX stripe_payment_account ON stripe_payment (account_id, livemode);
CREATE INDEX stripe_charge_payment ON stripe_charge (payment_id);
CREATE INDEX stripe_charge_account ON stripe_charge (account_id, livemode);
CREATE INDEX stripe_charge_balance_due ON stripe_charge (balance_due_at) WHERE balance_due_at IS NOT NULL;
CREATE INDEX stripe_charge_untold ON stripe_charge (account_id) WHERE captured_at IS NOT NULL AND balance_id IS NULL;

-- Any movement of a balance.
CREATE TABLE stripe_balance_new (
    number INTEGER PRIMARY KEY,                -- order of arrival
    id TEXT NOT NULL UNIQUE,                   -- txn_...
    account_id TEXT NOT NULL REFERENCES stripe_account (id), -- whose balance
    livemode BIGINT NOT NULL CHECK (livemode IN (0, 1)), -- which world
    source_id TEXT,                            -- ch_, py_, re_, pyr_, dp_, po_...; NULL: of nothing
    kind TEXT NOT NULL CHECK (kind <> ''),     -- charge, payment, refund, adjustment, payout, ...
    amount_cents BIGINT NOT NULL,              -- gross: what comes in is positive
    fee_cents BIGINT NOT NULL,                 -- taken; negative when given back
    currency TEXT NOT NULL CHECK (length(currency) = 3), -- lower case
    description TEXT,
    charge_id TEXT REFERENCES stripe_charge (id), -- which payment's story it belongs to; NULL: of none
    payout_id TEXT,                            -- po_... that carried it away; NULL: not yet
    created_at BIGINT NOT NULL,
    available_at BIGINT NOT NULL               -- can be paid out from then on
);
INSERT INTO stripe_balance_new
SELECT number, id, account_id, livemode, source_id, kind, amount_cents, fee_cents, currency,
    description, source_id, NULL, created_at, available_at
FROM stripe_balance;
DROP TABLE stripe_balance;
ALTER TABLE stripe_balance_new RENAME TO stripe_balance;
CREATE INDEX stripe_balance_account ON stripe_balance (account_id, livemode, created_at, number);
CREATE INDEX stripe_balance_source ON stripe_balance (source_id);
CREATE INDEX stripe_balance_charge ON stripe_balance (charge_id);
CREATE INDEX stripe_balance_payout ON stripe_balance (payout_id);
CREATE INDEX stripe_balance_free ON stripe_balance (account_id, livemode, available_at) WHERE payout_id IS NULL;

CREATE TABLE stripe_refund (
    number INTEGER PRIMARY KEY,                -- order of arrival
    id TEXT NOT NULL UNIQUE,                   -- re_... of a card, pyr_... of a debit
    charge_id TEXT NOT NULL REFERENCES stripe_charge (id), -- what is given back
    account_id TEXT NOT NULL REFERENCES stripe_account (id), -- who gives
    livemode BIGINT NOT NULL CHECK (livemode IN (0, 1)), -- which world
    amount_cents BIGINT NOT NULL CHECK (amount_cents > 0),
    currency TEXT NOT NULL CHECK (length(currency) = 3), -- lower case
    status TEXT NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed', 'canceled')),
    reason TEXT CHECK (reason IN ('duplicate', 'fraudulent', 'requested_by_customer')), -- as given
    pending_reason TEXT CHECK (pending_reason IN ('processing', 'insufficient_funds')), -- why it waits
    failure_reason TEXT,                       -- when failed
    metadata TEXT NOT NULL,                    -- JSON object
    balance_id TEXT,                           -- txn_...; NULL while there are no funds for it
    failure_balance_id TEXT,                   -- txn_... that brought the money back
    created_at BIGINT NOT NULL
);
CREATE INDEX stripe_refund_account ON stripe_refund (account_id, livemode, number);
CREATE INDEX stripe_refund_charge ON stripe_refund (charge_id);

CREATE TABLE stripe_dispute (
    number INTEGER PRIMARY KEY,                -- order of arrival
    id TEXT NOT NULL UNIQUE,                   -- dp_... of a card, du_... of a debit
    charge_id TEXT NOT NULL REFERENCES stripe_charge (id), -- what is disputed
    account_id TEXT NOT NULL REFERENCES stripe_account (id), -- against whom
    livemode BIGINT NOT NULL CHECK (livemode IN (0, 1)), -- which world
    amount_cents BIGINT NOT NULL CHECK (amount_cents > 0),
    currency TEXT NOT NULL CHECK (length(currency) = 3), -- lower case
    reason TEXT NOT NULL,                      -- fraudulent, duplicate, ...
    status TEXT NOT NULL CHECK (status IN ('warning_needs_response', 'warning_under_review', 'warning_closed', 'needs_response', 'under_review', 'won', 'lost')),
    inquiry BIGINT NOT NULL CHECK (inquiry IN (0, 1)), -- 1: it began as a question
    submissions BIGINT NOT NULL DEFAULT 0,     -- how often evidence was sent
    due_at BIGINT,                             -- evidence until then; NULL: none is taken
    created_at BIGINT NOT NULL
);
CREATE INDEX stripe_dispute_account ON stripe_dispute (account_id, livemode, number);
CREATE INDEX stripe_dispute_charge ON stripe_dispute (charge_id);

CREATE TABLE stripe_payout (
    number INTEGER PRIMARY KEY,                -- order of arrival
    id TEXT NOT NULL UNIQUE,                   -- po_...
    account_id TEXT NOT NULL REFERENCES stripe_account (id), -- whose money
    livemode BIGINT NOT NULL CHECK (livemode IN (0, 1)), -- which world
    amount_cents BIGINT NOT NULL CHECK (amount_cents <> 0), -- to the bank; negative: from it
    currency TEXT NOT NULL CHECK (length(currency) = 3), -- lower case
    automatic BIGINT NOT NULL CHECK (automatic IN (0, 1)), -- 1: it holds exactly its movements
    status TEXT NOT NULL CHECK (status IN ('pending', 'paid', 'failed', 'canceled')),
    balance_id TEXT NOT NULL,                  -- txn_...
    failure_balance_id TEXT,                   -- txn_... that brought the money back
    failure_code TEXT,                         -- when failed
    failure_message TEXT,
    arrival_at BIGINT NOT NULL,                -- day at the bank
    due_at BIGINT,                             -- a pending one is paid by itself then
    created_at BIGINT NOT NULL
);
CREATE INDEX stripe_payout_account ON stripe_payout (account_id, livemode, number);
CREATE INDEX stripe_payout_due ON stripe_payout (due_at) WHERE due_at IS NOT NULL;
