'use strict';
// A charge for one member: a product so many times, or a text with an amount.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { houseOf } = require('./harness.js');
const { check } = require('./browser.js');

const house = houseOf('charges');
const hostile = '=1+1 <img src=x onerror=alert(1)>"\'; DROP TABLE cart_line;--';

const someone = (more) => house.member({ login: null, ...more });
const placeOf = (member) => `/adherents/${member.id}/depense`;
const lines = (member) => house.sql(`SELECT label, amount_cents, account_code, line_date, kind,
    product_id IS NOT NULL AS of_product,
    (SELECT label FROM fiscal_year y WHERE y.association_id = l.association_id AND y.id = l.fiscal_year_id) AS year
  FROM cart_line l WHERE association_id = ${member.association} AND member_id = ${member.id} ORDER BY id`);
const balanceOf = (code) => house.one(`SELECT coalesce(sum(debit_cents - credit_cents), 0) AS cents FROM entry_line
  WHERE association_id = ${house.association} AND account_code = '${code}'`).cents;

async function addProduct(title, price, more = {}) {
  const client = await house.asStaff('treasurer');
  const form = await client.form('/produits/nouveau', '/produits/nouveau');
  const answer = await client.post('/produits/nouveau',
    { ...form.fields, titre: title, prix: price, compte: '7561', exercice: '', ...more });
  assert.equal(answer.status, 303, answer.text);
  const { id, version } = house.one(`SELECT CAST(id AS TEXT) AS id, version FROM product
    WHERE association_id = ${house.association} AND title = '${title}'`);
  return { id, key: `${id}-${version}` };
}

// The fields of a free charge on a fresh form.
async function freeForm(client, member, fields = {}) {
  const form = await client.form(`${placeOf(member)}?sorte=libre`, placeOf(member));
  return { ...form.fields, libelle: 'Sortie au lac', montant: '12,50', compte: '706', exercice: '', ...fields };
}

test('a product is charged as often as it is typed, with and without JavaScript', async (t) => {
  await addProduct('Cotisation adulte', '40');
  for (const javaScript of [true, false]) {
    const member = someone({ first: javaScript ? 'Ana' : 'Léo', last: 'Produit' });
    const page = await house.visit(t, await house.asStaff('treasurer'), { javaScript });
    await page.goto(`/adherents/${member.id}`);
    await page.getByRole('link', { name: 'Ajouter une dépense' }).click();
    await page.getByLabel('Produit').selectOption({ label: 'Cotisation adulte – 40,00 €'.replace(' €', '\u202f€') });
    await page.getByLabel('Quantité').fill('3');
    if (javaScript)
      await check(page, 'depense-produit');
    await page.getByRole('button', { name: 'Ajouter la dépense' }).click();
    await page.getByRole('status').getByText('La dépense est ajoutée').waitFor();
    assert.deepEqual(lines(member).map(({ label, amount_cents, account_code, of_product }) =>
      [label, amount_cents, account_code, of_product]), [['3 × Cotisation adulte', 12000, '7561', 1]]);
  }
});

test('a text with an amount is charged for the year that is chosen', async (t) => {
  const member = someone({ first: 'Rose', last: 'Libre' });
  house.charge(member, ['1', 'Autre saison', { date: '2025-10-01' }]);
  for (const javaScript of [true, false]) {
    const page = await house.visit(t, await house.asStaff('administrator'), { javaScript });
    await page.goto(placeOf(member));
    await page.getByRole('link', { name: 'Un autre montant' }).click();
    await page.getByLabel('Pour quoi').fill(javaScript ? hostile : 'Sans script');
    await page.getByLabel('Montant').fill('12,5');
    await page.getByLabel('Compte').selectOption('706');
    await page.getByLabel('Exercice').selectOption({ label: '2025-2026' });
    await page.getByLabel('Date').fill('2026-10-04');
    if (javaScript)
      await check(page, 'depense-libre');
    await page.getByRole('button', { name: 'Ajouter la dépense' }).click();
    await page.getByRole('status').getByText('La dépense est ajoutée').waitFor();
    await page.getByText(javaScript ? hostile : 'Sans script').first().waitFor();
  }
  assert.deepEqual(lines(member).slice(-2).map(({ amount_cents, account_code, line_date, year }) =>
    [amount_cents, account_code, line_date, year]),
  [[1250, '706', '2026-10-04', '2025-2026'], [1250, '706', '2026-10-04', '2025-2026']]);
});

