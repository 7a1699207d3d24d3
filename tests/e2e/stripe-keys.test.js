'use strict';
// Stripe with an association's own keys: pasted on Mon compte, checked, linked, repaired, renewed.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const Stripe = require('stripe');
const { houseOf, waitFor } = require('./harness.js');
const { check } = require('./browser.js');
const { send } = require('./http.js');

const house = houseOf('stripe-keys', { seed: false });

const PAGE = '/parametrage/mon-compte';
const EVENTS = ['checkout.session.completed', 'checkout.session.async_payment_succeeded',
  'checkout.session.async_payment_failed', 'checkout.session.expired', 'charge.refunded',
  'refund.created', 'refund.updated', 'refund.failed', 'charge.dispute.created',
  'charge.dispute.updated', 'charge.dispute.closed', 'charge.dispute.funds_withdrawn',
  'charge.dispute.funds_reinstated', 'charge.updated', 'charge.failed',
  'account.application.deauthorized', 'payout.paid', 'payout.failed', 'payout.canceled',
  'payout.reconciliation_completed'];

// ---- what a test begins with ----

let number = 0;

// An association without anything, and a Stripe account that could be its own.
async function begin({ kind = 'trial', currency = 'EUR', ...account } = {}) {
  number += 1;
  const association = house.addAssociation({ name: `Club ${number}`, kind, currency });
  const stripe = await house.control('POST', '/stripe/accounts', { name: `Club ${number}`,
    livemode: kind === 'real', ...account });
  return { association, stripe, client: treasurerOf(association) };
}

// One person is the treasurer of all of them: a password costs a second.
function treasurerOf(association) {
  house.login('tresor');
  house.force(`INSERT INTO staff (association_id, login_id, role, created_at)
    SELECT ${association}, id, 'treasurer', unixepoch() FROM login WHERE email_folded = 'tresor@exemple.fr'`);
  return house.session('tresor', { role: 'treasurer', association });
}

const keysOf = (stripe) => ({ secret_key: stripe.secret_key, publishable_key: stripe.publishable_key });

async function paste(client, keys) {
  const form = await client.form(PAGE, '/parametrage/stripe/cles#stripe');
  return client.post('/parametrage/stripe/cles', { ...form.fields, ...keys });
}

async function press(client, where) {
  const form = await client.form(PAGE, `/parametrage/stripe/${where}#stripe`);
  return client.post(`/parametrage/stripe/${where}`, form.fields);
}

async function link(options) {
  const here = await begin(options);
  const answer = await paste(here.client, keysOf(here.stripe));
  assert.equal(answer.location, `${PAGE}?fait=stripe_relie#stripe`, answer.text);
  return { ...here, ...rowOf(here.association) };
}

const rowOf = (association) => house.one(`SELECT CAST(id AS TEXT) AS id, public_id, external_id,
  key_version, verified_at, unlinked_at, publishable_key FROM provider_account
  WHERE association_id = ${association} AND provider = 'stripe' AND unlinked_at IS NULL`);

// What stands at Stripe for an account.
const standing = async (stripe) => (await house.control('GET', '/stripe/accounts')).accounts
  .find((account) => account.id === stripe.id).endpoints;

const audited = (association) => house.sql(`SELECT action FROM audit WHERE association_id = ${association}
  AND login_id IS NOT NULL ORDER BY chain_number`).map(({ action }) => action);

const fault = (options) => house.control('POST', '/faults', { face: 'stripe', ...options });

const clientOf = (key) => new Stripe(key, { host: 'localhost', port: new URL(house.sandboxUrl).port,
  protocol: 'http', apiVersion: '2026-10-28.endive', telemetry: false, maxNetworkRetries: 0 });

// ---- by hand ----

