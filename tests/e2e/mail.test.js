'use strict';
// Mail goes out through a true SMTP server on loopback, whatever the server says to it, and the
// back office shows what became of each.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { waitFor } = require('./harness.js');
const { check } = require('./browser.js');
const { PostOffice, houseWithOffice, makeCertificate, FROM } = require('./post-office.js');

const office = new PostOffice();
const house = houseWithOffice('mail', office);

// ---- what a test writes and waits for ----

let lastId = 1000;

// A mail as the kernel would have written it, ready to go.
function write(kind, { member = null, login = null, association = house.association } = {}) {
  lastId += 1;
  house.force(`INSERT INTO outbox (id, association_id, kind, member_id, login_id, state, next_at, created_at)
    VALUES (${lastId}, ${association}, '${kind}', ${member}, ${login}, 'waiting', unixepoch(), unixepoch())`);
  return lastId;
}

const rowOf = (id) => house.one(`SELECT * FROM outbox WHERE id = ${id}`);

const becomes = (id, state) => waitFor(`mail ${id} is ${state}`, () => {
  const row = rowOf(id);
  if (row.state !== state)
    throw new Error(JSON.stringify(row));
  return row;
});

const tried = (id, attempts) => waitFor(`mail ${id} was tried ${attempts} times`, () => {
  const row = rowOf(id);
  return row.attempts >= attempts && row.lease_until === 0 && row;
});

const tryNow = (id) => house.force(`UPDATE outbox SET next_at = unixepoch() WHERE id = ${id}`);

// Other settings of mail from now on; [name, value] lines.
async function setMail(lines) {
  const kept = fs.readFileSync(house.config, 'utf8').split('\n')
    .filter((line) => !/^(smtp_|mail_from)/.test(line));
  fs.writeFileSync(house.config, [...kept, ...lines.map(([key, value]) => `${key} = ${value}`), ''].join('\n'));
  await house.restartGuichet();
}

const loginId = (name) => house.one(`SELECT id FROM login WHERE email = '${name}@exemple.fr'`).id;

// ---- what goes out ----

test('a member who paid gets one mail that reads well', async () => {
  const member = house.member({ first: 'Zoé', last: 'Lévêque', login: 'zoe', charges: [['40', 'Cotisation']] });
  const client = await house.asMember(member);
  const form = await client.form('/panier', '/panier/payer');
  const { location } = await client.post('/panier/payer', { ...form.fields, moyen: form.buttons.find((one) => one['data-provider']).value });
  await house.control('POST', `/stripe/sessions/${path.basename(location)}/pay`, {});
  await house.state(member, 'paid');
  const [mail] = await waitFor('the mail', () => office.to('zoe@exemple.fr').length && office.to('zoe@exemple.fr'));
  const row = house.one(`SELECT CAST(id AS TEXT) AS id, created_at FROM outbox WHERE kind = 'payment_received' AND member_id = ${member.id}`);
  assert.deepEqual(mail.envelope, { from: FROM, to: ['zoe@exemple.fr'] });
  assert.deepEqual(mail.from, { name: 'Les Randonneurs du Luberon', address: FROM });
  assert.deepEqual(mail.to, [{ name: '', address: 'zoe@exemple.fr' }]);
  assert.match(mail.subject, /^Paiement reçu\s: 40,00\s€$/);
  assert.equal(mail.messageId, `<${row.id}@127.0.0.1>`);
  assert.equal(Date.parse(mail.date), row.created_at * 1000);
  const header = (key) => mail.headers.find((one) => one.key === key)?.value;
  assert.equal(header('auto-submitted'), 'auto-generated');
  assert.match(header('content-type'), /^text\/plain; charset=utf-8$/);
  assert.match(mail.text, /^Bonjour Zoé,/);
  assert.ok(mail.text.includes(`${house.url}/panier`) && mail.text.includes('par Stripe'));
  assert.equal(mail.html, undefined);
  assert.ok(mail.raw.split('\r\n').every((line) => line.length <= 78 && /^[\x20-\x7e]*$/.test(line)), mail.raw);
  await becomes(row.id, 'sent');
  assert.equal(office.to('zoe@exemple.fr').length, 1);
});

test('a mail to the treasurers goes to each treasurer and administrator', async () => {
  for (const role of ['viewer', 'treasurer', 'administrator'])
    house.login(role, { role });
  const id = write('other_account');
  await becomes(id, 'sent');
  const { n } = await waitFor('both are sent', () => {
    const row = house.one("SELECT count(*) AS n FROM outbox WHERE kind = 'other_account' AND state = 'sent'");
    return row.n === 2 && row;
  });
  assert.equal(n, 2);
  for (const role of ['treasurer', 'administrator'])
    assert.equal(office.to(`${role}@exemple.fr`).length, 1, role);
  assert.equal(office.to('viewer@exemple.fr').length, 0);
});

