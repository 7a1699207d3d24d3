'use strict';
// Stripe's notifications at our door, signed by Stripe's own library: what must be accepted, what
// must be refused, and what an accepted event may mean and do. (The 96 recorded signatures, whose
// clocks stand still, are judged by the unit test of the signature.)

const { test } = require('node:test');
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const Stripe = require('stripe');
const { houseOf, top, waitFor } = require('./harness.js');
const { send } = require('./http.js');

const house = houseOf('stripe-events');
const vectors = path.join(process.env.GUICHET_VECTORS || path.join(top, '../shared/vectors'), 'stripe');
const stripe = new Stripe('sk_test_of_nobody');

const nowSeconds = () => Math.floor(Date.now() / 1000);

// The header that Stripe's library makes.
const sign = (payload, secret, { timestamp = nowSeconds(), ...more } = {}) =>
  stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp, ...more });

const signatureOf = (header) => /v1=([0-9a-f]{64})/.exec(header)[1];

const post = (place, payload, header) => send(house.url, 'POST', place, { body: payload,
  headers: { 'Content-Type': 'application/json; charset=utf-8',
    'User-Agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
    ...(header === undefined ? {} : { 'Stripe-Signature': header }) } });

const deliver = (payload, link = house.stripe) => post(link.path, payload, sign(payload, link.secret));

const stored = () => house.one("SELECT count(*) AS rows FROM provider_event WHERE provider = 'stripe'").rows;

const ended = (id) => waitFor(`${id} is worked on`, () => {
  const [event] = house.sql(`SELECT state, outcome, detail, authentic, raw FROM provider_event
    WHERE external_id = '${id}' ORDER BY id DESC LIMIT 1`);
  if (!event || event.state === 'waiting')
    throw new Error(JSON.stringify(event?.detail));
  return event;
});

const money = () => house.one(`SELECT (SELECT count(*) FROM provider_transaction) AS transactions,
  (SELECT count(*) FROM entry) AS entries, (SELECT count(*) FROM cart_line WHERE kind <> 'charge') AS lines,
  (SELECT count(*) FROM quarantine) AS quarantine`);

let serial = 0;

// A session that was paid at Stripe while we were told nothing: its event, as Stripe made it.
async function paidSession() {
  const member = house.member({ charges: [['40', 'Cotisation']] });
  const client = await house.asMember(member);
  const form = await client.form('/panier', '/panier/payer');
  const moyen = form.buttons.find((one) => one['data-provider'] === 'stripe').value;
  const { location } = await client.post('/panier/payer', { ...form.fields, moyen });
  const session = path.basename(location);
  const { deliveries } = await house.control('POST', `/stripe/sessions/${session}/pay`, { notify: 'never' });
  const { body } = await house.control('GET', `/deliveries/${deliveries.at(-1)}`);
  const event = JSON.parse(body);
  assert.equal(event.type, 'checkout.session.completed');
  serial += 1;
  return { member, session, event: { ...event, id: `evt_test_${serial}` } };
}

// However badly an event was treated, the money is found by asking.
async function sweepUp(member) {
  house.force(`UPDATE payment_intent SET next_at = 0 WHERE member_id = ${member.id} AND next_at IS NOT NULL`);
  await house.state(member, 'paid');
}

// ---- at the door ----

test("an event that Stripe's library signed is booked, and its bytes are kept", async () => {
  const { member, event } = await paidSession();
  const payload = JSON.stringify(event, null, 2);
  const answer = await deliver(payload);
  assert.deepEqual([answer.status, answer.body], [200, '']);
  const row = await ended(event.id);
  assert.deepEqual([row.outcome, row.authentic], ['posted', 1]);
  assert.equal(house.one(`SELECT CAST(raw AS TEXT) AS raw FROM provider_event
    WHERE external_id = '${event.id}'`).raw, payload);
  assert.equal((await house.state(member, 'paid')).amount_cents, 4000);
  assert.equal((await deliver(payload)).status, 200);
  await waitFor('the second one changes nothing', () => house.sql(`SELECT 1 FROM provider_event
    WHERE external_id = '${event.id}' AND outcome = 'already_posted'`).length === 1);
  assert.equal(house.captures(member).length, 1);
});

