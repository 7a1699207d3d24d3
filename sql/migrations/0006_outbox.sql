-- What the job that sends mail has to know of each: to whom, how it went, who works on it.

-- to this person; NULL: to the member, or (both NULL) to each treasurer and administrator
ALTER TABLE outbox ADD COLUMN login_id BIGINT REFERENCES login (id);
-- where it went at its last try; '' until then
ALTER TABLE outbox ADD COLUMN address TEXT NOT NULL DEFAULT '';
-- the server's sentence, or a word of ours: no_recipient, bad_address, no_text, too_late, withdrawn
ALTER TABLE outbox ADD COLUMN reason TEXT NOT NULL DEFAULT '';
-- four days count from here; NULL until then
ALTER TABLE outbox ADD COLUMN first_tried_at BIGINT;
-- when it was sent, refused or dropped
ALTER TABLE outbox ADD COLUMN ended_at BIGINT;
-- a job works on it until then
ALTER TABLE outbox ADD COLUMN lease_until BIGINT NOT NULL DEFAULT 0;
-- which claim holds the lease
ALTER TABLE outbox ADD COLUMN claim BIGINT NOT NULL DEFAULT 0;

CREATE INDEX outbox_list ON outbox (association_id, id);
