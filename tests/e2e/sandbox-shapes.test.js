'use strict';
// The answers of Stripe's face, held against the schema of Stripe's own types and against its
// fixtures; the parameters it takes, against the schema of Stripe's own parameter types.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const Ajv = require('ajv');
const qs = require('qs');
const { startSandbox, startListener, call, vector } = require('./sandbox-house.js');

const VERSION = '2026-10-28.endive';
const printer = process.env.GUICHET_REQUEST_PRINTER
  || path.resolve(__dirname, '../../build/asan/unit/test_stripe_request');
const answers = JSON.parse(vector('stripe/schema/stripe-responses-2026-10-28.schema.json'));
const requests = JSON.parse(vector('stripe/schema/stripe-params-2026-10-28.schema.json'));
const fixtures = JSON.parse(vector('stripe/fixtures/fixtures-2026-07-29.json'));

const ajv = new Ajv({ strict: false, allErrors: true });
const validators = new Map();
function holdAgainstSchema(kind, object) {
  if (!validators.has(kind)) {
    assert.ok(answers['x-roots'][kind], `the schema knows ${kind}`);
    validators.set(kind, ajv.compile({ ...answers, $id: `answer-${kind}`, ...answers['x-roots'][kind] }));
  }
  const validate = validators.get(kind);
  assert.ok(validate(object),
    `${kind}: ${JSON.stringify(validate.errors, null, 1)}\n${JSON.stringify(object)}`);
}

/** Every object inside an answer, itself included, against its schema. */
function holdAll(object, kinds) {
  if (Array.isArray(object)) {
    for (const item of object) holdAll(item, kinds);
  } else if (object && typeof object === 'object') {
    const kind = object.object;
    if (kind && answers['x-roots'][kind] && kind !== 'item') {
      holdAgainstSchema(kind, object);
      kinds.add(kind);
    }
    for (const value of Object.values(object)) holdAll(value, kinds);
  }
}

async function open(t) {
  const house = await startSandbox(t);
  const account = await house.post('/stripe/accounts', { id: 'acct_1Practice', name: 'Les Marcheurs', email: 'bureau@example.org' });
  const headers = { Authorization: `Bearer ${account.secret_key}`, 'Stripe-Version': VERSION };
  const stripe = async (method, where, parameters, more = {}) => {
    const form = parameters ? qs.stringify(parameters) : undefined;
    const query = method === 'GET' && form ? `?${form}` : '';
    const answer = await call(`${house.url}/v1${where}${query}`, {
      method,
      headers: { ...headers, ...(method === 'POST' ? { 'Content-Type': 'application/x-www-form-urlencoded' } : {}), ...more },
      body: method === 'POST' ? form : undefined,
    });
    return { status: answer.status, headers: answer.headers, body: JSON.parse(answer.text) };
  };
  return { house, stripe };
}

const base = {
  mode: 'payment',
  success_url: 'http://127.0.0.1:8080/retour',
  line_items: [{ quantity: 1, price_data: { currency: 'eur', unit_amount: 1000, product_data: { name: 'Cotisation' } } }],
};
const rich = {
  ...base,
  cancel_url: 'http://127.0.0.1:8080/panier',
  client_reference_id: 'mark',
  customer_email: 'jeanne@example.org',
  customer_creation: 'if_required',
  locale: 'fr',
  submit_type: 'pay',
  billing_address_collection: 'auto',
  metadata: { guichet: 'mark', empty: '' },
  adaptive_pricing: { enabled: false },
  allowed_payment_method_types: ['card', 'sepa_debit'],
  payment_intent_data: {
    metadata: { guichet: 'mark' }, description: 'Cotisation', receipt_email: 'jeanne@example.org',
    capture_method: 'automatic', statement_descriptor_suffix: 'SAISON 26',
  },
  line_items: [
    { quantity: 2, price_data: { currency: 'eur', unit_amount: 1000, product_data: { name: 'Sortie', description: 'Ocres', metadata: { a: 'b' } } } },
    { quantity: 1, price_data: { currency: 'eur', unit_amount_decimal: '250.000', product_data: { name: 'Carte' } } },
  ],
};
const framed = { ...base, success_url: undefined, ui_mode: 'embedded_page', return_url: 'http://127.0.0.1:8080/retour' };

