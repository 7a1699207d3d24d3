'use strict';
// The receipt of a payment, as who paid it reads and prints it.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { houseOf } = require('./harness.js');
const { check } = require('./browser.js');

const house = houseOf('receipt');
const hostile = '<img src=x onerror=alert(1)>"\'; DROP TABLE cart_line;--';

const pays = (member, amount, reference) => house.ok(['payment', 'add', '--association', member.association,
  '--member', member.number, '--amount', amount, '--means', 'cash', '--reference', reference]);
const receiptOf = (reference) => `/recu/${house.one(`SELECT CAST(id AS TEXT) AS id FROM provider_transaction
  WHERE reference = '${reference.replaceAll("'", "''")}'`).id}`;

test('a family pays once and has one receipt, with and without JavaScript', async (t) => {
  const payer = house.member({ first: 'Nadia', last: 'Famille', login: 'nadia', charges: [['40', 'Cotisation']] });
  const child = house.member({ first: 'Léa', last: 'Famille', login: 'lea', payer, charges: [['20', 'Cotisation jeune']] });
  pays(payer, '70', 'RECU-1');
  for (const javaScript of [true, false]) {
    const page = await house.visit(t, await house.asMember(payer), { javaScript });
    await page.goto('/panier');
    await page.getByRole('link', { name: /^Reçu/ }).first().click();
    await page.getByRole('heading', { name: 'Reçu de paiement' }).waitFor();
    for (const words of ['Cotisation jeune', "Ceci n'est pas un reçu fiscal", 'Les Randonneurs du Luberon'])
      await page.getByRole('article').getByText(words).first().waitFor();
    if (javaScript)
      await check(page, 'recu');
  }
  const text = (await (await house.asMember(payer)).get(receiptOf('RECU-1'))).text;
  assert.match(text, /Cotisation 40,00 € Cotisation jeune Léa Famille 20,00 € Avance 10,00 € Total reçu 70,00 €/);
  // The child did not pay: the line is there, the receipt is the payer's.
  const own = await house.asMember(child);
  assert.doesNotMatch((await own.get('/panier')).body, /href="\/recu\//);
  assert.equal((await own.get(receiptOf('RECU-1'))).status, 404);
});

test('whoever pays for a member reads the receipt of what that member paid', async () => {
  const payer = house.member({ first: 'Omar', last: 'Parent', login: 'omar' });
  const child = house.member({ first: 'Max', last: 'Parent', login: 'max', payer, charges: [['20', hostile.replaceAll('"', '')]] });
  pays(child, '20', hostile);
  for (const member of [payer, child]) {
    const client = await house.asMember(member);
    assert.ok((await client.get('/panier')).body.includes(`href="${receiptOf(hostile)}"`));
    const answer = await client.get(receiptOf(hostile));
    assert.equal(answer.status, 200);
    assert.ok(answer.text.includes(hostile));
  }
});

test('nobody else reads it: another member, another association, who works here', async () => {
  const member = house.member({ first: 'Zoé', last: 'Seule', login: 'zoe' });
  pays(member, '5', 'RECU-2');
  const association = house.addAssociation({ name: 'Les Voisins' });
  const foreign = house.member({ association, login: 'voisin' });
  const others = [house.member({ first: 'Ada', last: 'Autre', login: 'ada' }), foreign];
  const missing = await (await house.asMember(others[0])).get('/recu/1');
  assert.equal(missing.status, 404);
  for (const other of others)
    assert.equal((await (await house.asMember(other)).get(receiptOf('RECU-2'))).status, 404);
  assert.equal((await (await house.asStaff('treasurer')).get(receiptOf('RECU-2'))).status, 404);
  assert.equal((await (await house.asMember(member)).get('/recu/x')).status, 404);
  assert.equal((await (await house.asMember(member)).get(receiptOf('RECU-2'))).status, 200);
});