test('what is altered, unsigned or old is refused, counted and not stored', async () => {
  const { member, event } = await paidSession();
  const payload = JSON.stringify(event);
  const { secret, path: place } = house.stripe;
  const good = sign(payload, secret);
  const v1 = signatureOf(good);
  const t = nowSeconds();
  const refusals = () => house.guichet.text().split('\n').filter((line) => line.includes('"endpoint.refused"')).length;
  const [rowsBefore, refusedBefore] = [stored(), refusals()];
  const cases = [
    ['another amount', place, payload.replace('"amount_total":4000', '"amount_total":4001'), good],
    ['a byte more', place, `${payload} `, good],
    ['another time', place, payload, good.replace(/t=\d+/, `t=${t - 1}`)],
    ['no header', place, payload],
    ['an empty header', place, payload, ''],
    ['nonsense', place, payload, 'v1'],
    ['no time', place, payload, `v1=${v1}`],
    ['no signature', place, payload, `t=${t}`],
    ['v0 alone', place, payload, good.replace('v1=', 'v0=')],
    ['capitals', place, payload, good.replace(v1, v1.toUpperCase())],
    ['a cut signature', place, payload, good.replace(v1, v1.slice(0, 63))],
    ['another secret', place, payload, sign(payload, 'whsec_other')],
    ['the secret without its prefix', place, payload, sign(payload, secret.replace('whsec_', ''))],
    ['301 seconds ago', place, payload, sign(payload, secret, { timestamp: t - 302 })],
    ['an empty body', place, '', sign(' ', secret)],
    ['no account', '/action_manager.php?event=stripe', payload, good],
    ['an unknown account', `/action_manager.php?event=stripe&a=${'0'.repeat(32)}`, payload, good],
    ['a PayPal account', `/action_manager.php?event=stripe&a=${house.paypal.link}`, payload, good],
    ['an account in quotes', "/action_manager.php?event=stripe&a=' OR 1=1--", payload, good],
  ];
  for (const [name, where, body, header] of cases) {
    assert.ok(name === 'an empty body' || name === 'another time' || header !== good || body !== payload || where !== place, name);
    const answer = await post(encodeURI(where), body, header);
    assert.deepEqual([answer.status, answer.body], [400, ''], name);
  }
  assert.equal(stored(), rowsBefore);
  assert.equal(refusals(), refusedBefore + cases.length);
  assert.equal(house.intents(member)[0].state, 'open');
  await sweepUp(member);
});

test('what the libraries accept is accepted', async () => {
  const { member, event } = await paidSession();
  const { secret, path: place } = house.stripe;
  const as = (id) => JSON.stringify({ ...event, id });
  const cases = [
    ['evt_future', (payload) => sign(payload, secret, { timestamp: nowSeconds() + 3600 })],
    ['evt_older', (payload) => sign(payload, secret, { timestamp: nowSeconds() - 240 })],
    ['evt_second', (payload) => sign(payload, secret).replace('v1=', `v1=${'0'.repeat(64)},v1=`)],
    ['evt_unknown', (payload) => `${sign(payload, secret)},v0=${'1'.repeat(64)},v9=x`],
    ['evt_first', (payload) => `${sign(payload, secret)},v1=${'0'.repeat(64)}`],
  ];
  for (const [id, header] of cases) {
    const payload = as(id);
    assert.equal((await post(place, payload, header(payload))).status, 200, id);
    assert.match((await ended(id)).outcome, /posted$/, id);
  }
  assert.equal(house.captures(member).length, 1);
});

test('two secrets live during a rotation, and none after its end', async () => {
  const association = house.addAssociation({ name: 'Les Tournants' });
  const link = await house.addStripe(association);
  const accepted = async (secret) => {
    serial += 1;
    const payload = JSON.stringify({ id: `evt_rotation_${serial}`, object: 'event', livemode: false, type: 'ping', data: {} });
    return (await post(link.path, payload, sign(payload, secret))).status === 200;
  };
  const fresh = 'whsec_the_new_one';
  assert.deepEqual([await accepted(link.secret), await accepted(fresh)], [true, false]);
  house.ok(['secret', 'set', '--provider-account', link.link, '--name', 'webhook', '--slot', '1'], fresh);
  assert.deepEqual([await accepted(link.secret), await accepted(fresh)], [true, true]);
  house.force(`UPDATE secret SET accepted_until = ${nowSeconds() - 1} WHERE slot = 0 AND name = 'webhook'
    AND association_id = ${association}`);
  assert.deepEqual([await accepted(link.secret), await accepted(fresh)], [false, true]);
});

