'use strict';
// What follows a capture at PayPal's REST face: refunds, reversals, disputes; the money moves once, and
// both ways of telling speak of the same.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { open, holdAgainst, holdAnswer, issueOf } = require('./sandbox-paypal-rest.js');

const SPEC = 'payments_payment_v2';
const REFUND = '/v2/payments/captures/{capture_id}/refund';

async function captured(t, business = {}) {
  const kit = await open(t, { app: { any_webhook: true }, business });
  const hook = await kit.ask('POST', '/v1/notifications/webhooks', { url: `${kit.listener.url}/hook`, event_types: [{ name: '*' }] });
  assert.equal(hook.status, 201);
  const pay = async (approval, unit) => (await kit.paid(approval, unit)).purchase_units[0].payments.captures[0].id;
  const refund = (id, body = {}, request = undefined, options = {}) => kit.ask('POST', `/v2/payments/captures/${id}/refund`, body, { id: request, ...options });
  const euros = (value) => ({ amount: { currency_code: 'EUR', value } });
  // The events since the last time.
  let seen = 0;
  const events = async () => {
    await kit.house.idle();
    const list = kit.listener.got.filter((each) => each.path === '/hook').map((each) => JSON.parse(each.body));
    const fresh = list.slice(seen);
    seen = list.length;
    return fresh;
  };
  const balance = async () => (await kit.house.get('/ledger?provider=paypal')).movements.reduce((sum, each) => sum + each.net_cents, 0);
  return { ...kit, pay, refund, euros, events, balance };
}

test('parts of a capture are given back, then all of it', async (t) => {
  const { house, listener, ask, pay, refund, euros, events, balance } = await captured(t);
  await house.post('/paypal/businesses', { id: 'MARCHEURS2345', email: 'tresorier@marcheurs.example', name: 'Les Marcheurs', notify_url: `${listener.url}/ipn` });
  const id = await pay();
  await events();
  holdAgainst(SPEC, 'refund_request', { ...euros('10.00'), note_to_payer: 'Trop perçu', invoice_id: 'r-1' });
  const first = await refund(id, { ...euros('10.00'), note_to_payer: 'Trop perçu', invoice_id: 'r-1' }, 'one');
  holdAnswer(SPEC, REFUND, 'post', first);
  assert.deepEqual([first.status, first.body.status, first.body.amount.value, first.body.note_to_payer, first.body.invoice_id, first.body.custom_id],
    [201, 'COMPLETED', '10.00', 'Trop perçu', 'r-1', 'mark-1']);
  assert.deepEqual(Object.values(first.body.seller_payable_breakdown).map((sum) => sum.value), ['10.00', '0.29', '9.71', '10.00']);
  const again = await refund(id, { ...euros('10.00'), note_to_payer: 'Trop perçu', invoice_id: 'r-1' }, 'one');
  assert.deepEqual([again.status, again.body.id], [200, first.body.id]);
  assert.equal(issueOf(await refund(id, euros('11.00'), 'one')), 'DUPLICATE_REQUEST_ID');
  const read = await ask('GET', `/v2/payments/refunds/${first.body.id}`);
  holdAnswer(SPEC, '/v2/payments/refunds/{refund_id}', 'get', read);
  assert.deepEqual(read.body, first.body);
  assert.equal((await ask('GET', `/v2/payments/captures/${id}`)).body.status, 'PARTIALLY_REFUNDED');
  assert.equal(issueOf(await refund(id, euros('32.51'), 'two')), 'REFUND_AMOUNT_EXCEEDED');
  const rest = await refund(id, {}, 'two');
  assert.deepEqual([rest.body.amount?.value, rest.body.seller_payable_breakdown.total_refunded_amount.value], ['32.50', '42.50']);
  const full = await ask('GET', `/v2/payments/captures/${id}`);
  assert.deepEqual([full.body.status, full.body.status_details.reason], ['REFUNDED', 'REFUNDED']);
  const none = await refund(id, {}, 'three');
  holdAnswer(SPEC, REFUND, 'post', none);
  assert.equal(issueOf(none), 'CAPTURE_FULLY_REFUNDED');
  const told = await events();
  assert.deepEqual(told.map((each) => [each.event_type, each.resource.id, each.resource.links.find((link) => link.rel === 'up').href.split('/').at(-1)]),
    [['PAYMENT.CAPTURE.REFUNDED', first.body.id, id], ['PAYMENT.CAPTURE.REFUNDED', rest.body.id, id]]);
  for (const each of told) holdAgainst(SPEC, 'refund', each.resource);
  // The messages speak of the same: txn_id is the refund's id, parent_txn_id the capture's.
  const ipns = listener.got.filter((each) => each.path === '/ipn').map((each) => new URLSearchParams(each.body.toString()));
  assert.deepEqual(ipns.map((each) => [each.get('payment_status'), each.get('txn_id'), each.get('parent_txn_id'), each.get('mc_gross')]),
    [['Completed', id, null, '42.50'], ['Refunded', first.body.id, id, '-10.00'], ['Refunded', rest.body.id, id, '-32.50']]);
  assert.equal(await balance(), 4250 - 158 - (1000 - 29) - (3250 - 94));
  const order = (await house.get('/paypal/orders')).orders[0];
  const seen = await ask('GET', `/v2/checkout/orders/${order.id}`);
  holdAnswer('checkout_orders_v2', '/v2/checkout/orders/{id}', 'get', seen);
  assert.deepEqual(seen.body.purchase_units[0].payments.refunds.map((each) => each.id), [first.body.id, rest.body.id]);
});

