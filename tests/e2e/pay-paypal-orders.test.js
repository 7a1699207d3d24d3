'use strict';
// Paying by PayPal's orders, for an association that has keys: every way it may go there, a browser
// that closes at each step, PayPal's refusals, and both of its notifications of one payment.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { houseOf, sleep, waitFor } = require('./harness.js');
const { holdCalls } = require('./sandbox-paypal-rest.js');
const { check, outcome } = require('./browser.js');

const house = houseOf('pay-paypal-orders');

const PAID = 'Paiement reçu';
const WAITS = 'Paiement en cours de confirmation';
const FAILED = "Le paiement a échoué : vous n'avez pas été débité";
const GIVEN_UP = 'Paiement abandonné';

let app, linked;

// An application of the association's own account, its keys here, and its webhook there.
const link = () => (linked ??= addKeys());

async function addKeys() {
  app = await house.control('POST', `/paypal/businesses/${house.paypal.merchant}/apps`, { any_webhook: true });
  const basic = Buffer.from(`${app.client_id}:${app.secret}`).toString('base64');
  const { access_token: token } = await (await fetch(`${house.sandboxUrl}/v1/oauth2/token`, { method: 'POST',
    headers: { Authorization: `Basic ${basic}`, 'Content-Type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=client_credentials' })).json();
  const made = await fetch(`${house.sandboxUrl}/v1/notifications/webhooks`, { method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ url: `${house.url}/action_manager.php?event=paypal&a=${house.paypal.link}`, event_types: [{ name: '*' }] }) });
  const webhook = await made.json();
  assert.equal(made.status, 201, JSON.stringify(webhook));
  house.force(`UPDATE provider_account SET client_id = '${app.client_id}', rest_since = unixepoch()
    WHERE public_id = '${house.paypal.link}'`);
  house.prepare(['secret', 'set', '--provider-account', house.paypal.link, '--name', 'api_key'], app.secret);
  house.prepare(['secret', 'set', '--provider-account', house.paypal.link, '--name', 'webhook'], webhook.id);
}

// ---- what a member does ----

async function openVisit(t, javaScript) {
  await link();
  const member = house.member({ charges: [['40', 'Cotisation']] });
  const page = await house.visit(t, await house.asMember(member), { javaScript });
  await page.goto('/panier');
  await page.getByRole('button', { name: 'Payer avec PayPal' }).click();
  await page.locator('#payer').waitFor();
  return { member, page, order: new URL(page.url()).searchParams.get('token') };
}

// The same by HTTP alone; the attempt is open when it returns.
async function begin() {
  await link();
  const member = house.member({ charges: [['40', 'Cotisation']] });
  const client = await house.asMember(member);
  const form = await client.form('/panier', '/panier/payer');
  const button = form.buttons.find((one) => one['data-provider'] === 'paypal');
  const { location } = await client.post('/panier/payer', { ...form.fields, moyen: button.value });
  assert.match(location, /\/checkoutnow\?token=[A-Z0-9]+$/);
  return { member, client, order: new URL(location).searchParams.get('token') };
}

const approve = (order, how = {}) => house.control('POST', `/paypal/orders/${order}/approve`, how);
const orderOf = (order) => house.control('GET', `/paypal/orders/${order}`).then((answer) => answer.order ?? answer);
const look = (member) => house.force(`UPDATE payment_intent SET next_at = 0, lease_until = 0
  WHERE member_id = ${member.id} AND state IN ('open', 'processing')`);

async function assertPaid({ member, order }, cents = 4000) {
  await house.state(member, 'paid');
  const { txn_id: reference } = await orderOf(order);
  const [capture, ...more] = house.captures(member);
  assert.deepEqual(more, []);
  assert.deepEqual([capture.reference, capture.amount_cents, capture.cart_cents], [reference, cents, -cents]);
  assert.equal(house.balance(member), 0);
  return capture;
}

