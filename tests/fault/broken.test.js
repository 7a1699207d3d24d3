'use strict';
// Two programs that are wrong on purpose under the deaths of kill-load.test.js: the one that notes
// that it has seen a message before it posts must be caught losing money, the one that posts
// without asking whether it has must be caught doubling it. SEED=n repeats.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { makeBroken } = require('./broken.js');
const { makeLibrary } = require('./killer.js');
const { Storm } = require('./kill-storm.js');

const ROUNDS = 20;
const KILLS = 5; // in a round
const seed = Number(process.env.SEED) || (Date.now() % 1e9);
console.log(`SEED=${seed}`);

// Chance finds the gap of the first one about once in fifteen deaths: half of them are aimed at it.
const AIMS = {
  seen_first: [{ stages: [['statement', 'UPDATE provider_event SET state '], ['sync', 1]], after: true }],
  not_deduplicated: [],
};

// What the storm says of a program that is wrong, and after how many deaths.
async function watch(t, name, kind) {
  const broken = makeBroken(name);
  const storm = new Storm(`broken-${kind}`, { library: makeLibrary(), program: broken.program,
    schema: broken.schema, seed, victims: { guichet: 1 }, aims: AIMS[name] });
  t.after(() => storm.abandon());
  t.after(() => broken.done());
  await storm.start();
  for (let round = 1; round <= ROUNDS; round++) {
    await storm.rage(KILLS);
    const verdict = await storm.prove();
    if (verdict[kind].length) return { verdict, kills: round * KILLS };
  }
  return { verdict: { [kind]: [] }, kills: ROUNDS * KILLS };
}

for (const [name, kind] of [['seen_first', 'lost'], ['not_deduplicated', 'double']])
  test(`a program that is wrong (${name}) is caught: ${kind}`, async (t) => {
    const { verdict, kills } = await watch(t, name, kind);
    t.diagnostic(`${kills} deaths: ${verdict[kind].length} ${kind}; ${verdict[kind][0]}`);
    assert.ok(verdict[kind].length > 0, `${kills} deaths, and nothing seen`);
  });
