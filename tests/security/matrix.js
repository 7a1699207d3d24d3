'use strict';
// Two associations that have one of each thing, for the access matrix, and who comes: the table of
// objects says for each address with {} where its things are.

const crypto = require('node:crypto');
const path = require('node:path');
const { Client } = require('../e2e/http.js');

const sha256 = (text) => crypto.createHash('sha256').update(text).digest('hex');
const quoted = (value) => (/^\d+$/.test(value) ? String(value) : `'${value}'`);

// ---- what there is ----

// A row as no page would write it: what is looked for here is who sees it.
function insert(house, table, row) {
  house.force(`INSERT INTO ${table} (${Object.keys(row).join()}) VALUES (${Object.values(row).map(quoted).join()})`);
}

// A payment by Stripe, in the books when this returns; its attempt.
async function pay(house, member) {
  const client = await house.asMember(member);
  const form = await client.form('/panier', '/panier/payer');
  const { location } = await client.post('/panier/payer', { ...form.fields,
    moyen: form.buttons.find((one) => one['data-provider'] === 'stripe').value });
  await house.control('POST', `/stripe/sessions/${path.basename(location)}/pay`, {});
  return house.state(member, 'paid');
}

let next = 900000;
const mark = () => (next += 1);

// Everything an address may lead to, in one association.
async function furnish(house, association) {
  const people = ['own', 'other'].map((name) => house.member({ association, first: name, login: `${name}${association}`,
    charges: [['40', 'Cotisation'], ['15', 'Sortie']] }));
  for (const member of people)
    await pay(house, member);
  const account = house.one(`SELECT CAST(id AS TEXT) AS id FROM provider_account WHERE association_id = ${association} AND provider = 'stripe'`).id;
  const capture = house.sql(`SELECT CAST(id AS TEXT) AS id FROM provider_transaction WHERE association_id = ${association} AND kind = 'capture'`)[0].id;
  house.prepare(['payment', 'add', '--association', association, '--member', people[0].number, '--amount', '5', '--means', 'cheque',
    '--reference', `C${mark()}`]);
  for (const member of people)
    house.charge(member, ['12', 'Encore']);
  for (const code of ['7058', '7068'])
    insert(house, 'account', { association_id: association, code: `${code}${association.slice(-1)}${next % 10}`, label: 'Un compte' });
  insert(house, 'product', { association_id: association, id: mark(), title: 'Un produit', price_cents: 1000, account_code: '706', created_at: 1 });
  insert(house, 'bank_account', { association_id: association, id: mark(), label: 'Une banque', iban_sealed: 'x', iban_tail: '1234',
    bic: 'AGRIFRPP', account_code: '5121', created_at: 1 });
  insert(house, 'provider_transaction', { association_id: association, id: mark(), provider_account_id: account, kind: 'payout',
    reference: `po_${next}`, amount_cents: -100, currency: 'EUR', fact_at: 1800000000, created_at: 1 });
  insert(house, 'deposit', { association_id: association, id: mark(), number: 1, transaction_id: next - 1, bank_account: '512',
    deposit_day: '2026-10-01', created_at: 1 });
  insert(house, 'quarantine', { association_id: association, id: mark(), reason: 'unknown_intent', transaction_id: capture, created_at: 1 });
  insert(house, 'outbox', { association_id: association, id: mark(), kind: 'payment_received', member_id: people[0].id, transaction_id: capture,
    state: 'dropped', created_at: 1, ended_at: 2 });
  house.login(`parti${association}`, { role: 'viewer', association });
  return { association, people, leaver: house.one(`SELECT CAST(id AS TEXT) AS id FROM login WHERE email = 'parti${association}@exemple.fr'`).id };
}

// ---- where things are ----

const text = (column, from) => (there) => `SELECT CAST(${column} AS TEXT) AS id FROM ${from} WHERE association_id = ${there.association}`;
const member = (there, who) => `SELECT CAST(id AS TEXT) AS id FROM member WHERE id = ${there.people[who].id}`;
const line = (there, who) => `SELECT CAST(id AS TEXT) AS id FROM cart_line WHERE member_id = ${there.people[who].id} AND kind = 'charge' ORDER BY id DESC LIMIT 1`;
const token = (there, who) => `SELECT token AS id FROM payment_intent WHERE member_id = ${there.people[who].id} LIMIT 1`;
const received = (there, who) => `SELECT CAST(id AS TEXT) AS id FROM provider_transaction WHERE member_id = ${there.people[who].id}
  AND kind = 'capture' ORDER BY id LIMIT 1`;
