'use strict';
// Stripe's face after a payment: fees that come late, and refunds.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { until } = require('./sandbox-house.js');
const { open, hold, refusal, ACCOUNT } = require('./sandbox-money.js');

const balanceOf = async (stripe, charge) => (await stripe.charges.retrieve(charge)).balance_transaction;

test('a fee may come later: by the clock, or when it is told', async (t) => {
  const { house, stripe, paid, types, heard, advance } = await open(t);
  const soon = await paid(4000, { fee_late_s: 600 });
  assert.deepEqual(await types(), ['charge.succeeded', 'payment_intent.succeeded', 'checkout.session.completed']);
  assert.equal(await balanceOf(stripe, soon.charge), null);
  assert.equal((await stripe.balanceTransactions.list()).data.length, 0);
  await advance(300);
  assert.deepEqual(await types(), []);
  await advance(300);
  const [event] = await until('the fee', async () => { const all = await heard(); return all.length && all; });
  assert.equal(event.type, 'charge.updated');
  assert.deepEqual(event.data.previous_attributes, { balance_transaction: null });
  assert.equal(event.data.object.metadata.guichet, 'mark-1');
  const movement = hold(await stripe.balanceTransactions.retrieve(event.data.object.balance_transaction));
  assert.deepEqual([movement.amount, movement.fee, movement.net, movement.type, movement.source,
    movement.reporting_category, movement.status], [4000, 85, 3915, 'charge', soon.charge, 'charge', 'pending']);
  assert.deepEqual(movement.fee_details.map((fee) => [fee.amount, fee.type]), [[85, 'stripe_fee']]);

  // As the account is set from now on: only when the control interface says so.
  await house.post(`/stripe/accounts/${ACCOUNT}/options`, { fee_late_s: -1 });
  const late = await paid(1000);
  await advance(40 * 24 * 3600);
  await heard();
  assert.equal(await balanceOf(stripe, late.charge), null);
  await house.post(`/stripe/payments/${late.payment}/fee`, { notify: 'twice' });
  assert.deepEqual(await types(), ['charge.updated', 'charge.updated']);
  assert.match(await balanceOf(stripe, late.charge), /^txn_/);
  assert.equal((await house.ask('POST', `/stripe/payments/${late.payment}/fee`, {})).status, 409);
  const { captures } = await house.get('/ledger');
  assert.deepEqual(captures.map((row) => [row.amount_cents, row.fee_cents]), [[4000, 85], [1000, 40]]);
});

test('a debit’s fee comes late too, and its movement is a payment', async (t) => {
  const { house, stripe, paid, advance } = await open(t);
  const debit = await paid(5000, { outcome: 'sepa', settle_s: 100, fee_late_s: 50 });
  await advance(100);
  const charge = () => stripe.charges.retrieve(debit.charge);
  await until('the money', async () => (await charge()).status === 'succeeded');
  assert.equal((await charge()).balance_transaction, null);
  await advance(50);
  await until('the fee', async () => (await charge()).balance_transaction !== null);
  const movement = await stripe.balanceTransactions.retrieve(await balanceOf(stripe, debit.charge));
  assert.deepEqual([movement.type, movement.fee, movement.source], ['payment', 100, debit.charge]);
  assert.equal((await house.get('/ledger')).captures[0].fee_cents, 100);
});

test('a refund by the interface: part, then the rest, then no more', async (t) => {
  const { stripe, paid, heard } = await open(t);
  const { payment, charge } = await paid(4000);
  await heard();
  const part = hold(await stripe.refunds.create({ payment_intent: payment, amount: 1500,
    reason: 'requested_by_customer', metadata: { refund_request: '7' } }));
  assert.deepEqual([part.amount, part.charge, part.payment_intent, part.status, part.reason, part.metadata.refund_request],
    [1500, charge, payment, 'succeeded', 'requested_by_customer', '7']);
  assert.match(part.id, /^re_/);
  const events = await heard();
  assert.deepEqual(events.map((event) => event.type), ['refund.created', 'charge.refunded']);
  assert.equal(events[0].data.object.metadata.refund_request, '7');
  assert.match(events[0].request.id, /^req_/);
  assert.deepEqual([events[1].data.object.amount_refunded, events[1].data.object.refunded,
    events[1].data.previous_attributes.amount_refunded], [1500, false, 0]);
  const movement = hold(await stripe.balanceTransactions.retrieve(part.balance_transaction));
  assert.deepEqual([movement.type, movement.amount, movement.fee, movement.net, movement.source, movement.fee_details,
    movement.reporting_category], ['refund', -1500, 0, -1500, part.id, [], 'refund']);

  const more = await refusal(stripe.refunds.create({ charge, amount: 2501 }));
  assert.deepEqual([more.statusCode, more.param], [400, 'amount']);
  assert.match(more.message, /greater than unrefunded amount/);
  const rest = await stripe.refunds.create({ charge });
  assert.equal(rest.amount, 2500);
  const whole = await stripe.charges.retrieve(charge);
  assert.deepEqual([whole.amount_refunded, whole.refunded], [4000, true]);
  const done = await refusal(stripe.refunds.create({ charge }));
  assert.deepEqual([done.statusCode, done.code], [400, 'charge_already_refunded']);

  const list = await stripe.refunds.list({ payment_intent: payment });
  assert.deepEqual(list.data.map((refund) => hold(refund).id), [rest.id, part.id]);
  assert.equal((await stripe.refunds.list({ charge, limit: 1 })).has_more, true);
  const read = await stripe.refunds.retrieve(part.id, { expand: ['charge.balance_transaction', 'balance_transaction'] });
  assert.equal(read.charge.balance_transaction.amount, 4000);
  assert.equal(hold(read).balance_transaction.amount, -1500);
});

