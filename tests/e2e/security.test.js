'use strict';
// Sessions, forms, methods, passwords and limits, by HTTP through the web server in front. The
// numbers are rows of the security checklist.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { House, houseOf, programs, waitFor } = require('./harness.js');
const { Client, send } = require('./http.js');
const { readRoutes } = require('./routes.js');

const house = houseOf('security');

const sha256 = (text) => crypto.createHash('sha256').update(text).digest('hex');

// ---- what is compared ----

// Every table but the audit, without what a look at a page may change: when a session was last
// seen, when a job looks again.
const EXEMPT = { session: ['last_seen_at'],
  payment_intent: ['next_at', 'attempts', 'lease_until', 'claim', 'updated_at'] };

// One question for all tables, made when it is first asked: there are many, and many forms.
let question;
function snapshotQuestion() {
  const tables = new Map();
  for (const { name, column } of house.sql(`SELECT t.name, c.name AS column
      FROM sqlite_schema t JOIN pragma_table_info(t.name) c
      WHERE t.type = 'table' AND t.name <> 'audit' AND t.name NOT LIKE 'sqlite_%'
      ORDER BY t.name, c.cid`))
    if (!EXEMPT[name]?.includes(column))
      tables.set(name, [...(tables.get(name) ?? []), `quote("${column}")`]);
  return [...tables].map(([name, columns]) =>
    `SELECT '${name}' AS name, ${columns.join(" || ',' || ")} AS line FROM ${name}`).join(' UNION ALL ');
}

function snapshot() {
  question ??= snapshotQuestion();
  const tables = {};
  for (const { name, line } of house.sql(`${question} ORDER BY 1, 2`))
    (tables[name] ??= crypto.createHash('sha256')).update(`${line}\n`);
  return Object.fromEntries(Object.entries(tables).map(([name, hash]) => [name, hash.digest('hex')]));
}

// ---- the route table, as the program has it ----

const EXCEPTIONS = ['no token', 'any origin'];
const routes = readRoutes();
const rolesOf = (route) => route.access.filter((one) => !EXCEPTIONS.includes(one));
const pages = routes.filter((route) => route.place !== '/action_manager.php');
const fill = (place) => place.replaceAll('{}', 'x');

// ---- who comes ----

// The form token of a session for a route: what a page of ours would carry.
function tokenOf(client, place) {
  const { key } = house.one(`SELECT hex(csrf_key) AS key FROM session
    WHERE hex(token_hash) = upper('${sha256(client.cookie)}')`);
  return crypto.createHmac('sha256', Buffer.from(key, 'hex')).update(place).digest('hex');
}

let undecided;
async function someoneIn(role) {
  if (role === 'member')
    return house.asMember(house.member({ charges: [['40', 'Cotisation']] }));
  if (role === 'undecided') {
    undecided ??= [1, 2].map(() => house.member({ login: 'indecis' }));
    return house.session('indecis', {});
  }
  if (role === 'half') {
    const client = house.session('indecis', {});
    house.force(`UPDATE session SET half = 1 WHERE hex(token_hash) = upper('${sha256(client.cookie)}')`);
    return client;
  }
  if (role === 'owner') {
    house.login('responsable');
    house.ok(['login', 'owner', '--email', 'responsable@exemple.fr', '--grant']);
    return house.session('responsable', {});
  }
  return house.asStaff(role);
}

const ageSession = (client, seenAgo, madeAgo = seenAgo) => house.force(`UPDATE session
  SET last_seen_at = unixepoch() - ${seenAgo}, created_at = unixepoch() - ${madeAgo}
  WHERE hex(token_hash) = upper('${sha256(client.cookie)}')`);

const sessionRows = (cookie) => house.sql(`SELECT 1 FROM session WHERE hex(token_hash) = upper('${sha256(cookie)}')`).length;

// ---- sessions ----

test('1: the database knows the hash of a session only', async () => {
  const client = await someoneIn('treasurer');
  assert.match(client.cookie, /^[0-9a-f]{64}$/);
  assert.equal(sessionRows(client.cookie), 1);
  for (const file of [house.database, `${house.database}-wal`])
    assert.ok(!fs.readFileSync(file).includes(client.cookie), file);
});

