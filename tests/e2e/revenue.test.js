'use strict';
// What came in: filters, totals, pages, and the file for a spreadsheet.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { houseOf } = require('./harness.js');
const { check } = require('./browser.js');
const { cents, download } = require('./csv.js');

const house = houseOf('revenue');
const formula = '=HYPERLINK("http://evil.example";"x")';
const hostile = '<img src=x onerror=alert(1)>"\'; DROP TABLE entry;--';

const references = (answer) => [...answer.body.matchAll(/data-reference="([^"]+)"/g)].map(([, one]) => one);
const total = (answer) => Number(/data-total-cents="(\d+)"/.exec(answer.body)[1]);
const pay = (association, payments) => house.batch(payments.map(([member, amount, means, reference, date]) =>
  `payment add --association ${association} --member ${member.number} --amount ${amount} --means ${means}`
  + ` --reference ${reference} --date ${date}`));

// An association with three payers and a season of payments; what the test did is what it expects.
let season;
function seasonOf() {
  if (season)
    return season;
  const association = house.addAssociation({ name: 'Les Comptables', options: ['--year-from', '09-01'] });
  const add = (first, last) => house.member({ first, last, association, login: null });
  const zoe = add('Zoë', 'Lefèvre'), paul = add('Paul', 'Étang');
  const payments = [[zoe, 10, 'cash', 'R-1', '2025-10-01'], [paul, 20, 'cash', 'R-2', '2026-09-01'],
    [zoe, 40, 'transfer', 'R-3', '2026-09-15'], [zoe, 80, 'cash', 'R-4', '2026-10-01'],
    [paul, 160, 'transfer', 'R-5', '2026-10-31']];
  pay(association, payments);
  season = { association, zoe, paul };
  return season;
}
const choiceOf = (body, label) => new RegExp(`<option value="(\\d+)"[^>]*>${label}`).exec(body)[1];
const yearOf = (body, label) => new RegExp(`href="/recettes\\?[^"]*exercice=(\\d+)"[^>]*>${label}<`).exec(body)[1];

test('each filter shows what it says, with the total of what it shows', async () => {
  const { association } = seasonOf();
  const client = await house.asStaff('viewer', association);
  const all = await client.get('/recettes');
  const cash = house.one(`SELECT CAST(id AS TEXT) AS id FROM provider_account
    WHERE association_id = ${association} AND external_id = 'cash'`).id;
  const year = yearOf(all.body, '2026-2027');
  for (const [query, expected, sum] of [['', 'R-5 R-4 R-3 R-2 R-1', 310], [`exercice=${year}`, 'R-5 R-4 R-3 R-2', 300],
    ['du=2026-09-15&au=2026-10-01', 'R-4 R-3', 120], ['du=15/09/2026&au=1/10/2026', 'R-4 R-3', 120],
    ['au=2026-09-01', 'R-2 R-1', 30], ['du=2026-10-31', 'R-5', 160], ['q=lefevre', 'R-4 R-3 R-1', 130],
    ['q=r-5', 'R-5', 160], [`moyen=${cash}`, 'R-4 R-2 R-1', 110], [`moyen=${cash}&q=zoe&exercice=${year}`, 'R-4', 80],
    ['q=%25', '', 0]]) {
    const answer = await client.get(`/recettes?${query}`);
    assert.deepEqual([references(answer).join(' '), total(answer)], [expected, sum * 100], query);
    const rows = await download(client, `/recettes/export?${query}`);
    assert.equal(rows.map((row) => row['Référence']).join(' '), expected, query);
    assert.equal(rows.reduce((all_, row) => all_ + cents(row.Montant), 0), sum * 100, query);
  }
  assert.equal(choiceOf(all.body, 'Espèces'), cash);
});

test('a person filters, corrects days that are none, and takes the file, with and without JavaScript', async (t) => {
  const { association } = seasonOf();
  for (const javaScript of [true, false]) {
    const page = await house.visit(t, await house.asStaff('treasurer', association), { javaScript });
    await page.goto('/recettes');
    if (javaScript)
      await check(page, 'recettes-liste');
    await page.getByText('Filtrer et exporter').click();
    await page.getByLabel('Adhérent ou référence').fill('lefevre');
    await page.getByLabel('Du', { exact: true }).fill('2026-09-01');
    await page.getByRole('button', { name: 'Filtrer' }).click();
    await page.getByText('avec votre filtre').waitFor();
    assert.equal(await page.locator('[data-total-cents]').getAttribute('data-total-cents'), '12000');
    assert.equal(await page.getByLabel('Du', { exact: true }).inputValue(), '2026-09-01');
    if (javaScript)
      await check(page, 'recettes-filtrees');
    const [file] = await Promise.all([page.waitForEvent('download'),
      page.getByRole('link', { name: /Télécharger/ }).click()]);
    assert.match(file.suggestedFilename(), /^recettes-\d{4}-\d\d-\d\d\.csv$/);
    await page.goto('/recettes?du=2026-10-01&au=2026-09-01');
    await page.getByRole('alert').getByText('vient avant le premier').waitFor();
    if (javaScript)
      await check(page, 'recettes-refusees');
  }
});

