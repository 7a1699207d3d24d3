'use strict';
// Paying inside the personal space: Stripe's form in a page of ours, every way it may go, and
// Stripe's own page where there is no script.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const path = require('node:path');
const { houseOf, waitFor } = require('./harness.js');
const { check, outcome } = require('./browser.js');

const PLATFORM_KEY = 'pk_test_platform0123456789';
const house = houseOf('pay-embedded', { platform: true, stripe: { embedded: true },
  config: { stripe_platform_test_key: PLATFORM_KEY } });

const PAID = 'Paiement reçu';
const WAITS = 'Paiement en cours de confirmation';
const GIVEN_UP = 'Paiement abandonné';
const INSTEAD = 'Payer sur la page sécurisée de Stripe';

// ---- what a member does ----

async function press(page) {
  await page.goto('/panier');
  await page.getByRole('button', { name: 'Payer par carte' }).click();
}

async function open(t, options) {
  const member = house.member({ charges: [['40', 'Cotisation']] });
  const page = await house.visit(t, await house.asMember(member), options);
  await press(page);
  return { member, page, frame: page.frameLocator('iframe[name=embedded-checkout]') };
}

// The form. Where five seconds were not enough for the script, on a machine that does much else,
// the page is loaded again, as anybody would.
async function formOf(page) {
  for (let tries = 0; tries < 5; tries += 1) {
    await page.locator('#carte iframe:visible, #carte-secours:visible').first().waitFor();
    if (await page.locator('#carte iframe').count())
      return page.frameLocator('#carte iframe').locator('#payer').waitFor();
    await page.reload();
  }
  return assert.fail('the form does not appear');
}

async function openForm(t) {
  const visit = await open(t);
  await formOf(visit.page);
  assert.match(new URL(visit.page.url()).pathname, /^\/payer\/G/);
  return visit;
}

const last = (member) => house.intents(member).at(-1);

async function assertPaid({ member, page }) {
  await house.state(member, 'paid');
  const captures = house.captures(member);
  assert.deepEqual(captures.map((one) => [one.amount_cents, one.cart_cents]), [[4000, -4000]]);
  assert.equal(house.balance(member), 0);
  assert.equal(secrets(member), 0, 'the client secret is forgotten');
  await page.goto('/panier');
  assert.equal(await page.locator('[data-line][data-kind=payment]').count(), 1);
}

const secrets = (member) => house.one(`SELECT count(*) AS n FROM payment_intent
  WHERE member_id = ${member.id} AND client_secret IS NOT NULL`).n;
const sessionsOpen = async (member) => {
  const references = house.sql(`SELECT provider_reference AS id FROM payment_intent
    WHERE member_id = ${member.id} AND provider_reference IS NOT NULL`);
  const all = await Promise.all(references.map(({ id }) => house.control('GET', `/stripe/sessions/${id}`)));
  return all.filter((one) => one.status === 'open').length;
};
const makeDue = (member) => house.force(`UPDATE payment_intent SET next_at = 0
  WHERE member_id = ${member.id} AND next_at IS NOT NULL`);
const scriptFault = (fault) => house.control('POST', '/faults',
  { face: 'stripe', method: 'GET', path: '/v3', ...fault });

// ---- every way it may go ----

