'use strict';
// The provider's list beside our movements: what is proven, what is not and why, one click that
// books what is missing, and what a payout is made of.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { houseOf } = require('./harness.js');
const { check } = require('./browser.js');
const { cents, download } = require('./csv.js');

const house = houseOf('statement', { sandbox: false, seed: false });
const hostile = '<img src=x onerror=alert(1)>"\'; DROP TABLE statement_line;--';
const quote = (text) => `'${String(text).replaceAll("'", "''")}'`;
const at = (day, hour = 12) => Math.floor(Date.parse(`${day}T${String(hour).padStart(2, '0')}:00:00Z`) / 1000);

const association = (name) => {
  const id = house.addAssociation({ name, options: ['--year-from', '09-01'] });
  house.force(`UPDATE provider_account SET since_day = '2026-09-01' WHERE association_id = ${id}`);
  return id;
};
// A means without provider becomes an account at one: its payments have their entries already.
function account(association, code, provider, label) {
  const { id } = house.one(`SELECT CAST(id AS TEXT) AS id FROM provider_account
    WHERE association_id = ${association} AND external_id = '${code}'`);
  house.force(`UPDATE provider_account SET provider = '${provider}', external_id = 'acct_${id}', label = '${label}', verified_at = 1,
    statement_at = unixepoch() WHERE id = ${id}`);
  return id;
}
function line(association, id, reference, more = {}) {
  const one = { type: 'charge', kind: 'capture', movement: `pi_${reference}`, token: '', payer: '', gross: 2500, fee: 0,
    day: '2026-09-10', payout: '', standing: 'final', ...more };
  house.force(`INSERT INTO statement_line (association_id, provider_account_id, reference, type, kind, movement,
      fee_reference, token, our_mark, payer, gross_cents, fee_cents, net_cents, currency, fact_at, fact_day, payout, read_at, standing)
    VALUES (${association}, ${id}, ${quote(reference)}, ${quote(one.type)}, '${one.kind}', ${quote(one.movement)},
      ${one.fee ? quote(reference) : "''"}, '${one.token}', ${one.token ? 1 : 0}, ${quote(one.payer)}, ${one.gross},
      ${one.fee}, ${one.gross - one.fee}, 'EUR', ${at(one.day)}, '${one.day}', '${one.payout}', 1, '${one.standing}')`);
}
const intent = (member, id, token) => house.force(`INSERT INTO payment_intent (association_id, id, member_id,
    provider_account_id, key_version, token, form_token, amount_cents, currency, state, request, idempotency_key,
    expires_at, created_by, created_at, updated_at)
  SELECT ${member.association}, ${at('2026-09-12')}, ${member.id}, ${id}, 1, '${token}', '${token}', 2500, 'EUR', 'open', '', '${token}',
    1, id, 1, 1 FROM login LIMIT 1`);

// Three payments that are in the books, and a fourth whose notification was lost.
let made = 0;
function season() {
  const number = ++made, token = `G0000000${number}-lost`;
  const here = association(`Les Rapprochés ${number}`);
  const member = house.member({ association: here, charges: [['25', 'Cotisation', { date: '2026-09-01' }]] });
  const other = house.member({ first: 'Paul', association: here, login: null });
  house.batch([['a', 40], ['b', 25], ['ghost', 60]].map(([name, amount]) => `payment add --association ${here}
    --member ${other.number} --amount ${amount} --means transfer --reference pi_${name}${number} --date 2026-09-10`
    .replace(/\s+/g, ' ')));
  const id = account(here, 'transfer', 'stripe', 'Stripe');
  line(here, id, `a${number}`, { gross: 4000, payer: hostile });
  line(here, id, `b${number}`, { gross: 2600, type: hostile });
  line(here, id, `lost${number}`, { token, day: '2026-09-12' });
  intent(member, id, token);
  return { association: here, member, id, number, place: `/comptabilite/rapprochement/${id}/2026-09` };
}
const states = (answer) => Object.fromEntries([...answer.body.matchAll(/data-line="([a-z]+)\d*" data-state="([a-z]+)"/g)]
  .map(([, name, state]) => [name, state]));
const proven = () => house.ok(['verify']);

