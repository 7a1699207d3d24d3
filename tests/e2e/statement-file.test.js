'use strict';
// A provider's list that comes as a file: PayPal's activity, sent, looked at, stored once.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { houseOf } = require('./harness.js');
const { check } = require('./browser.js');

const house = houseOf('statement-file', { sandbox: false, seed: false });
const hostile = '<img src=x onerror=alert(1)>"\'; DROP TABLE statement_line;--';

function paypalOf(name) {
  const here = house.addAssociation({ name, options: ['--year-from', '09-01'] });
  house.ok(['provider', 'add', 'paypal', '--merchant-id', `M${here}`.slice(-13).padStart(13, 'A'), '--email', `a${here}@asso.example`,
    '--mode', 'test', '--association', here]);
  house.force(`UPDATE provider_account SET since_day = '2026-09-01' WHERE association_id = ${here} AND provider = 'paypal'`);
  const { id } = house.one(`SELECT CAST(id AS TEXT) AS id FROM provider_account WHERE association_id = ${here} AND provider = 'paypal'`);
  return { here, id, sending: `/comptabilite/rapprochement/fichier?compte=${id}` };
}
const FRENCH = ['Date', 'Heure', 'Fuseau horaire', 'Nom', 'Type', 'État', 'Devise', 'Avant commission', 'Commission', 'Net', 'Numéro de transaction'];
const ENGLISH = ['Date', 'Time', 'TimeZone', 'Name', 'Type', 'Status', 'Currency', 'Gross', 'Fee', 'Net', 'Transaction ID'];
const row = (number, more = {}) => ({ date: '10/09/2026', name: 'Zoé Lefèvre', gross: '25,00', fee: '-1,10', net: '23,90',
  type: 'Paiement sur site marchand', ...more, txn: `1AB23456CD78${String(number).padStart(5, '0')}` });
const cells = (one) => [one.date, '14:00:00', 'Europe/Paris', one.name, one.type, one.state ?? 'Terminé', 'EUR', one.gross, one.fee, one.net, one.txn];
const csvOf = (rows, titles = FRENCH, separator = ';') => `${[titles, ...rows.map(cells)]
  .map((line) => line.map((cell) => `"${String(cell).replaceAll('"', '""')}"`).join(separator)).join('\r\n')}\r\n`;
const stored = (here) => house.one(`SELECT COUNT(*) AS n FROM statement_line WHERE association_id = ${here}`).n;

async function send(client, { id, sending }, bytes) {
  const { csrf } = (await client.form(sending, '/comptabilite/rapprochement/fichier')).fields;
  const part = (name, value, extra = '') => Buffer.concat([Buffer.from(
    `--limite\r\nContent-Disposition: form-data; name="${name}"${extra}\r\n\r\n`), Buffer.from(value), Buffer.from('\r\n')]);
  return client.send('POST', '/comptabilite/rapprochement/fichier', {
    body: Buffer.concat([part('csrf', csrf), part('compte', id),
      part('fichier', bytes, '; filename="a.csv"\r\nContent-Type: text/csv'), Buffer.from('--limite--\r\n')]),
    headers: { Origin: client.base, 'Sec-Fetch-Site': 'same-origin', 'Content-Type': 'multipart/form-data; boundary=limite' } });
}
const look = (answer) => Object.fromEntries(['new', 'known', 'wrong'].map((word) =>
  [word, Number(answer.body.match(new RegExp(`data-${word}="(\\d+)"`))?.[1])]));

