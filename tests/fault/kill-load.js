'use strict';
// Members who press and pay, and the providers who tell of it: several at once, in any order,
// twice, at the same moment. A notification that got no 200 comes again, as a provider's does;
// one that did may come again all the same.

const crypto = require('node:crypto');
const { sleep } = require('../e2e/harness.js');
const { formsOf, send } = require('../e2e/http.js');
const { makeDice } = require('../money/plan.js');

const PRESSERS = 3;
const COURIERS = 4;
const UNTOLD_MAX = 40; // notifications on their way, before the members wait for them
const PAUSE_MS = 10; // of somebody who has nothing to do
const DOWN_PAUSE_MS = 250;
const LOOK_MS = 500;

const AGAIN_PERCENT = 15; // of what is sent got its 200 already
const IDLE_AGAIN_PERCENT = 2; // at each pause, when nothing else is to be sent
const TWICE_PERCENT = 25; // is sent twice at the same moment

class Load {
  // note(name): called as soon as a notification got its 200. Everybody has dice of their own.
  constructor(house, seed, { note = () => {} } = {}) {
    Object.assign(this, { house, note });
    this.dice = Array.from({ length: PRESSERS + COURIERS }, (_, i) => makeDice(seed * 31 + i));
    this.running = false;
    this.free = [...house.payers];
    this.paid = new Set(); // addresses of payment pages
    this.untold = []; // notifications without a 200
    this.told = [];
    this.known = new Set();
    this.acknowledged = new Map();
    this.payments = 0;
    this.sent = 0;
  }

  start() {
    const repeat = async (work) => {
      while (this.running)
        if (!await work()) await sleep(this.house.down ? DOWN_PAUSE_MS : PAUSE_MS);
    };
    this.running = true;
    this.actors = this.dice.map((dice, i) => repeat(() => (i < PRESSERS ? this.pay(dice) : this.tell(dice))));
    this.actors.push(repeat(() => this.look()));
  }

  async stop() {
    this.running = false;
    await Promise.all(this.actors);
  }

  // Until every notification there is got its 200.
  async tellAll() {
    await this.findMessages();
    while (this.untold.length)
      if (!await this.tell(this.dice[0])) await sleep(PAUSE_MS);
  }

  // ---- a member ----

  async pay(dice) {
    if (this.untold.length > UNTOLD_MAX || this.free.length === 0) return false;
    const [payer] = this.free.splice(dice.integer(0, this.free.length - 1), 1);
    const place = await this.press(payer, dice);
    const paid = place && !this.paid.has(place) && await this.payAt(place);
    this.free.push(payer);
    return paid;
  }

