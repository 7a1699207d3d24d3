'use strict';
// The control interface: notifications held, reordered, repeated, dropped and tried again; what
// survives a kill and how the program ends.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { startSandbox, startListener, call, until } = require('./sandbox-house.js');

const program = process.env.GUICHET_SANDBOX
  || path.resolve(__dirname, '../../build/guichet-sandbox');
const VERSION = '2026-10-28.endive';
const COMPLETED = 'checkout.session.completed';

async function open(t, options = {}) {
  const house = await startSandbox(t, options);
  const listener = await startListener(t);
  const account = await house.post('/stripe/accounts', { id: 'acct_1Practice', name: 'Les Marcheurs' });
  const endpoint = await house.post('/stripe/accounts/acct_1Practice/endpoints', { url: `${listener.url}/hook` });
  const session = async (more = {}) => {
    const answer = await call(`${house.url}/v1/checkout/sessions`, {
      method: 'POST',
      body: new URLSearchParams({
        mode: 'payment', 'line_items[0][quantity]': '1', 'line_items[0][price_data][currency]': 'eur',
        'line_items[0][price_data][unit_amount]': '1000',
        'line_items[0][price_data][product_data][name]': 'Sortie',
        success_url: `${listener.url}/retour`, ...more,
      }),
      headers: { Authorization: `Bearer ${account.secret_key}`, 'Stripe-Version': VERSION },
    });
    assert.equal(answer.status, 200, answer.text);
    return JSON.parse(answer.text).id;
  };
  const heard = () => listener.got.map((got) => JSON.parse(got.body).type);
  return { house, listener, account, endpoint, session, heard };
}

test('what is held is released in the order that is wanted', async (t) => {
  const { house, listener, session, heard } = await open(t);
  await house.post('/deliveries/hold', { held: true });
  const { deliveries } = await house.post(`/stripe/sessions/${await session()}/pay`);
  await house.idle();
  assert.equal(listener.got.length, 0);
  assert.equal((await house.get('/deliveries?state=held')).deliveries.length, 3);
  const copy = await house.post(`/deliveries/${deliveries[2]}/duplicate`);
  assert.equal(copy.state, 'held');
  await house.post('/deliveries/hold', { held: false });
  const dropped = await house.post(`/deliveries/${deliveries[1]}/drop`);
  assert.equal(dropped.state, 'dropped');
  const order = [copy.id, deliveries[2], deliveries[1], deliveries[0]];
  assert.equal((await house.post('/deliveries/release', { ids: order })).released, 3);
  await house.idle();
  assert.deepEqual(heard(), [COMPLETED, COMPLETED, 'charge.succeeded']);
  assert.deepEqual(listener.got[0].body, listener.got[1].body);
  const { captures } = await house.get('/ledger');
  assert.deepEqual(captures[0].notifications, { made: 4, delivered: 3, dropped: 1, waiting: 0 });
  assert.equal((await house.post(`/deliveries/${deliveries[1]}/send`)).state, 'delivered');
  assert.equal(heard()[3], 'payment_intent.succeeded');
});

test('a listener that fails is asked again, then given up', async (t) => {
  const { house, listener, endpoint, session } = await open(t, { stripe_retries: '0 0' });
  await house.post(`/stripe/endpoints/${endpoint.id}`, { events: [COMPLETED] });
  const statuses = [500, 302, 204];
  listener.answer = () => statuses.shift() || 200;
  const first = await house.post(`/stripe/sessions/${await session()}/pay`);
  await house.idle();
  const delivered = await house.get(`/deliveries/${first.deliveries[0]}`);
  assert.deepEqual([delivered.state, delivered.attempts], ['delivered', 3]);
  assert.deepEqual(delivered.tries.map((one) => one.status), [500, 302, 204]);
  const bodies = new Set(listener.got.map((got) => got.body.toString()));
  assert.equal(bodies.size, 1);
  listener.answer = () => 400;
  const second = await house.post(`/stripe/sessions/${await session()}/pay`);
  await house.idle();
  const given_up = await house.get(`/deliveries/${second.deliveries[0]}`);
  assert.deepEqual([given_up.state, given_up.attempts, given_up.last_status], ['exhausted', 3, 400]);
  assert.equal((await house.get('/ledger')).captures[1].notifications.dropped, 1);
});

test('what is dropped while it is on its way is not tried again', async (t) => {
  const { house, listener, endpoint, session } = await open(t, { stripe_retries: '0 0' });
  await house.post(`/stripe/endpoints/${endpoint.id}`, { events: [COMPLETED] });
  const dropping = [];
  listener.answer = async () => {
    const [one] = (await house.get('/deliveries?limit=1')).deliveries;
    dropping.push((await house.post(`/deliveries/${one.id}/drop`)).state);
    return 500;
  };
  const { deliveries } = await house.post(`/stripe/sessions/${await session()}/pay`);
  const tried = await until('the try is noted', async () => {
    const delivery = await house.get(`/deliveries/${deliveries[0]}`);
    return delivery.attempts > 0 && delivery;
  });
  assert.deepEqual([tried.state, tried.attempts, dropping], ['dropped', 1, ['dropped']]);
  await house.idle();
  assert.equal(listener.got.length, 1);
});

