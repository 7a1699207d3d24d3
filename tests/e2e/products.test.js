'use strict';
// What a season charges again and again: products, their prices, their archives.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { houseOf } = require('./harness.js');
const { check } = require('./browser.js');

const house = houseOf('products');
const hostile = '=1+1 <img src=x onerror=alert(1)>"\'; DROP TABLE product;--';

const products = () => house.sql(`SELECT title, price_cents, account_code, archived_at IS NOT NULL AS archived, version
  FROM product WHERE association_id = ${house.association} ORDER BY created_at, id`);

test('a product is added, changed, archived and offered again, with and without JavaScript', async (t) => {
  for (const javaScript of [true, false]) {
    const page = await house.visit(t, await house.asStaff('treasurer'), { javaScript });
    const name = javaScript ? 'Cotisation adulte' : 'Cotisation jeune';
    await page.goto('/produits');
    if (javaScript) {
      await page.getByText("Aucun produit pour l'instant").waitFor();
      await check(page, 'produits-vide');
    }
    await page.getByRole('link', { name: 'Ajouter un produit' }).click();
    await page.getByLabel('Nom').fill(name);
    await page.getByLabel('Prix').fill('40');
    await page.getByLabel('Compte').selectOption('7561');
    if (javaScript)
      await check(page, 'produit-saisie');
    await page.getByRole('button', { name: 'Ajouter' }).click();
    await page.getByRole('status').getByText('Le produit est ajouté').waitFor();
    await page.getByRole('link', { name }).click();
    await page.getByLabel('Prix').fill('42,50');
    await page.getByRole('button', { name: 'Enregistrer' }).click();
    await page.getByRole('status').getByText('Le produit est enregistré').waitFor();
    await page.getByRole('button', { name: `Archiver ${name}` }).click();
    await page.getByRole('status').getByText('archivé').waitFor();
    assert.equal(products().at(-1).archived, 1);
    await page.getByRole('button', { name: `Proposer de nouveau ${name}` }).click();
    await page.getByRole('status').getByText('proposé de nouveau').waitFor();
  }
  assert.deepEqual(products().map(({ title, price_cents, archived }) => [title, price_cents, archived]),
    [['Cotisation adulte', 4250, 0], ['Cotisation jeune', 4250, 0]]);
  const actions = house.sql(`SELECT action FROM audit WHERE association_id = ${house.association}
    AND action LIKE 'product.%' ORDER BY chain_number`).map(({ action }) => action);
  assert.deepEqual(actions.slice(-4), ['product.added', 'product.changed', 'product.archived', 'product.restored']);
});

// Adds a product by its form.
async function addProduct(client, fields) {
  const form = await client.form('/produits/nouveau', '/produits/nouveau');
  return client.post('/produits/nouveau', { ...form.fields, compte: '7561', exercice: '', ...fields });
}

const refused = [[{ titre: '', prix: '40' }, /Tapez le nom du produit/], [{ titre: 'é'.repeat(121), prix: '40' }, /trop long/],
  [{ titre: 'x', prix: '' }, /Tapez le prix/], [{ titre: 'x', prix: '0' }, /plus grand que zéro/],
  [{ titre: 'x', prix: '-3' }, /plus grand que zéro/], [{ titre: 'x', prix: '1e3' }, /plus grand que zéro/],
  [{ titre: 'x', prix: '12,505' }, /plus grand que zéro/], [{ titre: 'x', prix: '99999999999' }, /trop grand/],
  [{ titre: 'x', prix: '40', compte: '4191' }, /Choisissez un compte/], [{ titre: 'x', prix: '40', compte: '627' }, /Choisissez un compte/],
  [{ titre: 'x', prix: '40', compte: '' }, /Choisissez un compte/], [{ titre: 'x', prix: '40', exercice: '1' }, /Choisissez un exercice/]];

test('what is no product is said beside its field, and what was typed is kept', async (t) => {
  const client = await house.asStaff('treasurer');
  const before = products();
  for (const [fields, sentence] of refused) {
    const answer = await addProduct(client, fields);
    assert.equal(answer.status, 400, JSON.stringify(fields));
    assert.match(answer.text, sentence, JSON.stringify(fields));
  }
  assert.deepEqual(products(), before);
  const page = await house.visit(t, client);
  await page.goto('/produits/nouveau');
  await page.getByLabel('Nom').fill(hostile);
  await page.getByLabel('Prix').fill('12,505');
  await page.getByRole('button', { name: 'Ajouter' }).click();
  await page.getByRole('alert').waitFor();
  assert.equal(await page.getByLabel('Nom').inputValue(), hostile);
  await check(page, 'produit-saisie-refusee');
});

test('a form that is out of date changes nothing', async () => {
  const client = await house.asStaff('treasurer');
  await addProduct(client, { titre: 'Tee-shirt', prix: '15', compte: '707' });
  const { id } = house.one(`SELECT CAST(id AS TEXT) AS id FROM product WHERE title = 'Tee-shirt'`);
  const place = `/produits/${id}/modifier`;
  const first = await client.form(place, place), second = await client.form(place, place);
  const typed = { titre: 'Tee-shirt', compte: '707', exercice: '' };
  assert.equal((await client.post(place, { ...first.fields, ...typed, prix: '16' })).status, 303);
  const late = await client.post(place, { ...second.fields, ...typed, prix: '17' });
  assert.equal(late.status, 409);
  assert.match(late.text, /changé entre-temps/);
  assert.equal(products().at(-1).price_cents, 1600);
});

test('stored text comes back as text', async (t) => {
  const client = await house.asStaff('treasurer');
  assert.equal((await addProduct(client, { titre: hostile, prix: '3' })).status, 303);
  const page = await house.visit(t, client);
  await page.goto('/produits');
  await page.getByRole('link', { name: hostile }).waitFor();
  await check(page, 'produits');
});

test('a viewer reads products and changes none; another association’s are not there', async () => {
  const viewer = await house.asStaff('viewer');
  const list = await viewer.get('/produits');
  assert.match(list.text, /Tee-shirt/);
  assert.doesNotMatch(list.body, /<form[^>]*archiver|produits\/nouveau/);
  const association = house.addAssociation({ name: 'Les Voisins' });
  const neighbour = await house.asStaff('treasurer', association);
  assert.doesNotMatch((await neighbour.get('/produits')).text, /Tee-shirt/);
  const { id } = house.one(`SELECT CAST(id AS TEXT) AS id FROM product WHERE title = 'Tee-shirt'`);
  const place = `/produits/${id}/modifier`;
  assert.equal((await neighbour.get(place)).status, 404);
  await addProduct(neighbour, { titre: 'Le leur', prix: '1' });
  const own = house.one(`SELECT CAST(id AS TEXT) AS id FROM product WHERE association_id = ${association}`).id;
  const form = await neighbour.form(`/produits/${own}/modifier`, `/produits/${own}/modifier`);
  const answer = await neighbour.post(place, { ...form.fields, titre: 'Volé', prix: '1', compte: '7561' });
  assert.equal(answer.status, 404);
  const list2 = await neighbour.get('/produits');
  const { fields } = await neighbour.form('/produits', `/produits/${own}/archiver`);
  assert.ok(list2.body.includes(own));
  assert.equal((await neighbour.post(`/produits/${id}/archiver`, fields)).status, 404);
  assert.equal(house.one(`SELECT title, archived_at FROM product WHERE id = ${id}`).archived_at, null);
});
