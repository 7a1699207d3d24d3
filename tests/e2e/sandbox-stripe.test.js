'use strict';
// Stripe's face, driven by the official client, which must find nothing to complain about.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const Stripe = require('stripe');
const { startSandbox, startListener, call, until } = require('./sandbox-house.js');

const VERSION = '2026-10-28.endive';

const parameters = (more = {}) => ({
  mode: 'payment',
  line_items: [{
    quantity: 1,
    price_data: { currency: 'eur', unit_amount: 4250, product_data: { name: 'Cotisation d’été' } },
  }],
  client_reference_id: 'mark-1',
  metadata: { guichet: 'mark-1' },
  payment_intent_data: { metadata: { guichet: 'mark-1' }, description: 'Cotisation' },
  success_url: 'http://127.0.0.1:8080/retour?session={CHECKOUT_SESSION_ID}',
  cancel_url: 'http://127.0.0.1:8080/panier',
  ...more,
});

function client(house, key, more = {}) {
  return new Stripe(key, {
    host: 'localhost', port: house.port, protocol: 'http', apiVersion: VERSION,
    telemetry: false, maxNetworkRetries: 0, ...more,
  });
}

async function open(t, options) {
  const house = await startSandbox(t, options);
  const account = await house.post('/stripe/accounts', { id: 'acct_1Practice', name: 'Les Marcheurs' });
  return { house, account, stripe: client(house, account.secret_key) };
}

// The error that the official client throws.
async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new assert.AssertionError({ message: 'nothing was refused' });
}

test('a session is made, read, listed and expired', async (t) => {
  const { stripe } = await open(t);
  const made = await stripe.checkout.sessions.create(parameters());
  assert.match(made.id, /^cs_test_/);
  assert.equal(made.status, 'open');
  assert.equal(made.payment_status, 'unpaid');
  assert.equal(made.amount_total, 4250);
  assert.equal(made.payment_intent, null);
  assert.equal(made.metadata.guichet, 'mark-1');
  assert.equal(made.expires_at - made.created, 24 * 3600);
  assert.match(made.lastResponse.requestId, /^req_/);

  const read = await stripe.checkout.sessions.retrieve(made.id);
  assert.deepEqual({ ...read }, { ...made });

  const second = await stripe.checkout.sessions.create(parameters());
  const all = [];
  for await (const session of stripe.checkout.sessions.list({ limit: 1 })) all.push(session.id);
  assert.deepEqual(all, [second.id, made.id]);

  const expired = await stripe.checkout.sessions.expire(made.id);
  assert.equal(expired.status, 'expired');
  assert.equal(expired.url, null);
  const again = await refusal(stripe.checkout.sessions.expire(made.id));
  assert.equal(again.statusCode, 400);
  const open_ones = await stripe.checkout.sessions.list({ status: 'open' });
  assert.deepEqual(open_ones.data.map((session) => session.id), [second.id]);
});

test('money can be followed from the session to the balance', async (t) => {
  const { house, stripe } = await open(t);
  const { id } = await stripe.checkout.sessions.create(parameters());
  const paid = await house.post(`/stripe/sessions/${id}/pay`);
  assert.equal(paid.redirect, `http://127.0.0.1:8080/retour?session=${id}`);
  const session = await stripe.checkout.sessions.retrieve(id, {
    expand: ['payment_intent.latest_charge.balance_transaction'],
  });
  const payment = session.payment_intent;
  const charge = payment.latest_charge;
  const balance = charge.balance_transaction;
  assert.equal(session.payment_status, 'paid');
  assert.equal(payment.status, 'succeeded');
  assert.equal(payment.amount_received, 4250);
  assert.equal(payment.metadata.guichet, 'mark-1');
  assert.equal(charge.status, 'succeeded');
  assert.equal(balance.amount, 4250);
  assert.equal(balance.fee, 89); // 1.5 % of 42.50 is 63.75, and 25
  assert.equal(balance.net, balance.amount - balance.fee);
  assert.equal(balance.type, 'charge');

  assert.equal((await stripe.paymentIntents.retrieve(payment.id)).latest_charge, charge.id);
  assert.equal((await stripe.charges.retrieve(charge.id)).payment_intent, payment.id);
  assert.equal((await stripe.balanceTransactions.retrieve(balance.id)).source, charge.id);
  const moves = await stripe.balanceTransactions.list({ source: charge.id });
  assert.deepEqual(moves.data.map((move) => move.id), [balance.id]);
  const own = await stripe.accounts.retrieveCurrent();
  assert.equal(own.id, 'acct_1Practice');

  const { captures } = await house.get('/ledger');
  assert.equal(captures.length, 1);
  assert.equal(captures[0].reference, payment.id);
  assert.equal(captures[0].amount_cents, 4250);
  assert.equal(captures[0].fee_cents, 89);
  assert.equal(captures[0].metadata.guichet, 'mark-1');
  assert.equal(captures[0].paid, true);
});

