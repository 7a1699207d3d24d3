'use strict';
// What an installation gets: conf/nginx.conf is run with another port, a certificate of the moment
// and two listeners in the place of Guichet; the unit is judged by systemd; a backup is made and
// opened; make install puts everything where those files look for it.

const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { execFile, execFileSync, spawn, spawnSync } = require('node:child_process');
const { promisify } = require('node:util');
const { top, build, read, scratch } = require('./lint.js');
const { HOST, freePort, productionConfig } = require('../ops/front.js');

const PATIENCE_MS = 60000;
const run = promisify(execFile);
const house = {};

// ---- nginx, as in production ----

function record(type, content) {
  const head = Buffer.from([1, type, 0, 1, content.length >> 8, content.length & 255, 0, 0]);
  return Buffer.concat([head, content]);
}

// Answers every FastCGI request with its name, or what it is told, and keeps what came.
function listen(name) {
  const heard = { bytes: '', answer: `Content-Type: text/plain\r\n\r\n${name}` };
  heard.server = net.createServer((socket) => {
    let all = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (data) => {
      all = Buffer.concat([all, data]);
      // The last record is an empty FCGI_STDIN.
      if (!all.subarray(-8).equals(Buffer.from([1, 5, 0, 1, 0, 0, 0, 0]))) return;
      heard.bytes = all.toString('latin1');
      socket.end(Buffer.concat([record(6, Buffer.from(heard.answer)),
        record(6, Buffer.alloc(0)), record(3, Buffer.alloc(8))]));
    });
  }).listen(path.join(house.root, `${name}.socket`));
  return heard;
}

const configuration = () => productionConfig(house);

// One request by curl: status (0 when the connection was closed), headers in lower case, body.
async function ask(url, ...options) {
  const ports = [`${HOST}:${house.http}`, `${HOST}:${house.https}`, `evil.example:${house.https}`];
  const { stdout } = await run('curl', ['-skq', '-i', '--noproxy', '*', '--max-time', '60',
    ...ports.flatMap((name) => ['--resolve', `${name}:127.0.0.1`]), ...options, url],
  { encoding: 'latin1' }).catch((error) => error);
  const match = /^HTTP\/[\d.]+ (\d+)/.exec(stdout || '');
  return { status: match ? Number(match[1]) : 0, text: (stdout || '').toLowerCase() };
}

const secure = (place, ...options) => ask(`https://${HOST}:${house.https}${place}`, ...options);
const plain = (place, ...options) => ask(`http://${HOST}:${house.http}${place}`, ...options);
const post = (bytes) => {
  const file = path.join(house.root, 'body');
  fs.writeFileSync(file, Buffer.alloc(bytes, 97));
  return ['-H', 'Content-Type: text/plain', '-H', 'Expect:', '--data-binary', `@${file}`];
};

before(async () => {
  house.root = fs.mkdtempSync(path.join(os.tmpdir(), 'guichet-nginx-'));
  house.http = await freePort();
  house.https = await freePort();
  house.watch = await freePort();
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj',
    `/CN=${HOST}`, '-keyout', `${house.root}/privkey.pem`, '-out', `${house.root}/fullchain.pem`],
  { stdio: 'ignore' });
  house.page = listen('page');
  house.notification = listen('notification');
  house.file = path.join(house.root, 'nginx.conf');
  fs.writeFileSync(house.file, configuration());
  house.nginx = spawn('nginx', ['-e', `${house.root}/nginx.log`, '-c', house.file], { stdio: 'ignore' });
  house.ended = new Promise((resolve) => house.nginx.on('close', resolve));
  const end = Date.now() + PATIENCE_MS;
  while ((await plain('/')).status === 0) {
    assert.ok(house.nginx.exitCode === null && Date.now() < end,
      fs.existsSync(`${house.root}/nginx.log`) ? read(house.root, 'nginx.log') : 'nginx does not start');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
});

after(async () => {
  house.nginx.kill('SIGTERM'); // its worker would outlive a SIGKILL
  await house.ended;
  house.page.server.close();
  house.notification.server.close();
  fs.rmSync(house.root, { recursive: true, force: true });
});

