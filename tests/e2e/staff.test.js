'use strict';
// Who comes in by which door, and what the back office shows: receipts, the entry behind each,
// notifications. Members and staff never see each other's pages, nor anything of another
// association.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const path = require('node:path');
const { houseOf, waitFor } = require('./harness.js');
const { check, outcome } = require('./browser.js');
const { Client, formsOf } = require('./http.js');

const house = houseOf('staff');

async function payOnline(member, { provider = 'stripe', amount, how = {} } = {}) {
  const client = await house.asMember(member);
  const form = await client.form('/panier', '/panier/payer');
  const moyen = form.buttons.find((one) => one['data-provider'] === provider).value;
  const { location } = await client.post('/panier/payer',
    { ...form.fields, moyen, ...(amount ? { montant: amount } : {}) });
  if (provider === 'stripe')
    return house.control('POST', `/stripe/sessions/${path.basename(location)}/pay`, how);
  const { token } = await house.control('POST', '/paypal/visits', { url: location });
  return house.control('POST', `/paypal/visits/${token}/pay`, how);
}

// ---- doors ----

test('the login page, and a wrong password on it, are fit for everybody', async (t) => {
  house.member({ login: 'seul' });
  const page = await house.visit(t, null);
  await page.goto('/panier');
  assert.equal(new URL(page.url()).pathname, '/connexion');
  await check(page, 'connexion');
  await page.getByLabel('Adresse e-mail').fill('seul@exemple.fr');
  await page.getByLabel('Mot de passe').fill('ce n’est pas lui');
  await page.getByRole('button', { name: 'Se connecter' }).click();
  await page.getByRole('alert').waitFor();
  assert.equal(await page.getByLabel('Adresse e-mail').inputValue(), 'seul@exemple.fr');
  assert.equal(await page.getByLabel('Mot de passe').inputValue(), '');
  await check(page, 'connexion-refusee');
});

for (const javaScript of [true, false])
  test(`one door is gone through at once, ${javaScript ? 'with' : 'without'} JavaScript`, async (t) => {
    const name = `une-porte-${javaScript}`;
    house.member({ login: name });
    const page = await house.visit(t, null, { javaScript });
    await page.goto('/');
    await page.getByLabel('Adresse e-mail').fill(`${name.toUpperCase()}@exemple.fr `);
    await page.getByLabel('Mot de passe').fill(house.login(name).password);
    await page.getByRole('button', { name: 'Se connecter' }).click();
    await page.getByRole('heading', { name: 'Votre compte est à jour' }).waitFor();
    assert.equal(new URL(page.url()).pathname, '/panier');
    await page.getByRole('button', { name: 'Se déconnecter' }).click();
    await page.getByRole('heading', { name: 'Se connecter' }).waitFor();
    await page.goto('/panier');
    assert.equal(new URL(page.url()).pathname, '/connexion');
  });

test('a login of several associations chooses, and changes, its space', async (t) => {
  const other = house.addAssociation({ name: 'Les Nageurs' });
  house.member({ login: 'plusieurs', first: 'Odile', charges: [['12', 'Ici']] });
  house.member({ login: 'plusieurs', first: 'Odile', association: other, charges: [['34', 'Là']] });
  house.ok(['login', 'grant', '--email', 'plusieurs@exemple.fr', '--role', 'viewer', '--association', other]);
  const client = await house.logIn('plusieurs');
  assert.equal(client.landed, '/espaces');
  for (const place of ['/', '/panier', '/accueil', '/recettes'])
    assert.equal((await client.get(place)).location, '/espaces', `${place} before a choice`);
  const page = await house.visit(t, client);
  await page.goto('/espaces');
  await page.getByRole('button', { name: /Les Nageurs.*consultation/ }).waitFor();
  await check(page, 'espaces');
  await page.getByRole('button', { name: /Les Nageurs.*Espace personnel/ }).click();
  await page.getByRole('heading', { name: 'Vous devez 34,00 €' }).waitFor();
  await page.getByRole('link', { name: 'Mes espaces' }).click();
  await page.getByRole('button', { name: /Randonneurs.*Espace personnel/ }).click();
  await page.getByRole('heading', { name: 'Vous devez 12,00 €' }).waitFor();
  await page.getByRole('link', { name: 'Mes espaces' }).click();
  await page.getByRole('button', { name: /consultation/ }).click();
  await page.getByRole('heading', { name: 'Bonjour' }).waitFor();
});

test('doors of other people do not open', async () => {
  const mine = house.member({ login: 'porteur' });
  const other = house.member({});
  const client = await house.logIn('porteur');
  const form = await client.form('/espaces', '/espaces');
  for (const porte of [`m-${other.id}`, `s-${house.association}`, 'm-1', 'x', 'm-', `m-${mine.id}x`]) {
    const answer = await client.post('/espaces', { ...form.fields, porte });
    assert.equal(answer.status, 404, porte);
  }
  assert.equal((await client.get('/panier')).status, 200);
});