test('an idempotency key gives the same answer again, and nothing is made twice', async (t) => {
  const { house, stripe } = await open(t);
  const options = { idempotencyKey: 'checkout-1' };
  const first = await stripe.checkout.sessions.create(parameters(), options);
  const second = await stripe.checkout.sessions.create(parameters(), options);
  assert.equal(second.id, first.id);
  assert.equal(second.lastResponse.headers['idempotent-replayed'], 'true');
  const other = await refusal(stripe.checkout.sessions.create(
    parameters({ client_reference_id: 'mark-2' }), options));
  assert.equal(other.type, 'StripeIdempotencyError');
  assert.equal(other.statusCode, 400);
  assert.equal((await house.get('/stripe/sessions')).sessions.length, 1);
  const { counts } = await house.get('/calls/counts');
  const creations = counts.find((row) => row.method === 'POST');
  assert.deepEqual([creations.count, creations.replayed], [3, 1]);
});

test('twenty equal requests at once make one session', async (t) => {
  const { house, stripe } = await open(t);
  const answers = await Promise.allSettled(Array.from({ length: 20 }, () =>
    stripe.checkout.sessions.create(parameters(), { idempotencyKey: 'race' })));
  const ids = new Set();
  for (const answer of answers) {
    if (answer.status === 'fulfilled') ids.add(answer.value.id);
    else assert.equal(answer.reason.code, 'idempotency_key_in_use', answer.reason.message);
  }
  assert.equal(ids.size, 1);
  assert.equal((await house.get('/stripe/sessions')).sessions.length, 1);
});

test('a key that met a refusal before the work is still free', async (t) => {
  const { stripe } = await open(t);
  const options = { idempotencyKey: 'second-thoughts' };
  const bad = await refusal(stripe.checkout.sessions.create(parameters({ mode: 'paiement' }), options));
  assert.equal(bad.statusCode, 400);
  assert.match((await stripe.checkout.sessions.create(parameters(), options)).id, /^cs_test_/);
});

test('refusals have the shape, code and parameter of Stripe', async (t) => {
  const { house, account, stripe } = await open(t);
  const line = (price_data) => ({ line_items: [{ quantity: 1, price_data }] });
  const name = { product_data: { name: 'x' } };
  const cases = [
    [{ nonsense: '1' }, 'parameter_unknown', 'nonsense'],
    [{ payment_method_types: ['card'] }, 'parameter_unknown', 'payment_method_types'],
    [{ success_url: undefined }, 'parameter_missing', 'success_url'],
    [{ success_url: 'javascript:alert(1)' }, 'url_invalid', 'success_url'],
    [{ line_items: undefined }, 'parameter_missing', 'line_items'],
    [line({ currency: 'eur', unit_amount: 12.5, ...name }), 'parameter_invalid_integer',
      'line_items[0][price_data][unit_amount]'],
    [line({ currency: 'eur', unit_amount: -1, ...name }), 'parameter_invalid_integer',
      'line_items[0][price_data][unit_amount]'],
    [line({ currency: 'eur', unit_amount: 49, ...name }), 'amount_too_small', undefined],
    [line({ currency: 'EUR', unit_amount: 500, ...name }), undefined,
      'line_items[0][price_data][currency]'],
    [line({ unit_amount: 500, ...name }), 'parameter_missing',
      'line_items[0][price_data][currency]'],
    [line({ currency: 'eur', unit_amount: 500 }), 'parameter_missing',
      'line_items[0][price_data][product_data]'],
    [{ expires_at: Math.floor(Date.now() / 1000) + 60 }, undefined, 'expires_at'],
    [{ expires_at: Math.floor(Date.now() / 1000) + 25 * 3600 }, undefined, 'expires_at'],
    [{ ui_mode: 'embedded_page' }, undefined, 'success_url'],
    [{ locale: 'klingon' }, undefined, 'locale'],
    [{ metadata: { k: 'v'.repeat(501) } }, undefined, 'metadata'],
    [{ customer_email: 'nobody' }, 'email_invalid', 'customer_email'],
    [{ expand: ['nothing'] }, undefined, undefined],
  ];
  for (const [more, code, param] of cases) {
    const error = await refusal(stripe.checkout.sessions.create(parameters(more)));
    const said = `${JSON.stringify(more)}: ${error.code} ${error.param} ${error.message}`;
    assert.equal(error.type, 'StripeInvalidRequestError', said);
    assert.equal(error.statusCode, 400, said);
    assert.equal(error.code, code, said);
    assert.equal(error.param, param, said);
  }
  assert.equal((await house.get('/stripe/sessions')).sessions.length, 0);

  const missing = await refusal(stripe.checkout.sessions.retrieve('cs_test_nobody'));
  assert.deepEqual([missing.statusCode, missing.code], [404, 'resource_missing']);
  const stranger = await refusal(client(house, 'sk_test_of_nobody_at_all').accounts.retrieveCurrent());
  assert.equal(stranger.type, 'StripeAuthenticationError');
  const public_key = await refusal(client(house, account.publishable_key).accounts.retrieveCurrent());
  assert.equal(public_key.statusCode, 401);
  const elsewhere = await call(`${house.url}/v1/nowhere`,
    { headers: { Authorization: `Bearer ${account.secret_key}` } });
  assert.equal(elsewhere.status, 404);
  assert.equal(JSON.parse(elsewhere.text).error.type, 'invalid_request_error');
  const old = await call(`${house.url}/v1/account`, {
    headers: { Authorization: `Bearer ${account.secret_key}`, 'Stripe-Version': '2020-08-27' },
  });
  assert.equal(old.status, 400);
});