test('2: a session known before the login is worth nothing after it', async () => {
  const { email, password } = house.login('treasurer', { role: 'treasurer' });
  const planted = 'a'.repeat(64);
  const client = new Client(house.url);
  client.cookie = planted;
  await client.post('/connexion', { email, password });
  assert.notEqual(client.cookie, planted);
  const first = client.cookie;
  await client.post('/connexion', { email, password });
  assert.notEqual(client.cookie, first);
  for (const dead of [planted, first]) {
    const other = new Client(house.url);
    other.cookie = dead;
    assert.equal((await other.get('/recettes')).location, '/connexion?suite=/recettes');
  }
  assert.equal((await client.get('/recettes')).status, 200);
});

test('2: a session is another one in another space', async () => {
  const client = await someoneIn('undecided');
  const before = client.cookie;
  const form = await client.form('/espaces', '/espaces');
  assert.equal((await client.post('/espaces', form.fields)).location, '/panier');
  assert.notEqual(client.cookie, before);
  assert.equal(sessionRows(before), 0);
  assert.equal((await client.get('/panier')).status, 200);
});

test('3: sessions end after half an hour of rest, an administrator’s after a quarter, all after half a day', async () => {
  const ends = async (role, place, seenAgo, madeAgo) => {
    const client = await someoneIn(role);
    ageSession(client, seenAgo, madeAgo);
    const answer = await client.get(place);
    return answer.status === 303 && answer.location.startsWith('/connexion');
  };
  assert.equal(await ends('member', '/panier', 29 * 60), false);
  assert.equal(await ends('member', '/panier', 31 * 60), true);
  assert.equal(await ends('treasurer', '/recettes', 29 * 60), false);
  assert.equal(await ends('treasurer', '/recettes', 31 * 60), true);
  assert.equal(await ends('administrator', '/recettes', 14 * 60), false);
  assert.equal(await ends('administrator', '/recettes', 16 * 60), true);
  assert.equal(await ends('member', '/panier', 0, 11.9 * 3600), false);
  assert.equal(await ends('member', '/panier', 0, 12.1 * 3600), true);
});

test('3: the choice of a space does not make a session younger', async () => {
  const client = await someoneIn('undecided');
  ageSession(client, 0, 11.9 * 3600);
  const form = await client.form('/espaces', '/espaces');
  await client.post('/espaces', form.fields);
  const { age } = house.one(`SELECT unixepoch() - created_at AS age FROM session
    WHERE hex(token_hash) = upper('${sha256(client.cookie)}')`);
  assert.ok(age > 11.8 * 3600);
});

test('4: the way out ends the session for whoever kept its cookie', async () => {
  const client = await someoneIn('member');
  const kept = client.cookie;
  const out = await client.post('/deconnexion', { csrf: tokenOf(client, '/deconnexion') });
  assert.deepEqual([out.status, out.location], [303, '/connexion']);
  assert.match(out.cookies[0], /^__Host-sid=;.*Max-Age=0/);
  assert.match(out.headers['clear-site-data'], /"cookies"/);
  assert.equal(sessionRows(kept), 0);
  const thief = new Client(house.url);
  thief.cookie = kept;
  assert.equal((await thief.get('/panier')).location, '/connexion?suite=/panier');
});

test('4: another password ends every session', async () => {
  const clients = [await someoneIn('treasurer'), await someoneIn('treasurer')];
  house.ok(['login', 'password', '--email', 'treasurer@exemple.fr', '--password-file', '-'],
    house.login('treasurer').password);
  for (const client of clients)
    assert.equal((await client.get('/recettes')).status, 303);
});

test('7: a cookie is for this host alone, unseen by scripts, not sent along from elsewhere', async () => {
  const { email, password } = house.login('treasurer', { role: 'treasurer' });
  const client = new Client(house.url);
  const lines = [...(await client.post('/connexion', { email, password })).cookies];
  const undecided = await someoneIn('undecided');
  const form = await undecided.form('/espaces', '/espaces');
  lines.push(...(await undecided.post('/espaces', form.fields)).cookies);
  lines.push(...(await client.post('/deconnexion', { csrf: tokenOf(client, '/deconnexion') })).cookies);
  assert.equal(lines.length, 3);
  for (const line of lines) {
    const [name, ...attributes] = line.split(/;\s*/);
    assert.match(name, /^__Host-sid=/);
    for (const one of ['Secure', 'HttpOnly', 'SameSite=Lax', 'Path=/'])
      assert.ok(attributes.includes(one), `${one} in ${line}`);
    assert.ok(!attributes.some((one) => /^Domain/i.test(one)));
  }
  for (const place of ['/', '/connexion', '/panier', '/nulle-part', '/static/guichet.css'])
    assert.deepEqual((await new Client(house.url).get(place)).cookies, [], place);
});

