'use strict';
// Stripe's face: payouts, balances, movements of any kind, charges of another site, and the list of
// movements as Guichet reads it.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { until } = require('./sandbox-house.js');
const { open, hold, refusal, ACCOUNT, DAY_S } = require('./sandbox-money.js');

const payout = (house, body = {}) => house.post(`/stripe/accounts/${ACCOUNT}/payout`, body);
const sum = (rows) => rows.reduce((total, row) => total + row.net, 0);
const funds = async (stripe) => {
  const { available, pending } = await stripe.balance.retrieve();
  return [available[0].amount, pending[0].amount];
};

test('an automatic payout takes what is available, and holds exactly that', async (t) => {
  const { house, stripe, paid, heard, advance } = await open(t);
  assert.deepEqual(await funds(stripe), [0, 0]);
  const first = await paid(4000); // 85 of fees
  const second = await paid(1000); // 40
  await house.post(`/stripe/payments/${second.payment}/refund`, { amount_cents: 300 });
  assert.equal((await house.ask('POST', `/stripe/accounts/${ACCOUNT}/payout`, {})).status, 409);
  assert.deepEqual(await funds(stripe), [0, 3915 + 960 - 300]);
  await advance(3 * DAY_S);
  const late = await paid(2000); // not available yet
  await heard();
  assert.deepEqual(await funds(stripe), [4575, 1945]);
  const made = (await payout(house)).payout;
  assert.deepEqual([made.amount, made.status, made.automatic], [4575, 'paid', true]);
  const events = await heard();
  assert.deepEqual(events.map((event) => [event.type, event.data.object.status, event.data.object.reconciliation_status]),
    [['payout.created', 'pending', 'in_progress'], ['payout.paid', 'paid', 'completed'],
      ['payout.reconciliation_completed', 'paid', 'completed']]);
  const movements = (await stripe.balanceTransactions.list({ payout: made.id })).data.map(hold);
  assert.deepEqual(movements.map((row) => row.type).sort(), ['charge', 'charge', 'payout', 'refund']);
  assert.equal(sum(movements), 0); // its own movement is the other side
  assert.ok(movements.every((row) => row.source !== late.charge));
  assert.equal(movements.find((row) => row.source === first.charge).status, 'available');
  const read = await stripe.payouts.retrieve(made.id, { expand: ['balance_transaction'] });
  assert.deepEqual([read.balance_transaction.amount, read.balance_transaction.type, read.balance_transaction.reporting_category],
    [-4575, 'payout', 'payout']);
  assert.deepEqual((await stripe.payouts.list({ status: 'paid' })).data.map((row) => hold(row).id), [made.id]);
  assert.deepEqual((await stripe.payouts.list({ status: 'failed' })).data, []);
  assert.deepEqual(await funds(stripe), [0, 1945]);
});

test('a payout arrives by the clock, fails later, and the next one carries the money', async (t) => {
  const { house, stripe, paid, heard, types, advance } = await open(t);
  await paid(4000);
  await advance(3 * DAY_S);
  await heard();
  const made = (await payout(house, { arrive_s: 2 * DAY_S })).payout;
  assert.equal(made.status, 'pending');
  assert.deepEqual(await types(), ['payout.created']);
  await advance(2 * DAY_S);
  await until('the arrival', async () => (await stripe.payouts.retrieve(made.id)).status === 'paid');
  assert.deepEqual(await types(), ['payout.paid', 'payout.reconciliation_completed']);
  await house.post(`/stripe/payouts/${made.id}`, { outcome: 'failed', detail: 'no_account' });
  const [failed] = await heard();
  assert.deepEqual([failed.type, failed.data.object.status, failed.data.object.failure_code], ['payout.failed', 'failed', 'no_account']);
  const back = await stripe.balanceTransactions.retrieve(failed.data.object.failure_balance_transaction);
  assert.deepEqual([back.type, back.amount, back.source, back.reporting_category],
    ['payout_failure', 3915, made.id, 'payout_reversal']);
  assert.equal((await house.ask('POST', `/stripe/payouts/${made.id}`, { outcome: 'failed' })).status, 409);
  const next = (await payout(house)).payout;
  assert.equal(next.amount, 3915);
  const held = (await stripe.balanceTransactions.list({ payout: next.id })).data;
  assert.deepEqual(held.map((row) => row.type).sort(), ['payout', 'payout_failure']);
});

