-- name: object_add
-- $1 association, $2 provider account, $3 object, $4 intent or NULL, $5 movement or NULL.
INSERT INTO provider_object (association_id, provider_account_id, object_id, intent_id, transaction_id)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (association_id, provider_account_id, object_id) DO UPDATE SET
    intent_id = COALESCE(provider_object.intent_id, excluded.intent_id),
    transaction_id = COALESCE(provider_object.transaction_id, excluded.transaction_id);

-- name: object_intent
-- $1 association, $2 provider account, $3 object.
SELECT intent_id FROM provider_object
WHERE association_id = $1 AND provider_account_id = $2 AND object_id = $3;

-- name: transaction_add
-- $1 association, $2 id, $3 provider account, $4 kind, $5 reference, $6 amount, $7 currency,
-- $8 fact_at, $9 intent, $10 member, $11 flag, $12 payer, $13 now. No row comes back when the
-- fact is known already.
INSERT INTO provider_transaction (association_id, id, provider_account_id, kind, reference,
    amount_cents, currency, fact_at, intent_id, member_id, flag, payer, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (association_id, provider_account_id, kind, reference) DO NOTHING
RETURNING id;

-- name: transaction_known
-- $1 association, $2 provider account, $3 kind, $4 reference.
SELECT id, intent_id FROM provider_transaction
WHERE association_id = $1 AND provider_account_id = $2 AND kind = $3 AND reference = $4;

-- name: transaction_set_entry
-- $1 association, $2 movement, $3 entry. Once.
UPDATE provider_transaction SET entry_id = $3
WHERE association_id = $1 AND id = $2 AND entry_id IS NULL;

-- name: quarantine_add
-- $1 association, $2 id, $3 reason, $4 movement or NULL, $5 entry or NULL, $6 detail, $7 now.
INSERT INTO quarantine (association_id, id, reason, transaction_id, entry_id, detail, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (association_id, transaction_id, reason) DO NOTHING;

-- name: charge_fiscal_year_first_day
-- $1 association, $2 charge line.
SELECT y.first_day FROM cart_line l
JOIN fiscal_year y ON y.association_id = l.association_id AND y.id = l.fiscal_year_id
WHERE l.association_id = $1 AND l.id = $2;