test('without anybody to write to, a mail is dropped and says why', async () => {
  const id = write('test_money', { association: house.addAssociation({ name: 'Les Déserteurs' }) });
  assert.equal((await becomes(id, 'dropped')).reason, 'no_recipient');
  const member = house.member({ login: null });
  assert.equal((await becomes(write('payment_received', { member: member.id }), 'dropped')).reason, 'no_recipient');
});

test('an address that could add a header is refused here', async () => {
  const member = house.member({ login: null });
  house.force(`UPDATE member SET email = 'a@b.example' || char(13) || char(10) || 'Bcc: c@d.example' WHERE id = ${member.id}`);
  const before = office.tries.length;
  assert.equal((await becomes(write('other_account', { member: member.id }), 'refused')).reason, 'bad_address');
  assert.equal(office.tries.length, before);
});

// ---- what the server says ----

test('a refusal for ever is kept with the server’s sentence, and not tried again', async (t) => {
  house.login('inconnu', { role: 'viewer' });
  office.answer('inconnu@exemple.fr', [550, '5.1.1 No such user here']);
  const row = await becomes(write('other_account', { login: loginId('inconnu') }), 'refused');
  assert.match(row.reason, /^550 5\.1\.1 No such user here$/);
  assert.deepEqual([row.attempts, row.next_at], [1, null]);
  const page = await house.visit(t, await house.asStaff('treasurer'));
  await page.goto('/parametrage/courriels');
  const line = page.locator(`[data-mail="${row.id}"]`);
  await line.getByText('refusé').waitFor();
  await line.getByText('No such user here').waitFor();
  await line.getByText('inconnu@exemple.fr').waitFor();
});

test('a refusal for now is tried again, as the same message', async () => {
  house.login('liste', { role: 'viewer' });
  office.answer('liste@exemple.fr', [451, '4.7.1 Greylisted, come back later'], null);
  const id = write('other_account', { login: loginId('liste') });
  const waiting = await tried(id, 1);
  assert.equal(waiting.state, 'waiting');
  assert.match(waiting.reason, /^451 4\.7\.1 Greylisted/);
  assert.ok(waiting.next_at - waiting.first_tried_at >= 60);
  tryNow(id);
  const sent = await becomes(id, 'sent');
  assert.deepEqual([sent.attempts, sent.reason], [2, '']);
  assert.equal(office.to('liste@exemple.fr')[0].messageId, `<${id}@127.0.0.1>`);
});

test('what the server refuses for now during four days is given up', async () => {
  house.login('plein', { role: 'viewer' });
  office.answer('plein@exemple.fr', [452, '4.2.2 Mailbox full'], [452, '4.2.2 Mailbox full']);
  const id = write('other_account', { login: loginId('plein') });
  await tried(id, 1);
  house.force(`UPDATE outbox SET first_tried_at = unixepoch() - 4 * 86400, next_at = unixepoch() WHERE id = ${id}`);
  const row = await becomes(id, 'dropped');
  assert.match(row.reason, /Mailbox full/);
});

test('a server that is down loses nothing', async () => {
  await office.close();
  const id = write('test_money', { login: loginId('treasurer') });
  const waiting = await tried(id, 1);
  assert.equal(waiting.state, 'waiting');
  assert.notEqual(waiting.reason, '');
  await office.open();
  await becomes(id, 'sent');
  assert.equal(office.to('treasurer@exemple.fr').filter(({ subject }) => /essai/.test(subject)).length, 1);
});

// ---- the back office ----

