'use strict';
// Stripe Connect at the practice provider: consent, codes, Stripe-Account, the end of a link. The
// official client speaks where it can.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const Stripe = require('stripe');
const { startSandbox, startListener, call } = require('./sandbox-house.js');

const VERSION = '2026-10-28.endive';
const BACK = 'http://127.0.0.1:8080/parametrage/stripe/retour';

const client = (house, key) => new Stripe(key, { host: 'localhost', port: house.port,
  protocol: 'http', apiVersion: VERSION, telemetry: false, maxNetworkRetries: 0 });

async function open(t) {
  const house = await startSandbox(t);
  const account = await house.post('/stripe/accounts', { id: 'acct_1Walkers', name: 'Les Marcheurs' });
  const platform = await house.post('/stripe/accounts', { id: 'acct_1Platform', name: 'Guichet' });
  const { client_id: clientId } = await house.post('/stripe/accounts/acct_1Platform/platform',
    { redirect_uris: [BACK] });
  return { house, account, platform, clientId, stripe: client(house, platform.secret_key) };
}

const form = (fields) => ({ method: 'POST', body: new URLSearchParams(fields),
  headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });

// What the browser is sent to, as its parameters.
async function consent({ house, clientId }, more = {}) {
  const answer = await call(`${house.url}/oauth/authorize`, form({ client_id: clientId,
    redirect_uri: BACK, state: 'st&te=é', account: 'acct_1Walkers', outcome: 'approve', ...more }));
  assert.equal(answer.status, 303, answer.text);
  const back = new URL(answer.headers.get('location'));
  assert.equal(back.origin + back.pathname, BACK);
  return Object.fromEntries(back.searchParams);
}

async function token(house, key, fields) {
  const request = form(fields);
  request.headers.Authorization = `Bearer ${key}`;
  const answer = await call(`${house.url}/oauth/token`, request);
  return { status: answer.status, ...JSON.parse(answer.text) };
}

const page = ({ house, clientId }, more = {}) => call(`${house.url}/oauth/authorize?${new URLSearchParams({
  response_type: 'code', client_id: clientId, scope: 'read_write', redirect_uri: BACK, state: 'abc', ...more })}`);

test('a consent gives a code, a code gives the account, once', async (t) => {
  const all = await open(t);
  const { house, platform, stripe } = all;
  const shown = await page(all);
  assert.equal(shown.status, 200);
  assert.match(shown.text, /acct_1Walkers/);
  assert.doesNotMatch(shown.text, /value="acct_1Platform"/);
  const { code, state, scope } = await consent(all);
  assert.deepEqual([state, scope], ['st&te=é', 'read_write']);
  const given = await stripe.oauth.token({ grant_type: 'authorization_code', code });
  assert.deepEqual([given.stripe_user_id, given.scope, given.livemode, given.token_type],
    ['acct_1Walkers', 'read_write', false, 'bearer']);
  assert.deepEqual(await token(house, platform.secret_key, { grant_type: 'authorization_code', code }),
    { status: 400, error: 'invalid_grant', error_description: 'Authorization code does not exist' });
  const acting = await stripe.accounts.retrieve(null, {}, { stripeAccount: 'acct_1Walkers' });
  assert.deepEqual([acting.id, acting.default_currency], ['acct_1Walkers', 'eur']);
  const { calls } = await house.get('/calls?path=/v1/account');
  assert.equal(calls[0].account, 'acct_1Walkers');
});

test('everything that can be wrong is refused in the shape of OAuth', async (t) => {
  const all = await open(t);
  const { house, platform, account } = all;
  for (const [more, status] of [[{ client_id: 'ca_nobody' }, 400], [{ redirect_uri: 'https://evil.example/' }, 400]])
    assert.equal((await page(all, more)).status, status, JSON.stringify(more));
  for (const [more, error] of [[{ response_type: 'token' }, 'unsupported_response_type'],
    [{ scope: 'read_only' }, 'invalid_scope']]) {
    const back = new URL((await page(all, more)).headers.get('location')).searchParams;
    assert.deepEqual([back.get('error'), back.get('state')], [error, 'abc']);
  }
  assert.equal((await consent(all, { outcome: 'access_denied' })).error, 'access_denied');
  assert.equal((await consent(all, { outcome: 'temporarily_away' })).error, 'temporarily_away');
  const { code } = await consent(all);
  const good = { grant_type: 'authorization_code', code };
  for (const [key, fields, status, error] of [
    ['sk_test_nobody', good, 401, 'invalid_client'],
    [account.secret_key, good, 400, 'invalid_grant'],
    [platform.restricted_key, good, 401, 'invalid_client'],
    [platform.secret_key, { ...good, grant_type: 'refresh_token' }, 400, 'unsupported_grant_type'],
    [platform.secret_key, { code }, 400, 'invalid_request'],
    [platform.secret_key, { grant_type: 'authorization_code' }, 400, 'invalid_request'],
    [platform.secret_key, { ...good, code: 'ac_nothing' }, 400, 'invalid_grant']]) {
    const answer = await token(house, key, fields);
    assert.deepEqual([answer.status, answer.error], [status, error], JSON.stringify(fields));
  }
  await house.post('/clock', { advance_s: 301 });
  assert.equal((await token(house, platform.secret_key, good)).error, 'invalid_grant');
});

