'use strict';
// Providers that misbehave, in every way and at every kind of question at once: a payment that is
// opened, one that is asked about, an order that is captured, a notification that is confirmed, a
// refund, the list of the month, keys that are given. Every page answers in a bounded time and
// tells the truth, nothing is booked, nothing is taken for done; once the provider is well again,
// all of it is done once. Redirects are not followed anywhere; only certificates that are good are
// believed. SEED=n repeats the order of a run.

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const { makeDice } = require('../money/plan.js');
const { FAULTS, PLACES } = require('./proxy.js');
const { sleep } = require('../e2e/harness.js');
const { formsOf } = require('../e2e/http.js');
const { ProviderHouse, waitFor } = require('./provider_house.js');

const seed = Number(process.env.SEED) || (Date.now() % 1e9);
console.log(`SEED=${seed}`);
const dice = makeDice(seed);
// Two questions of ten seconds each stand behind a page at most; the rest is a slow machine.
const PAGE_MS = 45000;
const PAID = 'Paiement reçu';
const NOT_DONE = /n'a pas répondu|n'a pas pu|injoignable|refus|ne connaît pas|a répondu|réessayez|n'est changé/i;

const house = new ProviderHouse('provider');
process.on('exit', () => house.kill());
const payers = {};
let newcomer; // a treasurer whose association has no provider yet

// ---- what is asked of the providers in one round ----

const within = async (what, work) => {
  const began = Date.now();
  const answer = await work;
  assert.ok(Date.now() - began < PAGE_MS, `${what} took ${Date.now() - began} ms`);
  return answer;
};
const intentOf = (payer) => house.intents(payer.member).at(-1);
const capturesOf = (payer) => house.captures(payer.member).length;

// The attempts that wait for what happens next: all is well yet.
async function prepare(told) {
  const [stripe, order, older] = await Promise.all([['stripeBack', 'stripe'], ['orderBack', 'paypal'], ['older', 'paypal']]
    .map(([who, provider]) => payers[who].press(provider, () => dice.integer(150, 900))));
  const paid = await payers.stripeBack.payStripe(stripe.location, { notify: 'never' });
  const visit = await house.control('POST', '/paypal/visits', { url: older.location });
  return { paid, visit: visit.token, order: new URL(order.location).searchParams.get('token'), told };
}

