'use strict';
// Two hundred payments drawn from a seed, by both providers, of members and families of two
// associations, whose notifications come twice, late, in another order, or never. In the end the
// books must be proven and hold exactly what the providers' ledger says: only payments at PayPal
// of which every message was lost may be missing. SEED=n repeats a run.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { test, after, before } = require('node:test');
const { House, waitFor } = require('../e2e/harness.js');
const { drawPlan } = require('./plan.js');
const { compareLedger, print } = require('./ledger.js');
const { Payer } = require('./payer.js');
const { becomeQuiet, passTime, PATIENCE_MS } = require('./quiet.js');

const COUNT = 200;
const IDLE = 20;
const seed = Number(process.env.SEED) || (Date.now() % 1e9);
console.log(`SEED=${seed}`);

// The books are held against the ledger by a test of this file, more strictly than at the end of
// every house: here money also goes astray on purpose.
class MoneyHouse extends House {
  checkBooks() {
    this.ok(['verify']);
  }
}

const house = new MoneyHouse('money', { stripe: { embedded: true } });
process.on('exit', () => house.kill());

// What the test itself knows of each payment: who paid it, how much, whether anybody was told.
const made = [];
const counts = new Map();
const note = (what) => counts.set(what, (counts.get(what) ?? 0) + 1);

// ---- who ----

const CHARGES = [[3800, 'Cotisation', '7561'], [2950, 'Assurance', '7088'], [1999, 'Tee-shirt', '707'],
  [6501, 'Sortie', '706'], [333, 'Café', '706']];

// Members with odd cents in their carts; two of them pay for children too.
function makeMembers(dice, association, numbers) {
  const charges = () => CHARGES.filter(() => dice.chance(75))
    .map(([cents, label, account]) => [((cents + dice.integer(0, 99)) / 100).toFixed(2), label,
      { account, date: `2026-${String(dice.integer(1, 9)).padStart(2, '0')}-15` }]);
  const members = [];
  for (const { last, children } of numbers) {
    const member = house.member({ first: 'Alix', last, association, charges: charges() });
    member.children = children.map((first) => house.member({ first, last, payer: member,
      association, charges: charges() }));
    members.push(member);
  }
  return members;
}

async function makeHouse(dice) {
  const second = house.addAssociation({ name: 'Chœur des Alpilles' });
  await house.addStripe(second, { embedded: true });
  await house.addPaypal(second);
  const families = (names) => names.map(([last, ...children]) => ({ last, children }));
  return [
    ...makeMembers(dice, house.association, families([['Roux'], ['Bonnet', 'Lou', 'Noé'], ['Faure'],
      ['Aubert'], ['Girard', 'Zoé'], ['Reynaud'], ['Blanc']])),
    ...makeMembers(dice, second, families([['Vidal'], ['Coste', 'Tom']])),
  ];
}

// ---- one step of the plan ----

const LOST = new Set(['never', 'bad_signature']);

function amountOf(step) {
  const chosen = {
    balance: (balance) => balance,
    part: (balance) => Math.floor(balance * step.share / 100),
    advance: (balance) => Math.max(balance, 0) + step.cents,
    odd: () => step.cents,
  }[step.amount];
  return (balance) => Math.max(100, chosen(balance));
}

const remember = (payer, step, paid) => {
  made.push({ provider: step.provider, reference: paid.reference, cents: paid.cents, payer,
    lost: step.provider === 'paypal' && step.fate === 'never',
    elsewhere: step.pays === 'other_receiver' });
  note(`${step.provider} ${step.fate}`);
};

// Nobody told Guichet, and PayPal cannot be asked; Stripe can.
async function beFound(payer, step, paid) {
  note(`found by ${step.finder}`);
  if (step.finder === 'return_page') await payer.comeBack(paid.redirect);
  // Two minutes pass for this attempt.
  if (step.finder === 'sweep')
    passTime(house, 120, `provider_reference = '${paid.session}'`);
  if (step.finder !== 'next_press') await payer.waitForForm();
}

async function settleStripe(step, paid) {
  await house.control('POST', `/stripe/sessions/${paid.session}/settle`,
    { outcome: step.pays === 'sepa_failed' ? 'fail' : 'succeed' });
}

