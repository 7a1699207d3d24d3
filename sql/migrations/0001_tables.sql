-- The tables of Guichet. Times are Unix seconds UTC (_at), civil dates are ISO text (_day,
-- _date), amounts are minor units (_cents). association_id comes first in every tenant key and
-- every reference between tenant tables carries it, so that nothing of one association can
-- point into another. Ids are made by the application.

-- This installation, one row. Made by `guichet migrate`.
CREATE TABLE installation (
    id BIGINT PRIMARY KEY CHECK (id = 1),      -- always 1
    mark TEXT NOT NULL CHECK (length(mark) = 8), -- 8 hexadecimal digits in every mark of ours at a provider
    created_at BIGINT NOT NULL                 -- when the installation was made
);

-- One tenant.
CREATE TABLE association (
    id BIGINT PRIMARY KEY,                     -- made by the application
    name TEXT NOT NULL CHECK (name <> ''),     -- as members read it
    kind TEXT NOT NULL CHECK (kind IN ('real', 'trial')), -- réelle or d'essai, for ever
    currency TEXT NOT NULL CHECK (length(currency) = 3), -- ISO 4217, one per association
    zone TEXT NOT NULL,                        -- time zone name, dates of the books are civil dates there
    language TEXT NOT NULL DEFAULT 'fr',       -- of screens and mails
    email TEXT NOT NULL DEFAULT '',            -- how to reach a human
    how_to_pay TEXT NOT NULL DEFAULT '',       -- shown when no provider is linked ("comment payer")
    amount_min_cents BIGINT NOT NULL CHECK (amount_min_cents > 0), -- smallest payment from the cart
    amount_max_cents BIGINT NOT NULL CHECK (amount_max_cents >= amount_min_cents), -- largest one
    year_first_month BIGINT NOT NULL CHECK (year_first_month BETWEEN 1 AND 12), -- usual start of a fiscal year
    year_first_day BIGINT NOT NULL CHECK (year_first_day BETWEEN 1 AND 28), -- usual start of a fiscal year
    accounting_method TEXT NOT NULL DEFAULT 'cash' CHECK (accounting_method IN ('cash', 'accrual')), -- encaissement or engagement
    created_at BIGINT NOT NULL                 -- when it was added
);

-- A person who logs in; only its owner sets its password.
CREATE TABLE login (
    id BIGINT PRIMARY KEY,                     -- made by the application
    email TEXT NOT NULL,                       -- as typed
    email_folded TEXT NOT NULL UNIQUE,         -- folded: the unique form
    password_hash TEXT,                        -- PHC string; NULL until a password is set
    password_changed_at BIGINT,                -- last change
    disabled_at BIGINT,                        -- no login from then on; sessions are ended
    created_at BIGINT NOT NULL                 -- when it was added
);

-- A logged-in browser. Only the SHA-256 of the cookie is here.
CREATE TABLE session (
    token_hash BLOB PRIMARY KEY CHECK (length(token_hash) = 32), -- SHA-256 of the cookie value
    login_id BIGINT NOT NULL REFERENCES login (id), -- whose
    association_id BIGINT REFERENCES association (id), -- the chosen association; NULL until chosen
    member_id BIGINT,                          -- the member, in the personal space
    role TEXT CHECK (role IN ('member', 'viewer', 'treasurer', 'administrator')), -- in what quality
    csrf_key BLOB NOT NULL CHECK (length(csrf_key) = 32), -- key of the form tokens
    address TEXT NOT NULL,                     -- where it was opened from
    user_agent TEXT NOT NULL,                  -- with what browser
    created_at BIGINT NOT NULL,                -- absolute age counts from here
    last_seen_at BIGINT NOT NULL,              -- idle time counts from here
    CHECK ((role IS NULL) = (association_id IS NULL)),
    CHECK ((role = 'member') = (member_id IS NOT NULL)),
    FOREIGN KEY (association_id, member_id) REFERENCES member (association_id, id)
);
CREATE INDEX session_login ON session (login_id);
CREATE INDEX session_seen ON session (last_seen_at);

