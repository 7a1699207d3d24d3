'use strict';
// Dissocier: what is en cours is shown first, open pages are closed at the provider, what is under
// way is followed to its end, the access is given back. Whatever fails is said and goes on at the
// second press.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const path = require('node:path');
const { houseOf, waitFor } = require('./harness.js');
const { send } = require('./http.js');
const { check } = require('./browser.js');

const house = houseOf('unlink', { platform: true });

// ---- who and what ----

function treasurer(association) {
  const { email } = house.login('tresoriere');
  house.ok(['login', 'grant', '--email', email, '--role', 'treasurer', '--association', association]);
  return house.session('tresoriere', { role: 'treasurer', association });
}

// An association whose account was associated, as the pages do it.
async function associated() {
  const association = house.addAssociation({ name: 'Les Partants' });
  const staff = treasurer(association);
  const { id: account } = await house.control('POST', '/stripe/accounts', { name: 'Les Partants' });
  await associate(staff, account);
  return { association, staff, account };
}

async function associate(staff, account) {
  const form = await staff.form('/parametrage/mon-compte', '/parametrage/stripe/associer');
  const asked = new URL((await staff.post(form.action, form.fields)).location).searchParams;
  const body = new URLSearchParams({ client_id: asked.get('client_id'), redirect_uri: asked.get('redirect_uri'),
    state: asked.get('state'), account, outcome: 'approve' }).toString();
  const answer = await send(house.sandboxUrl, 'POST', '/oauth/authorize', { body,
    headers: { Host: new URL(house.sandboxUrl).host, 'Content-Type': 'application/x-www-form-urlencoded' } });
  const back = new URL(answer.location);
  assert.match((await staff.get(back.pathname + back.search)).location, /stripe=associe/);
}

const rowOf = (association, provider = 'stripe') => house.one(`SELECT CAST(id AS TEXT) AS id, unlinked_at IS NULL AS linked,
  revoked_at IS NOT NULL AS revoked, withdrawn FROM provider_account
  WHERE association_id = ${association} AND provider = '${provider}'`);

let people = 0;
const memberOf = (association, amount = '40') => {
  people += 1;
  return house.member({ association, login: 'payeurs', last: `Martin ${people}`, charges: [[amount, 'Cotisation']] });
};

async function pay(member) {
  const client = await house.asMember(member);
  const form = await client.form('/panier', '/panier/payer');
  const answer = await client.post('/panier/payer', { ...form.fields, moyen: form.buttons.find((one) => one['data-provider']).value });
  assert.equal(answer.status, 303, answer.text);
  return path.basename(new URL(answer.location).pathname);
}

async function press(staff, provider = 'stripe', more = '') {
  const place = `/parametrage/${provider}/dissocier`;
  const form = await staff.form(place + more, place);
  return staff.post(place, form.fields);
}

// What a page of payment that we closed becomes: Stripe's own word may be faster than ours.
const CLOSED = '(canceled|expired)';
const statesOf = (members) => members.map((one) => house.intents(one)[0].state).join();
const sessionOf = (id) => house.control('GET', `/stripe/sessions/${id}`);
const fault = (more) => house.control('POST', '/faults', { face: 'stripe', kind: 'status', status: 503, ...more });

// ---- associated accounts ----

for (const javaScript of [true, false])
  test(`a treasurer sees what is en cours, then leaves${javaScript ? '' : ', without JavaScript'}`, async (t) => {
    const { association, staff } = await associated();
    const [open, other, debit] = [memberOf(association), memberOf(association, '12,50'), memberOf(association, '25')];
    const sessions = [await pay(open), await pay(other), await pay(debit)];
    await house.control('POST', `/stripe/sessions/${sessions[2]}/pay`, { outcome: 'sepa', settle_s: -1 });
    await house.state(debit, 'processing');
    const given = await house.calls('stripe', 'POST', '/oauth/deauthorize');
    const page = await house.visit(t, staff, { javaScript });
    await page.goto('/parametrage/mon-compte');
    await page.getByRole('link', { name: /^Dissocier le compte acct_/ }).click();
    for (const amount of ['40,00', '12,50', '25,00'])
      await page.getByText(amount).waitFor();
    if (javaScript)
      await check(page, 'dissocier');
    await page.getByRole('button', { name: 'Fermer les 2 pages de paiement et dissocier' }).click();
    await page.getByText('est dissocié, mais Stripe ne le sait pas encore').waitFor();
    if (javaScript)
      await check(page, 'dissocie-suivi');
    assert.deepEqual([rowOf(association).linked, rowOf(association).revoked], [0, 0]);
    assert.deepEqual([(await sessionOf(sessions[0])).status, (await sessionOf(sessions[1])).status], ['expired', 'expired']);
    assert.match(statesOf([open, other, debit]), new RegExp(`^${CLOSED},${CLOSED},processing$`));
    assert.equal(await house.calls('stripe', 'POST', '/oauth/deauthorize'), given);
    // The debit arrives: it is booked, and the access is given back by itself.
    await house.control('POST', `/stripe/sessions/${sessions[2]}/settle`, { outcome: 'succeed' });
    await house.state(debit, 'paid');
    await waitFor('the access is given back', () => rowOf(association).revoked === 1);
    assert.equal(await house.calls('stripe', 'POST', '/oauth/deauthorize'), given + 1);
    assert.equal(house.captures(debit).length, 1);
    assert.doesNotMatch((await staff.get('/parametrage/mon-compte')).text, /ne le sait pas encore|retiré chez Stripe/);
    assert.equal(house.sql(`SELECT 1 FROM payment_intent WHERE check_since IS NOT NULL AND association_id = ${association}`).length, 0);
  });