test('PayPal wants exactly 200', async (t) => {
  const { house, listener } = await open(t, { paypal_retries: '0' });
  await house.post('/paypal/businesses', { email: 'a@example.org' });
  const { token } = await house.post('/paypal/visits', { fields: {
    cmd: '_xclick', business: 'a@example.org', amount: '5.00', currency_code: 'EUR',
    notify_url: `${listener.url}/ipn`,
  } });
  listener.answer = () => 204;
  const { deliveries, payment, redirect } = await house.post(`/paypal/visits/${token}/pay`);
  await house.idle();
  assert.equal((await house.get(`/deliveries/${deliveries[0]}`)).state, 'exhausted');
  assert.deepEqual([payment.status, payment.gross_cents, redirect], ['Completed', 500, null]);
  assert.equal((await house.ask('POST', `/paypal/visits/${token}/pay`, {})).status, 409);
});

test('notifications never leave this machine', async (t) => {
  const { house, endpoint, session } = await open(t);
  for (const url of ['https://example.org/hook', 'http://192.0.2.1/hook', 'http://localhost.example.org/']) {
    await house.post(`/stripe/endpoints/${endpoint.id}`, { url, events: [COMPLETED] });
    const { deliveries } = await house.post(`/stripe/sessions/${await session()}/pay`);
    const tried = await until(`a try of ${url}`, async () => {
      const delivery = await house.get(`/deliveries/${deliveries[0]}`);
      return delivery.attempts > 0 && delivery;
    });
    assert.deepEqual([tried.state, tried.last_status, tried.last_error],
      ['waiting', null, 'an address that is not allowed']);
  }
});

test('out of order: the end of a debit is told before its beginning', async (t) => {
  const { house, endpoint, session, heard } = await open(t);
  await house.post(`/stripe/endpoints/${endpoint.id}`, { events: [COMPLETED, 'checkout.session.async_payment_succeeded'] });
  const id = await session();
  await house.post(`/stripe/sessions/${id}/pay`, { outcome: 'sepa', notify: 'out_of_order', settle_s: -1 });
  await house.idle();
  assert.deepEqual(heard(), []);
  await house.post(`/stripe/sessions/${id}/settle`, { outcome: 'succeed' });
  await until('both events', async () => heard().length === 2);
  assert.deepEqual(heard(), ['checkout.session.async_payment_succeeded', COMPLETED]);
});

test('what cannot be done is refused with a sentence', async (t) => {
  const { house, session } = await open(t);
  const id = await session();
  const refused = [
    ['POST', '/stripe/accounts', {}, 400],
    ['POST', '/stripe/accounts', { name: 'x', nonsense: 1 }, 400],
    ['POST', '/stripe/accounts', { name: 1 }, 400],
    ['POST', '/stripe/accounts', [], 400],
    ['POST', '/stripe/accounts', { name: 'x', country: 'France' }, 409],
    ['POST', '/stripe/accounts/acct_none/endpoints', { url: 'http://127.0.0.1/' }, 404],
    ['POST', '/stripe/accounts/acct_1Practice/keys', { kind: 'golden' }, 400],
    ['POST', '/stripe/accounts/acct_1Practice/keys', { kind: 'secret', key: 'pk_test_123456789' }, 400],
    ['POST', '/stripe/endpoints/we_none/rotate', {}, 404],
    ['POST', `/stripe/sessions/${id}/pay`, { outcome: 'magic' }, 400],
    ['POST', `/stripe/sessions/${id}/pay`, { iban: 'FR00' }, 400],
    ['POST', `/stripe/sessions/${id}/pay`, { notify: 'loudly' }, 400],
    ['POST', `/stripe/sessions/${id}/pay`, { late_s: -1 }, 400],
    ['POST', `/stripe/sessions/${id}/settle`, { outcome: 'succeed' }, 409],
    ['POST', '/stripe/sessions/cs_none/pay', {}, 404],
    ['GET', '/stripe/sessions/cs_none', undefined, 404],
    ['POST', '/paypal/visits', {}, 400],
    ['POST', '/paypal/visits', { fields: { cmd: '_xclick' } }, 400],
    ['POST', '/paypal/ipns', { body_hex: 'xyz' }, 400],
    ['POST', '/paypal/ipns', { body_hex: 'abc' }, 400],
    ['POST', '/paypal/payments/NONE/status', { status: 'Completed' }, 404],
    ['POST', '/faults', { face: 'stripe', path: '/v1', kind: 'fire' }, 400],
    ['POST', '/faults', { face: 'stripe', path: '/v1', kind: 'hang', hang_s: 999 }, 400],
    ['GET', '/deliveries/99', undefined, 404],
    ['POST', '/deliveries/99/duplicate', {}, 404],
    ['POST', '/deliveries/99/drop', {}, 404],
    ['POST', '/deliveries/99/send', {}, 404],
    ['GET', '/nowhere', undefined, 404],
    ['POST', '/health', {}, 404],
  ];
  for (const [method, where, body, status] of refused) {
    const answer = await house.ask(method, where, body);
    assert.equal(answer.status, status, `${method} ${where} ${JSON.stringify(body)}: ${JSON.stringify(answer)}`);
    assert.ok(answer.body.error.length > 0);
  }
  assert.equal((await house.get('/ledger')).captures.length, 0);
});