test('an account sees its own objects only, a platform those it is linked to', async (t) => {
  const { house, account, stripe } = await open(t);
  const other = await house.post('/stripe/accounts', { id: 'acct_1Other', name: 'Autre' });
  const { id } = await stripe.checkout.sessions.create(parameters());
  const stranger = client(house, other.secret_key);
  assert.equal((await refusal(stranger.checkout.sessions.retrieve(id))).statusCode, 404);
  const asked = { stripeAccount: 'acct_1Practice' };
  assert.equal((await refusal(stranger.checkout.sessions.retrieve(id, {}, asked))).statusCode, 403);
  await house.post('/stripe/accounts/acct_1Practice/links', { platform: 'acct_1Other' });
  assert.equal((await stranger.checkout.sessions.retrieve(id, {}, asked)).id, id);
  const live = await house.post(`/stripe/accounts/${account.id}/keys`, { kind: 'secret', livemode: true });
  const live_client = client(house, live.key);
  assert.equal((await refusal(live_client.checkout.sessions.retrieve(id))).statusCode, 404);
  const live_session = await live_client.checkout.sessions.create(parameters());
  assert.match(live_session.id, /^cs_live_/);
  assert.equal(live_session.livemode, true);
});

test('events are signed so that the official client accepts them', async (t) => {
  const { house, stripe } = await open(t);
  const listener = await startListener(t);
  const endpoint = await stripe.webhookEndpoints.create({
    url: `${listener.url}/hook`,
    enabled_events: ['checkout.session.completed', 'checkout.session.expired'],
  });
  assert.match(endpoint.secret, /^whsec_/);
  const { id } = await stripe.checkout.sessions.create(parameters());
  await house.post(`/stripe/sessions/${id}/pay`);
  await house.idle();
  assert.equal(listener.got.length, 1);
  const [got] = listener.got;
  const signature = got.headers['stripe-signature'];
  const event = stripe.webhooks.constructEvent(got.body, signature, endpoint.secret);
  assert.equal(event.type, 'checkout.session.completed');
  assert.equal(event.api_version, VERSION);
  assert.equal(event.livemode, false);
  assert.equal(event.data.object.id, id);
  assert.equal(event.data.object.payment_status, 'paid');
  assert.equal(event.data.object.metadata.guichet, 'mark-1');
  assert.throws(() => stripe.webhooks.constructEvent(
    Buffer.concat([got.body, Buffer.from(' ')]), signature, endpoint.secret));
  const kept = await stripe.events.retrieve(event.id);
  assert.deepEqual({ ...kept.data.object }, event.data.object);
  const listed = await stripe.events.list({ type: 'checkout.session.completed' });
  assert.deepEqual(listed.data.map((one) => one.id), [event.id]);
});

