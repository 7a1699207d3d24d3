'use strict';
// Balances put right by a line that says so, and advances that move from one member to another.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { houseOf } = require('./harness.js');
const { formsOf } = require('./http.js');
const { check } = require('./browser.js');

const house = houseOf('adjustments');
const hostile = '=1+1 <img src=x onerror=alert(1)>"\'; DROP TABLE cart_line;--';

const someone = (more) => house.member({ login: null, ...more });
let receipts = 0;
const pays = (member, amount) => house.ok(['payment', 'add', '--association', member.association, '--member', member.number,
  '--amount', amount, '--means', 'cash', '--reference', `K${receipts += 1}`]);
const lines = (member) => house.sql(`SELECT kind, label, amount_cents, account_code FROM cart_line
  WHERE association_id = ${member.association} AND member_id = ${member.id} ORDER BY id`);
const accountsOf = (member) => Object.fromEntries(house.sql(`SELECT account_code AS code, sum(debit_cents - credit_cents) AS cents
  FROM entry_line WHERE association_id = ${member.association} AND member_number = ${member.number} AND account_code NOT LIKE '5%'
  GROUP BY account_code`).map(({ code, cents }) => [code, cents]));
const actions = (member) => house.sql(`SELECT action FROM audit WHERE association_id = ${member.association} ORDER BY chain_number`)
  .map(({ action }) => action);

// The first step of a form of two, answered.
async function firstStep(client, place, fields) {
  const form = await client.form(place, place);
  return client.post(place, { ...form.fields, ...fields, action: 'apercu' });
}

// The fields of the second step, as a browser would send them.
function secondStep(answer, place, fields = {}) {
  assert.equal(answer.status, 200, answer.text);
  const form = formsOf(answer.body).find((one) => one.action === place && one.buttons.some(({ value }) => value === 'confirmer'));
  assert.ok(form, answer.text);
  return { ...form.fields, ...fields, action: 'confirmer' };
}

// ---- balances ----

const adjustmentOf = (member) => `/adherents/${member.id}/regulariser`;

async function adjust(client, member, typed, chosen) {
  const place = adjustmentOf(member);
  const preview = await firstStep(client, place, { montant: '', libelle: 'Geste', ...typed });
  const answer = await client.post(place, secondStep(preview, place, chosen));
  assert.equal(answer.status, 303, answer.text);
  return preview.text;
}

test('a debt is forgiven, the rest is an advance; what will happen is told before', async (t) => {
  for (const javaScript of [true, false]) {
    const member = someone({ first: javaScript ? 'Ana' : 'Bob', last: 'Geste', charges: [['40', 'Cotisation'], ['10', 'Assurance']] });
    const page = await house.visit(t, await house.asStaff('treasurer'), { javaScript });
    await page.goto(`/adherents/${member.id}`);
    await page.getByRole('link', { name: 'Régulariser le solde' }).click();
    if (javaScript)
      await check(page, 'regularisation');
    await page.getByLabel("L'adhérent a exactement le montant ci-dessous d'avance").check();
    await page.getByLabel('Montant', { exact: true }).fill('25');
    await page.getByLabel('Pourquoi').fill('Solde de 2025');
    await page.getByRole('button', { name: 'Voir ce que cela fera' }).click();
    await page.getByText('Elle règle 50,00').waitFor();
    await page.getByText('Le reste, 25,00').waitFor();
    await page.getByLabel('Compte').selectOption('110');
    if (javaScript)
      await check(page, 'regularisation-apercu');
    await page.getByRole('button', { name: /Régulariser 75,00 € en faveur/ }).click();
    await page.getByRole('status').getByText('Le solde est régularisé').waitFor();
    assert.equal(house.balance(member), -2500);
    assert.deepEqual(accountsOf(member), { 110: 2500, 4191: -2500 });
    assert.deepEqual(lines(member).at(-1), { kind: 'adjustment', label: 'Solde de 2025', amount_cents: -7500, account_code: '110' });
    assert.equal(actions(member).at(-1), 'adjustment.added');
  }
});