test('a login without any door is told what to do', async () => {
  house.login('personne');
  const client = await house.logIn('personne');
  assert.match((await client.get('/espaces')).text, /n'est rattachée à aucune association/);
});

test('after the login the page that was asked for is shown, if it is ours', async () => {
  house.login('treasurer', { role: 'treasurer' });
  const { email, password } = house.login('treasurer');
  for (const [suite, landed] of [['/recettes', '/recettes'], ['/notifications', '/notifications'], ['/panier', '/accueil'],
    ['//evil.example', '/accueil'], ['/\\evil.example', '/accueil'], ['https://evil.example', '/accueil'],
    ['/recettes?x=1', '/accueil'], ['/r%0d%0a', '/accueil'], ['', '/accueil']]) {
    const answer = await new Client(house.url).post('/connexion', { email, password, suite });
    assert.deepEqual([answer.status, answer.location], [303, landed], suite);
  }
  const asked = await new Client(house.url).get('/recettes');
  assert.deepEqual([asked.status, asked.location], [303, '/connexion?suite=/recettes']);
});

// ---- the back office ----

test('empty books are said to be empty', async (t) => {
  const association = house.addAssociation({ name: 'Les Débutants' });
  const client = await house.asStaff('administrator', association);
  for (const [place, sentence, name] of [['/accueil', /n'est pas encore relié/, 'accueil-vide'],
    ['/recettes', /Aucune recette/, 'recettes-vides'], ['/notifications', /Aucune notification/, 'notifications-vides']]) {
    assert.match((await client.get(place)).text, sentence);
    const page = await house.visit(t, client);
    await page.goto(place);
    await check(page, name);
  }
});

test('a receipt shows all that the treasurer needs, and the entry behind it', async (t) => {
  const card = house.member({ first: 'Hélène', last: 'Vidal', charges: [['38', 'Cotisation']] });
  const account = house.member({ first: 'René', last: 'Silvestre', charges: [['20', 'Sortie', { account: '706' }]] });
  await payOnline(card, { amount: '50' });
  await payOnline(account, { provider: 'paypal' });
  await house.state(card, 'paid');
  await house.state(account, 'paid');
  const [capture] = house.captures(card);
  const client = await house.asStaff('treasurer');
  const page = await house.visit(t, client);
  await page.goto('/accueil');
  await check(page, 'accueil');
  await page.getByRole('link', { name: 'Recettes', exact: true }).click();
  await page.getByText("Les frais de Stripe ou PayPal expliquent l'écart avec le virement reçu").waitFor();
  const row = page.locator(`[data-reference="${capture.reference}"]`);
  const words = (await row.innerText()).replace(/[\s\u00a0\u202f]+/g, ' ');
  for (const part of ['Hélène Vidal', `n° ${card.number}`, '50,00 €', '12,00 €', 'Stripe', capture.reference, `ST ${capture.number}`])
    assert.ok(words.includes(part), `${part} in ${words}`);
  assert.equal(await page.locator('[data-total-cents]').getAttribute('data-total-cents'), '7000');
  assert.equal(await page.locator('[data-count]').getAttribute('data-count'), '2');
  await check(page, 'recettes');
  await row.getByRole('link', { name: `ST ${capture.number}` }).click();
  await page.getByRole('heading', { name: `Écriture ST ${capture.number}` }).waitFor();
  const entry = (await page.locator('main').innerText()).replace(/[\s\u00a0\u202f]+/g, ' ');
  for (const part of ['5171', '7561', '4191', '50,00 €', '38,00 €', '12,00 €', capture.reference])
    assert.ok(entry.includes(part), `${part} in ${entry}`);
  await check(page, 'ecriture');
});

test('notifications are listed with what became of them', async (t) => {
  const member = house.member({ charges: [['15', 'Cotisation']] });
  await payOnline(member, { how: { outcome: 'sepa', settle_s: -1, notify: 'twice' } });
  await house.state(member, 'processing');
  const elsewhere = house.member({ charges: [['15', 'Cotisation']] });
  await payOnline(elsewhere, { provider: 'paypal', how: { outcome: 'other_receiver' } });
  await house.settled();
  const client = await house.asStaff('treasurer');
  await waitFor('all have an end', async () => !/data-state="waiting"/.test((await client.get('/notifications')).body));
  const page = await house.visit(t, client);
  await page.goto('/notifications');
  for (const words of ['en cours', 'gardée pour plus tard'])
    await page.locator('tr', { hasText: words }).first().waitFor();
  await check(page, 'notifications');
});

test('a long list is read page by page, and year by year', async () => {
  const association = house.addAssociation({ name: 'Les Nombreux', options: ['--year-from', '09-01'] });
  const member = house.member({ association });
  house.batch(Array.from({ length: 60 }, (_, index) => `payment add --association ${association} --member ${member.number} `
    + `--amount ${index + 1} --means cash --reference R${index} --date ${index < 20 ? '2025-10-01' : '2026-10-01'}`));
  const client = await house.asStaff('viewer', association);
  const total = (answer) => /data-total-cents="(\d+)" data-count="(\d+)"/.exec(answer.body).slice(1).map(Number);
  const references = (answer) => [...answer.body.matchAll(/data-reference="([^"]+)"/g)].map(([, one]) => one);
  const first = await client.get('/recettes');
  assert.deepEqual(total(first), [183000, 60]);
  const next = /href="(\/recettes\?apres=[^"]+)"/.exec(first.body)[1];
  const second = await client.get(next);
  assert.deepEqual([references(first).length, references(second).length], [50, 10]);
  assert.equal(new Set([...references(first), ...references(second)]).size, 60);
  const year = /<a href="(\/recettes\?exercice=\d+)"[^>]*>2025-2026<\/a>/.exec(first.body)[1];
  const old = await client.get(year);
  assert.deepEqual(total(old), [21000, 20]);
  assert.equal(references(old).length, 20);
  for (const bad of ['apres=x', 'apres=1', 'apres=1-', 'apres=-', 'exercice=x'])
    assert.equal((await client.get(`/recettes?${bad}`)).status, 400, bad);
});

