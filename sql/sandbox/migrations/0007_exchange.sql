-- Payments in another currency than the account's own, which Stripe changes as they come.

ALTER TABLE stripe_account ADD COLUMN exchange_millionths BIGINT
    CHECK (exchange_millionths > 0);           -- of the account's currency for one of any other; NULL: nothing is changed
ALTER TABLE stripe_balance ADD COLUMN exchange_millionths BIGINT; -- by which amount_cents was changed; NULL: it was not
ALTER TABLE stripe_balance ADD COLUMN original_cents BIGINT; -- before it was changed