function assertUnpaid(member, state) {
  assert.equal(house.intents(member).at(-1).state, state);
  assert.deepEqual(house.captures(member), []);
  assert.equal(house.balance(member), 4000);
}

const feesOf = (reference) => house.sql(`SELECT amount_cents FROM provider_transaction
  WHERE kind = 'fee' AND reference = '${reference}:fee'`);

// Everything was told, and everything told was understood.
async function quiet() {
  await house.settled();
  await waitFor('no message waits', () =>
    house.one("SELECT count(*) AS count FROM provider_event WHERE state = 'waiting'").count === 0);
}

// ---- every way it may go, in a browser ----

const ways = {
  'a payment at once': async (t, javaScript) => {
    const way = await openVisit(t, javaScript);
    await way.page.locator('#payer').click();
    await outcome(way.page, PAID);
    const { reference } = await assertPaid(way);
    assert.equal(feesOf(reference).length, 1);
  },

  'an eCheck that clears': async (t, javaScript) => {
    const way = await openVisit(t, javaScript);
    await way.page.locator('[value=echeck]').click();
    await house.state(way.member, 'processing');
    await outcome(way.page, WAITS);
    const { txn_id: reference } = await orderOf(way.order);
    await house.control('POST', `/paypal/payments/${reference}/status`, { status: 'Completed' });
    await outcome(way.page, PAID);
    await assertPaid(way);
  },

  'a means that is refused, then another': async (t, javaScript) => {
    const way = await openVisit(t, javaScript);
    await way.page.locator('[value=instrument_declined]').click();
    await waitFor('the try is counted', () => house.one(`SELECT declines FROM payment_intent
      WHERE member_id = ${way.member.id}`).declines === 1);
    await way.page.goto(`/paiement/${house.intents(way.member)[0].token}`);
    await outcome(way.page, 'Moyen de paiement refusé');
    await way.page.getByText("n'a pas accepté le moyen de paiement choisi").waitFor();
    if (javaScript)
      await check(way.page, 'paypal-refuse');
    assertUnpaid(way.member, 'open');
    await way.page.getByRole('link', { name: 'Reprendre le paiement' }).click();
    await way.page.locator('#payer').click();
    await outcome(way.page, PAID);
    await assertPaid(way);
  },

  'given up: what is approved later is not taken': async (t, javaScript) => {
    const way = await openVisit(t, javaScript);
    await way.page.locator('#abandonner').click();
    await outcome(way.page, WAITS);
    await way.page.getByRole('button', { name: 'Abandonner ce paiement' }).click();
    await outcome(way.page, GIVEN_UP);
    await approve(way.order);
    await quiet();
    assertUnpaid(way.member, 'canceled');
    assert.equal((await orderOf(way.order)).txn_id, null);
  },
};

for (const javaScript of [true, false])
  describe(`${javaScript ? 'with' : 'without'} JavaScript`, { concurrency: 2 }, () => {
    for (const [name, way] of Object.entries(ways))
      test(name, (t) => way(t, javaScript));
  });

// ---- the browser closes ----

test('closed after the approval: PayPal tells us, and the order is captured', async () => {
  const way = await begin();
  await approve(way.order);
  await assertPaid(way);
});

test('closed, and PayPal tells nothing: the sweep captures', async () => {
  const way = await begin();
  await approve(way.order, { webhook: 'never' });
  assertUnpaid(way.member, 'open');
  look(way.member);
  await assertPaid(way);
});

test('closed before the approval: the order ends by the clock', async () => {
  const { member } = await begin();
  house.force(`UPDATE payment_intent SET expires_at = 1 WHERE member_id = ${member.id}`);
  look(member);
  await house.state(member, 'expired');
  assertUnpaid(member, 'expired');
});

test('told twice, late and in disorder, one payment', async () => {
  for (const webhook of ['twice', 'late', 'before', 'out_of_order']) {
    const way = await begin();
    await approve(way.order, { webhook, late_s: 1 });
    await assertPaid(way);
    await quiet();
    await assertPaid(way);
  }
});