describe('in the personal space', { concurrency: 4 }, () => {
  test('a card that pays', async (t) => {
    const visit = await openForm(t);
    await visit.frame.locator('#payer').click();
    await outcome(visit.page, PAID);
    await assertPaid(visit);
  });

  test('a refused card, then one that pays: the member never leaves', async (t) => {
    const visit = await openForm(t);
    await visit.frame.locator('[value=declined]').click();
    await visit.frame.locator('#refus').waitFor();
    assert.match(await visit.page.getByRole('list', { name: 'Ce que vous payez' }).innerText(), /^Cotisation\s: 40,00\s€$/);
    assert.equal(last(visit.member).state, 'open');
    assert.match(new URL(visit.page.url()).pathname, /^\/payer\//);
    await visit.frame.locator('#payer').click();
    await outcome(visit.page, PAID);
    await assertPaid(visit);
  });

  test('3-D Secure, refused then confirmed', async (t) => {
    const visit = await openForm(t);
    await visit.frame.locator('[value=three_d_secure]').click();
    await visit.frame.locator('[name=answer][value=fail]').click();
    await visit.frame.locator('#refus').waitFor();
    await visit.frame.locator('[value=three_d_secure]').click();
    await visit.frame.locator('#confirmer').click();
    await outcome(visit.page, PAID);
    await assertPaid(visit);
  });

  test('a debit that arrives later', async (t) => {
    const visit = await openForm(t);
    await visit.frame.locator('[value=sepa]').click();
    await outcome(visit.page, WAITS);
    const { provider_reference: session } = await house.state(visit.member, 'processing');
    assert.equal(secrets(visit.member), 0);
    await house.control('POST', `/stripe/sessions/${session}/settle`, { outcome: 'succeed' });
    await outcome(visit.page, PAID);
    await assertPaid(visit);
  });

  test('whoever comes back finds the same form', async (t) => {
    const visit = await openForm(t);
    const { provider_reference: session } = last(visit.member);
    await visit.page.goto('/panier');
    assert.equal(await visit.page.locator('#montant').count(), 0, 'no second payment beside an open one');
    await visit.page.getByRole('link', { name: 'Reprendre le paiement' }).click();
    await formOf(visit.page);
    assert.equal(last(visit.member).provider_reference, session);
    await visit.page.goto(`/paiement/${last(visit.member).token}`);
    await visit.page.getByRole('link', { name: 'Reprendre le paiement' }).click();
    await formOf(visit.page);
    await visit.frame.locator('#payer').click();
    await outcome(visit.page, PAID);
    await assertPaid(visit);
  });

  test('Annuler ends it at Stripe too', async (t) => {
    const visit = await openForm(t);
    const { token } = last(visit.member);
    await visit.page.getByRole('button', { name: 'Annuler' }).click();
    await outcome(visit.page, GIVEN_UP);
    assert.match(last(visit.member).state, /^(canceled|expired)$/);
    assert.equal(await sessionsOpen(visit.member), 0);
    assert.equal(secrets(visit.member), 0);
    await visit.page.goto(`/payer/${token}`);
    await outcome(visit.page, GIVEN_UP);
    await visit.page.getByRole('link', { name: 'Retour à mon panier' }).click();
    await visit.page.getByRole('button', { name: 'Payer par carte' }).waitFor();
  });

  test('a browser that closes on the form: told of, or found by the sweep', async (t) => {
    for (const notify of ['normal', 'never']) {
      const visit = await openForm(t);
      await visit.page.close();
      await house.control('POST', `/stripe/sessions/${last(visit.member).provider_reference}/pay`, { notify });
      if (notify === 'never')
        makeDue(visit.member);
      await house.state(visit.member, 'paid');
      assert.equal(house.balance(visit.member), 0);
      assert.equal(house.captures(visit.member).length, 1);
    }
  });

  test('a browser that closes as soon as it has paid', async (t) => {
    const visit = await openForm(t);
    await visit.page.route(`${house.url}/paiement/**`, (route) => route.abort());
    await visit.frame.locator('[name=notify]').selectOption('never');
    await visit.frame.locator('#payer').click();
    await waitFor('Stripe has the money', async () =>
      (await house.control('GET', `/stripe/sessions/${last(visit.member).provider_reference}`)).status === 'complete');
    await visit.page.close();
    makeDue(visit.member);
    await house.state(visit.member, 'paid');
    assert.equal(house.captures(visit.member).length, 1);
  });
});

test('an account that was associated is paid with the platform\'s key', async (t) => {
  const association = house.addAssociation({ name: 'Les Voisins' });
  const { link, account } = await house.addStripe(association);
  await house.control('POST', `/stripe/accounts/${house.platform.account}/keys`,
    { kind: 'publishable', livemode: false, key: PLATFORM_KEY });
  await house.control('POST', `/stripe/accounts/${account}/links`, { platform: house.platform.account });
  house.force(`UPDATE provider_account SET link_kind = 'connect' WHERE public_id = '${link}'`);
  const member = house.member({ association, login: 'voisine', charges: [['40', 'Cotisation']] });
  const page = await house.visit(t, await house.asMember(member));
  await press(page);
  const place = page.locator('#carte');
  await formOf(page);
  assert.deepEqual([await place.getAttribute('data-key'), await place.getAttribute('data-account')],
    [PLATFORM_KEY, account]);
  await page.frameLocator('iframe').locator('#payer').click();
  await outcome(page, PAID);
  await assertPaid({ member, page });
});

// ---- Stripe's own page instead ----

async function payThere({ page, member }) {
  await page.waitForURL(/\/c\/pay\//);
  assert.equal(await sessionsOpen(member), 1, 'never two that can be paid');
  await page.locator('#payer').click();
  await outcome(page, PAID);
  await assertPaid({ page, member });
}

test('without JavaScript the card is asked at Stripe', async (t) => {
  const visit = await open(t, { javaScript: false });
  await visit.page.waitForURL(/\/c\/pay\//);
  assert.equal(house.intents(visit.member).length, 1);
  await payThere(visit);
});

test('an attempt of a browser with JavaScript is gone on with without it', async (t) => {
  const visit = await openForm(t);
  const { token } = last(visit.member);
  const page = await house.visit(t, await house.asMember(visit.member), { javaScript: false });
  await page.goto(`/payer/${token}`);
  await page.getByRole('button', { name: INSTEAD }).click();
  await payThere({ page, member: visit.member });
  assert.deepEqual(house.intents(visit.member).map((one) => one.state.replace('expired', 'canceled')),
    ['canceled', 'paid']);
});

test('a script that is not there, or comes too late, leaves a button', async (t) => {
  for (const fault of [{ kind: 'status', status: 503 }, { kind: 'hang', hang_s: 30 }]) {
    await scriptFault({ ...fault, count: 1 });
    const visit = await open(t);
    await visit.page.getByRole('button', { name: INSTEAD }).waitFor();
    assert.equal(await visit.page.locator('iframe').count(), 0);
    await visit.page.getByRole('button', { name: INSTEAD }).click();
    await payThere(visit);
  }
});

test('the button pressed twice begins one, and pays the same choice', async () => {
  const member = house.member({ charges: [['40', 'Cotisation'], ['15', 'Sortie']] });
  const client = await house.asMember(member);
  const form = await client.form('/panier', '/panier/payer');
  const button = form.buttons.find((one) => one['data-provider'] === 'stripe');
  const ticked = house.sql(`SELECT id FROM cart_line WHERE member_id = ${member.id} AND label = 'Sortie'`);
  assert.equal(ticked.length, 1);
  const began = await client.post('/panier/payer', { ...form.fields, integre: 'oui', montant: '15',
    propose: '', somme: '1500', coche: String(ticked[0].id), moyen: button.value });
  assert.match(began.location, /^\/payer\//);
  const page = await client.get(began.location);
  const { fields } = await client.form(began.location, `${began.location}/page-stripe`);
  assert.match(page.text, /15,00/);
  const answers = await Promise.all([1, 2].map(() => client.post(`${began.location}/page-stripe`, fields)));
  for (const answer of answers)
    assert.equal(answer.status, 303, answer.text);
  const intents = house.intents(member);
  assert.equal(intents.length, 2);
  assert.equal(intents[1].amount_cents, 1500);
  assert.equal(await sessionsOpen(member), 1);
  const charges = house.sql(`SELECT charge_line_id AS line FROM intent_charge WHERE intent_id = ${intents[1].id}`);
  assert.deepEqual(charges.map((one) => one.line), [ticked[0].id]);
  await client.post(`/paiement/${intents[1].token}/abandonner`,
    (await client.form(`/paiement/${intents[1].token}`, `/paiement/${intents[1].token}/abandonner`)).fields);
});

test('a session that ended while the page stood open is not begun anew behind a payment', async () => {
  const member = house.member({ charges: [['40', 'Cotisation']] });
  const client = await house.asMember(member);
  const form = await client.form('/panier', '/panier/payer');
  const button = form.buttons.find((one) => one['data-provider'] === 'stripe');
  const { location } = await client.post('/panier/payer', { ...form.fields, integre: 'oui', moyen: button.value });
  const { fields } = await client.form(location, `${location}/page-stripe`);
  await house.control('POST', `/stripe/sessions/${last(member).provider_reference}/pay`, { notify: 'never' });
  const answer = await client.post(`${location}/page-stripe`, fields);
  assert.match(answer.location, /^\/paiement\//);
  await house.state(member, 'paid');
  assert.equal(house.intents(member).length, 1);
});

// ---- whose page it is, and what it may load ----

test('the policy is open on that page alone, and only to Stripe', async () => {
  const member = house.member({ charges: [['40', 'Cotisation']] });
  const client = await house.asMember(member);
  const form = await client.form('/panier', '/panier/payer');
  const button = form.buttons.find((one) => one['data-provider'] === 'stripe');
  const { location } = await client.post('/panier/payer', { ...form.fields, integre: 'oui', moyen: button.value });
  const policyOf = (answer) => answer.headers['content-security-policy'];
  const page = await client.get(location);
  assert.equal(page.status, 200);
  const policy = policyOf(page);
  assert.match(policy, /^default-src 'none'; script-src 'self' http:\/\/localhost:\d+ http:\/\/\*\.localhost:\d+; /);
  assert.match(policy, /frame-src http:\/\/localhost:\d+ /);
  assert.match(policy, /connect-src 'self' http:\/\/localhost:\d+/);
  assert.match(policy, /frame-ancestors 'none'; base-uri 'none'; form-action 'self'/);
  assert.doesNotMatch(policy, /unsafe|data:|https?:\/\/\*[ ;]|\*;/);
  const closed = policyOf(await client.get('/panier'));
  assert.doesNotMatch(closed, /frame-src|script-src 'self' h|connect-src 'self' h/);
  for (const url of ['/panier', `/paiement/${last(member).token}`, '/connexion', '/payer/Gx']) {
    const answer = await client.get(url);
    assert.equal(policyOf(answer), closed, url);
    assert.doesNotMatch(answer.body, /_secret_/, url);
  }
  const stranger = await house.asMember(house.member({ first: 'Paul', login: 'paul' }));
  assert.equal((await stranger.get(location)).status, 404);
  assert.equal((await stranger.get('/payer/G00000000-0')).status, 404);
  const logs = house.guichet.text();
  assert.doesNotMatch(logs, /_secret_/);
});

test('an association that prefers Stripe\'s page says so once', async (t) => {
  const treasurer = await house.asStaff('treasurer');
  const page = await house.visit(t, treasurer, { javaScript: false });
  await page.goto('/parametrage/mon-compte');
  await page.getByRole('button', { name: 'Demander la carte sur la page de Stripe' }).click();
  await page.getByText('La carte est demandée sur la page de Stripe.').waitFor();
  const visit = await open(t);
  await visit.page.waitForURL(/\/c\/pay\//);
  await page.getByRole('button', { name: "Demander la carte dans l'espace personnel" }).click();
  await page.getByText("La carte est demandée dans l'espace personnel.").waitFor();
  assert.deepEqual(house.sql(`SELECT action, detail FROM audit WHERE action = 'provider_account.embedded'
    ORDER BY chain_number`), [{ action: 'provider_account.embedded', detail: 'there' },
    { action: 'provider_account.embedded', detail: 'here' }]);
  const other = house.addAssociation({ name: 'Une autre' });
  const { link } = await house.addStripe(other);
  const { id } = house.one(`SELECT id FROM provider_account WHERE public_id = '${link}'`);
  const { fields } = await treasurer.form('/parametrage/mon-compte', '/parametrage/stripe/carte#stripe');
  assert.equal((await treasurer.post('/parametrage/stripe/carte', { ...fields, compte: String(id) })).status, 404);
});

// ---- how it looks ----

test('the page is fit for everybody', async (t) => {
  const visit = await openForm(t);
  await check(visit.page, 'payer-carte');
  await scriptFault({ kind: 'status', status: 503, count: 1 });
  await visit.page.reload();
  await visit.page.getByRole('button', { name: INSTEAD }).waitFor();
  await check(visit.page, 'payer-carte-secours');
  const staff = await house.visit(t, await house.asStaff('treasurer'));
  await staff.goto('/parametrage/mon-compte');
  await check(staff, 'mon-compte-carte');
});
