'use strict';
// Paying with PayPal, as a member does it, with and without JavaScript: every way it may go
// there, every way PayPal may tell us of it, and PayPal's own outages.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const path = require('node:path');
const { houseOf, waitFor } = require('./harness.js');
const { check, outcome } = require('./browser.js');

const house = houseOf('pay-paypal');

const PAID = 'Paiement reçu';
const WAITS = 'Paiement en cours de confirmation';
const FAILED = "Le paiement a échoué : vous n'avez pas été débité";
const GIVEN_UP = 'Paiement abandonné';

// ---- what a member does ----

async function openVisit(t, javaScript) {
  const member = house.member({ charges: [['40', 'Cotisation']] });
  const page = await house.visit(t, await house.asMember(member), { javaScript });
  await page.goto('/panier');
  await page.getByRole('button', { name: 'Payer avec PayPal' }).click();
  await page.locator('#payer').waitFor();
  return { member, page, visit: path.basename(new URL(page.url()).pathname) };
}

// What PayPal's ledger says of a visit: one payment, or none.
async function paymentOf(visit) {
  const { payments } = await house.control('GET', '/paypal/payments?limit=1000');
  return payments.find((payment) => payment.token === visit);
}

async function assertPaid({ member, page, visit }, cents = 4000) {
  await house.state(member, 'paid');
  const { txn_id: reference } = await paymentOf(visit);
  const [capture, ...more] = house.captures(member);
  assert.deepEqual(more, []);
  assert.deepEqual([capture.reference, capture.amount_cents, capture.total_cents, capture.cart_cents],
    [reference, cents, cents, -cents]);
  await page.goto('/panier');
  assert.equal(await page.locator('[data-kind=payment]').getAttribute('data-amount-cents'), String(-cents));
  assert.equal(await page.locator('.hero').getAttribute('data-in-progress-cents'), null);
  return capture;
}

function assertUnpaid(member, state) {
  assert.equal(house.intents(member).at(-1).state, state);
  assert.deepEqual(house.captures(member), []);
  assert.equal(house.balance(member), 4000);
}

// What became of the messages about a visit, in the order they came.
async function outcomesOf(visit) {
  const payment = await paymentOf(visit);
  return house.sql(`SELECT coalesce(outcome, state) AS outcome FROM provider_event
    WHERE provider = 'paypal' AND external_id = '${payment?.txn_id}' ORDER BY id`)
    .map((event) => event.outcome);
}

const told = (visit, pattern) => waitFor(`the messages became ${pattern}`, async () => {
  const outcomes = (await outcomesOf(visit)).join();
  if (!pattern.test(outcomes))
    throw new Error(outcomes);
  return true;
});

const payTelling = async (page, ipn, lateSeconds = 2) => {
  await page.locator('[name=ipn]').selectOption(ipn);
  await page.locator('[name=late_s]').fill(String(lateSeconds));
  await page.locator('#payer').click();
};

// ---- every way it may go ----