test('a forged event means nothing', async () => {
  for (const webhook of ['bad_signature', 'altered_body', 'other_certificate', 'other_webhook']) {
    const way = await begin();
    await approve(way.order, { webhook });
    await quiet();
    assertUnpaid(way.member, 'open');
    look(way.member);
    await assertPaid(way);
  }
});

// ---- PayPal refuses, or does not answer ----

test('a capture that fails on the way is sent again, and done once', async () => {
  for (const phase of ['before', 'after']) {
    const way = await begin();
    await house.control('POST', '/faults', { face: 'paypal', path: `/v2/checkout/orders/${way.order}/capture`,
      count: 1, kind: 'status', status: 500, when: phase });
    await approve(way.order, { webhook: 'never' });
    await waitFor('the capture was tried', async () => {
      look(way.member);
      return house.intents(way.member)[0].state === 'paid';
    });
    await assertPaid(way);
  }
});

test('each refusal of a capture has its end', async () => {
  const cases = [['PAYER_CANNOT_PAY', 'failed'], ['TRANSACTION_REFUSED', 'failed'], ['INSTRUMENT_DECLINED', 'open'],
    ['PAYER_ACTION_REQUIRED', 'open']];
  for (const [issue, state] of cases) {
    const way = await begin();
    await house.control('POST', '/paypal/issues', { path: `/v2/checkout/orders/${way.order}`, suffix: '/capture', issue });
    await approve(way.order, { webhook: 'never' });
    look(way.member);
    await waitFor(`${issue} is noted`, () => house.one(`SELECT reason FROM payment_intent
      WHERE member_id = ${way.member.id}`).reason === issue);
    assertUnpaid(way.member, state);
  }
});

test('a token that PayPal forgot is asked for anew', async () => {
  await begin();
  await house.control('POST', `/paypal/apps/${app.client_id}`, { revoke_tokens: true });
  const way = await begin();
  await approve(way.order);
  await assertPaid(way);
});

// ---- both ways side by side ----

test('a payment told by a webhook and by the older notification is booked once', async () => {
  await house.control('POST', '/paypal/businesses', { id: house.paypal.merchant, email: house.paypal.email,
    notify_url: `${house.url}/action_manager.php?event=paypal` });
  const way = await begin();
  await approve(way.order);
  const { reference } = await assertPaid(way);
  await quiet();
  await assertPaid(way);
  assert.equal(feesOf(reference).length, 1);
  assert.equal(house.one(`SELECT outcome FROM provider_event WHERE external_id = '${reference}'
    AND headers = ''`).outcome, 'already_posted');
  await house.control('POST', '/paypal/businesses', { id: house.paypal.merchant, email: house.paypal.email, notify_url: '' });
});

test('a payment begun by the redirect ends by it, though keys came meanwhile', async () => {
  await link();
  const member = house.member({ charges: [['40', 'Cotisation']] });
  house.force(`UPDATE provider_account SET client_id = NULL WHERE public_id = '${house.paypal.link}'`);
  const client = await house.asMember(member);
  const form = await client.form('/panier', '/panier/payer');
  const button = form.buttons.find((one) => one['data-provider'] === 'paypal');
  const { location } = await client.post('/panier/payer', { ...form.fields, moyen: button.value });
  assert.match(location, /cmd=_xclick/);
  house.force(`UPDATE provider_account SET client_id = '${app.client_id}' WHERE public_id = '${house.paypal.link}'`);
  const { token } = await house.control('POST', '/paypal/visits', { url: location });
  await house.control('POST', `/paypal/visits/${token}/pay`, {});
  await house.state(member, 'paid');
  assert.equal(house.balance(member), 0);
});

