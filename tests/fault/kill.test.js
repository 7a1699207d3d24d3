'use strict';
// kill -9 between any two steps of a payment. Each death is aimed at a write, sync, statement, send
// or answer of the process; where it really fell is read from its journal. Then Guichet
// starts again, the provider repeats what was not acknowledged, the member goes on, and the books
// must hold what the provider's ledger says. SEED=n repeats the deaths by chance.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { after, before, test } = require('node:test');
const { programs, waitFor } = require('../e2e/harness.js');
const { compareLedger } = require('../money/ledger.js');
const { Payer } = require('../money/payer.js');
const { makeDice } = require('../money/plan.js');
const { allGaps, countCalls, gapsAtDeath, stepsOf } = require('./killer.js');
const { FaultHouse } = require('./house.js');

const KILLS_MIN = 20;
// A count that is not reached this time is no fault: the payment needed fewer calls.
const CHANCE_PATIENCE_MS = 10000;
const seed = Number(process.env.SEED) || (Date.now() % 1e9);
console.log(`SEED=${seed}`);

const dice = makeDice(seed);
const house = new FaultHouse('kill');
process.on('exit', () => house.kill());
const covered = new Map(); // gap: how many deaths fell into it
const calls = new Map(); // where: calls of a payment there without a death
let kills = 0;

// ---- aims ----

const at = (...stages) => ({ stages });
const behind = (...stages) => ({ stages, after: true });

// The call that makes a step, by its words: however many others there are, it is that one.
const INTENT = ['statement', 'INSERT INTO payment_intent '];
const OPENED = ['statement', "UPDATE payment_intent SET state = 'open'"];
const EVENT = ['statement', 'INSERT INTO provider_event '];
const POSTING = ['statement', 'INSERT INTO provider_transaction '];
const CLAIM_INTENT = ['statement', 'UPDATE payment_intent SET lease_until '];
const CLAIM_EVENT = ['statement', 'UPDATE provider_event SET lease_until '];
const OPENING = ['send', 'POST /v1/checkout/sessions '];
const LOOK = ['send', 'GET /v1/checkout/sessions/'];
const POSTBACK = ['send', 'POST /cgi-bin/webscr '];
const REDIRECT = ['answer', 'Status: 303'];
const TAKEN = ['answer', 'Status: 200'];
const write = (count) => ['write', count];
const SYNC = ['sync', 1];

// where: what is under way when the first death comes; then: the death after the restart, for
// which the first one must have left something. Each gap has its aim; the others fall into the
// middle of a commit: 'write' and 'sync' are those of the log.
const SCENARIOS = [
  { provider: 'stripe', where: 'press', aim: at(INTENT) },
  { provider: 'stripe', where: 'press', aim: behind(INTENT, write(2)) },
  { provider: 'stripe', where: 'press', aim: at(OPENING), then: at(CLAIM_INTENT) },
  { provider: 'stripe', where: 'press', aim: behind(OPENING), then: at(OPENING) },
  { provider: 'stripe', where: 'press', aim: at(OPENED), then: behind(OPENING) },
  { provider: 'stripe', where: 'press', aim: at(OPENED, write(2)), then: at(OPENED) },
  { provider: 'stripe', where: 'press', aim: at(REDIRECT) },
  { provider: 'paypal', where: 'press', aim: at(INTENT, write(7)) },
  { provider: 'paypal', where: 'press', aim: at(OPENED) },
  { provider: 'paypal', where: 'press', aim: at(REDIRECT) },
  { provider: 'stripe', where: 'notice', aim: at(EVENT, write(3)) },
  { provider: 'stripe', where: 'notice', aim: at(TAKEN) },
  { provider: 'stripe', where: 'notice', aim: behind(EVENT, SYNC), then: at(CLAIM_EVENT) },
  { provider: 'stripe', where: 'notice', aim: at(POSTING), then: at(POSTING) },
  { provider: 'stripe', where: 'notice', aim: behind(POSTING), then: behind(POSTING) },
  { provider: 'stripe', where: 'notice', aim: at(POSTING, write(5)), then: at(POSTING, SYNC) },
  { provider: 'stripe', where: 'notice', aim: behind(POSTING, SYNC) },
  { provider: 'paypal', where: 'notice', aim: at(EVENT) },
  { provider: 'paypal', where: 'notice', aim: at(TAKEN) },
  { provider: 'paypal', where: 'notice', aim: behind(EVENT, SYNC), then: at(CLAIM_EVENT) },
  { provider: 'paypal', where: 'notice', aim: at(POSTBACK), then: at(POSTBACK) },
  { provider: 'paypal', where: 'notice', aim: behind(POSTBACK), then: behind(POSTBACK) },
  { provider: 'paypal', where: 'notice', aim: at(POSTING) },
  { provider: 'paypal', where: 'notice', aim: at(POSTING, write(9)) },
  { provider: 'stripe', where: 'return', aim: at(LOOK) },
  { provider: 'stripe', where: 'return', aim: behind(LOOK) },
  { provider: 'stripe', where: 'return', aim: at(POSTING) },
  { provider: 'stripe', where: 'return', aim: at(POSTING, write(9)) },
];