-- Failed logins by account and by address: the waiting time grows, nobody is locked out for good.
CREATE TABLE login_throttle (
    subject TEXT PRIMARY KEY,                  -- 'login:' + SHA-256 of the folded e-mail, or 'address:' + network
    failures BIGINT NOT NULL,                  -- since the last success
    blocked_until_ms BIGINT NOT NULL,          -- no attempt is looked at before (Unix milliseconds)
    last_failed_at BIGINT NOT NULL             -- forgotten after a day
);
CREATE INDEX login_throttle_age ON login_throttle (last_failed_at);

-- Who works in the back office of an association.
CREATE TABLE staff (
    association_id BIGINT NOT NULL REFERENCES association (id), -- where
    login_id BIGINT NOT NULL REFERENCES login (id), -- who
    role TEXT NOT NULL CHECK (role IN ('viewer', 'treasurer', 'administrator')), -- consultation, trésorier, administrateur
    created_at BIGINT NOT NULL,                -- since when
    PRIMARY KEY (association_id, login_id)
);
CREATE INDEX staff_login ON staff (login_id);

-- A person with a cart.
CREATE TABLE member (
    association_id BIGINT NOT NULL REFERENCES association (id), -- tenant
    id BIGINT NOT NULL,                        -- made by the application
    number BIGINT NOT NULL CHECK (number > 0), -- the member number people know
    first_name TEXT NOT NULL,                  -- prénom
    last_name TEXT NOT NULL,                   -- nom
    email TEXT NOT NULL DEFAULT '',            -- for mails; may be empty
    login_id BIGINT REFERENCES login (id),     -- who may open the personal space
    payer_id BIGINT,                           -- the member who pays for this one (family)
    archived_at BIGINT,                        -- left the association
    created_at BIGINT NOT NULL,                -- when added
    PRIMARY KEY (association_id, id),
    UNIQUE (association_id, number),
    FOREIGN KEY (association_id, payer_id) REFERENCES member (association_id, id),
    CHECK (payer_id IS NULL OR payer_id <> id)
);
CREATE INDEX member_login ON member (login_id);
CREATE INDEX member_payer ON member (association_id, payer_id);

-- A product: what is charged again and again.
CREATE TABLE product (
    association_id BIGINT NOT NULL REFERENCES association (id), -- tenant
    id BIGINT NOT NULL,                        -- made by the application
    title TEXT NOT NULL,                       -- as members read it
    price_cents BIGINT NOT NULL CHECK (price_cents > 0), -- of one
    account_code TEXT NOT NULL,                -- revenue account, or class 4 when collected for others
    archived_at BIGINT,                        -- no longer offered
    created_at BIGINT NOT NULL,                -- when added
    PRIMARY KEY (association_id, id)
);

-- The chart of accounts of one association.
CREATE TABLE account (
    association_id BIGINT NOT NULL REFERENCES association (id), -- tenant
    code TEXT NOT NULL CHECK (code <> ''),     -- number in the chart
    label TEXT NOT NULL,                       -- intitulé
    archived_at BIGINT,                        -- no new lines: 471 stands in
    PRIMARY KEY (association_id, code)
);

-- Fiscal years, without hole between them.
CREATE TABLE fiscal_year (
    association_id BIGINT NOT NULL REFERENCES association (id), -- tenant
    id BIGINT NOT NULL,                        -- made by the application
    label TEXT NOT NULL,                       -- '2025-2026' or '2026'
    first_day TEXT NOT NULL,                   -- ISO date
    last_day TEXT NOT NULL,                    -- ISO date, included
    closed_at BIGINT,                          -- never reopened
    last_number BIGINT NOT NULL DEFAULT 0,     -- number of its last entry: numbers have no gap
    PRIMARY KEY (association_id, id),
    UNIQUE (association_id, first_day),
    CHECK (first_day <= last_day)
);

