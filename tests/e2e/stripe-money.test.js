'use strict';
// The money story of Stripe in the whole house: late fees, refunds from both sides, disputes,
// payouts, money that did not begin here, lost messages. At the end Stripe's own list is held
// against the books, and the page says that the month is proven.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { houseOf, waitFor } = require('./harness.js');
const { check } = require('./browser.js');

const house = houseOf('stripe-money');

// ---- what people and Stripe do ----

const someone = (...charges) => house.member({ charges: charges.length ? charges : [['40', 'Cotisation']] });

async function quiet() {
  await house.settled();
  await waitFor('all messages have an end', () => house.sql(`SELECT 1 FROM provider_event
    WHERE state = 'waiting' AND coalesce(outcome, '') <> 'waits_for_parent'`).length === 0);
}

// Pays all that is due; the payment at Stripe.
async function pay(member, how = {}) {
  const { fee = 'told', ...more } = how;
  const client = await house.asMember(member);
  const form = await client.form('/panier', '/panier/payer');
  const answer = await client.post('/panier/payer', { ...form.fields,
    moyen: form.buttons.find((one) => one['data-provider'] === 'stripe').value });
  assert.equal(answer.status, 303, answer.text);
  const session = new URL(answer.location).pathname.split('/').at(-1);
  const paid = await house.control('POST', `/stripe/sessions/${session}/pay`, { fee_late_s: -1, ...more });
  if (how.notify !== 'never')
    await house.state(member, 'paid');
  const payment = paid.session.payment_intent;
  if (fee === 'told') // charge.updated says what it cost
    await house.control('POST', `/stripe/payments/${payment}/fee`, how.notify ? { notify: how.notify } : {});
  await quiet();
  return payment;
}
const step = async (address, body = {}) => {
  const answer = await house.control('POST', `/stripe/${address}`, body);
  await quiet();
  return answer;
};

// ---- what stands in the books ----

const movements = (payment) => house.sql(`SELECT kind, amount_cents AS cents FROM provider_transaction
  WHERE reference = '${payment}' OR parent_id = (SELECT id FROM provider_transaction
    WHERE kind = 'capture' AND reference = '${payment}')`).map((one) => `${one.kind} ${one.cents}`).sort();
const balance = (member) => house.one(`SELECT sum(amount_cents) AS cents FROM cart_line WHERE member_id = ${member.id}`).cents;
const account = (code) => house.one(`SELECT coalesce(sum(debit_cents - credit_cents), 0) AS cents FROM entry_line
  WHERE association_id = ${house.association} AND account_code = '${code}'`).cents;
const idOf = (payment) => house.one(`SELECT CAST(id AS TEXT) AS id FROM provider_transaction
  WHERE kind = 'capture' AND reference = '${payment}'`).id;
const nextSecond = () => new Promise((resolve) => setTimeout(resolve, 1001 - Date.now() % 1000));
// What Stripe says it holds for us.
async function agree() {
  const { movements: all } = await house.control('GET', `/ledger?provider=stripe&account=${house.stripe.account}`);
  assert.equal(account('5171'), all.reduce((sum, one) => sum + one.net_cents, 0));
  house.ok(['verify']);
}

test('the fee comes later, by charge.updated, or it is asked for', async () => {
  const told = await pay(someone());
  assert.match(movements(told).join(), /^capture 4000,fee -\d+$/);
  const silent = await pay(someone(), { fee: 'silent', fee_late_s: 0 });
  assert.deepEqual(movements(silent), ['capture 4000']);
  // As if minutes had passed: the sweep asks Stripe.
  house.force(`INSERT INTO fee_search (association_id, transaction_id, provider_account_id, since_at, next_at)
    SELECT association_id, id, provider_account_id, created_at, 0 FROM provider_transaction WHERE reference = '${silent}'`);
  await waitFor('the fee is booked', () => movements(silent).length === 2);
  await agree();
});

test('refunds from the dashboard: a part, the rest; the member owes it again', async () => {
  const member = someone(['25', 'Cotisation'], ['15', 'Sortie']);
  const payment = await pay(member);
  await step(`payments/${payment}/refund`, { amount_cents: 1001 });
  assert.equal(balance(member), 1001);
  await step(`payments/${payment}/refund`);
  assert.equal(balance(member), 4000);
  assert.deepEqual(movements(payment).filter((one) => one.startsWith('refund')), ['refund -1001', 'refund -2999']);
  await agree();
});

