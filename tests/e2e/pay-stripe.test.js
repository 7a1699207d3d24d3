'use strict';
// Paying by card and by debit, as a member does it, with and without JavaScript: every way it
// may go at Stripe, every way Stripe may tell us of it.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const path = require('node:path');
const { houseOf, waitFor } = require('./harness.js');
const { check, outcome } = require('./browser.js');

const house = houseOf('pay-stripe');

const PAID = 'Paiement reçu';
const WAITS = 'Paiement en cours de confirmation';
const FAILED = "Le paiement a échoué : vous n'avez pas été débité";
const GIVEN_UP = 'Paiement abandonné';

// ---- what a member does ----

async function openCart(t, javaScript, charges = [['40', 'Cotisation']]) {
  const member = house.member({ charges });
  const page = await house.visit(t, await house.asMember(member), { javaScript });
  await page.goto('/panier');
  return { member, page };
}

async function openCheckout(t, javaScript, charges) {
  const { member, page } = await openCart(t, javaScript, charges);
  await page.getByRole('button', { name: 'Payer par carte' }).click();
  await page.locator('#payer').waitFor();
  const session = path.basename(new URL(page.url()).pathname);
  return { member, page, session };
}

// Chooses how Stripe tells us, then pays.
async function payTelling(page, notify, lateSeconds) {
  await page.locator('[name=notify]').selectOption(notify);
  if (lateSeconds !== undefined)
    await page.locator('[name=late_s]').fill(String(lateSeconds));
  await page.locator('#payer').click();
}

// The cart shows the payment, the books hold it once, Stripe holds what we booked.
async function assertPaid({ member, page, session }, cents = 4000) {
  await house.state(member, 'paid');
  const { payment_intent: reference, amount } = await house.control('GET', `/stripe/sessions/${session}`);
  assert.equal(amount, cents);
  const [capture, ...more] = house.captures(member);
  assert.deepEqual(more, []);
  assert.deepEqual([capture.reference, capture.amount_cents, capture.total_cents, capture.cart_cents],
    [reference, cents, cents, -cents]);
  await page.goto('/panier');
  assert.equal(await page.locator('[data-line][data-kind=payment]').count(), 1);
  assert.equal(await page.locator('[data-kind=payment]').getAttribute('data-amount-cents'), String(-cents));
  assert.equal(await page.locator('.hero').getAttribute('data-in-progress-cents'), null);
}

function assertUnpaid(member, state) {
  assert.equal(house.intents(member).at(-1).state, state);
  assert.deepEqual(house.captures(member), []);
  assert.equal(house.balance(member), 4000);
}

// What became of Stripe's events about a session, in the order they came.
function outcomesOf(session) {
  return house.sql(`SELECT coalesce(outcome, state) AS outcome FROM provider_event
    WHERE provider = 'stripe' AND type LIKE 'checkout.%' AND instr(raw, CAST('${session}' AS BLOB))
    ORDER BY id`).map((event) => event.outcome);
}

// ---- every way it may go ----

