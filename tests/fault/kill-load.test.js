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
const { makeDice } = require('../money/plan.js');
const { makeLibrary } = require('./killer.js');
const { Storm } = require('./kill-storm.js');

const KILLS = 200; // in each house
const KILLS_BETWEEN_PROOFS = 40;
const START_MS_MAX = 60000;
const scale = Number(process.env.SCALE) || 1;
const seed = Number(process.env.SEED) || (Date.now() % 1e9);
console.log(`SEED=${seed}`);

const library = makeLibrary();
const all = { starts: [], victims: {} };
const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

for (let round = 0; round < scale; round++)
  test(`${KILLS} deaths under load: nothing lost, doubled or half posted (${round + 1} of ${scale})`, async (t) => {
    const storm = new Storm('kill-load', { library, program: programs.guichet, dice: makeDice(seed + round) });
    t.after(() => storm.abandon());
    await storm.start();
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
    assert.ok(storm.load.payments >= KILLS / 4, storm.report());
  });

test('after each death it answers again', (t) => {
  const sorted = all.starts.toSorted((a, b) => a - b);
  const total = Object.values(all.victims).reduce((sum, count) => sum + count, 0);
  const text = `${total} deaths (${Object.entries(all.victims).map(([name, count]) => `${name} ${count}`).join(', ')});`
    + ` start to first answer: median ${at(sorted, 0.5).toFixed(0)} ms, 95 % ${at(sorted, 0.95).toFixed(0)} ms,`
    + ` max ${sorted.at(-1).toFixed(0)} ms`;
  console.log(text);
  t.diagnostic(text);
  assert.ok(total >= KILLS * scale && sorted.at(-1) < START_MS_MAX, text);
});
