-- What the tables of the money story hold against every writer.

CREATE TRIGGER quarantine_no_delete BEFORE DELETE ON quarantine
BEGIN SELECT RAISE(ABORT, 'quarantine: never deleted'); END;
CREATE TRIGGER quarantine_settled_once BEFORE UPDATE ON quarantine
WHEN (OLD.settled_at IS NOT NULL -- but a payment that went back waits again when a refund of it fails
        AND NOT (OLD.settled_how = 'refunded' AND NEW.settled_at IS NULL)) OR NEW.reason <> OLD.reason
    OR COALESCE(NEW.transaction_id, 0) <> COALESCE(OLD.transaction_id, 0)
BEGIN SELECT RAISE(ABORT, 'quarantine: settled once'); END;

CREATE TRIGGER refund_request_frozen BEFORE UPDATE ON refund_request
WHEN NEW.amount_cents <> OLD.amount_cents OR NEW.request <> OLD.request
    OR NEW.transaction_id <> OLD.transaction_id OR NEW.idempotency_key <> OLD.idempotency_key
    OR NEW.cancels_charges <> OLD.cancels_charges OR (OLD.state <> 'created' AND NEW.state <> OLD.state
        AND NOT (OLD.state = 'absent' AND NEW.state = 'sent'))
BEGIN SELECT RAISE(ABORT, 'refund_request: what was asked does not change'); END;

CREATE TRIGGER dispute_no_delete BEFORE DELETE ON dispute
BEGIN SELECT RAISE(ABORT, 'dispute: never deleted'); END;

-- A movement learns once what was not known when it came: its entry, its parent, what it was worth.
DROP TRIGGER provider_transaction_no_update;
CREATE TRIGGER provider_transaction_no_update BEFORE UPDATE ON provider_transaction
WHEN NEW.amount_cents <> OLD.amount_cents OR NEW.currency <> OLD.currency OR NEW.kind <> OLD.kind
    OR NEW.reference <> OLD.reference OR NEW.fact_at <> OLD.fact_at OR NEW.dispute <> OLD.dispute
    OR NEW.provider_account_id <> OLD.provider_account_id OR NEW.elsewhere <> OLD.elsewhere
    OR (OLD.entry_id IS NOT NULL AND NEW.entry_id IS NOT OLD.entry_id)
    OR (OLD.parent_id IS NOT NULL AND NEW.parent_id IS NOT OLD.parent_id)
    OR (OLD.follows_id IS NOT NULL AND NEW.follows_id IS NOT OLD.follows_id)
    OR (OLD.intent_id IS NOT NULL AND NEW.intent_id IS NOT OLD.intent_id)
    OR (OLD.member_id IS NOT NULL AND NEW.member_id IS NOT OLD.member_id)
    OR (OLD.settled_cents IS NOT NULL AND NEW.settled_cents IS NOT OLD.settled_cents)
    OR (OLD.counted_cents IS NOT NULL AND NEW.counted_cents IS NOT OLD.counted_cents)
BEGIN SELECT RAISE(ABORT, 'provider_transaction: a fact does not change'); END;

-- What refunds and reversals took before this table said so.
DROP TRIGGER allocation_no_update;
UPDATE allocation SET returned = 1 WHERE amount_cents < 0 AND EXISTS (SELECT 1 FROM provider_transaction t
    WHERE t.association_id = allocation.association_id AND t.entry_id = allocation.entry_id
        AND t.kind IN ('refund', 'capture_failed'));
CREATE TRIGGER allocation_no_update BEFORE UPDATE ON allocation
BEGIN SELECT RAISE(ABORT, 'allocation: append-only'); END;
