'use strict';
// The second factor: enrolment with a code that an outside library reads, codes computed here,
// recovery codes, guessing, the half session, the offer and the obligation. The numbers are rows
// of the security checklist.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const jsQR = require('jsqr');
const { houseOf, top } = require('./harness.js');
const { check } = require('./browser.js');
const { Client, formsOf } = require('./http.js');

const house = houseOf('second-factor', { sandbox: false, seed: false });

const sha256 = (text) => crypto.createHash('sha256').update(text).digest('hex');

// ---- codes, computed without Guichet (RFC 6238) ----

function unbase32(text) {
  const bits = [...text].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter)
    .toString(2).padStart(5, '0')).join('');
  return Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
}

function codeAt(secret, seconds) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(seconds / 30)));
  const mac = crypto.createHmac('sha1', unbase32(secret)).update(counter).digest();
  const at = mac[19] & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1000000).padStart(6, '0');
}

const codeNow = (secret) => codeAt(secret, Date.now() / 1000);

// A code of the step behind: its own is not taken yet, whatever was taken before.
function forgetSteps(name) {
  house.force(`UPDATE login_totp SET last_counter = -1
    WHERE login_id = (SELECT id FROM login WHERE email = '${name}@exemple.fr')`);
}

const audited = (action, name) => house.one(`SELECT count(*) AS rows FROM audit
  WHERE action = '${action}' AND object = 'login:' || (SELECT id FROM login
    WHERE email = '${name}@exemple.fr')`).rows;

// ---- people ----

async function enrol(client, name) {
  const page = '/acces/double-authentification';
  const begin = await client.form(page, page);
  assert.equal((await client.post(page, { csrf: begin.fields.csrf, password: house.login(name).password })).status, 303);
  const shown = await client.get(page);
  const secret = /<span class="mono" id="cle">([A-Z2-7 ]+)<\/span>/.exec(shown.body)[1].replaceAll(' ', '');
  const form = formsOf(shown.body).find((one) => one.action === `${page}/code`);
  const answer = await client.post(`${page}/code`, { csrf: form.fields.csrf, code: codeNow(secret) });
  assert.equal(answer.status, 200, answer.text);
  return { secret, codes: [...answer.body.matchAll(/<li>([A-Z2-7-]{29})<\/li>/g)].map(([, one]) => one) };
}

// A person with a second factor and the space of a member, made when first asked for.
const enrolled = new Map();
async function person(name) {
  if (!enrolled.has(name)) {
    house.association ??= house.addAssociation({ name: 'Les Randonneurs' });
    house.member({ login: name, association: house.association });
    enrolled.set(name, await enrol(house.session(name, {}), name));
  }
  forgetSteps(name);
  house.force("DELETE FROM login_throttle WHERE subject LIKE 'code:%'");
  return enrolled.get(name);
}

// What the right password leaves: a half session, without the half second of scrypt.
function half(name) {
  const client = house.session(name, {});
  house.force(`UPDATE session SET half = 1 WHERE hex(token_hash) = upper('${sha256(client.cookie)}')`);
  return client;
}

async function tryCode(client, fields) {
  const form = await client.form('/connexion/code', '/connexion/code');
  return client.post('/connexion/code', { csrf: form.fields.csrf, ...fields });
}

// ---- enrolment ----

// What a camera would read from the picture of an element.
async function readCode(page, element) {
  const picture = (await element.screenshot()).toString('base64');
  const blank = await page.context().newPage();
  const { width, height, data } = await blank.evaluate(async (base64) => {
    const image = new Image();
    image.src = `data:image/png;base64,${base64}`;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height).getContext('2d');
    canvas.drawImage(image, 0, 0);
    const pixels = canvas.getImageData(0, 0, image.width, image.height);
    return { width: image.width, height: image.height, data: [...pixels.data] };
  }, picture);
  await blank.close();
  return jsQR(Uint8ClampedArray.from(data), width, height).data;
}

