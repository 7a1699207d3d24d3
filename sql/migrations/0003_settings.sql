-- What a treasurer sets: who the association is, its banks, what the cart accepts, what the
-- providers cost. Every row that a form edits has a version: a form that was opened before
-- somebody else's change is told so instead of undoing it.

ALTER TABLE association ADD COLUMN address TEXT NOT NULL DEFAULT ''; -- postal, several lines
ALTER TABLE association ADD COLUMN siren TEXT NOT NULL DEFAULT ''
    CHECK (siren = '' OR length(siren) = 9);   -- of the French register of enterprises, 9 digits
ALTER TABLE association ADD COLUMN rna TEXT NOT NULL DEFAULT ''
    CHECK (rna = '' OR length(rna) = 10);      -- of the French register of associations, W and 9 digits
ALTER TABLE association ADD COLUMN year_months BIGINT NOT NULL DEFAULT 12
    CHECK (year_months BETWEEN 1 AND 24);      -- usual length of a fiscal year
ALTER TABLE association ADD COLUMN version BIGINT NOT NULL DEFAULT 1; -- grows with each change of the above

ALTER TABLE association ADD COLUMN part_payments BIGINT NOT NULL DEFAULT 1
    CHECK (part_payments IN (0, 1));           -- less than the debt may be paid
ALTER TABLE association ADD COLUMN advances BIGINT NOT NULL DEFAULT 1
    CHECK (advances IN (0, 1));                -- more than the debt may be paid
ALTER TABLE association ADD COLUMN fee_booking TEXT NOT NULL DEFAULT 'payment'
    CHECK (fee_booking IN ('payment', 'month')); -- a provider's fees: an entry each, or one a month
ALTER TABLE association ADD COLUMN button_text TEXT NOT NULL DEFAULT ''; -- shown under the buttons of the cart
ALTER TABLE association ADD COLUMN options_version BIGINT NOT NULL DEFAULT 1; -- grows with each change of the options

ALTER TABLE provider_account ADD COLUMN rate_points BIGINT
    CHECK (rate_points BETWEEN 0 AND 10000);   -- what it takes of a payment, in 1/100 %; NULL: not said, the usual rate is proposed
ALTER TABLE provider_account ADD COLUMN version BIGINT NOT NULL DEFAULT 1; -- grows with each change in the settings

ALTER TABLE account ADD COLUMN version BIGINT NOT NULL DEFAULT 1; -- grows with each change
ALTER TABLE fiscal_year ADD COLUMN version BIGINT NOT NULL DEFAULT 1; -- grows with each change of its label

-- The association's picture. Recognised by its bytes, never by its name.
CREATE TABLE logo (
    association_id BIGINT PRIMARY KEY REFERENCES association (id), -- whose
    hash TEXT NOT NULL CHECK (length(hash) = 64), -- SHA-256 of the bytes: its address
    content_type TEXT NOT NULL CHECK (content_type IN ('image/png', 'image/jpeg')), -- what the bytes are
    width BIGINT NOT NULL CHECK (width BETWEEN 1 AND 2000), -- pixels
    height BIGINT NOT NULL CHECK (height BETWEEN 1 AND 2000), -- pixels
    bytes BLOB NOT NULL CHECK (length(bytes) BETWEEN 1 AND 204800), -- the file
    set_at BIGINT NOT NULL                     -- when it was chosen
);

-- A bank account of the association.
CREATE TABLE bank_account (
    association_id BIGINT NOT NULL REFERENCES association (id), -- tenant
    id BIGINT NOT NULL,                        -- made by the application
    label TEXT NOT NULL CHECK (label <> ''),   -- as staff read it
    iban_sealed BLOB NOT NULL,                 -- base/seal; bound to association and bank account
    iban_tail TEXT NOT NULL CHECK (length(iban_tail) = 4), -- its last four characters: all that is shown
    bic TEXT NOT NULL DEFAULT '' CHECK (length(bic) IN (0, 8, 11)), -- of the bank; may be empty
    account_code TEXT NOT NULL CHECK (account_code LIKE '512%'), -- in the chart
    archived_at BIGINT,                        -- closed at the bank
    version BIGINT NOT NULL DEFAULT 1,         -- grows with each change
    created_at BIGINT NOT NULL,                -- when added
    PRIMARY KEY (association_id, id),
    FOREIGN KEY (association_id, account_code) REFERENCES account (association_id, code)
);
