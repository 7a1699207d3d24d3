'use strict';
// "Associer mon compte Stripe": the way to the page of consent and back, payments through the
// platform, its endpoint, and what happens when the consent is taken back.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const path = require('node:path');
const Stripe = require('stripe');
const { houseOf, waitFor } = require('./harness.js');
const { send } = require('./http.js');
const { check } = require('./browser.js');

const house = houseOf('associate', { platform: true });

// ---- who and what ----

// An association with a treasurer's session; one login serves them all.
function newcomer(options = {}) {
  const association = house.addAssociation({ name: 'Les Voisins', ...options });
  return { association, staff: treasurer(association) };
}

function treasurer(association, name = 'tresoriere') {
  house.ok(['login', 'grant', '--email', house.login(name).email, '--role', 'treasurer',
    '--association', association]);
  return house.session(name, { role: 'treasurer', association });
}

const newAccount = (more = {}) => house.control('POST', '/stripe/accounts', { name: 'Section', ...more })
  .then(({ id }) => id);

const rowsOf = (association) => house.sql(`SELECT CAST(id AS TEXT) AS id, public_id, external_id, link_kind,
  unlinked_at IS NULL AS linked, revoked_at IS NOT NULL AS revoked, key_version FROM provider_account
  WHERE association_id = ${association} AND provider = 'stripe'`);

// ---- the way ----

async function press(staff) {
  const form = await staff.form('/parametrage/mon-compte', '/parametrage/stripe/associer');
  const answer = await staff.post(form.action, form.fields);
  assert.equal(answer.status, 303, answer.text);
  return new URL(answer.location);
}

// What the page of consent answers to a choice: the address to come back to.
async function consent(url, more) {
  const asked = Object.fromEntries(url.searchParams);
  const body = new URLSearchParams({ client_id: asked.client_id, redirect_uri: asked.redirect_uri,
    state: asked.state, outcome: 'approve', ...more }).toString();
  const answer = await send(house.sandboxUrl, 'POST', '/oauth/authorize', { body,
    headers: { Host: new URL(house.sandboxUrl).host, 'Content-Type': 'application/x-www-form-urlencoded' } });
  assert.equal(answer.status, 303, answer.text);
  return new URL(answer.location);
}

async function comeBack(staff, url) {
  const answer = await staff.get(url.pathname + url.search);
  assert.equal(answer.status, 303, answer.text);
  return new URL(answer.location, house.url).searchParams.get('stripe');
}

async function associate(staff, account) {
  return comeBack(staff, await consent(await press(staff), { account }));
}

// Does Stripe let our platform act for the account?
async function platformActs(account) {
  const { status } = await send(house.sandboxUrl, 'GET', '/v1/account', { headers: { Host: new URL(house.sandboxUrl).host,
    Authorization: `Bearer ${house.platform.key}`, 'Stripe-Account': account, 'Stripe-Version': '2026-10-28.endive' } });
  assert.ok(status === 200 || status === 403, status);
  return status === 200;
}

const says = async (staff, word) => (await staff.get(`/parametrage/mon-compte?stripe=${word}`)).text;

// ---- payments ----

async function pay(member) {
  const client = await house.asMember(member);
  const form = await client.form('/panier', '/panier/payer');
  const answer = await client.post('/panier/payer', { ...form.fields, moyen: form.buttons.find((one) => one['data-provider']).value });
  assert.equal(answer.status, 303, answer.text);
  return path.basename(new URL(answer.location).pathname);
}

const eventOf = (outcome) => house.sql(`SELECT outcome, detail, association_id FROM provider_event
  WHERE outcome = '${outcome}' ORDER BY id DESC LIMIT 1`)[0];

async function callsSince(id) {
  const { calls } = await house.control('GET', `/calls?face=stripe&since=${id}&limit=1000`);
  return calls;
}
const lastCall = async () => (await callsSince(0))[0]?.id ?? 0;

// ---- the happy way ----

