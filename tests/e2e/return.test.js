'use strict';
// The page that people come back to from a provider: whoever opens it, however often and with
// whatever fields, it tells the truth and changes nothing.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const path = require('node:path');
const { houseOf, waitFor } = require('./harness.js');
const { check, outcome } = require('./browser.js');
const { Client } = require('./http.js');

const house = houseOf('return');

const WAITS = /Paiement en cours de confirmation/;
const PAID = /Paiement reçu/;

// An open attempt, and who made it.
async function openAttempt(provider = 'stripe') {
  const member = house.member({ first: 'Jeanne', last: 'Martinière', charges: [['40', 'Cotisation']] });
  const client = await house.asMember(member);
  const form = await client.form('/panier', '/panier/payer');
  const moyen = form.buttons.find((one) => one['data-provider'] === provider).value;
  const { location } = await client.post('/panier/payer', { ...form.fields, moyen });
  const { token } = await house.state(member, 'open');
  return { member, client, token, location, place: `/paiement/${token}`,
    session: path.basename(location) };
}

const everything = () => house.sql(`SELECT
  (SELECT group_concat(state || updated_at) FROM payment_intent) AS intents,
  (SELECT count(*) FROM provider_transaction) AS transactions,
  (SELECT count(*) FROM entry) AS entries, (SELECT count(*) FROM cart_line) AS lines,
  (SELECT count(*) FROM provider_event) AS events, (SELECT count(*) FROM outbox) AS mails`)[0];

test('a browser without cookies sees state and amount, and no name', async (t) => {
  const { place, session } = await openAttempt();
  const stranger = new Client(house.url);
  const answer = await stranger.get(place);
  assert.equal(answer.status, 200);
  assert.match(answer.text, WAITS);
  assert.match(answer.text, /40,00 €/);
  assert.doesNotMatch(answer.text, /Martinière|Jeanne/);
  assert.doesNotMatch(answer.body, /<form|data-resume|\/c\/pay\//);
  assert.match(answer.text, /Se connecter/);
  assert.deepEqual(answer.cookies, []);
  const page = await house.visit(t, null);
  await page.goto(place);
  await check(page, 'paiement-sans-connexion');
  await house.control('POST', `/stripe/sessions/${session}/pay`, {});
  await outcome(page, 'Paiement reçu');
  assert.match((await stranger.get(place)).text, PAID);
});

test("the provider's fields are not read, whatever they say", async () => {
  const { place, client } = await openAttempt('paypal');
  const before = everything();
  for (const query of ['PayerID=X&st=Completed&tx=7&cc=EUR&amt=40.00&cm=G1&payment_status=Completed',
    'st=Completed&st=Completed', 'state=paid&montant=1', '&&==&%41', 'a='.repeat(150), 'q=%C3%A9',
    'session_id=cs_test_1&redirect_status=succeeded', 'suite=//evil.example']) {
    for (const who of [client, new Client(house.url)]) {
      const answer = await who.get(`${place}?${query}`);
      assert.equal(answer.status, 200, query);
      assert.match(answer.text, WAITS, query);
    }
  }
  assert.deepEqual(everything(), before);
});

test('a way back by POST leads to the page, from anywhere', async () => {
  const { place, client } = await openAttempt('paypal');
  const before = everything();
  const type = { 'Content-Type': 'application/x-www-form-urlencoded' };
  for (const [headers, body] of [[{ ...type, Origin: 'https://www.paypal.com', 'Sec-Fetch-Site': 'cross-site' },
    'payment_status=Completed&txn_id=1&mc_gross=40.00'], [{ ...type, Origin: 'null' }, 'a=1&a=2'],
  [type, ''], [{ 'Content-Type': 'multipart/form-data; boundary=x' }, '--x--'], [{ 'Content-Type': 'text/plain' }, '\xff\0']]) {
    for (const who of [client, new Client(house.url)]) {
      const answer = await who.send('POST', `${place}?st=Completed`, { headers, body });
      assert.deepEqual([answer.status, answer.location, answer.cookies], [303, place, []]);
    }
  }
  assert.deepEqual(everything(), before);
});

test('a browser that is sent back by a form arrives, logged in', async (t) => {
  const { member, client, location, place } = await openAttempt('paypal');
  const fields = Object.fromEntries(new URL(location).searchParams);
  const { url } = await house.control('POST', '/paypal/visits', { fields: { ...fields, rm: '2' } });
  const page = await house.visit(t, client);
  await page.goto(url);
  await page.locator('#payer').click();
  await page.locator('#retour').click();
  await outcome(page, 'Paiement reçu');
  assert.equal(new URL(page.url()).pathname + new URL(page.url()).search, place);
  await page.getByRole('link', { name: 'Retour à mon panier' }).waitFor();
  await house.state(member, 'paid');
});

test('somebody else who is logged in sees no name and may do nothing', async () => {
  const { member, place } = await openAttempt();
  const other = await house.asMember(house.member({ first: 'Luc', last: 'Petit', charges: [['9', 'x']] }));
  const treasurer = await house.asStaff('treasurer');
  for (const who of [other, treasurer]) {
    const answer = await who.get(place);
    assert.equal(answer.status, 200);
    assert.doesNotMatch(answer.text, /Martinière/);
    assert.doesNotMatch(answer.body, /abandonner|data-resume/);
  }
  // With a form token that is good for that address, but for another person's attempt.
  const csrf = await abandonToken(other);
  const answer = await other.post(`${place}/abandonner`, { csrf });
  assert.equal(answer.status, 404);
  assert.equal(house.intents(member)[0].state, 'open');
});

// The token of the form that gives up an attempt, which is the same for every attempt of a session.
async function abandonToken(client) {
  const form = await client.form('/panier', '/panier/payer');
  await client.post('/panier/payer', { ...form.fields, moyen: form.buttons.find((one) => one['data-provider']).value });
  const cart = await client.get('/panier');
  const [, token] = /data-live="([^"]+)"/.exec(cart.body);
  return (await client.form('/panier', `/paiement/${token}/abandonner`)).fields.csrf;
}

