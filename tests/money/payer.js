'use strict';
// A member at the counter and at the payment page, without a browser: reads the cart, presses
// Payer, pays through the control interface of the practice providers.

const assert = require('node:assert/strict');
const { formsOf } = require('../e2e/http.js');
const { sleep, waitFor } = require('../e2e/harness.js');
const { typedAmount } = require('./plan.js');

const PATIENCE_MS = 90000;

class Payer {
  constructor(house, member, client) {
    this.house = house;
    this.member = member;
    this.client = client;
  }

  static async at(house, member) {
    return new Payer(house, member, await house.asMember(member));
  }

  // ---- the cart ----

  // What the page shows: the balance, the form, the attempt that is under way.
  async cart() {
    const page = await this.client.get('/panier');
    assert.equal(page.status, 200, page.text);
    const forms = formsOf(page.body);
    return {
      balance: Number(/data-balance-cents="(-?\d+)"/.exec(page.body)[1]),
      live: /data-live="([^"]+)"/.exec(page.body)?.[1] ?? null,
      resume: /data-resume href="([^"]+)"/.exec(page.body)?.[1].replaceAll('&amp;', '&') ?? null,
      form: forms.find((form) => form.action === '/panier/payer'),
      abandon: forms.find((form) => form.action.endsWith('/abandonner')),
    };
  }

  // Until nothing is under way and the form is there again.
  waitForForm() {
    return waitFor(`member ${this.member.number} may press again`, async () => {
      const cart = await this.cart();
      return cart.form && cart;
    }, PATIENCE_MS);
  }

  // The form, at once: an attempt that is still open is given up first.
  async freeForm() {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      const cart = await this.cart();
      if (cart.form) return cart;
      if (cart.abandon) await this.client.post(cart.abandon.action, cart.abandon.fields);
      else await sleep(50);
      assert.ok(Date.now() < end, `member ${this.member.number} cannot press`);
    }
  }

  // ---- pressing ----

  // A debt of some cents is less than Stripe takes: its button is not there, and a payment that
  // arrives between two looks at the cart may leave such a debt. `otherwise` is taken then.
  buttonOf(cart, wanted, otherwise) {
    const named = (provider) => cart.form.buttons.find((one) => one['data-provider'] === provider);
    const button = named(wanted) ?? named(otherwise);
    assert.ok(button, `no button of ${wanted}`);
    return button;
  }

  fieldsOf(cart, button, typed) {
    return { ...cart.form.fields, montant: typed, moyen: button.value };
  }

  // Presses Payer; where that leads. `times` presses of the same form at once lead to one place.
  async press(wanted, amountOf, { style = 'comma', times = 1, embedded = false, otherwise = wanted } = {}) {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      const cart = await this.freeForm();
      const cents = amountOf(cart.balance);
      const button = this.buttonOf(cart, wanted, otherwise);
      const fields = { ...this.fieldsOf(cart, button, typedAmount(cents, style)),
        ...(embedded ? { integre: 'oui' } : {}) };
      const answers = await Promise.all(Array.from({ length: times },
        () => this.client.post('/panier/payer', fields)));
      const [answer] = answers;
      const places = new Set(answers.map((one) => one.location));
      if (answers.every((one) => one.status === 303) && places.size === 1
        && (answer.location.startsWith(this.house.sandboxUrl) || answer.location.startsWith('/payer/')))
        return { provider: button['data-provider'], location: answer.location, cents };
      // 409: the balance has changed since the form was made. 503: as many as may already wait for
      // the provider. 303 elsewhere: the press before has become live, or was paid meanwhile.
      assert.ok(answers.every((one) => [303, 409, 503].includes(one.status)),
        answers.map((one) => `${one.status} ${one.text.slice(0, 400)}`).join('\n'));
      assert.ok(Date.now() < end, `member ${this.member.number}: ${[...places]}`);
      await sleep(100);
    }
  }

  // ---- paying ----

  // Of Stripe's own page, or of the page of ours that Stripe draws into.
  async sessionOf(location) {
    if (!location.startsWith('/'))
      return /\/c\/pay\/(cs_\w+)/.exec(location)[1];
    const page = await this.client.get(location);
    assert.equal(page.status, 200, page.text);
    return /data-secret="(cs_\w+?)_secret_/.exec(page.body)[1];
  }

  // At Stripe's page: { reference, cents, redirect }.
  async payStripe(location, body) {
    const session = await this.sessionOf(location);
    const answer = await this.house.control('POST', `/stripe/sessions/${session}/pay`, body);
    return { session, reference: answer.session.payment_intent, cents: answer.session.amount,
      paid: answer.session.payment_status === 'paid', deliveries: answer.deliveries,
      redirect: answer.redirect };
  }

  // At PayPal's page: of an order, or of the older way.
  async payPaypal(location, body) {
    const { pathname, searchParams } = new URL(location);
    if (pathname === '/checkoutnow')
      return this.approveOrder(searchParams.get('token'), body);
    const visit = await this.house.control('POST', '/paypal/visits', { url: location });
    const answer = await this.house.control('POST', `/paypal/visits/${visit.token}/pay`, body);
    return { reference: answer.payment?.txn_id, cents: answer.payment?.gross_cents,
      paid: answer.payment?.status === 'Completed', deliveries: answer.deliveries,
      redirect: answer.redirect };
  }

  // An order is captured by us: because PayPal tells of the approval or, when it never does,
  // because the browser comes back.
  async approveOrder(order, { outcome, ipn, late_s }) {
    const { redirect, deliveries } = await this.house.control('POST', `/paypal/orders/${order}/approve`,
      { outcome, ipn, webhook: ipn, late_s });
    if (ipn === 'never')
      await this.comeBack(redirect);
    const { txn_id: reference } = await waitFor(`order ${order} is captured`, async () => {
      const found = await this.house.control('GET', `/paypal/orders/${order}`);
      return (found.order ?? found).txn_id && (found.order ?? found);
    }, PATIENCE_MS);
    return { reference, paid: true, deliveries, redirect };
  }

  // Back from the provider; the page tells, it books nothing.
  async comeBack(redirect) {
    const { pathname, search } = new URL(redirect);
    const page = await this.client.get(pathname + search);
    assert.equal(page.status, 200, page.text);
    return page;
  }
}

module.exports = { Payer };
