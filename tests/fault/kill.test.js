'use strict';
// kill -9 between any two steps of a payment. Each death is aimed by a count of the writes, syncs,
// statements and sends of the process; where it really fell is read from its journal. Then Guichet
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
const ROUNDS = 4;
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

// where: what is under way when the first death comes; then: the death after the restart.
const SCENARIOS = [
  { provider: 'stripe', where: 'press', aim: at(['write', 1]) },
  { provider: 'stripe', where: 'press', aim: behind(['statement', 2]) },
  { provider: 'stripe', where: 'press', aim: at(['send', 1]), then: at(['statement', 1]) },
  { provider: 'stripe', where: 'press', aim: behind(['send', 1]), then: at(['send', 1]) },
  { provider: 'stripe', where: 'press', aim: at(['send', 1], ['statement', 1]),
    then: behind(['send', 1]) },
  { provider: 'stripe', where: 'press', aim: at(['send', 1], ['write', 2]),
    then: at(['send', 1], ['statement', 1]) },
  { provider: 'stripe', where: 'press', aim: at(['answer', 1]) },
  { provider: 'paypal', where: 'press', aim: at(['write', 7]) },
  { provider: 'paypal', where: 'press', aim: at(['sync', 1], ['statement', 1]) },
  { provider: 'paypal', where: 'press', aim: at(['answer', 1]) },
  { provider: 'stripe', where: 'notice', aim: at(['write', 3]) },
  { provider: 'stripe', where: 'notice', aim: at(['answer', 1]) },
  { provider: 'stripe', where: 'notice', aim: behind(['sync', 1]), then: at(['statement', 1]) },
  { provider: 'stripe', where: 'notice', aim: at(['sync', 1], ['statement', 3]),
    then: behind(['sync', 1]) },
  { provider: 'stripe', where: 'notice', aim: at(['sync', 1], ['write', 5]),
    then: at(['sync', 1], ['statement', 2]) },
  { provider: 'stripe', where: 'notice', aim: at(['sync', 2]) },
  { provider: 'paypal', where: 'notice', aim: at(['statement', 1]) },
  { provider: 'paypal', where: 'notice', aim: at(['answer', 1]), then: at(['write', 1]) },
  { provider: 'paypal', where: 'notice', aim: at(['send', 1]), then: at(['send', 1]) },
  { provider: 'paypal', where: 'notice', aim: behind(['send', 1]), then: behind(['send', 1]) },
  { provider: 'paypal', where: 'notice', aim: at(['send', 1], ['statement', 1]) },
  { provider: 'paypal', where: 'notice', aim: at(['send', 1], ['write', 9]) },
  { provider: 'stripe', where: 'return', aim: at(['send', 1]) },
  { provider: 'stripe', where: 'return', aim: behind(['send', 1]) },
  { provider: 'stripe', where: 'return', aim: at(['send', 1], ['statement', 1]) },
  { provider: 'stripe', where: 'return', aim: at(['send', 1], ['write', 20]) },
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
    `${late ? 'after' : 'before'} ${stages.map(([kind, count]) => `${kind} ${count}`).join(', then ')}`;
  return `${provider}, ${where}: killed ${words(aim)}${then ? `; again ${words(then)}` : ''}`;
}

// ---- one payment, with deaths ----

// Waits for the death; where it fell. Null when the aim was not reached.
async function die(chains, begun) {
  if (!await house.death()) return null;
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
    const fields = payer.fieldsOf(cart, provider, String(cents() / 100));
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
  house.passLease();
  const gaps = await die(chainsAfter(scenario), ['restarted']);
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
  const fell = await die(chainsOf(scenario));
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
  test(describe(scenario), async (t) => {
    if (!await live(scenario)) t.diagnostic('the aim was not reached: the payment was quicker');
  });

for (let i = 1; i <= 4; i++)
  test(`killed by chance, ${i}`, async (t) => {
    const provider = dice.chance(50) ? 'stripe' : 'paypal';
    const where = dice.chance(40) ? 'press' : 'notice';
    const count = dice.integer(1, calls.get(`${provider} ${where}`));
    t.diagnostic(`${provider} ${where}, call ${count}`);
    await live({ provider, where, aim: { stages: [['any', count]], after: dice.chance(50) } });
  });

test('a death has fallen between any two steps', async (t) => {
  const missing = () => allGaps().filter((gap) => !covered.has(gap));
  for (let round = 1; round < ROUNDS && missing().length; round++) {
    t.diagnostic(`once more: ${missing().join('; ')}`);
    for (const scenario of SCENARIOS) {
      const chains = [...chainsOf(scenario), ...(scenario.then ? chainsAfter(scenario) : [])];
      if (missing().some((gap) => chains.some((chain) => gap.startsWith(`${chain}: `))))
        await live(scenario);
    }
  }
  console.log(`${kills} deaths by SIGKILL fell`);
  for (const gap of allGaps()) console.log(`  ${String(covered.get(gap) ?? 0).padStart(3)}  ${gap}`);
  assert.deepEqual(missing(), []);
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
