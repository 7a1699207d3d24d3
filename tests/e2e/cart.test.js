'use strict';
// The cart and the form on it: what is shown, what may be typed, and what happens when people
// press twice, in two tabs, or on a page that is no longer true.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const path = require('node:path');
const { houseOf, waitFor } = require('./harness.js');
const { check, outcome } = require('./browser.js');

const house = houseOf('cart');

const someone = (...charges) => house.member({ charges });
const owing = (amount) => someone([amount, 'Cotisation']);

const button = (form, provider) => form.buttons.find((one) => one['data-provider'] === provider).value;

// The fields of a press on the form of the cart as it stands now.
async function press(client, change = {}, provider = 'stripe') {
  const form = await client.form('/panier', '/panier/payer');
  return { ...form.fields, moyen: button(form, provider), ...change };
}

const pay = (client, fields) => client.post('/panier/payer', fields);
const openings = () => house.calls('stripe', 'POST', '/v1/checkout/sessions');
const session = (answer) => house.control('GET', `/stripe/sessions/${path.basename(answer.location)}`);

const hero = (answer) => Number(/data-balance-cents="(-?\d+)"/.exec(answer.body)[1]);
const linesOf = (answer) => [...answer.body.matchAll(
  /<tr data-line data-kind="(\w+)" data-amount-cents="(-?\d+)" data-balance-cents="(-?\d+)">/g)]
  .map(([, kind, amount, balance]) => [kind, Number(amount), Number(balance)]);

// ---- what is shown ----

test('an empty cart says so and takes an advance', async (t) => {
  const member = someone();
  const client = await house.asMember(member);
  const cart = await client.get('/panier');
  assert.match(cart.text, /Votre compte est à jour/);
  assert.match(cart.text, /Rien à montrer ici/);
  assert.match(cart.text, /Verser une avance/);
  assert.equal((await press(client)).montant, '');
  const page = await house.visit(t, client);
  await page.goto('/panier');
  await check(page, 'panier-vide');
  await page.locator('#montant').fill('15');
  await page.getByRole('button', { name: 'Payer par carte' }).click();
  await page.locator('#payer').click();
  await outcome(page, 'Paiement reçu');
  await page.goto('/panier');
  await page.getByRole('heading', { name: "Vous avez 15,00 € d'avance" }).waitFor();
  await check(page, 'panier-avance');
});

test('lines stand in the order of their dates with a running balance', async () => {
  const member = someone(['20', 'Sortie', { account: '706', date: '2026-10-10' }],
    ['38', 'Cotisation', { date: '2026-09-02' }], ['5,50', 'Covoiturage', { date: '2026-11-01' }]);
  house.ok(['payment', 'add', '--association', member.association, '--member', member.number,
    '--amount', '30', '--means', 'cheque', '--reference', '1', '--date', '2026-10-01']);
  const cart = await (await house.asMember(member)).get('/panier');
  assert.deepEqual(linesOf(cart), [['charge', 3800, 3800], ['payment', -3000, 800],
    ['charge', 2000, 2800], ['charge', 550, 3350]]);
  assert.equal(hero(cart), 3350);
  assert.match(cart.text, /Vous devez 33,50 €/);
  assert.match(cart.text, /Cotisation reste 8,00 €/);
});

