'use strict';
// Référentiel: the chart of accounts, the fiscal years, the means of payment, and what an account at
// a provider costs and begins with.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { houseOf } = require('./harness.js');
const { check } = require('./browser.js');

const house = houseOf('reference');
const hostile = '<img src=x onerror=alert(1)>"\'; DROP TABLE account;--';
const place = '/parametrage/referentiel';

const audited = (association, word) => house.sql(`SELECT action FROM audit
  WHERE association_id = ${association} AND action LIKE '${word}.%' ORDER BY chain_number`)
  .map(({ action }) => action);

// A form of ours, sent with these values.
async function submit(client, from, action, values = {}) {
  const form = await client.form(from, action);
  return client.post(action, { ...form.fields, ...values });
}

// The same words for what is not there and what is another's; the request's number apart.
const words = (answer) => answer.text.replace(/[0-9a-f]{16}/g, '');

test('an account is added, renamed, archived, taken back and deleted, with and without JavaScript', async (t) => {
  for (const javaScript of [true, false]) {
    const page = await house.visit(t, await house.asStaff('treasurer'), { javaScript });
    const code = javaScript ? '7065' : '7066';
    await page.goto('/parametrage/mon-compte');
    await page.getByRole('link', { name: 'Référentiel' }).click();
    if (javaScript)
      await check(page, 'referentiel');
    await page.getByRole('link', { name: 'Plan comptable' }).click();
    await page.getByRole('link', { name: 'Ajouter un compte' }).click();
    if (javaScript)
      await check(page, 'compte-nouveau');
    await page.getByLabel('Numéro').fill(code);
    await page.getByLabel('Intitulé').fill('Stages');
    await page.getByRole('button', { name: 'Ajouter' }).click();
    await page.getByRole('status').getByText('Le compte est ajouté').waitFor();
    await page.getByRole('link', { name: code }).click();
    await page.getByLabel('Intitulé').fill('Stages d’été');
    await page.getByRole('button', { name: 'Enregistrer' }).click();
    await page.getByRole('row', { name: `${code} Stages d’été` }).waitFor();
    await page.getByRole('link', { name: code }).click();
    if (javaScript)
      await check(page, 'compte');
    await page.getByRole('button', { name: 'Archiver' }).click();
    await page.getByRole('status').getByText('archivé').waitFor();
    if (javaScript)
      await check(page, 'comptes');
    await page.getByRole('link', { name: code }).click();
    await page.getByRole('button', { name: 'Remettre ce compte en usage' }).click();
    await page.getByRole('link', { name: code }).click();
    await page.getByRole('button', { name: 'Supprimer ce compte' }).click();
    await page.getByRole('status').getByText('supprimé').waitFor();
    assert.equal(await page.getByRole('link', { name: code }).count(), 0);
  }
  assert.deepEqual(audited(house.association, 'account').slice(-5), ['account.added', 'account.renamed',
    'account.archived', 'account.restored', 'account.deleted']);
});

test('what is wrong with an account is said beside its field, and what was typed is kept', async (t) => {
  const page = await house.visit(t, await house.asStaff('administrator'));
  await page.goto(`${place}/comptes/nouveau`);
  await page.locator('form.card').evaluate((form) => { form.noValidate = true; });
  await page.getByLabel('Numéro').fill('70a');
  await page.getByRole('button', { name: 'Ajouter' }).click();
  for (const field of ['code', 'libelle'])
    assert.equal(await page.locator(`#${field}`).getAttribute('aria-invalid'), 'true', field);
  assert.equal(await page.getByLabel('Numéro').inputValue(), '70a');
  await check(page, 'compte-refuse');
  const client = await house.asStaff('treasurer'), from = `${place}/comptes/nouveau`;
  const taken = await submit(client, from, from, { code: '706', libelle: 'Encore' });
  assert.equal(taken.status, 409);
  assert.match(taken.text, /déjà dans votre plan comptable/);
  assert.match((await submit(client, from, from, { code: '7068', libelle: 'é'.repeat(121) })).text, /trop long/);
});

