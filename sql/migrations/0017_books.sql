-- Books that are read: the journal by day, the ledger of an account, advances by member, the
-- season's charges, the audit by day.

-- A line knows the day and the place of its entry, so that an account is read in their order
-- without looking at every entry. Both are the entry's, for ever.
ALTER TABLE entry_line ADD COLUMN entry_date TEXT NOT NULL DEFAULT ''; -- the entry's
ALTER TABLE entry_line ADD COLUMN chain_number BIGINT NOT NULL DEFAULT 0; -- the entry's
DROP TRIGGER entry_line_no_update;
UPDATE entry_line SET (entry_date, chain_number) = (SELECT e.entry_date, e.chain_number FROM entry e
    WHERE e.association_id = entry_line.association_id AND e.id = entry_line.entry_id);
CREATE TRIGGER entry_line_no_update BEFORE UPDATE ON entry_line
BEGIN SELECT RAISE(ABORT, 'entry_line: append-only'); END;
CREATE TRIGGER entry_line_day BEFORE INSERT ON entry_line
WHEN NOT EXISTS (SELECT 1 FROM entry e WHERE e.association_id = NEW.association_id
    AND e.id = NEW.entry_id AND e.entry_date = NEW.entry_date AND e.chain_number = NEW.chain_number)
BEGIN SELECT RAISE(ABORT, 'entry_line: another day than its entry'); END;

-- The journal in the order of days; the journal's code is in the index so that one is found among
-- the others without reading them.
CREATE INDEX entry_day ON entry (association_id, entry_date, chain_number, journal);
-- An account's lines in their order, with what a balance adds up.
CREATE INDEX entry_line_ledger ON entry_line
    (association_id, account_code, entry_date, chain_number, line_number, debit_cents, credit_cents);
-- What each member has in advance on a day.
CREATE INDEX entry_line_advance ON entry_line
    (association_id, member_number, entry_date, debit_cents, credit_cents) WHERE account_code = '4191';

-- What a season asked for.
CREATE INDEX cart_line_season ON cart_line (association_id, fiscal_year_id, kind, line_date);

-- Who did what, by day.
CREATE INDEX audit_day ON audit (association_id, at_ms, chain_number, action, login_id);