test('an advance pays the new charge at once, and the books know', async () => {
  const member = someone();
  house.ok(['payment', 'add', '--association', member.association, '--member', member.number,
    '--amount', '10', '--means', 'cash', '--reference', 'A1']);
  const client = await house.asStaff('treasurer');
  const before = [balanceOf('4191'), balanceOf('706')];
  assert.equal((await client.post(placeOf(member), await freeForm(client, member))).status, 303);
  assert.deepEqual([balanceOf('4191'), balanceOf('706')], [before[0] + 1000, before[1] - 1000]);
  assert.match((await client.get(`/adherents/${member.id}`)).text, /Sortie au lac.*reste 2,50 €/);
});

test('the same form twice adds one charge; changed in between it adds none', async () => {
  const member = someone();
  const client = await house.asStaff('treasurer');
  const fields = await freeForm(client, member);
  const answers = await Promise.all([1, 2, 3].map(() => client.post(placeOf(member), fields)));
  assert.deepEqual(answers.map(({ status, location }) => [status, location]),
    Array(3).fill([303, `/adherents/${member.id}?fait=depense`]));
  assert.equal(lines(member).length, 1);
  const other = await client.post(placeOf(member), { ...fields, montant: '99' });
  assert.equal(other.status, 409);
  assert.match(other.text, /Cette page a déjà servi/);
  assert.equal(lines(member).length, 1);
});

test('the same charge on the same day asks first', async (t) => {
  const product = await addProduct('Tee-shirt', '15');
  for (const javaScript of [true, false]) {
    const member = someone({ first: javaScript ? 'Inès' : 'Hugo', last: 'Double' });
    const page = await house.visit(t, await house.asStaff('treasurer'), { javaScript });
    const add = async (quantity) => {
      await page.goto(placeOf(member));
      await page.getByLabel('Produit').selectOption(product.key);
      await page.getByLabel('Quantité').fill(quantity);
      await page.getByRole('button', { name: 'Ajouter la dépense' }).click();
    };
    await add('1');
    await page.getByRole('status').waitFor();
    await add('1');
    await page.getByRole('alert').getByText('a déjà cette dépense').waitFor();
    if (javaScript)
      await check(page, 'depense-encore');
    assert.equal(lines(member).length, 1);
    // Another quantity is another question.
    await page.getByLabel('Quantité').fill('2');
    await page.getByRole('button', { name: /Ajouter une fois de plus/ }).click();
    await page.getByRole('button', { name: 'Ajouter une fois de plus : 30,00' }).click();
    await page.getByRole('status').getByText('La dépense est ajoutée').waitFor();
    assert.deepEqual(lines(member).map(({ amount_cents }) => amount_cents), [1500, 3000]);
  }
});

test('another day, amount or label asks nothing', async () => {
  const member = someone();
  const client = await house.asStaff('treasurer');
  const post = async (fields) => (await client.post(placeOf(member), await freeForm(client, member, fields))).status;
  assert.equal(await post({}), 303);
  assert.equal(await post({}), 409);
  assert.equal(await post({ montant: '12,51' }), 303);
  assert.equal(await post({ libelle: 'Sortie en mer' }), 303);
  assert.equal(await post({ date: '2026-11-02' }), 303);
  assert.equal(lines(member).length, 4);
});

