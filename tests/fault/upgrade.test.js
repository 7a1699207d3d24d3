'use strict';
// `guichet migrate` from every earlier schema, with the rows of paid carts in it, and killed at its
// writes, syncs and opens: afterwards the schema is that of a new database, no row has changed,
// and the books are proven. SEED=n chooses the deaths, SCALE=n makes n times as many.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { after, before, test } = require('node:test');
const { becomeQuiet } = require('../money/quiet.js');
const { makeDice } = require('../money/plan.js');
const { Payer } = require('../money/payer.js');
const { FailerHouse } = require('./failer.js');
const { migrations, makeOld, common, contentOf, schemaOf, run } = require('./upgrade.js');

const DEATHS = 12;
const COUNT_ALL = 1e9;
const scale = Number(process.env.SCALE) || 1;
const seed = Number(process.env.SEED) || (Date.now() % 1e9);
console.log(`SEED=${seed}`);
const dice = makeDice(seed);

const house = new FailerHouse('upgrade');
process.on('exit', () => house.kill());
let whole; // a database of this version, with payments in it
let deaths = 0;

before(async () => {
  await house.start();
  // Without what Guichet takes no notice of: `migrate` has that looked at again.
  await house.control('POST', `/stripe/endpoints/${house.stripe.endpoint}`, { events: ['checkout.session.completed'] });
  for (const provider of ['stripe', 'paypal']) {
    const payer = await Payer.at(house, house.member({ last: `Élève ${provider}`,
      charges: [['40', 'Cotisation'], ['12,50', 'Tee-shirt', { account: '707' }]] }));
    const { location } = await payer.press(provider, () => 5250);
    if (provider === 'stripe') await payer.payStripe(location, { notify: 'normal' });
    else await payer.payPaypal(location, { ipn: 'normal' });
    await house.state(payer.member, 'paid');
  }
  house.ok(['payment', 'add', '--association', house.association, '--member', '1', '--amount', '15', '--means', 'cash',
    '--reference', 'U-1']);
  await becomeQuiet(house);
  await house.end(house.guichet);
  whole = house.database;
});
after(() => house.close());

// A command on another database, perhaps with the failer beside it.
function guichet(database, args, preload = false) {
  const config = `${database}.conf`;
  fs.writeFileSync(config, fs.readFileSync(house.config, 'utf8').replace(house.database, database));
  return spawnSync(house.program, ['--config', config, ...args], { encoding: 'utf8',
    env: preload ? { ...process.env, LD_PRELOAD: house.library, GUICHET_FAILER: house.board.file } : process.env });
}

const fileOf = (name) => path.join(house.folder, name);

function copyTo(from, to) {
  for (const end of ['-wal', '-shm', '.lock']) fs.rmSync(`${to}${end}`, { force: true });
  fs.copyFileSync(from, to);
}

// The first rows that are not the same, shortened.
const changed = (now, then) => [...now.filter((row) => !then.includes(row)), ...then.filter((row) => !now.includes(row))]
  .slice(0, 3).map((row) => row.slice(0, 200));

// The same schema as a new one, the same rows, books that agree.
function checkUpgraded(database, columns, content) {
  assert.deepEqual(schemaOf(database), schemaOf(whole));
  assert.deepEqual(changed(contentOf(database, columns), content), []);
  const verdict = guichet(database, ['verify']);
  assert.equal(verdict.status, 0, verdict.stdout + verdict.stderr);
  assert.match(verdict.stdout, /3 encaissements/);
}

function upgrade(database) {
  const result = guichet(database, ['migrate']);
  assert.equal(result.status, 0, result.stderr);
}

for (const [i, name] of migrations.entries())
  test(`from ${name.replace('.sql', '')}`, () => {
    const old = fileOf(`old-${i + 1}.db`);
    makeOld(old, i + 1, whole);
    const columns = common(old, whole);
    const content = contentOf(old, columns);
    assert.ok(content.length > 20);
    upgrade(old);
    checkUpgraded(old, columns, content);
  });

test('a lost row would be seen', () => {
  const old = fileOf('lost.db');
  makeOld(old, 1, whole);
  const columns = common(old, whole);
  const content = contentOf(old, columns);
  upgrade(old);
  run(old, 'DROP TRIGGER entry_line_no_delete; DELETE FROM entry_line WHERE rowid = (SELECT max(rowid) FROM entry_line)');
  assert.equal(changed(contentOf(old, columns), content).length, 1);
  assert.equal(guichet(old, ['verify']).status, 1);
});

// ---- killed on the way ----

const KINDS = ['write', 'sync', 'open', 'truncate'];

// How many calls of these kinds a whole upgrade makes; then that many deaths, spread over them.
function killAll(base, check) {
  const victim = fileOf('victim.db');
  copyTo(base, victim);
  house.board.arm(KINDS, { left: COUNT_ALL, deadly: true });
  assert.equal(guichet(victim, ['migrate'], true).status, 0);
  const calls = COUNT_ALL - house.board.left;
  assert.ok(calls > 20, `${calls} calls`);
  const wanted = Math.min(calls, DEATHS * scale);
  for (let n = 0; n < wanted; n++) {
    const step = calls / wanted;
    const left = Math.min(calls, Math.max(1, Math.floor(n * step) + dice.integer(1, Math.max(1, Math.floor(step)))));
    copyTo(base, victim);
    house.board.arm(KINDS, { left, deadly: true });
    const killed = guichet(victim, ['migrate'], true);
    house.board.disarm();
    if (killed.signal === 'SIGKILL') deaths += 1;
    else assert.equal(killed.status, 0, `call ${left}: ${killed.stderr}`);
    upgrade(victim);
    check(victim, `killed at call ${left} of ${calls}`);
  }
  return `${wanted} deaths among ${calls} calls`;
}

test('killed on the way from the first schema, it completes', (t) => {
  const old = fileOf('first.db');
  makeOld(old, 1, whole);
  run(old, 'PRAGMA journal_mode = DELETE');
  const columns = common(old, whole);
  const content = contentOf(old, columns);
  t.diagnostic(killAll(old, (victim) => checkUpgraded(victim, columns, content)));
});

test('killed while a new database is made, it completes', (t) => {
  const empty = fileOf('empty.db');
  fs.writeFileSync(empty, '');
  t.diagnostic(killAll(empty, (victim, when) => {
    assert.deepEqual(schemaOf(victim), schemaOf(whole), when);
    assert.equal(guichet(victim, ['verify']).status, 0, when);
  }));
});

test('deaths have really fallen', (t) => {
  t.diagnostic(`${deaths} deaths by SIGKILL`);
  assert.ok(deaths >= DEATHS, `${deaths} deaths`);
});
