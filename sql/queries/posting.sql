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

-- name: movement_find
-- $1 association, $2 id.
SELECT id, kind, reference, provider_account_id, amount_cents, currency,
    COALESCE(counted_cents, amount_cents) AS counted, intent_id, member_id, parent_id, entry_id,
    elsewhere, dispute
FROM provider_transaction WHERE association_id = $1 AND id = $2;

-- name: movement_known
-- $1 association, $2 provider account, $3 kind, $4 reference.
SELECT id, kind, reference, provider_account_id, amount_cents, currency,
    COALESCE(counted_cents, amount_cents) AS counted, intent_id, member_id, parent_id, entry_id,
    elsewhere, dispute
FROM provider_transaction
WHERE association_id = $1 AND provider_account_id = $2 AND kind = $3 AND reference = $4;

-- name: movement_of_object
-- $1 association, $2 provider account, $3 a name the provider gave.
SELECT t.id, t.kind, t.reference, t.provider_account_id, t.amount_cents, t.currency,
    COALESCE(t.counted_cents, t.amount_cents) AS counted, t.intent_id, t.member_id, t.parent_id,
    t.entry_id, t.elsewhere, t.dispute
FROM provider_object o
JOIN provider_transaction t ON t.association_id = o.association_id AND t.id = o.transaction_id
WHERE o.association_id = $1 AND o.provider_account_id = $2 AND o.object_id = $3;

-- name: movement_of_reference
-- $1 association, $2 provider account, $3 reference. What may be followed, payments first.
SELECT id, kind, reference, provider_account_id, amount_cents, currency,
    COALESCE(counted_cents, amount_cents) AS counted, intent_id, member_id, parent_id, entry_id,
    elsewhere, dispute
FROM provider_transaction
WHERE association_id = $1 AND provider_account_id = $2 AND reference = $3
    AND kind IN ('capture', 'refund', 'dispute', 'payout')
ORDER BY kind <> 'capture', kind DESC LIMIT 1;

-- name: movement_settled
-- $1 association, $2 movement, $3 what the account got, $4 what it counts for. Once.
UPDATE provider_transaction SET settled_cents = $3, counted_cents = $4
WHERE association_id = $1 AND id = $2 AND entry_id IS NULL AND settled_cents IS NULL;

-- name: movement_account
-- $1 association, $2 entry. Where the money of a payment without cart stands: what its entry
-- credited beside exchange differences.
SELECT account_code FROM entry_line
WHERE association_id = $1 AND entry_id = $2 AND credit_cents > 0 AND account_code <> '766'
ORDER BY line_number LIMIT 1;

-- name: return_lines
-- $1 association, $2 payment. Its payment lines, with what is left of each in 4191 and what went
-- back of it in the same cart: opposite lines, refunds, disputes, and what of these is lost.
SELECT p.id, p.member_id, p.number, p.cents, p.cents - p.failed - (SELECT
        COALESCE(SUM(a.amount_cents), 0) FROM allocation a
        WHERE a.association_id = CAST($1 AS BIGINT) AND a.payment_line_id = p.id) AS advance,
    p.failed,
    (SELECT COALESCE(SUM(r.amount_cents), 0) FROM provider_transaction k
        JOIN cart_line r ON r.association_id = k.association_id AND r.transaction_id = k.id
        WHERE k.association_id = CAST($1 AS BIGINT) AND k.parent_id = CAST($2 AS BIGINT)
            AND r.member_id = p.member_id AND r.kind = 'refund') AS refunded,
    (SELECT COALESCE(SUM(r.amount_cents), 0) FROM provider_transaction k
        JOIN cart_line r ON r.association_id = k.association_id AND r.transaction_id = k.id
        WHERE k.association_id = CAST($1 AS BIGINT) AND k.parent_id = CAST($2 AS BIGINT)
            AND r.member_id = p.member_id AND r.kind = 'dispute') AS disputed,
    (SELECT COALESCE(SUM(a.amount_cents), 0) FROM allocation a
        JOIN cart_line r ON r.association_id = a.association_id AND r.id = a.charge_line_id
        WHERE a.association_id = CAST($1 AS BIGINT) AND a.payment_line_id = p.id
            AND r.kind = 'dispute') AS lost
FROM (SELECT l.id, l.member_id, m.number, -l.amount_cents AS cents,
        (SELECT COALESCE(SUM(k.amount_cents), 0) FROM cart_line k
            WHERE k.association_id = CAST($1 AS BIGINT) AND k.corrects_line_id = l.id) AS failed
    FROM cart_line l
    JOIN member m ON m.association_id = l.association_id AND m.id = l.member_id
    WHERE l.association_id = CAST($1 AS BIGINT) AND l.transaction_id = CAST($2 AS BIGINT)
        AND l.kind = 'payment' AND l.corrects_line_id IS NULL) p
