'use strict';
// Members from a file: what a spreadsheet writes is read, looked at, and written all at once.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { houseOf } = require('./harness.js');
const { check } = require('./browser.js');

const house = houseOf('import');
const PLACE = '/adherents/importer';
const TITLES = 'N°;Prénom;Nom;E-mail;Solde;Payeur';
const COLUMNS = { numero: '1', prenom: '2', nom: '3', email: '4', solde: '5', payeur: '6', titres: 'oui',
  sens: 'doit' };
const hostile = '<img src=x onerror=alert(1)>\'; DROP TABLE member;--';

// ---- what the tests do ----

async function send(client, bytes) {
  const { fields } = await client.form(PLACE, PLACE);
  const body = Buffer.concat([Buffer.from(`--limite\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n${
    fields.csrf}\r\n--limite\r\nContent-Disposition: form-data; name="fichier"; filename="a.csv"\r\n`
    + 'Content-Type: text/csv\r\n\r\n'), Buffer.from(bytes), Buffer.from('\r\n--limite--\r\n')]);
  return client.send('POST', PLACE, { body, headers: { Origin: client.base, 'Sec-Fetch-Site': 'same-origin',
    'Content-Type': 'multipart/form-data; boundary=limite' } });
}

const previewOf = (location, columns = COLUMNS) => `${location}/apercu?${new URLSearchParams(columns)}`;

async function sendRows(client, rows) {
  const answer = await send(client, [TITLES, ...rows].join('\n'));
  assert.equal(answer.status, 303, answer.text);
  return answer.location;
}

const countsOf = (answer) => /data-new="(\d+)" data-already="(\d+)" data-wrong="(\d+)"/.exec(answer.body)
  ?.slice(1).map(Number);

async function confirm(client, location, columns) {
  const form = await client.form(previewOf(location, columns), `${location}/apercu`);
  return client.post(form.action, form.fields);
}

const people = (association) => house.sql(`SELECT m.number, m.first_name, m.last_name, m.email,
    (SELECT p.number FROM member p WHERE p.association_id = m.association_id AND p.id = m.payer_id) AS payer,
    (SELECT coalesce(sum(l.amount_cents), 0) FROM cart_line l WHERE l.association_id = m.association_id
      AND l.member_id = m.id) AS cents
  FROM member m WHERE m.association_id = ${association} ORDER BY m.number`);

// Windows-1252, for the letters of these tests.
const windows = (text) => Buffer.from(text.replaceAll('€', '\x80').replaceAll('’', '\x92'), 'latin1');

// One login for all of them: a password costs half a second.
function treasurerOf(own, name = 'tresor') {
  const { email } = house.login(name);
  house.ok(['login', 'grant', '--email', email, '--role', 'treasurer', '--association', own]);
  return house.session(name, { role: 'treasurer', association: own });
}

let made = 0;
const association = () => house.addAssociation({ name: `Les Importés ${++made}` });

// ---- the way through ----

