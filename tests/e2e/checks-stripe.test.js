'use strict';
// Vérifier mes réglages of Stripe: what it says now of keys, account and endpoint.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const Stripe = require('stripe');
const { houseOf } = require('./harness.js');
const { check } = require('./browser.js');
const { send } = require('./http.js');

const house = houseOf('checks-stripe', { platform: true });

const PAGE = '/parametrage/verification';
const HOME = '/parametrage/mon-compte';

let number = 0;

function newcomer({ kind = 'trial', currency = 'EUR' } = {}) {
  number += 1;
  const association = house.addAssociation({ name: `Club ${number}`, kind, currency });
  house.login('tresor');
  house.force(`INSERT INTO staff (association_id, login_id, role, created_at)
    SELECT ${association}, id, 'treasurer', unixepoch() FROM login WHERE email_folded = 'tresor@exemple.fr'`);
  return { association, client: house.session('tresor', { role: 'treasurer', association }) };
}

// Linked on the page with the account's own keys.
async function link(options) {
  const here = newcomer(options);
  const stripe = await house.control('POST', '/stripe/accounts', { name: `Club ${number}` });
  const { fields } = await here.client.form(HOME, '/parametrage/stripe/cles#stripe');
  const answer = await here.client.post('/parametrage/stripe/cles',
    { ...fields, secret_key: stripe.secret_key, publishable_key: stripe.publishable_key });
  assert.equal(answer.location, `${HOME}?fait=stripe_relie#stripe`, answer.text);
  const { accounts } = await house.control('GET', '/stripe/accounts');
  const [endpoint] = accounts.find(({ id }) => id === stripe.id).endpoints;
  return { ...here, stripe, endpoint };
}