test('20, 22, 24: a person adds an app by its QR code, and gets ten codes once', async (t) => {
  const name = 'jeanne+compta';
  const { email, password } = house.login(name);
  const [mine, other] = [house.session(name, {}), house.session(name, {})];
  const page = await house.visit(t, mine);
  await page.goto('/acces');
  await page.getByRole('link', { name: 'Activer la double authentification' }).click();
  await check(page, 'double-authentification');
  await page.getByLabel('Votre mot de passe').fill('pas celui-là, hélas');
  await page.getByRole('button', { name: 'Commencer' }).click();
  await page.getByText("Ce n'est pas votre mot de passe").waitFor();
  await page.getByLabel('Votre mot de passe').fill(password);
  await page.getByRole('button', { name: 'Commencer' }).click();
  const picture = page.getByRole('img', { name: 'Code QR' });
  await picture.waitFor();
  const uri = await readCode(page, picture);
  const read = new URL(uri);
  assert.equal(read.protocol, 'otpauth:');
  assert.equal(decodeURIComponent(uri.split('?')[0]), `otpauth://totp/Guichet:${email}`);
  const { secret, issuer } = Object.fromEntries(read.searchParams);
  assert.equal(issuer, 'Guichet');
  assert.match(secret, /^[A-Z2-7]{32}$/, '160 bits');
  await page.getByText("L'application ne peut pas lire le code QR").click();
  assert.equal((await page.locator('#cle').innerText()).replaceAll(' ', ''), secret);
  await check(page, 'double-authentification-qr');
  await page.emulateMedia({ colorScheme: 'dark' });
  assert.equal(await readCode(page, picture), uri, 'readable in the dark too');
  await page.emulateMedia({ colorScheme: 'light' });
  // It does not count before a code confirmed it, and no other session sees it.
  assert.equal((await new Client(house.url).post('/connexion', { email, password })).location, '/espaces');
  assert.doesNotMatch((await other.get('/acces/double-authentification')).body, /id="cle"/);
  await page.getByLabel('Code à 6 chiffres').fill(codeAt(secret, Date.now() / 1000 - 3600));
  await page.getByRole('button', { name: 'Activer' }).click();
  await page.getByText('Attendez le suivant').waitFor();
  await check(page, 'double-authentification-code-faux');
  await page.getByLabel('Code à 6 chiffres').fill(codeNow(secret).replace(/(...)/, '$1 '));
  await page.getByRole('button', { name: 'Activer' }).click();
  await page.getByRole('heading', { name: 'Vos codes de secours' }).waitFor();
  await check(page, 'codes-de-secours');
  const codes = await page.locator('.codes li').allInnerTexts();
  assert.equal(new Set(codes).size, 10);
  for (const code of codes)
    assert.ok(code.replaceAll('-', '').length * 5 >= 112, code);
  await page.goto('/acces/double-authentification');
  const text = await page.content();
  assert.ok(!text.includes(secret.slice(0, 8)) && !codes.some((code) => text.includes(code)), 'shown again');
  assert.match(await page.locator('main').innerText(), /Il vous reste 10 codes/);
  assert.equal((await other.get('/acces')).status, 303, 'the other session is ended');
  for (const file of [house.database, `${house.database}-wal`]) {
    const bytes = fs.readFileSync(file);
    for (const clear of [secret, unbase32(secret), ...codes, ...codes.map((code) => code.replaceAll('-', ''))])
      assert.ok(!bytes.includes(clear), 'in clear in the database');
  }
  assert.equal(audited('second_factor.enabled', name), 1);
  enrolled.set(name, { secret, codes });
});

test('24: a seed moved to another login does not open', async () => {
  const { secret } = await person('premier');
  await person('second');
  house.force(`UPDATE login_totp SET sealed_seed = (SELECT sealed_seed FROM login_totp t JOIN login l
      ON l.id = t.login_id WHERE l.email = 'premier@exemple.fr')
    WHERE login_id = (SELECT id FROM login WHERE email = 'second@exemple.fr')`);
  house.expectError('web.failed');
  assert.equal((await tryCode(half('second'), { code: codeNow(secret) })).status, 500);
  assert.equal((await tryCode(half('premier'), { code: codeNow(secret) })).status, 303);
});