test('every answer and every event has the shape of 2026-10-28', async (t) => {
  const { house, stripe } = await open(t);
  const listener = await startListener(t);
  const kinds = new Set();
  const good = async (...asked) => {
    const answer = await stripe(...asked);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    holdAll(answer.body, kinds);
    return answer.body;
  };
  const endpoint = await good('POST', '/webhook_endpoints', { url: `${listener.url}/hook`, enabled_events: ['*'], metadata: { a: 'b' } });
  await good('GET', `/webhook_endpoints/${endpoint.id}`);
  await good('GET', '/account');
  const outcomes = ['pay', 'declined', 'three_d_secure', 'three_d_secure_failed', 'sepa', 'sepa_failed'];
  for (const parameters of [base, rich, framed]) {
    for (const outcome of outcomes) {
      const { id } = await good('POST', '/checkout/sessions', parameters);
      await house.post(`/stripe/sessions/${id}/pay`, { outcome, settle_s: -1 });
      const expand = ['payment_intent.latest_charge.balance_transaction'];
      const session = await good('GET', `/checkout/sessions/${id}`, { expand });
      if (outcome.startsWith('sepa'))
        await house.post(`/stripe/sessions/${id}/settle`, { outcome: outcome === 'sepa' ? 'succeed' : 'fail' });
      if (session.status === 'open') await good('POST', `/checkout/sessions/${id}/expire`);
      await good('GET', `/checkout/sessions/${id}`);
      const payment = await good('GET', `/payment_intents/${session.payment_intent.id}`);
      if (payment.latest_charge) await good('GET', `/charges/${payment.latest_charge}`);
    }
  }
  const lists = ['/checkout/sessions', '/payment_intents', '/charges', '/balance_transactions', '/events',
    '/webhook_endpoints'];
  for (const where of lists) {
    const list = await good('GET', where, { limit: 100 });
    assert.deepEqual(Object.keys(list).sort(), ['data', 'has_more', 'object', 'url']);
    assert.equal(list.object, 'list');
    assert.equal(list.url, `/v1${where}`);
    assert.ok(list.data.length > 0);
  }
  await house.idle();
  assert.ok(listener.got.length > 50, `${listener.got.length} events`);
  const types = new Set();
  for (const got of listener.got) {
    const event = JSON.parse(got.body);
    holdAll(event, kinds);
    types.add(event.type);
  }
  for (const type of ['completed', 'expired', 'async_payment_succeeded', 'async_payment_failed'])
    assert.ok(types.has(`checkout.session.${type}`), type);
  for (const kind of ['checkout.session', 'payment_intent', 'charge', 'balance_transaction', 'webhook_endpoint', 'account', 'event'])
    assert.ok(kinds.has(kind), kind);
});

test('Stripe’s own fixtures have no field that the answers lack', async (t) => {
  const { house, stripe } = await open(t);
  const { body } = await stripe('POST', '/checkout/sessions', rich);
  await house.post(`/stripe/sessions/${body.id}/pay`);
  const session = (await stripe('GET', `/checkout/sessions/${body.id}`, { expand: ['payment_intent.latest_charge.balance_transaction'] })).body;
  const payment = session.payment_intent;
  const charge = payment.latest_charge;
  const refund = (await stripe('POST', '/refunds', { charge: charge.id, amount: 100 })).body;
  const { dispute: { id } } = await house.post(`/stripe/payments/${payment.id}/dispute`);
  const dispute = (await stripe('GET', `/disputes/${id}`)).body;
  const out = await house.post('/stripe/accounts/acct_1Practice/payout', { outcome: 'failed' });
  const payout = (await stripe('GET', `/payouts/${out.payout.id}`)).body;
  const ours = { 'checkout.session': session, payment_intent: payment, charge, balance_transaction: charge.balance_transaction, refund, dispute, payout };
  for (const [kind, object] of Object.entries(ours)) {
    const fixture = fixtures[kind];
    assert.ok(fixture, `the fixtures hold ${kind}`);
    const name = answers['x-roots'][kind].$ref.replace('#/definitions/', '');
    const properties = Object.keys(answers.definitions[name].properties);
    // The refunds of a charge come only when they are asked for, since 2022-11-15.
    const missing = Object.keys(fixture)
      .filter((key) => properties.includes(key) && !(key in object) && key !== 'refunds');
    assert.deepEqual(missing, [], kind);
  }
});

