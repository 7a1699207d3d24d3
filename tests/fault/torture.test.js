'use strict';
// Every call that can fail fails, while Guichet is asked for what people and providers ask for
// (torture-corpus.js): memory; reads, writes, syncs and opens of the database; the network. Each
// place in the program that makes such a call fails once, and then for good: from there on every
// call of its kinds, until the answer has come.
//
// Whatever fails, Guichet goes on, or ends and says that there is no memory; it tells nobody that
// something was done which was not, blames nobody for its own failure, keeps nothing half done, and
// what a provider tells again is booked once.
//
// SEED=n repeats the order; SCALE=n fails calls by their number as well, each (50 / n)-th of them
// (SCALE=50: every one).

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { sleep } = require('../e2e/harness.js');
const { makeDice } = require('../money/plan.js');
const { makeBroken } = require('./broken.js');
const { CORPUS, failed } = require('./torture-corpus.js');
const { TortureHouse } = require('./torture-house.js');

const seed = Number(process.env.SEED) || (Date.now() % 1e9);
const scale = Number(process.env.SCALE) || 1;
console.log(`SEED=${seed}`);
const STRIDE_MAX = 50;

// depth: how many functions of ours make a place, and whether each request has places of its own.
// Without memory the program ends, and a start takes as long as ten requests.
const KINDS = {
  memory: { kinds: ['memory'], depth: 2, shared: true },
  disk: { kinds: ['read', 'write', 'sync', 'open', 'truncate'], depth: 4, shared: false },
  network: { kinds: ['connect', 'send', 'receive', 'resolve', 'answer', 'request'], depth: 4, shared: false },
};

async function openHouse(t, name, options) {
  const house = new TortureHouse(name, options);
  t.after(() => house.kill());
  return house.start();
}

// What failed stands in what is thrown.
async function failOnce(house, name, aim) {
  try {
    return await house.failOnce(CORPUS[name], aim);
  } catch (error) {
    error.message = `${name}, ${house.board.what(house.program)}${aim.lasting ? ', for good' : ''}: ${error.message}`;
    throw error;
  }
}

// Until every place has failed that this request comes by.
async function failEach(house, name, aim, sum) {
  for (;;) {
    const { fired, died } = await failOnce(house, name, aim);
    if (!fired) return;
    sum.places += 1;
    sum.deaths += died;
    if (!died) sum.deaths += (await failOnce(house, name, { ...aim, same: true, lasting: true })).died;
  }
}

// By number, once and for good.
async function failNumbers(house, name, aim, stride, sum) {
  for (const lasting of [false, true])
    for (let left = 1 + (seed % stride); ; left += stride) {
      const { fired, died } = await failOnce(house, name, { ...aim, left, lasting });
      if (!fired) break;
      sum.places += 1;
      sum.deaths += died;
    }
}

async function torture(t, house, aim, names) {
  const sum = { places: 0, deaths: 0 };
  for (const name of names) {
    if (!aim.shared) house.board.forgetSites();
    await failEach(house, name, aim, sum);
    if (scale > 1) await failNumbers(house, name, aim, Math.max(1, Math.round(STRIDE_MAX / scale)), sum);
  }
  t.diagnostic(`${sum.places} places, ${sum.deaths} announced deaths`);
  return sum;
}

for (const [what, aim] of Object.entries(KINDS))
  test(`${what} fails`, async (t) => {
    const house = await openHouse(t, `torture-${what}`);
    const sum = await torture(t, house, aim, makeDice(seed).shuffle(Object.keys(CORPUS)));
    assert.ok(sum.places > 40, 'the failer has been at work');
    assert.equal(sum.deaths > 0, what === 'memory');
    const { booked } = await house.prove();
    assert.ok(booked.length > 0);
    await house.close();
  });

// ---- the writer's group ----

const QUEUE_MS = 700; // all of them wait by then

// A notification, a payment, a login and the settings wait while somebody else writes: the writer has
// them in one transaction then.
async function askTogether(house, aim) {
  const asked = [];
  for (const name of ['notification of Stripe', 'pay, Stripe', 'login', 'settings'])
    asked.push({ name, request: CORPUS[name], state: await CORPUS[name].prepare(house) });
  const release = await house.holdLock();
  const answers = asked.map(({ request, state }) => request.ask(house, state));
  await sleep(QUEUE_MS);
  house.board.arm(['write', 'truncate'], aim);
  await release();
  const all = await Promise.all(answers);
  house.board.disarm();
  return asked.map((one, i) => ({ ...one, answer: all[i] }));
}

test('a full disk takes a whole group of writes, and each of them is told', async (t) => {
  const house = await openHouse(t, 'torture-group');
  const asked = await askTogether(house, { left: 1, lasting: true });
  assert.match(house.guichet.said(), /a group of [4-9] is run again one by one: commit: database or disk is full/);
  for (const { name, answer } of asked) assert.ok(failed(answer), `${name}: ${answer.status}`);
  for (const { name, request, state } of asked) {
    const answer = await request.ask(house, state);
    assert.ok(!failed(answer), `${name}, again: ${answer.status} ${answer.text}`);
    await request.judge(house, state, answer);
    await request.again?.(house, state);
  }
  await house.prove();
  await house.close();
});

test('a group whose commit fails once is written one by one, each write once', async (t) => {
  const house = await openHouse(t, 'torture-again');
  const asked = await askTogether(house, { left: 1 });
  assert.match(house.guichet.said(), /a group of [4-9] is run again one by one/);
  for (const { name, request, state, answer } of asked) {
    assert.ok(!failed(answer), `${name}: ${answer.status} ${answer.text}`);
    await request.judge(house, state, answer);
    await request.again?.(house, state);
  }
  await house.prove();
  await house.close();
});

// ---- programs that are wrong ----

for (const [name, words] of [['answers_blindly', /acknowledged, and not stored/], ['commits_blindly', /acknowledged, and not stored/]])
  test(`a program that is wrong (${name}) is caught`, async (t) => {
    const broken = makeBroken(name);
    t.after(() => broken.done());
    const house = await openHouse(t, `torture-${name}`, { program: broken.program });
    await assert.rejects(torture(t, house, KINDS.disk, ['notification of Stripe']), words);
  });
