'use strict';
// A season drawn from a seed: payments by both providers and all that follows them (late fees,
// refunds of a part and of all, refunds that fail, disputes lost and won, cases, payouts, money of
// other sites, invoices), with notifications that come twice, late, or never. Half of the cards are
// asked in the personal space; in the middle, while payments are under way, the treasurer gives
// PayPal's keys, and payments go by its orders from then on. In the end the
// providers' own lists are read, a press a month (and a thousand lines) books what is missing, and
// then every line is matched, the books are proven, and they hold to the cent what the practice
// ledger says: per account, per kind. What is expected is computed from that ledger alone.
// SEED=n repeats a run, SCALE=n makes it n times as long (SCALE=40: about 5,000 payments).

const assert = require('node:assert/strict');
const { test, after, before } = require('node:test');
const { House, sleep, waitFor } = require('../e2e/harness.js');
const { bookMonth, report, states, upload } = require('../e2e/activity.js');
const { makeDice } = require('./plan.js');
const { Payer } = require('./payer.js');
const { becomeQuiet, PATIENCE_MS } = require('./quiet.js');

const COUNT = 120 * (Number(process.env.SCALE) || 1);
const PAYERS = 8;
const seed = Number(process.env.SEED) || (Date.now() % 1e9);
console.log(`SEED=${seed}`);
const dice = makeDice(seed);

class StoryHouse extends House {
  checkBooks() {
    this.ok(['verify']);
  }
}
const house = new StoryHouse('story', { stripe: { embedded: true } });
process.on('exit', () => house.kill());
const counts = new Map();
const note = (what) => counts.set(what, (counts.get(what) ?? 0) + 1);

// ---- what befalls a payment ----

const FATES = { normal: 60, twice: 15, late: 10, never: 15 };
const STRIPE_STORIES = { nothing: 40, refund_part: 14, refund_parts: 8, refund_all: 8, refund_failed: 8, won: 8, lost: 8, inquiry: 6 };
const PAYPAL_STORIES = { nothing: 40, refund_part: 16, refund_all: 10, reversal: 12, canceled: 12, case: 10 };

const told = () => ({ notify: dice.one({ normal: 70, twice: 15, never: 15 }) });
const stripe = (address, body = {}) => house.control('POST', `/stripe/${address}`, { ...told(), ...body });
const paypal = (payment, what, body = {}) => {
  const ipn = dice.one({ normal: 70, twice: 15, never: 15 });
  return house.control('POST', `/paypal/payments/${payment}/${what}`, { ipn, webhook: ipn, ...body });
};

const STRIPE = {
  nothing: async () => {},
  refund_part: (payment, cents) => stripe(`payments/${payment}/refund`, { amount_cents: dice.integer(1, cents) }),
  refund_parts: async (payment, cents) => {
    const first = dice.integer(1, Math.max(1, Math.floor(cents / 3)));
    await stripe(`payments/${payment}/refund`, { amount_cents: first });
    await stripe(`payments/${payment}/refund`, { amount_cents: dice.integer(1, cents - first) });
  },
  refund_all: (payment) => stripe(`payments/${payment}/refund`),
  refund_failed: async (payment, cents) => {
    const { refund } = await stripe(`payments/${payment}/refund`, { amount_cents: dice.integer(1, cents) });
    await stripe(`refunds/${refund.id}`, { outcome: 'failed', detail: 'lost_or_stolen_card' });
  },
  won: async (payment) => {
    const { dispute } = await stripe(`payments/${payment}/dispute`);
    await stripe(`disputes/${dispute.id}/won`);
  },
  lost: async (payment) => {
    const { dispute } = await stripe(`payments/${payment}/dispute`);
    // No money moves when a dispute is lost: no list tells it, so this message is not dropped here.
    await stripe(`disputes/${dispute.id}/lost`, { notify: 'normal' });
  },
  inquiry: async (payment) => {
    const { dispute } = await stripe(`payments/${payment}/dispute`, { inquiry: true });
    await stripe(`disputes/${dispute.id}/close`);
  },
};
const PAYPAL = {
  nothing: async () => {},
  refund_part: (payment, cents) => paypal(payment, 'refund', { amount_cents: dice.integer(1, cents) }),
  refund_all: (payment) => paypal(payment, 'refund'),
  reversal: (payment) => paypal(payment, 'reversal'),
  canceled: async (payment) => {
    await paypal(payment, 'reversal');
    await paypal(payment, 'reversal-cancel');
  },
  case: (payment) => paypal(payment, 'case'),
};

