'use strict';
// The production nginx.conf in front of the real Guichet, by TLS, on loopback: what hostile bytes,
// slow ones and too many become, what every answer says, and what testssl.sh says of the whole.
// (Which socket gets what, redirects, limits of bodies: tests/lint/production.test.js.)

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { execFile } = require('node:child_process');
const { House, sleep } = require('../e2e/harness.js');
const { Front, HOST, request } = require('./front.js');

const CONNECTIONS = 50; // limit_conn
const TIMEOUT_S = 10; // client_header_timeout, client_body_timeout
const SLACK_S = 60; // of a machine with other work
const HSTS = /^strict-transport-security: max-age=63072000; includeSubDomains\r$/im;

const house = new House('nginx', { sandbox: false, seed: false });
const front = new Front(path.join(house.folder, 'front'), house.folder);
process.on('exit', () => {
  house.kill();
  front.nginx?.kill('SIGTERM');
});
before(async () => {
  await house.start();
  fs.mkdirSync(front.root);
  await front.start();
});
after(async () => {
  await front.stop();
  await house.close().finally(() => house.kill());
});

const get = (place, options) => request(`GET ${place}`, options);
const post = (place, length, body) => request(`POST ${place}`, { body,
  headers: [`Content-Length: ${length}`, 'Content-Type: application/x-www-form-urlencoded'] });
// What is left of the form's limit at Guichet's door: it wants a page of ours as origin.
const statusOf = (bytes) => front.status(bytes);

// ---- what every answer says ----

const ANSWERS = { 200: get('/connexion'), 303: get('/panier'), 404: get('/static/none.css'), 403: post('/connexion', 3, 'a=b'),
  413: post('/connexion', 70000, ''), 414: get(`/${'a'.repeat(21000)}`), 400: get('/%'), 405: request('DELETE /connexion') };

test('row 29: HSTS is on every answer, whatever its status', async () => {
  for (const [status, bytes] of Object.entries(ANSWERS)) {
    const text = await front.say(bytes);
    assert.match(text, new RegExp(`^HTTP/1\\.1 ${status}\\b`), text.slice(0, 200));
    assert.match(text.split('\r\n\r\n')[0] + '\r', HSTS, `${status}`);
  }
});

test('row 63: no answer tells a version or a path, and a page that is not there has its number', async () => {
  for (const [status, bytes] of Object.entries(ANSWERS)) {
    const text = await front.say(bytes);
    assert.doesNotMatch(text, /nginx\/[\d.]+|Guichet\/[\d.]+|sqlite|\/usr\/|\/var\/|\/etc\/|\.c:\d/i, status);
    assert.doesNotMatch(text, new RegExp(house.folder));
  }
  assert.match(await front.say(get('/nulle-part')), /[0-9a-f]{16}/);
});

// ---- whose site it is ----

test('row 57: another host name, or none, gets nothing; what a proxy would add changes nothing', async () => {
  assert.equal(await statusOf(`GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`), 0);
  assert.equal(await statusOf('GET / HTTP/1.0\r\n\r\n'), 0);
  assert.equal(await front.say(get('/connexion'), { servername: 'evil.example' }), '');
  const text = await front.say(get('/panier', { headers: ['X-Forwarded-Host: evil.example', 'X-Forwarded-For: 192.0.2.1', 'Forwarded: host=evil.example'] }));
  assert.match(text, /^HTTP\/1\.1 303\b/);
  assert.doesNotMatch(text, /evil/);
});

// ---- one request, and where it ends ----

const HIDDEN = 'GET /connexion HTTP/1.1\r\nHost: guichet.example.org\r\n\r\n';
const SMUGGLED = {
  'two lengths': ['Content-Length: 0', `Content-Length: ${HIDDEN.length}`],
  'a length and chunks': [`Content-Length: ${HIDDEN.length}`, 'Transfer-Encoding: chunked'],
  'chunks by another name': ['Transfer-Encoding: xchunked'],
  'chunks twice': ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
  'a negative length': ['Content-Length: -1'],
  'a length in hexadecimal': ['Content-Length: 0x10'],
  'a length beyond all': ['Content-Length: 99999999999999999999'],
  'a blank before the colon': [`Content-Length : ${HIDDEN.length}`],
};

for (const [what, headers] of Object.entries(SMUGGLED)) {
  test(`row 58: ${what}: refused, and nothing behind it is answered`, async () => {
    const text = await front.say([`POST /action_manager.php?event=stripe HTTP/1.1`, `Host: ${HOST}`, ...headers, '', HIDDEN].join('\r\n'));
    const statuses = [...text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status));
    assert.equal(statuses.length, 1, text);
    assert.ok([400, 413, 501].includes(statuses[0]), `${statuses}`);
  });
}

test('row 58: a body in chunks is one body, and an honest pipeline two requests', async () => {
  const chunked = request('POST /action_manager.php?event=stripe', { headers: ['Transfer-Encoding: chunked', 'Content-Type: application/json'],
    body: `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n` });
  assert.equal((await front.say(chunked)).match(/^HTTP\/1\.1 /gm).length, 1);
  assert.equal((await front.say(HIDDEN + get('/connexion'))).match(/^HTTP\/1\.1 200/gm).length, 2);
});

// ---- limits ----

test('row 59: addresses and headers end at their limits', async () => {
  const address = (length) => `/connexion?${'a'.repeat(length - '/connexion?'.length)}`;
  assert.notEqual(await statusOf(get(address(4096))), 414);
  assert.equal(await statusOf(get(address(4097))), 414);
  assert.equal(await statusOf(get(address(21000))), 414);
  const headers = (count) => Array.from({ length: count }, (_, i) => `X-${i}: ${'a'.repeat(1000)}`);
  assert.equal(await statusOf(get('/connexion', { headers: headers(15) })), 200);
  assert.equal(await statusOf(get('/connexion', { headers: headers(17) })), 431);
  assert.equal(await statusOf(get('/connexion', { headers: [`Cookie: a=${'b'.repeat(21000)}`] })), 400);
});

