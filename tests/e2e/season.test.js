'use strict';
// A season of 300 members, driven through the pages only: who they are, what they owe, what came
// in, what went back. What the test typed is added up here; the pages and the books must agree.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { houseOf } = require('./harness.js');
const { formsOf } = require('./http.js');
const { check } = require('./browser.js');

const house = houseOf('season');
const MEMBERS = 300;
const euros = (cents) => `${Math.floor(cents / 100)},${String(cents % 100).padStart(2, '0')}`;

// A generator with a seed (mulberry32): the same season each time.
let state = 20261128;
function random(below) {
  state = (state + 0x6D2B79F5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % below;
}

// ---- what was typed ----

const people = []; // by number - 1: { number, id, payer, name, balance_cents }
const total = { received_cents: 0, charged_cents: 0, cash_cents: 0, cheques_cents: 0, bank_cents: 0, donated_cents: 0, adjusted_cents: 0, moved_cents: 0 };
const familyOf = (person) => person.payer ?? person;
const familyBalance = (payer) => people.filter((one) => familyOf(one) === payer)
  .reduce((sum, one) => sum + one.balance_cents, 0);

// ---- the pages ----

let client;

async function submit(path, action, values, status = 303) {
  const page = await client.get(path);
  const form = formsOf(page.body).find((one) => one.action === action && one.fields.csrf);
  assert.ok(form, `a form to ${action} on ${path}: ${page.text.slice(0, 300)}`);
  const answer = await client.post(action, { ...form.fields, ...values });
  assert.equal(answer.status, status, `${action}: ${answer.text.slice(0, 600)}`);
  return answer;
}

// A form in two steps: what the preview holds is sent back with another word.
async function confirm(path, action, values) {
  const preview = await submit(path, action, { ...values, action: 'apercu' }, 200);
  const { fields } = formsOf(preview.body).find((one) => one.action === action && one.fields.jeton);
  delete fields.sauf;
  const answer = await client.post(action, { ...fields, action: 'confirmer' });
  assert.equal(answer.status, 303, `${action}: ${answer.text.slice(0, 600)}`);
}

async function everyMember() {
  const found = [];
  let place = '/adherents?tri=numero';
  while (place) {
    const { body } = await client.get(place);
    found.push(...[...body.matchAll(/data-member="(\d+)" data-balance-cents="(-?\d+)">\s*<td[^>]*><a href="\/adherents\/(\d+)"/g)]
      .map(([, number, cents, id]) => ({ number: Number(number), balance_cents: Number(cents), id })));
    place = /<a class="button" href="([^"]*apres=[^"]*)">Suite/.exec(body)?.[1].replaceAll('&amp;', '&');
  }
  return found;
}

const figure = (body, name) => Number(new RegExp(`data-${name}="(-?\\d+)"`).exec(body)[1]);
const pick = () => people[random(people.length)];

// ---- the season ----

test('members are written down, families among them', async () => {
  client = await house.asStaff('treasurer');
  const { fields } = await client.form('/adherents/nouveau', '/adherents/nouveau');
  const last = ['Éluard', 'Nuñez', "D'Étang", 'Martin', 'Le Goff', 'Œuvrard'];
  for (let number = 1; number <= MEMBERS; number++) {
    const payer = number % 5 === 0 ? people[number - 2] : null;
    const name = [`Prénom${number}`, last[number % last.length]];
    const answer = await client.post('/adherents/nouveau', { ...fields, prenom: name[0], nom: name[1],
      email: number % 3 ? `m${number}@exemple.fr` : '', numero: '', payeur: payer ? payer.number : '' });
    assert.equal(answer.status, 303, answer.text);
    people.push({ number, payer, name: name.join(' '), balance_cents: 0 });
  }
  const found = await everyMember();
  assert.deepEqual(found.map(({ number }) => number), people.map(({ number }) => number));
  found.forEach(({ id }, index) => { people[index].id = id; });
});

const PRODUCTS = [['Cotisation adulte', 4250, '7561'], ['Assurance', 1230, '7561'], ['Sortie au lac', 1999, '706']];

test('all are charged, and some are charged more', async () => {
  for (const [title, price_cents, account] of PRODUCTS) {
    await submit('/produits/nouveau', '/produits/nouveau', { titre: title, prix: euros(price_cents), compte: account, exercice: '' });
    assert.ok((await client.get('/produits')).text.includes(title));
  }
  const productOf = async (place, title) => [...(await client.get(place)).body
    .matchAll(/<option value="(\d+-\d+)"[^>]*>([^<]*)/g)].find(([, , label]) => label.includes(title))[1];
  const collective = '/depenses/collective';
  for (const [group, title, price_cents, quantity] of [['tous', 'Cotisation adulte', 4250, 1], ['tous', 'Assurance', 1230, 2]]) {
    const place = `${collective}?groupe=${group}`;
    await confirm(place, collective, { produit: await productOf(place, title), quantite: String(quantity) });
    for (const person of people) {
      person.balance_cents += price_cents * quantity;
      total.charged_cents += price_cents * quantity;
    }
  }
  for (let i = 0; i < 60; i++) {
    const person = pick();
    const cents = 1 + random(9000);
    const place = `/adherents/${person.id}/depense`;
    await submit(`${place}?sorte=libre`, place, { libelle: `Stage ${i}`, montant: euros(cents), compte: '706', exercice: '' });
    person.balance_cents += cents;
    total.charged_cents += cents;
  }
  await agree();
});

// The pages say of everybody what was typed. One payment may pay several carts of a family.
async function agree() {
  const found = await everyMember();
  for (const payer of people.filter((one) => !one.payer)) {
    const sum = found.filter(({ number }) => familyOf(people[number - 1]) === payer)
      .reduce((all, { balance_cents }) => all + balance_cents, 0);
    assert.equal(sum, familyBalance(payer), `${payer.name} and those they pay for`);
  }
  return found;
}

const meansOf = async (person) => Object.fromEntries([...(await client.get(`/adherents/${person.id}/encaisser`)).body
  .matchAll(/encaisser\?moyen=(\d+)"[^>]*>([^<]*)</g)].map(([, id, label]) => [label, id]));

async function receive(person, means, values) {
  const place = `/adherents/${person.id}/encaisser`;
  const form = await client.form(`${place}?moyen=${means}`, place);
  const fields = { ...form.fields, ...values };
  for (const box of ['dette', 'recu'])
    delete fields[box];
  const answer = await client.post(place, fields);
  assert.equal(answer.status, 303, answer.text.slice(0, 600));
  return answer.location;
}

// A payment goes to the payer's family; what is left is the payer's advance.
function paid(person, cents) {
  person.balance_cents -= cents;
  total.received_cents += cents;
}

test('money comes in: cash, cheques, transfers, too little and too much', async () => {
  const means = await meansOf(people[0]);
  const payers = people.filter((one) => !one.payer);
  for (let i = 0; i < 90; i++) {
    const person = payers[random(payers.length)];
    const cents = 100 + random(20000);
    await receive(person, means['Espèces'], { montant: euros(cents) });
    paid(person, cents);
    total.cash_cents += cents;
  }
  for (let i = 0; i < 40; i++) {
    const person = payers[random(payers.length)];
    const parts = [1000 + random(5000), 1000 + random(5000), 1 + random(99)];
    await receive(person, means['Chèque'], { montant: euros(parts[0]), numero: `1${i}`, banque: 'BRED', tireur: person.name,
      montant2: euros(parts[1]), numero2: `2${i}`, banque2: 'BRED', tireur2: person.name,
      montant3: euros(parts[2]), numero3: `3${i}`, banque3: 'BRED', tireur3: person.name });
    for (const cents of parts) {
      paid(person, cents);
      total.cheques_cents += cents;
    }
  }
  for (let i = 0; i < 30; i++) {
    const person = payers[random(payers.length)];
    const cents = 500 + random(9000);
    const gift = i % 3 ? 0 : 1 + random(400);
    await receive(person, means['Virement'], { montant: euros(cents), don: gift ? euros(gift) : '', reference: `VIR ${i}` });
    paid(person, cents - gift);
    total.received_cents += gift;
    total.donated_cents += gift;
    total.bank_cents += cents;
  }
  await agree();
});

test('charges are taken back, balances adjusted, advances moved', async () => {
  const done = { corrected: 0, moved: 0 };
  for (let i = 0; i < 25; i++) {
    const person = pick();
    const { body } = await client.get(`/adherents/${person.id}`);
    const place = new RegExp(`/adherents/${person.id}/lignes/\\d+/corriger`).exec(body)?.[0];
    if (!place)
      continue;
    const form = await client.form(place, place);
    const left = Number(form.fields.montant.replace(/[^\d]/g, ''));
    const cents = i % 2 ? left : 1 + random(left);
    await submit(place, place, { montant: euros(cents), libelle: `Annulé ${i}` });
    person.balance_cents -= cents;
    total.charged_cents -= cents;
    done.corrected += 1;
  }
  for (let i = 0; i < 12; i++) {
    const person = pick();
    const cents = 1 + random(3000);
    const aim = i % 2 ? 'moins' : 'plus';
    const place = `/adherents/${person.id}/regulariser`;
    await confirm(place, place, { but: aim, montant: euros(cents), libelle: `Régularisation ${i}` });
    person.balance_cents += aim === 'plus' ? cents : -cents;
    total.adjusted_cents += aim === 'plus' ? cents : 0;
  }
  const rich = (await everyMember()).filter(({ balance_cents }) => balance_cents < -100).slice(0, 10);
  assert.ok(rich.length > 3, 'somebody is in advance');
  for (const { number } of rich) {
    const from = people[number - 1];
    const to = people[(number + 150) % people.length];
    const place = `/adherents/${from.id}/transferer`;
    const { text } = await client.get(place);
    if (/Aucune avance/.test(text))
      continue;
    await confirm(place, place, { vers: String(to.number), montant: '0,50', motif: 'Demandé' });
    from.balance_cents += 50;
    to.balance_cents -= 50;
    total.moved_cents += 50;
    done.moved += 1;
  }
  assert.ok(done.corrected > 15 && done.moved > 2, JSON.stringify(done));
  await agree();
});

// ---- what the treasurer reads ----

test('the books are proven, and every page says what was typed', async (t) => {
  house.ok(['verify']);
  const found = await agree();
  const owed = found.filter(({ balance_cents }) => balance_cents > 0).reduce((sum, one) => sum + one.balance_cents, 0);
  const sum = found.reduce((all, one) => all + one.balance_cents, 0);
  assert.equal(sum, people.reduce((all, one) => all + one.balance_cents, 0));
  const standing = (await client.get('/comptabilite/creances')).body;
  const advance = figure(standing, 'advance-cents');
  assert.equal(figure(standing, 'owed-cents') - advance, sum);
  assert.ok(figure(standing, 'owed-cents') >= owed);
  assert.equal(figure((await client.get('/recettes')).body, 'total-cents'), total.received_cents);
  const balance = (await client.get('/comptabilite/comptes')).body;
  const closing = (code) => Number(new RegExp(`data-account="${code}" data-closing-cents="(-?\\d+)"`).exec(balance)?.[1] ?? 0);
  assert.deepEqual([closing('530'), closing('5112'), closing('5121'), closing('75411')],
    [total.cash_cents, total.cheques_cents, total.bank_cents, -total.donated_cents]);
  assert.equal(figure(balance, 'debit-cents'), figure(balance, 'credit-cents'));
  const home = (await client.get('/accueil')).body;
  // Asked for is all that ever stood in a cart as a debt, gifts and advances that left included.
  const asked = total.charged_cents + total.donated_cents + total.adjusted_cents + total.moved_cents;
  assert.deepEqual([figure(home, 'total-cents'), figure(home, 'asked-cents')], [total.received_cents, asked]);
  assert.equal(figure(home, 'owed-cents'), figure(standing, 'owed-cents'));
  const page = await house.visit(t, client);
  await page.goto('/accueil');
  await check(page, 'saison-accueil');
});
