'use strict';
// Loss of power: Guichet's writes and syncs are recorded under a load of members and of both
// kinds of notification, with every 200 that a provider saw; then the disk is made again as a loss
// at a point of that record may leave it: what was synced is there, each write since is lost,
// there, or torn in sectors. Each such disk must open, be whole, hold every acknowledged
// notification, and its books must be proven. A program that does not wait for the disk must fail,
// and so must one that waits too seldom.
//
// SEED=n draws the same losses for the same record; SCALE=n tries n times as many (SCALE=50: 100,000).

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { makeBroken } = require('./broken.js');
const { PowerTrial } = require('./power.js');

const POINTS = 2000;
const PAYMENTS = 40;
const BURSTS = 5;
const SAMPLES = 10;
const BROKEN_POINTS = 50;
const BROKEN_PAYMENTS = 8;
const scale = Number(process.env.SCALE) || 1;
const seed = Number(process.env.SEED) || (Date.now() % 1e9);
console.log(`SEED=${seed}`);

const counted = ({ points, records, promises, wrong, corrupt, lost, unproven }) =>
  `${points} losses in ${records} records, ${promises} acknowledged notifications: ${wrong} wrong `
  + `(${corrupt} corrupt, ${lost} lost, ${unproven} not proven)`;

test('whenever the power goes, nothing acknowledged is lost and the books are proven', async (t) => {
  const trial = new PowerTrial('power', seed, { orders: true });
  t.after(() => trial.house.abandon());
  const load = await trial.record(PAYMENTS, BURSTS);
  assert.deepEqual(trial.house.faults, []);
  assert.ok(load.payments >= PAYMENTS, `${load.payments} payments`);
  const result = trial.lose(POINTS * scale, SAMPLES);
  console.log(counted(result));
  t.diagnostic(counted(result));
  assert.equal(result.wrong, 0, result.text);
  assert.equal(result.points, POINTS * scale);
  assert.ok(result.promises >= PAYMENTS, counted(result));
  const { disks, failed } = trial.verify();
  assert.ok(disks >= SAMPLES && failed.length === 0, failed.join('\n'));
});

for (const [name, setting] of [['not_synced', 'OFF'], ['synced_late', 'NORMAL']])
  test(`a program with synchronous=${setting} is caught losing`, async (t) => {
    const broken = makeBroken(name);
    const trial = new PowerTrial(`power-${name}`, seed, { program: broken.program });
    t.after(() => trial.house.abandon());
    t.after(() => broken.done());
    await trial.record(BROKEN_PAYMENTS, 1);
    const result = trial.lose(BROKEN_POINTS, 0);
    console.log(`synchronous=${setting}: ${counted(result)}`);
    assert.ok(result.lost >= BROKEN_POINTS / 10, result.text);
  });
