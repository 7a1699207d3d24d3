'use strict';
// Holds the books of Guichet against the ledger of the practice providers: every capture there
// is booked once here, to the cent, and nothing is booked that is not there.
//   node tests/e2e/ledger.js SANDBOX.db GUICHET.db
// Reads both databases, asks neither program.

const { execFileSync } = require('node:child_process');

// Whole numbers that a double cannot hold are given as texts.
function parseRows(text) {
  const safe = text.replace(/"(?:[^"\\]|\\.)*"|-?\d{16,}/g,
    (found) => (found.startsWith('"') ? found : `"${found}"`));
  return safe.trim() ? JSON.parse(safe) : [];
}

function readRows(database, sql) {
  return parseRows(execFileSync('sqlite3', ['-batch', '-readonly', '-json', '-cmd',
    '.timeout 10000', database, sql], { encoding: 'utf8', maxBuffer: 256 << 20 }));
}

// Every payment whose money is there, and how many messages that say so were or may be heard.
const LEDGER = `
SELECT 'stripe' AS provider, c.account_id AS account, c.payment_id AS reference, c.amount_cents,
       upper(c.currency) AS currency, NULL AS told
FROM stripe_charge c WHERE c.status = 'succeeded'
UNION ALL
SELECT 'paypal', p.receiver_id, p.txn_id, p.gross_cents, p.currency,
       (SELECT count(*) FROM delivery d WHERE d.provider = 'paypal' AND d.object_id = p.txn_id
          AND d.kind = 'Completed' AND d.state IN ('delivered', 'waiting', 'held'))
FROM paypal_payment p WHERE p.status = 'Completed'
ORDER BY 1, 3`;

const ACCOUNTS = `SELECT provider, external_id AS account FROM provider_account
WHERE provider IN ('stripe', 'paypal')`;

const CAPTURES = `
SELECT a.provider, a.external_id AS account, t.reference, t.amount_cents, t.currency, t.elsewhere,
       t.entry_id IS NOT NULL AS booked, e.total_cents,
       (SELECT sum(l.debit_cents) FROM entry_line l WHERE l.association_id = t.association_id
          AND l.entry_id = t.entry_id AND l.account_code = a.transit_account) AS transit_cents,
       (SELECT count(*) FROM entry o WHERE o.association_id = t.association_id
          AND o.piece = t.reference AND o.journal = e.journal) AS entries,
       (SELECT sum(c.amount_cents) FROM cart_line c WHERE c.association_id = t.association_id
          AND c.transaction_id = t.id AND c.kind = 'payment') AS cart_cents,
       (SELECT count(*) FROM quarantine q WHERE q.association_id = t.association_id
          AND q.transaction_id = t.id AND q.reason <> 'account_missing'
          AND coalesce(q.settled_how, '') <> 'attached') AS quarantined
FROM provider_transaction t
JOIN provider_account a ON a.association_id = t.association_id AND a.id = t.provider_account_id
LEFT JOIN entry e ON e.association_id = t.association_id AND e.id = t.entry_id
WHERE t.kind = 'capture' AND a.provider IN ('stripe', 'paypal')
ORDER BY a.provider, t.reference`;

const accountOf = (row) => `${row.provider} ${row.account}`;
const keyOf = (row) => `${accountOf(row)} ${row.reference}`;

// What is wrong with one capture and its rows in the books.
function judge(capture, rows) {
  const [row] = rows;
  if (rows.length !== 1)
    return `booked ${rows.length} times`;
  if (row.amount_cents !== capture.amount_cents || row.currency !== capture.currency)
    return `${capture.amount_cents} ${capture.currency} there, ${row.amount_cents} ${row.currency} here`;
  if (!row.booked)
    return row.quarantined ? null : 'without entry and not to be settled by hand';
  if (row.entries !== 1)
    return `${row.entries} entries`;
  if (row.total_cents !== capture.amount_cents || row.transit_cents !== capture.amount_cents)
    return `an entry of ${row.total_cents}, transit ${row.transit_cents}`;
  if (row.quarantined || row.elsewhere ? row.cart_cents !== null : row.cart_cents !== -capture.amount_cents)
    return `cart lines of ${row.cart_cents}`;
  return null;
}

// { captures, booked, missing, faults }: captures are those of the accounts that are linked here;
// missing are PayPal's payments that nobody was told of; faults are sentences, none when all is
// well.
function compareLedger(sandboxDatabase, guichetDatabase) {
  const linked = new Set(readRows(guichetDatabase, ACCOUNTS).map(accountOf));
  const ledger = readRows(sandboxDatabase, LEDGER).filter((row) => linked.has(accountOf(row)));
  const books = new Map();
  for (const row of readRows(guichetDatabase, CAPTURES))
    books.set(keyOf(row), [...(books.get(keyOf(row)) ?? []), row]);
  const result = { captures: ledger.length, booked: 0, missing: [], faults: [] };
  for (const capture of ledger) {
    const rows = books.get(keyOf(capture)) ?? [];
    books.delete(keyOf(capture));
    if (rows.length === 0 && capture.provider === 'paypal' && capture.told === 0) {
      result.missing.push(capture.reference);
      continue;
    }
    const fault = judge(capture, rows);
    if (fault)
      result.faults.push(`${keyOf(capture)}: ${fault}`);
    else
      result.booked++;
  }
  for (const key of books.keys())
    result.faults.push(`${key}: booked here, not captured there`);
  return result;
}

module.exports = { compareLedger, readRows };

if (require.main === module) {
  const [sandbox, guichet] = process.argv.slice(2);
  if (!guichet) {
    console.error('usage: node ledger.js SANDBOX.db GUICHET.db');
    process.exit(2);
  }
  const { captures, booked, missing, faults } = compareLedger(sandbox, guichet);
  console.log(`${captures} captures there, ${booked} booked here, ${missing.length} never told.`);
  for (const reference of missing)
    console.log(`never told: paypal ${reference}`);
  for (const fault of faults)
    console.log(`fault: ${fault}`);
  process.exit(faults.length ? 1 : 0);
}