test('an endpoint that rotates at Stripe signs with both, and is heard', async () => {
  const rotated = await house.control('POST', `/stripe/endpoints/${house.stripe.endpoint}/rotate`, {});
  assert.notEqual(rotated.secret, house.stripe.secret);
  const member = house.member({ charges: [['40', 'Cotisation']] });
  const client = await house.asMember(member);
  const form = await client.form('/panier', '/panier/payer');
  const { location } = await client.post('/panier/payer', { ...form.fields, moyen: form.buttons.find((one) => one['data-provider']).value });
  const { deliveries } = await house.control('POST', `/stripe/sessions/${path.basename(location)}/pay`, { notify: 'before' });
  const { state } = await house.control('GET', `/deliveries/${deliveries.at(-1)}`);
  assert.equal(state, 'delivered');
  await house.state(member, 'paid');
  await house.control('POST', `/stripe/endpoints/${house.stripe.endpoint}`, { secret: house.stripe.secret });
  await house.control('POST', `/stripe/endpoints/${house.stripe.endpoint}/rotated`);
});

// ---- whose event, and what it may do ----

test("another account's secret opens its own door only, and signs for its own money only", async () => {
  const other = await house.addStripe(house.addAssociation({ name: 'Les Autres' }));
  const { member, event } = await paidSession();
  const payload = JSON.stringify(event);
  assert.equal((await post(house.stripe.path, payload, sign(payload, other.secret))).status, 400);
  assert.equal((await post(other.path, payload, sign(payload, house.stripe.secret))).status, 400);
  const before = money();
  assert.equal((await deliver(payload, other)).status, 200);
  assert.equal((await ended(event.id)).outcome, 'other_account');
  assert.deepEqual(money(), before);
  assert.equal(house.intents(member)[0].state, 'open');
  await sweepUp(member);
});

// Changed events, well signed, of which none may post.
const harmless = [
  ['live money in test mode', 'test_money', (event) => ({ ...event, livemode: true })],
  ['an event of another account', 'other_account', (event) => ({ ...event, account: 'acct_1Other' })],
  ['a thin event', 'unsupported', (event) => ({ ...event, object: 'v2.core.event' })],
  ['no event', 'unsupported', (event) => event.data.object],
  ['an unknown type', 'unsupported', (event) => ({ ...event, type: 'checkout.session.blessed' })],
  ['another kind of object', 'unsupported', (event) => ({ ...event, data: { object: { ...event.data.object, object: 'charge' } } })],
  ['no mark of ours, and no money', 'not_ours', (event) => ({ ...event, data: {
    object: { ...event.data.object, payment_status: 'unpaid', metadata: {}, client_reference_id: null } } })],
];

test('a signed event that is not for this account, mode or kind posts nothing', async () => {
  const { member, event } = await paidSession();
  const before = money();
  for (const [name, outcome, change] of harmless) {
    serial += 1;
    const payload = JSON.stringify({ ...change(event), id: `evt_harmless_${serial}` });
    assert.equal((await deliver(payload)).status, 200, name);
    const row = await ended(`evt_harmless_${serial}`);
    assert.deepEqual([row.outcome, money()], [outcome, before], name);
  }
  assert.equal(house.intents(member)[0].state, 'open');
  await sweepUp(member);
});

test('a body that does not suffice, or is of another version, is read again at Stripe', async () => {
  const asked = () => house.calls('stripe', 'GET', '/v1/checkout/sessions/{}');
  for (const [version, change] of [['2023-10-16', { amount_total: 1 }], ['2026-10-28.endive', { amount_total: 40.5 }],
    ['2026-10-28.endive', { currency: null }], ['2026-10-28.endive', { payment_intent: null }]]) {
    const { member, event } = await paidSession();
    const before = await asked();
    await deliver(JSON.stringify({ ...event, api_version: version, data: { object: { ...event.data.object, ...change } } }));
    assert.equal((await ended(event.id)).outcome, 'posted');
    assert.equal(await asked(), before + 1);
    assert.equal(house.captures(member)[0].amount_cents, 4000);
  }
});

