'use strict';
// PayPal's REST face: tokens, orders, the payer's page, captures, ids of requests; every answer is held
// against PayPal's own schemas.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { open, order, holdAgainst, holdAnswer, issueOf, ORDERS } = require('./sandbox-paypal-rest.js');
const { call } = require('./sandbox-house.js');

const SPEC = 'checkout_orders_v2';

test('a token: what gives one, how long it is worth something', async (t) => {
  const { house, basic, askToken, token, ask } = await open(t, { app: { token_s: 600 } });
  const { client_id: id, secret } = house.app;
  const given = await askToken(basic(id, secret));
  const body = JSON.parse(given.text);
  assert.deepEqual([given.status, body.token_type, body.expires_in], [200, 'Bearer', 600]);
  assert.match(body.access_token, /^A21AA[A-Za-z0-9]{92}$/);
  for (const wrong of [basic(id, `${secret}x`), basic('nobody', secret), basic(id, ''), 'Basic !!', undefined]) {
    const answer = await askToken(wrong);
    assert.deepEqual([answer.status, JSON.parse(answer.text).error], [401, 'invalid_client'], wrong);
  }
  assert.equal(JSON.parse((await askToken(basic(id, secret), 'grant_type=password')).text).error, 'unsupported_grant_type');
  assert.equal((await askToken(basic(id, secret), '')).status, 400);
  const user = await ask('GET', '/v1/identity/oauth2/userinfo?schema=paypalv1.1');
  assert.deepEqual([user.status, user.body.payer_id], [200, 'MARCHEURS2345']);
  const nowhere = `${ORDERS}/0KD30046EH157382X`;
  assert.equal((await ask('GET', nowhere)).status, 404);
  assert.equal((await ask('GET', nowhere, undefined, { bearer: 'A21AAx' })).body.error, 'invalid_token');
  const anonymous = await call(`${house.url}${nowhere}`);
  holdAnswer(SPEC, '/v2/checkout/orders/{id}', 'get', { status: 401, body: JSON.parse(anonymous.text) });
  await house.post('/clock', { advance_s: 601 });
  assert.equal((await ask('GET', nowhere)).status, 401);
  house.token = await token();
  assert.equal((await ask('GET', nowhere, undefined, { bearer: house.token })).status, 404);
  await house.post(`/paypal/apps/${id}`, { revoke_tokens: true });
  assert.equal((await ask('GET', nowhere)).status, 401);
  await house.post(`/paypal/apps/${id}`, { secret: 'another' });
  assert.equal((await askToken(basic(id, secret))).status, 401);
  await house.post(`/paypal/apps/${id}`, { enabled: false });
  assert.equal((await askToken(basic(id, 'another'))).status, 401);
});