test('nginx: takes the configuration, and would refuse a bad one', () => {
  const check = (file) => spawnSync('nginx', ['-t', '-q', '-e', `${house.root}/t.log`, '-c', file]).status;
  assert.equal(check(house.file), 0);
  const bad = path.join(house.root, 'bad.conf');
  fs.writeFileSync(bad, configuration().replace('limit_req_status', 'limit_req_statut'));
  assert.notEqual(check(bad), 0);
});

test('nginx: pages and notifications go to a socket each', async () => {
  assert.match((await secure('/panier')).text, /\r\n\r\npage$/);
  assert.match((await secure('/action_manager.php?event=stripe', ...post(10))).text, /\r\n\r\nnotification$/);
  assert.match((await secure('/action_manager.php/x')).text, /\r\n\r\npage$/);
});

test('nginx: a monitor of this machine asks at a port of its own, nobody else anywhere', async () => {
  const watch = (place) => ask(`http://127.0.0.1:${house.watch}${place}`);
  for (const place of ['/health', '/metrics'])
    assert.match((await watch(place)).text, /200[^]*notification$/);
  assert.equal((await watch('/panier')).status, 404);
  assert.match((await secure('/metrics')).text, /page$/, 'at the public address it is a page like any other');
});

test('nginx: a header Proxy never becomes HTTP_PROXY', async () => {
  await secure('/panier', '-H', 'Proxy: http://evil.example');
  assert.match(house.page.bytes, /REQUEST_URI/);
  assert.doesNotMatch(house.page.bytes, /evil/);
});

test('nginx: HSTS on every answer, good or bad', async () => {
  for (const place of ['/panier', '/static/guichet.css', '/static/none.css', '/%']) {
    assert.match((await secure(place)).text, /strict-transport-security: max-age=63072000; includesubdomains/, place);
  }
});

test('nginx: without TLS people are led to https, providers are refused', async () => {
  const page = await plain('/panier?a=b');
  assert.equal(page.status, 301);
  assert.match(page.text, new RegExp(`location: https://${HOST}/panier\\?a=b`));
  const notification = await plain('/action_manager.php?event=paypal', ...post(10));
  assert.equal(notification.status, 403);
  assert.doesNotMatch(notification.text, /location:/);
});

test('nginx: another host name gets no answer', async () => {
  assert.equal((await secure('/', '-H', 'Host: evil.example')).status, 0);
  assert.equal((await ask(`https://evil.example:${house.https}/`)).status, 0);
  assert.equal((await plain('/', '-H', 'Host: evil.example')).status, 0);
});

