'use strict';
// Cheques carried to the bank and those that come back; payments taken back and paid back. After
// each flow the books are proven.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { houseOf } = require('./harness.js');
const { check } = require('./browser.js');
const { receivingIn, fieldsOf, day, words } = require('./receiving.js');

const house = houseOf('cheques');
const hostile = '<img src=x onerror=alert(1)>"\'; DROP TABLE deposit;--';
const { meansOf, someone, receive, paid, account, proven } = receivingIn(house);

// A payment of a member, by the path of its page.
async function received(client, member, code, values) {
  const answer = await receive(client, member, code, values);
  assert.equal(answer.status, 303, answer.text);
  return answer.location.split('?')[0];
}
let next = 8000;
const cheque = (client, member, more = {}) => received(client, member, 'cheque',
  { montant: '55', numero: String(next++), banque: 'BRED', encaisser: day(0), ...more });
const idOf = (place) => place.split('/').at(-1);
// Many ticks have one name.
const encode = (fields, ticks) => `${new URLSearchParams(fields)}${ticks.map((id) => `&cheque=${id}`).join('')}`;

async function deposit(client, ids, values = {}) {
  const place = '/recettes/remises/nouvelle', form = await client.form(place, place);
  const fields = fieldsOf(form, { compte: '5121', etape: 'enregistrer', ...values });
  return client.post(place, encode(fields, ids));
}
const associationOf = async (name) => {
  const association = house.addAssociation({ name });
  return { association, client: await house.asStaff('treasurer', association),
    member: () => someone({ association }) };
};

test('cheques whose day has come are carried to the bank, with a slip and one entry', async (t) => {
  for (const javaScript of [true, false]) {
    const { association, client, member } = await associationOf(`Les Remises ${javaScript}`);
    for (const due of [-3, 0, 40])
      await cheque(client, member(), { montant: '20', encaisser: day(due), tireur: 'Ada Lovelace' });
    const page = await house.visit(t, client, { javaScript });
    await page.goto('/recettes');
    await page.getByRole('link', { name: 'Remises de chèques' }).click();
    await page.getByText('3 chèques attendent la banque').waitFor();
    await page.getByRole('link', { name: 'Préparer une remise' }).click();
    await page.getByText(/2 chèques, 40,00/).waitFor();
    assert.equal(await page.getByRole('checkbox', { checked: true }).count(), 2);
    await page.getByRole('link', { name: 'tous', exact: true }).click();
    await page.getByText(/3 chèques, 60,00/).waitFor();
    if (javaScript)
      await check(page, 'remise-nouvelle');
    await page.getByRole('checkbox').last().uncheck();
    await page.getByRole('button', { name: 'Enregistrer la remise' }).click();
    await page.getByRole('alert').getByText(/Vos coches font 40,00/).waitFor();
    assert.equal(account(association, '5121'), 0);
    await page.getByRole('button', { name: 'Enregistrer la remise' }).click();
    await page.getByRole('heading', { name: 'Remise de chèques n° 1' }).waitFor();
    await page.getByRole('row', { name: /2 chèques 40,00/ }).waitFor();
    await page.getByRole('link', { name: 'enregistrez celui du compte 5121' }).waitFor();
    if (javaScript) {
      await check(page, 'remise');
      await page.emulateMedia({ media: 'print' });
      assert.ok(await page.getByText('Signature').isVisible());
      assert.ok(!await page.getByText('Imprimez ce bordereau').isVisible());
      await page.emulateMedia({ media: 'screen' });
      await page.getByRole('link', { name: 'Remises de chèques', exact: true }).first().click();
      await page.getByRole('row', { name: /Remise n° 1.*5121 Banque 2 40,00/ }).waitFor();
      await check(page, 'remises');
    }
    assert.equal(account(association, '5112'), 2000);
    assert.equal(account(association, '5121'), 4000);
    assert.equal(house.one(`SELECT count(*) AS n FROM entry e JOIN deposit d ON d.association_id = e.association_id
      WHERE e.association_id = ${association} AND e.piece = 'Remise 1'`).n, 1);
    assert.deepEqual(house.sql(`SELECT count(*) AS n FROM audit WHERE association_id = ${association}
      AND action = 'cheques.deposited'`), [{ n: 1 }]);
  }
  proven();
});

