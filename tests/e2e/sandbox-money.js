'use strict';
// What the tests of Stripe's money story share: a sandbox with an account, the official client, a
// listener, paid sessions, and the schema of Stripe's answers.

const assert = require('node:assert/strict');
const Stripe = require('stripe');
const Ajv = require('ajv');
const { startSandbox, startListener, vector } = require('./sandbox-house.js');

const VERSION = '2026-10-28.endive';
const answers = JSON.parse(vector('stripe/schema/stripe-responses-2026-10-28.schema.json'));
const ajv = new Ajv({ strict: false, allErrors: true });
const validators = new Map();

/** An object of an answer or an event against the schema of its kind. */
function hold(object) {
  const kind = object.object;
  if (!validators.has(kind)) {
    assert.ok(answers['x-roots'][kind], `the schema knows ${kind}`);
    validators.set(kind, ajv.compile({ ...answers, $id: `money-${kind}`, ...answers['x-roots'][kind] }));
  }
  const validate = validators.get(kind);
  const plain = JSON.parse(JSON.stringify(object));
  assert.ok(validate(plain), `${kind}: ${JSON.stringify(validate.errors, null, 1)}\n${JSON.stringify(plain)}`);
  return object;
}

/** The error that the official client throws. */
async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new assert.AssertionError({ message: 'nothing was refused' });
}

const ACCOUNT = 'acct_1Practice';

/** A sandbox with one account (1.5 % + 25), a listener of every event, the official client. */
async function open(t) {
  const house = await startSandbox(t);
  const listener = await startListener(t);
  const account = await house.post('/stripe/accounts', { id: ACCOUNT, name: 'Les Marcheurs' });
  await house.post(`/stripe/accounts/${ACCOUNT}/endpoints`, { url: `${listener.url}/hook` });
  const stripe = new Stripe(account.secret_key, {
    host: 'localhost', port: house.port, protocol: 'http', apiVersion: VERSION,
    telemetry: false, maxNetworkRetries: 0,
  });
  const session = (amount = 4000, metadata = { guichet: 'mark-1' }) => stripe.checkout.sessions.create({
    mode: 'payment', metadata, payment_intent_data: { metadata, description: 'Cotisation' },
    line_items: [{ quantity: 1, price_data: { currency: 'eur', unit_amount: amount, product_data: { name: 'Cotisation' } } }],
    success_url: 'http://127.0.0.1:8080/retour',
  });
  /** A paid session; its payment and charge. */
  const paid = async (amount, how = {}, metadata = undefined) => {
    const { id } = await session(amount, metadata);
    const { session: row } = await house.post(`/stripe/sessions/${id}/pay`, how);
    return { id, payment: row.payment_intent, charge: row.charge };
  };
  /** Money that came by a debit. */
  const debited = async (amount) => {
    const made = await paid(amount, { outcome: 'sepa', settle_s: -1 });
    await house.post(`/stripe/sessions/${made.id}/settle`, { outcome: 'succeed' });
    return made;
  };
  /** The events heard since the last time, in their order, each held against the schema. */
  const heard = async () => {
    await house.idle();
    return listener.got.splice(0).map((got) => {
      const event = hold(JSON.parse(got.body));
      hold(event.data.object);
      return event;
    });
  };
  const types = async () => (await heard()).map((event) => event.type);
  const advance = (seconds) => house.post('/clock', { advance_s: seconds });
  return { house, listener, account, stripe, session, paid, debited, heard, types, advance };
}

module.exports = { open, hold, refusal, ACCOUNT, DAY_S: 24 * 3600 };
