-- Linking an account by its own keys: what of ours stands at the provider, and what is under way.

ALTER TABLE secret ADD COLUMN ending TEXT NOT NULL DEFAULT ''; -- its last characters, to be recognised by; '' when it is short

-- One operation on the endpoints of an account at a time, and none for ever.
ALTER TABLE provider_account ADD COLUMN link_lease_until BIGINT NOT NULL DEFAULT 0; -- one runs until then
ALTER TABLE provider_account ADD COLUMN link_claim BIGINT NOT NULL DEFAULT 0; -- which one holds the lease

-- An address for notifications that we made at a provider. Planned before the provider is called:
-- whatever happens to the call, the row says what to look for.
CREATE TABLE provider_endpoint (
    association_id BIGINT NOT NULL,            -- tenant
    id BIGINT NOT NULL,                        -- made by the application
    provider_account_id BIGINT NOT NULL,       -- of which account
    state TEXT NOT NULL CHECK (state IN ('planned', 'active', 'retiring', 'gone')), -- retiring: a newer one took over, still accepted
    slot BIGINT NOT NULL CHECK (slot IN (0, 1)), -- of its secret 'webhook'
    idempotency_key TEXT NOT NULL UNIQUE,      -- of the request that makes it, the same at each try whose end is unknown
    key_number BIGINT NOT NULL DEFAULT 1,      -- part of that key
    key_spent BIGINT NOT NULL DEFAULT 0 CHECK (key_spent IN (0, 1)), -- a failure was answered to it: the next try takes another
    external_id TEXT,                          -- we_... once known
    reason TEXT NOT NULL DEFAULT '',           -- what the last try came to, a word of payment/linking.h; '' when it was good
    retire_at BIGINT,                          -- retiring: deleted at the provider from then on
    next_at BIGINT,                            -- retiring: next try of the deletion
    attempts BIGINT NOT NULL DEFAULT 0,        -- tries so far: of the creation, then of the deletion
    lease_until BIGINT NOT NULL DEFAULT 0,     -- a job deletes it until then
    claim BIGINT NOT NULL DEFAULT 0,           -- which claim holds the lease
    created_at BIGINT NOT NULL,                -- when planned
    updated_at BIGINT NOT NULL,                -- last change of state
    PRIMARY KEY (association_id, id),
    FOREIGN KEY (association_id, provider_account_id) REFERENCES provider_account (association_id, id),
    CHECK (state IN ('planned', 'gone') OR external_id IS NOT NULL),
    CHECK ((state = 'retiring') = (retire_at IS NOT NULL)),
    CHECK ((state = 'retiring') = (next_at IS NOT NULL))
);
CREATE UNIQUE INDEX provider_endpoint_planned ON provider_endpoint (association_id, provider_account_id)
    WHERE state = 'planned';
CREATE UNIQUE INDEX provider_endpoint_active ON provider_endpoint (association_id, provider_account_id)
    WHERE state = 'active';
CREATE UNIQUE INDEX provider_endpoint_slot ON provider_endpoint (association_id, provider_account_id, slot)
    WHERE state <> 'gone';
CREATE INDEX provider_endpoint_due ON provider_endpoint (next_at) WHERE next_at IS NOT NULL;

-- Attempts under way with an account: as long as there are some it is not exchanged for another.
CREATE INDEX payment_intent_under_way ON payment_intent (association_id, provider_account_id)
    WHERE state IN ('created', 'open', 'processing');
