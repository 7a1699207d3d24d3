'use strict';
// Mailed links and who gets them: a forgotten password, an invitation, roles that are changed and
// withdrawn. The mail server is a true one on loopback.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const { waitFor } = require('./harness.js');
const { check } = require('./browser.js');
const { Client } = require('./http.js');
const { PostOffice, houseWithOffice } = require('./post-office.js');

const office = new PostOffice();

const house = houseWithOffice('invitation', office, { sandbox: false });
house.seed = async () => {
  house.association = house.addAssociation({ name: 'Les Randonneurs du Luberon',
    options: ['--email', 'bureau@asso.example'] });
};

// ---- mails and their links ----

const linkIn = (mail) => new URL(/https?:\/\/\S+\/lien\/[0-9a-f]{64}/.exec(mail.text)[0]).pathname;

// The next mail to an address, when `count` have come before.
const mailTo = (address, count = 0) => waitFor(`a mail to ${address}`, () => office.to(address)[count]);

async function ask(email) {
  const count = office.to(email).length;
  const answer = await new Client(house.url).post('/mot-de-passe-oublie', { email });
  assert.deepEqual([answer.status, answer.location], [303, '/mot-de-passe-oublie?fait=demande']);
  return linkIn(await mailTo(email, count));
}

const forget = () => house.force('DELETE FROM login_throttle');
const chosen = 'un bateau rouge sur la colline';
const fields = (word = chosen, again = word) => ({ new_password: word, new_again: again });
const audits = (action) => house.one(`SELECT count(*) AS n FROM audit WHERE action = '${action}'`).n;

// ---- a forgotten password ----

for (const javaScript of [true, false])
  test(`a forgotten password is chosen anew, ${javaScript ? 'with' : 'without'} JavaScript`, async (t) => {
    const name = javaScript ? 'oublieux' : 'distrait';
    const email = `${name}@exemple.fr`;
    const word = `${chosen} de ${name}s`;
    const member = house.member({ login: name, charges: [['40', 'Cotisation']] });
    const others = [await house.asMember(member), await house.asMember(member)];
    const page = await house.visit(t, null, { javaScript });
    await page.goto('/connexion');
    await page.getByRole('link', { name: 'Mot de passe oublié ?' }).click();
    if (javaScript)
      await check(page, 'oubli');
    await page.getByLabel('Votre adresse e-mail').fill(email);
    await page.getByRole('button', { name: 'Recevoir un lien' }).click();
    await page.getByText('C\'est demandé').waitFor();
    if (javaScript)
      await check(page, 'oubli-demande');
    const mail = await mailTo(email);
    assert.equal(mail.subject, 'Choisir un nouveau mot de passe');
    assert.deepEqual(mail.replyTo.map(({ address }) => address), ['bureau@asso.example']);
    await page.goto(linkIn(mail));
    await page.getByText(email).waitFor();
    await page.getByLabel('Nouveau mot de passe').fill('court');
    await page.getByLabel('Le même, une seconde fois').fill('court');
    await page.getByRole('button', { name: 'Enregistrer ce mot de passe' }).click();
    await page.getByText('C\'est trop court').waitFor();
    if (javaScript)
      await check(page, 'lien');
    await page.getByLabel('Nouveau mot de passe').fill(word);
    await page.getByLabel('Le même, une seconde fois').fill(word);
    await page.getByRole('button', { name: 'Enregistrer ce mot de passe' }).click();
    await page.getByText('Votre mot de passe est enregistré').waitFor();
    assert.equal(new URL(page.url()).pathname, '/connexion');
    if (javaScript)
      await check(page, 'connexion-choisi');
    for (const other of others)
      assert.equal((await other.get('/panier')).status, 303, 'every session has ended');
    await page.getByLabel('Adresse e-mail').fill(email);
    await page.getByLabel('Mot de passe', { exact: true }).fill(word);
    await page.getByRole('button', { name: 'Se connecter' }).click();
    await page.getByRole('heading', { name: /Vous devez/ }).waitFor();
  });