test('a payout is canceled while it waits', async (t) => {
  const { house, paid, heard, types, advance, stripe } = await open(t);
  await paid(4000);
  await advance(3 * DAY_S);
  await heard();
  const made = (await payout(house, { outcome: 'pending' })).payout;
  await house.post(`/stripe/payouts/${made.id}`, { outcome: 'canceled' });
  assert.deepEqual(await types(), ['payout.created', 'payout.canceled']);
  const [back] = (await stripe.balanceTransactions.list({ type: 'payout_cancel' })).data;
  assert.deepEqual([back.amount, back.source], [3915, made.id]);
  assert.deepEqual(await funds(stripe), [3915, 0]);
});

test('a manual payout takes an amount and holds no movements', async (t) => {
  const { house, stripe, paid, heard, types, advance } = await open(t);
  await paid(4000);
  await advance(3 * DAY_S);
  await heard();
  const made = (await payout(house, { amount_cents: 1000 })).payout;
  assert.deepEqual([made.amount, made.automatic], [1000, false]);
  assert.deepEqual(await types(), ['payout.created', 'payout.paid']);
  const refused = await refusal(stripe.balanceTransactions.list({ payout: made.id }));
  assert.match(refused.message, /automatic transfers, not manual/);
  assert.equal(hold(await stripe.payouts.retrieve(made.id)).reconciliation_status, 'not_applicable');
  assert.equal((await house.ask('POST', `/stripe/accounts/${ACCOUNT}/payout`, { amount_cents: 2916 })).status, 409);
  const rest = (await payout(house)).payout; // the manual payout's own movement counts
  assert.equal(rest.amount, 2915);
  assert.equal((await refusal(stripe.balanceTransactions.list({ payout: 'po_none' }))).statusCode, 404);
});

test('a negative balance is taken from the bank', async (t) => {
  const { house, stripe, paid, heard, advance } = await open(t);
  const { payment } = await paid(4000);
  await advance(3 * DAY_S);
  await payout(house);
  await house.post(`/stripe/payments/${payment}/refund`);
  await heard();
  const made = (await payout(house)).payout;
  assert.equal(made.amount, -4000);
  assert.equal((await heard())[1].data.object.amount, -4000);
  assert.equal((await stripe.balanceTransactions.retrieve(made.balance_id)).amount, 4000);
});

test('movements of any kind, an unknown one too', async (t) => {
  const { house, stripe } = await open(t);
  const movement = (body) => house.post(`/stripe/accounts/${ACCOUNT}/movement`, body);
  const fee = (await movement({ type: 'stripe_fee', amount_cents: -500, description: 'Radar (2026-11)' })).movement;
  const row = hold(await stripe.balanceTransactions.retrieve(fee.id));
  assert.deepEqual([row.type, row.amount, row.fee, row.net, row.source, row.description, row.reporting_category],
    ['stripe_fee', -500, 0, -500, null, 'Radar (2026-11)', 'fee']);
  const strange = (await movement({ type: 'quantum_levy', amount_cents: -7, fee_cents: 1 })).movement;
  const read = await stripe.balanceTransactions.retrieve(strange.id);
  assert.deepEqual([read.type, read.net, read.fee_details.length], ['quantum_levy', -8, 1]);
  await movement({ type: 'reserve_hold', amount_cents: -100, available_s: 3600 });
  assert.deepEqual(await funds(stripe), [-508, -100]);
  for (const body of [{}, { type: '' , amount_cents: 1 }, { type: 'adjustment' }])
    assert.equal((await house.ask('POST', `/stripe/accounts/${ACCOUNT}/movement`, body)).status, 400);
  assert.equal((await house.ask('POST', '/stripe/accounts/acct_none/movement', { type: 'topup', amount_cents: 1 })).status, 404);
});

