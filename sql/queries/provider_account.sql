-- name: provider_account_find
-- $1 association, $2 id.
SELECT association_id, id, public_id, provider, mode, external_id, email_folded, label,
    transit_account, key_version, verified_at, unlinked_at, rate_points, version,
    link_kind, revoked_at, COALESCE(linked_at, created_at), since_day, other_account, client_id,
    publishable_key, embedded
FROM provider_account WHERE association_id = $1 AND id = $2;

-- name: provider_account_find_public
-- $1 provider, $2 public id.
SELECT association_id, id, public_id, provider, mode, external_id, email_folded, label,
    transit_account, key_version, verified_at, unlinked_at, rate_points, version,
    link_kind, revoked_at, COALESCE(linked_at, created_at), since_day, other_account, client_id,
    publishable_key, embedded
FROM provider_account WHERE public_id = $2 AND provider = $1;

-- name: provider_account_by_external
-- $1 provider, $2 external id. Proven ones first.
SELECT association_id, id, public_id, provider, mode, external_id, email_folded, label,
    transit_account, key_version, verified_at, unlinked_at, rate_points, version,
    link_kind, revoked_at, COALESCE(linked_at, created_at), since_day, other_account, client_id,
    publishable_key, embedded
FROM provider_account WHERE provider = $1 AND external_id = $2
ORDER BY verified_at IS NULL, created_at, id;

-- name: provider_account_by_email
-- $1 provider, $2 folded e-mail. Proven ones first.
SELECT association_id, id, public_id, provider, mode, external_id, email_folded, label,
    transit_account, key_version, verified_at, unlinked_at, rate_points, version,
    link_kind, revoked_at, COALESCE(linked_at, created_at), since_day, other_account, client_id,
    publishable_key, embedded
FROM provider_account WHERE provider = $1 AND email_folded = $2
ORDER BY verified_at IS NULL, created_at, id;

-- name: provider_account_list_linked
-- $1 association. Those with a button, in their order.
SELECT association_id, id, public_id, provider, mode, external_id, email_folded, label,
    transit_account, key_version, verified_at, unlinked_at, rate_points, version,
    link_kind, revoked_at, COALESCE(linked_at, created_at), since_day, other_account, client_id,
    publishable_key, embedded
FROM provider_account
WHERE association_id = $1 AND unlinked_at IS NULL AND provider <> 'manual'
ORDER BY position, created_at, id;

-- name: provider_account_find_means
-- $1 association, $2 code of a means without provider.
SELECT association_id, id, public_id, provider, mode, external_id, email_folded, label,
    transit_account, key_version, verified_at, unlinked_at, rate_points, version,
    link_kind, revoked_at, COALESCE(linked_at, created_at), since_day, other_account, client_id,
    publishable_key, embedded
FROM provider_account
WHERE association_id = $1 AND provider = 'manual' AND external_id = $2;

-- name: provider_account_add
-- $1 association, $2 id, $3 public id, $4 provider, $5 mode, $6 external id, $7 folded e-mail,
-- $8 label, $9 transit account, $10 position, $11 verified_at, $12 since, $13 now, $14 publishable
-- key or NULL.
INSERT INTO provider_account (association_id, id, public_id, provider, mode, external_id,
    email_folded, label, transit_account, position, verified_at, since_day, created_at, publishable_key)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14);

-- name: provider_account_verified
-- $1 association, $2 id, $3 external id or NULL, $4 now. Only the first proof counts, and an
-- identity that another account has proven is not taken over.
UPDATE provider_account SET verified_at = $4, external_id = COALESCE(external_id, CAST($3 AS TEXT))
WHERE association_id = $1 AND id = $2 AND verified_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM provider_account other
        WHERE other.provider = provider_account.provider AND other.mode = provider_account.mode
            AND other.external_id = COALESCE(provider_account.external_id, CAST($3 AS TEXT))
            AND other.verified_at IS NOT NULL);

