'use strict';
// PayPal's webhooks: who may listen, what is told, how it is signed, and what is wrong on purpose.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const zlib = require('node:zlib');
const { open, holdAgainst, holdAnswer } = require('./sandbox-paypal-rest.js');
const { call, vector } = require('./sandbox-house.js');

const SPEC = 'notifications_webhooks_v1';
const WEBHOOKS = '/v1/notifications/webhooks';
const types = (...names) => names.map((name) => ({ name }));

async function listen(t, names = ['*']) {
  const kit = await open(t, { app: { any_webhook: true } });
  const made = await kit.ask('POST', WEBHOOKS, { url: `${kit.listener.url}/hook?a=1`, event_types: types(...names) });
  assert.equal(made.status, 201, made.text);
  const events = async () => {
    await kit.house.idle();
    return kit.listener.got.filter((each) => each.path === '/hook?a=1')
      .map((each) => ({ ...each, event: JSON.parse(each.body) }));
  };
  return { ...kit, webhook: made.body, events };
}

/** As whoever listens must check it: what is signed, by whom, under which root. */
async function isAuthentic(house, got, webhookId) {
  const { headers } = got;
  const url = headers['paypal-cert-url'];
  if (!url.startsWith(`${house.url}/v1/notifications/certs/`)) return 'host';
  const pems = (await call(url)).text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  const chain = pems.map((pem) => new crypto.X509Certificate(pem));
  const root = new crypto.X509Certificate(fs.readFileSync(`${house.folder}/sandbox.db.paypal-ca.pem`));
  if (!chain[0].checkHost('messageverificationcerts.sandbox.paypal.com')) return 'name';
  for (let i = 0; i < chain.length; i++) {
    const issuer = chain[i + 1] || root;
    if (!chain[i].checkIssued(issuer) || !chain[i].verify(issuer.publicKey)) return 'chain';
  }
  if (Math.abs(Date.now() - Date.parse(headers['paypal-transmission-time'])) > 5 * 24 * 3600 * 1000) return 'time';
  const text = [headers['paypal-transmission-id'], headers['paypal-transmission-time'], webhookId, zlib.crc32(got.body)].join('|');
  const valid = crypto.verify('RSA-SHA256', Buffer.from(text), chain[0].publicKey, Buffer.from(headers['paypal-transmission-sig'], 'base64'));
  return valid ? 'authentic' : 'signature';
}