const ways = {
  'a payment at once': async (t, javaScript) => {
    const way = await openVisit(t, javaScript);
    await way.page.locator('#payer').click();
    await outcome(way.page, PAID);
    await assertPaid(way);
    await told(way.visit, /^posted$/);
  },

  'a way back with fields of PayPal': async (t, javaScript) => {
    const way = await openVisit(t, javaScript);
    await way.page.locator('#return_extra').check();
    await way.page.locator('#payer').click();
    await outcome(way.page, PAID);
    await assertPaid(way);
  },

  'refused, then paid': async (t, javaScript) => {
    const way = await openVisit(t, javaScript);
    await way.page.locator('[value=declined]').click();
    await way.page.locator('#refus').waitFor();
    assertUnpaid(way.member, 'open');
    await way.page.locator('#payer').click();
    await outcome(way.page, PAID);
    await assertPaid(way);
  },

  'an eCheck that clears': async (t, javaScript) => {
    const way = await openVisit(t, javaScript);
    await way.page.locator('[value=echeck]').click();
    await house.state(way.member, 'processing');
    await outcome(way.page, WAITS);
    await told(way.visit, /^pending$/);
    await way.page.goto('/panier');
    await way.page.getByText('40,00 € en cours de confirmation', { exact: true }).waitFor();
    await way.page.goto(`/paiement/${house.intents(way.member)[0].token}`);
    await outcome(way.page, WAITS);
    const { txn_id: reference } = await paymentOf(way.visit);
    await house.control('POST', `/paypal/payments/${reference}/status`, { status: 'Completed' });
    await outcome(way.page, PAID);
    await assertPaid(way);
    await told(way.visit, /^pending,posted$/);
  },

  'an examination that ends badly': async (t, javaScript) => {
    const way = await openVisit(t, javaScript);
    await way.page.locator('[value=review]').click();
    await house.state(way.member, 'processing');
    await outcome(way.page, WAITS);
    const { txn_id: reference } = await paymentOf(way.visit);
    await house.control('POST', `/paypal/payments/${reference}/status`, { status: 'Denied' });
    await outcome(way.page, FAILED);
    assertUnpaid(way.member, 'failed');
  },

  'a guest who is not brought back': async (t, javaScript) => {
    const way = await openVisit(t, javaScript);
    await way.page.locator('[name=ipn]').selectOption('late');
    await way.page.locator('[name=late_s]').fill('3600');
    await way.page.locator('[value=guest]').click();
    await way.page.locator('#etat').waitFor();
    await way.page.goto('/panier');
    await way.page.getByText('40,00 € en cours de confirmation', { exact: true }).waitFor();
    await way.page.getByText('ne payez pas une seconde fois').waitFor();
    assert.equal(await way.page.locator('#montant').count(), 0);
    const { txn_id: reference } = await paymentOf(way.visit);
    const { deliveries } = await house.control('GET', '/deliveries?provider=paypal&limit=1000');
    const { id } = deliveries.find((delivery) => delivery.object === reference);
    await house.control('POST', `/deliveries/${id}/send`);
    await assertPaid(way);
  },

  'given up before it was paid': async (t, javaScript) => {
    const way = await openVisit(t, javaScript);
    await way.page.locator('#abandonner').click();
    await outcome(way.page, WAITS);
    await way.page.getByRole('button', { name: 'Abandonner ce paiement' }).click();
    await outcome(way.page, GIVEN_UP);
    assertUnpaid(way.member, 'canceled');
    await way.page.goto('/panier');
    await way.page.getByRole('button', { name: 'Payer avec PayPal' }).waitFor();
  },

  'given up here, paid there all the same': async (t, javaScript) => {
    const way = await openVisit(t, javaScript);
    await way.page.locator('#abandonner').click();
    await way.page.getByRole('button', { name: 'Abandonner ce paiement' }).click();
    await outcome(way.page, GIVEN_UP);
    await house.control('POST', `/paypal/visits/${way.visit}/pay`, {});
    const capture = await assertPaid(way);
    assert.equal(capture.flag, 'late');
  },

  'another amount than asked': async (t, javaScript) => {
    const way = await openVisit(t, javaScript);
    await way.page.locator('[name=paid_amount]').fill('12,34');
    await way.page.locator('[value=amount_changed]').click();
    await outcome(way.page, PAID);
    const capture = await assertPaid(way, 1234);
    assert.equal(capture.flag, 'difference');
    assert.equal(house.balance(way.member), 2766);
  },

  "money for somebody else's account": async (t, javaScript) => {
    const way = await openVisit(t, javaScript);
    await way.page.locator('[value=other_receiver]').click();
    await outcome(way.page, WAITS);
    await told(way.visit, /^other_account$/);
    assertUnpaid(way.member, 'open');
  },

  // ---- every way PayPal may tell us ----

  'told twice': async (t, javaScript) => {
    const way = await openVisit(t, javaScript);
    await payTelling(way.page, 'twice');
    await outcome(way.page, PAID);
    await assertPaid(way);
    await told(way.visit, /^(posted,already_posted|already_posted,posted)$/);
  },

  'told again later, in other bytes': async (t, javaScript) => {
    const way = await openVisit(t, javaScript);
    await payTelling(way.page, 'resend');
    await outcome(way.page, PAID);
    await assertPaid(way);
    await told(way.visit, /^posted,already_posted$/);
  },

  'told late': async (t, javaScript) => {
    const way = await openVisit(t, javaScript);
    await payTelling(way.page, 'late');
    await outcome(way.page, WAITS);
    await outcome(way.page, PAID);
    await assertPaid(way);
  },

  'told before the member is back': async (t, javaScript) => {
    const way = await openVisit(t, javaScript);
    await payTelling(way.page, 'before');
    await outcome(way.page, PAID);
    await assertPaid(way);
  },

  'told "pending" first': async (t, javaScript) => {
    const way = await openVisit(t, javaScript);
    await payTelling(way.page, 'pending_first');
    await outcome(way.page, PAID);
    await assertPaid(way);
    await told(way.visit, /^pending,posted$/);
  },

  'never told': async (t, javaScript) => {
    const way = await openVisit(t, javaScript);
    await payTelling(way.page, 'never');
    await outcome(way.page, WAITS);
    assertUnpaid(way.member, 'open');
    await way.page.getByText('ne payez pas une seconde fois').waitFor();
  },

  'an accented payer, in each charset': async (t, javaScript) => {
    for (const charset of ['windows-1252', 'UTF-8']) {
      const way = await openVisit(t, javaScript);
      await way.page.locator('[name=first_name]').fill('Zoé');
      await way.page.locator('[name=last_name]').fill('Œuvrard-Ñandú');
      await way.page.locator('[name=charset]').selectOption(charset);
      await way.page.locator('#payer').click();
      await outcome(way.page, PAID);
      assert.equal((await assertPaid(way)).payer, 'Zoé Œuvrard-Ñandú', charset);
    }
  },

  'bytes of another charset than they say': async (t, javaScript) => {
    const way = await openVisit(t, javaScript);
    await way.page.locator('[name=first_name]').fill('Zoé');
    await payTelling(way.page, 'wrong_charset');
    await outcome(way.page, PAID);
    await assertPaid(way);
  },
};