const ways = {
  'a card that pays': async (t, javaScript) => {
    const visit = await openCheckout(t, javaScript);
    await visit.page.locator('#payer').click();
    await outcome(visit.page, PAID);
    await assertPaid(visit);
    assert.equal(await visit.page.locator('h1').innerText(), 'Votre compte est à jour');
  },

  'a refused card, then one that pays': async (t, javaScript) => {
    const visit = await openCheckout(t, javaScript);
    await visit.page.locator('[value=declined]').click();
    await visit.page.locator('#refus').waitFor();
    await visit.page.locator('[value=no_funds]').click();
    await visit.page.locator('#refus').waitFor();
    assertUnpaid(visit.member, 'open');
    await visit.page.locator('#payer').click();
    await outcome(visit.page, PAID);
    await assertPaid(visit);
  },

  '3-D Secure': async (t, javaScript) => {
    const visit = await openCheckout(t, javaScript);
    await visit.page.locator('[value=three_d_secure]').click();
    await visit.page.locator('#confirmer').click();
    await outcome(visit.page, PAID);
    await assertPaid(visit);
  },

  '3-D Secure that fails, then a card that pays': async (t, javaScript) => {
    const visit = await openCheckout(t, javaScript);
    await visit.page.locator('[value=three_d_secure]').click();
    await visit.page.locator('[name=answer][value=fail]').click();
    await visit.page.locator('#refus').waitFor();
    assertUnpaid(visit.member, 'open');
    await visit.page.locator('#payer').click();
    await outcome(visit.page, PAID);
    await assertPaid(visit);
  },

  'a debit that arrives': async (t, javaScript) => {
    const visit = await openCheckout(t, javaScript);
    await visit.page.locator('[value=sepa]').click();
    await outcome(visit.page, WAITS);
    await house.state(visit.member, 'processing');
    await visit.page.goto('/panier');
    await visit.page.getByText('40,00 € en cours de confirmation', { exact: true }).waitFor();
    assert.equal(await visit.page.locator('#montant').inputValue(), '');
    const { token } = house.intents(visit.member)[0];
    await visit.page.goto(`/paiement/${token}`);
    await outcome(visit.page, WAITS);
    await house.control('POST', `/stripe/sessions/${visit.session}/settle`, { outcome: 'succeed' });
    await outcome(visit.page, PAID);
    await assertPaid(visit);
  },

  'a debit that bounces': async (t, javaScript) => {
    const visit = await openCheckout(t, javaScript);
    await visit.page.locator('[value=sepa_failed]').click();
    await outcome(visit.page, WAITS);
    await house.state(visit.member, 'processing');
    await house.control('POST', `/stripe/sessions/${visit.session}/settle`, { outcome: 'fail' });
    await outcome(visit.page, FAILED);
    assertUnpaid(visit.member, 'failed');
    await visit.page.getByRole('link', { name: 'Retour à mon panier' }).click();
    assert.equal(await visit.page.locator('#montant').inputValue(), '40,00');
  },

  'a page that is left, then taken up again': async (t, javaScript) => {
    const visit = await openCheckout(t, javaScript);
    await visit.page.locator('#abandonner').click();
    await outcome(visit.page, WAITS);
    await visit.page.goto('/panier');
    assert.equal(await visit.page.locator('#montant').count(), 0, 'no second payment beside an open one');
    await visit.page.getByRole('link', { name: 'Reprendre le paiement' }).click();
    await visit.page.locator('#payer').click();
    await outcome(visit.page, PAID);
    await assertPaid(visit);
  },

  'a payment that is given up': async (t, javaScript) => {
    const visit = await openCheckout(t, javaScript);
    await visit.page.locator('#abandonner').click();
    await outcome(visit.page, WAITS);
    await visit.page.getByRole('button', { name: 'Abandonner ce paiement' }).click();
    await outcome(visit.page, GIVEN_UP);
    // Stripe's own word that the session has ended may be faster than ours.
    assert.match(house.intents(visit.member)[0].state, /^(canceled|expired)$/);
    assert.equal(house.balance(visit.member), 4000);
    const { status } = await house.control('GET', `/stripe/sessions/${visit.session}`);
    assert.equal(status, 'expired');
    await visit.page.getByRole('link', { name: 'Retour à mon panier' }).click();
    await visit.page.getByRole('button', { name: 'Payer par carte' }).waitFor();
  },

  // ---- every way Stripe may tell us ----

  'told twice': async (t, javaScript) => {
    const visit = await openCheckout(t, javaScript);
    await payTelling(visit.page, 'twice');
    await outcome(visit.page, PAID);
    await assertPaid(visit);
    await waitFor('both are worked on', () =>
      /^((already_)?posted,?){2}$/.test(outcomesOf(visit.session).join()));
  },

  'told late': async (t, javaScript) => {
    const visit = await openCheckout(t, javaScript);
    await payTelling(visit.page, 'late', 2);
    await outcome(visit.page, PAID);
    await assertPaid(visit);
    await waitFor('the late event is worked on', () =>
      /^(already_)?posted$/.test(outcomesOf(visit.session).join()));
  },

  'told before the member is back': async (t, javaScript) => {
    const visit = await openCheckout(t, javaScript);
    await payTelling(visit.page, 'before');
    await outcome(visit.page, PAID);
    await assertPaid(visit);
    assert.deepEqual(outcomesOf(visit.session), ['posted']);
  },

  'never told: the way back asks': async (t, javaScript) => {
    const visit = await openCheckout(t, javaScript);
    await payTelling(visit.page, 'never');
    await outcome(visit.page, PAID);
    await assertPaid(visit);
    assert.deepEqual(outcomesOf(visit.session), []);
  },

  'told with a false signature': async (t, javaScript) => {
    const visit = await openCheckout(t, javaScript);
    await payTelling(visit.page, 'bad_signature');
    await outcome(visit.page, PAID);
    await assertPaid(visit);
    assert.deepEqual(outcomesOf(visit.session), []);
  },

  'told in another order': async (t, javaScript) => {
    const visit = await openCheckout(t, javaScript);
    await visit.page.locator('[name=notify]').selectOption('out_of_order');
    await visit.page.locator('[value=sepa]').click();
    await outcome(visit.page, WAITS);
    await house.control('POST', `/stripe/sessions/${visit.session}/settle`, { outcome: 'succeed' });
    await outcome(visit.page, PAID);
    await assertPaid(visit);
    await waitFor('the first event comes last', () =>
      /^(already_)?posted,(noted|already_posted)$/.test(outcomesOf(visit.session).join()));
    await assertPaid(visit);
  },
};