test('who may listen', async (t) => {
  const { house, ask, listener } = await open(t);
  const add = (url, names = ['PAYMENT.CAPTURE.COMPLETED']) => ask('POST', WEBHOOKS, { url, event_types: types(...names) });
  const made = await add('https://guichet.example.org/action_manager.php?event=paypal&a=1');
  holdAnswer(SPEC, WEBHOOKS, 'post', made);
  assert.deepEqual([made.status, made.body.url, made.body.event_types.map((type) => type.name)],
    [201, 'https://guichet.example.org/action_manager.php?event=paypal&a=1', ['PAYMENT.CAPTURE.COMPLETED']]);
  for (const url of ['http://guichet.example.org/', 'https://guichet.example.org:8443/', 'https://localhost/', 'ftp://x.org/', 'https://a@b.org/', '']) {
    const answer = await add(url);
    holdAnswer(SPEC, WEBHOOKS, 'post', { ...answer, status: 'default' });
    assert.deepEqual([answer.status, answer.body.name, answer.body.details[0].field], [400, 'VALIDATION_ERROR', 'url'], url);
  }
  assert.equal((await add('https://guichet.example.org:443/')).status, 201);
  assert.equal((await add(made.body.url)).body.name, 'WEBHOOK_URL_ALREADY_EXISTS');
  assert.equal((await add('https://b.example.org/', ['PAYMENT.NOTHING'])).body.details[0].field, 'event_types[0].name');
  assert.equal((await add('https://b.example.org/', [])).status, 400);
  for (let i = 2; i < 10; i++) assert.equal((await add(`https://b.example.org/${i}`)).status, 201);
  assert.equal((await add('https://b.example.org/11')).body.name, 'WEBHOOK_NUMBER_LIMIT_EXCEEDED');
  const all = await ask('GET', WEBHOOKS);
  holdAnswer(SPEC, WEBHOOKS, 'get', all);
  assert.equal(all.body.webhooks.length, 10);
  const where = `${WEBHOOKS}/${made.body.id}`;
  const patch = (...changes) => ask('PATCH', where, changes.map(([path, value]) => ({ op: 'replace', path, value })));
  const changed = await patch(['/url', 'https://c.example.org/'], ['/event_types', types('*')]);
  holdAnswer(SPEC, `${WEBHOOKS}/{webhook_id}`, 'patch', changed);
  assert.deepEqual([changed.status, changed.body.url, changed.body.event_types[0].name], [200, 'https://c.example.org/', '*']);
  assert.equal((await patch(['/url', 'https://b.example.org/2'])).body.name, 'WEBHOOK_URL_ALREADY_EXISTS');
  assert.equal((await patch(['/url', listener.url])).status, 400);
  assert.equal((await patch(['/id', 'X'])).status, 400);
  assert.equal((await ask('PATCH', where, [])).status, 400);
  assert.equal((await ask('GET', where)).body.url, 'https://c.example.org/');
  const gone = await ask('DELETE', where);
  assert.deepEqual([gone.status, gone.text], [204, '']);
  for (const method of ['GET', 'DELETE']) assert.equal((await ask(method, where)).body.name, 'INVALID_RESOURCE_ID');
  assert.equal((await house.get(`/paypal/apps/${house.app.client_id}/webhooks`)).webhooks.length, 9);
});

test('events of a payment, signed, in the shapes of recorded ones', async (t) => {
  const { house, webhook, events, ask, create, capture } = await listen(t);
  const made = await create();
  await house.post(`/paypal/orders/${made.id}/approve`);
  await capture(made.id);
  const got = await events();
  assert.deepEqual(got.map((each) => each.event.event_type),
    ['CHECKOUT.ORDER.APPROVED', 'PAYMENT.CAPTURE.COMPLETED', 'CHECKOUT.ORDER.COMPLETED']);
  for (const each of got) {
    holdAgainst(SPEC, 'event', each.event);
    assert.equal(await isAuthentic(house, each, webhook.id), 'authentic');
    assert.equal(each.headers['paypal-auth-algo'], 'SHA256withRSA');
    assert.match(each.headers['content-type'], /^application\/json/);
    assert.match(each.event.id, /^WH-[A-Z0-9]{17}-[A-Z0-9]{17}$/);
  }
  assert.equal(new Set(got.map((each) => each.event.id)).size, 3);
  const [approved, captured, completed] = got.map((each) => each.event);
  holdAgainst('checkout_orders_v2', 'order', approved.resource);
  holdAgainst('payments_payment_v2', 'capture-2', captured.resource);
  assert.deepEqual([approved.resource.status, completed.resource.status], ['APPROVED', 'COMPLETED']);
  // Every name of a recorded event stands in ours.
  const names = (object, own, path = '') => Object.entries(object).flatMap(([name, value]) => {
    if (own?.[name] === undefined) return [`${path}.${name}`];
    return value && typeof value === 'object' ? names(value, own[name], `${path}.${name}`) : [];
  });
  const recorded = (name) => JSON.parse(vector(`paypal/rest/events/${name}.json`));
  const optional = /\.(status|encType|soft_descriptor)$/;
  assert.deepEqual(names(recorded('pretix-event-payment.capture.completed'), captured).filter((name) => !optional.test(name)), []);
  assert.deepEqual(names(recorded('pretix-event-checkout.order.completed'), completed).filter((name) => !optional.test(name)), []);
  // The ledger counts the capture's event among what its receiver heard of.
  assert.equal((await house.get('/ledger')).captures[0].notifications.delivered, 1);
  // PayPal itself says the same of them.
  for (const each of got.slice(0, 2)) {
    const text = (change = {}) => {
      const fields = {
        auth_algo: each.headers['paypal-auth-algo'], cert_url: each.headers['paypal-cert-url'],
        transmission_id: each.headers['paypal-transmission-id'], transmission_sig: each.headers['paypal-transmission-sig'],
        transmission_time: each.headers['paypal-transmission-time'], webhook_id: webhook.id, ...change,
      };
      const { event = each.body.toString(), ...rest } = fields;
      return `{ "webhook_event" :  ${event} , ${JSON.stringify(rest).slice(1)}`;
    };
    const verify = (change) => ask('POST', '/v1/notifications/verify-webhook-signature', text(change));
    const verdict = async (change) => (await verify(change)).body.verification_status;
    const good = await verify();
    holdAnswer(SPEC, '/v1/notifications/verify-webhook-signature', 'post', good);
    assert.equal(good.body.verification_status, 'SUCCESS');
    assert.equal(await verdict({ event: JSON.stringify(JSON.parse(each.body), null, 1) }), 'FAILURE');
    assert.equal(await verdict({ event: each.body.toString().replace('EUR', 'USD') }), 'FAILURE');
    assert.equal(await verdict({ webhook_id: 'WEBHOOK_ID' }), 'FAILURE');
    assert.equal(await verdict({ transmission_time: '2020-01-01T00:00:00Z' }), 'FAILURE');
    assert.equal(await verdict({ cert_url: `${each.headers['paypal-cert-url']}x` }), 'FAILURE');
    assert.equal(await verdict({ transmission_sig: 'AAAA' }), 'FAILURE');
    assert.equal((await verify({ transmission_id: '' })).status, 400);
  }
});