test('an order from its making to its capture', async (t) => {
  const { house, ask, capture } = await open(t);
  holdAgainst(SPEC, 'order_request', order());
  const made = await ask('POST', ORDERS, order(), { id: 'one' });
  holdAnswer(SPEC, '/v2/checkout/orders', 'post', made);
  assert.deepEqual([made.status, made.body.status], [200, 'PAYER_ACTION_REQUIRED']);
  assert.match(made.body.id, /^[A-Z0-9]{17}$/);
  assert.match(made.headers.get('paypal-debug-id'), /^[0-9a-f]{13}$/);
  const [unit] = made.body.purchase_units;
  assert.equal(unit.payee.merchant_id, 'MARCHEURS2345');
  assert.deepEqual([unit.amount.value, unit.custom_id, unit.invoice_id], ['42.50', 'mark-1', 'mark-1']);
  const page = made.body.links.find((link) => link.rel === 'payer-action').href;
  assert.equal(page, `${house.url}/checkoutnow?token=${made.body.id}`);
  const early = await capture(made.body.id, 'early');
  holdAnswer(SPEC, '/v2/checkout/orders/{id}/capture', 'post', early);
  assert.equal(issueOf(early), 'ORDER_NOT_APPROVED');
  const shown = await call(page);
  assert.match(shown.text, /42,50/);
  assert.match(shown.text, /Adhésion d’été/);
  assert.match(shown.text, new RegExp(`id="abandonner" href="http://127.0.0.1:9/annule\\?token=${made.body.id}"`));
  const back = await call(`${house.url}/checkoutnow/${made.body.id}/approve`, { method: 'POST', body: new URLSearchParams() });
  assert.equal(back.status, 303);
  const where = new URL(back.headers.get('location'));
  assert.equal(`${where.origin}${where.pathname}`, 'http://127.0.0.1:9/retour');
  assert.deepEqual([where.searchParams.get('m'), where.searchParams.get('token')], ['1', made.body.id]);
  assert.match(where.searchParams.get('PayerID'), /^[2-9A-HJ-NP-Z]{13}$/);
  const approved = await ask('GET', `${ORDERS}/${made.body.id}`);
  holdAnswer(SPEC, '/v2/checkout/orders/{id}', 'get', approved);
  assert.deepEqual([approved.body.status, approved.body.payer.payer_id], ['APPROVED', where.searchParams.get('PayerID')]);
  const captured = await capture(made.body.id, 'early'); // an order that was not approved leaves no trace
  holdAnswer(SPEC, '/v2/checkout/orders/{id}/capture', 'post', captured);
  assert.deepEqual([captured.status, captured.body.status], [201, 'COMPLETED']);
  const [money] = captured.body.purchase_units[0].payments.captures;
  assert.deepEqual([money.status, money.amount.value, money.invoice_id, money.custom_id], ['COMPLETED', '42.50', 'mark-1', 'mark-1']);
  assert.deepEqual(Object.values(money.seller_receivable_breakdown).map((sum) => sum.value), ['42.50', '1.58', '40.92']);
  const one = await ask('GET', `/v2/payments/captures/${money.id}`);
  holdAnswer('payments_payment_v2', '/v2/payments/captures/{capture_id}', 'get', one);
  assert.equal(one.body.supplementary_data.related_ids.order_id, made.body.id);
  const again = await capture(made.body.id, 'other');
  assert.deepEqual([again.status, issueOf(again)], [422, 'ORDER_ALREADY_CAPTURED']);
  // The same ledger as the buttons': one payment, one movement, one message.
  const { captures, movements } = await house.get('/ledger?provider=paypal');
  assert.deepEqual(captures.map((each) => [each.reference, each.session, each.amount_cents, each.fee_cents, each.paid, each.custom]),
    [[money.id, made.body.id, 4250, 158, true, 'mark-1']]);
  assert.deepEqual(movements.map((each) => [each.reference, each.net_cents]), [[money.id, 4092]]);
  const { ipns } = await house.get(`/paypal/ipns?txn_id=${money.id}`);
  assert.equal(ipns.length, 1);
  assert.match(ipns[0].body, /txn_type=express_checkout/);
  assert.match((await call(page)).text, /Le paiement est fait/);
  assert.equal((await house.ask('POST', `/paypal/visits/${made.body.id}/pay`, {})).status, 409);
});

test('without payment_source, and the short answer', async (t) => {
  const { house, ask } = await open(t);
  const { payment_source: source, ...rest } = order();
  const made = await ask('POST', ORDERS, { ...rest, application_context: { return_url: 'http://127.0.0.1:9/r', cancel_url: 'http://127.0.0.1:9/c' } });
  holdAnswer(SPEC, '/v2/checkout/orders', 'post', made);
  assert.deepEqual([made.status, made.body.status], [201, 'CREATED']);
  assert.ok(made.body.links.some((link) => link.rel === 'approve'));
  assert.equal(issueOf(await ask('POST', ORDERS, { ...rest, payment_source: source })), 'PAYPAL_REQUEST_ID_REQUIRED');
  const short = await ask('POST', ORDERS, order(), { id: 'short', prefer: null });
  holdAnswer(SPEC, '/v2/checkout/orders', 'post', short);
  assert.deepEqual(Object.keys(short.body).sort(), ['id', 'links', 'payment_source', 'status']);
  await house.post(`/paypal/orders/${short.body.id}/approve`);
  const captured = await ask('POST', `${ORDERS}/${short.body.id}/capture`, {}, { id: 'c', prefer: null });
  holdAnswer(SPEC, '/v2/checkout/orders/{id}/capture', 'post', captured);
  assert.deepEqual(Object.keys(captured.body.purchase_units[0]).sort(), ['custom_id', 'description', 'invoice_id', 'payments', 'reference_id']);
});