test("an order of another merchant's keys is not opened", async () => {
  await link();
  house.expectError('paypal.order');
  const other = await house.control('POST', '/paypal/businesses', { email: 'autre@asso.example', name: 'Autre' });
  const keys = await house.control('POST', `/paypal/businesses/${other.id}/apps`, {});
  const set = (id, secret) => {
    house.force(`UPDATE provider_account SET client_id = '${id}' WHERE public_id = '${house.paypal.link}'`);
    house.prepare(['secret', 'set', '--provider-account', house.paypal.link, '--name', 'api_key'], secret);
  };
  set(keys.client_id, keys.secret);
  const member = house.member({ charges: [['40', 'Cotisation']] });
  const client = await house.asMember(member);
  const form = await client.form('/panier', '/panier/payer');
  const button = form.buttons.find((one) => one['data-provider'] === 'paypal');
  const answer = await client.post('/panier/payer', { ...form.fields, moyen: button.value });
  set(app.client_id, app.secret);
  assert.equal(answer.status, 502);
  assertUnpaid(member, 'failed');
});

// ---- after the payment ----

test('a treasurer pays back through PayPal, once, whoever tells it', async (t) => {
  const way = await begin();
  await approve(way.order);
  const { reference } = await assertPaid(way);
  const { id } = house.one(`SELECT CAST(id AS TEXT) AS id FROM provider_transaction
    WHERE kind = 'capture' AND reference = '${reference}'`);
  const page = await house.visit(t, await house.asStaff('treasurer'), { javaScript: false });
  await page.goto(`/recettes/paiement/${id}`);
  await page.getByRole('link', { name: 'Rembourser par PayPal' }).click();
  await page.getByLabel('Montant à rendre').fill('15');
  await page.getByLabel('Pourquoi').fill('Sortie annulée');
  await page.getByRole('button', { name: 'Rembourser par PayPal' }).click();
  await page.getByText('Le remboursement est fait').waitFor();
  await quiet();
  assert.deepEqual(house.sql(`SELECT amount_cents FROM provider_transaction WHERE parent_id = ${id} AND kind = 'refund'`)
    .map((one) => one.amount_cents), [-1500]);
  assert.equal(house.one(`SELECT state FROM refund_request WHERE transaction_id = ${id}`).state, 'sent');
  assert.equal(house.balance(way.member), 1500);
});

test("PayPal's own list is read by its interface, or sent as a file where it is refused", async (t) => {
  const way = await begin();
  await approve(way.order);
  const { reference } = await assertPaid(way);
  const page = await house.visit(t, await house.asStaff('treasurer'), { javaScript: false });
  const read = async () => {
    await page.goto('/comptabilite/rapprochement');
    await page.getByRole('button', { name: 'Lire la liste de PayPal maintenant' }).click();
  };
  await read();
  await waitFor('the reading is refused', () => house.sql(`SELECT t.state
    FROM statement_task t JOIN provider_account a ON a.id = t.provider_account_id WHERE a.provider = 'paypal'
    ORDER BY t.created_at DESC LIMIT 1`)[0]?.state === 'refused');
  await page.goto('/comptabilite/rapprochement');
  await page.getByText('Transaction search').waitFor();
  await page.getByRole('link', { name: 'Envoyer la liste de PayPal' }).waitFor();
  await house.control('POST', `/paypal/apps/${app.client_id}`, { reporting: true, revoke_tokens: false });
  await sleep(1001 - Date.now() % 1000); // a list is read up to the second before this one
  await read();
  await waitFor('the payment is in the list', () => house.one(`SELECT count(*) AS count FROM statement_line
    WHERE reference = '${reference}' AND movement = '${reference}' AND kind = 'capture' AND gross_cents = 4000`).count === 1);
});

test("every request was one that PayPal's own files describe", async () => {
  const { calls } = await house.control('GET', '/calls?face=paypal&limit=1000');
  assert.deepEqual(holdCalls(calls), ['POST /v1/notifications/verify-webhook-signature', 'POST /v1/notifications/webhooks', 'POST /v2/checkout/orders', 'POST /v2/checkout/orders/{id}/capture',
    'POST /v2/payments/captures/{capture_id}/refund']);
});
