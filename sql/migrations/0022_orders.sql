-- PayPal's Orders beside its redirect: an account that has keys makes new payments by them, and
-- hears of them by webhooks. Notifications of the older way are heard for ever.

ALTER TABLE provider_account ADD COLUMN client_id TEXT
    CHECK (client_id IS NULL OR provider = 'paypal'); -- of the account's REST app, whose secret is 'api_key'; NULL: redirect and IPN alone
ALTER TABLE provider_account ADD COLUMN rest_since BIGINT; -- when it first had keys
ALTER TABLE payment_intent ADD COLUMN declines BIGINT NOT NULL DEFAULT 0
    CHECK (declines >= 0);                     -- captures that were refused while the attempt stayed open: the next one bears another key
ALTER TABLE provider_event ADD COLUMN headers TEXT NOT NULL DEFAULT ''; -- what proves it beside its bytes: lines "NAME: value", as they came