test('a deposit is made once, of cheques that wait, with a total that was shown', async () => {
  const { association, client, member } = await associationOf('Les Prudents');
  const ids = [idOf(await cheque(client, member())), idOf(await cheque(client, member())), idOf(await cheque(client, member()))];
  const place = '/recettes/remises/nouvelle', form = await client.form(place, place);
  const fields = (values) => fieldsOf(form, { compte: '5121', etape: 'enregistrer', ...values });
  const send = (values, ticks) => client.post(place, encode(fields(values), ticks));
  for (const [values, ticks, status, sentence] of [[{}, [], 400, /Cochez au moins un chèque/],
    [{}, ids.slice(0, 2), 400, /Vos coches font 110,00 €/], [{ compte: '530' }, ids, 400, /Choisissez la banque/],
    [{ date: day(1) }, ids, 400, /pas encore venu/], [{}, ['1'], 400, /remis ou annulé entre-temps/],
    [{ etape: 'total' }, ids.slice(0, 1), 200, /1 chèque, 55,00 €/], [{ compte: '5129' }, ids, 409, /Choisissez la banque/]]) {
    const answer = await send(values, ticks);
    assert.equal(answer.status, status, JSON.stringify(values));
    assert.match(answer.text, sentence, JSON.stringify(values));
  }
  const both = [encode(fields({}), ids), encode(fields({}), ids)];
  const [first, second] = await Promise.all(both.map((body) => client.post(place, body)));
  assert.deepEqual([first.status, second.status], [303, 303]);
  assert.equal((await client.post(place, both[0])).status, 303, 'the same press, later: its own cheques are gone');
  assert.equal((await send({ date: day(-1) }, ids)).status, 400);
  assert.equal(house.one(`SELECT count(*) AS n FROM deposit WHERE association_id = ${association}`).n, 1);
  assert.equal(account(association, '5121'), 16500);
  // Two people at once: the second learns that a cheque is gone.
  const last = idOf(await cheque(client, member())), late = await client.form(place, place);
  assert.equal((await deposit(client, [last])).status, 303);
  const answer = await client.post(place, encode(fieldsOf(late, { compte: '5121', etape: 'enregistrer' }), [last]));
  assert.equal(answer.status, 400);
  assert.match(answer.text, /remis ou annulé entre-temps/);
  proven();
});

test('a cheque comes back unpaid: the debt is there again, and the bank’s fee', async (t) => {
  for (const javaScript of [true, false]) {
    const { association, client, member } = await associationOf(`Les Impayés ${javaScript}`);
    const debtor = member(), place = await cheque(client, debtor);
    assert.equal((await client.get(`${place}/impaye`)).text.includes("Ce chèque n'est pas à la banque"), true);
    assert.equal((await deposit(client, [idOf(place)])).status, 303);
    const page = await house.visit(t, client, { javaScript });
    await page.goto(place);
    await page.getByRole('link', { name: 'remise n° 1' }).waitFor();
    assert.equal(await page.getByRole('link', { name: /Annuler/ }).count(), 0);
    await page.getByRole('link', { name: 'Chèque revenu impayé' }).click();
    await page.getByLabel(/Frais de la banque/).fill('12,50');
    await page.getByLabel("Les demander à l'adhérent").check();
    await page.getByLabel('Pourquoi').fill('Sans provision');
    if (javaScript)
      await check(page, 'impaye');
    await page.getByRole('button', { name: /Noter ce chèque impayé/ }).click();
    await page.getByRole('status').getByText('impayé').waitFor();
    await page.getByText('Sans provision').waitFor();
    if (javaScript)
      await check(page, 'paiement-impaye');
    assert.deepEqual([account(association, '5112'), account(association, '5121'), account(association, '627')], [0, -1250, 1250]);
    assert.equal(house.balance(debtor), 6750);
    assert.match((await client.get(`${place}/impaye`)).text, /il est déjà revenu/);
    assert.equal((await client.get('/recettes/remises/nouvelle')).text.includes('Aucun chèque'), true);
    // The same cheque may be received once more.
    assert.equal((await receive(client, debtor, 'cheque', { montant: '5', numero: String(next - 1), banque: 'BRED' })).status, 303);
  }
  proven();
});

