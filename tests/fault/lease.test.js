'use strict';
// What a dead process had in its hands is taken up again in its own time: nobody presses again, no
// provider repeats itself, no clock is moved. It takes a minute, that of the lease.

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const { waitFor } = require('../e2e/harness.js');
const { Payer } = require('../money/payer.js');
const { FaultHouse } = require('./house.js');

const PATIENCE_MS = 240000;
const house = new FaultHouse('lease');
process.on('exit', () => house.kill());
before(() => house.start());
after(() => house.close());

let other;
let paid;

test('killed while the provider was opening the payment', async () => {
  const { payer } = house;
  const free = await payer.freeForm();
  const fields = payer.fieldsOf(free, payer.buttonOf(free, 'stripe'), '19,99');
  house.board.arm({ stages: [['send', 1]], after: true });
  payer.client.post('/panier/payer', fields).catch(() => {});
  assert.ok(await house.death());
  await house.comeBack();
  const cart = await payer.cart();
  assert.ok(cart.live && !cart.form && !cart.resume, 'the attempt is being opened');
});

test('killed when the notification was stored, and it never comes again', async () => {
  other = await Payer.at(house, house.member({ first: 'Zoé', charges: [['40', 'Cotisation']] }));
  const { location } = await other.press('paypal', () => 4000);
  house.board.arm({ stages: [['sync', 1]], after: true });
  paid = await other.payPaypal(location, {});
  assert.ok(await house.death());
  for (const id of paid.deliveries) await house.control('POST', `/deliveries/${id}/drop`);
  await house.comeBack();
  assert.equal(house.one('SELECT count(*) AS waiting FROM provider_event').waiting, 1);
});

test('both are taken up again without anybody', async () => {
  await waitFor('the payment is open', () =>
    house.intents(house.payer.member).at(-1).state === 'open', PATIENCE_MS);
  await waitFor('the notification is worked on', () =>
    house.captures(other.member).some((row) => row.reference === paid.reference), PATIENCE_MS);
});

test('the member goes on where the payment had stopped', async () => {
  const { resume } = await house.payer.cart();
  await house.payer.payStripe(resume, {});
  await house.payer.waitForForm();
  // The ledger was told that its message was dropped: it was stored all the same.
  for (const id of paid.deliveries) await house.control('POST', `/deliveries/${id}/send`);
  const { booked } = await house.prove();
  assert.equal(booked.length, 2);
  assert.equal((await other.cart()).balance, 0);
});