test('refusals of a refund', async (t) => {
  const { house, ask, pay, refund, euros, token, balance } = await captured(t);
  const id = await pay();
  const before = await balance();
  const wrong = [
    [euros('0.00'), 422, 'CANNOT_BE_ZERO_OR_NEGATIVE'], [euros('1.005'), 422, 'DECIMAL_PRECISION'], [euros('x'), 400, 'INVALID_PARAMETER_SYNTAX'],
    [{ amount: { currency_code: 'USD', value: '1.00' } }, 422, 'REFUND_CAPTURE_CURRENCY_MISMATCH'], [{ amount: { value: '1.00' } }, 400, 'MISSING_REQUIRED_PARAMETER'],
    [{ note_to_payer: 'x'.repeat(256) }, 400, 'INVALID_STRING_LENGTH'], [{ nonsense: true }, 400, 'NOT_SUPPORTED'],
  ];
  for (const [body, status, issue] of wrong) {
    const answer = await refund(id, body, 'refused');
    assert.deepEqual([answer.status, issueOf(answer)], [status, issue], JSON.stringify(body));
  }
  const pending = await pay({ outcome: 'echeck' });
  assert.equal(issueOf(await refund(pending)), 'PENDING_CAPTURE');
  const denied = await pay({ outcome: 'declined' });
  assert.equal(issueOf(await refund(denied)), 'REFUND_NOT_ALLOWED');
  assert.equal((await refund('22A4162004478570J')).status, 404);
  await house.post('/paypal/businesses', { id: 'RAMEURS234567', email: 'rameurs@example.org' });
  const bearer = await token(await house.post('/paypal/businesses/RAMEURS234567/apps'));
  for (const answer of [await refund(id, {}, 'x', { bearer }), await ask('GET', `/v2/payments/captures/${id}`, undefined, { bearer })]) {
    assert.deepEqual([answer.status, issueOf(answer)], [404, 'INVALID_RESOURCE_ID']);
  }
  await house.post('/paypal/issues', { path: '/v2/payments/captures/', suffix: '/refund', issue: 'REFUND_FAILED_INSUFFICIENT_FUNDS' });
  assert.equal(issueOf(await refund(id)), 'REFUND_FAILED_INSUFFICIENT_FUNDS');
  await house.post('/clock', { advance_s: 180 * 24 * 3600 });
  house.token = await token();
  assert.equal(issueOf(await refund(id)), 'REFUND_TIME_LIMIT_EXCEEDED');
  assert.equal(await balance(), before);
});