test('a month says whether it is proven, and why not', async (t) => {
  const { association, place } = season();
  for (const javaScript of [true, false]) {
    const client = await house.asStaff('viewer', association);
    const page = await house.visit(t, client, { javaScript });
    await page.goto('/comptabilite/journal');
    await page.getByRole('link', { name: 'Rapprochement' }).click();
    const row = page.locator('[data-month="2026-09"]');
    await row.getByText('à vérifier').waitFor();
    await row.getByText(/1 non comptabilisé/).waitFor();
    if (javaScript)
      await check(page, 'rapprochement');
    await row.getByRole('link', { name: 'septembre 2026' }).click();
    await page.getByText("Ce mois n'est pas encore prouvé").waitFor();
    await page.getByRole('link', { name: /1 mouvement de vos écritures/ }).waitFor();
    assert.equal(await page.getByRole('button', { name: /Comptabiliser/ }).count(), 0); // who reads only
    if (javaScript)
      await check(page, 'rapprochement-mois');
  }
  const client = await house.asStaff('viewer', association);
  assert.deepEqual(states(await client.get(place)), { a: 'rapproche', b: 'ecart', lost: 'manque' });
  assert.deepEqual(states(await client.get(`${place}?etat=ecart`)), { b: 'ecart' });
  const { body: text } = await client.get(place);
  assert.match(text, /data-unknown="pi_ghost\d+" data-amount-cents="6000"/);
  assert.ok(!text.includes('<img src=x'));
});

test('one click books what a lost notification left out, once', async (t) => {
  for (const javaScript of [true, false]) {
    const { association, member, place, number } = season();
    const client = await house.asStaff('treasurer', association);
    const page = await house.visit(t, client, { javaScript });
    await page.goto(place);
    if (javaScript)
      await page.getByRole('button', { name: 'Comptabiliser ce qui manque' }).click();
    else
      await page.locator(`[data-line="lost${number}"]`).getByRole('button').click();
    await page.getByText("C'est comptabilisé").waitFor();
    assert.equal(states(await client.get(place)).lost, 'rapproche');
    assert.deepEqual(house.one(`SELECT state FROM payment_intent WHERE association_id = ${association}`), { state: 'paid' });
    assert.deepEqual(house.one(`SELECT SUM(amount_cents) AS cents FROM cart_line WHERE member_id = ${member.id}`), { cents: 0 });
    assert.deepEqual(house.one(`SELECT COUNT(*) AS n FROM audit WHERE association_id = ${association}
      AND action = 'statement.booked'`), { n: 1 });
    proven();
  }
});

test('what is booked already is not booked again', async () => {
  const { association, place, number } = season();
  const client = await house.asStaff('treasurer', association);
  const post = `${place}/comptabiliser`;
  const { csrf } = (await client.form(place, post)).fields;
  const answers = await Promise.all([1, 2, 3].map(() => client.post(post, { csrf })));
  assert.deepEqual(answers.map((answer) => answer.status), [303, 303, 303]);
  const words = answers.map((answer) => answer.location.split('=').at(-1)).sort();
  assert.deepEqual(words, ['comptabilise', 'rien', 'rien']);
  assert.equal((await client.post(post, { csrf, ligne: `lost${number}` })).location.split('=').at(-1), 'rien');
  assert.equal((await client.post(post, { csrf, ligne: 'nobody' })).status, 404);
  proven();
});

test('a debit that may still fail is shown as under way, and waits', async (t) => {
  const { association, id, number, place } = season();
  line(association, id, `debit${number}`, { type: 'payment', day: '2026-09-13', standing: 'pending', payer: hostile });
  const client = await house.asStaff('treasurer', association);
  assert.equal(states(await client.get(place)).debit, 'encours');
  for (const javaScript of [true, false]) {
    const page = await house.visit(t, client, { javaScript });
    await page.goto(place);
    await page.getByText('Paiements en cours, pas encore comptés').waitFor();
    await page.getByRole('link', { name: 'En cours (1)' }).click();
    const row = page.locator('[data-state="encours"]');
    await row.getByText('en cours', { exact: true }).waitFor();
    assert.equal(await row.getByRole('button').count(), 0);
    assert.equal(await page.locator('[data-line]').count(), 1);
    if (javaScript)
      await check(page, 'rapprochement-en-cours');
  }
  const rows = await download(client, `${place}/export?etat=encours`);
  assert.deepEqual(rows.map((row) => row['État']), ['en cours']);
});