for (const javaScript of [true, false])
  test(`the outbox is read page by page, ${javaScript ? 'with' : 'without'} JavaScript`, async (t) => {
    house.force(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 55)
      INSERT INTO outbox (id, association_id, kind, state, created_at, ended_at, address)
      SELECT i, ${house.association}, 'test_money', 'sent', unixepoch() - 86400, unixepoch(), 'a@b.example' FROM n`);
    t.after(() => house.force('DELETE FROM outbox WHERE id <= 55'));
    const page = await house.visit(t, await house.asStaff('treasurer'), { javaScript });
    await page.goto('/accueil');
    await page.getByRole('link', { name: 'Paramétrage' }).click();
    await page.getByRole('link', { name: 'Courriels' }).click();
    await page.getByRole('heading', { name: 'Courriels', level: 1 }).waitFor();
    assert.equal(await page.locator('[data-mail]').count(), 50);
    await page.getByRole('link', { name: 'Plus anciens' }).click();
    assert.ok(await page.locator('[data-mail="1"]').count() === 1);
    await page.getByRole('link', { name: 'Début de la liste' }).click();
    await page.locator('[data-kind="payment_received"][data-state="sent"] a').click();
    await page.getByText('Bonjour Zoé').waitFor();
    if (javaScript)
      await check(page, 'courriel');
  });

test('a mail of another association looks like none, and is noted', async () => {
  const other = house.addAssociation({ name: 'Les Voisins' });
  const id = write('other_account', { association: other });
  const client = await house.asStaff('treasurer');
  const [missing, foreign] = [await client.get('/parametrage/courriels/1234567890123'), await client.get(`/parametrage/courriels/${id}`)];
  assert.deepEqual([missing.status, foreign.status], [404, 404]);
  assert.equal(missing.text.replace(/[0-9a-f]{16}/, ''), foreign.text.replace(/[0-9a-f]{16}/, ''));
  await waitFor('two lines in the audit', () => house.one(`SELECT count(*) AS n FROM audit
    WHERE action = 'access.denied' AND detail = 'mail' AND association_id = ${house.association}`).n === 2);
  assert.ok(!(await client.get('/parametrage/courriels')).body.includes(`data-mail="${id}"`));
});

// ---- other servers ----

test('without TLS nothing is told to a server that is to prove itself; with it, mail and password go', async () => {
  const { ca, key, cert } = makeCertificate(house.folder);
  const logins = [];
  const secure = new PostOffice({ key, cert, onAuth: (auth, session, callback) => {
    logins.push([auth.username, auth.password, session.secure]);
    callback(null, { user: auth.username });
  } });
  await secure.open();
  const password = path.join(house.folder, 'smtp.password');
  fs.writeFileSync(password, 'un mot de passe é\n', { mode: 0o400 });
  const settings = (port, file) => [['smtp_url', `smtp://localhost:${port}`], ['mail_from', FROM],
    ['smtp_ca_file', file], ['smtp_user', 'guichet'], ['smtp_password_file', password]];
  try {
    const id = write('other_account', { login: loginId('viewer') });
    await becomes(id, 'sent');
    const next = () => {
      tryNow(second);
      return rowOf(second);
    };
    await setMail(settings(office.port, ca)); // this one offers no STARTTLS
    const second = write('other_account', { login: loginId('viewer') });
    assert.equal((await tried(second, 1)).state, 'waiting');
    await setMail(settings(secure.port, '/etc/ssl/certs/ca-certificates.crt')); // nobody vouches
    const { attempts } = next();
    assert.match((await tried(second, attempts + 1)).reason, /certificate/i);
    assert.deepEqual(logins, []);
    await setMail(settings(secure.port, ca));
    next();
    await becomes(second, 'sent');
    assert.deepEqual(logins, [['guichet', 'un mot de passe é', true]]);
    assert.equal(secure.mails.at(-1).secure, true);
    assert.ok(!house.guichet.text().includes('un mot de passe'));
  } finally {
    await secure.close();
  }
});

test('settings of mail that cannot work stop the start', async () => {
  const good = fs.readFileSync(house.config, 'utf8');
  const refuse = (lines, reason) => {
    const kept = good.split('\n').filter((line) => !/^(smtp_|mail_from)/.test(line));
    fs.writeFileSync(house.config, [...kept, ...lines, ''].join('\n'));
    const result = house.run(['verify']);
    assert.equal(result.status, 2);
    assert.match(result.stderr, reason);
  };
  const open = path.join(house.folder, 'open.password');
  fs.writeFileSync(open, 'x\n', { mode: 0o644 });
  refuse(['smtp_url = http://mail.example', `mail_from = ${FROM}`], /smtp:\/\/ or smtps:/);
  refuse(['smtp_url = smtps://a:b@mail.example', `mail_from = ${FROM}`], /no proper host/);
  refuse(['smtp_url = smtps://mail.example/x', `mail_from = ${FROM}`], /nothing behind/);
  refuse(['smtp_url = smtps://mail.example'], /mail_from/);
  refuse(['smtp_url = smtps://mail.example', 'mail_from = Guichet'], /mail_from/);
  refuse([`mail_from = ${FROM}`], /smtp_url is missing/);
  refuse(['smtp_url = smtps://mail.example', `mail_from = ${FROM}`, 'smtp_user = a'], /go together/);
  refuse(['smtp_url = smtps://mail.example', `mail_from = ${FROM}`, 'smtp_user = a',
    `smtp_password_file = ${open}`], /others may read it/);
  fs.writeFileSync(house.config, good);
});

test('without a mail server, mail waits and the back office says so', async (t) => {
  await setMail([]);
  house.login('treasurer', { role: 'treasurer' });
  const id = write('other_account', { login: loginId('treasurer') });
  const page = await house.visit(t, await house.asStaff('administrator'));
  await page.goto('/parametrage/courriels');
  await page.getByRole('heading', { name: "Aucun serveur d'e-mail n'est réglé" }).waitFor();
  await page.locator(`[data-mail="${id}"]`).getByText('en attente').waitFor();
  await check(page, 'courriels-sans-serveur');
  assert.deepEqual([rowOf(id).attempts, rowOf(id).state], [0, 'waiting']);
});
