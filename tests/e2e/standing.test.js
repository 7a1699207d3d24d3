'use strict';
// Who owes what, who has paid in advance, on any day.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { houseOf } = require('./harness.js');
const { check } = require('./browser.js');
const { cents, download } = require('./csv.js');

const house = houseOf('standing');
const formula = "=cmd|'/c calc'!A0";
const hostile = '<img src=x onerror=alert(1)>"\'; DROP TABLE entry;--';

const day = (back) => new Date(Date.now() - back * 86400000).toISOString().slice(0, 10);
// What people were charged and paid, and how many days ago: the test's own sums are made of it.
const deeds = [['zoe', 'charge', 40, 30], ['paul', 'charge', 25, 30], ['zoe', 'pay', 15, 20], ['paul', 'pay', 60, 10],
  ['hana', 'charge', 10, 5], ['hana', 'pay', 10, 3]];
const names = { zoe: formula, paul: hostile, hana: 'Étang' };

let made;
function season() {
  if (made)
    return made;
  const association = house.addAssociation({ name: 'Les Comptables', options: ['--year-from', '09-01'] });
  const members = Object.fromEntries(Object.keys(names).map((who) =>
    [who, house.member({ first: who, last: 'x', association, login: null })]));
  house.batch(deeds.map(([who, deed, amount, back], index) => `${deed === 'pay' ? 'payment' : 'charge'} add --association ${association}`
    + ` --member ${members[who].number} --amount ${amount} --date ${day(back)}`
    + (deed === 'pay' ? ` --means cash --reference R${index}` : ' --label Cotisation --account 7561')));
  for (const [who, last] of Object.entries(names))
    house.force(`UPDATE member SET last_name = '${last.replaceAll("'", "''")}', sort_key = '${who}' WHERE id = ${members[who].id}`);
  made = { association, members };
  return made;
}
// [owed, advance] of each at the end of a day so many days ago; those who have neither are left out.
function expected(back) {
  const found = {};
  for (const who of Object.keys(names)) {
    const sum = (deed) => deeds.filter(([one, kind, , ago]) => one === who && kind === deed && ago >= back)
      .reduce((total, [, , amount]) => total + amount, 0);
    const left = sum('charge') - sum('pay');
    if (left)
      found[who] = [Math.max(left, 0), Math.max(-left, 0)];
  }
  return found;
}
const shown = (answer, members) => Object.fromEntries([...answer.body.matchAll(/data-member="(\d+)" data-owed="(\d+)" data-advance="(\d+)"/g)]
  .map(([, number, owed, advance]) => [Object.keys(members).find((who) => members[who].number === number), [owed / 100, advance / 100]]));
const total = (lines, side) => Object.values(lines).reduce((sum, line) => sum + line[side], 0);

test('each day tells what it knew, and the totals are those of account 4191 and of the carts', async () => {
  const { association, members } = season();
  const client = await house.asStaff('viewer', association);
  for (const back of [0, 3, 4, 9, 10, 20, 25, 40]) {
    const answer = await client.get(back ? `/comptabilite/creances?au=${day(back)}` : '/comptabilite/creances');
    const lines = expected(back);
    assert.deepEqual(shown(answer, members), lines, `${back} days ago`);
    assert.match(answer.body, new RegExp(`data-owed-cents="${total(lines, 0) * 100}"`));
    assert.match(answer.body, new RegExp(`data-advance-cents="${total(lines, 1) * 100}"`));
    assert.doesNotMatch(answer.text, /guichet verify/);
    const rows = await download(client, `/comptabilite/creances/export?au=${day(back)}`);
    assert.deepEqual(rows.map((row) => [row['Prénom'], cents(row.Doit) / 100, cents(row.Avance) / 100]).sort(),
      Object.entries(lines).map(([who, [owed, advance]]) => [who, owed, advance]).sort());
  }
  assert.deepEqual(Object.keys(shown(await client.get('/comptabilite/creances?groupe=doivent'), members)), ['zoe']);
  assert.deepEqual(Object.keys(shown(await client.get('/comptabilite/creances?groupe=avance'), members)), ['paul']);
  assert.equal(house.balance(members.zoe), 2500);
  const [booked] = await download(client, '/comptabilite/comptes/export?exercice=tous').then((rows) => rows.filter((row) => row.Compte === '4191'));
  assert.equal(cents(booked.Solde), -total(expected(0), 1) * 100);
  const file = await download(client, '/comptabilite/creances/export');
  assert.deepEqual(file.map((row) => row.Nom).sort(), [`'${formula}`, hostile].sort());
});

test('a person looks at a day, and corrects one that is none, with and without JavaScript', async (t) => {
  const { association } = season();
  for (const javaScript of [true, false]) {
    const page = await house.visit(t, await house.asStaff('treasurer', association), { javaScript });
    await page.goto('/comptabilite/journal');
    await page.getByRole('link', { name: 'Créances et avances' }).click();
    await page.getByRole('link', { name: hostile }).waitFor();
    if (javaScript)
      await check(page, 'creances');
    await page.getByLabel('À la fin du jour').fill(day(40));
    await page.getByRole('button', { name: 'Afficher' }).click();
    await page.getByText('Personne ici.').waitFor();
    await page.goto('/comptabilite/creances?au=hier');
    await page.getByRole('alert').waitFor();
    if (javaScript)
      await check(page, 'creances-refusees');
  }
});

test('many members come by pages, each once', async () => {
  const association = house.addAssociation({ name: 'Les Nombreux' });
  house.batch(Array.from({ length: 120 }, (_, index) => [`member add --association ${association} --first-name A${index % 7} --last-name N${index % 40}`,
    `charge add --association ${association} --member ${index + 1} --amount ${index + 1} --label x --account 7561`]).flat());
  const client = await house.asStaff('viewer', association);
  const seen = [];
  for (let place = '/comptabilite/creances?groupe=doivent', pages = 0; place; pages++) {
    assert.ok(pages < 4);
    const answer = await client.get(place);
    assert.match(answer.body, /data-owed-cents="726000"/);
    seen.push(...[...answer.body.matchAll(/data-member="(\d+)"/g)].map(([, number]) => number));
    place = /href="([^"]*apres=[^"]*)"/.exec(answer.body)?.[1].replaceAll('&amp;', '&');
  }
  assert.deepEqual([seen.length, new Set(seen).size], [120, 120]);
  for (const bad of ['apres=x', 'au=31/02/2026', 'groupe=x'])
    assert.equal((await client.get(`/comptabilite/creances?${bad}`)).status, 400, bad);
});

test('nothing of another association, and nothing for members', async () => {
  season();
  const client = await house.asStaff('treasurer', house.addAssociation({ name: 'Les Autres' }));
  assert.deepEqual(await download(client, '/comptabilite/creances/export'), []);
  const member = await house.asMember(house.member({}));
  for (const place of ['/comptabilite/creances', '/comptabilite/creances/export'])
    assert.equal((await member.get(place)).status, 404, place);
});
