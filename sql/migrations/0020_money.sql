-- The whole money story: what moves at a provider after a payment, what did not begin in Guichet,
-- and the provider's own list to compare with.

ALTER TABLE provider_transaction ADD COLUMN type TEXT NOT NULL DEFAULT ''; -- the provider's own word for it: "stripe_fee"
ALTER TABLE provider_transaction ADD COLUMN elsewhere BIGINT NOT NULL DEFAULT 0
    CHECK (elsewhere IN (0, 1));               -- not begun in Guichet: one of the autres encaissements, or what followed it
ALTER TABLE provider_transaction ADD COLUMN settled_cents BIGINT; -- converted: what the account received, in the association's currency
ALTER TABLE provider_transaction ADD COLUMN dispute TEXT NOT NULL DEFAULT ''; -- dispute and what follows it: dp_, case id

ALTER TABLE provider_transaction ADD COLUMN counted_cents BIGINT; -- converted: what it counts for in carts, signed as amount_cents; NULL: amount_cents
ALTER TABLE provider_transaction ADD COLUMN follows_id BIGINT; -- what it follows directly: the refund that failed, the payout that came back; parent_id is the payment behind it
ALTER TABLE provider_transaction ADD COLUMN parent_reference TEXT NOT NULL DEFAULT ''; -- orphan: the name of what it follows, until that comes
CREATE INDEX provider_transaction_orphan ON provider_transaction (association_id, provider_account_id, parent_reference)
    WHERE parent_reference <> '' AND parent_id IS NULL;
CREATE INDEX provider_transaction_dispute ON provider_transaction (association_id, provider_account_id, dispute)
    WHERE dispute <> '';
CREATE INDEX provider_transaction_unbooked ON provider_transaction (provider_account_id, fact_at)
    WHERE entry_id IS NULL AND amount_cents <> 0; -- fees booked once a month, money of another currency
ALTER TABLE allocation ADD COLUMN returned BIGINT NOT NULL DEFAULT 0
    CHECK (returned IN (0, 1));                -- taken back by a refund, a dispute, a failure (or given again when that was undone)
CREATE INDEX provider_event_parent ON provider_event (association_id, provider_account_id)
    WHERE outcome = 'waits_for_parent';

-- Accounts that the money story books to.
INSERT INTO account (association_id, code, label)
SELECT a.id, chart.code, chart.label FROM association a
CROSS JOIN (SELECT '4678' AS code, 'Réserves des solutions de paiement' AS label
    UNION ALL SELECT '580', 'Virements internes') chart
WHERE true
ON CONFLICT (association_id, code) DO NOTHING;

ALTER TABLE provider_account ADD COLUMN other_account TEXT NOT NULL DEFAULT '471'; -- where money not begun in Guichet is booked
ALTER TABLE provider_account ADD COLUMN statement_at BIGINT; -- the list was read whole up to then; NULL: never
ALTER TABLE provider_account ADD COLUMN balance_cents BIGINT; -- what the provider said it holds
ALTER TABLE provider_account ADD COLUMN balance_at BIGINT; -- when it said so

ALTER TABLE association ADD COLUMN covers_fees BIGINT NOT NULL DEFAULT 0
    CHECK (covers_fees IN (0, 1));             -- the cart proposes, unticked, to add the fees of the payment
ALTER TABLE payment_intent ADD COLUMN fee_cover_cents BIGINT NOT NULL DEFAULT 0
    CHECK (fee_cover_cents >= 0 AND fee_cover_cents < amount_cents); -- part of the amount that the payer added for the fees

