'use strict';
// The clock jumps: hours forward and back under a running server, over the year's end, the end of a
// fiscal year and both changes of summer time. Payments are booked once, on the civil date of the
// association, in the fiscal year of that date. The providers' clock goes with ours.

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const { waitFor } = require('../e2e/harness.js');
const { passTime } = require('../money/quiet.js');
const { FailerHouse } = require('./failer.js');
const { Payer } = require('../money/payer.js');

const HOUR_S = 3600;

class ClockHouse extends FailerHouse {
  constructor() {
    super('clock');
    this.offset = 0;
    this.made = 0;
  }

  // The environment is read when the program is started, before anything is awaited.
  startSandbox() {
    process.env.LD_PRELOAD = this.library;
    process.env.GUICHET_FAILER = this.board.file;
    const started = super.startSandbox();
    delete process.env.LD_PRELOAD;
    delete process.env.GUICHET_FAILER;
    return started;
  }

  setOffset(seconds) {
    this.offset = Math.round(seconds);
    this.board.setClock(this.offset);
  }

  setTime(text) {
    this.setOffset(Date.parse(text) / 1000 - Date.now() / 1000);
  }

  // Somebody who has just come, by the clock of the server; what the provider tells is held.
  async payer() {
    this.made += 1;
    const payer = await Payer.at(this, this.member({ first: `Horloge${this.made}`, login: `horloge${this.made}`,
      charges: [['40', 'Cotisation']] }));
    this.force(`UPDATE session SET created_at = unixepoch() + ${this.offset}, last_seen_at = unixepoch() + ${this.offset}`);
    return payer;
  }

  async pay() {
    const payer = await this.payer();
    const { location } = await payer.press('stripe', () => 4000);
    return { payer, ...await payer.payStripe(location, { notify: 'normal' }) };
  }

  async deliver(paid) {
    assert.equal((await this.control('POST', `/deliveries/${paid.deliveries[0]}/send`)).last_status, 200);
  }

  booked(paid) {
    return waitFor(`${paid.reference} is booked`, () => this.sql(`SELECT e.fact_date, e.entry_date, y.first_day, y.last_day
      FROM provider_transaction t
      JOIN entry e ON e.association_id = t.association_id AND e.id = t.entry_id
      JOIN fiscal_year y ON y.association_id = e.association_id AND y.id = e.fiscal_year_id
      WHERE t.kind = 'capture' AND t.reference = '${paid.reference}'`)).then((rows) => {
      assert.equal(rows.length, 1, 'booked once');
      return rows[0];
    });
  }
}

const house = new ClockHouse();
process.on('exit', () => house.kill());
before(async () => {
  await house.start();
  await house.control('POST', `/stripe/endpoints/${house.stripe.endpoint}`, { events: ['checkout.session.completed'] });
  await house.control('POST', '/deliveries/hold', { held: true });
});
after(() => house.close());

test('forward by hours between the payment and its notification', async () => {
  const paid = await house.pay();
  house.setOffset(5 * HOUR_S);
  await house.deliver(paid);
  await house.booked(paid);
});

test('back by hours between the payment and its notification, and it goes on from there', async () => {
  const paid = await house.pay();
  house.setOffset(0);
  // Signed five hours ahead: whoever signs has his own clock.
  await house.deliver(paid);
  await house.deliver(paid);
  await house.booked(paid);
  const next = await house.pay();
  await house.deliver(next);
  await house.booked(next);
});

test('back while a payment was being opened: it is opened when its time has come', async () => {
  house.setOffset(3 * HOUR_S);
  const payer = await house.payer();
  const cart = await payer.cart();
  const fields = payer.fieldsOf(cart, payer.buttonOf(cart, 'stripe'), '40');
  house.board.arm(['connect', 'send', 'receive'], { left: 1, lasting: true });
  assert.notEqual((await house.askForm(payer.client, '/panier/payer', fields)).status, 200);
  house.board.disarm();
  house.setOffset(0);
  passTime(house, 4 * HOUR_S);
  const location = await waitFor('the payment is open', async () => {
    const [intent] = house.intents(payer.member);
    return intent?.state === 'open' && intent.provider_url;
  });
  const paid = await payer.payStripe(location, { notify: 'normal' });
  await house.deliver(paid);
  await house.booked(paid);
});

const PARIS = new Intl.DateTimeFormat('fr-CA', { timeZone: 'Europe/Paris', year: 'numeric', month: '2-digit', day: '2-digit' });

// Ten seconds before and after midnight in Paris, but for what the test itself takes: what is
// compared is the date there when the provider took the money.
for (const [name, ...instants] of [
  ["the year's end", '2026-12-31T22:59:40Z', '2026-12-31T23:00:10Z'],
  ['summer time', '2027-03-27T22:59:40Z', '2027-03-28T00:59:58Z', '2027-03-28T21:59:40Z', '2027-03-28T22:00:10Z'],
  ['the end of a fiscal year', '2027-08-31T21:59:40Z', '2027-08-31T22:00:10Z'],
  ['winter time', '2027-10-30T22:00:10Z', '2027-10-31T00:59:58Z', '2027-10-31T22:59:40Z', '2027-10-31T23:00:10Z'],
])
  test(name, async () => {
    for (const instant of instants) {
      house.setTime(instant);
      const paid = await house.pay();
      const { created } = await house.control('GET', `/stripe/sessions/${paid.session}`)
        .then((found) => (found.session ?? found));
      const before = PARIS.format(new Date(instant));
      await house.deliver(paid);
      const row = await house.booked(paid);
      const now = PARIS.format(new Date(Date.now() + house.offset * 1000));
      assert.ok(row.fact_date >= before && row.fact_date <= now, `${instant}: ${row.fact_date}, created ${created}`);
      assert.equal(row.entry_date, row.fact_date);
      assert.ok(row.first_day <= row.fact_date && row.fact_date <= row.last_day, JSON.stringify(row));
    }
    house.ok(['verify']);
  });