test('a refund that fails comes back', async () => {
  const member = someone();
  const payment = await pay(member);
  const { refund } = await step(`payments/${payment}/refund`, { amount_cents: 1500 });
  assert.equal(balance(member), 1500);
  await step(`refunds/${refund.id}`, { outcome: 'failed', detail: 'lost_or_stolen_card' });
  assert.equal(balance(member), 0);
  await agree();
});

test("a refund whose payment's own message never came", async () => {
  const member = someone();
  const payment = await pay(member, { notify: 'never' });
  await step(`payments/${payment}/refund`, { amount_cents: 4000, notify: 'normal' });
  await waitFor('both are booked', () => movements(payment).length >= 2);
  assert.equal(house.intents(member)[0].state, 'paid');
  assert.equal(balance(member), 4000);
  await agree();
});

for (const javaScript of [true, false])
  test(`a treasurer pays back through Stripe${javaScript ? '' : ', without JavaScript'}`, async (t) => {
    const member = someone(['25', 'Cotisation'], ['15', 'Sortie']);
    const payment = await pay(member);
    const page = await house.visit(t, await house.asStaff('treasurer'), { javaScript });
    await page.goto(`/recettes/paiement/${idOf(payment)}`);
    if (javaScript)
      await check(page, 'paiement-recu-stripe');
    await page.getByRole('link', { name: 'Rembourser par Stripe' }).click();
    if (javaScript)
      await check(page, 'rembourser-en-ligne');
    await page.getByLabel('Montant à rendre').fill('15');
    await page.getByLabel('Sortie').check();
    await page.getByLabel("l'adhérent ne la doit plus").check();
    await page.getByLabel('Pourquoi').fill('Sortie annulée');
    await page.getByRole('button', { name: 'Rembourser par Stripe' }).click();
    await page.getByText('Le remboursement est fait').waitFor();
    await quiet();
    assert.equal(balance(member), 0);
    assert.equal(movements(payment).filter((one) => one === 'refund -1500').length, 1);
    assert.equal(house.one(`SELECT state FROM refund_request WHERE transaction_id = ${idOf(payment)}`).state, 'sent');
    await page.reload();
    if (javaScript)
      await check(page, 'paiement-recu-rembourse');
    // Too much: said, and nothing is sent.
    await page.goto(`/recettes/paiement/${idOf(payment)}/rembourser-en-ligne`);
    await page.getByLabel('Montant à rendre').fill('25,01');
    await page.getByLabel('Pourquoi').fill('encore');
    await page.getByRole('button', { name: 'Rembourser par Stripe' }).click();
    await page.getByText('Il ne reste que 25,00').waitFor();
    await agree();
  });

test('a dispute through its stages: withdrawn, won, lost', async () => {
  const member = someone();
  const payment = await pay(member);
  const { dispute } = await step(`payments/${payment}/dispute`);
  assert.equal(account('4671'), 4000);
  assert.equal(balance(member), 4000);
  const staff = await house.asStaff('treasurer');
  assert.match((await staff.get(`/recettes/paiement/${idOf(payment)}`)).text, /contesté.*Frais 15,85.*Net 24,15/s);
  const refused = await staff.get(`/recettes/paiement/${idOf(payment)}/rembourser-en-ligne`);
  assert.match(refused.text, /Ce paiement est contesté/);
  await step(`disputes/${dispute.id}/won`);
  assert.equal(account('4671'), 0);
  assert.equal(balance(member), 0);
  const other = someone();
  const lost = await pay(other);
  const { dispute: second } = await step(`payments/${lost}/dispute`);
  await step(`disputes/${second.id}/lost`);
  assert.equal(account('4671'), 0);
  assert.equal(house.one(`SELECT state FROM dispute WHERE reference = '${second.id}'`).state, 'lost');
  await agree();
});