// What the page says: finding -> level.
async function found(client) {
  const { status, body } = await client.get(PAGE);
  assert.equal(status, 200);
  return Object.fromEntries([...body.matchAll(/data-finding="(\w+)">\s*<span class="chip[^"]*">([^<]*)</g)]
    .map(([, key, level]) => [key, level]));
}

const official = (key) => new Stripe(key, { host: 'localhost', port: new URL(house.sandboxUrl).port,
  protocol: 'http', apiVersion: '2026-10-28.endive', telemetry: false, maxNetworkRetries: 0 });

const IN_ORDER = { notification_none: 'à regarder', reached: 'bon', clock_right: 'bon', keys_valid: 'bon',
  currency_right: 'bon', charges_on: 'bon', endpoint_good: 'bon' };

for (const javaScript of [true, false])
  test(`a link in order is said to be, ${javaScript ? 'with' : 'without'} JavaScript`, async (t) => {
    const { client, stripe } = await link();
    assert.deepEqual(await found(client), IN_ORDER);
    const page = await house.visit(t, client, { javaScript });
    await page.goto(PAGE);
    await page.getByText('La clé enregistrée est bonne.').waitFor();
    await page.getByText('tenu en EUR, comme l\'association').waitFor();
    assert.ok(!(await page.content()).includes(stripe.secret_key));
    if (javaScript)
      await check(page, 'verification-stripe');
  });

test('asking changes nothing at Stripe and nothing here', async () => {
  const { client, stripe, endpoint } = await link();
  const before = await official(stripe.secret_key).webhookEndpoints.retrieve(endpoint.id);
  const rows = () => house.one('SELECT (SELECT COUNT(*) FROM audit) AS audits, (SELECT COUNT(*) FROM secret) AS secrets');
  const ours = rows();
  await found(client);
  assert.deepEqual(rows(), ours);
  assert.deepEqual(await official(stripe.secret_key).webhookEndpoints.retrieve(endpoint.id), before);
});

test('each thing somebody changed at Stripe is told, and a repair makes it good', async (t) => {
  const { client, stripe, endpoint } = await link();
  const change = (what) => house.control('POST', `/stripe/endpoints/${endpoint.id}`, what);
  const page = await house.visit(t, client);
  for (const [what, key, level] of [
    [{ status: 'disabled' }, 'endpoint_disabled', 'à corriger'],
    [{ url: 'https://ailleurs.example/' }, 'endpoint_address', 'à corriger'],
    [{ events: ['payout.paid'] }, 'endpoint_events_few', 'à corriger'],
    [{ events: ['*'] }, 'endpoint_events_many', 'à regarder'],
  ]) {
    await change(what);
    const now = await found(client);
    assert.equal(now[key], level, JSON.stringify(now));
    assert.equal(now.endpoint_good, undefined);
    if (key === 'endpoint_disabled') {
      await page.goto(PAGE);
      await check(page, 'verification-stripe-coupee');
      await page.getByRole('link', { name: 'Mon compte' }).last().click();
    }
    const { fields } = await client.form(HOME, '/parametrage/stripe/reparer#stripe');
    assert.equal((await client.post('/parametrage/stripe/reparer', fields)).status, 303);
    assert.deepEqual(await found(client), IN_ORDER);
  }
  await official(stripe.secret_key).webhookEndpoints.del(endpoint.id);
  assert.equal((await found(client)).endpoint_missing, 'à corriger');
});

test('a restricted key that lacks what is needed by now is told all of it', async () => {
  const all = ['rak_checkout_session_write', 'rak_payment_intent_read', 'rak_charge_write', 'rak_dispute_read', 'rak_payout_read',
    'rak_balance_transaction_source_read', 'rak_balance_read', 'rak_webhook_write', 'rak_accounts_kyc_basic_read'];
  const { client } = newcomer();
  const stripe = await house.control('POST', '/stripe/accounts', { name: 'Limité' });
  const may = (permissions, more) => house.control('POST', `/stripe/accounts/${stripe.id}/keys`, { kind: 'restricted', permissions, ...more });
  const { key } = await may(all);
  const { fields } = await client.form(HOME, '/parametrage/stripe/cles#stripe');
  const answer = await client.post('/parametrage/stripe/cles', { ...fields, secret_key: key, publishable_key: stripe.publishable_key });
  assert.equal(answer.location, `${HOME}?fait=stripe_relie#stripe`, answer.text);
  assert.deepEqual(await found(client), IN_ORDER);
  await may(all.filter((one) => !['rak_charge_write', 'rak_dispute_read'].includes(one)).concat('rak_charge_read'), { key });
  assert.deepEqual(await found(client), { ...IN_ORDER, keys_lack: 'à corriger' });
  const { body } = await client.get(PAGE);
  assert.deepEqual(all.filter((one) => body.includes(`<span class="mono">${one}</span>`)), ['rak_charge_write', 'rak_dispute_read']);
});

test('an endpoint of ours that is one too many is told; one of another system is not', async () => {
  const { client, stripe, endpoint } = await link();
  const { webhookEndpoints } = official(stripe.secret_key);
  const more = { url: 'https://boutique.example/hook', enabled_events: ['payout.paid'] };
  await webhookEndpoints.create(more);
  assert.deepEqual(await found(client), IN_ORDER);
  await webhookEndpoints.create({ ...more, metadata: endpoint.metadata ?? (await webhookEndpoints.retrieve(endpoint.id)).metadata });
  assert.deepEqual(await found(client), { ...IN_ORDER, endpoint_leftover: 'à regarder' });
});

test('a key that was revoked, and an account in another currency', async () => {
  const revoked = await link();
  await house.control('POST', `/stripe/keys/${revoked.stripe.secret_key}/revoke`);
  assert.equal((await found(revoked.client)).keys_revoked, 'à corriger');
  const swiss = newcomer({ currency: 'CHF' });
  await house.addStripe(swiss.association);
  const now = await found(swiss.client);
  assert.deepEqual([now.currency_other, now.keys_valid], ['à corriger', 'bon']);
});

test('keys put in by hand that are of another account, or of the other mode', async () => {
  const here = newcomer();
  const { link: row } = await house.addStripe(here.association);
  const stranger = await house.control('POST', '/stripe/accounts', { name: 'Autre', charges_enabled: false });
  house.ok(['secret', 'set', '--provider-account', row, '--name', 'api_key'], stranger.secret_key);
  const now = await found(here.client);
  assert.equal(now.keys_of_another, 'à corriger');
  assert.equal(now.charges_off, 'à corriger');
  assert.match((await here.client.get(PAGE)).text, new RegExp(`celle d.un autre compte : ${stranger.id}`));
  const live = await house.control('POST', '/stripe/accounts', { name: 'Réelle', livemode: true });
  house.ok(['secret', 'set', '--provider-account', row, '--name', 'api_key'], live.secret_key);
  assert.equal((await found(here.client)).keys_mode, 'à corriger');
});

test('a provider that fails is not the treasurer’s fault', async () => {
  const { client } = await link();
  const fault = (more) => house.control('POST', '/faults', { face: 'stripe', method: 'GET', path: '/v1/account', count: 1, ...more });
  await fault({ kind: 'status', status: 500 });
  assert.equal((await found(client)).unreachable, 'à regarder');
  await fault({ kind: 'reset', count: -1 }); // a connection that was kept is tried again
  assert.equal((await found(client)).unreachable, 'à regarder');
  await house.control('DELETE', '/faults');
  assert.deepEqual(await found(client), IN_ORDER);
});

// ---- an associated account: the platform asks ----

test('an associated account is asked by the platform, and a withdrawn consent is told', async (t) => {
  const here = newcomer();
  const stripe = await house.control('POST', '/stripe/accounts', { name: 'Section' });
  const form = await here.client.form(HOME, '/parametrage/stripe/associer');
  const asked = Object.fromEntries(new URL((await here.client.post(form.action, form.fields)).location).searchParams);
  const body = new URLSearchParams({ client_id: asked.client_id, redirect_uri: asked.redirect_uri, state: asked.state,
    outcome: 'approve', account: stripe.id }).toString();
  const consent = await send(house.sandboxUrl, 'POST', '/oauth/authorize', { body,
    headers: { Host: new URL(house.sandboxUrl).host, 'Content-Type': 'application/x-www-form-urlencoded' } });
  const back = new URL(consent.location);
  await here.client.get(back.pathname + back.search);
  const { endpoint_good: _, ...associated } = IN_ORDER;
  assert.deepEqual(await found(here.client), associated);
  // As when its notification was lost: only asking finds out.
  const { accounts } = await house.control('GET', '/stripe/accounts');
  for (const { id } of accounts.find(({ id }) => id === house.platform.account).endpoints)
    await house.control('POST', `/stripe/endpoints/${id}`, { status: 'disabled' });
  await house.control('POST', `/stripe/accounts/${stripe.id}/revoke`, { client_id: house.platform.client });
  assert.equal((await found(here.client)).link_ended, 'à corriger');
  const page = await house.visit(t, here.client);
  await page.goto(PAGE);
  await page.getByText('Le compte Stripe a retiré son accord').waitFor();
});
