'use strict';
// The money story of PayPal, from its messages alone: fees at once, refunds in any order, disputes,
// cases, what is pending for weeks, what bounces, money that did not begin here. After each the
// books must hold: the carts, the entries, the transit account to the cent, verify.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { houseOf, waitFor } = require('./harness.js');
const { check } = require('./browser.js');

const house = houseOf('paypal-money');
const DAY = 86400;

// ---- what people and PayPal do ----

const someone = (...charges) => house.member({ charges: charges.length ? charges : [['40', 'Cotisation']] });

async function press(member, amount) {
  const client = await house.asMember(member);
  const form = await client.form('/panier', '/panier/payer');
  const { value } = form.buttons.find((one) => one['data-provider'] === 'paypal');
  const answer = await client.post('/panier/payer', { ...form.fields, montant: amount, moyen: value });
  assert.equal(answer.status, 303, answer.text);
  const { token } = await house.control('POST', '/paypal/visits', { url: answer.location });
  return token;
}

// Pays what is typed; the payment at PayPal.
async function pay(member, amount, how = {}) {
  const token = await press(member, amount);
  const { payment } = await house.control('POST', `/paypal/visits/${token}/pay`, how);
  if (how.ipn !== 'never' && !how.outcome)
    await house.state(member, 'paid');
  await quiet();
  return payment;
}

const arrive = async (body) => (await house.control('POST',
  `/paypal/businesses/${house.paypal.merchant}/payments`, body)).payment;
const step = (payment, what, body = {}) => house.control('POST', `/paypal/payments/${payment.txn_id}/${what}`, body);

// Every message was sent and has an end, or waits for what it follows.
async function quiet() {
  await house.settled();
  await waitFor('all messages have an end', () => house.sql(`SELECT 1 FROM provider_event
    WHERE state = 'waiting' AND coalesce(outcome, '') <> 'waits_for_parent'`).length === 0);
}

// Lets the worker look again at what waits, as if so many days had passed.
async function later(days = 0) {
  house.force(`UPDATE provider_event SET next_at = 0, received_at = received_at - ${days * DAY}
    WHERE state = 'waiting'`);
}

// ---- what stands in the books ----

const movements = (payment) => house.sql(`SELECT t.kind, t.amount_cents AS cents FROM provider_transaction t
  WHERE t.reference = '${payment.txn_id}' OR t.reference = '${payment.txn_id}:fee'
    OR t.parent_id = (SELECT id FROM provider_transaction WHERE kind = 'capture' AND reference = '${payment.txn_id}')
`).map((one) => `${one.kind} ${one.cents}`).sort();

const outcome = (reference, status) => house.sql(`SELECT coalesce(outcome, state) AS outcome FROM provider_event
  WHERE external_id = '${reference}' ${status ? `AND type LIKE '%${status}'` : ''} ORDER BY id`).map((one) => one.outcome);

const account = (code) => house.one(`SELECT coalesce(sum(debit_cents - credit_cents), 0) AS cents FROM entry_line
  WHERE association_id = ${house.association} AND account_code = '${code}'`).cents;

// Payments whose message was sent again by hand: the ledger counts no delivery of theirs.
const byHand = new Set();

// The transit account is what the ledger of PayPal says it holds for us, of what we were told.
async function agree() {
  const { movements: all } = await house.control('GET', `/ledger?provider=paypal&account=${house.paypal.merchant}`);
  const told = all.filter((one) => one.notifications.delivered > 0 || byHand.has(one.reference));
  assert.equal(account('5172'), told.reduce((sum, one) => sum + one.net_cents, 0));
  house.ok(['verify']);
}

// ---- the tests ----

test('the fee is booked with its payment, once', async (t) => {
  // What a later test makes older than it is must not be older than the account.
  house.force(`UPDATE provider_account SET since_day = '2020-01-01' WHERE provider = 'paypal'`);
  const member = someone();
  const fees = account('627');
  const payment = await pay(member, '40', { ipn: 'twice' });
  assert.deepEqual(movements(payment), ['capture 4000', 'fee -151']);
  assert.equal(account('627') - fees, 151);
  assert.equal(house.balance(member), 0);
  assert.deepEqual(outcome(payment.txn_id), ['posted', 'already_posted']);
  await agree();
  house.ok(['payment', 'add', '--association', house.association, '--member', member.number, '--amount', '12', '--means', 'cash',
    '--reference', 'Cash']);
  const page = await house.visit(t, await house.asStaff('viewer'));
  await page.goto('/recettes');
  const cells = (reference) => page.locator(`tr[data-reference="${reference}"] td`).evaluateAll((all) =>
    all.filter((one) => ['Montant', 'Frais', 'Net'].includes(one.dataset.label)).map((one) => one.textContent.replace('\u202f', ' ')));
  assert.deepEqual(await cells(payment.txn_id), ['40,00 €', '1,51 €', '38,49 €']);
  assert.deepEqual(await cells('Cash'), ['12,00 €', '–', '–']);
  await check(page, 'recettes-frais');
});

