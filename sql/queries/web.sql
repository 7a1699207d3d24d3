-- Reading queries of the back office's pages.

-- name: entry_page
-- $1 association, $2 entry.
SELECT e.number, e.journal, e.fact_date, e.entry_date, e.posted_at, e.piece, e.label, e.total_cents,
    e.chain_number, e.hash, y.label, y.id
FROM entry e
JOIN fiscal_year y ON y.association_id = e.association_id AND y.id = e.fiscal_year_id
WHERE e.association_id = $1 AND e.id = $2;

-- name: entry_page_lines
-- $1 association, $2 entry.
SELECT l.account_code, l.account_label, l.debit_cents, l.credit_cents, l.member_number,
    m.first_name, m.last_name
FROM entry_line l
LEFT JOIN member m ON m.association_id = l.association_id AND m.number = l.member_number
WHERE l.association_id = $1 AND l.entry_id = $2 ORDER BY l.line_number;

-- name: notification_list
-- $1 association, $2 ids below, $3 at most. Newest first.
SELECT n.id, n.provider, n.type, n.external_id, n.received_at, n.state, n.outcome, n.detail,
    n.attempts, n.next_at, t.entry_id, e.number, e.journal
FROM provider_event n
LEFT JOIN provider_transaction t ON t.association_id = n.association_id AND t.id = n.transaction_id
LEFT JOIN entry e ON e.association_id = t.association_id AND e.id = t.entry_id
WHERE n.association_id = $1 AND n.id < $2
ORDER BY n.id DESC LIMIT $3;

-- name: notification_not_ours
-- $1 association. Money on the account that did not begin in Guichet.
SELECT COUNT(*) FROM provider_event WHERE association_id = $1 AND outcome = 'not_ours';

-- name: quarantine_open
-- $1 association, $2 at most. What waits for a person, oldest first.
SELECT q.id, q.reason, q.created_at, t.amount_cents, t.currency, t.reference, a.label, q.entry_id,
    e.number, e.journal
FROM quarantine q
LEFT JOIN provider_transaction t ON t.association_id = q.association_id AND t.id = q.transaction_id
LEFT JOIN provider_account a ON a.association_id = t.association_id AND a.id = t.provider_account_id
LEFT JOIN entry e ON e.association_id = q.association_id AND e.id = q.entry_id
WHERE q.association_id = $1 AND q.settled_at IS NULL
ORDER BY q.created_at, q.id LIMIT $2;

-- name: account_news
-- $1 association. The linked accounts with the time of their last authentic notification.
SELECT a.label, a.provider, a.mode, a.external_id,
    (SELECT n.received_at FROM provider_event n
        WHERE n.association_id = a.association_id AND n.provider_account_id = a.id
            AND n.authentic = 1
        ORDER BY n.id DESC LIMIT 1)
FROM provider_account a
WHERE a.association_id = $1 AND a.provider <> 'manual' AND a.unlinked_at IS NULL
ORDER BY a.position, a.id;

-- name: notification_page
-- $1 association, $2 message.
SELECT n.id, n.provider, n.type, n.external_id, n.received_at, n.state, n.outcome, n.detail,
    n.attempts, n.next_at, t.entry_id, e.number, e.journal, n.authentic, n.raw, n.updated_at,
    t.id, t.kind, t.amount_cents, t.currency, i.member_id, m.number, m.first_name, m.last_name
FROM provider_event n
LEFT JOIN provider_transaction t ON t.association_id = n.association_id AND t.id = n.transaction_id
LEFT JOIN entry e ON e.association_id = t.association_id AND e.id = t.entry_id
LEFT JOIN payment_intent i ON i.association_id = n.association_id AND i.id = n.intent_id
LEFT JOIN member m ON m.association_id = i.association_id AND m.id = i.member_id
WHERE n.association_id = $1 AND n.id = $2;