-- À rattacher knows more reasons, and how a row was settled.
CREATE TABLE quarantine_next (
    association_id BIGINT NOT NULL,            -- tenant
    id BIGINT NOT NULL,                        -- made by the application
    reason TEXT NOT NULL CHECK (reason IN ('unknown_intent', 'other_currency', 'account_missing',
        'unknown_type', 'orphan', 'excess')), -- why a person must look: orphan = what it follows is unknown; excess = more went back than was left of the payment
    transaction_id BIGINT,                     -- the movement
    entry_id BIGINT,                           -- its entry, exactly when money of our currency came
    detail TEXT NOT NULL DEFAULT '',           -- for the person who settles it
    created_at BIGINT NOT NULL,                -- since when
    settled_at BIGINT,                         -- when it was settled
    settled_by BIGINT REFERENCES login (id),   -- by whom; NULL: it settled itself (its parent came, the account is back)
    settled_how TEXT CHECK (settled_how IN ('attached', 'refunded', 'classified', 'seen', 'by_itself')), -- how
    settled_reason TEXT NOT NULL DEFAULT '',   -- the person's words
    settled_entry_id BIGINT,                   -- the entry that moved it out of 471
    PRIMARY KEY (association_id, id),
    UNIQUE (association_id, transaction_id, reason),
    FOREIGN KEY (association_id, transaction_id) REFERENCES provider_transaction (association_id, id),
    FOREIGN KEY (association_id, entry_id) REFERENCES entry (association_id, id),
    FOREIGN KEY (association_id, settled_entry_id) REFERENCES entry (association_id, id),
    CHECK ((settled_at IS NULL) = (settled_how IS NULL))
);
INSERT INTO quarantine_next (association_id, id, reason, transaction_id, entry_id, detail, created_at,
    settled_at, settled_by, settled_how)
SELECT association_id, id, reason, transaction_id, entry_id, detail, created_at, settled_at, settled_by,
    CASE WHEN settled_at IS NOT NULL THEN 'seen' END FROM quarantine;
DROP TABLE quarantine;
ALTER TABLE quarantine_next RENAME TO quarantine;
CREATE INDEX quarantine_entry ON quarantine (association_id, entry_id);
CREATE INDEX quarantine_open ON quarantine (association_id, created_at, id) WHERE settled_at IS NULL;

