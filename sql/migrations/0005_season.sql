-- A season without the command line: charges corrected, cheques, deposits, what was booked for a
-- later year, notes of why.

-- An allocation made by an adjustment closes a charge without an entry: the column may be empty
-- from now on, and nothing else of the table changes.
CREATE TABLE allocation_next (
    association_id BIGINT NOT NULL,            -- tenant
    id BIGINT NOT NULL,                        -- made by the application
    member_id BIGINT NOT NULL,                 -- of both lines
    payment_line_id BIGINT NOT NULL,           -- the credit
    charge_line_id BIGINT NOT NULL,            -- the debt
    amount_cents BIGINT NOT NULL CHECK (amount_cents <> 0), -- negative undoes
    deferred BIGINT NOT NULL DEFAULT 0 CHECK (deferred IN (0, 1)), -- booked to 487: the charge's year has not begun
    entry_id BIGINT,                           -- the entry that booked it; NULL: an adjustment closed a charge
    created_at BIGINT NOT NULL,                -- when written
    PRIMARY KEY (association_id, id),
    FOREIGN KEY (association_id, member_id) REFERENCES member (association_id, id),
    FOREIGN KEY (association_id, payment_line_id) REFERENCES cart_line (association_id, id),
    FOREIGN KEY (association_id, charge_line_id) REFERENCES cart_line (association_id, id),
    FOREIGN KEY (association_id, entry_id) REFERENCES entry (association_id, id),
    CHECK (deferred = 0 OR entry_id IS NOT NULL)
);
INSERT INTO allocation_next SELECT association_id, id, member_id, payment_line_id, charge_line_id,
    amount_cents, deferred, entry_id, created_at FROM allocation;
DROP TABLE allocation;
ALTER TABLE allocation_next RENAME TO allocation;
CREATE INDEX allocation_payment ON allocation (association_id, payment_line_id);
CREATE INDEX allocation_charge ON allocation (association_id, charge_line_id);
CREATE INDEX allocation_member ON allocation (association_id, member_id);
CREATE INDEX allocation_entry ON allocation (association_id, entry_id);

CREATE TRIGGER allocation_no_update BEFORE UPDATE ON allocation
BEGIN SELECT RAISE(ABORT, 'allocation: append-only'); END;
CREATE TRIGGER allocation_no_delete BEFORE DELETE ON allocation
BEGIN SELECT RAISE(ABORT, 'allocation: append-only'); END;
CREATE TRIGGER allocation_within AFTER INSERT ON allocation
WHEN (SELECT SUM(a.amount_cents) FROM allocation a
        WHERE a.association_id = NEW.association_id AND a.payment_line_id = NEW.payment_line_id)
     NOT BETWEEN 0 AND
        (SELECT -l.amount_cents FROM cart_line l
            WHERE l.association_id = NEW.association_id AND l.id = NEW.payment_line_id)
        - (SELECT COALESCE(SUM(l.amount_cents), 0) FROM cart_line l
            WHERE l.association_id = NEW.association_id AND l.corrects_line_id = NEW.payment_line_id)
  OR (SELECT SUM(a.amount_cents) FROM allocation a
        WHERE a.association_id = NEW.association_id AND a.charge_line_id = NEW.charge_line_id)
     NOT BETWEEN 0 AND
        (SELECT l.amount_cents FROM cart_line l
            WHERE l.association_id = NEW.association_id AND l.id = NEW.charge_line_id)
        + (SELECT COALESCE(SUM(l.amount_cents), 0) FROM cart_line l
            WHERE l.association_id = NEW.association_id AND l.corrects_line_id = NEW.charge_line_id)
BEGIN SELECT RAISE(ABORT, 'allocation: more than the line'); END;

-- What was booked to 487, and when it became revenue of its year: one row a deferred allocation,
-- made with it.
CREATE TABLE deferral (
    association_id BIGINT NOT NULL,            -- tenant
    allocation_id BIGINT NOT NULL,             -- a deferred one
    fiscal_year_id BIGINT NOT NULL,            -- of its charge
    released_at BIGINT,                        -- when it was booked out of 487
    entry_id BIGINT,                           -- by which entry; NULL when all of it had been undone
    PRIMARY KEY (association_id, allocation_id),
    FOREIGN KEY (association_id, allocation_id) REFERENCES allocation (association_id, id),
    FOREIGN KEY (association_id, fiscal_year_id) REFERENCES fiscal_year (association_id, id),
    FOREIGN KEY (association_id, entry_id) REFERENCES entry (association_id, id),
    CHECK (entry_id IS NULL OR released_at IS NOT NULL)
);
CREATE INDEX deferral_open ON deferral (association_id, fiscal_year_id) WHERE released_at IS NULL;
INSERT INTO deferral (association_id, allocation_id, fiscal_year_id)
SELECT a.association_id, a.id, l.fiscal_year_id FROM allocation a
JOIN cart_line l ON l.association_id = a.association_id AND l.id = a.charge_line_id
WHERE a.deferred = 1;
CREATE TRIGGER allocation_deferral AFTER INSERT ON allocation WHEN NEW.deferred = 1
BEGIN
    INSERT INTO deferral (association_id, allocation_id, fiscal_year_id)
    SELECT NEW.association_id, NEW.id, l.fiscal_year_id FROM cart_line l
    WHERE l.association_id = NEW.association_id AND l.id = NEW.charge_line_id;