test('pending and its end, a refusal, an approval that is taken back, what was asked for only', async (t) => {
  const { house, events, create, paid, ask } = await listen(t);
  const told = async (before) => (await events()).slice(before).map((each) => each.event);
  let count = 0;
  for (const [outcome, status, type, reason] of [
    ['echeck', 'Completed', 'PAYMENT.CAPTURE.COMPLETED', 'ECHECK'], ['review', 'Denied', 'PAYMENT.CAPTURE.DENIED', 'PENDING_REVIEW']]) {
    const { id } = (await paid({ outcome })).purchase_units[0].payments.captures[0];
    await house.post(`/paypal/payments/${id}/status`, { status });
    const list = await told(count);
    count += list.length;
    assert.deepEqual(list.map((each) => each.event_type),
      ['CHECKOUT.ORDER.APPROVED', 'PAYMENT.CAPTURE.PENDING', 'CHECKOUT.ORDER.COMPLETED', type]);
    assert.deepEqual([list[1].resource.status, list[1].resource.status_details.reason, list[3].resource.id], ['PENDING', reason, id]);
    assert.equal(list[1].resource.seller_receivable_breakdown, undefined);
  }
  await paid({ outcome: 'declined' });
  assert.deepEqual((await told(count)).map((each) => each.event_type), ['CHECKOUT.ORDER.APPROVED', 'PAYMENT.CAPTURE.DECLINED']);
  count += 2;
  const taken = await create({ invoice_id: 'taken' });
  await house.post(`/paypal/orders/${taken.id}/approve`);
  await house.post(`/paypal/orders/${taken.id}/void`);
  const [, reversed] = await told(count);
  assert.deepEqual([reversed.event_type, reversed.resource.order_id], ['CHECKOUT.PAYMENT-APPROVAL.REVERSED', taken.id]);
  assert.equal((await ask('GET', `/v2/checkout/orders/${taken.id}`)).body.status, 'VOIDED');
  assert.equal((await house.ask('POST', `/paypal/orders/${taken.id}/void`)).status, 409);
  count += 2;
  const { webhooks } = (await ask('GET', WEBHOOKS)).body;
  await ask('PATCH', `${WEBHOOKS}/${webhooks[0].id}`, [{ op: 'replace', path: '/event_types', value: types('PAYMENT.CAPTURE.PENDING') }]);
  await paid();
  await paid({ outcome: 'echeck' });
  assert.deepEqual((await told(count)).map((each) => each.event_type), ['PAYMENT.CAPTURE.PENDING']);
});

