'use strict';
// Who the association is: its names and numbers, its logo, its bank accounts.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const zlib = require('node:zlib');
const { houseOf } = require('./harness.js');
const { Client } = require('./http.js');
const { check } = require('./browser.js');

const house = houseOf('association');

const stored = () => house.one(`SELECT name, address, siren, rna, email, zone, year_first_month,
  year_first_day, year_months, how_to_pay, version FROM association WHERE id = ${house.association}`);
const logos = () => house.sql(`SELECT hash, content_type, width, height, hex(bytes) AS bytes FROM logo
  WHERE association_id = ${house.association}`);
const banks = () => house.sql(`SELECT CAST(id AS TEXT) AS id, label, iban_tail, bic, account_code,
  archived_at IS NOT NULL AS closed, version FROM bank_account WHERE association_id = ${house.association}`);
const audits = (action) => house.sql(`SELECT detail FROM audit WHERE association_id = ${house.association}
  AND action = '${action}' ORDER BY chain_number`).map(({ detail }) => detail);

// ---- pictures of our own ----

function chunk(type, data) {
  const head = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  let crc = 0xffffffff;
  for (const byte of head) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++)
      crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  }
  sum.writeUInt32BE(~crc >>> 0);
  return Buffer.concat([size, head, sum]);
}

// A green arch on white: something to look at.
function png(width, height, extra = Buffer.alloc(0)) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.alloc(height * (1 + 3 * width), 255);
  for (let y = 0; y < height; y++) {
    rows[y * (1 + 3 * width)] = 0;
    for (let x = 0; x < width; x++) {
      const distance = Math.hypot(x - width / 2, y - height) / (height || 1);
      if (distance > 0.5 && distance < 0.8)
        rows.set([23, 120, 70], y * (1 + 3 * width) + 1 + 3 * x);
    }
  }
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', header),
    ...(extra.length ? [chunk('teSt', extra)] : []), chunk('IDAT', zlib.deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0))]);
}

// ---- forms with a file ----

