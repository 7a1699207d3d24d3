'use strict';
// A session inside somebody's page: what the stand-in for Stripe's script may open, and whom it
// refuses.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { houseOf } = require('./harness.js');
const { send } = require('./http.js');

const house = houseOf('sandbox-embedded');

const get = (place) => send(house.sandboxUrl, 'GET', place, { headers: { Host: new URL(house.sandboxUrl).host } });

async function session(account, more = {}) {
  const body = new URLSearchParams({ mode: 'payment', 'line_items[0][quantity]': '1',
    'line_items[0][price_data][currency]': 'eur', 'line_items[0][price_data][unit_amount]': '4000',
    'line_items[0][price_data][product_data][name]': 'Cotisation', ui_mode: 'embedded_page',
    return_url: 'https://asso.example/retour?s={CHECKOUT_SESSION_ID}', ...more }).toString();
  const answer = await send(house.sandboxUrl, 'POST', '/v1/checkout/sessions', { body, headers: {
    Host: new URL(house.sandboxUrl).host, Authorization: `Bearer ${account.secret_key}`,
    'Stripe-Version': '2026-10-28.endive', 'Content-Type': 'application/x-www-form-urlencoded' } });
  return { http: answer.status, ...JSON.parse(answer.body) };
}

const addAccount = (name, livemode = false) => house.control('POST', '/stripe/accounts', { name, livemode });

test('the script is there, and fails when that is ordered', async () => {
  const script = await get('/v3');
  assert.equal(script.status, 200);
  assert.match(script.headers['content-type'], /^text\/javascript/);
  assert.match(script.body, /createEmbeddedCheckoutPage: create, initEmbeddedCheckout: create/);
  await house.control('POST', '/faults', { face: 'stripe', method: 'GET', path: '/v3', kind: 'status', status: 404, count: 1 });
  assert.equal((await get('/v3')).status, 404);
  assert.equal((await get('/v3')).status, 200);
});

test('a frame opens by its client secret and a key of its account alone', async () => {
  const account = await addAccount('Les Amis'), other = await addAccount('Les Autres');
  const made = await session(account);
  assert.equal(made.http, 200, JSON.stringify(made.error));
  assert.equal(made.url, null);
  assert.ok(made.client_secret.startsWith(`${made.id}_secret_`));
  const frame = (secret, key) => get(`/embedded/${secret}?key=${key}`);
  const opened = await frame(made.client_secret, account.publishable_key);
  assert.equal(opened.status, 200);
  assert.match(opened.headers['content-security-policy'], /frame-ancestors http: https:/);
  for (const [secret, key] of [[made.client_secret, other.publishable_key],
    [made.client_secret, account.secret_key], [`${made.client_secret}x`, account.publishable_key],
    [made.id, account.publishable_key], [`${made.id}_secret_`, account.publishable_key]])
    assert.equal((await frame(secret, key)).status, 404, `${secret} ${key}`);
});

test('a page of its own cannot be framed, and an embedded one has no other addresses', async () => {
  const account = await addAccount('Les Amis');
  const hosted = await session(account, { ui_mode: 'hosted_page', success_url: 'https://asso.example/', return_url: '' });
  assert.equal(hosted.http, 400, 'an empty parameter');
  for (const more of [{ success_url: 'https://asso.example/' }, { cancel_url: 'https://asso.example/' },
    { ui_mode: 'embedded' }])
    assert.equal((await session(account, more)).http, 400, JSON.stringify(more));
});

test('once paid the page around goes away, or is told', async () => {
  const account = await addAccount('Les Amis');
  const pay = async (more) => {
    const made = await session(account, more);
    assert.equal(made.http, 200, JSON.stringify(made.error));
    const answer = await send(house.sandboxUrl, 'POST', `/c/pay/${made.id}`, { body: 'notify=never&card=4242+4242+4242+4242', headers: {
      Host: new URL(house.sandboxUrl).host, 'Content-Type': 'application/x-www-form-urlencoded' } });
    assert.equal(answer.status, 200, answer.body);
    assert.match(answer.body, /data-page="embedded-end"/);
    return { made, body: answer.body };
  };
  const { made, body } = await pay({});
  assert.ok(body.includes(`id="fin" href="https://asso.example/retour?s=${made.id}"`), body);
  assert.ok(!(await pay({ redirect_on_completion: 'if_required' })).body.includes('id="fin"'));
  const stays = await session(account, { redirect_on_completion: 'never' });
  assert.equal(stays.http, 200);
});
