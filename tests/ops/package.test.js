'use strict';
// The installation as it is shipped, on a machine of its own: the Debian package is installed,
// started, killed, restarted, backed up, upgraded, removed and purged under systemd, behind the
// production configuration of nginx with TLS, while it is asked and notified all the time.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { execFileSync, spawnSync } = require('node:child_process');
const { waitFor } = require('../e2e/harness.js');
const { Machine, build } = require('./machine.js');
const { currentPackage, nextPackage, NEXT_TABLE } = require('./packages.js');

const HOST = 'guichet.example.org';
const KILLS = 5;
const RESTARTS = 3 * (Number(process.env.SCALE) || 1);
// Below the limits by address of the production nginx.
const PAUSE_MS = 150;
const SECRET = `whsec_${'0'.repeat(32)}`;
const DATABASE = '/var/lib/guichet/guichet.db';
const UNITS = ['guichet-page.socket', 'guichet-notification.socket', 'guichet.service', 'guichet-backup.timer'];

const share = path.join(build, 'ops/share');
const machine = new Machine(share);
const house = {};

// ---- asking ----

// Status and seconds of one page through nginx.
function page(place = '/connexion') {
  return new Promise((resolve, reject) => {
    const child = machine.beside('curl', ['-skq', '--noproxy', '*', '--max-time', '60', '-o', '/dev/null', '-w', '%{http_code} %{time_total}',
      '--resolve', `${HOST}:443:127.0.0.1`, `https://${HOST}${place}`], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (data) => { text += data; });
    child.on('error', reject);
    child.on('close', () => {
      const [status, seconds] = text.split(' ').map(Number);
      resolve({ status, seconds });
    });
  });
}

