'use strict';
// The member ticks the charges to pay: the amount follows, they are paid first, and an amount that
// lags behind its ticks is asked about, never charged.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const path = require('node:path');
const { houseOf } = require('./harness.js');
const { formsOf } = require('./http.js');
const { check, outcome } = require('./browser.js');

const house = houseOf('ticks');
const hostile = '<img src=x onerror=alert(1)>"\'';

const CHARGES = [['40', 'Cotisation', { date: '2026-09-10' }], ['25', 'Assurance', { date: '2026-09-11' }],
  ['12,50', 'Sortie', { account: '706', date: '2026-09-12' }]];
const someone = (more = {}) => house.member({ charges: CHARGES, ...more });
const paid = (member) => Object.fromEntries(house.sql(`SELECT l.label, coalesce(sum(a.amount_cents), 0) AS cents
  FROM cart_line l LEFT JOIN allocation a ON a.association_id = l.association_id AND a.charge_line_id = l.id
  WHERE l.member_id = ${member.id} AND l.kind = 'charge' GROUP BY l.id`).map(({ label, cents }) => [label, cents]));
const idOf = (member, label) => house.one(`SELECT CAST(id AS TEXT) AS id FROM cart_line
  WHERE member_id = ${member.id} AND label = '${label}'`).id;
const openings = () => house.calls('stripe', 'POST', '/v1/checkout/sessions');

async function formOf(client) {
  const form = await client.form('/panier', '/panier/payer');
  const stripe = form.buttons.find((one) => one['data-provider'] === 'stripe').value;
  return { ...form.fields, moyen: stripe };
}
const pay = (client, fields) => client.post('/panier/payer', fields);
const shown = (answer) => {
  const { fields } = formsOf(answer.body).find((one) => one.action === '/panier/payer');
  return { montant: fields.montant, coche: fields.coche ?? [] };
};

test('with JavaScript the amount follows the ticks, and those are paid', async (t) => {
  const member = someone();
  const page = await house.visit(t, await house.asMember(member));
  await page.goto('/panier');
  await page.getByRole('group', { name: 'Ce que je paie' }).waitFor();
  assert.equal(await page.getByLabel('Montant').inputValue(), '77,50');
  assert.ok(!await page.getByRole('button', { name: 'Recalculer' }).isVisible());
  await check(page, 'panier-coches');
  await page.getByLabel(/^Cotisation/).uncheck();
  assert.equal(await page.getByLabel('Montant').inputValue(), '37,50');
  await page.getByLabel(/^Assurance/).uncheck();
  assert.equal(await page.getByLabel('Montant').inputValue(), '12,50');
  await page.getByRole('button', { name: 'Payer par carte' }).click();
  await page.locator('#payer').click();
  await outcome(page, 'Paiement reçu');
  assert.deepEqual(paid(member), { Cotisation: 0, Assurance: 0, Sortie: 1250 });
  await page.goto('/panier');
  assert.equal(await page.getByLabel('Montant').inputValue(), '65,00');
  house.ok(['verify']);
});

test('without JavaScript a second submit adds up, and nothing is paid by it', async (t) => {
  const member = someone();
  const page = await house.visit(t, await house.asMember(member), { javaScript: false });
  const before = await openings();
  await page.goto('/panier');
  await page.getByLabel(/^Assurance/).uncheck();
  await page.getByRole('button', { name: 'Recalculer le montant' }).click();
  assert.equal(await page.getByLabel('Montant').inputValue(), '52,50');
  assert.ok(!await page.getByLabel(/^Assurance/).isChecked());
  // The amount lags behind the ticks: asked about, with the new one.
  await page.getByLabel(/^Sortie/).uncheck();
  await page.getByRole('button', { name: 'Payer par carte' }).click();
  await page.getByRole('heading', { name: 'Le montant suit ce que vous avez coché' }).waitFor();
  assert.equal(await page.getByLabel('Montant').inputValue(), '40,00');
  assert.equal(await openings(), before);
  await page.getByRole('button', { name: 'Payer par carte' }).click();
  await page.locator('#payer').click();
  await outcome(page, 'Paiement reçu');
  assert.deepEqual(paid(member), { Cotisation: 4000, Assurance: 0, Sortie: 0 });
});

