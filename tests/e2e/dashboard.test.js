'use strict';
// The first page of the back office: the season in figures, and what waits for a hand. Every sum is
// made here of what the test did.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { houseOf } = require('./harness.js');
const { check } = require('./browser.js');

const house = houseOf('dashboard');
const hostile = '<img src=x onerror=alert(1)>"';

// [who, charge or pay, amount, day, product]; the fiscal years begin in September.
const deeds = [['zoe', 'charge', 60, '2026-09-05', 'licence'], ['paul', 'charge', 60, '2026-09-05', 'licence'],
  ['hana', 'charge', 25, '2026-10-02', 'sortie'], ['zoe', 'charge', 10, '2026-10-03', null],
  ['zoe', 'pay', 70, '2026-10-10'], ['paul', 'pay', 20, '2026-11-01'], ['hana', 'pay', 40, '2026-11-02'],
  ['paul', 'charge', 30, '2025-10-01', null], ['paul', 'pay', 30, '2025-10-05']];
const titles = { licence: 'Licence', sortie: hostile };
const season = (first, last) => deeds.filter(([, , , day]) => day >= first && day <= last);
const sum = (list) => list.reduce((total, [, , amount]) => total + amount, 0);

let made;
function books() {
  if (made)
    return made;
  const association = house.addAssociation({ name: 'Les Saisonniers', options: ['--year-from', '09-01'] });
  const members = Object.fromEntries(['zoe', 'paul', 'hana'].map((who) =>
    [who, house.member({ first: who, last: 'Lefèvre', association, login: null })]));
  Object.keys(titles).forEach((key, index) => house.force(`INSERT INTO product (association_id, id, title, price_cents, account_code, created_at)
    VALUES (${association}, ${index + 1}, '${titles[key]}', 100, '7561', 0)`));
  house.batch([...deeds].sort((a, b) => a[3].localeCompare(b[3])).map(([who, deed, amount, day], index) =>
    `${deed === 'pay' ? 'payment' : 'charge'} add --association ${association} --member ${members[who].number} --amount ${amount} --date ${day}`
    + (deed === 'pay' ? ` --means cash --reference R${index}` : ` --account 7561 --label L${index}`)));
  // The command line knows no products: the lines learn theirs as the pages would have written them.
  const trigger = house.one("SELECT sql FROM sqlite_schema WHERE name = 'cart_line_no_update'").sql;
  house.force(`DROP TRIGGER cart_line_no_update;
    UPDATE cart_line SET product_id = 1 WHERE association_id = ${association} AND amount_cents = 6000 AND kind = 'charge';
    UPDATE cart_line SET product_id = 2 WHERE association_id = ${association} AND amount_cents = 2500 AND kind = 'charge';
    ${trigger};`);
  made = { association, members };
  return made;
}
const figure = (answer, name) => Number(new RegExp(`data-${name}-cents="(-?\\d+)"`).exec(answer.body)[1]) / 100;

test('the figures of a season are the sums of what was done', async () => {
  const { association } = books();
  const client = await house.asStaff('viewer', association);
  const first = await client.get('/accueil');
  const years = Object.fromEntries([...first.body.matchAll(/href="(\/accueil\?exercice=\d+)"[^>]*>([\d-]+)</g)].map(([, place, label]) => [label, place]));
  const answer = await client.get(years['2026-2027']);
  const lines = season('2026-09-01', '2027-08-31');
  const charges = lines.filter(([, deed]) => deed === 'charge'), paid = lines.filter(([, deed]) => deed === 'pay');
  assert.equal(figure(answer, 'total'), sum(paid));
  assert.equal(figure(answer, 'asked'), sum(charges));
  assert.equal(figure(answer, 'paid'), 70 + 20 + 25, 'what was paid beyond the debt is an advance');
  assert.equal(figure(answer, 'owed'), sum(charges) - 115);
  const products = [...answer.body.matchAll(/data-product="([^"]*)" data-charges="(\d+)" data-asked="(\d+)" data-paid="(\d+)" data-owed="(\d+)"/g)]
    .map(([, title, count, asked, settled, owed]) => [title.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"'), ...[count, asked, settled, owed].map(Number)]);
  assert.deepEqual(products, [['Licence', 2, 12000, 8000, 4000], [hostile, 1, 2500, 2500, 0], ['', 1, 1000, 1000, 0]]);
  const months = [...answer.body.matchAll(/data-month="(\d+)" data-asked="(\d+)" data-received="(\d+)"/g)].map(([, , ...both]) => both.map(Number));
  const of = (list, month) => 100 * sum(list.filter(([, , , day]) => day.slice(5, 7) === month));
  assert.deepEqual(months, ['09', '10', '11', '12', '01', '02', '03', '04', '05', '06', '07', '08'].map((month) => [of(charges, month), of(paid, month)]));
  const widths = [...answer.body.matchAll(/<rect class="\w+"(?: y="11")? width="(\d+)"/g)].map(([, width]) => Number(width));
  assert.ok(widths.every((width) => width <= 1000) && widths.includes(1000));
  const before = await client.get(years['2025-2026']);
  assert.deepEqual(['total', 'asked', 'paid', 'owed'].map((name) => figure(before, name)), [30, 30, 30, 0]);
  for (const [query, status] of [['exercice=1', 404], ['exercice=x', 400], ['du=2026-01-01', 400]])
    assert.equal((await client.get(`/accueil?${query}`)).status, status, query);
});

test('what waits for a hand is told', async () => {
  const { association, members } = books();
  const client = await house.asStaff('treasurer', association);
  assert.match((await client.get('/accueil')).body, /data-unreachable="1"/);
  house.ok(['payment', 'add', '--association', association, '--member', members.zoe.number, '--amount', '15', '--means', 'cheque', '--reference', '4711']);
  house.force(`INSERT INTO cheque (association_id, transaction_id, number, bank, drawer, due_day)
    SELECT association_id, id, '4711', 'ca', 'Zoë', '2026-01-01' FROM provider_transaction WHERE association_id = ${association} AND reference = '4711'`);
  const answer = await client.get('/accueil');
  assert.match(answer.body, /data-cheques-cents="1500"/);
  house.force(`UPDATE member SET email = 'paul@exemple.fr' WHERE id = ${members.paul.id}`);
  assert.doesNotMatch((await client.get('/accueil')).body, /data-unreachable/);
});

test('the season is looked at with and without JavaScript', async (t) => {
  const { association } = books();
  for (const javaScript of [true, false]) {
    const page = await house.visit(t, await house.asStaff('treasurer', association), { javaScript });
    await page.goto('/accueil');
    await page.getByRole('link', { name: '2026-2027' }).click();
    await page.getByRole('heading', { name: 'Par mois' }).waitFor();
    await page.getByText('Les montants, prestation par prestation').click();
    await page.getByRole('cell', { name: hostile }).waitFor();
    if (javaScript)
      await check(page, 'tableau-de-bord');
    await page.getByText('Les montants, mois par mois').click();
    await page.getByRole('row', { name: /septembre 2026/ }).waitFor();
  }
});

test('an association that begins, and its neighbours, see nothing of it', async (t) => {
  books();
  const page = await house.visit(t, await house.asStaff('administrator', house.addAssociation({ name: 'Les Nouveaux' })));
  await page.goto('/accueil');
  await page.getByText("Aucun paiement pour l'instant.").waitFor();
  assert.equal(await page.locator('[data-tasks]').count(), 0);
  assert.equal(await page.locator('.bars').count(), 0);
  await check(page, 'tableau-de-bord-vide');
});