test('an idempotency key gives one refund', async (t) => {
  const { house, stripe, paid } = await open(t);
  const { payment } = await paid(4000);
  const ask = (amount) => stripe.refunds.create({ payment_intent: payment, amount }, { idempotencyKey: 'refund-1' });
  const first = await ask(1000);
  assert.equal((await ask(1000)).id, first.id);
  assert.equal((await refusal(ask(1200))).type, 'StripeIdempotencyError');
  assert.equal((await house.get(`/stripe/refunds?payment=${payment}`)).refunds.length, 1);
});

test('what cannot be refunded is refused as Stripe does', async (t) => {
  const { house, stripe, session, paid } = await open(t);
  const error = async (parameters) => {
    const { statusCode, code, param } = await refusal(stripe.refunds.create(parameters));
    return [statusCode, code, param];
  };
  assert.deepEqual(await error({}), [400, 'parameter_missing', 'charge']);
  assert.deepEqual(await error({ charge: 'ch_none' }), [404, 'resource_missing', undefined]);
  assert.deepEqual(await error({ payment_intent: 'pi_none' }), [404, 'resource_missing', undefined]);
  const { payment, charge } = await paid(4000);
  assert.deepEqual(await error({ charge, payment_intent: payment }), [400, undefined, 'charge']);
  assert.deepEqual(await error({ charge, amount: 0 }), [400, 'parameter_invalid_integer', 'amount']);
  assert.deepEqual(await error({ charge, reason: 'regret' }), [400, undefined, 'reason']);
  const { id } = await session();
  const declined = await house.post(`/stripe/sessions/${id}/pay`, { outcome: 'declined' });
  assert.deepEqual(await error({ payment_intent: declined.session.payment_intent }), [400, undefined, 'charge']);
  const waiting = await paid(4000, { outcome: 'sepa', settle_s: -1 });
  assert.deepEqual(await error({ payment_intent: waiting.payment }), [400, undefined, 'charge']);
  const other = await house.post('/stripe/accounts', { name: 'Les autres' });
  const foreign = await refusal(stripe.refunds.create({ charge }, { stripeAccount: other.id }));
  assert.equal(foreign.statusCode, 403);
  const key = await house.post(`/stripe/accounts/${ACCOUNT}/keys`, { kind: 'restricted', permissions: ['rak_charge_read'] });
  const weak = await refusal(stripe.refunds.create({ charge }, { apiKey: key.key }));
  assert.match(weak.message, /'rak_charge_write'/);
  assert.equal((await house.get('/stripe/refunds')).refunds.length, 0);
});

test('a refund fails later: what it took comes back', async (t) => {
  const { house, stripe, paid, heard } = await open(t);
  const { payment, charge } = await paid(4000);
  const { refund } = await house.post(`/stripe/payments/${payment}/refund`, { amount_cents: 1500, reason: 'duplicate' });
  assert.equal(refund.status, 'succeeded');
  await heard();
  await house.post(`/stripe/refunds/${refund.id}`, { outcome: 'failed', detail: 'expired_or_canceled_card' });
  const events = await heard();
  assert.deepEqual(events.map((event) => event.type), ['refund.updated', 'charge.refund.updated', 'refund.failed']);
  for (const event of events) {
    const failed = event.data.object;
    assert.deepEqual([failed.status, failed.failure_reason], ['failed', 'expired_or_canceled_card']);
    assert.match(failed.failure_balance_transaction, /^txn_/);
  }
  const back = hold(await stripe.balanceTransactions.retrieve(events[2].data.object.failure_balance_transaction));
  assert.deepEqual([back.type, back.amount, back.fee, back.source, back.reporting_category],
    ['refund_failure', 1500, 0, refund.id, 'refund_failure']);
  assert.equal((await stripe.charges.retrieve(charge)).amount_refunded, 0);
  assert.equal((await house.ask('POST', `/stripe/refunds/${refund.id}`, { outcome: 'failed' })).status, 409);
  assert.equal((await stripe.refunds.create({ charge })).amount, 4000); // all of it may be given back again
});

