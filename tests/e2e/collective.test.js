'use strict';
// One charge for many: who, what, a look before, all or nothing, and never twice by accident.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { houseOf } = require('./harness.js');
const { formsOf } = require('./http.js');
const { check } = require('./browser.js');

const house = houseOf('collective');
const PLACE = '/depenses/collective';
const hostile = '=1+1 <img src=x onerror=alert(1)>"\'; DROP TABLE cart_line;--';

// An association of its own with some members, and its treasurer.
async function club(name, people) {
  const association = house.addAssociation({ name });
  house.batch(people.map(([first, last]) =>
    `member add --association ${association} --first-name "${first}" --last-name "${last}"`));
  const client = await house.asStaff('treasurer', association);
  return { association, client, members: people.map(([first, last], index) => ({ name: `${last} ${first}`, number: index + 1 })) };
}

const charged = ({ association }) => house.sql(`SELECT m.number, l.amount_cents, l.label, l.account_code
  FROM cart_line l JOIN member m ON m.association_id = l.association_id AND m.id = l.member_id
  WHERE l.association_id = ${association} AND l.kind = 'charge' ORDER BY m.number, l.id`);
const numbers = (team) => charged(team).map(({ number }) => number);
const idOf = ({ association }, number) => house.one(`SELECT CAST(id AS TEXT) AS id FROM member
  WHERE association_id = ${association} AND number = ${number}`).id;

// The fields of a free charge, on a fresh form.
async function ask({ client }, fields = {}, query = 'sorte=libre') {
  const answer = await client.get(`${PLACE}?${query}`);
  const form = formsOf(answer.body).find((one) => one.fields.jeton);
  return { ...form.fields, libelle: 'Stage', montant: '12,50', compte: '706', exercice: '', ...fields, action: 'apercu' };
}

// The form of a preview, as a browser would send it back.
function previewOf(answer) {
  assert.equal(answer.status, 200, answer.text);
  const { fields } = formsOf(answer.body).find((one) => one.fields.empreinte);
  delete fields.sauf;
  return fields;
}

test('a group is charged from the list, with and without JavaScript', async (t) => {
  const team = await club('Les Marcheurs', [['Ana', 'Un'], ['Bob', 'Deux'], ['Cléo', 'Trois'], ['Dan', 'Quatre']]);
  for (const javaScript of [true, false]) {
    const page = await house.visit(t, team.client, { javaScript });
    await page.goto('/adherents');
    await page.getByRole('link', { name: 'Ajouter une dépense à tous ceux de cette liste' }).click();
    await page.getByText('4 adhérents choisis').waitFor();
    await page.getByRole('link', { name: 'Un autre montant', exact: true }).click();
    await page.getByLabel('Pour quoi').fill(javaScript ? 'Cotisation' : 'Assurance');
    await page.getByLabel('Montant').fill('40');
    await page.getByLabel('Compte').selectOption('7561');
    if (javaScript)
      await check(page, 'depense-collective');
    await page.getByRole('button', { name: "Voir l'aperçu" }).click();
    await page.getByText('4 personnes, 160,00').waitFor();
    await page.getByLabel('Deux Bob').check();
    await page.getByRole('button', { name: 'Recalculer' }).click();
    await page.getByText('3 personnes, 120,00').waitFor();
    assert.ok(await page.getByLabel('Deux Bob').isChecked());
    if (javaScript)
      await check(page, 'depense-apercu');
    await page.getByRole('button', { name: 'Ajouter à 3 personnes : 120,00' }).click();
    await page.getByRole('status').getByText('Les dépenses sont ajoutées').waitFor();
  }
  assert.deepEqual(charged(team).map(({ number, label, amount_cents }) => [number, label, amount_cents]),
    [1, 3, 4].flatMap((number) => [[number, 'Cotisation', 4000], [number, 'Assurance', 4000]]));
  const { rows } = house.one(`SELECT count(*) AS rows FROM audit WHERE association_id = ${team.association} AND action = 'charge.added'`);
  assert.equal(rows, 6);
});