async function stripeStep(payer, step, location) {
  const notify = { notify: step.fate, late_s: step.late_s };
  const sepa = step.pays.startsWith('sepa');
  if (step.pays === 'refused_first' || step.pays === 'declined')
    await payer.payStripe(location, { outcome: 'declined', ...notify });
  if (step.pays === 'declined') return;
  const paid = await payer.payStripe(location, { settle_s: -1, ...notify,
    outcome: step.pays === 'refused_first' ? 'pay' : step.pays });
  if (step.repeated) await repeat(paid.deliveries);
  if (sepa) await settleStripe(step, paid);
  if (step.pays !== 'sepa_failed') remember(payer, step, paid);
  if (LOST.has(step.fate)) await beFound(payer, step, paid);
  else await goOn(payer, step, paid);
}

async function paypalStep(payer, step, location) {
  const paid = await payer.payPaypal(location, { outcome: step.pays, ipn: step.fate,
    late_s: step.late_s, paid_cents: step.paid_cents });
  if (!paid.reference) return;
  if (step.pays === 'echeck' && step.fate !== 'pending_first') // that one ends by itself
    await house.control('POST', `/paypal/payments/${paid.reference}/status`, { status: 'Completed' });
  if (step.repeated && step.fate !== 'never') await repeat(paid.deliveries);
  remember(payer, step, paid);
  await goOn(payer, step, paid);
}

async function repeat(deliveries) {
  for (const number of deliveries) await house.control('POST', `/deliveries/${number}/duplicate`);
  note('repeated');
}

// Some come back, some wait for the confirmation, some press again at once.
async function goOn(payer, step, paid) {
  if (step.returns && paid.redirect) await payer.comeBack(paid.redirect);
  const quick = ['normal', 'twice', 'before', 'out_of_order'].includes(step.fate);
  if (quick && step.pays !== 'other_receiver') await payer.waitForForm();
}

async function take(payer, step) {
  const { location } = await payer.press(step.provider, amountOf(step),
    { style: step.style, times: step.twice_pressed ? 2 : 1, embedded: step.embedded });
  if (location.startsWith('/payer/')) note('in the personal space');
  if (step.twice_pressed) note('pressed twice');
  if (step.pays === 'nothing') return;
  await (step.provider === 'stripe' ? stripeStep : paypalStep)(payer, step, location);
}

// ---- the end ----

// A day passes for every attempt: the sweep asks Stripe about what it does not know yet.
async function letTimePass() {
  passTime(house, 86400);
  await waitFor('every attempt at Stripe that was paid is known', async () => {
    const { captures } = await house.control('GET', '/ledger?provider=stripe');
    const known = new Set(house.sql('SELECT reference FROM provider_transaction')
      .map((row) => row.reference));
    return captures.every((row) => !row.paid || known.has(row.reference));
  }, PATIENCE_MS);
}

// ---- the tests, in order: each goes on with what the one before has left ----

let payers = [];
let steps = [];
let dice;
let patient;

before(async () => {
  await house.start();
  ({ dice, steps } = drawPlan(seed, { count: COUNT, idle: IDLE, payers: 8 }));
  const members = await makeHouse(dice);
  payers = await Promise.all(members.map((member) => Payer.at(house, member)));
  patient = payers.pop(); // pays once, is never heard of, does nothing more
});
after(() => house.close());

test(`${COUNT} random payments, and ${IDLE} attempts without money`, async () => {
  const { location } = await patient.press('stripe', () => 1999);
  const first = { provider: 'stripe', pays: 'pay', fate: 'never' };
  remember(patient, first, await patient.payStripe(location, { notify: 'never' }));
  const charged = Array.from({ length: 30 }, () =>
    ({ at: dice.integer(1, steps.length), payer: dice.integer(0, payers.length - 1),
      cents: dice.integer(101, 4999) }));
  let started = 0;
  const work = async (payer, own) => {
    for (const step of own) {
      started += 1;
      for (const charge of charged.filter((one) => one.at === started))
        house.charge(payers[charge.payer].member, [(charge.cents / 100).toFixed(2), 'Sortie']);
      await take(payer, step);
    }
  };
  await Promise.all(payers.map((payer, i) => work(payer, steps.filter((step) => step.payer === i))));
  assert.equal(made.length, COUNT + 1);
  console.log([...counts].sort().map(([what, count]) => `${what} ${count}`).join(', '));
  for (const provider of ['stripe', 'paypal'])
    for (const fate of ['twice', 'late', 'never'])
      assert.ok(counts.get(`${provider} ${fate}`) > 0, `no ${provider} ${fate}`);
  assert.ok(counts.get('in the personal space') > 0, 'none in the personal space');
});