test('another site is paid on the same account', async (t) => {
  const { house, stripe, heard } = await open(t);
  const charge = (body) => house.post(`/stripe/accounts/${ACCOUNT}/charge`, { amount_cents: 2000, ...body });
  const { payment } = await charge({ metadata: { shop: '42' }, description: 'Livre' });
  const events = await heard();
  assert.deepEqual(events.map((event) => event.type), ['charge.succeeded', 'payment_intent.succeeded']);
  assert.deepEqual(events[0].data.object.metadata, { shop: '42' });
  const read = hold(await stripe.paymentIntents.retrieve(payment.id, { expand: ['latest_charge.balance_transaction'] }));
  assert.deepEqual([read.metadata.shop, read.latest_charge.balance_transaction.fee, read.latest_charge.billing_details.name],
    ['42', 55, 'Paul Ailleurs']);
  assert.deepEqual((await stripe.checkout.sessions.list({ payment_intent: payment.id })).data, []);
  const debit = (await charge({ method: 'sepa_debit', fee_late_s: -1 })).payment;
  assert.match(debit.charge_id, /^py_/);
  await house.post(`/stripe/payments/${debit.id}/fee`);
  assert.equal((await stripe.balanceTransactions.list({ source: debit.charge_id })).data[0].type, 'payment');
  assert.equal((await stripe.refunds.create({ payment_intent: payment.id, amount: 500 })).amount, 500);
  const { captures, movements } = await house.get('/ledger');
  assert.deepEqual(captures.map((row) => [row.reference, row.session, row.metadata]),
    [[payment.id, null, { shop: '42' }], [debit.id, null, {}]]);
  assert.deepEqual(movements.map((row) => row.kind), ['charge', 'payment', 'refund']);
  const answer = await house.ask('POST', `/stripe/accounts/${ACCOUNT}/charge`, { amount_cents: 0 });
  assert.equal(answer.status, 400);
});

test('another currency is changed as it comes', async (t) => {
  const { house, stripe, heard, advance } = await open(t);
  const options = (body) => house.post(`/stripe/accounts/${ACCOUNT}/options`, body);
  await options({ exchange_millionths: 1055555 }); // francs into euros
  const { payment } = await house.post(`/stripe/accounts/${ACCOUNT}/charge`, { amount_cents: 1000, currency: 'chf' });
  const charge = hold(await stripe.charges.retrieve(payment.charge_id, { expand: ['balance_transaction'] }));
  const movement = charge.balance_transaction;
  assert.deepEqual([charge.amount, charge.currency], [1000, 'chf']);
  assert.deepEqual([movement.amount, movement.currency, movement.fee, movement.exchange_rate], [1056, 'eur', 41, 1.055555]);
  await options({ exchange_millionths: 1100000 }); // a refund is changed at the rate of its day
  const refund = await stripe.refunds.create({ charge: charge.id, amount: 500, expand: ['balance_transaction'] });
  assert.deepEqual([refund.amount, refund.currency, refund.balance_transaction.amount, refund.balance_transaction.currency],
    [500, 'chf', -550, 'eur']);
  const { dispute } = await house.post(`/stripe/payments/${payment.id}/dispute`, { amount_cents: 500 });
  await house.post(`/stripe/disputes/${dispute.id}/won`);
  await heard();
  const { movements } = await house.get('/ledger?provider=stripe');
  assert.deepEqual(movements.map((row) => [row.kind, row.gross_cents, row.currency, row.original_cents, row.original_currency]), [
    ['charge', 1056, 'EUR', 1000, 'CHF'], ['refund', -550, 'EUR', -500, 'CHF'],
    ['adjustment', -550, 'EUR', -500, 'CHF'], ['adjustment', 550, 'EUR', 500, 'CHF']]);
  await advance(3 * DAY_S);
  assert.equal((await payout(house)).payout.amount, 1056 - 41 - 550 - 1500);
  assert.equal((await house.ask('POST', `/stripe/accounts/${ACCOUNT}/options`, { exchange_millionths: 0 })).status, 400);
});