test('7: a cookie that is given twice, cut, or of another form is none', async () => {
  const client = await someoneIn('treasurer');
  const good = client.cookie;
  for (const cookie of [`__Host-sid=${good}; __Host-sid=${good}`, `__Host-sid=${good.slice(1)}`,
    `__Host-sid=${good.toUpperCase()}`, `sid=${good}`, `__host-sid=${good}`, `__Host-sid="${good}"`,
    `__Host-sid=${good}0`, '__Host-sid=', `__Host-sid=${'%00'.repeat(20)}`]) {
    const answer = await send(house.url, 'GET', '/recettes', { headers: { Cookie: cookie } });
    assert.equal(answer.status, 303, cookie);
  }
  assert.equal((await send(house.url, 'GET', '/recettes', { headers: { Cookie: `a=b; __Host-sid=${good}; c=d` } })).status, 200);
});

// ---- forms ----

// How a form that is not a page's of this session may look.
function foreignForms(client, other, old, place) {
  const good = tokenOf(client, place);
  const from = (headers) => ({ body: `csrf=${good}`, headers });
  return [
    ['no token', { body: '' }],
    ['an empty token', { body: 'csrf=' }],
    ["somebody else's token", { body: `csrf=${tokenOf(other, place)}` }],
    ["another form's token", { body: `csrf=${tokenOf(client, `${place}/autre`)}` }],
    ['a token of an earlier session', { body: `csrf=${old}` }],
    ['a token that is cut', { body: `csrf=${good.slice(0, 63)}` }],
    ['a token in capitals', { body: `csrf=${good.toUpperCase()}` }],
    ['the token twice', { body: `csrf=${good}&csrf=${good}` }],
    ['the token in the address', { body: '', query: `?csrf=${good}` }],
    ['another site', from({ Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' })],
    ['another port', from({ Origin: 'http://127.0.0.1:1', 'Sec-Fetch-Site': 'same-site' })],
    ['an origin that lies', from({ Origin: `${house.url}.evil.example`, 'Sec-Fetch-Site': null })],
    ['an origin that hides', from({ Origin: 'null', 'Sec-Fetch-Site': null })],
    ['a site that differs', from({ Origin: null, 'Sec-Fetch-Site': 'cross-site' })],
    ['no word of where from', from({ Origin: null, 'Sec-Fetch-Site': null })],
  ];
}

test('8: no form is accepted but from a page of the same session', async () => {
  const forms = pages.filter((route) => route.method === 'POST' && !route.access.includes('any origin'));
  assert.ok(forms.length >= 5);
  const member = house.member({ charges: [['40', 'Cotisation']] });
  const come = (role) => (role === 'member' ? house.asMember(member) : someoneIn(role));
  for (const { place, access } of forms) {
    if (access.includes('no token'))
      continue;
    const role = rolesOf({ access }).at(-1);
    const previous = await come(role);
    const old = tokenOf(previous, place);
    const [client, other] = [await come(role), await come(role)];
    const before = snapshot();
    for (const [name, { body, headers, query = '' }] of foreignForms(client, other, old, place)) {
      const answer = await client.post(fill(place) + query, body, { headers });
      assert.equal(answer.status, 403, `${place}, ${name}`);
      assert.deepEqual(answer.cookies, []);
    }
    assert.equal((await new Client(house.url).post(fill(place), `csrf=${old}`)).status, 403, `${place}, nobody`);
    assert.deepEqual(snapshot(), before, place);
    const good = await client.post(fill(place), `csrf=${tokenOf(client, place)}`);
    // A wrong code is refused with 403, too, on a page of its own.
    assert.ok(good.status !== 403 || good.body.includes('data-page="code"'), `${place}, the true token`);
  }
});

test('8: a login comes from a page of ours, too', async () => {
  const { email, password } = house.login('treasurer', { role: 'treasurer' });
  const before = snapshot();
  for (const headers of [{ Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' },
    { Origin: null, 'Sec-Fetch-Site': null }, { Origin: 'null' }, { 'Sec-Fetch-Site': 'same-site' }]) {
    const answer = await new Client(house.url).post('/connexion', { email, password }, { headers });
    assert.equal(answer.status, 403, JSON.stringify(headers));
    assert.deepEqual(answer.cookies, []);
  }
  assert.deepEqual(snapshot(), before);
});

test('42: unknown, repeated and ill-typed fields are refused', async () => {
  const client = await someoneIn('member');
  for (const [place, more] of [['/connexion', 'role=admin'], ['/panier/payer', 'assoc_id=2'], ['/deconnexion', 'id=1'],
    ['/espaces', 'role=administrator'], ['/panier/payer', 'montant=1&montant=2'], ['/deconnexion', 'a=%zz'],
    ['/deconnexion', Array.from({ length: 201 }, (_, index) => `f${index}=1`).join('&')]]) {
    const answer = await client.post(place, `csrf=${tokenOf(client, place)}&${more}`);
    assert.ok([400, 403].includes(answer.status), `${place} ${more.slice(0, 30)}: ${answer.status}`);
  }
  assert.equal((await client.post('/deconnexion', `csrf=${tokenOf(client, '/deconnexion')}`,
    { headers: { 'Content-Type': 'application/json' } })).status, 400);
  assert.equal((await client.get('/panier')).status, 200);
});

// ---- what reading may change ----

const linksOf = (answer) => [...answer.body.matchAll(/href="(\/[^"#]*)"/g)].map(([, place]) => place.replaceAll('&amp;', '&'));

async function crawl(client) {
  const seen = new Set();
  const waiting = ['/', ...pages.filter((route) => route.method === 'GET').map((route) => fill(route.place))];
  while (waiting.length) {
    const place = waiting.shift();
    if (seen.has(place))
      continue;
    seen.add(place);
    for (const method of ['GET', 'HEAD']) {
      const answer = await client.send(method, place);
      assert.ok(answer.status < 500, `${place}: ${answer.status}`);
      if (method === 'HEAD')
        assert.equal(answer.bytes.length, 0);
      else
        waiting.push(...linksOf(answer), ...(answer.location?.startsWith('/') ? [answer.location] : []));
    }
  }
  return seen;
}

test('9: whoever reads every page changes nothing', async () => {
  const member = house.member({ charges: [['40', 'Cotisation'], ['20', 'Sortie', { account: '706', date: '2025-10-01' }]] });
  const client = await house.asMember(member);
  const form = await client.form('/panier', '/panier/payer');
  const { location } = await client.post('/panier/payer', { ...form.fields, moyen: form.buttons.find((one) => one['data-provider']).value });
  await house.control('POST', `/stripe/sessions/${path.basename(location)}/pay`, {});
  const { token } = await house.state(member, 'paid');
  await house.settled();
  const staff = await someoneIn('treasurer');
  await waitFor('all is quiet', async () => house.sql("SELECT 1 FROM provider_event WHERE state = 'waiting'").length === 0);
  const before = snapshot();
  const seen = [await crawl(client), await crawl(staff), await crawl(new Client(house.url))];
  await client.get(`/paiement/${token}`);
  assert.ok([...seen[0]].some((place) => place.startsWith('/panier?exercice=')));
  assert.ok([...seen[1]].some((place) => place.startsWith('/ecritures/')));
  assert.deepEqual(snapshot(), before);
});

test('45: each page is for the roles of the table', async () => {
  const reads = pages.filter((route) => route.method === 'GET' && !route.place.includes('{}'));
  for (const role of ['nobody', 'half', 'undecided', 'owner', 'member', 'viewer', 'treasurer', 'administrator']) {
    const client = role === 'nobody' ? new Client(house.url) : await someoneIn(role);
    for (const route of reads) {
      // The owner has chosen no space: what is for such a person is for the owner, too.
      const own = role === 'owner' ? ['owner', 'undecided'] : [role];
      const allowed = rolesOf(route).some((one) => own.includes(one) || one === 'nobody');
      const answer = await client.get(route.place);
      const what = `${role}, ${route.place}: ${answer.status}`;
      if (allowed)
        assert.ok([200, 303].includes(answer.status), what);
      else if (role === 'half')
        assert.equal(answer.location, '/connexion/code', what);
      else if (role === 'nobody')
        assert.match(answer.location, /^\/connexion/, what);
      else if (own.includes('undecided'))
        assert.equal(answer.location, '/espaces', what);
      else
        assert.equal(answer.status, 404, what);
    }
  }
});

// ---- methods, addresses, sizes ----

test('10: a method that an address does not take is refused', async () => {
  const client = new Client(house.url);
  const methodsOf = new Map();
  for (const { method, place } of routes)
    methodsOf.set(place, [...(methodsOf.get(place) ?? []), method]);
  for (const [place, methods] of methodsOf) {
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'])
      assert.equal((await client.send(method, fill(place))).status, 405, `${method} ${place}`);
    for (const method of ['PROPFIND', 'GETS', 'BREW'])
      assert.equal((await client.send(method, fill(place))).status, 501, `${method} ${place}`);
    for (const method of ['GET', 'POST'].filter((one) => !methods.includes(one))) {
      const answer = await client.send(method, fill(place), { body: method === 'POST' ? '' : undefined });
      assert.equal(answer.status, 405, `${method} ${place}`);
      assert.equal(answer.headers.allow, methods.includes('GET') ? 'GET, HEAD' : 'POST');
    }
  }
});

test('51: the address of the notifications takes nothing but notifications', async () => {
  const post = (query, body, type = 'application/x-www-form-urlencoded') =>
    send(house.url, 'POST', `/action_manager.php${query}`, { body, headers: { 'Content-Type': type } });
  const before = snapshot();
  assert.equal((await post('?event=nothing', 'a=1')).status, 404);
  assert.equal((await post('', 'a=1')).status, 404);
  assert.equal((await post('?event=paypal', '')).status, 400);
  assert.equal((await post('?event=paypal', 'a'.repeat(64 * 1024 + 1))).status, 413);
  assert.equal((await post(`?event=stripe&a=${house.stripe.link}`, 'a'.repeat(256 * 1024 + 1))).status, 413);
  assert.equal((await post(`?event=stripe&a=${house.stripe.link}`, '{}', 'application/json')).status, 400);
  assert.deepEqual(snapshot(), before);
  const kept = await post('?event=paypal', 'a'.repeat(64 * 1024));
  assert.deepEqual([kept.status, kept.body, kept.cookies, kept.location], [200, '', [], undefined]);
});

test('59: what is too long is refused, at its limit it is not', async () => {
  const client = await someoneIn('member');
  const get = (place, headers) => client.get(place, { headers });
  const address = (length) => `/panier?exercice=${'0'.repeat(length - '/panier?exercice='.length)}`;
  assert.notEqual((await get(address(4096))).status, 414);
  assert.equal((await get(address(4097))).status, 414);
  assert.equal((await get('/panier', { 'X-Long': 'a'.repeat(12000) })).status, 200);
  const much = await get('/panier', { 'X-Long': 'a'.repeat(15000), 'X-Longer': 'b'.repeat(5000) });
  assert.equal(much.status, 431);
  const form = (length) => client.post('/deconnexion', 'a'.repeat(length));
  assert.notEqual((await form(64 * 1024)).status, 413);
  assert.equal((await form(64 * 1024 + 1)).status, 413);
});

test('57: another host name gets no answer, and no link is made of it', async () => {
  await assert.rejects(send(house.url, 'GET', '/connexion', { headers: { Host: 'evil.example' } }));
  const client = await someoneIn('member');
  const answer = await client.get('/panier', { headers: { 'X-Forwarded-Host': 'evil.example', Forwarded: 'host=evil.example' } });
  assert.doesNotMatch(answer.body, /evil\.example/);
});

test('58: a body is read to its length, and no further', async () => {
  const raw = (text) => new Promise((resolve, reject) => {
    const { hostname, port } = new URL(house.url);
    const socket = net.connect(Number(port), hostname, () => socket.write(text));
    let got = '';
    socket.on('data', (chunk) => { got += chunk; });
    socket.on('error', reject);
    socket.on('close', () => resolve(got));
  });
  const head = `POST /action_manager.php?event=paypal HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n`;
  for (const lines of ['Content-Length: -1', 'Content-Length: 1e3', 'Content-Length: 3\r\nContent-Length: 4',
    'Content-Length: 3\r\nTransfer-Encoding: chunked'])
    assert.match(await raw(`${head}${lines}\r\n\r\nabc`), /^HTTP\/1\.1 400\b/, lines);
  const rows = () => house.one("SELECT count(*) AS rows FROM provider_event WHERE hex(raw) = '6162633D31'").rows;
  const before = rows();
  assert.match(await raw(`${head}Transfer-Encoding: chunked\r\n\r\n5\r\nabc=1\r\n0\r\n\r\n`), /^HTTP\/1\.1 200\b/);
  assert.match(await raw(`${head}Content-Length: 5\r\n\r\nabc=1GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`), /^HTTP\/1\.1 200\b/);
  assert.equal(rows(), before + 2);
});

const HEADERS = { 'x-content-type-options': /^nosniff$/, 'referrer-policy': /^same-origin$/,
  'cross-origin-opener-policy': /^same-origin$/, 'cross-origin-resource-policy': /^same-origin$/,
  'cache-control': /no-store/, 'content-security-policy': /^default-src 'none'; script-src 'self'; style-src 'self'/ };

test('30 to 34: every answer says what a browser may do with it', async () => {
  const client = await someoneIn('member');
  const answers = [await client.get('/panier'), await client.get('/nulle-part'), await client.get('/'),
    await client.post('/deconnexion', ''), await client.send('PUT', '/panier'), await client.get('/panier?x=1'),
    await new Client(house.url).get('/connexion'), await client.get(`/${'a'.repeat(5000)}`)];
  assert.deepEqual(answers.map((answer) => answer.status), [200, 404, 303, 403, 405, 400, 200, 414]);
  for (const { headers, status } of answers) {
    for (const [name, pattern] of Object.entries(HEADERS))
      assert.match(headers[name] ?? '', pattern, `${name} of a ${status}`);
    const policy = headers['content-security-policy'];
    assert.doesNotMatch(policy, /unsafe|\*/);
    for (const part of ["frame-ancestors 'none'", "base-uri 'none'", `form-action 'self' ${house.sandboxUrl}`])
      assert.ok(policy.includes(part), `${part} in ${policy}`);
    assert.equal(headers['access-control-allow-origin'], undefined);
    assert.equal(headers.server, 'nginx');
    if (status !== 303)
      assert.equal(headers['content-type'], 'text/html; charset=utf-8');
  }
  const cors = await client.get('/panier', { headers: { Origin: 'https://evil.example' } });
  assert.equal(cors.headers['access-control-allow-origin'], undefined);
});

test('63: an error page tells a number, and nothing of the inside', async () => {
  for (const place of ['/nulle-part', '/panier?exercice=x', '/ecritures/1', '/paiement/x']) {
    const answer = await new Client(house.url).get(place);
    assert.doesNotMatch(answer.body, /sqlite|\.c:|src\/|\/tmp|SELECT|ERR_|nginx/i);
  }
  assert.match((await new Client(house.url).get('/nulle-part')).text, /donnez ce numéro : [0-9a-f]{16}/);
});

// ---- passwords ----

const knock = (email, password, client = new Client(house.url)) => client.post('/connexion', { email, password });

test('11: hashes hold their parameters, and old ones are made anew at the login', async () => {
  const { email, password } = house.login('ancien');
  house.member({ login: 'ancien' });
  const stored = () => house.one(`SELECT password_hash AS hash FROM login WHERE email = '${email}'`).hash;
  assert.match(stored(), /^\$scrypt\$ln=17,r=8,p=1\$/);
  const salt = crypto.randomBytes(16);
  const base64 = (bytes) => bytes.toString('base64').replace(/=+$/, '');
  const weak = `$scrypt$ln=14,r=8,p=1$${base64(salt)}$${base64(crypto.scryptSync(password, salt, 32,
    { N: 2 ** 14, r: 8, p: 1, maxmem: 64 << 20 }))}`;
  house.force(`UPDATE login SET password_hash = '${weak}' WHERE email = '${email}'`);
  assert.equal((await knock(email, `${password}x`)).status, 403);
  assert.equal(stored(), weak);
  assert.equal((await knock(email, password)).status, 303);
  assert.match(stored(), /^\$scrypt\$ln=17,r=8,p=1\$/);
  assert.equal((await knock(email, password)).status, 303);
});

test('12: many logins at once are refused in part, and the other pages answer', async () => {
  const { email, password } = house.login('foule');
  house.member({ login: 'foule' });
  const client = await someoneIn('member');
  let going = 50;
  const logins = Promise.all(Array.from({ length: going }, () => knock(email, password).finally(() => { going -= 1; })));
  let meanwhile = 0;
  while (going > 0) {
    assert.equal((await client.get('/panier')).status, 200);
    meanwhile += going > 0 ? 1 : 0;
  }
  const answers = await logins;
  const busy = answers.filter((answer) => answer.status === 503);
  assert.deepEqual([...new Set(answers.map((answer) => answer.status))].sort(), [303, 503]);
  assert.ok(answers.length - busy.length >= 18, `${answers.length - busy.length} came in`);
  for (const answer of busy)
    assert.match(answer.headers['retry-after'], /^\d+$/);
  assert.ok(meanwhile > 0, 'a page was answered while logins waited');
});

test('13: five wrong passwords make everybody wait, a restart does not help', async () => {
  house.member({ login: 'victime' });
  const { email, password } = house.login('victime');
  for (let i = 0; i < 5; i++)
    assert.equal((await knock(email, `faux mot de passe ${i}`)).status, 403);
  const blocked = async (secret) => {
    const answer = await knock(email.toUpperCase(), secret);
    assert.equal(answer.status, 429);
    assert.match(answer.headers['retry-after'], /^[1-9]\d*$/);
    assert.match(answer.text, /votre compte n'est pas bloqué/);
    assert.deepEqual(answer.cookies, []);
  };
  const subject = `login:${sha256(email)}`;
  const row = () => house.one(`SELECT failures, blocked_until_ms FROM login_throttle WHERE subject = '${subject}'`);
  const later = (ms) => house.force(`UPDATE login_throttle SET blocked_until_ms = ${Date.now() + ms} WHERE subject = '${subject}'`);
  assert.equal(row().failures, 5);
  later(600000);
  await blocked('faux mot de passe');
  await blocked(password);
  await house.restartGuichet();
  await blocked(password);
  assert.equal(row().failures, 5, 'what was not looked at is not counted');
  // Each further failure doubles the wait, up to a quarter of an hour.
  const waits = [];
  for (let i = 0; i < 3; i++) {
    later(-1);
    const before = Date.now();
    assert.equal((await knock(email, 'toujours faux, hélas')).status, 403);
    waits.push(row().blocked_until_ms - before);
  }
  assert.ok(waits[0] >= 2000 && waits[1] >= 4000 && waits[2] >= 8000, waits.join());
  house.force(`UPDATE login_throttle SET failures = 90 WHERE subject = '${subject}'`);
  later(-1);
  const before = Date.now();
  assert.equal((await knock(email, 'toujours faux, hélas')).status, 403);
  const longest = row().blocked_until_ms - before;
  assert.ok(longest > 899000 && longest <= 900000 + Date.now() - before, `${longest}`);
  // No stranger locks anybody out for good: after the wait the right password opens, and forgets.
  later(-1);
  assert.equal((await knock(email, password)).status, 303);
  assert.equal(house.sql(`SELECT 1 FROM login_throttle WHERE subject = '${subject}'`).length, 0);
});

test('13: a hundred guesses at once are no more than five one by one', async () => {
  house.member({ login: 'cible' });
  const { email } = house.login('cible');
  const began = Date.now();
  const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => knock(email, `devinette numéro ${i}`)));
  const count = (status) => answers.filter((answer) => answer.status === status).length;
  assert.equal(count(403) + count(429) + count(503), 100);
  const { failures } = house.one(`SELECT failures FROM login_throttle WHERE subject = 'login:${sha256(email)}'`);
  assert.equal(failures, count(403), 'each guess that was looked at is counted');
  // Five are free, one more may be inside already; then the waits double.
  const most = 7 + Math.ceil(Math.log2(1 + (Date.now() - began) / 1000));
  assert.ok(count(403) <= most, `${count(403)} guesses were looked at, at most ${most}`);
});

test('13: an address that fails too often waits as well', async () => {
  house.force("UPDATE login_throttle SET failures = 50, blocked_until_ms = 0 WHERE subject = 'address:127.0.0.1'");
  assert.equal((await knock('inconnu-1@exemple.fr', 'quelque chose de faux')).status, 403);
  house.force(`UPDATE login_throttle SET blocked_until_ms = ${Date.now() + 600000} WHERE subject = 'address:127.0.0.1'`);
  const { email, password } = house.login('treasurer', { role: 'treasurer' });
  assert.equal((await knock(email, password)).status, 429);
  house.force("DELETE FROM login_throttle WHERE subject = 'address:127.0.0.1'");
  assert.equal((await knock(email, password)).status, 303);
});

test('14: an unknown address is answered like a wrong password', async () => {
  const { email } = house.login('connu');
  house.login('eteint');
  house.ok(['login', 'disable', '--email', 'eteint@exemple.fr']);
  const words = (answer, typed) => answer.body.replaceAll(typed, 'ADRESSE').replace(/\b[0-9a-f]{16}\b/g, 'NUMÉRO');
  const known = await knock(email, 'ce n’est pas le bon');
  for (const other of ['inconnu@exemple.fr', 'eteint@exemple.fr']) {
    const answer = await knock(other, house.login('eteint').password);
    assert.equal(answer.status, known.status);
    assert.equal(words(answer, other), words(known, email));
    assert.deepEqual(Object.keys(answer.headers), Object.keys(known.headers));
    assert.deepEqual(answer.cookies, []);
  }
  const rows = house.sql("SELECT object FROM audit WHERE action = 'login.failed' ORDER BY chain_number DESC LIMIT 2");
  assert.ok(rows.some(({ object }) => object === 'login:unknown'));
});

test('15: passwords are compared byte by byte, whatever the bytes', async () => {
  const odd = { longue: `${'é'.repeat(127)}z`, signes: '  &=%+<>"\'\\;--\u00a0\u{1f600}  ', minimum: 'thym et miel' };
  for (const [name, password] of Object.entries(odd)) {
    const email = `${name}@exemple.fr`;
    house.ok(['login', 'add', '--email', email, '--password-file', '-'], password);
    house.logins.set(name, { email, password });
    house.member({ login: name });
    const client = new Client(house.url);
    assert.equal((await knock(email, password, client)).status, 303, name);
    const others = [password.slice(0, -1), `${password}x`, password.normalize('NFD'), password.toUpperCase(),
      password.trim(), `${password}\0`, `${password}\0suite`].filter((other) => other !== password);
    for (const wrong of others) {
      house.force('DELETE FROM login_throttle');
      assert.equal((await knock(email, wrong)).status, 403, `${name}: ${JSON.stringify(wrong)}`);
    }
  }
  assert.ok([400, 413].includes((await knock('longue@exemple.fr', 'a'.repeat(8192))).status));
  assert.equal((await new Client(house.url).post('/connexion', 'email=longue%40exemple.fr&password=%ff%fe%00')).status, 403);
  assert.equal((await new Client(house.url).post('/connexion', 'email=a&email=b&password=x')).status, 400);
});

// What the system itself closes to us holds nothing for us.
function readable(place) {
  try {
    return fs.readFileSync(place);
  } catch (error) {
    assert.equal(error.code, 'EACCES', place);
    return Buffer.alloc(0);
  }
}

test('26: the key stands in its file, and nowhere else', async () => {
  const text = fs.readFileSync(path.join(house.folder, 'guichet.key'), 'utf8').trim();
  assert.match(text, /^[0-9a-f]{64}$/);
  const forms = [Buffer.from(text), Buffer.from(text.toUpperCase()), Buffer.from(text, 'hex'), Buffer.from(Buffer.from(text, 'hex').toString('base64').slice(0, 42))];
  const holds = (bytes) => forms.some((form) => bytes.includes(form));
  const process = `/proc/${house.guichet.child.pid}`;
  const places = [...fs.readdirSync(house.folder).filter((name) => name !== 'guichet.key').map((name) => path.join(house.folder, name)),
    programs.guichet, `${process}/environ`, `${process}/cmdline`].filter((place) => fs.statSync(place).isFile());
  assert.ok(places.length > 8 && places.includes(house.database));
  for (const place of places)
    assert.ok(!holds(readable(place)), place);
  assert.ok(holds(fs.readFileSync(path.join(house.folder, 'guichet.key'))), 'it is looked for as it is written');
});

test('19: a fresh installation lets nobody in', async (t) => {
  const fresh = new House('fresh', { sandbox: false, seed: false });
  t.after(() => fresh.close().finally(() => fresh.kill()));
  await fresh.start();
  assert.equal(fresh.one('SELECT count(*) AS rows FROM login').rows, 0);
  for (const [email, password] of [['admin', 'admin'], ['guichet', 'guichet'], ['', ''], ['root', '']])
    assert.equal((await new Client(fresh.url).post('/connexion', { email, password })).status, 403);
});

// ---- last: what the log must not hold ----

test('62: no password, token or address stands in the log', async () => {
  const client = await someoneIn('treasurer');
  await client.get('/recettes');
  const log = house.guichet.text();
  assert.ok(log.length > 0);
  const secrets = [...house.logins.values()].flatMap(({ email, password }) => [email, password]);
  for (const secret of [...secrets, client.cookie, house.stripe.key, house.stripe.secret])
    assert.ok(!log.includes(secret), secret);
});