-- name: secret_set
-- $1 association, $2 provider account, $3 name, $4 slot, $5 sealed, $6 its last characters, $7 now.
INSERT INTO secret (association_id, provider_account_id, name, slot, sealed, ending, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (association_id, provider_account_id, name, slot)
DO UPDATE SET sealed = excluded.sealed, ending = excluded.ending, accepted_until = NULL,
    created_at = excluded.created_at;

-- name: secret_list
-- $1 association, $2 provider account, $3 name, $4 now. Those accepted now, by slot.
SELECT slot, sealed FROM secret
WHERE association_id = $1 AND provider_account_id = $2 AND name = $3
    AND (accepted_until IS NULL OR accepted_until > $4)
ORDER BY slot;

-- name: provider_account_new_keys
-- $1 association, $2 id.
UPDATE provider_account SET key_version = key_version + 1 WHERE association_id = $1 AND id = $2;

-- name: provider_account_place
-- $1 association, $2 id, $3 its place among the buttons.
UPDATE provider_account SET position = $3 WHERE association_id = $1 AND id = $2;

-- name: provider_account_set_embedded
-- $1 association, $2 id, $3 0 or 1.
UPDATE provider_account SET embedded = $3
WHERE association_id = $1 AND id = $2 AND provider = 'stripe' AND unlinked_at IS NULL;

-- name: means_usual
-- $1 association. What most take without provider, the most frequent first; those it lacks.
SELECT usual.code, usual.label, usual.account_code, usual.account_label, usual.place
FROM (SELECT 'cheque' AS code, 'Chèque' AS label, '5112' AS account_code,
        'Chèques à encaisser' AS account_label, 11 AS place
    UNION ALL SELECT 'cash', 'Espèces', '530', 'Caisse', 12
    UNION ALL SELECT 'transfer', 'Virement', '5121', 'Banque', 13
    UNION ALL SELECT 'terminal', 'Carte bancaire (terminal)', '5115',
        'Cartes bancaires à encaisser', 14
    UNION ALL SELECT 'holiday', 'Chèques-vacances ANCV', '5118',
        'Chèques-vacances, coupons et aides à encaisser', 15
    UNION ALL SELECT 'sport', 'Coupons sport ANCV', '5118',
        'Chèques-vacances, coupons et aides à encaisser', 16
    UNION ALL SELECT 'aid', 'Aide (Pass''Sport, CAF…)', '5118',
        'Chèques-vacances, coupons et aides à encaisser', 17) usual
WHERE NOT EXISTS (SELECT 1 FROM provider_account p WHERE p.association_id = $1
    AND p.provider = 'manual' AND (p.external_id = usual.code OR p.label = usual.label))
ORDER BY usual.place;

-- name: means_list
-- $1 association. Those without provider: in use first, then as they were added.
SELECT p.id, p.label, p.transit_account, COALESCE(a.label, '') AS account_label,
    CASE WHEN a.archived_at IS NULL AND a.code IS NOT NULL THEN 1 ELSE 0 END AS account_usable,
    p.unlinked_at, p.version,
    EXISTS (SELECT 1 FROM provider_transaction t WHERE t.association_id = p.association_id
        AND t.provider_account_id = p.id) AS booked, p.other_account
FROM provider_account p
LEFT JOIN account a ON a.association_id = p.association_id AND a.code = p.transit_account
WHERE p.association_id = $1 AND p.provider = 'manual'
ORDER BY p.unlinked_at IS NOT NULL, p.position, p.created_at, p.id;

-- name: means_find
-- $1 association, $2 id.
SELECT p.id, p.label, p.transit_account, COALESCE(a.label, '') AS account_label,
    CASE WHEN a.archived_at IS NULL AND a.code IS NOT NULL THEN 1 ELSE 0 END AS account_usable,
    p.unlinked_at, p.version,
    EXISTS (SELECT 1 FROM provider_transaction t WHERE t.association_id = p.association_id
        AND t.provider_account_id = p.id) AS booked, p.other_account
FROM provider_account p
LEFT JOIN account a ON a.association_id = p.association_id AND a.code = p.transit_account
WHERE p.association_id = $1 AND p.id = $2 AND p.provider = 'manual';

-- name: means_account_usable
-- $1 association, $2 code of the chart.
SELECT 1 AS usable FROM account
WHERE association_id = $1 AND code = $2 AND code LIKE '5%' AND archived_at IS NULL;

-- name: means_change
-- $1 association, $2 id, $3 label, $4 account of the chart.
UPDATE provider_account SET label = $3, transit_account = $4, version = version + 1
WHERE association_id = $1 AND id = $2;

-- name: means_archive
-- $1 association, $2 id, $3 since when, or NULL.
UPDATE provider_account SET unlinked_at = $3, version = version + 1
WHERE association_id = $1 AND id = $2;

-- name: terms_list
-- $1 association. Accounts at providers, linked ones first.
SELECT p.id, p.provider, p.mode, COALESCE(p.external_id, '') AS external_id,
    COALESCE(p.email_folded, '') AS email, p.label, p.transit_account, p.unlinked_at,
    p.rate_points, p.version, p.since_day, p.opening_cents,
    EXISTS (SELECT 1 FROM provider_transaction t WHERE t.association_id = p.association_id
        AND t.provider_account_id = p.id) AS booked, p.other_account
FROM provider_account p
WHERE p.association_id = $1 AND p.provider <> 'manual'
ORDER BY p.unlinked_at IS NOT NULL, p.position, p.created_at, p.id;

-- name: terms_find
-- $1 association, $2 id.
SELECT p.id, p.provider, p.mode, COALESCE(p.external_id, '') AS external_id,
    COALESCE(p.email_folded, '') AS email, p.label, p.transit_account, p.unlinked_at,
    p.rate_points, p.version, p.since_day, p.opening_cents,
    EXISTS (SELECT 1 FROM provider_transaction t WHERE t.association_id = p.association_id
        AND t.provider_account_id = p.id) AS booked, p.other_account
FROM provider_account p
WHERE p.association_id = $1 AND p.id = $2 AND p.provider <> 'manual';

-- name: terms_change
-- $1 association, $2 id, $3 rate or NULL, $4 first day, $5 opening balance, $6 account of money not
-- begun in Guichet or NULL (as it is).
UPDATE provider_account SET rate_points = $3, since_day = $4, opening_cents = $5,
    other_account = COALESCE(CAST($6 AS TEXT), other_account),
    version = version + 1
WHERE association_id = $1 AND id = $2;