// Runs `act` under load; what the load saw.
async function underLoad(act) {
  const child = machine.beside(process.execPath, [path.join(__dirname, 'load.js'), `https://${HOST}`,
    house.hook, SECRET, String(PAUSE_MS), '/connexion', '/static/guichet.css'], { stdio: ['pipe', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (data) => { text += data; });
  const ended = new Promise((resolve) => child.on('close', resolve));
  await waitFor('the load begins', () => text.startsWith('begun'));
  try {
    await act();
  } finally {
    child.stdin.end();
    await ended;
  }
  return JSON.parse(text.split('\n')[1]);
}

// A copy that Guichet makes of its books, as this machine reads it.
function booksOf(place) {
  const file = path.join(build, 'ops/books.db');
  fs.writeFileSync(file, execFileSync('gunzip', ['-c', machine.path(place)], { maxBuffer: 1 << 28 }));
  return (text) => execFileSync('sqlite3', ['-readonly', file, text], { encoding: 'utf8' }).trim();
}

function books() {
  const place = '/var/backups/guichet/now.db.gz';
  fs.rmSync(machine.path(place), { force: true });
  guichet('backup', place);
  return booksOf(place);
}

function assertNothingLost(seen) {
  assert.deepEqual(seen.failed, []);
  const stored = new Set(books()('SELECT external_id FROM provider_event').split('\n'));
  assert.deepEqual(seen.acknowledged.filter((id) => !stored.has(id)), []);
  assert.ok(seen.acknowledged.length > 0);
}

const as = (user, ...command) => machine.try('runuser', '-u', user, '--', ...command);
const guichet = (...words) => machine.run('runuser', '-u', 'guichet', '--', 'guichet', ...words);
const mainPid = () => machine.run('systemctl', 'show', '-p', 'MainPID', '--value', 'guichet.service');
const owner = (place) => machine.run('stat', '-c', '%a %U %G', place);
const log = () => machine.run('journalctl', '-u', 'guichet.service', '-o', 'cat', '--no-pager');

// ---- the machine, with nginx as the README says ----

function configureNginx() {
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${HOST}`,
    '-keyout', `${share}/privkey.pem`, '-out', `${share}/fullchain.pem`], { stdio: 'ignore' });
  machine.sh(`sed 's,/etc/letsencrypt/live/${HOST},/etc/nginx,' /usr/share/guichet/nginx.conf >/etc/nginx/conf.d/guichet.conf
    cp /mnt/privkey.pem /mnt/fullchain.pem /etc/nginx/
    rm /etc/nginx/sites-enabled/default
    nginx -t
    systemctl reload-or-restart nginx`);
}

process.on('exit', () => machine.kill());

before(async () => {
  fs.rmSync(share, { recursive: true, force: true });
  fs.mkdirSync(share, { recursive: true });
  house.package = currentPackage();
  house.next = nextPackage();
  fs.copyFileSync(house.package, `${share}/now.deb`);
  fs.copyFileSync(house.next.file, `${share}/next.deb`);
  await machine.boot();
});

after(() => machine.stop());

// ---- tests, in the order of a life ----

test('package: lintian finds no error', () => {
  const judge = (file) => spawnSync('lintian', ['--allow-root', '--fail-on', 'error', file], { encoding: 'utf8' });
  const good = judge(house.package);
  assert.equal(good.status, 0, good.stdout + good.stderr);
  // A package that is none of ours to be proud of: its changelog is gone.
  const bad = path.join(build, 'ops/bad');
  fs.rmSync(bad, { recursive: true, force: true });
  execFileSync('dpkg-deb', ['-R', house.package, bad]);
  fs.rmSync(`${bad}/usr/share/doc/guichet`, { recursive: true });
  execFileSync('dpkg-deb', ['--root-owner-group', '-Znone', '-b', bad, `${bad}.deb`], { stdio: 'ignore' });
  assert.notEqual(judge(`${bad}.deb`).status, 0);
});

test('package: installed, it runs and answers through nginx', async () => {
  machine.run('dpkg', '-i', '/mnt/now.deb');
  for (const unit of UNITS) {
    assert.equal(machine.run('systemctl', 'is-enabled', unit), 'enabled');
    assert.equal(machine.run('systemctl', 'is-active', unit), 'active');
  }
  configureNginx();
  await waitFor('nginx leads to Guichet', async () => (await page()).status === 200);
  guichet('association', 'add', '--name', 'Les Marcheurs', '--kind', 'trial', '--year-from', '09-01');
  const link = guichet('provider', 'add', 'stripe', '--account', 'acct_1', '--mode', 'test');
  machine.sh(`echo ${SECRET} | runuser -u guichet -- guichet secret set --provider-account ${link} --name webhook`);
  house.hook = `/action_manager.php?event=stripe&a=${link}`;
});

test('row 65: a user of its own, and nobody else reads the books or its key', () => {
  const status = fs.readFileSync(machine.path(`/proc/${mainPid()}/status`), 'utf8');
  const uid = machine.run('id', '-u', 'guichet');
  assert.equal(/^Uid:\s+(\d+)\s+(\d+)/m.exec(status).slice(1).join(), `${uid},${uid}`);
  assert.notEqual(uid, '0');
  assert.equal(/^CapEff:\s+(\w+)/m.exec(status)[1], '0000000000000000');
  assert.match(status, /^NoNewPrivs:\s+1$/m);
  assert.equal(owner('/var/lib/guichet'), '700 guichet guichet');
  assert.equal(owner('/var/lib/guichet/guichet.key'), '400 guichet guichet');
  assert.equal(owner(DATABASE), '600 guichet guichet');
  for (const name of ['page', 'notification'])
    assert.equal(owner(`/run/guichet/${name}.socket`), '660 guichet www-data');
  for (const place of [DATABASE, '/var/lib/guichet/guichet.key', '/var/backups/guichet']) {
    assert.notEqual(as('www-data', 'head', '-c1', place).status, 0, place);
    assert.notEqual(as('www-data', 'ls', place).status, 0, place);
  }
  assert.equal(as('guichet', 'head', '-c1', DATABASE).status, 0);
  machine.run('chmod', '-R', 'a+rX', '/var/lib/guichet');
  assert.equal(as('www-data', 'head', '-c1', DATABASE).status, 0, 'when they may, they can');
  machine.sh('chmod -R go= /var/lib/guichet; chmod 400 /var/lib/guichet/guichet.key');
});

test(`unit: killed ${KILLS} times, it is back by itself`, async (t) => {
  const waits = [];
  for (let i = 0; i < KILLS; i++) {
    const pid = mainPid();
    machine.run('kill', '-KILL', pid);
    const { status, seconds } = await page();
    assert.equal(status, 200);
    assert.notEqual(mainPid(), pid);
    waits.push(Math.round(seconds * 1000));
  }
  t.diagnostic(`answered again after ${waits.join(', ')} ms`);
});

test('unit: systemctl reload reads the pages again, in the same process', async () => {
  const pid = mainPid();
  machine.run('systemctl', 'reload', 'guichet.service');
  await waitFor('it is read again', () => log().includes('"serve.reloaded"'));
  assert.equal(mainPid(), pid);
});

test(`unit: ${RESTARTS} times systemctl restart under load, and no request fails`, async (t) => {
  const pids = new Set([mainPid()]);
  const seen = await underLoad(async () => {
    for (let i = 0; i < RESTARTS; i++) {
      await machine.runBeside('systemctl', 'restart', 'guichet.service');
      pids.add(mainPid());
    }
    assert.equal((await page()).status, 200);
  });
  t.diagnostic(`${seen.answered} answers, ${seen.acknowledged.length} notifications`);
  assert.equal(pids.size, RESTARTS + 1);
  assertNothingLost(seen);
});

test('backup: the service of the timer writes a copy that opens', () => {
  machine.run('systemctl', 'start', 'guichet-backup.service');
  const folder = machine.path('/var/backups/guichet');
  const [name] = fs.readdirSync(folder).filter((one) => /^guichet-\d{4}.*\.db\.gz$/.test(one));
  assert.equal(owner(`/var/backups/guichet/${name}`), '600 guichet guichet');
  assert.equal(booksOf(`/var/backups/guichet/${name}`)('PRAGMA integrity_check; SELECT name FROM association'), 'ok\nLes Marcheurs');
});

test('package: an upgrade under load migrates, keeps what was set, and no request fails', async (t) => {
  machine.sh('echo "# ours" >>/etc/guichet/guichet.conf');
  const seen = await underLoad(async () => {
    await machine.runBeside('dpkg', '-i', '/mnt/next.deb');
    await waitFor('the new version runs', () => log().includes(`"Guichet ${house.next.version}"`));
    assert.equal((await page()).status, 200);
  });
  t.diagnostic(`${seen.answered} answers, ${seen.acknowledged.length} notifications`);
  assertNothingLost(seen);
  assert.equal(books()(`SELECT count(*) FROM ${NEXT_TABLE}`), '0');
  assert.match(fs.readFileSync(machine.path('/etc/guichet/guichet.conf'), 'utf8'), /# ours\n$/);
  assert.ok(fs.readdirSync(machine.path('/var/lib/guichet')).some((name) => /^guichet\.db\.before/.test(name)),
    'the database of before is kept');
  guichet('verify');
});

test('package: removed, it is gone; the settings and the books stay', async () => {
  const seen = await underLoad(async () => {
    await machine.runBeside('dpkg', '-r', 'guichet');
    await waitFor('nobody answers', async () => (await page()).status >= 400);
  });
  assert.ok(seen.failed.length > 0, 'a load that loses requests says so');
  assert.ok(!fs.existsSync(machine.path('/run/guichet/page.socket')));
  assert.ok(!fs.existsSync(machine.path('/usr/bin/guichet')));
  assert.ok(fs.existsSync(machine.path('/etc/guichet/guichet.conf')));
  assert.ok(fs.existsSync(machine.path(DATABASE)));
});

test('package: purged, the settings go, the books and their user stay; installed again, it goes on', async () => {
  machine.run('dpkg', '-P', 'guichet');
  assert.ok(!fs.existsSync(machine.path('/etc/guichet')));
  assert.notEqual(machine.try('systemctl', 'cat', 'guichet.service').status, 0);
  assert.equal(owner(DATABASE), '600 guichet guichet');
  const key = fs.readFileSync(machine.path('/var/lib/guichet/guichet.key'));
  machine.run('dpkg', '-i', '/mnt/next.deb');
  await waitFor('it answers again', async () => (await page()).status === 200);
  assert.deepEqual(fs.readFileSync(machine.path('/var/lib/guichet/guichet.key')), key);
  assert.equal(books()('SELECT name FROM association'), 'Les Marcheurs');
  assert.deepEqual(machine.run('systemctl', '--failed', '--plain', '--no-legend').split('\n').filter((line) => /guichet|nginx/.test(line)), []);
});