test('a payment noted by mistake is taken back, with its reason, and its cheque is gone', async (t) => {
  const { association, client, member } = await associationOf('Les Distraits');
  const debtor = member(), place = await cheque(client, debtor);
  const page = await house.visit(t, client);
  await page.goto(place);
  await page.getByRole('link', { name: 'Annuler : saisi par erreur' }).click();
  await page.locator('form.stack').evaluate((form) => { form.noValidate = true; });
  await page.getByRole('button', { name: /Annuler ce paiement/ }).click();
  await page.getByRole('alert').getByText('Dites pourquoi').waitFor();
  await check(page, 'annuler-paiement');
  await page.getByLabel('Pourquoi').fill(hostile);
  const stale = await client.form(`${place}/annuler`, `${place}/annuler`);
  await page.getByRole('button', { name: /Annuler ce paiement/ }).click();
  await page.getByRole('status').getByText('annulé').waitFor();
  await page.getByText(hostile).waitFor();
  assert.equal(house.balance(debtor), 5500);
  assert.equal(account(association, '5112'), 0);
  assert.equal((await client.get('/recettes/remises/nouvelle')).text.includes('Aucun chèque'), true);
  assert.match((await client.get(`${place}/recu`)).text, /Ce paiement a été annulé depuis/);
  assert.equal((await client.post(`${place}/annuler`, { ...stale.fields, motif: 'Encore' })).status, 409);
  assert.equal(house.one(`SELECT count(*) AS n FROM movement_note WHERE association_id = ${association}`).n, 1);
  proven();
});

test('money is paid back from the till or the bank, and the debt comes back or is cancelled', async (t) => {
  for (const javaScript of [true, false]) {
    const { association, client, member } = await associationOf(`Les Rendus ${javaScript}`);
    const debtor = member(), place = await received(client, debtor, 'cash', { montant: '60' });
    const page = await house.visit(t, client, { javaScript });
    await page.goto(place);
    await page.getByRole('link', { name: 'Rembourser' }).click();
    assert.equal(await page.getByLabel('Montant rendu').inputValue(), '60,00');
    assert.deepEqual(await page.getByLabel("D'où part l'argent").locator('option').allTextContents(),
      ['Choisissez…', 'Espèces (Caisse)', 'Virement (Banque)']);
    await page.getByLabel('Montant rendu').fill('20');
    await page.getByLabel("D'où part l'argent").selectOption('Virement (Banque)');
    await page.getByLabel(/Sortie/).check();
    await page.getByLabel(/La dépense est annulée/).check();
    await page.getByLabel('Pourquoi').fill('Sortie annulée');
    if (javaScript)
      await check(page, 'rembourser');
    await page.getByRole('button', { name: 'Noter le remboursement' }).click();
    await page.getByRole('status').getByText('Le remboursement est enregistré').waitFor();
    await page.getByText(/remboursé en partie\s: 20,00/).waitFor();
    assert.deepEqual([account(association, '530'), account(association, '5121'), account(association, '706')], [6000, -2000, 0]);
    assert.deepEqual([house.balance(debtor), paid(debtor, 'Cotisation')], [0, 4000]);
    // The rest, and the debt comes back.
    const form = await client.form(`${place}/rembourser`, `${place}/rembourser`);
    const cash = meansOf(association, 'cash');
    assert.equal((await client.post(`${place}/rembourser`, fieldsOf(form, { montant: '40,01', moyen: cash, motif: 'x' }))).status, 400);
    const fields = fieldsOf(form, { montant: '40', moyen: cash, motif: 'Rendu', annule: 'non' });
    const [first, second] = await Promise.all([1, 2].map(() => client.post(`${place}/rembourser`, fields)));
    assert.deepEqual([first.status, second.status], [303, 303]);
    assert.equal((await client.post(`${place}/rembourser`, fields)).status, 303, 'the same press, later: nothing is left to give back');
    assert.deepEqual([house.balance(debtor), account(association, '530')], [4000, 2000]);
    assert.match((await client.get(`${place}/rembourser`)).text, /Il ne reste rien à rembourser/);
  }
  proven();
});

