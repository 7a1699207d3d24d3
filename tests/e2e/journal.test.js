'use strict';
// The books: entries with their lines, the ledger of an account, the balance, their files.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { houseOf } = require('./harness.js');
const { check } = require('./browser.js');
const { cents, download } = require('./csv.js');

const house = houseOf('journal');
const hostile = '<img src=x onerror=alert(1)>"\'; DROP TABLE entry;--';

// What the test did: [member, amount, means, day]; each is one entry, an advance of the member but
// for the charge of Zoë.
const payments = [['zoe', 40, 'cash', '2026-09-10'], ['paul', 25, 'transfer', '2026-09-20'],
  ['paul', 60, 'cash', '2026-10-05'], ['zoe', 15, 'cheque', '2026-10-06']];
const MEANS = { cash: { journal: 'CA', account: '530' }, transfer: { journal: 'BQ', account: '5121' },
  cheque: { journal: 'CH', account: '5112' } };

let made;
function books() {
  if (made)
    return made;
  const association = house.addAssociation({ name: 'Les Comptables', options: ['--year-from', '09-01'] });
  const members = { zoe: house.member({ first: 'Zoë', last: 'Lefèvre', association, login: null,
    charges: [['30', 'Cotisation', { date: '2026-09-01' }]] }),
  paul: house.member({ first: 'Paul', last: 'Étang', association, login: null }) };
  house.force(`UPDATE member SET last_name = '${hostile.replaceAll("'", "''")}' WHERE id = ${members.paul.id}`);
  house.batch(payments.map(([who, amount, means, date], index) =>
    `payment add --association ${association} --member ${members[who].number} --amount ${amount} --means ${means}`
    + ` --reference P${index} --date ${date}`));
  made = { association, members };
  return made;
}
// The lines that these payments must have made.
const expected = payments.flatMap(([who, amount, means], index) => {
  const debit = { account: MEANS[means].account, debit: amount, credit: 0 };
  const due = index === 0 ? [{ account: '7561', debit: 0, credit: 30 }] : [];
  const advance = { account: '4191', debit: 0, credit: amount - (index === 0 ? 30 : 0) };
  return [debit, ...due, advance].map((line) => ({ piece: `P${index}`, journal: MEANS[means].journal, who, ...line }));
});
const sum = (lines, side) => lines.reduce((total, line) => total + line[side], 0);
const totals = (answer) => [...answer.body.matchAll(/data-entry="\d+" data-total-cents="(\d+)"/g)].map(([, one]) => Number(one) / 100);
const lineOf = (row) => ({ piece: row['Pièce'], account: row.Compte, debit: cents(row['Débit']) / 100, credit: cents(row['Crédit']) / 100 });
const byPiece = ({ piece, account, debit, credit }) => ({ piece, account, debit, credit });

test('entries are shown with their lines, filtered, and exported one row a line', async () => {
  const { association } = books();
  const client = await house.asStaff('viewer', association);
  const year = house.one(`SELECT CAST(id AS TEXT) AS id FROM fiscal_year WHERE association_id = ${association}
    AND first_day = '2026-09-01'`).id;
  for (const [query, amounts] of [['exercice=tous', [15, 60, 25, 40]], [`exercice=${year}`, [15, 60, 25, 40]],
    ['du=2026-09-11&au=2026-10-05', [60, 25]], ['journal=CA&exercice=tous', [60, 40]], ['journal=OD&exercice=tous', []],
    ['au=10/9/2026', [40]]]) {
    assert.deepEqual(totals(await client.get(`/comptabilite/journal?${query}`)), amounts, query);
    const rows = await download(client, `/comptabilite/journal/export?${query}`);
    const pieces = [...amounts].reverse().map((amount) => `P${payments.findIndex((one) => one[1] === amount)}`);
    assert.deepEqual(rows.map(lineOf), pieces.flatMap((piece) => expected.filter((line) => line.piece === piece)).map(byPiece), query);
  }
  const [first] = await download(client, `/comptabilite/journal/export?exercice=${year}`);
  assert.deepEqual([first.Date, first.Journal, first.Exercice, first['Intitulé du compte']], ['10/09/2026', 'CA', '2026-2027', 'Caisse']);
  for (const [query, status] of [['apres=x', 400], ['apres=2026-10-01', 400], ['apres=2026-13-01.1', 400], ['journal=XX', 400],
    ['compte=999', 404], ['exercice=1', 404], ['exercice=x', 400], ['du=hier', 400]])
    for (const place of ['/comptabilite/journal', '/comptabilite/journal/export'])
      assert.equal((await client.get(`${place}?${query}`)).status, status, `${place}?${query}`);
});