const refused = [[{ libelle: '' }, /Dites pour quoi/], [{ libelle: 'é'.repeat(161) }, /trop long/],
  [{ montant: '' }, /Tapez le montant/], [{ montant: '0' }, /plus grand que zéro/], [{ montant: '-3' }, /plus grand que zéro/],
  [{ montant: '12,505' }, /plus grand que zéro/], [{ montant: '99999999999' }, /trop grand/],
  [{ compte: '' }, /Choisissez un compte/], [{ compte: '4191' }, /Choisissez un compte/],
  [{ exercice: '1' }, /Choisissez un exercice/], [{ date: '2026-02-30' }, /Choisissez une date/],
  [{ date: '1999-01-01' }, /Choisissez une date/], [{ date: '2999-01-01' }, /Choisissez une date/],
  [{ date: new Date(Date.now() + 2 * 86400000).toISOString().slice(0, 10) }, /n'est pas encore venu/],
  [{ date: hostile.slice(0, 20) }, /Choisissez une date/],
  [{ sorte: 'produit', produit: '' }, /Choisissez un produit/],
  [{ sorte: 'produit', produit: '1-1' }, /plus proposé/]];

test('what is wrong is said beside its field, and what was typed is kept', async (t) => {
  const member = someone();
  const client = await house.asStaff('treasurer');
  for (const [fields, sentence] of refused) {
    const answer = await client.post(placeOf(member), await freeForm(client, member, fields));
    assert.equal(answer.status, 400, JSON.stringify(fields));
    assert.match(answer.text, sentence, JSON.stringify(fields));
    assert.match(answer.body, /<title>Erreur\s: /);
  }
  const product = await addProduct('Assurance', '10');
  for (const quantite of ['0', '-1', '1000', '1,5', 'x', '١']) {
    const answer = await client.post(placeOf(member),
      await freeForm(client, member, { sorte: 'produit', produit: product.key, quantite }));
    assert.equal(answer.status, 400, quantite);
    assert.match(answer.text, /nombre de 1 à 999/, quantite);
  }
  assert.deepEqual(lines(member), []);
  const page = await house.visit(t, client);
  await page.goto(`${placeOf(member)}?sorte=libre`);
  await page.getByLabel('Pour quoi').fill(hostile);
  await page.getByLabel('Montant').fill('douze');
  await page.getByLabel('Compte').selectOption('706');
  await page.getByRole('button', { name: 'Ajouter la dépense' }).click();
  await page.getByRole('alert').waitFor();
  assert.equal(await page.getByLabel('Pour quoi').inputValue(), hostile);
  assert.equal(await page.getByLabel('Compte').inputValue(), '706');
  await check(page, 'depense-refusee');
});

test('a limit counts letters, not the bytes they take', async () => {
  const client = await house.asStaff('treasurer'), libelle = 'é'.repeat(160), member = someone();
  assert.equal((await client.post(placeOf(member), await freeForm(client, member, { libelle }))).status, 303);
  assert.equal(lines(member)[0].label, libelle);
  const refusedName = await client.post('/adherents/nouveau',
    { ...(await client.form('/adherents/nouveau', '/adherents/nouveau')).fields, prenom: 'é'.repeat(101), nom: 'ô'.repeat(100) });
  assert.equal(refusedName.status, 422);
  assert.match(refusedName.text, /Raccourcissez le prénom/);
  assert.doesNotMatch(refusedName.text, /Raccourcissez le nom/);
  const fields = (await client.form('/adherents/nouveau', '/adherents/nouveau')).fields;
  assert.equal((await client.post('/adherents/nouveau', { ...fields, prenom: 'é'.repeat(100), nom: 'ô'.repeat(100) })).status, 303);
});

test('a price that changed since the page was shown is not charged', async () => {
  const member = someone();
  const client = await house.asStaff('treasurer');
  const product = await addProduct('Stage', '80');
  const form = await client.form(placeOf(member), placeOf(member));
  const edit = `/produits/${product.id}/modifier`;
  const change = await client.form(edit, edit);
  assert.equal((await client.post(edit, { ...change.fields, titre: 'Stage', prix: '90', compte: '7561', exercice: '' })).status, 303);
  const answer = await client.post(placeOf(member), { ...form.fields, produit: product.key, quantite: '1' });
  assert.equal(answer.status, 400);
  assert.match(answer.text, /Ce produit vient de changer/);
  assert.match(answer.text, /Stage – 90,00 €/);
  assert.deepEqual(lines(member), []);
});

test('a change of price leaves the charges that were made', async () => {
  const member = someone();
  const client = await house.asStaff('treasurer');
  const product = await addProduct('Licence', '20');
  const form = await client.form(placeOf(member), placeOf(member));
  assert.equal((await client.post(placeOf(member), { ...form.fields, produit: product.key, quantite: '1' })).status, 303);
  const edit = `/produits/${product.id}/modifier`;
  const change = await client.form(edit, edit);
  await client.post(edit, { ...change.fields, titre: 'Licence plus', prix: '25', compte: '707', exercice: '' });
  assert.deepEqual(lines(member).map(({ label, amount_cents, account_code }) => [label, amount_cents, account_code]),
    [['Licence', 2000, '7561']]);
});

test('a form from before its year was closed is refused, and keeps what was typed', async () => {
  const association = house.addAssociation({ name: 'Les Comptes clos', options: ['--year-from', '09-01'] });
  const member = house.member({ association, login: null, charges: [['1', 'Autre saison', { date: '2025-10-01' }]] });
  const client = await house.asStaff('treasurer', association);
  const { id } = house.one(`SELECT CAST(id AS TEXT) AS id FROM fiscal_year
    WHERE association_id = ${association} AND label = '2025-2026'`);
  const asked = await freeForm(client, member, { exercice: id }), dated = await freeForm(client, member, { date: '2025-11-02' });
  house.force(`UPDATE fiscal_year SET closed_at = 1 WHERE association_id = ${association} AND id = ${id}`);
  for (const fields of [asked, dated]) {
    const answer = await client.post(placeOf(member), fields);
    assert.equal(answer.status, 409);
    assert.match(answer.text, /Cet exercice est clos, plus rien ne s'y ajoute/);
    assert.match(answer.body, /value="Sortie au lac"/);
  }
  assert.equal(lines(member).length, 1);
  assert.equal((await client.post(placeOf(member), { ...dated, date: '2026-09-02' })).status, 303);
});

test('only who handles money charges, and only in the own association', async () => {
  const association = house.addAssociation({ name: 'Les Voisins' });
  const foreign = house.member({ association, login: null });
  const member = someone();
  const treasurer = await house.asStaff('treasurer'), viewer = await house.asStaff('viewer');
  const missing = await treasurer.get('/adherents/1/depense');
  for (const [client, place] of [[treasurer, placeOf(foreign)], [treasurer, '/adherents/x/depense'], [viewer, placeOf(member)]]) {
    const answer = await client.get(place);
    assert.equal(answer.status, 404, place);
    if (client === treasurer)
      assert.equal(answer.text.replace(/[0-9a-f]{16}/g, ''), missing.text.replace(/[0-9a-f]{16}/g, ''));
  }
  assert.doesNotMatch((await viewer.get(`/adherents/${member.id}`)).text, /Ajouter une dépense/);
  const fields = await freeForm(treasurer, member);
  assert.equal((await treasurer.post(placeOf(foreign), fields)).status, 404);
  const other = house.one(`SELECT id FROM fiscal_year WHERE association_id = ${house.association} LIMIT 1`);
  house.charge(foreign, ['1', 'x']);
  const theirYear = house.one(`SELECT CAST(id AS TEXT) AS id FROM fiscal_year WHERE association_id = ${association} LIMIT 1`);
  assert.notEqual(theirYear.id, other.id);
  const answer = await treasurer.post(placeOf(member), await freeForm(treasurer, member, { exercice: theirYear.id }));
  assert.equal(answer.status, 400);
  assert.deepEqual(lines(member), []);
});

test('each charge is one row of the audit', async () => {
  const { charges, rows } = house.one(`SELECT
    (SELECT count(*) FROM cart_line WHERE association_id = ${house.association} AND kind = 'charge') AS charges,
    (SELECT count(*) FROM audit WHERE association_id = ${house.association} AND action = 'charge.added') AS rows`);
  assert.ok(charges > 10);
  assert.equal(rows, charges);
});