test('the filter of the list chooses, and a product is charged as often as typed', async (t) => {
  const team = await club('Les Nageurs', [['Ana', 'Étang'], ['Bob', 'Rivière'], ['Cléo', "D'Étang"]]);
  const form = await team.client.form('/produits/nouveau', '/produits/nouveau');
  await team.client.post('/produits/nouveau', { ...form.fields, titre: 'Bonnet', prix: '5', compte: '707', exercice: '' });
  const page = await house.visit(t, team.client);
  await page.goto(PLACE);
  await page.getByLabel(/Chercher/).fill('etang');
  await page.getByRole('button', { name: 'Choisir' }).click();
  await page.getByText('2 adhérents choisis').waitFor();
  await page.getByLabel('Produit').selectOption({ index: 1 });
  await page.getByLabel('Quantité').fill('2');
  await page.getByRole('button', { name: "Voir l'aperçu" }).click();
  await page.getByText('2 personnes, 20,00').waitFor();
  await page.getByRole('button', { name: 'Modifier la dépense' }).click();
  assert.equal(await page.getByLabel('Quantité').inputValue(), '2');
  await page.getByText('2 adhérents choisis').waitFor();
  await page.getByLabel('Quantité').fill('3');
  await page.getByRole('button', { name: "Voir l'aperçu" }).click();
  await page.getByRole('button', { name: 'Ajouter à 2 personnes : 30,00' }).click();
  await page.getByRole('status').waitFor();
  assert.deepEqual(charged(team), [1, 3].map((number) =>
    ({ number, amount_cents: 1500, label: '3 × Bonnet', account_code: '707' })));
});

test('groups are those of the list: who owes, who has an advance, who never came', async () => {
  const team = await club('Les Groupes', [['Ana', 'Doit'], ['Bob', 'Avance'], ['Cléo', 'Rien']]);
  house.charge({ association: team.association, number: 1 }, ['10', 'Ancienne', { date: '2026-09-02' }]);
  house.ok(['payment', 'add', '--association', team.association, '--member', '2', '--amount', '10', '--means', 'cash', '--reference', 'G1']);
  const counts = {};
  for (const group of ['tous', 'doivent', 'avance', 'jamais'])
    counts[group] = Number(/data-count="(\d+)"/.exec((await team.client.get(`${PLACE}?groupe=${group}`)).body)?.[1]);
  assert.deepEqual(counts, { tous: 3, doivent: 1, avance: 1, jamais: 3 });
  assert.equal((await team.client.get(`${PLACE}?groupe=archives`)).status, 400);
  assert.match((await team.client.get(`${PLACE}?q=personne`)).text, /Personne ne correspond/);
  const preview = previewOf(await team.client.post(PLACE, await ask(team, {}, 'sorte=libre&groupe=avance')));
  assert.equal((await team.client.post(PLACE, { ...preview, action: 'confirmer' })).status, 303);
  assert.deepEqual(numbers(team), [1, 2]);
  // The advance has paid: 10,00 of 12,50.
  assert.equal(house.one(`SELECT sum(amount_cents) AS cents FROM allocation WHERE association_id = ${team.association}`).cents, 1000);
});

test('the same form twice charges once', async () => {
  const team = await club('Les Pressés', [['Ana', 'Un'], ['Bob', 'Deux']]);
  const fields = { ...previewOf(await team.client.post(PLACE, await ask(team))), action: 'confirmer' };
  const answers = await Promise.all([1, 2, 3].map(() => team.client.post(PLACE, fields)));
  assert.deepEqual(answers.map(({ status }) => status), [303, 303, 303]);
  assert.deepEqual(numbers(team), [1, 2]);
  const other = await team.client.post(PLACE, { ...fields, action: 'encore' });
  assert.equal(other.status, 409);
  assert.match(other.text, /Cette page a déjà servi/);
  assert.deepEqual(numbers(team), [1, 2]);
});