for (const javaScript of [true, false])
  test(`a treasurer associates the account on one page${javaScript ? '' : ', without JavaScript'}`, async (t) => {
    const { association, staff } = newcomer();
    const account = await newAccount({ name: 'Marche nordique' });
    const page = await house.visit(t, staff, { javaScript });
    await page.goto('/parametrage/mon-compte');
    if (javaScript)
      await check(page, 'associer');
    await page.getByRole('button', { name: 'Associer mon compte Stripe' }).click();
    await page.locator('#account').selectOption(account);
    await page.locator('#autoriser').click();
    await page.getByText('Votre compte Stripe est associé').waitFor();
    assert.ok(!page.url().includes('code='));
    if (javaScript)
      await check(page, 'associe');
    const [row] = rowsOf(association);
    assert.deepEqual([row.external_id, row.link_kind, row.linked], [account, 'connect', 1]);

    const member = house.member({ association, login: `m${association}`, charges: [['40', 'Cotisation']] });
    const since = await lastCall();
    const session = await pay(member);
    await house.control('POST', `/stripe/sessions/${session}/pay`, {});
    await house.state(member, 'paid');
    assert.equal(house.captures(member).length, 1);
    assert.equal(house.balance(member), 0);
    const made = (await callsSince(since)).filter((call) => call.path === '/v1/checkout/sessions');
    assert.deepEqual(made.map((call) => call.account), [account]);
    const { account: receiver } = await house.control('GET', `/stripe/sessions/${session}`);
    assert.equal(receiver, account);
    assert.equal(house.sql(`SELECT 1 FROM audit WHERE association_id = ${association}
      AND action = 'provider_account.associated'`).length, 1);
  });

test('the request to Stripe is the documented one, and nothing of it is kept in clear', async () => {
  const { association, staff } = newcomer({ options: ['--email', 'bureau@asso.example'] });
  const url = await press(staff);
  assert.equal(url.origin + url.pathname, `${house.sandboxUrl}/oauth/authorize`);
  const { state, ...rest } = Object.fromEntries(url.searchParams);
  assert.deepEqual(rest, { response_type: 'code', client_id: house.platform.client, scope: 'read_write',
    redirect_uri: `${house.url}/parametrage/stripe/retour`, 'stripe_user[email]': 'bureau@asso.example' });
  assert.match(state, /^[0-9a-f]{64}$/);
  const account = await newAccount();
  const back = await consent(url, { account });
  assert.equal(await comeBack(staff, back), 'associe');
  const { keys } = (await house.control('GET', '/stripe/accounts')).accounts.find((one) => one.id === account);
  const dump = JSON.stringify(['connect_request', 'provider_account', 'secret', 'audit'].map((table) =>
    house.sql(`SELECT * FROM ${table}`)));
  for (const secret of [state, back.searchParams.get('code'), ...keys.map((one) => one.key), house.platform.key])
    assert.ok(!dump.includes(secret), secret.slice(0, 8));
  assert.equal(rowsOf(association)[0].external_id, account);
});

test('without a platform there is no button', async () => {
  const real = newcomer({ kind: 'real' });
  const answer = await real.staff.get('/parametrage/mon-compte');
  assert.equal(answer.status, 200);
  assert.doesNotMatch(answer.text, /Associer mon compte Stripe/);
});

// ---- the state ----

test('a state is good once, for the session that asked, for half an hour', async () => {
  const { association, staff } = newcomer();
  const account = await newAccount();
  const back = await consent(await press(staff), { account });
  const others = [treasurer(association, 'autre'), newcomer().staff,
    house.session('tresoriere', { role: 'treasurer', association })];
  for (const other of others)
    assert.equal(await comeBack(other, back), 'state_unknown');
  assert.deepEqual(rowsOf(association), []);
  assert.equal(await comeBack(staff, back), 'associe');
  assert.equal(await comeBack(staff, back), 'state_used');
  assert.match(await says(staff, 'state_used'), /a déjà servi/);

  const next = newcomer();
  const late = await consent(await press(next.staff), { account: await newAccount() });
  house.force(`UPDATE connect_request SET expires_at = unixepoch() - 1 WHERE association_id = ${next.association}`);
  assert.equal(await comeBack(next.staff, late), 'state_expired');
  assert.deepEqual(rowsOf(next.association), []);

  for (const bad of ['', 'a'.repeat(64), 'x', late.searchParams.get('state').toUpperCase()]) {
    late.searchParams.set('state', bad);
    assert.equal(await comeBack(next.staff, late), 'state_unknown', bad);
  }
  assert.equal((await others[0].get('/parametrage/stripe/retour')).status, 303);
});