for (const javaScript of [true, false])
  describe(`${javaScript ? 'with' : 'without'} JavaScript`, { concurrency: 4 }, () => {
    for (const [name, way] of Object.entries(ways))
      test(name, (t) => way(t, javaScript));
  });

// ---- nobody comes back, nobody tells ----

async function payUnseen(member, how) {
  const client = await house.asMember(member);
  const form = await client.form('/panier', '/panier/payer');
  const button = form.buttons.find((one) => one['data-provider'] === 'stripe');
  const { location } = await client.post('/panier/payer', { ...form.fields, moyen: button.value });
  const session = path.basename(location);
  if (how)
    await house.control('POST', `/stripe/sessions/${session}/pay`, how);
  return session;
}

const makeDue = (member) => house.force(`UPDATE payment_intent SET next_at = 0
  WHERE member_id = ${member.id} AND next_at IS NOT NULL`);

test('the sweep finds a payment that nobody told of', async () => {
  const member = house.member({ charges: [['40', 'Cotisation']] });
  await payUnseen(member, { notify: 'never' });
  assert.equal(house.intents(member)[0].state, 'open');
  makeDue(member);
  await house.state(member, 'paid');
  assert.equal(house.balance(member), 0);
});

test('the sweep follows a debit to its end', async () => {
  const member = house.member({ charges: [['40', 'Cotisation']] });
  const session = await payUnseen(member, { outcome: 'sepa', notify: 'never', settle_s: -1 });
  makeDue(member);
  await house.state(member, 'processing');
  await house.control('POST', `/stripe/sessions/${session}/settle`,
    { outcome: 'fail', notify: 'never' });
  makeDue(member);
  await house.state(member, 'failed');
  assert.equal(house.balance(member), 4000);
});

test('a session that expires ends the attempt, told or not', async () => {
  for (const notify of ['normal', 'never']) {
    const member = house.member({ charges: [['40', 'Cotisation']] });
    const session = await payUnseen(member);
    await house.control('POST', `/stripe/sessions/${session}/expire`, { notify });
    if (notify === 'never')
      makeDue(member);
    await house.state(member, 'expired');
    assert.deepEqual(house.captures(member), []);
  }
});

test('what Stripe says and what we keep of the payer agree', async () => {
  const member = house.member({ charges: [['40', 'Cotisation']] });
  await payUnseen(member, { name: 'Zoé Œuvrard-Ñandú 李', email: 'zoe@example.org' });
  await house.state(member, 'paid');
  assert.equal(house.captures(member)[0].payer, 'Zoé Œuvrard-Ñandú 李');
});

// ---- Stripe does not answer ----