test('a dispute whose end nobody told, and a refund without an answer, come to their end', async (t) => {
  const payment = await pay(someone());
  const { dispute } = await step(`payments/${payment}/dispute`);
  await step(`disputes/${dispute.id}/lost`, { notify: 'never' });
  assert.equal(account('4671'), 4000);
  house.force(`UPDATE dispute SET next_at = 0 WHERE reference = '${dispute.id}'`); // as if a day had passed
  await waitFor('Stripe is asked for it', () => account('4671') === 0);
  assert.equal(house.one(`SELECT state FROM dispute WHERE reference = '${dispute.id}'`).state, 'lost');
  await agree();

  // Answers get lost: one refund was made all the same, one never arrived.
  const ends = { after: ['sent', 'accepté par Stripe'], before: ['absent', 'jamais arrivé chez Stripe'] };
  for (const [when, [state, words]] of Object.entries(ends)) {
    const paid = await pay(someone());
    const staff = await house.asStaff('treasurer');
    await house.control('POST', '/faults', { face: 'stripe', method: 'POST', path: '/v1/refunds', kind: 'html', when, count: -1 });
    const { fields } = await staff.form(`/recettes/paiement/${idOf(paid)}/rembourser-en-ligne`,
      `/recettes/paiement/${idOf(paid)}/rembourser-en-ligne`);
    const answer = await staff.post(`/recettes/paiement/${idOf(paid)}/rembourser-en-ligne`, { ...fields, montant: '15', motif: 'Trop payé' });
    // Made all the same: Stripe's message may be here before the answer that gets lost.
    assert.ok((when === 'after' ? ['demande', 'rendu'] : ['demande']).includes(answer.location.split('=').at(-1)), answer.text);
    await house.control('DELETE', '/faults');
    house.force(`UPDATE refund_request SET created_at = created_at - 90000, next_at = 0 WHERE transaction_id = ${idOf(paid)}`);
    await waitFor('it is looked for', () => house.sql(`SELECT 1 FROM refund_request
      WHERE transaction_id = ${idOf(paid)} AND state = '${state}'`).length === 1);
    await quiet();
    assert.equal(movements(paid).includes('refund -1500'), state === 'sent');
    const page = await house.visit(t, staff);
    await page.goto(`/recettes/paiement/${idOf(paid)}`);
    await page.getByText(words).waitFor();
    if (state === 'absent')
      await check(page, 'remboursement-jamais-arrive');
    await agree();
  }
});

test('money of another site, a payout, an invoice of Stripe, a lost message: the month is proven', async (t) => {
  await step(`accounts/${house.stripe.account}/charge`, { amount_cents: 1200 });
  const lost = await pay(someone(), { notify: 'never' });
  await step(`accounts/${house.stripe.account}/movement`, { type: 'stripe_fee', amount_cents: -250 });
  await step(`accounts/${house.stripe.account}/payout`, {});
  const page = await house.visit(t, await house.asStaff('treasurer'));
  await nextSecond(); // the list is read up to the second before this one
  await page.goto('/comptabilite/rapprochement');
  await page.getByRole('button', { name: 'Lire la liste de Stripe maintenant' }).click();
  await page.getByText('La lecture est demandée').waitFor();
  await waitFor('the list is read', () => house.sql(`SELECT 1 FROM statement_task WHERE state = 'waiting'`).length === 0);
  await page.goto('/comptabilite/rapprochement');
  await check(page, 'rapprochement-stripe');
  await page.locator(`[data-account] a[href*="/comptabilite/rapprochement/"]`).first().click();
  const press = page.getByRole('button', { name: /^Comptabiliser (ce qui manque|les|la|tout)/ }).first();
  await press.waitFor();
  await press.click();
  await page.locator('[data-proven="oui"]').waitFor();
  await check(page, 'rapprochement-mois-prouve');
  assert.equal(movements(lost).includes('capture 4000'), true);
  assert.equal(await page.locator('[data-state="manque"], [data-state="ecart"], [data-unknown]').count(), 0);
  await agree();
  await page.goto('/comptabilite/virements');
  await check(page, 'virements-stripe');
  const { cents } = house.one(`SELECT sum(amount_cents) AS cents FROM provider_transaction WHERE kind = 'payout'`);
  assert.notEqual(cents, 0);
  assert.equal(account('5121'), -cents);
});