test('the balance adds up, and each account leads to its ledger with a running balance', async () => {
  const { association } = books();
  const client = await house.asStaff('viewer', association);
  const balance = await client.get('/comptabilite/comptes?exercice=tous');
  const accounts = [...new Set(expected.map((line) => line.account))].sort();
  const shown = [...balance.body.matchAll(/data-account="(\d+)" data-closing-cents="(-?\d+)"/g)];
  const closing = (account) => sum(expected.filter((line) => line.account === account), 'debit')
    - sum(expected.filter((line) => line.account === account), 'credit');
  assert.deepEqual(shown.map(([, account, amount]) => [account, Number(amount) / 100]),
    accounts.map((account) => [account, closing(account)]));
  assert.match(balance.body, /data-debit-cents="14000" data-credit-cents="14000"/);
  const rows = await download(client, '/comptabilite/comptes/export?exercice=tous');
  assert.deepEqual(rows.map((row) => [row.Compte, cents(row.Solde) / 100]), accounts.map((account) => [account, closing(account)]));
  for (const account of accounts) {
    const ledger = await client.get(`/comptabilite/journal?exercice=tous&compte=${account}`);
    const running = [...ledger.body.matchAll(/data-balance-cents="(-?\d+)"/g)].map(([, one]) => Number(one) / 100);
    let before = 0;
    assert.deepEqual(running, expected.filter((line) => line.account === account)
      .map((line) => (before += line.debit - line.credit)), account);
    const lines = await download(client, `/comptabilite/journal/export?exercice=tous&compte=${account}`);
    assert.deepEqual(lines.map(lineOf), expected.filter((line) => line.account === account).map(byPiece));
  }
  const later = await client.get('/comptabilite/comptes?du=2026-10-01&au=2026-10-31');
  assert.match(later.body, /data-account="530" data-closing-cents="10000"/);
  assert.match(later.body, /data-account="5121" data-closing-cents="2500"/);
  assert.match(later.body, /data-debit-cents="7500" data-credit-cents="7500"/);
  const ledger = await client.get('/comptabilite/journal?du=2026-10-01&compte=530');
  assert.match(ledger.body, /data-opening-cents="4000"/);
});

test('a person goes from the balance to the ledger to the entry, with and without JavaScript', async (t) => {
  const { association } = books();
  for (const javaScript of [true, false]) {
    const page = await house.visit(t, await house.asStaff('treasurer', association), { javaScript });
    const look = (name) => javaScript ? check(page, name) : undefined;
    await page.goto('/accueil');
    await page.getByRole('link', { name: 'Comptabilité' }).click();
    await page.getByRole('link', { name: 'Tout', exact: true }).click();
    await page.getByText(hostile).first().waitFor();
    await look('journal');
    await page.getByRole('link', { name: 'Balance' }).click();
    await page.getByRole('link', { name: 'Tout', exact: true }).click();
    await look('balance');
    await page.getByText('Choisir les dates et exporter').click();
    await page.getByLabel('Exercice', { exact: true }).selectOption('tous');
    await page.getByLabel('Du', { exact: true }).fill('2026-10-01');
    await page.getByRole('button', { name: 'Afficher' }).click();
    await page.getByText('Le report est le solde avant cette période').waitFor();
    await look('balance-periode');
    await page.getByRole('link', { name: '530 Caisse' }).click();
    await page.getByRole('heading', { name: 'Compte 530, Caisse' }).waitFor();
    await page.getByText('Solde avant cette période').waitFor();
    await look('grand-livre');
    await page.getByRole('link', { name: /^CA \d/ }).click();
    await page.getByRole('heading', { name: /^Écriture CA/ }).waitFor();
    await page.goto('/comptabilite/journal?du=2026-10-01&au=2026-09-01');
    await page.getByRole('alert').waitFor();
    await look('journal-refuse');
  }
});

test('pages follow each other at once, however many entries there are', async () => {
  const association = house.addAssociation({ name: 'Les Nombreux', options: ['--year-from', '09-01'] });
  const member = house.member({ association, login: null });
  house.batch(Array.from({ length: 620 }, (_, index) => `payment add --association ${association} --member ${member.number} `
    + `--amount ${index + 1} --means cash --reference R${index} --date 2026-${index % 2 ? '10' : '09'}-0${index % 9 + 1}`));
  const client = await house.asStaff('viewer', association);
  for (const query of ['exercice=tous', 'exercice=tous&compte=530']) {
    const seen = [];
    let place = `/comptabilite/journal?${query}`, last = 0;
    for (let pages = 0; place; pages++) {
      assert.ok(pages < 14);
      const answer = await client.get(place);
      seen.push(...[...answer.body.matchAll(/data-entry="(\d+)"/g)].map(([, one]) => one));
      if (query.includes('compte')) {
        assert.equal(Number(/data-opening-cents="(\d+)"/.exec(answer.body)[1]), last);
        last = Number([...answer.body.matchAll(/data-balance-cents="(\d+)"/g)].at(-1)[1]);
      }
      place = /href="([^"]*apres=[^"]*)"/.exec(answer.body)?.[1].replaceAll('&amp;', '&');
    }
    assert.deepEqual([seen.length, new Set(seen).size], [620, 620], query);
    if (query.includes('compte'))
      assert.equal(last, 620 * 621 / 2 * 100);
  }
  const rows = await download(client, '/comptabilite/journal/export?exercice=tous');
  assert.equal(rows.length, 1240);
  assert.equal(rows.reduce((total, row) => total + cents(row['Débit']), 0), 620 * 621 / 2 * 100);
});

test('nothing of another association, and nothing for members', async () => {
  books();
  const client = await house.asStaff('administrator', house.addAssociation({ name: 'Les Autres' }));
  assert.deepEqual(totals(await client.get('/comptabilite/journal?exercice=tous')), []);
  for (const place of ['/comptabilite/journal/export', '/comptabilite/comptes/export', '/comptabilite/journal/export?compte=530'])
    assert.deepEqual(await download(client, place), [], place);
  const member = await house.asMember(house.member({}));
  for (const place of ['/comptabilite/journal', '/comptabilite/comptes', '/comptabilite/journal/export'])
    assert.equal((await member.get(place)).status, 404, place);
});