for (const javaScript of [true, false])
  describe(`${javaScript ? 'with' : 'without'} JavaScript`, { concurrency: 4 }, () => {
    for (const [name, way] of Object.entries(ways))
      test(name, (t) => way(t, javaScript));
  });

// ---- PayPal is out of order ----

async function payUnseen(member, how = {}) {
  const client = await house.asMember(member);
  const form = await client.form('/panier', '/panier/payer');
  const button = form.buttons.find((one) => one['data-provider'] === 'paypal');
  const { location } = await client.post('/panier/payer', { ...form.fields, moyen: button.value });
  const { token } = await house.control('POST', '/paypal/visits', { url: location });
  await house.control('POST', `/paypal/visits/${token}/pay`, how);
  return token;
}

const eventOf = (reference) => house.one(`SELECT state, outcome, attempts, detail, lease_until,
  next_at FROM provider_event WHERE external_id = '${reference}'`);

test('an outage is neither a yes nor a no: the question is asked again', async () => {
  const member = house.member({ charges: [['40', 'Cotisation']] });
  const outages = [{ kind: 'status', status: 500 }, { kind: 'html' }, { kind: 'hang', hang_s: 14 },
    { kind: 'status', status: 403 }];
  for (const outage of outages)
    await house.control('POST', '/faults', { face: 'paypal', path: '/cgi-bin/webscr', count: 1, ...outage });
  const visit = await payUnseen(member);
  const { txn_id: reference } = await paymentOf(visit);
  for (let tries = 1; tries <= outages.length; tries++) {
    const event = await waitFor(`try ${tries} has failed`, () => {
      const seen = eventOf(reference);
      return seen.attempts === tries && seen.detail && seen.lease_until === 0 && seen;
    });
    assert.equal(event.state, 'waiting');
    assertUnpaid(member, 'open');
    house.force(`UPDATE provider_event SET next_at = 0 WHERE external_id = '${reference}' AND state = 'waiting'`);
  }
  await house.state(member, 'paid');
  assert.equal(eventOf(reference).outcome, 'posted');
  assert.equal(house.balance(member), 0);
});

test('a message that PayPal does not know posts nothing', async () => {
  const member = house.member({ charges: [['40', 'Cotisation']] });
  const visit = await payUnseen(member, { ipn: 'never' });
  const { txn_id: reference } = await paymentOf(visit);
  const { ipns: [{ body }] } = await house.control('GET', `/paypal/ipns?txn_id=${reference}`);
  const forged = body.replace('mc_gross=40.00', 'mc_gross=4000.00');
  assert.notEqual(forged, body);
  const { Client } = require('./http.js');
  const answer = await new Client(house.url).send('POST', '/action_manager.php?event=paypal', { body: forged,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });
  assert.deepEqual([answer.status, answer.body], [200, '']);
  await waitFor('it is found invalid', () => eventOf(reference).state === 'invalid');
  assertUnpaid(member, 'open');
  // The true message is not taken for a repetition of the forged one.
  const true_ = await new Client(house.url).send('POST', '/action_manager.php?event=paypal', { body,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });
  assert.equal(true_.status, 200);
  await house.state(member, 'paid');
  assert.equal(house.balance(member), 0);
});

test('an attempt that nobody pays expires after a day; late money is booked', async () => {
  const member = house.member({ charges: [['40', 'Cotisation']] });
  const client = await house.asMember(member);
  const form = await client.form('/panier', '/panier/payer');
  const button = form.buttons.find((one) => one['data-provider'] === 'paypal');
  const { location } = await client.post('/panier/payer', { ...form.fields, moyen: button.value });
  const [{ token, expires_at: expiresAt }] = house.intents(member);
  assert.ok(Math.abs(expiresAt - Date.now() / 1000 - 86400) < 600, 'a day');
  house.force(`UPDATE payment_intent SET expires_at = 1, next_at = 0 WHERE token = '${token}'`);
  await house.state(member, 'expired');
  assert.match((await client.get(`/paiement/${token}`)).text, /S'il arrivait plus tard, il serait enregistré/);
  const { token: visit } = await house.control('POST', '/paypal/visits', { url: location });
  await house.control('POST', `/paypal/visits/${visit}/pay`, {});
  await house.state(member, 'paid');
  assert.equal(house.captures(member)[0].flag, 'late');
});

// ---- how it looks ----

test('the pages of a PayPal payment are fit for everybody', async (t) => {
  const { member, page, visit } = await openVisit(t, true);
  await check(page, 'bac-a-sable-paypal');
  await page.locator('[name=ipn]').selectOption('never');
  await page.locator('[value=echeck]').click();
  await outcome(page, WAITS);
  await check(page, 'paiement-paypal-ouvert');
  await page.goto('/panier');
  await check(page, 'panier-paypal-commence');
  const { txn_id: reference } = await paymentOf(visit);
  await house.control('POST', `/paypal/payments/${reference}/status`, { status: 'Completed', ipn: 'normal' });
  await house.state(member, 'paid');
});