-- An account at a provider; survives unlinking. A means of payment without provider (cheque,
-- cash) is one too, with provider 'manual'.
CREATE TABLE provider_account (
    association_id BIGINT NOT NULL REFERENCES association (id), -- the one association it serves
    id BIGINT NOT NULL,                        -- made by the application
    public_id TEXT NOT NULL UNIQUE,            -- random; stands in webhook addresses (&a=)
    provider TEXT NOT NULL CHECK (provider IN ('stripe', 'paypal', 'manual')), -- which
    mode TEXT NOT NULL CHECK (mode IN ('live', 'test')), -- test only in a trial association
    external_id TEXT,                          -- acct_..., PayPal merchant id, code of a means; NULL while unknown
    email_folded TEXT,                         -- PayPal: the primary address, folded
    publishable_key TEXT,                      -- Stripe, own keys
    key_version BIGINT NOT NULL DEFAULT 1,     -- grows with each change of keys
    label TEXT NOT NULL,                       -- as staff read it
    transit_account TEXT NOT NULL,             -- 5171, 5172, 5112, 530 ...
    position BIGINT NOT NULL,                  -- order of the buttons
    verified_at BIGINT,                        -- proven to be the association's; unproven blocks nobody
    unlinked_at BIGINT,                        -- no new payment by it; late money is still booked
    since_day TEXT NOT NULL,                   -- older movements are out of scope
    opening_cents BIGINT NOT NULL DEFAULT 0,   -- what the provider held then
    created_at BIGINT NOT NULL,                -- when linked first
    PRIMARY KEY (association_id, id),
    CHECK (provider <> 'stripe' OR external_id IS NOT NULL),
    CHECK (provider <> 'paypal' OR external_id IS NOT NULL OR email_folded IS NOT NULL)
);
CREATE UNIQUE INDEX provider_account_external ON provider_account (provider, external_id, mode)
    WHERE provider <> 'manual' AND external_id IS NOT NULL AND verified_at IS NOT NULL;
CREATE UNIQUE INDEX provider_account_means ON provider_account (association_id, external_id)
    WHERE provider = 'manual';
CREATE INDEX provider_account_receiver_id ON provider_account (provider, external_id);
CREATE INDEX provider_account_receiver_email ON provider_account (provider, email_folded);

-- Sealed secrets of a provider account: write-only on screen.
CREATE TABLE secret (
    association_id BIGINT NOT NULL,            -- tenant
    provider_account_id BIGINT NOT NULL,       -- whose
    name TEXT NOT NULL CHECK (name IN ('api_key', 'webhook')), -- what it is
    slot BIGINT NOT NULL,                      -- webhook: two may live during a rotation
    sealed BLOB NOT NULL,                      -- base/seal; bound to association, account, name and slot
    accepted_until BIGINT,                     -- webhook: the old one of a rotation ends then
    created_at BIGINT NOT NULL,                -- when set
    PRIMARY KEY (association_id, provider_account_id, name, slot),
    FOREIGN KEY (association_id, provider_account_id) REFERENCES provider_account (association_id, id)
);

