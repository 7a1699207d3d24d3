-- Disputes that are not decided: the provider is asked what became of them.

-- name: dispute_any_due
-- $1 now, $2 now + lease. 1 when one is to be asked for.
SELECT 1 FROM dispute WHERE next_at IS NOT NULL AND next_at <= $1
    AND (lease_until <= $1 OR lease_until > $2) LIMIT 1;

-- name: dispute_due
-- $1 provider, $2 now, $3 now + lease, $4 at most.
SELECT d.association_id, d.id FROM dispute d
CROSS JOIN provider_account a
WHERE a.association_id = d.association_id AND a.id = d.provider_account_id AND d.next_at IS NOT NULL AND d.next_at <= $2 AND a.provider = $1
    AND (d.lease_until <= $2 OR d.lease_until > $3)
ORDER BY d.next_at LIMIT $4;

-- name: dispute_claim
-- $1 association, $2 dispute, $3 now, $4 now + lease.
UPDATE dispute SET lease_until = $4, claim = claim + 1
WHERE association_id = $1 AND id = $2 AND (lease_until <= $3 OR lease_until > $4)
    AND next_at IS NOT NULL AND next_at <= $3
RETURNING claim;

-- name: dispute_release
-- $1 association, $2 dispute, $3 claim, $4 now. A claim that nobody worked on.
UPDATE dispute SET next_at = $4, lease_until = 0
WHERE association_id = $1 AND id = $2 AND claim = $3 AND lease_until > 0 AND next_at IS NOT NULL;

-- name: dispute_claimed
-- $1 association, $2 dispute, $3 claim. No row: it was decided meanwhile, or another has it.
SELECT provider_account_id, reference FROM dispute
WHERE association_id = $1 AND id = $2 AND claim = $3 AND next_at IS NOT NULL;

-- name: dispute_next
-- $1 association, $2 dispute, $3 claim, $4 next_at or NULL. One that was decided meanwhile stays so.
UPDATE dispute SET next_at = $4, lease_until = 0
WHERE association_id = $1 AND id = $2 AND claim = $3 AND next_at IS NOT NULL;