test('what is wrong is said beside its field, and what was typed is kept', async () => {
  const { association, client, member } = await associationOf('Les Refus');
  const cash = meansOf(association, 'cash'), given = await received(client, member(), 'cash', { montant: '55' });
  const bad = async (place, values, sentence) => {
    const answer = await client.post(place, fieldsOf(await client.form(place, place), values));
    assert.equal(answer.status, 400, JSON.stringify(values));
    assert.match(answer.text, sentence, JSON.stringify(values));
    for (const [name, value] of Object.entries(values))
      assert.ok(['moyen', 'annule'].includes(name) || answer.body.includes(`value="${value}"`), `${value} is kept`);
  };
  const refund = { moyen: cash, montant: '5', motif: 'M', annule: 'non' };
  for (const [values, sentence] of [[{ montant: '' }, /Tapez un montant/], [{ montant: '99' }, /Il ne reste que 55,00 €/],
    [{ moyen: meansOf(association, 'cheque') }, /Choisissez d'où part l'argent/], [{ moyen: '1' }, /Choisissez d'où part/],
    [{ date: day(1) }, /pas encore venu/], [{ date: day(-40) }, /avant celui du paiement/], [{ motif: 'é'.repeat(201) }, /trop long/]])
    await bad(`${given}/rembourser`, { ...refund, ...values }, sentence);
  const back = await cheque(client, member());
  assert.equal((await deposit(client, [idOf(back)])).status, 303);
  for (const [values, sentence] of [[{ frais: 'x' }, /par exemple 12,50/], [{ date: day(-1) }, /remise en banque/], [{ motif: '' }, /Dites pourquoi/]])
    await bad(`${back}/impaye`, { motif: 'M', ...values }, sentence);
  await bad(`${given}/annuler`, { motif: 'é'.repeat(201) }, /trop long/);
  proven();
});

test('money of a provider is not noted by mistake; roles and associations are kept apart', async () => {
  const { association, client: there, member } = await associationOf('Les Voisins');
  const theirs = await cheque(there, member());
  const slip = (await deposit(there, [idOf(theirs)])).location.split('?')[0];
  const mine = await received(await house.asStaff('treasurer'), someone(), 'cash', { montant: '5' });
  const client = await house.asStaff('treasurer'), viewer = await house.asStaff('viewer');
  const missing = words(await client.get('/recettes/remises/1'));
  for (const place of [slip, theirs, `${theirs}/annuler`, `${theirs}/impaye`, `${theirs}/rembourser`, `${theirs}/recu`,
    '/recettes/remises/x', `/recettes/remises/nouvelle?moyen=${meansOf(association, 'cheque')}`]) {
    const answer = await client.get(place);
    assert.equal(answer.status, 404, place);
    assert.equal(words(answer), missing, place);
  }
  for (const action of ['annuler', 'rembourser']) {
    const form = await client.form(`${mine}/${action}`, `${mine}/${action}`);
    assert.equal((await client.post(`${theirs}/${action}`, fieldsOf(form, { motif: 'x' }))).status, 404, action);
    assert.equal((await viewer.get(`${mine}/${action}`)).status, 404, action);
  }
  assert.equal((await viewer.get(mine)).status, 200);
  assert.equal((await viewer.get('/recettes/remises')).status, 200);
  assert.doesNotMatch((await viewer.get(mine)).text, /Rembourser|Annuler/);
  house.force(`UPDATE provider_account SET provider = 'stripe' WHERE association_id = ${house.association} AND external_id = 'cash'`);
  assert.match((await client.get(`${mine}/annuler`)).text, /Ce paiement ne peut pas être annulé/);
  house.force(`UPDATE provider_account SET provider = 'manual' WHERE association_id = ${house.association} AND external_id = 'cash'`);
  proven();
});