test('the amount, the buttons and both halves of the notice stand on one page', async () => {
  const cart = await (await house.asMember(owing('40'))).get('/panier');
  assert.ok(cart.body.indexOf('data-provider="stripe"') < cart.body.indexOf('data-provider="paypal"'));
  assert.match(cart.body, /id="montant"[^>]*value="40,00"/);
  assert.match(cart.text, /met seulement en relation l'adhérent et la solution de paiement/);
  assert.match(cart.text, /ne peut être tenu responsable d'une erreur de paiement/);
  assert.match(cart.text, /Aucun argent et aucune donnée bancaire ne passent par lui/);
});

test('a fiscal year filters the lines, not what is owed', async (t) => {
  const member = someone(['30', 'Cotisation 2025-2026', { date: '2025-10-01' }],
    ['38', 'Cotisation 2026-2027', { date: '2026-10-01' }]);
  const client = await house.asMember(member);
  const all = await client.get('/panier');
  assert.deepEqual(linesOf(all), [['charge', 3000, 3000], ['charge', 3800, 6800]]);
  const [, address] = /<a href="(\/panier\?exercice=\d+)">2025-2026<\/a>/.exec(all.body);
  const before = await client.get(address);
  assert.deepEqual(linesOf(before), [['charge', 3000, 3000]]);
  assert.equal(hero(before), 6800);
  const [, latest] = /<a href="(\/panier\?exercice=\d+)">2026-2027<\/a>/.exec(before.body);
  assert.deepEqual(linesOf(await client.get(latest)), [['charge', 3800, 6800]]);
  assert.deepEqual(linesOf(await client.get('/panier?exercice=1')), []);
  for (const bad of ['exercice=abc', 'exercice=1&exercice=2', 'annee=2025', 'exercice=-1'])
    assert.equal((await client.get(`/panier?${bad}`)).status, 400, bad);
  const page = await house.visit(t, client);
  await page.goto(address);
  await check(page, 'panier-exercice');
});

test('without a provider the cart says how to pay', async (t) => {
  const association = house.addAssociation({ name: 'Les Nageurs',
    options: ['--how-to-pay', "Par chèque à l'ordre des Nageurs, <à> l'accueil."] });
  const silent = house.addAssociation({ name: 'Les Muets', options: ['--email', 'bureau@muets.example'] });
  const member = house.member({ association, charges: [['40', 'Cotisation']] });
  const client = await house.asMember(member);
  const cart = await client.get('/panier');
  assert.match(cart.text, /Comment payer Par chèque à l'ordre des Nageurs, <à> l'accueil\./);
  assert.doesNotMatch(cart.body, /<button[^>]*name="moyen"/);
  const page = await house.visit(t, client);
  await page.goto('/panier');
  await check(page, 'panier-sans-paiement-en-ligne');
  const other = await house.asMember(house.member({ association: silent, charges: [['1', 'x']] }));
  assert.match((await other.get('/panier')).text, /bureau@muets\.example/);
});

// ---- what may be typed ----

const accepted = [['12,5', 1250], ['12.50', 1250], ['1 234,50', 123450], ['1\u202f234,50', 123450],
  ['1\u00a0234,50 €', 123450], [' 7 ', 700], ['12,50\u202f€', 1250], ['10000', 1000000], ['1', 100]];

test('amounts are read as people write them', async () => {
  const client = await house.asMember(owing('40'));
  for (const [typed, cents] of accepted) {
    const form = await client.form('/panier', '/panier/payer').catch(() => null);
    assert.ok(form, 'the form is there');
    const answer = await pay(client, { ...form.fields, montant: typed, moyen: button(form, 'stripe') });
    assert.equal(answer.status, 303, `${typed}: ${answer.text}`);
    assert.equal((await session(answer)).amount, cents, typed);
    const cart = await client.get('/panier');
    const [, token] = /data-live="([^"]+)"/.exec(cart.body);
    const abandon = await client.form('/panier', `/paiement/${token}/abandonner`);
    assert.equal((await client.post(abandon.action, abandon.fields)).status, 303);
  }
});