ORDER BY p.number;

-- name: return_sums
-- $1 association, $2 payment, $3 a movement that has no entry yet, or 0. What went back, as the
-- carts count it.
SELECT COALESCE(SUM(CASE WHEN t.kind = 'capture_failed' THEN t.cents ELSE 0 END), 0) AS failed,
    COALESCE(SUM(CASE WHEN t.kind IN ('refund', 'refund_failed') THEN t.cents ELSE 0 END), 0)
        AS refunded,
    COALESCE(SUM(CASE WHEN t.kind IN ('dispute', 'dispute_won') THEN t.cents ELSE 0 END), 0)
        AS disputed,
    COALESCE(SUM(CASE WHEN t.kind IN ('dispute', 'dispute_won') AND EXISTS (
            SELECT 1 FROM provider_transaction x WHERE x.association_id = CAST($1 AS BIGINT)
                AND x.parent_id = CAST($2 AS BIGINT) AND x.kind = 'dispute_lost'
                AND x.dispute = t.dispute) THEN t.cents ELSE 0 END), 0) AS lost
FROM (SELECT kind, dispute, -COALESCE(counted_cents, amount_cents) AS cents
    FROM provider_transaction
    WHERE association_id = CAST($1 AS BIGINT) AND parent_id = CAST($2 AS BIGINT)
        AND (entry_id IS NOT NULL OR id = CAST($3 AS BIGINT))) t;

-- name: return_cart_lines
-- $1 association, $2 payment, $3 member, $4 kind, $5 a movement to begin with, or 0. Lines of
-- refunds or disputes with something left of them, newest first: left, and what the payment pays.
SELECT l.id, l.left_cents, l.paid_cents
FROM (SELECT r.id, r.created_at, r.transaction_id,
        r.amount_cents + (SELECT COALESCE(SUM(c.amount_cents), 0) FROM cart_line c
            WHERE c.association_id = CAST($1 AS BIGINT) AND c.corrects_line_id = r.id)
            AS left_cents,
        (SELECT COALESCE(SUM(a.amount_cents), 0) FROM allocation a
            WHERE a.association_id = CAST($1 AS BIGINT) AND a.charge_line_id = r.id) AS paid_cents
    FROM provider_transaction k
    JOIN cart_line r ON r.association_id = k.association_id AND r.transaction_id = k.id
    WHERE k.association_id = CAST($1 AS BIGINT) AND k.parent_id = CAST($2 AS BIGINT)
        AND r.member_id = CAST($3 AS BIGINT) AND r.kind = CAST($4 AS TEXT)
        AND r.corrects_line_id IS NULL) l
WHERE l.left_cents > 0
ORDER BY l.transaction_id <> CAST($5 AS BIGINT), l.created_at DESC, l.id;

-- name: quarantine_no_excess
-- $1 association, $2 payment, $3 entry or NULL, $4 now. What found no room has some now.
UPDATE quarantine SET settled_at = $4, settled_how = 'by_itself', settled_entry_id = $3
WHERE association_id = $1 AND reason = 'excess' AND settled_at IS NULL
    AND transaction_id IN (SELECT t.id FROM provider_transaction t
        WHERE t.association_id = $1 AND t.parent_id = $2);

-- name: payment_of_dispute
-- $1 association, $2 provider account, $3 dispute. The payment that it is about.
SELECT t.parent_id FROM provider_transaction t
WHERE t.association_id = $1 AND t.provider_account_id = $2 AND t.dispute = $3 AND t.dispute <> ''
    AND t.parent_id IS NOT NULL
UNION ALL
SELECT d.transaction_id FROM dispute d
WHERE d.association_id = $1 AND d.provider_account_id = $2 AND d.reference = $3
    AND d.transaction_id IS NOT NULL
LIMIT 1;

-- name: dispute_of_payment
-- $1 association, $2 provider account, $3 the payment's reference. The last withdrawal from it.
SELECT d.reference FROM provider_transaction t
JOIN provider_transaction d ON d.association_id = t.association_id AND d.parent_id = t.id
    AND d.kind = 'dispute'
WHERE t.association_id = $1 AND t.provider_account_id = $2 AND t.kind = 'capture' AND t.reference = $3
ORDER BY d.fact_at DESC, d.id DESC LIMIT 1;

-- name: return_latest
-- $1 association, $2 payment. The last thing that went back of it, in whose name lines are written.
SELECT id FROM provider_transaction
WHERE association_id = $1 AND parent_id = $2 AND kind NOT IN ('fee', 'dispute_fee')
ORDER BY fact_at DESC, id LIMIT 1;