test('notifications of all times come once more, in another order', async () => {
  const { deliveries } = await house.control('GET', '/deliveries?state=delivered&limit=999999');
  const again = dice.shuffle(deliveries.map((row) => row.id)).slice(0, 60);
  await house.control('POST', '/deliveries/hold', { held: true });
  const ids = [];
  for (const id of again)
    ids.push((await house.control('POST', `/deliveries/${id}/duplicate`)).id);
  await house.control('POST', '/deliveries/hold', { held: false });
  const { released } = await house.control('POST', '/deliveries/release', { ids: dice.shuffle(ids) });
  assert.equal(released, 60);
  await house.control('POST', '/deliveries/release', { all: true }); // what was made meanwhile
});

test('the sweep finds by itself what Stripe never told', async () => {
  await waitFor('the sweep asks about the first payment in its own time', () =>
    house.intents(patient.member).at(-1).state === 'paid', PATIENCE_MS);
  await becomeQuiet(house);
  await letTimePass();
  await becomeQuiet(house);
});

test('every capture is booked once, to the cent, in the right cart', async () => {
  const result = await compareLedger(house.sandboxUrl, house.database);
  print(result);
  const references = (rows) => rows.map((row) => row.reference).sort();
  assert.deepEqual(result.faults, []);
  assert.equal(result.captures, COUNT + 1);
  assert.deepEqual(result.missing.sort(), references(made.filter((row) => row.lost && !row.elsewhere)));
  assert.deepEqual(result.elsewhere.sort(), references(made.filter((row) => row.elsewhere)));
  assert.deepEqual(result.booked.sort(),
    references(made.filter((row) => !row.lost && !row.elsewhere)));
});

test('each attempt was opened once at Stripe, however often it was pressed', async () => {
  const { sessions } = await house.control('GET', '/stripe/sessions?limit=999999');
  const tokens = sessions.map((session) => session.client_reference_id);
  assert.equal(new Set(tokens).size, tokens.length);
  assert.deepEqual([...tokens].sort(), house.sql(`SELECT token FROM payment_intent
    WHERE provider_reference LIKE 'cs\\_%' ESCAPE '\\' ORDER BY token`).map((row) => row.token));
});

test('guichet verify proves the books', () => {
  const report = JSON.parse(house.ok(['verify', '--json']));
  assert.deepEqual(report.breaches, []);
  assert.deepEqual(report.quarantine, []);
  assert.equal(report.waiting_events, 0);
  assert.equal(report.captures, made.filter((row) => !row.lost && !row.elsewhere).length);
});

test('each cart shows what was charged less what was paid', async () => {
  for (const payer of [...payers, patient]) {
    const { member } = payer;
    const booked = made.filter((row) => row.payer === payer && !row.lost && !row.elsewhere)
      .reduce((total, row) => total + row.cents, 0);
    // Who pays sees the whole family's balance; each of the others their own.
    const { balance } = await payer.cart();
    for (const child of member.children)
      assert.equal((await (await Payer.at(house, child)).cart()).balance, house.balance(child));
    const { charged } = house.one(`SELECT coalesce(sum(amount_cents), 0) AS charged FROM cart_line
      WHERE kind = 'charge' AND association_id = ${member.association}
        AND member_id IN (${[member, ...member.children].map((one) => one.id)})`);
    assert.equal(balance, charged - booked, `member ${member.number}`);
  }
});

// ---- the judge can say no ----

