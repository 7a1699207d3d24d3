-- Who runs the installation, and what of it is looked at.

-- 1: sees the state of the installation (/installation); says nothing about any association
ALTER TABLE login ADD COLUMN is_owner BIGINT NOT NULL DEFAULT 0 CHECK (is_owner IN (0, 1));

CREATE INDEX provider_event_parked ON provider_event (id) WHERE state = 'parked';