test("PayPal's activity file is looked at, stored once, and compared", async (t) => {
  for (const javaScript of [true, false]) {
    const paypal = paypalOf(`Les Fichiers ${javaScript}`);
    const client = await house.asStaff('treasurer', paypal.here);
    const page = await house.visit(t, client, { javaScript });
    await page.goto('/comptabilite/rapprochement');
    await page.getByRole('link', { name: 'Envoyer la liste de PayPal' }).click();
    if (javaScript)
      await check(page, 'releve');
    const csv = csvOf([row(1, { name: hostile }), row(2, { gross: '40,00', fee: '-1,61', net: '38,39' })]);
    await page.getByLabel(/Fichier CSV/).setInputFiles({ name: 'Download.CSV', mimeType: 'text/csv', buffer: Buffer.from(csv) });
    await page.getByRole('button', { name: 'Envoyer le fichier' }).click();
    await page.getByText(/2 lignes nouvelles/).waitFor();
    assert.equal(stored(paypal.here), 0); // nothing before the last form
    if (javaScript)
      await check(page, 'releve-apercu');
    await page.getByLabel('Ce fichier couvre du').fill('2026-09-01');
    await page.getByLabel('au', { exact: true }).fill('2026-09-30');
    await page.getByRole('button', { name: 'Enregistrer ces lignes' }).click();
    await page.getByText('Le fichier est enregistré').waitFor();
    assert.equal(stored(paypal.here), 2);
    await page.locator('[data-month="2026-09"]').getByText('2 non comptabilisés').waitFor();
    assert.deepEqual(house.one(`SELECT COUNT(*) AS n FROM audit WHERE association_id = ${paypal.here}
      AND action = 'statement.uploaded'`), { n: 1 });
  }
});

test('both languages, every separator and old accents are read; twice makes no double', async () => {
  const paypal = paypalOf('Les Langues'), client = await house.asStaff('treasurer', paypal.here);
  const english = [row(1, { type: 'Website Payment', state: 'Completed', date: '10/09/2026' })];
  for (const [bytes, expected] of [
    [csvOf([row(1), row(2)]), { new: 2, known: 0, wrong: 0 }],
    [csvOf([row(1), row(2), row(3)]), { new: 1, known: 2, wrong: 0 }],
    [Buffer.from(csvOf([row(4)], FRENCH, '\t'), 'latin1'), { new: 1, known: 0, wrong: 0 }],
    [`\ufeff${csvOf(english, ENGLISH, ',')}`, { new: 0, known: 1, wrong: 0 }]]) {
    const sent = await send(client, paypal, bytes);
    assert.equal(sent.status, 303, sent.text);
    const place = sent.location.split('?')[0], answer = await client.get(sent.location);
    assert.deepEqual(look(answer), expected);
    const form = await client.form(sent.location, place);
    const confirmed = await Promise.all([1, 2].map(() => client.post(place, form.fields)));
    assert.deepEqual(confirmed.map((one) => one.status), [303, 303]);
    assert.equal((await client.get(sent.location)).status, 303); // it is done
  }
  assert.equal(stored(paypal.here), 4);
  assert.equal(house.one(`SELECT COUNT(*) AS n FROM audit WHERE association_id = ${paypal.here} AND action = 'statement.uploaded'`).n, 4);
});

test('titles nobody knows are chosen by hand; a row that cannot be read keeps the file out', async () => {
  const paypal = paypalOf('Les Colonnes'), client = await house.asStaff('treasurer', paypal.here);
  const titles = FRENCH.map((title) => (title === 'Numéro de transaction' ? 'Vorgang' : title));
  const sent = await send(client, paypal, csvOf([row(1)], titles));
  const asked = await client.get(sent.location);
  assert.match(asked.text, /Des colonnes ne sont pas reconnues/);
  const field = asked.body.match(/<label for="(k\d+)">Numéro de transaction</)[1];
  const known = [...asked.body.matchAll(/<select id="(k\d+)"[^]*?<\/select>/g)]
    .map(([select, name]) => [name, select.match(/value="(\d+)" selected/)?.[1] ?? '']);
  const chosen = `${sent.location}&${new URLSearchParams({ choisi: 'oui', ...Object.fromEntries(known), [field]: '11' })}`;
  assert.deepEqual(look(await client.get(chosen)), { new: 1, known: 0, wrong: 0 });
  const bad = await send(client, paypal, csvOf([row(1), row(2, { gross: 'beaucoup' })]));
  const answer = await client.get(bad.location);
  assert.deepEqual(look(answer), { new: 1, known: 0, wrong: 1 });
  assert.match(answer.text, /Ligne 3\s*: la colonne « Avant commission »/);
  assert.ok(!answer.body.includes('Enregistrer ces lignes'));
  assert.equal(stored(paypal.here), 0);
});