// PayPal's present way, from now on: the keys of an application of the account, by the page.
async function giveKeys() {
  const app = await house.control('POST', `/paypal/businesses/${house.paypal.merchant}/apps`, { any_webhook: true });
  const form = await treasurer.form('/parametrage/mon-compte', '/parametrage/paypal/cles#paypal');
  const answer = await treasurer.post('/parametrage/paypal/cles', { ...form.fields, client_id: app.client_id, client_secret: app.secret });
  assert.match(answer.location ?? answer.text, /fait=paypal_cles/);
}

async function payStripe(payer, location) {
  const fate = dice.one(FATES);
  const fee = dice.one({ now: 50, later: 50 });
  const paid = await payer.payStripe(location, { notify: fate, late_s: 1, fee_late_s: fee === 'later' ? -1 : 0 });
  if (fee === 'later') await stripe(`payments/${paid.reference}/fee`);
  const story = dice.one(STRIPE_STORIES);
  note(`stripe ${story}`);
  await STRIPE[story](paid.reference, paid.cents);
}

async function payPaypal(payer, location, cents) {
  note(`paypal by ${location.includes('/checkoutnow') ? 'an order' : 'the older way'}`);
  const paid = await payer.payPaypal(location, { outcome: 'completed', ipn: dice.one(FATES), late_s: 1 });
  const story = dice.one(PAYPAL_STORIES);
  note(`paypal ${story}`);
  await PAYPAL[story](paid.reference, cents);
}

// All that is available, whatever its sign; nothing available is no payout.
async function payOut(account) {
  await stripe(`accounts/${account}/payout`).catch((error) => {
    if (!/409/.test(error.message)) throw error;
    note('nothing to pay out');
  });
}

// What happens at the accounts between the payments.
async function between() {
  const { account } = house.stripe;
  const { merchant } = house.paypal;
  const what = dice.one({ nothing: 70, site: 8, fee: 5, payout: 6, donation: 6, withdrawal: 5 });
  note(`between ${what}`);
  if (what === 'site') await stripe(`accounts/${account}/charge`, { amount_cents: dice.integer(100, 9000) });
  if (what === 'fee') await house.control('POST', `/stripe/accounts/${account}/movement`, { type: 'stripe_fee', amount_cents: -dice.integer(50, 900) });
  if (what === 'payout') await payOut(account);
  if (what === 'donation') await house.control('POST', `/paypal/businesses/${merchant}/payments`, { amount_cents: dice.integer(100, 9000), item_name: 'Don' });
  if (what === 'withdrawal') await house.control('POST', `/paypal/businesses/${merchant}/movements`, { kind: 'withdrawal', amount_cents: -dice.integer(100, 5000) });
}

// ---- what must be true ----

const accounts = () => house.sql(`SELECT CAST(id AS TEXT) AS id, provider, transit_account AS transit FROM provider_account
  WHERE association_id = ${house.association} AND provider IN ('stripe', 'paypal')`);
const balance = (code) => house.one(`SELECT coalesce(sum(debit_cents - credit_cents), 0) AS cents FROM entry_line
  WHERE association_id = ${house.association} AND account_code = '${code}'`).cents;
const sum = (rows, name) => rows.reduce((total, row) => total + row[name], 0);
async function ledger(provider) {
  const account = provider === 'stripe' ? house.stripe.account : house.paypal.merchant;
  return (await house.control('GET', `/ledger?provider=${provider}&account=${account}`)).movements;
}

let payers = [];
let treasurer;
before(async () => {
  await house.start();
  await house.control('POST', '/paypal/businesses', { id: house.paypal.merchant, email: house.paypal.email,
    name: 'Les Randonneurs', notify_url: `${house.url}/action_manager.php?event=paypal` });
  const members = Array.from({ length: PAYERS }, (_, i) => house.member({ last: `Martin ${i}`,
    charges: [['38', 'Cotisation'], ['29,50', 'Assurance', { account: '7088' }], ['19,99', 'Tee-shirt', { account: '707' }]] }));
  payers = await Promise.all(members.map((member) => Payer.at(house, member)));
  treasurer = await house.asStaff('treasurer');
});
after(() => house.close());

test(`${COUNT} payments and what follows them`, async () => {
  let left = COUNT;
  const live = async (payer) => {
    while (left-- > 0) {
      if (left === COUNT / 2) await giveKeys();
      const wanted = dice.chance(60) ? 'stripe' : 'paypal';
      const { provider, location, cents } = await payer.press(wanted, () => dice.integer(150, 9999),
        { embedded: dice.chance(50), otherwise: 'paypal' });
      await (provider === 'stripe' ? payStripe : payPaypal)(payer, location, cents);
      await between();
    }
  };
  await Promise.all(payers.map(live));
  for (const way of ['an order', 'the older way'])
    assert.ok(counts.get(`paypal by ${way}`) > 0, way);
  console.log([...counts].sort().map(([what, count]) => `${what} ${count}`).join(', '));
  await waitFor('what was told is worked on', () => house.sql(`SELECT 1 FROM provider_event
    WHERE state = 'waiting' AND coalesce(outcome, '') <> 'waits_for_parent'`).length === 0, PATIENCE_MS);
  house.ok(['verify']);
});

