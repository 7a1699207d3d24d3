'use strict';
// What PayPal's REST face tells of an account: its transactions in pages, its balances; the same ledger.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { open, issueOf } = require('./sandbox-paypal-rest.js');

const TRANSACTIONS = '/v1/reporting/transactions';
const at = (days, now) => new Date((now + days * 24 * 3600) * 1000).toISOString().replace(/\.\d+Z/, '-0000');

async function reporting(t, app = {}) {
  const kit = await open(t, { app: { reporting: true, ...app } });
  const now = async () => (await kit.house.get('/health')).now;
  const search = async (more = {}, from = -1, until = 1) => {
    const time = await now();
    const query = new URLSearchParams({ start_date: at(from, time), end_date: at(until, time), ...more });
    return kit.ask('GET', `${TRANSACTIONS}?${query}`);
  };
  const balances = (query = '') => kit.ask('GET', `/v1/reporting/balances${query}`);
  return { ...kit, now, search, balances };
}

test('every movement of the ledger, with its code, and what it sums to', async (t) => {
  const { house, search, balances, paid } = await reporting(t);
  const capture = (await paid()).purchase_units[0].payments.captures[0].id;
  const business = '/paypal/businesses/MARCHEURS2345';
  await house.post(`/paypal/payments/${capture}/refund`, { amount_cents: 1000 });
  await house.post(`/paypal/payments/${capture}/reversal`, {});
  await house.post(`/paypal/payments/${capture}/reversal-cancel`, {});
  await house.post(`${business}/payments`, { amount_cents: 2000, txn_type: 'send_money', item_name: 'Don' });
  await house.post(`${business}/payments`, { amount_cents: 500, currency: 'USD' });
  for (const [kind, amount, more] of [['withdrawal', -1500], ['dispute_fee', -1600], ['hold', -100], ['release', 100], ['other', -7, { type: 'T1900' }], ['other', -8, { type: 'Mystère' }]]) {
    await house.post(`${business}/movements`, { kind, amount_cents: amount, ...more });
  }
  const answer = await search({ fields: 'all' });
  assert.equal(answer.status, 200, answer.text);
  const infos = answer.body.transaction_details.map((each) => each.transaction_info);
  assert.deepEqual(infos.map((each) => each.transaction_event_code),
    ['T0006', 'T1107', 'T1201', 'T1202', 'T0000', 'T0007', 'T0400', 'T0106', 'T2107', 'T2108', 'T1900', 'T9900']);
  const { movements } = await house.get('/ledger?provider=paypal');
  assert.deepEqual(infos.map((each) => each.transaction_id), movements.map((each) => each.reference));
  const cents = (money) => (money ? Math.round(Number(money.value) * 100) : 0);
  assert.deepEqual(infos.map((each) => cents(each.transaction_amount) + cents(each.fee_amount)), movements.map((each) => each.net_cents));
  const [first, refund] = infos;
  assert.deepEqual([first.transaction_amount, first.fee_amount.value, first.invoice_id, first.custom_field, first.transaction_status],
    [{ currency_code: 'EUR', value: '42.50' }, '-1.58', 'invoice-1', 'mark-1', 'S']);
  assert.match(first.transaction_initiation_date, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000$/);
  assert.deepEqual([refund.paypal_reference_id, refund.paypal_reference_id_type, refund.fee_amount.value], [capture, 'TXN', '0.29']);
  assert.equal(answer.body.transaction_details[0].payer_info.payer_name.given_name, 'Zoé');
  assert.deepEqual([answer.body.account_number, answer.body.total_items, answer.body.total_pages], ['MARCHEURS2345', 12, 1]);
  const sums = {};
  for (const each of movements) sums[each.currency] = (sums[each.currency] || 0) + each.net_cents;
  const told = await balances();
  assert.deepEqual(told.body.balances.map((each) => [each.currency, cents(each.total_balance), each.primary]),
    [['EUR', sums.EUR, true], ['USD', sums.USD, undefined]]);
  assert.deepEqual((await balances('?currency_code=USD')).body.balances.map((each) => each.currency), ['USD']);
  const last = infos.filter((each) => each.transaction_amount.currency_code === 'EUR').at(-1);
  assert.equal(cents(last.ending_balance), sums.EUR);
  const one = await search({ transaction_id: capture });
  assert.deepEqual(one.body.transaction_details.map((each) => Object.keys(each)), [['transaction_info']]);
  assert.equal((await search({ transaction_currency: 'USD' })).body.total_items, 1);
});

test('pages, what waits, what is not told yet', async (t) => {
  const { house, search, balances, paid, now, token } = await reporting(t, { reporting_late_s: 3 * 3600, token_s: 100000 });
  for (let i = 0; i < 5; i++) await house.post('/paypal/businesses/MARCHEURS2345/payments', { amount_cents: 100 + i });
  const waits = (await paid({ outcome: 'echeck' })).purchase_units[0].payments.captures[0].id;
  assert.deepEqual((await search()).body.total_items, 0);
  assert.deepEqual((await balances()).body.balances, []);
  await house.post('/clock', { advance_s: 3 * 3600 + 60 });
  house.token = await token();
  const pages = [];
  for (const page of ['1', '2', '3', '4']) pages.push((await search({ page, page_size: '2' })).body);
  assert.deepEqual(pages.map((each) => [each.page, each.total_pages, each.total_items, each.transaction_details.length]),
    [[1, 3, 5, 2], [2, 3, 5, 2], [3, 3, 5, 1], [4, 3, 5, 0]]);
  assert.equal(new Set(pages.flatMap((each) => each.transaction_details.map((one) => one.transaction_info.transaction_id))).size, 5);
  assert.ok(pages[0].links.some((link) => link.rel === 'next'));
  const all = (await search({ balance_affecting_records_only: 'N' })).body.transaction_details.map((each) => each.transaction_info);
  assert.deepEqual(all.filter((each) => each.transaction_status === 'P').map((each) => each.transaction_id), [waits]);
  assert.equal((await balances()).body.balances[0].total_balance.value, '3.20');
  const early = new Date((await now() - 24 * 3600) * 1000).toISOString();
  assert.deepEqual((await balances(`?as_of_time=${early}`)).body.balances, []);
});

test('questions that are refused', async (t) => {
  const { house, ask, search, balances } = await reporting(t);
  assert.equal((await search({}, -31, 0)).status, 200);
  for (const answer of [
    await search({}, -31.1, 0), await search({}, 1, 0), await search({}, 2, 3), await search({ page: '0' }), await search({ page_size: '501' }),
    await search({ start_date: '2026-11-01' }), await search({ end_date: '' }), await search({ start_date: '2026-13-01T00:00:00Z' }),
    await search({ nonsense: '1' }), await ask('GET', TRANSACTIONS), await balances('?as_of_time=tomorrow'),
  ]) assert.deepEqual([answer.status, answer.body.name], [400, 'INVALID_REQUEST']);
  assert.match((await search({}, -40, 0)).body.message, /31 days/);
  await house.post(`/paypal/apps/${house.app.client_id}`, { reporting: false });
  for (const answer of [await search(), await balances()]) {
    assert.deepEqual([answer.status, answer.body.name, issueOf(answer)], [403, 'NOT_AUTHORIZED', 'PERMISSION_DENIED']);
  }
});
