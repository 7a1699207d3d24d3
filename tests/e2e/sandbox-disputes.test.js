'use strict';
// Stripe's face: disputes through their stages, and debits that fail after they had succeeded.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { open, hold, refusal, ACCOUNT } = require('./sandbox-money.js');

async function disputes(t) {
  const opened = await open(t);
  const { house, stripe } = opened;
  const dispute = async (payment, body = {}) => (await house.post(`/stripe/payments/${payment}/dispute`, body)).dispute;
  const step = (id, verb, body = {}) => house.post(`/stripe/disputes/${id}/${verb}`, body);
  const told = async () => (await opened.heard()).map((event) => [event.type.replace('charge.dispute.', ''), event.data.object.status]);
  const moved = async (id) => hold(await stripe.disputes.retrieve(id)).balance_transactions
    .map((row) => [row.type, row.amount, row.fee, row.net, row.reporting_category]);
  return { ...opened, dispute, step, told, moved };
}

test('a dispute takes the money and a fee; lost, it keeps them', async (t) => {
  const { stripe, paid, heard, dispute, step, told, moved } = await disputes(t);
  const { payment, charge } = await paid(4000);
  await heard();
  const made = await dispute(payment, { reason: 'product_not_received' });
  assert.match(made.id, /^dp_/);
  const events = await heard();
  assert.deepEqual(events.map((event) => event.type), ['charge.dispute.created', 'charge.dispute.funds_withdrawn']);
  const object = events[1].data.object;
  assert.deepEqual([object.amount, object.charge, object.payment_intent, object.reason, object.status, object.is_charge_refundable],
    [4000, charge, payment, 'product_not_received', 'needs_response', false]);
  assert.ok(object.evidence_details.due_by > object.created);
  assert.equal(object.balance_transactions[0].source, made.id);
  assert.deepEqual(await moved(made.id), [['adjustment', -4000, 1500, -5500, 'dispute']]);
  assert.equal((await stripe.charges.retrieve(charge)).disputed, true);
  const refused = await refusal(stripe.refunds.create({ charge }));
  assert.deepEqual([refused.statusCode, refused.code], [400, 'charge_disputed']);
  await step(made.id, 'submit');
  await step(made.id, 'lost');
  assert.deepEqual(await told(), [['updated', 'under_review'], ['closed', 'lost']]);
  assert.deepEqual((await stripe.disputes.list({ payment_intent: payment })).data.map((row) => row.id), [made.id]);
  assert.deepEqual((await stripe.disputes.list({ charge: 'ch_none' })).data, []);
  assert.equal((await stripe.balanceTransactions.list({ source: made.id, expand: ['data.source'] })).data[0].source.object, 'dispute');
});

test('won: the money comes back, with its fee or without; lost in the end', async (t) => {
  const { house, paid, heard, dispute, step, told, moved } = await disputes(t);
  const { payment } = await paid(4000);
  const made = await dispute(payment);
  await heard();
  await step(made.id, 'won', { fee_cents: 1500 });
  assert.deepEqual(await told(), [['closed', 'won'], ['funds_reinstated', 'won']]);
  const back = ['adjustment', 4000, -1500, 5500, 'dispute_reversal'];
  assert.deepEqual((await moved(made.id))[1], back);
  await step(made.id, 'withdraw', { fee_cents: 0 }); // the bank has second thoughts
  await step(made.id, 'lost');
  assert.deepEqual(await told(), [['funds_withdrawn', 'won'], ['closed', 'lost']]);
  assert.deepEqual((await moved(made.id))[2], ['adjustment', -4000, 0, -4000, 'dispute']);
  assert.equal((await house.ask('POST', `/stripe/disputes/${made.id}/won`, {})).status, 409);
});

