-- Stripe Connect: accounts that were associated instead of lending their keys.

ALTER TABLE provider_account ADD COLUMN link_kind TEXT NOT NULL DEFAULT 'keys'
    CHECK (link_kind = 'keys' OR (link_kind = 'connect' AND provider = 'stripe')); -- with keys of its own, or by the platform
ALTER TABLE provider_account ADD COLUMN linked_at BIGINT; -- when it was linked last; NULL: when it was made
ALTER TABLE provider_account ADD COLUMN revoked_at BIGINT -- connect: the consent has ended; no call is made for it
    CHECK (revoked_at IS NULL OR (link_kind = 'connect' AND unlinked_at IS NOT NULL));
ALTER TABLE provider_account ADD COLUMN withdrawn BIGINT NOT NULL DEFAULT 0
    CHECK (withdrawn IN (0, 1));               -- 1: the consent was withdrawn at the provider, while it was linked

-- What became of it at the provider is unknown, for the consent ended before its end: à vérifier
-- chez Stripe, since then. It is asked for again when the account is associated again.
ALTER TABLE payment_intent ADD COLUMN check_since BIGINT;
CREATE INDEX payment_intent_check ON payment_intent (association_id, provider_account_id)
    WHERE check_since IS NOT NULL;

-- One press on "Associer mon compte Stripe", until the browser comes back. Only the SHA-256 of the
-- state is here; it is good once, for the session that pressed.
CREATE TABLE connect_request (
    state_hash BLOB PRIMARY KEY CHECK (length(state_hash) = 32), -- SHA-256 of the state
    association_id BIGINT NOT NULL REFERENCES association (id), -- for which association
    login_id BIGINT NOT NULL REFERENCES login (id), -- who pressed
    session_hash BLOB NOT NULL CHECK (length(session_hash) = 32), -- in which session
    created_at BIGINT NOT NULL,                -- when
    expires_at BIGINT NOT NULL,                -- not good any more from then on
    used_at BIGINT                             -- when the browser came back
);
CREATE INDEX connect_request_expires ON connect_request (expires_at);
CREATE INDEX connect_request_login ON connect_request (login_id);
