'use strict';
// The keys of PayPal's REST app in Mon compte: checked, kept sealed, the address for notifications
// made there; from then on payments begin by PayPal's present way.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { houseOf } = require('./harness.js');
const { holdCalls } = require('./sandbox-paypal-rest.js');
const { check } = require('./browser.js');

const house = houseOf('paypal-keys');
const PAGE = '/parametrage/mon-compte';
const KEYS = '/parametrage/paypal/cles';
let app;
let treasurer;

test('an application is made at PayPal', async () => {
  app = await house.control('POST', `/paypal/businesses/${house.paypal.merchant}/apps`, { any_webhook: true });
  treasurer = await house.asStaff('treasurer');
});

const account = () => house.one(`SELECT client_id, verified_at IS NOT NULL AS verified, external_id FROM provider_account
  WHERE public_id = '${house.paypal.link}'`);
const webhooks = async () => (await house.control('GET', `/paypal/apps/${app.client_id}/webhooks`)).webhooks;

async function send(fields, client = treasurer) {
  const form = await client.form(PAGE, `${KEYS}#paypal`);
  return client.post(KEYS, { ...form.fields, client_id: app.client_id, client_secret: app.secret, ...fields });
}

test('without keys the page says that the older way ends, and what to do', async (t) => {
  for (const javaScript of [true, false]) {
    const page = await house.visit(t, treasurer, { javaScript });
    await page.goto(PAGE);
    await page.getByText("PayPal abandonne l'ancienne page de paiement").waitFor();
    if (javaScript)
      await check(page, 'paypal-ancienne-page');
  }
});

test('keys that cannot be right are refused beside their field, and never shown again', async () => {
  const cases = [
    [{ client_id: '' }, 400, 'Collez ici le Client ID'],
    [{ client_secret: '' }, 400, 'Collez ici la clé secrète'],
    [{ client_id: 'A court' }, 400, 'copiez-le en entier'],
    [{ client_secret: 'x'.repeat(200) }, 400, 'copiez-la en entier'],
    [{ client_id: `E${'z'.repeat(79)}`, client_secret: `A${'z'.repeat(79)}` }, 400, 'échangé leurs places'],
    [{ client_secret: `E${'q'.repeat(79)}` }, 409, 'PayPal ne connaît pas ces clés'],
  ];
  for (const [fields, status, sentence] of cases) {
    const answer = await send(fields);
    assert.equal(answer.status, status, sentence);
    assert.ok(answer.text.replaceAll(' ', ' ').includes(sentence), `${sentence}: ${answer.text}`);
    assert.ok(!fields.client_secret || !answer.body.includes(fields.client_secret), 'a secret is not shown again');
    assert.ok(!fields.client_id?.startsWith('E') || !answer.body.includes(fields.client_id), 'nor one in the wrong field');
  }
  assert.equal(account().client_id, null);
  assert.deepEqual(await webhooks(), []);
});

test('PayPal that does not answer changes nothing', async () => {
  await house.control('POST', '/faults', { face: 'paypal', path: '/v1/oauth2/token', kind: 'status', status: 503, count: 9 });
  const answer = await send({});
  await house.control('DELETE', '/faults');
  assert.equal(answer.status, 503);
  assert.match(answer.text, /PayPal n'a pas répondu/);
  assert.equal(account().client_id, null);
});

test('good keys link the account, and PayPal is told where to announce payments', async (t) => {
  const page = await house.visit(t, treasurer);
  await page.goto(PAGE);
  await page.getByText("Passer à l'interface actuelle de PayPal").click();
  await page.getByLabel('Client ID').fill(app.client_id);
  await page.getByLabel('Clé secrète (Secret key)').fill(app.secret);
  await page.locator('#paypal').getByRole('button', { name: 'Vérifier et relier' }).click();
  await page.getByText('Le compte PayPal est relié par ses clés').waitFor();
  await page.locator('#paypal').getByText('branchées', { exact: true }).waitFor();
  await check(page, 'paypal-cles');
  assert.deepEqual({ ...account() }, { client_id: app.client_id, verified: 1, external_id: house.paypal.merchant });
  const [webhook] = await webhooks();
  assert.equal(webhook.url, `${house.url}/action_manager.php?event=paypal&a=${house.paypal.link}`);
  assert.equal((await webhooks()).length, 1);
  assert.ok(!(await page.content()).includes(app.secret));
  assert.equal(house.one(`SELECT count(*) AS n FROM secret WHERE instr(sealed, '${app.secret}') > 0`).n, 0);
});

test('the same keys once more, and a repair, make no second address', async () => {
  assert.equal((await send({})).status, 303);
  const form = await treasurer.form(PAGE, '/parametrage/paypal/reparer#paypal');
  assert.equal((await treasurer.post('/parametrage/paypal/reparer', form.fields)).status, 303);
  assert.equal((await webhooks()).length, 1);
});

test('a member pays by an order', async () => {
  const member = house.member({ charges: [['40', 'Cotisation']] });
  const client = await house.asMember(member);
  const form = await client.form('/panier', '/panier/payer');
  const button = form.buttons.find((one) => one['data-provider'] === 'paypal');
  const { location } = await client.post('/panier/payer', { ...form.fields, moyen: button.value });
  const order = new URL(location).searchParams.get('token');
  await house.control('POST', `/paypal/orders/${order}/approve`, {});
  await house.state(member, 'paid');
  assert.equal(house.balance(member), 0);
});

test('keys of an account that serves another association are refused', async () => {
  const other = house.addAssociation({ name: 'Les Voisins' });
  const answer = await send({}, await house.asStaff('treasurer', other));
  assert.equal(answer.status, 409);
  assert.match(answer.text, /sert déjà à une autre association/);
});

test("every request was one that PayPal's own files describe", async () => {
  const { calls } = await house.control('GET', '/calls?face=paypal&limit=1000');
  assert.deepEqual(holdCalls(calls), ['POST /v1/notifications/webhooks', 'POST /v2/checkout/orders', 'POST /v2/checkout/orders/{id}/capture']);
});
