-- What the tables of the money story hold against every writer.

CREATE TRIGGER quarantine_no_delete BEFORE DELETE ON quarantine
BEGIN SELECT RAISE(ABORT, 'quarantine: never deleted'); END;
CREATE TRIGGER quarantine_settled_once BEFORE UPDATE ON quarantine
WHEN OLD.settled_at IS NOT NULL OR NEW.reason <> OLD.reason
    OR COALESCE(NEW.transaction_id, 0) <> COALESCE(OLD.transaction_id, 0)
BEGIN SELECT RAISE(ABORT, 'quarantine: settled once'); END;

CREATE TRIGGER refund_request_frozen BEFORE UPDATE ON refund_request
WHEN NEW.amount_cents <> OLD.amount_cents OR NEW.request <> OLD.request
    OR NEW.transaction_id <> OLD.transaction_id OR NEW.idempotency_key <> OLD.idempotency_key
    OR NEW.cancels_charges <> OLD.cancels_charges OR (OLD.state <> 'created' AND NEW.state <> OLD.state)
BEGIN SELECT RAISE(ABORT, 'refund_request: what was asked does not change'); END;

CREATE TRIGGER dispute_no_delete BEFORE DELETE ON dispute
BEGIN SELECT RAISE(ABORT, 'dispute: never deleted'); END;