test('an error has the shape of Stripe’s', async (t) => {
  const { stripe } = await open(t);
  const refused = await stripe('POST', '/checkout/sessions', { ...base, mode: undefined });
  assert.equal(refused.status, 400);
  assert.deepEqual(Object.keys(refused.body), ['error']);
  assert.equal(refused.body.error.type, 'invalid_request_error');
  assert.equal(refused.body.error.code, 'parameter_missing');
  assert.equal(refused.body.error.param, 'mode');
  assert.match(refused.headers.get('request-id'), /^req_[A-Za-z0-9]{14}$/);
  assert.match(refused.headers.get('content-type'), /^application\/json/);
});

test('the judge of parameters and the sandbox agree', async (t) => {
  const { stripe } = await open(t);
  const judge = new Ajv({ coerceTypes: true, strict: false, allErrors: true })
    .compile({ ...requests, $ref: requests['x-operations']['POST /v1/checkout/sessions'] });
  const judged = (form) => judge(qs.parse(form, { depth: 12 }));
  const line = 'line_items[0]';
  const plain = (more = '') => 'mode=payment&success_url=http://127.0.0.1/r'
    + `&${line}[quantity]=1&${line}[price_data][currency]=eur&${line}[price_data][unit_amount]=900`
    + `&${line}[price_data][product_data][name]=x${more}`;
  const forms = [
    [plain(), 200],
    [plain('&locale=fr'), 200],
    [plain('&metadata[a]=b&metadata[c]=d'), 200],
    [plain('&ui_mode=hosted_page'), 200],
    [plain('&submit_type=donate'), 200],
    [plain('&excluded_payment_method_types[0]=sepa_debit'), 200],
    [plain('&ui_mode=hosted'), 400],
    [plain('&submit_type=buy'), 400],
    [plain('&payment_method_types[0]=card'), 400],
    [plain(`&${line}[price_data][nonsense]=1`), 400],
    [plain('&payment_intent_data[nonsense]=1'), 400],
    [plain('&metadata=flat'), 400],
    [plain('&client_reference_id[a]=b'), 400],
    [plain('&allow_promotion_codes=perhaps'), 400],
    [plain('&expires_at=soon'), 400],
    [plain().replace('unit_amount]=900', 'unit_amount]=9.5'), 400],
    [plain().replace('mode=payment', 'mode=paiement'), 400],
    [plain().replace(`&${line}[price_data][currency]=eur`, ''), 400],
    [plain().replace(`&${line}[price_data][product_data][name]=x`, `&${line}[price_data][product_data][description]=x`), 400],
  ];
  for (const [form, status] of forms) {
    assert.equal(judged(form), status === 200, `the judge: ${form} ${JSON.stringify(judge.errors)}`);
    const answer = await stripe('POST', '/checkout/sessions', qs.parse(form, { depth: 12 }));
    assert.equal(answer.status, status, `${form}: ${JSON.stringify(answer.body)}`);
  }
});