// Rows of the books that a bug could leave; what must be said of them. $T a movement, $O another.
const SPOILS = [
  ['a movement that was never booked', /booked 0 times/, `
    UPDATE cart_line SET transaction_id = (SELECT id FROM provider_transaction WHERE reference = '$O')
      WHERE transaction_id = (SELECT id FROM provider_transaction WHERE reference = '$T');
    DELETE FROM provider_transaction WHERE reference = '$T'`],
  ['a movement booked a second time', /booked 2 times/, `
    INSERT INTO provider_transaction (association_id, id, provider_account_id, kind, reference, amount_cents,
      currency, fact_at, intent_id, member_id, parent_id, entry_id, flag, payer, created_at)
    SELECT association_id, id + 1, (SELECT max(a.id)
      FROM provider_account a WHERE a.association_id = t.association_id
        AND a.id <> t.provider_account_id AND a.provider <> 'manual'), kind,
      reference, amount_cents, currency, fact_at, intent_id, member_id, parent_id, entry_id, flag,
      payer, created_at FROM provider_transaction t WHERE reference = '$T'`],
  ['a movement that never was', /not captured there/, `
    UPDATE provider_transaction SET reference = 'pi_invented' WHERE reference = '$T'`],
  ['a movement one cent too small', /booked as/, `
    UPDATE provider_transaction SET amount_cents = amount_cents - 1 WHERE reference = '$T'`],
  ['an entry one cent too large', /its entry debits/, `
    UPDATE entry_line SET debit_cents = debit_cents + 1 WHERE debit_cents > 0
      AND entry_id = (SELECT entry_id FROM provider_transaction WHERE reference = '$T')`],
  ['an entry that is gone', /without entry/, `
    DELETE FROM entry WHERE piece = '$T'`],
  ['two entries of one capture', /2 entries name it/, `
    UPDATE entry SET piece = '$T' WHERE piece = '$O'`],
  ['a payment line one cent too small', /payment lines of/, `
    UPDATE cart_line SET amount_cents = amount_cents + 1
      WHERE id = (SELECT max(l.id) FROM cart_line l JOIN provider_transaction t
        ON t.id = l.transaction_id WHERE t.reference = '$T')`],
  ['a payment line written twice', /payment lines of/, `
    INSERT INTO cart_line SELECT association_id, id + 1, member_id, kind, amount_cents, label,
      line_date, fiscal_year_id, product_id, account_code, transaction_id, entry_id,
      corrects_line_id, created_by, created_at FROM cart_line
      WHERE id = (SELECT max(l.id) FROM cart_line l JOIN provider_transaction t
        ON t.id = l.transaction_id WHERE t.reference = '$T')`],
  ['a payment line that is gone', /payment lines of/, `
    DELETE FROM cart_line
      WHERE id = (SELECT max(l.id) FROM cart_line l JOIN provider_transaction t
        ON t.id = l.transaction_id WHERE t.reference = '$T')`],
  ['a payment line in the cart of a stranger', /in the cart of member/, `
    UPDATE cart_line SET member_id = (SELECT m.id FROM member m
        WHERE m.association_id = cart_line.association_id AND m.id <> cart_line.member_id
          AND m.payer_id IS NULL AND m.id <> coalesce((SELECT n.payer_id FROM member n
            WHERE n.association_id = cart_line.association_id AND n.id = cart_line.member_id), 0)
        LIMIT 1)
      WHERE id = (SELECT max(l.id) FROM cart_line l JOIN provider_transaction t
        ON t.id = l.transaction_id WHERE t.reference = '$T')`],
];

function spoil(copy, text) {
  const sql = (words) => {
    const result = spawnSync('sqlite3', ['-batch', '-bail', copy, words], { encoding: 'utf8' });
    assert.equal(result.status, 0, result.stderr);
    return result.stdout.trim().split('\n').filter(Boolean);
  };
  const triggers = sql(`SELECT name FROM sqlite_master WHERE type = 'trigger'`);
  sql(triggers.map((name) => `DROP TRIGGER "${name}"`).join(';'));
  assert.equal(sql(`PRAGMA foreign_keys = OFF; ${text}; SELECT 'changed' WHERE changes() > 0`)[0],
    'changed', text);
}

for (const [what, said, text] of SPOILS) {
  test(`the ledger sees ${what}`, () => {
    const [target, other] = dice.shuffle(made
      .filter((row) => row.provider === 'stripe' && row.payer.member.association === house.association))
      .map((row) => row.reference);
    const copy = path.join(house.folder, 'spoilt.db');
    fs.rmSync(copy, { force: true });
    house.force(`VACUUM INTO '${copy}'`);
    spoil(copy, text.replaceAll('$T', target).replaceAll('$O', other));
    const result = spawnSync(process.execPath, [path.join(__dirname, 'ledger.js'), house.sandboxUrl,
      copy], { encoding: 'utf8' });
    assert.equal(result.status, 1, result.stdout + result.stderr);
    assert.match(result.stdout, said);
  });
}