// A member reads what became of the press: the provider refused, or it is not known yet.
async function judgePress(payer, answer, name) {
  if (answer.status === 502) {
    assert.match(answer.text, new RegExp(`${name} n'a pas pu ouvrir ce paiement`));
    return;
  }
  assert.equal(answer.status, 303, answer.text);
  assert.match(answer.location, /^\/paiement\//, 'a browser is sent nowhere');
  const page = await payer.client.get(answer.location);
  assert.match(page.text, /Ouverture du paiement/);
  assert.ok(!page.text.includes(PAID));
}

// A provider that acts may have told of it by a notification: then it is true.
async function judgeBack(payer, redirect, acts) {
  const page = await within('coming back', payer.comeBack(redirect));
  if (acts && page.text.includes(PAID)) {
    assert.equal(intentOf(payer).state, 'paid');
    return;
  }
  assert.match(page.text, /Paiement en cours de confirmation/);
  assert.ok(!page.text.includes(PAID));
}

async function refund(reference, acts) {
  const { id } = house.one(`SELECT CAST(id AS TEXT) AS id FROM provider_transaction WHERE kind = 'capture' AND reference = '${reference}'`);
  const place = `/recettes/paiement/${id}/rembourser-en-ligne`;
  const { fields } = await house.treasurer.form(place, place);
  const answer = await within('a refund', house.treasurer.post(place, { ...fields, montant: '1', motif: 'Essai' }));
  if (answer.status === 303) assert.match(answer.location, acts ? /fait=(demande|rendu)$/ : /fait=demande$/);
  else assert.deepEqual([answer.status, NOT_DONE.test(answer.text)], [502, true], answer.text);
}

// Of each account that can be asked.
async function readLists() {
  const page = await house.treasurer.get('/comptabilite/rapprochement');
  const forms = formsOf(page.body).filter((form) => form.action === '/comptabilite/rapprochement/lire');
  assert.equal(forms.length, 2);
  for (const { action, fields } of forms)
    assert.equal((await house.treasurer.post(action, fields)).status, 303);
}

async function giveKeys(provider, keys) {
  const answer = await within('giving keys', house.pasteKeys(newcomer.client, provider, keys));
  assert.ok(answer.status >= 400 && NOT_DONE.test(answer.text), `${answer.status} ${answer.location} ${answer.text}`);
  assert.equal(house.one(`SELECT count(*) AS n FROM provider_account WHERE association_id = ${newcomer.association}
    AND (provider = 'stripe' OR client_id IS NOT NULL)`).n, 0);
}

// Pages that ask nobody, while others wait for the provider.
async function judgeOthers() {
  for (const [client, place] of [[payers.other.client, '/panier'], [house.treasurer, '/comptabilite/journal'],
    [house.treasurer, '/recettes']]) {
    const began = Date.now();
    const page = await client.get(place);
    assert.equal(page.status, 200, page.text);
    assert.ok(Date.now() - began < 8000, `${place} took ${Date.now() - began} ms`);
  }
}

const refunds = {}; // payments, of which a Euro goes back in each round

// Gives the name of the payment whose notification waits.
async function ask({ paid, visit, order, told }, acts) {
  const approve = await house.control('POST', `/paypal/orders/${order}/approve`, { outcome: 'completed', ipn: 'never', webhook: told });
  const { payment } = await house.control('POST', `/paypal/visits/${visit}/pay`, { outcome: 'completed', ipn: 'normal' });
  // Four pages at once ask a provider: as many as may.
  const all = await Promise.allSettled([
    within('a press', house.press(payers.stripe, 'stripe')).then((answer) => judgePress(payers.stripe, answer, 'Stripe')),
    within('a press', house.press(payers.order, 'paypal')).then((answer) => judgePress(payers.order, answer, 'PayPal')),
    judgeBack(payers.stripeBack, paid.redirect, acts),
    judgeBack(payers.orderBack, approve.redirect, acts),
    readLists(),
    refund(refunds.stripe, acts).then(() => refund(refunds.paypal, acts)),
    giveKeys('stripe', newcomer.stripeKeys).then(() => giveKeys('paypal', newcomer.paypalKeys)),
    judgeOthers(),
  ]);
  for (const { reason } of all) if (reason) throw reason;
  return payment.txn_id;
}

const readings = () => house.sql(`SELECT CAST(id AS TEXT) AS id, state, attempts, lease_until, answer FROM statement_task
  ORDER BY created_at, updated_at`);

// The jobs have asked too, and have had no answer, or no.
const asked = (payment, before) => waitFor('the jobs have asked', () => {
  const event = house.one(`SELECT state, attempts, lease_until, detail FROM provider_event WHERE external_id = '${payment}'`);
  const lists = readings().filter((one) => !before.readings.includes(one.id));
  const tried = (row) => row.state === 'waiting' && row.attempts > 0 && row.lease_until === 0;
  if (tried(event) && lists.length === 2 && lists.every((one) => tried(one) || one.state !== 'waiting'))
    return true;
  throw new Error(JSON.stringify([event, ...lists]));
}, 30000);

const UNPAID = ['stripe', 'order', 'stripeBack', 'orderBack', 'older'];

function judgeBooks(before, acts) {
  assert.equal(readings().filter((one) => one.state === 'done').length, before.done, 'a list was read that was none');
  for (const who of UNPAID.filter((one) => !acts || one !== 'orderBack')) {
    assert.equal(capturesOf(payers[who]), before[who], `${who}: money was booked that nobody vouched for`);
    assert.notEqual(intentOf(payers[who]).state, 'paid', who);
  }
  if (!acts)
    assert.equal(house.one(`SELECT count(*) AS n FROM refund_request WHERE state = 'sent'`).n, before.refunds);
}

// What was to happen has happened, once; attempts that were being opened can be paid.
async function catchUp(before) {
  for (const who of ['stripeBack', 'orderBack', 'older'])
    await waitFor(`${who} is paid`, () => intentOf(payers[who]).state === 'paid');
  const read = () => waitFor('the lists are read', () => readings().every((one) => one.state !== 'waiting'));
  await read();
  if (readings().some((one) => one.state === 'refused' && !before.readings.includes(one.id))) {
    await readLists();
    await read();
  }
  assert.ok(readings().filter((one) => one.state === 'done').length >= before.done + 2, JSON.stringify(readings().slice(-6)));
  await waitFor('the refunds have an end', () => house.sql(`SELECT 1 FROM refund_request WHERE state = 'created'`).length === 0);
  for (const [who, provider] of [['stripe', 'stripe'], ['order', 'paypal']]) {
    const last = await waitFor(`${who} is open or refused`, () =>
      ['open', 'failed'].includes(intentOf(payers[who]).state) && intentOf(payers[who]));
    const location = last.state === 'open' ? last.provider_url : (await payers[who].press(provider, () => 500)).location;
    await (provider === 'stripe' ? payers[who].payStripe(location, { notify: 'normal' })
      : house.control('POST', `/paypal/orders/${new URL(location).searchParams.get('token')}/approve`, { outcome: 'completed', ipn: 'never' }));
    await waitFor(`${who} is paid`, () => intentOf(payers[who]).state === 'paid');
  }
  for (const who of UNPAID)
    assert.equal(capturesOf(payers[who]), before[who] + 1, `${who} is booked once`);
}

const remember = () => ({ readings: readings().map((one) => one.id),
  done: readings().filter((one) => one.state === 'done').length,
  ...Object.fromEntries(UNPAID.map((who) => [who, capturesOf(payers[who])])),
  refunds: house.one(`SELECT count(*) AS n FROM refund_request WHERE state = 'sent'`).n });

async function misbehave(what, begin, seen) {
  const acts = what.startsWith('acts');
  const prepared = await prepare(begin ? 'never' : dice.one({ normal: 1, never: 1 }));
  if (begin) await begin();
  else house.proxy.misbehave(what);
  await asked(await ask(prepared, acts), seen);
  judgeBooks(seen, acts);
}

// One way to misbehave, and the time after; gives the questions that met with it.
async function round(what, begin) {
  const seen = remember();
  const began = Date.now();
  let met;
  try {
    await misbehave(what, begin, seen);
  } catch (error) {
    await invite(); // the rounds that follow begin anew
    throw error;
  } finally {
    met = [...house.proxy.met];
    seen.decoyed = house.proxy.decoyed;
    await house.heal();
  }
  await catchUp(seen);
  assert.equal(seen.decoyed, 0, 'a redirect was followed');
  assert.deepEqual(house.strayed(), []);
  console.log(`${what}: ${met.length} questions met with it, ${Date.now() - began} ms`);
  return met;
}

// ---- the tests, in order ----

async function invite() {
  for (const who of ['stripe', 'order', 'stripeBack', 'orderBack', 'other'])
    payers[who] = await house.payerOf();
  payers.older = await house.payerOf(house.older);
}

before(async () => {
  await house.start();
  await invite();
  const stripe = await payers.other.press('stripe', () => 50000);
  refunds.stripe = (await payers.other.payStripe(stripe.location, { notify: 'normal' })).reference;
  const order = await (await house.payerOf()).press('paypal', () => 50000);
  const id = new URL(order.location).searchParams.get('token');
  await house.control('POST', `/paypal/orders/${id}/approve`, { outcome: 'completed', ipn: 'never' });
  refunds.paypal = await waitFor('the order is captured', async () => {
    const found = await house.control('GET', `/paypal/orders/${id}`);
    return (found.order ?? found).txn_id;
  });
  await waitFor('both are booked', () => house.sql(`SELECT 1 FROM provider_transaction WHERE reference IN
    ('${refunds.stripe}', '${refunds.paypal}')`).length === 2);
  const association = house.addAssociation({ name: 'Les Nouveaux' });
  const account = await house.control('POST', '/stripe/accounts', { name: 'Les Nouveaux', livemode: false });
  const paypal = await house.addPaypal(association);
  const app = await house.control('POST', `/paypal/businesses/${paypal.merchant}/apps`, { any_webhook: true });
  // A start asks for the lists of accounts that it finds: not in the middle of the first round.
  await waitFor('no list is being read', () => readings().every((one) => one.state !== 'waiting'));
  newcomer = { association, client: await house.asStaff('treasurer', association),
    stripeKeys: { secret_key: account.secret_key, publishable_key: account.publishable_key },
    paypalKeys: { client_id: app.client_id, client_secret: app.secret } };
});
after(() => house.close());

const KINDS = ['POST /v1/checkout/sessions', 'GET /v1/checkout/sessions/', 'POST /cgi-bin/webscr',
  'GET /v1/balance_transactions', 'POST /v1/refunds', 'GET /v1/account', 'POST /v1/oauth2/token'];

// In `make check` those that differ most, and of the others some by the seed; all with SCALE.
const ALWAYS = /hangs|is lost|wrong types|50 MB|metadata|401|5138|ended/;
const few = !process.env.SCALE;
const others = dice.shuffle([...Object.keys(FAULTS), ...PLACES].filter((one) => !ALWAYS.test(one))).slice(0, 1);
const chosen = (what) => !few || ALWAYS.test(what) || others.includes(what);

for (const fault of Object.keys(FAULTS).filter(chosen))
  test(`a provider ${fault}`, async () => {
    const met = await round(fault);
    for (const kind of KINDS)
      assert.ok(met.some((one) => one.startsWith(kind)), `nobody asked ${kind}: ${met.join(', ')}`);
  });

for (const place of PLACES.filter(chosen))
  test(`a provider ${place}`, () => round(place, async () => {
    house.move(house.proxy.places[place]);
    await house.restartGuichet();
  }));

test('every payment is booked once, every attempt was opened once', async () => {
  await house.prove();
  const opened = (rows, name) => rows.map((row) => row[name]).filter(Boolean);
  const { sessions } = await house.control('GET', '/stripe/sessions?limit=999999');
  const tokens = opened(sessions, 'client_reference_id');
  assert.equal(new Set(tokens).size, tokens.length);
});

// ---- the harness can see what it looks for ----

async function startBroken(how, place) {
  house.broken = how;
  house.move(place);
  await house.restartGuichet();
}

test('a good certificate is believed', async () => {
  await startBroken('', house.proxy.good);
  const payer = await house.payerOf();
  const answer = await house.press(payer, 'stripe');
  assert.ok(answer.location?.startsWith(house.sandboxUrl), answer.text);
});

test('a Guichet that believes every certificate is seen', async () => {
  await startBroken('trust', house.proxy.places['has a certificate it signed itself']);
  const payer = await house.payerOf();
  await assert.rejects(async () => judgePress(payer, await house.press(payer, 'stripe'), 'Stripe'), /sent nowhere/);
});

test('a Guichet that follows redirects is seen', async () => {
  await startBroken('follow', null);
  house.proxy.misbehave('redirects to the metadata of a cloud');
  await house.press(await house.payerOf(), 'stripe');
  assert.ok(house.strayed().includes('169.254.169.254'), 'nobody tried');
  house.proxy.misbehave('redirects to another server');
  await house.press(await house.payerOf(), 'stripe');
  assert.ok(house.proxy.decoyed > 0, 'nobody came');
});

test('a Guichet that waits for ever is seen', async () => {
  await startBroken('patient', null);
  house.proxy.misbehave('hangs after the question');
  const payer = await house.payerOf();
  const answer = house.press(payer, 'stripe').then(() => 'it answered');
  assert.equal(await Promise.race([answer, sleep(13000).then(() => 'it waits')]), 'it waits');
  house.proxy.drop();
  assert.equal(await answer, 'it answered');
  house.broken = '';
  await house.heal();
  await house.prove();
});