-- A dispute as the provider tells it; its money is movements (dispute, dispute_won, dispute_fee).
CREATE TABLE dispute (
    association_id BIGINT NOT NULL,            -- tenant
    id BIGINT NOT NULL,                        -- made by the application
    provider_account_id BIGINT NOT NULL,       -- at which account
    reference TEXT NOT NULL,                   -- dp_..., case id
    transaction_id BIGINT,                     -- the disputed payment; NULL while unknown
    state TEXT NOT NULL CHECK (state IN ('inquiry', 'open', 'won', 'lost', 'closed')), -- closed: an inquiry without end of money
    reason TEXT NOT NULL DEFAULT '',           -- the provider's word
    amount_cents BIGINT NOT NULL DEFAULT 0,    -- disputed; 0 when not said
    deadline_at BIGINT,                        -- until when to answer; NULL: none
    told_at BIGINT NOT NULL,                   -- the provider's time of the latest news: older news changes nothing
    created_at BIGINT NOT NULL,                -- first heard of
    next_at BIGINT,                            -- when the provider is asked what became of it; NULL: never
    lease_until BIGINT NOT NULL DEFAULT 0,     -- a job works on it until then
    claim BIGINT NOT NULL DEFAULT 0,           -- which claim holds the lease
    PRIMARY KEY (association_id, id),
    UNIQUE (association_id, provider_account_id, reference),
    FOREIGN KEY (association_id, provider_account_id) REFERENCES provider_account (association_id, id),
    FOREIGN KEY (association_id, transaction_id) REFERENCES provider_transaction (association_id, id)
);
CREATE INDEX dispute_transaction ON dispute (association_id, transaction_id);
CREATE INDEX dispute_due ON dispute (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX dispute_open ON dispute (association_id, deadline_at) WHERE state IN ('inquiry', 'open');

-- A refund that a person asks the provider for: durable before the provider is called.
CREATE TABLE refund_request (
    association_id BIGINT NOT NULL,            -- tenant
    id BIGINT NOT NULL,                        -- made by the application; part of the idempotency key
    transaction_id BIGINT NOT NULL,            -- the capture
    provider_account_id BIGINT NOT NULL,       -- where the money leaves from
    form_token TEXT NOT NULL,                  -- made with the page: same token = same request
    amount_cents BIGINT NOT NULL CHECK (amount_cents > 0), -- asked
    cancels_charges BIGINT NOT NULL CHECK (cancels_charges IN (0, 1)), -- what is paid back is not owed again
    reason TEXT NOT NULL,                      -- of the person
    request TEXT NOT NULL,                     -- the exact bytes sent, again at each retry
    idempotency_key TEXT NOT NULL,             -- guichet-<installation>-refund-<id>
    state TEXT NOT NULL CHECK (state IN ('created', 'sent', 'refused', 'absent')), -- sent: the provider has it (booked by its fact); absent: it never arrived there
    provider_reference TEXT,                   -- re_... once known
    answer TEXT NOT NULL DEFAULT '',           -- refused: the provider's word
    next_at BIGINT,                            -- when a job sends it again; NULL = never
    attempts BIGINT NOT NULL DEFAULT 0,        -- tries so far
    lease_until BIGINT NOT NULL DEFAULT 0,     -- a job works on it until then
    claim BIGINT NOT NULL DEFAULT 0,           -- which claim holds the lease
    created_by BIGINT NOT NULL REFERENCES login (id), -- who asked
    created_at BIGINT NOT NULL,                -- when
    updated_at BIGINT NOT NULL,                -- last change of state
    PRIMARY KEY (association_id, id),
    UNIQUE (association_id, form_token),
    FOREIGN KEY (association_id, transaction_id) REFERENCES provider_transaction (association_id, id),
    FOREIGN KEY (association_id, provider_account_id) REFERENCES provider_account (association_id, id)
);
CREATE INDEX refund_request_transaction ON refund_request (association_id, transaction_id);
CREATE INDEX refund_request_reference ON refund_request (association_id, provider_account_id, provider_reference);
CREATE INDEX refund_request_due ON refund_request (next_at) WHERE next_at IS NOT NULL;

-- The charges a person ticked for it.
CREATE TABLE refund_request_charge (
    association_id BIGINT NOT NULL,            -- tenant
    refund_request_id BIGINT NOT NULL,         -- the request
    charge_line_id BIGINT NOT NULL,            -- a charge the payment paid
    PRIMARY KEY (association_id, refund_request_id, charge_line_id),
    FOREIGN KEY (association_id, refund_request_id) REFERENCES refund_request (association_id, id),
    FOREIGN KEY (association_id, charge_line_id) REFERENCES cart_line (association_id, id)
);

-- The provider's own list of what moved at an account, as it told it.
CREATE TABLE statement_line (
    association_id BIGINT NOT NULL,            -- tenant
    provider_account_id BIGINT NOT NULL,       -- at which account
    reference TEXT NOT NULL,                   -- the provider's name of the line: txn_, PayPal's transaction
    type TEXT NOT NULL,                        -- the provider's own word
    kind TEXT NOT NULL,                        -- of provider_transaction; 'none' = nothing is posted for it
    nature TEXT NOT NULL DEFAULT '',           -- kind other: fee, reserve, transfer, unknown
    movement TEXT NOT NULL,                    -- the reference our movement has
    fee_reference TEXT NOT NULL DEFAULT '',    -- the reference our fee has, when it has a fee
    parent TEXT NOT NULL DEFAULT '',           -- what it follows
    dispute TEXT NOT NULL DEFAULT '',          -- of which dispute
    token TEXT NOT NULL DEFAULT '',            -- the intent it names
    our_mark BIGINT NOT NULL DEFAULT 0 CHECK (our_mark IN (0, 1)), -- it bears this installation's mark
    payer TEXT NOT NULL DEFAULT '',            -- name, for people
    objects TEXT NOT NULL DEFAULT '',          -- further names, separated by spaces
    gross_cents BIGINT NOT NULL,               -- signed as seen by the association
    fee_cents BIGINT NOT NULL,                 -- what the provider kept of it; negative: given back
    net_cents BIGINT NOT NULL,                 -- gross less fee
    currency TEXT NOT NULL,                    -- capital letters
    fact_at BIGINT NOT NULL,                   -- the provider's time
    fact_day TEXT NOT NULL,                    -- civil day in the association's zone
    standing TEXT NOT NULL DEFAULT 'final' CHECK (standing IN ('final', 'pending', 'failed')), -- of a payment: whether it is sure; told again until it is
    payout TEXT NOT NULL DEFAULT '',           -- the payout it went out with, once known
    read_at BIGINT NOT NULL,                   -- when we read it first
    told_gross_cents BIGINT,                   -- told again with other figures: what it said then
    told_fee_cents BIGINT,                     -- the same of its fee
    told_at BIGINT,                            -- when that was read; NULL: it never said anything else
    PRIMARY KEY (association_id, provider_account_id, reference),
    FOREIGN KEY (association_id, provider_account_id) REFERENCES provider_account (association_id, id),
    CHECK (net_cents = gross_cents - fee_cents),
    CHECK ((told_at IS NULL) = (told_gross_cents IS NULL) AND (told_at IS NULL) = (told_fee_cents IS NULL))
);
CREATE INDEX statement_line_day ON statement_line (association_id, provider_account_id, fact_day, reference);
CREATE INDEX statement_line_movement ON statement_line (association_id, provider_account_id, kind, movement);
CREATE INDEX statement_line_standing ON statement_line (association_id, provider_account_id, movement) WHERE standing <> 'final';
CREATE INDEX statement_line_payout ON statement_line (association_id, provider_account_id, payout) WHERE payout <> '';
CREATE INDEX statement_line_fee ON statement_line (association_id, provider_account_id, fee_reference) WHERE fee_reference <> '';
CREATE INDEX provider_transaction_account ON provider_transaction (association_id, provider_account_id, fact_at, id);

-- Payments that the list has and that are not money for us: under way, or failed and never booked.
-- Neither they nor what took them back counts.
CREATE VIEW statement_unsure AS
SELECT p.association_id, p.provider_account_id, p.movement AS payment, p.standing, p.fact_at
FROM statement_line p
WHERE p.standing <> 'final' AND p.kind = 'capture'
    AND NOT EXISTS (SELECT 1 FROM provider_transaction t WHERE t.association_id = p.association_id
        AND t.provider_account_id = p.provider_account_id AND t.kind = 'capture' AND t.reference = p.movement);

-- Each line beside our movement of it, in one word. A line may be one of several of a movement: then
-- their sum counts.
CREATE VIEW statement_match AS
SELECT l.association_id, l.provider_account_id, l.reference, l.type, l.kind, l.nature, l.movement,
    l.fee_reference, l.parent, l.dispute, l.token, l.our_mark, l.payer, l.objects, l.gross_cents,
    l.fee_cents, l.net_cents, l.currency, l.fact_at, l.fact_day, l.payout, l.told_at,
    l.told_gross_cents, l.told_fee_cents, m.id AS transaction_id, m.kind AS movement_kind,
    CASE WHEN m.currency = l.currency THEN m.amount_cents ELSE m.settled_cents END AS booked_cents,
    m.fact_at AS booked_at, m.entry_id, f.id AS fee_id, f.amount_cents AS fee_booked_cents,
    CASE WHEN l.kind = 'none' THEN 'no_entry'
        WHEN m.id IS NULL AND f.id IS NULL AND l.fact_day < a.since_day THEN 'outside'
        WHEN l.told_at IS NOT NULL THEN 'different'
        WHEN m.id IS NULL THEN COALESCE((SELECT CASE u.standing WHEN 'pending' THEN 'pending' ELSE 'no_entry' END
                FROM statement_unsure u WHERE u.association_id = l.association_id
                    AND u.provider_account_id = l.provider_account_id
                    AND u.payment = CASE l.kind WHEN 'capture' THEN l.movement WHEN 'capture_failed' THEN l.parent END
                ORDER BY u.standing DESC LIMIT 1), 'missing')
        WHEN CASE WHEN m.currency = l.currency THEN m.amount_cents ELSE m.settled_cents END
            IS DISTINCT FROM (SELECT SUM(o.gross_cents) FROM statement_line o
                WHERE o.association_id = l.association_id AND o.provider_account_id = l.provider_account_id
                    AND o.kind = l.kind AND o.movement = l.movement) THEN 'different'
        WHEN l.fee_cents <> 0 AND f.id IS NULL THEN 'missing'
        WHEN l.fee_cents <> 0 AND f.amount_cents <> -l.fee_cents THEN 'different'
        ELSE 'matched' END AS state
FROM statement_line l
JOIN provider_account a ON a.association_id = l.association_id AND a.id = l.provider_account_id
LEFT JOIN provider_transaction m ON m.association_id = l.association_id
    AND m.provider_account_id = l.provider_account_id AND m.kind = l.kind AND m.reference = l.movement
LEFT JOIN provider_transaction f ON f.association_id = l.association_id
    AND f.provider_account_id = l.provider_account_id AND l.fee_reference <> ''
    AND f.kind = CASE WHEN l.kind IN ('dispute', 'dispute_won') THEN 'dispute_fee' ELSE 'fee' END
    AND f.reference = l.fee_reference;

-- Each movement of money with the day of its line; NULL: the list does not have it.
CREATE VIEW statement_movement AS
SELECT t.association_id, t.provider_account_id, t.id, t.kind, t.reference, t.type, t.payer, t.fact_at,
    t.parent_id, t.entry_id, t.currency, t.amount_cents, t.settled_cents,
    COALESCE((SELECT MIN(l.fact_day || '') FROM statement_line l -- not by the index of days
            WHERE l.association_id = t.association_id AND l.provider_account_id = t.provider_account_id
                AND l.kind = t.kind AND l.movement = t.reference),
        CASE WHEN t.kind IN ('fee', 'dispute_fee') THEN (SELECT MIN(f.fact_day || '') FROM statement_line f
            WHERE f.association_id = t.association_id AND f.provider_account_id = t.provider_account_id
                AND f.fee_reference = t.reference AND f.fee_reference <> '') END) AS line_day
FROM provider_transaction t
WHERE t.amount_cents <> 0 AND t.kind <> 'dispute_lost';

-- A reading of the list under way: resumable, one page at a time.
CREATE TABLE statement_task (
    association_id BIGINT NOT NULL,            -- tenant
    id BIGINT NOT NULL,                        -- made by the application
    provider_account_id BIGINT NOT NULL,       -- of which account
    payout TEXT NOT NULL DEFAULT '',           -- only the lines of this payout; '' = all from since_at on
    since_at BIGINT NOT NULL,                  -- from then
    until_at BIGINT NOT NULL,                  -- until then
    cursor TEXT NOT NULL DEFAULT '',           -- where the next page begins
    line_count BIGINT NOT NULL DEFAULT 0,      -- lines read so far
    state TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'refused')), -- refused: the provider does not let us
    answer TEXT NOT NULL DEFAULT '',           -- its word
    next_at BIGINT,                            -- when a job goes on; NULL: never
    attempts BIGINT NOT NULL DEFAULT 0,        -- tries since the last page that came
    lease_until BIGINT NOT NULL DEFAULT 0,     -- a job works on it until then
    claim BIGINT NOT NULL DEFAULT 0,           -- which claim holds the lease
    created_by BIGINT REFERENCES login (id),   -- who asked; NULL: by itself
    created_at BIGINT NOT NULL,                -- when
    updated_at BIGINT NOT NULL,                -- last change
    PRIMARY KEY (association_id, id),
    FOREIGN KEY (association_id, provider_account_id) REFERENCES provider_account (association_id, id),
    CHECK ((state = 'waiting') = (next_at IS NOT NULL))
);
CREATE UNIQUE INDEX statement_task_live ON statement_task (association_id, provider_account_id, payout)
    WHERE state = 'waiting';
CREATE INDEX statement_task_due ON statement_task (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX statement_task_account ON statement_task (association_id, provider_account_id, payout, created_at);

-- Payments whose fee the provider has not told yet: a job asks for it, for a month.
CREATE TABLE fee_search (
    association_id BIGINT NOT NULL,            -- tenant
    transaction_id BIGINT NOT NULL,            -- the payment
    provider_account_id BIGINT NOT NULL,       -- at which account
    since_at BIGINT NOT NULL,                  -- when the payment was booked
    next_at BIGINT,                            -- when it is asked for; NULL: found, or given up
    attempts BIGINT NOT NULL DEFAULT 0,        -- how often it was asked for
    lease_until BIGINT NOT NULL DEFAULT 0,     -- a job works on it until then
    claim BIGINT NOT NULL DEFAULT 0,           -- which claim holds the lease
    PRIMARY KEY (association_id, transaction_id),
    FOREIGN KEY (association_id, transaction_id) REFERENCES provider_transaction (association_id, id),
    FOREIGN KEY (association_id, provider_account_id) REFERENCES provider_account (association_id, id)
);
CREATE INDEX fee_search_due ON fee_search (next_at) WHERE next_at IS NOT NULL;
