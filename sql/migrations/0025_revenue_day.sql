-- The total of a list of payments must not be added up of all of them at each look: what came in and
-- went back, by the day (UTC) of the payment, its means and its fiscal year. Kept by triggers, never
-- written otherwise; verify holds it against the payments themselves.
CREATE TABLE revenue_day (
    association_id BIGINT NOT NULL REFERENCES association (id), -- tenant
    utc_day BIGINT NOT NULL,                   -- of the fact: days since 1970
    provider_account_id BIGINT NOT NULL,       -- means of payment
    fiscal_year_id BIGINT NOT NULL,            -- of the entry
    payments BIGINT NOT NULL,                  -- how many are in the books
    received_cents BIGINT NOT NULL,            -- their entries
    returned_cents BIGINT NOT NULL,            -- paid back or taken back of them since
    PRIMARY KEY (association_id, utc_day, provider_account_id, fiscal_year_id)
) WITHOUT ROWID;

INSERT INTO revenue_day (association_id, utc_day, provider_account_id, fiscal_year_id, payments,
    received_cents, returned_cents)
SELECT t.association_id, t.fact_at / 86400, t.provider_account_id, e.fiscal_year_id, COUNT(*),
    SUM(e.total_cents), COALESCE(SUM(k.returned_cents), 0)
FROM provider_transaction t
JOIN entry e ON e.association_id = t.association_id AND e.id = t.entry_id
LEFT JOIN (SELECT association_id, parent_id, -SUM(amount_cents) AS returned_cents
        FROM provider_transaction WHERE kind IN ('refund', 'refund_failed', 'capture_failed')
        GROUP BY association_id, parent_id) k
    ON k.association_id = t.association_id AND k.parent_id = t.id
WHERE t.kind = 'capture'
GROUP BY t.association_id, t.fact_at / 86400, t.provider_account_id, e.fiscal_year_id;

CREATE TRIGGER revenue_day_booked_at_once AFTER INSERT ON provider_transaction
WHEN NEW.kind = 'capture' AND NEW.entry_id IS NOT NULL
BEGIN
    INSERT INTO revenue_day (association_id, utc_day, provider_account_id, fiscal_year_id, payments,
        received_cents, returned_cents)
    SELECT NEW.association_id, NEW.fact_at / 86400, NEW.provider_account_id, e.fiscal_year_id, 1,
        e.total_cents, 0
    FROM entry e WHERE e.association_id = NEW.association_id AND e.id = NEW.entry_id
    ON CONFLICT DO UPDATE SET payments = payments + 1,
        received_cents = received_cents + excluded.received_cents;
END;

CREATE TRIGGER revenue_day_booked AFTER UPDATE OF entry_id ON provider_transaction
WHEN NEW.kind = 'capture' AND OLD.entry_id IS NULL AND NEW.entry_id IS NOT NULL
BEGIN
    INSERT INTO revenue_day (association_id, utc_day, provider_account_id, fiscal_year_id, payments,
        received_cents, returned_cents)
    SELECT NEW.association_id, NEW.fact_at / 86400, NEW.provider_account_id, e.fiscal_year_id, 1,
        e.total_cents, COALESCE((SELECT -SUM(k.amount_cents) FROM provider_transaction k
            WHERE k.association_id = NEW.association_id AND k.parent_id = NEW.id
                AND k.kind IN ('refund', 'refund_failed', 'capture_failed')), 0)
    FROM entry e WHERE e.association_id = NEW.association_id AND e.id = NEW.entry_id
    ON CONFLICT DO UPDATE SET payments = payments + 1,
        received_cents = received_cents + excluded.received_cents,
        returned_cents = returned_cents + excluded.returned_cents;
END;

CREATE TRIGGER revenue_day_returned AFTER INSERT ON provider_transaction
WHEN NEW.kind IN ('refund', 'refund_failed', 'capture_failed') AND NEW.parent_id IS NOT NULL
BEGIN
    UPDATE revenue_day SET returned_cents = returned_cents - NEW.amount_cents
    WHERE (association_id, utc_day, provider_account_id, fiscal_year_id) = (
        SELECT t.association_id, t.fact_at / 86400, t.provider_account_id, e.fiscal_year_id
        FROM provider_transaction t
        JOIN entry e ON e.association_id = t.association_id AND e.id = t.entry_id
        WHERE t.association_id = NEW.association_id AND t.id = NEW.parent_id AND t.kind = 'capture');
END;

CREATE TRIGGER revenue_day_returned_of_it AFTER UPDATE OF parent_id ON provider_transaction
WHEN NEW.kind IN ('refund', 'refund_failed', 'capture_failed')
    AND OLD.parent_id IS NULL AND NEW.parent_id IS NOT NULL
BEGIN
    UPDATE revenue_day SET returned_cents = returned_cents - NEW.amount_cents
    WHERE (association_id, utc_day, provider_account_id, fiscal_year_id) = (
        SELECT t.association_id, t.fact_at / 86400, t.provider_account_id, e.fiscal_year_id
        FROM provider_transaction t
        JOIN entry e ON e.association_id = t.association_id AND e.id = t.entry_id
        WHERE t.association_id = NEW.association_id AND t.id = NEW.parent_id AND t.kind = 'capture');
END;
