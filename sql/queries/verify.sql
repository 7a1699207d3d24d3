-- The breaches of the invariants (domain.md). Each statement returns association and row of
-- every breach; they read whole tables on purpose.

-- name: verify_entry_balance
-- 1: debit = credit = total, at least two lines.
SELECT e.association_id, e.id FROM entry e
LEFT JOIN (SELECT association_id, entry_id, SUM(debit_cents) AS debit, SUM(credit_cents) AS credit,
        COUNT(*) AS line_count FROM entry_line GROUP BY association_id, entry_id) l
    ON l.association_id = e.association_id AND l.entry_id = e.id
WHERE l.entry_id IS NULL OR l.debit <> l.credit OR l.debit <> e.total_cents OR l.line_count < 2;

-- name: verify_entry_numbers
-- 1: numbers 1..n in each fiscal year, as many as counted.
SELECT y.association_id, y.id FROM fiscal_year y
LEFT JOIN (SELECT association_id, fiscal_year_id, COUNT(*) AS entry_count, MIN(number) AS lowest,
        MAX(number) AS highest FROM entry GROUP BY association_id, fiscal_year_id) e
    ON e.association_id = y.association_id AND e.fiscal_year_id = y.id
WHERE COALESCE(e.entry_count, 0) <> y.last_number OR COALESCE(e.highest, 0) <> y.last_number
    OR COALESCE(e.lowest, 1) <> 1;

-- name: verify_entry_year
-- 1: an entry lies in its fiscal year.
SELECT e.association_id, e.id FROM entry e
LEFT JOIN fiscal_year y ON y.association_id = e.association_id AND y.id = e.fiscal_year_id
WHERE y.id IS NULL OR e.entry_date < y.first_day OR e.entry_date > y.last_day
    OR e.entry_date < e.fact_date;

-- name: verify_entry_day
-- 1: a line stands on the day and at the place of its entry.
SELECT l.association_id, l.entry_id FROM entry_line l
JOIN entry e ON e.association_id = l.association_id AND e.id = l.entry_id
WHERE l.entry_date <> e.entry_date OR l.chain_number <> e.chain_number;

-- name: verify_entry_chain
-- $1 association. The entries in the order of their chain; C recomputes the hashes.
SELECT id, chain_number, previous_hash FROM entry WHERE association_id = $1 ORDER BY chain_number;

-- name: verify_capture_entry
-- 2: a capture whose worth is known has its entry, with that at its transit account; another has
-- none.
SELECT t.association_id, t.id FROM provider_transaction t
JOIN association a ON a.id = t.association_id
JOIN provider_account p ON p.association_id = t.association_id AND p.id = t.provider_account_id
WHERE t.kind = 'capture' AND (
    ((t.currency = a.currency OR t.settled_cents IS NOT NULL)
        AND COALESCE((SELECT SUM(l.debit_cents - l.credit_cents) FROM entry_line l
            WHERE l.association_id = t.association_id AND l.entry_id = t.entry_id
                AND l.account_code = p.transit_account), 0)
            <> COALESCE(t.settled_cents, t.amount_cents))
    OR (t.currency <> a.currency AND t.settled_cents IS NULL AND t.entry_id IS NOT NULL));

-- name: verify_quarantine_entry
-- 2: a capture that waits for a person names the entry it has, or none when it has none; what a
-- person placed names the entry that placed it.
SELECT q.association_id, q.id FROM quarantine q
JOIN provider_transaction t ON t.association_id = q.association_id AND t.id = q.transaction_id
WHERE (t.kind = 'capture' AND COALESCE(q.entry_id, 0) <> COALESCE(t.entry_id, 0)
        AND NOT (q.reason = 'other_currency' AND q.settled_at IS NOT NULL))
    OR (q.settled_how IN ('attached', 'classified') AND q.entry_id IS NOT NULL
        AND q.settled_entry_id IS NULL);