test('the judge of parameters and the sandbox agree about refunds and lists', async (t) => {
  const { house, stripe } = await open(t);
  const { body } = await stripe('POST', '/checkout/sessions', base);
  const { session } = await house.post(`/stripe/sessions/${body.id}/pay`);
  await house.post('/stripe/accounts/acct_1Practice/movement', { type: 'topup', amount_cents: 5 });
  const compiled = new Map();
  const judged = (operation, form) => {
    if (!compiled.has(operation))
      compiled.set(operation, new Ajv({ coerceTypes: true, strict: false, allErrors: true })
        .compile({ ...requests, $ref: requests['x-operations'][operation] }));
    return compiled.get(operation)(qs.parse(form, { depth: 12 }));
  };
  const refund = `charge=${session.charge}`;
  const asked = [
    ['POST', '/refunds', `${refund}&amount=1&reason=duplicate&metadata[a]=b&expand[]=balance_transaction`, 200],
    ['POST', '/refunds', `payment_intent=${session.payment_intent}&amount=2`, 200],
    ['POST', '/refunds', `${refund}&amount=1.5`, 400],
    ['POST', '/refunds', `${refund}&reason=regret`, 400],
    ['POST', '/refunds', `${refund}&metadata=flat`, 400],
    ['POST', '/refunds', `${refund}&nonsense=1`, 400],
    ['GET', '/refunds', `${refund}&limit=3&created[gte]=1`, 200],
    ['GET', '/refunds', 'status=failed', 400],
    ['GET', '/payouts', 'status=paid&limit=1&created[lt]=5&arrival_date[gte]=1', 200],
    ['GET', '/payouts', 'automatic=true', 400],
    ['GET', '/balance_transactions', 'type=charge&currency=eur&limit=100&expand[]=data.source&created=5', 200],
    ['GET', '/balance_transactions', `source=${session.charge}`, 200],
    ['GET', '/balance_transactions', 'available_on=5', 400],
  ];
  for (const [method, where, form, status] of asked) {
    assert.equal(judged(`${method} /v1${where}`, form), status === 200, `the judge: ${where} ${form}`);
    const answer = await stripe(method, where, qs.parse(form, { depth: 12 }));
    assert.equal(answer.status, status, `${where} ${form}: ${JSON.stringify(answer.body)}`);
  }
});

test('what Guichet sends is accepted, byte for byte but for the time', async (t) => {
  assert.ok(fs.existsSync(printer), `${printer} is not built (make unit-programs)`);
  const { house } = await open(t);
  const { accounts } = await house.get('/stripe/accounts');
  const { key } = accounts[0].keys.find((one) => one.kind === 'secret');
  const bodies = execFileSync(printer, ['--print'], { encoding: 'utf8' }).trim().split('\n');
  assert.ok(bodies.length > 0);
  for (const [index, body] of bodies.entries()) {
    const sent = body.replace(/expires_at=\d+/, `expires_at=${Math.floor(Date.now() / 1000) + 3600}`);
    const answer = await call(`${house.url}/v1/checkout/sessions`, {
      method: 'POST', body: sent,
      headers: {
        Authorization: `Bearer ${key}`, 'Stripe-Version': VERSION,
        'Content-Type': 'application/x-www-form-urlencoded', 'Idempotency-Key': `request-${index}`,
      },
    });
    assert.equal(answer.status, 200, `${sent}\n${answer.text}`);
    const session = JSON.parse(answer.text);
    assert.equal(session.client_reference_id, qs.parse(sent).client_reference_id);
    assert.equal(session.amount_total, Number(qs.parse(sent, { depth: 12 }).line_items[0].price_data.unit_amount));
  }
});

test('malformed forms are refused, not guessed at', async (t) => {
  const { house } = await open(t);
  const { accounts } = await house.get('/stripe/accounts');
  const key = accounts[0].keys.find((one) => one.kind === 'secret').key;
  const post = (body, type = 'application/x-www-form-urlencoded') => call(`${house.url}/v1/checkout/sessions`, {
    method: 'POST', body,
    headers: { Authorization: `Bearer ${key}`, 'Stripe-Version': VERSION, 'Content-Type': type },
  });
  for (const body of ['mode=payment&mode=payment', 'mode[=payment', 'mode]=payment', '[mode]=payment', 'mode=%zz',
    'mode=%00', 'mode=%ff', 'line_items[1][quantity]=1', 'line_items[a]=1&line_items[0]=1', 'a[b][c][d][e][f][g][h][i]=1',
    `${'metadata[k]'}=1&metadata[k]=2`, Array.from({ length: 1200 }, (_, i) => `metadata[k${i}]=v`).join('&')]) {
    const answer = await post(body);
    assert.equal(answer.status, 400, `${body.slice(0, 60)}: ${answer.text}`);
    assert.equal(JSON.parse(answer.text).error.type, 'invalid_request_error');
  }
  assert.equal((await post('{"mode":"payment"}', 'application/json')).status, 400);
});
