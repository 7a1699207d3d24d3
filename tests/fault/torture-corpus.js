'use strict';
// What is asked of Guichet while its calls fail. Each request has
//   prepare(house)               what it needs: a fresh token, a member, a payment that is held back
//   ask(house, state)            the request, and its answer
//   judge(house, state, answer)  what a right answer promised must be so in the database
//   again(house, state)          for what providers tell: they tell it again, and it is booked once
// Whatever is no right answer must say that the fault is ours, or be no answer at all: a page that
// blames the sender because a call of ours failed would be a lie, too.

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { Client } = require('../e2e/http.js');

const failed = (answer) => answer.status === 0 || answer.status >= 500;
const tell = (answer) => `${answer.status} ${answer.location ?? ''} ${answer.text.slice(0, 400)}`;
const whole = (answer) => assert.match(answer.body, /<\/html>\s*$/);
const fresh = () => crypto.randomBytes(5).toString('hex');

// ---- pages ----

const login = {
  prepare: async (house) => ({ client: new Client(house.url) }),
  ask: (house, { client }) => house.askForm(client, '/connexion', { ...house.person, suite: '' }),
  async judge(house, { client }, answer) {
    assert.equal(answer.status, 303, tell(answer));
    const hash = crypto.createHash('sha256').update(client.cookie).digest('hex');
    assert.equal((await house.reader.rows(`SELECT 1 FROM session WHERE token_hash = x'${hash}'`)).length, 1, 'no session');
  },
};

const cart = {
  prepare: (house) => house.newPayer(),
  ask: (house, { client }) => house.ask(client, 'GET', '/panier'),
  async judge(house, { member }, answer) {
    assert.equal(answer.status, 200, tell(answer));
    whole(answer);
    assert.equal(/data-balance-cents="(-?\d+)"/.exec(answer.body)[1], String(await house.owed(member)));
  },
};

const settings = {
  async prepare(house) {
    const { fields } = await house.treasurer.form('/parametrage/options', '/parametrage/options');
    return { ...fields, frais: 'paiement', texte: `Essai ${fresh()}` };
  },
  ask: (house, fields) => house.askForm(house.treasurer, '/parametrage/options', fields),
  async judge(house, fields, answer) {
    assert.equal(answer.status, 303, tell(answer));
    const { text } = await house.reader.row(`SELECT button_text AS text FROM association WHERE id = ${house.association}`);
    assert.equal(text, fields.texte);
  },
};

// A file that ends early does not look whole.
const exported = {
  prepare: async () => null,
  ask: (house) => house.ask(house.treasurer, 'GET', '/adherents/export'),
  async judge(house, state, answer) {
    assert.equal(answer.status, 200, tell(answer));
    const { count } = await house.reader.row(`SELECT count(*) AS count FROM member
      WHERE association_id = ${house.association} AND archived_at IS NULL`);
    assert.equal(answer.body.trimEnd().split('\n').length, 1 + count, 'the file has every member');
  },
};

// ---- a file of members ----

const IMPORT = '/adherents/importer';
const COLUMNS = new URLSearchParams({ prenom: '1', nom: '2', solde: '3', titres: 'oui', sens: 'doit' });
const IMPORTED = 3;

function fileOf(csrf, name) {
  const rows = Array.from({ length: IMPORTED }, (_, i) => `Prénom${i};${name};12,50`);
  const part = (head, text) => `--limite\r\nContent-Disposition: form-data; ${head}\r\n\r\n${text}\r\n`;
  return `${part('name="csrf"', csrf)}${part('name="fichier"; filename="a.csv"\r\nContent-Type: text/csv',
    ['Prénom;Nom;Solde', ...rows].join('\n'))}--limite--\r\n`;
}

const sendFile = (house, body) => house.ask(house.treasurer, 'POST', IMPORT, { body, headers: { Origin: house.url,
  'Sec-Fetch-Site': 'same-origin', 'Content-Type': 'multipart/form-data; boundary=limite' } });

const upload = {
  async prepare(house) {
    const { fields } = await house.treasurer.form(IMPORT, IMPORT);
    return { name: `Ici${fresh()}`, csrf: fields.csrf };
  },
  ask: (house, { name, csrf }) => sendFile(house, fileOf(csrf, name)),
  async judge(house, { name }, answer) {
    assert.equal(answer.status, 303, tell(answer));
    const preview = await house.treasurer.get(`${answer.location}/apercu?${COLUMNS}`);
    assert.match(preview.body, new RegExp(`data-new="${IMPORTED}"`));
    assert.match(preview.text, new RegExp(name));
  },
};