test('refunds that wait, and their ends', async (t) => {
  const { house, ask, pay, refund, euros, events, balance } = await captured(t);
  const id = await pay();
  const before = await balance();
  await events();
  await house.post('/paypal/businesses/MARCHEURS2345/refunds', { outcome: 'pending' });
  const waits = await refund(id, euros('30.00'), 'w1');
  holdAnswer(SPEC, REFUND, 'post', waits);
  assert.deepEqual([waits.status, waits.body.status], [201, 'PENDING']);
  assert.equal(await balance(), before);
  assert.equal(issueOf(await refund(id, euros('12.51'), 'w2')), 'REFUND_AMOUNT_EXCEEDED');
  const other = await refund(id, euros('12.50'), 'w3');
  assert.equal(issueOf(await refund(id, {}, 'w4')), 'CAPTURE_FULLY_REFUNDED');
  const done = await house.post(`/paypal/refunds/${waits.body.id}`, { status: 'COMPLETED' });
  assert.deepEqual([done.refund.status, done.refund.id], ['COMPLETED', waits.body.id]);
  await house.post(`/paypal/refunds/${other.body.id}`, { status: 'FAILED' });
  assert.equal((await house.ask('POST', `/paypal/refunds/${other.body.id}`, { status: 'COMPLETED' })).status, 409);
  assert.equal((await ask('GET', `/v2/payments/refunds/${other.body.id}`)).body.status, 'FAILED');
  assert.equal(await balance(), before - (3000 - 87));
  const { movements } = await house.get('/ledger?provider=paypal');
  assert.equal(movements.at(-1).reference, waits.body.id);
  assert.deepEqual((await events()).map((each) => [each.event_type, each.resource.id]), [
    ['PAYMENT.REFUND.PENDING', waits.body.id], ['PAYMENT.REFUND.PENDING', other.body.id],
    ['PAYMENT.CAPTURE.REFUNDED', waits.body.id], ['PAYMENT.REFUND.FAILED', other.body.id]]);
  await house.post('/paypal/businesses/MARCHEURS2345/refunds', { outcome: 'failed' });
  assert.equal((await refund(id, euros('1.00'), 'w5')).body.status, 'FAILED');
});

test('a reversal, its end, a dispute; a refund made at PayPal', async (t) => {
  const { house, ask, pay, refund, events, balance } = await captured(t);
  const id = await pay();
  const before = await balance();
  await events();
  const opened = await house.post(`/paypal/payments/${id}/case`, { case_type: 'chargeback' });
  await house.post(`/paypal/payments/${id}/case`, { case_type: 'chargeback', case_id: opened.case_id });
  const taken = await house.post(`/paypal/payments/${id}/reversal`, { case_id: opened.case_id, webhook: 'twice' });
  assert.equal(await balance(), before - 4250);
  assert.equal((await ask('GET', `/v2/payments/captures/${id}`)).body.status_details.reason, 'CHARGEBACK');
  assert.equal(issueOf(await refund(id)), 'REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK');
  await house.post(`/paypal/payments/${id}/reversal-cancel`);
  await house.post(`/paypal/payments/${id}/case`, { case_id: opened.case_id, closed: true, outcome: 'RESOLVED_SELLER_FAVOUR' });
  assert.equal(await balance(), before);
  const told = await events();
  assert.deepEqual(told.map((each) => each.event_type), ['CUSTOMER.DISPUTE.CREATED', 'CUSTOMER.DISPUTE.UPDATED',
    'PAYMENT.CAPTURE.REVERSED', 'PAYMENT.CAPTURE.REVERSED', 'CUSTOMER.DISPUTE.RESOLVED']);
  const [created, , reversed, , resolved] = told;
  assert.deepEqual([created.resource.dispute_id, created.resource.status, created.resource.disputed_transactions[0].seller_transaction_id],
    [opened.case_id, 'OPEN', id]);
  assert.deepEqual([resolved.resource.status, resolved.resource.dispute_outcome.outcome_code], ['RESOLVED', 'RESOLVED_SELLER_FAVOUR']);
  holdAgainst(SPEC, 'refund', reversed.resource);
  assert.deepEqual([reversed.resource.id, reversed.resource.amount.value, reversed.resource.seller_payable_breakdown.paypal_fee.value],
    [taken.movement.reference, '42.50', '0.00']);
  const made = await house.post(`/paypal/payments/${id}/refund`, { amount_cents: 1250 });
  const [given] = await events();
  assert.deepEqual([given.event_type, given.resource.id, given.resource.amount.value], ['PAYMENT.CAPTURE.REFUNDED', made.movement.reference, '12.50']);
  assert.equal((await ask('GET', `/v2/payments/refunds/${made.movement.reference}`)).body.status, 'COMPLETED');
});