test('nothing en cours: unlinked and given back at once, and the same account can come again', async () => {
  const { association, staff, account } = await associated();
  const { id } = rowOf(association);
  const answer = await press(staff);
  assert.equal(answer.location, '/parametrage/mon-compte?dissocie=stripe#stripe');
  assert.deepEqual(rowOf(association), { id, linked: 0, revoked: 1, withdrawn: 0 });
  assert.match((await staff.get('/parametrage/mon-compte?dissocie=stripe')).text, /Le compte Stripe est dissocié/);
  await house.settled();
  assert.doesNotMatch((await staff.get('/parametrage/mon-compte')).text, /retiré chez Stripe/);
  assert.equal((await staff.get('/parametrage/stripe/dissocier')).status, 303);
  await associate(staff, account);
  assert.deepEqual(rowOf(association), { id, linked: 1, revoked: 0, withdrawn: 0 });
  assert.deepEqual(house.sql(`SELECT action FROM audit WHERE association_id = ${association}
    AND action LIKE 'provider_account.%' ORDER BY chain_number`).map((row) => row.action),
  ['provider_account.consent_asked', 'provider_account.associated', 'provider_account.unlinked',
    'provider_account.revoked', 'provider_account.consent_asked', 'provider_account.associated']);
});

test('a page that turns out to be paid is booked', async () => {
  const { association, staff } = await associated();
  const member = memberOf(association);
  await house.control('POST', `/stripe/sessions/${await pay(member)}/pay`, { notify: 'never' });
  assert.equal((await press(staff)).status, 303);
  assert.equal(house.intents(member)[0].state, 'paid');
  assert.equal(house.captures(member).length, 1);
  assert.deepEqual(rowOf(association).revoked, 1);
});