test('a rotation signs with both secrets, a bad signature with none', async (t) => {
  const { house, stripe } = await open(t);
  const listener = await startListener(t);
  const endpoint = await house.post('/stripe/accounts/acct_1Practice/endpoints',
    { url: `${listener.url}/hook`, secret: 'whsec_old', events: ['checkout.session.completed'] });
  await house.post(`/stripe/endpoints/${endpoint.id}/rotate`, { secret: 'whsec_new' });
  const accepts = (got, secret) => {
    try {
      return stripe.webhooks.constructEvent(got.body, got.headers['stripe-signature'], secret).id !== '';
    } catch {
      return false;
    }
  };
  const pay = async (body) => {
    const { id } = await stripe.checkout.sessions.create(parameters());
    await house.post(`/stripe/sessions/${id}/pay`, body);
    await house.idle();
    return listener.got.at(-1);
  };
  const both = await pay({});
  assert.ok(accepts(both, 'whsec_old') && accepts(both, 'whsec_new'));
  await house.post(`/stripe/endpoints/${endpoint.id}/rotated`);
  const one = await pay({});
  assert.ok(!accepts(one, 'whsec_old') && accepts(one, 'whsec_new'));
  const bad = await pay({ notify: 'bad_signature' });
  assert.match(bad.headers['stripe-signature'], /^t=\d+,v1=[0-9a-f]{64}$/);
  assert.ok(!accepts(bad, 'whsec_old') && !accepts(bad, 'whsec_new'));
});

test('a connected account’s events name it, at the platform’s connect endpoint', async (t) => {
  const { house, stripe } = await open(t);
  const listener = await startListener(t);
  await house.post('/stripe/accounts', { id: 'acct_1Platform', name: 'Plateforme' });
  await house.post('/stripe/accounts/acct_1Practice/links', { platform: 'acct_1Platform' });
  await house.post('/stripe/accounts/acct_1Platform/endpoints',
    { url: `${listener.url}/connect`, connect: true, events: ['checkout.session.completed'] });
  await house.post('/stripe/accounts/acct_1Platform/endpoints',
    { url: `${listener.url}/own`, events: ['*'] });
  const { id } = await stripe.checkout.sessions.create(parameters());
  await house.post(`/stripe/sessions/${id}/pay`);
  await house.idle();
  assert.deepEqual(listener.got.map((got) => got.path), ['/connect']);
  assert.equal(JSON.parse(listener.got[0].body).account, 'acct_1Practice');
});

test('a webhook endpoint is changed, disabled and deleted', async (t) => {
  const { house, stripe } = await open(t);
  const listener = await startListener(t);
  const made = await stripe.webhookEndpoints.create(
    { url: `${listener.url}/a`, enabled_events: ['*'], description: 'Guichet' });
  const read = await stripe.webhookEndpoints.retrieve(made.id);
  assert.equal(read.secret, undefined);
  await stripe.webhookEndpoints.update(made.id,
    { url: `${listener.url}/b`, enabled_events: ['checkout.session.expired'] });
  const { id } = await stripe.checkout.sessions.create(parameters());
  await stripe.checkout.sessions.expire(id);
  await house.idle();
  assert.deepEqual(listener.got.map((got) => got.path), ['/b']);
  await stripe.webhookEndpoints.update(made.id, { disabled: true });
  const second = await stripe.checkout.sessions.create(parameters());
  await stripe.checkout.sessions.expire(second.id);
  await house.idle();
  assert.equal(listener.got.length, 1);
  assert.equal((await stripe.webhookEndpoints.del(made.id)).deleted, true);
  assert.equal((await stripe.webhookEndpoints.list()).data.length, 0);
});

test('outages: before the work, during it, after it, and the client’s own retry', async (t) => {
  const { house, account, stripe } = await open(t);
  const fault = (more) => house.post('/faults',
    { face: 'stripe', path: '/v1/checkout/sessions', kind: 'status', status: 500, ...more });
  const sessions = async () => (await house.get('/stripe/sessions')).sessions.length;

  await fault({ when: 'before' });
  await refusal(stripe.checkout.sessions.create(parameters(), { idempotencyKey: 'a' }));
  assert.equal(await sessions(), 0);
  await stripe.checkout.sessions.create(parameters(), { idempotencyKey: 'a' });
  assert.equal(await sessions(), 1);

  await fault({ when: 'during' });
  const during = await refusal(stripe.checkout.sessions.create(parameters(), { idempotencyKey: 'b' }));
  const kept = await refusal(stripe.checkout.sessions.create(parameters(), { idempotencyKey: 'b' }));
  assert.deepEqual([during.statusCode, kept.statusCode], [500, 500]);
  assert.equal(await sessions(), 1);

  await fault({ when: 'after' });
  await refusal(stripe.checkout.sessions.create(parameters(), { idempotencyKey: 'c' }));
  assert.equal(await sessions(), 2);
  const retold = await stripe.checkout.sessions.create(parameters(), { idempotencyKey: 'c' });
  assert.equal(retold.lastResponse.headers['idempotent-replayed'], 'true');
  assert.equal(await sessions(), 2);

  await fault({ when: 'after', count: 1 });
  const patient = client(house, account.secret_key, { maxNetworkRetries: 2 });
  await patient.checkout.sessions.create(parameters());
  assert.equal(await sessions(), 3);

  await fault({ kind: 'hang', hang_s: 60, path: '/v1/checkout/sessions' });
  const hasty = client(house, account.secret_key, { timeout: 500 });
  const hung = await refusal(hasty.checkout.sessions.create(parameters()));
  assert.equal(hung.type, 'StripeConnectionError');
});