test('a hundred reloads post nothing and ask the provider at most every three seconds', async () => {
  const { place, client, session, member } = await openAttempt();
  const asked = () => house.calls('stripe', 'GET', '/v1/checkout/sessions/{}');
  const before = everything();
  const askedBefore = await asked();
  const began = Date.now();
  for (let round = 0; round < 10; round++) {
    const answers = await Promise.all(Array.from({ length: 10 }, (_, index) =>
      (index % 2 ? client : new Client(house.url)).get(place)));
    for (const answer of answers) {
      assert.equal(answer.status, 200);
      assert.match(answer.text, WAITS);
      assert.doesNotMatch(answer.body, /name="moyen"|Payer/);
    }
  }
  const most = Math.floor((Date.now() - began) / 3000) + 1;
  const times = await asked() - askedBefore;
  assert.ok(times <= most, `asked ${times} times, at most ${most}`);
  assert.deepEqual(everything(), before);
  await house.control('POST', `/stripe/sessions/${session}/pay`, { notify: 'never' });
  await waitFor('the page finds out', async () => PAID.test((await client.get(place)).text));
  assert.equal(house.captures(member).length, 1);
});

test('what is no attempt is a page that does not exist', async () => {
  const { token } = await openAttempt();
  const stranger = new Client(house.url);
  const missing = await stranger.get(`/paiement/G00000000-${'0'.repeat(32)}`);
  assert.equal(missing.status, 404);
  for (const place of ['/paiement/', '/paiement/x', `/paiement/${token}x`, `/paiement/${token.toUpperCase()}`,
    '/paiement/%00', '/paiement/%27%20OR%201=1', `/paiement/${'a'.repeat(2000)}`, `/paiement/${token}/`,
    `/paiement/${token}/autre`]) {
    const answer = await stranger.get(place);
    assert.ok([400, 404].includes(answer.status), `${place}: ${answer.status}`);
    assert.doesNotMatch(answer.text, /40,00/);
  }
  for (const place of ['/paiement/%0d%0aX-Evil:1', '/paiement/évil']) {
    const answer = await stranger.send('POST', encodeURI(place).replaceAll('%25', '%'), { body: '' });
    assert.ok([400, 404].includes(answer.status));
    assert.equal(answer.headers['x-evil'], undefined);
  }
});