test('events come in any order, the money once', async () => {
  const { member, event } = await paidSession();
  const as = (type, change) => JSON.stringify({ ...event, id: `evt_order_${serial += 1}`, type,
    data: { object: { ...event.data.object, ...change } } });
  for (const payload of [as('checkout.session.expired', { status: 'expired', payment_status: 'unpaid' }),
    as('checkout.session.async_payment_failed', { payment_status: 'unpaid' }), JSON.stringify(event),
    as('checkout.session.completed', { payment_status: 'unpaid' }), as('checkout.session.expired',
      { status: 'expired', payment_status: 'unpaid' }), as('checkout.session.async_payment_succeeded', {})]) {
    await deliver(payload);
    await ended(JSON.parse(payload).id);
  }
  assert.equal(house.intents(member)[0].state, 'paid');
  assert.equal(house.captures(member).length, 1);
  assert.equal(house.captures(member)[0].flag, 'late');
});

// ---- recorded events ----

const recorded = ['events', 'events-derived'].flatMap((folder) =>
  (fs.existsSync(path.join(vectors, folder)) ? fs.readdirSync(path.join(vectors, folder)) : [])
    .filter((name) => name.endsWith('.json')).map((name) => path.join(vectors, folder, name)));

// What happens at the account is booked, whoever began it; these are older than the account is ours, and the cart of
// nobody changes.
const atAccount = ['checkout.session.completed', 'checkout.session.async_payment_succeeded', 'payout.paid', 'charge.refunded'];

test('every recorded event is taken, and none of them is ours', async () => {
  assert.ok(recorded.length > 80, `test vectors absent: ${vectors} (set GUICHET_VECTORS)`);
  const lines = () => house.one("SELECT count(*) AS lines FROM cart_line WHERE kind <> 'charge'").lines;
  const [before, rows] = [lines(), stored()];
  const { last } = house.one('SELECT CAST(coalesce(max(id), 0) AS TEXT) AS last FROM provider_event');
  for (const file of recorded) {
    const answer = await deliver(fs.readFileSync(file));
    assert.deepEqual([answer.status, answer.body], [200, ''], file);
  }
  await waitFor('all have an end', () => house.sql("SELECT 1 FROM provider_event WHERE state = 'waiting'").length === 0);
  assert.equal(stored(), rows + recorded.length);
  // An account that the platform has lost moves no money; one with its own keys is not lost by it.
  for (const { type, outcome } of house.sql(`SELECT DISTINCT type, outcome FROM provider_event WHERE id > ${last}`))
    assert.ok(['unsupported', 'not_ours', 'test_money', 'other_account',
      type === 'account.application.deauthorized' && 'noted',
      ...(atAccount.includes(type) ? ['noted'] : [])].includes(outcome), `${type}: ${outcome}`);
  assert.equal(house.one(`SELECT unlinked_at FROM provider_account WHERE public_id = '${house.stripe.link}'`).unlinked_at, null);
  assert.equal(lines(), before);
});

test('signed bytes that are no JSON are kept and end', async () => {
  const before = money();
  for (const payload of ['x', '[]', '{"id":"evt_1","id":"evt_2"}', `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`,
    '{"amount":1e400}', '{"id":"evt_\u0000"}', '{"id":"é"}'])
    assert.equal((await deliver(payload)).status, 200);
  const bytes = Buffer.from([0xff, 0xfe, 0x00]); // the library signs texts only
  const t = nowSeconds();
  const v1 = crypto.createHmac('sha256', house.stripe.secret).update(`${t}.`).update(bytes).digest('hex');
  assert.equal((await post(house.stripe.path, bytes, `t=${t},v1=${v1}`)).status, 200);
  await waitFor('all have an end', () => house.sql("SELECT 1 FROM provider_event WHERE state = 'waiting'").length === 0);
  assert.deepEqual(money(), before);
});
