'use strict';
// Who did what: every action in words, filters, the file.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { houseOf } = require('./harness.js');
const { check } = require('./browser.js');
const { cents, download } = require('./csv.js');

const house = houseOf('actions');
const hostile = '=<img src=x onerror=alert(1)>';

const shown = (answer) => [...answer.body.matchAll(/data-number="(\d+)" data-action="([^"]+)"/g)].map(([, , action]) => action);

// An association in which a treasurer, the command line and a member did something.
let made;
async function doings() {
  if (made)
    return made;
  const association = house.addAssociation({ name: 'Les Actifs', options: ['--year-from', '09-01'] });
  const client = await house.asStaff('treasurer', association);
  const form = await client.form('/adherents/nouveau', '/adherents/nouveau');
  const { location } = await client.post('/adherents/nouveau', { ...form.fields, prenom: 'Zoë', nom: hostile });
  const id = /\d+/.exec(location)[0];
  const edit = await client.form(`/adherents/${id}/modifier`, `/adherents/${id}/modifier`);
  await client.post(`/adherents/${id}/modifier`, { ...edit.fields, email: 'zoe@exemple.fr' });
  house.ok(['charge', 'add', '--association', association, '--member', '1', '--amount', '40', '--label', '-1+1', '--account', '7561']);
  house.ok(['payment', 'add', '--association', association, '--member', '1', '--amount', '12,50', '--means', 'cash', '--reference', 'R1']);
  await client.get('/recettes/export');
  const login = house.login(`treasurer${association}`);
  made = { association, client, login, id };
  return made;
}

test('each action is told in words, with whom it was about and how much', async () => {
  const { client, login } = await doings();
  const page = await client.get('/comptabilite/actions');
  assert.deepEqual(shown(page).slice(0, 5), ['export.made', 'payment.posted', 'charge.added', 'member.changed', 'member.added']);
  for (const part of ['a téléchargé un fichier : recettes', 'a enregistré un paiement : R1', '12,50 €', 'a ajouté une dépense : -1+1', '40,00 €',
    'a modifié un adhérent', `Zoë ${hostile}`, login.email, 'Guichet'])
    assert.ok(page.text.includes(part), `${part} in ${page.text}`);
  const rows = await download(client, '/comptabilite/actions/export');
  const row = (code) => rows.find((one) => one.Code === code);
  assert.deepEqual([row('payment.posted').Qui, row('payment.posted').Action, cents(row('payment.posted').Montant)],
    ['Guichet', 'a enregistré un paiement', 1250]);
  assert.deepEqual([row('charge.added').Quoi, row('member.added').Qui, row('member.added').Adhérent],
    ["'-1+1", login.email, `Zoë ${hostile}`]);
  assert.equal(row('member.added')['Adresse réseau'], '127.0.0.1');
  const written = house.one(`SELECT count(*) AS rows FROM audit WHERE association_id = ${made.association}`).rows;
  assert.equal(rows.length, written);
});

test('the list is narrowed by person, kind and day', async () => {
  const { association, client } = await doings();
  const id = house.one(`SELECT CAST(login_id AS TEXT) AS id FROM staff WHERE association_id = ${association}`).id;
  const today = new Date().toISOString().slice(0, 10);
  const some = async (query) => [...new Set(shown(await client.get(`/comptabilite/actions?${query}`)))].sort();
  assert.deepEqual(await some('quoi=adherents'), ['member.added', 'member.changed']);
  assert.deepEqual(await some('quoi=paiements'), ['charge.added', 'payment.posted']);
  assert.deepEqual(await some('quoi=fichiers'), ['export.made']);
  assert.deepEqual(await some(`qui=${id}`), ['export.made', 'member.added', 'member.changed']);
  assert.ok((await some('qui=guichet')).includes('payment.posted'));
  assert.ok(!(await some('qui=guichet')).includes('member.added'));
  assert.deepEqual(await some('qui=autres'), []);
  assert.deepEqual(await some('au=2020-01-01'), []);
  assert.deepEqual(await some(`quoi=adherents&du=${today}&au=${today}`), ['member.added', 'member.changed']);
  for (const [query, status] of [['qui=1', 404], ['qui=x', 404], ['quoi=x', 400], ['du=hier', 400], ['du=2026-10-02&au=2026-10-01', 400],
    ['apres=x', 400], ['apres=1-0', 400]])
    for (const place of ['/comptabilite/actions', '/comptabilite/actions/export'])
      assert.equal((await client.get(`${place}?${query}`)).status, status, `${place}?${query}`);
});

test('a person reads who did what, with and without JavaScript', async (t) => {
  const { association } = await doings();
  for (const javaScript of [true, false]) {
    const page = await house.visit(t, await house.asStaff('administrator', association), { javaScript });
    await page.goto('/comptabilite/journal');
    await page.getByRole('link', { name: 'Journal des actions' }).click();
    await page.getByRole('link', { name: `Zoë ${hostile}` }).first().waitFor();
    if (javaScript)
      await check(page, 'actions');
    await page.getByText('Filtrer et exporter').click();
    await page.getByLabel('Quoi', { exact: true }).selectOption('adherents');
    await page.getByRole('button', { name: 'Filtrer' }).click();
    await page.getByText('a modifié un adhérent').waitFor();
    assert.equal(await page.getByText('a téléchargé').count(), 0);
    if (javaScript)
      await check(page, 'actions-filtrees');
    await page.goto('/comptabilite/actions?au=hier');
    await page.getByRole('alert').waitFor();
  }
});

test('pages follow each other, each row once', async () => {
  const association = house.addAssociation({ name: 'Les Nombreux' });
  house.batch(Array.from({ length: 120 }, (_, index) => `member add --association ${association} --first-name A --last-name N${index}`));
  const client = await house.asStaff('treasurer', association);
  const seen = [];
  for (let place = '/comptabilite/actions?quoi=adherents', pages = 0; place; pages++) {
    assert.ok(pages < 4);
    const answer = await client.get(place);
    seen.push(...[...answer.body.matchAll(/data-number="(\d+)"/g)].map(([, number]) => number));
    place = /href="([^"]*apres=[^"]*)"/.exec(answer.body)?.[1].replaceAll('&amp;', '&');
  }
  assert.deepEqual([seen.length, new Set(seen).size], [120, 120]);
});

test('nothing of another association, and not for everybody', async () => {
  const { association } = await doings();
  const other = await house.asStaff('administrator', house.addAssociation({ name: 'Les Autres' }));
  assert.doesNotMatch((await other.get('/comptabilite/actions')).body, /Zoë/);
  const viewer = await house.asStaff('viewer', association);
  const member = await house.asMember(house.member({}));
  for (const place of ['/comptabilite/actions', '/comptabilite/actions/export'])
    for (const client of [viewer, member])
      assert.equal((await client.get(place)).status, 404, place);
  assert.doesNotMatch((await viewer.get('/comptabilite/journal')).body, /\/comptabilite\/actions/);
});