test('days that are none and keys of elsewhere are told, not ignored', async () => {
  const { association } = seasonOf();
  const client = await house.asStaff('viewer', association);
  for (const query of ['du=demain', 'au=31/02/2026', 'du=2026-10-01&au=2026-09-30', 'du=1/1/26', 'apres=x']) {
    assert.equal((await client.get(`/recettes?${query}`)).status, 400, query);
    assert.equal((await client.get(`/recettes/export?${query}`)).status, 400, query);
  }
  const foreign = house.one(`SELECT CAST(id AS TEXT) AS id FROM provider_account
    WHERE association_id = ${house.association} AND provider = 'stripe'`).id;
  const year = house.one(`SELECT CAST(id AS TEXT) AS id FROM fiscal_year
    WHERE association_id = ${house.association} LIMIT 1`).id;
  for (const query of [`moyen=${foreign}`, 'moyen=1', `exercice=${year}`, 'exercice=1'])
    for (const place of ['/recettes', '/recettes/export'])
      assert.equal((await client.get(`${place}?${query}`)).status, 404, query);
});

test('a filter stays while pages are turned, and a long file comes whole', async () => {
  const association = house.addAssociation({ name: 'Les Nombreux', options: ['--year-from', '09-01'] });
  const member = house.member({ association, login: null });
  house.batch(Array.from({ length: 1203 }, (_, index) => `payment add --association ${association} --member ${member.number} `
    + `--amount ${index + 1} --means ${index % 10 ? 'cash' : 'transfer'} --reference R${index} --date 2026-10-01`));
  const client = await house.asStaff('viewer', association);
  const seen = [];
  let place = '/recettes?q=martin&du=2026-10-01';
  for (let pages = 0; place && pages < 3; pages++) {
    const answer = await client.get(place);
    assert.equal(total(answer), 1203 * 1204 / 2 * 100);
    seen.push(...references(answer));
    place = /href="([^"]*apres=[^"]*)"/.exec(answer.body)[1].replaceAll('&amp;', '&');
    assert.match(place, /q=martin/);
    assert.match(place, /du=2026-10-01/);
  }
  assert.equal(new Set(seen).size, 150);
  const rows = await download(client, '/recettes/export');
  assert.equal(new Set(rows.map((row) => row['Référence'])).size, 1203);
  assert.equal(rows.reduce((sum, row) => sum + cents(row.Montant), 0), 1203 * 1204 / 2 * 100);
  const made = house.sql(`SELECT object FROM audit WHERE association_id = ${association} AND action = 'export.made'`);
  assert.deepEqual(made, [{ object: 'export:recettes' }]);
});

test('a file is whole from whatever page it is taken, and rows with a remark leave nothing in memory', async () => {
  const association = house.addAssociation({ name: 'Les Remarqués', options: ['--year-from', '09-01'] });
  const member = house.member({ association, login: null });
  house.batch(Array.from({ length: 1203 }, (_, index) => `payment add --association ${association} --member ${member.number} `
    + `--amount 1 --means cash --reference M${index} --date 2026-10-01`));
  house.force(`UPDATE provider_transaction SET flag = 'late' WHERE association_id = ${association}`);
  const client = await house.asStaff('viewer', association);
  const [, next] = /href="\/recettes\?([^"]*apres=[^"]*)"/.exec((await client.get('/recettes')).body);
  const rows = await download(client, `/recettes/export?${next.replaceAll('&amp;', '&')}`);
  assert.equal(rows.length, 1203);
  assert.ok(rows.every((row) => row.Remarque !== ''));
  const { text } = house.log().findLast((line) => line.event === 'web.export_sent');
  assert.ok(Number(/^recettes kept (\d+) bytes$/.exec(text)[1]) < 300_000, text);
});

test('text stays text, on the page and in the file', async (t) => {
  const association = house.addAssociation({ name: 'Les Piégés' });
  const names = [formula, '+33612345678', '-1+1', '@SUM(A1)', hostile];
  const members = names.map((last) => {
    const member = house.member({ first: 'x', last: 'y', association, login: null });
    house.force(`UPDATE member SET last_name = '${last.replaceAll("'", "''")}', first_name = char(9) || '=1'
      WHERE association_id = ${association} AND id = ${member.id}`);
    return member;
  });
  pay(association, members.map((member, index) => [member, index + 1, 'cash', `R${index}`, '2026-10-01']));
  const client = await house.asStaff('treasurer', association);
  const page = await house.visit(t, client);
  await page.goto('/recettes');
  await page.getByRole('link', { name: hostile }).waitFor();
  const rows = await download(client, '/recettes/export');
  assert.deepEqual(rows.map((row) => row.Nom).sort(), [...names.map((name) => /^[=+@-]/.test(name) ? `'${name}` : name)].sort());
  assert.deepEqual([...new Set(rows.map((row) => row['Prénom']))], ["'\t=1"]);
});

test('nothing of another association, and nothing for members', async () => {
  const { zoe } = seasonOf();
  const other = house.addAssociation({ name: 'Les Autres' });
  const client = await house.asStaff('administrator', other);
  assert.deepEqual(references(await client.get('/recettes')), []);
  assert.deepEqual(await download(client, '/recettes/export'), []);
  const member = await house.asMember(house.member({}));
  for (const place of ['/recettes', '/recettes/export'])
    assert.equal((await member.get(place)).status, 404);
  assert.ok(zoe);
});