test('an inquiry is closed, or becomes a dispute', async (t) => {
  const { stripe, paid, heard, dispute, step, told, moved } = await disputes(t);
  const { payment, charge } = await paid(4000);
  await heard();
  const quiet = await dispute(payment, { inquiry: true });
  await step(quiet.id, 'submit');
  await step(quiet.id, 'close');
  assert.deepEqual(await told(), [['created', 'warning_needs_response'], ['updated', 'warning_under_review'],
    ['closed', 'warning_closed']]);
  assert.deepEqual(await moved(quiet.id), []);
  const loud = await dispute(payment, { inquiry: true });
  assert.equal(hold(await stripe.disputes.retrieve(loud.id)).is_charge_refundable, true);
  assert.equal((await stripe.refunds.create({ charge, amount: 100 })).status, 'succeeded');
  await heard();
  await step(loud.id, 'withdraw', { amount_cents: 3900 });
  assert.deepEqual(await told(), [['funds_withdrawn', 'needs_response'], ['updated', 'needs_response']]);
  assert.deepEqual(await moved(loud.id), [['adjustment', -3900, 1500, -5400, 'dispute']]);
});

test('part of the money, in parts', async (t) => {
  const { house, paid, heard, dispute, step, told, moved } = await disputes(t);
  const { payment } = await paid(4000);
  const made = await dispute(payment, { amount_cents: 1500, withdraw: false });
  await heard();
  await step(made.id, 'withdraw', { amount_cents: 1000, fee_cents: 700 });
  await step(made.id, 'withdraw', { fee_cents: 0 });
  await step(made.id, 'reinstate', { amount_cents: 400 });
  assert.deepEqual((await moved(made.id)).map((row) => row.slice(1, 3)), [[-1000, 700], [-500, 0], [400, 0]]);
  for (const [verb, body] of [['withdraw', { amount_cents: 401 }], ['reinstate', { amount_cents: 1101 }], ['close', {}]])
    assert.equal((await house.ask('POST', `/stripe/disputes/${made.id}/${verb}`, body)).status, 409);
  await step(made.id, 'won', { reinstate: false });
  assert.deepEqual((await told()).map((one) => one[0]), ['funds_withdrawn', 'funds_withdrawn', 'funds_reinstated', 'closed']);
  await step(made.id, 'reinstate');
  assert.deepEqual((await moved(made.id)).pop().slice(1, 3), [1100, 0]);
  assert.equal((await house.ask('POST', `/stripe/disputes/${made.id}/reinstate`, {})).status, 409);
});

test('a disputed debit is lost at once', async (t) => {
  const { stripe, debited, heard, dispute, told, moved } = await disputes(t);
  const { payment } = await debited(5000);
  await heard();
  const made = await dispute(payment, { reason: 'debit_not_authorized', fee_cents: 750 });
  assert.match(made.id, /^du_/);
  assert.deepEqual(await told(), [['created', 'lost'], ['funds_withdrawn', 'lost'], ['closed', 'lost']]);
  assert.deepEqual(await moved(made.id), [['adjustment', -5000, 750, -5750, 'dispute']]);
  assert.equal((await stripe.disputes.retrieve(made.id)).evidence_details.due_by, null);
});

test('a debit fails weeks after it had succeeded', async (t) => {
  const { house, stripe, debited, heard, advance } = await disputes(t);
  const { id, payment, charge } = await debited(5000);
  await heard();
  await advance(20 * 24 * 3600);
  await house.post(`/stripe/payments/${payment}/late_failure`, { session_event: true });
  const events = await heard();
  assert.deepEqual(events.map((event) => event.type),
    ['charge.failed', 'payment_intent.payment_failed', 'checkout.session.async_payment_failed']);
  const failed = events[0].data.object;
  assert.deepEqual([failed.status, failed.failure_code !== null, failed.paid], ['failed', true, false]);
  const back = hold(await stripe.balanceTransactions.retrieve(failed.failure_balance_transaction));
  assert.deepEqual([back.type, back.amount, back.fee, back.source, back.reporting_category],
    ['payment_failure_refund', -5000, 0, charge, 'charge_failure']);
  assert.deepEqual((await stripe.balanceTransactions.list({ source: charge })).data.map((row) => row.amount), [-5000, 5000]);
  assert.equal((await stripe.paymentIntents.retrieve(payment)).status, 'requires_payment_method');
  assert.equal((await stripe.checkout.sessions.retrieve(id)).status, 'complete');
  assert.equal((await house.ask('POST', `/stripe/payments/${payment}/late_failure`, {})).status, 409);
  const { captures, movements } = await house.get('/ledger');
  assert.deepEqual([captures[0].status, captures[0].paid], ['failed', false]);
  assert.equal(movements.reduce((total, row) => total + row.gross_cents, 0), 0);
});