// ---- logging in ----

for (const javaScript of [true, false])
  test(`2, 20: after the password the code is asked for, ${javaScript ? 'with' : 'without'} JavaScript`, async (t) => {
    const { secret } = await person('deux-pas');
    const { email, password } = house.login('deux-pas');
    const page = await house.visit(t, null, { javaScript });
    const cookie = async () => (await page.context().cookies()).find(({ name }) => name === '__Host-sid')?.value;
    await page.goto('/panier');
    await page.getByLabel('Adresse e-mail').fill(email);
    await page.getByLabel('Mot de passe').fill(password);
    await page.getByRole('button', { name: 'Se connecter' }).click();
    await page.getByRole('heading', { name: 'Votre code' }).waitFor();
    const before = await cookie();
    const field = page.getByLabel('Code à 6 chiffres');
    assert.deepEqual([await field.getAttribute('autocomplete'), await field.getAttribute('inputmode')],
      ['one-time-code', 'numeric']);
    await page.goto('/panier');
    assert.equal(new URL(page.url()).pathname, '/connexion/code');
    await page.getByLabel('Code à 6 chiffres').fill('000000');
    await page.getByRole('button', { name: 'Continuer' }).click();
    await page.getByRole('alert').waitFor();
    if (javaScript)
      await check(page, 'connexion-code');
    await page.getByLabel('Code à 6 chiffres').fill(codeNow(secret));
    await page.getByRole('button', { name: 'Continuer' }).click();
    await page.getByRole('heading', { name: 'Votre compte est à jour' }).waitFor();
    assert.notEqual(await cookie(), before, 'another session');
    const thief = new Client(house.url);
    thief.cookie = before;
    assert.equal((await thief.get('/connexion/code')).location, '/connexion?suite=/connexion/code');
  });

test('after the code the page that was asked for is shown', async () => {
  const { secret } = await person('deux-pas');
  const client = new Client(house.url);
  const first = await client.post('/connexion', { ...house.login('deux-pas'), suite: '/panier' });
  assert.equal(first.location, '/connexion/code?suite=/panier');
  const form = await client.form(first.location, '/connexion/code');
  assert.equal((await client.post('/connexion/code', { ...form.fields, code: codeNow(secret) })).location, '/panier');
  assert.equal((await client.get('/panier')).status, 200);
});

test('21: a code opens once, also when eight press at once', async () => {
  const { secret } = await person('deux-pas');
  const code = codeNow(secret);
  const clients = Array.from({ length: 8 }, () => half('deux-pas'));
  const forms = await Promise.all(clients.map((client) => client.form('/connexion/code', '/connexion/code')));
  const answers = await Promise.all(clients.map((client, index) =>
    client.post('/connexion/code', { csrf: forms[index].fields.csrf, code })));
  const statuses = answers.map((answer) => answer.status);
  assert.equal(statuses.filter((status) => status === 303).length, 1, statuses.join());
  assert.ok(statuses.every((status) => [303, 400, 429].includes(status)), statuses.join());
  house.force("DELETE FROM login_throttle WHERE subject LIKE 'code:%'");
  assert.equal((await tryCode(half('deux-pas'), { code })).status, 400, 'a replay');
  assert.equal((await tryCode(half('deux-pas'), { code: codeAt(secret, Date.now() / 1000 - 30) })).status, 400, 'an older one');
});

test('20: a clock that is minutes off is not followed', async () => {
  const { secret } = await person('deux-pas');
  for (const off of [-91, 91, -3600])
    assert.equal((await tryCode(half('deux-pas'), { code: codeAt(secret, Date.now() / 1000 + off) })).status, 400, `${off} s`);
  for (const bad of ['', '12345', 'abcdef', `${codeNow(secret)}0`, `0${codeNow(secret)}`, codeNow(secret).split('').join('-')]) {
    house.force("DELETE FROM login_throttle WHERE subject LIKE 'code:%'");
    assert.equal((await tryCode(half('deux-pas'), { code: bad })).status, 400, bad);
  }
});