for (const javaScript of [true, false])
  test(`a treasurer pastes two keys and is linked, ${javaScript ? 'with' : 'without'} JavaScript`, async (t) => {
    const { association, stripe, client } = await begin();
    const page = await house.visit(t, client, { javaScript });
    await page.goto(PAGE);
    await page.locator('#stripe').getByText('non relié').waitFor();
    if (javaScript)
      await check(page, 'stripe-sans-cles');
    await page.getByLabel('Clé secrète ou limitée').fill(` ${stripe.secret_key} `);
    await page.getByLabel('Clé publique').fill(stripe.publishable_key);
    await page.getByRole('button', { name: 'Vérifier et relier' }).click();
    await page.getByText('Le compte Stripe est relié : les paiements peuvent commencer.').waitFor();
    const section = page.locator('#stripe');
    await section.getByText(stripe.id, { exact: true }).waitFor();
    await section.getByText(`…${stripe.secret_key.slice(-4)}`).waitFor();
    await section.getByText('branchées').waitFor();
    await section.getByText('aucune reçue').waitFor();
    assert.ok(!(await page.content()).includes(stripe.secret_key));
    if (javaScript)
      await check(page, 'stripe-relie');

    const row = rowOf(association);
    assert.deepEqual([row.external_id, row.publishable_key], [stripe.id, stripe.publishable_key]);
    assert.ok(row.verified_at);
    const endpoints = await standing(stripe);
    assert.equal(endpoints.length, 1);
    const [endpoint] = endpoints;
    assert.equal(endpoint.url, `${house.url}/action_manager.php?event=stripe&a=${row.public_id}`);
    assert.deepEqual([...endpoint.events].sort(), [...EVENTS].sort());
    const seen = await clientOf(stripe.secret_key).webhookEndpoints.retrieve(endpoint.id);
    assert.equal(seen.api_version, '2026-10-28.endive');
    const { mark } = house.one('SELECT mark FROM installation');
    assert.deepEqual({ ...seen.metadata }, { guichet: mark, link: row.public_id });
    assert.deepEqual(audited(association), ['provider_account.linked', 'endpoint.created']);
  });

for (const javaScript of [true, false])
  test(`what is wrong stands beside its field, ${javaScript ? 'with' : 'without'} JavaScript`, async (t) => {
    const { stripe, client } = await begin();
    const page = await house.visit(t, client, { javaScript });
    await page.goto(PAGE);
    await page.getByLabel('Clé secrète ou limitée').fill('sk_test_inconnue0000000000');
    await page.getByLabel('Clé publique').fill(stripe.publishable_key);
    await page.getByRole('button', { name: 'Vérifier et relier' }).click();
    const alert = page.getByRole('alert');
    await alert.getByRole('heading', { name: 'Stripe : rien n\'est changé' }).waitFor();
    await alert.getByRole('link', { name: 'Stripe ne connaît pas cette clé secrète' }).click();
    assert.equal(new URL(page.url()).hash, '#secret_key');
    assert.equal(await page.getByLabel('Clé secrète ou limitée').getAttribute('aria-invalid'), 'true');
    assert.equal(await page.getByLabel('Clé secrète ou limitée').inputValue(), '');
    assert.equal(await page.getByLabel('Clé publique').inputValue(), stripe.publishable_key);
    await page.getByText('Copiez-la de nouveau, en entier.').waitFor();
    if (javaScript)
      await check(page, 'stripe-cle-inconnue');
    await page.getByLabel('Clé secrète ou limitée').fill(stripe.secret_key);
    await page.getByRole('button', { name: 'Vérifier et relier' }).click();
    await page.getByText('Le compte Stripe est relié').waitFor();
  });

// ---- keys that do not do ----

const nothingLinked = (association) => assert.equal(house.sql(`SELECT 1 FROM provider_account
  WHERE association_id = ${association} AND provider = 'stripe'`).length, 0);