test('two returns at once: one changes the code', async () => {
  const { association, staff } = newcomer();
  const back = await consent(await press(staff), { account: await newAccount() });
  const before = await house.calls('stripe', 'POST', '/oauth/token');
  const words = await Promise.all([1, 2, 3, 4].map(() => comeBack(staff, back)));
  assert.deepEqual(words.sort(), ['associe', 'state_used', 'state_used', 'state_used']);
  assert.equal(await house.calls('stripe', 'POST', '/oauth/token'), before + 1);
  assert.equal(rowsOf(association).length, 1);
});

// ---- errors ----

const ERRORS = ['access_denied', 'invalid_client', 'invalid_grant', 'invalid_request', 'invalid_scope',
  'unsupported_grant_type', 'unsupported_response_type', 'temporarily_away'];

test('each error answer is a sentence of its own, and a second try repairs', async (t) => {
  const { association, staff } = newcomer();
  const sentences = new Set();
  for (const outcome of ERRORS) {
    const word = await comeBack(staff, await consent(await press(staff), { outcome }));
    assert.equal(word, outcome === 'temporarily_away' ? 'other_error' : outcome);
    const text = await says(staff, word);
    sentences.add(/n'a pas été associé (.*?)(?:Vous choisissez)/.exec(text)[1]);
    assert.deepEqual(rowsOf(association), []);
  }
  assert.equal(sentences.size, ERRORS.length);
  const page = await house.visit(t, staff);
  await page.goto('/parametrage/mon-compte?stripe=access_denied');
  await check(page, 'associer-refuse');
  assert.equal(await associate(staff, await newAccount()), 'associe');
});

test('what the change of the code refuses is said, too', async () => {
  const { association, staff } = newcomer();
  const account = await newAccount();
  const back = await consent(await press(staff), { account });
  back.searchParams.set('code', 'ac_nothing');
  assert.equal(await comeBack(staff, back), 'invalid_grant');
  const setKey = (key) => house.ok(['secret', 'set', '--platform', '--mode', 'test', '--name', 'api_key'], key);
  setKey('sk_test_unknownunknownunknown');
  assert.equal(await associate(staff, account), 'invalid_client');
  setKey(house.platform.key);
  back.searchParams.delete('code');
  assert.deepEqual(rowsOf(association), []);
  assert.equal(await associate(staff, account), 'associe');
});

test('an account of another currency or of another association is refused', async () => {
  const first = newcomer(), second = newcomer();
  const swiss = await newAccount({ currency: 'chf' });
  assert.equal(await associate(first.staff, swiss), 'wrong_currency');
  assert.equal(await platformActs(swiss), false, 'the consent is given back');
  assert.match(await says(first.staff, 'wrong_currency'), /\(EUR\)/);
  const account = await newAccount();
  assert.equal(await associate(first.staff, account), 'associe');
  const before = rowsOf(first.association);
  assert.equal(await associate(second.staff, account), 'other_association');
  assert.equal(await associate(second.staff, house.stripe.account), 'other_association');
  assert.deepEqual([rowsOf(second.association), rowsOf(first.association)], [[], before]);
  assert.equal(await platformActs(account), true, 'the first one has not lost its link');
  assert.equal(await platformActs(house.stripe.account), false);
});

// ---- the network ----

test('a failure at any step is explained, and a second try repairs', async () => {
  house.expectError('stripe.unreachable');
  const steps = [
    { path: '/oauth/token', when: 'before', kind: 'status', status: 503 },
    { path: '/oauth/token', when: 'after', kind: 'status', status: 500 },
    { path: '/oauth/token', when: 'after', kind: 'html' },
    { path: '/oauth/token', when: 'after', kind: 'status', status: 429 },
    { path: '/v1/account', method: 'GET', when: 'before', kind: 'status', status: 500 },
    { path: '/v1/account', method: 'GET', when: 'after', kind: 'html' },
    { path: '/oauth/token', when: 'before', kind: 'hang', hang_s: 12 },
  ];
  for (const step of steps) {
    const { association, staff } = newcomer();
    const account = await newAccount();
    await house.control('POST', '/faults', { face: 'stripe', ...step });
    assert.equal(await associate(staff, account), 'unclear', JSON.stringify(step));
    assert.deepEqual(rowsOf(association), []);
    await house.control('DELETE', '/faults');
    assert.equal(await associate(staff, account), 'associe', JSON.stringify(step));
    assert.equal(rowsOf(association).length, 1);
  }
  assert.match(await says(newcomer().staff, 'unclear'), /rien ne sera fait deux fois/);
});

// ---- own keys before ----

test('an account linked by its own keys keeps its row when it is associated', async () => {
  const association = house.addAssociation({ name: 'Les Anciens' });
  const own = await house.addStripe(association);
  const staff = treasurer(association);
  const member = house.member({ association, login: 'ancienne', charges: [['40', 'Cotisation'], ['20', 'Sortie', { account: '706' }]] });
  const begun = await pay(member);
  const [before] = rowsOf(association);
  const another = await newAccount();
  assert.equal(await associate(staff, another), 'attempts_open');
  assert.equal(await platformActs(another), false);
  assert.equal(await associate(staff, own.account), 'associe');
  const [after] = rowsOf(association);
  assert.deepEqual([after.id, after.public_id, after.link_kind], [before.id, before.public_id, 'connect']);
  assert.ok(after.key_version > before.key_version);
  // The attempt that was begun with the old key is followed to its end.
  await house.control('POST', `/stripe/sessions/${begun}/pay`, {});
  await house.state(member, 'paid');
  assert.equal(house.captures(member).length, 1);
});

// ---- the platform's endpoint ----

function sign(event, secret) {
  const payload = JSON.stringify(event);
  return { payload, header: new Stripe('sk_test_x').webhooks.generateTestHeaderString({ payload, secret }) };
}

const knock = async (event, secret = house.platform.secret) => {
  const { payload, header } = sign(event, secret);
  return (await send(house.url, 'POST', '/action_manager.php?event=stripe', { body: payload,
    headers: { 'Content-Type': 'application/json', 'Stripe-Signature': header } })).status;
};

// What Stripe would say when that session was paid, in somebody's name.
function paidEvent(intent, session, more = {}) {
  return { id: 'evt_1Made', object: 'event', api_version: '2026-10-28.endive', created: 1780000000, livemode: false,
    type: 'checkout.session.completed', data: { object: { id: session, object: 'checkout.session', livemode: false,
      status: 'complete', payment_status: 'paid', amount_total: intent.amount_cents, currency: 'eur',
      payment_intent: `pi_3${session.slice(-10)}`, client_reference_id: intent.token, created: 1780000000,
      expires_at: intent.expires_at, metadata: {} } }, ...more };
}

test('an event moves nothing but the account it names, and that one only when it is associated', async () => {
  const a = newcomer(), b = newcomer();
  const [accountA, accountB, stranger] = [await newAccount(), await newAccount(), await newAccount()];
  assert.equal(await associate(a.staff, accountA), 'associe');
  assert.equal(await associate(b.staff, accountB), 'associe');
  const member = house.member({ association: a.association, login: 'aline', charges: [['40', 'Cotisation']] });
  const keys = house.member({ login: 'karine', charges: [['40', 'Cotisation']] });
  const [sessionA, sessionKeys] = [await pay(member), await pay(keys)];
  const [intent, ownIntent] = [house.intents(member)[0], house.intents(keys)[0]];
  const rows = () => house.one("SELECT count(*) AS rows FROM provider_event WHERE type LIKE 'checkout.%'").rows;
  const ended = (count) => waitFor('the events have an outcome', () => house.one(
    "SELECT count(*) AS rows FROM provider_event WHERE state = 'waiting'").rows === 0 && rows() === count);
  let count = rows();
  // B's name on a session of A; an account with own keys, a stranger and nobody in the platform's
  // words; the platform's own name for another world.
  for (const event of [paidEvent(intent, sessionA, { account: accountB }),
    paidEvent(ownIntent, sessionKeys, { account: house.stripe.account }),
    paidEvent(intent, sessionA, { account: stranger }), paidEvent(intent, sessionA)]) {
    assert.equal(await knock(event), 200);
    await ended(count += 1);
    assert.equal(eventOf('other_account')?.outcome, 'other_account');
  }
  assert.equal(house.sql("SELECT 1 FROM provider_event WHERE outcome = 'other_account' AND type LIKE 'checkout.%'").length, 4);
  assert.equal(house.sql(`SELECT 1 FROM provider_event WHERE outcome = 'other_account'
    AND association_id IS NULL AND type LIKE 'checkout.%'`).length, 3);
  // Signatures of others are none here.
  for (const secret of ['whsec_nobody', house.stripe.secret])
    assert.equal(await knock(paidEvent(intent, sessionA, { account: accountA }), secret), 400);
  // The endpoint in test mode does not vouch for live money.
  assert.equal(await knock(paidEvent(intent, sessionA, { account: accountA, livemode: true })), 400);
  assert.equal(await knock('nonsense'), 400);
  assert.deepEqual([house.intents(member)[0].state, house.intents(keys)[0].state], ['open', 'open']);
  assert.deepEqual([house.captures(member), house.captures(keys)], [[], []]);
  // The true one does.
  await house.control('POST', `/stripe/sessions/${sessionA}/pay`, {});
  await house.state(member, 'paid');
});

// ---- the consent is taken back ----

test('a consent that is taken back flags what is open; the same account again books late money', async (t) => {
  const { association, staff } = newcomer();
  const account = await newAccount();
  assert.equal(await associate(staff, account), 'associe');
  const [row] = rowsOf(association);
  const paid = house.member({ association, login: 'retard1', first: 'Paule', charges: [['40', 'Cotisation']] });
  const left = house.member({ association, login: 'retard2', first: 'Luc', charges: [['15', 'Sortie', { account: '706' }]] });
  const debit = house.member({ association, login: 'retard3', first: 'Denis', charges: [['25', 'Tee-shirt', { account: '707' }]] });
  const sessions = [await pay(paid), await pay(left), await pay(debit)];
  await house.control('POST', `/stripe/sessions/${sessions[2]}/pay`, { outcome: 'sepa', settle_s: -1 });
  await house.state(debit, 'processing');

  const { deliveries: [told] } = await house.control('POST', `/stripe/accounts/${account}/revoke`, { client_id: house.platform.client });
  await waitFor('it is known here', () => rowsOf(association)[0].revoked === 1);
  assert.deepEqual(rowsOf(association)[0], { ...row, linked: 0, revoked: 1 });
  const since = await lastCall();
  for (const place of ['/accueil', '/notifications', '/parametrage/mon-compte'])
    assert.match((await staff.get(place)).text, /à vérifier chez Stripe/, place);
  assert.match((await staff.get('/notifications')).body, /data-outcome="noted"/);
  const page = await house.visit(t, staff);
  await page.goto('/parametrage/mon-compte');
  await check(page, 'acces-retire');
  await page.goto('/notifications');
  await check(page, 'a-verifier');

  // Nobody pays here any more; who looks at an open attempt asks nothing of Stripe.
  const client = await house.asMember(left);
  assert.doesNotMatch((await client.get('/panier')).body, /name="moyen"/);
  await client.get(`/paiement/${house.intents(left)[0].token}`);
  // The payer goes on at Stripe's page: nobody tells us.
  await house.control('POST', `/stripe/sessions/${sessions[0]}/pay`, {});
  await house.settled();
  assert.deepEqual(await callsSince(since), []);
  house.force(`UPDATE payment_intent SET expires_at = unixepoch() - 1, next_at = unixepoch() - 1
    WHERE association_id = ${association} AND state = 'open'`);
  await house.state(paid, 'expired');
  await house.state(left, 'expired');
  assert.equal(house.intents(debit)[0].state, 'processing');
  assert.deepEqual(await callsSince(since), []);
  assert.deepEqual(house.captures(paid), []);

  assert.equal(await associate(staff, account), 'associe');
  assert.deepEqual([rowsOf(association).length, rowsOf(association)[0].id, rowsOf(association)[0].linked],
    [1, row.id, 1]);
  await house.state(paid, 'paid');
  assert.equal(house.captures(paid)[0].flag, 'late');
  await waitFor('nothing is left to check', () => house.sql(`SELECT 1 FROM payment_intent
    WHERE association_id = ${association} AND check_since IS NOT NULL`).length === 0);
  assert.deepEqual([house.intents(left)[0].state, house.intents(debit)[0].state], ['expired', 'processing']);
  await house.control('POST', `/stripe/sessions/${sessions[2]}/settle`, { outcome: 'succeed' });
  await house.state(debit, 'paid');
  assert.doesNotMatch((await staff.get('/accueil')).text, /à vérifier chez Stripe/);

  // The old message once more: it is older than the new consent.
  house.force(`UPDATE provider_account SET linked_at = linked_at + 5 WHERE id = ${row.id}`);
  await house.control('POST', `/deliveries/${told}/send`, {});
  await waitFor('it has an outcome', () => house.sql(`SELECT 1 FROM provider_event
    WHERE type = 'account.application.deauthorized' AND detail LIKE 'plus ancien%'`).length === 1);
  assert.equal(rowsOf(association)[0].linked, 1);
});
