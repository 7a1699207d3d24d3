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
// SEED=n repeats the order; SCALE=n looks at more of the way to each place, and fails calls by their
// number as well, each (50 / n)-th of them (SCALE=50: every one).

const assert = require('node:assert/strict');
const { test } = require('node:test');
const path = require('node:path');
const { sleep } = require('../e2e/harness.js');
const { makeDice } = require('../money/plan.js');
const { makeBroken } = require('./broken.js');
const { CORPUS, failed } = require('./torture-corpus.js');
const { TortureHouse } = require('./torture-house.js');

const seed = Number(process.env.SEED) || (Date.now() % 1e9);
const scale = Number(process.env.SCALE) || 1;
console.log(`SEED=${seed}`);
const STRIDE_MAX = 50;
const build = path.resolve(__dirname, '../..', process.env.BUILD || 'build');

// depth: how many functions of ours make a place. shared: a place is one, whatever was asked; the
// program ends mostly for want of memory, and a start takes as long as ten requests. checked: by the
// program with AddressSanitizer, which has the last word: nothing is left behind, nothing is used that
// is gone. What the other libraries lack is survived mostly, and so looked at there again.
const KINDS = {
  'memory': { kinds: ['memory'], depth: scale > 1 ? 4 : 1, shared: true, checked: false },
  'memory of a library': { kinds: ['foreign'], depth: 2, shared: true, checked: true },
  'disk': { kinds: ['read', 'write', 'sync', 'open', 'truncate'], depth: scale > 1 ? 6 : 4, shared: false, checked: true },
  'network': { kinds: ['connect', 'send', 'receive', 'resolve', 'answer', 'request'], depth: scale > 1 ? 6 : 4, shared: false, checked: true },
};
const PLACES_MIN = 40;

const names = () => makeDice(seed).shuffle(Object.keys(CORPUS));

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

async function torture(t, house, aim, asked) {
  const sum = { places: 0, deaths: 0 };
  for (const name of asked) {
    if (!aim.shared) house.board.forgetSites();
    await failEach(house, name, aim, sum);
    if (scale > 1) await failNumbers(house, name, aim, Math.max(1, Math.round(STRIDE_MAX / scale)), sum);
  }
  t.diagnostic(`${sum.places} places, ${sum.deaths} announced deaths`);
  return sum;
}

for (const [what, aim] of Object.entries(KINDS))
  test(`${what} fails`, async (t) => {
    const house = await openHouse(t, 'torture', aim.checked ? { program: path.join(build, 'asan/guichet'), checked: true } : {});
    for (const name of names()) await failOnce(house, name, { kinds: [] }); // nothing is new then
    const before = house.files;
    const sum = await torture(t, house, aim, names());
    assert.ok(sum.places > PLACES_MIN, 'the failer has been at work');
    assert.equal(sum.deaths > 0, /^memory/.test(what));
    if (sum.deaths === 0) await house.until(`${before} files are open again`, () => house.files === before);
    const { booked } = await house.prove();
    assert.ok(booked.length > 0);
    await house.close();
  });

// ---- a file that breaks off ----

// Its status was sent long before. At each piece that goes to nginx the call fails, once and for
// good, or the program is killed.
test('a file that breaks off does not look whole', async (t) => {
  const house = await openHouse(t, 'torture-file');
  const { prepare, ask, judge } = CORPUS.export;
  let broken = 0;
  for (const how of [{}, { lasting: true }, { deadly: true }])
    for (let left = 1; ; left++) {
      const state = await prepare(house);
      house.board.arm(['answer'], { left, ...how });
      const answer = await ask(house, state);
      house.board.disarm();
      if (!failed(answer)) await judge(house, state, answer);
      else broken += answer.status === 0;
      if (house.board.fired === 0) break;
      if (how.deadly) await house.guichet.ended.then(() => house.startGuichet());
    }
  t.diagnostic(`${broken} files broke off`);
  assert.ok(broken > 10);
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

const WRONG = {
  answers_blindly: { aim: KINDS.disk, asked: 'notification of Stripe', words: /acknowledged, and not stored/ },
  commits_blindly: { aim: KINDS.disk, asked: 'notification of Stripe', words: /acknowledged, and not stored/ },
  leaks: { aim: KINDS.network, asked: 'pay, Stripe', words: /LeakSanitizer: detected memory leaks/ },
};

for (const [name, { aim, asked, words }] of Object.entries(WRONG))
  test(`a program that is wrong (${name}) is caught`, async (t) => {
    const broken = makeBroken(name);
    t.after(() => broken.done());
    const house = await openHouse(t, `torture-${name}`, { program: broken.program, checked: name === 'leaks' });
    await assert.rejects(torture(t, house, aim, [asked]).then(() => house.close()), words);
    await house.abandon();
  });