function multipart(parts, boundary = 'limite') {
  const pieces = parts.map(([name, value, file]) => Buffer.concat([
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"${
      file ? `; filename="${file.name}"\r\nContent-Type: ${file.type}` : ''}\r\n\r\n`),
    Buffer.from(value), Buffer.from('\r\n')]));
  return { body: Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]),
    type: `multipart/form-data; boundary=${boundary}` };
}

const LOGO = '/parametrage/association/logo';
const logoToken = async (client) => (await client.form('/parametrage/association', LOGO)).fields.csrf;

function sendForm(client, { body, type }, headers = {}) {
  return client.send('POST', LOGO, { body, headers: { Origin: client.base,
    'Sec-Fetch-Site': 'same-origin', 'Content-Type': type, ...headers } });
}

async function upload(client, bytes, { name = 'logo.png', type = 'image/png' } = {}) {
  return sendForm(client, multipart([['csrf', await logoToken(client)], ['logo', bytes, { name, type }]]));
}

// ---- the profile ----

async function profileForm(client) {
  const { fields } = await client.form('/parametrage/association', '/parametrage/association');
  return { csrf: fields.csrf, version: fields.version, nom: 'Les Randonneurs du Luberon', adresse: '',
    siren: '', rna: '', email: '', fuseau: 'Europe/Paris', mois: '9', jour: '1', duree: '12',
    comment_payer: '' };
}

const save = (client, fields) => client.post('/parametrage/association', fields);

for (const javaScript of [true, false])
  test(`the treasurer says who the association is, ${javaScript ? 'with' : 'without'} JavaScript`, async (t) => {
    const client = await house.asStaff('treasurer');
    await save(client, await profileForm(client));
    const page = await house.visit(t, client, { javaScript });
    await page.goto('/parametrage/mon-compte');
    await page.locator('#association').getByRole('link', { name: 'Modifier' }).click();
    await page.getByRole('heading', { name: "L'association", level: 1 }).waitFor();
    await page.getByLabel("Nom de l'association").fill('Les Marcheurs de l’Été');
    await page.getByLabel('Adresse postale').fill('12 rue du Port\n84400 Apt');
    await page.getByLabel('Numéro SIREN').fill('732 829 320');
    await page.getByLabel('Numéro RNA').fill('w843001234');
    await page.getByLabel('Adresse e-mail').fill('bonjour@exemple.fr');
    await page.getByLabel('Comment payer autrement').fill('Par chèque à l’ordre des Marcheurs,\nou par virement.');
    await page.getByLabel('Mois', { exact: true }).selectOption('janvier');
    await page.getByLabel('Fuseau horaire').selectOption('Indian/Reunion');
    await page.getByRole('button', { name: 'Enregistrer' }).click();
    await page.getByText("Les informations de l'association sont enregistrées").waitFor();
    const { version, ...rest } = stored();
    assert.ok(version > 1);
    assert.deepEqual(rest, { name: 'Les Marcheurs de l’Été', address: '12 rue du Port\n84400 Apt',
      siren: '732829320', rna: 'W843001234', email: 'bonjour@exemple.fr', zone: 'Indian/Reunion',
      year_first_month: 1, year_first_day: 1, year_months: 12,
      how_to_pay: 'Par chèque à l’ordre des Marcheurs,\nou par virement.' });
    assert.match(audits('association.profile').at(-1), /siren - > 732829320.*zone Europe\/Paris > Indian\/Reunion, year_first_month 9 > 1/);
    assert.doesNotMatch(audits('association.profile').at(-1), /exemple|Port|Marcheurs/);
    await page.goto('/parametrage/mon-compte');
    await page.locator('#association').getByText('12 mois à partir du 1er janvier').waitFor();
    if (javaScript) {
      await check(page, 'mon-compte-association');
      await page.goto('/parametrage/association');
      await check(page, 'association');
    }
  });

test('what is wrong stands beside its field, what was typed is kept', async (t) => {
  const client = await house.asStaff('administrator');
  await save(client, await profileForm(client));
  const before = stored();
  for (const [change, sentence] of [[{ nom: '' }, /Tapez le nom/], [{ nom: 'é'.repeat(121) }, /trop long/],
    [{ adresse: 'é'.repeat(501) }, /adresse est trop longue/], [{ siren: '732829321' }, /n'est pas un SIREN/],
    [{ siren: '73282932000074' }, /n'est pas un SIREN/], [{ rna: '751234567' }, /n'est pas un RNA/],
    [{ email: 'bonjour' }, /adresse complète/], [{ fuseau: 'Europe/Atlantis' }, /fuseau de la liste/],
    [{ fuseau: '../../etc/passwd' }, /fuseau de la liste/], [{ mois: '13' }, /Choisissez un mois/],
    [{ jour: '29' }, /jour de 1 à 28/], [{ duree: '25' }, /1 à 24 mois/], [{ duree: '' }, /1 à 24 mois/],
    [{ comment_payer: 'é'.repeat(2001) }, /texte est trop long/]]) {
    const answer = await save(client, { ...await profileForm(client), ...change });
    assert.equal(answer.status, 400, JSON.stringify(change).slice(0, 60));
    assert.match(answer.text, sentence);
  }
  for (const change of [{ jour: '0' }, { mois: 'mai' }, { kind: 'real' }, { currency: 'CHF' }, { version: '' }])
    assert.equal((await save(client, { ...await profileForm(client), ...change })).status, 400, JSON.stringify(change));
  assert.deepEqual(stored(), before);
  const page = await house.visit(t, client);
  await page.goto('/parametrage/association');
  await page.getByLabel('Numéro SIREN').fill('123 456 789');
  await page.getByLabel('Adresse postale').fill('<script>alert(1)</script>\n"ici"');
  await page.getByLabel('Fuseau horaire').selectOption('Pacific/Noumea');
  await page.getByRole('button', { name: 'Enregistrer' }).click();
  await page.getByRole('link', { name: 'Vérifiez le numéro SIREN' }).waitFor();
  assert.equal(await page.getByLabel('Numéro SIREN').inputValue(), '123 456 789');
  assert.equal(await page.getByLabel('Adresse postale').inputValue(), '<script>alert(1)</script>\n"ici"');
  assert.equal(await page.getByLabel('Fuseau horaire').inputValue(), 'Pacific/Noumea');
  await check(page, 'association-erreur');
});

test('a form that somebody overtook is not written over what they set', async () => {
  const [one, other] = [await house.asStaff('treasurer'), await house.asStaff('administrator')];
  const late = await profileForm(one);
  assert.equal((await save(other, { ...await profileForm(other), adresse: 'Ailleurs' })).status, 303);
  const answer = await save(one, { ...late, adresse: 'Ici' });
  assert.equal(answer.status, 409);
  assert.match(answer.text, /ont changé entre-temps/);
  assert.match(answer.body, />Ici<\/textarea>/);
  assert.equal(stored().address, 'Ailleurs');
  const again = /name="version" value="(\d+)"/.exec(answer.body)[1];
  assert.equal((await save(one, { ...late, version: again, adresse: 'Ici' })).status, 303);
  assert.equal(stored().address, 'Ici');
});

// ---- the logo ----

for (const javaScript of [true, false])
  test(`a logo is sent, shown on every page, and removed, ${javaScript ? 'with' : 'without'} JavaScript`, async (t) => {
    const file = path.join(house.folder, 'mon logo "d\'été".png');
    fs.writeFileSync(file, png(240, 120));
    const page = await house.visit(t, await house.asStaff('treasurer'), { javaScript });
    await page.goto('/parametrage/association');
    await page.getByLabel('Choisir un logo').setInputFiles(file);
    await page.getByRole('button', { name: 'Envoyer le logo' }).click();
    await page.getByText('Le logo est enregistré').waitFor();
    const [{ hash, ...logo }] = logos();
    assert.deepEqual(logo, { content_type: 'image/png', width: 240, height: 120,
      bytes: fs.readFileSync(file).toString('hex').toUpperCase() });
    assert.equal(hash, crypto.createHash('sha256').update(fs.readFileSync(file)).digest('hex'));
    const shown = page.locator('.brand img');
    assert.equal(await shown.getAttribute('src'), `/logo/${hash}`);
    const box = await shown.boundingBox();
    assert.ok(box.height <= 44 && Math.abs(box.width / box.height - 2) < 0.2, JSON.stringify(box));
    if (javaScript) {
      assert.equal(await shown.evaluate((image) => image.complete && image.naturalWidth), 240);
      await check(page, 'association-logo');
    }
    await page.getByRole('button', { name: 'Retirer le logo' }).click();
    await page.getByText('Le logo est retiré').waitFor();
    assert.deepEqual(logos(), []);
    assert.equal(await page.locator('.brand img').count(), 0);
  });

test('a logo is served as what it is, to people of the association alone', async () => {
  const staff = await house.asStaff('treasurer');
  const jpeg = Buffer.from('ffd8ffe000104a46494600010100000100010000ffc0000b080002000301011100ffda0008010100003f0012ffd9', 'hex');
  assert.equal((await upload(staff, jpeg, { name: '../../logo.html', type: 'text/html' })).location,
    '/parametrage/association?fait=logo');
  const [{ hash, content_type: type }] = logos();
  assert.equal(type, 'image/jpeg');
  const member = await house.asMember(house.member({}));
  for (const client of [staff, member, await house.asStaff('viewer')]) {
    const answer = await client.get(`/logo/${hash}`);
    assert.equal(answer.status, 200);
    assert.ok(answer.bytes.equals(jpeg));
    assert.equal(answer.headers['content-type'], 'image/jpeg');
    assert.equal(answer.headers['x-content-type-options'], 'nosniff');
    assert.match(answer.headers['content-security-policy'], /^default-src 'none'/);
    assert.equal(answer.headers['cross-origin-resource-policy'], 'same-origin');
    assert.equal(answer.headers['cache-control'], 'private, max-age=86400, immutable');
    assert.match((await client.get('/espaces')).body, new RegExp(`<img class="logo" src="/logo/${hash}"`));
  }
  assert.equal((await new Client(house.url).get(`/logo/${hash}`)).location, `/connexion?suite=/logo/${hash}`);
  const association = house.addAssociation({ name: 'Les Étrangers' });
  const stranger = await house.asStaff('administrator', association);
  const [foreign, missing] = [await stranger.get(`/logo/${hash}`), await stranger.get(`/logo/${'0'.repeat(64)}`)];
  assert.deepEqual([foreign.status, missing.status], [404, 404]);
  assert.match(foreign.headers['cache-control'], /no-store/);
  assert.equal(foreign.text.replace(/[0-9a-f]{16}/, ''), missing.text.replace(/[0-9a-f]{16}/, ''));
  assert.equal(house.one(`SELECT count(*) AS rows FROM audit WHERE association_id = ${association}
    AND action = 'access.denied' AND object = '/logo/{}'`).rows, 2);
  for (const name of [hash.toUpperCase(), hash.slice(1), `${hash}.jpg`, ''])
    assert.equal((await staff.get(`/logo/${name}`)).status, 404, name);
});

test('only true pictures of a sensible size become a logo', async (t) => {
  const client = await house.asStaff('treasurer');
  assert.equal((await upload(client, png(4, 4))).status, 303);
  const before = logos();
  const heavy = png(10, 10, crypto.randomBytes(200 * 1024));
  const cut = png(40, 40);
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>');
  const flipped = Buffer.from(png(4, 4));
  flipped[40] ^= 1;
  for (const [bytes, sentence] of [[Buffer.alloc(0), /Choisissez un fichier/], [svg, /n'est pas une image PNG ou JPEG/],
    [Buffer.from('GIF89a'), /n'est pas une image/], [Buffer.from('<!doctype html>'), /n'est pas une image/],
    [cut.subarray(0, cut.length - 1), /abîmée ou incomplète/], [flipped, /abîmée ou incomplète/],
    [png(2001, 1), /plus de 2 000 pixels/], [heavy, /dépasse 200 ko/]]) {
    const answer = await upload(client, bytes);
    assert.equal(answer.status, 400, String(sentence));
    assert.match(answer.text, sentence);
  }
  assert.equal((await upload(client, Buffer.alloc(255 * 1024))).status, 400);
  assert.equal((await upload(client, Buffer.alloc(257 * 1024))).status, 413);
  assert.deepEqual(logos(), before);
  // What is hidden behind a picture is left behind.
  const plain = png(6, 6);
  assert.equal((await upload(client, Buffer.concat([plain, Buffer.from('PK\x03\x04<script>')]))).status, 303);
  assert.equal(logos()[0].bytes, plain.toString('hex').toUpperCase());
  assert.equal((await upload(client, png(4, 4, crypto.randomBytes(199 * 1024)))).status, 303);
  const page = await house.visit(t, client);
  const file = path.join(house.folder, 'dessin.svg');
  fs.writeFileSync(file, svg);
  await page.goto('/parametrage/association');
  await page.getByLabel('Remplacer le logo').setInputFiles(file);
  await page.getByRole('button', { name: 'Envoyer le logo' }).click();
  await page.getByRole('link', { name: 'Choisissez un autre logo' }).waitFor();
  await check(page, 'association-logo-erreur');
});

test('a form with a file is from a page of this session, or nothing of it is looked at', async () => {
  const [client, other] = [await house.asStaff('treasurer'), await house.asStaff('treasurer')];
  const before = logos();
  const [good, foreign] = [await logoToken(client), await logoToken(other)];
  const file = ['logo', png(5, 5), { name: 'a', type: 'image/png' }];
  const token = (value) => ['csrf', value];
  for (const [name, parts] of [['no token', [file]], ['an empty one', [token(''), file]],
    ["another's", [token(foreign), file]], ['twice', [token(good), token(good), file]],
    ['as a file', [['csrf', good, { name: 'x', type: 'text/plain' }], file]],
    ['cut', [token(good.slice(1)), file]]])
    assert.equal((await sendForm(client, multipart(parts))).status, 403, name);
  const form = multipart([token(good), file]);
  for (const headers of [{ Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' }, { Origin: null, 'Sec-Fetch-Site': null }])
    assert.equal((await sendForm(client, form, headers)).status, 403);
  // Behind the token it is read no less strictly: here already, since the token is not found.
  for (const [name, changed] of [['another boundary', { ...form, type: 'multipart/form-data; boundary=autre' }],
    ['no boundary', { ...form, type: 'multipart/form-data' }], ['cut', { ...form, body: form.body.subarray(0, -8) }],
    ['a preamble', { ...form, body: Buffer.concat([Buffer.from('x\r\n'), form.body]) }]])
    assert.equal((await sendForm(client, changed)).status, 403, name);
  for (const [name, parts] of [['a field more', [token(good), ['role', 'administrator'], file]], ['two files', [token(good), file, file]],
    ['no file', [token(good), ['logo', 'text']]]])
    assert.equal((await sendForm(client, multipart(parts))).status, 400, name);
  assert.equal((await client.post(LOGO, { csrf: good, logo: 'x' })).status, 400, 'the other encoding');
  assert.deepEqual(logos(), before);
  assert.equal((await sendForm(client, form)).status, 303);
});

// ---- bank accounts ----

const IBAN = 'FR14 2004 1010 0505 0001 3M02 606';

for (const javaScript of [true, false])
  test(`a bank account is added, changed and closed, ${javaScript ? 'with' : 'without'} JavaScript`, async (t) => {
    house.force('DELETE FROM bank_account');
    const page = await house.visit(t, await house.asStaff('treasurer'), { javaScript });
    await page.goto('/parametrage/association');
    await page.getByRole('link', { name: 'Ajouter un compte' }).click();
    await page.getByLabel('Nom du compte').fill('Compte courant');
    await page.getByLabel('IBAN').fill('FR14 2004 1010 0505 0001 3M02 607');
    await page.getByRole('button', { name: 'Enregistrer' }).click();
    await page.getByText("Cet IBAN n'est pas juste").waitFor();
    assert.equal(await page.getByLabel('Nom du compte').inputValue(), 'Compte courant');
    assert.equal(await page.getByLabel('IBAN').inputValue(), '');
    if (javaScript)
      await check(page, 'banque-erreur');
    await page.getByLabel('IBAN').fill(IBAN.toLowerCase());
    await page.getByLabel('BIC').fill('psstfrpp');
    await page.getByRole('button', { name: 'Enregistrer' }).click();
    await page.getByText('Le compte bancaire est enregistré').waitFor();
    const [{ id, ...bank }] = banks();
    assert.deepEqual(bank, { label: 'Compte courant', iban_tail: '2606', bic: 'PSSTFRPP', account_code: '5121', closed: 0, version: 1 });
    await page.getByText('IBAN •••• 2606').waitFor();
    if (javaScript)
      await check(page, 'association-banques');
    await page.getByRole('link', { name: 'Compte courant' }).click();
    await page.getByLabel('Nom du compte').fill('Livret A');
    await page.getByRole('button', { name: 'Enregistrer' }).click();
    await page.getByRole('link', { name: 'Livret A' }).click();
    if (javaScript)
      await check(page, 'banque');
    await page.getByRole('button', { name: 'Marquer ce compte comme clos' }).click();
    await page.getByText('clos', { exact: true }).waitFor();
    assert.deepEqual(banks()[0], { id, label: 'Livret A', iban_tail: '2606', bic: 'PSSTFRPP', account_code: '5121', closed: 1, version: 3 });
    await page.getByRole('link', { name: 'Livret A' }).click();
    await page.getByRole('button', { name: 'Remettre ce compte en usage' }).click();
    assert.equal(banks()[0].closed, 0);
  });

test('an IBAN is sealed, never shown again, in no log and no audit', async () => {
  house.force('DELETE FROM bank_account');
  const client = await house.asStaff('treasurer');
  const place = '/parametrage/association/banque';
  const { csrf } = (await client.form(place, place)).fields;
  const send = (fields, where = place) => client.post(where, { csrf, version: '1', libelle: 'Banque', iban: IBAN, bic: '', compte: '5121', ...fields });
  for (const [change, sentence] of [[{ libelle: '' }, /Donnez un nom/], [{ iban: '' }, /Tapez l'IBAN/], [{ iban: 'FR76' }, /n'est pas juste/],
    [{ bic: 'ABC' }, /8 ou 11 caractères/], [{ compte: '530' }, /compte 512/], [{ compte: '5129' }, /compte 512/], [{ libelle: 'é'.repeat(81) }, /trop long/]]) {
    const answer = await send(change);
    assert.equal(answer.status, 400);
    assert.match(answer.text, sentence);
    assert.ok(!answer.body.includes('0505'), 'typed, and not shown again');
  }
  assert.equal((await send({})).status, 303);
  const [{ id }] = banks();
  for (const page of [`${place}/${id}`, '/parametrage/association', '/parametrage/mon-compte'])
    assert.doesNotMatch((await client.get(page)).body, /0505|2004 ?1010/, page);
  assert.doesNotMatch(JSON.stringify(house.sql('SELECT detail FROM audit')), /0505|FR14/);
  assert.doesNotMatch(house.guichet.text(), /0505|FR14/);
  for (const file of [house.database, `${house.database}-wal`])
    assert.ok(!fs.readFileSync(file).includes('20041010050500013M02606'), file);
  // A stale form, and one of another association.
  const edit = (await client.form(`${place}/${id}`, `${place}/${id}`)).fields.csrf;
  const change = (fields) => client.post(`${place}/${id}`, { csrf: edit, version: '1', libelle: 'Banque', iban: '', bic: '', compte: '5121', ...fields });
  assert.equal((await change({ libelle: 'Un' })).status, 303);
  const stale = await change({ libelle: 'Deux' });
  assert.equal(stale.status, 409);
  assert.match(stale.text, /a changé entre-temps/);
  assert.equal(banks()[0].label, 'Un');
  const association = house.addAssociation({ name: 'Les Curieux' });
  const stranger = await house.asStaff('treasurer', association);
  const [foreign, missing] = [await stranger.get(`${place}/${id}`), await stranger.get(`${place}/4242`)];
  assert.deepEqual([foreign.status, missing.status], [404, 404]);
  assert.equal(house.one(`SELECT count(*) AS rows FROM audit WHERE association_id = ${association}
    AND action = 'access.denied' AND object = '${place}/{}'`).rows, 2);
});
