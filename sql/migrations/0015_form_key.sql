-- Forms that move money are carried out once; what came of an attempt is found from the cart.

-- A form that was carried out: sent again (two clicks, the back button) it does nothing more.
CREATE TABLE form_key (
    association_id BIGINT NOT NULL REFERENCES association (id), -- tenant
    key TEXT NOT NULL CHECK (key <> ''),       -- random, made with the page that showed the form
    digest BLOB NOT NULL CHECK (length(digest) = 32), -- SHA-256 of what was sent with it
    used_at BIGINT NOT NULL,                   -- when it was carried out
    PRIMARY KEY (association_id, key)
);

CREATE INDEX provider_event_intent ON provider_event (association_id, intent_id)
    WHERE intent_id IS NOT NULL;
CREATE INDEX provider_event_transaction ON provider_event (association_id, transaction_id)
    WHERE transaction_id IS NOT NULL;
