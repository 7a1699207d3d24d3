-- What the doctor of the installation looks at.

-- name: doctor_backlog
-- $1 due before. Notifications that should have been worked on, and since when.
SELECT COUNT(*), MIN(next_at) FROM provider_event
WHERE state = 'waiting' AND provider IN ('stripe', 'paypal') AND priority IN (0, 1)
    AND next_at < $1;

-- name: doctor_parked
-- Notifications that were given up.
SELECT COUNT(*) FROM provider_event WHERE state = 'parked';

-- name: doctor_real
-- 1 when real money is handled here.
SELECT EXISTS (SELECT 1 FROM association WHERE kind = 'real');

-- name: doctor_mail
-- $1 due before. Mail that should have gone, and since when.
SELECT COUNT(*), MIN(created_at) FROM outbox WHERE state = 'waiting' AND next_at < $1;