-- name: verify_capture_lines
-- 2: cart payment lines that add up to what the capture counts for; or none, while it waits for a
-- person, was placed otherwise, or did not begin in Guichet.
SELECT t.association_id, t.id FROM provider_transaction t
LEFT JOIN (SELECT association_id, transaction_id, -SUM(amount_cents) AS paid_cents FROM cart_line
        WHERE kind = 'payment' AND transaction_id IS NOT NULL AND corrects_line_id IS NULL
        GROUP BY association_id, transaction_id) l
    ON l.association_id = t.association_id AND l.transaction_id = t.id
LEFT JOIN (SELECT association_id, transaction_id, COUNT(*) AS row_count,
            SUM(CASE WHEN settled_at IS NULL THEN 1 ELSE 0 END) AS open_count
        FROM quarantine WHERE reason IN ('unknown_intent', 'other_currency')
        GROUP BY association_id, transaction_id) q
    ON q.association_id = t.association_id AND q.transaction_id = t.id
WHERE t.kind = 'capture' AND NOT (
    (COALESCE(l.paid_cents, 0) = COALESCE(t.counted_cents, t.amount_cents)
        AND COALESCE(q.open_count, 0) = 0)
    OR (l.paid_cents IS NULL AND (t.elsewhere = 1 OR COALESCE(q.row_count, 0) > 0)));

-- name: verify_payment_line
-- 2: a cart payment line stands on a capture, and on its entry or the one that attached it.
SELECT l.association_id, l.id FROM cart_line l
LEFT JOIN provider_transaction t
    ON t.association_id = l.association_id AND t.id = l.transaction_id AND t.kind = 'capture'
WHERE l.kind = 'payment' AND l.corrects_line_id IS NULL
    AND (t.id IS NULL OR l.entry_id IS NULL OR (l.entry_id <> t.entry_id AND NOT EXISTS (
        SELECT 1 FROM quarantine q WHERE q.association_id = t.association_id
            AND q.transaction_id = t.id AND q.settled_how = 'attached'
            AND q.settled_entry_id = l.entry_id)));

-- name: verify_entry_single
-- 2: an entry of a provider's journal belongs to exactly one movement, or to fees of one account.
SELECT e.association_id, e.id FROM entry e
LEFT JOIN provider_transaction t ON t.association_id = e.association_id AND t.entry_id = e.id
WHERE e.journal <> 'OD'
GROUP BY e.association_id, e.id
HAVING COUNT(t.id) = 0 OR (COUNT(t.id) > 1 AND (MIN(t.provider_account_id) <> MAX(t.provider_account_id)
    OR SUM(CASE WHEN t.kind IN ('fee', 'dispute_fee') THEN 0 ELSE 1 END) > 0));

-- name: verify_intent_paid
-- 3: no intent is paid without a capture, none with a capture that is booked is unpaid.
SELECT i.association_id, i.id FROM payment_intent i
LEFT JOIN provider_transaction t ON t.association_id = i.association_id AND t.intent_id = i.id
    AND t.kind = 'capture' AND t.entry_id IS NOT NULL
GROUP BY i.association_id, i.id, i.state
HAVING (i.state = 'paid') <> (COUNT(t.id) > 0);

-- name: verify_transaction_twice
-- 3: no movement exists twice.
SELECT association_id, MAX(id) FROM provider_transaction
GROUP BY association_id, provider_account_id, kind, reference HAVING COUNT(*) > 1;

-- name: verify_transaction_intent
-- 3: a movement and its intent speak of the same account and the same payer.
SELECT t.association_id, t.id FROM provider_transaction t
JOIN payment_intent i ON i.association_id = t.association_id AND i.id = t.intent_id
WHERE i.provider_account_id <> t.provider_account_id OR t.member_id IS NULL
    OR i.member_id <> t.member_id;

-- name: verify_account_twice
-- 3: a proven account of a provider serves one association.
SELECT MAX(association_id), MAX(id) FROM provider_account
WHERE provider <> 'manual' AND external_id IS NOT NULL AND verified_at IS NOT NULL
GROUP BY provider, external_id, mode HAVING COUNT(*) > 1;

