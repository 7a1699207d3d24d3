'use strict';
// A day without Stripe, a day without PayPal, a day without the mail server, a day in which the
// whole site is down: 24 hours each, on a clock that is moved. Whoever was at a payment page
// already pays. Afterwards every payment is booked once, by what the providers send again, by the
// sweep and by what is asked; nobody had to do anything. The clocks of Guichet and of the practice
// providers are moved together; notifications are sent again by their providers' own schedules.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { PostOffice, FROM } = require('../e2e/post-office.js');
const { ProviderHouse, waitFor } = require('./provider_house.js');

const HOUR_S = 3600;
const HOURS = 24;
// Longer than the longest pause after a provider was down.
const PATIENCE_MS = 90000;
const PAID = 'Paiement reçu';
// As the providers do it: at growing distances, for days (in seconds).
const RETRIES = {
  stripe_retries: '60 300 1800 3600 7200 14400 28800 43200',
  paypal_retries: '10 20 40 80 160 320 640 1280 2560 5120 10240 20480 40960 81920',
};

class OutageHouse extends ProviderHouse {
  writeConfigs(port, sandboxPort) {
    super.writeConfigs(port, sandboxPort);
    const file = path.join(this.folder, 'sandbox.conf');
    const text = Object.entries(RETRIES).reduce((conf, [key, value]) =>
      conf.replace(new RegExp(`^${key} = .*$`, 'm'), `${key} = ${value}`), fs.readFileSync(file, 'utf8'));
    fs.writeFileSync(file, text);
  }

  // What is to be sent again is sent when its time has come.
  async prove() {
    await waitFor('nothing is to be sent again', async () => {
      const { deliveries } = await this.control('GET', '/deliveries?state=waiting&limit=999');
      if (deliveries.length === 0) return true;
      await this.advance(HOUR_S / 4);
      throw new Error(deliveries.map((row) => `${row.kind}: ${row.attempts} tries, ${row.last_status ?? row.last_error}`).join('; '));
    }, PATIENCE_MS);
    return super.prove();
  }
}

const office = new PostOffice();
const house = new OutageHouse('outage', { config: { get smtp_url() {
  return `smtp://127.0.0.1:${office.port}`;
}, mail_from: FROM } });
process.on('exit', () => house.kill());
before(async () => {
  await office.open();
  await house.start();
});
after(async () => {
  await house.close();
  await office.close();
});

// ---- members ----

const intentOf = (payer) => house.intents(payer.member).at(-1);

// At a provider's page; nobody has paid yet.
async function arrive(provider, association) {
  const payer = await house.payerOf(association, { last: `Martin ${provider}` });
  const { location } = await payer.press(provider, () => 4200);
  if (provider === 'stripe')
    return { payer, pay: (how) => payer.payStripe(location, { notify: how }) };
  if (location.includes('/checkoutnow')) {
    const order = new URL(location).searchParams.get('token');
    return { payer, pay: (how) => house.control('POST', `/paypal/orders/${order}/approve`,
      { outcome: 'completed', ipn: 'never', webhook: how }) };
  }
  const visit = await house.control('POST', '/paypal/visits', { url: location });
  return { payer, pay: (how) => house.control('POST', `/paypal/visits/${visit.token}/pay`, { outcome: 'completed', ipn: how }) };
}

const stripe = () => arrive('stripe', house.association);
const order = () => arrive('paypal', house.association);
const older = () => arrive('paypal', house.older);

