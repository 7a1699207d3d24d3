'use strict';
// The judge of the books is judged: it says nothing of a sound house, and names what was spoilt.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { execFileSync, spawnSync } = require('node:child_process');
const { houseOf } = require('./harness.js');
const { compareLedger } = require('./ledger.js');

const house = houseOf('ledger');

// A copy of the books, every trigger dropped, one thing changed.
function spoil(sql) {
  const copy = path.join(house.folder, 'spoilt.db');
  fs.rmSync(copy, { force: true });
  execFileSync('sqlite3', [house.database, `VACUUM INTO '${copy}'`]);
  const triggers = execFileSync('sqlite3', [copy,
    "SELECT 'DROP TRIGGER ' || name || ';' FROM sqlite_schema WHERE type = 'trigger'"],
  { encoding: 'utf8' });
  execFileSync('sqlite3', [copy, `${triggers} ${sql}`]);
  return copy;
}

async function pay(member, provider, how) {
  const client = await house.asMember(member);
  const form = await client.form('/panier', '/panier/payer');
  const button = form.buttons.find((one) => one['data-provider'] === provider);
  const { location } = await client.post('/panier/payer', { ...form.fields, moyen: button.value });
  if (provider === 'stripe')
    return house.control('POST', `/stripe/sessions/${path.basename(location)}/pay`, how);
  const { token } = await house.control('POST', '/paypal/visits', { url: location });
  return house.control('POST', `/paypal/visits/${token}/pay`, how);
}

test('each capture is found once, and what was never told is listed', async () => {
  const [card, account, untold] = ['40', '12,50', '7'].map((amount) =>
    house.member({ charges: [[amount, 'Cotisation']] }));
  await pay(card, 'stripe', { notify: 'twice' });
  await pay(account, 'paypal', { ipn: 'twice' });
  const { payment } = await pay(untold, 'paypal', { ipn: 'never' });
  await house.state(card, 'paid');
  await house.state(account, 'paid');
  assert.deepEqual(compareLedger(house.sandboxDatabase, house.database),
    { captures: 3, booked: 2, missing: [payment.txn_id], faults: [] });
  const script = spawnSync(process.execPath, [path.join(__dirname, 'ledger.js'),
    house.sandboxDatabase, house.database], { encoding: 'utf8' });
  assert.equal(script.status, 0, script.stderr);
  assert.equal(script.stdout, '3 captures there, 2 booked here, 1 never told.\n'
    + `never told: paypal ${payment.txn_id}\n`);
});

const spoilt = [
  ['a lost payment', /booked 0 times/, `PRAGMA foreign_keys = OFF;
    DELETE FROM provider_transaction WHERE reference LIKE 'pi_%'`],
  ['a payment that never was', /not captured there/, `UPDATE provider_transaction
    SET reference = 'pi_other' WHERE reference LIKE 'pi_%'`],
  ['another amount', /4000 EUR there, 3999 EUR here/, `UPDATE provider_transaction
    SET amount_cents = 3999 WHERE reference LIKE 'pi_%'`],
  ['another currency', /CHF here/, `UPDATE provider_transaction
    SET currency = 'CHF' WHERE reference LIKE 'pi_%'`],
  ['no entry', /without entry/, `UPDATE provider_transaction
    SET entry_id = NULL WHERE reference LIKE 'pi_%'`],
  ['a second entry', /2 entries/, `INSERT INTO entry SELECT association_id, id + 1, fiscal_year_id,
    number + 100, chain_number + 100, journal, fact_date, entry_date, posted_at, piece, label,
    total_cents, previous_hash, hash FROM entry WHERE piece LIKE 'pi_%'`],
  ['an entry of another sum', /an entry of 4000, transit 3999/, `UPDATE entry_line
    SET debit_cents = 3999 WHERE debit_cents = 4000`],
  ['a cart without the payment', /cart lines of null/, `PRAGMA foreign_keys = OFF;
    DELETE FROM cart_line WHERE kind = 'payment' AND amount_cents = -4000`],
];

for (const [name, sentence, sql] of spoilt)
  test(`${name} is found`, () => {
    const { faults } = compareLedger(house.sandboxDatabase, spoil(sql));
    assert.ok(faults.length > 0);
    assert.match(faults.join('\n'), sentence);
  });