test('refunds in part, several, and the rest: the member owes again, the fee comes back in part', async () => {
  const member = someone(['40', 'Cotisation'], ['15', 'Sortie']);
  const payment = await pay(member, '55');
  await step(payment, 'refund', { amount_cents: 1000 });
  await quiet();
  assert.equal(house.balance(member), 1000);
  assert.deepEqual(movements(payment), ['capture 5500', 'fee -195', 'fee 29', 'refund -1000']);
  await step(payment, 'refund', { amount_cents: 1 });
  await step(payment, 'refund', { amount_cents: 4499, ipn: 'twice' });
  await quiet();
  assert.equal(house.balance(member), 5500);
  assert.equal(house.one(`SELECT sum(amount_cents) AS cents FROM provider_transaction WHERE kind IN ('capture', 'refund')
    AND member_id = ${member.id}`).cents, 0);
  await agree();
});

test('a refund that is heard of before its payment waits, then is booked', async () => {
  const member = someone();
  await house.control('POST', '/deliveries/hold', { held: true });
  const token = await press(member, '40');
  const { payment, deliveries: first } = await house.control('POST', `/paypal/visits/${token}/pay`, {});
  const { movement, deliveries: second } = await step(payment, 'refund', { amount_cents: 1500 });
  await house.control('POST', '/deliveries/hold', { held: false });
  await house.control('POST', '/deliveries/release', { ids: second });
  await waitFor('the refund waits for its payment', () => outcome(movement.reference)[0] === 'waits_for_parent');
  assert.equal(house.balance(member), 4000);
  await house.control('POST', '/deliveries/release', { ids: first });
  await house.state(member, 'paid');
  await later();
  await waitFor('the refund is booked', () => outcome(movement.reference)[0] === 'posted');
  assert.equal(house.balance(member), 1500);
  await quiet();
  await agree();
});

test('a refund whose payment is never heard of is shown after ten days, and settles itself', async () => {
  const member = someone();
  const payment = await pay(member, '40', { ipn: 'never' });
  const { movement } = await step(payment, 'refund', { amount_cents: 1500, ipn: 'normal' });
  await waitFor('it waits', () => outcome(movement.reference)[0] === 'waits_for_parent');
  await later(9);
  await waitFor('it waits still', () => {
    const [row] = house.sql(`SELECT state, outcome, detail, attempts, lease_until FROM provider_event
      WHERE external_id = '${movement.reference}'`);
    if (row.state !== 'waiting' || row.attempts < 2 || row.lease_until)
      throw new Error(JSON.stringify(row));
    return true;
  });
  await later(2);
  await waitFor('it is shown', () => outcome(movement.reference)[0] === 'quarantined');
  assert.equal(house.one(`SELECT count(*) AS rows FROM quarantine WHERE reason = 'orphan' AND settled_at IS NULL`).rows, 1);
  assert.equal(house.balance(member), 4000);
  await agree();
  // The message comes after all: a person sends it again from PayPal's history.
  const { ipns } = await house.control('GET', `/paypal/ipns?txn_id=${payment.txn_id}`);
  await house.control('POST', '/paypal/ipns', { body_hex: ipns[0].body_hex, url: payment.fields.notify_url });
  byHand.add(payment.txn_id);
  await house.state(member, 'paid');
  await quiet();
  assert.equal(house.one(`SELECT count(*) AS rows FROM quarantine WHERE reason = 'orphan' AND settled_at IS NULL`).rows, 0);
  assert.equal(house.balance(member), 1500);
  await agree();
});

