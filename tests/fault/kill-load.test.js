'use strict';
// kill -9 by a counter, under load: Guichet dies at its k-th write, sync, send or answer while
// members pay and notifications come twice and in any order; the practice providers and nginx die
// too. It starts again at once. Whatever got its 200 must be in the books once, and only requests
// that were in the hands of the dead may fail.
//
// SEED=n draws the same deaths again; SCALE=n makes n times as many (SCALE=50: 10,000).

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { programs } = require('../e2e/harness.js');
const { send } = require('../e2e/http.js');
const { LoadHouse } = require('./kill-house.js');
const { makeLibrary } = require('./killer.js');
const { Storm } = require('./kill-storm.js');

const KILLS = 100; // in each house
const KILLS_BETWEEN_PROOFS = 50;
const START_MS_MAX = 60000;
const HOUSES = [{ orders: false, how: "PayPal's buttons and its messages" },
  { orders: true, how: "PayPal's orders and its webhooks" }];
const scale = Number(process.env.SCALE) || 1;
const seed = Number(process.env.SEED) || (Date.now() % 1e9);
console.log(`SEED=${seed}`);

const library = makeLibrary();
const all = { starts: [], victims: {} };
const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

async function weather(t, storm) {
  for (let kills = 0; kills < KILLS; kills += KILLS_BETWEEN_PROOFS) {
    await storm.rage(KILLS_BETWEEN_PROOFS);
    const { lost, double, other } = await storm.prove();
    assert.deepEqual({ lost, double, other }, { lost: [], double: [], other: [] });
    storm.house.ok(['verify']);
  }
  await storm.close();
  all.starts.push(...storm.house.starts);
  for (const [name, count] of Object.entries(storm.victims)) all.victims[name] = (all.victims[name] ?? 0) + count;
  t.diagnostic(storm.report());
  const { events, messages, webhooks } = storm.load.count();
  assert.ok(events > 0 && messages > 0 && (webhooks > 0 || !storm.house.orders), storm.report());
  assert.ok(storm.load.payments >= KILLS / 4, storm.report());
}

for (let round = 0; round < scale; round++)
  for (const { orders, how } of HOUSES)
    test(`${KILLS} deaths under load, by ${how}: nothing lost, doubled or half posted (${round + 1} of ${scale})`, async (t) => {
      const storm = new Storm('kill-load', { library, program: programs.guichet, orders, seed: seed + round });
      t.after(() => storm.abandon());
      await storm.start();
      await weather(t, storm);
    });

test('a request that fails though nobody died is a fault', async (t) => {
  const house = new LoadHouse('kill-excuse');
  t.after(() => house.abandon());
  house.excusePatienceMs = 100;
  const refused = () => send('http://127.0.0.1:1', 'GET', '/');
  assert.equal(await house.ask('a page', refused), null);
  assert.equal(house.faults.length, 1);
  house.down = 1;
  assert.equal(await house.ask('a page', refused), null);
  assert.equal(house.faults.length, 1);
});

test('after each death it answers again', (t) => {
  const sorted = all.starts.toSorted((a, b) => a - b);
  const total = Object.values(all.victims).reduce((sum, count) => sum + count, 0);
  const text = `${total} deaths (${Object.entries(all.victims).map(([name, count]) => `${name} ${count}`).join(', ')});`
    + ` start to first answer: median ${at(sorted, 0.5).toFixed(0)} ms, 95 % ${at(sorted, 0.95).toFixed(0)} ms,`
    + ` max ${sorted.at(-1).toFixed(0)} ms`;
  console.log(text);
  t.diagnostic(text);
  assert.ok(total >= KILLS * HOUSES.length * scale && sorted.at(-1) < START_MS_MAX, text);
});