-- name: verify_references
-- 3: nothing points to what is not there, and so nothing into another association: every
-- reference between tenant tables carries the association.
SELECT 0, "table" || ' ' || COALESCE(rowid, '') || ' -> ' || parent FROM pragma_foreign_key_check;

-- name: verify_file
-- 3: the file itself is whole (indexes agree with tables, CHECKs hold).
SELECT 0, integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok';

-- name: verify_movement_entry
-- 4: what moved after a capture has an entry with that at its transit account: one of its own, or
-- fees one together, and these may still wait for theirs.
SELECT t.association_id, t.id FROM provider_transaction t
JOIN association a ON a.id = t.association_id
WHERE t.kind NOT IN ('capture', 'fee', 'dispute_fee') AND t.amount_cents <> 0
    AND t.entry_id IS NULL AND (t.currency = a.currency OR t.settled_cents IS NOT NULL)
UNION ALL
SELECT m.association_id, m.movement_id
FROM (SELECT t.association_id, t.entry_id, p.transit_account, MIN(t.id) AS movement_id,
        SUM(COALESCE(t.settled_cents, t.amount_cents)) AS moved_cents
    FROM provider_transaction t
    JOIN provider_account p
        ON p.association_id = t.association_id AND p.id = t.provider_account_id
    WHERE t.kind <> 'capture' AND t.entry_id IS NOT NULL
    GROUP BY t.association_id, t.entry_id, p.transit_account) m
WHERE m.moved_cents <> COALESCE((SELECT SUM(l.debit_cents - l.credit_cents) FROM entry_line l
    WHERE l.association_id = m.association_id AND l.entry_id = m.entry_id
        AND l.account_code = m.transit_account), 0);

-- name: verify_movement_lines
-- 4: what went back of a payment stands in the carts: failed and refunded first, then disputed, of
-- it lost; all together at most the payment.
SELECT s.association_id, s.id
FROM (SELECT t.association_id, t.id, COALESCE(t.counted_cents, t.amount_cents) AS cents,
        COALESCE(r.refunded, 0) AS refunded, COALESCE(r.failed, 0) AS failed,
        COALESCE(r.disputed, 0) AS disputed, COALESCE(r.lost, 0) AS lost,
        MIN(COALESCE(r.gone, 0), COALESCE(t.counted_cents, t.amount_cents)) AS gone,
        COALESCE(c.refund_lines, 0) AS refund_lines, COALESCE(c.failed_lines, 0) AS failed_lines,
        COALESCE(c.dispute_lines, 0) AS dispute_lines, COALESCE(o.lost_lines, 0) AS lost_lines
    FROM provider_transaction t
    JOIN (SELECT DISTINCT association_id, transaction_id FROM cart_line
            WHERE kind = 'payment' AND corrects_line_id IS NULL) l
        ON l.association_id = t.association_id AND l.transaction_id = t.id
    LEFT JOIN (SELECT k.association_id, k.parent_id, MAX(SUM(k.refund_cents), 0) AS refunded,
            SUM(k.failed_cents) AS failed,
            MAX(SUM(k.refund_cents), 0) + SUM(k.failed_cents) AS gone,
            MAX(SUM(k.dispute_cents), 0) AS disputed,
            MAX(SUM(CASE WHEN x.dispute IS NULL THEN 0 ELSE k.dispute_cents END), 0) AS lost
        FROM (SELECT association_id, parent_id, dispute,
                CASE WHEN kind IN ('refund', 'refund_failed')
                    THEN -COALESCE(counted_cents, amount_cents) ELSE 0 END AS refund_cents,
                CASE WHEN kind = 'capture_failed'
                    THEN -COALESCE(counted_cents, amount_cents) ELSE 0 END AS failed_cents,
                CASE WHEN kind IN ('dispute', 'dispute_won')
                    THEN -COALESCE(counted_cents, amount_cents) ELSE 0 END AS dispute_cents
            FROM provider_transaction WHERE parent_id IS NOT NULL AND entry_id IS NOT NULL) k
        LEFT JOIN (SELECT DISTINCT association_id, parent_id, dispute FROM provider_transaction
                WHERE kind = 'dispute_lost') x
            ON x.association_id = k.association_id AND x.parent_id = k.parent_id
                AND x.dispute = k.dispute
        GROUP BY k.association_id, k.parent_id) r
        ON r.association_id = t.association_id AND r.parent_id = t.id
    LEFT JOIN (SELECT k.association_id, k.parent_id,
            SUM(CASE WHEN l.kind = 'refund' THEN l.amount_cents ELSE 0 END) AS refund_lines,
            SUM(CASE WHEN l.kind = 'payment' THEN l.amount_cents ELSE 0 END) AS failed_lines,
            SUM(CASE WHEN l.kind = 'dispute' THEN l.amount_cents ELSE 0 END) AS dispute_lines
        FROM provider_transaction k
        JOIN cart_line l ON l.association_id = k.association_id AND l.transaction_id = k.id
        WHERE k.parent_id IS NOT NULL GROUP BY k.association_id, k.parent_id) c
        ON c.association_id = t.association_id AND c.parent_id = t.id
    LEFT JOIN (SELECT p.association_id, p.transaction_id, SUM(a.amount_cents) AS lost_lines
        FROM allocation a
        JOIN cart_line d ON d.association_id = a.association_id AND d.id = a.charge_line_id
            AND d.kind = 'dispute'
        JOIN cart_line p ON p.association_id = a.association_id AND p.id = a.payment_line_id
        GROUP BY p.association_id, p.transaction_id) o
        ON o.association_id = t.association_id AND o.transaction_id = t.id
    WHERE t.kind = 'capture') s