-- One press on Payer. Never deleted.
CREATE TABLE payment_intent (
    association_id BIGINT NOT NULL REFERENCES association (id), -- tenant
    id BIGINT NOT NULL,                        -- made by the application; part of the idempotency key
    member_id BIGINT NOT NULL,                 -- the payer
    provider_account_id BIGINT NOT NULL,       -- receiving account, for ever
    key_version BIGINT NOT NULL,               -- with which keys it was begun
    token TEXT NOT NULL UNIQUE,                -- our mark at the provider and in the return address
    form_token TEXT NOT NULL,                  -- made with the page: same token = same intent
    amount_cents BIGINT NOT NULL CHECK (amount_cents > 0), -- asked
    currency TEXT NOT NULL,                    -- asked
    state TEXT NOT NULL CHECK (state IN ('created', 'open', 'processing', 'paid', 'failed', 'canceled', 'expired')),
    request TEXT NOT NULL,                     -- the exact bytes sent to the provider, again at each retry
    idempotency_key TEXT NOT NULL,             -- guichet-<installation>-<intent>
    provider_reference TEXT,                   -- cs_... once known
    provider_url TEXT,                         -- where the payer is sent while open
    expires_at BIGINT NOT NULL,                -- at the provider, or ours where it has none
    reason TEXT NOT NULL DEFAULT '',           -- why pending or failed, the provider's word
    next_at BIGINT,                            -- when a job looks at it again; NULL = never
    attempts BIGINT NOT NULL DEFAULT 0,        -- looks so far
    lease_until BIGINT NOT NULL DEFAULT 0,     -- a job works on it until then
    claim BIGINT NOT NULL DEFAULT 0,           -- which claim holds the lease
    created_by BIGINT NOT NULL REFERENCES login (id), -- who pressed
    created_at BIGINT NOT NULL,                -- when
    updated_at BIGINT NOT NULL,                -- last change of state
    PRIMARY KEY (association_id, id),
    UNIQUE (association_id, member_id, form_token),
    FOREIGN KEY (association_id, member_id) REFERENCES member (association_id, id),
    FOREIGN KEY (association_id, provider_account_id) REFERENCES provider_account (association_id, id)
);
CREATE UNIQUE INDEX payment_intent_live ON payment_intent (association_id, member_id)
    WHERE state IN ('created', 'open');