test('18: a link is good once, for half an hour, and the newest alone', async () => {
  house.member({ login: 'lien' });
  forget();
  const client = new Client(house.url);
  const [first, second] = [await ask('lien@exemple.fr'), await ask('lien@exemple.fr')];
  const dead = async (place) => {
    const [seen, sent] = [await client.get(place), await client.post(place, fields())];
    assert.deepEqual([seen.status, sent.status], [404, 404], place);
    assert.match(seen.text, /Ce lien ne sert plus/);
    assert.equal(seen.body, sent.body);
    return seen.body;
  };
  const replaced = await dead(first);
  for (let i = 0; i < 3; i += 1) // reading uses nothing up
    for (const method of ['GET', 'HEAD'])
      assert.equal((await client.send(method, second)).status, 200);
  const foreign = await client.post(second, fields(), { headers: { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' } });
  assert.equal(foreign.status, 403);
  const both = await Promise.all([1, 2].map(() => new Client(house.url).post(second, fields())));
  assert.deepEqual(both.map(({ status }) => status).sort(), [303, 404]);
  assert.equal(await dead(second), replaced);
  assert.equal(await dead(`/lien/${crypto.randomBytes(32).toString('hex')}`), replaced);
  const third = await ask('lien@exemple.fr');
  house.force('UPDATE login_link SET expires_at = unixepoch()');
  assert.equal(await dead(third), replaced);
  assert.equal((await client.get('/lien/x')).status, 404);
  assert.equal(house.one("SELECT count(*) AS n FROM audit WHERE action = 'login.password_set' AND login_id IS NOT NULL AND login_id = (SELECT id FROM login WHERE email = 'lien@exemple.fr')").n, 1);
});

test('14, 18: who asks learns nothing of who is known', async () => {
  house.member({ login: 'connu' });
  forget();
  const [sent, asked] = [office.mails.length, audits('link.asked')];
  const bodies = [];
  for (const email of ['connu@exemple.fr', 'inconnu@exemple.fr', 'pas une adresse']) {
    const client = new Client(house.url);
    const answers = [];
    for (let i = 0; i < 4; i += 1)
      answers.push(await client.post('/mot-de-passe-oublie', { email }));
    assert.deepEqual(answers.map(({ status }) => status), [303, 303, 303, 429], email);
    assert.deepEqual(answers[0].cookies, []);
    assert.match(answers[3].headers['retry-after'], /^(60|5\d)$/);
    bodies.push(answers[0].location, answers[3].body);
  }
  assert.deepEqual(bodies.slice(2, 4), bodies.slice(0, 2));
  assert.deepEqual(bodies.slice(4, 6), bodies.slice(0, 2));
  assert.equal(audits('link.asked') - asked, 9);
  await waitFor('three mails', () => office.mails.length - sent === 3);
  assert.equal(office.to('inconnu@exemple.fr').length, 0);
  forget();
});

test('57: a link leads here, whatever host was asked for', async () => {
  forget();
  house.member({ login: 'hote' });
  await new Client(house.url).post('/mot-de-passe-oublie', { email: 'hote@exemple.fr' },
    { headers: { 'X-Forwarded-Host': 'evil.example' } });
  const mail = await mailTo('hote@exemple.fr');
  assert.ok(mail.text.includes(`${house.url}/lien/`));
  assert.ok(!mail.raw.includes('evil.example'));
});

test('a link that could not be mailed in time is not mailed late', async () => {
  forget();
  house.member({ login: 'tard' });
  office.answer('tard@exemple.fr', [451, 'later']);
  await new Client(house.url).post('/mot-de-passe-oublie', { email: 'tard@exemple.fr' });
  const row = () => house.one("SELECT * FROM outbox WHERE kind = 'password_link' AND login_id = (SELECT id FROM login WHERE email = 'tard@exemple.fr')");
  await waitFor('a first try', () => row().attempts === 1 && row().lease_until === 0);
  house.force(`UPDATE outbox SET created_at = created_at - 1900, next_at = unixepoch() WHERE id = ${row().id}`);
  await waitFor('it is dropped', () => row().state === 'dropped');
  assert.deepEqual([row().reason, office.to('tard@exemple.fr').length], ['too_late', 0]);
});

// ---- users ----

for (const javaScript of [true, false])
  test(`an administrator invites, changes and withdraws, ${javaScript ? 'with' : 'without'} JavaScript`, async (t) => {
    const email = javaScript ? 'neuve@exemple.fr' : 'nouveau@exemple.fr';
    const page = await house.visit(t, await house.asStaff('administrator'), { javaScript });
    await page.goto('/parametrage');
    await page.getByRole('link', { name: 'Utilisateurs' }).click();
    await page.getByLabel('Son adresse e-mail').fill(email);
    await page.getByLabel('Trésorier').check();
    await page.getByRole('button', { name: 'Inviter', exact: true }).click();
    await page.getByText("L'accès est donné").waitFor();
    const line = page.locator(`[data-user="${email}"]`);
    await line.getByText('invité, sans mot de passe').waitFor();
    if (javaScript)
      await check(page, 'utilisateurs');
    const mail = await mailTo(email);
    assert.match(mail.subject, /^Votre accès à la gestion de Les Randonneurs/);
    assert.match(mail.text, /avec le rôle trésorier/);
    await line.getByRole('button', { name: 'Renvoyer l\'invitation' }).click();
    await page.getByText('Une nouvelle invitation est écrite').waitFor();
    const link = linkIn(await mailTo(email, 1));
    assert.equal((await new Client(house.url).get(linkIn(mail))).status, 404);
    assert.equal((await new Client(house.url).post(link, fields())).status, 303);
    const invited = new Client(house.url);
    assert.equal((await invited.post('/connexion', { email, password: chosen })).location, '/accueil');
    assert.equal((await invited.get('/parametrage/courriels')).status, 200);
    await line.getByLabel('Rôle de').selectOption('viewer');
    await line.getByRole('button', { name: 'Changer' }).click();
    await page.getByText('Le rôle est changé').waitFor();
    assert.equal((await invited.get('/accueil')).status, 303, '46: a changed role ends the sessions');
    await line.getByRole('button', { name: 'Retirer l\'accès' }).click();
    await page.getByText('L\'accès est retiré').waitFor();
    assert.equal(await line.count(), 0);
    await page.getByLabel('Son adresse e-mail').fill('a@b');
    await page.getByLabel('Consultation').check();
    await page.getByRole('button', { name: 'Inviter', exact: true }).click();
    await page.getByText("L'invitation n'est pas partie").waitFor();
    assert.equal(await page.getByLabel('Son adresse e-mail').inputValue(), 'a@b');
    assert.ok(await page.getByLabel('Consultation').isChecked());
    if (javaScript)
      await check(page, 'utilisateurs-erreur');
  });

const id = (email) => house.one(`SELECT CAST(id AS TEXT) AS id FROM login WHERE email = '${email}'`).id;

// The form of the page that does `what` to a user, with its token; for another address, too.
async function tokenOf(client, what) {
  const { body } = await client.get('/parametrage/utilisateurs');
  return new RegExp(`/parametrage/utilisateurs/\\d+/${what}"><input type="hidden" name="csrf" value="([0-9a-f]+)"`).exec(body)[1];
}
async function change(client, what, user, more = {}) {
  return client.post(`/parametrage/utilisateurs/${user}/${what}`, { csrf: await tokenOf(client, what), ...more });
}

test('nobody changes their own role, and an administrator remains', async () => {
  const client = await house.asStaff('administrator');
  house.login('autre', { role: 'treasurer' });
  const own = await change(client, 'role', id('administrator@exemple.fr'), { role: 'viewer' });
  assert.equal(own.status, 409);
  assert.match(own.text, /Personne ne change son propre rôle/);
  assert.equal((await change(client, 'retirer', id('administrator@exemple.fr'))).status, 409);
  const form = await client.form('/parametrage/utilisateurs', '/parametrage/utilisateurs');
  const invited = await client.post('/parametrage/utilisateurs', { csrf: form.fields.csrf, email: 'Administrator@exemple.fr', role: 'viewer' });
  assert.equal(invited.status, 409);
  for (const args of [['login', 'grant', '--email', 'administrator@exemple.fr', '--role', 'viewer'],
    ['login', 'withdraw', '--email', 'administrator@exemple.fr']]) {
    const result = house.run(args);
    assert.equal(result.status, 1);
    assert.match(result.stderr, /last administrator/);
  }
  // Two administrators at once, each withdraws the other: one stays.
  house.login('second', { role: 'administrator' });
  const other = house.session('second', { role: 'administrator', association: house.association });
  const [csrf, others] = [await tokenOf(client, 'retirer'), await tokenOf(other, 'retirer')];
  const answers = await Promise.all([client.post(`/parametrage/utilisateurs/${id('second@exemple.fr')}/retirer`, { csrf }),
    other.post(`/parametrage/utilisateurs/${id('administrator@exemple.fr')}/retirer`, { csrf: others })]);
  assert.equal(answers.filter(({ status }) => status === 303).length, 1);
  assert.equal(house.one(`SELECT count(*) AS n FROM staff WHERE role = 'administrator' AND association_id = ${house.association}`).n, 1);
  house.ok(['login', 'grant', '--email', 'administrator@exemple.fr', '--role', 'administrator']);
  house.ok(['login', 'grant', '--email', 'second@exemple.fr', '--role', 'viewer']);
});

test('users of another association look like none, and the try is noted', async () => {
  const client = await house.asStaff('administrator');
  const elsewhere = house.addAssociation({ name: 'Les Voisins' });
  house.login('voisin', { role: 'treasurer', association: elsewhere });
  house.login('ici', { role: 'treasurer' });
  const before = house.sql('SELECT * FROM staff');
  for (const [what, more] of [['role', { role: 'viewer' }], ['retirer', {}]])
    for (const user of [id('voisin@exemple.fr'), '1', 'x', '99999999999999999999'])
      assert.equal((await change(client, what, user, more)).status, 404, `${what} ${user}`);
  assert.deepEqual(house.sql('SELECT * FROM staff'), before);
  await waitFor('lines in the audit', () => house.one(`SELECT count(*) AS n FROM audit
    WHERE action = 'access.denied' AND detail = 'login' AND association_id = ${house.association}`).n === 8);
  assert.ok(!(await client.get('/parametrage/utilisateurs')).body.includes('voisin@'));
  for (const role of ['treasurer', 'viewer'])
    assert.equal((await (await house.asStaff(role)).get('/parametrage/utilisateurs')).status, 404, role);
});

test('who is known is told, without a link; who was withdrawn meanwhile, nothing', async () => {
  const client = await house.asStaff('administrator');
  const form = await client.form('/parametrage/utilisateurs', '/parametrage/utilisateurs');
  const invite = (email) => client.post('/parametrage/utilisateurs', { csrf: form.fields.csrf, email, role: 'viewer' });
  house.login('deja', {});
  assert.equal((await invite('deja@exemple.fr')).location, '/parametrage/utilisateurs?fait=invite');
  const mail = await mailTo('deja@exemple.fr');
  assert.ok(mail.text.includes('/connexion') && !mail.text.includes('/lien/'));
  office.answer('retire@exemple.fr', [451, 'later']);
  await invite('retire@exemple.fr');
  const row = () => house.one(`SELECT * FROM outbox WHERE login_id = ${id('retire@exemple.fr')}`);
  await waitFor('a first try', () => row().attempts === 1 && row().lease_until === 0);
  await change(client, 'retirer', id('retire@exemple.fr'));
  house.force(`UPDATE outbox SET next_at = unixepoch() WHERE id = ${row().id}`);
  await waitFor('it is dropped', () => row().state === 'dropped');
  assert.deepEqual([row().reason, office.to('retire@exemple.fr').length], ['withdrawn', 0]);
});

test('18: no secret of a link stands anywhere but in its mail', async () => {
  const client = await house.asStaff('administrator');
  const secrets = office.mails.flatMap(({ text }) => [...text.matchAll(/\/lien\/([0-9a-f]{64})/g)].map(([, token]) => token));
  assert.ok(secrets.length > 5);
  const seen = [house.guichet.text(), fs.readFileSync(`${house.folder}/nginx.log`, 'utf8'),
    ...[house.database, `${house.database}-wal`].map((file) => fs.readFileSync(file, 'latin1'))];
  for (const { id: mail } of house.sql(`SELECT CAST(id AS TEXT) AS id FROM outbox WHERE association_id = ${house.association} AND kind IN ('password_link', 'invitation')`)) {
    const answer = await client.get(`/parametrage/courriels/${mail}`);
    assert.equal(answer.status, 200);
    assert.match(answer.text, /Le lien n'est visible que dans le message reçu/);
    seen.push(answer.body);
  }
  for (const secret of secrets)
    assert.ok(seen.every((text) => !text.includes(secret)));
});

// ---- the command line ----

test('19: the first administrator is invited by a command, which tells the link when no mail can go', async (t) => {
  const association = house.addAssociation({ name: 'Les Premiers' });
  assert.match(house.ok(['login', 'invite', '--email', 'parmail@exemple.fr', '--role', 'administrator',
    '--association', association]), /mail goes/);
  assert.match((await mailTo('parmail@exemple.fr')).text, /Les Premiers/);
  const config = fs.readFileSync(house.config, 'utf8');
  fs.writeFileSync(house.config, config.split('\n').filter((line) => !/^(smtp_|mail_from)/.test(line)).join('\n'));
  const told = house.ok(['login', 'invite', '--email', 'premiere@exemple.fr', '--role', 'administrator', '--association', association]);
  assert.match(told, new RegExp(`^${house.url}/lien/[0-9a-f]{64}$`));
  await house.restartGuichet();
  const page = await house.visit(t, null);
  await page.goto(told);
  await page.getByLabel('Nouveau mot de passe').fill(chosen);
  await page.getByLabel('Le même, une seconde fois').fill(chosen);
  await page.getByRole('button', { name: 'Enregistrer ce mot de passe' }).click();
  await page.getByLabel('Adresse e-mail').fill('premiere@exemple.fr');
  await page.getByLabel('Mot de passe', { exact: true }).fill(chosen);
  await page.getByRole('button', { name: 'Se connecter' }).click();
  await page.goto('/parametrage/utilisateurs');
  await page.getByRole('heading', { name: "Aucun serveur d'e-mail n'est réglé" }).waitFor();
  await page.goto('/mot-de-passe-oublie');
  await page.getByText('Aucun message ne peut partir').waitFor();
  assert.match(house.ok(['login', 'invite', '--email', 'premiere@exemple.fr', '--role', 'administrator', '--association', association]), /password already/);
});
