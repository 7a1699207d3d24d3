'use strict';
// "J'ajoute 0,81 € pour couvrir les frais de paiement": only where the association proposes it,
// never ticked beforehand, a donation of its own.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const path = require('node:path');
const { houseOf } = require('./harness.js');
const { check, outcome } = require('./browser.js');

const house = houseOf('cover');

const proposes = (yes) => house.force(`UPDATE association SET covers_fees = ${yes ? 1 : 0},
  options_version = options_version + 1`);
const rate = (points) => house.force(`UPDATE provider_account SET rate_points = ${points} WHERE provider = 'stripe'`);
const someone = () => house.member({ charges: [['32,40', 'Cotisation', { date: '2026-09-10' }],
  ['10', 'Assurance', { date: '2026-09-11' }]] });
const lines = (member) => house.sql(`SELECT kind, amount_cents FROM cart_line
  WHERE member_id = ${member.id} ORDER BY kind, amount_cents`).map(({ kind, amount_cents: cents }) => [kind, cents]);
const intent = (member) => house.one(`SELECT amount_cents, fee_cover_cents FROM payment_intent WHERE member_id = ${member.id}
  ORDER BY created_at DESC, id DESC LIMIT 1`);

async function formOf(client) {
  const form = await client.form('/panier', '/panier/payer');
  const { participation: _, ...fields } = form.fields; // as a browser sends it: unticked
  return { ...fields, moyen: form.buttons.find((one) => one['data-provider'] === 'stripe').value };
}

test('the association has not asked for it: no word of it, and what is sent all the same counts for nothing', async () => {
  proposes(false);
  const member = someone();
  const client = await house.asMember(member);
  assert.doesNotMatch((await client.get('/panier')).text, /couvrir les frais/);
  const answer = await client.post('/panier/payer', { ...await formOf(client), participation: '81' });
  assert.equal(answer.status, 303, answer.text);
  assert.deepEqual(intent(member), { amount_cents: 4240, fee_cover_cents: 0 });
});

test('with JavaScript the sum follows the amount; ticked, it is paid and booked as a donation', async (t) => {
  proposes(true);
  rate(250);
  const member = someone();
  const page = await house.visit(t, await house.asMember(member));
  await page.goto('/panier');
  const box = page.getByLabel(/pour couvrir les frais de paiement/);
  assert.equal(await box.isChecked(), false);
  await page.getByText("J'ajoute 1,06 € pour couvrir").waitFor();
  await check(page, 'panier-participation');
  await page.getByLabel(/^Assurance/).uncheck();
  await page.getByText("J'ajoute 0,81 € pour couvrir").waitFor();
  await page.getByLabel('Montant').fill('16,20');
  await page.getByText("J'ajoute 0,41 € pour couvrir").waitFor();
  await page.getByLabel('Montant').fill('32,40');
  await box.check();
  await page.getByRole('button', { name: 'Payer par carte' }).click();
  await page.locator('#payer').click();
  await outcome(page, 'Paiement reçu');
  assert.deepEqual(intent(member), { amount_cents: 3321, fee_cover_cents: 81 });
  assert.deepEqual(lines(member), [['charge', 1000], ['charge', 3240], ['donation', 81], ['payment', -3321]]);
  await page.goto('/panier');
  assert.equal(await page.locator('.hero').getAttribute('data-balance-cents'), '1000');
  await page.getByText('Participation aux frais de paiement').first().waitFor();
  house.ok(['verify']);
});

test('without JavaScript what was shown is added; Recalculer shows the new sum and keeps the tick', async (t) => {
  proposes(true);
  rate(250);
  const member = someone();
  const page = await house.visit(t, await house.asMember(member), { javaScript: false });
  await page.goto('/panier');
  await page.getByLabel(/pour couvrir les frais/).check();
  await page.getByLabel(/^Assurance/).uncheck();
  await page.getByRole('button', { name: 'Recalculer le montant' }).click();
  await page.getByText("J'ajoute 0,81 € pour couvrir").waitFor();
  assert.equal(await page.getByLabel(/pour couvrir les frais/).isChecked(), true);
  await page.getByRole('button', { name: 'Payer par carte' }).click();
  await page.locator('#payer').click();
  await outcome(page, 'Paiement reçu');
  assert.deepEqual(intent(member), { amount_cents: 3321, fee_cover_cents: 81 });
});

test('unticked nothing is added, and nonsense is refused', async () => {
  proposes(true);
  rate(250);
  const member = someone();
  const client = await house.asMember(member);
  for (const participation of ['-5', '9999999999', '1.5', 'x', '99999999999999999999'])
    assert.equal((await client.post('/panier/payer', { ...await formOf(client), participation })).status, 400, participation);
  const answer = await client.post('/panier/payer', await formOf(client));
  assert.equal(answer.status, 303);
  assert.deepEqual(intent(member), { amount_cents: 4240, fee_cover_cents: 0 });
  await house.control('POST', `/stripe/sessions/${path.basename(answer.location)}/pay`, {});
  await house.state(member, 'paid');
  assert.deepEqual(lines(member).map(([kind]) => kind), ['charge', 'charge', 'payment']);
});