WHERE s.refund_lines + s.failed_lines <> s.gone OR s.refund_lines > s.refunded
    OR s.failed_lines > s.failed
    OR s.dispute_lines <> MIN(s.disputed, s.cents - s.gone)
    OR s.lost_lines <> MIN(s.lost, s.dispute_lines);

-- name: verify_returned
-- 4: when more went back than came in, somebody is told.
SELECT t.association_id, t.id FROM provider_transaction t
JOIN (SELECT association_id, parent_id, -SUM(COALESCE(counted_cents, amount_cents)) AS back_cents
        FROM provider_transaction
        WHERE kind IN ('refund', 'refund_failed', 'capture_failed', 'dispute', 'dispute_won')
            AND entry_id IS NOT NULL
        GROUP BY association_id, parent_id) k
    ON k.association_id = t.association_id AND k.parent_id = t.id
WHERE (k.back_cents > COALESCE(t.counted_cents, t.amount_cents) OR k.back_cents < 0)
    AND EXISTS (SELECT 1 FROM cart_line l WHERE l.association_id = t.association_id
        AND l.transaction_id = t.id)
    AND NOT EXISTS (SELECT 1 FROM quarantine q
        JOIN provider_transaction o ON o.association_id = q.association_id AND o.id = q.transaction_id
        WHERE q.association_id = t.association_id AND o.parent_id = t.id
            AND q.reason IN ('excess', 'orphan'));

-- name: verify_disputed
-- 4: 4671 holds what is disputed in the carts and not lost.
SELECT a.id, COALESCE(b.booked_cents, 0) || ' / ' || COALESCE(d.dispute_cents, 0)
    - COALESCE(x.lost_cents, 0)
FROM association a
LEFT JOIN (SELECT association_id, SUM(debit_cents - credit_cents) AS booked_cents FROM entry_line
        WHERE account_code = '4671' GROUP BY association_id) b ON b.association_id = a.id
LEFT JOIN (SELECT association_id, SUM(amount_cents) AS dispute_cents FROM cart_line
        WHERE kind = 'dispute' GROUP BY association_id) d ON d.association_id = a.id
LEFT JOIN (SELECT k.association_id, SUM(k.amount_cents) AS lost_cents FROM allocation k
        JOIN cart_line c ON c.association_id = k.association_id AND c.id = k.charge_line_id
            AND c.kind = 'dispute' GROUP BY k.association_id) x ON x.association_id = a.id