test('a row whose state nobody knows is left out alone, and its month is not proven', async (t) => {
  for (const javaScript of [true, false]) {
    const paypal = paypalOf(`Les États ${javaScript}`), client = await house.asStaff('treasurer', paypal.here);
    const csv = csvOf([row(1, { date: '05/09/2026' }), row(2, { date: '20/09/2026', state: hostile }), row(3, { date: '25/09/2026' })]);
    const sent = await send(client, paypal, csv);
    const page = await house.visit(t, client, { javaScript });
    await page.goto(sent.location);
    await page.getByText('1 ligne ne sera pas lue').waitFor();
    await page.locator('[data-unread="3"]').getByText(hostile.slice(0, 40)).waitFor();
    if (javaScript)
      await check(page, 'releve-lignes-non-lues');
    await page.getByLabel('Ce fichier couvre du').fill('2026-09-01');
    await page.getByLabel('au', { exact: true }).fill('2026-09-30');
    await page.getByRole('button', { name: 'Enregistrer ces lignes' }).click();
    await page.getByText('sauf des lignes dont Guichet ne connaît pas l').waitFor();
    assert.equal(stored(paypal.here), 2);
    const until = () => house.one(`SELECT date(statement_at + 7200, 'unixepoch') AS day FROM provider_account WHERE id = ${paypal.id}`).day;
    assert.equal(until(), '2026-09-20');
    const month = `/comptabilite/rapprochement/${paypal.id}/2026-09`;
    assert.match((await client.get(month)).text, /n'est pas prouvé : la liste/);
    // The same days once more, with a word that is known: nothing is missing any more.
    const again = await send(client, paypal, csvOf([row(1, { date: '05/09/2026' }), row(2, { date: '20/09/2026' }), row(3, { date: '25/09/2026' })]));
    const form = await client.form(again.location, again.location.split('?')[0]);
    assert.equal((await client.post(again.location.split('?')[0], { ...form.fields, du: '2026-09-01', au: '2026-09-30' })).status, 303);
    assert.equal(stored(paypal.here), 3);
    assert.equal(until(), '2026-10-01');
    // A row that is stored needs no word; a new one takes the proof back.
    const late = await send(client, paypal, csvOf([row(2, { date: '20/09/2026', state: 'Inouï' }), row(4, { date: '22/09/2026', state: 'Inouï' })]));
    const last = await client.form(late.location, late.location.split('?')[0]);
    assert.equal((await client.post(late.location.split('?')[0], { ...last.fields, du: '2026-09-01', au: '2026-09-30' })).status, 303);
    assert.equal(stored(paypal.here), 3);
    assert.equal(until(), '2026-09-22');
  }
});

test('hostile files are refused, and a file is its sender\'s alone', async () => {
  const paypal = paypalOf('Les Hostiles'), client = await house.asStaff('treasurer', paypal.here);
  for (const bytes of ['', 'a\0b;c', Buffer.from([0x50, 0x4b, 3, 4, 0, 0, 1, 2]), '"Date;Type', '"Date"x;Type\r\n',
    `${'x'.repeat(5000)};y\r\n`, `${Array(80).fill('a').join(';')}\r\n`, `Date;Type\r\n${'1;2\r\n'.repeat(10002)}`])
    assert.equal((await send(client, paypal, bytes)).status, 400);
  const sent = await send(client, paypal, csvOf([row(1)]));
  const other = paypalOf('Les Autres'), stranger = await house.asStaff('treasurer', other.here);
  assert.equal((await stranger.get(sent.location)).status, 404);
  assert.equal((await stranger.get(sent.location.replace(/compte=\d+/, `compte=${other.id}`))).status, 404);
  assert.equal((await client.get(sent.location.replace(/compte=\d+/, `compte=${other.id}`))).status, 404);
  const colleague = await house.asStaff('administrator', paypal.here);
  assert.equal((await colleague.get(sent.location)).status, 404);
  assert.equal((await client.get(`${sent.location}&choisi=oui&k0=99`)).status, 400);
  assert.equal(stored(paypal.here), 0);
});
