'use strict';
// Holds the books against the ledger of the practice providers, which alone is the truth here:
// every capture stands there with its amount, its receiver, the member number that the provider
// was told when the payment was opened, and what became of its notifications.
//
//   node tests/money/ledger.js SANDBOX_URL DATABASE
//
// A capture must be booked once, to the cent: one movement, one balanced entry over the transit
// account, payment lines in the cart of the member who was named (and of those this member pays
// for), their sum the amount. Nothing else may be booked. Missing may be only PayPal payments of
// which no message that says "Completed" was ever delivered; they are listed by number. Ends with
// 0 when that is so, 1 when it is not, 2 when it could not be asked.

const { execFileSync } = require('node:child_process');

// ---- what the providers say ----

async function ask(sandboxUrl, place) {
  const answer = await fetch(`${sandboxUrl}/control${place}`);
  if (!answer.ok) throw new Error(`${place}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

// "Les Randonneurs – adhérent n° 12" is what the payer reads at the provider.
function memberNamed(text) {
  const found = /n° (\d+)$/.exec(text ?? '');
  return found ? Number(found[1]) : null;
}

const productName = (session) =>
  session.parameters.line_items?.[0]?.price_data?.product_data?.name
  ?? session.parameters['line_items[0][price_data][product_data][name]'];

// Every capture whose money is there.
async function readTruth(sandboxUrl) {
  const all = 'limit=999999';
  const [{ captures }, { sessions }, { payments }, { deliveries }] = await Promise.all([
    ask(sandboxUrl, '/ledger'), ask(sandboxUrl, `/stripe/sessions?${all}`),
    ask(sandboxUrl, `/paypal/payments?${all}`), ask(sandboxUrl, `/deliveries?provider=paypal&${all}`)]);
  const members = new Map();
  for (const session of sessions) members.set(session.id, memberNamed(productName(session)));
  for (const payment of payments) members.set(payment.token, memberNamed(payment.fields.item_name));
  const astray = new Set(payments
    .filter((row) => row.receiver !== row.business).map((row) => row.txn_id));
  const told = new Set(deliveries
    .filter((row) => row.kind === 'Completed' && row.state === 'delivered')
    .map((row) => row.object));
  const underWay = new Set(deliveries
    .filter((row) => ['waiting', 'held'].includes(row.state)).map((row) => row.object));
  return captures.filter((row) => row.paid).map((row) => ({
    provider: row.provider,
    account: row.account,
    reference: row.reference,
    cents: row.amount_cents,
    fee: row.fee_cents,
    currency: row.currency,
    token: row.custom ?? row.metadata.intent ?? null,
    member: members.get(row.session) ?? null,
    astray: astray.has(row.reference),
    told: row.provider === 'stripe' || told.has(row.reference),
    under_way: underWay.has(row.reference),
  }));
}

// ---- what the books say ----

const BOOKS = {
  accounts: `SELECT provider, external_id AS account, transit_account, association_id, id
    FROM provider_account WHERE provider <> 'manual'`,
  movements: `SELECT t.association_id, t.id, a.provider, a.external_id AS account, t.reference,
      t.amount_cents AS cents, t.currency, t.entry_id, i.token, i.state, m.number AS member
    FROM provider_transaction t
    JOIN provider_account a ON a.association_id = t.association_id AND a.id = t.provider_account_id
    LEFT JOIN payment_intent i ON i.association_id = t.association_id AND i.id = t.intent_id
    LEFT JOIN member m ON m.association_id = t.association_id AND m.id = t.member_id
    WHERE t.kind = 'capture' AND a.provider <> 'manual'`,
  entries: `SELECT e.association_id, e.id, e.piece, e.total_cents AS cents, l.account_code,
      l.debit_cents AS debit, l.credit_cents AS credit
    FROM entry e
    JOIN entry_line l ON l.association_id = e.association_id AND l.entry_id = e.id
    WHERE e.journal IN ('ST', 'PP') AND NOT EXISTS (SELECT 1 FROM provider_transaction f
      WHERE f.association_id = e.association_id AND f.entry_id = e.id AND f.kind = 'fee')`,
  fees: `SELECT c.association_id, c.reference, f.amount_cents AS cents, e.total_cents AS booked
    FROM provider_transaction f
    JOIN provider_transaction c ON c.association_id = f.association_id AND c.id = f.parent_id
    LEFT JOIN entry e ON e.association_id = f.association_id AND e.id = f.entry_id
    WHERE f.kind = 'fee' AND c.kind = 'capture'`,
  lines: `SELECT c.association_id, c.id, c.transaction_id, c.entry_id, c.amount_cents AS cents,
      m.number AS owner, p.number AS payer
    FROM cart_line c
    JOIN member m ON m.association_id = c.association_id AND m.id = c.member_id
    LEFT JOIN member p ON p.association_id = c.association_id AND p.id = m.payer_id
    JOIN provider_transaction t ON t.association_id = c.association_id AND t.id = c.transaction_id
    JOIN provider_account a ON a.association_id = t.association_id AND a.id = t.provider_account_id
    WHERE c.kind = 'payment' AND a.provider <> 'manual'`,
};

// Whole numbers that a double cannot hold (ids) are given as texts.
function readRows(database, sql) {
  const text = execFileSync('sqlite3', ['-batch', '-readonly', '-json', '-cmd', '.timeout 20000',
    database, sql], { encoding: 'utf8', maxBuffer: 1 << 28 });
  const safe = text.replace(/"(?:[^"\\]|\\.)*"|-?\d{16,}/g,
    (found) => (found.startsWith('"') ? found : `"${found}"`));
  return safe.trim() ? JSON.parse(safe) : [];
}

function groupBy(rows, keyOf) {
  const groups = new Map();
  for (const row of rows) {
    const key = keyOf(row);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(row);
  }
  return groups;
}

function readBooks(database) {
  const rows = Object.fromEntries(Object.entries(BOOKS)
    .map(([name, sql]) => [name, readRows(database, sql)]));
  return {
    accounts: rows.accounts,
    movements: groupBy(rows.movements, (row) => row.reference),
    entries: groupBy(rows.entries, (row) => `${row.association_id} ${row.id}`),
    pieces: groupBy(rows.entries, (row) => row.piece),
    fees: groupBy(rows.fees, (row) => row.reference),
    lines: groupBy(rows.lines, (row) => `${row.association_id} ${row.transaction_id}`),
  };
}

const sum = (rows, name) => rows.reduce((total, row) => total + row[name], 0);

// ---- one capture ----

function judgeEntry(capture, movement, account, books) {
  const lines = books.entries.get(`${movement.association_id} ${movement.entry_id}`) ?? [];
  const entries = new Set((books.pieces.get(capture.reference) ?? [])
    .map((line) => `${line.association_id} ${line.id}`));
  const transit = lines.filter((line) => line.account_code === account.transit_account);
  if (lines.length === 0) return 'without entry';
  if (entries.size !== 1) return `${entries.size} entries name it`;
  if (sum(lines, 'debit') !== capture.cents || sum(lines, 'credit') !== capture.cents
    || lines[0].cents !== capture.cents)
    return `its entry debits ${sum(lines, 'debit')}, credits ${sum(lines, 'credit')}`;
  if (sum(transit, 'debit') !== capture.cents)
    return `${sum(transit, 'debit')} on ${account.transit_account}`;
  return null;
}

function judgeCart(capture, movement, books) {
  const lines = books.lines.get(`${movement.association_id} ${movement.id}`) ?? [];
  const strange = lines.find((line) => line.owner !== capture.member && line.payer !== capture.member);
  const owners = new Set(lines.map((line) => line.owner));
  if (sum(lines, 'cents') !== -capture.cents)
    return `payment lines of ${sum(lines, 'cents')} in the carts`;
  if (owners.size !== lines.length) return 'two payment lines in one cart';
  if (strange) return `a payment line in the cart of member ${strange.owner}`;
  if (lines.some((line) => line.entry_id !== movement.entry_id))
    return 'a payment line of another entry';
  return null;
}

// PayPal tells its fee with the payment; Stripe's comes later.
function judgeFee(capture, books) {
  const fees = books.fees.get(capture.reference) ?? [];
  if (fees.length === 0 && capture.provider === 'stripe') return null;
  if (fees.length !== 1) return `${fees.length} fees`;
  if (fees[0].cents !== -capture.fee || fees[0].booked !== capture.fee)
    return `a fee of ${fees[0].cents}, booked as ${fees[0].booked}, instead of ${capture.fee}`;
  return null;
}

function judge(capture, movements, account, books) {
  const [movement] = movements;
  if (movements.length !== 1) return `booked ${movements.length} times`;
  if (movement.provider !== capture.provider || movement.account !== capture.account)
    return `booked on ${movement.provider} ${movement.account}`;
  if (movement.cents !== capture.cents || movement.currency !== capture.currency)
    return `booked as ${movement.cents} ${movement.currency}`;
  if (capture.member === null || movement.member !== capture.member)
    return `booked to member ${movement.member} instead of ${capture.member}`;
  if (movement.token !== capture.token || movement.state !== 'paid')
    return `its attempt is ${movement.state ?? 'another'}`;
  return judgeEntry(capture, movement, account, books) ?? judgeCart(capture, movement, books)
    ?? judgeFee(capture, books);
}

// ---- all of them ----

const nameOf = (row) => `${row.provider} ${row.reference}`;

// { captures, booked, missing, elsewhere, faults }: booked, missing (never told) and elsewhere
// (not the receiver that was asked for, or not one that is linked here, or without a mark of ours)
// are references, faults are sentences.
function compare(truth, database) {
  const books = readBooks(database);
  const result = { captures: truth.length, booked: [], missing: [], elsewhere: [], faults: [] };
  const known = new Set();
  for (const capture of truth) {
    const movements = books.movements.get(capture.reference) ?? [];
    const account = books.accounts.find((row) => row.provider === capture.provider
      && row.account === capture.account);
    const blame = (why) => result.faults.push(`${nameOf(capture)}, ${capture.cents} `
      + `${capture.currency} of member ${capture.member}: ${why}`);
    if (known.has(capture.reference)) blame('twice in the ledger');
    known.add(capture.reference);
    const foreign = !account || !capture.token || capture.astray;
    if (capture.under_way) blame('its notifications are still under way');
    else if (foreign && movements.length) blame('booked, though it is not for us');
    else if (foreign) result.elsewhere.push(capture.reference);
    else if (!capture.told && movements.length) blame('booked, though nobody told of it');
    else if (!capture.told) result.missing.push(capture.reference);
    else {
      const why = judge(capture, movements, account, books);
      if (why) blame(why);
      else result.booked.push(capture.reference);
    }
  }
  for (const [reference, movements] of books.movements)
    if (!known.has(reference))
      result.faults.push(`${nameOf(movements[0])}: booked, not captured there`);
  for (const piece of books.pieces.keys())
    if (!known.has(piece))
      result.faults.push(`an entry names ${piece}, not captured there`);
  return result;
}

async function compareLedger(sandboxUrl, database) {
  return compare(await readTruth(sandboxUrl), database);
}

function print(result) {
  console.log(`${result.captures} captures at the providers: ${result.booked.length} booked once, `
    + `to the cent; ${result.missing.length} never told, ${result.elsewhere.length} not for `
    + `us, ${result.faults.length} faults.`);
  for (const reference of result.missing) console.log(`never told: paypal ${reference}`);
  for (const reference of result.elsewhere) console.log(`not for us: ${reference}`);
  for (const fault of result.faults) console.log(`fault: ${fault}`);
}

module.exports = { readTruth, compare, compareLedger, readRows, print };

if (require.main === module) {
  const [sandboxUrl, database] = process.argv.slice(2);
  if (!database) {
    console.error('usage: node tests/money/ledger.js SANDBOX_URL DATABASE');
    process.exit(2);
  }
  compareLedger(sandboxUrl, database).then((result) => {
    print(result);
    process.exitCode = result.faults.length ? 1 : 0;
  }, (error) => {
    console.error(`ledger: ${error.message}`);
    process.exitCode = 2;
  });
}