// ---- who may see what ----

const memberPages = ['/panier'];
const staffPages = ['/accueil', '/recettes', '/notifications'];

test('members and staff do not see each other’s pages', async (t) => {
  const member = house.member({ charges: [['5', 'x']] });
  await payOnline(member);
  await house.state(member, 'paid');
  const entry = `/ecritures/${house.captures(member)[0].entry_id}`;
  const asMember = await house.asMember(member);
  for (const place of [...staffPages, entry])
    assert.equal((await asMember.get(place)).status, 404, `a member, ${place}`);
  for (const place of memberPages)
    assert.equal((await asMember.get(place)).status, 200);
  for (const role of ['viewer', 'treasurer', 'administrator']) {
    const staff = await house.asStaff(role);
    for (const place of [...staffPages, entry])
      assert.equal((await staff.get(place)).status, 200, `${role}, ${place}`);
    for (const place of memberPages)
      assert.equal((await staff.get(place)).status, 404, `${role}, ${place}`);
    const token = formsOf((await staff.get('/accueil')).body)[0].fields.csrf;
    assert.equal((await staff.post('/panier/payer', { csrf: token, moyen: '1', jeton: 'x', solde: '0' })).status, 404);
  }
  const page = await house.visit(t, asMember);
  await page.goto('/recettes');
  await check(page, 'erreur-404');
  assert.ok(house.sql("SELECT 1 FROM audit WHERE action = 'access.denied'").length > 0);
});

test("another association's entry is as one that does not exist", async () => {
  const association = house.addAssociation({ name: 'Les Voisins' });
  const member = house.member({ charges: [['5', 'x']] });
  await payOnline(member);
  await house.state(member, 'paid');
  const staff = await house.asStaff('treasurer', association);
  const same = (answer) => answer.text.replace(/\b[0-9a-f]{16}\b/g, '');
  const foreign = await staff.get(`/ecritures/${house.captures(member)[0].entry_id}`);
  const missing = await staff.get('/ecritures/123456789');
  assert.deepEqual([foreign.status, missing.status], [404, 404]);
  assert.equal(same(foreign), same(missing));
  const year = house.one(`SELECT CAST(id AS TEXT) AS id FROM fiscal_year
    WHERE association_id = ${house.association} ORDER BY first_day LIMIT 1`).id;
  assert.equal((await staff.get(`/recettes?exercice=${year}`)).status, 404);
  for (const place of ['/ecritures/x', '/ecritures/-1', '/ecritures/99999999999999999999', '/ecritures/'])
    assert.equal((await staff.get(place)).status, 404, place);
});

test('a role that is taken away and a login that is disabled count at the next request', async () => {
  const staff = await house.asStaff('administrator');
  assert.equal((await staff.get('/accueil')).status, 200);
  house.login('remplacante', { role: 'administrator' }); // the last one would stay one
  house.ok(['login', 'grant', '--email', 'administrator@exemple.fr', '--role', 'viewer',
    '--association', house.association]);
  assert.equal((await staff.get('/accueil')).location, '/connexion?suite=/accueil');
  house.member({ login: 'parti' });
  const client = await house.logIn('parti');
  assert.equal((await client.get('/panier')).status, 200);
  house.ok(['login', 'disable', '--email', 'parti@exemple.fr']);
  assert.equal((await client.get('/panier')).location, '/connexion?suite=/panier');
  assert.equal((await client.post('/connexion', { ...house.login('parti') })).status, 403);
});

test('pages carry no script but the one of the page that waits', async () => {
  const member = house.member({ charges: [['5', 'x']] });
  const client = await house.asMember(member);
  const form = await client.form('/panier', '/panier/payer');
  const open = await client.post('/panier/payer', { ...form.fields, moyen: form.buttons.find((one) => one['data-provider']).value });
  assert.equal(open.status, 303);
  const { token } = house.intents(member)[0];
  for (const place of ['/panier', '/espaces', '/nulle-part'])
    assert.doesNotMatch((await client.get(place)).body, /<script|<style|\son[a-z]+=|style="/);
  assert.deepEqual((await client.get(`/paiement/${token}`)).body.match(/<script[^>]*>/g).length, 1);
});