test('22: a recovery code opens once', async () => {
  const { codes } = await person('deux-pas');
  const typed = codes[3].toLowerCase().replaceAll('-', ' ');
  const clients = Array.from({ length: 4 }, () => half('deux-pas'));
  const forms = await Promise.all(clients.map((client) => client.form('/connexion/code', '/connexion/code')));
  const answers = await Promise.all(clients.map((client, index) =>
    client.post('/connexion/code', { csrf: forms[index].fields.csrf, secours: typed })));
  assert.equal(answers.filter((answer) => answer.status === 303).length, 1);
  const opened = clients[answers.findIndex((answer) => answer.status === 303)];
  assert.match((await opened.get('/acces')).text, /9 codes de secours/);
  assert.equal((await tryCode(half('deux-pas'), { secours: codes[3] })).status, 400);
  assert.equal(audited('login.succeeded_by_recovery_code', 'deux-pas'), 1);
  house.force("DELETE FROM login_throttle WHERE subject LIKE 'code:%'");
  const { codes: foreign } = await person('premier');
  assert.equal((await tryCode(half('deux-pas'), { secours: foreign[0] })).status, 400, "somebody else's");
});

test('23: after five wrong codes none is looked at for a quarter of an hour', async () => {
  const { secret, codes } = await person('deux-pas');
  const clients = Array.from({ length: 40 }, () => half('deux-pas'));
  const forms = await Promise.all(clients.map((client) => client.form('/connexion/code', '/connexion/code')));
  const failedBefore = audited('login.code_failed', 'deux-pas');
  let looked = 0;
  for (let round = 0; round < 25; round++) {
    const answers = await Promise.all(clients.map((client, index) => client.post('/connexion/code',
      { csrf: forms[index].fields.csrf, code: String(round * 40 + index).padStart(6, '0') })));
    looked += answers.filter((answer) => answer.status !== 429).length;
  }
  assert.equal(looked, 5, 'of a thousand guesses');
  assert.equal(audited('login.code_failed', 'deux-pas') - failedBefore, 5);
  const client = half('deux-pas');
  for (const fields of [{ code: codeNow(secret) }, { secours: codes[5] }]) {
    const answer = await tryCode(client, fields);
    assert.equal(answer.status, 429);
    assert.ok(Number(answer.headers['retry-after']) > 800);
    assert.match(answer.text, /Patientez 15 minutes/);
  }
  house.force(`UPDATE login_throttle SET blocked_until_ms = blocked_until_ms - 900000,
    last_failed_at = last_failed_at - 901 WHERE subject LIKE 'code:%'`);
  assert.equal((await tryCode(client, { code: codeNow(secret) })).status, 303);
});

// ---- the half session ----