const imported = {
  async prepare(house) {
    const { name, csrf } = await upload.prepare(house);
    const { location } = await sendFile(house, fileOf(csrf, name));
    return { name, form: await house.treasurer.form(`${location}/apercu?${COLUMNS}`, `${location}/apercu`) };
  },
  ask: (house, { form }) => house.askForm(house.treasurer, form.action, form.fields),
  async judge(house, { name }, answer) {
    assert.equal(answer.status, 303, tell(answer));
    assert.equal(await house.namesakes(name), IMPORTED);
  },
  async whatever(house, { name }) {
    assert.ok([0, IMPORTED].includes(await house.namesakes(name)), 'all of them or none');
  },
};

// ---- paying ----

const pay = (provider, associationOf = (house) => house.association) => ({
  async prepare(house) {
    const payer = await house.newPayer(associationOf(house));
    const free = await payer.freeForm();
    return { payer, fields: payer.fieldsOf(free, payer.buttonOf(free, provider), '5') };
  },
  ask: (house, { payer, fields }) => house.askForm(payer.client, '/panier/payer', fields),
  async judge(house, { payer }, answer) {
    assert.equal(answer.status, 303, tell(answer));
    const { state, url, token } = await house.reader.row(`SELECT state, provider_url AS url, token FROM payment_intent
      WHERE member_id = ${payer.member.id}`);
    if (answer.location.startsWith('/')) assert.equal(answer.location, `/paiement/${token}`);
    else assert.deepEqual([state, url], ['open', answer.location]);
  },
});

const returned = (prepare) => ({
  prepare,
  ask: (house, { payer, token, way = `/paiement/${token}` }) => house.ask(payer.client, 'GET', way),
  async judge(house, state, answer) {
    assert.equal(answer.status, 200, tell(answer));
    whole(answer);
    if (/Paiement reçu/.test(answer.text)) assert.equal((await house.booked(state)).captures, 1);
    else assert.match(answer.text, /Paiement en cours de confirmation/);
  },
  again: (house, state) => house.tellAgain(state),
});

// ---- what providers tell ----

const told = (prepare) => ({
  prepare,
  async ask(house, state) {
    const answer = { status: await house.deliver(state), text: '' };
    if (answer.status === 200) await house.restOfWork(state);
    return answer;
  },
  async judge(house, state, answer) {
    assert.equal(answer.status, 200, tell(answer));
    assert.equal(await house.stored(state), 1, 'acknowledged, and not stored');
  },
  again: (house, state) => house.tellAgain(state),
});

// ---- pages that say no ----

const anonymous = (house) => new Client(house.url);

const refusal = (expected, ask) => ({
  prepare: async () => null,
  ask,
  async judge(house, state, answer) {
    assert.equal(answer.status, expected, tell(answer));
    if (answer.body) whole(answer); // a status alone is what is left when no page can be made
  },
});

const refusals = {
  'unknown field': refusal(400, (house) => house.askForm(anonymous(house), '/connexion', { ...house.person, inconnu: 'x' })),
  'wrong password': refusal(403, (house) => house.askForm(anonymous(house), '/connexion',
    { ...house.person, email: `${fresh()}@exemple.fr`, suite: '' })),
  'forged form': refusal(403, (house) => house.askForm(house.treasurer, '/parametrage/options', { csrf: 'x' })),
  'nobody': refusal(404, (house) => house.ask(house.treasurer, 'GET', '/adherents/1')),
  'method': refusal(405, (house) => house.ask(house.treasurer, 'DELETE', '/adherents')),
  'too long': refusal(413, (house) => house.askForm(anonymous(house), '/connexion', { email: 'x'.repeat(60000) })),
  'wrong amount': refusal(400, (house) => house.askForm(house.treasurer, '/parametrage/options',
    { ...house.optionFields, minimum: 'beaucoup' })),
};

const forged = {
  prepare: async () => null,
  ask: (house) => house.ask(anonymous(house), 'POST', house.stripe.path, { body: '{}',
    headers: { 'Content-Type': 'application/json', 'Stripe-Signature': `t=${Math.floor(Date.now() / 1000)},v1=${'0'.repeat(64)}` } }),
  judge: async (house, state, answer) => assert.equal(answer.status, 400, tell(answer)),
};

const CORPUS = { login, cart, settings, 'export': exported, 'import, file': upload, 'import': imported,
  'pay, Stripe': pay('stripe'), 'pay, PayPal': pay('paypal'), 'pay, order': pay('paypal', (house) => house.orders),
  'return': returned((house) => house.payHeld('stripe')), 'return of an order': returned((house) => house.approveHeld()),
  'notification of Stripe': told((house) => house.payHeld('stripe')), 'message of PayPal': told((house) => house.payHeld('paypal')),
  'webhook of PayPal': told((house) => house.approveHeld()),
  'forged notification': forged, ...refusals };

module.exports = { CORPUS, failed };