WHERE COALESCE(b.booked_cents, 0)
    <> COALESCE(d.dispute_cents, 0) - COALESCE(x.lost_cents, 0);

-- name: verify_deferred
-- 4: 487 holds what is booked for years that had not begun, and nothing else.
SELECT a.id, COALESCE(b.booked_cents, 0) || ' / ' || COALESCE(d.deferred_cents, 0)
FROM association a
LEFT JOIN (SELECT association_id, SUM(credit_cents - debit_cents) AS booked_cents FROM entry_line
        WHERE account_code = '487' GROUP BY association_id) b ON b.association_id = a.id
LEFT JOIN (SELECT x.association_id, SUM(x.amount_cents) AS deferred_cents FROM allocation x
        LEFT JOIN deferral r ON r.association_id = x.association_id AND r.allocation_id = x.id
        WHERE x.deferred = 1 AND r.released_at IS NULL GROUP BY x.association_id) d
    ON d.association_id = a.id
WHERE COALESCE(b.booked_cents, 0) <> COALESCE(d.deferred_cents, 0);

-- name: verify_deposit
-- 4: a deposit is the sum of its cheques.
SELECT d.association_id, d.id FROM deposit d
JOIN provider_transaction t ON t.association_id = d.association_id AND t.id = d.transaction_id
LEFT JOIN (SELECT c.association_id, c.deposit_id, SUM(p.amount_cents) AS cheque_cents FROM cheque c
        JOIN provider_transaction p ON p.association_id = c.association_id AND p.id = c.transaction_id
        GROUP BY c.association_id, c.deposit_id) s
    ON s.association_id = d.association_id AND s.deposit_id = d.id
WHERE t.kind <> 'payout' OR COALESCE(s.cheque_cents, 0) <> -t.amount_cents;

-- name: verify_transit
-- 4: a transit account holds what its movements say. A movement of another account may end in
-- this one (cheques carried to the bank): that is not a movement of this one. Fees that wait for
-- the entry of their month are in neither.
SELECT s.association_id, s.transit_account || ' : ' || s.booked_cents || ' / ' || s.moved_cents
FROM (SELECT a.association_id, a.transit_account,
        COALESCE((SELECT SUM(l.debit_cents - l.credit_cents) FROM entry_line l
            WHERE l.association_id = a.association_id AND l.account_code = a.transit_account
                AND (NOT EXISTS (SELECT 1 FROM provider_transaction t
                        WHERE t.association_id = l.association_id AND t.entry_id = l.entry_id)
                    OR EXISTS (SELECT 1 FROM provider_transaction t
                        JOIN provider_account o ON o.association_id = t.association_id
                            AND o.id = t.provider_account_id
                        WHERE t.association_id = l.association_id AND t.entry_id = l.entry_id
                            AND o.transit_account = a.transit_account))), 0) AS booked_cents,
        COALESCE((SELECT SUM(COALESCE(t.settled_cents, t.amount_cents))
            FROM provider_transaction t
            JOIN provider_account b ON b.association_id = t.association_id AND b.id = t.provider_account_id
            WHERE t.association_id = a.association_id AND b.transit_account = a.transit_account
                AND t.entry_id IS NOT NULL), 0) AS moved_cents
    FROM (SELECT DISTINCT association_id, transit_account FROM provider_account) a) s
WHERE s.booked_cents <> s.moved_cents;

-- name: verify_event_outcome
-- 5: an authentic message has an outcome or waits for its next try, with its time.
SELECT COALESCE(association_id, 0), id FROM provider_event
WHERE authentic = 1 AND NOT (
    (state = 'done' AND outcome IS NOT NULL) OR (state = 'waiting' AND next_at IS NOT NULL));

-- name: verify_event_posted
-- 5: a message that ended as posted names a movement that exists.
SELECT COALESCE(e.association_id, 0), e.id FROM provider_event e
LEFT JOIN provider_transaction t ON t.association_id = e.association_id AND t.id = e.transaction_id
WHERE e.outcome IN ('posted', 'already_posted', 'quarantined') AND t.id IS NULL;