test('2, 20: a half session reaches nothing', async () => {
  await person('deux-pas');
  const client = half('deux-pas');
  const rows = [...fs.readFileSync(path.join(top, 'src/web/routes.c'), 'utf8').matchAll(
    /\{HTTP_(GET|POST),\s*"([^"]+)",\s*\w+,\s*\w+,[^,]+,\s*([A-Z_|\s]+),/g)];
  assert.ok(rows.length > 20);
  for (const [, method, place, access] of rows) {
    const bits = access.split('|').map((bit) => bit.trim());
    if (bits.includes('ACCESS_PUBLIC') || bits.includes('ACCESS_HALF') || place === '/action_manager.php')
      continue;
    const target = place.replaceAll('{}', 'x');
    const csrf = crypto.createHmac('sha256', Buffer.from(house.one(`SELECT hex(csrf_key) AS key FROM session
      WHERE hex(token_hash) = upper('${sha256(client.cookie)}')`).key, 'hex')).update(place).digest('hex');
    const answer = method === 'GET' ? await client.get(target) : await client.post(target, { csrf });
    if (method === 'GET')
      assert.deepEqual([answer.status, answer.location], [303, '/connexion/code'], place);
    else
      assert.equal(answer.status, 403, place);
  }
  assert.doesNotMatch((await client.get('/connexion/code')).body, /Menu principal|Mes espaces/);
  const out = await client.form('/connexion/code', '/deconnexion');
  assert.equal((await client.post('/deconnexion', out.fields)).location, '/connexion');
  assert.equal((await client.get('/connexion/code')).location, '/connexion?suite=/connexion/code');
});

test('3: a half session lasts five minutes', async () => {
  const { secret } = await person('deux-pas');
  const client = half('deux-pas');
  const form = await client.form('/connexion/code', '/connexion/code');
  house.force(`UPDATE session SET created_at = unixepoch() - 301 WHERE hex(token_hash) = upper('${sha256(client.cookie)}')`);
  assert.equal((await client.get('/connexion/code')).location, '/connexion?suite=/connexion/code');
  assert.equal((await client.post('/connexion/code', { ...form.fields, code: codeNow(secret) })).status, 403);
});

// ---- changing and losing it ----

test('5: other codes and switching it off ask for the password, and end other sessions', async () => {
  const { codes } = await person('change');
  const { password } = house.login('change');
  const [client, other] = [house.session('change', {}), house.session('change', {})];
  const page = '/acces/double-authentification';
  const form = await client.form(page, `${page}/changer`);
  const post = (fields) => client.post(`${page}/changer`, { csrf: form.fields.csrf, ...fields });
  assert.equal((await post({ action: 'codes', password: 'un autre mot de passe' })).status, 400);
  const fresh = [...(await post({ action: 'codes', password })).body.matchAll(/<li>([A-Z2-7-]{29})<\/li>/g)].map(([, one]) => one);
  assert.equal(new Set([...fresh, ...codes]).size, 20);
  assert.equal((await tryCode(half('change'), { secours: codes[0] })).status, 400);
  assert.equal((await tryCode(half('change'), { secours: fresh[0] })).status, 303);
  assert.equal((await post({ action: 'desactiver', password: '' })).status, 400);
  assert.equal((await other.get('/acces')).status, 200);
  assert.equal((await post({ action: 'desactiver', password })).location, '/acces?fait=desactivee');
  assert.equal((await other.get('/acces')).status, 303);
  assert.equal((await new Client(house.url).post('/connexion', house.login('change'))).location, '/panier');
  assert.deepEqual(['second_factor.codes_made', 'second_factor.disabled'].map((action) => audited(action, 'change')), [1, 1]);
  enrolled.delete('change');
});

test('the operator takes it away when phone and codes are lost', async () => {
  await person('premier');
  const client = house.session('premier', {});
  house.ok(['login', 'reset-totp', '--email', 'premier@exemple.fr']);
  assert.equal((await client.get('/acces')).status, 303);
  assert.equal(house.run(['login', 'reset-totp', '--email', 'premier@exemple.fr']).status, 1);
  assert.equal(audited('second_factor.reset', 'premier'), 1);
  enrolled.delete('premier');
});

test('18: a mailed link gives a password, and does not skip the code', async () => {
  await person('deux-pas');
  const { email } = house.login('deux-pas');
  const secret = crypto.randomBytes(32).toString('hex');
  house.force(`INSERT INTO login_link (login_id, token_hash, created_at, expires_at)
    SELECT id, x'${sha256(secret)}', unixepoch(), unixepoch() + 600 FROM login WHERE email = '${email}'`);
  const client = new Client(house.url);
  const form = await client.form(`/lien/${secret}`, `/lien/${secret}`);
  const word = 'un bateau rouge sur la colline';
  const used = await client.post(`/lien/${secret}`, { ...form.fields, new_password: word, new_again: word });
  assert.deepEqual([used.status, used.location, used.cookies], [303, '/connexion?fait=choisi', []]);
  assert.equal((await client.post('/connexion', { email, password: word })).location, '/connexion/code');
  assert.equal((await client.get('/panier')).location, '/connexion/code');
});

// ---- the offer, and the obligation ----

test('20: who sees money in a real association is offered it once', async (t) => {
  const real = house.addAssociation({ name: 'Les Vrais', kind: 'real' });
  const login = house.login('tresoriere', { role: 'treasurer', association: real });
  const page = await house.visit(t, null);
  await page.goto('/connexion');
  await page.getByLabel('Adresse e-mail').fill(login.email);
  await page.getByLabel('Mot de passe').fill(login.password);
  await page.getByRole('button', { name: 'Se connecter' }).click();
  await page.getByRole('heading', { name: "Protégez l'argent de l'association" }).waitFor();
  await check(page, 'offre');
  await page.getByRole('button', { name: 'Plus tard' }).click();
  await page.getByRole('heading', { name: 'Bonjour' }).waitFor();
  assert.equal((await new Client(house.url).post('/connexion', login)).location, '/accueil');
  assert.equal(audited('second_factor.put_off', 'tresoriere'), 1);
});

test('20: nobody is offered it in an association d’essai, nor for a personal space', async () => {
  const trial = house.addAssociation({ name: 'Pour voir' });
  const real = house.addAssociation({ name: 'Les Autres', kind: 'real' });
  house.member({ login: 'sans-argent', association: real });
  house.ok(['association', 'second-factor', '--require', '--association', trial]);
  assert.equal((await new Client(house.url).post('/connexion', house.login('essai', { role: 'administrator', association: trial }))).location, '/accueil');
  assert.equal((await new Client(house.url).post('/connexion', house.login('sans-argent'))).location, '/panier');
  house.ok(['login', 'grant', '--email', 'sans-argent@exemple.fr', '--role', 'viewer', '--association', real]);
  house.ok(['association', 'second-factor', '--require', '--association', real]);
  for (const client of [house.session('essai', { role: 'administrator', association: trial }),
    house.session('sans-argent', { role: 'viewer', association: real })])
    assert.equal((await client.get('/accueil')).status, 200);
});

test('20: where the association asks for it, nothing is seen without', async (t) => {
  const real = house.addAssociation({ name: 'Les Prudents', kind: 'real' });
  house.login('prudente', { role: 'administrator', association: real });
  const administrator = house.session('prudente', { role: 'administrator', association: real });
  const page = await house.visit(t, administrator);
  await page.goto('/parametrage/securite');
  await page.getByText('mot de passe seul').waitFor();
  await check(page, 'securite');
  await page.getByLabel("L'exiger des trésoriers").check();
  await page.getByRole('button', { name: 'Enregistrer' }).click();
  await page.getByRole('heading', { name: 'Activez la double authentification' }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Plus tard' }).count(), 0);
  await check(page, 'offre-obligatoire');
  assert.equal(house.sql(`SELECT 1 FROM audit WHERE action = 'second_factor.rule_set' AND detail = 'required'
    AND association_id = ${real}`).length, 1);
  for (const place of ['/accueil', '/recettes', '/notifications', '/parametrage/mon-compte', '/parametrage/securite', '/ecritures/1'])
    assert.equal((await administrator.get(place)).location, '/double-authentification', place);
  assert.equal((await administrator.get('/')).location, '/accueil');
  const later = await administrator.form('/acces', '/acces/fermer-les-autres').catch(() => null);
  assert.ok(later === null || later.fields.csrf);
  // Putting it off by hand helps nothing.
  const csrf = crypto.createHmac('sha256', Buffer.from(house.one(`SELECT hex(csrf_key) AS key FROM session
    WHERE hex(token_hash) = upper('${sha256(administrator.cookie)}')`).key, 'hex'));
  await administrator.post('/double-authentification/plus-tard', { csrf: csrf.update('/double-authentification/plus-tard').digest('hex') });
  assert.equal((await administrator.get('/recettes')).location, '/double-authentification');
  await enrol(administrator, 'prudente');
  assert.equal((await administrator.get('/recettes')).status, 200);
  house.ok(['association', 'second-factor', '--optional', '--association', real]);
  assert.match((await administrator.get('/parametrage/securite')).body, /id="exiger"(?![^>]*checked)/);
});

test('62: no seed and no code stands in the log', async () => {
  const log = house.guichet.text();
  for (const { secret, codes } of enrolled.values())
    for (const clear of [secret, ...codes])
      assert.ok(!log.includes(clear));
  assert.doesNotMatch(log, /otpauth/);
});
