'use strict';
// Payments without provider: received and printed. After each flow the books are proven.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { houseOf } = require('./harness.js');
const { check } = require('./browser.js');
const { receivingIn, fieldsOf, day, words } = require('./receiving.js');

const house = houseOf('manual');
const hostile = '<img src=x onerror=alert(1)>"\'; DROP TABLE cheque;--';
const { meansOf, someone, receive, paid, account, proven } = receivingIn(house);

const lines = (member) => house.sql(`SELECT kind, amount_cents, label FROM cart_line
  WHERE association_id = ${member.association} AND member_id = ${member.id} ORDER BY created_at, id`);

test('cash pays what is due; the page, its receipt, the books', async (t) => {
  for (const javaScript of [true, false]) {
    const member = someone({ first: javaScript ? 'Zoé' : 'Noé' });
    const page = await house.visit(t, await house.asStaff('treasurer'), { javaScript });
    const before = account(house.association, '530');
    await page.goto(`/adherents/${member.id}`);
    await page.getByRole('link', { name: 'Encaisser', exact: true }).click();
    await page.getByRole('link', { name: 'Espèces' }).click();
    assert.equal(await page.getByLabel('Montant').inputValue(), '55,00');
    if (javaScript)
      await check(page, 'encaisser-especes');
    await page.getByRole('button', { name: 'Encaisser' }).click();
    await page.getByRole('status').getByText('Le paiement est encaissé').waitFor();
    await page.getByRole('heading', { name: /Paiement de 55,00/ }).waitFor();
    if (javaScript)
      await check(page, 'paiement-recu');
    await page.getByRole('link', { name: 'Reçu à imprimer' }).click();
    await page.getByText("Ceci n'est pas un reçu fiscal").waitFor();
    await page.getByRole('row', { name: /Cotisation 40,00/ }).waitFor();
    if (javaScript) {
      await check(page, 'recu');
      await page.emulateMedia({ media: 'print' });
      assert.ok(await page.getByText("Ceci n'est pas un reçu fiscal").isVisible());
      assert.ok(!await page.getByRole('link', { name: 'Revenir au paiement' }).isVisible());
      await page.emulateMedia({ media: 'screen' });
    }
    assert.equal(account(house.association, '530') - before, 5500);
    assert.equal(house.balance(member), 0);
  }
  proven();
});

test('three cheques for one debt are booked together or not at all', async (t) => {
  const member = someone();
  const page = await house.visit(t, await house.asStaff('treasurer'));
  await page.goto(`/adherents/${member.id}/encaisser`);
  const cheque = async (place, amount, number, due) => {
    const group = page.getByRole('group', { name: place, exact: true });
    await group.getByLabel('Montant').fill(amount);
    await group.getByLabel('Numéro du chèque').fill(number);
    await group.getByLabel('À encaisser le').fill(due);
    return group;
  };
  const first = await cheque('Chèque', '20', '81 234 01', day(0));
  await first.getByLabel('Banque').fill('Crédit  Agricole');
  for (const [place, amount, number, more] of [['2ᵉ chèque', '20', '8123402', 30], ['3ᵉ chèque', '15', '8123402', 60]]) {
    await page.getByText(`${place}, pour payer`).click();
    await cheque(place, amount, number, day(more));
  }
  await page.getByRole('button', { name: 'Encaisser' }).click();
  await page.getByRole('alert').getByText('Vérifiez le numéro du chèque 3').waitFor();
  await page.getByText('Ce chèque est déjà plus haut').waitFor();
  await check(page, 'encaisser-cheques');
  assert.equal(house.captures(member).length, 0);
  await page.getByRole('group', { name: '3ᵉ chèque', exact: true }).getByLabel('Numéro du chèque').fill('8123403');
  await page.getByRole('button', { name: 'Encaisser' }).click();
  await page.getByRole('status').getByText('encaissés').waitFor();
  assert.deepEqual(house.sql(`SELECT c.number, c.bank, c.drawer, c.due_day, t.amount_cents FROM cheque c
    JOIN provider_transaction t ON t.association_id = c.association_id AND t.id = c.transaction_id
    WHERE t.member_id = ${member.id} ORDER BY c.number`).map((row) => Object.values(row).join(' ')), [
    `8123401 CREDIT AGRICOLE ${member.name} ${day(0)} 2000`, `8123402 CREDIT AGRICOLE ${member.name} ${day(30)} 2000`,
    `8123403 CREDIT AGRICOLE ${member.name} ${day(60)} 1500`]);
  assert.equal(house.balance(member), 0);
  // The second one is left out: the third is like the first.
  const skipping = someone(), clerk = await house.asStaff('treasurer');
  assert.equal((await receive(clerk, skipping, 'cheque', { montant: '30', numero: '501', banque: 'LCL', tireur: 'Ada L',
    montant3: '25', numero3: '503' })).status, 303);
  assert.deepEqual(house.sql(`SELECT c.number, c.bank, c.drawer FROM cheque c JOIN provider_transaction t ON t.id = c.transaction_id
    WHERE t.member_id = ${skipping.id} ORDER BY 1`).map((row) => Object.values(row).join(' ')), ['501 LCL Ada L', '503 LCL Ada L']);
  // A cheque that is known: nothing of the form is booked.
  const other = someone();
  const client = await house.asStaff('treasurer');
  const refused = await receive(client, other, 'cheque', { montant: '10', numero: '99', banque: 'BRED',
    montant2: '10', numero2: '8123402', banque2: 'crédit agricole' });
  assert.equal(refused.status, 409);
  assert.match(refused.text, /Le chèque 8123402 est déjà encaissé/);
  assert.equal(house.captures(other).length, 0);
  proven();
});