const nameOf = ({ provider }) => ({ stripe: 'Stripe', paypal: 'PayPal' })[provider];

function chainsOf(scenario) {
  const name = nameOf(scenario);
  return { press: [`press, ${name}`], notice: [`door, ${name}`, `job, ${name}`],
    return: ['sweep, Stripe'] }[scenario.where];
}

const chainsAfter = (scenario) =>
  [scenario.where === 'press' ? 'reopening, Stripe' : `restart, ${nameOf(scenario)}`];

function describe({ provider, where, aim, then }) {
  const words = ({ stages, after: late }) =>
    `${late ? 'after' : 'before'} ${stages.map((stage) => stage.join(' ').trim()).join(', then ')}`;
  return `${provider}, ${where}: killed ${words(aim)}${then ? `; again ${words(then)}` : ''}`;
}

// ---- one payment, with deaths ----

// Waits for the death; where it fell. Null when the aim was not reached.
async function die(chains, { begun = [], patienceMs } = {}) {
  if (!await house.death(patienceMs)) return null;
  const gaps = gapsAtDeath(house.board.journal(), chains, begun);
  kills += 1;
  for (const gap of gaps) covered.set(gap, (covered.get(gap) ?? 0) + 1);
  return gaps;
}

const cents = () => dice.integer(101, 4999);
const ignore = () => {}; // the connection of a process that dies

// Presses the same form again, as whoever saw an error page does, until it leads to the provider.
function pressAgain(payer, fields) {
  return waitFor('the press leads to the provider', async () => {
    const answer = await payer.client.post('/panier/payer', fields);
    if (answer.location?.startsWith(house.sandboxUrl)) return answer.location;
    const { resume } = answer.status === 303 ? await payer.cart() : {};
    if (!resume) throw new Error(`${answer.status} ${answer.location ?? answer.text.slice(0, 200)}`);
    return resume;
  });
}

const pay = (payer, provider, location, mode) => (provider === 'stripe'
  ? payer.payStripe(location, { notify: mode }) : payer.payPaypal(location, { ipn: mode }));

// How each part of a payment is set going; what is left to do afterwards is a function.
const BEGIN = {
  async press(payer, provider, aim) {
    const cart = await payer.freeForm();
    const fields = payer.fieldsOf(cart, payer.buttonOf(cart, provider), String(cents() / 100));
    house.board.arm(aim);
    payer.client.post('/panier/payer', fields).catch(ignore);
    return async () =>
      pay(payer, provider, await pressAgain(payer, fields), 'normal');
  },
  async notice(payer, provider, aim) {
    const { location } = await payer.press(provider, cents);
    house.board.arm(aim);
    const paid = await pay(payer, provider, location, 'normal');
    return Object.assign(async () => paid, { deliveries: paid.deliveries });
  },
  async return(payer, provider, aim) {
    const { location } = await payer.press(provider, cents);
    const paid = await pay(payer, provider, location, 'never');
    house.board.arm(aim);
    payer.comeBack(paid.redirect).catch(ignore);
    return async () => paid;
  },
};

// Restarts; with an aim it dies again when the lease of what was left has run out. Until then the
// provider is silent, that the second death may come in what was left and not in a repetition.
async function restart(scenario, deliveries) {
  if (!scenario.then) {
    await house.comeBack();
    house.passLease();
    return true;
  }
  for (const id of deliveries) await house.control('POST', `/deliveries/${id}/drop`);
  await house.comeBackTo(scenario.then);
  const gaps = await die(chainsAfter(scenario), { begun: ['restarted'] });
  if (gaps) await house.comeBack();
  for (const id of deliveries) await house.control('POST', `/deliveries/${id}/send`);
  house.passLease();
  return gaps !== null;
}

const bookedTimes = (reference) =>
  house.sql(`SELECT id FROM provider_transaction WHERE reference = '${reference}'`).length;