-- name: return_converted
-- $1 association, $2 payment, $3 its currency. What moved after it in that currency, and what of
-- the payment that counted for.
SELECT COALESCE(SUM(amount_cents), 0), COALESCE(SUM(counted_cents), 0)
FROM provider_transaction
WHERE association_id = $1 AND parent_id = $2 AND currency = $3 AND entry_id IS NOT NULL
    AND kind IN ('refund', 'refund_failed', 'capture_failed', 'dispute', 'dispute_won');

-- name: quarantine_by_itself
-- $1 association, $2 movement, $3 reason, $4 entry or NULL, $5 now. It needs nobody any more.
UPDATE quarantine SET settled_at = $5, settled_how = 'by_itself', settled_entry_id = $4
WHERE association_id = $1 AND transaction_id = $2 AND reason = $3 AND settled_at IS NULL;

-- name: payout_bank
-- $1 association, $2 entry of a payout, $3 transit account. Where it went.
SELECT account_code FROM entry_line
WHERE association_id = $1 AND entry_id = $2 AND account_code <> $3 ORDER BY line_number LIMIT 1;

-- name: bank_first
-- $1 association. The account of its bank, the first one in use.
SELECT account_code FROM bank_account
WHERE association_id = $1 AND archived_at IS NULL ORDER BY created_at, id LIMIT 1;

-- name: orphan_adopt
-- $1 association, $2 provider account, $3 a name of the payment, $4 the payment.
UPDATE provider_transaction SET parent_id = $4, member_id = COALESCE(member_id, (
        SELECT c.member_id FROM provider_transaction c
        WHERE c.association_id = $1 AND c.id = $4))
WHERE association_id = $1 AND provider_account_id = $2 AND parent_reference = $3
    AND parent_reference <> '' AND parent_id IS NULL AND kind <> 'payout_failed';

-- name: orphan_adopt_followers
-- $1 association, $2 the payment. What followed its orphans.
UPDATE provider_transaction SET parent_id = $2, member_id = COALESCE(member_id, (
        SELECT c.member_id FROM provider_transaction c
        WHERE c.association_id = $1 AND c.id = $2))
WHERE association_id = $1 AND parent_id IS NULL AND follows_id IN (
    SELECT o.id FROM provider_transaction o
    WHERE o.association_id = $1 AND o.parent_id = $2 AND o.parent_reference <> '');

-- name: orphan_settled
-- $1 association, $2 the payment, $3 entry or NULL, $4 now.
UPDATE quarantine SET settled_at = $4, settled_how = 'by_itself', settled_entry_id = $3
WHERE association_id = $1 AND reason = 'orphan' AND settled_at IS NULL
    AND transaction_id IN (SELECT t.id FROM provider_transaction t
        WHERE t.association_id = $1 AND t.parent_id = $2);

-- name: dispute_told
-- $1 association, $2 id, $3 provider account, $4 reference, $5 payment or NULL, $6 state,
-- $7 reason, $8 amount or 0, $9 deadline or NULL, $10 told at, $11 rank of the state, $12 now,
-- $13 when the provider is asked for it or NULL.
-- Older news changes nothing.
INSERT INTO dispute (association_id, id, provider_account_id, reference, transaction_id, state,
    reason, amount_cents, deadline_at, told_at, created_at, next_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $12, $13)
ON CONFLICT (association_id, provider_account_id, reference) DO UPDATE SET
    state = excluded.state, told_at = excluded.told_at,
    reason = CASE WHEN excluded.reason <> '' THEN excluded.reason ELSE dispute.reason END,
    amount_cents = CASE WHEN excluded.amount_cents > 0 THEN excluded.amount_cents
        ELSE dispute.amount_cents END,
    deadline_at = COALESCE(excluded.deadline_at, dispute.deadline_at),
    next_at = CASE WHEN excluded.next_at IS NULL THEN NULL
        ELSE COALESCE(dispute.next_at, excluded.next_at) END
WHERE excluded.told_at > dispute.told_at OR (excluded.told_at = dispute.told_at
    AND CAST($11 AS BIGINT) > CASE dispute.state WHEN 'inquiry' THEN 0 WHEN 'open' THEN 1
        WHEN 'closed' THEN 2 WHEN 'won' THEN 3 ELSE 4 END)
RETURNING id;

-- name: dispute_payment
-- $1 association, $2 provider account, $3 reference, $4 payment. Once it is known.
UPDATE dispute SET transaction_id = $4
WHERE association_id = $1 AND provider_account_id = $2 AND reference = $3
    AND transaction_id IS NULL;
