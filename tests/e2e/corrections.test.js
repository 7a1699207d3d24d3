'use strict';
// What is in a cart is corrected by more lines: charges cancelled or reduced, balances adjusted,
// advances that move from one member to another.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { houseOf } = require('./harness.js');
const { check } = require('./browser.js');

const house = houseOf('corrections');
const hostile = '=1+1 <img src=x onerror=alert(1)>"\'; DROP TABLE cart_line;--';

const someone = (more) => house.member({ login: null, ...more });
let receipts = 0;
const pays = (member, amount) => house.ok(['payment', 'add', '--association', member.association, '--member', member.number,
  '--amount', amount, '--means', 'cash', '--reference', `K${receipts += 1}`]);
const lines = (member) => house.sql(`SELECT CAST(id AS TEXT) AS id, kind, label, amount_cents, account_code, entry_id IS NOT NULL AS booked,
    CAST(corrects_line_id AS TEXT) AS corrects
  FROM cart_line WHERE association_id = ${member.association} AND member_id = ${member.id} ORDER BY id`);
const accountOf = (member) => (code) => house.one(`SELECT coalesce(sum(debit_cents - credit_cents), 0) AS cents
  FROM entry_line WHERE association_id = ${member.association} AND account_code = '${code}' AND member_number = ${member.number}`).cents;
const actions = (member) => house.sql(`SELECT action FROM audit WHERE association_id = ${member.association} ORDER BY chain_number`)
  .map(({ action }) => action);

// ---- charges ----

const correctionOf = (member, line) => `/adherents/${member.id}/lignes/${line.id}/corriger`;

async function correct(client, member, line, fields = {}) {
  const place = correctionOf(member, line);
  const form = await client.form(place, place);
  return client.post(place, { ...form.fields, ...fields });
}

test('a paid charge is cancelled: its money pays what is still due, with and without JavaScript', async (t) => {
  for (const javaScript of [true, false]) {
    const member = someone({ first: javaScript ? 'Ana' : 'Bob', last: 'Annule', charges: [['40', 'Cotisation', { date: '2026-09-02' }]] });
    pays(member, '40');
    house.charge(member, ['15', 'Tee-shirt', { date: '2026-10-01', account: '707' }]);
    const page = await house.visit(t, await house.asStaff('treasurer'), { javaScript });
    await page.goto(`/adherents/${member.id}`);
    await page.getByRole('link', { name: 'Annuler ou réduire Cotisation' }).click();
    assert.equal(await page.getByLabel('Montant à enlever').inputValue(), '40,00');
    assert.equal(await page.getByLabel('Pourquoi').inputValue(), 'Annulé : Cotisation');
    if (javaScript)
      await check(page, 'correction');
    await page.getByRole('button', { name: 'Corriger la dépense' }).click();
    await page.getByRole('status').getByText('La dépense est corrigée').waitFor();
    assert.equal(await page.locator('tr', { hasText: 'Tee-shirt' }).getByText('payé').count(), 1);
    assert.equal(await page.locator('tr', { hasText: 'Annulé : Cotisation' }).getByText('correction').count(), 1);
    if (javaScript)
      await check(page, 'adherent-corrige');
    const account = accountOf(member);
    assert.deepEqual([house.balance(member), account('7561'), account('707'), account('4191')], [-2500, 0, -1500, -2500]);
    assert.equal(await page.getByRole('link', { name: 'Annuler ou réduire Cotisation' }).count(), 0);
  }
});

test('a charge is reduced by less than is left, as often as there is something left', async () => {
  const member = someone({ charges: [['40', 'Cotisation']] });
  const client = await house.asStaff('treasurer');
  const [charge] = lines(member);
  assert.equal((await correct(client, member, charge, { montant: '10', libelle: 'Réduit : quotient familial' })).status, 303);
  assert.equal(house.balance(member), 3000);
  const more = await correct(client, member, charge, { montant: '30,01', libelle: 'Trop' });
  assert.equal(more.status, 409);
  assert.match(more.text, /Il ne reste que 30,00 € de cette dépense/);
  assert.equal((await correct(client, member, charge)).status, 303);
  assert.equal(house.balance(member), 0);
  const done = await client.get(correctionOf(member, charge));
  assert.match(done.text, /déjà annulée en entier/);
  assert.deepEqual(lines(member).map(({ label, amount_cents, booked }) => [label, amount_cents, booked]),
    [['Cotisation', 4000, 0], ['Réduit : quotient familial', -1000, 0], ['Annulé : Cotisation', -3000, 0]]);
  assert.deepEqual(actions(member).slice(-2), ['charge.corrected', 'charge.corrected']);
});