test('who has the charge already is named, left out, or charged once more on purpose', async (t) => {
  const team = await club('Les Doubles', [['Ana', 'Un'], ['Bob', 'Deux'], ['Cléo', 'Trois']]);
  house.charge({ association: team.association, number: 2 }, ['12,50', 'Stage', { date: '2026-10-04', account: '706' }]);
  for (const javaScript of [true, false]) {
    const page = await house.visit(t, team.client, { javaScript });
    await page.goto(`${PLACE}?sorte=libre`);
    await page.getByLabel('Pour quoi').fill('Stage');
    await page.getByLabel('Montant').fill('12,50');
    await page.getByLabel('Compte').selectOption('706');
    await page.getByLabel('Date').fill('2026-10-04');
    await page.getByRole('button', { name: "Voir l'aperçu" }).click();
    if (javaScript) {
      await page.getByRole('alert').getByText('1 personne a déjà cette dépense').waitFor();
      assert.equal(await page.locator('[data-same="2"]').count(), 1);
      await check(page, 'depense-apercu-encore');
      await page.getByRole('button', { name: 'Ajouter à 2 personnes : 25,00' }).click();
      await page.getByRole('status').waitFor();
      assert.deepEqual(numbers(team), [1, 2, 3]);
    } else {
      await page.getByText('3 personnes ont déjà cette dépense').waitFor();
      await page.getByRole('button', { name: /3 × 12,50 € = 37,50/ }).click();
      await page.getByRole('status').waitFor();
      assert.deepEqual(numbers(team), [1, 1, 2, 2, 3, 3]);
    }
  }
});

