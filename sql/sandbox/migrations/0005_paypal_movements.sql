-- PayPal's face: every movement of an account's balance, payments that end later or in another way,
-- money of another currency.

ALTER TABLE paypal_business ADD COLUMN notify_url TEXT; -- of its profile: for payments whose button names none
ALTER TABLE paypal_business ADD COLUMN exchange_millionths BIGINT NOT NULL DEFAULT 0
    CHECK (exchange_millionths >= 0);          -- what a unit of another currency becomes, in millionths of its own; 0 = it keeps other currencies

ALTER TABLE paypal_payment ADD COLUMN txn_type TEXT NOT NULL DEFAULT 'web_accept'; -- as its messages say
ALTER TABLE paypal_payment ADD COLUMN settle_status TEXT NOT NULL DEFAULT 'Completed'
    CHECK (settle_status IN ('Completed', 'Denied', 'Failed', 'Expired', 'Voided')); -- how it ends at settle_at
ALTER TABLE paypal_payment ADD COLUMN settled_cents BIGINT; -- changed: what the account received, in its currency
ALTER TABLE paypal_payment ADD COLUMN settled_currency TEXT; -- ISO 4217, capitals
ALTER TABLE paypal_payment ADD COLUMN exchange_millionths BIGINT; -- at which rate

-- The balance of an account is the sum of gross less fee, per currency.
CREATE TABLE paypal_movement (
    number INTEGER PRIMARY KEY,                -- order of arrival
    txn_id TEXT NOT NULL UNIQUE CHECK (length(txn_id) = 17), -- of a payment: its own
    business_id TEXT NOT NULL,                 -- whose balance; a stranger's too
    kind TEXT NOT NULL CHECK (kind IN ('payment', 'refund', 'reversal', 'canceled_reversal', 'failure',
        'conversion', 'withdrawal', 'withdrawal_returned', 'fee', 'fee_returned', 'dispute_fee', 'hold',
        'release', 'bonus', 'other')),
    payment_id TEXT REFERENCES paypal_payment (txn_id), -- the payment it is about
    parent_id TEXT,                            -- Reference Txn ID of the report
    type TEXT NOT NULL DEFAULT '',             -- kind other: the report's word; reversal: its reason
    gross_cents BIGINT NOT NULL CHECK (gross_cents <> 0), -- signed as its owner sees it
    fee_cents BIGINT NOT NULL,                 -- kept by PayPal; negative: given back
    currency TEXT NOT NULL CHECK (length(currency) = 3), -- capitals
    created_at BIGINT NOT NULL
);
CREATE INDEX paypal_movement_business ON paypal_movement (business_id, created_at, number);
CREATE INDEX paypal_movement_payment ON paypal_movement (payment_id);
INSERT INTO paypal_movement (txn_id, business_id, kind, payment_id, gross_cents, fee_cents, currency,
                             created_at)
SELECT txn_id, receiver_id, 'payment', txn_id, gross_cents, fee_cents, currency, completed_at
FROM paypal_payment WHERE status = 'Completed' ORDER BY number;