END;
CREATE TRIGGER deferral_once BEFORE UPDATE ON deferral
WHEN OLD.released_at IS NOT NULL OR NEW.allocation_id <> OLD.allocation_id
    OR NEW.fiscal_year_id <> OLD.fiscal_year_id OR NEW.released_at IS NULL
BEGIN SELECT RAISE(ABORT, 'deferral: released once'); END;
CREATE TRIGGER deferral_no_delete BEFORE DELETE ON deferral
BEGIN SELECT RAISE(ABORT, 'deferral: never deleted'); END;

-- A correction is the opposite of its line, and takes no more off than is left of it.
CREATE TRIGGER cart_line_corrected BEFORE INSERT ON cart_line
WHEN NEW.corrects_line_id IS NOT NULL AND COALESCE((
    SELECT CASE WHEN l.amount_cents > 0
        THEN NEW.amount_cents < 0 AND l.amount_cents + NEW.amount_cents + k.cents >= 0
        ELSE NEW.amount_cents > 0 AND l.amount_cents + NEW.amount_cents + k.cents <= 0 END
    FROM cart_line l
    JOIN (SELECT COALESCE(SUM(amount_cents), 0) AS cents FROM cart_line
        WHERE association_id = NEW.association_id AND corrects_line_id = NEW.corrects_line_id) k
    WHERE l.association_id = NEW.association_id AND l.id = NEW.corrects_line_id
        AND l.corrects_line_id IS NULL AND l.kind = NEW.kind AND l.member_id = NEW.member_id), 0) = 0
BEGIN SELECT RAISE(ABORT, 'cart_line: corrects more than the line'); END;

-- Why a person reversed or refunded a payment.
CREATE TABLE movement_note (
    association_id BIGINT NOT NULL,            -- tenant
    transaction_id BIGINT NOT NULL,            -- the movement
    reason TEXT NOT NULL CHECK (reason <> ''), -- as it was typed
    login_id BIGINT REFERENCES login (id),     -- who; NULL: the command line
    PRIMARY KEY (association_id, transaction_id),
    FOREIGN KEY (association_id, transaction_id) REFERENCES provider_transaction (association_id, id)
);

-- Cheques carried to the bank: one movement and one entry, 5112 to the bank's account.
CREATE TABLE deposit (
    association_id BIGINT NOT NULL,            -- tenant
    id BIGINT NOT NULL,                        -- made by the application
    number BIGINT NOT NULL CHECK (number > 0), -- on the slip, without gap in the association
    transaction_id BIGINT NOT NULL,            -- the movement, kind payout
    bank_account TEXT NOT NULL,                -- 5121 ...
    deposit_day TEXT NOT NULL,                 -- ISO date
    created_by BIGINT REFERENCES login (id),   -- who; NULL: the command line
    created_at BIGINT NOT NULL,                -- when written
    PRIMARY KEY (association_id, id),
    UNIQUE (association_id, number),
    UNIQUE (association_id, transaction_id),
    FOREIGN KEY (association_id, transaction_id) REFERENCES provider_transaction (association_id, id)
);

-- What stands on a cheque that was received.
CREATE TABLE cheque (
    association_id BIGINT NOT NULL,            -- tenant
    transaction_id BIGINT NOT NULL,            -- its payment, kind capture
    number TEXT NOT NULL CHECK (number <> ''), -- printed on it
    bank TEXT NOT NULL,                        -- of whom it is drawn on
    drawer TEXT NOT NULL,                      -- who signed it
    due_day TEXT NOT NULL,                     -- ISO date: not to be cashed before
    deposit_id BIGINT,                         -- once carried to the bank
    returned_id BIGINT,                        -- the movement that took it back, kind capture_failed
    PRIMARY KEY (association_id, transaction_id),
    FOREIGN KEY (association_id, transaction_id) REFERENCES provider_transaction (association_id, id),
    FOREIGN KEY (association_id, deposit_id) REFERENCES deposit (association_id, id),
    FOREIGN KEY (association_id, returned_id) REFERENCES provider_transaction (association_id, id)
);
CREATE UNIQUE INDEX cheque_once ON cheque (association_id, bank, number) WHERE returned_id IS NULL;
CREATE INDEX cheque_to_deposit ON cheque (association_id, due_day, transaction_id)
    WHERE deposit_id IS NULL AND returned_id IS NULL;
CREATE INDEX cheque_deposit ON cheque (association_id, deposit_id) WHERE deposit_id IS NOT NULL;
CREATE TRIGGER cheque_facts BEFORE UPDATE ON cheque
WHEN NEW.number <> OLD.number OR NEW.bank <> OLD.bank OR NEW.drawer <> OLD.drawer
    OR (OLD.deposit_id IS NOT NULL AND NEW.deposit_id IS NOT OLD.deposit_id)
    OR (OLD.returned_id IS NOT NULL AND NEW.returned_id IS NOT OLD.returned_id)
BEGIN SELECT RAISE(ABORT, 'cheque: what was written does not change'); END;