test("Stripe's list is read, PayPal's is sent; presses book what is missing", async () => {
  await sleep(2100); // a reading ends before the second it is asked in
  const form = await treasurer.form('/comptabilite/rapprochement', '/comptabilite/rapprochement/lire');
  assert.equal((await treasurer.post(form.action, form.fields)).status, 303);
  await waitFor('the list is read', () => house.sql(`SELECT 1 FROM statement_task WHERE state = 'waiting'`).length === 0, PATIENCE_MS);
  for (const { id, provider } of accounts()) {
    if (provider === 'paypal')
      assert.equal((await upload(treasurer, id, await report(house, house.paypal.merchant, 'fr'))).wrong, 0);
    const before = states(house, id);
    // A press books a thousand lines at most, that nobody waits long for the writer.
    for (const { month, n } of house.sql(`SELECT substr(fact_day, 1, 7) AS month, count(*) AS n FROM statement_match
      WHERE provider_account_id = ${id} AND state = 'missing' GROUP BY month ORDER BY month`))
      for (let left = n; left > 0; left -= 1000)
        await bookMonth(treasurer, id, month);
    console.log(`${provider}: ${before.join(', ')} -> ${states(house, id).join(', ')}`);
    assert.deepEqual(states(house, id).filter((one) => !/^(matched|no_entry) /.test(one)), [], provider);
  }
  house.force(`UPDATE provider_event SET next_at = 0 WHERE state = 'waiting'`);
  await becomeQuiet(house);
});

test('every movement of the ledger is a line, and every movement of ours is in the ledger', async () => {
  for (const { id, provider } of accounts()) {
    const movements = await ledger(provider);
    assert.equal(house.one(`SELECT count(*) AS n FROM statement_line WHERE provider_account_id = ${id} AND kind <> 'none'`).n,
      movements.length, provider);
    assert.equal(house.one(`SELECT coalesce(sum(net_cents), 0) AS cents FROM statement_line WHERE provider_account_id = ${id} AND kind <> 'none'`).cents,
      sum(movements, 'net_cents'), provider);
  }
});

test('the books hold what the ledger says, per account and kind', async () => {
  const all = { stripe: await ledger('stripe'), paypal: await ledger('paypal') };
  for (const { id, provider, transit } of accounts()) {
    assert.equal(balance(transit), sum(all[provider], 'net_cents'), `${provider}: transit`);
    const ours = (kinds) => house.one(`SELECT coalesce(sum(amount_cents), 0) AS cents FROM provider_transaction
      WHERE provider_account_id = ${id} AND kind IN (${kinds.map((kind) => `'${kind}'`)})`).cents;
    const fees = all[provider].filter((row) => !['fee', 'stripe_fee'].includes(row.kind));
    assert.equal(ours(['fee', 'dispute_fee']), -sum(fees, 'fee_cents'), `${provider}: fees`);
    assert.equal(ours(['payout', 'payout_failed']),
      sum(all[provider].filter((row) => /^(payout|withdrawal)/.test(row.kind)), 'gross_cents'), `${provider}: payouts`);
    assert.equal(ours(['capture']), sum(all[provider].filter((row) => ['charge', 'payment', 'capture'].includes(row.kind)), 'gross_cents'),
      `${provider}: payments`);
  }
  assert.equal(balance('5121'), -sum([...all.stripe, ...all.paypal].filter((row) => /^(payout|withdrawal)/.test(row.kind)), 'gross_cents'));
  assert.equal(balance('4671'), -sum(all.paypal.filter((row) => ['reversal', 'canceled_reversal'].includes(row.kind)), 'gross_cents'), 'open disputes');
});

test('verify proves the books, and each month says so', async () => {
  const verdict = JSON.parse(house.ok(['verify', '--json']));
  assert.deepEqual(verdict.breaches, []);
  for (const { id } of accounts())
    for (const { month } of house.sql(`SELECT DISTINCT substr(fact_day, 1, 7) AS month FROM statement_line WHERE provider_account_id = ${id}`)) {
      const page = await treasurer.get(`/comptabilite/rapprochement/${id}/${month}`);
      assert.match(page.body, /data-gap-cents="0"/, `${id} ${month}`);
      assert.doesNotMatch(page.body, /data-state="(manque|ecart)"/);
    }
});
