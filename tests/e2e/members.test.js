'use strict';
// Who is a member: the list with its search, the file of each, families, archives.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { houseOf } = require('./harness.js');
const { check } = require('./browser.js');
const { cents, download } = require('./csv.js');

const house = houseOf('members');
const hostile = '<img src=x onerror=alert(1)>"\'; DROP TABLE member;--';

const rows = (answer) => [...answer.body.matchAll(/data-member="(\d+)"/g)].map(([, number]) => Number(number));

test('a member is added, changed, archived and taken back, with and without JavaScript', async (t) => {
  for (const javaScript of [true, false]) {
    const page = await house.visit(t, await house.asStaff('treasurer'), { javaScript });
    const name = javaScript ? 'Zoé' : 'Noé';
    await page.goto('/adherents');
    await page.getByRole('link', { name: 'Ajouter un adhérent' }).click();
    await page.getByLabel('Prénom').fill(name);
    await page.getByLabel('Nom', { exact: true }).fill('Éluard');
    await page.getByLabel(/Adresse e-mail/).fill('zoe@exemple.fr');
    if (javaScript)
      await check(page, 'adherent-saisie');
    await page.getByRole('button', { name: 'Ajouter' }).click();
    await page.getByRole('status').getByText("L'adhérent est ajouté").waitFor();
    await page.getByRole('heading', { name: `${name} Éluard` }).waitFor();
    await page.getByRole('link', { name: 'Modifier' }).click();
    await page.getByLabel('Nom', { exact: true }).fill('Éluard-Martin');
    await page.getByRole('button', { name: 'Enregistrer' }).click();
    await page.getByRole('heading', { name: `${name} Éluard-Martin` }).waitFor();
    await page.getByRole('button', { name: 'Archiver' }).click();
    await page.getByText('Adhérent n°').getByText('archivé').waitFor();
    await page.getByRole('button', { name: 'Remettre dans la liste' }).click();
    await page.getByRole('status').getByText('de retour').waitFor();
  }
  const actions = house.sql(`SELECT action FROM audit WHERE association_id = ${house.association}
    AND action LIKE 'member.%' ORDER BY chain_number`).map(({ action }) => action);
  assert.deepEqual(actions.slice(-4), ['member.added', 'member.changed', 'member.archived', 'member.restored']);
});

test('what is wrong is said beside its field, and what was typed is kept', async (t) => {
  const taken = house.member({ first: 'Ada', last: 'Prise', login: null });
  const page = await house.visit(t, await house.asStaff('treasurer'));
  await page.goto('/adherents/nouveau');
  await page.getByLabel('Prénom').fill(hostile.slice(0, 90));
  await page.locator('form.card').evaluate((form) => { form.noValidate = true; });
  await page.getByLabel(/Adresse e-mail/).fill('jeanne@exemple');
  await page.getByLabel(/^Numéro/).fill(taken.number);
  await page.getByLabel(/Payé par/).fill('99999');
  await page.getByRole('button', { name: 'Ajouter' }).click();
  await page.getByRole('alert').waitFor();
  for (const field of ['nom', 'email', 'numero', 'payeur'])
    assert.equal(await page.locator(`#${field}`).getAttribute('aria-invalid'), 'true', field);
  assert.equal(await page.getByLabel('Prénom').inputValue(), hostile.slice(0, 90));
  await check(page, 'adherent-saisie-refusee');
});

test('a form that is out of date changes nothing', async () => {
  const member = house.member({ first: 'Paul', last: 'Deux', login: null });
  const client = await house.asStaff('treasurer');
  const place = `/adherents/${member.id}/modifier`;
  const first = await client.form(place, place), second = await client.form(place, place);
  assert.equal((await client.post(place, { ...first.fields, nom: 'Premier' })).status, 303);
  const late = await client.post(place, { ...second.fields, nom: 'Second' });
  assert.equal(late.status, 409);
  assert.match(late.text, /entre-temps/);
  assert.equal(house.one(`SELECT last_name FROM member WHERE id = ${member.id}`).last_name, 'Premier');
});

test('the list finds names without accents, balances, and people who never came', async () => {
  const association = house.addAssociation({ name: 'Les Chercheurs' });
  const add = (first, last, more) => house.member({ first, last, association, login: null, ...more });
  add('Zoë', 'Lefèvre', { charges: [['40', 'Cotisation']] });
  add('Émile', "D'Étang", {});
  add('Ana', 'Lefevre-Petit', { login: 'venue' });
  await house.logIn('venue');
  house.ok(['payment', 'add', '--association', association, '--member', '2', '--amount', '15',
    '--means', 'cash', '--reference', 'R1']);
  const client = await house.asStaff('viewer', association);
  const found = async (query) => rows(await client.get(`/adherents?${query}`));
  assert.deepEqual(await found(''), [2, 1, 3]);
  assert.deepEqual(await found('tri=numero'), [1, 2, 3]);
  assert.deepEqual(await found('q=LEFEVRE'), [1, 3]);
  assert.deepEqual(await found(`q=${encodeURIComponent('zoe lefèvre')}`), [1]);
  assert.deepEqual(await found(`q=${encodeURIComponent("d'etang")}`), [2]);
  assert.deepEqual(await found('q=%25'), []);
  assert.deepEqual(await found('q=_'), []);
  assert.deepEqual(await found('groupe=doivent'), [1]);
  assert.deepEqual(await found('groupe=avance'), [2]);
  assert.deepEqual(await found('groupe=jamais'), [2, 1]);
  assert.deepEqual(await found('groupe=archives'), []);
  assert.match((await client.get('/adherents?q=personne')).text, /Personne ne correspond/);
});