test('Stripe is away while pages are closed: said, and the second press goes on', async (t) => {
  const { association, staff } = await associated();
  const members = [memberOf(association), memberOf(association)];
  const sessions = [await pay(members[0]), await pay(members[1])];
  await fault({ path: `/v1/checkout/sessions/${sessions[1]}`, count: -1 });
  const answer = await press(staff);
  assert.equal(answer.status, 503);
  assert.match(answer.text, /n'est pas encore dissocié/);
  assert.match(statesOf(members), new RegExp(`^${CLOSED},open$`));
  assert.equal(rowOf(association).linked, 1);
  await house.control('DELETE', '/faults');
  const page = await house.visit(t, staff);
  await page.goto('/parametrage/stripe/dissocier');
  await page.getByRole('button', { name: 'Fermer la page de paiement et dissocier' }).click();
  await page.getByText('Le compte Stripe est dissocié').waitFor();
  assert.deepEqual(rowOf(association).revoked, 1);
  assert.equal((await sessionOf(sessions[1])).status, 'expired');
});

test('Stripe is away when the access is given back: said, and the second press goes on', async () => {
  for (const when of ['before', 'after']) {
    const { association, staff } = await associated();
    await fault({ path: '/oauth/deauthorize', when });
    assert.equal((await press(staff)).location, '/parametrage/mon-compte#stripe');
    assert.deepEqual([rowOf(association).linked, rowOf(association).withdrawn], [0, 0]);
    if (when === 'before')
      assert.match((await staff.get('/parametrage/mon-compte')).text, /Stripe n'a pas répondu quand nous avons rendu l'accès/);
    else // the work was done: Stripe itself tells us
      await waitFor('the end is known', () => rowOf(association).revoked === 1);
    if (when === 'before') {
      const { id } = rowOf(association);
      assert.equal((await press(staff, 'stripe', `?compte=${id}`)).location, '/parametrage/mon-compte?dissocie=stripe#stripe');
    }
    assert.deepEqual([rowOf(association).linked, rowOf(association).revoked, rowOf(association).withdrawn], [0, 1, 0]);
  }
});

test('what Stripe has forgotten already is given back', async () => {
  const { association, staff, account } = await associated();
  await house.control('POST', `/stripe/accounts/${account}/revoke`, { client_id: house.platform.client, notify: 'never' });
  assert.equal((await press(staff)).location, '/parametrage/mon-compte?dissocie=stripe#stripe');
  assert.equal(rowOf(association).revoked, 1);
});

// ---- own keys, PayPal ----

test('an account with its own keys: open pages are closed, a debit is followed with the keys', async () => {
  const association = house.addAssociation({ name: 'Les Clés' });
  await house.addStripe(association);
  const staff = treasurer(association);
  const [open, debit] = [memberOf(association), memberOf(association)];
  const sessions = [await pay(open), await pay(debit)];
  await house.control('POST', `/stripe/sessions/${sessions[1]}/pay`, { outcome: 'sepa', settle_s: -1 });
  await house.state(debit, 'processing');
  assert.equal((await press(staff)).location, '/parametrage/mon-compte?dissocie=stripe#stripe');
  assert.deepEqual([rowOf(association).linked, rowOf(association).revoked], [0, 0]);
  assert.equal((await sessionOf(sessions[0])).status, 'expired');
  await house.control('POST', `/stripe/sessions/${sessions[1]}/settle`, { outcome: 'succeed', notify: 'never' });
  house.force(`UPDATE payment_intent SET next_at = unixepoch() WHERE association_id = ${association} AND state = 'processing'`);
  await house.state(debit, 'paid');
  const client = await house.asMember(memberOf(association));
  assert.doesNotMatch((await client.get('/panier')).body, /name="moyen"/);
});

test('PayPal: no new payment, and what was begun is booked when it arrives', async (t) => {
  const association = house.addAssociation({ name: 'Les Autres' });
  await house.addPaypal(association);
  const staff = treasurer(association);
  const member = memberOf(association);
  const client = await house.asMember(member);
  const form = await client.form('/panier', '/panier/payer');
  const { location } = await client.post('/panier/payer', { ...form.fields, moyen: form.buttons.find((one) => one['data-provider']).value });
  const page = await house.visit(t, staff);
  await page.goto('/parametrage/paypal/dissocier');
  await page.getByText('ne peut pas être fermée').waitFor();
  await check(page, 'dissocier-paypal');
  await page.getByRole('button', { name: 'Dissocier ce compte' }).click();
  await page.getByText('Le compte PayPal est dissocié').waitFor();
  assert.equal(rowOf(association, 'paypal').linked, 0);
  assert.doesNotMatch((await client.get('/panier')).body, /name="moyen"/);
  const { token } = await house.control('POST', '/paypal/visits', { url: location });
  await house.control('POST', `/paypal/visits/${token}/pay`, {});
  await house.state(member, 'paid');
  assert.equal(house.captures(member).length, 1);
});

// ---- whose account ----

test("another association's account is as one that does not exist, and noted", async () => {
  const a = await associated();
  const b = await associated();
  const { id } = rowOf(a.association);
  const foreign = await b.staff.get(`/parametrage/stripe/dissocier?compte=${id}`);
  const missing = await b.staff.get('/parametrage/stripe/dissocier?compte=123456789');
  const same = (answer) => answer.text.replace(/\b[0-9a-f]{16}\b/g, '');
  assert.deepEqual([foreign.status, missing.status], [404, 404]);
  assert.equal(same(foreign), same(missing));
  const form = await b.staff.form('/parametrage/stripe/dissocier', '/parametrage/stripe/dissocier');
  assert.equal((await b.staff.post(form.action, { ...form.fields, compte: id })).status, 404);
  assert.equal(rowOf(a.association).linked, 1);
  await waitFor('it is noted', () => house.sql(`SELECT 1 FROM audit WHERE action = 'access.denied'
    AND object = '/parametrage/stripe/dissocier'`).length >= 2);
});
