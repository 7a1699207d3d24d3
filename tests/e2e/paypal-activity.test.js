'use strict';
// PayPal's own list against the books: what the practice PayPal moved, told or never told, stands in
// its activity report; sent here in either language it is recognised, what is missing is booked by
// one press, and then every line is in the books and the balance is PayPal's.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { houseOf, waitFor } = require('./harness.js');
const { bookMonth, report, states, upload } = require('./activity.js');

const house = houseOf('paypal-activity');

const arrive = async (body) => (await house.control('POST',
  `/paypal/businesses/${house.paypal.merchant}/payments`, body)).payment;
const step = (payment, what, body = {}) => house.control('POST', `/paypal/payments/${payment.txn_id}/${what}`, body);
const move = (kind, cents, more) => house.control('POST', `/paypal/businesses/${house.paypal.merchant}/movements`,
  { kind, amount_cents: cents, ...more });

test('the report in both languages is recognised; what is missing is booked by one press', async () => {
  await house.control('POST', '/paypal/businesses', { id: house.paypal.merchant, email: house.paypal.email,
    name: 'Les Randonneurs', notify_url: `${house.url}/action_manager.php?event=paypal` });
  const { id } = house.one(`SELECT CAST(id AS TEXT) AS id FROM provider_account WHERE provider = 'paypal'`);
  const told = await arrive({ amount_cents: 123450, item_name: 'Don' });
  const silent = await arrive({ amount_cents: 2000, txn_type: 'send_money', ipn: 'never' });
  await step(told, 'refund', { amount_cents: 1000 });
  await step(told, 'reversal', { amount_cents: 2000 });
  await step(told, 'reversal-cancel', { amount_cents: 2000 });
  await step(silent, 'refund', { amount_cents: 500, ipn: 'never' });
  await move('withdrawal', -100000);
  await move('fee', -250);
  await move('other', -99, { type: 'Prélèvement inconnu' });
  await arrive({ amount_cents: 700, outcome: 'echeck' });
  await house.settled();
  await waitFor('all messages have an end', () => house.sql(`SELECT 1 FROM provider_event WHERE state = 'waiting'`).length === 0);
  const client = await house.asStaff('treasurer');
  assert.deepEqual(await upload(client, id, await report(house, house.paypal.merchant, 'fr')), { new: 10, known: 0, wrong: 0 });
  assert.deepEqual(states(house, id), ['matched 4', 'missing 5', 'no_entry 1']);
  assert.deepEqual(await upload(client, id, await report(house, house.paypal.merchant, 'en')), { new: 0, known: 10, wrong: 0 });
  const { day } = house.one(`SELECT substr(min(fact_day), 1, 7) AS day FROM statement_line`);
  await bookMonth(client, id, day);
  assert.deepEqual(states(house, id), ['matched 9', 'no_entry 1']);
  const { movements } = await house.control('GET', `/ledger?provider=paypal&account=${house.paypal.merchant}`);
  assert.equal(house.one(`SELECT sum(debit_cents - credit_cents) AS cents FROM entry_line
    WHERE account_code = '5172'`).cents, movements.reduce((sum, one) => sum + one.net_cents, 0));
});