test('each aim leads to its balance and its accounts', async () => {
  const client = await house.asStaff('treasurer');
  const of = async (owed, paid, typed, chosen) => {
    const member = someone(owed ? { charges: [[owed, 'Cotisation']] } : {});
    if (paid)
      pays(member, paid);
    const text = await adjust(client, member, typed, chosen);
    return [house.balance(member), accountsOf(member), text];
  };
  const [zero, , told] = await of('40', null, { but: 'zero' });
  assert.equal(zero, 0);
  assert.match(told, /Aujourd'hui, Jeanne Martin doit 40,00 € Après la régularisation est à jour/);
  assert.match(told, /Elle règle 40,00 € de ses dépenses/);
  assert.doesNotMatch(told, /Compte 471/);
  assert.deepEqual((await of(null, '30', { but: 'zero' })).slice(0, 2), [0, { 4191: 0, 7588: -3000 }]);
  assert.deepEqual((await of('40', null, { but: 'moins', montant: '15' })).slice(0, 2), [2500, {}]);
  assert.deepEqual((await of(null, null, { but: 'moins', montant: '15' })).slice(0, 2), [-1500, { 471: 1500, 4191: -1500 }]);
  assert.deepEqual((await of(null, '10', { but: 'plus', montant: '15' }, { compte: '706' })).slice(0, 2), [500, { 4191: 0, 706: -1000 }]);
  assert.deepEqual((await of('40', null, { but: 'doit', montant: '55' })).slice(0, 2), [5500, {}]);
});

test('the same adjustment sent twice is one; another balance is shown first', async () => {
  const member = someone({ charges: [['40', 'Cotisation']] });
  const client = await house.asStaff('treasurer');
  const place = adjustmentOf(member);
  const fields = secondStep(await firstStep(client, place, { but: 'zero', montant: '', libelle: 'Geste' }), place);
  const answers = await Promise.all([1, 2, 3].map(() => client.post(place, fields)));
  assert.deepEqual(answers.map(({ status }) => status), [303, 303, 303]);
  assert.equal(lines(member).length, 2);
  const other = secondStep(await firstStep(client, place, { but: 'doit', montant: '5', libelle: 'Reste' }), place);
  house.charge(member, ['3', 'Photocopies']);
  const late = await client.post(place, other);
  assert.equal(late.status, 409);
  assert.match(late.text, /Le solde a changé.*Aujourd'hui, Jeanne Martin doit 3,00 €/);
  assert.equal(house.balance(member), 300);
  const again = formsOf(late.body).find((one) => one.action === place).fields;
  assert.equal((await client.post(place, { ...again, compte: '7588', action: 'confirmer' })).status, 303);
  assert.equal(house.balance(member), 500);
  const spent = await client.post(place, { ...fields, libelle: 'Autre' });
  assert.equal(spent.status, 409);
  assert.match(spent.text, /Cette page a déjà servi/);
});

test('what is wrong with an adjustment is said beside its field', async (t) => {
  const member = someone({ charges: [['40', 'Cotisation']] });
  const client = await house.asStaff('treasurer');
  const place = adjustmentOf(member);
  for (const [typed, sentence] of [[{ but: '' }, /Choisissez ce que le solde/], [{ but: 'doit', montant: '' }, /Tapez le montant/],
    [{ but: 'doit', montant: '-3' }, /plus grand que zéro/], [{ but: 'doit', montant: '40' }, /déjà celui-là/],
    [{ but: 'moins', montant: '99999999999' }, /trop grand/],
    [{ but: 'zero', libelle: '' }, /Dites pourquoi/], [{ but: 'zero', libelle: 'é'.repeat(161) }, /trop long/]]) {
    const answer = await firstStep(client, place, { montant: '', libelle: 'Geste', ...typed });
    assert.equal(answer.status, 400, JSON.stringify(typed));
    assert.match(answer.text, sentence, JSON.stringify(typed));
  }
  for (const compte of ['4191', '5121', '487', '7561', 'x']) {
    const preview = await firstStep(client, place, { but: 'avance', montant: '5', libelle: 'Geste' });
    const answer = await client.post(place, secondStep(preview, place, { compte }));
    assert.equal(answer.status, 409, compte);
    assert.match(answer.text, /Choisissez un autre compte/, compte);
  }
  assert.equal(lines(member).length, 1);
  const page = await house.visit(t, client);
  await page.goto(place);
  await page.getByLabel('Le montant ci-dessous à la charge').check();
  await page.getByLabel('Montant', { exact: true }).fill('abc');
  await page.getByLabel('Pourquoi').fill(hostile);
  await page.getByRole('button', { name: 'Voir ce que cela fera' }).click();
  await page.getByRole('alert').waitFor();
  assert.ok(await page.getByLabel('Le montant ci-dessous à la charge').isChecked());
  assert.equal(await page.getByLabel('Pourquoi').inputValue(), hostile);
  await check(page, 'regularisation-refusee');
  await page.getByLabel('Montant', { exact: true }).fill('1');
  await page.getByRole('button', { name: 'Voir ce que cela fera' }).click();
  await page.getByText(hostile).waitFor();
  await page.getByRole('button', { name: /Régulariser 1,00/ }).click();
  await page.getByRole('status').waitFor();
  await page.getByRole('cell', { name: `${hostile} régularisation` }).waitFor();
});

test('what an adjustment closed is not called paid', async () => {
  const member = someone({ charges: [['40', 'Cotisation']] });
  const client = await house.asStaff('treasurer');
  pays(member, 12);
  await adjust(client, member, { but: 'moins', montant: '8' });
  const { id } = house.one(`SELECT CAST(id AS TEXT) AS id FROM cart_line
    WHERE association_id = ${member.association} AND member_id = ${member.id} AND kind = 'charge'`);
  const page = await client.get(`/adherents/${member.id}/lignes/${id}/corriger`);
  assert.match(page.text, /Déjà payé 12,00 €/);
  assert.match(page.text, /Réglé par régularisation 8,00 €/);
});

// ---- advances ----

const transferOf = (member) => `/adherents/${member.id}/transferer`;

test('an advance moves within a family and is used at once, with and without JavaScript', async (t) => {
  for (const javaScript of [true, false]) {
    const parent = someone({ first: 'Nadia', last: javaScript ? 'Une' : 'Deux' });
    const child = someone({ first: 'Lou', last: 'Famille', payer: parent, charges: [['15', 'Cotisation jeune']] });
    pays(parent, '20');
    const page = await house.visit(t, await house.asStaff('treasurer'), { javaScript });
    // The family's money has paid the child's charge already; what is left moves.
    await page.goto(`/adherents/${parent.id}`);
    await page.getByRole('link', { name: "Transférer l'avance" }).click();
    assert.equal(await page.getByLabel('Montant').inputValue(), '5,00');
    assert.equal(await page.locator('datalist option').getAttribute('value'), child.number);
    const other = someone({ first: 'Rémi', last: 'Autre', charges: [['12', 'Sortie', { account: '706' }]] });
    await page.getByLabel("À l'adhérent n°").fill(other.number);
    await page.getByLabel('Montant').fill('3');
    await page.getByLabel('Motif').fill('Covoiturage');
    if (javaScript)
      await check(page, 'transfert');
    await page.getByRole('button', { name: 'Continuer' }).click();
    await page.getByText('Rémi Autre (n°').waitFor();
    if (javaScript)
      await check(page, 'transfert-apercu');
    await page.getByRole('button', { name: 'Transférer 3,00' }).click();
    await page.getByRole('status').getByText("L'avance est transférée").waitFor();
    assert.deepEqual([house.balance(parent), house.balance(other)], [-200, 900]);
    assert.deepEqual(accountsOf(other), { 4191: 0, 706: -300 });
    assert.equal(lines(parent).at(-1).label, 'Avance transférée à Rémi Autre : Covoiturage');
    assert.equal(lines(other).at(-1).label, `Avance reçue de Nadia ${javaScript ? 'Une' : 'Deux'} : Covoiturage`);
    assert.equal(actions(parent).at(-1), 'advance.transferred');
  }
});

test('the same transfer sent twice is one, and never more than the advance', async () => {
  const from = someone(), to = someone();
  pays(from, '20');
  const client = await house.asStaff('treasurer');
  const place = transferOf(from);
  const typed = { vers: to.number, montant: '15', motif: '' };
  const fields = secondStep(await firstStep(client, place, typed), place);
  const second = secondStep(await firstStep(client, place, typed), place);
  const answers = await Promise.all([1, 2, 3].map(() => client.post(place, fields)));
  assert.deepEqual(answers.map(({ status }) => status), [303, 303, 303]);
  assert.deepEqual([house.balance(from), house.balance(to)], [-500, -1500]);
  const late = await client.post(place, second);
  assert.equal(late.status, 409);
  assert.match(late.text, /L'avance n'est que de 5,00 €/);
  const other = await client.post(place, { ...fields, montant: '1' });
  assert.equal(other.status, 409);
  assert.match(other.text, /Cette page a déjà servi/);
  assert.deepEqual([house.balance(from), house.balance(to)], [-500, -1500]);
  const nothing = await client.get(transferOf(someone()));
  assert.match(nothing.text, /n'a pas d'avance/);
});

test('what is wrong with a transfer is said beside its field', async (t) => {
  const from = someone();
  pays(from, '20');
  const client = await house.asStaff('treasurer');
  const association = house.addAssociation({ name: 'Les Voisins' });
  const to = someone();
  for (const [fields, sentence] of [[{ vers: '' }, /Tapez le numéro/], [{ vers: '999999' }, /n'existe pas/], [{ vers: 'x' }, /n'existe pas/],
    [{ vers: '-1' }, /n'existe pas/], [{ vers: from.number }, /quelqu'un d'autre/], [{ montant: '' }, /Tapez le montant/],
    [{ montant: '0' }, /plus grand que zéro/], [{ montant: '20,01' }, /Tapez au plus 20,00 €/], [{ motif: 'é'.repeat(161) }, /trop long/]]) {
    const answer = await firstStep(client, transferOf(from), { vers: to.number, montant: '5', motif: '', ...fields });
    assert.equal(answer.status, 400, JSON.stringify(fields));
    assert.match(answer.text, sentence, JSON.stringify(fields));
  }
  const page = await house.visit(t, client);
  await page.goto(transferOf(from));
  await page.getByLabel("À l'adhérent n°").fill('999999');
  await page.getByLabel('Motif').fill(hostile);
  await page.getByRole('button', { name: 'Continuer' }).click();
  await page.getByRole('alert').waitFor();
  assert.equal(await page.getByLabel('Motif').inputValue(), hostile);
  await check(page, 'transfert-refuse');
  const foreign = house.member({ association, login: null });
  const viewer = await house.asStaff('viewer');
  for (const place of [transferOf, adjustmentOf]) {
    assert.equal((await client.get(place(foreign))).status, 404);
    assert.equal((await client.get(place({ id: 'x' }))).status, 404);
    assert.equal((await viewer.get(place(from))).status, 404);
    const { fields } = await client.form(place(from), place(from));
    const answer = await client.post(place(foreign), { ...fields, but: 'zero', libelle: 'x', vers: to.number, montant: '1', action: 'apercu' });
    assert.ok([400, 404].includes(answer.status));
  }
  const { fields } = await client.form(transferOf(from), transferOf(from));
  const stolen = await client.post(transferOf(foreign), { ...fields, vers: to.number, montant: '1', action: 'confirmer' });
  assert.equal(stolen.status, 404);
  assert.deepEqual(lines(foreign), []);
});
