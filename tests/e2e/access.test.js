'use strict';
// "Mon accès": a person's password and open sessions. The numbers are rows of the security
// checklist; what follows the password stands in second-factor.test.js.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { houseOf } = require('./harness.js');
const { check } = require('./browser.js');
const { Client, formsOf } = require('./http.js');

const house = houseOf('access', { sandbox: false, seed: false });

const sha256 = (text) => crypto.createHash('sha256').update(text).digest('hex');
// Somebody who has sessions only: no password, and none of the time that it takes.
function person(name) {
  house.force(`INSERT INTO login (id, email, email_folded, created_at)
    VALUES (abs(random()) % 1000000000000, '${name}@exemple.fr', '${name}@exemple.fr', unixepoch())`);
  house.logins.set(name, { email: `${name}@exemple.fr` });
}

const alive = async (client) => (await client.get('/acces')).status === 200;
const audited = (action, name) => house.one(`SELECT count(*) AS rows FROM audit
  WHERE action = '${action}' AND object = 'login:' || (SELECT id FROM login
    WHERE email = '${name}@exemple.fr')`).rows;

async function change(client, password, fresh, again = fresh) {
  const form = await client.form('/acces', '/acces/mot-de-passe');
  return client.post('/acces/mot-de-passe', { csrf: form.fields.csrf, password, new_password: fresh, new_again: again });
}

// ---- the password ----

for (const javaScript of [true, false])
  test(`5, 17: a person changes the password, ${javaScript ? 'with' : 'without'} JavaScript`, async (t) => {
    const name = `change-${javaScript}`;
    const { email, password } = house.login(name);
    const [mine, other] = [house.session(name, {}), house.session(name, {})];
    const page = await house.visit(t, mine, { javaScript });
    await page.goto('/espaces');
    await page.getByRole('link', { name: 'Mon accès' }).click();
    await page.getByRole('heading', { name: 'Mon accès' }).waitFor();
    for (const [label, hint] of [['Mot de passe actuel', 'current-password'],
      ['Nouveau mot de passe', 'new-password'], ['Le même, une seconde fois', 'new-password']]) {
      const field = page.getByLabel(label);
      assert.equal(await field.getAttribute('autocomplete'), hint);
      assert.equal(await field.getAttribute('onpaste'), null);
    }
    if (javaScript)
      await check(page, 'acces');
    await page.getByLabel('Mot de passe actuel').fill(password);
    await page.getByLabel('Nouveau mot de passe').fill('Mot de passe 2026');
    await page.getByLabel('Le même, une seconde fois').fill('Mot de passe 2026');
    await page.getByRole('button', { name: 'Changer mon mot de passe' }).click();
    await page.getByText("l'un des premiers que l'on essaie").waitFor();
    if (javaScript)
      await check(page, 'acces-refuse');
    const fresh = 'des ocres, du thym et 3 cigales';
    await page.getByLabel('Mot de passe actuel').fill(password);
    await page.getByLabel('Nouveau mot de passe').fill(fresh);
    await page.getByLabel('Le même, une seconde fois').fill(fresh);
    await page.getByRole('button', { name: 'Changer mon mot de passe' }).click();
    await page.getByRole('status').waitFor();
    assert.match(await page.getByRole('status').innerText(), /Votre mot de passe est changé/);
    assert.deepEqual([await alive(mine), await alive(other)], [true, false]);
    assert.equal((await new Client(house.url).post('/connexion', { email, password })).status, 403);
    assert.equal((await new Client(house.url).post('/connexion', { email, password: fresh })).status, 303);
    assert.equal(audited('login.password_set', name), 1);
  });