  // Where the press leads, or where the one before it had led.
  async press({ client }, dice) {
    const { house } = this;
    const page = await house.ask('GET /panier', () => client.get('/panier'));
    if (!page) return null;
    const resume = /data-resume href="([^"]+)"/.exec(page.body)?.[1].replaceAll('&amp;', '&');
    const form = formsOf(page.body).find((one) => one.action === '/panier/payer');
    if (!form) return resume ?? null;
    const button = dice.integer(0, form.buttons.length - 1);
    const fields = { ...form.fields, montant: (dice.integer(101, 999) / 100).toFixed(2).replace('.', ','),
      moyen: form.buttons[button].value };
    const answer = await house.ask('POST /panier/payer', () => client.post('/panier/payer', fields));
    return answer?.location?.startsWith(house.sandboxUrl) ? answer.location : null;
  }

  async payAt(place) {
    const order = await this.orderOf(place);
    if (!order) return false;
    const answer = await this.house.order('POST', ...order);
    this.paid.add(place);
    if (!answer) return false; // paid or not: the providers' ledger knows
    this.payments += 1;
    this.take(answer.deliveries);
    return true;
  }

  // How the providers are told that somebody pays at that address of theirs.
  async orderOf(place) {
    const session = /\/c\/pay\/(cs_\w+)/.exec(place)?.[1];
    const { pathname, searchParams } = new URL(place);
    if (session) return [`/stripe/sessions/${session}/pay`, { notify: 'normal' }];
    if (pathname === '/checkoutnow')
      return [`/paypal/orders/${searchParams.get('token')}/approve`, { ipn: 'normal', webhook: 'normal' }];
    const visit = await this.house.order('POST', '/paypal/visits', { url: place });
    return visit && [`/paypal/visits/${visit.token}/pay`, { ipn: 'normal' }];
  }

  // ---- the providers ----

  take(ids) {
    for (const id of ids)
      if (!this.known.has(id)) {
        this.known.add(id);
        this.untold.push({ id, acknowledged: 0 });
      }
  }

  // Those of a capture, and those of which an answer that was lost would have told; how many.
  async findMessages() {
    const list = await this.house.order('GET', '/deliveries?limit=999999');
    const before = this.known.size;
    if (list) this.take(list.deliveries.map((row) => row.id));
    return this.known.size - before;
  }

  async look() {
    await sleep(LOOK_MS);
    return this.findMessages();
  }

  async tell(dice) {
    const { told, untold } = this;
    const again = dice.chance(untold.length ? AGAIN_PERCENT : IDLE_AGAIN_PERCENT);
    const from = this.running && again ? told : untold;
    if (from.length === 0) return false;
    const message = from[dice.integer(Math.max(0, from.length - UNTOLD_MAX), from.length - 1)];
    if (!message.url && !await this.read(message)) return false;
    // What PayPal got of two at once it could not tell apart.
    if (message.webhook) return this.sendAlone(message);
    const times = dice.chance(TWICE_PERCENT) ? 2 : 1;
    const answered = await Promise.all(Array.from({ length: times }, () => this.send(message)));
    return answered.every(Boolean);
  }

  async sendAlone(message) {
    if (message.busy) return false;
    message.busy = true;
    const answered = await this.send(message);
    message.busy = false;
    return answered;
  }

  async read(message) {
    const row = await this.house.order('GET', `/deliveries/${message.id}`);
    if (!row) return false;
    const url = new URL(row.url);
    Object.assign(message, { provider: row.provider, url: url.pathname + url.search,
      webhook: row.provider === 'paypal' && Boolean(row.webhook), attempts: row.attempts,
      name: row.provider === 'stripe' || row.webhook ? row.reference : row.object, body: Buffer.from(row.body_hex, 'hex') });
    return true;
  }

  // How many there are of each sort.
  count() {
    const sortOf = (message) => (message.webhook ? 'webhooks' : { stripe: 'events', paypal: 'messages' }[message.provider]);
    const counts = { events: 0, messages: 0, webhooks: 0 };
    for (const message of this.told) counts[sortOf(message)] += 1;
    return counts;
  }

  headersOf({ provider, body }) {
    if (provider === 'paypal') return { 'Content-Type': 'application/x-www-form-urlencoded' };
    const at = Math.floor(Date.now() / 1000);
    const signature = crypto.createHmac('sha256', this.house.stripe.secret).update(`${at}.`).update(body).digest('hex');
    return { 'Content-Type': 'application/json', 'Stripe-Signature': `t=${at},v1=${signature}` };
  }

  // PayPal's webhooks only PayPal can sign: it sends them itself, and tells what it got.
  post(message) {
    const { house } = this;
    if (!message.webhook)
      return send(house.url, 'POST', message.url, { headers: this.headersOf(message), body: message.body });
    return house.order('POST', `/deliveries/${message.id}/send`)
      .then((row) => {
        if (row?.attempts === message.attempts) return { status: 503 }; // not sent yet
        message.attempts = row?.attempts;
        return { status: row?.last_status ?? 0, text: row?.last_error ?? '' };
      });
  }

  async send(message) {
    const { house } = this;
    const answer = await house.ask(`a notification of ${message.provider}`, () => this.post(message));
    this.sent += 1;
    if (answer && answer.status !== 200 && answer.status !== 503)
      house.faults.push(`${message.name}: refused with ${answer.status}`);
    if (answer?.status !== 200) return false;
    this.note(message.name);
    this.acknowledged.set(message.name, (this.acknowledged.get(message.name) ?? 0) + 1);
    if (message.acknowledged++ === 0) {
      this.untold.splice(this.untold.indexOf(message), 1);
      this.told.push(message);
    }
    return true;
  }
}

module.exports = { Load };