test('a reversal with its fee, a case without money, and the reversal canceled', async () => {
  const member = someone();
  const payment = await pay(member, '40');
  const told = await step(payment, 'case', { case_type: 'chargeback', reason_code: 'unauthorized' });
  await quiet();
  assert.equal(house.balance(member), 0, 'a case moves no money');
  assert.deepEqual(house.sql(`SELECT state, reason FROM dispute WHERE reference = '${told.case_id}'`),
    [{ state: 'open', reason: 'unauthorized' }]);
  await step(payment, 'reversal', { case_id: told.case_id });
  await quiet();
  assert.equal(house.balance(member), 4000, 'the dispute stands in the cart');
  assert.ok(movements(payment).includes('dispute -4000') && movements(payment).includes('dispute_fee -1600'));
  await agree();
  await step(payment, 'reversal-cancel', { case_id: told.case_id });
  await quiet();
  assert.equal(house.balance(member), 0);
  assert.equal(account('4671'), 0);
  assert.deepEqual(house.sql(`SELECT state FROM dispute WHERE reference = '${told.case_id}'`), [{ state: 'won' }]);
  await step(payment, 'case', { case_id: told.case_id, closed: true });
  await quiet();
  assert.ok(outcome(payment.txn_id).includes('noted'));
  await agree();
});

test('an eCheck is pending, then there, then bounces', async () => {
  const member = someone();
  const payment = await pay(member, '40', { outcome: 'echeck', settle_s: 20 * DAY });
  await house.state(member, 'processing');
  assert.deepEqual(movements(payment), []);
  await house.control('POST', '/clock', { advance_s: 21 * DAY });
  await house.state(member, 'paid');
  await quiet();
  assert.equal(house.balance(member), 0);
  assert.deepEqual(outcome(payment.txn_id), ['pending', 'posted']);
  await agree();
  await step(payment, 'failure');
  await quiet();
  assert.equal(house.balance(member), 4000);
  assert.ok(movements(payment).includes('capture_failed -4000') && movements(payment).includes('fee 151'));
  await agree();
});

test('an examination that ends badly weeks later leaves nothing', async () => {
  const member = someone();
  const payment = await pay(member, '40', { outcome: 'review', settle_s: 21 * DAY, settle_status: 'Denied' });
  await house.state(member, 'processing');
  await house.control('POST', '/clock', { advance_s: 22 * DAY });
  await house.state(member, 'failed');
  await quiet();
  assert.deepEqual(movements(payment), []);
  assert.deepEqual(outcome(payment.txn_id), ['pending', 'noted']);
  assert.equal(house.balance(member), 4000);
  await agree();
});

test('money that did not begin here is booked elsewhere, with all that follows it', async () => {
  const before = account('471');
  await house.control('POST', '/paypal/businesses', { id: house.paypal.merchant, email: house.paypal.email,
    name: 'Les Randonneurs', notify_url: `${house.url}/action_manager.php?event=paypal` });
  const gift = await arrive({ amount_cents: 2000, item_name: 'Don' });
  const sent = await arrive({ amount_cents: 3000, txn_type: 'send_money' });
  const monthly = await arrive({ amount_cents: 500, txn_type: 'subscr_payment' });
  await quiet();
  for (const payment of [gift, sent, monthly]) {
    assert.deepEqual(outcome(payment.txn_id), ['posted']);
    assert.deepEqual(house.sql(`SELECT elsewhere, member_id FROM provider_transaction
      WHERE reference = '${payment.txn_id}'`), [{ elsewhere: 1, member_id: null }]);
  }
  assert.equal(account('471') - before, -(2000 - 93) - (3000 - 122) - (500 - 50));
  await step(gift, 'refund');
  await step(sent, 'reversal');
  await quiet();
  await agree();
  assert.equal(house.one(`SELECT count(*) AS rows FROM quarantine WHERE settled_at IS NULL
    AND transaction_id IN (SELECT id FROM provider_transaction WHERE elsewhere = 1)`).rows, 0);
});

test('the same messages twice and in the other order change nothing', async () => {
  const member = someone();
  await house.control('POST', '/deliveries/hold', { held: true });
  const token = await press(member, '40');
  const made = [];
  const { payment, deliveries } = await house.control('POST', `/paypal/visits/${token}/pay`, {});
  made.push(...deliveries);
  for (const [what, body] of [['refund', { amount_cents: 500 }], ['refund', { amount_cents: 700 }],
    ['reversal', {}], ['reversal-cancel', {}]])
    made.push(...(await step(payment, what, body)).deliveries);
  await house.control('POST', '/deliveries/hold', { held: false });
  await house.control('POST', '/deliveries/release', { ids: made.reverse() });
  await house.state(member, 'paid');
  await waitFor('all is booked', async () => {
    await later();
    return house.sql(`SELECT 1 FROM provider_event WHERE state = 'waiting'`).length === 0;
  });
  const once = movements(payment);
  assert.equal(house.balance(member), 1200);
  for (const number of made)
    await house.control('POST', `/deliveries/${number}/duplicate`);
  await quiet();
  assert.deepEqual(movements(payment), once);
  assert.equal(house.balance(member), 1200);
  await agree();
});
