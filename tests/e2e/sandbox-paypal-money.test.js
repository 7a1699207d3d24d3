'use strict';
// PayPal's face after a payment: refunds, reversals, cases, failures, money of other origin and
// currency, withdrawals; what its messages say, and the activity report of it.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { startSandbox, startListener, call } = require('./sandbox-house.js');

async function open(t, business = {}) {
  const house = await startSandbox(t);
  const listener = await startListener(t);
  await house.post('/paypal/businesses', { id: 'MARCHEURS0001', email: 'tresorier@marcheurs.example',
    name: 'Les Marcheurs', charset: 'UTF-8', notify_url: `${listener.url}/ipn`, ...business });
  const arrive = async (amount, more = {}) => (await house.post('/paypal/businesses/MARCHEURS0001/payments',
    { amount_cents: amount, ...more })).payment;
  const step = (payment, what, more) => house.post(`/paypal/payments/${payment.txn_id}/${what}`, more);
  const move = (kind, amount, more) => house.post('/paypal/businesses/MARCHEURS0001/movements',
    { kind, amount_cents: amount, ...more });
  // What the last message said.
  const heard = async () => {
    await house.idle();
    return Object.fromEntries(new URLSearchParams(listener.got.at(-1).body.toString()));
  };
  const movements = async () => (await house.get('/ledger?provider=paypal&account=MARCHEURS0001')).movements;
  const report = async (language, query = '') => {
    const answer = await fetch(`${house.url}/control/paypal/businesses/MARCHEURS0001/activity?language=${language}${query}`);
    assert.equal(answer.status, 200);
    return Buffer.from(await answer.arrayBuffer()).toString('utf8');
  };
  return { house, listener, arrive, step, move, heard, movements, report };
}

const rows = (text) => text.replace(/^\ufeff/, '').trimEnd().split('\r\n')
  .map((line) => line.slice(1, -1).split('","'));

test('refunds in part and of the rest, with the part of the fee that comes back', async (t) => {
  const { house, arrive, step, heard, movements } = await open(t);
  const payment = await arrive(5000, { invoice: 'mark-1', custom: 'mark-1' });
  const first = await heard();
  assert.deepEqual([first.payment_status, first.mc_gross, first.mc_fee, first.txn_type],
    ['Completed', '50.00', '1.80', 'web_accept']);
  const { movement } = await step(payment, 'refund', { amount_cents: 1500 });
  assert.deepEqual([movement.gross_cents, movement.fee_cents, movement.net_cents], [-1500, -44, -1456]);
  const said = await heard();
  assert.deepEqual([said.payment_status, said.mc_gross, said.mc_fee], ['Refunded', '-15.00', '-0.44']);
  assert.deepEqual([said.txn_id, said.parent_txn_id, said.reason_code, said.txn_type],
    [movement.reference, payment.txn_id, 'refund', undefined]);
  assert.deepEqual([said.invoice, said.receiver_id], ['mark-1', 'MARCHEURS0001']);
  await step(payment, 'refund', { fee_cents: 0 });
  const last = await heard();
  assert.deepEqual([last.mc_gross, last.mc_fee], ['-35.00', '0.00']);
  assert.notEqual(last.txn_id, said.txn_id);
  assert.equal((await house.ask('POST', `/paypal/payments/${payment.txn_id}/refund`, {})).status, 409);
  assert.equal((await house.ask('POST', '/paypal/payments/NOBODY/refund', {})).status, 404);
  const all = await movements();
  assert.deepEqual(all.map((one) => [one.kind, one.net_cents]),
    [['payment', 4820], ['refund', -1456], ['refund', -3500]]);
  assert.ok(all.every((one) => one.payment === payment.txn_id && one.invoice === 'mark-1'
    && one.notifications.delivered === 1));
});

