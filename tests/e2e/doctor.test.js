'use strict';
// The installation's own state: `guichet doctor`, the owner's page, another key for the secrets.

const { before, describe, test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { houseOf } = require('./harness.js');
const { check } = require('./browser.js');

const house = houseOf('doctor');

// [key, level] of each line that `guichet doctor` prints.
function doctor() {
  const { status, stdout, stderr } = house.run(['doctor']);
  assert.equal(stderr.split('\n').filter((line) => line && !line.startsWith('{')).join(), '');
  const found = Object.fromEntries(stdout.trim().split('\n').slice(0, -1).map((line) => {
    const [, level, key] = /^(good|warn|BAD)\s+(\w+)/.exec(line) ?? assert.fail(line);
    return [key, level];
  }));
  return { status, found, stdout };
}

const write = (lines) => fs.writeFileSync(house.config, `${lines.join('\n')}\n`);
const configLines = () => fs.readFileSync(house.config, 'utf8').trim().split('\n');

test('a sound installation is said to be sound', () => {
  const { status, found, stdout } = doctor();
  assert.equal(status, 0, stdout);
  for (const key of ['key_good', 'database_good', 'disk_good', 'schema_good', 'backlog_none', 'site_reached', 'host_reached', 'clock_right'])
    assert.equal(found[key], 'good', `${key}: ${stdout}`);
  assert.equal(found.backup_unknown, 'warn');
});

test('what is wrong ends with 1, and says what to do', () => {
  const key = path.join(house.folder, 'guichet.key');
  fs.chmodSync(key, 0o440);
  let { status, found, stdout } = doctor();
  assert.deepEqual([status, found.key_exposed], [1, 'BAD'], stdout);
  fs.chmodSync(key, 0o400);
  fs.chmodSync(house.database, 0o644);
  ({ status, found, stdout } = doctor());
  assert.deepEqual([status, found.database_exposed], [1, 'BAD'], stdout);
  fs.chmodSync(house.database, 0o600);
  house.addAssociation({ name: 'Les Vrais', kind: 'real' });
  ({ status, found, stdout } = doctor());
  assert.deepEqual([status, found.address_other, found.base_url_local], [1, 'BAD', 'BAD'], stdout);
  house.force("DELETE FROM audit WHERE 0");
});

test('backups are looked for, and their age', () => {
  const folder = path.join(house.folder, 'backups');
  fs.mkdirSync(folder);
  write([...configLines(), `backup_folder = ${folder}`]);
  assert.equal(doctor().found.backup_missing, 'BAD');
  const copy = path.join(folder, 'guichet-2026-01-01T000000Z.db.gz');
  fs.writeFileSync(copy, '');
  assert.equal(doctor().found.backup_missing, 'BAD');
  fs.writeFileSync(copy, 'x');
  assert.equal(doctor().found.backup_last, 'good');
  for (const [days, level] of [[2, 'warn'], [8, 'BAD']]) {
    const at = new Date(Date.now() - days * 86400000);
    fs.utimesSync(copy, at, at);
    assert.equal(doctor().found.backup_old, level);
  }
});

describe('the page of the owner', () => {
  before(() => house.restartGuichet());

  const owner = () => {
    house.login('responsable');
    return house.session('responsable', {});
  };

  test('nobody sees it but the owner, who is named on the command line', async () => {
    const before = owner();
    assert.equal((await before.get('/installation')).location, '/espaces');
    house.ok(['login', 'owner', '--email', 'responsable@exemple.fr', '--grant']);
    assert.match((await before.get('/installation')).location, /^\/connexion/, 'a new quality is a new session');
    const client = owner();
    assert.equal((await client.get('/installation')).status, 200);
    for (const role of ['viewer', 'treasurer', 'administrator'])
      assert.equal((await (await house.asStaff(role)).get('/installation')).status, 404, role);
    house.ok(['login', 'owner', '--email', 'responsable@exemple.fr', '--revoke']);
    assert.notEqual((await client.get('/installation')).status, 200);
    assert.deepEqual(house.sql(`SELECT action FROM audit WHERE action LIKE 'login.owner%' ORDER BY chain_number`)
      .map(({ action }) => action), ['login.owner_granted', 'login.owner_revoked']);
  });

  for (const javaScript of [true, false])
    test(`it says what the command says, ${javaScript ? 'with' : 'without'} JavaScript`, async (t) => {
      house.login('responsable');
      house.ok(['login', 'owner', '--email', 'responsable@exemple.fr', '--grant']);
      const client = owner();
      const page = await house.visit(t, client, { javaScript });
      await page.goto('/installation');
      await page.getByRole('heading', { name: 'Installation', level: 1 }).waitFor();
      const shown = await page.locator('.finding').evaluateAll((items) => items.map((item) => item.dataset.finding));
      assert.deepEqual([...new Set(shown)].sort(), Object.keys(doctor().found).sort());
      if (javaScript)
        await check(page, 'installation');
    });
});

test('another key: refused beside the server, then everything opens with it alone', async () => {
  const next = path.join(house.folder, 'next.key');
  const refused = house.run(['secret', 'rekey', '--new-key-file', next]);
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /is running/);
  await house.end(house.guichet);
  const sealed = () => house.sql('SELECT hex(sealed) AS sealed FROM secret ORDER BY 1').map((row) => row.sealed).join();
  const before = sealed();
  assert.match(house.ok(['secret', 'rekey', '--new-key-file', next]), /2 values/);
  assert.equal(fs.statSync(next).mode & 0o777, 0o400);
  assert.notEqual(sealed(), before);
  assert.equal(doctor().found.key_other, 'BAD');
  write(configLines().map((line) => line.startsWith('key_file') ? `key_file = ${next}` : line));
  assert.equal(doctor().found.key_good, 'good');
  await house.startGuichet();
  const member = house.member({ charges: [['40', 'Cotisation']] });
  const client = await house.asMember(member);
  const form = await client.form('/panier', '/panier/payer');
  const { location } = await client.post('/panier/payer', { ...form.fields, moyen: form.buttons.find((one) => one['data-provider']).value });
  await house.control('POST', `/stripe/sessions/${path.basename(new URL(location).pathname)}/pay`, {});
  await house.state(member, 'paid');
});