test('ticked charges are paid first, a donation is a line of its own, the rest is an advance', async () => {
  const parent = someone({ first: 'Nadia', last: 'Famille' });
  const child = house.member({ first: 'Lou', last: 'Famille', login: null, payer: parent, charges: [['25', 'Cotisation jeune']] });
  const client = await house.asStaff('treasurer');
  const sortie = house.one(`SELECT CAST(id AS TEXT) AS id FROM cart_line WHERE member_id = ${parent.id} AND label = 'Sortie'`).id;
  assert.equal((await receive(client, parent, 'transfer', { montant: '30', don: '10', dette: sortie, reference: 'VIR 1' })).status, 303);
  assert.deepEqual([paid(parent, 'Don'), paid(parent, 'Sortie'), paid(parent, 'Cotisation')], [1000, 1500, 500]);
  assert.equal((await receive(client, parent, 'transfer', { montant: '70', reference: 'VIR 1' })).status, 303);
  assert.deepEqual([paid(parent, 'Cotisation'), paid(child, 'Cotisation jeune')], [4000, 2500]);
  assert.equal(house.balance(parent) + house.balance(child), -1000);
  assert.deepEqual(house.captures(parent).map(({ reference }) => reference), ['VIR 1', 'VIR 1-2']);
  const answer = await client.get(`/recettes/paiement/${house.sql(`SELECT CAST(id AS TEXT) AS id FROM provider_transaction
    WHERE reference = 'VIR 1-2'`)[0].id}`);
  assert.match(answer.text, /10,00 € sont une avance/);
  assert.match(answer.text, /Cotisation jeune Lou Famille 25,00 €/);
  // What is no longer due is told, not paid in silence.
  const late = await receive(client, parent, 'cash', { montant: '5', dette: sortie });
  assert.equal(late.status, 400);
  assert.match(late.text, /n'est plus due/);
  proven();
});

test('a form is carried out once', async () => {
  const member = someone();
  const client = await house.asStaff('treasurer'), place = `/adherents/${member.id}/encaisser`;
  const form = await client.form(`${place}?moyen=${meansOf(house.association, 'cash')}`, place);
  const fields = fieldsOf(form, { montant: '55' });
  const [first, second] = await Promise.all([client.post(place, fields), client.post(place, fields)]);
  assert.deepEqual([first.status, second.status], [303, 303]);
  assert.equal((await client.post(place, fields)).status, 303, 'the same press, later');
  assert.equal((await client.post(place, { ...fields, montant: '7' })).status, 409);
  assert.equal(house.captures(member).length, 1);
  assert.equal(house.balance(member), 0);
  proven();
});

test('what is wrong is said beside its field, and what was typed is kept', async (t) => {
  const member = someone(), client = await house.asStaff('treasurer');
  const cases = [
    ['cash', { montant: '' }, /Tapez un montant/], ['cash', { montant: '12,505' }, /Tapez un montant/],
    ['cash', { montant: '-5' }, /Tapez un montant/], ['cash', { montant: '0' }, /Tapez un montant/],
    ['cash', { montant: '10', date: day(1) }, /n'est pas encore venu/], ['cash', { montant: '10', date: 'x' }, /Choisissez une date/],
    ['cash', { montant: '10', don: '11' }, /ne peut pas le dépasser/], ['cash', { montant: '10', don: 'x' }, /par exemple 10/],
    ['cash', { montant: '10', reference: 'é'.repeat(81) }, /trop longue/],
    ['cheque', { montant: '10', numero: '', banque: 'B' }, /chiffres en bas à gauche/],
    ['cheque', { montant: '10', numero: '12a', banque: 'B' }, /chiffres en bas à gauche/],
    ['cheque', { montant: '10', numero: '12', banque: '' }, /nom de la banque/],
    ['cheque', { montant: '10', numero: '12', banque: 'B', montant2: '5' }, /Vérifiez le numéro du chèque 2/],
    ['cheque', { montant: '10', numero: '12', banque: 'B', encaisser: 'x' }, /Choisissez une date/],
  ];
  for (const [code, values, sentence] of cases) {
    const answer = await receive(client, member, code, values);
    assert.equal(answer.status, 400, JSON.stringify(values));
    assert.match(answer.text, sentence, JSON.stringify(values));
    for (const value of Object.values(values).filter(Boolean))
      assert.ok(answer.body.includes(`value="${value}"`), `${value} is kept`);
  }
  assert.equal(house.captures(member).length, 0);
  const long = await receive(client, member, 'cheque', { montant: '10', numero: '12', banque: 'B', tireur: 'é'.repeat(202) });
  assert.match(long.text, /Raccourcissez ce nom/);
  assert.doesNotMatch(long.text, /nom de la banque/);
  const whole = { montant: '10', numero: '12', banque: 'é'.repeat(80), tireur: 'é'.repeat(200), reference: 'é'.repeat(80) };
  assert.equal((await receive(client, someone(), 'cheque', whole)).status, 303);
  const page = await house.visit(t, client);
  await page.goto(`/adherents/${member.id}/encaisser?moyen=${meansOf(house.association, 'cheque')}`);
  await page.getByLabel('Montant').first().fill('10');
  await page.getByRole('button', { name: 'Encaisser' }).click();
  await page.getByRole('alert').waitFor();
  assert.equal(await page.locator('#numero').getAttribute('aria-invalid'), 'true');
  await check(page, 'encaisser-refuse');
});

test('a means that is archived takes nothing more; without any the page says what to do', async () => {
  const association = house.addAssociation({ name: 'Les Sans-Moyens' });
  const member = house.member({ association, login: null }), client = await house.asStaff('treasurer', association);
  const place = `/adherents/${member.id}/encaisser`;
  const form = await client.form(`${place}?moyen=${meansOf(association, 'cash')}`, place);
  house.force(`UPDATE provider_account SET unlinked_at = 1 WHERE association_id = ${association}`);
  const late = await client.post(place, fieldsOf(form, { montant: '5' }));
  assert.equal(late.status, 400);
  assert.match(late.text, /n'est plus proposé/);
  assert.match((await client.get(place)).text, /Aucun moyen de paiement n'est en usage/);
  assert.equal(house.captures(member).length, 0);
});

test('a receipt goes by mail when it is asked for', async () => {
  const member = someone({ login: 'recu' }), client = await house.asStaff('treasurer');
  const mails = () => house.one(`SELECT count(*) AS n FROM outbox WHERE member_id = ${member.id} AND kind = 'payment_received'`).n;
  assert.equal((await receive(client, member, 'cash', { montant: '5' })).status, 303);
  assert.equal(mails(), 0);
  assert.equal((await receive(client, member, 'cash', { montant: '5', recu: 'oui' })).status, 303);
  assert.equal(mails(), 1);
  const silent = someone();
  assert.doesNotMatch((await client.get(`/adherents/${silent.id}/encaisser`)).body, /name="recu"/);
});

test('stored text comes back as text', async (t) => {
  const member = someone({ first: 'Ada', last: 'Lovelace' }), client = await house.asStaff('treasurer');
  const made = await receive(client, member, 'cheque', { montant: '55', numero: '77', banque: hostile.slice(0, 60), tireur: hostile.slice(0, 60) });
  assert.equal(made.status, 303, made.text);
  const other = await receive(client, member, 'cash', { montant: '5', reference: hostile.slice(0, 60) });
  const page = await house.visit(t, client);
  await page.goto(made.location);
  await page.getByText(hostile.slice(0, 60), { exact: true }).waitFor();
  await page.goto(`${new URL(made.location, house.url).pathname}/recu`);
  await page.getByText('<IMG SRC=X').waitFor();
  await page.goto(other.location);
  await page.getByText(hostile.slice(0, 60)).first().waitFor();
});

test('another association’s members, means and payments are not there', async () => {
  const association = house.addAssociation({ name: 'Les Voisins' });
  const foreign = house.member({ association, login: null }), there = await house.asStaff('treasurer', association);
  const theirs = (await receive(there, foreign, 'cash', { montant: '5' })).location.split('?')[0];
  const member = someone(), client = await house.asStaff('treasurer');
  const missing = words(await client.get('/recettes/paiement/1'));
  for (const place of [theirs, `${theirs}/recu`, `/adherents/${foreign.id}/encaisser`, '/recettes/paiement/x',
    `/adherents/${member.id}/encaisser?moyen=${meansOf(association, 'cash')}`, `/adherents/${member.id}/encaisser?moyen=1`]) {
    const answer = await client.get(place);
    assert.equal(answer.status, 404, place);
    assert.equal(words(answer), missing, place);
  }
  const place = `/adherents/${member.id}/encaisser`;
  const form = await client.form(`${place}?moyen=${meansOf(house.association, 'cash')}`, place);
  assert.equal((await client.post(place, fieldsOf(form, { montant: '5', moyen: meansOf(association, 'cash') }))).status, 404);
  assert.equal((await client.post(`/adherents/${foreign.id}/encaisser`, fieldsOf(form, { montant: '5' }))).status, 404);
  assert.equal(lines(member).length, 2);
});