test('a refund waits: with its money gone, or for want of funds', async (t) => {
  const { house, stripe, debited, heard } = await open(t);
  const { payment, charge } = await debited(4000);
  await heard();
  const first = (await house.post(`/stripe/payments/${payment}/refund`, { amount_cents: 1000, outcome: 'pending' })).refund;
  assert.match(first.id, /^pyr_/);
  assert.match(first.balance_id, /^txn_/);
  assert.equal((await stripe.balanceTransactions.retrieve(first.balance_id)).type, 'payment_refund');
  const second = (await house.post(`/stripe/payments/${payment}/refund`,
    { amount_cents: 500, outcome: 'pending', detail: 'insufficient_funds' })).refund;
  assert.equal(second.balance_id, null);
  assert.deepEqual((await heard()).map((event) => event.type),
    ['refund.created', 'charge.refunded', 'refund.created', 'charge.refunded']);
  await house.post(`/stripe/refunds/${first.id}`, { outcome: 'succeeded' });
  await house.post(`/stripe/refunds/${second.id}`, { outcome: 'canceled' });
  const ended = await heard();
  assert.deepEqual(ended.map((event) => [event.type, event.data.object.status]),
    [['refund.updated', 'succeeded'], ['charge.refund.updated', 'succeeded'],
      ['refund.updated', 'canceled'], ['charge.refund.updated', 'canceled']]);
  assert.equal((await stripe.charges.retrieve(charge)).amount_refunded, 1000);
  assert.equal((await stripe.balanceTransactions.list()).data.length, 2);
  assert.equal((await house.ask('POST', `/stripe/refunds/${first.id}`, { outcome: 'canceled' })).status, 409);
});

test('the account says what becomes of refunds asked by the interface', async (t) => {
  const { house, stripe, paid, types } = await open(t);
  const { payment } = await paid(4000);
  await types();
  await house.post(`/stripe/accounts/${ACCOUNT}/options`, { refund_outcome: 'pending' });
  assert.equal(hold(await stripe.refunds.create({ payment_intent: payment, amount: 100 })).pending_reason, 'processing');
  await house.post(`/stripe/accounts/${ACCOUNT}/options`, { refund_outcome: 'failed' });
  assert.equal(hold(await stripe.refunds.create({ payment_intent: payment, amount: 100 })).status, 'failed');
  assert.deepEqual((await types()).slice(2),
    ['refund.created', 'charge.refunded', 'refund.updated', 'charge.refund.updated', 'refund.failed']);
});

test('notifications of refunds are held, dropped, doubled and reordered as all others', async (t) => {
  const { house, paid, types } = await open(t);
  const { payment } = await paid(4000, { notify: 'never' });
  const refund = (more) => house.post(`/stripe/payments/${payment}/refund`, { amount_cents: 100, ...more });
  await refund({});
  assert.deepEqual(await types(), []); // the way of the payment itself
  await refund({ notify: 'out_of_order' });
  assert.deepEqual(await types(), ['charge.refunded', 'refund.created']);
  await refund({ notify: 'twice' });
  assert.deepEqual(await types(), ['refund.created', 'refund.created', 'charge.refunded', 'charge.refunded']);
  await house.post('/deliveries/hold', { held: true });
  const { deliveries } = await refund({ notify: 'normal' });
  assert.deepEqual(await types(), []);
  await house.post('/deliveries/hold', { held: false });
  await house.post(`/deliveries/${deliveries[0]}/drop`);
  await house.post('/deliveries/release', { all: true });
  assert.deepEqual(await types(), ['charge.refunded']);
});

test('orders that make no sense are refused', async (t) => {
  const { house, paid } = await open(t);
  const { payment } = await paid(4000);
  const refused = [
    [`/stripe/payments/${payment}/refund`, { amount_cents: 4001 }, 409],
    [`/stripe/payments/${payment}/refund`, { amount_cents: -1 }, 400],
    [`/stripe/payments/${payment}/refund`, { reason: 'regret' }, 400],
    [`/stripe/payments/${payment}/refund`, { outcome: 'magic' }, 400],
    [`/stripe/payments/${payment}/refund`, { outcome: 'pending', detail: 'magic' }, 400],
    ['/stripe/payments/pi_none/refund', {}, 404],
    ['/stripe/payments/pi_none/fee', {}, 404],
    ['/stripe/refunds/re_none', { outcome: 'failed' }, 404],
    [`/stripe/accounts/${ACCOUNT}/options`, { fee_late_s: -2 }, 400],
    [`/stripe/accounts/${ACCOUNT}/options`, { refund_outcome: 'magic' }, 400],
    ['/stripe/accounts/acct_none/options', {}, 404],
  ];
  for (const [where, body, status] of refused)
    assert.equal((await house.ask('POST', where, body)).status, status, `${where} ${JSON.stringify(body)}`);
});