test('an answer that is lost is asked for again, with the same key: one session', async () => {
  const member = house.member({ charges: [['40', 'Cotisation']] });
  const before = await house.calls('stripe', 'POST', '/v1/checkout/sessions');
  await house.control('POST', '/faults', { face: 'stripe', path: '/v1/checkout/sessions',
    kind: 'status', status: 500, when: 'after', count: 1 });
  const client = await house.asMember(member);
  const form = await client.form('/panier', '/panier/payer');
  const button = form.buttons.find((one) => one['data-provider'] === 'stripe');
  const answer = await client.post('/panier/payer', { ...form.fields, moyen: button.value });
  assert.equal(answer.status, 303);
  assert.match((await client.get(answer.location)).text, /Ouverture du paiement/);
  makeDue(member);
  await house.state(member, 'open');
  const { calls } = await house.control('GET', '/calls?face=stripe&method=POST&path=/v1/checkout/sessions');
  const [again, first] = calls;
  assert.equal(await house.calls('stripe', 'POST', '/v1/checkout/sessions'), before + 2);
  assert.equal(again.idempotency_key, first.idempotency_key);
  assert.equal(again.body_hex, first.body_hex);
  assert.equal(house.intents(member).length, 1);
});

test('a refusal ends the attempt; a new press is a new one', async () => {
  const member = house.member({ charges: [['40', 'Cotisation']] });
  await house.control('POST', '/faults', { face: 'stripe', path: '/v1/checkout/sessions',
    kind: 'status', status: 402, count: 1 });
  const client = await house.asMember(member);
  const press = async () => {
    const form = await client.form('/panier', '/panier/payer');
    const button = form.buttons.find((one) => one['data-provider'] === 'stripe');
    return client.post('/panier/payer', { ...form.fields, moyen: button.value });
  };
  const refused = await press();
  assert.equal(refused.status, 502);
  assert.match(refused.text, /Stripe n'a pas pu ouvrir ce paiement/);
  assert.equal(house.intents(member)[0].state, 'failed');
  assert.match((await press()).location, /\/c\/pay\//);
  assert.deepEqual(house.intents(member).map((intent) => intent.state), ['failed', 'open']);
});

// ---- how it looks ----

test('the pages of a payment are fit for everybody', async (t) => {
  const { member, page } = await openCart(t, true,
    [['38', 'Cotisation 2026-2027'], ['29,50', 'Licence et assurance FFRandonnée', { account: '7088' }]]);
  await check(page, 'panier-a-payer');
  await page.getByRole('button', { name: 'Payer par carte' }).click();
  await page.locator('#payer').waitFor();
  await check(page, 'bac-a-sable-stripe');
  const session = path.basename(new URL(page.url()).pathname);
  await page.locator('#abandonner').click();
  await outcome(page, WAITS);
  await check(page, 'paiement-ouvert');
  await page.goto('/panier');
  await check(page, 'panier-paiement-commence');
  await page.getByRole('link', { name: 'Reprendre le paiement' }).click();
  await page.locator('[value=three_d_secure]').click();
  await page.locator('#confirmer').waitFor();
  await check(page, 'bac-a-sable-3ds');
  await page.locator('[name=answer][value=fail]').click();
  await page.locator('[value=sepa]').click();
  await outcome(page, WAITS);
  await house.state(member, 'processing');
  await page.reload();
  await check(page, 'paiement-en-cours');
  await page.goto('/panier');
  await check(page, 'panier-en-cours');
  await house.control('POST', `/stripe/sessions/${session}/settle`, { outcome: 'succeed' });
  const { token } = await house.state(member, 'paid');
  await page.goto(`/paiement/${token}`);
  await outcome(page, PAID);
  await check(page, 'paiement-recu');
  await page.goto('/panier');
  await check(page, 'panier-paye');
});

test('the pages of a payment that came to nothing are fit for everybody', async (t) => {
  const { page, session } = await openCheckout(t, true);
  await page.locator('[value=sepa_failed]').click();
  await outcome(page, WAITS);
  await house.control('POST', `/stripe/sessions/${session}/settle`, { outcome: 'fail' });
  await outcome(page, FAILED);
  await check(page, 'paiement-echoue');
  await page.getByRole('link', { name: 'Retour à mon panier' }).click();
  await page.getByRole('button', { name: 'Payer par carte' }).click();
  await page.locator('#abandonner').click();
  await page.getByRole('button', { name: 'Abandonner ce paiement' }).click();
  await outcome(page, GIVEN_UP);
  await check(page, 'paiement-abandonne');
});