test('doubles, losses, another order, retries, and what is wrong on purpose', async (t) => {
  const { house, webhook, listener, events, paid, create } = await listen(t);
  const wrong = {
    bad_signature: 'signature', old_time: 'time', other_certificate: 'chain', other_host: 'host', other_webhook: 'signature', altered_body: 'signature',
  };
  for (const [mode, verdict] of Object.entries(wrong)) {
    const made = await create({ invoice_id: mode });
    const { deliveries } = await house.post(`/paypal/orders/${made.id}/approve`, { webhook: mode });
    const got = (await events()).at(-1);
    assert.equal(await isAuthentic(house, got, webhook.id), verdict, mode);
    assert.equal((await house.get(`/deliveries/${deliveries[0]}`)).alteration, mode);
  }
  listener.got.length = 0;
  await paid({ webhook: 'out_of_order' });
  assert.deepEqual((await events()).map((each) => each.event.event_type),
    ['CHECKOUT.ORDER.APPROVED', 'CHECKOUT.ORDER.COMPLETED', 'PAYMENT.CAPTURE.COMPLETED']);
  listener.got.length = 0;
  await paid({ webhook: 'twice' });
  const twice = await events();
  assert.deepEqual([twice.length, new Set(twice.map((each) => each.event.id)).size], [6, 3]);
  listener.got.length = 0;
  await paid({ webhook: 'never' });
  assert.equal((await events()).length, 0);
  // What is not answered with 2xx comes again: the same bytes, signed anew.
  let refused = 1;
  listener.answer = () => (refused-- > 0 ? 500 : 204);
  const made = await create({ invoice_id: 'again' });
  const { deliveries } = await house.post(`/paypal/orders/${made.id}/approve`, { webhook: 'before' });
  assert.equal((await house.post(`/deliveries/${deliveries[0]}/send`)).state, 'delivered');
  const again = await events();
  assert.equal(again.length, 2);
  assert.deepEqual(again[0].body, again[1].body);
  assert.notEqual(again[0].headers['paypal-transmission-id'], again[1].headers['paypal-transmission-id']);
  for (const each of again) assert.equal(await isAuthentic(house, each, webhook.id), 'authentic');
  // Anything at all, truly signed.
  await house.post(`/paypal/webhooks/${webhook.id}/events`, { body: '{"id":"WH-é","event_type":"X"}' });
  const made2 = (await events()).at(-1);
  assert.equal(await isAuthentic(house, made2, webhook.id), 'authentic');
  assert.equal(made2.body.toString(), '{"id":"WH-é","event_type":"X"}');
  assert.equal((await house.ask('POST', '/paypal/webhooks/NOBODY/events', { body: '{}' })).status, 404);
});

test('the same authority after a new start; a certificate that cannot be had', async (t) => {
  const { house, webhook, events, paid } = await listen(t);
  await paid();
  const [first] = await events();
  const root = fs.readFileSync(`${house.folder}/sandbox.db.paypal-ca.pem`, 'utf8');
  house.process.child.kill('SIGTERM');
  await house.process.ended;
  house.start();
  await house.answers();
  assert.equal(fs.readFileSync(`${house.folder}/sandbox.db.paypal-ca.pem`, 'utf8'), root);
  assert.equal(await isAuthentic(house, first, webhook.id), 'authentic');
  await house.post('/faults', { face: 'paypal', method: 'GET', path: '/v1/notifications/certs/', kind: 'status', status: 503 });
  assert.equal((await call(first.headers['paypal-cert-url'])).status, 503);
  assert.equal((await call(`${house.url}/v1/notifications/certs/CERT-x`)).status, 404);
});