// False when a death did not come where it was aimed; the books must hold all the same.
async function live(scenario) {
  const { payer } = house;
  const finish = await BEGIN[scenario.where](payer, scenario.provider, scenario.aim);
  const fell = await die(chainsOf(scenario), { patienceMs: scenario.patienceMs });
  let again = true;
  if (fell) again = await restart(scenario, finish.deliveries ?? []);
  const paid = await finish();
  await waitFor(`${paid.reference} is booked`, () => bookedTimes(paid.reference) === 1);
  await payer.waitForForm();
  await house.prove();
  return fell !== null && again;
}

// ---- the tests, in order ----

before(() => house.start());
after(() => house.close());

test('without a death every step comes once, in its order', async () => {
  for (const provider of ['stripe', 'paypal'])
    for (const where of ['press', 'notice']) {
      const finish = await BEGIN[where](house.payer, provider, { stages: [] });
      const wanted = where === 'press' ? 'redirect sent' : 'posted';
      const steps = await waitFor(wanted, () => {
        const seen = stepsOf(house.board.journal());
        return seen.includes(wanted) && (where === 'press' || seen.includes('200 sent')) && seen;
      });
      calls.set(`${provider} ${where}`, countCalls(house.board.journal()));
      house.board.disarm();
      assert.equal(new Set(steps).size, steps.length, steps.join(', '));
      await finish();
      await house.payer.waitForForm();
    }
  await house.prove();
  console.log([...calls].map(([what, count]) => `${what}: ${count} calls`).join(', '));
});

for (const scenario of SCENARIOS)
  test(describe(scenario), async () => {
    assert.ok(await live(scenario), 'no death came where it was aimed');
  });

for (let i = 1; i <= 4; i++)
  test(`killed by chance, ${i}`, async (t) => {
    const provider = dice.chance(50) ? 'stripe' : 'paypal';
    const where = dice.chance(40) ? 'press' : 'notice';
    const count = dice.integer(1, calls.get(`${provider} ${where}`));
    t.diagnostic(`${provider} ${where}, call ${count}`);
    await live({ provider, where, aim: { stages: [['any', count]], after: dice.chance(50) },
      patienceMs: CHANCE_PATIENCE_MS });
  });

test('a death has fallen between any two steps', (t) => {
  console.log(`${kills} deaths by SIGKILL fell`);
  for (const gap of allGaps()) console.log(`  ${String(covered.get(gap) ?? 0).padStart(3)}  ${gap}`);
  assert.deepEqual(allGaps().filter((gap) => !covered.has(gap)), []);
  assert.ok(kills >= KILLS_MIN, `${kills} deaths`);
  t.diagnostic(`${kills} deaths`);
});

test('all payments of the day are booked once', async () => {
  const result = await house.prove();
  const balance = (await house.payer.cart()).balance;
  const { captures } = await house.control('GET', '/ledger');
  assert.equal(result.booked.length, captures.length);
  assert.equal(balance, 50000 - captures.reduce((total, row) => total + row.amount_cents, 0));
});

// The judges would have seen a posting that was lost: the notification is done, the money is not
// in the books.
test('a lost posting is seen by verify and by the ledger', async () => {
  const copy = path.join(house.folder, 'lost.db');
  house.force(`VACUUM INTO '${copy}'`);
  const { reference, id } = house.sql(`SELECT reference, CAST(id AS TEXT) AS id
    FROM provider_transaction ORDER BY created_at DESC LIMIT 1`)[0];
  const triggers = house.sql(`SELECT name FROM sqlite_master WHERE type = 'trigger'`);
  const spoil = `PRAGMA foreign_keys = OFF; ${triggers.map((row) => `DROP TRIGGER ${row.name};`).join('')}
    DELETE FROM allocation WHERE payment_line_id IN (SELECT id FROM cart_line WHERE transaction_id = ${id});
    DELETE FROM entry_line WHERE entry_id = (SELECT entry_id FROM provider_transaction WHERE id = ${id});
    DELETE FROM entry WHERE id = (SELECT entry_id FROM provider_transaction WHERE id = ${id});
    DELETE FROM cart_line WHERE transaction_id = ${id};
    DELETE FROM provider_transaction WHERE id = ${id};`;
  assert.equal(spawnSync('sqlite3', ['-bail', copy, spoil], { encoding: 'utf8' }).stderr, '');
  const config = path.join(house.folder, 'lost.conf');
  fs.writeFileSync(config, fs.readFileSync(house.config, 'utf8').replace(house.database, copy));
  const verdict = spawnSync(programs.guichet, ['--config', config, 'verify'], { encoding: 'utf8' });
  assert.equal(verdict.status, 1, verdict.stdout + verdict.stderr);
  const { faults } = await compareLedger(house.sandboxUrl, copy);
  assert.equal(faults.length, 1);
  assert.match(faults[0], new RegExp(`${reference}.*booked 0 times`));
});
