'use strict';
// The bodies that open a Checkout Session, judged from outside: qs reads them as Stripe does,
// ajv holds them against the schema of Stripe's own parameter types.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const Ajv = require('ajv');
const qs = require('qs');

const top = path.resolve(__dirname, '../..');
const vectors = process.env.GUICHET_VECTORS || path.join(top, '../shared/vectors');
const program = process.env.GUICHET_REQUEST_PRINTER
  || path.join(top, 'build/asan/unit/test_stripe_request');

function validator() {
  const file = path.join(vectors, 'stripe/schema/stripe-params-2026-10-28.schema.json');
  assert.ok(fs.existsSync(file), `test vectors absent: ${file} (set GUICHET_VECTORS)`);
  const schema = JSON.parse(fs.readFileSync(file, 'utf8'));
  const ajv = new Ajv({ coerceTypes: true, strict: false, allErrors: true });
  return ajv.compile({ ...schema, $ref: schema['x-operations']['POST /v1/checkout/sessions'] });
}

function bodies() {
  assert.ok(fs.existsSync(program), `${program} is not built (make unit-programs)`);
  return execFileSync(program, ['--print'], { encoding: 'utf8' }).trim().split('\n');
}

const parse = (body) => qs.parse(body, { depth: 12 });

test('every request validates against the parameters of 2026-10-28', () => {
  const validate = validator();
  const all = bodies();
  assert.equal(all.length, 10, 'each order at Stripe and in our page');
  for (const body of all) {
    const ok = validate(parse(body));
    assert.ok(ok, `${body}\n${JSON.stringify(validate.errors, null, 1)}`);
  }
});

test('the judge refuses what Stripe would refuse', () => {
  const validate = validator();
  const body = bodies()[0];
  const spoiled = [
    `${body}&payment_method_types[]=card`,
    `${body}&line_items[0][price_data][nonsense]=1`,
    body.replace('unit_amount%5D=50', 'unit_amount%5D=12.5'),
    body.replace('mode=payment', 'mode=paiement'),
    body.replace('locale=fr', 'locale=klingon'),
    `${body}&ui_mode=embedded`,
    body.replace(/&line_items%5B0%5D%5Bprice_data%5D%5Bcurrency%5D=eur/, ''),
  ];
  for (const one of spoiled) {
    assert.notEqual(one, body);
    assert.equal(validate(parse(one)), false, one);
  }
});

test('names, amounts and our mark arrive as they were meant', () => {
  const all = bodies().map(parse);
  const [first, second, , , last] = all.filter((request) => !request.ui_mode);
  const line = (request) => request.line_items[0];
  assert.equal(line(first).price_data.product_data.name,
    'Les Randonneurs du Luberon – adhérent n° 42');
  assert.equal(line(second).price_data.product_data.name,
    'Amis & Cie = 100 % + é – adhérent n° 42');
  assert.equal(line(second).price_data.unit_amount, '99999999');
  assert.equal(line(last).price_data.currency, 'jpy');
  for (const request of [first, second, last]) {
    assert.equal(request.client_reference_id, request.metadata.intent);
    assert.deepEqual(request.metadata, request.payment_intent_data.metadata);
    assert.equal(request.adaptive_pricing.enabled, 'false');
    assert.equal(request.success_url, request.cancel_url);
    assert.equal('payment_method_types' in request, false);
  }
  for (const request of all.filter((one) => one.ui_mode)) {
    assert.equal(request.ui_mode, 'embedded_page');
    assert.equal(request.return_url, first.success_url);
    assert.deepEqual(Object.keys(request).filter((name) => /success|cancel|method/.test(name)), []);
  }
});