async function pass(hours) {
  for (let i = 0; i < hours; i++) {
    await house.advance(HOUR_S);
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

// By and by, without anybody: the clock goes on while the schedules of the providers do.
const paid = (who, what) => waitFor(`${what}: all are paid`, async () => {
  const left = who.filter(({ payer }) => intentOf(payer).state !== 'paid');
  if (left.length === 0) return true;
  await house.advance(HOUR_S / 4);
  throw new Error(left.map(({ payer }) => `${payer.member.name}: ${JSON.stringify(intentOf(payer))}`).join('\n'));
}, PATIENCE_MS);

async function judge(who) {
  for (const { payer } of who) {
    assert.equal(house.captures(payer.member).length, 1, payer.member.name);
    assert.equal(house.balance(payer.member), 900000 - 4200);
  }
  await house.prove();
}

function unpaid(who) {
  for (const { payer } of who) {
    assert.deepEqual(house.captures(payer.member), [], payer.member.name);
    assert.notEqual(intentOf(payer).state, 'paid');
  }
}

// ---- the days ----

test('24 hours without Stripe', async () => {
  const [told, silent, late, other] = await Promise.all([stripe(), stripe(), stripe(), order()]);
  house.proxy.misbehave('resets before it answers', (what) => /^(GET|POST) \/v1\/(?!oauth2|notifications|reporting)/.test(what));
  await told.pay('normal');
  await silent.pay('never');
  await late.pay('never');
  await other.pay('normal');
  // What Stripe has signed is booked; PayPal's payments go on.
  await paid([told, other], 'signed, and the other provider');
  const newcomer = await house.payerOf();
  const press = await house.press(newcomer, 'stripe');
  assert.match((await newcomer.client.get(press.location)).text, /Ouverture du paiement/);
  await pass(HOURS);
  unpaid([silent, late]);
  assert.ok(house.proxy.met.length > 5, `asked ${house.proxy.met.length} times`);
  house.proxy.misbehave(null);
  await paid([silent, late], 'after a day without Stripe');
  await waitFor('nobody can have paid what was never opened', () => ['expired', 'open'].includes(intentOf(newcomer).state));
  await judge([told, silent, late, other]);
});

test('24 hours without PayPal', async () => {
  const [told, silent, message, other] = await Promise.all([order(), order(), older(), stripe()]);
  // The first order is captured there, and nobody hears of it.
  house.proxy.misbehave('acts, and its answer is lost', (what) => /^POST \/v2\/checkout\/orders\/.*\/capture/.test(what));
  await told.pay('normal');
  await silent.pay('never');
  const page = await silent.payer.client.get(`/paiement/${intentOf(silent.payer).token}`);
  assert.ok(!page.text.includes(PAID));
  await waitFor('both are captured there', async () => (await house.control('GET', '/ledger?provider=paypal')).captures.length >= 3);
  house.proxy.misbehave('says 500', (what) => /\/v2\/|oauth2|webscr|notifications|reporting/.test(what));
  await message.pay('normal');
  await other.pay('normal');
  await paid([other], 'the other provider');
  await pass(HOURS);
  unpaid([message]);
  house.proxy.misbehave(null);
  await paid([told, silent, message], 'after a day without PayPal');
  await judge([told, silent, message, other]);
});

test('24 hours without the mail server', async () => {
  const members = await Promise.all([stripe(), order(), older()]);
  const waiting = () => house.one(`SELECT count(*) AS n FROM outbox WHERE state = 'waiting'`).n;
  await waitFor('no mail waits', () => waiting() === 0, PATIENCE_MS);
  const before = office.mails.length;
  await office.close();
  for (const { pay } of members) await pay('normal');
  await paid(members, 'without mail');
  const held = waiting();
  assert.ok(held > 0, 'nothing is to be sent');
  await pass(HOURS);
  assert.equal(waiting(), held);
  await office.open();
  await waitFor('every mail has gone', async () => {
    await house.advance(HOUR_S / 4);
    return waiting() === 0;
  }, PATIENCE_MS);
  assert.equal(office.mails.length - before, held);
  assert.equal(new Set(office.mails.map((mail) => mail.messageId)).size, office.mails.length);
  await judge(members);
});

test('24 hours without the site', async () => {
  const members = await Promise.all([stripe(), stripe(), older()]);
  // PayPal takes no money of an order that nobody captures in time: it is not paid, and says so.
  const lapsed = await order();
  await house.end(house.guichet);
  await lapsed.pay('normal');
  for (const [i, { pay }] of members.entries()) await pay(i === 1 ? 'never' : 'normal');
  await pass(HOURS);
  const { deliveries } = await house.control('GET', '/deliveries?state=waiting&limit=999');
  assert.ok(deliveries.length >= 3 && deliveries.every((row) => row.attempts > 1),
    deliveries.map((row) => `${row.kind}: ${row.attempts} tries, next in ${Math.round((row.due_at_ms - Date.now()) / 1000) - house.later} s`).join(', '));
  await house.startGuichet();
  await paid(members, 'after a day without the site');
  const { token } = await waitFor('the order has ended', () =>
    ['expired', 'failed'].includes(intentOf(lapsed.payer).state) && intentOf(lapsed.payer), PATIENCE_MS);
  unpaid([lapsed]);
  assert.ok(!(await lapsed.payer.client.get(`/paiement/${token}`)).text.includes(PAID));
  await judge(members);
});

// Without what comes after a day, the money would be missing: the judge says so.
test('a payment that nobody asks about is seen to be missing', async () => {
  const lonely = await stripe();
  await lonely.pay('never');
  house.force(`UPDATE payment_intent SET next_at = NULL WHERE token = '${intentOf(lonely.payer).token}'`);
  await assert.rejects(house.prove(), /booked 0 times/);
  house.force(`UPDATE payment_intent SET next_at = 0 WHERE token = '${intentOf(lonely.payer).token}'`);
  await paid([lonely], 'in the end');
  await judge([lonely]);
});