test('a file is sent, its columns are said, its rows are seen, then it is imported', async (t) => {
  for (const javaScript of [true, false]) {
    const own = association();
    const client = treasurerOf(own);
    const page = await house.visit(t, client, { javaScript });
    await page.goto('/adherents');
    await page.getByRole('link', { name: 'importez votre fichier' }).click();
    await page.getByRole('heading', { name: 'Importer des adhérents' }).waitFor();
    if (javaScript)
      await check(page, 'importer');
    await page.getByLabel('Fichier CSV').setInputFiles({ name: 'adherents.csv', mimeType: 'text/csv',
      buffer: windows('Nom;Prénom;Courriel;Licence;Reste dû;Payeur;N°\r\nÉluard;Zoé;zoe@exemple.fr;L1;12,50 €;;7\r\n'
        + 'L’Été;"Jean; dit ""Jo""";;L2;-3;7;8\r\n') });
    await page.getByRole('button', { name: 'Envoyer le fichier' }).click();
    await page.getByRole('heading', { name: 'Que contiennent les colonnes ?' }).waitFor();
    assert.equal(await page.getByLabel('Prénom', { exact: true }).inputValue(), '2');
    assert.equal(await page.getByLabel('Solde initial').inputValue(), '');
    assert.equal(await page.getByLabel('La première ligne').isChecked(), true);
    await page.getByLabel('Solde initial').selectOption('2');
    await page.getByRole('button', { name: "Voir l'aperçu" }).click();
    await page.getByRole('alert').getByText('Solde initial').waitFor();
    if (javaScript)
      await check(page, 'importer-colonnes');
    await page.getByLabel('Solde initial').selectOption('5');
    await page.getByRole('button', { name: "Voir l'aperçu" }).click();
    await page.getByRole('heading', { name: "Vérifier l'import" }).waitFor();
    await page.getByText('L’Été Jean; dit "Jo"').waitFor();
    if (javaScript)
      await check(page, 'importer-apercu');
    assert.deepEqual(people(own), []);
    await page.getByRole('link', { name: 'Revenir aux colonnes' }).click();
    assert.equal(await page.getByLabel('Solde initial').inputValue(), '5');
    await page.getByRole('button', { name: "Voir l'aperçu" }).click();
    await page.getByRole('button', { name: 'Importer 2 adhérents' }).click();
    await page.getByRole('status').getByText("L'import est fait").waitFor();
    assert.deepEqual(people(own), [
      { number: 7, first_name: 'Zoé', last_name: 'Éluard', email: 'zoe@exemple.fr', payer: null, cents: 1250 },
      { number: 8, first_name: 'Jean; dit "Jo"', last_name: 'L’Été', email: '', payer: 7, cents: -300 }]);
  }
});

test('both charsets, each separator, with and without quotes, titles or a mark', async () => {
  const text = `${TITLES}\r\n5;Zoé;"Lefèvre-Étang";z@exemple.fr;"1 234,50";\r\n`;
  const files = { utf8: text, windows: windows(text), mark: `\ufeff${text}`, unix: text.replaceAll('\r', ''),
    comma: text.replace('1 234,50', '1234.50').replaceAll(';', ','),
    tab: text.replaceAll(';', '\t'), untitled: text.replace(`${TITLES}\r\n`, '') };
  for (const [name, bytes] of Object.entries(files)) {
    const own = association();
    const client = treasurerOf(own);
    const { location } = await send(client, bytes);
    const columns = { ...COLUMNS, ...(name === 'untitled' && { titres: '' }) };
    if (!columns.titres)
      delete columns.titres;
    assert.equal((await confirm(client, location, columns)).location, '/adherents?fait=importe', name);
    assert.deepEqual(people(own), [{ number: 5, first_name: 'Zoé', last_name: 'Lefèvre-Étang',
      email: 'z@exemple.fr', payer: null, cents: 123450 }], name);
  }
});

test('the same file again changes nothing, a confirmed page again neither', async () => {
  const own = association();
  const client = treasurerOf(own);
  const rows = ['4;Nadia;Famille;n@exemple.fr;-20;', ';Lou;Famille;;15;4'];
  const first = await sendRows(client, rows);
  const form = await client.form(previewOf(first), `${first}/apercu`);
  assert.equal((await client.post(form.action, form.fields)).status, 303);
  const after = people(own);
  assert.equal(after.length, 2);
  assert.equal((await client.post(form.action, form.fields)).location, '/adherents?fait=importe');
  assert.equal((await client.get(first)).location, '/adherents?fait=importe');
  const second = await sendRows(client, rows);
  const preview = await client.get(previewOf(second));
  assert.deepEqual(countsOf(preview), [0, 2, 0]);
  assert.match(preview.text, /Rien à importer/);
  await confirm(client, second);
  assert.deepEqual(people(own), after);
  assert.equal(house.one(`SELECT count(*) AS rows FROM cart_line WHERE association_id = ${own}`).rows, 2);
});