test('whoever came, left or was charged since the preview is shown before anything is written', async () => {
  const team = await club('Les Changeants', [['Ana', 'Un'], ['Bob', 'Deux']]);
  const refused = async (change) => {
    const fields = { ...previewOf(await team.client.post(PLACE, await ask(team))), action: 'confirmer' };
    const extra = await change();
    const before = charged(team);
    const answer = await team.client.post(PLACE, { ...fields, ...extra });
    assert.equal(answer.status, 409);
    assert.match(answer.text, /ne sont plus ceux de l'aperçu/);
    assert.deepEqual(charged(team), before);
    return answer;
  };
  const grown = await refused(() => {
    house.batch([`member add --association ${team.association} --first-name Cléo --last-name Trois`]);
  });
  assert.match(grown.text, /3 personnes, 37,50/);
  await refused(() => house.charge({ association: team.association, number: 1 }, ['12,50', 'Stage', { account: '706' }]));
  await refused(() => ({ sauf: idOf(team, 2) }));
  await refused(() => ({ montant: '1' }));
  await refused(() => ({ empreinte: '0'.repeat(64) }));
  await refused(() => ({ empreinte: '' }));
  // What is shown after a refusal can be confirmed as it stands.
  const last = await refused(() => ({ q: 'un' }));
  const { fields } = formsOf(last.body).find((one) => one.fields.empreinte);
  assert.equal(house.one(`SELECT count(*) AS keys FROM form_key WHERE association_id = ${team.association}`).keys, 0);
  delete fields.sauf;
  assert.equal((await team.client.post(PLACE, { ...fields, action: 'encore' })).status, 303);
  assert.deepEqual(numbers(team), [1, 1]);
});

test('all are charged, or nobody', async () => {
  const team = await club('Les Solidaires', Array.from({ length: 30 }, (_, index) => ['A', `Nom${index}`]));
  house.force(`CREATE TRIGGER refused BEFORE INSERT ON cart_line
    WHEN NEW.member_id = ${idOf(team, 25)} BEGIN SELECT RAISE(ABORT, 'by the test'); END`);
  const fields = { ...previewOf(await team.client.post(PLACE, await ask(team))), action: 'confirmer' };
  assert.equal((await team.client.post(PLACE, fields)).status, 409);
  assert.deepEqual(charged(team), []);
  assert.equal(house.one(`SELECT count(*) AS rows FROM audit WHERE association_id = ${team.association} AND action = 'charge.added'`).rows, 0);
  house.force('DROP TRIGGER refused');
  assert.equal((await team.client.post(PLACE, fields)).status, 303);
  assert.equal(charged(team).length, 30);
});

test('what is wrong is said on the form, hostile text stays text', async (t) => {
  const team = await club('Les Hostiles', [[hostile.replaceAll('"', ''), 'Un'], ['Bob', 'Deux']]);
  const empty = await team.client.post(PLACE, await ask(team, { libelle: '', montant: 'x', compte: '' }));
  assert.equal(empty.status, 400);
  for (const sentence of [/Dites pour quoi/, /plus grand que zéro/, /Choisissez un compte/, /2 adhérents choisis/])
    assert.match(empty.text, sentence);
  const nobody = await team.client.post(PLACE, await ask(team, { q: 'personne' }));
  assert.equal(nobody.status, 400);
  const page = await house.visit(t, team.client);
  await page.goto(`${PLACE}?sorte=libre`);
  await page.getByLabel('Pour quoi').fill(hostile);
  await page.getByLabel('Montant').fill('1');
  await page.getByLabel('Compte').selectOption('706');
  await page.getByRole('button', { name: "Voir l'aperçu" }).click();
  await page.getByText(hostile, { exact: true }).waitFor();
  await page.getByLabel('DROP TABLE').waitFor();
  await check(page, 'depense-apercu-hostile');
  await page.getByLabel('DROP TABLE').check();
  await page.getByLabel('Deux Bob').check();
  await page.getByRole('button', { name: 'Recalculer' }).click();
  await page.getByText("Plus personne n'est choisi").waitFor();
  assert.equal(await page.getByRole('button', { name: /^Ajouter/ }).count(), 0);
});

test('another association’s members, products and years are out of reach; a viewer charges nobody', async () => {
  const team = await club('Les Nôtres', [['Ana', 'Un']]);
  const others = await club('Les Autres', [['Ana', 'Un']]);
  const form = await others.client.form('/produits/nouveau', '/produits/nouveau');
  await others.client.post('/produits/nouveau', { ...form.fields, titre: 'Le leur', prix: '5', compte: '707', exercice: '' });
  const { id } = house.one(`SELECT CAST(id AS TEXT) AS id FROM product WHERE association_id = ${others.association}`);
  const stolen = await team.client.post(PLACE, await ask(team, { sorte: 'produit', produit: `${id}-1`, quantite: '1' }));
  assert.equal(stolen.status, 400);
  assert.match(stolen.text, /plus proposé/);
  const left = previewOf(await team.client.post(PLACE, await ask(team, { sauf: idOf(others, 1) })));
  assert.equal((await team.client.post(PLACE, { ...left, action: 'confirmer' })).status, 303);
  assert.deepEqual(numbers(team), [1]);
  assert.deepEqual(numbers(others), []);
  const viewer = await house.asStaff('viewer', team.association);
  assert.equal((await viewer.get(PLACE)).status, 404);
  assert.doesNotMatch((await viewer.get('/adherents')).text, /Dépense collective|Ajouter une dépense/);
});

test('five thousand members are charged in one go, one more is refused', async (t) => {
  const association = house.addAssociation({ name: 'Les Innombrables' });
  const add = (from, to) => house.force(`WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${to})
    INSERT INTO member (association_id, id, number, first_name, last_name, created_at, sort_key, search_text)
    SELECT ${association}, 900000 + i, i, 'A' || i % 7, 'Nom' || i, 0, 'nom' || i, ' nom' || i || ' a' || i % 7 || ' ' || i FROM n`);
  add(1, 5001);
  const team = { association, client: await house.asStaff('treasurer', association) };
  assert.match((await team.client.get(`${PLACE}?sorte=libre`)).text, /Plus de 5 000 adhérents sont choisis/);
  house.force(`UPDATE member SET archived_at = 1 WHERE association_id = ${association} AND number = 5001`);
  const preview = await team.client.post(PLACE, await ask(team));
  assert.match(preview.text, /5 000 personnes, 62 500,00 €/);
  const began = Date.now();
  const answer = await team.client.post(PLACE, { ...previewOf(preview), action: 'confirmer' });
  t.diagnostic(`5,000 charges: ${Date.now() - began} ms`);
  assert.equal(answer.status, 303);
  assert.deepEqual(house.one(`SELECT count(*) AS lines, sum(amount_cents) AS cents FROM cart_line WHERE association_id = ${association}`),
    { lines: 5000, cents: 6250000 });
});