const refused = [['', /Il manque le montant/], ['abc', /n'est pas lisible/], ['12,505', /trop de chiffres/],
  ['-3', /n'est pas lisible/], ['1e3', /n'est pas lisible/], ['0', /Le montant est nul/],
  ['0,00', /Le montant est nul/], ['0,99', /trop petit.*Tapez au moins 1,00 €/],
  ['10000,01', /trop grand.*Tapez au plus 10 000,00 €/], ['99999999999999999999', /trop grand/],
  ['12,5,0', /n'est pas lisible/], ['１２', /n'est pas lisible/], ['<b>1</b>', /n'est pas lisible/]];

test('what is no amount is given back with a sentence that says what to type', async (t) => {
  const member = owing('40');
  const client = await house.asMember(member);
  const before = await openings();
  for (const [typed, sentence] of refused) {
    const answer = await pay(client, await press(client, { montant: typed }));
    assert.equal(answer.status, 422, typed);
    assert.match(answer.text, sentence, typed);
    assert.match(answer.body, /<title>Erreur\s: /);
    assert.match(answer.body, /id="montant"[^>]*aria-invalid="true"/);
    const kept = new RegExp(`value="${typed.trim().replaceAll('<', '&lt;').replaceAll('>', '&gt;')}"`);
    assert.match(answer.body, kept, 'what was typed stays');
  }
  assert.deepEqual(house.intents(member), []);
  assert.equal(await openings(), before);
  const page = await house.visit(t, client);
  await page.goto('/panier');
  await page.locator('#montant').fill('12,505');
  await page.getByRole('button', { name: 'Payer par carte' }).click();
  await page.getByRole('alert').waitFor();
  await check(page, 'panier-montant-faux');
});

test('the amount offered is what is owed less what is in progress', async () => {
  const member = owing('40');
  const client = await house.asMember(member);
  const answer = await pay(client, await press(client, { montant: '15' }));
  const { id } = await session(answer);
  await house.control('POST', `/stripe/sessions/${id}/pay`, { outcome: 'sepa', settle_s: -1 });
  await house.state(member, 'processing');
  assert.equal((await press(client)).montant, '25,00');
  assert.match((await client.get('/panier')).text, /15,00 € en cours de confirmation/);
  const rest = await pay(client, await press(client));
  assert.equal((await session(rest)).amount, 2500);
});

test('less than a provider takes is said instead of its button', async () => {
  const cart = await (await house.asMember(owing('0,40'))).get('/panier');
  assert.match(cart.text, /Stripe n'accepte pas moins de 0,50 €/);
  assert.doesNotMatch(cart.body, /data-provider="stripe"/);
});

test('a debt that no provider takes leads to the other ways to pay, not to an empty form', async (t) => {
  const association = house.addAssociation({ name: 'Les Petits Restes',
    options: ['--how-to-pay', 'En espèces au local.'] });
  await house.addStripe(association);
  const client = await house.asMember(house.member({ association, charges: [['0,40', 'Reste']] }));
  const cart = await client.get('/panier');
  assert.match(cart.text, /Comment payer Stripe n'accepte pas moins de 0,50 €\. En espèces au local\./);
  assert.doesNotMatch(cart.body, /<form[^>]*action="\/panier\/payer"/);
  const page = await house.visit(t, client);
  await page.goto('/panier');
  await check(page, 'panier-trop-petit');
});

// ---- who pays what ----

test('the oldest charges are paid first, the rest is an advance', async () => {
  const member = someone(['10', 'Ancienne', { date: '2026-09-01' }], ['20', 'Récente', { date: '2026-11-01' }]);
  const client = await house.asMember(member);
  const settle = async (montant) => {
    const answer = await pay(client, await press(client, { montant }));
    await house.control('POST', `/stripe/sessions/${path.basename(answer.location)}/pay`, {});
    await waitFor('it is paid', () => house.intents(member).every((intent) => intent.state === 'paid'));
    return client.get('/panier');
  };
  assert.match((await settle('15')).text, /Ancienne payé .* Récente reste 15,00 €/);
  const cart = await settle('25');
  assert.match(cart.text, /Récente payé/);
  assert.match(cart.text, /Vous avez 10,00 € d'avance/);
  const treasurer = await house.asStaff('treasurer');
  assert.match((await treasurer.get('/recettes')).text, /25,00 € (?:à venir –|[\d,]+ € [\d,]+ €) 10,00 € Stripe/);
});

test('who pays for a family pays the carts of the others too', async () => {
  const payer = owing('40');
  const child = house.member({ first: 'Léa', payer, charges: [['20', 'Cotisation jeune']] });
  const client = await house.asMember(payer);
  const answer = await pay(client, await press(client, { montant: '60' }));
  await house.control('POST', `/stripe/sessions/${path.basename(answer.location)}/pay`, {});
  await house.state(payer, 'paid');
  assert.equal(house.balance(payer), 0);
  assert.equal(house.balance(child), 0);
  assert.deepEqual(linesOf(await (await house.asMember(child)).get('/panier')),
    [['charge', 2000, 2000], ['payment', -2000, 0]]);
});

test('a payer sees the carts of the family, owes their sum, and pays it at once', async (t) => {
  const payer = house.member({ first: 'Nadia', last: 'Famille', charges: [['40', 'Cotisation']] });
  const child = house.member({ first: 'Léa', last: 'Famille', login: 'lea', payer, charges: [['20', 'Cotisation jeune']] });
  house.member({ first: 'Sans', last: 'Rapport', login: null, charges: [['99', 'Affaire privée']] });
  const client = await house.asMember(payer);
  const cart = await client.get('/panier');
  assert.equal(hero(cart), 6000);
  assert.match(cart.text, /Vous devez 60,00 € Nadia Famille : 40,00 € Léa Famille : 20,00 €/);
  assert.deepEqual(linesOf(cart), [['charge', 4000, 4000], ['charge', 2000, 2000]]);
  assert.match(cart.text, /Panier de Léa Famille/);
  assert.doesNotMatch(cart.text, /Affaire privée/);
  const page = await house.visit(t, client);
  await page.goto('/panier');
  await check(page, 'panier-famille');
  // A charge of the child changes what the payer read.
  const late = await press(client);
  house.charge(child, ['5', 'Goûter']);
  assert.equal((await pay(client, late)).status, 409);
  assert.deepEqual(house.intents(payer), []);
  const form = await press(client);
  assert.equal(form.montant, '65,00');
  const answer = await pay(client, form);
  await house.control('POST', `/stripe/sessions/${path.basename(answer.location)}/pay`, {});
  await house.state(payer, 'paid');
  assert.deepEqual([house.balance(payer), house.balance(child)], [0, 0]);
  assert.match((await client.get('/panier')).text, /Votre compte est à jour/);
  // The child sees the own cart, and nothing of the payer's.
  const own = await (await house.asMember(child)).get('/panier');
  assert.doesNotMatch(own.text, /Nadia|40,00/);
});

// ---- pressing twice ----

test('a double click is one payment', async (t) => {
  const member = owing('40');
  const page = await house.visit(t, await house.asMember(member));
  const before = await openings();
  await page.goto('/panier');
  await page.getByRole('button', { name: 'Payer par carte' }).dblclick({ noWaitAfter: true });
  await page.locator('#payer').waitFor();
  assert.equal(await openings(), before + 1);
  assert.equal(house.intents(member).length, 1);
});

test('simultaneous presses of one form make one call to the provider', async () => {
  for (const provider of ['stripe', 'paypal']) {
    const member = owing('40');
    const client = await house.asMember(member);
    const before = await openings();
    const fields = await press(client, {}, provider);
    const answers = await Promise.all(Array.from({ length: 8 }, () => pay(client, fields)));
    const good = answers.filter((answer) => answer.status === 303);
    assert.ok(good.length >= 1);
    assert.equal(new Set(good.map((answer) => answer.location)).size, 1);
    for (const other of answers.filter((answer) => answer.status !== 303)) {
      assert.equal(other.status, 503, 'as many as may wait for a provider already do');
      assert.ok(other.headers['retry-after']);
    }
    assert.equal(house.intents(member).length, 1);
    assert.equal(await openings(), before + (provider === 'stripe' ? 1 : 0));
  }
});

test('two tabs with the same amount are one attempt', async () => {
  const member = owing('40');
  const client = await house.asMember(member);
  const before = await openings();
  const [first, second] = [await press(client), await press(client)];
  assert.notEqual(first.jeton, second.jeton);
  const [one, two] = [await pay(client, first), await pay(client, second)];
  assert.equal(one.location, two.location);
  assert.equal(await openings(), before + 1);
  assert.equal(house.intents(member).length, 1);
});

test('another amount ends the first attempt before it begins', async () => {
  const member = owing('40');
  const client = await house.asMember(member);
  const [first, second] = [await press(client), await press(client, { montant: '25' })];
  const old = await session(await pay(client, first));
  const next = await session(await pay(client, second));
  assert.equal(next.amount, 2500);
  assert.equal((await house.control('GET', `/stripe/sessions/${old.id}`)).status, 'expired');
  const states = house.intents(member).map((intent) => intent.state);
  assert.match(states.join(), /^(canceled|expired),open$/);
  // The first page is still open: its form leads to what became of it.
  const again = await pay(client, first);
  assert.equal(again.status, 303);
  assert.match((await client.get(again.location)).text, /Paiement abandonné/);
});

test('another provider ends the first attempt too', async () => {
  const member = owing('40');
  const client = await house.asMember(member);
  const [card, account] = [await press(client), await press(client, {}, 'paypal')];
  const old = await session(await pay(client, card));
  assert.match((await pay(client, account)).location, /cgi-bin\/webscr/);
  assert.equal((await house.control('GET', `/stripe/sessions/${old.id}`)).status, 'expired');
});

test('a first attempt that was paid meanwhile is shown, not paid again', async () => {
  const member = owing('40');
  const client = await house.asMember(member);
  const [first, second] = [await press(client), await press(client, { montant: '25' })];
  const old = await session(await pay(client, first));
  await house.control('POST', `/stripe/sessions/${old.id}/pay`, { notify: 'never' });
  const answer = await pay(client, second);
  assert.equal(answer.status, 303);
  assert.match((await client.get(answer.location)).text, /Paiement reçu/);
  assert.deepEqual(house.intents(member).map((intent) => intent.state), ['paid']);
  assert.equal(house.balance(member), 0);
});

test('while the provider cannot be reached no second attempt begins there', async () => {
  const member = owing('40');
  const client = await house.asMember(member);
  const [first, second] = [await press(client), await press(client, { montant: '25' })];
  const { id } = await session(await pay(client, first));
  const before = await openings();
  await house.control('POST', '/faults', { face: 'stripe', path: `/v1/checkout/sessions/${id}`,
    kind: 'status', status: 500, count: -1 });
  await house.control('POST', '/faults', { face: 'stripe', path: `/v1/checkout/sessions/${id}`,
    method: 'GET', kind: 'status', status: 500, count: -1 });
  const answer = await pay(client, second);
  assert.equal(answer.status, 503, answer.text);
  assert.ok(answer.headers['retry-after']);
  const abandon = await client.form('/panier', `/paiement/${house.intents(member)[0].token}/abandonner`);
  const stays = await client.post(abandon.action, abandon.fields);
  assert.equal(stays.status, 503);
  assert.match(stays.text, /n'a pas pu être abandonné pour l'instant/);
  await house.control('DELETE', '/faults');
  assert.deepEqual(house.intents(member).map((intent) => intent.state), ['open']);
  assert.equal(await openings(), before);
});

test('the way back of the browser leads to a page that is true', async (t) => {
  const member = owing('40');
  const page = await house.visit(t, await house.asMember(member));
  const before = await openings();
  await page.goto('/panier');
  await page.getByRole('button', { name: 'Payer par carte' }).click();
  await page.locator('#payer').waitFor();
  await page.goBack();
  await page.getByRole('link', { name: 'Reprendre le paiement' }).waitFor();
  assert.equal(await page.locator('#montant').count(), 0);
  await page.goForward();
  await page.locator('#payer').click();
  await outcome(page, 'Paiement reçu');
  await page.goBack();
  await page.goBack();
  await page.goto('/panier');
  assert.equal(await page.locator('h1').innerText(), 'Votre compte est à jour');
  assert.equal(await openings(), before + 1);
});

test('a form that was paid leads to its payment for ever', async () => {
  const member = owing('40');
  const client = await house.asMember(member);
  const fields = await press(client);
  const { id } = await session(await pay(client, fields));
  await house.control('POST', `/stripe/sessions/${id}/pay`, {});
  const { token } = await house.state(member, 'paid');
  const again = await pay(client, fields);
  assert.deepEqual([again.status, again.location], [303, `/paiement/${token}`]);
  assert.equal(house.intents(member).length, 1);
});

// ---- a page that is no longer true ----

test('a balance that changed is shown before anybody leaves', async (t) => {
  const member = owing('40');
  const client = await house.asMember(member);
  const before = await openings();
  const fields = await press(client);
  house.charge(member, ['15', 'Sortie', { account: '706' }]);
  const answer = await pay(client, fields);
  assert.equal(answer.status, 409);
  assert.match(answer.text, /Votre solde a changé entre-temps/);
  assert.match(answer.text, /Vous devez 55,00 €/);
  assert.match(answer.body, /id="montant"[^>]*value="55,00"/);
  assert.deepEqual(house.intents(member), []);
  assert.equal(await openings(), before);
  const page = await house.visit(t, client);
  await page.goto('/panier');
  house.charge(member, ['5', 'Guide', { account: '706' }]);
  await page.getByRole('button', { name: 'Payer par carte' }).click();
  await page.getByRole('alert').waitFor();
  await check(page, 'panier-solde-change');
});

test('a provider that is no longer linked is said', async () => {
  const association = house.addAssociation({ name: 'Les Grimpeurs' });
  const { link } = await house.addStripe(association);
  const member = house.member({ association, charges: [['40', 'Cotisation']] });
  const client = await house.asMember(member);
  const fields = await press(client);
  house.force(`UPDATE provider_account SET unlinked_at = 1 WHERE public_id = '${link}'`);
  const answer = await pay(client, fields);
  assert.equal(answer.status, 409);
  assert.match(answer.text, /Ce moyen de paiement n'est plus proposé/);
});

test("another association's provider, and fields that are not ours, are refused", async () => {
  const association = house.addAssociation({ name: 'Les Cyclistes' });
  const { link } = await house.addStripe(association);
  const foreign = house.one(`SELECT CAST(id AS TEXT) AS id FROM provider_account
    WHERE public_id = '${link}'`).id;
  const member = owing('40');
  const client = await house.asMember(member);
  const before = await openings();
  for (const [change, status] of [[{ moyen: foreign }, 404], [{ moyen: '1' }, 404],
    [{ moyen: 'x' }, 400], [{ solde: 'x' }, 400], [{ jeton: '' }, 400], [{ montant: 'x'.repeat(65) }, 413],
    [{ prix: '1' }, 400], [{ association: '1' }, 400]]) {
    const answer = await pay(client, await press(client, change));
    assert.equal(answer.status, status, JSON.stringify(change));
  }
  const twice = new URLSearchParams(await press(client));
  twice.append('montant', '1');
  assert.equal((await pay(client, twice.toString())).status, 400);
  assert.deepEqual(house.intents(member), []);
  assert.equal(await openings(), before);
});
