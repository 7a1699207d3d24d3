'use strict';
// What the tests of PayPal's REST face share: a business with an application, calls, and PayPal's own
// schemas of requests and answers.

const assert = require('node:assert/strict');
const Ajv = require('ajv');
const { startSandbox, startListener, call, vector } = require('./sandbox-house.js');

const specs = Object.fromEntries(['checkout_orders_v2', 'payments_payment_v2', 'notifications_webhooks_v1']
  .map((name) => [name, JSON.parse(vector(`paypal/rest/openapi/${name}.trimmed.json`))]));
const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false, unicodeRegExp: false });
const validators = new Map();

function hold(key, schema, spec, object) {
  if (!validators.has(key)) {
    validators.set(key, ajv.compile({ $id: key, components: specs[spec].components, ...schema }));
  }
  const validate = validators.get(key);
  assert.ok(validate(object), `${key}: ${JSON.stringify(validate.errors, null, 1)}\n${JSON.stringify(object)}`);
}

/** Holds an object against a named schema of one of PayPal's files. */
function holdAgainst(spec, name, object) {
  assert.ok(specs[spec].components.schemas[name], `${spec} knows ${name}`);
  hold(`${spec}.${name}`, { $ref: `#/components/schemas/${name}` }, spec, object);
}

/** Holds an answer against the schema of its operation and status. */
function holdAnswer(spec, where, method, answer) {
  const described = specs[spec].paths[where][method].responses[answer.status];
  assert.ok(described, `${method} ${where} may answer ${answer.status}: ${answer.text}`);
  const schema = described.content?.['application/json']?.schema ?? (described.$ref ? {} : {});
  hold(`${spec}${where}.${method}.${answer.status}`, schema, spec, answer.body);
}

// The operations of PayPal's files that take a body, as a pattern of paths.
const operations = Object.entries(specs).flatMap(([spec, { paths }]) => Object.entries(paths).flatMap(([where, methods]) =>
  Object.entries(methods).filter(([, one]) => one.requestBody).map(([method, one]) => ({ spec, where, method: method.toUpperCase(),
    pattern: new RegExp(`^${where.replace(/\{\w+\}/g, '[^/]+')}$`), schema: one.requestBody.content['application/json'].schema }))));

/** Holds every call with a body that was made to PayPal's interface against its schema, names as
 *  the file has them alone; the operations that were called. */
function holdCalls(calls) {
  const seen = new Set();
  for (const { path, method, body, verdict } of calls.filter((one) => one.body && one.path.startsWith('/v') && one.path !== '/v1/oauth2/token')) {
    const one = operations.find((operation) => operation.method === method && operation.pattern.test(path));
    assert.ok(one, `PayPal has no ${method} ${path} (${verdict})`);
    hold(`request.${one.where}.${method}`, one.schema, one.spec, JSON.parse(body));
    seen.add(`${method} ${one.where}`);
  }
  return [...seen].sort();
}

const ORDERS = '/v2/checkout/orders';

/** An order as Guichet makes it. */
const order = (more = {}, unit = {}) => ({
  intent: 'CAPTURE',
  purchase_units: [{
    reference_id: 'default', custom_id: 'mark-1', invoice_id: 'mark-1', description: 'Adhésion d’été',
    amount: { currency_code: 'EUR', value: '42.50' }, ...unit,
  }],
  payment_source: {
    paypal: {
      experience_context: {
        return_url: 'http://127.0.0.1:9/retour?m=1', cancel_url: 'http://127.0.0.1:9/annule', brand_name: 'Les Marcheurs',
        locale: 'fr-FR', landing_page: 'NO_PREFERENCE', shipping_preference: 'NO_SHIPPING', user_action: 'PAY_NOW',
        payment_method_preference: 'UNRESTRICTED',
      },
    },
  },
  ...more,
});

async function open(t, { business = {}, app = {}, config = {} } = {}) {
  const house = await startSandbox(t, config);
  const listener = await startListener(t);
  house.business = await house.post('/paypal/businesses',
    { id: 'MARCHEURS2345', email: 'tresorier@marcheurs.example', name: 'Les Marcheurs', ...business });
  house.app = await house.post('/paypal/businesses/MARCHEURS2345/apps', app);
  const basic = (id, secret) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
  const askToken = (authorization, body = 'grant_type=client_credentials') => call(`${house.url}/v1/oauth2/token`, {
    method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...(authorization ? { Authorization: authorization } : {}) }, body,
  });
  const token = async (one = house.app) => {
    const answer = await askToken(basic(one.client_id, one.secret));
    assert.equal(answer.status, 200, answer.text);
    return JSON.parse(answer.text).access_token;
  };
  house.token = await token();
  // One call with a body of JSON; id is the PayPal-Request-Id.
  const ask = async (method, where, body, { id, prefer = 'return=representation', headers = {}, bearer = house.token } = {}) => {
    const answer = await call(`${house.url}${where}`, {
      method,
      headers: {
        Authorization: `Bearer ${bearer}`, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(id ? { 'PayPal-Request-Id': id } : {}), ...(prefer ? { Prefer: prefer } : {}), ...headers,
      },
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { ...answer, body: answer.text ? JSON.parse(answer.text) : null };
  };
  let made = 0;
  const create = async (unit = {}, more = {}) => {
    made += 1;
    const answer = await ask('POST', ORDERS, order(more, unit), { id: `order-${made}` });
    assert.equal(answer.status, 200, answer.text);
    return answer.body;
  };
  const capture = (id, request = `cap-${id}-1`, options = {}) => ask('POST', `${ORDERS}/${id}/capture`, {}, { id: request, ...options });
  // An order that was made, approved and captured.
  const paid = async (approval = {}, unit = {}) => {
    made += 1;
    const one = await create({ invoice_id: `invoice-${made}`, ...unit });
    await house.post(`/paypal/orders/${one.id}/approve`, approval);
    const answer = await capture(one.id);
    assert.equal(answer.status, 201, answer.text);
    return answer.body;
  };
  return { house, listener, basic, askToken, token, ask, create, capture, paid };
}

const issueOf = (answer) => answer.body.details?.[0]?.issue;

module.exports = { open, order, holdAgainst, holdCalls, holdAnswer, issueOf, ORDERS };