test('the same id of a request, for six hours', async (t) => {
  const { house, ask, capture } = await open(t);
  const first = await ask('POST', ORDERS, order(), { id: 'same' });
  const again = await ask('POST', ORDERS, order(), { id: 'same' });
  assert.deepEqual([again.status, again.body.id], [200, first.body.id]);
  const other = await ask('POST', ORDERS, order({}, { amount: { currency_code: 'EUR', value: '1.00' } }), { id: 'same' });
  assert.deepEqual([other.status, issueOf(other)], [422, 'DUPLICATE_REQUEST_ID']);
  await house.post(`/paypal/orders/${first.body.id}/approve`);
  const both = await Promise.all([capture(first.body.id, 'cap'), capture(first.body.id, 'cap')]);
  assert.deepEqual(both.map((each) => each.status).sort(), [200, 201]);
  assert.equal(new Set(both.map((each) => each.body.purchase_units[0].payments.captures[0].id)).size, 1);
  assert.equal((await house.get('/ledger?provider=paypal')).captures.length, 1);
  // Either of the two may be the one that is told last.
  const { calls } = await house.get('/calls?face=paypal&method=POST&limit=2');
  assert.deepEqual(calls.map((one) => one.idempotency_key), ['cap', 'cap']);
  assert.deepEqual(calls.map((one) => one.replayed).sort(), [false, true]);
  await house.post('/clock', { advance_s: 6 * 3600 + 1 });
  assert.notEqual((await ask('POST', ORDERS, order(), { id: 'same' })).body.id, first.body.id);
});

test('outcomes of a capture', async (t) => {
  const { house, ask, create, capture } = await open(t);
  for (const [outcome, reason, end, status] of [['echeck', 'ECHECK', 'Completed', 'COMPLETED'], ['review', 'PENDING_REVIEW', 'Denied', 'DECLINED']]) {
    const made = await create({ invoice_id: outcome });
    await house.post(`/paypal/orders/${made.id}/approve`, { outcome });
    const captured = await capture(made.id);
    holdAnswer(SPEC, '/v2/checkout/orders/{id}/capture', 'post', captured);
    const [money] = captured.body.purchase_units[0].payments.captures;
    assert.deepEqual([captured.body.status, money.status, money.status_details.reason], ['COMPLETED', 'PENDING', reason]);
    assert.equal(money.seller_receivable_breakdown, undefined);
    await house.post(`/paypal/payments/${money.id}/status`, { status: end });
    const ended = await ask('GET', `/v2/payments/captures/${money.id}`);
    assert.deepEqual([ended.body.status, Boolean(ended.body.seller_receivable_breakdown)], [status, status === 'COMPLETED']);
  }
  const made = await create({ invoice_id: 'wait' });
  await house.post(`/paypal/orders/${made.id}/approve`, { outcome: 'review', reason: 'UNILATERAL' });
  assert.equal((await capture(made.id)).body.purchase_units[0].payments.captures[0].status_details.reason, 'UNILATERAL');
  // A means that is refused: the payer chooses again, and the next capture is another one.
  const refused = await create({ invoice_id: 'refused' });
  await house.post(`/paypal/orders/${refused.id}/approve`, { outcome: 'instrument_declined' });
  for (let i = 0; i < 2; i++) {
    const answer = await capture(refused.id, 'n1');
    holdAnswer(SPEC, '/v2/checkout/orders/{id}/capture', 'post', answer);
    assert.deepEqual([answer.status, issueOf(answer)], [422, 'INSTRUMENT_DECLINED']);
    assert.equal(answer.body.links.find((link) => link.rel === 'redirect').href, `${house.url}/checkoutnow?token=${refused.id}`);
  }
  assert.match((await call(`${house.url}/checkoutnow?token=${refused.id}`)).text, /id="refus"/);
  await house.post(`/paypal/orders/${refused.id}/approve`);
  assert.equal(issueOf(await capture(refused.id, 'n1')), 'INSTRUMENT_DECLINED');
  assert.equal((await capture(refused.id, 'n2')).status, 201);
  const denied = await create({ invoice_id: 'denied' });
  await house.post(`/paypal/orders/${denied.id}/approve`, { outcome: 'declined' });
  const answer = await capture(denied.id);
  assert.deepEqual([answer.status, answer.body.purchase_units[0].payments.captures[0].status], [201, 'DECLINED']);
  const twice = await create({ invoice_id: 'refused' });
  await house.post(`/paypal/orders/${twice.id}/approve`);
  assert.equal(issueOf(await capture(twice.id)), 'DUPLICATE_INVOICE_ID');
  const left = await create({ invoice_id: 'left' });
  const away = await house.post(`/paypal/orders/${left.id}/approve`, { outcome: 'cancel' });
  assert.deepEqual([away.order.status, away.redirect], ['PAYER_ACTION_REQUIRED', `http://127.0.0.1:9/annule?token=${left.id}`]);
  await house.post('/clock', { advance_s: 3 * 3600 });
  assert.equal((await ask('GET', `${ORDERS}/${left.id}`)).status, 404);
  assert.equal((await house.ask('POST', `/paypal/orders/${left.id}/approve`, {})).status, 409);
  assert.match((await call(`${house.url}/checkoutnow?token=${left.id}`)).text, /son délai est passé/);
});