test('keys are looked at before anybody is asked', async () => {
  const { association, stripe, client } = await begin();
  const { secret_key: secret, publishable_key: publishable } = stripe;
  const cases = [
    [{ secret_key: '', publishable_key: publishable }, 400, /La clé secrète manque/],
    [{ secret_key: 'sk_test_court', publishable_key: publishable }, 400, /Ce n'est pas une clé secrète/],
    [{ secret_key: publishable, publishable_key: secret }, 400, /C'est la clé publique, dans le champ/],
    [{ secret_key: secret, publishable_key: '' }, 400, /La clé publique manque/],
    [{ secret_key: secret, publishable_key: 'autre chose' }, 400, /Ce n'est pas une clé publique/],
    [{ secret_key: secret, publishable_key: secret }, 400, /C'est une clé secrète, dans le champ de la clé publique/],
    [{ secret_key: secret, publishable_key: publishable.replace('_test_', '_live_') }, 400, /Les deux clés ne vont pas ensemble/],
    [{ secret_key: secret.replace('_test_', '_live_'), publishable_key: publishable.replace('_test_', '_live_') }, 409, /Ce sont des clés réelles/],
  ];
  await house.control('DELETE', '/calls');
  for (const [keys, status, words] of cases) {
    const answer = await paste(client, keys);
    assert.equal(answer.status, status, answer.text);
    assert.match(answer.text, words);
    assert.ok(!answer.body.includes(secret), 'a secret is never shown again');
    assert.equal(answer.body.includes(`value="${publishable}"`), keys.publishable_key === publishable);
  }
  assert.equal((await house.control('GET', '/calls')).total, 0);
  nothingLinked(association);
});

test('a real association takes real keys only', async () => {
  const { stripe, client } = await begin({ kind: 'real' });
  const test_keys = { secret_key: stripe.secret_key.replace('_live_', '_test_'),
    publishable_key: stripe.publishable_key.replace('_live_', '_test_') };
  const answer = await paste(client, test_keys);
  assert.equal(answer.status, 409);
  assert.match(answer.text, /clés de test : aucun argent n'arriverait jamais/);
  assert.equal((await paste(client, keysOf(stripe))).location, `${PAGE}?fait=stripe_relie#stripe`);
});

test('a revoked key is told apart from an unknown one', async () => {
  const { association, stripe, client } = await begin();
  await house.control('POST', `/stripe/keys/${stripe.secret_key}/revoke`);
  const answer = await paste(client, keysOf(stripe));
  assert.equal(answer.status, 409);
  assert.match(answer.text, /Cette clé a été révoquée ou remplacée chez Stripe/);
  nothingLinked(association);
});

test('a restricted key is told all that it lacks; with enough it does', async () => {
  const { association, stripe, client } = await begin();
  const all = ['rak_checkout_session_write', 'rak_payment_intent_read', 'rak_charge_write', 'rak_dispute_read', 'rak_payout_read',
    'rak_balance_transaction_source_read', 'rak_balance_read', 'rak_webhook_write', 'rak_accounts_kyc_basic_read'];
  const restricted = async (permissions) => ({ ...keysOf(stripe), secret_key:
    (await house.control('POST', `/stripe/accounts/${stripe.id}/keys`, { kind: 'restricted', permissions })).key });
  for (const missing of all) {
    const answer = await paste(client, await restricted(all.filter((one) => one !== missing)));
    assert.equal(answer.status, 409);
    const { text } = answer;
    assert.deepEqual(all.filter((one) => text.includes(one) && text.indexOf(one) > text.indexOf('Il lui manque')), [missing]);
  }
  const none = await paste(client, await restricted([]));
  for (const permission of all)
    assert.ok(none.body.includes(`<span class="mono">${permission}</span>`), permission);
  nothingLinked(association);
  assert.equal((await standing(stripe)).length, 0);
  assert.equal((await paste(client, await restricted(all))).location, `${PAGE}?fait=stripe_relie#stripe`);
  assert.equal((await standing(stripe)).length, 1);
});

test('an account in another currency does not do', async () => {
  const { association, stripe, client } = await begin({ currency: 'CHF' });
  const answer = await paste(client, keysOf(stripe));
  assert.equal(answer.status, 409);
  assert.match(answer.text, /Ce compte Stripe est tenu en EUR, et l'association compte en CHF/);
  nothingLinked(association);
});

test('an account that takes no payments yet is linked, and the treasurer told', async () => {
  const { stripe, client } = await begin({ charges_enabled: false });
  const answer = await paste(client, keysOf(stripe));
  assert.equal(answer.location, `${PAGE}?fait=stripe_inactif#stripe`);
  assert.match((await client.get(answer.location)).text, /Stripe n'accepte pas encore de paiements pour ce compte/);
});

// ---- whose account ----

test('one Stripe account serves one association, also when two ask at once', async () => {
  const first = await link();
  const second = await begin();
  const answer = await paste(second.client, keysOf(first.stripe));
  assert.equal(answer.status, 409);
  assert.match(answer.text, /Ce compte Stripe sert déjà à une autre association/);
  nothingLinked(second.association);

  const clients = [];
  for (let i = 0; i < 4; i += 1)
    clients.push((await begin()).client);
  const { stripe } = await begin();
  const answers = await Promise.all(clients.map((client) => paste(client, keysOf(stripe))));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [303, 409, 409, 409]);
  assert.equal(house.sql(`SELECT 1 FROM provider_account WHERE external_id = '${stripe.id}'`).length, 1);
  assert.equal((await standing(stripe)).length, 1);
});

test('keys pasted twice at once make one endpoint', async () => {
  const { association, stripe, client } = await begin();
  const answers = await Promise.all([1, 2, 3].map(() => paste(client, keysOf(stripe))));
  for (const { status } of answers)
    assert.ok([303, 503].includes(status), `${status}`);
  assert.ok(answers.some(({ status }) => status === 303));
  assert.equal(rowOf(association).external_id, stripe.id);
  assert.equal((await standing(stripe)).length, 1);
});

test('new keys of the account are a new version; another account waits for the attempts', async () => {
  const { association, stripe, client, id, key_version: version } = await link();
  const member = house.member({ association, charges: [['40', 'Cotisation']] });
  const attempt = await pay(member);
  const fresh = await house.control('POST', `/stripe/accounts/${stripe.id}/keys`, { kind: 'secret' });
  const again = await paste(client, { ...keysOf(stripe), secret_key: fresh.key });
  assert.equal(again.location, `${PAGE}?fait=stripe_relie#stripe`, again.text);
  assert.deepEqual([rowOf(association).id, rowOf(association).key_version], [id, version + 1]);
  assert.equal((await standing(stripe)).length, 1);

  const other = await house.control('POST', '/stripe/accounts', { name: 'Un autre' });
  const refused = await paste(client, keysOf(other));
  assert.equal(refused.status, 409);
  assert.match(refused.text, /des paiements sont en cours avec celui-ci/);
  assert.equal(rowOf(association).external_id, stripe.id);

  // What was begun with the old keys goes on, and is booked.
  await house.control('POST', `/stripe/sessions/${attempt}/pay`);
  await house.state(member, 'paid');
  assert.equal((await paste(client, keysOf(other))).status, 303);
  assert.equal(rowOf(association).external_id, other.id);
  // And back: the same row, revived.
  assert.equal((await paste(client, keysOf(stripe))).status, 303);
  assert.equal(rowOf(association).id, id);
});

// ---- a payment ----

async function pay(member) {
  const client = await house.asMember(member);
  const form = await client.form('/panier', '/panier/payer');
  const button = form.buttons.find((one) => one['data-provider'] === 'stripe');
  const { location } = await client.post('/panier/payer', { ...form.fields, moyen: button.value });
  return new URL(location).pathname.split('/').at(-1);
}

test('a payment through an account linked on the page is booked by its notification', async () => {
  const { association, client } = await link();
  const member = house.member({ association, charges: [['40', 'Cotisation']] });
  await house.control('POST', `/stripe/sessions/${await pay(member)}/pay`);
  await house.settled();
  await house.state(member, 'paid');
  assert.deepEqual(house.captures(member).map((one) => one.amount_cents), [4000]);
  assert.equal(house.balance(member), 0);
  assert.equal(house.one(`SELECT count(*) AS n FROM provider_event WHERE association_id = ${association}
    AND authentic = 1 AND outcome = 'posted'`).n, 1);
  assert.match((await client.get(PAGE)).text, /Dernière notification (à l'instant|il y a \d+ min)/);
});

// A true message of an account, signed with the secret of its endpoint.
function signed(event, secret, path) {
  const payload = JSON.stringify(event);
  const header = new Stripe('sk_test_x').webhooks.generateTestHeaderString({ payload, secret });
  return send(house.url, 'POST', path, { body: payload,
    headers: { Host: new URL(house.url).host, 'Content-Type': 'application/json', 'Stripe-Signature': header } });
}

const pathOf = ({ public_id: link }) => `/action_manager.php?event=stripe&a=${link}`;

test('a true signature of B never moves a row of A', async () => {
  const a = await link();
  const b = await link();
  const member = house.member({ association: a.association, charges: [['40', 'Cotisation']] });
  const session = await pay(member);
  const paid = await clientOf(a.stripe.secret_key).checkout.sessions.retrieve(session);
  const event = (account) => ({ id: 'evt_1Forged', object: 'event', api_version: '2026-10-28.endive',
    created: Math.floor(Date.now() / 1000), livemode: false, pending_webhooks: 1,
    request: { id: null, idempotency_key: null }, type: 'checkout.session.completed', ...account,
    data: { object: { ...paid, lastResponse: undefined, status: 'complete', payment_status: 'paid',
      payment_intent: 'pi_3Forged' } } });
  const [{ secret }] = await standing(b.stripe);
  assert.equal((await signed(event(), secret, pathOf(a))).status, 400);
  for (const account of [{}, { account: a.stripe.id }])
    assert.equal((await signed(event(account), secret, pathOf(b))).status, 200);
  await waitFor('both are judged', () => house.one(`SELECT count(*) AS n FROM provider_event
    WHERE association_id = ${b.association} AND outcome = 'other_account'`).n === 2);
  assert.equal(house.intents(member)[0].state, 'open');
  assert.deepEqual(house.captures(member), []);
  assert.equal(house.one(`SELECT count(*) AS n FROM provider_event
    WHERE association_id = ${a.association}`).n, 0);
});

// ---- failures ----

const STEPS = [['GET', '/v1/account'], ['GET', '/v1/webhook_endpoints'], ['POST', '/v1/webhook_endpoints']];
const WAYS = [{ kind: 'status', when: 'before' }, { kind: 'status', when: 'after' },
  { kind: 'reset', when: 'before' }, { kind: 'reset', when: 'after' }, { kind: 'html', when: 'after' }];

async function repairedOnce(here, member) {
  const [endpoint, ...more] = await standing(here.stripe);
  assert.deepEqual(more, []);
  assert.equal(endpoint.status, 'enabled');
  await house.control('POST', `/stripe/sessions/${await pay(member)}/pay`);
  await house.settled();
  await house.state(member, 'paid');
  assert.equal(house.one(`SELECT count(*) AS n FROM provider_event WHERE authentic = 1
    AND association_id = ${here.association}`).n, 1, 'the secret that is kept is the endpoint’s');
}

for (const [method, path] of STEPS)
  for (const way of method === 'POST' ? [...WAYS, { kind: 'status', when: 'during' }] : WAYS.filter(({ when }) => when === 'before'))
    test(`${method} ${path}: ${way.kind} ${way.when}, then a second try repairs`, async () => {
      const here = await begin();
      await fault({ path, method, count: -1, ...way });
      const answer = await paste(here.client, keysOf(here.stripe));
      await house.control('DELETE', '/faults');
      if (path === '/v1/account') {
        assert.equal(answer.status, 503);
        assert.match(answer.text, /Stripe n'a pas répondu. Rien n'est perdu/);
        nothingLinked(here.association);
        assert.equal((await paste(here.client, keysOf(here.stripe))).status, 303);
      } else {
        assert.equal(answer.location, `${PAGE}?fait=stripe_partiel#stripe`);
        const { text } = await here.client.get(answer.location);
        assert.match(text, /Les clés sont bonnes et gardées/);
        assert.match(text, method === 'GET' ? /Stripe ne prévient pas encore Guichet/ : /n'a pas pu être créée jusqu'au bout : Stripe n'a pas répondu/);
        const repaired = await press(here.client, 'reparer');
        assert.equal(repaired.location, `${PAGE}?fait=stripe_repare#stripe`, repaired.text);
      }
      await repairedOnce(here, house.member({ association: here.association, charges: [['40', 'Cotisation']] }));
    });

test('two failures of different kinds still end with one endpoint', async () => {
  const here = await begin();
  await fault({ path: '/v1/webhook_endpoints', kind: 'reset', when: 'after', count: -1 });
  await paste(here.client, keysOf(here.stripe));
  await house.control('DELETE', '/faults');
  await fault({ path: '/v1/webhook_endpoints', kind: 'status', when: 'after' });
  assert.equal((await press(here.client, 'reparer')).status, 503);
  assert.equal((await press(here.client, 'reparer')).status, 303);
  await repairedOnce(here, house.member({ association: here.association, charges: [['40', 'Cotisation']] }));
});

test('a server that dies while Stripe makes the endpoint finds it again', async () => {
  const here = await begin();
  await fault({ path: '/v1/webhook_endpoints', kind: 'hang', when: 'after', hang_s: 8 });
  const asked = paste(here.client, keysOf(here.stripe)).catch(() => null);
  await waitFor('the endpoint stands', async () => (await standing(here.stripe)).length === 1);
  house.guichet.child.kill('SIGKILL');
  await house.guichet.ended;
  await asked;
  await house.startGuichet();
  assert.match((await here.client.get(PAGE)).text, /inachevées/);
  house.force('UPDATE provider_account SET link_lease_until = 0'); // a minute and a half later
  assert.equal((await press(here.client, 'reparer')).status, 303);
  await repairedOnce(here, house.member({ association: here.association, charges: [['40', 'Cotisation']] }));
});

// ---- repairing ----

test('what somebody changed at Stripe is put right', async () => {
  const here = await link();
  const [{ id }] = await standing(here.stripe);
  for (const change of [{ status: 'disabled' }, { url: 'https://ailleurs.example/' }, { events: ['*'] }]) {
    await house.control('POST', `/stripe/endpoints/${id}`, change);
    assert.equal((await press(here.client, 'reparer')).location, `${PAGE}?fait=stripe_repare#stripe`);
    const endpoints = await standing(here.stripe);
    assert.deepEqual(endpoints.map((one) => [one.id, one.status, one.url]),
      [[id, 'enabled', `${house.url}${pathOf(here)}`]]);
    assert.deepEqual([...endpoints[0].events].sort(), [...EVENTS].sort());
  }
  await clientOf(here.stripe.secret_key).webhookEndpoints.del(id);
  assert.equal((await press(here.client, 'reparer')).status, 303);
  await repairedOnce(here, house.member({ association: here.association, charges: [['40', 'Cotisation']] }));
});

test('a leftover of ours is removed, what another system made stays', async () => {
  const here = await link();
  const stripe = clientOf(here.stripe.secret_key);
  const { mark } = house.one('SELECT mark FROM installation');
  const others = { url: 'https://boutique.example/hook', enabled_events: ['*'] };
  const left = await stripe.webhookEndpoints.create({ ...others, metadata: { guichet: mark, link: here.public_id } });
  const foreign = await stripe.webhookEndpoints.create({ ...others, metadata: { guichet: mark, link: 'another' } });
  assert.equal((await press(here.client, 'reparer')).status, 303);
  const ids = (await standing(here.stripe)).map((one) => one.id);
  assert.ok(!ids.includes(left.id) && ids.includes(foreign.id));
  assert.equal(ids.length, 2);
});

test('an account linked by the command line goes on with its endpoint', async () => {
  const { association, client } = await begin();
  const hand = await house.addStripe(association);
  assert.match((await client.get(PAGE)).text, /à la main/);
  assert.equal((await press(client, 'reparer')).status, 303);
  const row = house.one(`SELECT external_id, state FROM provider_endpoint WHERE association_id = ${association}`);
  assert.deepEqual(row, { external_id: hand.endpoint, state: 'active' });
  assert.match((await client.get(PAGE)).text, /branchées/);
});

test('a key that was revoked since is told when the endpoint is looked at', async () => {
  const here = await link();
  await house.control('POST', `/stripe/keys/${here.stripe.secret_key}/revoke`);
  const answer = await press(here.client, 'reparer');
  assert.equal(answer.status, 409);
  assert.match(answer.text, /La clé enregistrée a été révoquée ou remplacée chez Stripe/);
  assert.match((await here.client.get(PAGE)).text, /à vérifier/);
});

// ---- another secret ----

const ping = (id) => ({ id, object: 'event', api_version: '2026-10-28.endive', created: 1,
  livemode: false, type: 'payout.paid', data: { object: { id: 'po_1', object: 'payout' } } });

test('two secrets are accepted for a while, then the first is deleted at Stripe', async (t) => {
  const here = await link();
  const [old] = await standing(here.stripe);
  const page = await house.visit(t, here.client);
  await page.goto(PAGE);
  await page.getByRole('button', { name: 'Renouveler le secret' }).click();
  await page.getByText('Un nouveau secret est en place.').waitFor();
  await page.getByText(/Deux secrets sont acceptés jusqu'au/).waitFor();
  await check(page, 'stripe-renouvellement');
  const both = await standing(here.stripe);
  assert.equal(both.length, 2);
  const fresh = both.find((one) => one.id !== old.id);
  const status = async (secret, id) => (await signed(ping(id), secret, pathOf(here))).status;
  assert.deepEqual([await status(old.secret, 'evt_1'), await status(fresh.secret, 'evt_2')], [200, 200]);

  // The time is over; Stripe cannot be reached at first.
  await fault({ path: '/v1/webhook_endpoints/', method: 'DELETE', kind: 'status', when: 'before', count: 1 });
  house.force(`UPDATE secret SET accepted_until = unixepoch() - 1 WHERE accepted_until IS NOT NULL;
    UPDATE provider_endpoint SET retire_at = unixepoch() - 1, next_at = unixepoch() - 1 WHERE state = 'retiring'`);
  assert.deepEqual([await status(old.secret, 'evt_3'), await status(fresh.secret, 'evt_4')], [400, 200]);
  await waitFor('the job tries again later', () => house.one(`SELECT reason FROM provider_endpoint
    WHERE state = 'retiring'`).reason === 'unreachable');
  assert.equal((await standing(here.stripe)).length, 2);
  await page.reload();
  await page.getByText('L\'ancien secret n\'est plus accepté. Son adresse').waitFor();
  house.force('UPDATE provider_endpoint SET next_at = unixepoch() - 1 WHERE state = \'retiring\'');
  await waitFor('it is gone', async () => (await standing(here.stripe)).length === 1);
  assert.equal((await standing(here.stripe))[0].id, fresh.id);
  await waitFor('it is noted', () => house.sql('SELECT 1 FROM provider_endpoint WHERE state = \'retiring\'').length === 0);
  assert.equal(await status(fresh.secret, 'evt_5'), 200);
  assert.equal(house.one(`SELECT count(*) AS n FROM secret WHERE name = 'webhook'
    AND association_id = ${here.association}`).n, 1);
});

test('a treasurer ends it at once; a failed renewal is finished by a repair', async () => {
  const here = await link();
  const [old] = await standing(here.stripe);
  await fault({ path: '/v1/webhook_endpoints', kind: 'reset', when: 'after', count: -1 });
  assert.equal((await press(here.client, 'secret')).status, 503);
  await house.control('DELETE', '/faults');
  assert.match((await here.client.get(PAGE)).text, /renouvellement inachevé/);
  assert.equal((await signed(ping('evt_6'), old.secret, pathOf(here))).status, 200);
  assert.equal((await press(here.client, 'reparer')).status, 303);
  assert.equal((await standing(here.stripe)).length, 2);
  assert.equal((await press(here.client, 'secret/fin')).location, `${PAGE}?fait=stripe_termine#stripe`);
  const endpoints = await standing(here.stripe);
  assert.equal(endpoints.length, 1);
  assert.equal((await signed(ping('evt_7'), old.secret, pathOf(here))).status, 400);
  assert.equal((await signed(ping('evt_8'), endpoints[0].secret, pathOf(here))).status, 200);
  assert.deepEqual(audited(here.association), ['provider_account.linked', 'endpoint.created',
    'endpoint.renewed', 'endpoint.rotation_ended', 'endpoint.gone']);
});

// ---- who may ----

test('another association’s account is as good as none, and the audit tells', async () => {
  const a = await link();
  const b = await link();
  for (const where of ['reparer', 'secret']) {
    const form = await b.client.form(PAGE, `/parametrage/stripe/${where}#stripe`);
    const seen = [];
    for (const compte of [a.id, '42']) {
      const answer = await b.client.post(`/parametrage/stripe/${where}`, { ...form.fields, compte });
      seen.push([answer.status, answer.text.replace(/[0-9a-f]{16}/, '')]);
    }
    assert.equal(seen[0][0], 404);
    assert.deepEqual(seen[0], seen[1]);
  }
  await waitFor('both are noted', () => house.one(`SELECT count(*) AS n FROM audit
    WHERE association_id = ${b.association} AND action = 'access.denied'`).n === 4);
  assert.equal((await standing(a.stripe)).length, 1);
});