test('many members come by pages, each once, in both orders', async () => {
  const association = house.addAssociation({ name: 'Les Nombreux' });
  house.batch(Array.from({ length: 120 }, (_, index) => `member add --association ${association}`
    + ` --first-name A${index % 7} --last-name Nom${index % 40}`));
  const client = await house.asStaff('viewer', association);
  for (const order of ['nom', 'numero']) {
    const seen = [];
    let place = `/adherents?tri=${order}`;
    for (let pages = 0; place; pages++) {
      assert.ok(pages < 5);
      const answer = await client.get(place);
      seen.push(...rows(answer));
      place = /href="([^"]*apres=[^"]*)"/.exec(answer.body)?.[1].replaceAll('&amp;', '&');
    }
    assert.equal(seen.length, 120, order);
    assert.equal(new Set(seen).size, 120, order);
  }
  // The longest names there are, in letters of three bytes, are a place as well.
  const treasurer = await house.asStaff('treasurer', association), long = encodeURIComponent('한'.repeat(201));
  for (const path of ['/adherents', '/relances', '/comptabilite/creances'])
    assert.equal((await treasurer.get(`${path}?apres=1.${long}`)).status, 200, path);
});

test('a payer is shown with whom they pay for, and cannot have a payer', async (t) => {
  const parent = house.member({ first: 'Nadia', last: 'Famille', login: null, charges: [['40', 'Cotisation']] });
  house.member({ first: 'Lou', last: 'Famille', login: null, payer: parent, charges: [['15', 'Cotisation jeune']] });
  const other = house.member({ first: 'Rémi', last: 'Autre', login: null });
  const page = await house.visit(t, await house.asStaff('treasurer'));
  await page.goto(`/adherents/${parent.id}`);
  await page.getByRole('link', { name: 'Lou Famille' }).waitFor();
  await check(page, 'adherent');
  const client = await house.asStaff('treasurer');
  const place = `/adherents/${parent.id}/modifier`;
  const form = await client.form(place, place);
  const answer = await client.post(place, { ...form.fields, payeur: other.number });
  assert.equal(answer.status, 409);
  assert.match(answer.text, /Ce payeur ne convient pas/);
});

test('stored text comes back as text everywhere', async (t) => {
  const client = await house.asStaff('treasurer');
  const form = await client.form('/adherents/nouveau', '/adherents/nouveau');
  const made = await client.post('/adherents/nouveau', { ...form.fields, prenom: hostile, nom: '{{#x}}\u202e<script>' });
  assert.equal(made.status, 303);
  const page = await house.visit(t, client);
  await page.goto(made.location);
  await page.getByRole('heading', { name: hostile }).waitFor();
  await page.goto('/adherents?q=onerror');
  await page.getByRole('link', { name: hostile }).waitFor();
  await check(page, 'adherents');
});

test('another association’s members are not there', async () => {
  const association = house.addAssociation({ name: 'Les Voisins' });
  const foreign = house.member({ association, login: null });
  const client = await house.asStaff('treasurer');
  const missing = await client.get('/adherents/1');
  for (const place of [`/adherents/${foreign.id}`, `/adherents/${foreign.id}/modifier`, '/adherents/x']) {
    const answer = await client.get(place);
    assert.equal(answer.status, 404, place);
    assert.equal(answer.text.replace(/[0-9a-f]{16}/g, ''), missing.text.replace(/[0-9a-f]{16}/g, ''), place);
  }
  const own = house.member({ login: null });
  const place = `/adherents/${own.id}/modifier`;
  const form = await client.form(place, place);
  for (const action of ['modifier', 'archiver', 'restaurer'])
    assert.notEqual((await client.post(`/adherents/${foreign.id}/${action}`, { ...form.fields })).status, 303, action);
  assert.equal(house.one(`SELECT version FROM member WHERE id = ${foreign.id}`).version, 1);
});

test('the list is taken as a file, with its filter, whole and as text', async () => {
  const association = house.addAssociation({ name: 'Les Classeurs' });
  const add = (first, last, more) => house.member({ first, last, association, login: null, ...more });
  const nadia = add('Nadia', 'Famille', { charges: [['40', 'Cotisation']] });
  add('Lou', 'Famille', { payer: nadia });
  house.ok(['payment', 'add', '--association', association, '--member', '2', '--amount', '15', '--means', 'cash', '--reference', 'R1']);
  house.force(`UPDATE member SET first_name = '=1+1' WHERE association_id = ${association} AND number = 2`);
  const client = await house.asStaff('viewer', association);
  const row = (one) => [one['N°'], one.Nom, one['Prénom'], one['Payé par (n°)'], cents(one.Doit), cents(one.Avance)];
  const paid = house.balance({ association, id: nadia.id });
  const rows = (await download(client, '/adherents/export?tri=numero')).map(row);
  assert.deepEqual(rows.map(([number]) => number), ['1', '2']);
  assert.deepEqual(rows[1].slice(1, 4), ['Famille', "'=1+1", '1']);
  assert.equal(rows[0][4] - rows[0][5], paid);
  assert.deepEqual((await download(client, '/adherents/export?q=nadia')).map((one) => one['N°']), ['1']);
  house.batch(Array.from({ length: 1100 }, (_, index) => `member add --association ${association} --first-name A${index % 7} --last-name N${index % 40}`));
  for (const order of ['nom', 'numero']) {
    const all = await download(client, `/adherents/export?tri=${order}`);
    assert.deepEqual([all.length, new Set(all.map((one) => one['N°'])).size], [1102, 1102], order);
  }
  assert.deepEqual(await download(await house.asStaff('administrator', house.addAssociation({ name: 'Les Vides' })), '/adherents/export'), []);
  assert.equal((await (await house.asMember(house.member({}))).get('/adherents/export')).status, 404);
});