test('bodies that PayPal would refuse', async (t) => {
  const { house, ask } = await open(t);
  const amount = (value, code = 'EUR') => order({}, { amount: { currency_code: code, value } });
  const wrong = [
    [{}, 400, 'MISSING_REQUIRED_PARAMETER', '/intent'], ['{', 400, 'MALFORMED_REQUEST_JSON'], ['[]', 400, 'MALFORMED_REQUEST_JSON'],
    [order({ intent: 'PAY' }), 400, 'INVALID_PARAMETER_VALUE', '/intent'],
    [order({ purchase_units: [] }), 400, 'INVALID_ARRAY_MIN_ITEMS', '/purchase_units'],
    [order({ purchase_units: [{}] }), 400, 'MISSING_REQUIRED_PARAMETER', '/purchase_units/0/amount'],
    [order({ purchase_units: 'x' }), 400, 'INVALID_PARAMETER_SYNTAX', '/purchase_units'],
    [order({ nonsense: 1 }), 400, 'NOT_SUPPORTED', '/nonsense'],
    [order({}, { custom_id: 'é'.repeat(128) }), 400, 'INVALID_STRING_LENGTH', '/purchase_units/0/custom_id'],
    [order({}, { description: '' }), 400, 'INVALID_STRING_LENGTH', '/purchase_units/0/description'],
    [order({}, { soft_descriptor: 'x'.repeat(23) }), 400, 'INVALID_STRING_LENGTH'],
    [order({}, { custom_id: 12 }), 400, 'INVALID_PARAMETER_SYNTAX'],
    [amount('1,00'), 400, 'INVALID_PARAMETER_SYNTAX'], [amount('1e3'), 400, 'INVALID_PARAMETER_SYNTAX'],
    [amount(42), 400, 'INVALID_PARAMETER_SYNTAX'], [amount('1.00', 'euro'), 400, 'INVALID_STRING_LENGTH'],
    [amount('1.00', 'ZZZ'), 422, 'INVALID_CURRENCY_CODE'], [amount('1.005'), 422, 'DECIMAL_PRECISION'],
    [amount('100.5', 'JPY'), 422, 'DECIMAL_PRECISION'], [amount('0.00'), 422, 'CANNOT_BE_ZERO_OR_NEGATIVE'],
    [amount('-5.00'), 422, 'CANNOT_BE_ZERO_OR_NEGATIVE'],
    [order({}, { payee: { merchant_id: 'NOBODY2345678' } }), 422, 'PAYEE_ACCOUNT_INVALID'],
    [order({ payment_source: {} }), 400, 'MISSING_REQUIRED_PARAMETER', '/payment_source/paypal'],
    [order({ payment_source: { paypal: { experience_context: { return_url: 'javascript:1' } } } }), 400, 'INVALID_PARAMETER_SYNTAX'],
    [order({ payment_source: { paypal: { experience_context: { locale: 'français' } } } }), 400, 'INVALID_PARAMETER_SYNTAX'],
  ];
  for (const [body, status, issue, field] of wrong) {
    const answer = await ask('POST', ORDERS, body, { id: 'refused' });
    holdAnswer(SPEC, '/v2/checkout/orders', 'post', answer);
    assert.deepEqual([answer.status, issueOf(answer)], [status, issue], JSON.stringify(body));
    if (field) assert.equal(answer.body.details[0].field, field);
  }
  assert.equal((await ask('POST', ORDERS, order(), { id: 'x'.repeat(109) })).status, 400);
  assert.equal((await ask('POST', ORDERS, order(), { id: 'x', headers: { 'Content-Type': 'text/plain' } })).status, 415);
  const hostile = await ask('POST', ORDERS, order({}, { description: '<script>"\'&' }), { id: 'hostile' });
  assert.match((await call(`${house.url}/checkoutnow?token=${hostile.body.id}`)).text, /<p>&lt;script&gt;&quot;&#39;&amp;<\/p>/);
  assert.equal((await house.get('/paypal/orders')).orders.length, 1);
});

test('another application sees nothing; refusals and outages that a test orders', async (t) => {
  const { house, ask, create, capture, token } = await open(t);
  const made = await create();
  await house.post('/paypal/businesses', { id: 'RAMEURS234567', email: 'rameurs@example.org' });
  const stranger = await house.post('/paypal/businesses/RAMEURS234567/apps', { client_id: 'rameurs', secret: 'secret' });
  const bearer = await token(stranger);
  await house.post(`/paypal/orders/${made.id}/approve`);
  for (const [method, where] of [['GET', `${ORDERS}/${made.id}`], ['POST', `${ORDERS}/${made.id}/capture`]]) {
    const answer = await ask(method, where, method === 'POST' ? {} : undefined, { bearer, id: 'x' });
    assert.deepEqual([answer.status, issueOf(answer)], [404, 'INVALID_RESOURCE_ID']);
  }
  await house.post('/paypal/issues', { path: `${ORDERS}/`, suffix: '/capture', issue: 'TRANSACTION_REFUSED', description: 'The request was refused.' });
  await house.post('/paypal/issues', { path: `${ORDERS}/`, method: 'GET', status: 429, retry_after_s: 7 });
  const refused = await capture(made.id);
  holdAnswer(SPEC, '/v2/checkout/orders/{id}/capture', 'post', refused);
  assert.deepEqual([refused.status, issueOf(refused)], [422, 'TRANSACTION_REFUSED']);
  const limited = await ask('GET', `${ORDERS}/${made.id}`);
  assert.deepEqual([limited.status, limited.body.name, limited.headers.get('retry-after')], [429, 'RATE_LIMIT_REACHED', '7']);
  assert.equal((await ask('GET', `${ORDERS}/${made.id}`)).body.status, 'APPROVED');
  assert.deepEqual((await house.get('/paypal/issues')).issues.map((each) => each.remaining), [0, 0]);
  await house.post('/faults', { face: 'paypal', path: `${ORDERS}/`, kind: 'status', status: 503, when: 'after' });
  const lost = await call(`${house.url}${ORDERS}/${made.id}/capture`, {
    method: 'POST', body: '{}', headers: { Authorization: `Bearer ${house.token}`, 'Content-Type': 'application/json', 'PayPal-Request-Id': 'n2' },
  });
  assert.equal(lost.status, 503);
  const found = await capture(made.id, 'n2');
  assert.deepEqual([found.status, found.body.status], [200, 'COMPLETED']);
  assert.equal((await ask('GET', '/v2/nowhere')).body.name, 'RESOURCE_NOT_FOUND');
});