CREATE INDEX payment_intent_due ON payment_intent (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX payment_intent_member ON payment_intent (association_id, member_id, created_at);
CREATE INDEX payment_intent_reference ON payment_intent (association_id, provider_account_id, provider_reference);

-- Which charges an intent was meant for, frozen when it was made.
CREATE TABLE intent_charge (
    association_id BIGINT NOT NULL,            -- tenant
    intent_id BIGINT NOT NULL,                 -- the intent
    charge_line_id BIGINT NOT NULL,            -- the charge
    position BIGINT NOT NULL,                  -- in which order
    amount_cents BIGINT NOT NULL CHECK (amount_cents > 0), -- how much of it
    PRIMARY KEY (association_id, intent_id, charge_line_id),
    FOREIGN KEY (association_id, intent_id) REFERENCES payment_intent (association_id, id),
    FOREIGN KEY (association_id, charge_line_id) REFERENCES cart_line (association_id, id)
);

-- A raw message of a provider, stored before anything else. Each delivery is its own row.
CREATE TABLE provider_event (
    id BIGINT PRIMARY KEY,                     -- made by the application
    provider TEXT NOT NULL,                    -- which face it came to
    association_id BIGINT,                     -- known once verified
    provider_account_id BIGINT,                -- whose secret verified it, or whose money it is
    hint TEXT NOT NULL DEFAULT '',             -- &a= of the address: a hint, never a proof
    source_address TEXT NOT NULL,              -- who sent it
    receiver TEXT NOT NULL DEFAULT '',         -- PayPal: the named receiver when it is one of ours
    authentic BIGINT NOT NULL DEFAULT 0 CHECK (authentic IN (0, 1)), -- verified by signature or by asking back
    external_id TEXT NOT NULL DEFAULT '',      -- evt_..., txn_id: for people
    type TEXT NOT NULL DEFAULT '',             -- checkout.session.completed, web_accept: for people
    raw BLOB NOT NULL,                         -- the bytes as they came
    received_at BIGINT NOT NULL,               -- when stored
    state TEXT NOT NULL CHECK (state IN ('waiting', 'invalid', 'done', 'parked')),
    outcome TEXT CHECK (outcome IN ('posted', 'already_posted', 'noted', 'pending', 'quarantined', 'not_ours',
        'other_account', 'test_money', 'unsupported', 'waits_for_parent')), -- what it led to
    detail TEXT NOT NULL DEFAULT '',           -- why, in a few words
    transaction_id BIGINT,                     -- the movement it booked or repeated
    intent_id BIGINT,                          -- the intent it names
    priority BIGINT NOT NULL DEFAULT 0,        -- 0 names a receiver of ours, 1 does not
    next_at BIGINT,                            -- next try; NULL when none
    attempts BIGINT NOT NULL DEFAULT 0,        -- claims so far
    crashes BIGINT NOT NULL DEFAULT 0,         -- claims without an end since the last good one
    lease_until BIGINT NOT NULL DEFAULT 0,     -- a job works on it until then
    claim BIGINT NOT NULL DEFAULT 0,           -- which claim holds the lease
    updated_at BIGINT NOT NULL,                -- last change
    FOREIGN KEY (association_id, provider_account_id) REFERENCES provider_account (association_id, id),
    CHECK ((state = 'done') = (outcome IS NOT NULL AND outcome <> 'waits_for_parent')),
    CHECK ((state = 'waiting') = (next_at IS NOT NULL))
);
CREATE INDEX provider_event_due ON provider_event (provider, priority, next_at) WHERE state = 'waiting';
CREATE INDEX provider_event_backlog ON provider_event (source_address) WHERE state = 'waiting';
CREATE INDEX provider_event_receiver ON provider_event (receiver) WHERE state = 'waiting';
CREATE INDEX provider_event_list ON provider_event (association_id, id);
CREATE INDEX provider_event_account ON provider_event (association_id, provider_account_id, id)
    WHERE authentic = 1;
CREATE INDEX provider_event_not_ours ON provider_event (association_id) WHERE outcome = 'not_ours';
CREATE INDEX provider_event_unsupported ON provider_event (id) WHERE outcome = 'unsupported';
CREATE INDEX provider_event_invalid ON provider_event (received_at) WHERE state = 'invalid';

-- What really happened to money at a provider: one row a fact, for ever.
CREATE TABLE provider_transaction (
    association_id BIGINT NOT NULL,            -- tenant
    id BIGINT NOT NULL,                        -- made by the application
    provider_account_id BIGINT NOT NULL,       -- at which account
    kind TEXT NOT NULL CHECK (kind IN ('capture', 'capture_failed', 'fee', 'dispute_fee', 'refund', 'refund_failed',
        'dispute', 'dispute_won', 'dispute_lost', 'payout', 'payout_failed', 'other')),
    reference TEXT NOT NULL,                   -- the provider's name of the fact (domain: provider_transaction)
    amount_cents BIGINT NOT NULL,              -- signed as seen by the association
    currency TEXT NOT NULL,                    -- of amount_cents
    fact_at BIGINT NOT NULL,                   -- the provider's time
    intent_id BIGINT,                          -- the intent it belongs to
    member_id BIGINT,                          -- the payer it was credited to
    parent_id BIGINT,                          -- refund, dispute: the capture
    entry_id BIGINT,                           -- its entry; NULL only for money outside the books
    flag TEXT NOT NULL DEFAULT '' CHECK (flag IN ('', 'difference', 'second_capture', 'late')), -- to be looked at
    payer TEXT NOT NULL DEFAULT '',            -- name the provider gave, for people
    created_at BIGINT NOT NULL,                -- when booked
    PRIMARY KEY (association_id, id),
    UNIQUE (association_id, provider_account_id, kind, reference),
    FOREIGN KEY (association_id, provider_account_id) REFERENCES provider_account (association_id, id),
    FOREIGN KEY (association_id, intent_id) REFERENCES payment_intent (association_id, id),
    FOREIGN KEY (association_id, member_id) REFERENCES member (association_id, id),
    FOREIGN KEY (association_id, parent_id) REFERENCES provider_transaction (association_id, id),
    FOREIGN KEY (association_id, entry_id) REFERENCES entry (association_id, id)
);
CREATE INDEX provider_transaction_intent ON provider_transaction (association_id, intent_id);
CREATE INDEX provider_transaction_member ON provider_transaction (association_id, member_id);
CREATE INDEX provider_transaction_entry ON provider_transaction (association_id, entry_id);
CREATE INDEX provider_transaction_parent ON provider_transaction (association_id, parent_id);
CREATE INDEX provider_transaction_list ON provider_transaction (association_id, kind, fact_at, id);

-- Every name a provider uses, so that messages resolve in any order.
CREATE TABLE provider_object (
    association_id BIGINT NOT NULL,            -- tenant
    provider_account_id BIGINT NOT NULL,       -- at which account
    object_id TEXT NOT NULL,                   -- cs_, pi_, ch_, re_, txn_id ...
    intent_id BIGINT,                          -- what it means to us
    transaction_id BIGINT,                     -- what it means to us
    PRIMARY KEY (association_id, provider_account_id, object_id),
    FOREIGN KEY (association_id, provider_account_id) REFERENCES provider_account (association_id, id),
    FOREIGN KEY (association_id, intent_id) REFERENCES payment_intent (association_id, id),
    FOREIGN KEY (association_id, transaction_id) REFERENCES provider_transaction (association_id, id),
    CHECK (intent_id IS NOT NULL OR transaction_id IS NOT NULL)
);
CREATE INDEX provider_object_intent ON provider_object (association_id, intent_id);
CREATE INDEX provider_object_transaction ON provider_object (association_id, transaction_id);

-- The member's cart: charges positive, payments negative; never edited, never deleted.
CREATE TABLE cart_line (
    association_id BIGINT NOT NULL,            -- tenant
    id BIGINT NOT NULL,                        -- made by the application
    member_id BIGINT NOT NULL,                 -- whose cart
    kind TEXT NOT NULL CHECK (kind IN ('charge', 'payment', 'refund', 'adjustment', 'donation', 'dispute')),
    amount_cents BIGINT NOT NULL CHECK (amount_cents <> 0), -- signed
    label TEXT NOT NULL,                       -- as the member reads it
    line_date TEXT NOT NULL,                   -- ISO date in the association's zone
    fiscal_year_id BIGINT NOT NULL,            -- a charge's own year; a payment's year of entry
    product_id BIGINT,                         -- charge: from which product
    account_code TEXT,                         -- charge, donation: where its revenue goes
    transaction_id BIGINT,                     -- payment, refund, dispute: the movement
    entry_id BIGINT,                           -- the entry it made, where it made one
    corrects_line_id BIGINT,                   -- the line this one corrects
    created_by BIGINT REFERENCES login (id),   -- NULL: a provider's fact or the command line
    created_at BIGINT NOT NULL,                -- when written
    PRIMARY KEY (association_id, id),
    FOREIGN KEY (association_id, member_id) REFERENCES member (association_id, id),
    FOREIGN KEY (association_id, fiscal_year_id) REFERENCES fiscal_year (association_id, id),
    FOREIGN KEY (association_id, product_id) REFERENCES product (association_id, id),
    FOREIGN KEY (association_id, transaction_id) REFERENCES provider_transaction (association_id, id),
    FOREIGN KEY (association_id, entry_id) REFERENCES entry (association_id, id),
    FOREIGN KEY (association_id, corrects_line_id) REFERENCES cart_line (association_id, id),
    CHECK (kind NOT IN ('charge', 'donation') OR account_code IS NOT NULL),
    CHECK (corrects_line_id IS NOT NULL OR kind NOT IN ('charge', 'donation') OR amount_cents > 0),
    CHECK (corrects_line_id IS NOT NULL OR kind <> 'payment' OR amount_cents < 0),
    CHECK (kind NOT IN ('payment', 'refund', 'dispute') OR transaction_id IS NOT NULL)
);
CREATE INDEX cart_line_member ON cart_line (association_id, member_id, line_date, id);
CREATE INDEX cart_line_transaction ON cart_line (association_id, transaction_id);
CREATE INDEX cart_line_corrects ON cart_line (association_id, corrects_line_id) WHERE corrects_line_id IS NOT NULL;

-- Which payment paid which charge: append-only, undone by an opposite row.
CREATE TABLE allocation (
    association_id BIGINT NOT NULL,            -- tenant
    id BIGINT NOT NULL,                        -- made by the application
    member_id BIGINT NOT NULL,                 -- of both lines
    payment_line_id BIGINT NOT NULL,           -- the credit
    charge_line_id BIGINT NOT NULL,            -- the debt
    amount_cents BIGINT NOT NULL CHECK (amount_cents <> 0), -- negative undoes
    deferred BIGINT NOT NULL DEFAULT 0 CHECK (deferred IN (0, 1)), -- booked to 487: the charge's year has not begun
    entry_id BIGINT NOT NULL,                  -- the entry that booked it
    created_at BIGINT NOT NULL,                -- when written
    PRIMARY KEY (association_id, id),
    FOREIGN KEY (association_id, member_id) REFERENCES member (association_id, id),
    FOREIGN KEY (association_id, payment_line_id) REFERENCES cart_line (association_id, id),
    FOREIGN KEY (association_id, charge_line_id) REFERENCES cart_line (association_id, id),
    FOREIGN KEY (association_id, entry_id) REFERENCES entry (association_id, id)
);
CREATE INDEX allocation_payment ON allocation (association_id, payment_line_id);
CREATE INDEX allocation_charge ON allocation (association_id, charge_line_id);
CREATE INDEX allocation_member ON allocation (association_id, member_id);
CREATE INDEX allocation_entry ON allocation (association_id, entry_id);

-- The books: balanced, append-only, hash-chained per association.
CREATE TABLE entry (
    association_id BIGINT NOT NULL REFERENCES association (id), -- tenant
    id BIGINT NOT NULL,                        -- made by the application
    fiscal_year_id BIGINT NOT NULL,            -- the year it counts in
    number BIGINT NOT NULL CHECK (number > 0), -- without gap in its year
    chain_number BIGINT NOT NULL CHECK (chain_number > 0), -- without gap in the association
    journal TEXT NOT NULL CHECK (journal IN ('ST', 'PP', 'BQ', 'CA', 'CH', 'OD')), -- Stripe, PayPal, bank, cash, cheques, other
    fact_date TEXT NOT NULL,                   -- civil date of the fact in the association's zone
    entry_date TEXT NOT NULL,                  -- fact_date, or the first open day after it
    posted_at BIGINT NOT NULL,                 -- when written
    piece TEXT NOT NULL,                       -- the provider's reference or the document's
    label TEXT NOT NULL,                       -- libellé, without names of persons
    total_cents BIGINT NOT NULL CHECK (total_cents > 0), -- sum of its debits
    previous_hash BLOB NOT NULL CHECK (length(previous_hash) = 32), -- of the entry before in the chain
    hash BLOB NOT NULL CHECK (length(hash) = 32), -- over previous_hash and all of this entry and its lines
    PRIMARY KEY (association_id, id),
    UNIQUE (association_id, fiscal_year_id, number),
    UNIQUE (association_id, chain_number),
    FOREIGN KEY (association_id, fiscal_year_id) REFERENCES fiscal_year (association_id, id)
);

-- The lines of an entry.
CREATE TABLE entry_line (
    association_id BIGINT NOT NULL,            -- tenant
    entry_id BIGINT NOT NULL,                  -- the entry
    line_number BIGINT NOT NULL CHECK (line_number > 0), -- from 1
    account_code TEXT NOT NULL,                -- account
    account_label TEXT NOT NULL,               -- its label on that day
    debit_cents BIGINT NOT NULL CHECK (debit_cents >= 0), -- one of both
    credit_cents BIGINT NOT NULL CHECK (credit_cents >= 0), -- is 0
    member_number BIGINT,                      -- whose; names stay in member
    PRIMARY KEY (association_id, entry_id, line_number),
    CHECK ((debit_cents = 0) <> (credit_cents = 0)),
    FOREIGN KEY (association_id, entry_id) REFERENCES entry (association_id, id),
    FOREIGN KEY (association_id, account_code) REFERENCES account (association_id, code)
);
CREATE INDEX entry_line_account ON entry_line (association_id, account_code, entry_id);

-- À rattacher: verified money that fits nowhere, or an entry that a setting sent to 471.
CREATE TABLE quarantine (
    association_id BIGINT NOT NULL,            -- tenant
    id BIGINT NOT NULL,                        -- made by the application
    reason TEXT NOT NULL CHECK (reason IN ('unknown_intent', 'other_currency', 'account_missing')),
    transaction_id BIGINT,                     -- the movement
    entry_id BIGINT,                           -- its entry, exactly when money of our currency came
    detail TEXT NOT NULL DEFAULT '',           -- for the person who settles it
    created_at BIGINT NOT NULL,                -- since when
    settled_at BIGINT,                         -- when a person settled it
    settled_by BIGINT REFERENCES login (id),   -- who
    PRIMARY KEY (association_id, id),
    UNIQUE (association_id, transaction_id, reason),
    FOREIGN KEY (association_id, transaction_id) REFERENCES provider_transaction (association_id, id),
    FOREIGN KEY (association_id, entry_id) REFERENCES entry (association_id, id)
);
CREATE INDEX quarantine_entry ON quarantine (association_id, entry_id);
CREATE INDEX quarantine_open ON quarantine (association_id, created_at, id) WHERE settled_at IS NULL;

-- Mail to send: written with the fact, sent by a job.
CREATE TABLE outbox (
    id BIGINT PRIMARY KEY,                     -- made by the application; stable Message-ID
    association_id BIGINT NOT NULL REFERENCES association (id), -- in whose name
    kind TEXT NOT NULL,                        -- which mail: payment_received, second_capture ...
    member_id BIGINT,                          -- to whom; NULL = the treasurers
    transaction_id BIGINT,                     -- about what
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'refused', 'dropped')),
    next_at BIGINT,                            -- next try
    attempts BIGINT NOT NULL DEFAULT 0,        -- tries so far
    created_at BIGINT NOT NULL,                -- when written
    FOREIGN KEY (association_id, member_id) REFERENCES member (association_id, id),
    FOREIGN KEY (association_id, transaction_id) REFERENCES provider_transaction (association_id, id)
);
CREATE INDEX outbox_due ON outbox (next_at) WHERE state = 'waiting';

-- Who did what: append-only, hash-chained per association (0 = the installation).
CREATE TABLE audit (
    association_id BIGINT NOT NULL,            -- tenant, or 0
    chain_number BIGINT NOT NULL CHECK (chain_number > 0), -- without gap
    at_ms BIGINT NOT NULL,                     -- Unix milliseconds
    login_id BIGINT,                           -- who; NULL: a provider's fact or the command line
    address TEXT NOT NULL,                     -- from where; '' for none
    action TEXT NOT NULL,                      -- login.succeeded, payment.posted ...
    object TEXT NOT NULL,                      -- what it was done to: 'member:12'
    detail TEXT NOT NULL,                      -- no secret, no personal data
    previous_hash BLOB NOT NULL CHECK (length(previous_hash) = 32), -- of the row before
    hash BLOB NOT NULL CHECK (length(hash) = 32), -- over previous_hash and this row
    PRIMARY KEY (association_id, chain_number)
);