test('calls are counted and kept as they came', async (t) => {
  const { house, account, session } = await open(t);
  const id = await session({ 'metadata[guichet]': 'é' });
  await call(`${house.url}/v1/checkout/sessions/${id}?expand[]=payment_intent`,
    { headers: { Authorization: `Bearer ${account.secret_key}`, 'Stripe-Version': VERSION } });
  const { counts } = await house.get('/calls/counts');
  assert.deepEqual(counts, [
    { face: 'stripe', method: 'POST', path: '/v1/checkout/sessions', count: 1, replayed: 0 },
    { face: 'stripe', method: 'GET', path: '/v1/checkout/sessions/{}', count: 1, replayed: 0 },
  ]);
  const { total, calls } = await house.get('/calls?method=POST&path=/v1/checkout');
  assert.equal(total, 1);
  assert.equal(calls[0].status, 200);
  assert.match(calls[0].body, /metadata%5Bguichet%5D=%C3%A9/);
  assert.equal((await house.get(`/calls?since=${calls[0].id}`)).total, 1);
  await house.remove('/calls');
  assert.equal((await house.get('/calls')).total, 0);
});

test('a reset keeps accounts and money, and forgets the rest', async (t) => {
  const { house, session } = await open(t);
  await house.post(`/stripe/sessions/${await session()}/pay`, { notify: 'late', late_s: 3600 });
  await house.post('/clock', { advance_s: 1000 });
  await house.post('/faults', { face: 'stripe', path: '/v1', kind: 'status' });
  await house.post('/deliveries/hold', { held: true });
  assert.equal((await house.post('/reset')).offset_s, 0);
  assert.equal((await house.get('/faults')).faults.length, 0);
  assert.equal((await house.get('/deliveries?state=waiting')).deliveries.length, 0);
  assert.equal((await house.get('/ledger')).captures.length, 1);
  assert.equal((await house.get('/stripe/accounts')).accounts.length, 1);
});

test('a killed sandbox loses nothing it has answered', async (t) => {
  const { house, listener, session, heard } = await open(t);
  await house.post('/clock', { advance_s: 77 });
  await house.post('/deliveries/hold', { held: true });
  const id = await session();
  await house.post(`/stripe/sessions/${id}/pay`);
  house.process.child.kill('SIGKILL');
  await house.process.ended;
  house.start();
  await house.answers();
  assert.equal((await house.get('/health')).offset_s, 77);
  assert.equal((await house.get('/ledger')).captures[0].session, id);
  await house.post('/deliveries/release', { all: true });
  await house.idle();
  assert.equal(listener.got.length, 3);
  assert.equal(heard()[2], COMPLETED);
});

test('SIGTERM lets the call in hand finish', async (t) => {
  const { house, session } = await open(t);
  await house.post('/faults', { face: 'stripe', path: '/v1/checkout/sessions', kind: 'hang', hang_s: 60 });
  const answer = session();
  await until('the call in hand', async () => (await house.get('/calls')).total === 1);
  house.process.child.kill('SIGTERM');
  assert.match(await answer, /^cs_test_/);
  assert.equal(await house.process.ended, 0);
  assert.match(house.log(), /sandbox\.stopped/);
});

test('the program explains itself and refuses a bad configuration', async (t) => {
  const { house } = await open(t);
  const run = (...args) => spawnSync(program, args, { encoding: 'utf8' });
  assert.match(run('--help').stdout, /--config FILE/);
  assert.equal(run('--nonsense').status, 2);
  const configuration = fs.readFileSync(path.join(house.folder, 'sandbox.conf'), 'utf8');
  const file = path.join(house.folder, 'bad.conf');
  for (const [change, reason] of [
    [`${configuration}nonsense = 1\n`, /bad\.conf:\d+: .*nonsense/],
    [configuration.replace(/^database.*\n/m, ''), /database/],
    [configuration.replace(/^base_url.*$/m, 'base_url = http://example.org'), /https/],
    [configuration.replace(/^stripe_retries.*$/m, 'stripe_retries = 1 often'), /delays/],
    [`${configuration}threads = 0\n`, /threads/],
    [configuration.replace(/^templates.*$/m, `templates = ${house.folder}/none`), /none/],
  ]) {
    fs.writeFileSync(file, change);
    const ended = run('--config', file);
    assert.equal(ended.status, 1, change);
    assert.match(ended.stderr, reason);
  }
});