const account = text('id', 'provider_account');
const stripe = (there) => `${account(there)} AND provider = 'stripe'`;
const manual = (there) => `${account(there)} AND provider = 'manual'`;

// The first that fits. personal: things of a member. An address whose things nobody but their maker
// sees (a file that was sent, a secret of a mail) has none here: null.
const OBJECTS = [
  [/^\/(?:lien|adresse)\/|^\/adherents\/importer\/|^\/comptabilite\/rapprochement\/fichier\/|^\/logo\//, null],
  [/^\/(?:paiement|payer)\//, [token], true],
  [/^\/recu\//, [received], true],
  [/^\/recettes\/paiement\//, [received]],
  [/^\/recettes\/remises\//, [text('id', 'deposit')]],
  [/^\/ecritures\//, [text('id', 'entry')]],
  [/^\/comptabilite\/rapprochement\//, [stripe, () => "SELECT '2026-10' AS id"]],
  [/^\/comptabilite\/virements\//, [(there) => `${text('id', 'provider_transaction')(there)} AND kind = 'payout'`]],
  [/^\/a-rattacher\//, [text('id', 'quarantine')]],
  [/^\/notifications\//, [text('id', 'provider_event')]],
  [/^\/adherents\/\{\}\/lignes\//, [member, line]],
  [/^\/adherents\//, [member]],
  [/^\/produits\//, [text('id', 'product')]],
  [/^\/parametrage\/utilisateurs\//, [(there) => `SELECT '${there.leaver}' AS id`]],
  [/^\/parametrage\/courriels\//, [text('id', 'outbox')]],
  [/^\/parametrage\/association\/banque\//, [text('id', 'bank_account')]],
  [/^\/parametrage\/referentiel\/comptes\//, [(there) => `${text('code', 'account')(there)} AND label = 'Un compte'`]],
  [/^\/parametrage\/referentiel\/exercices\//, [text('id', 'fiscal_year')]],
  [/^\/parametrage\/referentiel\/moyens\//, [manual]],
  [/^\/parametrage\/referentiel\/encaissement\//, [stripe]],
];

const kindOf = (place) => OBJECTS.find(([pattern]) => pattern.test(place));

// The parts of an address of theirs, as the database has it now; null when there is no such thing.
function partsOf(house, place, there, who = 0) {
  const [, finders] = kindOf(place) ?? [];
  const found = finders?.map((finder) => house.sql(finder(there, who))[0]?.id);
  return found && found.every(Boolean) ? found : null;
}

const withParts = (place, parts) => parts.reduce((made, part) => made.replace('{}', part), place);

// A name of the same form that nothing has.
const missing = (part) => (/^\d+$/.test(part) ? '8'.repeat(Math.min(part.length, 18)) : /^\d{4}-\d\d$/.test(part) ? part
  : `${part.slice(0, -6)}${part.endsWith('zzzzzz') ? 'yyyyyy' : 'zzzzzz'}`);

// ---- who comes ----

const ROLES = ['nobody', 'half', 'undecided', 'owner', 'member', 'viewer', 'treasurer', 'administrator'];

async function come(house, role, there) {
  if (role === 'nobody')
    return new Client(house.url);
  if (role === 'member')
    return house.asMember(there.people[0]);
  if (!['half', 'undecided', 'owner'].includes(role))
    return house.asStaff(role);
  if (!house.logins.has('indecis')) {
    house.member({ login: 'indecis' });
    house.member({ login: 'indecis' });
    house.login('responsable');
    house.prepare(['login', 'owner', '--email', 'responsable@exemple.fr', '--grant']);
  }
  const client = house.session(role === 'owner' ? 'responsable' : 'indecis', {});
  if (role === 'half')
    house.force(`UPDATE session SET half = 1 WHERE hex(token_hash) = upper('${sha256(client.cookie)}')`);
  return client;
}

// The token that a form of this session would carry. Read once: it is the session's own for its life.
function tokenOf(house, client, place) {
  if (!client.cookie)
    return '0'.repeat(64);
  if (client.keyOf !== client.cookie) {
    client.key = house.one(`SELECT hex(csrf_key) AS key FROM session WHERE hex(token_hash) = upper('${sha256(client.cookie)}')`).key;
    client.keyOf = client.cookie;
  }
  return crypto.createHmac('sha256', Buffer.from(client.key, 'hex')).update(place).digest('hex');
}

module.exports = { ROLES, furnish, kindOf, partsOf, withParts, missing, come, tokenOf };