-- name: verify_revenue_day
-- 4: what is kept by day is what the payments add up to.
SELECT d.association_id, d.utc_day FROM (
    SELECT association_id, utc_day, provider_account_id, fiscal_year_id, payments, received_cents,
        returned_cents FROM revenue_day
    UNION ALL
    SELECT t.association_id, t.fact_at / 86400, t.provider_account_id, e.fiscal_year_id, -COUNT(*),
        -SUM(e.total_cents), -COALESCE(SUM(k.returned_cents), 0)
    FROM provider_transaction t
    JOIN entry e ON e.association_id = t.association_id AND e.id = t.entry_id
    LEFT JOIN (SELECT association_id, parent_id, -SUM(amount_cents) AS returned_cents
            FROM provider_transaction WHERE kind IN ('refund', 'refund_failed', 'capture_failed')
            GROUP BY association_id, parent_id) k
        ON k.association_id = t.association_id AND k.parent_id = t.id
    WHERE t.kind = 'capture'
    GROUP BY t.association_id, t.fact_at / 86400, t.provider_account_id, e.fiscal_year_id) d
GROUP BY d.association_id, d.utc_day, d.provider_account_id, d.fiscal_year_id
HAVING SUM(d.payments) <> 0 OR SUM(d.received_cents) <> 0 OR SUM(d.returned_cents) <> 0;

-- name: verify_allocation_lines
-- 6: an allocation joins a credit and a debt of its own member.
SELECT a.association_id, a.id FROM allocation a
LEFT JOIN cart_line p ON p.association_id = a.association_id AND p.id = a.payment_line_id
LEFT JOIN cart_line c ON c.association_id = a.association_id AND c.id = a.charge_line_id
WHERE p.id IS NULL OR c.id IS NULL OR p.member_id <> a.member_id OR c.member_id <> a.member_id
    OR p.amount_cents > 0 OR c.amount_cents < 0;

-- name: verify_allocation_charge
-- 6: a charge is paid at most once over.
SELECT l.association_id, l.id FROM cart_line l
JOIN (SELECT association_id, charge_line_id, SUM(amount_cents) AS allocated_cents FROM allocation
        GROUP BY association_id, charge_line_id) a
    ON a.association_id = l.association_id AND a.charge_line_id = l.id
LEFT JOIN (SELECT association_id, corrects_line_id, SUM(amount_cents) AS corrected_cents FROM cart_line
        WHERE corrects_line_id IS NOT NULL GROUP BY association_id, corrects_line_id) k
    ON k.association_id = l.association_id AND k.corrects_line_id = l.id
WHERE a.allocated_cents < 0 OR a.allocated_cents > l.amount_cents + COALESCE(k.corrected_cents, 0);

-- name: verify_allocation_payment
-- 6: a payment pays at most itself.
SELECT l.association_id, l.id FROM cart_line l
JOIN (SELECT association_id, payment_line_id, SUM(amount_cents) AS allocated_cents FROM allocation
        GROUP BY association_id, payment_line_id) a
    ON a.association_id = l.association_id AND a.payment_line_id = l.id
LEFT JOIN (SELECT association_id, corrects_line_id, SUM(amount_cents) AS corrected_cents FROM cart_line
        WHERE corrects_line_id IS NOT NULL GROUP BY association_id, corrects_line_id) k
    ON k.association_id = l.association_id AND k.corrects_line_id = l.id
WHERE a.allocated_cents < 0 OR a.allocated_cents > -(l.amount_cents + COALESCE(k.corrected_cents, 0));

-- name: verify_member_balance
-- 6: balance = open charges - unallocated payments, per member.
SELECT m.association_id, m.id FROM member m
LEFT JOIN (SELECT association_id, member_id, SUM(amount_cents) AS balance_cents FROM cart_line
        GROUP BY association_id, member_id) b
    ON b.association_id = m.association_id AND b.member_id = m.id