test('news of every kind is held, reordered, doubled and dropped', async (t) => {
  const { house, paid, debited, types, dispute, step, advance } = await disputes(t);
  const { payment } = await paid(4000, { notify: 'never', fee_late_s: -1 });
  const debit = await debited(3000);
  await types();
  await house.post('/deliveries/hold', { held: true });
  const loud = { notify: 'normal' };
  await house.post(`/stripe/payments/${payment}/fee`, loud);
  const made = await dispute(payment, loud);
  await step(made.id, 'won', loud);
  await house.post(`/stripe/payments/${debit.payment}/late_failure`, loud);
  await advance(3 * 24 * 3600);
  await house.post(`/stripe/accounts/${ACCOUNT}/payout`);
  const { deliveries } = await house.get('/deliveries?state=held');
  assert.deepEqual(deliveries.map((row) => row.kind), ['charge.updated', 'charge.dispute.created',
    'charge.dispute.funds_withdrawn', 'charge.dispute.closed', 'charge.dispute.funds_reinstated', 'charge.failed',
    'payment_intent.payment_failed', 'payout.created', 'payout.paid', 'payout.reconciliation_completed']);
  assert.deepEqual(await types(), []);
  await house.post('/deliveries/hold', { held: false });
  await house.post(`/deliveries/${deliveries[1].id}/drop`);
  const copy = await house.post(`/deliveries/${deliveries[9].id}/duplicate`);
  await house.idle();
  const order = deliveries.map((row) => row.id).reverse();
  await house.post('/deliveries/release', { ids: order });
  const heard = await types();
  assert.equal(copy.kind, 'payout.reconciliation_completed');
  assert.deepEqual(heard, ['payout.reconciliation_completed',
    ...deliveries.map((row) => row.kind).filter((kind) => kind !== 'charge.dispute.created').reverse()]);
});

test('orders about disputes that make no sense are refused', async (t) => {
  const { house, session, paid, debited } = await disputes(t);
  const { payment } = await paid(4000);
  const debit = await debited(4000);
  const { id } = await session();
  const declined = (await house.post(`/stripe/sessions/${id}/pay`, { outcome: 'declined' })).session.payment_intent;
  const refused = [
    [`/stripe/payments/${payment}/dispute`, { amount_cents: 4001 }, 409],
    [`/stripe/payments/${payment}/dispute`, { amount_cents: -1 }, 400],
    [`/stripe/payments/${debit.payment}/dispute`, { inquiry: true }, 409],
    [`/stripe/payments/${declined}/dispute`, {}, 409],
    [`/stripe/payments/${payment}/late_failure`, {}, 409],
    [`/stripe/payments/${debit.payment}/late_failure`, { fee_cents: -1 }, 400],
    ['/stripe/payments/pi_none/dispute', {}, 404],
    ['/stripe/disputes/dp_none/lost', {}, 404],
    ['/stripe/disputes/dp_none/magic', {}, 400],
  ];
  for (const [where, body, status] of refused)
    assert.equal((await house.ask('POST', where, body)).status, status, `${where} ${JSON.stringify(body)}`);
  assert.deepEqual((await house.get(`/stripe/disputes?account=${ACCOUNT}`)).disputes, []);
});