test('nginx: the limits of bodies', async () => {
  const notify = '/action_manager.php?event=stripe';
  assert.equal((await secure('/panier/payer', ...post(64 * 1024))).status, 200);
  const refused = await secure('/panier/payer', ...post(64 * 1024 + 1));
  assert.equal(refused.status, 413);
  assert.match(refused.text, /rien n'a /);
  assert.equal((await secure('/adherents/importer', ...post(2 * 1024 * 1024))).status, 200);
  assert.equal((await secure('/comptabilite/rapprochement/fichier', ...post(2 * 1024 * 1024))).status, 200);
  const file = await secure('/adherents/importer', ...post(2 * 1024 * 1024 + 1));
  assert.equal(file.status, 413);
  assert.match(file.text, /rien n'a /);
  assert.equal((await secure('/adherents/importer/1', ...post(64 * 1024 + 1))).status, 413);
  assert.equal((await secure(notify, ...post(256 * 1024))).status, 200);
  assert.equal((await secure(notify, ...post(256 * 1024 + 1))).status, 413);
});

test('nginx: only static/ is served from disk', async () => {
  assert.equal((await secure('/static/guichet.css?v=1')).status, 200);
  for (const place of ['/static/../conf/nginx.conf', '/static/%2e%2e/README.md', '/static/..%2fMakefile',
    '/static/', '/static/.htaccess']) {
    const answer = await secure(place, '--path-as-is');
    assert.ok([400, 403, 404].includes(answer.status) || /\r\n\r\npage$/.test(answer.text), place);
    assert.doesNotMatch(answer.text, /server \{|guichet: `make/, place);
  }
});

test('nginx: keeps ?v= for ever, and nothing else', async () => {
  assert.match((await secure('/static/guichet.css?v=1')).text, /cache-control: public, max-age=31536000, immutable/);
  assert.match((await secure('/static/guichet.css')).text, /cache-control: no-cache/);
});

test('nginx: files and the cart are packed, pages that repeat what was typed are not', async () => {
  const { answer } = house.page;
  house.page.answer = `Content-Type: text/html\r\n\r\n${'<p>une page</p>'.repeat(200)}`;
  const gzip = ['-H', 'Accept-Encoding: gzip'];
  try {
    for (const place of ['/static/guichet.css?v=1', '/static/cart.js?v=1', '/panier', '/panier?exercice=1'])
      assert.match((await secure(place, ...gzip)).text, /\r\ncontent-encoding: gzip\r\n[^]*vary: accept-encoding|vary: accept-encoding\r\n[^]*content-encoding: gzip\r\n/, place);
    for (const place of ['/panier/payer', '/recettes?q=un', '/connexion', '/'])
      assert.doesNotMatch((await secure(place, ...gzip)).text, /content-encoding/, place);
    assert.doesNotMatch((await secure('/panier')).text, /content-encoding/, 'who does not ask for it');
  } finally {
    house.page.answer = answer;
  }
});

test('nginx: the log holds no query and no token', async () => {
  await secure('/paiement/0123456789abcdef?secret=1');
  await secure('/lien/fedcba9876543210');
  const log = read(house.root, 'guichet.log');
  assert.match(log, /GET \/paiement\/- 200/);
  assert.match(log, /GET \/lien\/- 200/);
  assert.doesNotMatch(log, /0123456789abcdef|fedcba9876543210|secret|a=b/);
});

test('nginx: a flood is answered 429', async () => {
  const config = path.join(house.root, 'curl');
  const line = `url = "https://${HOST}:${house.https}/connexion"\noutput = /dev/null\n`;
  fs.writeFileSync(config, line.repeat(600));
  const { stdout } = await run('curl', ['-skq', '--noproxy', '*', '--resolve', `${HOST}:${house.https}:127.0.0.1`,
    '-Z', '--parallel-max', '40', '-w', '%{http_code}\n', '-K', config], { maxBuffer: 1 << 20 });
  const codes = stdout.split('\n').filter((code) => /^\d{3}$/.test(code));
  assert.equal(codes.length, 600);
  assert.ok(codes.includes('429') && codes.includes('200'), `${[...new Set(codes)]}`);
});

test('nginx: while Guichet is away, a sentence', async () => {
  house.page.server.close();
  fs.rmSync(path.join(house.root, 'page.socket'), { force: true });
  const end = Date.now() + PATIENCE_MS;
  let answer = await secure('/panier');
  while (answer.status === 429 && Date.now() < end) answer = await secure('/panier');
  assert.equal(answer.status, 503);
  assert.match(answer.text, /n'est jamais perdu/);
});

// ---- systemd ----

function exposure(file) {
  const result = spawnSync('systemd-analyze', ['security', '--offline=true', '--no-pager', file],
    { encoding: 'utf8' });
  const match = /Overall exposure level[^:]*: ([\d.]+)/.exec(result.stdout);
  assert.ok(match, result.stderr || result.stdout);
  return Number(match[1]);
}

test('systemd: the service is shut in', (t) => {
  const file = 'conf/guichet.service';
  assert.ok(exposure(path.join(top, file)) <= 2.0, `exposure ${exposure(path.join(top, file))}`);
  const open = read(top, file).replace(/^(?:Protect|Private|Restrict|SystemCall|Capability).*\n/gm, '');
  const root = scratch(t, { 'guichet.service': open });
  assert.ok(exposure(path.join(root, 'guichet.service')) > 4);
});

// The program's own filter is set from inside this one: without the call it does not start.
test('systemd: the service may set its own filter', () => {
  assert.match(read(top, 'conf/guichet.service'), /^SystemCallFilter=@system-service seccomp$/m);
  assert.match(read(top, 'conf/guichet.conf'), /^# seccomp = on$/m);
});

// ---- installation and backup ----

test('systemd: the backup reaches the books and its folder, nothing else', () => {
  assert.ok(exposure(path.join(top, 'conf/guichet-backup.service')) <= 1.0);
});

test('systemd: the service comes back however often it falls', () => {
  const unit = read(top, 'conf/guichet.service');
  for (const line of ['Restart=always', 'RestartSec=10ms', 'StartLimitIntervalSec=0'])
    assert.match(unit, new RegExp(`^${line}$`, 'm'));
});

test('install: everything the units and nginx name is there', (t) => {
  const root = scratch(t, {});
  // The program as it stands: nothing is built in a test.
  const made = spawnSync('make', ['-s', '-o', path.join(build, 'guichet'), `BUILD=${build}`,
    `DESTDIR=${root}`, 'install'], { cwd: top, encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
  const units = fs.readdirSync(path.join(root, 'usr/lib/systemd/system')).sort();
  assert.deepEqual(units, ['guichet-backup.service', 'guichet-backup.timer', 'guichet-notification.socket',
    'guichet-page.socket', 'guichet.service']);
  for (const place of ['usr/bin/guichet', 'usr/share/guichet/backup.sh', 'usr/share/guichet/common-passwords.txt', 'etc/guichet/guichet.conf',
    'etc/guichet/nginx-fastcgi.conf', 'usr/share/guichet/templates/web/layout.html',
    'usr/share/guichet/static/guichet.css', 'usr/share/guichet/static/indisponible.html']) {
    assert.ok(fs.existsSync(path.join(root, place)), place);
  }
});

function bookkeeping(t) {
  const root = scratch(t, { 'copies/.keep': '' });
  const file = path.join(root, 'guichet.conf');
  fs.writeFileSync(file, `# ours\ndatabase = ${root}/guichet.db\nkey_file = ${root}/guichet.key\n`
    + 'base_url = https://guichet.example.org\n');
  const guichet = (...args) => execFileSync(path.join(build, 'guichet'), ['--config', file, ...args],
    { encoding: 'utf8' });
  guichet('key', 'create');
  guichet('migrate');
  guichet('association', 'add', '--name', 'Les Marcheurs', '--kind', 'trial', '--year-from', '09-01');
  const backup = (...limits) => spawnSync(path.join(top, 'conf/backup.sh'), [file, `${root}/copies`, ...limits],
    { encoding: 'utf8', env: { ...process.env, GUICHET: path.join(build, 'guichet') } });
  return { root, backup, copies: () => fs.readdirSync(`${root}/copies`).filter((name) => name !== '.keep') };
}

test('backup: a proven copy that opens', (t) => {
  const { root, backup, copies } = bookkeeping(t);
  const result = backup();
  assert.equal(result.status, 0, result.stderr);
  const [daily, monthly] = copies().sort();
  assert.match(daily, /^guichet-\d{4}-\d\d-\d\dT\d{6}Z\.db\.gz$/);
  assert.equal(monthly, `guichet-monthly-${daily.slice(8, 15)}.db.gz`);
  assert.equal(copies().length, 2);
  const copy = path.join(root, 'copies', daily);
  assert.equal(fs.statSync(copy).mode & 0o777, 0o600);
  execFileSync('gunzip', ['-k', copy]);
  const name = execFileSync('sqlite3', [copy.replace(/\.gz$/, ''), 'SELECT name FROM association'],
    { encoding: 'utf8' });
  assert.equal(name.trim(), 'Les Marcheurs');
});

test('backup: old copies go, one a month stays longer', (t) => {
  const { root, backup, copies } = bookkeeping(t);
  const old = new Date(Date.now() - 100 * 24 * 3600 * 1000);
  for (const name of ['guichet-2020-01-01T031700Z.db.gz', 'guichet-monthly-2019-12.db.gz', 'guichet-monthly-2020-01.db.gz', 'mine.db.gz']) {
    fs.writeFileSync(path.join(root, 'copies', name), '');
    fs.utimesSync(path.join(root, 'copies', name), old, old);
  }
  assert.equal(backup('90', '2').status, 0);
  const month = new Date().toISOString().slice(0, 7);
  assert.deepEqual(copies().filter((name) => !/T\d{6}Z/.test(name)).sort(),
    ['guichet-monthly-2020-01.db.gz', `guichet-monthly-${month}.db.gz`, 'mine.db.gz']);
  assert.equal(copies().filter((name) => /T\d{6}Z/.test(name)).length, 1);
});

test('backup: a broken database makes no copy', (t) => {
  const { root, backup, copies } = bookkeeping(t);
  fs.writeFileSync(path.join(root, 'guichet.db'), 'no database');
  assert.notEqual(backup().status, 0);
  assert.deepEqual(copies(), []);
});