test('a session ends with its time, an unpaid debit with its own', async (t) => {
  const { house, stripe } = await open(t);
  const lonely = await stripe.checkout.sessions.create(parameters());
  await house.post('/clock', { advance_s: 24 * 3600 + 5 });
  await until('the end of the session', async () =>
    (await stripe.checkout.sessions.retrieve(lonely.id)).status === 'expired');
  const late = await house.ask('POST', `/stripe/sessions/${lonely.id}/pay`, {});
  assert.equal(late.status, 409);
  for (const [outcome, status] of [['sepa', 'paid'], ['sepa_failed', 'unpaid']]) {
    const { id } = await stripe.checkout.sessions.create(parameters());
    await house.post(`/stripe/sessions/${id}/pay`, { outcome, settle_s: 3600 });
    const waiting = await stripe.checkout.sessions.retrieve(id, { expand: ['payment_intent'] });
    assert.equal(waiting.status, 'complete');
    assert.equal(waiting.payment_status, 'unpaid');
    assert.equal(waiting.payment_intent.status, 'processing');
    await house.post('/clock', { advance_s: 3601 });
    await until('the end of the debit', async () => {
      const now = await stripe.checkout.sessions.retrieve(id, { expand: ['payment_intent'] });
      return now.payment_intent.status !== 'processing' && now.payment_status === status;
    });
  }
});

test('a restricted key does what it may, and is told what it lacks', async (t) => {
  const { house } = await open(t);
  const add = async (permissions) => client(house,
    (await house.post('/stripe/accounts/acct_1Practice/keys', { kind: 'restricted', permissions })).key);
  const reads = await add(['rak_charge_read', 'rak_webhook_write']);
  assert.deepEqual((await reads.charges.list()).data, []);
  const lacks = await refusal(reads.paymentIntents.list());
  assert.equal(lacks.type, 'StripePermissionError');
  assert.match(lacks.message, /Having the 'rak_payment_intent_read' permission would allow/);
  const writes = await refusal(reads.checkout.sessions.create(parameters()));
  assert.match(writes.message, /'rak_checkout_session_write'/);
  assert.match((await refusal(reads.accounts.retrieveCurrent())).message, /'rak_accounts_kyc_basic_read'/);
  const endpoint = await reads.webhookEndpoints.create({ url: 'http://127.0.0.1:1/', enabled_events: ['*'] });
  assert.equal((await reads.webhookEndpoints.list()).data[0].id, endpoint.id); // writing includes reading
  assert.deepEqual((await (await add(undefined)).paymentIntents.list()).data, []);
});

test('a revoked key is an expired one', async (t) => {
  const { house, account, stripe } = await open(t);
  await stripe.accounts.retrieveCurrent();
  await house.post(`/stripe/keys/${account.secret_key}/revoke`);
  const error = await refusal(stripe.accounts.retrieveCurrent());
  assert.deepEqual([error.type, error.code, error.statusCode],
    ['StripeAuthenticationError', 'api_key_expired', 401]);
});

test('a connection is cut before or after the work', async (t) => {
  const { house, stripe } = await open(t);
  for (const when of ['before', 'after']) {
    await house.post('/faults', { face: 'stripe', path: '/v1/checkout/sessions', kind: 'reset', when,
      count: 2 }); // the client tries once more
    const error = await refusal(stripe.checkout.sessions.create(parameters()));
    assert.equal(error.type, 'StripeConnectionError');
  }
  assert.equal((await stripe.checkout.sessions.list()).data.length, 1);
});

test('answers bear the sandbox’s own time', async (t) => {
  const { house, stripe } = await open(t);
  const apart = async () => Date.parse((await stripe.checkout.sessions.list())
    .lastResponse.headers.date) - Date.now();
  assert.ok(Math.abs(await apart()) < 5000);
  await house.post('/clock', { offset_s: 600 });
  assert.ok(Math.abs(await apart() - 600000) < 5000);
});