test('a code of one mode is nothing to a key of the other', async (t) => {
  const all = await open(t);
  const { house } = all;
  const { key } = await house.post('/stripe/accounts/acct_1Platform/keys', { kind: 'secret', livemode: true });
  const { code } = await consent(all);
  assert.equal((await token(house, key, { grant_type: 'authorization_code', code })).error, 'invalid_grant');
});

test('events of an associated account go to the platform and name it', async (t) => {
  const all = await open(t);
  const { house, stripe } = all;
  const { code } = await consent(all);
  await stripe.oauth.token({ grant_type: 'authorization_code', code });
  const listener = await startListener(t);
  const endpoint = await house.post('/stripe/accounts/acct_1Platform/endpoints',
    { url: `${listener.url}/hook`, connect: true });
  const own = await house.post('/stripe/accounts/acct_1Walkers/endpoints', { url: `${listener.url}/own` });
  const session = await stripe.checkout.sessions.create({ mode: 'payment', success_url: BACK,
    line_items: [{ quantity: 1, price_data: { currency: 'eur', unit_amount: 4000, product_data: { name: 'x' } } }] },
    { stripeAccount: 'acct_1Walkers' });
  await house.post(`/stripe/sessions/${session.id}/pay`, {});
  await house.idle();
  const got = (path) => listener.got.filter((one) => one.path === path);
  assert.equal(got('/hook').length, got('/own').length);
  for (const { body, headers } of got('/hook')) {
    const event = stripe.webhooks.constructEvent(body, headers['stripe-signature'], endpoint.secret);
    assert.equal(event.account, 'acct_1Walkers');
  }
  assert.equal(JSON.parse(got('/own')[0].body).account, undefined);
  assert.ok(own.secret !== endpoint.secret);
});

test('a link ends from either side, and the platform alone hears of it', async (t) => {
  const all = await open(t);
  const { house, stripe, clientId } = all;
  const listener = await startListener(t);
  const endpoint = await house.post('/stripe/accounts/acct_1Platform/endpoints',
    { url: `${listener.url}/hook`, connect: true });
  await house.post('/stripe/accounts/acct_1Walkers/endpoints', { url: `${listener.url}/own` });
  const link = async () => stripe.oauth.token({ grant_type: 'authorization_code', code: (await consent(all)).code });
  const reach = () => stripe.accounts.retrieve(null, {}, { stripeAccount: 'acct_1Walkers' });

  await link();
  assert.deepEqual({ ...(await stripe.oauth.deauthorize({ client_id: clientId, stripe_user_id: 'acct_1Walkers' })) },
    { stripe_user_id: 'acct_1Walkers' });
  await assert.rejects(reach, { type: 'StripePermissionError' });
  await assert.rejects(stripe.oauth.deauthorize({ client_id: clientId, stripe_user_id: 'acct_1Walkers' }),
    { rawType: 'invalid_client' });
  await assert.rejects(stripe.oauth.deauthorize({ client_id: 'ca_nobody', stripe_user_id: 'acct_1Walkers' }),
    { rawType: 'invalid_client' });

  await link();
  await reach();
  await house.post('/stripe/accounts/acct_1Walkers/revoke', { client_id: clientId });
  assert.equal((await house.ask('POST', '/stripe/accounts/acct_1Walkers/revoke', { client_id: clientId })).status, 404);
  await house.idle();
  assert.deepEqual(listener.got.map((one) => one.path), ['/hook', '/hook']);
  for (const { body, headers } of listener.got) {
    const event = stripe.webhooks.constructEvent(body, headers['stripe-signature'], endpoint.secret);
    assert.deepEqual([event.type, event.account, event.data.object.id, event.data.object.object],
      ['account.application.deauthorized', 'acct_1Walkers', clientId, 'application']);
  }
});

test('a token call that fails is ordered like any other', async (t) => {
  const all = await open(t);
  const { house, platform } = all;
  const { code } = await consent(all);
  const fields = { grant_type: 'authorization_code', code };
  await house.post('/faults', { face: 'stripe', path: '/oauth/token', kind: 'status', status: 503 });
  const request = form(fields);
  request.headers.Authorization = `Bearer ${platform.secret_key}`;
  assert.equal((await call(`${house.url}/oauth/token`, request)).status, 503);
  assert.equal((await token(house, platform.secret_key, fields)).status, 200);
});