test('an amount that was typed is kept: part of what is ticked, or more than it', async () => {
  const member = someone();
  const client = await house.asMember(member);
  const sortie = idOf(member, 'Sortie');
  const fields = await formOf(client);
  // Enter in the field of the amount presses Recalculer in some browsers.
  const { moyen: _, ...without } = fields;
  const same = await pay(client, { ...without, montant: '33', recalculer: 'oui' });
  assert.equal(same.status, 200);
  assert.deepEqual(shown(same), { montant: '33', coche: fields.coche });
  const answer = await pay(client, { ...fields, coche: [sortie], montant: '20' });
  assert.equal(answer.status, 303, answer.text);
  await house.control('POST', `/stripe/sessions/${path.basename(answer.location)}/pay`, {});
  await house.state(member, 'paid');
  assert.deepEqual(paid(member), { Cotisation: 750, Assurance: 0, Sortie: 1250 });
});

test('an error keeps the ticks; all or none of them are ordinary', async () => {
  const member = someone();
  const client = await house.asMember(member);
  const fields = await formOf(client);
  const sortie = idOf(member, 'Sortie');
  const wrong = await pay(client, { ...fields, coche: [sortie], montant: 'douze' });
  assert.equal(wrong.status, 422);
  assert.deepEqual(shown(wrong), { montant: 'douze', coche: [sortie] });
  const none = await pay(client, { ...fields, coche: [] });
  assert.equal(none.status, 422);
  assert.deepEqual(shown(none), { montant: '', coche: [] });
  assert.match(none.text, /Le montant suit/);
  const { moyen: _, ...nobody } = fields;
  assert.equal((await pay(client, nobody)).status, 400);
});

test('a family chooses among its carts; strangers’ charges are no choice', async (t) => {
  const parent = someone({ first: 'Nadia', login: 'nadia' });
  const child = house.member({ first: 'Lou', last: hostile.slice(0, 28), login: null, payer: parent, charges: [['30', 'Stage']] });
  const stranger = someone({ login: 'inconnu' });
  const client = await house.asMember(parent);
  const page = await house.visit(t, client);
  await page.goto('/panier');
  await page.getByLabel(/Stage\s*Lou/).waitFor();
  await check(page, 'panier-coches-famille');
  const fields = await formOf(client);
  const answer = await pay(client, { ...fields, coche: [idOf(stranger, 'Sortie'), idOf(child, 'Stage')], montant: '30' });
  assert.equal(answer.status, 303, answer.text);
  await house.control('POST', `/stripe/sessions/${path.basename(answer.location)}/pay`, {});
  await house.state(parent, 'paid');
  assert.deepEqual([paid(child), paid(stranger)], [{ Stage: 3000 }, { Cotisation: 0, Assurance: 0, Sortie: 0 }]);
  assert.deepEqual(paid(parent), { Cotisation: 0, Assurance: 0, Sortie: 0 });
  house.ok(['verify']);
});

test('one charge, or all in one go, is no choice', async () => {
  const one = house.member({ charges: [['40', 'Cotisation']] });
  assert.doesNotMatch((await (await house.asMember(one)).get('/panier')).text, /Ce que je paie/);
  house.force(`UPDATE association SET part_payments = 0 WHERE id = ${house.association}`);
  const cart = await (await house.asMember(someone())).get('/panier');
  assert.doesNotMatch(cart.text, /Ce que je paie|Recalculer/);
  assert.match(cart.text, /Payer par carte/);
  house.force(`UPDATE association SET part_payments = 1 WHERE id = ${house.association}`);
});
