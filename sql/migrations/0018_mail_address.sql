-- A mail goes where it was meant to when it was queued, whatever the login's address is by then.
ALTER TABLE outbox ADD COLUMN goes_to TEXT NOT NULL DEFAULT ''; -- this address; '': the recipient's own
ALTER TABLE outbox ADD COLUMN about TEXT NOT NULL DEFAULT ''; -- what its text tells besides: an address that was asked for

-- Forms that were carried out are forgotten after some days.
CREATE INDEX form_key_age ON form_key (used_at);