test('the same correction sent twice is one', async () => {
  const member = someone({ charges: [['40', 'Cotisation']] });
  const client = await house.asStaff('treasurer');
  const place = correctionOf(member, lines(member)[0]);
  const form = await client.form(place, place);
  const fields = { ...form.fields, montant: '10' };
  const answers = await Promise.all([1, 2, 3].map(() => client.post(place, fields)));
  assert.deepEqual(answers.map(({ status }) => status), [303, 303, 303]);
  assert.equal((await client.post(place, fields)).status, 303, 'the same press, later');
  assert.equal(house.balance(member), 3000);
  const other = await client.post(place, { ...fields, montant: '11' });
  assert.equal(other.status, 409);
  assert.match(other.text, /Cette page a déjà servi/);
  assert.equal(house.balance(member), 3000);
});

test('what is wrong with a correction is said beside its field', async (t) => {
  const member = someone();
  house.ok(['charge', 'add', '--association', member.association, '--member', member.number, '--amount', '40',
    '--account', '7561', '--label', hostile]);
  const client = await house.asStaff('treasurer');
  const [charge] = lines(member);
  for (const [fields, sentence] of [[{ montant: '' }, /Tapez le montant à enlever/], [{ montant: '0' }, /plus grand que zéro/],
    [{ montant: '-3' }, /plus grand que zéro/], [{ montant: '99999999999' }, /trop grand/],
    [{ libelle: '' }, /Dites pourquoi/], [{ libelle: 'é'.repeat(201) }, /trop long/]]) {
    const answer = await correct(client, member, charge, fields);
    assert.equal(answer.status, 400, JSON.stringify(fields));
    assert.match(answer.text, sentence);
  }
  assert.equal(lines(member).length, 1);
  const page = await house.visit(t, client);
  await page.goto(correctionOf(member, charge));
  assert.equal(await page.getByLabel('Pourquoi').inputValue(), `Annulé : ${hostile}`);
  await page.getByLabel('Montant à enlever').fill('quarante');
  await page.getByRole('button', { name: 'Corriger la dépense' }).click();
  await page.getByRole('alert').waitFor();
  assert.equal(await page.getByLabel('Montant à enlever').inputValue(), 'quarante');
  await check(page, 'correction-refusee');
});

test('only charges of that member are corrected, by who handles money', async () => {
  const association = house.addAssociation({ name: 'Les Voisins' });
  const foreign = house.member({ association, login: null, charges: [['40', 'Cotisation']] });
  const member = someone({ charges: [['40', 'Cotisation']] }), other = someone({ charges: [['20', 'Assurance']] });
  pays(member, '10');
  const client = await house.asStaff('treasurer');
  const [charge, payment] = lines(member);
  await correct(client, member, charge, { montant: '1' });
  const correction = lines(member).at(-1);
  const place = correctionOf(member, charge);
  const { fields } = await client.form(place, place);
  for (const line of [lines(other)[0], payment, correction, lines(foreign)[0], { id: '1' }, { id: 'x' }]) {
    assert.equal((await client.get(correctionOf(member, line))).status, 404);
    assert.equal((await client.post(correctionOf(member, line), { ...fields, montant: '1', libelle: 'x' })).status, 404);
  }
  assert.equal((await client.get(correctionOf(foreign, lines(foreign)[0]))).status, 404);
  const viewer = await house.asStaff('viewer');
  assert.equal((await viewer.get(place)).status, 404);
  assert.doesNotMatch((await viewer.get(`/adherents/${member.id}`)).text, /Annuler ou réduire/);
});