test('row 59: forms and notifications end at their limits', async () => {
  const form = 64 * 1024;
  assert.equal(await statusOf(post('/connexion', form, 'a'.repeat(form))), 403, 'let in, and no form of ours');
  assert.equal(await statusOf(post('/connexion', form + 1, '')), 413);
  const hook = '/action_manager.php?event=stripe';
  assert.equal(await statusOf(post(hook, 256 * 1024 + 1, '')), 413);
});

test('row 59: whoever sends slowly is cut off, the head and the body', async () => {
  const slow = [front.connect('GET /connexion HTTP/1.1\r\nHost: '), front.connect(`POST /connexion HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 9\r\n\r\na`)];
  const seconds = await Promise.all(slow.map(({ closed }) => closed));
  for (const each of seconds) assert.ok(each >= TIMEOUT_S - 1 && each < TIMEOUT_S + SLACK_S, `${each} s`);
});

test('row 59: 50 requests at once from one address, one more is refused', async () => {
  // Each sends a byte of its body from time to time, so that none is cut off.
  const begun = Array.from({ length: CONNECTIONS }, () => front.connect(`POST /connexion HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 9999\r\n\r\n`));
  const trickle = setInterval(() => begun.forEach(({ socket }) => socket.write('a')), 1000);
  try {
    await Promise.all(begun.map(({ socket }) => new Promise((resolve) => socket.once('secureConnect', resolve))));
    let status = 200;
    for (const end = Date.now() + SLACK_S * 1000; status === 200 && Date.now() < end; await sleep(50)) status = await statusOf(get('/connexion'));
    assert.equal(status, 429);
  } finally {
    clearInterval(trickle);
    begun.forEach(({ socket }) => socket.destroy());
  }
  let status = 429;
  for (const end = Date.now() + SLACK_S * 1000; status === 429 && Date.now() < end; await sleep(50)) status = await statusOf(get('/connexion'));
  assert.equal(status, 200, 'and once they have gone, it is let in');
});

// ---- only what is meant to be seen ----

const INSIDE = ['/static/../conf/nginx.conf', '/static/%2e%2e/README.md', '/static/..%2fMakefile', '/static/..%5cMakefile', '/static//etc/passwd',
  '/static/.%2e/.%2e/etc/passwd', '/static/%00', '/static/', '/static/.htaccess', '/.git/config', '/guichet.db', '/guichet.conf', '/.env',
  '/static../conf/guichet.conf', '/action_manager.php/../guichet.key'];

test('row 64: only static files are served, whatever the address', async () => {
  for (const place of INSIDE) {
    const text = await front.say(get(place));
    assert.match(text, /^HTTP\/1\.1 (?:303|40[034])\b/, place);
    assert.doesNotMatch(text, /SQLite format|root:x:|\[core\]|base_url|server \{|PACKAGES/, place);
  }
  assert.match(await front.say(get('/static/guichet.css')), /^HTTP\/1\.1 200\b[^]*\{/);
});

test('row 64: health and metrics are no pages of the public site', async () => {
  for (const place of ['/health', '/metrics'])
    assert.doesNotMatch(await front.say(get(place)), /guichet_|^HTTP\/1\.1 200/m, place);
});

// ---- TLS, judged by testssl.sh ----

const protocolOf = async (options) => {
  const { socket } = front.connect('', options);
  const name = await new Promise((resolve) => {
    socket.on('secureConnect', () => resolve(socket.getProtocol()));
    socket.on('error', () => resolve('none'));
  });
  socket.destroy();
  return name;
};

test('row 69: TLS 1.3 and 1.2, nothing older', async () => {
  assert.equal(await protocolOf({}), 'TLSv1.3');
  assert.equal(await protocolOf({ maxVersion: 'TLSv1.2' }), 'TLSv1.2');
  assert.equal(await protocolOf({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }), 'none');
});

const WORSE = ['MEDIUM', 'HIGH', 'CRITICAL', 'WARN', 'FATAL'];
// What it says of its own means (no GOST here), and that nginx leaves the word behind 200 out.
const EXPLAINED = ['engine_problem', 'HTTP_status_code'];

function testssl(...parts) {
  const file = path.join(front.root, `testssl-${parts.length}.json`);
  return new Promise((resolve, reject) => execFile('testssl', ['--quiet', '--warnings=off', '--color=0', '--nodns=none', '--ip=127.0.0.1',
    `--add-ca=${front.root}/fullchain.pem`, '--openssl=/usr/bin/openssl', '--jsonfile', file, ...parts, `https://${HOST}:${front.https}/connexion`],
  { encoding: 'utf8', timeout: 900000, maxBuffer: 1 << 24 }, (error, stdout) => (fs.existsSync(file)
    ? resolve(JSON.parse(fs.readFileSync(file, 'utf8'))) : reject(new Error(`${error}: ${stdout}`)))));
}

test('row 69: testssl finds nothing worse than LOW', async (t) => {
  const found = await testssl('--protocols', '--std', '--headers');
  t.diagnostic(`${found.length} findings`);
  assert.deepEqual(found.filter(({ id, severity }) => WORSE.includes(severity) && !EXPLAINED.includes(id)), []);
  const of = (id) => found.find((one) => one.id === id)?.finding;
  for (const old of ['SSLv2', 'SSLv3', 'TLS1', 'TLS1_1']) assert.match(of(old), /not offered/, old);
  for (const id of ['TLS1_2', 'TLS1_3']) assert.match(of(id), /^offered/, id);
});