test('an account that is needed stays, and the page says why', async () => {
  const association = house.addAssociation({ name: 'Les Comptables' });
  const client = await house.asStaff('treasurer', association);
  const member = house.member({ association, login: null, charges: [['40', 'Cotisation'], ['9', 'Sortie', { account: '706' }]] });
  house.ok(['payment', 'add', '--association', association, '--member', member.number,
    '--amount', '40', '--means', 'cash', '--reference', 'R1']);
  const cases = [
    ['471', /ne peut pas être archivé.*Guichet écrit lui-même/],
    ['530', /ne peut pas être archivé.*moyen de paiement/],
    ['7561', /Archiver ce compte.*une écriture ne s'efface pas/],
    ['706', /Archiver ce compte.*facturée sur ce compte/],
  ];
  const token = async (action) => (await client.form(`${place}/comptes/7562`, `${place}/comptes/7562/${action}`)).fields;
  for (const [code, sentence] of cases) {
    assert.match((await client.get(`${place}/comptes/${code}`)).text, sentence, code);
    const deleted = await client.post(`${place}/comptes/${code}/supprimer`, await token('supprimer'));
    assert.equal(deleted.status, 409, code);
    assert.match(deleted.text, /Rien n'a changé/, code);
  }
  for (const code of ['471', '530']) {
    const archived = await client.post(`${place}/comptes/${code}/usage`, { ...await token('usage'), usage: 'archive' });
    assert.equal(archived.status, 409, code);
  }
  assert.equal(house.one(`SELECT count(*) AS n FROM account WHERE association_id = ${association}
    AND archived_at IS NOT NULL`).n, 0);
  assert.deepEqual(audited(association, 'account'), []);
});

test('a form that is out of date changes nothing', async () => {
  const client = await house.asStaff('treasurer'), from = `${place}/comptes/707`;
  const first = await client.form(from, from), second = await client.form(from, from);
  assert.equal((await client.post(from, { ...first.fields, libelle: 'Buvette' })).status, 303);
  const late = await client.post(from, { ...second.fields, libelle: 'Ventes' });
  assert.equal(late.status, 409);
  assert.match(late.text, /entre-temps.*« Buvette »/);
  assert.match(late.body, /value="Ventes"/);
  assert.equal((await submit(client, from, from, { libelle: 'Ventes' })).status, 303);
});

test('years follow each other; the next one is added once, and named', async (t) => {
  const association = house.addAssociation({ name: 'Les Années', options: ['--year-from', '09-01'] });
  const client = await house.asStaff('treasurer', association);
  const page = await house.visit(t, client);
  const years = () => house.sql(`SELECT first_day, last_day FROM fiscal_year
    WHERE association_id = ${association} ORDER BY first_day`);
  const before = years();
  await page.goto(place);
  await page.getByRole('link', { name: 'Exercices' }).click();
  const twice = await client.form(`${place}/exercices`, `${place}/exercices`);
  await page.getByRole('button', { name: 'Ajouter cet exercice' }).click();
  await page.getByRole('status').getByText("L'exercice est ajouté").waitFor();
  const late = await client.post(`${place}/exercices`, twice.fields);
  assert.equal(late.status, 409);
  assert.match(late.text, /La liste a changé entre-temps/);
  const after = years();
  assert.equal(after.length, before.length + 1);
  const day = (text, more) => new Date(Date.parse(`${text}T00:00:00Z`) + more * 86400000).toISOString().slice(0, 10);
  assert.equal(after.at(-1).first_day, day(before.at(-1).last_day, 1));
  assert.equal(after.at(-1).last_day, `${Number(after.at(-1).first_day.slice(0, 4)) + 1}-08-31`);
  await page.getByRole('row').nth(1).getByRole('link').click();
  await page.getByLabel('Nom').fill(hostile.slice(0, 40));
  await check(page, 'exercice');
  await page.getByRole('button', { name: 'Enregistrer' }).click();
  await page.getByRole('link', { name: hostile.slice(0, 40) }).waitFor();
  await page.getByRole('button', { name: 'Ajouter cet exercice' }).click();
  await page.getByText('sont déjà là').waitFor();
  await check(page, 'exercices');
  assert.equal((await client.post(`${place}/exercices`, twice.fields)).status, 409);
  const { id } = house.one(`SELECT CAST(id AS TEXT) AS id FROM fiscal_year WHERE association_id = ${association}
    AND first_day = '${before[0].first_day}'`);
  const from = `${place}/exercices/${id}`, second = await client.form(from, from);
  assert.equal((await submit(client, from, from, { libelle: 'Une' })).status, 303);
  assert.equal((await client.post(from, { ...second.fields, libelle: 'Deux' })).status, 409);
  assert.equal((await submit(client, from, from, { libelle: '' })).status, 400);
  assert.deepEqual(audited(association, 'fiscal_year'), ['fiscal_year.added', 'fiscal_year.renamed',
    'fiscal_year.added', 'fiscal_year.renamed']);
});

test('a means is added, changed, archived and taken back, with and without JavaScript', async (t) => {
  const association = house.addAssociation({ name: 'Les Moyens' });
  for (const javaScript of [true, false]) {
    const page = await house.visit(t, await house.asStaff('treasurer', association), { javaScript });
    const name = javaScript ? 'Bons CAF' : 'Bons MSA';
    await page.goto(place);
    await page.getByText('Chèque, Espèces, Virement').waitFor();
    await page.getByRole('link', { name: 'Moyens de paiement' }).click();
    assert.equal(await page.getByRole('button', { name: 'Ajouter les moyens usuels' }).count(), 0);
    await page.getByRole('link', { name: 'Ajouter un moyen' }).click();
    await page.getByLabel('Nom').fill(name);
    if (javaScript)
      await check(page, 'moyen-nouveau');
    await page.getByLabel('L\'argent reçu va au compte').selectOption('530');
    await page.getByRole('button', { name: 'Ajouter' }).click();
    await page.getByRole('row', { name: `${name} 530 Caisse` }).waitFor();
    await page.getByRole('link', { name }).click();
    await page.getByLabel('Nom').fill(`${name} 13`);
    await page.getByLabel('L\'argent reçu va au compte').selectOption('5118');
    await page.getByRole('button', { name: 'Enregistrer' }).click();
    await page.getByRole('status').getByText('enregistré').waitFor();
    if (javaScript)
      await check(page, 'moyens');
    await page.getByRole('link', { name }).click();
    await page.getByRole('button', { name: 'Archiver ce moyen' }).click();
    await page.getByRole('status').getByText('archivé').waitFor();
    await page.getByRole('link', { name }).click();
    await page.getByRole('button', { name: 'Proposer de nouveau' }).click();
    await page.getByRole('status').getByText('de nouveau proposé').waitFor();
  }
  assert.deepEqual(audited(association, 'means').slice(-4), ['means.added', 'means.changed',
    'means.archived', 'means.restored']);
});

test('an association from before gets the usual means with one press', async (t) => {
  const association = house.addAssociation({ name: 'Les Anciens' });
  house.force(`DELETE FROM provider_account WHERE association_id = ${association};
    DELETE FROM account WHERE association_id = ${association} AND code = '5118'`);
  const page = await house.visit(t, await house.asStaff('treasurer', association));
  await page.goto(`${place}/moyens`);
  await check(page, 'moyens-aucun');
  await page.getByRole('button', { name: 'Ajouter les moyens usuels' }).click();
  await page.getByRole('status').getByText('Les moyens usuels sont ajoutés').waitFor();
  assert.deepEqual(house.sql(`SELECT label, transit_account FROM provider_account
    WHERE association_id = ${association} ORDER BY position`).map(({ label, transit_account: code }) => `${code} ${label}`),
  ['5112 Chèque', '530 Espèces', '5121 Virement', '5115 Carte bancaire (terminal)', '5118 Chèques-vacances ANCV',
    '5118 Coupons sport ANCV', '5118 Aide (Pass\'Sport, CAF…)']);
});

test('a means of payments keeps its account; each refusal says why', async (t) => {
  const association = house.addAssociation({ name: 'Les Refus' });
  const client = await house.asStaff('treasurer', association);
  const member = house.member({ association, login: null });
  const idOf = (label) => house.one(`SELECT CAST(id AS TEXT) AS id FROM provider_account
    WHERE association_id = ${association} AND label = '${label}'`).id;
  const cash = `${place}/moyens/${idOf('Espèces')}`, cheque = `${place}/moyens/${idOf('Chèque')}`;
  const stale = await client.form(cash, cash);
  house.ok(['payment', 'add', '--association', association, '--member', member.number,
    '--amount', '40', '--means', 'cash', '--reference', 'R1']);
  const moved = await client.post(cash, { ...stale.fields, libelle: 'Espèces', compte: '5121' });
  assert.equal(moved.status, 409);
  assert.match(moved.text, /Un paiement est arrivé entre-temps.*le compte ne change plus/);
  assert.equal((await submit(client, cash, cash, { libelle: 'Liquide' })).status, 303);
  assert.equal((await client.post(cash, { ...stale.fields, libelle: 'Autre' })).status, 409);
  const taken = await submit(client, cheque, cheque, { libelle: 'LIQUIDE', compte: '5112' });
  assert.equal(taken.status, 409);
  assert.match(taken.text, /Un autre moyen a déjà ce nom/);
  assert.match((await submit(client, cheque, cheque, { libelle: '', compte: '5112' })).text, /Donnez un nom/);
  assert.match((await submit(client, cheque, cheque, { libelle: 'C', compte: '706' })).text, /classe 5 en usage/);
  const page = await house.visit(t, client);
  await page.goto(cash);
  await page.getByText('le compte ne change plus').waitFor();
  await check(page, 'moyen');
});

test('what an account costs and begins with is typed until money moves', async (t) => {
  const association = house.addAssociation({ name: 'Les Reprises' });
  const client = await house.asStaff('treasurer', association);
  await house.addStripe(association);
  const { id } = house.one(`SELECT CAST(id AS TEXT) AS id FROM provider_account
    WHERE association_id = ${association} AND provider = 'stripe'`);
  const from = `${place}/encaissement/${id}`, stale = await client.form(from, from);
  const stored = () => house.one(`SELECT rate_points, since_day, opening_cents FROM provider_account WHERE id = ${id}`);
  const page = await house.visit(t, client);
  await page.goto(place);
  await page.getByRole('row', { name: /Stripe.*2,50 % proposé/ }).getByRole('link').click();
  await page.getByLabel(/^Frais/).fill('1,4 %');
  await page.getByLabel('Suivi depuis le').fill('2026-01-01');
  await page.getByLabel('Solde du compte').fill('−12,50');
  await check(page, 'encaissement');
  await page.getByRole('button', { name: 'Enregistrer' }).click();
  await page.getByRole('status').getByText('enregistrés').waitFor();
  await page.getByRole('row', { name: /Stripe.*01\/01\/2026.*−12,50.*1,40 %/ }).waitFor();
  await check(page, 'referentiel');
  assert.deepEqual(stored(), { rate_points: 140, since_day: '2026-01-01', opening_cents: -1250 });
  assert.equal((await client.post(from, { ...stale.fields, taux: '9' })).status, 409);
  for (const [field, value, sentence] of [['taux', '101', /pourcentage de 0 à 100/], ['taux', '-1', /pourcentage de 0 à 100/],
    ['depuis', '2999-01-01', /pas encore venu/], ['depuis', 'hier', /Choisissez une date/], ['solde', '1e3', /Tapez un montant/]]) {
    const refused = await submit(client, from, from, { [field]: value });
    assert.equal(refused.status, 400, `${field}=${value}`);
    assert.match(refused.text, sentence);
    assert.ok(refused.body.includes(`value="${value}"`), `${field}=${value} is kept`);
  }
  house.force(`INSERT INTO provider_transaction (association_id, id, provider_account_id, kind, reference,
    amount_cents, currency, fact_at, created_at) VALUES (${association}, 1, ${id}, 'other', 'txn_1', 0, 'EUR', 0, 0)`);
  const open = await client.get(from);
  assert.match(open.text, /ne changent plus/);
  assert.doesNotMatch(open.body, /name="solde"/);
  const version = Number(stale.fields.version) + 1;
  const late = await client.post(from, { ...stale.fields, version, solde: '7' });
  assert.equal(late.status, 409);
  assert.match(late.text, /ne changent plus/);
  assert.equal((await submit(client, from, from, { taux: '' })).status, 303);
  assert.deepEqual(stored(), { rate_points: null, since_day: '2026-01-01', opening_cents: -1250 });
  house.force(`DROP TRIGGER provider_transaction_no_delete; DELETE FROM provider_transaction WHERE id = 1`);
});

test('the advice to open an account knows the association’s own rates', async () => {
  const association = house.addAssociation({ name: 'Les Conseillés' });
  const client = await house.asStaff('treasurer', association);
  assert.match((await client.get('/parametrage/mon-compte')).text, /de l'ordre de 2,50 % d'un paiement, contre 3,50 % chez PayPal/);
  await house.addPaypal(association);
  const rate = (points) => house.force(`UPDATE provider_account SET unlinked_at = 1, rate_points = ${points}
    WHERE association_id = ${association} AND provider = 'paypal'`);
  rate(290);
  assert.match((await client.get('/parametrage/mon-compte')).text, /plus bas \(2,50 % d'un paiement, contre 2,90 % chez PayPal, selon/);
  rate(120);
  assert.match((await client.get('/parametrage/mon-compte')).text, /ne sont pas plus bas \(2,50 % d'un paiement, contre 1,20 %/);
});

test('stored text comes back as text', async (t) => {
  const client = await house.asStaff('treasurer'), from = `${place}/comptes/nouveau`;
  assert.equal((await submit(client, from, from, { code: '7099', libelle: hostile })).status, 303);
  const page = await house.visit(t, client);
  await page.goto(`${place}/comptes`);
  await page.getByRole('cell', { name: hostile }).waitFor();
  await page.goto(`${place}/comptes/7099`);
  assert.equal(await page.getByLabel('Intitulé').inputValue(), hostile);
  const means = `${place}/moyens/nouveau`, name = hostile.slice(0, 50);
  assert.equal((await submit(client, means, means, { libelle: name, compte: '530' })).status, 303);
  await page.goto(`${place}/moyens`);
  await page.getByRole('link', { name }).click();
  await page.getByRole('heading', { name }).waitFor();
  await page.goto(place);
  await page.getByText(name).waitFor();
});

test('another association’s things are not there', async () => {
  const association = house.addAssociation({ name: 'Les Voisins' });
  const there = await house.asStaff('treasurer', association), client = await house.asStaff('treasurer');
  const from = `${place}/comptes/nouveau`;
  assert.equal((await submit(there, from, from, { code: '7077', libelle: 'À eux' })).status, 303);
  const { id } = house.one(`SELECT CAST(id AS TEXT) AS id FROM fiscal_year WHERE association_id = ${association}`);
  const missing = words(await client.get(`${place}/exercices/1`));
  const means = house.sql(`SELECT CAST(id AS TEXT) AS id FROM provider_account WHERE association_id = ${association}`)[0].id;
  await house.addStripe(association);
  const stripe = house.one(`SELECT CAST(id AS TEXT) AS id FROM provider_account WHERE association_id = ${association}
    AND provider = 'stripe'`).id;
  for (const path of ['comptes/7077', `exercices/${id}`, 'exercices/x', 'comptes/0', `moyens/${means}`,
    `moyens/${stripe}`, 'moyens/x', `encaissement/${stripe}`, `encaissement/${means}`, 'encaissement/x']) {
    const answer = await client.get(`${place}/${path}`);
    assert.equal(answer.status, 404, path);
    assert.equal(words(answer), missing, path);
  }
  const own = await client.form(`${place}/comptes/7562`, `${place}/comptes/7562`);
  const use = await client.form(`${place}/comptes/7562`, `${place}/comptes/7562/usage`);
  const remove = await client.form(`${place}/comptes/7562`, `${place}/comptes/7562/supprimer`);
  for (const [path, fields] of [['', { ...own.fields, libelle: 'Pris' }], ['/usage', use.fields], ['/supprimer', remove.fields]])
    assert.equal((await client.post(`${place}/comptes/7077${path}`, fields)).status, 404, path);
  assert.equal(house.one(`SELECT version FROM account WHERE association_id = ${association} AND code = '7077'`).version, 1);
  const ours = house.one(`SELECT CAST(id AS TEXT) AS id FROM provider_account WHERE association_id = ${house.association}
    AND external_id = 'cash'`).id;
  const page = `${place}/moyens/${ours}`, change = await client.form(page, page), archive = await client.form(page, `${page}/usage`);
  const ownStripe = house.one(`SELECT CAST(id AS TEXT) AS id FROM provider_account WHERE association_id = ${house.association}
    AND provider = 'stripe'`).id;
  const terms = await client.form(`${place}/encaissement/${ownStripe}`, `${place}/encaissement/${ownStripe}`);
  for (const [path, fields] of [[`moyens/${means}`, change.fields], [`moyens/${means}/usage`, archive.fields],
    [`moyens/${ownStripe}`, change.fields], [`encaissement/${stripe}`, { ...terms.fields, taux: '1' }]])
    assert.equal((await client.post(`${place}/${path}`, fields)).status, 404, path);
  assert.equal(house.one(`SELECT max(version) AS n FROM provider_account WHERE association_id = ${association}`).n, 1);
});
