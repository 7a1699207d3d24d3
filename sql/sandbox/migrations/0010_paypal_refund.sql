-- What follows the captures of orders, as the REST face tells it; the money stands in paypal_movement.

ALTER TABLE paypal_business ADD COLUMN refund_outcome TEXT NOT NULL DEFAULT 'completed'
    CHECK (refund_outcome IN ('completed', 'pending', 'failed')); -- of the next refunds asked by the interface

CREATE TABLE paypal_refund (
    number INTEGER PRIMARY KEY,                -- order of arrival
    id TEXT NOT NULL UNIQUE CHECK (length(id) = 17), -- the movement's txn_id, once there is one
    payment_id TEXT NOT NULL REFERENCES paypal_payment (txn_id), -- what is given back
    kind TEXT NOT NULL CHECK (kind IN ('refund', 'reversal')), -- reversal: taken by PayPal
    status TEXT NOT NULL CHECK (status IN ('COMPLETED', 'PENDING', 'FAILED', 'CANCELLED')),
    amount_cents BIGINT NOT NULL CHECK (amount_cents > 0),
    fee_cents BIGINT NOT NULL,                 -- what PayPal gives back of its fee; negative: takes more
    currency TEXT NOT NULL CHECK (length(currency) = 3), -- capitals
    total_cents BIGINT NOT NULL,               -- what had been given back of the payment with it
    invoice TEXT,                              -- of the refund
    custom TEXT,
    note TEXT,                                 -- to the payer
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX paypal_refund_payment ON paypal_refund (payment_id);

CREATE TABLE paypal_dispute (
    number INTEGER PRIMARY KEY,                -- order of arrival
    id TEXT NOT NULL UNIQUE,                   -- PP-R-...: the case_id of the messages
    payment_id TEXT NOT NULL REFERENCES paypal_payment (txn_id), -- what is disputed
    reason TEXT NOT NULL,                      -- MERCHANDISE_OR_SERVICE_NOT_RECEIVED, ...
    stage TEXT NOT NULL CHECK (stage IN ('INQUIRY', 'CHARGEBACK')),
    status TEXT NOT NULL CHECK (status IN ('OPEN', 'UNDER_REVIEW', 'RESOLVED')),
    outcome TEXT,                              -- RESOLVED_BUYER_FAVOUR, ...; NULL until resolved
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX paypal_dispute_payment ON paypal_dispute (payment_id);