LEFT JOIN (SELECT l.association_id, l.member_id,
            SUM(CASE WHEN l.kind = 'payment' THEN 0 ELSE l.amount_cents END) AS charged_cents,
            SUM(CASE WHEN l.kind = 'payment' THEN -l.amount_cents ELSE 0 END) AS paid_cents
        FROM cart_line l GROUP BY l.association_id, l.member_id) s
    ON s.association_id = m.association_id AND s.member_id = m.id
LEFT JOIN (SELECT a.association_id, c.member_id, SUM(a.amount_cents) AS paid_off_cents FROM allocation a
        JOIN cart_line c ON c.association_id = a.association_id AND c.id = a.charge_line_id
        GROUP BY a.association_id, c.member_id) o
    ON o.association_id = m.association_id AND o.member_id = m.id
LEFT JOIN (SELECT a.association_id, p.member_id, SUM(a.amount_cents) AS used_cents FROM allocation a
        JOIN cart_line p ON p.association_id = a.association_id AND p.id = a.payment_line_id
        GROUP BY a.association_id, p.member_id) u
    ON u.association_id = m.association_id AND u.member_id = m.id
WHERE COALESCE(b.balance_cents, 0) <>
    (COALESCE(s.charged_cents, 0) - COALESCE(o.paid_off_cents, 0))
    - (COALESCE(s.paid_cents, 0) - COALESCE(u.used_cents, 0));

-- name: verify_advances
-- 6: 4191 holds what is left of payments and of credits that no money made, per member.
SELECT m.association_id, 'adhérent n° ' || m.number || ' : ' || COALESCE(b.booked_cents, 0) || ' / '
    || (COALESCE(p.paid_cents, 0) - COALESCE(u.used_cents, 0))
FROM member m
LEFT JOIN (SELECT association_id, member_number, SUM(credit_cents - debit_cents) AS booked_cents
        FROM entry_line WHERE account_code = '4191' GROUP BY association_id, member_number) b
    ON b.association_id = m.association_id AND b.member_number = m.number
LEFT JOIN (SELECT association_id, member_id, -SUM(amount_cents) AS paid_cents
        FROM cart_line WHERE kind = 'payment'
            OR (kind = 'adjustment' AND amount_cents < 0 AND corrects_line_id IS NULL)
        GROUP BY association_id, member_id) p
    ON p.association_id = m.association_id AND p.member_id = m.id
LEFT JOIN (SELECT association_id, member_id, SUM(amount_cents) AS used_cents
        FROM allocation GROUP BY association_id, member_id) u
    ON u.association_id = m.association_id AND u.member_id = m.id
WHERE COALESCE(b.booked_cents, 0) <> COALESCE(p.paid_cents, 0) - COALESCE(u.used_cents, 0);

-- name: verify_advances_nobody
-- 6: no line of 4191 without a member.
SELECT association_id, entry_id FROM entry_line l
WHERE l.account_code = '4191' AND NOT EXISTS (SELECT 1 FROM member m
    WHERE m.association_id = l.association_id AND m.number = l.member_number);

-- name: verify_audit_associations
SELECT DISTINCT association_id FROM audit ORDER BY association_id;

-- name: verify_audit_chain
-- $1 association. C recomputes the hashes.
SELECT chain_number, at_ms, login_id, address, action, object, detail, previous_hash, hash
FROM audit WHERE association_id = $1 ORDER BY chain_number;

-- name: verify_counts
SELECT (SELECT COUNT(*) FROM association), (SELECT COUNT(*) FROM entry),
    (SELECT COUNT(*) FROM provider_transaction WHERE kind = 'capture'),
    (SELECT COUNT(*) FROM provider_event),
    (SELECT COUNT(*) FROM provider_event WHERE state = 'waiting'),
    (SELECT COUNT(*) FROM quarantine WHERE settled_at IS NULL);

-- name: verify_quarantine
-- What waits to be settled by hand: not a breach, listed.
SELECT association_id, id, reason, transaction_id, created_at FROM quarantine
WHERE settled_at IS NULL ORDER BY association_id, created_at, id;
