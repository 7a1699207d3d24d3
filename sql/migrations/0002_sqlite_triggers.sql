-- What CHECK cannot say, in SQLite's own words (PostgreSQL gets its own file).
-- Triggers say RAISE(ABORT): one statement fails, the writer's group lives on.

CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'entry: append-only'); END;
CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'entry: append-only'); END;
CREATE TRIGGER entry_line_no_update BEFORE UPDATE ON entry_line
BEGIN SELECT RAISE(ABORT, 'entry_line: append-only'); END;
CREATE TRIGGER entry_line_no_delete BEFORE DELETE ON entry_line
BEGIN SELECT RAISE(ABORT, 'entry_line: append-only'); END;
CREATE TRIGGER cart_line_no_update BEFORE UPDATE ON cart_line
BEGIN SELECT RAISE(ABORT, 'cart_line: append-only'); END;
CREATE TRIGGER cart_line_no_delete BEFORE DELETE ON cart_line
BEGIN SELECT RAISE(ABORT, 'cart_line: append-only'); END;
CREATE TRIGGER allocation_no_update BEFORE UPDATE ON allocation
BEGIN SELECT RAISE(ABORT, 'allocation: append-only'); END;
CREATE TRIGGER allocation_no_delete BEFORE DELETE ON allocation
BEGIN SELECT RAISE(ABORT, 'allocation: append-only'); END;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'audit: append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'audit: append-only'); END;
CREATE TRIGGER payment_intent_no_delete BEFORE DELETE ON payment_intent
BEGIN SELECT RAISE(ABORT, 'payment_intent: never deleted'); END;
CREATE TRIGGER provider_transaction_no_delete BEFORE DELETE ON provider_transaction
BEGIN SELECT RAISE(ABORT, 'provider_transaction: never deleted'); END;

-- A movement may learn its entry once; nothing else of it changes.
CREATE TRIGGER provider_transaction_no_update BEFORE UPDATE ON provider_transaction
WHEN OLD.entry_id IS NOT NULL OR NEW.amount_cents <> OLD.amount_cents OR NEW.currency <> OLD.currency
    OR NEW.kind <> OLD.kind OR NEW.reference <> OLD.reference
    OR NEW.provider_account_id <> OLD.provider_account_id
BEGIN SELECT RAISE(ABORT, 'provider_transaction: a fact does not change'); END;

-- The arrows of payment_intent (domain); nothing leaves paid.
CREATE TRIGGER payment_intent_arrows BEFORE UPDATE OF state ON payment_intent
WHEN NEW.state <> OLD.state AND NOT (
    (OLD.state = 'created' AND NEW.state IN ('open', 'failed', 'canceled', 'expired'))
    OR (OLD.state IN ('open', 'failed', 'canceled', 'expired') AND NEW.state = 'processing')
    OR (OLD.state = 'open' AND NEW.state IN ('failed', 'canceled', 'expired'))
    OR (OLD.state = 'processing' AND NEW.state = 'failed')
    OR NEW.state = 'paid' AND OLD.state <> 'paid')
BEGIN SELECT RAISE(ABORT, 'payment_intent: no such move'); END;
CREATE TRIGGER payment_intent_frozen BEFORE UPDATE ON payment_intent
WHEN NEW.amount_cents <> OLD.amount_cents OR NEW.currency <> OLD.currency OR NEW.token <> OLD.token
    OR NEW.provider_account_id <> OLD.provider_account_id OR NEW.member_id <> OLD.member_id
    OR NEW.request <> OLD.request OR NEW.idempotency_key <> OLD.idempotency_key
BEGIN SELECT RAISE(ABORT, 'payment_intent: what was asked does not change'); END;

-- Per payment at most the payment, per charge at most the charge, and never below nothing. (A
-- line and its corrections apart: together, by OR, SQLite would read every cart.)
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

-- A kind of association is for ever, and test accounts live in trial associations only.
CREATE TRIGGER association_kind BEFORE UPDATE OF kind, currency ON association
WHEN NEW.kind <> OLD.kind OR NEW.currency <> OLD.currency
BEGIN SELECT RAISE(ABORT, 'association: kind and currency are for ever'); END;
CREATE TRIGGER provider_account_mode BEFORE INSERT ON provider_account
WHEN NEW.provider <> 'manual'
    AND (SELECT a.kind FROM association a WHERE a.id = NEW.association_id)
        <> CASE NEW.mode WHEN 'live' THEN 'real' ELSE 'trial' END
BEGIN SELECT RAISE(ABORT, 'provider_account: mode does not fit the association'); END;
CREATE TRIGGER fiscal_year_closed BEFORE UPDATE OF closed_at ON fiscal_year
WHEN OLD.closed_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'fiscal_year: closed years never reopen'); END;