test('a reversal, its case without money, and its cancellation', async (t) => {
  const { arrive, step, heard, movements } = await open(t);
  const payment = await arrive(5000);
  const told = await step(payment, 'case', { case_type: 'chargeback', reason_code: 'unauthorized' });
  let said = await heard();
  assert.deepEqual([said.txn_type, said.case_id, said.case_type, said.txn_id, said.reason_code],
    ['new_case', told.case_id, 'chargeback', payment.txn_id, 'unauthorized']);
  assert.deepEqual([said.payment_status, said.mc_gross, said.receiver_id], [undefined, undefined, 'MARCHEURS0001']);
  await step(payment, 'reversal', { case_id: told.case_id });
  said = await heard();
  assert.deepEqual([said.payment_status, said.mc_gross, said.mc_fee, said.reason_code, said.case_id, said.parent_txn_id],
    ['Reversed', '-50.00', '16.00', 'chargeback', told.case_id, payment.txn_id]);
  await step(payment, 'reversal-cancel', { amount_cents: 5000 });
  said = await heard();
  assert.deepEqual([said.payment_status, said.mc_gross, said.mc_fee], ['Canceled_Reversal', '50.00', '0.00']);
  await step(payment, 'case', { case_id: told.case_id, closed: true });
  said = await heard();
  assert.deepEqual([said.txn_type, said.case_id], ['adjustment', told.case_id]);
  assert.deepEqual((await movements()).map((one) => [one.kind, one.gross_cents, one.fee_cents]),
    [['payment', 5000, 180], ['reversal', -5000, 1600], ['canceled_reversal', 5000, 0]]);
});

test('what is pending ends by the clock, weeks later; an eCheck bounces afterwards', async (t) => {
  const { house, arrive, step, heard, movements } = await open(t);
  const good = await arrive(3000, { outcome: 'echeck', settle_s: 14 * 86400 });
  const bad = await arrive(4000, { outcome: 'review', settle_s: 21 * 86400, settle_status: 'Denied' });
  assert.equal((await heard()).pending_reason, 'paymentreview');
  assert.deepEqual(await movements(), []);
  await house.post('/clock', { advance_s: 22 * 86400 });
  const state = async (payment) => (await house.get('/paypal/payments')).payments
    .find((one) => one.txn_id === payment.txn_id).status;
  const end = Date.now() + 20000;
  while (Date.now() < end && (await state(good) === 'Pending' || await state(bad) === 'Pending'))
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  assert.deepEqual([await state(good), await state(bad)], ['Completed', 'Denied']);
  assert.deepEqual((await movements()).map((one) => [one.reference, one.net_cents]), [[good.txn_id, 2878]]);
  await step(good, 'failure');
  const said = await heard();
  assert.deepEqual([said.payment_status, said.mc_gross, said.mc_fee, said.parent_txn_id, said.payment_type],
    ['Failed', '-30.00', '-1.22', good.txn_id, 'echeck']);
  assert.notEqual(said.txn_id, good.txn_id);
});

test('money of another origin and another currency', async (t) => {
  const { house, arrive, heard, movements } = await open(t, { exchange_millionths: 900000 });
  await arrive(2000, { txn_type: 'send_money', first_name: 'Łukasz' });
  const sent = await heard();
  assert.deepEqual([sent.txn_type, sent.invoice, sent.custom, sent.first_name], ['send_money', undefined, '', 'Łukasz']);
  const payment = await arrive(1000, { currency: 'USD' });
  const said = await heard();
  assert.deepEqual([said.mc_gross, said.mc_fee, said.mc_currency, said.settle_amount, said.settle_currency,
    said.exchange_rate], ['10.00', '0.64', 'USD', '8.42', 'EUR', '0.900000']);
  assert.equal(payment.settled_cents, 842);
  assert.deepEqual((await movements()).slice(1).map((one) => [one.kind, one.currency, one.net_cents, one.parent]),
    [['payment', 'USD', 936, null], ['conversion', 'USD', -936, payment.txn_id],
      ['conversion', 'EUR', 842, payment.txn_id]]);
  for (const body of [{}, { amount_cents: 0 }, { amount_cents: 5, currency: 'ZZZ' },
    { amount_cents: 5, txn_type: 'masspay' }, { amount_cents: 5, outcome: 'cancel' }, { amount_cents: 5, ipn: 'loud' }])
    assert.equal((await house.ask('POST', '/paypal/businesses/MARCHEURS0001/payments', body)).status, 400, JSON.stringify(body));
  assert.equal((await house.ask('POST', '/paypal/businesses/NOBODY/payments', { amount_cents: 5 })).status, 404);
});