test('a month without a doubt is proven, with the balances of both sides', async (t) => {
  const here = association('Les Prouvés');
  const member = house.member({ association: here, login: null });
  house.batch([`payment add --association ${here} --member ${member.number} --amount 40 --means transfer --reference pi_x --date 2026-09-30`]);
  const id = account(here, 'transfer', 'stripe', 'Stripe');
  line(here, id, 'x', { gross: 4000, day: '2026-10-01' }); // its line is of the next month
  const client = await house.asStaff('treasurer', here);
  const page = await house.visit(t, client);
  await page.goto(`/comptabilite/rapprochement/${id}/2026-09`);
  await page.getByText('Ce mois est prouvé').waitFor();
  await page.getByText('À cheval sur deux mois').waitFor();
  const { body: text } = await client.get(`/comptabilite/rapprochement/${id}/2026-09`);
  assert.match(text, /data-closing-cents="0"/);
  assert.match(text, /data-booked-cents="4000"/);
  assert.match((await client.get(`/comptabilite/rapprochement/${id}/2026-10`)).body, /Ce mois est prouvé/);
  house.force(`UPDATE provider_account SET statement_at = ${at('2026-09-20')} WHERE id = ${id}`);
  assert.match((await client.get(`/comptabilite/rapprochement/${id}/2026-09`)).body, /n'est pas prouvé\s: la liste/);
  assert.match((await client.get(`/comptabilite/rapprochement/${id}/2026-08`)).body, /hors de Guichet/);
});

test('the list goes into a spreadsheet', async () => {
  const { association, place } = season();
  const client = await house.asStaff('viewer', association);
  const rows = await download(client, `${place}/export`);
  assert.deepEqual(rows.map((row) => [cents(row.Brut), row['État']]),
    [[4000, 'rapproché'], [2600, 'écart de montant'], [2500, 'non comptabilisé']]);
  assert.equal((await download(client, `${place}/export?etat=manque`)).length, 1);
});

test('a payout shows what it is made of, and what is missing of it', async (t) => {
  const { association, id } = season();
  const client = await house.asStaff('treasurer', association);
  house.force(`INSERT INTO provider_transaction (association_id, id, provider_account_id, kind, reference, amount_cents,
      currency, fact_at, created_at) VALUES (${association}, 77, ${id}, 'payout', 'po_1', 0, 'EUR', ${at('2026-09-20')}, 1)`);
  line(association, id, 'r', { kind: 'refund', gross: -1000, payout: 'po_1', day: '2026-09-19' });
  line(association, id, 'c', { gross: 1063, fee: 63, payout: 'po_1', payer: hostile, day: '2026-09-18' });
  const page = await house.visit(t, client);
  await page.goto('/comptabilite/journal');
  await page.getByRole('link', { name: 'Virements' }).click();
  await page.locator('[data-payout="po_1"]').getByText('complète').waitFor();
  await check(page, 'virements');
  await page.locator('[data-payout="po_1"]').getByRole('link', { name: '20/09/2026' }).click();
  await page.getByText('Le total est exactement la ligne de la banque').waitFor();
  assert.equal(await page.locator('[data-part-cents="1063"]').count(), 1);
  assert.equal(await page.locator('[data-fees-cents="-63"]').count(), 1);
  await check(page, 'virement');
  line(association, id, 'd', { gross: 500, payout: 'po_1', day: '2026-09-18' });
  await page.reload();
  await page.getByText(/différence de/).first().waitFor();
  await page.goto('/comptabilite/autres-encaissements');
  await page.getByText('Aucun autre encaissement').waitFor();
  await check(page, 'autres-encaissements');
});

test('the account of money that did not begin here is chosen, and told', async () => {
  const { association: here, id } = season();
  const client = await house.asStaff('treasurer', here), place = `/parametrage/referentiel/encaissement/${id}`;
  const { fields } = await client.form(place, place);
  assert.equal((await client.post(place, { ...fields, autres: '999999' })).status, 400);
  assert.equal((await client.post(place, { ...fields, autres: '7588' })).status, 303);
  assert.match((await client.get('/comptabilite/autres-encaissements')).text, /compte 7588/);
  assert.equal(house.one(`SELECT COUNT(*) AS n FROM audit WHERE association_id = ${here} AND action = 'provider_account.terms'
    AND detail LIKE '%other_account%'`).n, 1);
});

test("another association's accounts, months and payouts are not there", async () => {
  const mine = season(), theirs = season();
  const client = await house.asStaff('treasurer', mine.association);
  house.force(`INSERT INTO provider_transaction (association_id, id, provider_account_id, kind, reference, amount_cents,
      currency, fact_at, created_at) VALUES (${theirs.association}, 78, ${theirs.id}, 'payout', 'po_9', 0, 'EUR', 1, 1)`);
  for (const place of [theirs.place, `${theirs.place}/export`, '/comptabilite/virements/78',
    '/comptabilite/rapprochement/1/2026-09', `/comptabilite/rapprochement/${mine.id}/2026-13`,
    `/comptabilite/rapprochement/${mine.id}/2999-01`])
    assert.equal((await client.get(place)).status, 404, place);
  const post = `${mine.place}/comptabiliser`, { csrf } = (await client.form(mine.place, post)).fields;
  assert.equal((await client.post(`${theirs.place}/comptabiliser`, { csrf })).status, 404);
  assert.equal(house.one(`SELECT COUNT(*) AS n FROM audit WHERE association_id = ${theirs.association}
    AND action = 'statement.booked'`).n, 0);
});
