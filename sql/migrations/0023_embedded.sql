-- Stripe inside the personal space: the card is asked in a page of ours, where Stripe draws it.

ALTER TABLE provider_account ADD COLUMN embedded BIGINT NOT NULL DEFAULT 1
    CHECK (embedded IN (0, 1));                -- Stripe: whoever has JavaScript stays in the personal space to pay
ALTER TABLE payment_intent ADD COLUMN client_secret TEXT
    CHECK (client_secret IS NULL OR state IN ('created', 'open')); -- Stripe: opens the session in the payer's browser; forgotten when the attempt ends