test('the list of movements: pages, filters, what each is of', async (t) => {
  const { house, stripe, paid, advance } = await open(t);
  const made = [];
  for (const amount of [1000, 2000, 3000, 4000, 5000]) made.push(await paid(amount)); // equal seconds
  const refund = await stripe.refunds.create({ charge: made[2].charge, amount: 700, metadata: { a: 'b' } });
  await advance(3 * DAY_S);
  const { payout: out } = await payout(house);
  await advance(DAY_S);
  await house.post(`/stripe/accounts/${ACCOUNT}/movement`, { type: 'stripe_fee', amount_cents: -100 });
  const all = (await stripe.balanceTransactions.list({ limit: 100 })).data;
  assert.deepEqual(all.map((row) => row.amount), [-100, -out.amount, -700, 5000, 4000, 3000, 2000, 1000]);
  const paged = [];
  for await (const row of stripe.balanceTransactions.list({ limit: 3 })) paged.push(row.id);
  assert.deepEqual(paged, all.map((row) => row.id));
  const before = await stripe.balanceTransactions.list({ ending_before: all[5].id, limit: 2 });
  assert.deepEqual([before.data.map((row) => row.id), before.has_more], [[all[3].id, all[4].id], true]);
  const ids = async (filter) => (await stripe.balanceTransactions.list(filter)).data.map((row) => row.id);
  assert.deepEqual(await ids({ type: 'refund' }), [all[2].id]);
  assert.deepEqual(await ids({ source: made[0].charge }), [all[7].id]);
  assert.deepEqual(await ids({ source: refund.id }), [all[2].id]);
  assert.deepEqual(await ids({ created: { gt: all[1].created } }), [all[0].id]);
  assert.deepEqual(await ids({ created: { gte: all[1].created, lt: all[0].created } }), [all[1].id]);
  assert.deepEqual(await ids({ created: { lte: all[2].created } }), all.slice(2).map((row) => row.id));
  assert.deepEqual(await ids({ currency: 'usd' }), []);
  assert.deepEqual(await ids({ payout: out.id, limit: 2 }), [all[1].id, all[2].id]);
  assert.deepEqual(await ids({ payout: out.id, starting_after: all[6].id }), [all[7].id]);
  for (const limit of [0, 101]) assert.equal((await refusal(stripe.balanceTransactions.list({ limit }))).param, 'limit');
  const whole = (await stripe.balanceTransactions.list({ expand: ['data.source.balance_transaction', 'data.source.charge'] })).data;
  assert.deepEqual(whole.map((row) => row.source && row.source.object),
    [null, 'payout', 'refund', 'charge', 'charge', 'charge', 'charge', 'charge']);
  assert.equal(whole[1].source.balance_transaction.id, all[1].id);
  assert.equal(whole[2].source.charge.id, made[2].charge);
  assert.equal(whole[3].source.metadata.guichet, 'mark-1');
  assert.equal((await refusal(stripe.balanceTransactions.list({ expand: ['data.nonsense'] }))).statusCode, 400);
});

test('the ledger tells a judge every movement, in pages', async (t) => {
  const { house, stripe, paid, advance } = await open(t);
  const one = await paid(4000, {}, { guichet: 'mark-9' });
  await stripe.refunds.create({ charge: one.charge, amount: 500, metadata: { refund_request: '3' } });
  await advance(3 * DAY_S);
  const { payout: out } = await payout(house);
  const { movements } = await house.get(`/ledger?provider=stripe&account=${ACCOUNT}`);
  assert.deepEqual(movements.map((row) => [row.kind, row.gross_cents, row.fee_cents, row.net_cents, row.currency, row.payment, row.payout]), [
    ['charge', 4000, 85, 3915, 'EUR', one.payment, out.id],
    ['refund', -500, 0, -500, 'EUR', one.payment, out.id],
    ['payout', -3415, 0, -3415, 'EUR', null, out.id]]);
  assert.deepEqual(movements.map((row) => row.metadata.guichet), ['mark-9', 'mark-9', undefined]);
  assert.deepEqual(movements[1].refund_metadata, { refund_request: '3' });
  const page = await house.get(`/stripe/movements?account=${ACCOUNT}&limit=2`);
  assert.deepEqual(page.movements, movements.slice(0, 2));
  const rest = await house.get(`/stripe/movements?limit=2&after=${page.next}`);
  assert.deepEqual([rest.movements, rest.next], [movements.slice(2), null]);
  assert.deepEqual((await house.get('/ledger?provider=paypal')).movements, []);
});

test('orders about payouts that make no sense are refused', async (t) => {
  const { house, paid, advance } = await open(t);
  await paid(4000);
  await advance(3 * DAY_S);
  const refused = [
    [`/stripe/accounts/${ACCOUNT}/payout`, { outcome: 'magic' }, 400],
    [`/stripe/accounts/${ACCOUNT}/payout`, { amount_cents: 1, automatic: true }, 400],
    [`/stripe/accounts/${ACCOUNT}/payout`, { arrive_s: 5, outcome: 'paid' }, 400],
    [`/stripe/accounts/${ACCOUNT}/payout`, { currency: 'usd' }, 409],
    [`/stripe/accounts/${ACCOUNT}/payout`, { livemode: true }, 409],
    ['/stripe/accounts/acct_none/payout', {}, 404],
    ['/stripe/payouts/po_none', { outcome: 'paid' }, 404],
  ];
  for (const [where, body, status] of refused)
    assert.equal((await house.ask('POST', where, body)).status, status, `${where} ${JSON.stringify(body)}`);
  assert.deepEqual((await house.get('/stripe/payouts')).payouts, []);
});