test('the activity report in two languages', async (t) => {
  const { house, arrive, step, move, report } = await open(t);
  const payment = await arrive(123450, { first_name: 'Zoé "Zo"', last_name: 'Le, Fèvre', invoice: 'mark-1', custom: 'mark-1' });
  await step(payment, 'refund', { amount_cents: 1000 });
  await move('withdrawal', -100000);
  await move('other', -250, { type: 'Prélèvement inconnu' });
  await arrive(500, { outcome: 'echeck' });
  const french = await report('fr');
  assert.equal(french.codePointAt(0), 0xfeff);
  assert.match(french, /"Zoé ""Zo"" Le, Fèvre"/);
  const [header, ...lines] = rows(french);
  const column = (name, line) => line[header.indexOf(name)];
  assert.deepEqual(lines.map((line) => column('Type', line)), ['Paiement sur site marchand',
    'Remboursement de paiement', "Retrait initié par l'utilisateur", 'Prélèvement inconnu', 'Paiement sur site marchand']);
  assert.deepEqual(lines.map((line) => column('Avant commission', line)),
    ['1\u00a0234,50', '-10,00', '-1\u00a0000,00', '-2,50', '5,00']);
  assert.deepEqual(lines.map((line) => column('Commission', line)), ['-36,15', '0,29', '0,00', '0,00', '0,00']);
  assert.deepEqual(lines.map((line) => column('Solde', line)),
    ['1\u00a0198,35', '1\u00a0188,64', '188,64', '186,14', '0,00']);
  assert.deepEqual(lines.map((line) => column('État', line)), ['Terminé', 'Terminé', 'Terminé', 'Terminé', 'En attente']);
  assert.deepEqual(lines.map((line) => column('Impact sur le solde', line)), ['Crédit', 'Débit', 'Débit', 'Débit', 'Mémo']);
  assert.deepEqual([column('Numéro de transaction', lines[0]), column('Numéro de la transaction de référence', lines[1]),
    column('Numéro de facture', lines[1])], [payment.txn_id, payment.txn_id, 'mark-1']);
  const today = new Intl.DateTimeFormat('fr-FR', { timeZone: 'Europe/Paris', day: '2-digit', month: '2-digit',
    year: 'numeric' }).format(payment.created * 1000);
  assert.equal(column('Date', lines[0]), today);
  const english = rows(await report('en'));
  assert.deepEqual(english[0].slice(0, 10),
    ['Date', 'Time', 'TimeZone', 'Name', 'Type', 'Status', 'Currency', 'Gross', 'Fee', 'Net']);
  assert.deepEqual(english[1].slice(4, 10), ['Website Payment', 'Completed', 'EUR', '1,234.50', '-36.15', '1,198.35']);
  assert.match(english[1][2], /^P[SD]T$/);
  const day = (shift) => new Date(payment.created * 1000 + shift * 86400000).toISOString().slice(0, 10);
  assert.equal(rows(await report('fr', `&to=${day(-2)}`)).length, 1);
  assert.equal(rows(await report('fr', `&from=${day(-2)}&to=${day(2)}`)).length, 6);
  assert.equal((await call(`${house.url}/control/paypal/businesses/MARCHEURS0001/activity?from=x`)).status, 400);
});