test('5: without the current password nothing changes', async () => {
  const { password } = house.login('sans');
  const [client, other] = [house.session('sans', {}), house.session('sans', {})];
  const hash = () => house.one("SELECT password_hash AS hash FROM login WHERE email = 'sans@exemple.fr'").hash;
  const before = hash();
  for (const [current, fresh, again, status, words] of [
    ['pas le bon mot', 'quelques mots bien choisis', undefined, 400, /n'est pas le bon/],
    ['', 'quelques mots bien choisis', undefined, 400, /n'est pas le bon/],
    [password, 'quelques mots', 'quelques autres', 400, /sont différents/],
    [password, 'trop court', undefined, 400, /12 caractères au moins/],
    [password, 'à'.repeat(64) + 'bien trop long'.repeat(5), undefined, 400, /128 caractères au plus/],
    [password, 'sans@exemple.fr', undefined, 400, /reprend votre adresse/],
    [password, 'guichet guichet', undefined, 400, /reprend votre adresse/],
    [password, 'un mot de passe\0', undefined, 400, /ne peut pas servir/],
    [password, 'a'.repeat(8192), undefined, 413, /trop gros/]]) {
    const answer = await change(client, current, fresh, again);
    assert.equal(answer.status, status, fresh.slice(0, 40));
    assert.match(answer.text, words);
    if (current && fresh.length < 1000 && !fresh.includes('@'))
      assert.ok(!answer.body.includes(`value="${current}"`) && !answer.body.includes(`value="${fresh}"`), 'shown again');
  }
  assert.equal(hash(), before);
  assert.equal(await alive(other), true);
  assert.equal(audited('login.failed', 'sans'), 2);
});

test('13: the current password is not guessed behind the login either', async () => {
  const client = house.session('sans', {});
  const subject = `login:${sha256('sans@exemple.fr')}`;
  house.force(`UPDATE login_throttle SET failures = 4 WHERE subject = '${subject}'`);
  assert.equal((await change(client, 'faux mot de passe', 'quelques mots bien choisis')).status, 400);
  const { wait } = house.one(`SELECT blocked_until_ms - ${Date.now()} AS wait FROM login_throttle
    WHERE subject = '${subject}'`);
  assert.ok(wait > -60000, 'the fifth failure makes everybody wait');
  house.force(`UPDATE login_throttle SET blocked_until_ms = ${Date.now() + 60000} WHERE subject = '${subject}'`);
  const answer = await change(client, house.login('sans').password, 'quelques mots bien choisis');
  assert.equal(answer.status, 429);
  assert.match(answer.headers['retry-after'], /^[1-9]\d*$/);
  assert.match(answer.text, /Trop d'essais/);
});

test('15: 128 characters of any kind are taken as they are', async () => {
  const fresh = `${'é𝄞ß '.repeat(31)}fin `;
  assert.equal([...fresh].length, 128);
  const client = house.session('change-true', {});
  const email = 'change-true@exemple.fr', password = 'des ocres, du thym et 3 cigales';
  assert.equal((await change(client, password, fresh)).location, '/acces?fait=change');
  const knock = (secret) => new Client(house.url).post('/connexion', { email, password: secret });
  assert.equal((await knock(fresh)).status, 303);
  assert.equal((await knock(fresh.trim())).status, 403);
  assert.equal((await knock(`${fresh}a`)).status, 403);
});

// ---- sessions ----

const AGENTS = [
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0', 'Firefox sur Windows'],
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0', 'Edge sur Windows'],
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1', 'Safari sur iPhone'],
  ['Mozilla/5.0 (iPad; CPU OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/130.0 Mobile/15E148 Safari/604.1', 'Chrome sur iPad'],
  ['Mozilla/5.0 (Linux; Android 14; SM-G991B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36', 'Samsung Internet sur Android'],
  ['Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/605.1.15', 'Safari sur Mac'],
  ['Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36', 'Chrome sur Linux'],
  ['<script>alert(1)</script>', 'Navigateur inconnu'],
];

function dress(client, agent, { seen = 0, open = seen } = {}) {
  house.force(`UPDATE session SET user_agent = '${agent}', last_seen_at = unixepoch() - ${seen},
    created_at = unixepoch() - ${open} WHERE hex(token_hash) = upper('${sha256(client.cookie)}')`);
}

test('6: a person sees each open session in words', async (t) => {
  person('voit');
  person('quelqu-un');
  const mine = house.session('voit', {});
  AGENTS.forEach(([agent], index) => dress(house.session('voit', {}), agent, { seen: 60 * index + 5, open: 3600 * index + 120 }));
  dress(house.session('voit', {}), 'trop vieux', { seen: 31 * 60 });
  house.session('quelqu-un', {});
  const page = await house.visit(t, mine);
  await page.goto('/acces');
  const rows = await page.locator('#connexions li').allInnerTexts();
  assert.equal(rows.length, AGENTS.length + 1);
  for (const [, words] of AGENTS)
    assert.equal(rows.filter((row) => row.startsWith(words)).length, words === 'Navigateur inconnu' ? 2 : 1, words);
  assert.equal(rows.filter((row) => row.includes('cette connexion')).length, 1);
  assert.ok(rows.some((row) => /Ouverte depuis 3 h 2 min, vue il y a 3 min, adresse 127\.0\.0\.1/.test(row)), rows.join('\n'));
  await check(page, 'acces-connexions');
});

for (const javaScript of [true, false])
  test(`6: a person closes one session, then the others, ${javaScript ? 'with' : 'without'} JavaScript`, async (t) => {
    const name = `ferme-${javaScript}`;
    const other = `etranger-${javaScript}`;
    [name, other].forEach(person);
    const mine = house.session(name, {});
    const [lost, ...others] = [1, 2, 3].map(() => house.session(name, {}));
    const stranger = house.session(other, {});
    dress(lost, AGENTS[0][0]);
    const page = await house.visit(t, mine, { javaScript });
    await page.goto('/acces');
    await page.getByRole('button', { name: 'Fermer Firefox sur Windows' }).click();
    await page.getByText('Cette connexion est fermée').waitFor();
    assert.deepEqual(await Promise.all([mine, lost, ...others].map(alive)), [true, false, true, true]);
    await page.getByRole('button', { name: 'Fermer les autres' }).click();
    await page.getByText('Toutes vos autres connexions sont fermées').waitFor();
    assert.deepEqual(await Promise.all([mine, ...others, stranger].map(alive)), [true, false, false, true]);
    assert.equal(await page.getByRole('button', { name: 'Fermer les autres' }).count(), 0);
    assert.deepEqual([audited('session.ended', name), audited('session.ended_others', name)], [1, 1]);
  });

test("6: nobody closes anybody else's session", async () => {
  ['un', 'deux'].forEach(person);
  const [client, stranger] = [house.session('un', {}), house.session('deux', {})];
  house.session('un', {});
  const { fields } = await client.form('/acces', '/acces/fermer');
  for (const session of [sha256(stranger.cookie), '0'.repeat(64), 'x', stranger.cookie])
    assert.equal((await client.post('/acces/fermer', { ...fields, session })).status, 404, session);
  assert.equal(await alive(stranger), true);
  assert.equal(audited('session.ended', 'deux'), 0);
});

test('everybody who is logged in finds the page in the menu', async () => {
  const association = house.addAssociation({ name: 'Les Curieux' });
  person('curieux');
  const member = house.member({ association, login: 'curieux' });
  house.ok(['login', 'grant', '--email', 'curieux@exemple.fr', '--role', 'viewer', '--association', association]);
  for (const client of [house.session('curieux', {}), await house.asMember(member),
    house.session('curieux', { role: 'viewer', association })]) {
    const answer = await client.get('/acces');
    assert.equal(answer.status, 200);
    assert.match(answer.body, /<a href="\/acces" aria-current="page">/);
    assert.ok(formsOf(answer.body).every((form) => form.fields.csrf), 'each form has its token');
  }
});