test('one wrong row holds all of them back, and says what to do', async (t) => {
  const own = association();
  house.member({ first: 'Ana', last: 'Là', association: own, login: null });
  const client = treasurerOf(own);
  const location = await sendRows(client, ['5;Zoé;Bien;;12;', '1;Bob;Autre;;;', '6;;Vide;;;', '7;Léo;Seul;;;99',
    ';Max;Faux;max@;;', '8;Eva;Cher;;douze;']);
  const preview = await client.get(previewOf(location));
  assert.deepEqual(countsOf(preview), [1, 0, 5]);
  for (const words of [/Le numéro 1 est celui d'un adhérent d'un autre nom/, /Le prénom ou le nom manque/,
    /Le payeur n° 99 n'est ni dans le fichier/, /L'adresse e-mail n'en est pas une/, /Le solde n'est pas un montant/])
    assert.match(preview.text, words);
  assert.doesNotMatch(preview.body, /<button class="main"/);
  const page = await house.visit(t, client);
  await page.goto(previewOf(location));
  await check(page, 'importer-erreurs');
  assert.equal((await confirm(client, location)).status, 409);
  assert.equal(people(own).length, 1);
});

test('what changed since the preview is shown again instead of written', async () => {
  const own = association();
  const client = treasurerOf(own);
  const location = await sendRows(client, ['1;Zoé;Éluard;;12;', ';Luc;Petit;;;']);
  const form = await client.form(previewOf(location), `${location}/apercu`);
  house.member({ first: 'Zoé', last: 'Éluard', association: own, login: null });
  const late = await client.post(form.action, form.fields);
  assert.equal(late.status, 409);
  assert.match(late.text, /ont changé depuis l'aperçu/);
  assert.deepEqual(countsOf(late), [1, 1, 0]);
  assert.equal(people(own).length, 1);
  assert.equal((await confirm(client, location)).status, 303);
  assert.deepEqual(people(own).map((one) => [one.number, one.cents]), [[1, 0], [2, 0]]);
});

// ---- files that mean harm ----

test('files that are none, or too much, are refused with a sentence', async () => {
  const client = treasurerOf(association());
  const row = 'a;b;c\n';
  for (const [bytes, words] of [['', /Choisissez le fichier/], ['\n\n;;\n', /Ce fichier est vide/],
    [crypto.randomBytes(5000), /./], ['\x89PNG\r\n\x1a\n\0\0', /n'est pas un fichier CSV/],
    ['Nom;Prénom\nA\0B;C\n', /n'est pas un fichier CSV/], ['Nom\n"jamais;fermé\n\n', /à la ligne 2 n'est jamais fermé/],
    ['Nom\n"a"b;c\n', /suit un guillemet fermé, à la ligne 2/],
    [row.repeat(10002), /au plus 10 000 adhérents/], [`x${';x'.repeat(60)}\n`, /La ligne 1 a trop de colonnes/],
    [`Nom\n${'x'.repeat(4001)}\n`, /Une case de la ligne 2 est trop longue/],
    [`Nom\n"${'x'.repeat(100000)}"\n`, /Une case de la ligne 2 est trop longue/]]) {
    const answer = await send(client, bytes);
    assert.equal(answer.status, 400, String(bytes).slice(0, 40));
    assert.match(answer.text, /Rien n'est encore importé/);
    assert.match(answer.text, words);
  }
  // Its sentence is a page of nginx: see production.test.js.
  const large = await send(client, 'x;y\n'.repeat(600000));
  assert.equal(large.status, 413);
  const untitled = await send(client, row.repeat(10001));
  const refused = await client.get(previewOf(untitled.location, { prenom: '1', nom: '2', sens: 'doit' }));
  assert.equal(refused.status, 400);
  assert.match(refused.text, /Sans ligne de titres, ce fichier a trop d'adhérents/);
  assert.equal(house.one('SELECT count(*) AS rows FROM member_import WHERE length(content) > 2097152').rows, 0);
});

test('columns that a form of ours never names are refused', async () => {
  const client = treasurerOf(association());
  const location = await sendRows(client, ['5;Zoé;Éluard;;;']);
  for (const changed of [{ prenom: '7' }, { prenom: '-1' }, { prenom: 'x' }, { sens: 'autre' }, { de: 'trop' }])
    assert.equal((await client.get(previewOf(location, { ...COLUMNS, ...changed }))).status, 400);
  for (const changed of [{ prenom: '' }, { prenom: '3' }]) {
    const answer = await client.get(previewOf(location, { ...COLUMNS, ...changed }));
    assert.equal(answer.status, 400);
    assert.match(answer.text, /L'aperçu n'est pas encore possible/);
  }
});

test('formulas, tags and commands are text in every field, everywhere', async (t) => {
  const own = association();
  const client = treasurerOf(own);
  const formula = '=HYPERLINK("http://evil.example";"x")';
  const cell = (text) => `"${text.replaceAll('"', '""')}"`;
  const titles = [hostile, formula, '{{#x}}', "+1'", '@a', '<script>'].map(cell).join(';');
  const { location } = await send(client, `${titles}\n5;${cell(hostile)};${cell(formula)};;;\n`
    + `${cell(hostile)};${cell('{{csrf}}')};\u202e<b>;${cell(hostile)};${cell(formula)};${cell(formula)}\n`);
  const page = await house.visit(t, client);
  await page.goto(location);
  await page.getByRole('heading', { name: 'Que contiennent les colonnes ?' }).waitFor();
  assert.ok((await page.getByLabel('Nom', { exact: true }).innerText()).includes(formula.slice(0, 30)));
  await page.goto(previewOf(location));
  await page.getByText(`${formula} ${hostile}`).first().waitFor();
  await page.getByRole('cell', { name: '{{csrf}}' }).first().waitFor();
  const good = await send(client, `${titles}\n5;${cell(hostile)};${cell(formula)};;;\n`);
  assert.equal((await confirm(client, good.location)).status, 303);
  await page.goto('/adherents');
  await page.getByRole('link', { name: `${formula} ${hostile}` }).waitFor();
});

// ---- whose file ----

test('a file is seen by nobody but its sender, in its association', async () => {
  const own = association();
  const sender = treasurerOf(own);
  const location = await sendRows(sender, ['5;Zoé;Éluard;;;']);
  const form = await sender.form(previewOf(location), `${location}/apercu`);
  const strangers = [treasurerOf(own, 'ailleurs'), treasurerOf(association(), 'ailleurs'),
    treasurerOf(association())];
  for (const client of strangers) {
    const theirs = await sendRows(client, ['6;Autre;Fichier;;;']);
    const { fields } = await client.form(previewOf(theirs), `${theirs}/apercu`);
    assert.equal((await client.get(location)).status, 404);
    assert.equal((await client.get(previewOf(location))).status, 404);
    assert.equal((await client.post(form.action, { ...form.fields, csrf: fields.csrf })).status, 404);
  }
  for (const id of ['1', 'x', '9223372036854775808', '0'])
    assert.equal((await sender.get(`${PLACE}/${id}`)).status, 404);
  const viewer = await house.asStaff('viewer', own);
  for (const place of [PLACE, location, previewOf(location)])
    assert.equal((await viewer.get(place)).status, 404);
  assert.doesNotMatch((await viewer.get('/adherents')).body, /importer/);
  assert.deepEqual(people(own), []);
  assert.equal((await sender.get(location)).status, 200);
  house.force(`UPDATE member_import SET expires_at = unixepoch() WHERE id = ${location.split('/').at(-1)}`);
  assert.equal((await sender.get(location)).status, 404);
});

test('ten thousand come in one go', async () => {
  const own = association();
  const client = treasurerOf(own);
  const location = await sendRows(client, Array.from({ length: 10000 }, (_, index) =>
    `${index + 1};Prénom ${index};Nom ${index};p${index}@exemple.fr;${index % 4 ? '' : index % 8 ? '12,50' : '-7'};${
      index % 3 === 2 ? 1 : ''}`));
  assert.deepEqual(countsOf(await client.get(previewOf(location))), [10000, 0, 0]);
  assert.equal((await confirm(client, location)).status, 303);
  const { rows, payers, cents } = house.one(`SELECT count(*) AS rows, count(payer_id) AS payers,
    (SELECT sum(amount_cents) FROM cart_line WHERE association_id = ${own}) AS cents
    FROM member WHERE association_id = ${own}`);
  assert.deepEqual([rows, payers, cents], [10000, 3333, 1250 * (1250 - 700)]);
});
